//! Tables that tests copy and damage, and a log of plain notes.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use nospy::crypto::{Digest, KeyLine, NoteAlgorithm, SigningKey};
use nospy::evidence::Checkpoint;
use nospy::log::{
    Application, Decision, Guard, Log, LogOptions, LogParts, LogReader, OpenError, SealInput, Sealed, Signer, Signing,
    TileCache, check_guard, create, read_head,
};
use nospy::merkle::{EMPTY_ROOT, Hash, check_consistency, leaf_hash};
use nospy::storage::{Batch, HEAD_KEY, MemoryStorage, Storage};
use tempfile::TempDir;

pub const ORIGIN: &str = "demo.notes.example/log";

/// A log whose entries are any bytes. `refuse…` is refused, `panic` is a bug.
#[derive(Default)]
pub struct Notes(HashMap<Hash, u64>);

impl Application for Notes {
    type Submission = Vec<u8>;
    type Refusal = &'static str;
    type View = ();

    fn admit(&mut self, reader: &LogReader, entry: &Vec<u8>, index: u64, _: u64) -> Decision<&'static str> {
        assert!(entry != b"panic", "asked for");
        if entry.starts_with(b"refuse") {
            return Decision::Refuse("asked for");
        }
        let id = leaf_hash(entry);
        let stood = self.0.get(&id).copied().or_else(|| reader.index_of(&id).unwrap());
        if let Some(index) = stood {
            return Decision::Duplicate(index);
        }
        self.0.insert(id, index);
        Decision::Enter { entry: entry.clone(), rows: 0 }
    }

    fn seal(&mut self, _: &LogReader, input: SealInput) -> Result<Sealed, String> {
        let entry = format!("seal {input:?}").into_bytes();
        Ok(Sealed { dockets: leaf_hash(&input.index.to_be_bytes()), entry, rows: Vec::new() })
    }

    fn committed(&mut self, _: &LogReader) {
        self.0.clear();
    }

    fn abandon(&mut self) {
        self.0.clear();
    }
}

/// The time of a seal, as [`Notes`] writes it.
pub fn seal_time(entry: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(entry).ok()?.strip_prefix("seal ")?;
    text.split_once("time_ms: ")?.1.split(',').next()?.parse().ok()
}

/// A log of notes that is opened, stopped and opened again.
pub struct Bench {
    pub storage: Arc<dyn Storage>,
    pub directory: TempDir,
    /// Shows the next millisecond at each look.
    pub clock: Arc<AtomicU64>,
    pub fatal: Arc<Mutex<Vec<String>>>,
    pub options: LogOptions,
    /// Size and root of every checkpoint that was seen.
    pub seen: Mutex<Vec<(u64, Hash)>>,
}

pub fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

pub fn name() -> KeyLine {
    KeyLine::new(ORIGIN, NoteAlgorithm::Ed25519, key().public()).unwrap()
}

impl Bench {
    pub fn new() -> Self {
        Self::on(Arc::new(MemoryStorage::new()))
    }

    /// A new log in `storage`.
    pub fn on(storage: Arc<dyn Storage>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let guard = directory.path().join("guard");
        create(&mut Notes::default(), &*storage, &guard, ORIGIN, b"genesis", 1_000).unwrap();
        Self {
            storage,
            directory,
            clock: Arc::new(AtomicU64::new(1_000_000)),
            fatal: Arc::default(),
            options: LogOptions::default(),
            seen: Mutex::default(),
        }
    }

    pub fn guard(&self) -> PathBuf {
        self.directory.path().join("guard")
    }

    pub fn read(&self) -> Result<LogReader, OpenError> {
        read_head(&*self.storage, ORIGIN, &Arc::new(TileCache::new(0)))
    }

    /// The log, or why it may not sign.
    pub fn open(&self) -> Result<Log<Notes>, String> {
        let cache = Arc::new(TileCache::new(0));
        let reader = read_head(&*self.storage, ORIGIN, &cache).map_err(|error| error.to_string())?;
        let guard = match check_guard(&reader, Guard::open(&self.guard(), ORIGIN)) {
            Signing::Allowed(guard) => guard,
            Signing::ReadOnly { reason } => return Err(reason),
        };
        let (clock, fatal) = (Arc::clone(&self.clock), Arc::clone(&self.fatal));
        let parts = LogParts {
            application: Notes::default(),
            storage: Arc::clone(&self.storage),
            cache,
            guard,
            signer: Signer {
                empty: Checkpoint { origin: ORIGIN.parse().unwrap(), size: 0, root: EMPTY_ROOT },
                name: name(),
                key: key(),
                copy: None,
            },
            clock: Arc::new(move || clock.fetch_add(1, Ordering::SeqCst)),
            on_fatal: Arc::new(move |reason| fatal.lock().unwrap().push(reason.to_owned())),
            options: self.options.clone(),
            cosigners: None,
        };
        let log = Log::start(parts, reader);
        self.see(&log);
        Ok(log)
    }

