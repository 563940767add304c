//! The pass over the entries.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::agreement::{Act, Refusal, Usage, World};
use crate::audit::dockets::Dockets;
use crate::audit::signatures::{Job, Signatures};
use crate::audit::{Fault, Finding, Findings};
use crate::crypto::KeyLine;
use crate::evidence::{Seal, SealError};
use crate::merkle::{Edge, Hash, chain_next, chain_start, leaf_hash};
use crate::statement::{GENESIS_KIND, NameError, Named, Origin, Party, Statement, StatementId, Subject, TouchesError};

/// Longest chain of statements that name one another.
const NAMED_DEPTH_MAX: u8 = 3;

/// The tree at a seal: what a checkpoint of this size must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Size of the tree that ends with the seal.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// Time of the seal, unix milliseconds.
    pub time_ms: u64,
}

/// The seal before.
enum Previous {
    None,
    Known(Box<Seal>),
    /// One that could not be read: what follows it is not compared with it.
    Unknown,
}

/// Derives a log again from its entries.
pub struct Auditor {
    log: KeyLine,
    edge: Edge,
    /// chain(i) before and after the entry that was pushed last.
    chain: [Hash; 2],
    /// Every statement by its id, with the first index it has.
    statements: HashMap<Hash, (u64, Arc<Statement>)>,
    previous: Previous,
    /// Entries since the last seal.
    batch: Vec<(u64, Arc<Statement>)>,
    world: World,
    /// What each party has registered.
    usage: BTreeMap<Party, Usage>,
    dockets: Dockets,
    /// Whether a statement is missing or cannot be placed, so that the dockets cannot be recomputed.
    are_dockets_lost: bool,
    signatures: Signatures,
    seals: u64,
    findings: Findings,
    /// Whether the seal before signed another chain, another docket root: only the first of a run is told (U4).
    is_off: [bool; 2],
}

impl Auditor {
    /// Before entry 0 of the log of `log`, whose name is its origin.
    ///
    /// # Errors
    /// If the name is no origin.
    pub fn new(log: KeyLine) -> Result<Self, NameError> {
        let origin: Origin = log.name().parse()?;
        let start = chain_start(origin.as_str());
        Ok(Self {
            log,
            edge: Edge::new(),
            chain: [start, start],
            statements: HashMap::new(),
            previous: Previous::None,
            batch: Vec::new(),
            world: World::whole(origin),
            usage: BTreeMap::new(),
            dockets: Dockets::default(),
            are_dockets_lost: false,
            signatures: Signatures::start(),
            seals: 0,
            findings: Findings::default(),
            is_off: [false; 2],
        })
    }

    /// The tree over all entries so far.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// How many seals there were.
    pub fn seals(&self) -> u64 {
        self.seals
    }

    /// How many dockets there are.
    pub fn dockets(&self) -> u64 {
        self.dockets.len()
    }

    /// Entries that no seal closes yet.
    pub fn unsealed(&self) -> usize {
        self.batch.len()
    }

    /// Takes the next entry. At a seal: the tree that ends with it.
    pub fn push(&mut self, bytes: &[u8]) -> Option<Sealed> {
        let index = self.edge.size();
        let parsed = Statement::parse(bytes);
        // The id of a statement is its leaf hash (formats §2), and has been computed.
        let leaf = parsed.as_ref().map_or_else(|_| leaf_hash(bytes), |statement| statement.id().0);
        self.edge.push(leaf);
        self.chain = [self.chain[1], chain_next(&self.chain[1], &leaf)];
        let statement = match parsed {
            Ok(statement) => Arc::new(statement),
            Err(error) => {
                self.find(Fault::EntryMalformed, index, format!("this is no statement: {error}"));
                self.are_dockets_lost = true;
                return None;
            }
        };
        let (first, _) = self.statements.entry(leaf).or_insert_with(|| (index, Arc::clone(&statement)));
        let first = *first;
        if first != index {
            self.find(Fault::Duplicate, index, format!("the same statement is entry {first} already"));
        }
        if *statement.origin() != *self.world_origin() {
            let message = format!("it is meant for another registry, {}", statement.origin());
            self.find(Fault::EntryMalformed, index, message);
        }
        if (statement.kind().as_str() == GENESIS_KIND) != (index == 0) || (index == 0 && !self.is_genesis(&statement)) {
            let message = "entry 0, and no other, is the genesis that names this origin and this log key";
            self.find(Fault::Genesis, index, message.to_owned());
        }
        if statement.is_seal() {
            return self.seal(index, statement);
        }
        self.batch.push((index, statement));
        None
    }

    /// Waits for the signatures, and gives how many have verified and what was found. May be called again and again.
    pub fn report(&mut self) -> (u64, &Findings) {
        let verified = self.signatures.settle(&mut self.findings);
        (verified, &self.findings)
    }

    fn world_origin(&self) -> &Origin {
        self.world.origin()
    }

    fn is_genesis(&self, statement: &Statement) -> bool {
        let body = statement.body();
        body.field("origin").and_then(|origin| origin.text()) == Some(self.log.name())
            && body.field("log_key").and_then(|key| key.bytes()) == Some(&self.log.key().as_bytes()[..])
    }

