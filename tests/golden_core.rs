//! The golden vectors of formats §0-§3 and §6 (touches): every accept and every reject.

#![allow(clippy::panic)]

mod vectors;

use std::collections::BTreeMap;

use nospy::codec::{Item, Value, encode, encode_tagged};
use nospy::crypto::{PublicKey, SigningKey, possession_message, sha256, withheld_commitment};
use nospy::statement::{
    Draft, GovernmentOrCountry, Issuer, KindName, Named, Origin, Party, Reference, Statement, Subject, check_texts,
};
use vectors::{bytes, cases, golden, is_accept, text};

#[test]
fn cbor_strict() {
    let Some(file) = golden("cbor-strict.json") else { return };
    for case in cases(&file, "cases") {
        let input = bytes(case, "hex");
        let read = Item::read(&input);
        assert_eq!(read.is_ok(), is_accept(case), "{}: {read:?}", text(case, "name"));
        if let Ok(item) = read {
            assert_eq!(encode(&item.to_value()), input, "{}: one spelling", text(case, "name"));
            let value: serde_cbor::Value = serde_cbor::from_slice(&input).expect("the second reader agrees");
            assert_eq!(serde_cbor::to_vec(&value).expect("writes"), input, "{}", text(case, "name"));
        }
    }
    for case in cases(&file, "admission") {
        let input = bytes(case, "hex");
        let item = Item::read(&input).unwrap_or_else(|error| panic!("{}: {error}", text(case, "name")));
        let submission = [&[0xD2, 0x84, 0x40, 0xA1, 0x00], item.encoded(), &[0x40, 0x40]].concat();
        assert_eq!(check_texts(&submission).is_ok(), is_accept(case), "{}", text(case, "name"));
    }
}

#[test]
fn key_ids() {
    let Some(file) = golden("kid.json") else { return };
    for case in cases(&file, "cases") {
        let key = PublicKey::from_bytes(&bytes(case, "public")).expect("a registrable key");
        assert_eq!(key.kid().to_string(), text(case, "kid"), "{}", text(case, "name"));
    }
}

#[test]
fn ed25519_strict() {
    let Some(file) = golden("ed25519.json") else { return };
    for case in cases(&file, "keys") {
        let key = PublicKey::from_bytes(&bytes(case, "public"));
        assert_eq!(key.is_ok(), is_accept(case), "{}: {key:?}", text(case, "name"));
    }
    let key = PublicKey::from_bytes(&bytes(&file, "public")).expect("honest");
    for case in cases(&file, "signatures") {
        let checked = key.verify(&bytes(&file, "message"), &bytes(case, "signature"));
        assert_eq!(checked.is_ok(), is_accept(case), "{}", text(case, "name"));
    }
}

#[test]
fn names() {
    let Some(file) = golden("names.json") else { return };
    for case in cases(&file, "cases") {
        let name = text(case, "text");
        let accepted = match text(case, "kind") {
            "party" => name.parse::<Party>().is_ok(),
            "government" => name.parse::<Party>().is_ok_and(|party| party.is_government()),
            "reference" => name.parse::<Reference>().is_ok(),
            "origin" => name.parse::<Origin>().is_ok(),
            "kind" => name.parse::<KindName>().is_ok(),
            "subject" => name.parse::<Subject>().is_ok(),
            "claim-2" => name.parse::<Subject>().is_ok_and(|subject| !subject.is_derived()),
            other => panic!("unknown grammar {other}"),
        };
        assert_eq!(accepted, is_accept(case), "{case}");
        if let Ok(subject) = name.parse::<Subject>() {
            assert_eq!(subject.to_string(), name, "a subject has one spelling");
        }
    }
    for pair in cases(&file, "pairs") {
        let kind: KindName = text(pair, "kind").parse().expect("a kind");
        let subject: Subject = text(pair, "subject").parse().expect("a subject");
        assert_eq!(subject.admits_kind(&kind), is_accept(pair), "{pair}");
    }
    assert!("gb".parse::<GovernmentOrCountry>().is_ok_and(|country| country.is_country()));
}

