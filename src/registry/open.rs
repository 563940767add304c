//! Making and opening a registry.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::agreement::{Act, LogEnd, World};
use crate::crypto::{KeyLine, Note, NoteAlgorithm, PublicKey, SigningKey};
use crate::docket::open_map;
use crate::evidence::{Checkpoint, Seal};
use crate::log::{
    self, Ahead, Collected, Cosigners, Guard, Head, Log, LogOptions, LogParts, LogReader, OpenError, PartialTiles,
    Signer, Signing, TileCache, check_guard, kept_checkpoint, read_head,
};
use crate::merkle::{DocketMap, EMPTY_ROOT};
use crate::registry::desk::{Desk, RENAME_KIND, View};
use crate::registry::keys::KeyIndex;
use crate::registry::stored::{acts_of, statement_at};
use crate::registry::text::TEXT_BYTES_MAX;
use crate::registry::{Clock, Inner, Registry, State, is_demo};
use crate::statement::body::Body;
use crate::statement::{GENESIS_KIND, Origin, Statement, Subject};
use crate::storage::{HEAD_KEY, Storage};

/// Name of the copy of the newest checkpoint, beside the guard.
pub const CHECKPOINT_COPY: &str = "checkpoint";

/// Limits and pace of a registry.
#[derive(Clone, Debug)]
pub struct Options {
    /// Submissions that may wait.
    pub pool_entries_max: usize,
    /// Most entries of one batch.
    pub batch_entries_max: usize,
    /// An empty batch is sealed after so long without a seal; never later than the genesis promises.
    pub seal_interval: Duration,
    /// Waits so long for more submissions before a batch.
    pub batch_delay: Duration,
    /// Memory for tiles that are kept near.
    pub tile_cache_bytes: u64,
    /// Largest deposited text, bytes.
    pub text_bytes_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        let log = LogOptions::default();
        Self {
            pool_entries_max: log.pool_entries_max,
            batch_entries_max: log.batch_entries_max,
            seal_interval: log.seal_interval,
            batch_delay: log.batch_delay,
            tile_cache_bytes: 128 << 20,
            text_bytes_max: TEXT_BYTES_MAX,
        }
    }
}

/// What a registry is opened with.
pub struct Opening {
    /// Where the log is kept.
    pub storage: Arc<dyn Storage>,
    /// The head guard, outside the database.
    pub guard: PathBuf,
    /// The log's private key.
    pub log_key: SigningKey,
    /// The registry's name.
    pub origin: Origin,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Called when the log ends for good (I4 of the log); a program ends the process here.
    pub on_fatal: Arc<dyn Fn(&str) + Send + Sync>,
    /// Limits and pace.
    pub options: Options,
}

/// Makes a new registry in an empty table: `genesis` and the first seal, then the guard.
///
/// # Errors
/// [`OpenError`], also if the genesis does not fit the key and origin, or its own rules refuse it.
pub fn create(opening: &Opening, genesis: &Statement) -> Result<(), OpenError> {
    check_clock(&*opening.clock, &opening.origin)?;
    check_genesis(genesis, &opening.origin, &opening.log_key.public())?;
    let snapshot = opening.storage.snapshot()?;
    if snapshot.get(HEAD_KEY)?.is_some() {
        return Err(OpenError::NotEmpty);
    }
    let keys = Arc::new(KeyIndex::default());
    keys.learn(genesis);
    let signer = keys.get(genesis.kid());
    if signer.is_none_or(|key| genesis.check_signature(&key).is_err()) {
        return Err(OpenError::Mismatch("the genesis is not signed by a registrar key that it names".into()));
    }
    let mut desk =
        Desk::new(opening.origin.clone(), opening.log_key.clone(), keys, DocketMap::new(), Arc::default(), None);
    let time_ms = opening.clock.now_ms();
    let act = Act::read(0, time_ms, Arc::new(genesis.clone()));
    let act = act.map_err(|error| OpenError::Mismatch(format!("the genesis: {error}")))?;
    let head = Head::empty(opening.origin.as_str());
    let cache = Arc::new(TileCache::new(0));
    let reader = LogReader::new(snapshot, head, PartialTiles::default(), cache);
    desk.place(&reader, act).map_err(|error| OpenError::Mismatch(format!("the genesis: {error}")))?;
    log::create(&mut desk, &*opening.storage, &opening.guard, opening.origin.as_str(), genesis.bytes(), time_ms)
}

impl Registry {
    /// Opens a registry: recomputes what its head claims, compares the guard, and starts the sequencer if it may
    /// sign.
    ///
    /// # Errors
    /// [`OpenError`] if there is nothing that could be served.
    pub fn open(opening: Opening) -> Result<Self, OpenError> {
        Self::open_with(opening, None)
    }

