//! `nospy show`: read an agreement, or say what a file is and what it says. Where nothing was verified, the output says so.

use std::path::PathBuf;

use clap::Args;
use nospy::crypto::{Note, PublicKey, SigningKey, hex};
use nospy::evidence::{Policy, Receipt, SignedCheckpoint};
use nospy::rpc::EntryRef;
use nospy::statement::{Statement, Subject, Unsigned};
use serde_json::{Value as Json, json};

use crate::config::Config;
use crate::draft_file::{DraftFile, Header};
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;
use crate::read::{self, Opened};
use crate::{asked, describe, extract, files, log, moment};

const UNVERIFIED: &str = "Nothing here has been verified. `nospy verify` checks a file against keys that you choose.";

/// Read an agreement as a person reads it; or say what any other file is: statement, receipt, checkpoint, policy, draft, key.
///
/// A docket file is checked if you say whose signature counts (--policy), and then shows how the agreement stands;
/// without that it is shown with a warning, and no standing is told.
#[derive(Args)]
pub struct ShowArgs {
    /// The file; - for stdin. Or a subject, whose docket file is fetched and verified first. Or the id of a statement
    /// (64 hex digits), which is fetched and proved to be in the log.
    #[arg(value_name = "FILE|SUBJECT|ID")]
    file: PathBuf,
    /// For which day (YYYY-MM-DD) or instant (2026-01-10T10:00:00Z); the last seal if left out.
    #[arg(long, value_name = "DAY|TIME")]
    on: Option<String>,
    /// Add the registry's own statements, and every statement word for word.
    #[arg(long)]
    full: bool,
    /// Write the raw parts of a docket file into a new directory, to be checked with other tools, and show nothing.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["full", "on"])]
    extract: Option<PathBuf>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// What a file turned out to be.
struct Shown {
    text: String,
    json: Json,
}

/// Runs the verb.
///
/// # Errors
/// [`Exit::Malformed`] if it is nothing that this program knows.
pub fn run(args: &ShowArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    if let (Some(Ok(id)), false) = (args.file.to_str().map(str::parse), args.file.exists()) {
        let mut online = Online::connect(&args.online, config, output)?;
        return log::proof(EntryRef::Id(id), None, None, &mut online, output);
    }
    let name = args.file.display().to_string();
    let on = args.on.as_deref().map(asked::moment_asked).transpose()?;
    let question = nospy::evidence::Question { on, ..Default::default() };
    if let (Ok(_), false) = (name.parse::<Subject>(), args.file.exists()) {
        return docket_page(read::open(&args.file, &args.online, &question, config, output)?, args, output);
    }
    let bytes = files::read(&args.file)?;
    if let Some(directory) = &args.extract {
        let count = extract::run(&bytes, &name, directory)?;
        output.say(format!(
            "{count} parts are in {}. Nothing was checked: docs/guide-verifier.md says how.",
            directory.display()
        ));
        return Ok(Exit::Ok);
    }
    let shown = match bytes.first() {
        Some(0xD2) => cose(&bytes, &name)?,
        Some(0x84) => to_be_signed(&bytes, &name)?,
        _ => match String::from_utf8(bytes) {
            Ok(text) => text_file(&text, &name)?,
            Err(error) => {
                let trust = args.online.trust.given(config)?;
                let opened = read::open_bytes(error.as_bytes(), &name, trust.as_ref(), &question, output)?;
                return docket_page(opened, args, output);
            }
        },
    };
    output.data(&shown.text, shown.json)?;
    output.say(UNVERIFIED);
    Ok(Exit::Ok)
}

fn cose(bytes: &[u8], name: &str) -> Result<Shown, CliError> {
    if let Ok(receipt) = Receipt::parse(bytes) {
        let claims = receipt.claims();
        // Claim 6 is rounded down.
        let time = moment::utc(claims.iat + 1);
        let text = format!(
            "{}a receipt of {}\nfor a statement on {}\nentry {} of a tree of {} entries, registered no later than {time}",
            describe::demo_mark(&claims.origin),
            claims.origin,
            claims.subject,
            claims.index,
            claims.size
        );
        let json = json!({
            "type": "receipt", "origin": claims.origin.as_str(), "demo": describe::is_demo(&claims.origin),
            "subject": claims.subject.to_string(), "index": claims.index, "size": claims.size, "iat": claims.iat,
        });
        return Ok(Shown { text, json });
    }
    let statement = Statement::parse_submission(bytes)
        .map_err(|error| CliError::malformed(format!("{name} is neither a statement nor a receipt: {error}")))?;
    Ok(Shown { text: describe::statement(&statement), json: describe::statement_json(&statement) })
}

/// A docket file as a page.
fn docket_page(opened: Opened, args: &ShowArgs, output: &Output) -> Result<Exit, CliError> {
    let (reading, exit) = match opened {
        Opened::Read { reading, exit } => (reading, exit),
        Opened::Refused(exit) => return Ok(exit),
    };
    output.data(&read::page(&reading, read::sheet::width(), args.full), read::to_json(&reading))?;
    Ok(exit)
}

fn to_be_signed(bytes: &[u8], name: &str) -> Result<Shown, CliError> {
    let unsigned = Unsigned::from_to_be_signed(bytes)
        .and_then(|unsigned| unsigned.finish(&[0; nospy::crypto::SIGNATURE_LEN]))
        .map_err(|error| {
            CliError::malformed(format!("{name} is not the bytes of a statement to be signed: {error}"))
        })?;
    let mut json = describe::statement_json(&unsigned);
    json["type"] = json!("to_be_signed");
    json["id"] = Json::Null;
    let text = describe::statement(&unsigned);
    let said = text.split_once("\nkind ").map_or(text.as_str(), |(_, rest)| rest);
    Ok(Shown { text: format!("bytes to be signed; not a statement yet\nkind {said}"), json })
}

fn text_file(text: &str, name: &str) -> Result<Shown, CliError> {
    if SigningKey::is_encrypted_pem(text) || text.contains("-----BEGIN PRIVATE KEY-----") {
        let how = if SigningKey::is_encrypted_pem(text) { "encrypted" } else { "NOT encrypted" };
        return Ok(Shown {
            text: format!("a private key, {how}. `nospy key show` prints its public side."),
            json: json!({ "type": "private_key", "encrypted": SigningKey::is_encrypted_pem(text) }),
        });
    }
    if let Ok(key) = PublicKey::from_pem(text) {
        return Ok(Shown {
            text: format!("a public key\nkey id      {}\npublic key  {}", key.kid(), hex(key.as_bytes())),
            json: json!({ "type": "public_key", "kid": key.kid().to_string(), "public_key": hex(key.as_bytes()) }),
        });
    }
    if let Ok(signed) = SignedCheckpoint::parse(text.as_bytes()) {
        let checkpoint = signed.checkpoint();
        let signers: Vec<&str> = signed.note().signatures().iter().map(|line| line.name.as_str()).collect();
        let root = hex(&checkpoint.root);
        return Ok(Shown {
            text: format!(
                "{}a checkpoint of {}\nsize       {} entries\nroot       {root}\nsigned by  {}",
                describe::demo_mark(&checkpoint.origin),
                checkpoint.origin,
                checkpoint.size,
                signers.join(", ")
            ),
            json: json!({ "type": "checkpoint", "origin": checkpoint.origin.as_str(), "size": checkpoint.size,
                "demo": describe::is_demo(&checkpoint.origin), "root": root, "signatures": signers }),
        });
    }
    if let Ok(policy) = Policy::parse(text.as_bytes()) {
        let logs: Vec<String> = policy.logs().iter().map(ToString::to_string).collect();
        let witnesses: Vec<String> = policy.witnesses().map(|(name, key)| format!("{name}  {key}")).collect();
        return Ok(Shown {
            text: format!(
                "a trust policy\nlogs       {}\nwitnesses  {}",
                logs.join("\n           "),
                witnesses.join("\n           ")
            ),
            json: json!({ "type": "policy", "logs": logs, "witnesses": witnesses, "asks_for_witnesses": policy.asks_for_witnesses() }),
        });
    }
    if let Ok(note) = Note::parse(text.as_bytes()) {
        let signers: Vec<&str> = note.signatures().iter().map(|line| line.name.as_str()).collect();
        return Ok(Shown {
            text: format!("a signed note\n{}\nsigned by   {}", note.text(), signers.join(", ")),
            json: json!({ "type": "note", "text": note.text(), "signatures": signers }),
        });
    }
    let draft = DraftFile::parse(text, name, &Header::default()).map_err(|error| {
        error.next_step("This program knows docket files, statements, receipts, checkpoints, policies, drafts, keys and bytes to be signed.")
    })?;
    let proofs = match draft.check_possession(name) {
        Ok(()) => "",
        Err(_) => "\nA proof of possession in it does NOT verify: it must not be signed.",
    };
    Ok(Shown {
        text: format!("{}{proofs}", describe::draft(&draft)),
        json: json!({
            "type": "draft", "issuer": draft.issuer.as_str(), "subject": draft.subject.to_string(),
            "origin": draft.origin.as_str(), "demo": describe::is_demo(&draft.origin), "kind": draft.kind.name,
            "body": crate::plain::to_json(&draft.body), "possession_proved": proofs.is_empty(),
        }),
    })
}
