package interop

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/torchwood"
	formats "github.com/transparency-dev/formats/note"
	client "github.com/transparency-dev/witness/client/http"
	"github.com/transparency-dev/witness/witness"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// omniwitness is another public witness running as a process, on a database of its own.
type omniwitness struct {
	url, vkey, dir, program, address string
	cmd                              *exec.Cmd
	log                              strings.Builder
}

// startOmniwitness runs a witness that knows one log beside those that it knows by itself.
func startOmniwitness(t *testing.T, name, origin, logKey string) *omniwitness {
	t.Helper()
	w := &omniwitness{dir: t.TempDir()}
	w.program = filepath.Join(w.dir, "omniwitness")
	build := exec.Command("go", "build", "-o", w.program, "github.com/transparency-dev/witness/cmd/omniwitness")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building omniwitness: %v\n%s", err, out)
	}
	private, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	if w.vkey, err = formats.VKeyToCosignatureV1(vkey); err != nil {
		t.Fatal(err)
	}
	// Where the log is to be found is asked only by tools that this test does not run.
	logs := fmt.Sprintf("Logs:\n  - Origin: %s\n    PublicKey: %s\n    URL: http://127.0.0.1:9/\n", origin, logKey)
	for name, text := range map[string]string{"key": private, "logs.yaml": logs} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.address = freeAddress(t)
	w.url = "http://" + w.address
	w.start(t)
	t.Cleanup(func() {
		w.kill()
		if t.Failed() {
			t.Logf("omniwitness:\n%s", w.log.String())
		}
	})
	return w
}

func (w *omniwitness) start(t *testing.T) {
	t.Helper()
	w.cmd = exec.Command(w.program, "-private_key_path", "key", "-additional_logs", "logs.yaml", "-db_file", "omni.db",
		"-listen", w.address, "-metrics_listen", "")
	w.cmd.Dir = w.dir
	w.cmd.Stderr = &w.log
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, w.address)
}

func (w *omniwitness) kill() {
	w.cmd.Process.Signal(syscall.SIGKILL)
	w.cmd.Wait()
}

// TestOmniwitnessCosignsTheRegistry: as with the other public witness; this one is killed in between, and goes on from its
// database.
func TestOmniwitnessCosignsTheRegistry(t *testing.T) {
	dir := witnessed(t, "wait")
	vkey, origin := logOf(t, dir)
	w := startOmniwitness(t, "witness.example.org/omni", origin, vkey)
	needs(t, dir, vkey, w.vkey, w.url)
	r := serve(t, dir)
	policy := policyOf(t, r, w.vkey)
	last := int64(0)
	for _, party := range []string{"interop-omni", "interop-again"} {
		grow(t, dir, r, party)
		seen, _, err := torchwood.VerifyCheckpoint(get(t, r.URL+"/checkpoint"), policy)
		if err != nil || seen.N <= last {
			t.Fatalf("after %d: %v", last, err)
		}
		last = seen.N
		w.kill()
		w.start(t)
	}
	online := []string{"--server", r.URL, "--policy", "witnesses.txt"}
	run(t, dir, append([]string{"docket", "party/interop-omni", "-o", "omni.docket"}, online...)...)
	run(t, dir, "verify", "omni.docket", "--policy", "witnesses.txt")
}

// TestOurWitnessAnswersTheirClient: every answer of our witness, as a public client of the exchange understands it.
func TestOurWitnessAnswersTheirClient(t *testing.T) {
	log := newGoLog(t, "example.com/on-the-shelf")
	fork := newGoLog(t, log.origin)
	fork.signer = log.signer
	stranger := newGoLog(t, log.origin)
	unknown := newGoLog(t, "example.com/unknown")
	for i := 0; i < 300; i++ {
		for name, l := range map[string]*goLog{"entry": log, "other": fork, "third": stranger, "fourth": unknown} {
			l.grow(t, fmt.Sprintf("%s %d", name, i))
		}
	}
	dir := t.TempDir()
	run(t, dir, "witness", "init", "w", "--name", "witness.example.org/ours", "--no-passphrase", "--log", log.vkey)
	var ours struct{ URL, Vkey string }
	told := start(t, dir, "--config", "w/nospy.toml", "--output", "json", "witness", "serve", "--listen", "127.0.0.1:0")
	if err := json.Unmarshal(told, &ours); err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(ours.URL)
	if err != nil {
		t.Fatal(err)
	}
	theirs := client.NewWitness(address, &http.Client{Timeout: 10 * time.Second})
	verifier, err := formats.NewVerifierForCosignatureV1(ours.Vkey)
	if err != nil {
		t.Fatal(err)
	}
	update := func(l *goLog, old, size int64) ([]byte, uint64, error) {
		return theirs.Update(context.Background(), uint64(old), l.checkpoint(t, size), l.consistency(t, old, size))
	}
	for _, step := range []struct{ old, size int64 }{{0, 7}, {7, 256}, {256, 300}, {300, 300}} {
		lines, _, err := update(log, step.old, step.size)
		if err != nil {
			t.Fatalf("from %d to %d: %v", step.old, step.size, err)
		}
		if _, err := note.Open(append(log.checkpoint(t, step.size), lines...), note.VerifierList(verifier)); err != nil {
			t.Fatalf("the cosignature of %d: %v", step.size, err)
		}
	}
	if _, size, err := update(log, 7, 256); !errors.Is(err, witness.ErrCheckpointStale) || size != 300 {
		t.Errorf("a wrong old size: %d %v", size, err)
	}
	for name, refused := range map[string]struct {
		log       *goLog
		old, size int64
		want      error
	}{
		"a fork of the same size":  {fork, 300, 300, witness.ErrInvalidProof},
		"an old size that is more": {log, 300, 256, witness.ErrOldSizeInvalid},
		"another key":              {stranger, 300, 300, witness.ErrNoValidSignature},
		"another log":              {unknown, 0, 300, witness.ErrUnknownLog},
	} {
		if _, _, err := update(refused.log, refused.old, refused.size); !errors.Is(err, refused.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	log.grow(t, "one more")
	wrong := log.consistency(t, 300, 301)
	wrong[0][0] ^= 1
	if _, _, err := theirs.Update(context.Background(), 300, log.checkpoint(t, 301), wrong); !errors.Is(err, witness.ErrInvalidProof) {
		t.Errorf("a proof with a bit turned: %v", err)
	}
}

// consistency is the proof between two sizes; nothing where the exchange has none.
func (l *goLog) consistency(t *testing.T, old, size int64) [][]byte {
	t.Helper()
	if old == 0 || old >= size {
		return nil
	}
	proof, err := tlog.ProveTree(size, old, l.hashes)
	if err != nil {
		t.Fatal(err)
	}
	var hashes [][]byte
	for _, hash := range proof {
		hashes = append(hashes, append([]byte{}, hash[:]...))
	}
	return hashes
}
