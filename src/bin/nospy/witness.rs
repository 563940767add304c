//! `nospy witness`: cosign the checkpoints of other logs, or of a registry of ours.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use nospy::crypto::{KeyLine, NoteAlgorithm};
use nospy::net::{self, TlsIdentity};
use nospy::registry::SystemClock;
use nospy::witness::{self, Keep, KnownLog, Limits, Roll, WitnessError};
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

use crate::config::{self, Config};
use crate::error::CliError;
use crate::exit::Exit;
use crate::keys::Protection;
use crate::output::Output;
use crate::witness_audit::Followers;
use crate::{files, init, keys, node, serve, witness_audit};

const GUARD: &str = "state.guard";

/// Be a witness: cosign checkpoints of logs that are proved to extend what was cosigned before (C2SP tlog-witness).
#[derive(Args)]
pub struct WitnessArgs {
    #[command(subcommand)]
    verb: WitnessVerb,
}

#[derive(Subcommand)]
enum WitnessVerb {
    Init(InitArgs),
    Serve(ServeArgs),
    /// Print the witness's verifier key, for the policies of those who trust it.
    Vkey,
}

/// Make everything a new witness starts from: key, state, guard, configuration.
#[derive(Args)]
struct InitArgs {
    /// The directory; it must not exist, or be empty.
    directory: PathBuf,
    /// The name on its cosignatures, such as witness.example/w1.
    #[arg(long)]
    name: String,
    /// A log to begin with, as a verifier key; more are added in the configuration.
    #[arg(long = "log", value_name = "VKEY")]
    logs: Vec<KeyLine>,
    /// Address and port to serve on.
    #[arg(long, default_value = "127.0.0.1:7879")]
    listen: String,
    /// Do not encrypt the key.
    #[arg(long)]
    no_passphrase: bool,
}

/// Run the witness that the configuration describes, until SIGTERM or SIGINT.
#[derive(Args)]
struct ServeArgs {
    /// Address and port to listen on, instead of the configured ones; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", env = "NOSPY_LISTEN")]
    listen: Option<String>,
    /// Audit each log that the configuration names a `server` for: cosign only what was derived again from its entries.
    ///
    /// What such a cosignature says is more than the usual one, so it has a key and name of its own. A registry that has this
    /// witness in its policy offers it each head before that is published, and so may wait for it.
    #[arg(long)]
    audit: bool,
}

/// Runs the verb.
///
/// # Errors
/// What failed.
pub fn run(args: &WitnessArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    match &args.verb {
        WitnessVerb::Init(args) => make(args, output),
        WitnessVerb::Serve(args) => run_service(args, settings(config)?, output),
        WitnessVerb::Vkey => {
            let settings = settings(config)?;
            let vkey = key_line(&settings.name, &keys::read_private(&settings.key)?)?;
            output.data(&vkey.to_string(), json!({ "name": vkey.name(), "vkey": vkey.to_string() }))?;
            Ok(Exit::Ok)
        }
    }
}

fn settings(config: &Config) -> Result<&config::Witness, CliError> {
    config.witness.as_ref().ok_or_else(|| {
        CliError::usage("the configuration has no [witness]")
            .next_step("Give --config FILE with the file that `nospy witness init` wrote.")
    })
}

fn key_line(name: &str, key: &nospy::crypto::SigningKey) -> Result<KeyLine, CliError> {
    KeyLine::new(name, NoteAlgorithm::Cosignature, key.public())
        .map_err(|error| CliError::usage(format!("the name of the witness: {error}")))
}

fn make(args: &InitArgs, output: &Output) -> Result<Exit, CliError> {
    let protection = Protection::choose(args.no_passphrase)?;
    let key = keys::generate()?;
    let vkey = key_line(&args.name, &key)?;
    roll(args.logs.iter().map(|key| KnownLog { origin: key.name().to_owned(), key: key.clone() }))?;
    init::make_directory(&args.directory)?;
    let path = |name: &str| args.directory.join(name);
    protection.write(&path("witness.key.pem"), &key)?;
    files::write_new(&path("nospy.toml"), config_text(args).as_bytes())?;
    let storage = node::storage(&path("data"))?;
    witness::create(&*storage, &path(GUARD), &vkey).map_err(|error| cannot(&error))?;
    output.say(format!("The private key is {}.", protection.describe()));
    output.say(format!(
        "Keep {} on another disk than {} and never restore the two together: the guard is what notices an old state.",
        path(GUARD).display(),
        path("data").display()
    ));
    let text = format!(
        "The witness {} is in {}.\nvkey {vkey}\nA log's operator, and whoever trusts you, writes into a policy:\n  witness {} {vkey}",
        args.name,
        args.directory.display(),
        policy_name(&args.name),
    );
    let json = json!({ "name": args.name, "vkey": vkey.to_string(), "directory": args.directory });
    output.data(&text, json)?;
    Ok(Exit::Ok)
}

/// A name without spaces for a line of a policy: what stands behind the last slash.
fn policy_name(name: &str) -> &str {
    name.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or("w1")
}

