//! Drafts of every kind, as people make them with `nospy draft` and sign them: who and what they are about, what they
//! refer to, what is said before they are signed. No network.
#![allow(clippy::unwrap_used)]

mod program;

use nospy::codec::Item;
use nospy::statement::Statement;

use crate::program::{Bench, ORIGIN};

const OFFER: &str = "offer/nordhavn/radio-2026";
const AGREEMENT: &str = "agreement/nordhavn/radio-2026/de-bsi";
/// The families of subjects, one of each.
const SUBJECTS: [&str; 5] = ["registry", "party/nordhavn", OFFER, AGREEMENT, "report/registrar/press-1"];

fn statement(bench: &Bench, name: &str) -> Statement {
    Statement::parse(&bench.read(name)).unwrap()
}

/// Drafts with the given arguments, writes out what a template leaves open, signs.
fn signed(bench: &Bench, name: &str, arguments: &[&str]) -> Statement {
    let (draft, out) = (format!("{name}.yaml"), format!("{name}.statement"));
    bench.ok(&[&["draft"], arguments, &["-o", &draft]].concat());
    bench.write_out(&draft);
    bench.ok(&["sign", &draft, "--key", "k.pem", "--yes", "-o", &out]);
    statement(bench, &out)
}

#[test]
fn each_kind_is_about_its_own_families_of_subjects() {
    let bench = Bench::new();
    let cases: &[(&str, &[&str])] = &[
        ("registry.policy", &["registry"]),
        ("party.retire", &["party/nordhavn"]),
        ("agreement.amend", &[AGREEMENT]),
        ("basis.change", &[AGREEMENT]),
        ("finding.determine", &[AGREEMENT]),
        ("evidence.add", &[OFFER, AGREEMENT]),
        ("assurance.opinion", &[OFFER, AGREEMENT]),
        ("canary", &[OFFER, AGREEMENT]),
        ("notice.circumstance", &[OFFER, AGREEMENT]),
        ("endorse", &SUBJECTS),
    ];
    for (kind, own) in cases {
        for subject in SUBJECTS {
            bench.ok(&["draft", kind, "--origin", ORIGIN, "--subject", subject, "-o", "a.yaml"]);
            bench.write_out("a.yaml");
            let read = bench.run(&["draft", kind, "--from", "a.yaml"]);
            match own.contains(&subject) {
                true => drop(read.exits(0)),
                false => drop(read.exits(16).says("subject").says(&format!("a {kind} is about "))),
            }
            std::fs::remove_file(bench.path("a.yaml")).unwrap();
        }
    }
}

#[test]
fn the_issuer_of_a_template_is_one_who_may_sign() {
    let bench = Bench::new();
    let cases = [
        ("registry.close", "registry", "registrar"),
        ("party.rename", "party/nordhavn", "nordhavn"),
        ("agreement.confirm", AGREEMENT, "nordhavn"),
        ("agreement.amend", AGREEMENT, "nordhavn"),
        ("basis.change", AGREEMENT, "de-bsi"),
        ("assurance.opinion", AGREEMENT, "de-bsi"),
        ("assurance.opinion", OFFER, "example-auditor"),
        ("finding.determine", AGREEMENT, "de-bsi"),
        ("canary", OFFER, "nordhavn"),
        ("endorse", "registry", "registrar"),
    ];
    for (kind, subject, issuer) in cases {
        let template = bench.ok(&["draft", kind, "--subject", subject]).stdout;
        assert!(template.contains(&format!("\nissuer: {issuer}\n")), "{kind}: {template}");
    }
}

