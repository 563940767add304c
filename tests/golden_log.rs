//! The golden log, built again by the real log and dockets: every byte that is signed must be the published one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod vectors;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use nospy::crypto::{Digest, SigningKey};
use nospy::docket::{DocketPlan, DocketReader, Touch, open_map, plan};
use nospy::evidence::{Checkpoint, Seal};
use nospy::log::{
    Application, Decision, Guard, Log, LogOptions, LogParts, LogReader, SealInput, Sealed, Signer, Signing, TileCache,
    check_guard, create, read_head,
};
use nospy::merkle::{DocketMap, EMPTY_ROOT, Hash};
use nospy::statement::{Named, Origin, Statement, Subject};
use nospy::storage::{MemoryStorage, SledOptions, SledStorage, Storage};
use serde_json::Value;
use vectors::{bytes, cases, golden, text};

/// Lets everything in and keeps the dockets.
struct Recorder {
    origin: Origin,
    key: SigningKey,
    map: DocketMap,
    named: BTreeMap<Digest, Named>,
    touches: Vec<Touch>,
    planned: Option<DocketPlan>,
}

impl Application for Recorder {
    type Submission = Statement;
    type Refusal = String;
    type View = DocketMap;

    fn admit(&mut self, _: &LogReader, statement: &Statement, index: u64, _: u64) -> Decision<String> {
        let id = *statement.id();
        let touches = match statement.touches(|id| self.named.get(id).cloned()) {
            Ok(touches) => touches,
            Err(error) => return Decision::Refuse(error.to_string()),
        };
        let (role, subject) = (statement.named_role(), statement.subject().clone());
        self.named.insert(id, Named { role, subject, touches: touches.clone() });
        let rows = 2 * touches.len();
        self.touches.push(Touch { index, id, subjects: touches });
        Decision::Enter { entry: statement.bytes().to_vec(), rows }
    }

    fn seal(&mut self, reader: &LogReader, input: SealInput) -> Result<Sealed, String> {
        let planned = plan(&self.map, reader.snapshot(), input.time_ms, &self.touches).map_err(|e| e.to_string())?;
        let (prev, dockets) = (input.previous.as_ref(), planned.root);
        let seal = Seal::draft(&self.origin, input.from, prev, input.time_ms, &input.chain, &dockets);
        let seal = seal.sign(&self.key).map_err(|error| error.to_string())?;
        let rows = planned.rows.clone();
        self.planned = Some(planned);
        Ok(Sealed { entry: seal.bytes().to_vec(), dockets, rows })
    }

    fn committed(&mut self, _: &LogReader) -> DocketMap {
        if let Some(planned) = self.planned.take() {
            planned.apply(&mut self.map);
        }
        self.touches.clear();
        self.map.clone()
    }

    fn abandon(&mut self) {
        panic!("no batch fails here");
    }
}

fn statements(batch: &Value) -> Vec<Statement> {
    cases(batch, "statements").iter().map(|one| Statement::parse(&bytes(one, "hex")).unwrap()).collect()
}

fn hash(case: &Value, field: &str) -> Hash {
    bytes(case, field).try_into().unwrap()
}

/// Everything that the vector says about the head after a batch.
fn compare(batch: &Value, reader: &LogReader, map: &DocketMap, checkpoint: &str) {
    let head = reader.head();
    assert_eq!(head.size(), batch["size"].as_u64().unwrap());
    assert_eq!(head.dockets, hash(batch, "docket_root"), "docket root at {}", head.size());
    assert_eq!(map.root(), head.dockets);
    assert_eq!(head.root(), hash(batch, "tree_root"), "tree root at {}", head.size());
    assert_eq!(checkpoint, text(batch, "checkpoint"));
    for entry in cases(batch, "statements").iter().chain([&batch["seal"]]) {
        let index = entry["index"].as_u64().unwrap();
        let stored = reader.entry(index).unwrap().unwrap();
        assert_eq!(stored.bytes, bytes(entry, "hex"), "entry {index}");
        assert_eq!(stored.chain, hash(entry, "chain_after"), "chain after {index}");
        assert_eq!(reader.index_of(&hash(entry, "id")), Ok(Some(index)));
        assert_eq!(reader.covering_seal(index), Ok((head.size() - 1, batch["time"].as_u64().unwrap())));
        if entry.get("touches").is_some() {
            let touches: BTreeSet<Subject> =
                cases(entry, "touches").iter().map(|one| one.as_str().unwrap().parse().unwrap()).collect();
            assert!(touches.iter().all(|subject| batch["dockets"].get(subject.to_string()).is_some()));
        }
    }
    let dockets = DocketReader::new(reader.snapshot(), map);
    let published = batch["dockets"].as_object().unwrap();
    assert_eq!(map.len(), published.len() as u64);
    for (subject, docket) in published {
        let subject: Subject = subject.parse().unwrap();
        let indexes: Vec<u64> = cases(docket, "indexes").iter().map(|index| index.as_u64().unwrap()).collect();
        assert_eq!(dockets.indexes(&subject, 0, usize::MAX).unwrap(), indexes, "{subject}");
        let value = dockets.prove(&subject).unwrap().value.unwrap();
        assert_eq!((value.count, value.step), (docket["count"].as_u64().unwrap(), hash(docket, "step")), "{subject}");
    }
}