    fn find(&mut self, fault: Fault, index: u64, message: String) {
        self.findings.add(Finding { fault, index, rule: None, message });
    }

    fn seal(&mut self, index: u64, statement: Arc<Statement>) -> Option<Sealed> {
        self.seals += 1;
        let seal = match Seal::read(index, &statement) {
            Ok(seal) => seal,
            Err(error) => {
                self.find(Fault::SealOrder, index, error.to_string());
                // The time of its batch is unknown, and with it every docket that the batch touches.
                self.are_dockets_lost = true;
                self.batch.clear();
                self.previous = Previous::Unknown;
                return None;
            }
        };
        let job = Job { fault: Fault::SealSignature, index, statement, key: *self.log.key() };
        self.signatures.add(job, &mut self.findings);
        let follows = match &self.previous {
            Previous::None => seal.check_follows(None),
            Previous::Known(previous) => seal.check_follows(Some(previous)),
            Previous::Unknown => Ok(()),
        };
        if let Err(error) = follows {
            self.find(Fault::SealOrder, index, error.to_string());
        }
        // The world holds the batches before this one.
        if let Some(end) = self.world.log_end() {
            let message = format!("the log ended at entry {}, and the seal of that batch is its last", end.index);
            self.find(Fault::SealOrder, index, message);
        }
        self.close(seal.time_ms);
        self.check_commitments(&seal);
        let time_ms = seal.time_ms;
        self.previous = Previous::Known(Box::new(seal));
        Some(Sealed { size: self.edge.size(), root: self.edge.root(), time_ms })
    }

    /// U2
    fn check_commitments(&mut self, seal: &Seal) {
        let is_chain_off = self.chain[0] != seal.chain;
        let are_dockets_off = !self.are_dockets_lost && self.dockets.root() != seal.dockets;
        if is_chain_off && !self.is_off[0] {
            self.find(Fault::SealChain, seal.index, SealError::Chain.to_string());
        }
        if are_dockets_off && !self.is_off[1] {
            self.find(Fault::SealDockets, seal.index, SealError::Dockets.to_string());
        }
        self.is_off = [is_chain_off, are_dockets_off];
    }

    /// Ends a batch that was registered at `time_ms`: the rules, the signatures, the dockets (U3).
    fn close(&mut self, time_ms: u64) {
        let mut touched = Vec::with_capacity(self.batch.len());
        for (index, statement) in std::mem::take(&mut self.batch) {
            match statement.touches(|id| self.named(id, index, NAMED_DEPTH_MAX)) {
                Ok(subjects) => touched.push((index, *statement.id(), subjects)),
                Err(error) => {
                    self.find(Fault::Unplaceable, index, error.to_string());
                    self.are_dockets_lost = true;
                }
            }
            let key = self.world.signing_key(&statement, index);
            let act = Act::met(index, time_ms, Arc::clone(&statement));
            // Asked of the world before the act, and of no use where the act has no effect.
            let admission = self.check_admission(&act);
            match self.world.push(act) {
                Err(refusal) => self.refused(Fault::Inadmissible, index, &refusal),
                Ok(()) => {
                    if let Err(refusal) = admission {
                        self.refused(Fault::Admission, index, &refusal);
                    }
                }
            }
            match key {
                Some(key) => {
                    let job = Job { fault: Fault::StatementSignature, index, statement, key };
                    self.signatures.add(job, &mut self.findings);
                }
                None => {
                    let message = format!("the log had granted no key {} to its issuer", statement.kid());
                    self.find(Fault::SigningKey, index, message);
                }
            }
        }
        if !self.are_dockets_lost {
            self.dockets.close(time_ms, &touched);
        }
    }

    /// What the door asks of an act, its issuer's quota included. The genesis comes through no door.
    fn check_admission(&mut self, act: &Act) -> Result<(), Refusal> {
        if act.index == 0 {
            return Ok(());
        }
        if let Some(party) = Usage::counted(&act.statement) {
            let usage = self.usage.entry(party.clone()).or_default();
            *usage = usage.with(act.statement.bytes().len());
            usage.check(party, self.world.limits(act.index))?;
        }
        self.world.check_admission(act)
    }

    fn refused(&mut self, fault: Fault, index: u64, refusal: &Refusal) {
        let message = format!("{}: {}", refusal.rule, refusal.message);
        self.findings.add(Finding { fault, index, rule: Some(refusal.rule), message });
    }

    /// What the statement `id` is to one at `index` that names it: only lower entries are named.
    fn named(&self, id: &StatementId, index: u64, depth: u8) -> Option<Named> {
        let (below, statement) = self.statements.get(&id.0).filter(|(below, _)| *below < index)?;
        let further = |id: &StatementId| self.named(id, *below, depth.checked_sub(1)?);
        let touches: Result<BTreeSet<Subject>, TouchesError> = statement.touches(further);
        Some(Named { role: statement.named_role(), subject: statement.subject().clone(), touches: touches.ok()? })
    }
}