#[test]
fn a_statement_that_is_referred_to_fills_what_can_only_be_the_same() {
    let bench = Bench::new();
    bench.key("k.pem");
    let offer = signed(&bench, "offer", &["offer.make", "--origin", ORIGIN, "--subject", OFFER]);
    for kind in ["endorse", "void"] {
        let about = signed(&bench, kind, &[kind, "--ref", "offer.statement"]);
        assert_eq!(
            (about.subject(), about.issuer(), about.origin()),
            (offer.subject(), offer.issuer(), offer.origin())
        );
        let id = about.body().field("ref").and_then(|item| item.byte_array());
        assert_eq!(id, Some(offer.id().0), "{kind}");
    }
    // An acceptance has a subject and an issuer of its own.
    let id = offer.id().to_string();
    let accept = ["agreement.accept", "--subject", AGREEMENT, "--origin", ORIGIN, "--ref"];
    let by_id = signed(&bench, "by-id", &[&accept[..], &[id.as_str()]].concat());
    let by_file = signed(&bench, "by-file", &[&accept[..], &["offer.statement"]].concat());
    assert_eq!(by_id.body().to_value(), by_file.body().to_value());
    assert_eq!((by_id.subject().to_string().as_str(), by_id.issuer()), (AGREEMENT, by_file.issuer()));
    let answer = bench.ok(&["draft", "agreement.accept", "--ref", "offer.statement", "--issuer", "de-bsi"]).stdout;
    assert!(answer.contains(&format!("subject: {AGREEMENT}\n")), "{answer}");
    let template = bench.ok(&["draft", "agreement.accept", "--ref", "offer.statement"]).stdout;
    assert!(template.contains(&id) && template.contains("subject: agreement/"), "{template}");

    bench.run(&["draft", "offer.make", "--ref", &id]).exits(2).says("refers to no statement");
    bench.run(&["draft", "endorse", "--ref", "missing.statement"]).exits(3);
    bench.run(&["draft", "endorse", "--ref", "offer.yaml"]).exits(16).says("neither a statement nor an id");
}

/// What both sign is one body, byte for byte: each drafts from the same file.
#[test]
fn both_parties_sign_the_same_body() {
    let bench = Bench::new();
    bench.key("k.pem");
    let renew = ["agreement.renew", "--origin", ORIGIN, "--subject", AGREEMENT, "--ref", &"cd".repeat(32)];
    signed(&bench, "theirs", &renew);
    let again = ["agreement.renew", "--from", "theirs.yaml", "--issuer", "de-bsi"];
    let (vendor, government) = (statement(&bench, "theirs.statement"), signed(&bench, "ours", &again));
    assert_ne!(vendor.issuer(), government.issuer());
    let body = |statement: &Statement| nospy::codec::encode(&statement.body().to_value());
    assert_eq!((vendor.subject(), body(&vendor)), (government.subject(), body(&government)));
    assert!(Item::read(&body(&vendor)).is_ok());
}

#[test]
fn what_a_template_says_is_never_signed() {
    let bench = Bench::new();
    bench.key("k.pem");
    let sign = |kind: &str| {
        bench.ok(&["draft", kind, "--origin", ORIGIN, "-o", &format!("{kind}.yaml")]);
        bench.run(&["sign", &format!("{kind}.yaml"), "--key", "k.pem", "--yes"]).exits(16)
    };
    sign("evidence.add").says("body.digest still says \"0000");
    sign("registry.policy").says("body.grant[0] still says \"d75a9801");
    sign("agreement.dispute").says("body.reasons still says \"to be written\"");
}

#[test]
fn what_follows_is_said_before_it_is_signed() {
    let bench = Bench::new();
    bench.key("k.pem");
    let cases = [
        ("agreement.amend", "until the other party registers the same"),
        ("endorse", "Read that one first"),
        ("void", "stays readable for ever"),
        ("registry.close", "nothing can be registered after it"),
        ("canary", "shown as late"),
    ];
    for (kind, words) in cases {
        let draft = format!("{kind}.yaml");
        bench.ok(&["draft", kind, "--origin", ORIGIN, "-o", &draft]);
        bench.write_out(&draft);
        // Nobody says yes here, so that all of it is said before.
        let asked = bench.run(&["sign", &draft, "--key", "k.pem"]).exits(2).says(words).says("public for ever");
        asked.says("Personal data other than the names of office holders does not belong in it");
        assert!(!bench.path(&format!("{kind}.statement")).exists());
    }
    bench.ok(&["draft", "agreement.terminate", "--origin", ORIGIN, "-o", "end.yaml"]);
    bench.write_out("end.yaml");
    let end = String::from_utf8(bench.read("end.yaml")).unwrap();
    let sign = ["sign", "end.yaml", "--key", "k.pem"];
    assert!(!bench.run(&sign).exits(2).stderr.contains("the other party"));
    bench.write("end.yaml", end.replace("ground: notice", "ground: mutual"));
    bench.run(&sign).exits(2).says("until the other party registers the same");
    let outside = ["sign", "void.yaml", "--public-key", "k.pem.pub", "--tbs-out", "void.tbs"];
    bench.ok(&outside).says("Personal data other than the names of office holders does not belong in it");
}