fn config_text(args: &InitArgs) -> String {
    let mut text = format!(
        "# A witness. Paths are relative to this file.\n\n[witness]\nname = {:?}\nlisten = {:?}\nprefix = \"\"\ndata = \"data\"\n\
         # Remembers the newest state. Keep it on another disk, out of backups of data.\nguard = {GUARD:?}\n\
         key = \"witness.key.pem\"\n\n# The logs that this witness knows. Where the first line of a log's checkpoints is not the\n\
         # name of its key, say so with origin = \"…\". Several keys of one log are several entries.\n",
        args.name, args.listen
    );
    if args.logs.is_empty() {
        text.push_str("# [[witness.log]]\n# vkey = \"registry.example/nospy+0c9d093d+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c\"\n");
    }
    for log in &args.logs {
        text.push_str(&format!("[[witness.log]]\nvkey = \"{log}\"\n"));
    }
    text
}

fn roll(logs: impl IntoIterator<Item = KnownLog>) -> Result<Roll, CliError> {
    Roll::new(logs).map_err(|error| CliError::usage(format!("the logs of the witness: {error}")))
}

fn run_service(args: &ServeArgs, settings: &config::Witness, output: &Output) -> Result<Exit, CliError> {
    let filter = EnvFilter::try_from_env("NOSPY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(is_terminal).init();
    let logs = settings.log.iter().map(|log| {
        let key: KeyLine = log
            .vkey
            .parse()
            .map_err(|error| CliError::usage(format!("configuration, the key {}: {error}", log.vkey)))?;
        Ok(KnownLog { origin: log.origin.clone().unwrap_or_else(|| key.name().to_owned()), key })
    });
    let roll = roll(logs.collect::<Result<Vec<_>, CliError>>()?)?;
    let audited = args.audit.then(|| witness_audit::audited(settings)).transpose()?;
    let prefix = prefix(&settings.prefix)?;
    let tls = tls(settings)?;
    let key = keys::read_private(&settings.key)?;
    let vkey = key_line(&settings.name, &key)?;
    let listen = args.listen.clone().unwrap_or_else(|| settings.listen.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Exit::Internal, format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(&listen)
            .await
            .map_err(|error| CliError::usage(format!("cannot listen on {listen}: {error}")))?;
        let address = listener.local_addr().map_err(|error| CliError::usage(format!("cannot listen: {error}")))?;
        let stopped = serve::stop_signal()?;
        let keep = open(settings, (vkey.clone(), key.clone()), roll)?;
        tell(&keep, address, prefix, tls.is_some(), output)?;
        let keep = match audited {
            Some(logs) => keep.auditing(Arc::new(Followers::start(logs, &(vkey, key))?)),
            None => keep,
        };
        let routes = witness::routes(Arc::new(keep), prefix, &Limits::default());
        net::serve(listener, routes, &net::Limits::default(), tls.as_ref(), stopped, async {})
            .await
            .map_err(|error| CliError::usage(error.to_string()))
    })?;
    output.say("Stopped.");
    Ok(Exit::Ok)
}

fn open(
    settings: &config::Witness,
    name_and_key: (KeyLine, nospy::crypto::SigningKey),
    roll: Roll,
) -> Result<Keep, CliError> {
    let storage = node::storage(&settings.data)?;
    let on_fatal = Arc::new(|reason: &str| {
        eprintln!("nospy: the witness stopped for good: {reason}");
        std::process::exit(i32::from(Exit::Internal.code()));
    });
    Keep::open(storage, &settings.guard, name_and_key, roll, Arc::new(SystemClock), on_fatal)
        .map_err(|error| cannot(&error))
}

fn tell(keep: &Keep, address: SocketAddr, prefix: &str, is_tls: bool, output: &Output) -> Result<(), CliError> {
    let scheme = if is_tls { "https" } else { "http" };
    let url = format!("{scheme}://{address}{prefix}");
    let logs: Vec<&str> = keep.roll().origins().collect();
    let text = format!("witness {} on {url}\nvkey {}\nlogs {}", keep.name().name(), keep.name(), logs.len());
    let json = json!({ "name": keep.name().name(), "vkey": keep.name().to_string(), "url": url, "logs": logs });
    output.data(&text, json)
}

/// Empty, or `/` and segments.
fn prefix(prefix: &str) -> Result<&str, CliError> {
    let is_one = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    match prefix.is_empty() || prefix.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_one)) {
        true => Ok(prefix),
        false => Err(CliError::usage(format!("configuration, prefix: {prefix:?} is not empty and not /NAME[/NAME…]"))),
    }
}

fn tls(settings: &config::Witness) -> Result<Option<TlsIdentity>, CliError> {
    match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => Ok(Some(TlsIdentity {
            certificate_pem: files::read(certificate)?,
            key_pem: Zeroizing::new(files::read(key)?),
        })),
        (None, None) => Ok(None),
        _ => Err(CliError::usage("TLS needs both tls_certificate and tls_key")),
    }
}

fn cannot(error: &WitnessError) -> CliError {
    let failed = CliError::usage(format!("the witness cannot run: {error}"));
    match error {
        WitnessError::Missing => failed.next_step("Make it with `nospy witness init`."),
        WitnessError::Guard(_) => failed.next_step(
            "Put the guard back where it was. A guard is never made silently: without it nobody knows what was cosigned.",
        ),
        _ => failed,
    }
}