#[test]
fn prefixes() {
    let Some(file) = golden("prefixes.json") else { return };
    for case in cases(&file, "commitments") {
        let content = bytes(case, "text");
        let salt: [u8; 32] = bytes(case, "salt").try_into().expect("32 bytes");
        let commitment = withheld_commitment(&salt, &content);
        assert_eq!(commitment.to_string(), text(case, "commitment"), "{}", text(case, "what"));
    }
    for case in cases(&file, "key_proofs") {
        let key = SigningKey::from_seed(&bytes(case, "seed").try_into().expect("32 bytes"));
        let message = possession_message(text(case, "origin"), text(case, "party"), &key.public());
        assert_eq!(message, bytes(case, "message"));
        assert_eq!(key.sign(&message).to_vec(), bytes(case, "proof"));
    }
}

/// Pads `base` as the vectors' recipes say: a byte string of zeros in the body or in the unprotected map.
fn padded_statement(base: &Statement, file: &serde_json::Value, zeros: u64) -> Vec<u8> {
    let key = file["keys"]["huawei"]["seed"].as_str().expect("seed");
    let seed = nospy::crypto::parse_hex(key).expect("hex").try_into().expect("32 bytes");
    let zeros = vec![0; usize::try_from(zeros).expect("fits")];
    let draft = Draft {
        issuer: base.issuer().clone(),
        subject: base.subject().clone(),
        origin: base.origin().clone(),
        kind: base.kind().clone(),
        iat: base.iat(),
        body: Value::record([("pad", Value::bytes(zeros))]),
    };
    let key = SigningKey::from_seed(&seed);
    let message = draft.unsigned(&key.public().kid()).to_be_signed();
    let parts = Item::read(&message).expect("own bytes").to_value();
    let Value::Array(parts) = parts else { panic!("a Sig_structure is an array") };
    let signature = Value::bytes(key.sign(&message));
    encode_tagged(&Value::Array(vec![parts[1].clone(), Value::labels([]), parts[3].clone(), signature]))
}

/// `base` with zeros in its unprotected map.
fn padded_submission(base: &Statement, zeros: u64) -> Vec<u8> {
    let Value::Array(mut parts) = Item::read_sign1(base.bytes()).expect("a statement").to_value() else {
        panic!("a COSE_Sign1 is an array")
    };
    parts[1] = Value::labels([(0, Value::bytes(vec![0; usize::try_from(zeros).expect("fits")]))]);
    encode_tagged(&Value::Array(parts))
}

#[test]
fn statements() {
    let Some(file) = golden("statement.json") else { return };
    let origin: Origin = text(&file, "origin").parse().expect("an origin");
    let keys: BTreeMap<String, PublicKey> = file["keys"]
        .as_object()
        .expect("keys")
        .values()
        .map(|key| (text(key, "kid").to_owned(), PublicKey::from_bytes(&bytes(key, "public")).expect("registrable")))
        .collect();
    let mut base = None;
    for case in cases(&file, "cases") {
        let name = text(case, "name");
        let parsed = Statement::parse(&bytes(case, "hex"));
        let public = case.get("public").and_then(|public| public.as_str()).map(str::to_owned);
        let accepted = parsed.as_ref().is_ok_and(|statement| {
            // `kid-other` and `wrong-key` name the key to use; all others are found by their key id.
            let key = match &public {
                Some(_) => PublicKey::from_bytes(&bytes(case, "public")).ok(),
                None => keys.get(&statement.kid().to_string()).copied(),
            };
            *statement.origin() == origin && key.is_some_and(|key| statement.check_signature(&key).is_ok())
        });
        assert_eq!(accepted, is_accept(case), "{name}: {parsed:?}");
        if let (true, Ok(statement)) = (accepted, &parsed) {
            assert_eq!(statement.id().to_string(), text(case, "id"), "{name}");
            assert_eq!(statement.kind().as_str(), text(case, "kind"), "{name}");
        }
        if name == "base" {
            base = parsed.ok();
        }
    }
    let base = base.expect("the case `base`");
    for case in cases(&file, "sizes") {
        let bytes = padded_statement(&base, &file, case["pad"].as_u64().expect("pad"));
        assert_eq!(sha256(&[&bytes]).to_string(), text(case, "sha256"));
        assert_eq!(Statement::parse(&bytes).is_ok(), is_accept(case), "{}", text(case, "name"));
    }
    for case in cases(&file, "submissions") {
        let input = match case.get("pad") {
            None => bytes(case, "hex"),
            Some(pad) => {
                let bytes = padded_submission(&base, pad.as_u64().expect("pad"));
                assert_eq!(sha256(&[&bytes]).to_string(), text(case, "sha256"), "the recipe");
                bytes
            }
        };
        let index: u64 =
            case["index"].as_u64().or_else(|| case["index"].as_str().and_then(|i| i.parse().ok())).expect("index");
        let entry = Statement::parse_submission(&input).ok().filter(|statement| {
            !statement.is_seal()
                && check_texts(&input).is_ok()
                && (index == 0) == (statement.kind().as_str() == "registry.genesis")
        });
        assert_eq!(entry.is_some(), is_accept(case), "{}", text(case, "name"));
        if let Some(entry) = entry {
            assert_eq!(entry.id().to_string(), text(case, "id"), "{}", text(case, "name"));
            assert_eq!(entry.bytes(), bytes(case, "entry"), "{}", text(case, "name"));
        }
    }
}

