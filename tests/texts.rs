//! Texts (rule 7): compared, withheld, opened, deposited, fetched, removed; through the program, on the embedded engine.
#![allow(clippy::unwrap_used)]

mod program;

use nospy::crypto::{Digest, parse_hex, sha256, withheld_commitment};
use nospy::storage::{Batch, HEAD_KEY, SledOptions, SledStorage, Storage as _};
use serde_json::Value as Json;

use crate::program::{Bench, Ran, Served, mode};

const ORIGIN: &str = "demo.registry.example/nospy";
const AGREEMENT: &str = "agreement/nordhavn/radio-1/de-bsi";
const ENGLISH: &[u8] = b"No backdoors.\n";
const GERMAN: &[u8] = "Keine Hintertüren.\n".as_bytes();
const FRENCH: &[u8] = "Pas de portes dérobées.\n".as_bytes();
/// The copy of the paper that is filed.
const PAPER: &[u8] = b"%PDF-1.7\nA letter, scanned.\n%%EOF\n";

/// A registry in `reg`, served, with a listed vendor and an enrolled government.
struct Market {
    bench: Bench,
    served: Served,
}

impl Market {
    fn new() -> Self {
        let bench = Bench::new();
        bench.ok(&["init", "reg", "--origin", ORIGIN, "--title", "A demonstration", "--no-passphrase"]);
        bench.key("de-bsi.pem");
        let served = Served::start(&bench, "reg");
        let market = Self { bench, served };
        market.bench.write("vendor.yaml", "names: [{name: Nordhavn Radio AB}]\nrole: vendor\ncountry: se\n");
        market.publish("party.list", "registrar", "party/nordhavn", "vendor", "reg/registrar-1.key.pem");
        market.bench.ok(
            &"key request --party de-bsi --key de-bsi.pem --name Office --role government --country de -o enrol.yaml"
                .split(' ')
                .chain(["--origin", ORIGIN])
                .collect::<Vec<_>>(),
        );
        market.bench.ok(&["sign", "enrol.yaml", "--key", "reg/registrar-1.key.pem", "--yes"]);
        market.online(&["publish", "enrol.statement", "--yes"]).exits(0);
        market
    }

    /// The government files an agreement whose terms name these texts, in force from today; its docket file is
    /// `agreement.docket`.
    fn file(&self, texts: &str) {
        let today = jiff::Timestamp::now().to_string()[..10].to_owned();
        let not_stated = [
            "binds_parent",
            "binds_affiliates",
            "remedy_on_breach",
            "who_verifies",
            "home_state_signs",
            "governing_law",
            "text_availability",
        ]
        .map(|name| format!("{name}: not_stated"))
        .join(", ");
        let body = format!(
            "date: {today}\n\
             paper: {{signed_on: {today}, method: signature, form: a letter, digest: \"{}\"}}\n\
             terms:\n  mode: unilateral_filed\n  title: Terms under test\n  texts: [{texts}]\n  \
             clauses: [{{id: NB1, type: no_backdoor, obligor: vendor, modality: warrants}}]\n  \
             scope: [{{product: A radio, sha256: [\"{}\"]}}]\n  \
             disclosure: {{{not_stated}}}\n  term: {{zone: UTC, effective: {today}}}\n",
            sha256(&[PAPER]),
            sha256(&[b"the image of a radio"]),
        );
        self.bench.write("agreement.yaml", body);
        self.publish("agreement.file", "de-bsi", AGREEMENT, "agreement", "de-bsi.pem");
        self.online(&["docket", AGREEMENT, "-o", "agreement.docket"]).exits(0).says("In force");
    }

    /// Signs and publishes a statement with the body in `name.yaml`.
    fn publish(&self, kind: &str, issuer: &str, subject: &str, name: &str, key: &str) {
        let (body, draft) = (format!("{name}.yaml"), format!("{name}-draft.yaml"));
        self.bench.ok(&[
            "draft",
            kind,
            "--from",
            &body,
            "--issuer",
            issuer,
            "--subject",
            subject,
            "--origin",
            ORIGIN,
            "-o",
            &draft,
        ]);
        self.bench.ok(&["sign", &draft, "--key", key, "--yes"]);
        self.online(&["publish", &format!("{name}-draft.statement"), "--yes"]).exits(0).says("Registered.");
    }

