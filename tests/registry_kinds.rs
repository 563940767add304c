//! What the registry itself keeps of the further kinds, on the embedded engine and across its restarts: findings, statements
//! that wait for keys, names, quotas, the registrar's own keys, and the end of the log. Each test ends with a log that
//! recomputes clean and files that verify.
#![cfg(feature = "rpc")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod served;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use nospy::agreement::{Contention, Force, Rule};
use nospy::crypto::{KeyLine, Kid, NoteAlgorithm, SigningKey, hex, possession_message, sha256};
use nospy::evidence::{Policy, Question, Trust, Verification, verify};
use nospy::registry::{
    self, DepositError, Fault, Opening, Options, PublishError, Published, Registry, SystemClock, fsck,
};
use nospy::rpc::{ClientError, Successor};
use nospy::statement::{Statement, Subject};
use nospy::storage::{Batch, HEAD_KEY, SledOptions, SledStorage, Storage as _};
use serde_json::{Value as Json, json};
use served::{Engine, Served, offer, registrar, sign, vendor};
use served::{ORIGIN, ZONE, acceptance, enrolment, enrolment_body, genesis_body, government, listing, log_key};
use tempfile::TempDir;
use tonic::Code;

const TEXT: &[u8] = b"Neither party spies on the other.";
const OFFER: &str = "offer/acme/open";
const AGREEMENT: &str = "agreement/acme/open/de-bsi";

fn second_registrar() -> SigningKey {
    SigningKey::from_seed(&[22; 32])
}

fn second_vendor() -> SigningKey {
    SigningKey::from_seed(&[33; 32])
}

fn auditor() -> SigningKey {
    SigningKey::from_seed(&[5; 32])
}

/// A registry on sled that is stopped and opened again.
struct Shop {
    directory: TempDir,
    options: Options,
    registry: Option<Registry>,
    published: Vec<Statement>,
}

impl Shop {
    /// A new registry whose genesis has the fields of `more` in place of the usual ones.
    fn new(more: &Json) -> Self {
        let mut body = genesis_body();
        more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        let genesis = sign(&registrar(), "registrar", "registry", "registry.genesis", &body);
        let directory = tempfile::tempdir().unwrap();
        let mut shop = Self { directory, options: Options::default(), registry: None, published: Vec::new() };
        registry::create(&shop.opening(), &genesis).unwrap();
        shop.registry = Some(Registry::open(shop.opening()).unwrap());
        shop
    }

    fn storage(&self) -> Arc<SledStorage> {
        Arc::new(SledStorage::open(self.directory.path().join("data"), SledOptions::default()).unwrap())
    }

    fn opening(&self) -> Opening {
        Opening {
            storage: self.storage(),
            guard: self.directory.path().join("guard"),
            log_key: log_key(),
            origin: ORIGIN.parse().unwrap(),
            clock: Arc::new(SystemClock),
            on_fatal: Arc::new(|why: &str| panic!("the log ended: {why}")),
            options: self.options.clone(),
        }
    }

    fn registry(&self) -> &Registry {
        self.registry.as_ref().unwrap()
    }

    async fn stop(&mut self) {
        self.registry.take().unwrap().shutdown().await;
    }

    async fn restart(&mut self) {
        self.stop().await;
        self.registry = Some(Registry::open(self.opening()).unwrap());
    }

    async fn publish(&mut self, statement: &Statement) -> Published {
        let published = self.registry().publish(statement.bytes()).await.unwrap_or_else(|error| panic!("{error}"));
        self.published.push(statement.clone());
        published
    }

    /// Publishes, and expects a refusal by this rule.
    async fn refused(&self, rule: Rule, statement: &Statement) {
        match self.registry().publish(statement.bytes()).await {
            Err(PublishError::Refused(refusal)) => assert_eq!(refusal.rule, rule, "{refusal}"),
            other => panic!("{rule} is expected, this came: {other:?}"),
        }
        let judged = self.registry().dry_run(statement.bytes()).unwrap_err();
        assert_eq!(judged.reason(), rule.as_str(), "a dry run says the same");
    }

