//! The journeys' kit: each role in a directory of its own, with its own keys, driving the program as a person would.
//!
//! A [`Registrar`] runs the registry. An [`Office`] is a vendor, a government or an auditor: it signs offline, in a
//! directory without a network, and only its publishing sees the registry. A [`Reader`] has nothing but files that it was
//! handed, and the policy.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

use std::cell::Cell;
use std::fs;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value as Json, json};

use crate::program::{Bench, Ran, Served};

/// The registry of every journey.
pub const ORIGIN: &str = "registry.example/nospy";

const POLICY: &str = "policy.txt";

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
}

/// Who runs the registry, and keeps the registrar's keys.
pub struct Registrar {
    pub desk: Bench,
    served: Option<Served>,
}

impl Registrar {
    pub fn open() -> Self {
        Self::open_with(1)
    }

    /// A registry in which so many of the registrar's two keys have to sign.
    pub fn open_with(threshold: usize) -> Self {
        let desk = Bench::new();
        let (title, of_two) = ("A registry of journeys", threshold.to_string());
        desk.ok(&[
            "init",
            "reg",
            "--origin",
            ORIGIN,
            "--title",
            title,
            "--registrar-threshold",
            &of_two,
            "--no-passphrase",
        ]);
        let served = Some(Served::start(&desk, "reg"));
        Self { desk, served }
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
        self.desk.ok(&["sign", request, "--key", key, "--yes", "-o", &out]);
        self.online(&self.desk, &["publish", &out, "--yes"]).exits(0);
    }

    /// Signs in the registrar's own name and publishes.
    pub fn acts(&self, kind: &str, subject: &str, body: &Json) -> Ran {
        self.desk.write("act.yaml", draft("registrar", kind, subject, body));
        let key = "reg/registrar-1.key.pem";
        self.desk.ok(&["sign", "act.yaml", "--key", key, "--yes", "-o", "act.statement"]);
        let ran = self.online(&self.desk, &["publish", "act.statement", "--yes"]);
        fs::remove_file(self.desk.path("act.statement")).unwrap();
        ran
    }

    /// Stands behind what the first key signed, with the second.
    #[track_caller]
    pub fn endorses(&self, request: &str) {
        let (key, signed) = ("reg/registrar-2.key.pem", format!("{request}.statement"));
        self.desk.ok(&["draft", "endorse", "--ref", &signed, "-o", "endorse.yaml"]);
        self.desk.ok(&["sign", "endorse.yaml", "--key", key, "--yes", "-o", "endorse.statement"]);
        self.online(&self.desk, &["publish", "endorse.statement", "--yes"]).exits(0);
    }

    /// Enrols an office by the request that it hands in.
    #[track_caller]
    pub fn enrols(&self, office: &Office, name: &str, role: &str, country: &str, threshold: usize) {
        let threshold = threshold.to_string();
        let keys = office.keys.iter().flat_map(|key| ["--key", key]);
        let mut request = vec!["key", "request", "--party", &office.party, "--origin", ORIGIN, "-o", "request.yaml"];
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
        Self { bench, party: party.to_owned(), keys, drafts: Cell::new(0) }
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
        self.bench.write(&file, draft(&self.party, kind, subject, body));
        file
    }

    /// Signs offline with a key.
    #[track_caller]
    pub fn signs(&self, key: usize, kind: &str, subject: &str, body: &Json) -> Signed {
        let draft = self.drafts(kind, subject, body);
        let out = format!("{draft}.statement");
        let ran = self.bench.ok(&["sign", &draft, "--key", self.key(key), "--yes", "-o", &out, "--output", "json"]);
        Signed { file: out, id: ran.json()["id"].as_str().unwrap().to_owned() }
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

fn draft(issuer: &str, kind: &str, subject: &str, body: &Json) -> String {
    json!({ "issuer": issuer, "subject": subject, "origin": ORIGIN, "kind": kind, "body": body }).to_string()
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