    fn online(&self, arguments: &[&str]) -> Ran {
        online(&self.bench, &self.served, arguments)
    }

    fn verify(&self, arguments: &[&str]) -> Ran {
        verify(&self.bench, arguments)
    }
}

fn online(bench: &Bench, served: &Served, arguments: &[&str]) -> Ran {
    bench.run_with(&[("NOSPY_SERVER", &served.url), ("NOSPY_POLICY", "reg/policy.txt")], arguments)
}

fn verify(bench: &Bench, arguments: &[&str]) -> Ran {
    bench.run(&[&["verify", "agreement.docket", "--policy", "reg/policy.txt"], arguments].concat())
}

/// A text as terms name it.
fn named(language: &str, status: &str, text: &[u8]) -> String {
    named_as(language, status, text, "text/plain")
}

fn named_as(language: &str, status: &str, text: &[u8], media_type: &str) -> String {
    let (digest, size) = (sha256(&[text]), text.len());
    format!("{{language: {language}, status: {status}, sha256: \"{digest}\", size: {size}, media_type: {media_type}}}")
}

fn flipped(text: &[u8]) -> Vec<u8> {
    let mut other = text.to_vec();
    other[3] ^= 1;
    other
}

/// The axis, and what it is for each text of the terms, of a verification in JSON that is in force.
#[track_caller]
fn integrity(ran: Ran) -> (String, Vec<String>) {
    let json = ran.json();
    assert_eq!(json["standing"]["force"], "in_force", "no text changes force");
    assert_eq!(json["standing"]["integrity"], json["texts"]["integrity"]);
    let word = |json: &Json| json["integrity"].as_str().unwrap().to_owned();
    (word(&json["standing"]), json["texts"]["texts"].as_array().unwrap().iter().map(word).collect())
}

#[test]
fn rule_7_another_digest_is_a_mismatch_and_force_stays() {
    let market = Market::new();
    let prevails = named("en", "authentic", ENGLISH).replace("authentic", "authentic, prevails: true");
    market.file(&[prevails, named("de", "authentic", GERMAN), named("fr", "translation", FRENCH)].join(", "));
    let bench = &market.bench;
    for (name, text) in [("en.txt", ENGLISH), ("de.txt", GERMAN), ("fr.txt", FRENCH)] {
        bench.write(name, text);
        bench.write(&format!("other-{name}"), flipped(text));
    }
    let check = |arguments: &[&str], exit: i32, axis: &str, lines: [&str; 3]| {
        let ran = market.verify(&[arguments, &["--output", "json"]].concat()).exits(exit);
        assert_eq!(ran.json()["exit"], exit);
        assert_eq!(integrity(ran), (axis.to_owned(), lines.map(str::to_owned).to_vec()), "{arguments:?}");
    };
    let (good, bad, gone) = ("unchanged", "mismatch", "unavailable");
    let (en, de, fr) = (["--text", "en=en.txt"], ["--text", "de=de.txt"], ["--text", "fr=fr.txt"]);
    let (bad_en, bad_fr) = (["--text", "en=other-en.txt"], ["--text", "fr=other-fr.txt"]);

    let without = market.verify(&["--output", "json"]).exits(0).json();
    assert_eq!((&without["standing"]["integrity"], &without["texts"]), (&"unavailable".into(), &Json::Null));
    check(&[en, de, fr].concat(), 0, good, [good, good, good]);
    check(&[en, de].concat(), 0, good, [good, good, gone]);
    check(&en, 0, gone, [good, gone, gone]);
    // A file without a language is known by its digest, and is nothing if it has none that is named.
    check(&["--text", "de.txt", "--text", "en.txt"], 0, good, [good, good, gone]);
    check(&[&en[..], &de, &["--text", "other-en.txt"]].concat(), 18, good, [good, good, gone]);
    check(&bad_en, 17, bad, [bad, gone, gone]);
    check(&[bad_en, de].concat(), 17, bad, [bad, good, gone]);
    // The same text by two names: what was asked about is another one, whatever else is at hand.
    check(&[en, bad_en, de].concat(), 17, bad, [bad, good, gone]);
    // The text of another language is not the one in this.
    check(&["--text", "en=de.txt"], 17, bad, [bad, good, gone]);
    // A translation is told of, and the axis is about what binds.
    check(&[en, de, bad_fr].concat(), 17, good, [good, good, bad]);
    check(&["--text", "it=other-en.txt"], 17, gone, [gone, gone, gone]);
    check(&["--text", "it=en.txt"], 0, gone, [good, gone, gone]);

    let told = market.verify(&[en, ["--text", "de=other-en.txt"]].concat()).exits(17).says("In force");
    let told = told.says("✓ en       authentic, prevails").says("✗ de       authentic");
    told.says("MISMATCH: other-en.txt is another text than the one with the SHA-256").says("– fr");
    market.verify(&["--text", "it=other-en.txt"]).exits(17).says("✗ other-en.txt: no text of these terms");
    market.verify(&["--text", "absent.txt"]).exits(3);
    // The day before there was nothing to compare with, and the answer is that of the standing.
    market.verify(&["--on", "2001-01-01", "--text", "en=en.txt"]).exits(17).says("compared with nothing");
    // A check that fails stays what it is.
    let stranger = bench.ok(&["key", "show", "de-bsi.pem", "--log-name", ORIGIN, "--output", "json"]).json();
    let stranger = stranger["log_verifier_key"].as_str().unwrap();
    bench.run(&["verify", "agreement.docket", "--policy", stranger, "--text", "en=other-en.txt"]).exits(10);
    bench.run(&["verify", "agreement-draft.statement", "--text", "en=en.txt"]).exits(2).says("is no docket file");
}

