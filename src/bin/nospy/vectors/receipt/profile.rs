//! Receipts whose content is right and whose CBOR is spelt otherwise than formats §1 has it.

use nospy::codec::{Value, encode, encode_tagged};

use crate::vectors::cast::LOG;
use crate::vectors::log::{Log, key};
use crate::vectors::receipt::{ENTRY, Parts, Row};

/// One case for each rule of the profile, in the outer item, the protected header or the proof.
pub fn rows(log: &Log) -> Vec<Row> {
    let own = Parts::of(log, ENTRY, log.entries.len());
    let (good, protected, proof) = (own.bytes(), own.protected(), encode(&Value::Array(own.proof.clone())));
    let outer = |bytes: &[u8]| [&[0xD2], bytes].concat();
    let header = |bytes: &[u8]| signed(&own, bytes);
    let inner = |bytes: &[u8]| own.with(1, Value::labels([(396, Value::labels([(-1, wrapped(bytes))]))]));
    // D2 84 58: the tag, the array and the head of the protected header; A5 01 27: five headers, alg -8.
    let alg = |value: &[u8]| header(&[&protected[..2], value, &protected[3..]].concat());
    let index = |value: &[u8]| inner(&[&proof[..2], value, &proof[3..]].concat());
    let behind = |bytes: &[u8]| [bytes, &[0]].concat();
    vec![
        ("cbor-outer-long-head", "the outer array has a head of two bytes", outer(&[&[0x98, 4], &good[2..]].concat())),
        ("cbor-outer-indefinite", "the outer array has no length", outer(&[&[0x9F], &good[2..], &[0xFF]].concat())),
        ("cbor-outer-two-tags", "tag 18 twice", outer(&good)),
        ("cbor-long-map", "the protected map has a head of two bytes", header(&[&[0xB8, 5], &protected[1..]].concat())),
        ("cbor-key-order", "header 1 behind the others", {
            header(&[&protected[..1], &protected[3..], &protected[1..3]].concat())
        }),
        ("cbor-key-twice", "header 1 twice", header(&[&[0xA6], &protected[1..3], &protected[1..]].concat())),
        ("cbor-alg-long", "-8 in two bytes", alg(&[0x38, 7])),
        ("cbor-alg-tag", "a tag around the algorithm", alg(&[0xC1, 0x27])),
        ("cbor-alg-float", "-8 as a float", alg(&[0xF9, 0xC8, 0])),
        ("cbor-alg-undefined", "undefined", alg(&[0xF7])),
        ("cbor-alg-simple", "a simple value without a meaning", alg(&[0xE0])),
        ("cbor-protected-behind", "a byte behind the protected map", header(&behind(&protected))),
        ("cbor-control", "U+0007 in an origin", own.clone().claim(1, Value::text("example.org/nospy\u{7}")).bytes()),
        ("cbor-proof-long", "the index in two bytes", index(&[0x18, 6])),
        ("cbor-proof-range", "an index of 2^63", index(&[0x1B, 0x80, 0, 0, 0, 0, 0, 0, 0])),
        ("cbor-proof-tag", "a tag around the index", index(&[0xC1, 6])),
        ("cbor-proof-float", "the index as a float", index(&[0xF9, 0x46, 0])),
        ("cbor-proof-depth", "17 arrays in the place of the index", index(&[&[0x81; 17][..], &[6]].concat())),
        ("cbor-proof-behind", "a byte behind the proof", inner(&behind(&proof))),
    ]
}

fn wrapped(proof: &[u8]) -> Value {
    Value::Array(vec![Value::bytes(proof)])
}

/// The receipt with these bytes as its protected header, signed by the log so.
fn signed(own: &Parts, protected: &[u8]) -> Vec<u8> {
    let message = encode(&Value::Array(vec![
        Value::text("Signature1"),
        Value::bytes(protected),
        Value::bytes([]),
        Value::bytes(own.root),
    ]));
    let signature = key(LOG.seed).sign(&message);
    let members = vec![Value::bytes(protected), own.unprotected(), Value::Null, Value::bytes(signature)];
    encode_tagged(&Value::Array(members))
}
