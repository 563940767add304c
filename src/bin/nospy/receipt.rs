//! `nospy receipt` and `nospy attach`: the proof that a statement is in the log, as a file of its own or inside it.

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::evidence::{Policy, Receipt, TlogProof, TlogProofError, attach_receipts, detach_receipts};
use nospy::rpc::EntryRef;
use nospy::statement::Statement;
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;
use crate::trust::policy_or_config;
use crate::{describe, files, moment, publish};

/// Fetch the receipt of a registered statement, verified; or the same proof as text (C2SP tlog-proof).
///
/// A receipt (RFC 9942) is the log's signature that the statement is in its tree. A tlog-proof carries the checkpoint with
/// its cosignatures, so that a policy with witnesses can be asked. Both are checked by `nospy verify` without any network.
#[derive(Args)]
pub struct ReceiptArgs {
    /// The statement's file, or its id of 64 hex digits.
    #[arg(value_name = "STATEMENT")]
    statement: String,
    /// Where it goes; the statement's name with `.receipt` or `.tlog-proof` if left out.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The text form, with the checkpoint and its cosignatures.
    #[arg(long)]
    tlog_proof: bool,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Put receipts into a statement (RFC 9943: a transparent statement), so that one file shows both. Each is verified first,
/// those that it carries already too: without the log's key nobody can tell which statement a receipt is for.
#[derive(Args)]
pub struct AttachArgs {
    /// The statement; the receipts that it carries already stay.
    statement: PathBuf,
    /// A receipt for it; may be given several times.
    #[arg(long = "receipt", value_name = "FILE", required = true)]
    receipts: Vec<PathBuf>,
    /// Where the transparent statement goes.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// The trust policy: a C2SP tlog-policy file (`nospy init` writes one), or the log's verifier key itself.
    #[arg(long, value_name = "FILE|VKEY", env = "NOSPY_POLICY")]
    policy: Option<String>,
}

/// Runs `nospy receipt`.
///
/// # Errors
/// [`Exit::NotFound`] if it is not registered; what an answer lacks.
pub fn run(args: &ReceiptArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let path = Path::new(&args.statement);
    let (entry, name) = match nospy::crypto::parse_hex(&args.statement).and_then(|id| id.try_into().ok()) {
        Some(id) => (EntryRef::Id(nospy::crypto::Digest(id)), PathBuf::from(&args.statement)),
        None => (EntryRef::Id(*publish::read_statement(path)?.id()), path.to_owned()),
    };
    let suffix = if args.tlog_proof { "tlog-proof" } else { "receipt" };
    let out = args.out.clone().unwrap_or_else(|| name.with_extension(suffix));
    let mut online = Online::connect(&args.online, config, output)?;
    let found = online.ask(|client| client.statement(entry))?;
    let statement = found.statement().clone();
    let (size, until) = match args.tlog_proof {
        true => {
            let checkpoint = found.checkpoint().signed().clone();
            let proof = TlogProof { index: found.index(), path: found.path().to_vec(), checkpoint };
            check_proof(&proof, &statement, &online)?;
            files::write_new(&out, proof.to_string().as_bytes())?;
            (proof.checkpoint.checkpoint().size, None)
        }
        false => {
            let receipt = online.ask(|client| client.receipt(&statement))?;
            files::write_new(&out, receipt.bytes())?;
            // Claim 6 is rounded down: the seal may stand up to a second later.
            (receipt.proved().size, Some(moment::utc(receipt.proved().iat + 1)))
        }
    };
    let text = format!(
        "{}statement {}\nentry     {} of the {size} that {} signed\n{suffix}   {}",
        describe::demo_mark(statement.origin()),
        statement.id(),
        found.index(),
        online.log.name(),
        out.display(),
    );
    let json = json!({
        "id": statement.id().to_string(), "index": found.index(), "size": size, "registered_no_later_than": until,
        "file": out, "origin": online.log.name(), "demo": describe::is_demo(statement.origin()),
    });
    output.data(&text, json)?;
    Ok(Exit::Ok)
}

/// Judges the very proof that is to be written, with the checkpoint in it: the newest one that the log shows may have been
/// cosigned by others.
fn check_proof(proof: &TlogProof, statement: &Statement, online: &Online) -> Result<(), CliError> {
    let (exit, error) = match proof.check(statement, &online.policy) {
        Ok(_) => return Ok(()),
        Err(TlogProofError::QuorumMissing) => {
            let size = proof.checkpoint.checkpoint().size;
            let words =
                format!("the witnesses that your policy asks for have not cosigned the checkpoint of {size} entries");
            let error = CliError::new(Exit::WitnessQuorum, words);
            return Err(error.next_step("Nothing was written. Ask again in a while: witnesses come after the log."));
        }
        Err(error @ TlogProofError::Checkpoint(_)) => (Exit::BadSignature, error),
        Err(error) => (Exit::BadInclusion, error),
    };
    Err(CliError::new(exit, format!("the proof that the registry gave does not hold: {error}")))
}

/// Runs `nospy attach`.
///
/// # Errors
/// [`Exit::Malformed`] if a file is not what it should be; [`Exit::BadInclusion`] if a receipt is not for this statement.
pub fn attach(args: &AttachArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let policy = policy_or_config(args.policy.as_deref(), config)?;
    let bytes = files::read(&args.statement)?;
    let malformed = |error: &dyn std::fmt::Display| {
        CliError::malformed(format!("{} is not a statement: {error}", args.statement.display()))
    };
    let (statement, kept) = match Statement::parse(&bytes) {
        Ok(statement) => (statement, Vec::new()),
        Err(_) => detach_receipts(&bytes).map_err(|error| malformed(&error))?,
    };
    let mut given: Vec<(Vec<u8>, String)> = Vec::new();
    for (place, receipt) in kept.into_iter().enumerate() {
        given.push((receipt.to_vec(), format!("receipt {} in {}", place + 1, args.statement.display())));
    }
    for path in &args.receipts {
        given.push((files::read(path)?, path.display().to_string()));
    }
    let mut receipts: Vec<Vec<u8>> = Vec::new();
    for (receipt, name) in given {
        check_is_for(&receipt, &statement, &name, &policy)?;
        if !receipts.contains(&receipt) {
            receipts.push(receipt);
        }
    }
    let slices: Vec<&[u8]> = receipts.iter().map(Vec::as_slice).collect();
    let transparent = attach_receipts(&statement, &slices).map_err(|error| CliError::malformed(error.to_string()))?;
    files::write_new(&args.out, &transparent)?;
    let text = format!(
        "{} carries {} of its statement {}, verified.",
        args.out.display(),
        if receipts.len() == 1 { "1 receipt".to_owned() } else { format!("{} receipts", receipts.len()) },
        statement.id(),
    );
    output.data(&text, json!({ "id": statement.id().to_string(), "receipts": receipts.len(), "file": args.out }))?;
    Ok(Exit::Ok)
}

/// That a log of the policy signed this receipt, and for this statement. What a receipt says of itself would not do: the
/// statements on one subject all have the same origin and subject.
fn check_is_for(receipt: &[u8], statement: &Statement, name: &str, policy: &Policy) -> Result<(), CliError> {
    let receipt =
        Receipt::parse(receipt).map_err(|error| CliError::malformed(format!("{name} is not a receipt: {error}")))?;
    let origin = &receipt.claims().origin;
    let log = policy.log_of(origin).ok_or_else(|| {
        CliError::new(Exit::BadInclusion, format!("{name}: your policy does not trust the log {origin}"))
    })?;
    let checked = receipt.check(statement, log);
    let words = |error| format!("{name} is no receipt for this statement: {error}");
    checked.map(|_| ()).map_err(|error| CliError::new(Exit::BadInclusion, words(error)))
}
