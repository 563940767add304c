//! The desk: decides in log order what enters, and keeps the dockets. The log's sequencer is its only caller.
//!
//! It judges a statement against the folded dockets that the rules read. Folded dockets are kept in a bounded
//! cache and folded again from the log when they are missing; nothing else than the log is ever the truth.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::agreement::{Act, LogEnd, Usage, World};
use crate::crypto::{Digest, SigningKey};
use crate::docket::{DocketPlan, Touch, plan};
use crate::evidence::Seal;
use crate::log::{Application, Decision, LogReader, SealInput, Sealed};
use crate::merkle::DocketMap;
use crate::registry::directory::agreement_row;
use crate::registry::keys::{KeyIndex, keys_of};
use crate::registry::stored::{acts_of, named_in, statement_at};
use crate::registry::text::text_rows;
use crate::registry::usage::BatchUsage;
use crate::registry::{PublishError, ReadError};
use crate::statement::{Named, Origin, Party, Statement, Subject};

/// Bytes of statements whose folded dockets are kept near; beyond that all are dropped and folded again as they are asked
/// for.
const WORLD_BYTES_MAX: usize = 128 << 20;
/// What a folded docket costs besides its statements, about.
const DOCKET_BYTES: usize = 512;

/// The kind that gives a party another name.
pub(in crate::registry) const RENAME_KIND: &str = "party.rename";

/// A statement that passed the door: well-formed, signed by a key the registry knows.
pub struct Submission {
    /// The statement and its body; index and time are not known yet.
    pub act: Act,
}

/// The desk's state; owned by the sequencer.
pub struct Desk {
    origin: Origin,
    key: SigningKey,
    keys: Arc<KeyIndex>,
    world: World,
    world_bytes: usize,
    map: DocketMap,
    planned: Option<DocketPlan>,
    touches: Vec<Touch>,
    placed: HashMap<Digest, (u64, Named)>,
    rows: Vec<(Vec<u8>, Vec<u8>)>,
    /// Rows of the texts that this batch names first.
    texts: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Statements of this batch that grant keys; the keys count once the batch is durable.
    granting: Vec<Arc<Statement>>,
    /// Every renaming of a party that is durable: a name that was borne once is not free any more, and stands in no list.
    renamed: Arc<Vec<Act>>,
    /// Those of this batch.
    renaming: Vec<Act>,
    /// What this batch adds to what each party has registered.
    usage: BatchUsage,
    /// The end of the log, once the registrar closed it and that is durable; and in this batch.
    end: Option<LogEnd>,
    ending: Option<LogEnd>,
}

/// What readers see beside the log: the docket map of the same head.
pub struct View {
    pub(in crate::registry) map: DocketMap,
    /// The end of the log, if the registrar closed it.
    pub(in crate::registry) end: Option<LogEnd>,
    /// The acts that renamed a party.
    renamed: Arc<Vec<Act>>,
    origin: Origin,
}

impl Desk {
    /// A desk over a log whose docket map is `map`, whose parties were `renamed` by these acts, and that may have an `end`.
    pub fn new(
        origin: Origin,
        key: SigningKey,
        keys: Arc<KeyIndex>,
        map: DocketMap,
        renamed: Arc<Vec<Act>>,
        end: Option<LogEnd>,
    ) -> Self {
        let world = world_with(&origin, &renamed);
        let (planned, touches, placed, rows) = (None, Vec::new(), HashMap::new(), Vec::new());
        let (texts, granting, renaming) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self {
            origin,
            key,
            keys,
            world,
            world_bytes: 0,
            map,
            planned,
            touches,
            placed,
            rows,
            texts,
            granting,
            renamed,
            renaming,
            end,
            ending: None,
            usage: BatchUsage::default(),
        }
    }

    /// Places an act: judges it, then lets it count for the next ones.
    ///
    /// # Errors
    /// The refusal.
    pub fn place(&mut self, reader: &LogReader, act: Act) -> Result<usize, PublishError> {
        let statement = Arc::clone(&act.statement);
        let touches = statement
            .touches(|id| self.named(reader, id))
            .map_err(|error| PublishError::Malformed { rule: "body_malformed", message: error.to_string() })?;
        let needs = World::needs_to_admit(&statement);
        // What is refused is folded too, and no commit follows it. What this batch let in stands nowhere else yet.
        if self.world_bytes > WORLD_BYTES_MAX && self.placed.is_empty() {
            self.forget_world();
        }
        self.world_bytes += load(&mut self.world, reader, &self.map, needs)?;
        self.world.admit_signed(&act).map_err(PublishError::Refused)?;
        self.keys.check_free(&statement).map_err(PublishError::Refused)?;
        let usage = self.quota(reader, &act)?;
        let id = *statement.id();
        // The last step that can fail: a statement that does not enter leaves nothing behind.
        let texts = self.new_texts(reader, &act)?;
        if let Some((party, usage)) = usage {
            self.usage.set(&party, usage);
        }
        let agreement = agreement_row(&act);
        let rows = 1 + 2 * touches.len() + texts.len() + usize::from(agreement.is_some());
        self.texts.extend(texts);
        self.rows.extend(agreement);
        let named =
            Named { role: statement.named_role(), subject: statement.subject().clone(), touches: touches.clone() };
        self.placed.insert(id, (act.index, named));
        self.granting.extend((!keys_of(&statement).is_empty()).then(|| Arc::clone(&statement)));
        self.renaming.extend((statement.kind().as_str() == RENAME_KIND).then(|| act.clone()));
        self.touches.push(Touch { index: act.index, id, subjects: touches });
        self.world_bytes += statement.bytes().len();
        // Admission judged it just now, in this very place.
        let pushed = self.world.push(act);
        debug_assert!(pushed.is_ok(), "what was admitted is admissible: {pushed:?}");
        self.ending = self.world.log_end().cloned();
        Ok(rows)
    }

