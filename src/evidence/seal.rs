//! Seals: the statements with which the log itself closes each batch (formats §5).
//!
//! A seal fixes three things that the tree alone does not: the time at which its batch was registered, the chain
//! over everything before it, and the root of the docket map. It is an entry like any other, so whoever proves the
//! seal to be in the tree has the log's signature under all three.

use crate::codec::{Item, Value};
use crate::crypto::{Digest, KeyError, KeyLine};
use crate::merkle::Hash;
use crate::statement::{Draft, IAT_MAX, Issuer, KindName, Origin, SEAL_KIND, Statement, StatementId, Subject};

/// The index of the first seal: entry 0 is the genesis.
pub const FIRST_SEAL_INDEX: u64 = 1;
/// Latest time of a seal, unix milliseconds: the last of the year 9999.
pub const SEAL_TIME_MS_MAX: u64 = IAT_MAX * 1_000 + 999;

/// A seal, read from its statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Its own place in the log, ≥ 1.
    pub index: u64,
    /// Its statement's id.
    pub id: StatementId,
    /// The first entry of its batch, ≤ `index`; equal to it for an empty batch.
    pub from: u64,
    /// The id of the seal before it; `None` in the first.
    pub prev: Option<StatementId>,
    /// Registration time of its batch, unix milliseconds.
    pub time_ms: u64,
    /// `chain(index)`: the chain over every entry before it.
    pub chain: Hash,
    /// The docket root after every entry before it.
    pub dockets: Hash,
}

/// Why a statement is not the seal that should stand here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// A statement of another kind.
    #[error("not a seal")]
    NotASeal,
    /// The body is not exactly the five fields of formats §5.
    #[error("the body of a seal is exactly from, prev, time, chain, dockets, each of its type")]
    Body,
    /// `from` lies behind the seal.
    #[error("from is {from}, behind the seal at {index}")]
    FromBehind {
        /// The first entry of its batch, as claimed.
        from: u64,
        /// The seal's index.
        index: u64,
    },
    /// Claim 6 is not the time in whole seconds.
    #[error("claim 6 is {iat}, not the seal's time {time_ms} / 1000")]
    Iat {
        /// Claim 6, unix seconds.
        iat: u64,
        /// The seal's time, unix milliseconds.
        time_ms: u64,
    },
    /// Made for another registry.
    #[error("the seal is of {found}, the key is of {expected}")]
    OtherOrigin {
        /// The name of the key.
        expected: String,
        /// Claims 1 and 3 of the seal.
        found: Origin,
    },
    /// Not signed by the log.
    #[error("a seal is signed by the log's key: {0}")]
    Signature(#[from] KeyError),
    /// The first seal is elsewhere, or has a `from` or `prev` that is not the first one's.
    #[error("the first seal, and no other, has index 1, from 0 and prev null")]
    First,
    /// The batch does not begin behind the seal before it.
    #[error("from is {found}, the entry after the seal before it is {expected}")]
    From {
        /// The index after the previous seal.
        expected: u64,
        /// The first entry of its batch, as claimed.
        found: u64,
    },
    /// `prev` is not the id of the seal before it.
    #[error("prev is not the id of the seal before it")]
    Prev,
    /// The time is not later than that of the seal before it.
    #[error("its time {time_ms} is not later than {previous_ms}, that of the seal before it")]
    Time {
        /// Time of the previous seal, unix milliseconds.
        previous_ms: u64,
        /// Its own time, unix milliseconds.
        time_ms: u64,
    },
    /// `chain` is not that of the log.
    #[error("chain is not the chain over the entries before the seal")]
    Chain,
    /// `dockets` is not that of the log.
    #[error("dockets is not the docket root after the entries before the seal")]
    Dockets,
}

impl Seal {
    /// Reads the seal at `index`: body and claim 6. Its signature is for [`Seal::check_signature`].
    ///
    /// # Errors
    /// [`SealError::NotASeal`], [`SealError::Body`], [`SealError::FromBehind`], [`SealError::Iat`].
    pub fn read(index: u64, statement: &Statement) -> Result<Self, SealError> {
        let seal = Self::read_body(index, statement)?;
        if seal.from > index {
            return Err(SealError::FromBehind { from: seal.from, index });
        }
        seal.check_iat(statement)?;
        Ok(seal)
    }

