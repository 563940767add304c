//! Keeps the docket map and lists in storage; proofs at a head.
