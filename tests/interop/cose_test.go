package interop

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/veraison/go-cose"
)

// verifierOf is a go-cose verifier of an Ed25519 key.
func verifierOf(t *testing.T, key crypto.PublicKey) cose.Verifier {
	t.Helper()
	verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, key)
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func pemKey(t *testing.T, path string) any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s is no PEM", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestGoCoseChecksStatementsAndReceipts: a public COSE library checks the signature of a statement and of its receipt, over
// the root that a public Merkle library computes.
func TestGoCoseChecksStatementsAndReceipts(t *testing.T) {
	dir := demo(t)
	r := serve(t, dir)
	grow(t, dir, r, "interop-cose")
	bytes, err := os.ReadFile(filepath.Join(dir, "interop-cose.statement"))
	if err != nil {
		t.Fatal(err)
	}
	var statement cose.Sign1Message
	if err := statement.UnmarshalCBOR(bytes); err != nil {
		t.Fatal(err)
	}
	registrar := pemKey(t, filepath.Join(dir, "demo-registrar.key.pem")).(ed25519.PrivateKey).Public()
	if err := statement.Verify(nil, verifierOf(t, registrar)); err != nil {
		t.Fatal(err)
	}

	// As a stranger gets it: sent again over HTTP, a statement that stands already is answered with its receipt.
	answer, err := http.Post(r.URL+"/entries", "application/cose", strings.NewReader(string(bytes)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var receipt cose.Sign1Message
	decoder := cbor.NewDecoder(answer.Body)
	var raw cbor.RawMessage
	if err := decoder.Decode(&raw); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", answer.Status, err)
	}
	if err := receipt.UnmarshalCBOR(raw); err != nil {
		t.Fatal(err)
	}
	var inclusion struct {
		_     struct{} `cbor:",toarray"`
		Size  uint64
		Index uint64
		Path  [][]byte
	}
	proofs := receipt.Headers.Unprotected[int64(396)].(map[any]any)[int64(-1)].([]any)
	if len(proofs) != 1 {
		t.Fatalf("%d proofs", len(proofs))
	}
	if err := cbor.Unmarshal(proofs[0].([]byte), &inclusion); err != nil {
		t.Fatal(err)
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(bytes)
	root, err := proof.RootFromInclusionProof(rfc6962.DefaultHasher, inclusion.Index, inclusion.Size, leaf, inclusion.Path)
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Payload != nil {
		t.Fatal("a receipt has no payload of its own")
	}
	receipt.Payload = root
	log := verifierOf(t, logKeyOf(t, r))
	if err := receipt.Verify(nil, log); err != nil {
		t.Fatal(err)
	}
	root[0] ^= 1
	if err := receipt.Verify(nil, log); err == nil {
		t.Error("another root passes")
	}
}

// logKeyOf is the public key in the log's verifier key.
func logKeyOf(t *testing.T, r *registry) ed25519.PublicKey {
	t.Helper()
	blob, err := base64.StdEncoding.DecodeString(r.LogKey[strings.LastIndex(r.LogKey[:len(r.Origin)+10], "+")+1:])
	if err != nil || len(blob) != 33 || blob[0] != 1 {
		t.Fatalf("the log's key %s: %v", r.LogKey, err)
	}
	return ed25519.PublicKey(blob[1:])
}

// TestOursReadsWhatGoCoseWrites: a statement of another issuer, made by that library, under both algorithms.
func TestOursReadsWhatGoCoseWrites(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]struct {
		alg    cose.Algorithm
		signer crypto.Signer
	}{"eddsa": {cose.AlgorithmEdDSA, ed}, "es256": {cose.AlgorithmES256, ec}} {
		signer, err := cose.NewSigner(key.alg, key.signer)
		if err != nil {
			t.Fatal(err)
		}
		message := cose.NewSign1Message()
		message.Payload = []byte("{}")
		message.Headers.Protected.SetAlgorithm(key.alg)
		message.Headers.Protected[cose.HeaderLabelContentType] = "application/json"
		message.Headers.Protected[int64(15)] = map[any]any{int64(1): "https://issuer.example", int64(2): "a thing"}
		if err := message.Sign(rand.Reader, nil, signer); err != nil {
			t.Fatal(err)
		}
		bytes, err := message.MarshalCBOR()
		if err != nil {
			t.Fatal(err)
		}
		spki, err := x509.MarshalPKIXPublicKey(key.signer.Public())
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		changed := append([]byte{}, bytes...)
		changed[len(changed)-1] ^= 1
		for file, content := range map[string][]byte{
			"thing.cose": bytes, "changed.cose": changed,
			"issuer.pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}),
		} {
			if err := os.WriteFile(filepath.Join(dir, file), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		run(t, dir, "verify", "thing.cose", "--foreign-key", "issuer.pem")
		if out, err := try(t, dir, "verify", "changed.cose", "--foreign-key", "issuer.pem"); exitCode(err) != 10 {
			t.Errorf("%s with a bit turned: %v\n%s", name, err, out)
		}
	}
}