    /// The five fields alone, for a verifier that names its steps.
    pub(in crate::evidence) fn read_body(index: u64, statement: &Statement) -> Result<Self, SealError> {
        if !statement.is_seal() || *statement.subject() != Subject::Registry {
            return Err(SealError::NotASeal);
        }
        let body = statement.body();
        let field = |name| body.field(name).ok_or(SealError::Body);
        let hash = |item: Item<'_>| item.byte_array().ok_or(SealError::Body);
        if body.map().is_none_or(|fields| fields.remaining() != 5) {
            return Err(SealError::Body);
        }
        let prev = field("prev")?;
        Ok(Self {
            index,
            id: *statement.id(),
            from: field("from")?.uint().ok_or(SealError::Body)?,
            prev: if prev.is_null() { None } else { Some(Digest(hash(prev)?)) },
            time_ms: field("time")?.uint().filter(|time| *time <= SEAL_TIME_MS_MAX).ok_or(SealError::Body)?,
            chain: hash(field("chain")?)?,
            dockets: hash(field("dockets")?)?,
        })
    }

    pub(in crate::evidence) fn check_iat(&self, statement: &Statement) -> Result<(), SealError> {
        match statement.iat() == self.time_ms / 1_000 {
            true => Ok(()),
            false => Err(SealError::Iat { iat: statement.iat(), time_ms: self.time_ms }),
        }
    }

    /// What the log signs to close a batch. One value for each log and batch: a seal can be made again.
    ///
    /// # Panics
    /// If `time_ms` is beyond [`SEAL_TIME_MS_MAX`], which no clock of ours shows.
    pub fn draft(
        origin: &Origin,
        from: u64,
        prev: Option<&StatementId>,
        time_ms: u64,
        chain: &Hash,
        dockets: &Hash,
    ) -> Draft {
        assert!(time_ms <= SEAL_TIME_MS_MAX, "a seal's time lies before the year 10000");
        let kind: KindName = SEAL_KIND.parse().expect("the kind of a seal fits the grammar of kinds");
        Draft {
            issuer: Issuer::Log,
            subject: Subject::Registry,
            origin: origin.clone(),
            kind,
            iat: time_ms / 1_000,
            body: Value::record([
                ("from", Value::uint(from)),
                ("prev", prev.map_or(Value::Null, |id| Value::bytes(id.0))),
                ("time", Value::uint(time_ms)),
                ("chain", Value::bytes(*chain)),
                ("dockets", Value::bytes(*dockets)),
            ]),
        }
    }

    /// Checks that `statement`, which this seal was read from, is of the log of `key` and signed by it.
    ///
    /// # Errors
    /// [`SealError::OtherOrigin`], [`SealError::Signature`].
    pub fn check_signature(&self, statement: &Statement, key: &KeyLine) -> Result<(), SealError> {
        debug_assert_eq!(self.id, *statement.id());
        if statement.origin().as_str() != key.name() {
            let found = statement.origin().clone();
            return Err(SealError::OtherOrigin { expected: key.name().to_owned(), found });
        }
        Ok(statement.check_signature(key.key())?)
    }

    /// Checks that this seal is the next after `previous`, or the first if there is none before it.
    ///
    /// # Errors
    /// The field that does not follow.
    pub fn check_follows(&self, previous: Option<&Seal>) -> Result<(), SealError> {
        let Some(previous) = previous else {
            return match (self.index, self.from, self.prev) {
                (FIRST_SEAL_INDEX, 0, None) => Ok(()),
                _ => Err(SealError::First),
            };
        };
        let expected = previous.index + 1;
        if self.from != expected || self.index < expected {
            return Err(SealError::From { expected, found: self.from });
        }
        if self.prev != Some(previous.id) {
            return Err(SealError::Prev);
        }
        if self.time_ms <= previous.time_ms {
            return Err(SealError::Time { previous_ms: previous.time_ms, time_ms: self.time_ms });
        }
        Ok(())
    }

    /// Checks what the seal commits to against what an auditor computed from the entries before it.
    ///
    /// # Errors
    /// [`SealError::Chain`] or [`SealError::Dockets`].
    pub fn check_commitments(&self, chain: &Hash, dockets: &Hash) -> Result<(), SealError> {
        if self.chain != *chain {
            return Err(SealError::Chain);
        }
        if self.dockets != *dockets {
            return Err(SealError::Dockets);
        }
        Ok(())
    }
}
