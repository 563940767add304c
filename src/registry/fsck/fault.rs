//! What an audit of the stored log can find: one name for each kind of fault.

use std::fmt;

/// Which part of the registry's promise a fault breaks, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultFamily {
    /// What is stored is not what follows from the entries, or the log signed what does not follow.
    Damage,
    /// A signature does not verify, or the log is not the one that was asked for.
    Signature,
    /// An entry breaks a rule of the registry, and has no effect.
    Inadmissible,
}

macro_rules! faults {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $name:literal, $family:ident; )+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Fault { $( $(#[doc = $doc])+ $variant, )+ }

        impl Fault {
            /// Every kind of fault.
            pub const ALL: &[Self] = &[$( Self::$variant, )+];

            /// The name for machines, stable.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// What it breaks.
            pub fn family(self) -> FaultFamily {
                match self { $( Self::$variant => FaultFamily::$family, )+ }
            }
        }
    };
}

faults! {
    /// The head record is missing, damaged, or not what follows from the entries.
    Head = "head", Damage;
    /// An entry below the head is not there.
    EntryMissing = "entry_missing", Damage;
    /// An entry is not a statement.
    EntryMalformed = "entry_malformed", Damage;
    /// An entry stands beyond the head.
    EntryBeyondHead = "entry_beyond_head", Damage;
    /// Entries after the last seal.
    Unsealed = "unsealed", Damage;
    /// Entry 0 is not the genesis of this log.
    Genesis = "genesis", Signature;
    /// The hash chain beside an entry is not the one over the entries.
    Chain = "chain", Damage;
    /// The row that leads from an id to its entry is missing or leads elsewhere.
    IdRow = "id_row", Damage;
    /// A full tile is missing, or its hashes are not those of the entries.
    Tile = "tile", Damage;
    /// The row that notes a seal is missing or says another time.
    SealRow = "seal_row", Damage;
    /// A seal has not the form of one, or does not follow the one before it.
    SealOrder = "seal_order", Damage;
    /// A seal signs another chain than that of the entries before it.
    SealChain = "seal_chain", Damage;
    /// A seal signs another docket root than that of the entries before it.
    SealDockets = "seal_dockets", Damage;
    /// A seal behind that of the batch in which the registrar closed the log.
    SealAfterEnd = "seal_after_end", Damage;
    /// The stored value of a docket is missing or another one.
    DocketRow = "docket_row", Damage;
    /// The stored list of a docket is not that of the entries that touch it.
    DocketList = "docket_list", Damage;
    /// A row of the list of agreements, or a text's media type, is missing or another one.
    DerivedRow = "derived_row", Damage;
    /// A deposited text is not complete or has not its digest, or what is left of a removed one was altered.
    Text = "text", Damage;
    /// A row that nothing in the log asks for.
    ExtraRow = "extra_row", Damage;
    /// The head guard is missing, damaged, or has seen another history than this one.
    Guard = "guard", Damage;
    /// A seal is not signed by the log.
    SealSignature = "seal_signature", Signature;
    /// A statement's signature does not verify under the key that the log granted.
    StatementSignature = "statement_signature", Signature;
    /// The log granted no key with this id, and yet no rule refuses the statement.
    SigningKey = "signing_key_unknown", Signature;
    /// An entry breaks a rule.
    Inadmissible = "inadmissible", Inadmissible;
    /// It cannot be told which dockets an entry touches.
    Unplaceable = "unplaceable", Inadmissible;
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