#[test]
fn the_only_authentic_text_needs_no_name() {
    let market = Market::new();
    market.file(&[named("en", "authentic", ENGLISH), named("de", "translation", GERMAN)].join(", "));
    market.bench.write("text", ENGLISH);
    market.bench.write("other", flipped(ENGLISH));
    let lines = |ran: Ran| integrity(ran).1;
    assert_eq!(lines(market.verify(&["--text", "text", "--output", "json"]).exits(0)), ["unchanged", "unavailable"]);
    assert_eq!(lines(market.verify(&["--text", "other", "--output", "json"]).exits(17)), ["mismatch", "unavailable"]);
    // Where the authentic text is at hand, another file is just none of them.
    let both = ["--text", "text", "--text", "other", "--output", "json"];
    assert_eq!(lines(market.verify(&both).exits(18)), ["unchanged", "unavailable"]);
}

#[test]
fn the_commitment_is_that_of_the_formats() {
    let salt: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    // docs/formats.md §11, computed by another implementation.
    let known = "e9527b5bf06a00d7b8d8121a270fc91f786fefc82be4aadf824fe575e40c58be";
    assert_eq!(withheld_commitment(&salt, ENGLISH).to_string(), known);
}

/// Fixture F8: a text is withheld behind a commitment and published later. The commitment opens it and no other.
#[test]
fn f8_a_withheld_text_opens_its_commitment_and_another_does_not() {
    let market = Market::new();
    let bench = &market.bench;
    bench.write("secret.txt", GERMAN);
    let made = bench.ok(&["text", "commit", "secret.txt", "--output", "json"]).says("Keep secret.txt.opening");
    let commitment = made.json()["commitment"].as_str().unwrap().to_owned();
    assert_eq!(mode(&bench.path("secret.txt.opening")), 0o600);
    let opening = String::from_utf8(bench.read("secret.txt.opening")).unwrap();
    let salt = opening.lines().find_map(|line| line.strip_prefix("salt = \"")).unwrap().trim_end_matches('"');
    assert!(![&made.stdout, &made.stderr].iter().any(|said| said.contains(salt)), "the salt is a secret");
    assert_eq!(withheld_commitment(&parse_hex(salt).unwrap().try_into().unwrap(), GERMAN).to_string(), commitment);
    // A second commitment has another salt, and the first opening is not overwritten.
    bench.run(&["text", "commit", "secret.txt"]).exits(2);
    assert_eq!(bench.read("secret.txt.opening"), opening.as_bytes());
    bench.write("again.txt", GERMAN);
    let yaml = bench.ok(&["text", "commit", "again.txt"]).stdout;
    assert!(yaml.starts_with("- language:") && !yaml.contains(&commitment), "{yaml}");

    let text = format!(
        "{{language: de, status: authentic, withheld: {{commitment: \"{commitment}\", reason: Names of sources, \
         review: 2030-01-01}}}}"
    );
    market.file(&[text, named("en", "translation", ENGLISH)].join(", "));
    bench.write("other.txt", flipped(GERMAN));
    bench.write("other.txt.opening", opening.replace("file = \"secret.txt\"", "file = \"other.txt\""));
    let other_salt = Digest([7; 32]).to_string();
    let inline = |salt: &str, file: &str| format!("de={salt}:{file}");
    for (flag, value, exit, axis) in [
        ("--opening", "secret.txt.opening".to_owned(), 0, "unchanged"),
        ("--opening", inline(salt, "secret.txt"), 0, "unchanged"),
        ("--opening", "other.txt.opening".to_owned(), 17, "mismatch"),
        ("--opening", inline(salt, "other.txt"), 17, "mismatch"),
        ("--opening", inline(&other_salt, "secret.txt"), 17, "mismatch"),
        // The opening of another commitment to the same text is none of these terms.
        ("--opening", "again.txt.opening".to_owned(), 17, "withheld"),
        // Without its salt nobody can tell.
        ("--text", "de=secret.txt".to_owned(), 18, "withheld"),
        ("--text", "secret.txt".to_owned(), 18, "withheld"),
    ] {
        let ran = market.verify(&[flag, &value, "--output", "json"]).exits(exit);
        assert_eq!(integrity(ran).0, axis, "{flag} {value}");
    }
    std::fs::create_dir(bench.path("texts")).unwrap();
    market.verify(&["--texts", "texts"]).exits(0).says("– de").says("withheld: Names of sources").says("2030-01-01");
    market.verify(&["--opening", "secret.txt.opening"]).exits(0).says("secret.txt opens the commitment");

    bench.ok(&["text", "open", "secret.txt.opening"]).says("✓").says(&commitment);
    bench.run(&["text", "open", "other.txt.opening"]).exits(17).says("✗");
    for (name, bad) in [
        ("path", opening.replace("\"secret.txt\"", "\"../secret.txt\"")),
        ("salt", opening.replace(salt, "no salt")),
        ("more", format!("{opening}more = \"x\"\n")),
        ("long", format!("{opening}#{}", "x".repeat(8_192))),
    ] {
        bench.write(name, bad);
        let ran = bench.run(&["text", "open", name]).exits(16);
        assert!(!ran.stderr.contains(salt), "{}", ran.stderr);
    }
}