    /// What the issuer has registered with this act, if its quota allows it (rule 13).
    fn quota(&self, reader: &LogReader, act: &Act) -> Result<Option<(Party, Usage)>, PublishError> {
        let Some(party) = Usage::counted(&act.statement) else { return Ok(None) };
        let usage = self.usage.of(reader, party)?.with(act.statement.bytes().len());
        usage.check(party, self.world.limits(act.index)).map_err(PublishError::Refused)?;
        Ok(Some((party.clone(), usage)))
    }

    /// The rows of the texts that no statement named before: the first one says of what media type a text is.
    fn new_texts(&self, reader: &LogReader, act: &Act) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, ReadError> {
        let mut new = BTreeMap::new();
        for (key, media_type) in text_rows(act) {
            if !self.texts.contains_key(&key) && reader.snapshot().get(&key)?.is_none() {
                new.entry(key).or_insert(media_type);
            }
        }
        Ok(new)
    }

    fn named(&self, reader: &LogReader, id: &Digest) -> Option<Named> {
        match self.placed.get(id) {
            Some((_, named)) => Some(named.clone()),
            None => named_in(reader, id).ok().flatten(),
        }
    }

    fn forget_world(&mut self) {
        self.world = world_with(&self.origin, &self.renamed);
        self.world_bytes = 0;
    }

    fn forget_batch(&mut self) {
        self.planned = None;
        self.touches.clear();
        self.placed.clear();
        self.rows.clear();
        self.texts.clear();
        self.granting.clear();
        self.renaming.clear();
        self.usage.clear();
        self.ending = None;
    }
}

impl Application for Desk {
    type Submission = Submission;
    type Refusal = PublishError;
    type View = View;

    fn admit(
        &mut self,
        reader: &LogReader,
        submission: &Submission,
        index: u64,
        time_ms: u64,
    ) -> Decision<PublishError> {
        let id = submission.act.id();
        if let Some((index, _)) = self.placed.get(&id) {
            return Decision::Duplicate(*index);
        }
        match reader.index_of(&id.0) {
            Ok(Some(index)) => return Decision::Duplicate(index),
            Ok(None) => {}
            Err(error) => return Decision::Refuse(ReadError::from(error).into()),
        }
        let act = Act { index, time_ms, ..submission.act.clone() };
        match self.place(reader, act) {
            Ok(rows) => Decision::Enter { entry: submission.act.statement.bytes().to_vec(), rows },
            Err(error) => Decision::Refuse(error),
        }
    }

    fn seal(&mut self, reader: &LogReader, input: SealInput) -> Result<Sealed, String> {
        let planned = plan(&self.map, reader.snapshot(), input.time_ms, &self.touches);
        let planned = planned.map_err(|error| error.to_string())?;
        let previous = input.previous.as_ref();
        let draft = Seal::draft(&self.origin, input.from, previous, input.time_ms, &input.chain, &planned.root);
        let seal = draft.sign(&self.key).map_err(|error| error.to_string())?;
        let mut rows = std::mem::take(&mut self.rows);
        rows.extend(std::mem::take(&mut self.texts));
        rows.extend(self.usage.rows());
        rows.extend(planned.rows.iter().cloned());
        let dockets = planned.root;
        self.planned = Some(planned);
        Ok(Sealed { entry: seal.bytes().to_vec(), dockets, rows })
    }

    fn committed(&mut self, _reader: &LogReader) -> View {
        if let Some(planned) = self.planned.take() {
            planned.apply(&mut self.map);
        }
        self.granting.iter().for_each(|statement| self.keys.learn(statement));
        if !self.renaming.is_empty() {
            Arc::make_mut(&mut self.renamed).append(&mut self.renaming);
        }
        self.end = self.end.take().or(self.ending.take());
        self.forget_batch();
        if self.world_bytes > WORLD_BYTES_MAX {
            self.forget_world();
        }
        let (origin, renamed) = (self.origin.clone(), Arc::clone(&self.renamed));
        View { map: self.map.clone(), end: self.end.clone(), renamed, origin }
    }

