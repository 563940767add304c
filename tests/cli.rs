//! The program `nospy`, driven as people drive it: files in, files and exit codes out, no network.
#![allow(clippy::unwrap_used)]

mod program;
mod vectors;

use nospy::crypto::{SigningKey, hex};
use nospy::evidence::Policy;
use nospy::statement::{Statement, Unsigned};
use serde_json::Value as Json;

use crate::program::{Bench, ORIGIN, mode};

/// The names of the kinds that can be drafted.
fn kinds(bench: &Bench) -> Vec<String> {
    let list = bench.ok(&["draft", "--output", "json"]).json();
    list.as_array().unwrap().iter().map(|kind| kind["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn help_lists_every_exit_code() {
    let help = Bench::new().ok(&["--help"]).stdout;
    for code in [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{code} "))), "{code} is missing");
    }
}

#[test]
fn keys_are_private_and_openssl_reads_them() {
    let bench = Bench::new();
    let public = bench.key("plain.pem");
    let secret = ("NOSPY_PASSPHRASE", "correct horse");
    let made = bench.run_with(&[secret], &["key", "new", "secret.pem"]).exits(0);
    assert_eq!(mode(&bench.path("plain.pem")), 0o600);
    assert_eq!(mode(&bench.path("secret.pem")), 0o600);
    assert!(String::from_utf8(bench.read("secret.pem")).unwrap().contains("ENCRYPTED"));
    let shown = bench.run_with(&[secret], &["key", "show", "secret.pem"]).exits(0);
    assert_eq!(shown.stdout, made.stdout);

    let Some(read) = bench.tool("openssl", &["pkey", "-in", "plain.pem", "-pubout"]) else { return };
    assert_eq!(read.exits(0).stdout, public.to_pem());
    let read = bench.tool("openssl", &["pkey", "-in", "secret.pem", "-passin", "pass:correct horse", "-noout"]);
    read.unwrap().exits(0);
    bench.tool("openssl", &["genpkey", "-algorithm", "ed25519", "-out", "theirs.pem"]).unwrap().exits(0);
    let theirs = bench.tool("openssl", &["pkey", "-in", "theirs.pem", "-pubout"]).unwrap().exits(0);
    assert_eq!(bench.ok(&["key", "show", "theirs.pem", "--pem"]).stdout, theirs.stdout);
}

#[test]
fn no_secret_is_printed_and_nothing_is_overwritten() {
    let bench = Bench::new();
    let made = bench.ok(&["key", "new", "a.pem", "--no-passphrase", "--output", "json"]);
    let pem = String::from_utf8(bench.read("a.pem")).unwrap();
    let secret: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
    let signed_with = bench.ok(&["key", "show", "a.pem"]);
    for text in [&made.stdout, &made.stderr, &signed_with.stdout, &signed_with.stderr] {
        assert!(!text.contains(&secret));
    }
    bench.run(&["key", "new", "a.pem", "--no-passphrase"]).exits(2).says("Nothing is overwritten");
    assert_eq!(bench.read("a.pem"), pem.as_bytes());
}

#[test]
fn a_passphrase_is_asked_for_and_checked() {
    let bench = Bench::new();
    bench.run(&["key", "new", "a.pem"]).exits(2).says("NOSPY_PASSPHRASE");
    bench.run_with(&[("NOSPY_PASSPHRASE", "short")], &["key", "new", "a.pem"]).exits(2);
    assert!(!bench.path("a.pem").exists());
    bench.run_with(&[("NOSPY_PASSPHRASE", "long enough")], &["key", "new", "a.pem"]).exits(0);
    bench.run_with(&[("NOSPY_PASSPHRASE", "another one")], &["key", "show", "a.pem"]).exits(4).says("passphrase");
}

#[test]
fn the_template_of_every_kind_can_be_read_back_and_signed() {
    let bench = Bench::new();
    bench.key("k.pem");
    let kinds = kinds(&bench);
    assert!(kinds.len() > 40 && !kinds.contains(&"registry.seal".to_owned()));
    for kind in kinds {
        let (draft, again, statement) = (format!("{kind}.yaml"), format!("{kind}.2.yaml"), format!("{kind}.statement"));
        bench.ok(&["draft", &kind, "--origin", ORIGIN, "-o", &draft]);
        let template = String::from_utf8(bench.read(&draft)).unwrap();
        let blanks = ["to be written", &"00".repeat(32), "d75a980182b10ab7"];
        let is_blank = |line: &str| !line.trim().starts_with('#') && blanks.iter().any(|blank| line.contains(blank));
        if template.lines().any(is_blank) && !["party.enrol", "party.keys"].contains(&kind.as_str()) {
            bench.run(&["sign", &draft, "--key", "k.pem", "--yes"]).exits(16).says("still says \"");
        }
        bench.write_out(&draft);
        bench.ok(&["draft", &kind, "--from", &draft, "-o", &again]);
        // The examples of these two carry no true proof of possession.
        if !["party.enrol", "party.keys"].contains(&kind.as_str()) {
            bench.ok(&["sign", &again, "--key", "k.pem", "--yes", "-o", &statement]);
            let shown = bench.ok(&["show", &statement, "--output", "json"]).json();
            assert_eq!(shown["kind"], kind);
        } else {
            bench.run(&["sign", &again, "--key", "k.pem", "--yes"]).exits(10).says("proof");
        }
    }
}

#[test]
fn a_template_with_every_optional_field_is_still_yaml() {
    let bench = Bench::new();
    for kind in kinds(&bench) {
        let template = bench.ok(&["draft", &kind]).stdout;
        let mut uncommented = 0;
        let all: String = template
            .lines()
            .map(|line| {
                let bare = line.replace("# ", "");
                let name = bare.trim_start().trim_start_matches("- ").split(':').next().unwrap_or_default();
                let is_field =
                    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
                uncommented += usize::from(is_field && line != bare);
                if is_field && bare.contains(':') { bare + "\n" } else { "#\n".to_owned() }
            })
            .collect();
        let read: Json = serde_saphyr::from_str(&all).unwrap_or_else(|error| panic!("{kind}: {error}\n{all}"));
        assert!(uncommented > 0 || kind == "registry.genesis" || read["body"].is_object(), "{kind}");
    }
}

#[test]
fn a_wrong_draft_names_file_line_field_and_rule() {
    let bench = Bench::new();
    bench.offer("offer.yaml");
    let good = String::from_utf8(bench.read("offer.yaml")).unwrap();
    let line_of = |text: &str, part: &str| text.lines().position(|line| line.contains(part)).unwrap() + 1;
    let cases = [
        ("binds_parent:", "bind_parent:", "body.terms.disclosure.bind_parent", "did you mean binds_parent?"),
        ("mode: open_offer", "mode: open", "body.terms.mode", "one of open_offer"),
        ("zone: UTC", "zone: 7", "body.terms.term.zone", "quotes"),
        ("kind: offer.make", "knd: offer.make", "knd", "unknown field"),
        ("issuer: huawei", "issuer: Huawei Ltd", "issuer", "party id"),
    ];
    for (from, to, field, rule) in cases {
        let bad = good.replace(from, to);
        bench.write("bad.yaml", &bad);
        let ran = bench.run(&["sign", "bad.yaml", "--key", "none.pem", "--yes"]).exits(16).says(field).says(rule);
        ran.says(&format!("bad.yaml, line {}", line_of(&bad, to)));
    }
    let missing: String =
        good.lines().filter(|line| !line.contains("binds_parent:")).map(|l| format!("{l}\n")).collect();
    bench.write("bad.yaml", missing);
    bench.run(&["sign", "bad.yaml", "--key", "none.pem"]).exits(16).says("body.terms.disclosure.binds_parent: missing");
    for (text, rule) in
        [("a: [1\n", "line"), ("a: 1\na: 2\n", "line 2"), ("a: &x 1\nb: *x\n", "line"), ("a: 1.5\n", "quotes")]
    {
        bench.write("bad.yaml", text);
        bench.run(&["draft", "offer.make", "--from", "bad.yaml"]).exits(16).says(rule);
    }
    bench.write("deep.yaml", "[".repeat(10_000));
    bench.run(&["draft", "offer.make", "--from", "deep.yaml"]).exits(16);
    bench.run(&["draft", "offer.mke"]).exits(2).says("Did you mean offer.make?");
}

#[test]
fn signing_shows_what_becomes_public_and_asks() {
    let bench = Bench::new();
    let public = bench.key("k.pem");
    bench.offer("offer.yaml");
    bench.run(&["sign", "offer.yaml", "--key", "k.pem"]).exits(2).says("public for ever").says("--yes");
    assert!(!bench.path("offer.statement").exists());
    let signed = bench.ok(&["sign", "offer.yaml", "--key", "k.pem", "--yes", "--iat", "2026-01-10T10:00:00Z"]);
    signed.says("Registered is not approved");
    let statement = Statement::parse(&bench.read("offer.statement")).unwrap();
    assert_eq!((statement.iat(), *statement.kid()), (1_768_039_200, public.kid()));
    statement.check_signature(&public).unwrap();
    let shown = bench.ok(&["show", "offer.statement", "--output", "json"]);
    assert!(shown.stderr.contains("Nothing here has been verified"));
    assert_eq!(shown.json()["id"], statement.id().to_string());
}

#[test]
fn an_outside_signer_gets_the_bytes_and_hands_back_a_signature() {
    let bench = Bench::new();
    let public = bench.key("k.pem");
    bench.key("other.pem");
    bench.offer("offer.yaml");
    bench.ok(&["sign", "offer.yaml", "--public-key", "k.pem.pub", "--tbs-out", "offer.tbs"]);
    bench.ok(&["show", "offer.tbs"]).says("not a statement yet").says("offer/huawei/no-spy-2019");
    let key = SigningKey::from_pem(std::str::from_utf8(&bench.read("k.pem")).unwrap(), None).unwrap();
    bench.write("offer.sig", key.sign(&bench.read("offer.tbs")));
    bench.write("offer.hex", hex(&bench.read("offer.sig")) + "\n");
    for signature in ["offer.sig", "offer.hex"] {
        let out = format!("{signature}.statement");
        bench.ok(&["sign", "offer.tbs", "--signature", signature, "--public-key", "k.pem.pub", "-o", &out]);
        Statement::parse(&bench.read(&out)).unwrap().check_signature(&public).unwrap();
    }
    let finish = |signature: &str, key: &str| {
        bench.run(&["sign", "offer.tbs", "--signature", signature, "--public-key", key, "-o", "no"])
    };
    finish("offer.sig", "other.pem.pub").exits(10);
    bench.write("short.sig", [0; 63]);
    finish("short.sig", "k.pem.pub").exits(16);
    assert!(!bench.path("no").exists());
    Unsigned::from_to_be_signed(&bench.read("offer.tbs")).unwrap();

    let arguments = ["pkeyutl", "-sign", "-rawin", "-inkey", "k.pem", "-in", "offer.tbs", "-out", "openssl.sig"];
    let Some(signed) = bench.tool("openssl", &arguments) else { return };
    signed.exits(0);
    assert_eq!(bench.read("openssl.sig"), bench.read("offer.sig"), "Ed25519 has one signature");
}

#[test]
fn an_enrolment_request_is_a_draft_that_the_registrar_checks_and_signs() {
    let bench = Bench::new();
    bench.key("party.pem");
    bench.key("registrar.pem");
    let request = [
        "key",
        "request",
        "--party",
        "no-nsm",
        "--origin",
        ORIGIN,
        "--key",
        "party.pem",
        "--name",
        "Nasjonal sikkerhetsmyndighet",
        "--role",
        "government",
        "--country",
        "no",
        "-o",
        "request.yaml",
    ];
    bench.ok(&request);
    assert_eq!(bench.ok(&["show", "request.yaml", "--output", "json"]).json()["possession_proved"], true);
    bench.ok(&["sign", "request.yaml", "--key", "registrar.pem", "--yes"]);
    let text = String::from_utf8(bench.read("request.yaml")).unwrap();
    bench.write("stolen.yaml", text.replace("party/no-nsm", "party/se-msb"));
    assert_eq!(bench.ok(&["show", "stolen.yaml", "--output", "json"]).json()["possession_proved"], false);
    bench.run(&["sign", "stolen.yaml", "--key", "registrar.pem", "--yes"]).exits(10).says("body.keys[0].proof");
}

#[test]
fn a_further_key_brings_its_proof() {
    let bench = Bench::new();
    bench.key("old.pem");
    bench.key("new.pem");
    let grant_for = |party: &str| {
        let grant = ["key", "proof", "--party", party, "--origin", ORIGIN, "--key", "new.pem", "--kinds", "offer.make"];
        bench.write("grant.yaml", bench.ok(&grant).stdout);
        let draft = ["draft", "party.keys", "--from", "grant.yaml"];
        let header = ["--issuer", "huawei", "--subject", "party/huawei", "--origin", ORIGIN];
        let out = format!("{party}.yaml");
        bench.ok(&[&draft[..], &header[..], &["-o", &out]].concat());
        bench.run(&["sign", &out, "--key", "old.pem", "--yes"])
    };
    grant_for("huawei").exits(0);
    grant_for("someone-else").exits(10).says("body.grant[0].proof");
}

#[test]
fn init_makes_a_registry_that_can_be_checked() {
    let bench = Bench::new();
    let init = ["init", "reg", "--origin", "demo.example/nospy", "--title", "A demonstration", "--no-passphrase"];
    bench.ok(&init).says("DEMO").says("Keep these safe");
    for key in ["log", "registrar-1", "registrar-2"] {
        assert_eq!(mode(&bench.path(&format!("reg/{key}.key.pem"))), 0o600);
    }
    let genesis = Statement::parse(&bench.read("reg/genesis.statement")).unwrap();
    let registrar = SigningKey::from_pem(std::str::from_utf8(&bench.read("reg/registrar-1.key.pem")).unwrap(), None);
    genesis.check_signature(&registrar.unwrap().public()).unwrap();
    assert_eq!(Policy::parse(&bench.read("reg/policy.txt")).unwrap().logs()[0].name(), "demo.example/nospy");
    bench.ok(&["show", "reg/genesis.statement"]).says("DEMO");
    bench.run(&init).exits(2).says("not empty");
    bench.run(&["init", "x", "--origin", "Not An Origin", "--title", "t", "--no-passphrase"]).exits(2);
    let many = ["init", "x", "--origin", "a.example", "--title", "t", "--no-passphrase", "--registrar-threshold", "3"];
    bench.run(&many).exits(2).says("threshold");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let bench = Bench::new();
    bench.write("nospy.toml", "origin = \"file.example/log\"\n");
    let origin = |variables: &[(&str, &str)], more: &[&str]| {
        let arguments = [&["draft", "offer.make", "--config", "nospy.toml"], more].concat();
        let text = bench.run_with(variables, &arguments).exits(0).stdout;
        text.lines().find_map(|line| line.strip_prefix("origin: ").map(str::to_owned)).unwrap()
    };
    assert_eq!(origin(&[], &[]), "file.example/log");
    assert_eq!(origin(&[("NOSPY_ORIGIN", "env.example/log")], &[]), "env.example/log");
    assert_eq!(origin(&[("NOSPY_ORIGIN", "env.example/log")], &["--origin", "flag.example/log"]), "flag.example/log");
    bench.write("nospy.toml", "orgin = \"file.example/log\"\n");
    bench.run(&["draft", "--config", "nospy.toml"]).exits(2).says("orgin");
}

#[test]
fn a_strangers_text_cannot_act_on_the_terminal() {
    let bench = Bench::new();
    bench.key("k.pem");
    bench.offer("offer.yaml");
    let text = String::from_utf8(bench.read("offer.yaml")).unwrap();
    bench.write("offer.yaml", text.replace("title: as a test says", "title: \"a\\u202Eb\""));
    bench.run(&["sign", "offer.yaml", "--key", "k.pem", "--yes"]).exits(16).says("bidirectional");
    let shown = bench.ok(&["show", "offer.yaml"]);
    assert!(shown.stdout.contains("\\u{202e}") && !shown.stdout.contains('\u{202E}'));
    bench.write("evil\u{1b}[2J.txt", "?");
    let ran = bench.run(&["show", "evil\u{1b}[2J.txt"]).exits(16);
    assert!(!ran.stderr.contains('\u{1b}'));
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let ran = Bench::new().run(&["show", "absent", "--output", "json"]).exits(3);
    let error: Json = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!((error["error"]["exit"].as_u64(), error["error"]["reason"].as_str()), (Some(3), Some("not_found")));
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_statement_alone_proves_only_its_signature() {
    let bench = Bench::new();
    bench.key("k.pem");
    bench.key("other.pem");
    bench.offer("offer.yaml");
    bench.ok(&["sign", "offer.yaml", "--key", "k.pem", "--yes"]);
    bench.run(&["verify", "offer.statement"]).exits(18).says("Proven: nothing");
    bench
        .ok(&["verify", "offer.statement", "--public-key", "k.pem.pub"])
        .says("✓ statement-signature")
        .says("– entry-inclusion");
    bench.run(&["verify", "offer.statement", "--public-key", "other.pem.pub"]).exits(10).says("✗ statement-signature");
}

/// The cases of a vector file by name.
fn case<'a>(file: &'a Json, name: &str) -> &'a Json {
    file["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap()
}

fn unhex(case: &Json, field: &str) -> Vec<u8> {
    nospy::crypto::parse_hex(case[field].as_str().unwrap()).unwrap()
}

#[test]
fn receipts_are_checked_against_the_policy() {
    let Some(file) = vectors::golden("receipt.json") else { return };
    let bench = Bench::new();
    let good = case(&file, "entry-0-of-2");
    bench.write("receipt", unhex(good, "receipt"));
    bench.write("statement", unhex(good, "statement"));
    let log = file["keys"]["log"]["vkey"].as_str().unwrap();
    bench
        .ok(&["verify", "receipt", "--statement", "statement", "--policy", log])
        .says("✓ entry-inclusion")
        .says("– statement-signature");
    bench.run(&["verify", "receipt", "--policy", log]).exits(2).says("--statement");
    bench.run(&["verify", "receipt", "--statement", "statement"]).exits(2).says("no trust policy");
    bench.ok(&["show", "receipt"]).says("a receipt of");
    bench.key("k.pem");
    bench.offer("offer.yaml");
    bench.ok(&["sign", "offer.yaml", "--key", "k.pem", "--yes"]);
    bench
        .run(&["verify", "receipt", "--statement", "offer.statement", "--policy", log])
        .exits(11)
        .says("✗ entry-inclusion");
    let stranger = bench.ok(&["key", "show", "k.pem", "--log-name", ORIGIN, "--output", "json"]).json();
    let stranger = stranger["log_verifier_key"].as_str().unwrap();
    bench.run(&["verify", "receipt", "--statement", "statement", "--policy", stranger]).exits(11);
}

#[test]
fn checkpoints_are_checked_against_log_and_witnesses() {
    let Some(file) = vectors::golden("docket-file.json") else { return };
    let bench = Bench::new();
    let docket = unhex(case(&file, "agreement"), "hex");
    let text = String::from_utf8_lossy(&docket).into_owned();
    let start = text.find(&format!("{ORIGIN}\n")).unwrap();
    let note: String = text[start..].split_inclusive('\n').take_while(|line| !line.contains('\u{FFFD}')).collect();
    let end = note.rfind('\n').unwrap();
    bench.write("checkpoint", &note[..=end]);
    let policy = file["policy"].as_str().unwrap();
    bench.write("policy", policy);
    bench.ok(&["verify", "checkpoint", "--policy", "policy"]).says("✓ witness-quorum");
    let alone: Vec<&str> = note[..=end].lines().filter(|line| !line.contains("witness.example.net")).collect();
    bench.write("alone", alone.join("\n") + "\n");
    bench.run(&["verify", "alone", "--policy", "policy"]).exits(13).says("✗ witness-quorum");
    let log = file["keys"]["log"]["vkey"].as_str().unwrap();
    bench.ok(&["verify", "alone", "--policy", log]).says("– witness-quorum");
    bench.write("changed", note[..=end].replacen("\n24\n", "\n25\n", 1));
    bench.run(&["verify", "changed", "--policy", "policy"]).exits(10).says("✗ checkpoint-signature");
    bench.write("policy", "log nonsense\n");
    bench.run(&["verify", "checkpoint", "--policy", "policy"]).exits(2).says("line 1");
}

#[test]
fn broken_docket_files_are_refused_by_the_name_of_the_check() {
    let Some(file) = vectors::golden("docket-file.json") else { return };
    let bench = Bench::new();
    bench.write("policy", file["policy"].as_str().unwrap());
    let good = unhex(case(&file, "agreement"), "hex");
    bench.write("cut.docket", &good[..good.len() - 1]);
    let ran = bench.run(&["verify", "cut.docket", "--policy", "policy"]).exits(16);
    ran.says("✗ file-format").says("· checkpoint-signature").says("not run");
    bench.write("good.docket", &good);
    bench.ok(&["show", "good.docket"]).says("party/gb-ncsc: 1 entries");
    bench.key("k.pem");
    let stranger = bench.ok(&["key", "show", "k.pem", "--log-name", ORIGIN, "--output", "json"]).json();
    let stranger = stranger["log_verifier_key"].as_str().unwrap().to_owned();
    bench.run(&["verify", "good.docket", "--policy", &stranger]).exits(10).says("✗ checkpoint-signature");
    let stale = bench.run(&["verify", "good.docket", "--policy", "policy", "--max-age", "1s"]).exits(14);
    stale.says("✗ freshness").says("✓ statement-signature");
    bench.run(&["verify", "good.docket", "--policy", "policy", "--max-age", "soon"]).exits(2);
    bench.run(&["verify", "good.docket", "--policy", "policy", "--on", "someday"]).exits(2);
    bench.run(&["verify", "good.docket", "--policy", "policy", "--party-key", "huawei"]).exits(2);
}

#[test]
fn the_golden_docket_file_passes_every_check_of_format() {
    let Some(file) = vectors::golden("docket-file.json") else { return };
    let bench = Bench::new();
    bench.write("policy", file["policy"].as_str().unwrap());
    bench.write("a.docket", unhex(case(&file, "agreement"), "hex"));
    let ran = bench.run(&["verify", "a.docket", "--policy", "policy", "--output", "json"]);
    let answer = ran.json();
    let checks = answer["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 13);
    for check in &checks[..9] {
        assert_eq!(check["outcome"], "passed", "{check}");
    }
    assert_eq!((&checks[9]["name"], &checks[9]["outcome"]), (&"freshness".into(), &"skipped".into()));
    assert_eq!(answer["exit"].as_i64(), Some(i64::from(ran.code)));
    // Its bodies are plausible, not valid under the rules: nothing may read as a yes.
    assert!([15, 17, 18].contains(&ran.code), "exit {}", ran.code);
    assert_eq!(answer["not_proven"].as_array().unwrap().len(), 3);
}
