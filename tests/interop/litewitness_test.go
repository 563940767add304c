package interop

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// litewitness is a public witness running as a process, with its key in an ssh-agent of this test.
type litewitness struct {
	url  string
	vkey string
	stop func()
}

// startLitewitness runs a witness that knows one log.
func startLitewitness(t *testing.T, name, origin, logKey string) *litewitness {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "litewitness")
	if out, err := exec.Command("go", "build", "-o", program, "filippo.io/torchwood/cmd/litewitness").CombinedOutput(); err != nil {
		t.Fatalf("building litewitness: %v\n%s", err, out)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := torchwood.NewCosignatureSigner(name, key)
	if err != nil {
		t.Fatal(err)
	}
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: key}); err != nil {
		t.Fatal(err)
	}
	// The path of a socket is short: not below the test's own folder.
	home, err := os.MkdirTemp("", "w")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	socket := filepath.Join(home, "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(keys, c)
		}
	}()
	database := filepath.Join(dir, "litewitness.db")
	know(t, database, origin, logKey)
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	cmd := exec.Command(program, "-db", database, "-name", name, "-key", ssh.FingerprintSHA256(public),
		"-ssh-agent", socket, "-listen", address)
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop := func() {
		if !ended {
			ended = true
			cmd.Process.Signal(syscall.SIGKILL)
			cmd.Wait()
		}
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("litewitness:\n%s", log.String())
		}
	})
	waitFor(t, address)
	return &litewitness{url: "http://" + address, vkey: signer.Verifier().String(), stop: stop}
}

// know writes a log into the witness's database, as its administration tool does.
func know(t *testing.T, database, origin, key string) {
	t.Helper()
	db, err := sqlite.OpenConn(database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = sqlitex.ExecScript(db, `
		CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL);
		CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin));`)
	if err != nil {
		t.Fatal(err)
	}
	empty := "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	for query, args := range map[string][]any{
		"INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)": {origin, empty},
	} {
		if err := sqlitex.Exec(db, query, nil, args...); err != nil {
			t.Fatal(err)
		}
	}
	if err := sqlitex.Exec(db, "INSERT INTO key (origin, key) VALUES (?, ?)", nil, origin, key); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func waitFor(t *testing.T, address string) {
	t.Helper()
	for i := 0; i < 200; i++ {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nobody listens on %s", address)
}

// witnessed makes the demonstration registry collect cosignatures under a policy with these lines behind that of its log.
func witnessed(t *testing.T, whenMissing string, lines ...string) string {
	t.Helper()
	dir := demo(t)
	add := func(name, text string) {
		old, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), append(old, text...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	policy, err := os.ReadFile(filepath.Join(dir, "policy.txt"))
	if err != nil {
		t.Fatal(err)
	}
	log, _, _ := strings.Cut(string(policy), "\n")
	text := log + "\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(dir, "witnesses.txt"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	add("nospy.toml", fmt.Sprintf("\n[witnesses]\npolicy = \"witnesses.txt\"\nwhen_missing = %q\n", whenMissing))
	return dir
}

// logOf is the log's verifier key in a registry's policy, and its origin.
func logOf(t *testing.T, dir string) (vkey, origin string) {
	t.Helper()
	policy, err := os.ReadFile(filepath.Join(dir, "policy.txt"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(policy), "\n")
	vkey = strings.TrimPrefix(line, "log ")
	origin, _, _ = strings.Cut(vkey, "+")
	return vkey, origin
}

// needs makes one witness the quorum of the registry's policy.
func needs(t *testing.T, dir, log, witness, url string) {
	t.Helper()
	text := fmt.Sprintf("log %s\nwitness w %s %s\nquorum w\n", log, witness, url)
	if err := os.WriteFile(filepath.Join(dir, "witnesses.txt"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLitewitnessCosignsTheRegistry: a public witness cosigns what the registry publishes; the policy holds for a public
// verifier and for nospy alike, also after the log has grown and the witness was away.
func TestLitewitnessCosignsTheRegistry(t *testing.T) {
	dir := witnessed(t, "wait")
	vkey, origin := logOf(t, dir)
	witness := startLitewitness(t, "witness.example.org/lite", origin, vkey)
	needs(t, dir, vkey, witness.vkey, witness.url)
	r := serve(t, dir)
	policy := policyOf(t, r, witness.vkey)
	first, _, err := torchwood.VerifyCheckpoint(get(t, r.URL+"/checkpoint"), policy)
	if err != nil {
		t.Fatal(err)
	}
	online := []string{"--server", r.URL, "--policy", "witnesses.txt"}
	run(t, dir, append([]string{"log", "checkpoint"}, online...)...)
	grow(t, dir, r, "interop-one")
	second, _, err := torchwood.VerifyCheckpoint(get(t, r.URL+"/checkpoint"), policy)
	if err != nil {
		t.Fatal(err)
	}
	if second.N <= first.N {
		t.Fatalf("the log has not grown: %d, then %d", first.N, second.N)
	}
	run(t, dir, append([]string{"docket", "party/interop-one", "-o", "one.docket"}, online...)...)
	run(t, dir, "verify", "one.docket", "--policy", "witnesses.txt")
	// The same file asks for more than it has under a stricter policy.
	stranger, err := torchwood.NewCosignatureSigner("witness.example.org/other", newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	strict := fmt.Sprintf("log %s\nwitness lite %s\nwitness other %s\ngroup both all lite other\nquorum both\n", vkey, witness.vkey, stranger.Verifier())
	if err := os.WriteFile(filepath.Join(dir, "strict.txt"), []byte(strict), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := try(t, dir, "verify", "one.docket", "--policy", "strict.txt"); exitCode(err) != 13 {
		t.Fatalf("a missing witness: %v\n%s", err, out)
	}
}

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