#[test]
fn touches() {
    let Some(file) = golden("touches.json") else { return };
    let mut earlier: BTreeMap<String, Named> = BTreeMap::new();
    for case in cases(&file, "cases") {
        let name = text(case, "name");
        let statement = Statement::parse(&bytes(case, "hex")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let touched = statement.touches(|id| earlier.get(&id.to_string()).cloned());
        assert_eq!(touched.is_ok(), is_accept(case), "{name}: {touched:?}");
        let Ok(touches) = touched else { continue };
        let names: Vec<String> = touches.iter().map(Subject::to_string).collect();
        let mut sorted = names.clone();
        sorted.sort();
        let expected: Vec<&str> = cases(case, "touches").iter().map(|name| name.as_str().expect("text")).collect();
        assert_eq!(sorted, expected, "{name}");
        let named = Named { role: statement.named_role(), subject: statement.subject().clone(), touches };
        earlier.insert(statement.id().to_string(), named);
    }
}

/// Every statement and seal of the golden log, built again from the seeds, byte for byte.
#[test]
fn statements_are_written_byte_for_byte() {
    let Some(file) = golden("log.json") else { return };
    let origin: Origin = text(&file, "origin").parse().expect("an origin");
    let mut built = 0;
    for batch in cases(&file, "batches") {
        let log = serde_json::Value::from("log");
        let seal = std::iter::once((&batch["seal"], &log, origin.as_str(), "registry", "registry.seal"));
        let acts = cases(batch, "statements").iter();
        let acts = acts.map(|act| (act, &act["signer"], text(act, "iss"), text(act, "sub"), text(act, "kind")));
        for (act, signer, issuer, subject, kind) in acts.chain(seal) {
            let seed = bytes(&file["keys"][signer.as_str().expect("signer")], "seed");
            let draft = Draft {
                issuer: match issuer == origin.as_str() {
                    true => Issuer::Log,
                    false => Issuer::Party(issuer.parse().expect("a party")),
                },
                subject: subject.parse().expect("a subject"),
                origin: origin.clone(),
                kind: kind.parse().expect("a kind"),
                iat: act["iat"].as_u64().expect("iat"),
                body: vectors::to_cbor(&act["body"]),
            };
            let key = SigningKey::from_seed(&seed.try_into().expect("32 bytes"));
            let statement = draft.sign(&key).unwrap_or_else(|error| panic!("{act}: {error}"));
            assert_eq!(nospy::crypto::hex(statement.bytes()), text(act, "hex"));
            built += 1;
        }
    }
    assert!(built > 20, "only {built} statements");
}