/// The life of a deposited text: kept, fetched beside the docket file, removed with a tombstone that outlives restarts.
#[test]
fn a_removed_text_leaves_a_tombstone() {
    let market = Market::new();
    let pdf = named_as("de", "authentic", PAPER, "application/pdf");
    market.file(&[named("en", "authentic", ENGLISH), named("fr", "translation", FRENCH), pdf].join(", "));
    let Market { bench, served } = market;
    let (english, french, paper) = (sha256(&[ENGLISH]), sha256(&[FRENCH]), sha256(&[PAPER]));
    bench.write("en.txt", ENGLISH);
    bench.write("paper.pdf", PAPER);
    bench.write("image", "the image of a radio");
    online(&bench, &served, &["text", "deposit", "en.txt"]).exits(0);
    online(&bench, &served, &["text", "deposit", "paper.pdf"]).exits(0);
    // A digest of the scope is no text.
    online(&bench, &served, &["text", "deposit", "image"]).exits(19).says("text_not_named");

    let fetched = online(&bench, &served, &["docket", AGREEMENT, "-o", "first.docket", "--texts", "first"]).exits(0);
    fetched.says(&format!("nobody deposited the text {french}")).says("✓ en").says("✓ de").says("– fr");
    let english_file = format!("first/{english}.txt");
    assert_eq!((bench.read(&english_file), bench.read(&format!("first/{paper}.pdf"))), (ENGLISH.into(), PAPER.into()));
    let first = verify(&bench, &["--texts", "first", "--output", "json"]).exits(0);
    assert_eq!(
        integrity(first),
        ("unchanged".into(), ["unchanged", "unavailable", "unchanged"].map(Into::into).into())
    );
    bench.write(&english_file, flipped(ENGLISH));
    verify(&bench, &["--texts", "first"]).exits(17).says("✗ en");
    online(&bench, &served, &["docket", AGREEMENT, "-o", "again.docket", "--texts", "first"])
        .exits(17)
        .says("left alone");
    verify(&bench, &["--texts", "absent"]).exits(3);

    let digest = english.to_string();
    let long = "§".repeat(512);
    let remove = |digest: &str, reason: &str| {
        bench.run(&["text", "remove", digest, "--reason", reason, "--config", "reg/nospy.toml"])
    };
    remove(&digest, "A court's order").exits(2).says("Stop the registry");
    assert_eq!(served.stop(), 0);
    assert!(holds(&bench, ENGLISH));
    remove(&digest, "").exits(2);
    remove(&"0".repeat(64), "None such").exits(3).says("no logged statement names");
    let tombstone = remove(&digest, "A court's order").exits(0).says(&digest).says("A court's order").stdout;
    remove(&digest, "Another reason").exits(19).says("A court's order").says("never changed");
    // What nobody deposited can be kept from being deposited; a reason may be long.
    remove(&french.to_string(), &long).exits(0).says("Nobody had deposited it");
    assert!(!holds(&bench, ENGLISH) && holds(&bench, PAPER));
    fsck(&bench).exits(0).says("1 texts");

    for round in ["one", "two"] {
        let served = Served::start(&bench, "reg");
        let gone = online(&bench, &served, &["text", "fetch", &digest]).exits(3);
        gone.says("text_removed").says("A court's order").says(tombstone.trim_end());
        online(&bench, &served, &["text", "fetch", &french.to_string()]).exits(3).says(&long);
        online(&bench, &served, &["text", "deposit", "en.txt"]).exits(19).says("text_removed").says("A court's order");
        let (file, folder) = (format!("{round}.docket"), format!("texts-{round}"));
        let told = online(&bench, &served, &["docket", AGREEMENT, "-o", &file, "--texts", &folder]).exits(0);
        told.says("✓ de").says("– en").says("unavailable; the registry's word").says("A court's order");
        assert_eq!(served.stop(), 0);
        // Offline the word of the registry is still beside the file, and a copy that somebody kept is still proved.
        let ran = verify(&bench, &["--texts", &folder, "--output", "json"]).exits(0);
        assert!(ran.json()["texts"]["texts"][0]["removed"].as_str().unwrap().contains("A court's order"));
        assert_eq!(integrity(ran).0, "unavailable");
        verify(&bench, &["--texts", &folder, "--text", "en=en.txt"]).exits(0).says("✓ en");
    }

    // A tombstone that was altered is no answer.
    flip(&bench, &[&b"z"[..], &english.0].concat(), 45);
    fsck(&bench).exits(11).says("tombstone");
    let served = Served::start(&bench, "reg");
    let damaged = online(&bench, &served, &["text", "fetch", &digest]).exits(5);
    assert!(!damaged.stderr.contains("court"), "{}", damaged.stderr);
    online(&bench, &served, &["text", "deposit", "en.txt"]).exits(5);
    drop(served);
}

