//! `nospy init`: everything a new registry starts from, in one directory.

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::codec::Value;
use nospy::crypto::{Digest, KeyLine, NoteAlgorithm, SigningKey};
use nospy::evidence::SignedCheckpoint;
use nospy::log::OpenError;
use nospy::registry;
use nospy::statement::{Body, Field as _};
use nospy::statement::{
    Draft, GENESIS_KIND, Genesis, Issuer, LIST_MAX, Origin, Party, Predecessor, RULES_VERSION, Registrars, Statement,
    Subject, Text,
};
use serde_json::json;

use crate::error::CliError;
use crate::exit::Exit;
use crate::keys::Protection;
use crate::output::Output;
use crate::{clock, describe, files, keys, node, trust};

/// The name of the head guard.
const GUARD: &str = "head.guard";

/// Make everything a new registry starts from: keys, signed genesis, database, guard, policy, configuration.
#[derive(Args)]
pub struct InitArgs {
    /// The directory; it must not exist, or be empty.
    directory: PathBuf,
    /// The name of the registry for ever, such as registry.example/nospy; under demo. it is a demonstration.
    #[arg(long)]
    origin: String,
    /// The name that people read.
    #[arg(long)]
    title: String,
    /// How many registrar keys are made.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=LIST_MAX as u64))]
    registrars: u64,
    /// How many of them must stand behind each act of the registrar: 1 to their number.
    ///
    /// With 1, whoever holds one registrar key can list and enrol alone, and so can a thief. With 2 or more every act
    /// waits until enough others have endorsed it (`nospy draft endorse --ref FILE`). A `registry.policy` changes it later.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=LIST_MAX as u64))]
    registrar_threshold: u64,
    /// The log's private key, made before by `nospy key new`; a new one is made if left out. A log that closes has to
    /// name the key of its successor before there is one.
    #[arg(long, value_name = "FILE")]
    log_key: Option<PathBuf>,
    /// The final checkpoint of a closed log that this one continues: its origin, size and root go into the genesis, for
    /// ever.
    #[arg(long, value_name = "CHECKPOINT", requires = "predecessor_policy")]
    predecessor: Option<PathBuf>,
    /// Whom you trust for the predecessor: a policy file, or its verifier key. Its checkpoint is checked by it.
    #[arg(long, value_name = "FILE|VKEY", requires = "predecessor")]
    predecessor_policy: Option<String>,
    /// Longest time between two seals, in seconds.
    #[arg(long, default_value_t = 600)]
    seal_interval: u64,
    /// Where the database goes; `data` in the directory if left out.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address and port to serve on.
    #[arg(long, default_value = "127.0.0.1:7878")]
    listen: String,
    /// Only for a demonstration, an origin under demo.: the file that sets the clock, here and in `nospy serve`.
    #[arg(long, value_name = "FILE")]
    clock: Option<PathBuf>,
    /// Do not encrypt the keys.
    #[arg(long)]
    no_passphrase: bool,
}

