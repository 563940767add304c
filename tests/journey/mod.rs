//! The journeys' kit: each role in a directory of its own, with its own keys, driving the program as a person would.
//!
//! A [`Registrar`] runs the registry. An [`Office`] is a vendor, a government or an auditor: it signs offline, in a
//! directory without a network, and only its publishing sees the registry. A [`Reader`] has nothing but files that it was
//! handed, and the policy. Most journeys run on this machine's clock; what needs other days runs in a demonstration, on a
//! scripted one.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

use std::cell::{Cell, RefCell};
use std::fs;
use std::rc::Rc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value as Json, json};

use crate::program::{Bench, Ran, Served};

/// The registry of the journeys on this machine's clock.
const ORIGIN: &str = "registry.example/nospy";
/// The registry of those on a scripted one.
const STAGE: &str = "demo.registry.example/journeys";

const POLICY: &str = "policy.txt";
const CLOCK: &str = "clock";

/// The rules that say that the caller may not do this, whatever it says.
const NOT_AUTHORISED: [&str; 2] = ["wrong_signer", "signer_lacks_authority"];

/// Days as the parties count them: in one zone, as offsets from today.
pub struct Days {
    /// The zone of the terms: one in which the day does not change while a journey runs.
    pub zone: &'static str,
    today: Date,
}

impl Days {
    pub fn new() -> Self {
        let now = Timestamp::now();
        let local = |zone: &str| now.in_tz(zone).unwrap();
        let is_calm = |zone: &&str| local(zone).hour() < 23;
        let zone = ["Europe/Berlin", "Atlantic/Reykjavik"].into_iter().find(is_calm).unwrap();
        Self { zone, today: local(zone).date() }
    }

    /// The day `days` after today, or before it.
    pub fn at(&self, days: i32) -> String {
        self.today.checked_add(days.days()).unwrap().to_string()
    }

    /// The day `months` after a day.
    pub fn later(day: &str, months: i32) -> String {
        day.parse::<Date>().unwrap().checked_add(months.months()).unwrap().to_string()
    }

    /// The day before a day.
    pub fn before(day: &str) -> String {
        day.parse::<Date>().unwrap().yesterday().unwrap().to_string()
    }

    pub fn today(&self) -> String {
        self.at(0)
    }

    /// Of a scripted journey: from this day on, in this zone.
    pub fn from(zone: &'static str, day: &str) -> Self {
        Self { zone, today: day.parse().unwrap() }
    }
}

/// In which registry a journey plays, and on whose clock.
#[derive(Clone)]
struct Scene {
    origin: &'static str,
    /// What the scripted clock says.
    now: Option<Rc<RefCell<String>>>,
}

impl Scene {
    /// When a signature says that it was made, as arguments of `nospy sign`.
    fn iat(&self) -> Vec<String> {
        let now = self.now.iter().flat_map(|now| ["--iat".to_owned(), now.borrow().clone()]);
        now.collect()
    }

    /// Signs a draft in the directory of `bench`.
    #[track_caller]
    fn signs(&self, bench: &Bench, draft: &str, key: &str, out: &str) -> String {
        let iat = self.iat();
        let mut sign = vec!["sign", draft, "--key", key, "--yes", "-o", out, "--output", "json"];
        sign.extend(iat.iter().map(String::as_str));
        bench.ok(&sign).json()["id"].as_str().unwrap().to_owned()
    }

    fn draft(&self, issuer: &str, kind: &str, subject: &str, body: &Json) -> String {
        json!({ "issuer": issuer, "subject": subject, "origin": self.origin, "kind": kind, "body": body }).to_string()
    }
}

/// Who runs the registry, and keeps the registrar's keys.
pub struct Registrar {
    pub desk: Bench,
    scene: Scene,
    served: Option<Served>,
}

impl Registrar {
    pub fn open() -> Self {
        Self::open_with(1)
    }

    /// A registry in which so many of the registrar's two keys have to sign.
    pub fn open_with(threshold: usize) -> Self {
        let threshold = threshold.to_string();
        Self::begin(Scene { origin: ORIGIN, now: None }, &["--registrar-threshold", &threshold])
    }

    /// A demonstration on a clock that says `now`.
    pub fn on_stage(now: &str) -> Self {
        let scene = Scene { origin: STAGE, now: Some(Rc::new(RefCell::new(now.to_owned()))) };
        Self::begin(scene, &["--clock", CLOCK])
    }

    fn begin(scene: Scene, more: &[&str]) -> Self {
        let desk = Bench::new();
        if let Some(now) = &scene.now {
            desk.write(CLOCK, now.borrow().as_str());
        }
        let init = ["init", "reg", "--origin", scene.origin, "--title", "A registry of journeys", "--no-passphrase"];
        desk.ok(&[&init[..], more].concat());
        let served = Some(Served::start(&desk, "reg"));
        Self { desk, scene, served }
    }

