//! `nospy docket` and `nospy standing`: fetch everything about a subject and verify it here.

use std::path::PathBuf;

use clap::Args;
use nospy::evidence::{self, DocketFile, Trust};
use nospy::statement::Subject;

use crate::asked::AskedArgs;
use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;
use crate::texts::TextsArgs;
use crate::{deposited, files, verify};

/// Fetch the docket file of a subject, verify it, and keep it: what anybody can verify offline, for ever.
#[derive(Args)]
pub struct DocketArgs {
    /// The subject, such as agreement/<vendor>/<reference>/<government> or between/<vendor>/<government or country>.
    subject: String,
    /// Where the file goes; it is written even if a check fails, as evidence.
    #[arg(short, long = "out", value_name = "FILE")]
    out: PathBuf,
    /// Fetch the deposited texts that the terms name into this folder, each as <sha256>.<ext>, and compare them.
    #[arg(long, value_name = "DIR")]
    texts: Option<PathBuf>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// How a subject stands: fetches its docket file and verifies it here; the server's word counts for nothing.
#[derive(Args)]
#[command(disable_version_flag = true)]
pub struct StandingArgs {
    /// The subject, such as agreement/<vendor>/<reference>/<government> or between/<vendor>/<government or country>.
    subject: String,
    #[command(flatten)]
    asked: AskedArgs,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Runs `docket`.
///
/// # Errors
/// What failed.
pub fn run(args: &DocketArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let (bytes, trust, mut online) = fetch(&args.subject, &args.online, config, output)?;
    files::write_new(&args.out, &bytes)?;
    output
        .say(format!("Written to {}. Verify it anywhere with: nospy verify FILE --policy POLICY", args.out.display()));
    let asked = AskedArgs::default();
    let texts = match &args.texts {
        None => TextsArgs::default(),
        Some(folder) => {
            // Only terms of a file that was checked say which texts to ask for.
            match evidence::verify(&bytes, &trust, &asked.question()?).terms {
                Some(terms) => deposited::fetch(&terms, folder, &mut online, output)?,
                None => output.say("No texts are fetched: no terms of today are known from this file."),
            }
            TextsArgs::of_folder(folder)
        }
    };
    verify::docket_file(&bytes, &trust, &asked, &texts, None, output)
}

/// Runs `standing`.
///
/// # Errors
/// What failed.
pub fn standing(args: &StandingArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let (bytes, trust, _) = fetch(&args.subject, &args.online, config, output)?;
    verify::docket_file(&bytes, &trust, &args.asked, &TextsArgs::default(), None, output)
}

/// The docket file of a subject, as the registry hands it out, and whom to trust when it is verified.
///
/// # Errors
/// What failed.
pub fn fetch(
    subject: &str,
    args: &OnlineArgs,
    config: &Config,
    output: &Output,
) -> Result<(Vec<u8>, Trust, Online), CliError> {
    let subject: Subject = subject.parse().map_err(|error| CliError::usage(format!("{subject}: {error}")))?;
    let party_keys = args.trust.party_keys()?;
    let mut online = Online::connect(args, config, output)?;
    let bytes = online.ask(|client| client.docket_file(&subject))?.into_the_servers_word();
    // A file whose form is broken is left to the verification, which names what is wrong with it.
    if let Ok(file) = DocketFile::parse(&bytes) {
        online.demand_same_history(file.checkpoint.note().to_string().as_bytes())?;
    }
    Ok((bytes, Trust { policy: online.policy.clone(), party_keys }, online))
}
