//! Tree hashes, inclusion and consistency proofs, the docket map.
