//! `nospy log export`: a copy of a log as static files (C2SP tlog-tiles), every entry proved before it is written.
//!
//! The copy is what any mirror or auditor can read without this program: `checkpoint`, `tile/<L>/<N>[.p/<W>]` and
//! `tile/entries/<N>[.p/<W>]`. A second export goes on from the checkpoint of the first, if the log extends it.

mod disk;

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::crypto::hex;
use nospy::evidence::SignedCheckpoint;
use nospy::merkle::{TileFile, Tiling, TilingError};
use nospy::rpc::VerifiedRun;
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::export::disk::Disk;
use crate::log::quorum;
use crate::online::{Online, OnlineArgs};
use crate::output::Output;

/// Copy the log into a directory as static files (C2SP tlog-tiles), verified; again to bring the copy up to date.
#[derive(Args)]
pub struct ExportArgs {
    /// The directory; made if it is not there.
    directory: PathBuf,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Runs the verb.
///
/// # Errors
/// [`Exit::Equivocation`] if the log does not extend what was exported; a copy that was damaged; what an answer lacks.
pub fn run(args: &ExportArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    bring_up_to_date(&args.directory, &args.online, config, output)
}

/// Makes the copy in `directory` that of the newest checkpoint.
///
/// # Errors
/// As [`run`].
pub fn bring_up_to_date(
    directory: &Path,
    online: &OnlineArgs,
    config: &Config,
    output: &Output,
) -> Result<Exit, CliError> {
    let disk = Disk::open(directory)?;
    let mut online = Online::connect(online, config, output)?;
    let quorum = quorum(&online)?;
    let tiling = go_on_from(&disk, &mut online)?;
    let from = tiling.edge().size();
    let checkpoint = online.checkpoint.clone();
    if checkpoint.size() < from {
        // The one server gave an older checkpoint at first and a newer one when the histories were compared.
        return Err(CliError::new(Exit::Stale, "the registry shows an older log than the copy").next_step("Try again."));
    }
    let (tiling, full) = copy(&disk, &mut online, tiling, output)?;
    if tiling.edge().root() != *checkpoint.root() {
        return Err(CliError::new(Exit::BadInclusion, "the entries are not those of the checkpoint"));
    }
    tiling.partials().iter().try_for_each(|file| disk.put(file))?;
    disk.complete(checkpoint.note())?;
    full.iter().try_for_each(|path| disk.prune(path))?;
    let text = format!(
        "The log of {} is in {}: {} entries, {} of them new.\nroot {}\nEvery entry was proved to be in the tree that the log signed.",
        online.log.name(),
        directory.display(),
        checkpoint.size(),
        checkpoint.size() - from,
        hex(checkpoint.root()),
    );
    let json = json!({
        "origin": online.log.name(), "directory": directory, "size": checkpoint.size(), "from": from,
        "root": hex(checkpoint.root()), "quorum_met": quorum.is_met,
    });
    output.data(&text, json)?;
    if !quorum.is_met {
        output.say("The witnesses that your policy asks for have not cosigned the checkpoint of the copy.");
        return Ok(Exit::WitnessQuorum);
    }
    Ok(Exit::Ok)
}

/// Where the last export ended: its own files give the tree that its checkpoint signs, and the log extends it.
fn go_on_from(disk: &Disk, online: &mut Online) -> Result<Tiling, CliError> {
    let Some(note) = disk.checkpoint()? else { return Ok(Tiling::new()) };
    let of = |error: &dyn std::fmt::Display| {
        CliError::usage(format!("the checkpoint of the copy: {error}")).next_step("Export to another directory.")
    };
    let signed = SignedCheckpoint::parse(&note).map_err(|error| of(&error))?;
    signed.check_log_signature(&online.log).map_err(|error| of(&error))?;
    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
    // The fork first: what a log signed is worth more than what a disk lost.
    online.demand_same_history(&note)?;
    let tiling = Tiling::resume(size, |path, len_max| disk.read(path, len_max).map_err(Failed::Read));
    let tiling = tiling.map_err(|failed| match failed {
        Failed::Read(error) => error,
        Failed::Tiling(error) => damaged(&error.to_string()),
    })?;
    match tiling.edge().root() == root {
        true => Ok(tiling),
        false => Err(damaged("its partial tiles do not make the root that its checkpoint signs")),
    }
}

/// Why the copy cannot be gone on with.
enum Failed {
    Read(CliError),
    Tiling(TilingError),
}

impl From<TilingError> for Failed {
    fn from(error: TilingError) -> Self {
        Self::Tiling(error)
    }
}

fn damaged(what: &str) -> CliError {
    CliError::malformed(format!("the copy is damaged: {what}"))
        .next_step("Keep it if you need to know why, and export to another directory.")
}

/// Writes every file that is full before the end of the checkpoint; gives what is left, and their paths.
fn copy(
    disk: &Disk,
    online: &mut Online,
    mut tiling: Tiling,
    output: &Output,
) -> Result<(Tiling, Vec<String>), CliError> {
    let until = online.checkpoint.size();
    let mut tail = online.client.tail(tiling.edge().clone(), Some(until));
    let mut paths = Vec::new();
    while let Some(run) = online.ask(|client| client.next_run(&mut tail))? {
        for file in cut(&mut tiling, &run)? {
            disk.put(&file)?;
            paths.push(file.path);
        }
        output.progress(&format!("{} of {until}", run.edge().size()));
    }
    output.progress("");
    Ok((tiling, paths))
}

fn cut(tiling: &mut Tiling, run: &VerifiedRun) -> Result<Vec<TileFile>, CliError> {
    let mut full = Vec::new();
    for entry in run.statements() {
        tiling.push(entry, &mut full).map_err(|error| CliError::new(Exit::Malformed, error.to_string()))?;
    }
    Ok(full)
}