/// Runs the verb.
///
/// # Errors
/// What failed. Files written before the failure stay; nothing is overwritten by the next try.
pub fn run(args: &InitArgs, output: &Output) -> Result<Exit, CliError> {
    let origin: Origin =
        args.origin.parse().map_err(|error| CliError::usage(format!("--origin {}: {error}", args.origin)))?;
    let title: Text = args.title.parse().map_err(|error| CliError::usage(format!("--title: {error}")))?;
    if args.registrar_threshold > args.registrars {
        let words = format!(
            "--registrar-threshold {}: there are {} registrar keys (--registrars)",
            args.registrar_threshold, args.registrars
        );
        return Err(CliError::usage(words).next_step("Choose a threshold of at most as many keys as are made."));
    }
    let predecessor = predecessor(args, &origin)?;
    let log_key = args.log_key.as_deref().map(keys::read_private).transpose()?;
    let protection = Protection::choose(args.no_passphrase)?;
    let clock = clock::of(args.clock.as_deref())?;
    if clock.is_scripted() && !describe::is_demo(&origin) {
        let error = OpenError::ScriptedClock { origin: origin.to_string() };
        return Err(node::cannot_open(&error));
    }
    let log_key = log_key.map_or_else(keys::generate, Ok)?;
    let registrars: Vec<SigningKey> = (0..args.registrars).map(|_| keys::generate()).collect::<Result<_, _>>()?;
    output.say(describe::FOR_EVER);
    let (told, iat) = (predecessor.clone(), clock.now_ms() / 1_000);
    let genesis = genesis(args, &origin, title, iat, &log_key, &registrars, predecessor)?;
    let vkey = KeyLine::new(origin.as_str(), NoteAlgorithm::Ed25519, log_key.public())
        .map_err(|error| CliError::usage(error.to_string()))?;

    make_directory(&args.directory)?;
    let path = |name: &str| args.directory.join(name);
    protection.write(&path("log.key.pem"), &log_key)?;
    for (i, key) in registrars.iter().enumerate() {
        protection.write(&path(&format!("registrar-{}.key.pem", i + 1)), key)?;
    }
    files::write_new(&path("genesis.statement"), genesis.bytes())?;
    files::write_new(&path("policy.txt"), format!("log {vkey}\nquorum none\n").as_bytes())?;
    files::write_new(&path("nospy.toml"), config_text(args, &origin).as_bytes())?;

    let data = args.data.clone().unwrap_or_else(|| path("data"));
    let opening = node::opening(node::storage(&data)?, &path(GUARD), log_key, origin.clone(), clock);
    registry::create(&opening, &genesis).map_err(|error| node::cannot_open(&error))?;

    let kids: Vec<String> = registrars.iter().map(|key| key.public().kid().to_string()).collect();
    let text = format!(
        "{}registry       {origin}\nlog key        {vkey}\nregistrar keys {}\nthreshold      {} of {} keys stand behind each act of the registrar\n\
         genesis        {}{}\nconfiguration  {}",
        describe::demo_mark(&origin),
        kids.join("\n               "),
        args.registrar_threshold,
        args.registrars,
        genesis.id(),
        told.as_ref()
            .map(|one| format!("\ncontinues      {} from {} entries on", one.origin, one.size))
            .unwrap_or_default(),
        path("nospy.toml").display(),
    );
    let json = json!({
        "origin": origin.as_str(), "demo": describe::is_demo(&origin), "log_key": vkey.to_string(), "registrar_kids": kids, "registrar_threshold": args.registrar_threshold,
        "predecessor": told.map(|one| json!({ "origin": one.origin.as_str(), "size": one.size, "root": one.root.to_string() })),
        "genesis_id": genesis.id().to_string(), "directory": args.directory,
    });
    output.data(&text, json)?;
    output.say(keep_safe(&args.directory, protection.describe()));
    output.say(threshold_text(args));
    Ok(Exit::Ok)
}

/// The final tree of the log that this one continues, as that log signed it.
fn predecessor(args: &InitArgs, origin: &Origin) -> Result<Option<Predecessor>, CliError> {
    let (Some(path), Some(policy)) = (&args.predecessor, &args.predecessor_policy) else { return Ok(None) };
    let signed = SignedCheckpoint::parse(&files::read(path)?)
        .map_err(|error| CliError::malformed(format!("{} is not a checkpoint: {error}", path.display())))?;
    let checkpoint = signed.checkpoint();
    if checkpoint.origin == *origin {
        return Err(CliError::usage("--predecessor: a log cannot continue itself")
            .next_step("A successor has an origin and a log key of its own."));
    }
    let policy = trust::policy_of(policy)?;
    let key = policy
        .log_of(&checkpoint.origin)
        .ok_or_else(|| CliError::usage(format!("--predecessor-policy does not trust the log {}", checkpoint.origin)))?;
    signed
        .check_log_signature(key)
        .map_err(|error| CliError::new(Exit::BadSignature, format!("{}: {error}", path.display())))?;
    let (origin, size, root) = (checkpoint.origin.clone(), checkpoint.size, Digest(checkpoint.root));
    Ok(Some(Predecessor { origin, size, root }))
}

