//! A registry that tests stop, damage and open again. Statements come from `served`.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use nospy::crypto::{KeyLine, NoteAlgorithm};
use nospy::evidence::SignedCheckpoint;
use nospy::log::{OpenError, TileCache, read_head};
use nospy::merkle::Hash;
use nospy::registry::{self, Clock, Opening, Options, Published, Registry, SystemClock};
use nospy::statement::Statement;
use nospy::storage::{MemoryStorage, Storage};
use tempfile::TempDir;

use crate::served::{ORIGIN, acceptance, enrolment, genesis, government, log_key, offer, vendor};
use crate::support::extends;

pub const TEXT: &[u8] = b"Neither party spies on the other.";

pub struct House {
    pub storage: Arc<dyn Storage>,
    pub directory: TempDir,
    pub clock: Arc<dyn Clock>,
    pub options: Options,
    pub fatal: Arc<Mutex<Vec<String>>>,
    pub seen: Mutex<Vec<(u64, Hash)>>,
}

pub fn log_name() -> KeyLine {
    KeyLine::new(ORIGIN, NoteAlgorithm::Ed25519, log_key().public()).unwrap()
}

impl House {
    pub fn new() -> Self {
        Self::on(Arc::new(MemoryStorage::new()))
    }

    /// A new registry in `storage`.
    pub fn on(storage: Arc<dyn Storage>) -> Self {
        let house = Self::unmade(storage);
        registry::create(&house.opening(), &genesis()).unwrap();
        house
    }

    pub fn unmade(storage: Arc<dyn Storage>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            storage,
            directory,
            clock: Arc::new(SystemClock),
            options: Options::default(),
            fatal: Arc::default(),
            seen: Mutex::default(),
        }
    }

    pub fn guard(&self) -> PathBuf {
        self.directory.path().join("guard")
    }

    pub fn opening(&self) -> Opening {
        let fatal = Arc::clone(&self.fatal);
        Opening {
            storage: Arc::clone(&self.storage),
            guard: self.guard(),
            log_key: log_key(),
            origin: ORIGIN.parse().unwrap(),
            clock: Arc::clone(&self.clock),
            on_fatal: Arc::new(move |reason| fatal.lock().unwrap().push(reason.to_owned())),
            options: self.options.clone(),
        }
    }

    pub fn try_open(&self) -> Result<Registry, OpenError> {
        Registry::open(self.opening())
    }

    pub fn open(&self) -> Registry {
        self.try_open().unwrap()
    }

    pub fn see(&self, registry: &Registry) {
        let checkpoint = registry.checkpoint().unwrap();
        checkpoint.check_log_signature(&log_name()).unwrap();
        self.seen.lock().unwrap().push((checkpoint.checkpoint().size, checkpoint.checkpoint().root));
    }

    pub async fn publish(&self, registry: &Registry, statement: &Statement) -> Published {
        let published = registry.publish(statement.bytes()).await.unwrap();
        self.see(registry);
        published
    }

    /// A vendor, a government, an offer with a text, its acceptance: in four batches.
    pub async fn furnish(&self, registry: &Registry) -> Statement {
        let offer = offer("open", TEXT);
        let today = jiff::Timestamp::now().in_tz(crate::served::ZONE).unwrap().date().to_string();
        for statement in [
            enrolment("acme", "vendor", "se", &vendor()),
            enrolment("de-bsi", "government", "de", &government()),
            offer.clone(),
            acceptance("open", &offer, &today, &today),
        ] {
            self.publish(registry, &statement).await;
        }
        registry.deposit_text(&nospy::crypto::sha256(&[TEXT]), TEXT).await.unwrap();
        self.see(registry);
        offer
    }

    pub fn newest(&self) -> SignedCheckpoint {
        let path = self.directory.path().join(registry::CHECKPOINT_COPY);
        SignedCheckpoint::parse(&std::fs::read(path).unwrap()).unwrap()
    }

    /// Every checkpoint that was ever seen is a beginning of the log as it stands.
    pub fn check_seen(&self) {
        let reader = read_head(&*self.storage, ORIGIN, &Arc::new(TileCache::new(0))).unwrap();
        extends(&reader, &self.seen.lock().unwrap());
    }
}
