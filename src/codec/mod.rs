//! Deterministic CBOR (RFC 8949 §4.2.1): one writer, one strict reader.