/// The signed genesis, entry 0.
fn genesis(
    args: &InitArgs,
    origin: &Origin,
    title: Text,
    iat: u64,
    log_key: &SigningKey,
    registrars: &[SigningKey],
    predecessor: Option<Predecessor>,
) -> Result<Statement, CliError> {
    let keys = registrars.iter().map(SigningKey::public).collect();
    let body = Genesis {
        title,
        origin: origin.clone(),
        log_key: log_key.public(),
        registrars: Registrars { keys, threshold: args.registrar_threshold },
        rules: RULES_VERSION,
        seal_interval: args.seal_interval,
        limits: None,
        predecessor,
    };
    let value: Value = body.write();
    let kind = GENESIS_KIND.parse().expect("the genesis kind is a kind");
    let bytes = nospy::codec::encode(&value);
    let item = nospy::codec::Item::read(&bytes).map_err(|error| CliError::new(Exit::Internal, error.to_string()))?;
    Body::read(&kind, item).map_err(|error| CliError::usage(format!("this genesis would be refused: {error}")))?;
    let draft = Draft {
        issuer: Issuer::Party(Party::registrar()),
        subject: Subject::Registry,
        origin: origin.clone(),
        kind,
        iat,
        body: value,
    };
    let signer = registrars.first().expect("clap asks for at least one registrar key");
    draft.sign(signer).map_err(|error| CliError::usage(format!("this genesis would be refused: {error}")))
}

pub fn make_directory(directory: &Path) -> Result<(), CliError> {
    let fail = |error: std::io::Error| CliError::file("use", directory, &error);
    std::fs::create_dir_all(directory).map_err(fail)?;
    match std::fs::read_dir(directory).map_err(fail)?.next() {
        None => Ok(()),
        Some(_) => Err(CliError::usage(format!("{} is not empty", directory.display()))
            .next_step("Choose a new directory: an existing registry is never overwritten.")),
    }
}

fn config_text(args: &InitArgs, origin: &Origin) -> String {
    let data = args.data.as_deref().unwrap_or(Path::new("data"));
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let data = if args.data.is_some() { absolute(data) } else { data.to_owned() };
    let clock = args.clock.as_deref().map(absolute);
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    format!(
        "# Configuration of the registry {origin}. Paths are relative to this file.\n\
         origin = {}\nserver = {}\npolicy = \"policy.txt\"\n\n[serve]\nlisten = {}\ndata = {}\n\
         # The head guard must never be restored together with the database: it is what notices a restored backup.\n\
         guard = {}\nlog_key = \"log.key.pem\"\n{}",
        quoted(origin.as_str()),
        quoted(&format!("http://{}", args.listen)),
        quoted(&args.listen),
        quoted(&data.display().to_string()),
        quoted(GUARD),
        clock.map_or_else(String::new, |path| format!("clock = {}\n", quoted(&path.display().to_string()))),
    )
}

fn keep_safe(directory: &Path, protection: &str) -> String {
    format!(
        "\nKeep these safe, each in its own place:\n\
         - {0}/log.key.pem signs the log. A registry has one log key for ever; who has it can forge the log.\n\
         - {0}/registrar-*.key.pem speak for the registrar. Move them away from the server.\n\
         - {0}/head.guard must not be restored together with the database, and best lies on another disk.\n\
         - {0}/policy.txt is what you give to people who verify: publish the log key where they can compare it.\n\
         The keys are {protection}.",
        directory.display()
    )
}

/// What the threshold means for whoever acts as registrar.
fn threshold_text(args: &InitArgs) -> String {
    match args.registrar_threshold {
        1 => "One registrar key is enough to list and to enrol: whoever steals one can enrol an impostor, in public and \
              for ever. A registry that others rely on asks for two (--registrar-threshold 2); a registry.policy can ask \
              for it later."
            .to_owned(),
        threshold => format!(
            "Every act of the registrar needs {threshold} of its keys. Publish it signed with one; it is pending until the \
             others have endorsed it:\n  nospy draft endorse --ref enrol.statement -o endorse.yaml\n  \
             nospy sign endorse.yaml --key {}/registrar-2.key.pem\n  nospy publish endorse.statement",
            args.directory.display()
        ),
    }
}
