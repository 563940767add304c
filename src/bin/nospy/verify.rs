//! `nospy verify`: check a file against keys that the caller chose. No network, no clock unless --max-age asks.

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::evidence::{
    EvidenceFile, Outcome, Policy, Quorum, Receipt, ReceiptError, SignedCheckpoint, TlogProof, TlogProofError, Trust,
    detach_receipts, verify,
};
use nospy::statement::{Party, Statement};
use serde_json::json;

use crate::asked::{AskedArgs, ScopeAnswer};
use crate::config::Config;
use crate::describe::{self, NOT_APPROVED};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::promised::{Kept, PromiseArgs};
use crate::texts::{Compared, TextsArgs};
use crate::trust::TrustArgs;
use crate::view::{self, CheckLine};
use crate::{against, caught, files, foreign, keys, moment};

/// How the text form of a proof begins.
const TLOG_PROOF_START: &[u8] = b"c2sp.org/tlog-proof@";
/// Why the quorum that a policy asks for is not checked. It was asked, so that the answer cannot be that all is well.
const NO_COSIGNATURES: &str = "a receipt carries no cosignatures; a docket file or a tlog-proof does";

/// Check a docket file, receipt, tlog-proof, statement, checkpoint or evidence against a log, without any network.
///
/// Evidence (.fork, .omission) that holds is an answer with exit code 12: the log is caught. Evidence that proves nothing
/// ends with 17, or 16 if it is none; a .suspicion, which asks the log a question and proves nothing, with 18.
///
/// Prints each check by name with ✓ (holds), ✗ (fails), – (skipped: not asked, never counted as passed) or ·
/// (not run), then the answer, the two times it is for, and what is and is not proven.
#[derive(Args)]
#[command(disable_version_flag = true)]
pub struct VerifyArgs {
    /// The file; - for stdin.
    file: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    asked: AskedArgs,
    /// The statement that a receipt or tlog-proof is for, be it FILE or --receipt.
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// The signer's public key, to check a statement's own signature: SPKI PEM file or 64 hex digits.
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    /// Another thing that the log signed, to be held against FILE: each a checkpoint, a docket file, or a statement with
    /// its receipt. If they prove two histories, the evidence is written and the exit code is 12; two trees of different
    /// sizes alone prove nothing (18).
    #[arg(long, value_name = "FILE", conflicts_with = "receipt")]
    against: Option<PathBuf>,
    /// Read FILE as a SCITT statement that others made, or with --statement as a receipt for it: this key may sign the
    /// statement. SPKI PEM, or a COSE key or key set (Ed25519, P-256). May be given many times; nothing of ours is asked then.
    #[arg(long = "foreign-key", value_name = "FILE", conflicts_with_all = [
        "against", "public_key", "party_keys", "on", "known_at", "max_age", "products", "version", "receipt", "named",
        "evidence", "texts", "openings", "folder",
    ])]
    foreign_keys: Vec<PathBuf>,
    /// The key of a log whose receipts count, as --foreign-key; without one no foreign receipt is checked.
    #[arg(long = "foreign-log-key", value_name = "FILE", requires = "foreign_keys")]
    foreign_log_keys: Vec<PathBuf>,
    #[command(flatten)]
    promise: PromiseArgs,
    #[command(flatten)]
    texts: TextsArgs,
}

