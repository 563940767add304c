//! Docket files of logs that lie: every hash and path is right, and what the log wrote is not.

use nospy::codec::encode;
use nospy::statement::Statement;

use crate::vectors::cast::{OTHER_LOG, STRANGER};
use crate::vectors::docket_file::{CLOSURES, Refused, file_of};
use crate::vectors::log::{ACME, DE_BSI, Log, START_MS, STEP_MS, SealFields, batches, genesis_of, key, kid, statement};

type Change = Box<dyn Fn(usize, &mut SealFields)>;
type Lie = (&'static str, &'static str, &'static str, Change);

fn on(batch: usize, change: impl Fn(&mut SealFields) + 'static) -> Change {
    Box::new(move |number, fields| {
        if number == batch {
            change(fields);
        }
    })
}

fn refused(step: &'static str, name: &str, reason: &str, log: &Log) -> Refused {
    let bytes = encode(&file_of(log, CLOSURES[0]));
    Refused { name: format!("{step}:{name}"), step, reason: reason.to_owned(), base: CLOSURES[0][0], bytes }
}

/// The seals that lie, and statements that nobody signed.
pub fn lies() -> Vec<Refused> {
    let seals: Vec<Lie> = vec![
        ("seal-signature", "bit", "a seal that the log did not sign", on(2, |seal| seal.is_broken = true)),
        (
            "seal-signature",
            "stranger",
            "a stranger signed under the log's key id",
            on(2, |seal| seal.signer = STRANGER.seed),
        ),
        (
            "seal-signature",
            "kid",
            "a stranger signed and names its own key",
            on(2, |seal| {
                (seal.signer, seal.named) = (STRANGER.seed, STRANGER.seed);
            }),
        ),
        ("seal-signature", "iat", "claim 6 is not the seal's time", on(3, |seal| seal.iat += 1)),
        ("seal-signature", "last", "the last seal is not signed", on(4, |seal| seal.is_broken = true)),
        (
            "seal-order",
            "time-equal",
            "two seals of one time",
            on(2, |seal| {
                seal.time_ms = START_MS + STEP_MS;
                seal.iat = seal.time_ms / 1_000;
            }),
        ),
        (
            "seal-order",
            "time-back",
            "a seal older than the one before",
            on(2, |seal| {
                seal.time_ms = START_MS - STEP_MS;
                seal.iat = seal.time_ms / 1_000;
            }),
        ),
        ("seal-order", "overlap", "a batch that begins in the one before", on(3, |seal| seal.from -= 2)),
        ("seal-order", "gap", "a batch that begins behind its entry", on(3, |seal| seal.from += 1)),
        (
            "seal-order",
            "prev-null",
            "a later seal without prev, next to the one before",
            on(2, |seal| seal.prev = None),
        ),
        ("seal-order", "first-from", "the first seal does not begin at 0", on(0, |seal| seal.from = 1)),
        ("docket-digest", "root-zero", "the last seal commits to nothing", on(4, |seal| seal.dockets = [0; 32])),
        ("docket-digest", "root-bit", "one bit of the docket root", on(4, |seal| seal.dockets[0] ^= 1)),
    ];
    let mut rows: Vec<Refused> =
        seals.iter().map(|(step, name, reason, lie)| refused(step, name, reason, &Log::of(&batches(), lie))).collect();
    let log_of = |batches: &[Vec<Statement>]| Log::of(batches, |_, _| ());
    let mut other = batches();
    other[0][0] = statement("registrar", 0x41, "registry", "registry.genesis", START_MS, genesis_of(OTHER_LOG.seed));
    rows.push(refused("docket-digest", "genesis-log-key", "the genesis names another log key", &log_of(&other)));
    let mut unsigned = batches();
    unsigned[0][0] = statement("registrar", ACME, "registry", "registry.genesis", START_MS, genesis_of(0x11));
    rows.push(refused(
        "statement-signature",
        "genesis-key",
        "the genesis does not name the key that signed it",
        &log_of(&unsigned),
    ));
    for (name, reason, named, signer) in [
        ("stranger", "a stranger signed under the party's key id", DE_BSI, STRANGER.seed),
        ("unknown-key", "a key that nobody in the file enrols", STRANGER.seed, STRANGER.seed),
        ("other-party", "another party's key signed under the party's key id", DE_BSI, ACME),
    ] {
        let mut forged = batches();
        forged[3][0] = resigned(&forged[3][0], named, signer);
        rows.push(refused("statement-signature", name, reason, &log_of(&forged)));
    }
    rows
}

/// The same statement under another key.
fn resigned(statement: &Statement, named: u8, signer: u8) -> Statement {
    let draft = nospy::statement::Draft {
        issuer: statement.issuer().clone(),
        subject: statement.subject().clone(),
        origin: statement.origin().clone(),
        kind: statement.kind().clone(),
        iat: statement.iat(),
        body: statement.body().to_value(),
    };
    let unsigned = draft.unsigned(&kid(named));
    let signature = key(signer).sign(&unsigned.to_be_signed());
    unsigned.finish(&signature).expect("a statement of good form")
}
