//! `nospy key request`: an enrolment request, made by the party and handed to the registrar.
//!
//! The request *is* a draft of `party.enrol`: the registrar reads it, compares it with what it knows about the
//! party, and signs it as it stands.

use std::path::PathBuf;

use clap::Args;
use nospy::codec::{Key, Value};
use nospy::crypto::{SigningKey, possession_message};
use nospy::statement::{LIST_MAX, Origin, Party, from_plain};

use crate::config::Config;
use crate::draft_file::{DraftFile, find_kind};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::plain::{self, Plain};
use crate::{files, keys};

/// Write an enrolment request: who a party is, its keys, and the proof that it holds them.
///
/// The party is described by --name, --role and --country, or fully by a YAML file with the fields of party.list
/// (`nospy draft party.list` prints them).
#[derive(Args)]
pub struct RequestArgs {
    /// The party id that is asked for.
    #[arg(long)]
    party: String,
    /// The registry.
    #[arg(long, env = "NOSPY_ORIGIN")]
    origin: Option<String>,
    /// A private key of the party; may be given up to 16 times.
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// The party's name as its register writes it.
    #[arg(long, conflicts_with = "from", requires_all = ["role", "country"])]
    name: Option<String>,
    /// vendor, government or auditor.
    #[arg(long)]
    role: Option<String>,
    /// Two lower-case letters, or eu.
    #[arg(long)]
    country: Option<String>,
    /// A YAML file with the fields of party.list.
    #[arg(long, value_name = "FILE", required_unless_present = "name")]
    from: Option<PathBuf>,
    #[command(flatten)]
    authority: AuthorityArgs,
    /// How many of the keys must sign an act.
    #[arg(long, default_value_t = 1)]
    threshold: u32,
    /// Write here instead of stdout.
    #[arg(short, long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What a key may do.
#[derive(Args)]
struct AuthorityArgs {
    /// The kinds that each key may sign; all if left out.
    #[arg(long, value_delimiter = ',', default_value = "*")]
    kinds: Vec<String>,
    /// Do not let these keys grant and revoke keys.
    #[arg(long)]
    no_key_rights: bool,
}

/// Print the grant of a further key with its proof of possession, to be put into a draft of party.keys.
#[derive(Args)]
pub struct ProofArgs {
    /// The party.
    #[arg(long)]
    party: String,
    /// The registry.
    #[arg(long, env = "NOSPY_ORIGIN")]
    origin: Option<String>,
    /// The new private key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    authority: AuthorityArgs,
}

/// Runs `key proof`.
///
/// # Errors
/// What failed.
pub fn proof(args: &ProofArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let (party, origin) = names(&args.party, args.origin.as_ref(), config)?;
    let grant = grant(&keys::read_private(&args.key)?, &party, &origin, &args.authority);
    let json = plain::to_json(&grant);
    output.data(&plain::to_yaml(&Value::record([("grant", Value::Array(vec![grant]))])), json)?;
    Ok(Exit::Ok)
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &RequestArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let (party, origin) = names(&args.party, args.origin.as_ref(), config)?;
    if args.keys.len() > LIST_MAX || args.threshold as usize > args.keys.len() || args.threshold == 0 {
        return Err(CliError::usage(format!(
            "between 1 and {LIST_MAX} keys, and a threshold between 1 and their number: got {} keys and threshold {}",
            args.keys.len(),
            args.threshold
        )));
    }
    let private: Vec<SigningKey> = args.keys.iter().map(|path| keys::read_private(path)).collect::<Result<_, _>>()?;
    let mut body = description(args)?;
    let grants = private.iter().map(|key| grant(key, &party, &origin, &args.authority)).collect();
    body.insert(Key::Text("keys".into()), Value::Array(grants));
    body.insert(Key::Text("threshold".into()), Value::Int(i64::from(args.threshold)));

    let kind = find_kind("party.enrol")?;
    let name = kind.name.parse().expect("the names of known kinds are kinds");
    let body = from_plain(&name, &Value::Map(body))
        .map_err(|error| CliError::malformed(format!("the description of {party}: {error}")))?;
    let subject = format!("party/{party}").parse().map_err(|_| CliError::usage(format!("no subject for {party}")))?;
    let draft = DraftFile { issuer: Party::registrar(), subject, origin, kind, body };
    draft.check_possession("this request")?;
    let text = format!(
        "# Enrolment request of {party}. The registrar checks who asks, by a way of its own, compares the key ids with\n\
         # the party, and signs this file: nospy sign FILE --key REGISTRAR.pem\n{}{}",
        private.iter().map(|key| format!("# key id {}\n", key.public().kid())).collect::<String>(),
        draft.to_yaml()
    );
    files::write_or_print(args.out.as_deref(), text.as_bytes(), output)?;
    if let Some(path) = &args.out {
        output.say(format!(
            "The request is in {}. Send it to the registrar, and tell it the key ids by another way.",
            path.display()
        ));
    }
    Ok(Exit::Ok)
}

/// The party and the registry that a proof is for.
fn names(party: &str, origin: Option<&String>, config: &Config) -> Result<(Party, Origin), CliError> {
    let party: Party = party.parse().map_err(|error| CliError::usage(format!("--party {party}: {error}")))?;
    let origin = origin.or(config.origin.as_ref());
    let origin = origin.ok_or_else(|| CliError::usage("no registry named").next_step("Give --origin ORIGIN."))?;
    let origin: Origin = origin.parse().map_err(|error| CliError::usage(format!("--origin {origin}: {error}")))?;
    match party.is_registrar() {
        true => Err(CliError::usage("registrar is the registry's own authority and is not enrolled")),
        false => Ok((party, origin)),
    }
}

type Fields = std::collections::BTreeMap<Key, Value>;

fn description(args: &RequestArgs) -> Result<Fields, CliError> {
    if let Some(path) = &args.from {
        let name = path.display().to_string();
        return match Plain::parse(&files::read_text(path)?, &name)?.value {
            Value::Map(mut fields) => match fields.remove(&Key::Text("body".into())) {
                Some(Value::Map(body)) => Ok(body),
                Some(_) => Err(CliError::malformed(format!("{name}, body: wants a map"))),
                None => Ok(fields),
            },
            _ => Err(CliError::malformed(format!("{name} wants the fields of party.list"))),
        };
    }
    let text = |text: &Option<String>| Value::text(text.clone().unwrap_or_default());
    let fields = [
        ("names", Value::Array(vec![Value::record([("name", text(&args.name))])])),
        ("role", text(&args.role)),
        ("country", text(&args.country)),
    ];
    Ok(fields.into_iter().map(|(name, value)| (Key::Text(name.to_owned()), value)).collect())
}

fn grant(key: &SigningKey, party: &Party, origin: &Origin, args: &AuthorityArgs) -> Value {
    let public = key.public();
    let proof = key.sign(&possession_message(origin.as_str(), party.as_str(), &public));
    let authority = Value::record([
        ("kinds", Value::Array(args.kinds.iter().map(Value::text).collect())),
        ("keys", Value::Bool(!args.no_key_rights)),
    ]);
    let text = |bytes: &[u8]| Value::text(nospy::crypto::hex(bytes));
    Value::record([("key", text(public.as_bytes())), ("proof", text(&proof)), ("authority", authority)])
}
