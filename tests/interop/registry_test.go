// Package interop lets public implementations of the field read what nospy writes, and nospy what they write.
//
// Nothing here knows nospy's code: a real server is started as a process, and everything else is the public library.
package interop

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is the nospy under test: NOSPY names it.
func program(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(os.Getenv("NOSPY"))
	if os.Getenv("NOSPY") == "" || err != nil {
		t.Fatal("set NOSPY to the path of the nospy program")
	}
	return path
}

// run runs nospy in a folder and returns its stdout; any exit code but 0 fails the test.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := try(t, dir, args...)
	if err != nil {
		t.Fatalf("nospy %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// try is run for a command that may fail.
func try(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	cmd.Dir = dir
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err != nil {
		return stdout.String() + stderr.String(), err
	}
	return stdout.String(), nil
}

// registry is a running nospy registry.
type registry struct {
	dir    string
	URL    string `json:"url"`
	LogKey string `json:"log_key"`
	Origin string `json:"origin"`
}

// demo makes the demonstration registry once for all tests of the package and returns a copy of its folder.
func demo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run(t, dir, "demo", "--once", "--quiet")
	return filepath.Join(dir, "nospy-demo")
}

// serve starts a registry and stops it when the test ends. Lines of extra are added to its configuration.
func serve(t *testing.T, dir string, args ...string) *registry {
	t.Helper()
	process := start(t, dir, append([]string{"--output", "json", "serve", "--config", "nospy.toml", "--listen", "127.0.0.1:0"}, args...)...)
	r := &registry{dir: dir}
	if err := json.Unmarshal(process, r); err != nil {
		t.Fatalf("what serve prints: %v: %s", err, process)
	}
	return r
}

// grow lists a party, which is the smallest statement that a registrar can make.
func grow(t *testing.T, dir string, r *registry, party string) {
	t.Helper()
	run(t, dir, "draft", "party.list", "--origin", r.Origin, "--issuer", "registrar", "--subject", "party/"+party, "-o", party+".yaml")
	draft, err := os.ReadFile(filepath.Join(dir, party+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(draft), "to be written", party)
	if err := os.WriteFile(filepath.Join(dir, party+".yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "sign", party+".yaml", "--key", "demo-registrar.key.pem", "-o", party+".statement", "--yes")
	run(t, dir, "publish", party+".statement", "--yes", "--server", r.URL, "--policy", "policy.txt")
}

func exitCode(err error) int {
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return failed.ExitCode()
	}
	return 0
}

// start starts nospy and returns the first JSON value it prints.
func start(t *testing.T, dir string, args ...string) json.RawMessage {
	t.Helper()
	cmd := exec.Command(program(t), args...)
	cmd.Dir = dir
	log, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("stderr of nospy %s:\n%s", strings.Join(args, " "), text)
		}
	})
	told := make(chan json.RawMessage, 1)
	go func() {
		var value json.RawMessage
		if json.NewDecoder(bufio.NewReader(stdout)).Decode(&value) == nil {
			told <- value
		}
	}()
	select {
	case value := <-told:
		return value
	case <-time.After(30 * time.Second):
		t.Fatalf("nospy %s said nothing for 30 s", strings.Join(args, " "))
		return nil
	}
}