/// Runs the verb.
///
/// # Errors
/// If a file cannot be read or the policy is missing; failed checks are an answer, not an error.
pub fn run(args: &VerifyArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let bytes = files::read(&args.file)?;
    let name = args.file.display().to_string();
    if !args.foreign_keys.is_empty() {
        if args.trust.is_policy_flag() {
            return Err(CliError::usage(
                "--policy with --foreign-key: a policy is about logs of ours, and nothing would ask it",
            )
            .next_step("Name the key of a foreign log with --foreign-log-key."));
        }
        let keys = foreign::KeyFiles { issuers: &args.foreign_keys, logs: &args.foreign_log_keys };
        return foreign::verify(&bytes, &name, args.statement.as_deref(), &keys, output);
    }
    if EvidenceFile::is_one(&bytes) {
        return caught::verify(&bytes, &name, &args.trust.policy(config)?, output);
    }
    if let Some(path) = &args.against {
        let (other, other_name) = (files::read(path)?, path.display().to_string());
        let policy = args.trust.policy(config)?;
        return against::run((&bytes, &name), (&other, &other_name), &policy, args.promise.directory(), output);
    }
    let is_docket = bytes.first().is_some_and(|byte| *byte != 0xD2 && !is_note(&bytes));
    if args.promise.is_asked() && !is_docket {
        return Err(CliError::usage(format!("{name} is no docket file: nothing in it could be left out"))
            .next_step("Fetch one with: nospy docket SUBJECT -o FILE."));
    }
    if args.texts.is_asked() && !is_docket {
        return Err(CliError::usage(format!("{name} is no docket file: there are no terms of a day to compare with"))
            .next_step("Fetch one with: nospy docket SUBJECT -o FILE."));
    }
    match bytes.first() {
        Some(0xD2) => match Receipt::parse(&bytes) {
            Ok(receipt) => {
                let policy = args.trust.policy(config)?;
                let path = args.statement.as_ref().ok_or_else(|| {
                    CliError::usage("a receipt is for one statement").next_step("Name it with --statement FILE.")
                })?;
                let statement = read_statement(&files::read(path)?, path)?;
                let checks = receipt_checks(&receipt, &statement, &policy);
                report_statement(&statement, checks, args, output)
            }
            Err(_) => run_statement(&bytes, args, config, output),
        },
        Some(_) if bytes.starts_with(TLOG_PROOF_START) => run_tlog_proof(&bytes, &name, args, config, output),
        Some(_) if is_note(&bytes) => run_checkpoint(&bytes, &name, &args.trust.policy(config)?, output),
        _ => {
            let trust = Trust { policy: args.trust.policy(config)?, party_keys: args.trust.party_keys()? };
            let promise = args.promise.hold(&bytes, args.statement.as_deref(), &trust)?;
            docket_file(&bytes, &trust, &args.asked, &args.texts, promise.as_ref(), output)
        }
    }
}

/// Whether a file is text of several lines: a signed note, if it is anything.
fn is_note(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii) && bytes.contains(&b'\n') && std::str::from_utf8(bytes).is_ok()
}

/// Verifies a docket file, compares a product and the texts at hand, prints what was found, and gives the exit code of the
/// answer.
///
/// # Errors
/// If a flag is not what it should be, a text cannot be read, or stdout cannot be written.
pub fn docket_file(
    bytes: &[u8],
    trust: &Trust,
    asked: &AskedArgs,
    texts: &TextsArgs,
    promise: Option<&Kept>,
    output: &Output,
) -> Result<Exit, CliError> {
    let (question, product) = (asked.question()?, asked.product()?);
    let mut verification = verify(bytes, trust, &question);
    let compared = texts.compare(&mut verification)?;
    let scope = product.map(|product| ScopeAnswer::of(&verification, product));
    let exit = view::exit_of(verification.verdict());
    let exit = scope.as_ref().map_or(exit, |scope| scope.exit(verification.verdict(), exit));
    let exit = compared.as_ref().map_or(exit, |compared| compared.exit(exit));
    let exit = promise.map_or(exit, |promise| promise.exit(exit));
    let mut json = view::verification_json(&verification, scope.as_ref(), exit);
    json["texts"] = compared.as_ref().map(Compared::json).into();
    json["promise"] = promise.map(Kept::json).into();
    let lines = compared.as_ref().map(Compared::text).unwrap_or_default();
    let lines = lines + &promise.map(Kept::text).unwrap_or_default();
    output.data(&view::verification_text(&verification, scope.as_ref(), &lines, exit), json)?;
    let is_named = |party: &Party| verification.parties.iter().any(|line| line.party == *party);
    match trust.party_keys.keys().find(|party| verification.as_known_at.is_some() && !is_named(party)) {
        Some(party) => {
            let words =
                format!("--party-key {party}: the file names no such party, so your key was compared with nothing");
            Err(CliError::usage(words)
                .next_step("Is the party spelt as in the file? It is not what the file is about."))
        }
        None => Ok(exit),
    }
}

fn read_statement(bytes: &[u8], path: &Path) -> Result<Statement, CliError> {
    Statement::parse_submission(bytes)
        .map_err(|error| CliError::malformed(format!("{} is not a statement: {error}", path.display())))
}

