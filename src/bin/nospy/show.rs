//! `nospy show`: say what a file is and what it says. Nothing is verified here, and the output says so.

use std::path::PathBuf;

use clap::Args;
use nospy::crypto::{Note, PublicKey, SigningKey, hex};
use nospy::statement::{Statement, Unsigned};
use serde_json::{Value as Json, json};

use crate::draft_file::{DraftFile, Header};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::{describe, files};

const UNVERIFIED: &str = "Nothing here has been verified. `nospy verify` checks a file against keys that you choose.";

/// Say what a file is and what it says: statement, draft, key, checkpoint, bytes to be signed.
#[derive(Args)]
pub struct ShowArgs {
    /// The file; - for stdin.
    file: PathBuf,
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
pub fn run(args: &ShowArgs, output: &Output) -> Result<Exit, CliError> {
    let bytes = files::read(&args.file)?;
    let name = args.file.display().to_string();
    let shown = match bytes.first() {
        Some(0xD2) => cose(&bytes, &name)?,
        Some(0x84) => to_be_signed(&bytes, &name)?,
        _ => match String::from_utf8(bytes) {
            Ok(text) => text_file(&text, &name)?,
            Err(_) => return Err(unknown(&name)),
        },
    };
    output.data(&shown.text, shown.json)?;
    output.say(UNVERIFIED);
    Ok(Exit::Ok)
}

fn cose(bytes: &[u8], name: &str) -> Result<Shown, CliError> {
    let statement = Statement::parse_submission(bytes)
        .map_err(|error| CliError::malformed(format!("{name} is not a statement: {error}")))?;
    Ok(Shown { text: describe::statement(&statement), json: describe::statement_json(&statement) })
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
    if let Ok(note) = Note::parse(text.as_bytes()) {
        let signers: Vec<&str> = note.signatures().iter().map(|line| line.name.as_str()).collect();
        return Ok(Shown {
            text: format!("a signed note\n{}\nsigned by   {}", note.text(), signers.join(", ")),
            json: json!({ "type": "note", "text": note.text(), "signatures": signers }),
        });
    }
    let draft = DraftFile::parse(text, name, &Header::default()).map_err(|error| {
        error.next_step("This program knows statements, drafts, keys, checkpoints and bytes to be signed.")
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

fn unknown(name: &str) -> CliError {
    CliError::malformed(format!("{name} is nothing that this program knows"))
        .next_step("It knows statements, drafts, keys, checkpoints and bytes to be signed.")
}
