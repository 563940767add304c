//! Receipts whose CBOR says the right thing in a way that the profile (formats §1) does not allow. The log signed each header as
//! it stands here, and a decoder that lets the spelling pass accepts the receipt.

use nospy::codec::{Value, encode};

use crate::vectors::log::key;
use crate::vectors::receipt::{Parts, Row};

/// A receipt in pieces of CBOR, each spelled as it likes.
#[derive(Clone)]
struct Spelled {
    /// The entries of the protected header, sorted.
    header: Vec<Vec<u8>>,
    /// The entries of the claims, sorted, which are the third entry of the header.
    claims: Vec<Vec<u8>>,
    /// Size, index and path.
    proof: Vec<Vec<u8>>,
    signed: [u8; 32],
    signer: u8,
}

/// Where the claims stand among the headers 1, 4, 15, 16, 395.
const CLAIMS_AT: usize = 2;

fn entries(fields: &[(i64, Value)]) -> Vec<Vec<u8>> {
    let mut entries: Vec<Vec<u8>> =
        fields.iter().map(|(label, value)| [encode(&Value::Int(*label)), encode(value)].concat()).collect();
    entries.sort();
    entries
}

fn map_of(entries: &[Vec<u8>]) -> Vec<u8> {
    [&[0xA0 + entries.len() as u8][..], &entries.concat()].concat()
}

fn wrapped(bytes: &[u8]) -> Vec<u8> {
    encode(&Value::bytes(bytes))
}

impl Spelled {
    fn of(parts: &Parts) -> Self {
        Self {
            header: entries(&parts.header),
            claims: entries(&parts.claims),
            proof: parts.proof.iter().map(encode).collect(),
            signed: parts.root,
            signer: parts.signer,
        }
    }

    fn claims_entry(claims: &[u8]) -> Vec<u8> {
        [&[0x0F][..], claims].concat()
    }

    fn with_claims(&self, claims: &[u8]) -> Vec<Vec<u8>> {
        let mut header = self.header.clone();
        header.insert(CLAIMS_AT, Self::claims_entry(claims));
        header
    }

    fn protected(&self) -> Vec<u8> {
        map_of(&self.with_claims(&map_of(&self.claims)))
    }

    fn proof(&self) -> Vec<u8> {
        [&[0x83][..], &self.proof.concat()].concat()
    }

    fn unprotected(proof: &[u8]) -> Vec<u8> {
        [&[0xA1, 0x19, 0x01, 0x8C, 0xA1, 0x20, 0x81][..], &wrapped(proof)].concat()
    }

    fn signature(&self, protected: &[u8]) -> [u8; 64] {
        let signed = [Value::text("Signature1"), Value::bytes(protected), Value::bytes([]), Value::bytes(self.signed)];
        key(self.signer).sign(&encode(&Value::Array(signed.to_vec())))
    }

    /// The four members, the last as its head and its bytes.
    fn assemble(&self, head: &[u8], protected: &[u8], unprotected: &[u8], end: &[u8]) -> Vec<u8> {
        [head, &wrapped(protected), unprotected, end, &self.signature(protected)].concat()
    }

    fn with_protected(&self, protected: &[u8]) -> Vec<u8> {
        self.assemble(HEAD, protected, &Self::unprotected(&self.proof()), END)
    }

    fn with_proof(&self, proof: &[u8]) -> Vec<u8> {
        self.assemble(HEAD, &self.protected(), &Self::unprotected(proof), END)
    }

    fn with_unprotected(&self, unprotected: &[u8]) -> Vec<u8> {
        self.assemble(HEAD, &self.protected(), unprotected, END)
    }
}

/// Tag 18, array of 4.
const HEAD: &[u8] = &[0xD2, 0x84];
/// null, and the head of 64 bytes.
const END: &[u8] = &[0xF6, 0x58, 0x40];

/// The cases for the receipt of `parts`.
pub(in crate::vectors) fn spellings(parts: &Parts) -> Vec<Row> {
    let own = Spelled::of(parts);
    debug_assert_eq!(own.with_protected(&own.protected()), parts.bytes(), "spelled as it should be");
    [headers(&own), nested(&own), outside(&own)].concat()
}