    /// As [`Registry::open`], for a log whose checkpoints are cosigned. Its witnesses are asked before anything new is signed:
    /// if one has seen more than this log holds, nothing is (I6 of the log).
    ///
    /// # Errors
    /// As [`Registry::open`].
    pub fn open_witnessed(opening: Opening, cosigners: Box<dyn Cosigners>) -> Result<Self, OpenError> {
        Self::open_with(opening, Some(cosigners))
    }

    fn open_with(opening: Opening, mut cosigners: Option<Box<dyn Cosigners>>) -> Result<Self, OpenError> {
        let Opening { storage, guard, log_key, origin, clock, on_fatal, options } = opening;
        check_clock(&*clock, &origin)?;
        let witnesses = cosigners.as_ref().map(|cosigners| cosigners.keys()).unwrap_or_default();
        let name = KeyLine::new(origin.as_str(), NoteAlgorithm::Ed25519, log_key.public());
        let name = name.map_err(|error| OpenError::Mismatch(error.to_string()))?;
        let cache = Arc::new(TileCache::new(options.tile_cache_bytes));
        let reader = Arc::new(read_head(&*storage, origin.as_str(), &cache)?);
        let map = check_head(&reader, &origin, &log_key.public())?;
        let keys = Arc::new(KeyIndex::default());
        let renamed = Arc::new(learn_parties(&reader, &map, &keys)?);
        let copy = guard.parent().map(|directory| directory.join(CHECKPOINT_COPY));
        let empty = Checkpoint { origin: origin.clone(), size: 0, root: EMPTY_ROOT };
        let signer = Signer { empty, name, key: log_key.clone(), copy: copy.clone() };
        let signing = check_guard(&reader, Guard::open(&guard, origin.as_str()));
        let (signing, first) = first_head(signing, &reader, &signer, cosigners.as_mut());
        let state = match signing {
            Signing::Allowed(guard) => {
                let end = log_end(&reader, &map)?;
                let application = Desk::new(origin, log_key, Arc::clone(&keys), map, renamed, end);
                let now = Arc::clone(&clock);
                let options = LogOptions {
                    pool_entries_max: options.pool_entries_max,
                    batch_entries_max: options.batch_entries_max,
                    seal_interval: options.seal_interval.min(promised_interval(&reader)?),
                    batch_delay: options.batch_delay,
                };
                let clock: Arc<dyn Fn() -> u64 + Send + Sync> = Arc::new(move || now.now_ms());
                let signer = signer.clone();
                let parts =
                    LogParts { application, storage, cache, guard, signer, clock, on_fatal, options, cosigners };
                State::Running(Log::start_from(parts, reader, first.note, first.is_witnessed))
            }
            Signing::ReadOnly { reason } => {
                let checkpoint = copy.and_then(|path| kept_checkpoint(&path, &signer.name, reader.head()));
                let end = log_end(&reader, &map)?;
                let view = View::read_only(map, origin, renamed, end);
                let view = Arc::new(view);
                let published = log::Published { reader, checkpoint, is_witnessed: None, view };
                State::ReadOnly { published: Arc::new(published), reason }
            }
        };
        Ok(Self(Arc::new(Inner { signer, clock, keys, text_bytes_max: options.text_bytes_max, witnesses, state })))
    }
}

/// How the head that a log starts from is published.
#[derive(Default)]
struct FirstHead {
    note: Option<Note>,
    is_witnessed: Option<bool>,
}

/// Signs the head that a log starts from and has it cosigned; a witness that has seen more forbids signing.
fn first_head(
    signing: Signing,
    reader: &Arc<LogReader>,
    signer: &Signer,
    cosigners: Option<&mut Box<dyn Cosigners>>,
) -> (Signing, FirstHead) {
    if !matches!(signing, Signing::Allowed(_)) {
        return (signing, FirstHead::default());
    }
    let note = signer.checkpoint(reader.head());
    let Some(cosigners) = cosigners else { return (signing, FirstHead { note: Some(note), is_witnessed: None }) };
    // What was collected before counts: a restart does not lose cosignatures.
    let kept = signer.copy.as_deref().and_then(|path| kept_checkpoint(path, &signer.name, reader.head()));
    match cosigners.begin(reader, note, kept.as_ref()) {
        Collected::Publish { note, is_enough } => {
            (signing, FirstHead { note: Some(note), is_witnessed: Some(is_enough) })
        }
        Collected::Withheld => (signing, FirstHead { note: None, is_witnessed: Some(false) }),
        Collected::Ahead(Ahead { witness, size }) => {
            let reason = format!(
                "the witness {witness} has cosigned {size} entries of this log, the database holds {}: database and guard \
                 were rolled back together. Signing now would fork the log. Restore the newer database, or rebuild it from a \
                 mirror. If the witness is wrong, take it out of the configuration",
                reader.head().size()
            );
            (Signing::ReadOnly { reason }, FirstHead::default())
        }
    }
}

