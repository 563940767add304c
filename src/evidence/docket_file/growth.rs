//! Whether a later docket file holds everything that an earlier one holds: dockets only grow.
//!
//! Both roots are signed. If an entry that stood in the earlier file lacks in the later one, the log has computed one of
//! the two docket roots falsely, and the two files together are the evidence.

use std::collections::BTreeMap;

use crate::evidence::{CheckedFile, Entries};
use crate::statement::{Origin, StatementId, Subject};

/// Why a later file does not continue an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrowthError {
    /// They are of two registries.
    #[error("the earlier file is of {old}, the later one of {new}")]
    OtherOrigin {
        /// That of the earlier file.
        old: Origin,
        /// That of the later file.
        new: Origin,
    },
    /// They are about two subjects.
    #[error("the earlier file is about {old}, the later one about {new}")]
    OtherSubject {
        /// That of the earlier file.
        old: Subject,
        /// That of the later file.
        new: Subject,
    },
    /// The later file was made at an earlier size.
    #[error("the earlier file was made at {old} entries, the later one at {new}")]
    Older {
        /// Size at the earlier file.
        old: u64,
        /// Size at the later file.
        new: u64,
    },
    /// An entry of the earlier file does not stand in its place in the later one.
    #[error("the docket {subject} held the statement {id} at entry {index}, and does not hold it there any more")]
    Lost {
        /// Which docket.
        subject: Subject,
        /// The entry's index.
        index: u64,
        /// The statement.
        id: StatementId,
    },
}

/// Checks that `new` continues `old`: each docket of `old` is the beginning of the same docket in `new`. That the trees of
/// both checkpoints are one history is for a consistency proof (`merkle`).
///
/// # Errors
/// [`GrowthError`]; [`GrowthError::Lost`] alone proves a fault of the log.
pub fn check_growth(old: &CheckedFile<'_>, new: &CheckedFile<'_>) -> Result<(), GrowthError> {
    let (earlier, later) = (old.file(), new.file());
    if earlier.origin != later.origin {
        return Err(GrowthError::OtherOrigin { old: earlier.origin.clone(), new: later.origin.clone() });
    }
    if earlier.about != later.about {
        return Err(GrowthError::OtherSubject { old: earlier.about.clone(), new: later.about.clone() });
    }
    let (size_old, size_new) = (earlier.checkpoint.checkpoint().size, later.checkpoint.checkpoint().size);
    if size_new < size_old {
        return Err(GrowthError::Older { old: size_old, new: size_new });
    }
    let later: BTreeMap<&Subject, Vec<(u64, StatementId)>> = places(new).collect();
    for (subject, entries) in places(old) {
        let kept = later.get(subject).map_or(&[][..], Vec::as_slice);
        // What belongs to a file follows from entries that stay, so a docket that is not there any more is lost too.
        for (position, (index, id)) in entries.into_iter().enumerate() {
            if kept.get(position) != Some(&(index, id)) {
                return Err(GrowthError::Lost { subject: subject.clone(), index, id });
            }
        }
    }
    Ok(())
}

/// Index and id of every entry of every docket, in the order of the file.
fn places<'a>(checked: &'a CheckedFile<'_>) -> impl Iterator<Item = (&'a Subject, Vec<(u64, StatementId)>)> {
    let file = checked.file();
    let of = |entries: &Entries<'_>| match entries {
        Entries::List(rows) => rows.iter().map(|row| (row.index, row.id)).collect(),
        Entries::Full(entries) => entries
            .iter()
            .map(|entry| &file.statements[entry.statement])
            .map(|entry| (entry.index, *entry.statement.id()))
            .collect(),
    };
    file.dockets.iter().map(move |docket| (&docket.subject, of(&docket.entries)))
}