/// A statement, with the receipts that it may carry.
fn run_statement(bytes: &[u8], args: &VerifyArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let (statement, receipts) = match Statement::parse(bytes) {
        Ok(statement) => (statement, Vec::new()),
        Err(refused) => detach_receipts(bytes).map_err(|error| {
            let name = args.file.display();
            CliError::malformed(format!("{name} is neither a receipt, nor a statement with or without receipts"))
                .detail(format!("as a statement: {refused}"))
                .detail(format!("as a statement with receipts: {error}"))
        })?,
    };
    let mut checks = Vec::new();
    for bytes in &receipts {
        let policy = args.trust.policy(config)?;
        let receipt =
            Receipt::parse(bytes).map_err(|error| CliError::malformed(format!("a receipt in it: {error}")))?;
        checks.extend(receipt_checks(&receipt, &statement, &policy));
    }
    if receipts.is_empty() {
        checks.push(CheckLine::skipped(
            "entry-inclusion",
            "the file carries no receipt: it may never have been registered",
        ));
    }
    report_statement(&statement, checks, args, output)
}

/// The text form of a proof, with the checkpoint and its cosignatures.
fn run_tlog_proof(
    bytes: &[u8],
    name: &str,
    args: &VerifyArgs,
    config: &Config,
    output: &Output,
) -> Result<Exit, CliError> {
    let proof =
        TlogProof::parse(bytes).map_err(|error| CliError::malformed(format!("{name} is not a tlog-proof: {error}")))?;
    let policy = args.trust.policy(config)?;
    let path = args.statement.as_ref().ok_or_else(|| {
        CliError::usage("a tlog-proof is for one statement").next_step("Name it with --statement FILE.")
    })?;
    let statement = read_statement(&files::read(path)?, path)?;
    let passed = |quorum: &Quorum| quorum.cosigners.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
    let (inclusion, quorum) = match proof.check(&statement, &policy) {
        Ok(quorum) => {
            let checkpoint = proof.checkpoint.checkpoint();
            let words = format!("entry {} of {} of {}", proof.index, checkpoint.size, checkpoint.origin);
            let witnesses = match policy.asks_for_witnesses() {
                true => CheckLine::of("witness-quorum", Ok(format!("cosigned by {}", passed(&quorum)))),
                false => CheckLine::skipped("witness-quorum", "your policy asks for no witness"),
            };
            (CheckLine::of("entry-inclusion", Ok(words)), witnesses)
        }
        Err(error @ TlogProofError::QuorumMissing) => (
            CheckLine { name: "entry-inclusion", outcome: Outcome::NotRun, detail: None },
            CheckLine::of("witness-quorum", Err(error.to_string())),
        ),
        Err(error @ TlogProofError::Checkpoint(_)) => (
            CheckLine::of("checkpoint-signature", Err(error.to_string())),
            CheckLine { name: "witness-quorum", outcome: Outcome::NotRun, detail: None },
        ),
        Err(error) => (
            CheckLine::of("entry-inclusion", Err(error.to_string())),
            CheckLine { name: "witness-quorum", outcome: Outcome::NotRun, detail: None },
        ),
    };
    report_statement(&statement, vec![quorum, inclusion], args, output)
}

fn receipt_checks(receipt: &Receipt, statement: &Statement, policy: &Policy) -> Vec<CheckLine> {
    let result = match policy.log_of(&receipt.claims().origin) {
        None => Err(format!("your policy does not trust the log {}", receipt.claims().origin)),
        Some(key) => receipt.check(statement, key).map_err(|error: ReceiptError| error.to_string()).map(|proved| {
            // Claim 6 is rounded down: the seal may stand up to a second later.
            let time = moment::utc(proved.iat + 1);
            format!("entry {} of {} of {}, registered no later than {time}", proved.index, proved.size, key.name())
        }),
    };
    let mut checks = vec![CheckLine::of("entry-inclusion", result)];
    if policy.asks_for_witnesses() {
        checks.push(CheckLine::skipped("witness-quorum", NO_COSIGNATURES));
    }
    checks
}

