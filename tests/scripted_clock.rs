//! The scripted clock: it goes forward only, it is for demonstrations only, and everybody is told.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used)]

mod program;
mod stage;

use std::sync::Arc;

use nospy::crypto::SigningKey;
use nospy::log::OpenError;
use nospy::registry::{Clock, ManualClock, Opening, Options, Registry, ScriptedClock, SystemClock};
use nospy::storage::MemoryStorage;

use crate::program::{Bench, Served};
use crate::stage::Stage;

const DAY_MS: u64 = 86_400_000;

#[test]
fn it_runs_on_from_where_it_is_set_and_never_goes_back() {
    let clock = ScriptedClock::new(DAY_MS);
    assert!(clock.is_scripted() && !SystemClock.is_scripted());
    let first = clock.now_ms();
    while clock.now_ms() == first {
        std::thread::yield_now();
    }
    clock.advance_to(3 * DAY_MS).unwrap();
    assert!((3 * DAY_MS..4 * DAY_MS).contains(&clock.now_ms()));
    let error = clock.advance_to(2 * DAY_MS).unwrap_err();
    assert_eq!(error.to_ms, 2 * DAY_MS);
    assert!(error.now_ms >= 3 * DAY_MS && clock.now_ms() >= error.now_ms, "{error}");
}

#[test]
fn a_registry_that_is_no_demonstration_does_not_open_on_it() {
    let directory = tempfile::tempdir().unwrap();
    let open = |origin: &str, clock: Arc<dyn Clock>| {
        let opening = Opening {
            storage: Arc::new(MemoryStorage::new()),
            guard: directory.path().join("guard"),
            log_key: SigningKey::from_seed(&[1; 32]),
            origin: origin.parse().unwrap(),
            clock,
            on_fatal: Arc::new(|_: &str| {}),
            options: Options::default(),
        };
        Registry::open(opening).err()
    };
    let scripted = || [Arc::new(ScriptedClock::new(DAY_MS)) as Arc<dyn Clock>, Arc::new(ManualClock::new(DAY_MS))];
    for clock in scripted() {
        for origin in ["registry.example/nospy", "demonstration.example", "my.demo.example"] {
            let error = open(origin, Arc::clone(&clock));
            assert!(matches!(error, Some(OpenError::ScriptedClock { .. })), "{origin}: {error:?}");
        }
    }
    // The clock is no obstacle where the name warns everybody, and this machine's is one nowhere.
    for clock in scripted() {
        assert!(matches!(open("demo.registry.example", clock), Some(OpenError::Empty)));
    }
    assert!(matches!(open("registry.example/nospy", Arc::new(SystemClock)), Some(OpenError::Empty)));
}

#[test]
fn the_log_says_that_its_clock_is_scripted() {
    let stage = Stage::open("2014-05-20");
    let info = stage.info();
    assert!(info.is_demo && info.is_clock_scripted, "{info:?}");
}

#[test]
fn the_program_refuses_it_for_other_registries_and_writes_nothing() {
    let bench = Bench::new();
    bench.write("clock", "2026-01-10T08:00:00Z\n");
    let init = |more: &[&str]| {
        bench.run(&[&["init", "reg", "--title", "A registry", "--no-passphrase", "--origin"], more].concat())
    };
    init(&["registry.example/nospy", "--clock", "clock"])
        .exits(2)
        .says("a scripted clock is for demonstrations only: the origin registry.example/nospy");
    assert!(!bench.path("reg").exists());
    bench.write("broken", "half past nine");
    init(&["demo.registry.example", "--clock", "broken"]).exits(2).says("the clock broken: not a time");
    init(&["registry.example/nospy"]).exits(0);
    let serve = ["serve", "--config", "reg/nospy.toml", "--listen", "127.0.0.1:0", "--clock", "clock"];
    bench.run(&serve).exits(2).says("does not begin with `demo.`").says("Leave out --clock");
}