fn fsck(bench: &Bench) -> Ran {
    bench.run(&["log", "fsck", "--config", "reg/nospy.toml", "--policy", "reg/policy.txt"])
}

/// Whether the database of a stopped registry has a row with these bytes in it.
fn holds(bench: &Bench, bytes: &[u8]) -> bool {
    let storage = SledStorage::open(bench.path("reg/data"), SledOptions::default()).unwrap();
    let rows = storage.snapshot().unwrap().scan(&[0], &[0xFF; 40], usize::MAX).unwrap();
    rows.iter().any(|(_, value)| value.windows(bytes.len()).any(|window| window == bytes))
}

/// Changes a bit of a row of a stopped registry.
fn flip(bench: &Bench, key: &[u8], at: usize) {
    let storage = SledStorage::open(bench.path("reg/data"), SledOptions::default()).unwrap();
    let snapshot = storage.snapshot().unwrap();
    let mut value = snapshot.get(key).unwrap().unwrap().to_vec();
    value[at] ^= 1;
    let head = snapshot.get(HEAD_KEY).unwrap().unwrap();
    let mut batch = Batch::new();
    batch.put(key.to_vec(), value);
    batch.put(HEAD_KEY, head.to_vec());
    storage.commit(Some(&head), batch).unwrap();
}