    /// Sets the scripted clock forward.
    pub fn it_is(&self, now: &str) {
        let clock = self.scene.now.as_ref().expect("the clock is scripted");
        now.clone_into(&mut clock.borrow_mut());
        self.desk.write(CLOCK, now);
    }

    /// An office that plays in the same registry.
    pub fn office(&self, party: &str) -> Office {
        Office { scene: self.scene.clone(), ..Office::new(party, 1) }
    }

    pub fn policy(&self) -> Vec<u8> {
        self.desk.read("reg/policy.txt")
    }

    /// An online verb at the desk of `bench`.
    pub fn online(&self, bench: &Bench, arguments: &[&str]) -> Ran {
        let served = self.served.as_ref().expect("the registry is served");
        bench.write(POLICY, self.policy());
        bench.run_with(&[("NOSPY_SERVER", &served.url), ("NOSPY_POLICY", POLICY)], arguments)
    }

    /// Signs a request as it was handed in, and publishes it.
    #[track_caller]
    fn enters(&self, request: &str) {
        let (key, out) = ("reg/registrar-1.key.pem", format!("{request}.statement"));
        self.scene.signs(&self.desk, request, key, &out);
        self.online(&self.desk, &["publish", &out, "--yes"]).exits(0);
    }

    /// Signs in the registrar's own name and publishes.
    pub fn acts(&self, kind: &str, subject: &str, body: &Json) -> Ran {
        self.desk.write("act.yaml", self.scene.draft("registrar", kind, subject, body));
        self.scene.signs(&self.desk, "act.yaml", "reg/registrar-1.key.pem", "act.statement");
        let ran = self.online(&self.desk, &["publish", "act.statement", "--yes"]);
        fs::remove_file(self.desk.path("act.statement")).unwrap();
        ran
    }

    /// Stands behind what the first key signed, with the second.
    #[track_caller]
    pub fn endorses(&self, request: &str) {
        let (key, signed) = ("reg/registrar-2.key.pem", format!("{request}.statement"));
        self.desk.ok(&["draft", "endorse", "--ref", &signed, "-o", "endorse.yaml"]);
        self.scene.signs(&self.desk, "endorse.yaml", key, "endorse.statement");
        self.online(&self.desk, &["publish", "endorse.statement", "--yes"]).exits(0);
    }

    /// Enrols an office by the request that it hands in.
    #[track_caller]
    pub fn enrols(&self, office: &Office, name: &str, role: &str, country: &str, threshold: usize) {
        let threshold = threshold.to_string();
        let keys = office.keys.iter().flat_map(|key| ["--key", key]);
        let mut request =
            vec!["key", "request", "--party", &office.party, "--origin", self.scene.origin, "-o", "request.yaml"];
        request.extend(["--name", name, "--role", role, "--country", country, "--threshold", &threshold]);
        request.extend(keys);
        office.bench.ok(&request);
        let handed_in = format!("{}.yaml", office.party);
        self.desk.write(&handed_in, office.bench.read("request.yaml"));
        self.enters(&handed_in);
    }

    /// The docket file of a subject, fetched over the network.
    #[track_caller]
    pub fn docket(&self, subject: &str) -> Vec<u8> {
        self.online(&self.desk, &["docket", subject, "-o", "fetched.docket"]);
        let bytes = self.desk.read("fetched.docket");
        fs::remove_file(self.desk.path("fetched.docket")).unwrap();
        bytes
    }

    /// Ends the service: from here on there is only what was fetched.
    pub fn closes(&mut self) {
        assert_eq!(self.served.take().expect("the registry is served").stop(), 0);
    }
}

/// A vendor, a government or an auditor.
pub struct Office {
    pub bench: Bench,
    pub party: String,
    /// The files of its keys; it signs with the first.
    keys: Vec<String>,
    drafts: Cell<u32>,
    scene: Scene,
}

/// A statement that was signed, in `file`.
pub struct Signed {
    pub file: String,
    pub id: String,
}

impl Office {
    pub fn new(party: &str, keys: usize) -> Self {
        let bench = Bench::new();
        let keys: Vec<String> = (1..=keys).map(|number| format!("{party}-{number}.pem")).collect();
        for key in &keys {
            bench.key(key);
        }
        let scene = Scene { origin: ORIGIN, now: None };
        Self { bench, party: party.to_owned(), keys, drafts: Cell::new(0), scene }
    }

    pub fn key(&self, number: usize) -> &str {
        &self.keys[number - 1]
    }

