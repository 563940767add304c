//! A registry as in production (real rules, real sled, real keys), alone or behind its server, and statements for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use nospy::codec::Value;
use nospy::crypto::SigningKey;
use nospy::registry::{self, Opening, Options, Registry, SystemClock};
use nospy::rpc::Limits;
use nospy::server::serve;
use nospy::statement::{Draft, Issuer, Statement};
use nospy::storage::{SledOptions, SledStorage, Storage};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::World;
use crate::load::drive;

const ORIGIN: &str = "demo.registry.example/figures";
/// Length of every statement that is measured, bytes.
pub const STATEMENT_LEN: usize = 1024;
/// Submissions that wait at once while a log is filled.
pub const FILL_IN_FLIGHT: usize = 2_048;

/// The registrar's key.
pub fn registrar() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

fn log_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

/// A new registry in a directory of its own that goes with it.
pub struct Ground {
    /// The registry.
    pub registry: Registry,
    home: TempDir,
    // The server ends when this is dropped.
    serving: Option<oneshot::Sender<()>>,
}

impl Ground {
    /// Makes one that knows the vendor `acme`, about whom everything is reported.
    pub fn new(world: &World) -> Self {
        let home = home(world);
        let storage = SledStorage::open(data(&home), SledOptions::default()).expect("an empty table");
        let storage: Arc<dyn Storage> = Arc::new(storage);
        let opening = Opening {
            storage,
            guard: home.path().join("guard"),
            log_key: log_key(),
            origin: ORIGIN.parse().expect("an origin"),
            clock: Arc::new(SystemClock),
            on_fatal: Arc::new(|why: &str| panic!("the log ended: {why}")),
            options: Options::default(),
        };
        registry::create(&opening, &genesis()).expect("a new registry");
        let registry = Registry::open(opening).expect("an open registry");
        world.runtime.block_on(registry.publish(listing().bytes())).expect("acme is listed");
        Self { registry, home, serving: None }
    }

    /// Serves it on a port of its own, as long as this lives; returns the URL.
    pub async fn serve(&mut self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        // One address sends everything here; nothing else differs from the defaults.
        let limits = Limits { publish_burst: u32::MAX, publishes_per_second: u32::MAX, ..Limits::default() };
        let (serving, ended) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = ended.await;
        };
        tokio::spawn(serve(self.registry.clone(), listener, limits.into(), None, shutdown));
        self.serving = Some(serving);
        url
    }

    /// Publishes statements without a network, `in_flight` at a time.
    pub fn fill(&self, world: &World, statements: Vec<Vec<u8>>, in_flight: usize) {
        let (count, statements, registry) = (statements.len(), Arc::new(statements), self.registry.clone());
        world.runtime.block_on(drive(count, in_flight, move |number, _| {
            let (registry, statements) = (registry.clone(), Arc::clone(&statements));
            async move {
                registry.publish(&statements[number]).await.expect("a valid statement");
            }
        }));
    }

    /// Entries of the log.
    pub fn size(&self) -> u64 {
        self.registry.checkpoint().expect("signed").checkpoint().size
    }

    /// The directory of the database.
    pub fn data(&self) -> PathBuf {
        data(&self.home)
    }

    /// Closes the registry and gives back its directory. Wants that it is not served.
    pub fn close(self, world: &World) -> TempDir {
        world.runtime.block_on(self.registry.shutdown());
        self.home
    }
}

/// A directory for one figure, on the disk that is measured.
pub fn home(world: &World) -> TempDir {
    tempfile::Builder::new().prefix("figure-").tempdir_in(&world.directory).expect("a directory")
}

/// Where a home has its database.
pub fn data(home: &TempDir) -> PathBuf {
    Path::join(home.path(), "data")
}

fn genesis() -> Statement {
    let registrars = Value::record(vec![
        ("keys", Value::Array(vec![Value::bytes(*registrar().public().as_bytes())])),
        ("threshold", Value::Int(1)),
    ]);
    let body = vec![
        ("title", Value::text("A registry to be measured")),
        ("origin", Value::text(ORIGIN)),
        ("log_key", Value::bytes(*log_key().public().as_bytes())),
        ("registrars", registrars),
        ("rules", Value::Int(1)),
        ("seal_interval", Value::Int(600)),
    ];
    sign("registry", "registry.genesis", body)
}

fn listing() -> Statement {
    let body = vec![
        ("names", Value::Array(vec![Value::record(vec![("name", Value::text("Acme"))])])),
        ("role", Value::text("vendor")),
        ("country", Value::text("se")),
    ];
    sign("party/acme", "party.list", body)
}

/// Report `number` about `acme`: a valid statement of exactly [`STATEMENT_LEN`] bytes that opens a docket of its own.
pub fn report(number: usize) -> Statement {
    let padded = |padding: usize| {
        let body = vec![
            ("date", Value::text("2025-01-01")),
            ("vendor", Value::text("acme")),
            ("source", Value::record(vec![("publisher", Value::text("A newspaper"))])),
            ("form", Value::text("speech")),
            ("confidence", Value::text("high")),
            ("summary", Value::text("willing to sign")),
            ("quote", Value::text("x".repeat(padding))),
        ];
        sign(&format!("report/registrar/r{number:09}"), "report.offer", body)
    };
    // All numbers are equally long, so the lengths of one are those of all.
    const PADDING: usize = 512;
    static MISSING: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    let missing = MISSING.get_or_init(|| STATEMENT_LEN - padded(PADDING).bytes().len());
    let statement = padded(PADDING + missing);
    debug_assert_eq!(statement.bytes().len(), STATEMENT_LEN);
    statement
}

/// The bytes of reports `from` to `from + count`, signed on all cores.
pub fn reports(world: &World, from: usize, count: usize) -> Vec<Vec<u8>> {
    let share = count.div_ceil(world.cores).max(1);
    std::thread::scope(|scope| {
        let shares = (from..from + count).step_by(share).map(|first| {
            let numbers = first..(first + share).min(from + count);
            scope.spawn(move || numbers.map(|number| report(number).bytes().to_vec()).collect::<Vec<_>>())
        });
        let threads: Vec<_> = shares.collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("statements are valid")).collect()
    })
}

fn sign(subject: &str, kind: &str, body: Vec<(&str, Value)>) -> Statement {
    let iat = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right").as_secs();
    let draft = Draft {
        issuer: Issuer::Party("registrar".parse().expect("a party")),
        subject: subject.parse().expect("a subject"),
        origin: ORIGIN.parse().expect("an origin"),
        kind: kind.parse().expect("a kind"),
        iat,
        body: Value::record(body),
    };
    draft.sign(&registrar()).expect("a statement")
}
