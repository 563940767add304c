//! Digests, Ed25519 keys and strict signatures, key ids, PKCS#8, signed notes.