fn report_statement(
    statement: &Statement,
    mut checks: Vec<CheckLine>,
    args: &VerifyArgs,
    output: &Output,
) -> Result<Exit, CliError> {
    let is_registered = checks.iter().any(|check| check.name == "entry-inclusion" && check.outcome == Outcome::Passed);
    checks.push(match &args.public_key {
        None => CheckLine::skipped("statement-signature", "you named no --public-key"),
        Some(key) => {
            let key = keys::read_public(key)?;
            let result = statement.check_signature(&key).map_err(|error| error.to_string());
            CheckLine::of("statement-signature", result.map(|()| format!("by key {}", key.kid())))
        }
    });
    let failed = checks.iter().find(|check| matches!(check.outcome, Outcome::Failed(_))).map(|check| check.name);
    let is_signed = checks.last().is_some_and(|check| check.outcome == Outcome::Passed);
    let is_unwitnessed = checks.iter().any(|check| check.outcome == Outcome::Skipped(NO_COSIGNATURES));
    let exit = match failed {
        Some("entry-inclusion") => Exit::BadInclusion,
        Some("witness-quorum") => Exit::WitnessQuorum,
        Some(_) => Exit::BadSignature,
        None if is_unwitnessed => Exit::Indeterminate,
        None if is_registered || is_signed => Exit::Ok,
        None => Exit::Indeterminate,
    };
    let proven = match (failed, is_registered, is_signed) {
        (Some(_), ..) => "nothing: a check failed.",
        (None, true, true) => "the key that you named signed exactly this, and the log that you trust holds it.",
        (None, true, false) => "the log that you trust holds exactly this statement.",
        (None, false, true) => "the key that you named signed exactly this.",
        (None, false, false) => "nothing: no check was asked for that could be run.",
    };
    let not_proven = "what followed later, and so how anything stands: only a docket file shows that. That a key belongs to the party named is the registrar's word.";
    let mut not_proven = vec![not_proven];
    if is_unwitnessed {
        not_proven.push("that the witnesses of your policy saw this log: `nospy receipt STATEMENT --tlog-proof` fetches a proof with their cosignatures.");
    }
    let text = format!(
        "{}\n{}\nProven: {proven}\nNot proven: {}\n{NOT_APPROVED}\n\nAnswer: {} (exit {})",
        describe::statement(statement),
        view::checks_text(&checks),
        not_proven.join("\nNot proven: "),
        exit.meaning(),
        exit.code()
    );
    let mut json = describe::statement_json(statement);
    json["checks"] = view::checks_json(&checks);
    json["exit"] = json!(exit.code());
    json["answer"] = json!(exit.name());
    json["proven"] = json!(proven);
    json["not_proven"] = json!(not_proven);
    output.data(&text, json)?;
    Ok(exit)
}

fn run_checkpoint(bytes: &[u8], name: &str, policy: &Policy, output: &Output) -> Result<Exit, CliError> {
    let signed = SignedCheckpoint::parse(bytes)
        .map_err(|error| CliError::malformed(format!("{name} is not a checkpoint: {error}")))?;
    let checkpoint = signed.checkpoint();
    let signature = match policy.log_of(&checkpoint.origin) {
        None => Err(format!("your policy does not trust the log {}", checkpoint.origin)),
        Some(key) => signed.check_log_signature(key).map(|()| format!("by {key}")).map_err(|error| error.to_string()),
    };
    let signature = CheckLine::of("checkpoint-signature", signature);
    let quorum = match (&signature.outcome, policy.asks_for_witnesses()) {
        (Outcome::Failed(_), _) => CheckLine { name: "witness-quorum", outcome: Outcome::NotRun, detail: None },
        (_, false) => CheckLine::skipped("witness-quorum", "your policy asks for no witness"),
        (_, true) => CheckLine::of(
            "witness-quorum",
            match signed.check_quorum(policy) {
                Err(error) => Err(error.to_string()),
                Ok(quorum) => {
                    let names: Vec<&str> = quorum.cosigners.iter().map(|one| one.name.as_str()).collect();
                    let names =
                        if names.is_empty() { "no witness of your policy".to_owned() } else { names.join(", ") };
                    if quorum.is_met { Ok(format!("cosigned by {names}")) } else { Err(format!("cosigned by {names}")) }
                }
            },
        ),
    };
    let exit = match (&signature.outcome, &quorum.outcome) {
        (Outcome::Failed(_), _) => Exit::BadSignature,
        (_, Outcome::Failed(_)) => Exit::WitnessQuorum,
        _ => Exit::Ok,
    };
    let checks = [signature, quorum];
    let root = nospy::crypto::hex(&checkpoint.root);
    let text = format!(
        "{}a checkpoint of {}\nsize  {} entries\nroot  {root}\n\n{}\nNot proven: that this is the newest checkpoint, nor what the log holds.\n\nAnswer: {} (exit {})",
        describe::demo_mark(&checkpoint.origin),
        checkpoint.origin,
        checkpoint.size,
        view::checks_text(&checks),
        exit.meaning(),
        exit.code(),
    );
    let json = json!({
        "type": "checkpoint", "exit": exit.code(), "answer": exit.name(), "origin": checkpoint.origin.as_str(),
        "demo": describe::is_demo(&checkpoint.origin), "size": checkpoint.size, "root": root,
        "checks": view::checks_json(&checks),
    });
    output.data(&text, json)?;
    Ok(exit)
}