/// A clock that somebody sets could date anything: only a registry whose name warns everybody may run on one.
fn check_clock(clock: &dyn Clock, origin: &Origin) -> Result<(), OpenError> {
    match clock.is_scripted() && !is_demo(origin) {
        true => Err(OpenError::ScriptedClock { origin: origin.to_string() }),
        false => Ok(()),
    }
}

/// The longest time between two seals that the genesis promises.
fn promised_interval(reader: &LogReader) -> Result<Duration, OpenError> {
    let damaged = |what: String| OpenError::Damaged { what: format!("the genesis: {what}") };
    let genesis = statement_at(reader, 0).map_err(|error| damaged(error.to_string()))?;
    match Body::read(genesis.kind(), genesis.body()) {
        Ok(Body::Genesis(body)) => Ok(Duration::from_secs(body.seal_interval)),
        _ => Err(damaged("its body cannot be read".into())),
    }
}

/// The part of I5 that needs to know what entries mean: the genesis, the last seal, the docket root.
pub(in crate::registry) fn check_head(
    reader: &LogReader,
    origin: &Origin,
    log_key: &PublicKey,
) -> Result<DocketMap, OpenError> {
    let damaged = |what: String| OpenError::Damaged { what };
    let read = |index| statement_at(reader, index).map_err(|error| damaged(error.to_string()));
    check_genesis(&read(0)?, origin, log_key)?;
    let place = reader.head().seal.ok_or_else(|| damaged("the head has no seal".into()))?;
    let statement = read(place.index)?;
    let seal = Seal::read(place.index, &statement).map_err(|error| damaged(format!("the last seal: {error}")))?;
    if statement.check_signature(log_key).is_err() {
        return Err(OpenError::Mismatch("the last seal is not signed by this log key: it is another log's".into()));
    }
    if seal.time_ms != place.time_ms || reader.seal_time(place.index)? != Some(seal.time_ms) {
        return Err(damaged("the time of the head is not the one that the last seal signs".into()));
    }
    let before = place.index.checked_sub(1).map(|index| reader.entry(index)).transpose()?.flatten();
    if before.is_none_or(|entry| entry.chain != seal.chain) {
        return Err(damaged("the chain is not the one that the last seal signs".into()));
    }
    let map = open_map(reader.snapshot()).map_err(|error| damaged(error.to_string()))?;
    match map.root() == seal.dockets && reader.head().dockets == seal.dockets {
        true => Ok(map),
        false => Err(damaged("the docket root is not the one that the last seal signs".into())),
    }
}

/// Whether entry 0 opens the log of this origin and key.
///
/// # Errors
/// [`OpenError::Mismatch`].
pub(in crate::registry) fn check_genesis(
    genesis: &Statement,
    origin: &Origin,
    log_key: &PublicKey,
) -> Result<(), OpenError> {
    let mismatch = |what: &str| Err(OpenError::Mismatch(what.to_owned()));
    if genesis.kind().as_str() != GENESIS_KIND {
        return mismatch("entry 0 is not a genesis");
    }
    let body = genesis.body();
    let named = body.field("origin").and_then(|origin| origin.text());
    if genesis.origin() != origin || named != Some(origin.as_str()) {
        return mismatch("the genesis is of another origin than the one configured");
    }
    match body.field("log_key").and_then(|key| key.bytes()) == Some(log_key.as_bytes()) {
        true => Ok(()),
        false => mismatch("the genesis names another log key than the one configured"),
    }
}

/// The end of the log, if the registrar closed it.
fn log_end(reader: &LogReader, map: &DocketMap) -> Result<Option<LogEnd>, OpenError> {
    let damaged = |error: crate::registry::ReadError| OpenError::Damaged { what: error.to_string() };
    let genesis = statement_at(reader, 0).map_err(damaged)?;
    let mut world = World::new(genesis.origin().clone());
    let acts = acts_of(reader, map, &Subject::Registry).map_err(damaged)?;
    world.load(Subject::Registry, acts);
    Ok(world.log_end().cloned())
}

/// Learns the keys of everybody; returns the acts that renamed a party.
fn learn_parties(reader: &LogReader, map: &DocketMap, keys: &KeyIndex) -> Result<Vec<Act>, OpenError> {
    let damaged = |error: crate::registry::ReadError| OpenError::Damaged { what: error.to_string() };
    for act in acts_of(reader, map, &Subject::Registry).map_err(damaged)? {
        keys.learn(&act.statement);
    }
    let (mut seen, mut renamed) = (std::collections::BTreeSet::new(), Vec::new());
    for listed in acts_of(reader, map, &Subject::Parties).map_err(damaged)? {
        if seen.insert(listed.statement.subject().clone()) {
            for act in acts_of(reader, map, listed.statement.subject()).map_err(damaged)? {
                keys.learn(&act.statement);
                renamed.extend((act.statement.kind().as_str() == RENAME_KIND).then_some(act));
            }
        }
    }
    Ok(renamed)
}
