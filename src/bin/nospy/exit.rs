//! The exit codes: one table, used by errors, by `--help` and by the documents.

use std::fmt::Write as _;

/// Why the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All that was asked was done; every check that was asked passed.
    Ok,
    /// A fault of this program.
    Internal,
    /// The command line, the configuration or a local file is not usable as given.
    Usage,
    /// What was asked for does not exist.
    NotFound,
    /// The caller may not do this.
    NotAuthorised,
    /// The registry cannot be reached or does not answer.
    Network,
    /// A signature does not verify.
    BadSignature,
    /// A proof does not lead to the signed root.
    BadInclusion,
    /// The log contradicts itself: two histories, or a statement left out.
    Equivocation,
    /// The policy's witnesses have not cosigned.
    WitnessQuorum,
    /// The newest seal is older than accepted.
    Stale,
    /// The signing key was revoked, is unknown or has no authority.
    KeyAuthority,
    /// The input is not what it should be.
    Malformed,
    /// Checked, and the answer is no.
    AnswerNo,
    /// Checked, and the answer cannot be known.
    Indeterminate,
    /// A rule of the registry refuses the statement.
    Refused,
}

impl Exit {
    /// Every exit code, ascending.
    pub const ALL: [Self; 16] = [
        Self::Ok,
        Self::Internal,
        Self::Usage,
        Self::NotFound,
        Self::NotAuthorised,
        Self::Network,
        Self::BadSignature,
        Self::BadInclusion,
        Self::Equivocation,
        Self::WitnessQuorum,
        Self::Stale,
        Self::KeyAuthority,
        Self::Malformed,
        Self::AnswerNo,
        Self::Indeterminate,
        Self::Refused,
    ];

    fn row(self) -> (u8, &'static str, &'static str) {
        match self {
            Self::Ok => (0, "ok", "done; every check that was asked passed"),
            Self::Internal => (1, "internal", "a fault of this program"),
            Self::Usage => (2, "usage", "command line, configuration or a local file not usable as given"),
            Self::NotFound => (3, "not_found", "what was asked for does not exist"),
            Self::NotAuthorised => (4, "not_authorised", "the caller may not do this"),
            Self::Network => (5, "network", "the registry cannot be reached or does not answer"),
            Self::BadSignature => (10, "bad_signature", "a signature of checkpoint, seal or statement does not verify"),
            Self::BadInclusion => {
                (11, "bad_inclusion", "a proof of inclusion, consistency, seal order or docket fails")
            }
            Self::Equivocation => (12, "equivocation", "the log contradicts itself; the evidence is in a file"),
            Self::WitnessQuorum => (13, "witness_quorum", "the witnesses that the policy wants have not cosigned"),
            Self::Stale => (14, "stale", "the newest seal is older than you accept"),
            Self::KeyAuthority => (15, "key_authority", "a signing key was revoked, is unknown or had no authority"),
            Self::Malformed => (16, "malformed", "the input is not what it should be"),
            Self::AnswerNo => (
                17,
                "answer_no",
                "checked, and the answer is no (no agreement, not in force, not in scope, another text)",
            ),
            Self::Indeterminate => (18, "indeterminate", "checked, and the answer cannot be known from this"),
            Self::Refused => (19, "refused", "a rule of the registry refuses the statement"),
        }
    }

    /// The process exit code.
    pub fn code(self) -> u8 {
        self.row().0
    }

    /// The machine name.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What it means, one line.
    pub fn meaning(self) -> &'static str {
        self.row().2
    }
}

/// The table as `--help` shows it.
pub fn table() -> String {
    let mut text = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        // Writing to a String does not fail.
        let _ = writeln!(text, "  {:>2}  {:<15} {}", exit.code(), exit.name(), exit.meaning());
    }
    text
}
