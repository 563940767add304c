package interop

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/torchwood"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
)

// policyOf is the policy that asks for the log's own signature, and for those witnesses.
func policyOf(t *testing.T, r *registry, witnesses ...string) torchwood.Policy {
	t.Helper()
	v, err := note.NewVerifier(r.LogKey)
	if err != nil {
		t.Fatalf("the log's key: %v", err)
	}
	policies := []torchwood.Policy{torchwood.OriginPolicy(r.Origin), torchwood.SingleVerifierPolicy(v)}
	for _, vkey := range witnesses {
		w, err := torchwood.NewCosignatureVerifier(vkey)
		if err != nil {
			t.Fatalf("a witness's key: %v", err)
		}
		policies = append(policies, torchwood.SingleVerifierPolicy(w))
	}
	return torchwood.ThresholdPolicy(len(policies), policies...)
}

func get(t *testing.T, address string) []byte {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s: %v: %s", address, answer.Status, err, body)
	}
	return body
}

// TestTorchwoodReadsEveryEntry: the checkpoint and every entry, proved by a client that reads tiles only.
func TestTorchwoodReadsEveryEntry(t *testing.T) {
	dir := demo(t)
	r := serve(t, dir)
	checkpoint, _, err := torchwood.VerifyCheckpoint(get(t, r.URL+"/checkpoint"), policyOf(t, r))
	if err != nil {
		t.Fatal(err)
	}
	fetcher, err := torchwood.NewTileFetcher(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	log, err := torchwood.NewClient(fetcher)
	if err != nil {
		t.Fatal(err)
	}
	count := int64(0)
	for index, entry := range log.AllEntries(context.Background(), checkpoint.Tree, 0) {
		if index != count {
			t.Fatalf("entry %d where %d should be", index, count)
		}
		if !bytes.HasPrefix(entry, []byte{0xd2, 0x84}) {
			t.Errorf("entry %d is not a tagged COSE_Sign1", index)
		}
		count++
	}
	if err := log.Err(); err != nil {
		t.Fatal(err)
	}
	if count != checkpoint.N || count < 10 {
		t.Fatalf("%d entries of a tree of %d", count, checkpoint.N)
	}
	// A proof made by that client is checked by nospy, and nospy's by that library.
	entry, proof, err := log.Entry(context.Background(), checkpoint.Tree, 3)
	if err != nil {
		t.Fatal(err)
	}
	statement := filepath.Join(dir, "three.statement")
	if err := os.WriteFile(statement, entry, 0o644); err != nil {
		t.Fatal(err)
	}
	theirs := torchwood.FormatProof(3, proof, get(t, r.URL+"/checkpoint"))
	if err := os.WriteFile(filepath.Join(dir, "theirs.tlog-proof"), theirs, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "verify", "theirs.tlog-proof", "--statement", "three.statement", "--policy", "policy.txt")
	run(t, dir, "receipt", "three.statement", "--tlog-proof", "-o", "ours.tlog-proof", "--server", r.URL, "--policy", "policy.txt")
	ours, err := os.ReadFile(filepath.Join(dir, "ours.tlog-proof"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"ours": ours, "theirs": theirs} {
		if err := torchwood.VerifyProof(policyOf(t, r), tlog.RecordHash(entry), text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := torchwood.VerifyProof(policyOf(t, r), tlog.RecordHash([]byte("another")), text); err == nil {
			t.Errorf("%s proves another entry", name)
		}
	}
}

// TestTesseraChecksTheTree: the fsck of another log implementation recomputes every tile from the entry bundles.
func TestTesseraChecksTheTree(t *testing.T) {
	dir := demo(t)
	r := serve(t, dir)
	v, err := note.NewVerifier(r.LogKey)
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(r.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	overHTTP, err := client.NewHTTPFetcher(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	run(t, dir, "log", "export", "copy", "--server", r.URL, "--policy", "policy.txt")
	onDisk := &client.FileFetcher{Root: filepath.Join(dir, "copy")}
	for name, source := range map[string]fsck.Fetcher{"http": overHTTP, "files": onDisk} {
		check := fsck.New(r.Origin, v, source, leaves, fsck.Opts{N: 1})
		if err := check.Check(context.Background()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The check can fail: one byte of a bundle.
	bundles, err := filepath.Glob(filepath.Join(dir, "copy/tile/entries/*.p/*"))
	if err != nil || len(bundles) == 0 {
		t.Fatalf("no partial bundle: %v", err)
	}
	bundle, err := os.ReadFile(bundles[0])
	if err != nil {
		t.Fatal(err)
	}
	bundle[len(bundle)-1] ^= 1
	if err := os.WriteFile(bundles[0], bundle, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := fsck.New(r.Origin, v, onDisk, leaves, fsck.Opts{N: 1}).Check(context.Background()); err == nil {
		t.Error("a changed bundle passes")
	}
}

func leaves(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, 0, len(entries.Entries))
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}