    /// A vendor, a government, and an agreement in force from today on.
    async fn agree(&mut self) {
        let (offered, today) = (offer("open", TEXT), today());
        for statement in [
            enrolment("acme", "vendor", "se", &vendor()),
            enrolment("de-bsi", "government", "de", &government()),
            offered.clone(),
            acceptance("open", &offered, &today, &today),
        ] {
            self.publish(&statement).await;
        }
    }

    /// What a stranger finds in the docket file of a subject.
    fn verify(&self, about: &str) -> Verification {
        let file = self.registry().docket_file(&about.parse().unwrap()).unwrap();
        let trust = Trust::of(Policy::of_log(self.registry().log_key().clone()));
        let found = verify(&file, &trust, &Question::default());
        assert_eq!(found.failed(), None, "{about}");
        found
    }

    /// Every docket that was touched verifies, and the log recomputes clean; how many rows of quotas it has.
    async fn end(mut self) -> usize {
        let touched = |statement: &Statement| self.registry().dry_run(statement.bytes()).unwrap().touches;
        let subjects: BTreeSet<Subject> = self.published.iter().flat_map(touched).collect();
        assert!(!subjects.is_empty());
        for subject in subjects {
            self.verify(&subject.to_string());
        }
        self.stop().await;
        let report = self.fsck();
        assert_eq!(report, [], "the log follows from its entries");
        let rows = self.storage().snapshot().unwrap().scan(b"q", b"r", usize::MAX).unwrap();
        rows.len()
    }

    /// The faults of the stopped log.
    fn fsck(&self) -> Vec<Fault> {
        let guard = self.directory.path().join("guard");
        let name = KeyLine::new(ORIGIN, NoteAlgorithm::Ed25519, log_key().public());
        let report = fsck(&*self.storage(), &name.unwrap(), Some(&guard), &mut |_, _| ()).unwrap();
        report.findings.into_iter().map(|finding| finding.fault).collect()
    }
}

fn today() -> String {
    jiff::Timestamp::now().in_tz(ZONE).unwrap().date().to_string()
}

fn endorsement(key: &SigningKey, issuer: &str, of: &Statement) -> Statement {
    sign(key, issuer, &of.subject().to_string(), "endorse", &json!({ "ref": hex(&of.id().0) }))
}

fn by_registrar(key: &SigningKey, kind: &str, body: &Json) -> Statement {
    sign(key, "registrar", "registry", kind, body)
}

fn hex_key(key: &SigningKey) -> String {
    hex(key.public().as_bytes())
}

fn two_registrars(threshold: u64) -> Json {
    let keys = [hex_key(&registrar()), hex_key(&second_registrar())];
    json!({ "registrars": { "keys": keys, "threshold": threshold } })
}

fn close_body() -> Json {
    json!({ "origin": "demo.next.example/nospy", "log_key": hex_key(&next_key()) })
}

