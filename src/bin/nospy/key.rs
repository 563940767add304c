//! `nospy key`: make, show and offer keys.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use nospy::crypto::{KeyLine, NoteAlgorithm, PublicKey, hex};
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::keys::{self, Protection};
use crate::output::Output;
use crate::{files, key_request};

/// Make, show and offer keys.
#[derive(Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    verb: KeyVerb,
}

#[derive(Subcommand)]
enum KeyVerb {
    /// Make a new Ed25519 key (PKCS#8 PEM, mode 0600) and print its id.
    New(NewArgs),
    /// Show the public side of a key.
    Show(ShowArgs),
    Request(key_request::RequestArgs),
    Proof(key_request::ProofArgs),
}

#[derive(Args)]
struct NewArgs {
    /// The private key's file; it must not exist.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Also write the public key (SPKI PEM).
    #[arg(long, value_name = "FILE")]
    public: Option<PathBuf>,
    /// Do not encrypt the file.
    #[arg(long)]
    no_passphrase: bool,
}

#[derive(Args)]
struct ShowArgs {
    /// A public key (SPKI PEM or 64 hex digits) or a private key file.
    key: String,
    /// Also show the key as a C2SP verifier key of a log with this name.
    #[arg(long, value_name = "ORIGIN")]
    log_name: Option<String>,
    /// Also show the key as a C2SP verifier key of a witness with this name.
    #[arg(long, value_name = "NAME")]
    witness_name: Option<String>,
    /// Print only the public key as SPKI PEM.
    #[arg(long)]
    pem: bool,
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: KeyArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    match args.verb {
        KeyVerb::New(args) => new(&args, output),
        KeyVerb::Show(args) => show(&args, output),
        KeyVerb::Proof(args) => key_request::proof(&args, config, output),
        KeyVerb::Request(args) => key_request::run(&args, config, output),
    }
}

fn new(args: &NewArgs, output: &Output) -> Result<Exit, CliError> {
    let protection = Protection::choose(args.no_passphrase)?;
    let key = keys::generate()?;
    protection.write(&args.file, &key)?;
    if let Some(path) = &args.public {
        files::write_new(path, key.public().to_pem().as_bytes())?;
    }
    output.say(format!("The private key is in {}, {}.", args.file.display(), protection.describe()));
    output.say("Keep a copy where only its owner finds it. Nobody can restore a lost key.");
    describe(&key.public(), &[], output)?;
    Ok(Exit::Ok)
}

fn show(args: &ShowArgs, output: &Output) -> Result<Exit, CliError> {
    let key = keys::read_public(&args.key)?;
    if args.pem {
        output.raw(key.to_pem().as_bytes())?;
        return Ok(Exit::Ok);
    }
    let line = |name: &Option<String>, algorithm| {
        name.as_ref()
            .map(|name| KeyLine::new(name, algorithm, key).map_err(|error| CliError::usage(error.to_string())))
            .transpose()
    };
    let log = line(&args.log_name, NoteAlgorithm::Ed25519)?;
    let witness = line(&args.witness_name, NoteAlgorithm::Cosignature)?;
    let lines: Vec<_> = [("log verifier key", log), ("witness verifier key", witness)]
        .into_iter()
        .filter_map(|(what, line)| Some((what, line?)))
        .collect();
    describe(&key, &lines, output)?;
    Ok(Exit::Ok)
}

/// Prints the public side of a key.
fn describe(key: &PublicKey, lines: &[(&str, KeyLine)], output: &Output) -> Result<(), CliError> {
    let mut text = format!("key id      {}\npublic key  {}", key.kid(), hex(key.as_bytes()));
    let mut json = json!({ "kid": key.kid().to_string(), "public_key": hex(key.as_bytes()), "pem": key.to_pem() });
    for (what, line) in lines {
        text.push_str(&format!("\n{what}  {line}"));
        json[what.replace(' ', "_")] = json!(line.to_string());
    }
    output.data(&text, json)
}