fn headers(own: &Spelled) -> Vec<Row> {
    let header = own.with_claims(&map_of(&own.claims));
    let first = |entry: &[u8]| map_of(&[&[entry.to_vec()][..], &header[1..]].concat());
    let (body, protected) = (header.concat(), own.protected());
    let mut swapped = header.clone();
    swapped.swap(0, 1);
    let twice = [&header[..1], &header[..]].concat();
    vec![
        ("cbor-map-head", "a map's head in two bytes", own.with_protected(&[&[0xB8, 5][..], &body].concat())),
        ("cbor-label-long", "label 1 in two bytes", own.with_protected(&first(&[0x18, 0x01, 0x27]))),
        ("cbor-value-long", "-8 in two bytes", own.with_protected(&first(&[0x01, 0x38, 0x07]))),
        ("cbor-order", "label 4 before label 1", own.with_protected(&map_of(&swapped))),
        ("cbor-twice", "label 1 twice, with the same value", own.with_protected(&map_of(&twice))),
        ("cbor-indefinite", "a map without length", own.with_protected(&[&[0xBF][..], &body, &[0xFF]].concat())),
        ("cbor-tag", "a tag on the algorithm", own.with_protected(&first(&[0x01, 0xC6, 0x27]))),
        ("cbor-float", "the algorithm as -8.0", own.with_protected(&first(&[0x01, 0xF9, 0xC8, 0x00]))),
        ("cbor-behind-header", "a byte behind the map", own.with_protected(&[&protected[..], &[0]].concat())),
    ]
}

fn nested(own: &Spelled) -> Vec<Row> {
    let claims = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut entries = own.claims.clone();
        change(&mut entries);
        own.with_protected(&map_of(&own.with_claims(&map_of(&entries))))
    };
    let last = own.claims.len() - 1;
    let proof = own.proof();
    let (size, index, path) = (&own.proof[0], &own.proof[1], &own.proof[2]);
    let three = |size: &[u8], index: &[u8], path: &[u8]| own.with_proof(&[&[0x83][..], size, index, path].concat());
    // The path's first hash stands behind the array's head as 58 20 and 32 bytes.
    let chunked = [&path[..1], &[0x5F], &path[1..35], &[0xFF], &path[35..]].concat();
    vec![
        ("cbor-claims-order", "the last two claims swapped", claims(&|entries| entries.swap(last, last - 1))),
        ("cbor-claims-twice", "the first claim twice", claims(&|entries| entries.insert(0, entries[0].clone()))),
        ("cbor-size-long", "the proof's size in two bytes", three(&[&[0x18][..], size].concat(), index, path)),
        ("cbor-size-bignum", "the proof's size as a bignum", three(&[&[0xC2, 0x41][..], size].concat(), index, path)),
        ("cbor-index-long", "the proof's index in three bytes", three(size, &[&[0x19, 0][..], index].concat(), path)),
        ("cbor-path-chunks", "a hash in chunks", three(size, index, &chunked)),
        ("cbor-proof-indefinite", "the proof without length", {
            own.with_proof(&[&[0x9F][..], &proof[1..], &[0xFF]].concat())
        }),
        ("cbor-behind-proof", "a byte behind the proof", own.with_proof(&[&proof[..], &[0]].concat())),
    ]
}

fn outside(own: &Spelled) -> Vec<Row> {
    let (protected, proof) = (own.protected(), own.proof());
    let unprotected = Spelled::unprotected(&proof);
    let with = |head: &[u8], end: &[u8]| own.assemble(head, &protected, &unprotected, end);
    let twice = [&[0xA2][..], &unprotected[1..], &unprotected[1..]].concat();
    let null = [&[0xA2][..], &unprotected[1..], &[0x19, 0x01, 0x8D, 0xF6]].concat();
    vec![
        ("cbor-tag-long", "tag 18 in two bytes", with(&[0xD8, 0x12, 0x84], END)),
        ("cbor-array-long", "the array's head in two bytes", with(&[0xD2, 0x98, 4], END)),
        ("cbor-signature-long", "64 in two bytes of length", with(HEAD, &[0xF6, 0x59, 0x00, 0x40])),
        ("cbor-undefined", "undefined in the place of null", with(HEAD, &[0xF7, 0x58, 0x40])),
        ("cbor-null-long", "null in two bytes, which is not well-formed", with(HEAD, &[0xF8, 0x16, 0x58, 0x40])),
        ("cbor-unprotected-twice", "the proofs twice", own.with_unprotected(&twice)),
        ("cbor-unprotected-more", "a label beside the proofs", own.with_unprotected(&null)),
        ("cbor-indefinite-outside", "the message without length", { [with(&[0xD2, 0x9F], END), vec![0xFF]].concat() }),
    ]
}
