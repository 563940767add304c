//! The pass over the entries, and the order in which everything is compared.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::agreement::{Act, World};
use crate::crypto::{Digest, KeyLine};
use crate::docket::StoredDockets;
use crate::evidence::{Seal, SealError};
use crate::log::{Head, OpenError, SealPlace, StoredLog, StoredRow};
use crate::merkle::{Hash, TILE_WIDTH, leaf_hash};
use crate::registry::fsck::dockets::{Dockets, Touched};
use crate::registry::fsck::guard::{Guarded, Recomputed, check_guard};
use crate::registry::fsck::rows::{self, DerivedRows};
use crate::registry::fsck::signatures::Signatures;
use crate::registry::fsck::tree::{Chain, Tree};
use crate::registry::fsck::{Fault, Findings, FsckFinding, FsckReport};
use crate::registry::open::check_genesis;
use crate::statement::{Named, Origin, Statement, StatementId, Subject, TouchesError};
use crate::storage::{Snapshot, StorageError};

/// How often progress is told, in entries.
const PROGRESS_ENTRIES: u64 = 512;
/// Longest chain of statements that name one another.
const NAMED_DEPTH_MAX: u8 = 3;

type SealRows<'a> = std::iter::Peekable<Box<dyn Iterator<Item = Result<StoredRow<u64>, StorageError>> + 'a>>;

/// The seal before.
enum Previous {
    None,
    Known(Box<Seal>),
    /// One that could not be read.
    Unknown,
}

/// What is recomputed so far.
pub(in crate::registry::fsck) struct Audit<'a, 'scope> {
    log: &'a KeyLine,
    origin: Origin,
    snapshot: &'a dyn Snapshot,
    stored: StoredLog<'a>,
    head: Option<Option<Head>>,
    guard: Option<Guarded<'a>>,
    /// Root and last id when the tree had the size that the guard remembers.
    at_guard: Option<(Hash, StatementId)>,
    findings: Findings,
    next: u64,
    chain: Chain,
    /// `None` behind a missing entry.
    tree: Option<Tree>,
    seal_rows: SealRows<'a>,
    previous: Previous,
    /// Entries since the last seal.
    batch: Vec<(u64, Arc<Statement>)>,
    world: World,
    dockets: Dockets,
    /// Whether a statement is missing or cannot be placed, so that its dockets cannot be recomputed.
    are_dockets_lost: bool,
    derived: DerivedRows,
    signatures: Signatures<'scope>,
    /// Id rows that were met, and those of them that are wrong.
    id_rows: u64,
    id_rows_wrong: BTreeSet<[u8; 16]>,
    seals: u64,
    /// Whether the seal before signed another chain, another docket root: only the first of a run is told.
    is_chain_off: bool,
    are_dockets_off: bool,
}

impl<'a, 'scope> Audit<'a, 'scope> {
    /// # Errors
    /// [`OpenError::Empty`], [`OpenError::Storage`].
    pub fn begin(
        snapshot: &'a dyn Snapshot,
        log: &'a KeyLine,
        origin: Origin,
        guard: Option<Guarded<'a>>,
        signatures: Signatures<'scope>,
    ) -> Result<Self, OpenError> {
        let stored = StoredLog::new(snapshot);
        let head = stored.head()?;
        if head.is_none() && stored.entries().next().transpose()?.is_none() {
            return Err(OpenError::Empty);
        }
        let seal_rows: Box<dyn Iterator<Item = _> + 'a> = Box::new(stored.seals());
        Ok(Self {
            chain: Chain::start(origin.as_str()),
            world: World::whole(origin.clone()),
            log,
            origin,
            snapshot,
            stored,
            head,
            guard,
            at_guard: None,
            findings: Findings::default(),
            next: 0,
            tree: Some(Tree::default()),
            seal_rows: seal_rows.peekable(),
            previous: Previous::None,
            batch: Vec::new(),
            dockets: Dockets::default(),
            are_dockets_lost: false,
            derived: DerivedRows::default(),
            signatures,
            id_rows: 0,
            id_rows_wrong: BTreeSet::new(),
            seals: 0,
            is_chain_off: false,
            are_dockets_off: false,
        })
    }