    /// Remembers the newest checkpoint, after checking that it is signed.
    pub fn see(&self, log: &Log<Notes>) {
        let published = log.published();
        let note = published.checkpoint.as_ref().unwrap();
        assert_eq!(note.is_signed_by(&name()), Ok(true));
        let checkpoint = Checkpoint::from_text(note.text()).unwrap();
        assert_eq!(
            (checkpoint.size, checkpoint.root),
            (published.reader.head().size(), published.reader.head().root())
        );
        self.seen.lock().unwrap().push((checkpoint.size, checkpoint.root));
    }

    pub async fn put(&self, log: &Log<Notes>, entry: &str) -> u64 {
        let placed = log.submit(entry.as_bytes().to_vec()).await.unwrap();
        self.see(log);
        placed.index
    }

    /// Every checkpoint that was ever seen is a beginning of the log as it stands.
    pub fn check_seen(&self) {
        extends(&self.read().unwrap(), &self.seen.lock().unwrap());
    }

    /// Refused at open, with these words.
    #[track_caller]
    pub fn refused(&self, words: &str) {
        match self.open() {
            Ok(_) => panic!("opened; expected: {words}"),
            Err(reason) => assert!(reason.contains(words), "{reason:?} lacks {words:?}"),
        }
    }
}

/// `reader` extends every one of `seen`, by proofs as a client checks them.
pub fn extends(reader: &LogReader, seen: &[(u64, Hash)]) {
    let (size, root) = (reader.head().size(), reader.head().root());
    for (old, old_root) in seen {
        assert!(*old <= size, "a checkpoint of {old} entries was signed, {size} are left");
        let path = reader.consistency(*old, size).unwrap();
        check_consistency(*old, size, old_root, &root, &path).unwrap();
    }
}

pub fn entry_key(index: u64) -> Vec<u8> {
    [&b"e"[..], &index.to_be_bytes()].concat()
}

pub fn tile_key(level: u8, index: u64) -> Vec<u8> {
    [&[b't', level][..], &index.to_be_bytes()].concat()
}

pub fn rows(storage: &dyn Storage, prefix: u8) -> Vec<(Vec<u8>, Vec<u8>)> {
    let rows = storage.snapshot().unwrap().scan(&[prefix], &[prefix + 1], usize::MAX).unwrap();
    rows.into_iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

/// Puts `value` under `key` behind the log's back; `None` removes it.
pub fn overwrite(storage: &dyn Storage, key: &[u8], value: Option<Vec<u8>>) {
    let head = storage.snapshot().unwrap().get(HEAD_KEY).unwrap();
    let mut batch = Batch::new();
    match value {
        Some(value) => batch.put(key, value),
        None => batch.remove(key),
    }
    storage.commit(head.as_deref(), batch).unwrap();
}

/// Flips one bit of a stored value: of byte `at`, from the end if negative.
pub fn flip(storage: &dyn Storage, key: &[u8], at: isize) {
    let mut value = storage.snapshot().unwrap().get(key).unwrap().unwrap().to_vec();
    let at = if at < 0 { value.len() - at.unsigned_abs() } else { at.unsigned_abs() };
    value[at] ^= 1;
    overwrite(storage, key, Some(value));
}

/// A backup.
pub fn copy_of(storage: &dyn Storage) -> Arc<MemoryStorage> {
    let copy = MemoryStorage::new();
    let mut batch = Batch::new();
    for (key, value) in storage.snapshot().unwrap().scan(&[], &[0xff; 64], usize::MAX).unwrap() {
        batch.put(&*key, &*value);
    }
    copy.commit(None, batch).unwrap();
    Arc::new(copy)
}

pub fn digest(hash: &Hash) -> Digest {
    Digest(*hash)
}
