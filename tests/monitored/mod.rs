//! A registry in `reg` of a bench, and monitors that look at it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use nospy::crypto::{KeyLine, NoteAlgorithm, SigningKey};
use nospy::statement::Statement;
use serde_json::Value as Json;

use crate::program::{Bench, Ran, Served};

pub const ORIGIN: &str = "demo.registry.example/nospy";
pub const AGREEMENT: &str = "agreement/example-vendor/terms-1/gb-ncsc";
const OFFER: &str = "offer/example-vendor/terms-1";

pub struct Monitored {
    pub bench: Bench,
    /// When the signers say that they sign, if not now.
    signs_at: Option<String>,
}

impl Ran {
    /// The events on stdout.
    #[track_caller]
    pub fn events(&self) -> Vec<Json> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub fn names(events: &[Json]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

impl Monitored {
    pub fn new() -> Self {
        let bench = Bench::new();
        bench.ok(&["init", "reg", "--origin", ORIGIN, "--title", "A demonstration", "--no-passphrase"]);
        Self { bench, signs_at: None }
    }

    /// A registry whose clock a file sets.
    pub fn with_clock(time: &str) -> Self {
        let bench = Bench::new();
        bench.write("clock.txt", format!("{time}\n"));
        let init = ["init", "reg", "--origin", ORIGIN, "--title", "A demonstration", "--no-passphrase"];
        bench.ok(&[&init[..], &["--clock", "clock.txt"]].concat());
        Self { bench, signs_at: None }
    }

    /// Sets the clock of the registry and of its signers.
    pub fn set_clock(&mut self, time: &str) {
        self.bench.write("clock.txt", format!("{time}\n"));
        self.signs_at = Some(time.to_owned());
    }

    pub fn serve(&self, name: &str) -> Served {
        Served::start(&self.bench, name)
    }

    pub fn vkey(&self) -> String {
        let policy = String::from_utf8(self.bench.read("reg/policy.txt")).unwrap();
        policy.lines().find_map(|line| line.strip_prefix("log ")).unwrap().split(' ').next().unwrap().to_owned()
    }

    /// One look at `served`.
    pub fn monitor(&self, served: &Served, arguments: &[&str]) -> Ran {
        self.monitor_at(&served.url, "reg/policy.txt", arguments)
    }

    pub fn monitor_at(&self, url: &str, policy: &str, arguments: &[&str]) -> Ran {
        let fixed = ["monitor", "--once", "--server", url, "--policy", policy];
        self.bench.run(&[&fixed[..], arguments].concat())
    }

    pub fn monitor_for_ever(&self, served: &Served, arguments: &[&str]) -> Ran {
        let fixed = ["monitor", "--every", "1s", "--server", &served.url, "--policy", "reg/policy.txt"];
        self.bench.run(&[&fixed[..], arguments].concat())
    }

    /// One look in which the monitor is killed; whether it was.
    pub fn monitor_killed(&self, served: &Served, arguments: &[&str]) -> bool {
        let fixed = ["monitor", "--once", "--server", &served.url, "--policy", "reg/policy.txt"];
        let mut command = self.bench.command(env!("CARGO_BIN_EXE_nospy"));
        let output = command.args(fixed).args(arguments).output().unwrap();
        output.status.signal() == Some(9)
    }

    /// One look that is killed after a while, if it has not ended.
    pub fn kill_after(&self, served: &Served, arguments: &[&str], time: std::time::Duration) {
        let fixed = ["monitor", "--once", "--server", &served.url, "--policy", "reg/policy.txt"];
        let mut command = self.bench.command(env!("CARGO_BIN_EXE_nospy"));
        let quiet = std::process::Stdio::null;
        let mut child = command.args(fixed).args(arguments).stdout(quiet()).stderr(quiet()).spawn().unwrap();
        std::thread::sleep(time);
        // It may have ended already.
        let _ = child.kill();
        child.wait().unwrap();
    }

    fn online(&self, served: &Served, arguments: &[&str]) -> Ran {
        self.bench.run_with(&[("NOSPY_SERVER", &served.url), ("NOSPY_POLICY", "reg/policy.txt")], arguments)
    }

    fn publish(&self, served: &Served, name: &str, key: &str) -> String {
        let draft = format!("{name}.yaml");
        let at = self.signs_at.as_ref().map(|time| ["--iat", time.as_str()]);
        let sign = ["sign", &draft, "--key", key, "--yes"];
        self.bench.ok(&[&sign[..], at.as_ref().map_or(&[], |at| &at[..])].concat());
        self.online(served, &["publish", &format!("{name}.statement"), "--yes"]).exits(0);
        Statement::parse(&self.bench.read(&format!("{name}.statement"))).unwrap().id().to_string()
    }

    pub fn enrol(&self, served: &Served, party: &str, role: &str) -> String {
        let (key, draft, name) = (format!("{party}.pem"), format!("{party}.yaml"), format!("Office of {party}"));
        self.bench.key(&key);
        let request = ["key", "request", "--party", party, "--origin", ORIGIN, "--key", &key, "--name", &name];
        self.bench.ok(&[&request[..], &["--role", role, "--country", "gb", "-o", &draft]].concat());
        self.publish(served, party, "reg/registrar-1.key.pem")
    }

    fn draft(&self, kind: &str, issuer: &str, subject: &str, body: &str, name: &str) {
        self.bench.write("body.yaml", body);
        let draft = ["draft", kind, "--from", "body.yaml", "--issuer", issuer, "--subject", subject];
        self.bench.ok(&[&draft[..], &["--origin", ORIGIN, "-o", &format!("{name}.yaml")]].concat());
    }

    pub fn offer(&self, served: &Served) -> String {
        let draft = ["draft", "offer.make", "--issuer", "example-vendor", "--subject", OFFER, "--origin", ORIGIN];
        self.bench.ok(&[&draft[..], &["-o", "offer.yaml"]].concat());
        self.bench.write_out("offer.yaml");
        self.publish(served, "offer", "example-vendor.pem")
    }

    pub fn accept(&self, served: &Served, offer: &str) -> String {
        let today = &jiff::Timestamp::now().to_string()[..10];
        let body = format!("ref: \"{offer}\"\ndate: {today}\nmethod: signature\neffective: {today}\n");
        self.draft("agreement.accept", "gb-ncsc", AGREEMENT, &body, "accept");
        self.publish(served, "accept", "gb-ncsc.pem")
    }

    /// The reporter takes its report back.
    pub fn void_report(&self, served: &Served, report: &str) -> String {
        let body = format!("ref: \"{report}\"\nreason: a mistake\n");
        self.draft("void", "lab", "report/lab/press", &body, "void");
        self.publish(served, "void", "lab.pem")
    }

    pub fn report(&self, served: &Served) -> String {
        let draft = ["draft", "report.offer", "--issuer", "lab", "--subject", "report/lab/press"];
        self.bench.ok(&[&draft[..], &["--origin", ORIGIN, "-o", "report.yaml"]].concat());
        let text = String::from_utf8(self.bench.read("report.yaml")).unwrap();
        let text: String = text
            .lines()
            .map(|line| match line.strip_prefix("  vendor:") {
                Some(_) => "  vendor: example-vendor\n".to_owned(),
                None => format!("{line}\n"),
            })
            .collect();
        self.bench.write("report.yaml", text);
        self.bench.write_out("report.yaml");
        self.publish(served, "report", "lab.pem")
    }

    /// Something that only this copy of the registry knows, published by somebody with another memory.
    pub fn publish_elsewhere(&self, twin: &Served) {
        self.bench.key("elsewhere.pem");
        let request = ["key", "request", "--party", "elsewhere", "--origin", ORIGIN, "--key", "elsewhere.pem"];
        let rest = ["--name", "Elsewhere", "--role", "vendor", "--country", "gb", "-o", "elsewhere.yaml"];
        self.bench.ok(&[&request[..], &rest[..]].concat());
        self.bench.ok(&["sign", "elsewhere.yaml", "--key", "reg/registrar-1.key.pem", "--yes"]);
        let variables =
            [("NOSPY_SERVER", twin.url.as_str()), ("NOSPY_POLICY", "reg/policy.txt"), ("NOSPY_STATE", "other")];
        self.bench.run_with(&variables, &["publish", "elsewhere.statement", "--yes"]).exits(0);
    }

    /// The policy with one witness that never cosigns.
    pub fn policy_with_a_witness(&self) -> String {
        let key = SigningKey::from_seed(&[9; 32]).public();
        let witness = KeyLine::new("witness.example", NoteAlgorithm::Cosignature, key).unwrap();
        self.bench.write("witnessed.txt", format!("log {}\nwitness w {witness}\nquorum w\n", self.vkey()));
        "witnessed.txt".to_owned()
    }
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}