    /// The id of a key.
    pub fn kid(&self, number: usize) -> String {
        let shown = self.bench.ok(&["key", "show", self.key(number), "--output", "json"]).json();
        shown["kid"].as_str().unwrap().to_owned()
    }

    /// Writes a draft and gives its file.
    pub fn drafts(&self, kind: &str, subject: &str, body: &Json) -> String {
        self.drafts.set(self.drafts.get() + 1);
        let file = format!("{}-{kind}.yaml", self.drafts.get());
        self.bench.write(&file, self.scene.draft(&self.party, kind, subject, body));
        file
    }

    /// Signs offline with a key.
    #[track_caller]
    pub fn signs(&self, key: usize, kind: &str, subject: &str, body: &Json) -> Signed {
        let draft = self.drafts(kind, subject, body);
        let out = format!("{draft}.statement");
        let id = self.scene.signs(&self.bench, &draft, self.key(key), &out);
        Signed { file: out, id }
    }

    #[track_caller]
    pub fn publishes(&self, registrar: &Registrar, signed: &Signed) -> Ran {
        registrar.online(&self.bench, &["publish", &signed.file, "--yes"])
    }

    /// Signs with its first key and publishes; gives the id.
    #[track_caller]
    pub fn acts(&self, registrar: &Registrar, kind: &str, subject: &str, body: &Json) -> String {
        self.acts_with(1, registrar, kind, subject, body)
    }

    #[track_caller]
    pub fn acts_with(&self, key: usize, registrar: &Registrar, kind: &str, subject: &str, body: &Json) -> String {
        let signed = self.signs(key, kind, subject, body);
        self.publishes(registrar, &signed).exits(0).says("Registered.");
        signed.id
    }

    /// Signs and publishes what alone changes nothing: it waits for another signature.
    #[track_caller]
    pub fn begins(&self, key: usize, registrar: &Registrar, kind: &str, subject: &str, body: &Json) -> String {
        let signed = self.signs(key, kind, subject, body);
        self.publishes(registrar, &signed).exits(0).says("Registered, and pending: ");
        signed.id
    }

    /// Signs and publishes what a rule refuses.
    #[track_caller]
    pub fn is_refused(&self, registrar: &Registrar, rule: &str, kind: &str, subject: &str, body: &Json) -> Ran {
        let exit = if NOT_AUTHORISED.contains(&rule) { 4 } else { 19 };
        let signed = self.signs(1, kind, subject, body);
        self.publishes(registrar, &signed).exits(exit).says(rule)
    }
}

/// Somebody with files, the policy, and no network.
pub struct Reader {
    pub bench: Bench,
}

impl Reader {
    pub fn new(policy: &[u8]) -> Self {
        let bench = Bench::new();
        bench.write(POLICY, policy);
        Self { bench }
    }

    /// Is handed a file.
    pub fn gets(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.bench.write(name, bytes);
    }

    pub fn verifies(&self, arguments: &[&str]) -> Ran {
        self.bench.run(&[&["verify"], arguments, &["--policy", POLICY]].concat())
    }

    /// The whole answer about a docket file, for programs, whatever it is.
    #[track_caller]
    pub fn asks_any(&self, arguments: &[&str]) -> Json {
        self.verifies(&[arguments, &["--output", "json"]].concat()).json()
    }

    /// The whole answer about a docket file, for programs.
    #[track_caller]
    pub fn asks(&self, exit: i32, arguments: &[&str]) -> Json {
        self.verifies(&[arguments, &["--output", "json"]].concat()).exits(exit).json()
    }

    /// The standing on a day.
    #[track_caller]
    pub fn standing(&self, exit: i32, file: &str, day: &str) -> Json {
        self.asks(exit, &[file, "--on", day])["standing"].clone()
    }
}

/// Terms with two clauses that state nothing else; a journey says what it needs.
pub fn terms(days: &Days, mode: &str, title: &str) -> Json {
    json!({
        "mode": mode,
        "title": title,
        "clauses": [
            { "id": "NB1", "type": "no_backdoor", "obligor": "vendor", "modality": "warrants" },
            { "id": "NB5", "type": "contest_orders", "obligor": "vendor", "modality": "undertakes" },
        ],
        "disclosure": {
            "binds_parent": "not_stated", "binds_affiliates": "not_stated", "remedy_on_breach": "not_stated",
            "who_verifies": "not_stated", "home_state_signs": "not_stated", "governing_law": "not_stated",
            "text_availability": "not_stated",
        },
        "term": { "zone": days.zone },
    })
}

/// The texts of a JSON array.
pub fn texts(array: &Json) -> Vec<&str> {
    array.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// A page in one line, for what may be broken at its width.
pub fn unwrapped(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}
