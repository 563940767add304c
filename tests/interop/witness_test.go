package interop

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// goLog is a log made of the Go module mirror's own tree code.
type goLog struct {
	origin string
	signer note.Signer
	vkey   string
	hashes hashes
	size   int64
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		list[i] = h[index]
	}
	return list, nil
}

func newGoLog(t *testing.T, origin string) *goLog {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return &goLog{origin: origin, signer: signer, vkey: public}
}

func (l *goLog) grow(t *testing.T, entries ...string) {
	t.Helper()
	for _, entry := range entries {
		stored, err := tlog.StoredHashes(l.size, []byte(entry), l.hashes)
		if err != nil {
			t.Fatal(err)
		}
		l.hashes = append(l.hashes, stored...)
		l.size++
	}
}

func (l *goLog) checkpoint(t *testing.T, size int64) []byte {
	t.Helper()
	root, err := tlog.TreeHash(size, l.hashes)
	if err != nil {
		t.Fatal(err)
	}
	text := torchwood.Checkpoint{Origin: l.origin, Tree: tlog.Tree{N: size, Hash: root}}.String()
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (l *goLog) request(t *testing.T, old, size int64) []byte {
	t.Helper()
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", old)
	if old > 0 && old < size {
		proof, err := tlog.ProveTree(size, old, l.hashes)
		if err != nil {
			t.Fatal(err)
		}
		for _, hash := range proof {
			fmt.Fprintf(&body, "%s\n", hash)
		}
	}
	fmt.Fprintf(&body, "\n%s", l.checkpoint(t, size))
	return body.Bytes()
}

func post(t *testing.T, address string, body []byte) (int, string, string) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Post(address, "text/plain", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), string(text)
}

// TestOurWitnessCosignsAGoLog: the exchange from the side of a log that is built on the public libraries.
func TestOurWitnessCosignsAGoLog(t *testing.T) {
	log := newGoLog(t, "example.com/behind-the-sofa")
	for i := 0; i < 1000; i++ {
		log.grow(t, fmt.Sprintf("entry %d", i))
	}
	dir := t.TempDir()
	run(t, dir, "witness", "init", "w", "--name", "witness.example.org/ours", "--no-passphrase", "--log", log.vkey)
	var ours struct {
		URL  string `json:"url"`
		Vkey string `json:"vkey"`
	}
	if err := json.Unmarshal(start(t, dir, "--config", "w/nospy.toml", "--output", "json", "witness", "serve", "--listen", "127.0.0.1:0"), &ours); err != nil {
		t.Fatal(err)
	}
	cosigner, err := torchwood.NewCosignatureVerifier(ours.Vkey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(log.vkey)
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(3, torchwood.OriginPolicy(log.origin), torchwood.SingleVerifierPolicy(verifier), torchwood.SingleVerifierPolicy(cosigner))
	address := ours.URL + "/add-checkpoint"
	old := int64(0)
	for _, size := range []int64{1, 2, 3, 7, 8, 9, 255, 256, 257, 600, 1000, 1000} {
		status, _, lines := post(t, address, log.request(t, old, size))
		if status != http.StatusOK {
			t.Fatalf("from %d to %d: %d %s", old, size, status, lines)
		}
		cosigned := append(log.checkpoint(t, size), lines...)
		seen, _, err := torchwood.VerifyCheckpoint(cosigned, policy)
		if err != nil || seen.N != size {
			t.Fatalf("at %d: %v", size, err)
		}
		old = size
	}
	status, kind, body := post(t, address, log.request(t, 3, 9))
	if status != http.StatusConflict || kind != "text/x.tlog.size" || body != "1000\n" {
		t.Fatalf("a wrong old size: %d %q %q", status, kind, body)
	}
	fork := newGoLog(t, log.origin)
	fork.signer = log.signer
	for i := 0; i < 1001; i++ {
		fork.grow(t, fmt.Sprintf("other %d", i))
	}
	for _, size := range []int64{1000, 1001} {
		if status, _, body := post(t, address, fork.request(t, 1000, size)); status != http.StatusUnprocessableEntity {
			t.Fatalf("a fork of %d: %d %s", size, status, body)
		}
	}
	origin := sha256.Sum256([]byte(log.origin))
	newest := get(t, fmt.Sprintf("%s/%x/checkpoint", ours.URL, origin))
	if seen, _, err := torchwood.VerifyCheckpoint(newest, policy); err != nil || seen.N != 1000 {
		t.Fatalf("what monitors read: %v", err)
	}
}
