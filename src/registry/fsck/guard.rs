//! What the head guard remembers against what was recomputed from the entries.

use std::path::Path;

use crate::log::{GuardError, GuardedHead};
use crate::merkle::Hash;
use crate::registry::fsck::{Fault, Findings, GuardCheck};
use crate::statement::StatementId;

/// A head guard, and what it remembers.
pub(in crate::registry::fsck) type Guarded<'a> = (&'a Path, Result<GuardedHead, GuardError>);

/// What follows from the entries.
pub(in crate::registry::fsck) struct Recomputed {
    /// How many entries were looked at.
    pub size: u64,
    /// Root and last id when the tree had the size that the guard remembers.
    pub at_guard: Option<(Hash, StatementId)>,
}

/// Compares the guard, if one was given; a difference is a finding.
pub(in crate::registry::fsck) fn check_guard(
    guard: Option<&Guarded<'_>>,
    recomputed: &Recomputed,
    findings: &mut Findings,
) -> GuardCheck {
    let Some((path, seen)) = guard else { return GuardCheck::NotAsked };
    let message = match seen {
        Err(error @ (GuardError::Locked { .. } | GuardError::Io { .. })) => {
            return GuardCheck::NotChecked { why: error.to_string() };
        }
        Err(error) => error.to_string(),
        Ok(seen) if seen.size > recomputed.size && !findings.is_full() => format!(
            "the head guard has seen {} entries, the database holds {}: an older copy of it was restored",
            seen.size, recomputed.size
        ),
        Ok(seen) => match recomputed.at_guard {
            Some((root, seal)) if root == seen.root && seal == seen.seal => {
                return GuardCheck::Agrees { size: seen.size };
            }
            Some(_) => format!("the first {} entries are not those that the head guard has seen", seen.size),
            None => {
                let why = format!("the tree of {} entries, which it has seen, was not recomputed", seen.size);
                return GuardCheck::NotChecked { why };
            }
        },
    };
    findings.add(Fault::Guard, None, message);
    GuardCheck::Differs { path: path.to_path_buf() }
}
