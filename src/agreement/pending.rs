//! Acts that wait for more signatures: of other keys of the same party (a threshold above 1), or of the other side (the
//! kinds that both sign).
//!
//! - E1. A statement of a party with a threshold m waits until m live keys of that party stand behind it: its own and
//!   those that endorsed it. The completing statement is the act: every rule is judged once more at its index.
//! - E2. An act of both is complete when each side has signed the same kind, subject and body, byte for byte. Until then
//!   it changes nothing; a newer one of the same side takes its place.
//! - E3. What waits is over after [`PENDING_DAYS`], or when its issuer voids it.
//! - E4. What waits is bounded ([`PENDING_MAX`] of one issuer on one subject), since it is kept near.

use std::collections::BTreeSet;

use crate::agreement::life::SignatureRecord;
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Refusal, Rule, World};
use crate::crypto::Kid;
use crate::statement::body::Body;
use crate::statement::{Party, StatementId};

/// What waits is over so many days after its registration (E3).
pub const PENDING_DAYS: u64 = 90;
/// Most statements of one issuer that wait on one subject (E4).
pub const PENDING_MAX: usize = 64;

const PENDING_MS: u64 = PENDING_DAYS * 86_400_000;

/// What an admissible statement does.
#[derive(Clone, Debug)]
pub(in crate::agreement) enum Outcome {
    /// It is an act, or completes one.
    Done(Box<Done>),
    /// It waits for other keys of its party.
    Waits,
    /// Its party has signed enough; it waits for the other side.
    Signed,
    /// It endorses a statement that goes on waiting; `is_signed`: for the other side only.
    Seconds { id: StatementId, is_signed: bool },
    /// It stands behind an act that is complete already (rule 5).
    Affirms,
}

/// A complete act.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Done {
    /// The statement that carries it, placed where it became complete.
    pub act: Act,
    /// By which ids it is known: its own, and of an act of both that of the other side.
    pub ids: Vec<StatementId>,
    /// The signatures it rests on.
    pub signatures: Vec<SignatureRecord>,
}

/// What waits in one docket, folded from the outcomes of its entries.
#[derive(Clone, Debug, Default)]
pub(in crate::agreement) struct Book {
    waiting: Vec<Waiting>,
}

/// A statement that waits.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct Waiting {
    pub act: Act,
    pub signatures: Vec<SignatureRecord>,
    /// Whether only the other side is missing.
    pub is_signed: bool,
}

/// A statement that waits, for people who look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingLine {
    /// Its id.
    pub id: StatementId,
    /// Its index.
    pub index: u64,
    /// Its kind.
    pub kind: String,
    /// Who issued it.
    pub issuer: Party,
    /// The keys of the issuer that stand behind it.
    pub keys: Vec<Kid>,
    /// How many must, as of the seal.
    pub threshold: u64,
    /// Who else has to sign the same body, if that is what it waits for.
    pub awaits: Option<Party>,
    /// When it is over, unix milliseconds.
    pub until_ms: u64,
}

impl Waiting {
    /// When it is over, unix milliseconds (E3).
    pub fn until_ms(&self) -> u64 {
        self.act.time_ms.saturating_add(PENDING_MS)
    }

    /// Whether it still waits at a time.
    pub fn is_open(&self, time_ms: u64) -> bool {
        time_ms < self.until_ms()
    }
}

impl Book {
    /// What has not been completed or voided, over or not.
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// The statement with this id, if it waits.
    pub fn find(&self, id: &StatementId) -> Option<&Waiting> {
        self.waiting.iter().find(|waiting| waiting.act.id() == *id)
    }

    /// Folds an entry in.
    pub fn apply(&mut self, act: &Act, outcome: &Outcome) {
        match outcome {
            Outcome::Waits | Outcome::Signed => {
                let is_signed = matches!(outcome, Outcome::Signed);
                if is_signed {
                    self.supersede(act);
                }
                let signatures = SignatureRecord::of(act).into_iter().collect();
                self.waiting.push(Waiting { act: act.clone(), signatures, is_signed });
            }
            Outcome::Seconds { id, is_signed } => {
                if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.act.id() == *id) {
                    waiting.signatures.extend(SignatureRecord::of(act));
                    waiting.is_signed |= is_signed;
                    let seconded = waiting.act.clone();
                    if *is_signed {
                        self.supersede(&seconded);
                    }
                }
            }
            Outcome::Done(done) => {
                self.waiting.retain(|waiting| !done.ids.contains(&waiting.act.id()));
                if done.ids.len() > 1 {
                    // E2: the complete act is newer than what either side signed of that kind.
                    let of_kind = |act: &Act| act.statement.kind() == done.act.statement.kind();
                    self.waiting.retain(|waiting| !(waiting.is_signed && of_kind(&waiting.act)));
                }
                if let Some(Body::Void(body)) = done.act.body.as_deref() {
                    self.waiting.retain(|waiting| waiting.act.id() != body.reference);
                }
            }
            Outcome::Affirms => {}
        }
    }

    /// E2: a newer one of the same side takes the place of the older.
    fn supersede(&mut self, newer: &Act) {
        self.waiting.retain(|waiting| {
            let is_same = waiting.act.statement.kind() == newer.statement.kind()
                && waiting.act.issuer() == newer.issuer()
                && waiting.act.id() != newer.id();
            !(waiting.is_signed && is_same)
        });
    }
}