/// The key of the log that continues this one.
fn next_key() -> SigningKey {
    SigningKey::from_seed(&[8; 32])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_goes_on_after_a_restart() {
    let mut shop = Shop::new(&json!({}));
    shop.agree().await;
    shop.publish(&enrolment("lab", "auditor", "ch", &auditor())).await;
    let open = json!({ "date": today(), "clauses": ["NB1"], "summary": "It records where it is" });
    let open = sign(&auditor(), "lab", AGREEMENT, "finding.open", &open);
    let reply = json!({ "ref": hex(&open.id().0), "date": today(), "summary": "It does not" });
    let reply = sign(&vendor(), "acme", AGREEMENT, "finding.reply", &reply);
    shop.refused(Rule::RefNotCurrent, &reply).await;
    shop.publish(&open).await;
    shop.restart().await;
    assert_eq!(shop.verify(AGREEMENT).standing.unwrap().contention, Contention::Alleged);
    shop.publish(&reply).await;
    shop.restart().await;
    let close =
        json!({ "ref": hex(&open.id().0), "date": today(), "outcome": "resolved", "summary": "Looked at again" });
    shop.publish(&sign(&auditor(), "lab", AGREEMENT, "finding.close", &close)).await;
    shop.restart().await;
    let standing = shop.verify(AGREEMENT).standing.unwrap();
    assert_eq!((standing.force, standing.contention), (Force::InForce, Contention::Closed));
    assert_eq!(standing.findings.len(), 1);
    assert_eq!(shop.end().await, 3, "a row for each party, none for the registrar");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_waits_for_its_second_key_across_a_restart() {
    let mut shop = Shop::new(&json!({}));
    let mut body = enrolment_body("acme", "vendor", "se", &vendor());
    let key = second_vendor();
    let proof = key.sign(&possession_message(ORIGIN, "acme", &key.public()));
    let grant = json!({ "key": hex_key(&key), "proof": hex(&proof), "authority": { "kinds": ["*"], "keys": true } });
    body["keys"].as_array_mut().unwrap().push(grant);
    body["threshold"] = json!(2);
    shop.publish(&sign(&registrar(), "registrar", "party/acme", "party.enrol", &body)).await;
    shop.publish(&enrolment("de-bsi", "government", "de", &government())).await;
    let (offered, today) = (offer("open", TEXT), today());
    shop.publish(&offered).await;
    shop.restart().await;
    let waiting = shop.verify(OFFER).standing.unwrap();
    assert_eq!((waiting.force, waiting.pending.len()), (Force::NoAgreement, 1));
    let acceptance = acceptance("open", &offered, &today, &today);
    shop.refused(Rule::OfferUnknown, &acceptance).await;
    shop.refused(Rule::EndorsedAlready, &endorsement(&vendor(), "acme", &offered)).await;
    shop.publish(&endorsement(&second_vendor(), "acme", &offered)).await;
    shop.restart().await;
    let complete = shop.verify(OFFER).standing.unwrap();
    assert_eq!((complete.force, complete.pending.len()), (Force::Offered, 0));
    shop.publish(&acceptance).await;
    assert_eq!(shop.verify(AGREEMENT).standing.unwrap().force, Force::InForce);
    assert_eq!(shop.end().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_name_of_a_renamed_party_stays_taken() {
    let mut shop = Shop::new(&json!({}));
    shop.publish(&enrolment("acme", "vendor", "se", &vendor())).await;
    let rename = json!({ "name": { "name": "Nordhavn Radio AB" } });
    shop.publish(&sign(&vendor(), "acme", "party/acme", "party.rename", &rename)).await;
    for is_restarted in [false, true] {
        if is_restarted {
            shop.restart().await;
        }
        for name in ["Party acme", "NORDHAVN RADIO AB"] {
            let body = json!({ "names": [{ "name": name }], "role": "vendor", "country": "no" });
            let listed = sign(&registrar(), "registrar", "party/other", "party.list", &body);
            shop.refused(Rule::NameConfusable, &listed).await;
        }
    }
    shop.publish(&listing("other")).await;
    assert!(shop.verify("party/acme").parties.iter().any(|line| line.names.iter().any(|name| name == "Party acme")));
    shop.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_holds_across_restarts_until_a_policy_raises_it() {
    let mut shop = Shop::new(&json!({ "limits": { "statements": 3 } }));
    shop.publish(&enrolment("acme", "vendor", "se", &vendor())).await;
    shop.publish(&enrolment("de-bsi", "government", "de", &government())).await;
    for reference in ["one", "two", "three"] {
        shop.publish(&offer(reference, TEXT)).await;
    }
    let fourth = offer("four", TEXT);
    shop.refused(Rule::QuotaExceeded, &fourth).await;
    shop.restart().await;
    shop.refused(Rule::QuotaExceeded, &fourth).await;
    // Another party has its own, and the registrar none.
    let offered = shop.published.iter().find(|one| one.subject().to_string() == "offer/acme/one").unwrap().clone();
    shop.publish(&acceptance("one", &offered, &today(), &today())).await;
    for number in 0..4 {
        shop.publish(&listing(&format!("listed-{number}"))).await;
    }
    shop.publish(&by_registrar(&registrar(), "registry.policy", &json!({ "limits": { "statements": 4 } }))).await;
    shop.restart().await;
    shop.publish(&fourth).await;
    let fifth = offer("five", TEXT);
    shop.refused(Rule::QuotaExceeded, &fifth).await;
    // A later policy is all that counts: now bytes are limited, one too few and then just enough.
    let offers = shop.published.iter().filter(|one| one.kind().as_str() == "offer.make");
    let bytes = offers.map(|one| one.bytes().len()).sum::<usize>() + fifth.bytes().len();
    shop.publish(&by_registrar(&registrar(), "registry.policy", &json!({ "limits": { "bytes": bytes - 1 } }))).await;
    shop.refused(Rule::QuotaExceeded, &fifth).await;
    shop.publish(&by_registrar(&registrar(), "registry.policy", &json!({ "limits": { "bytes": bytes } }))).await;
    shop.publish(&fifth).await;
    shop.stop().await;
    // What a party has used is recomputed, row by row.
    for (key, value, fault) in [
        (&b"qacme"[..], Some([0; 16].to_vec()), Fault::DerivedRow),
        (b"qacme", None, Fault::DerivedRow),
        (b"qnobody", Some([0; 16].to_vec()), Fault::ExtraRow),
    ] {
        let was = shop.storage().snapshot().unwrap().get(key).unwrap().map(|value| value.to_vec());
        write_row(&shop, key, value);
        assert_eq!(shop.fsck(), [fault]);
        write_row(&shop, key, was);
    }
    shop.registry = Some(Registry::open(shop.opening()).unwrap());
    assert_eq!(shop.end().await, 2);
}

/// Puts or removes a row behind the log's back.
fn write_row(shop: &Shop, key: &[u8], value: Option<Vec<u8>>) {
    let storage = shop.storage();
    let head = storage.snapshot().unwrap().get(HEAD_KEY).unwrap();
    let mut batch = Batch::new();
    match value {
        Some(value) => batch.put(key, value),
        None => batch.remove(key),
    }
    storage.commit(head.as_deref(), batch).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_registrar_key_stops_working() {
    let mut shop = Shop::new(&two_registrars(1));
    shop.publish(&listing("one")).await;
    let kid: Kid = registrar().public().kid();
    let third = SigningKey::from_seed(&[44; 32]);
    let policy = json!({ "revoke": [hex(&kid.0)], "grant": [hex_key(&third)] });
    shop.publish(&by_registrar(&second_registrar(), "registry.policy", &policy)).await;
    for is_restarted in [false, true] {
        if is_restarted {
            shop.restart().await;
        }
        shop.refused(Rule::SignerLacksAuthority, &listing("two")).await;
        shop.refused(Rule::SignerLacksAuthority, &by_registrar(&registrar(), "registry.close", &close_body())).await;
        let body =
            json!({ "names": [{ "name": format!("By the third {is_restarted}") }], "role": "vendor", "country": "se" });
        let party = format!("party/third-{is_restarted}");
        shop.publish(&sign(&third, "registrar", &party, "party.list", &body)).await;
    }
    shop.end().await;
}

/// Two registrar keys have to close, and the log goes on until the second one has.
#[tokio::test(flavor = "multi_thread")]
async fn a_close_of_two_keys_ends_the_log_at_its_endorsement() {
    let mut shop = Shop::new(&two_registrars(2));
    let close = by_registrar(&registrar(), "registry.close", &close_body());
    let listed = listing("one");
    shop.publish(&listed).await;
    shop.publish(&close).await;
    shop.restart().await;
    assert_eq!(shop.registry().log_end(), None);
    assert_eq!(shop.verify("registry").closed, None);
    shop.publish(&endorsement(&second_registrar(), "registrar", &listed)).await;
    let ended = shop.publish(&endorsement(&second_registrar(), "registrar", &close)).await;
    for is_restarted in [false, true] {
        if is_restarted {
            shop.restart().await;
        }
        let end = shop.registry().log_end().unwrap();
        assert_eq!((end.id, end.index, end.time_ms), (*close.id(), ended.index, ended.time_ms));
        assert_eq!(shop.verify("party/one").closed.as_ref(), Some(&end));
        shop.refused(Rule::RegistryClosed, &listing("late")).await;
        assert_eq!(shop.registry().checkpoint().unwrap().checkpoint().size, ended.index + 2);
    }
    shop.end().await;
}

/// A text that was let in at the door while the close still waited would have to be sealed behind the last seal.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_waits_behind_a_close_is_refused() {
    let mut shop = Shop::new(&json!({}));
    shop.agree().await;
    // One entry a batch, each after a pause: close and text are in two.
    shop.options = Options { batch_entries_max: 1, batch_delay: Duration::from_millis(500), ..Options::default() };
    shop.restart().await;
    let close = by_registrar(&registrar(), "registry.close", &close_body());
    let closing = tokio::spawn({
        let (registry, bytes) = (shop.registry().clone(), close.bytes().to_vec());
        async move { registry.publish(&bytes).await.unwrap() }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(shop.registry().log_end(), None, "the close still waits");
    let refused = shop.registry().deposit_text(&sha256(&[TEXT]), TEXT).await.unwrap_err();
    assert_eq!(refused, DepositError::Closed("demo.next.example/nospy".parse().unwrap()));
    let ended = closing.await.unwrap();
    shop.published.push(close);
    let again = shop.registry().deposit_text(&sha256(&[TEXT]), TEXT).await.unwrap_err();
    assert_eq!(again.reason(), "registry_closed");
    shop.restart().await;
    assert_eq!(
        shop.registry().checkpoint().unwrap().checkpoint().size,
        ended.index + 2,
        "nothing was sealed behind it"
    );
    assert_eq!(shop.verify(AGREEMENT).standing.unwrap().force, Force::InForce, "reads go on");
    shop.end().await;
}

/// Over a socket, and in the words of machines.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_log_says_so_to_its_clients() {
    let served = Served::start(Engine::Sled).await;
    let client = served.client().await;
    client.publish(&enrolment("acme", "vendor", "se", &vendor())).await.unwrap();
    client.publish(&offer("open", TEXT)).await.unwrap();
    assert_eq!(client.log_info().await.unwrap().on_the_servers_word().closed, None);
    client.publish(&by_registrar(&registrar(), "registry.close", &close_body())).await.unwrap();
    let info = client.log_info().await.unwrap().into_the_servers_word();
    let next = KeyLine::new("demo.next.example/nospy", NoteAlgorithm::Ed25519, next_key().public()).unwrap();
    assert_eq!(info.closed, Some(Successor { origin: next.name().to_owned(), log_key: next.to_string() }));
    assert_eq!(info.read_only, None, "it is closed, and nothing is wrong with it");

    let refused = |error: ClientError| match error {
        ClientError::Refused(refusal) => refusal,
        other => panic!("not a refusal: {other}"),
    };
    let late = refused(client.publish(&offer("late", TEXT)).await.unwrap_err());
    assert_eq!((late.code, late.reason.as_str()), (Code::FailedPrecondition, "registry_closed"));
    assert!(late.next_step.contains("demo.next.example/nospy"), "{}", late.next_step);
    let text = refused(client.deposit_text(TEXT).await.unwrap_err());
    assert_eq!((text.code, text.reason.as_str()), (Code::FailedPrecondition, "registry_closed"));
    assert!(text.message.contains("demo.next.example/nospy"), "{}", text.message);
    assert!(client.docket_file(&OFFER.parse().unwrap()).await.is_ok());
}