/// A registry on a clock that the file `clock` sets, made and served by the program.
struct Theatre {
    bench: Bench,
    served: Served,
}

impl Theatre {
    fn open() -> Self {
        let bench = Bench::new();
        bench.write("clock", "2026-01-10T08:00:00Z\n");
        let init = ["init", "reg", "--origin", "demo.theatre.example", "--title", "A scripted registry"];
        bench.ok(&[&init[..], &["--no-passphrase", "--seal-interval", "1", "--clock", "clock"]].concat());
        let served = Served::start(&bench, "reg");
        Self { bench, served }
    }

    /// Lists a party, signed at a time; gives what `nospy publish` left behind.
    fn list(&self, party: &str, iat: &str) -> crate::program::Ran {
        self.bench.write("vendor.yaml", format!("names: [{{name: Vendor {party}}}]\nrole: vendor\ncountry: se\n"));
        let (draft, subject) = (format!("{party}.yaml"), format!("party/{party}"));
        let header = ["--issuer", "registrar", "--subject", &subject, "--origin", "demo.theatre.example"];
        self.bench.ok(&[&["draft", "party.list", "--from", "vendor.yaml", "-o", &draft], &header[..]].concat());
        self.bench.ok(&["sign", &draft, "--key", "reg/registrar-1.key.pem", "--iat", iat, "--yes"]);
        self.online(&["publish", &format!("{party}.statement"), "--yes"])
    }

    fn online(&self, arguments: &[&str]) -> crate::program::Ran {
        let variables = [("NOSPY_SERVER", self.served.url.as_str()), ("NOSPY_POLICY", "reg/policy.txt")];
        self.bench.run_with(&variables, arguments)
    }

    /// The day of the newest seal, by a docket file.
    fn sealed_day(&self, party: &str) -> String {
        let file = format!("{party}-{}.docket", self.bench.read("clock").len());
        let _ = std::fs::remove_file(self.bench.path(&file));
        self.online(&["docket", &format!("party/{party}"), "-o", &file]);
        let verified = self.bench.run(&["verify", &file, "--policy", "reg/policy.txt", "--output", "json"]).json();
        let time_ms = verified["as_known_at"]["time_ms"].as_i64().unwrap();
        jiff::Timestamp::from_millisecond(time_ms).unwrap().to_string()[..10].to_owned()
    }
}

#[test]
fn a_file_sets_the_clock_of_a_served_demonstration() {
    let theatre = Theatre::open();
    let said = &theatre.served.said;
    assert!(said.contains("DEMO: a demonstration registry.") && said.contains("SCRIPTED CLOCK: "), "{said}");
    theatre.list("first", "2026-01-10T08:00:00Z").exits(0);
    assert_eq!(theatre.sealed_day("first"), "2026-01-10");

    // The registry measures signatures by its own time: this one is far ahead of it.
    theatre.list("second", "2026-06-01T08:00:00Z").exits(19).says("iat_out_of_window");
    theatre.bench.write("clock", "2026-06-01T08:00:00Z\n");
    theatre.online(&["publish", "second.statement", "--yes"]).exits(0);
    assert_eq!(theatre.sealed_day("second"), "2026-06-01");

    // It never goes back, and what is no time sets nothing.
    for nonsense in ["2026-03-01T08:00:00Z", "", "soon"] {
        theatre.bench.write("clock", nonsense);
        let party = format!("third-{}", nonsense.len());
        theatre.list(&party, "2026-06-01T08:00:00Z").exits(0);
        assert_eq!(theatre.sealed_day(&party), "2026-06-01", "{nonsense}");
    }
    // The mark stands under everything that is verified offline.
    theatre.online(&["docket", "party/first", "-o", "mark.docket"]);
    theatre.bench.run(&["verify", "mark.docket", "--policy", "reg/policy.txt"]).says("its clock may be scripted");
    assert_eq!(theatre.served.stop(), 0);
}