    /// Every entry below the head, in order.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn entries(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StorageError> {
        let size = self.head.as_ref().and_then(|head| head.as_ref()).map(Head::size);
        for row in self.stored.entries() {
            let row = row?;
            match row.place {
                None => self.findings.add(Fault::ExtraRow, None, "a row of the entries has no such key"),
                Some(index) if size.is_some_and(|size| index >= size) => {
                    self.findings.add(Fault::EntryBeyondHead, index, "the head does not count this entry");
                }
                Some(index) => {
                    self.missing_up_to(index);
                    self.entry(index, &row.value)?;
                    self.next = index + 1;
                }
            }
            if self.findings.is_full() {
                return Ok(());
            }
            if self.next.is_multiple_of(PROGRESS_ENTRIES) {
                progress(self.next, size.unwrap_or(self.next));
            }
        }
        self.missing_up_to(size.unwrap_or(self.next));
        progress(self.next, size.unwrap_or(self.next));
        Ok(())
    }

    /// What stands once, when every entry is known; then the report.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn finish(mut self) -> Result<FsckReport, StorageError> {
        let mut texts = 0;
        if !self.findings.is_full() {
            self.end_of_log();
            while let Some(row) = self.seal_rows.next().transpose()? {
                self.extra_seal_row(row.place);
            }
            let findings = &mut self.findings;
            rows::ids(self.stored, self.id_rows, &self.id_rows_wrong, findings)?;
            rows::tiles(self.stored, self.next, findings)?;
            if !self.are_dockets_lost {
                self.dockets.compare(StoredDockets::new(self.snapshot), findings)?;
            }
            self.derived.compare(self.snapshot, findings)?;
            texts = rows::texts(self.snapshot, findings)?;
            rows::strangers(self.snapshot, findings)?;
        }
        let recomputed = Recomputed { size: self.next, at_guard: self.at_guard };
        let guard = check_guard(self.guard.as_ref(), &recomputed, &mut self.findings);
        let (signatures, unsigned) = self.signatures.finish();
        unsigned.into_iter().for_each(|finding| self.findings.push(finding));
        Ok(FsckReport {
            origin: self.origin.to_string(),
            entries: self.next,
            seals: self.seals,
            signatures,
            dockets: self.dockets.len(),
            texts,
            root: self.tree.map(|tree| tree.edge().root()),
            guard,
            is_cut_short: self.findings.is_cut_short(),
            findings: self.findings.into_sorted(),
        })
    }

    fn missing_up_to(&mut self, index: u64) {
        if self.next >= index {
            return;
        }
        let message = match index - self.next {
            1 => "this entry is not there: tree and dockets cannot be recomputed behind it".to_owned(),
            count => {
                format!("{count} entries from here are not there: tree and dockets cannot be recomputed behind them")
            }
        };
        self.findings.add(Fault::EntryMissing, self.next, message);
        self.lose();
        self.next = index;
    }

    /// An entry is not there: what builds on it is not compared any more.
    fn lose(&mut self) {
        self.tree = None;
        self.chain.lose();
        self.are_dockets_lost = true;
    }

    fn entry(&mut self, index: u64, record: &[u8]) -> Result<(), StorageError> {
        let Some((chain, bytes)) = record.split_first_chunk::<32>() else {
            self.findings.add(Fault::EntryMalformed, index, "the stored record is shorter than its chain value");
            self.lose();
            return Ok(());
        };
        let leaf = leaf_hash(bytes);
        if !self.chain.push(&leaf, chain) {
            let message = "the stored chain value is not the one over this entry and those before it";
            self.findings.add(Fault::Chain, index, message);
        }
        self.check_id_row(index, &leaf)?;
        self.grow_tree(index, leaf)?;
        let noted = self.seal_row(index)?;
        match Statement::parse(bytes) {
            Err(error) => {
                self.findings.add(Fault::EntryMalformed, index, format!("this is no statement: {error}"));
                self.skip_seal(noted.flatten())?;
            }
            Ok(statement) if index == 0 => {
                if let Err(error) = check_genesis(&statement, &self.origin, self.log.key()) {
                    self.findings.add(Fault::Genesis, index, error.to_string());
                }
                self.batch.push((index, Arc::new(statement)));
            }
            Ok(statement) if statement.is_seal() => self.seal(index, Arc::new(statement), noted)?,
            Ok(statement) => {
                if noted.is_some() {
                    self.findings.add(Fault::ExtraRow, index, "a seal is noted where another statement stands");
                }
                self.batch.push((index, Arc::new(statement)));
            }
        }
        Ok(())
    }

    fn check_id_row(&mut self, index: u64, leaf: &Hash) -> Result<(), StorageError> {
        let found = self.stored.index_of(leaf)?;
        self.id_rows += u64::from(found.is_some());
        let message = match found {
            Some(Some(found)) if found == index => return Ok(()),
            Some(Some(found)) => format!("the row of its id leads to entry {found}"),
            Some(None) => "the row of its id holds no index".to_owned(),
            None => "there is no row for its id".to_owned(),
        };
        self.id_rows_wrong.extend(leaf.first_chunk::<16>().copied());
        self.findings.add(Fault::IdRow, index, message);
        Ok(())
    }

    fn grow_tree(&mut self, index: u64, leaf: Hash) -> Result<(), StorageError> {
        let Some(tree) = &mut self.tree else { return Ok(()) };
        for (level, tile, hashes) in tree.push(leaf) {
            let Some(stored) = self.stored.tile(level, tile)? else {
                let message = format!("tile {tile} of level {level}, which this entry completes, is missing");
                self.findings.add(Fault::Tile, index, message);
                continue;
            };
            let (pairs, rest) = stored.as_chunks::<32>();
            let differs = hashes.iter().zip(pairs).position(|(expected, found)| expected != found);
            if differs.is_none() && pairs.len() == hashes.len() && rest.is_empty() {
                continue;
            }
            let position = differs.unwrap_or(pairs.len().min(hashes.len())) as u64;
            // A leaf's hash is about that entry, a higher one about the entry that completed the tile.
            let about = if level == 0 { tile * TILE_WIDTH + position } else { index };
            let message = format!("hash {position} of tile {tile} of level {level} is not that of the entries");
            self.findings.add(Fault::Tile, about, message);
        }
        let size = tree.edge().size();
        if let Some((_, Ok(seen))) = &self.guard
            && seen.size == size
        {
            self.at_guard = Some((tree.edge().root(), Digest(leaf)));
        }
        Ok(())
    }

    /// What the seal rows say about `index`: `Some(None)` is a row without a time. Rows before it are too many.
    fn seal_row(&mut self, index: u64) -> Result<Option<Option<u64>>, StorageError> {
        loop {
            let is_ahead = |row: &Result<StoredRow<u64>, _>| matches!(row, Ok(StoredRow { place: Some(place), .. }) if *place > index);
            match self.seal_rows.next_if(|row| !is_ahead(row)).transpose()? {
                None => return Ok(None),
                Some(StoredRow { place: Some(place), value }) if place == index => {
                    return Ok(Some((*value).try_into().map(u64::from_be_bytes).ok()));
                }
                Some(row) => self.extra_seal_row(row.place),
            }
        }
    }

    fn extra_seal_row(&mut self, place: Option<u64>) {
        self.findings.add(Fault::ExtraRow, place, "a seal is noted where no entry stands");
    }

    fn seal(&mut self, index: u64, statement: Arc<Statement>, noted: Option<Option<u64>>) -> Result<(), StorageError> {
        self.seals += 1;
        let seal = match Seal::read(index, &statement) {
            Ok(seal) => seal,
            Err(error) => {
                self.findings.add(Fault::SealOrder, index, error.to_string());
                return self.skip_seal(noted.flatten());
            }
        };
        if *statement.origin() != self.origin {
            let message = format!("it is the seal of another log, {}", statement.origin());
            self.findings.add(Fault::SealSignature, index, message);
        }
        self.signatures.add(Fault::SealSignature, index, statement, *self.log.key());
        let follows = match &self.previous {
            Previous::None => seal.check_follows(None),
            Previous::Known(previous) => seal.check_follows(Some(previous)),
            Previous::Unknown => Ok(()),
        };
        if let Err(error) = follows {
            self.findings.add(Fault::SealOrder, index, error.to_string());
        }
        match noted {
            Some(Some(time_ms)) if time_ms == seal.time_ms => {}
            Some(_) => self.findings.add(Fault::SealRow, index, "the row of this seal says another time"),
            None => self.findings.add(Fault::SealRow, index, "the row of this seal is missing"),
        }
        // The world holds the batches before this one.
        if let Some(end) = self.world.log_end() {
            let message = format!("the log ended at entry {}, and the seal of that batch is its last", end.index);
            self.findings.add(Fault::SealAfterEnd, index, message);
        }
        self.close(seal.time_ms)?;
        // A seal's own record stands behind it: the chain that it signs is the one before it.
        self.check_commitments(&seal);
        self.previous = Previous::Known(Box::new(seal));
        Ok(())
    }

    /// A seal, or what stands in its place, that cannot be read: its batch is closed at the time that is noted (F1).
    fn skip_seal(&mut self, noted: Option<u64>) -> Result<(), StorageError> {
        let Some(time_ms) = noted else {
            // It may have touched any docket.
            self.are_dockets_lost = true;
            return Ok(());
        };
        self.previous = Previous::Unknown;
        self.close(time_ms)
    }

    fn check_commitments(&mut self, seal: &Seal) {
        let is_chain_off = self.chain.before().is_some_and(|chain| *chain != seal.chain);
        let are_dockets_off = !self.are_dockets_lost && self.dockets.root() != seal.dockets;
        if is_chain_off && !self.is_chain_off {
            self.findings.add(Fault::SealChain, seal.index, SealError::Chain.to_string());
        }
        if are_dockets_off && !self.are_dockets_off {
            self.findings.add(Fault::SealDockets, seal.index, SealError::Dockets.to_string());
        }
        (self.is_chain_off, self.are_dockets_off) = (is_chain_off, are_dockets_off);
    }

    /// Ends a batch that was registered at `time_ms`: the rules, the signatures, the dockets.
    fn close(&mut self, time_ms: u64) -> Result<(), StorageError> {
        let mut touched: Vec<Touched> = Vec::with_capacity(self.batch.len());
        for (index, statement) in std::mem::take(&mut self.batch) {
            let named = |id: &StatementId| self.named(id, index, NAMED_DEPTH_MAX);
            match statement.touches(named) {
                Ok(subjects) => touched.push((index, *statement.id(), subjects)),
                Err(error) => {
                    self.findings.add(Fault::Unplaceable, index, error.to_string());
                    self.are_dockets_lost = true;
                }
            }
            let key = self.world.signing_key(&statement, index);
            let act = Act::met(index, time_ms, Arc::clone(&statement));
            let verdict = self.world.push(act.clone());
            self.derived.add(&act, verdict.is_ok());
            match (key, &verdict) {
                (Some(key), _) => self.signatures.add(Fault::StatementSignature, index, statement, key),
                (None, Ok(())) => {
                    let message = format!("the log had granted no key {} to its issuer", statement.kid());
                    self.findings.add(Fault::SigningKey, index, message);
                }
                // The verdict says that the key had no authority.
                (None, Err(_)) => {}
            }
            if let Err(refusal) = verdict {
                let message = format!("{}: {}", refusal.rule, refusal.message);
                let rule = Some(refusal.rule);
                self.findings.push(FsckFinding { fault: Fault::Inadmissible, index: Some(index), rule, message });
            }
        }
        if self.are_dockets_lost {
            return Ok(());
        }
        self.dockets.close(time_ms, &touched, StoredDockets::new(self.snapshot), &mut self.findings)
    }

    /// What the statement `id` is to one at `index` that names it: only lower entries are named.
    fn named(&self, id: &StatementId, index: u64, depth: u8) -> Option<Named> {
        let below = self.stored.index_of(&id.0).ok()??.filter(|below| *below < index)?;
        let record = self.stored.entry(below).ok()??;
        let statement = Statement::parse(record.get(32..)?).ok().filter(|statement| statement.id() == id)?;
        let further = |id: &StatementId| self.named(id, below, depth.checked_sub(1)?);
        let touches: Result<BTreeSet<Subject>, TouchesError> = statement.touches(further);
        Some(Named { role: statement.named_role(), subject: statement.subject().clone(), touches: touches.ok()? })
    }

    /// The head record against what follows from the entries.
    fn end_of_log(&mut self) {
        if let Some((index, _)) = self.batch.first() {
            self.findings.add(Fault::Unsealed, *index, "no seal closes the entries from here");
        }
        let head = match self.head.take() {
            Some(Some(head)) => head,
            Some(None) => {
                return self.findings.add(Fault::Head, None, "the head record does not hold its own checksum");
            }
            None => return self.findings.add(Fault::Head, None, "the head record is missing"),
        };
        let seal = match &self.previous {
            Previous::Known(seal) => Some(Some(SealPlace { index: seal.index, id: seal.id, time_ms: seal.time_ms })),
            Previous::None => Some(None),
            Previous::Unknown => None,
        };
        let differs = [
            ("tree", self.tree.as_ref().is_some_and(|tree| *tree.edge() != head.edge)),
            ("chain", self.chain.value().is_some_and(|chain| *chain != head.chain)),
            ("newest seal", seal.is_some_and(|seal| seal != head.seal)),
            ("docket root", !self.are_dockets_lost && self.dockets.root() != head.dockets),
        ];
        for (what, _) in differs.into_iter().filter(|(_, differs)| *differs) {
            self.findings.add(Fault::Head, None, format!("the {what} of the head record is not that of the entries"));
        }
    }
}
