//! `nospy sign`: turn a draft into a statement, offline.

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::codec::{Key, Value};
use nospy::crypto::{PublicKey, SIGNATURE_LEN, parse_hex};
use nospy::statement::{Statement, StatementError, Unsigned, check_texts};
use serde_json::json;

use crate::config::Config;
use crate::draft_file::{DraftFile, Header, iat};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::{ask, describe, files, keys, template};

/// Turn a draft into a signed statement, offline.
///
/// With a key that this program cannot read (a token, an HSM): write the bytes to be signed with --public-key and
/// --tbs-out, sign them as plain Ed25519 (`openssl pkeyutl -sign -rawin`), then run `nospy sign FILE.tbs
/// --signature FILE --public-key KEY`.
#[derive(Args)]
pub struct SignArgs {
    /// The draft; or, with --signature, the bytes to be signed that --tbs-out wrote.
    file: PathBuf,
    /// The private key that signs (PKCS#8 PEM).
    #[arg(long, value_name = "FILE", env = "NOSPY_KEY", hide_env_values = true)]
    key: Option<PathBuf>,
    /// The public key of an outside signer: SPKI PEM file or 64 hex digits.
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    /// Write the bytes to be signed here and do not sign.
    #[arg(long, value_name = "FILE", requires = "public_key", conflicts_with = "signature")]
    tbs_out: Option<PathBuf>,
    /// A finished Ed25519 signature: 64 bytes, or 128 hex digits.
    #[arg(long, value_name = "FILE", requires = "public_key")]
    signature: Option<PathBuf>,
    /// When it is said to be signed: unix seconds or a time with its zone; now if left out.
    #[arg(long, value_name = "TIME")]
    iat: Option<String>,
    /// Where the statement goes; the draft's name with `.statement` if left out.
    #[arg(short, long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &SignArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    match (&args.signature, &args.public_key) {
        (Some(signature), Some(public)) => finish(args, signature, public, output),
        _ => sign(args, config, output),
    }
}

fn sign(args: &SignArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let file = DraftFile::read(&args.file, &Header::default())?;
    file.check_possession(&args.file.display().to_string())?;
    check_written(&file.body, "body")?;
    let draft = file.at(iat(args.iat.as_deref())?);
    output.say(describe::draft(&file));
    if let (Some(path), Some(public)) = (&args.tbs_out, &args.public_key) {
        let public = keys::read_public(public)?;
        let unsigned = draft.unsigned(&public.kid());
        // A signature of zeros shows whether the rest would be accepted.
        check_admissible(&unsigned.finish(&[0; SIGNATURE_LEN]).map_err(unusable)?)?;
        files::write_new(path, &unsigned.to_be_signed())?;
        output.say(format!("The bytes to be signed by key {} are in {}.", public.kid(), path.display()));
        output.say(format!(
            "Sign exactly these bytes with Ed25519, then: nospy sign {} --signature SIGNATURE --public-key KEY",
            path.display()
        ));
        return Ok(Exit::Ok);
    }
    let path = args.key.as_ref().or(config.key.as_ref()).ok_or_else(|| {
        CliError::usage("no key to sign with")
            .next_step("Give --key FILE, or --public-key and --tbs-out for an outside signer.")
    })?;
    if !args.yes {
        ask::confirm(&format!("{}\nSign it?", describe::FOR_EVER))?;
    }
    let key = keys::read_private(path)?;
    let statement = draft.sign(&key).map_err(unusable)?;
    deliver(&statement, &key.public(), args, output)
}

/// Finishes a statement with a signature that was made elsewhere.
fn finish(args: &SignArgs, signature: &Path, public: &str, output: &Output) -> Result<Exit, CliError> {
    let public = keys::read_public(public)?;
    let bytes = files::read(signature)?;
    let signature = match bytes.len() {
        SIGNATURE_LEN => bytes,
        _ => std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| parse_hex(text.trim()))
            .filter(|bytes| bytes.len() == SIGNATURE_LEN)
            .ok_or_else(|| {
                CliError::malformed(format!("{} is not a signature of 64 bytes or 128 hex digits", signature.display()))
            })?,
    };
    let unsigned = Unsigned::from_to_be_signed(&files::read(&args.file)?).map_err(|error| {
        unusable(error).next_step("With --signature the file is the one that --tbs-out wrote, not the draft.")
    })?;
    let statement = unsigned.finish(&signature).map_err(unusable)?;
    deliver(&statement, &public, args, output)
}

fn deliver(statement: &Statement, public: &PublicKey, args: &SignArgs, output: &Output) -> Result<Exit, CliError> {
    check_admissible(statement)?;
    statement.check_signature(public).map_err(|error| {
        CliError::new(Exit::BadSignature, error.to_string()).next_step(
            "The signature must be made over exactly the bytes of --tbs-out, by the key that was named then.",
        )
    })?;
    let path = args.out.clone().unwrap_or_else(|| args.file.with_extension("statement"));
    files::write_or_print(Some(&path), statement.bytes(), output)?;
    if path != Path::new("-") {
        output.say(format!("Signed. Publish it with `nospy publish {}`.", path.display()));
        let text = format!("statement  {}\nid         {}", path.display(), statement.id());
        output.data(
            &text,
            json!({ "file": path, "id": statement.id().to_string(), "kid": statement.kid().to_string() }),
        )?;
    }
    Ok(Exit::Ok)
}

/// What a registry's door asks of texts, asked before anything is signed.
fn check_admissible(statement: &Statement) -> Result<(), CliError> {
    check_texts(statement.bytes()).map_err(|error| {
        CliError::malformed(format!("no registry would take it: {error}"))
            .next_step("Type the text again in the draft.")
    })
}

/// Refuses a draft in which a template's text still stands where a person has to write.
fn check_written(value: &Value, path: &str) -> Result<(), CliError> {
    if let Some(text) = template::unwritten(value) {
        return Err(CliError::malformed(format!("{path} still says \"{text}\": that is the template's word"))
            .next_step("Write what it should say; where nothing is stated, \"not_stated\" may be allowed."));
    }
    match value {
        Value::Array(members) => {
            members.iter().enumerate().try_for_each(|(i, member)| check_written(member, &format!("{path}[{i}]")))
        }
        Value::Map(fields) => fields.iter().try_for_each(|(key, field)| match key {
            Key::Text(name) => check_written(field, &format!("{path}.{name}")),
            Key::Int(label) => check_written(field, &format!("{path}.{label}")),
        }),
        _ => Ok(()),
    }
}

fn unusable(error: StatementError) -> CliError {
    CliError::malformed(format!("this cannot become a statement: {error}"))
}
