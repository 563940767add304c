//! What anyone checks offline: checkpoint, receipt, docket file, policy, verify.