/// E1: how the statement of one party stands, with the signatures behind it.
fn is_signed(world: &World, act: &Act, signatures: &[SignatureRecord]) -> bool {
    let Some(issuer) = act.issuer() else { return true };
    // The genesis is trusted because the log is pinned.
    if matches!(act.body.as_deref(), Some(Body::Genesis(_))) {
        return true;
    }
    let live: BTreeSet<Kid> = signatures
        .iter()
        .filter(|signature| world.is_key_live(issuer, &signature.kid, act.index))
        .map(|signature| signature.kid)
        .collect();
    live.len() as u64 >= world.threshold(issuer, act.index)
}

impl World {
    /// What a statement does that its party signs at this index, if its rules hold: `signatures` stand behind it, its
    /// own among them.
    pub(in crate::agreement) fn complete(
        &self,
        act: &Act,
        signatures: Vec<SignatureRecord>,
        book: &Book,
    ) -> Result<Outcome, Refusal> {
        if !is_signed(self, act, &signatures) {
            return self.check_waiting_room(act, book).map(|()| Outcome::Waits);
        }
        let is_of_both = act.body.as_deref().is_some_and(is_signed_by_both);
        if !is_of_both {
            return Ok(Outcome::Done(Box::new(Done { act: act.clone(), ids: vec![act.id()], signatures })));
        }
        let other = book.waiting.iter().rev().find(|waiting| waiting.is_signed && is_other_side(self, waiting, act));
        match other {
            None => self.check_waiting_room(act, book).map(|()| Outcome::Signed),
            Some(other) => Ok(Outcome::Done(Box::new(Done {
                act: act.clone(),
                ids: vec![other.act.id(), act.id()],
                signatures: other.signatures.iter().cloned().chain(signatures).collect(),
            }))),
        }
    }

    /// E4.
    fn check_waiting_room(&self, act: &Act, book: &Book) -> Result<(), Refusal> {
        let of_issuer = book.waiting.iter().filter(|waiting| {
            waiting.act.issuer() == act.issuer() && waiting.is_open(act.time_ms) && waiting.act.id() != act.id()
        });
        demand(of_issuer.count() < PENDING_MAX, || {
            let message = format!("{PENDING_MAX} statements of the issuer wait for signatures on this subject");
            Refusal::new(Rule::PendingFull, message, "endorsing or voiding what waits")
        })
    }

    /// What waits, as a line; `open` is all that waits beside it.
    pub(in crate::agreement) fn pending_line(
        &self,
        waiting: &Waiting,
        open: &[&Waiting],
        known_at: u64,
    ) -> Option<PendingLine> {
        let issuer = waiting.act.issuer()?.clone();
        let other = match waiting.act.body.as_deref() {
            Some(body) if is_signed_by_both(body) => self.other_side(&waiting.act, body, known_at),
            _ => None,
        };
        // Who has signed the same already is not waited for, though keys of this side still are.
        let has_signed = |party: &Party| {
            open.iter().any(|one| one.is_signed && one.act.issuer() == Some(party) && is_same(&one.act, &waiting.act))
        };
        let awaits = other.filter(|party| !has_signed(party));
        Some(PendingLine {
            id: waiting.act.id(),
            index: waiting.act.index,
            kind: waiting.act.statement.kind().to_string(),
            keys: waiting.signatures.iter().map(|signature| signature.kid).collect(),
            threshold: self.threshold(&issuer, known_at + 1),
            issuer,
            awaits,
            until_ms: waiting.until_ms(),
        })
    }
}

/// The kinds that both sides sign.
pub(in crate::agreement) fn is_signed_by_both(body: &Body) -> bool {
    match body {
        Body::Amend(_) | Body::Correct(_) | Body::Renew(_) | Body::PartySucceed(_) => true,
        Body::Terminate(body) => body.ground == crate::statement::body::Ground::Mutual,
        _ => false,
    }
}

/// E2: the same kind and body, of the other side, and not over.
fn is_other_side(world: &World, waiting: &Waiting, act: &Act) -> bool {
    let sides = waiting.act.issuer().zip(act.issuer()).zip(act.body.as_deref());
    is_same(&waiting.act, act)
        && waiting.is_open(act.time_ms)
        && sides.is_some_and(|((one, other), body)| world.are_sides(act, body, one, other))
}

/// The same kind and body, byte for byte.
fn is_same(one: &Act, other: &Act) -> bool {
    one.statement.kind() == other.statement.kind() && one.statement.body().encoded() == other.statement.body().encoded()
}