/// Submits in order: each future runs until it has handed over its statement.
async fn submit_together(log: &Log<Recorder>, statements: Vec<Statement>) {
    let mut waiting: Vec<_> = statements.into_iter().map(|one| Box::pin(log.submit(one))).collect();
    for one in &mut waiting {
        assert!(pin!(one).as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    for one in waiting {
        assert!(one.await.is_ok_and(|placed| placed.is_new));
    }
}

async fn build(file: &Value, storage: Arc<dyn Storage>, directory: &std::path::Path) {
    let origin: Origin = text(file, "origin").parse().unwrap();
    let key = SigningKey::from_seed(&hash(&file["keys"]["log"], "seed"));
    let name: nospy::crypto::KeyLine = text(&file["keys"]["log"], "vkey").parse().unwrap();
    let recorder = || Recorder {
        origin: origin.clone(),
        key: key.clone(),
        map: DocketMap::new(),
        named: BTreeMap::new(),
        touches: Vec::new(),
        planned: None,
    };
    let guard = directory.join("guard");
    let batches = cases(file, "batches");
    let genesis = statements(&batches[0]).remove(0);
    let mut application = recorder();
    let cache = Arc::new(TileCache::new(0));
    let none = LogReader::new(
        storage.snapshot().unwrap(),
        nospy::log::Head::empty(origin.as_str()),
        nospy::log::PartialTiles::default(),
        Arc::clone(&cache),
    );
    let time = batches[0]["time"].as_u64().unwrap();
    assert!(matches!(application.admit(&none, &genesis, 0, time), Decision::Enter { .. }));
    create(&mut application, &*storage, &guard, origin.as_str(), genesis.bytes(), time).unwrap();
    application.committed(&none);

    // Every batch in a run of its own, so that recovery is part of each step. The clock shows each time once: no
    // batch falls apart, and no heartbeat comes that the vector does not have.
    let fatal = Arc::new(Mutex::new(None::<String>));
    let mut known = application.named;
    for batch in &batches[1..] {
        let reader = read_head(&*storage, origin.as_str(), &cache).unwrap();
        let Signing::Allowed(guard) = check_guard(&reader, Guard::open(&guard, origin.as_str())) else {
            panic!("the guard agrees")
        };
        let map = open_map(reader.snapshot()).unwrap();
        let once = AtomicU64::new(batch["time"].as_u64().unwrap());
        let statements = statements(batch);
        let seal_interval = if statements.is_empty() { Duration::from_millis(1) } else { Duration::from_secs(600) };
        let heard = Arc::clone(&fatal);
        let parts = LogParts {
            application: Recorder { map, named: std::mem::take(&mut known), ..recorder() },
            storage: Arc::clone(&storage),
            cache: Arc::clone(&cache),
            guard,
            signer: Signer {
                empty: Checkpoint { origin: origin.clone(), size: 0, root: EMPTY_ROOT },
                name: name.clone(),
                key: key.clone(),
                copy: None,
            },
            clock: Arc::new(move || once.swap(0, Ordering::SeqCst)),
            on_fatal: Arc::new(move |reason| *heard.lock().unwrap() = Some(reason.to_owned())),
            options: LogOptions { seal_interval, batch_delay: Duration::from_millis(50), ..LogOptions::default() },
            cosigners: None,
        };
        for statement in &statements {
            let touches = statement.touches(|id| parts.application.named.get(id).cloned()).unwrap_or_default();
            let (role, subject) = (statement.named_role(), statement.subject().clone());
            known.insert(*statement.id(), Named { role, subject, touches });
        }
        known.extend(parts.application.named.iter().map(|(id, named)| (*id, named.clone())));
        let log = Log::start(parts, reader);
        submit_together(&log, statements).await;
        let size = batch["size"].as_u64().unwrap();
        while log.published().reader.head().size() < size {
            assert_eq!(*fatal.lock().unwrap(), None);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let published = log.published();
        let checkpoint = published.checkpoint.as_ref().unwrap().to_string();
        compare(batch, &published.reader, &published.view, &checkpoint);
        tokio::task::block_in_place(|| log.stop());
        assert_eq!(*fatal.lock().unwrap(), None);
    }
    let reader = read_head(&*storage, origin.as_str(), &cache).unwrap();
    for case in cases(file, "consistency") {
        let path: Vec<Hash> = cases(case, "path")
            .iter()
            .map(|hex| nospy::crypto::parse_hex(hex.as_str().unwrap()).unwrap().try_into().unwrap())
            .collect();
        let (old, new) = (case["old"].as_u64().unwrap(), case["new"].as_u64().unwrap());
        assert_eq!(reader.consistency(old, new), Ok(path), "{old} to {new}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_golden_log_in_memory() {
    let Some(file) = golden("log.json") else { return };
    let directory = tempfile::tempdir().unwrap();
    build(&file, Arc::new(MemoryStorage::new()), directory.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_golden_log_on_disk() {
    let Some(file) = golden("log.json") else { return };
    let directory = tempfile::tempdir().unwrap();
    let storage = SledStorage::open(directory.path().join("data"), SledOptions::default()).unwrap();
    build(&file, Arc::new(storage), directory.path()).await;
}
