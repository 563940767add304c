//! Two checkpoints of one log, of which the log would not show that the later extends the earlier.
//!
//! It proves only that the log signed both. An honest log answers it with one consistency proof; nobody else can.

use crate::codec::{Item, Value};
use crate::crypto::KeyLine;
use crate::evidence::caught::SignedHead;
use crate::evidence::caught::file::{EvidenceError, NotProved, fields, members};
use crate::statement::Origin;

/// Two signed heads of different sizes, the smaller first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    heads: [SignedHead; 2],
}

impl Suspicion {
    /// Of two heads of one log; `None` where they are of two logs or of one size: then there is nothing to ask for.
    pub fn new(one: SignedHead, other: SignedHead) -> Option<Self> {
        let is_one_log = one.origin() == other.origin();
        let heads = if one.size() < other.size() { [one, other] } else { [other, one] };
        (is_one_log && heads[0].size() < heads[1].size()).then_some(Self { heads })
    }

    /// The two heads, the smaller first: the log is asked for a consistency proof between their sizes.
    pub fn heads(&self) -> &[SignedHead; 2] {
        &self.heads
    }

    /// The log.
    pub fn origin(&self) -> &Origin {
        self.heads[0].origin()
    }

    /// Checks that the log of `key` signed both.
    ///
    /// # Errors
    /// [`NotProved::Signature`].
    pub fn check(&self, key: &KeyLine) -> Result<(), NotProved> {
        self.heads.iter().try_for_each(|head| head.check(key))
    }

    pub(in crate::evidence::caught) fn to_value(&self) -> Value {
        let heads = self.heads.iter().map(SignedHead::to_value).collect();
        Value::record([("heads", Value::Array(heads))])
    }

    pub(in crate::evidence::caught) fn read(item: &Item<'_>) -> Result<Self, EvidenceError> {
        let shape = EvidenceError::Shape("a suspicion is two heads of one log, the smaller first");
        let [heads] = fields(item, ["heads"]).ok_or(shape.clone())?;
        let [smaller, larger] = members(&heads).ok_or(shape.clone())?;
        let (smaller, larger) = (SignedHead::read(&smaller)?, SignedHead::read(&larger)?);
        match smaller.size() < larger.size() {
            true => Self::new(smaller, larger).ok_or(shape),
            false => Err(shape),
        }
    }
}