    fn is_closed(&self) -> bool {
        self.end.is_some()
    }

    fn abandon(&mut self) {
        self.forget_batch();
        // What was pushed for the lost batch cannot be taken back: fold again from the log.
        self.forget_world();
    }
}

impl View {
    /// The view of a registry that only serves reads.
    pub fn read_only(map: DocketMap, origin: Origin, renamed: Arc<Vec<Act>>, end: Option<LogEnd>) -> Self {
        Self { map, end, renamed, origin }
    }

    /// What `reader`'s entry at `index` touches.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn touches_at(reader: &LogReader, index: u64) -> Result<BTreeSet<Subject>, ReadError> {
        let statement = statement_at(reader, index)?;
        let named = |id: &Digest| named_in(reader, id).ok().flatten();
        statement.touches(named).map_err(|error| ReadError::Damaged(error.to_string()))
    }

    /// Judges a submission as if it came next, and writes nothing. Returns what it would touch.
    ///
    /// # Errors
    /// The refusal.
    pub fn try_admit(
        &self,
        reader: &LogReader,
        submission: &Submission,
        now_ms: u64,
    ) -> Result<BTreeSet<Subject>, PublishError> {
        let time_ms = now_ms.max(reader.head().seal.map_or(0, |seal| seal.time_ms + 1));
        let act = Act { index: reader.head().size(), time_ms, ..submission.act.clone() };
        let named = |id: &Digest| named_in(reader, id).ok().flatten();
        let touches = act
            .statement
            .touches(named)
            .map_err(|error| PublishError::Malformed { rule: "body_malformed", message: error.to_string() })?;
        let mut world = world_with(&self.origin, &self.renamed);
        let needs = World::needs_to_admit(&act.statement);
        load(&mut world, reader, &self.map, needs)?;
        world.admit_signed(&act).map_err(PublishError::Refused)?;
        if let Some(party) = Usage::counted(&act.statement) {
            let usage = BatchUsage::default().of(reader, party)?.with(act.statement.bytes().len());
            usage.check(party, world.limits(act.index)).map_err(PublishError::Refused)?;
        }
        Ok(touches)
    }
}

/// No docket, and the names that stand in no list.
fn world_with(origin: &Origin, renamed: &[Act]) -> World {
    let mut world = World::new(origin.clone());
    renamed.iter().for_each(|act| world.remember(act));
    world
}

/// Folds the dockets of `subjects` that `world` does not hold yet, in this order, each after those that its own
/// statements rest on; returns about how many bytes that costs.
fn load(world: &mut World, reader: &LogReader, map: &DocketMap, subjects: Vec<Subject>) -> Result<usize, ReadError> {
    let mut loading = Loading { world, reader, map, begun: BTreeSet::new(), loaded: 0 };
    for subject in subjects {
        loading.load(subject)?;
    }
    Ok(loading.loaded)
}

struct Loading<'a> {
    world: &'a mut World,
    reader: &'a LogReader,
    map: &'a DocketMap,
    /// What is being loaded or was: a docket is begun once, so the work ends whatever the log holds.
    begun: BTreeSet<Subject>,
    loaded: usize,
}

impl Loading<'_> {
    fn load(&mut self, subject: Subject) -> Result<(), ReadError> {
        if matches!(subject, Subject::Party(_)) {
            return self.load_parties(subject);
        }
        if self.world.contains(&subject) || !self.begun.insert(subject.clone()) {
            return Ok(());
        }
        let acts = self.acts_of(&subject)?;
        for need in needs_of(&subject, &acts) {
            self.load(need)?;
        }
        self.world.load(subject, acts);
        Ok(())
    }

    /// Parties rest on those whose heirs they are and on their own heirs, in both directions, so their dockets are folded
    /// together.
    fn load_parties(&mut self, first: Subject) -> Result<(), ReadError> {
        let (mut todo, mut dockets) = (vec![first], Vec::new());
        while let Some(subject) = todo.pop() {
            if self.world.contains(&subject) || !self.begun.insert(subject.clone()) {
                continue;
            }
            let acts = self.acts_of(&subject)?;
            for need in needs_of(&subject, &acts) {
                match need {
                    Subject::Party(_) => todo.push(need),
                    need => self.load(need)?,
                }
            }
            dockets.push((subject, acts));
        }
        self.world.load_together(dockets);
        Ok(())
    }

    fn acts_of(&mut self, subject: &Subject) -> Result<Vec<Act>, ReadError> {
        let acts = acts_of(self.reader, self.map, subject)?;
        self.loaded += DOCKET_BYTES + acts.iter().map(|act| act.statement.bytes().len()).sum::<usize>();
        Ok(acts)
    }
}

/// What the statements of a docket rest on, in load order.
fn needs_of(subject: &Subject, acts: &[Act]) -> Vec<Subject> {
    let own = acts.iter().filter(|act| act.statement.subject() == subject);
    World::in_load_order(own.flat_map(|act| World::needs(&act.statement)).collect())
}
