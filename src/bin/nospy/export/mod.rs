//! `nospy log export`: a copy of a log as static files (C2SP tlog-tiles), every entry proved before it is written.
//!
//! The copy is what any mirror or auditor can read without this program: `checkpoint`, `tile/<L>/<N>[.p/<W>]` and
//! `tile/entries/<N>[.p/<W>]`. A second export goes on from the checkpoint of the first, if the log extends it.

mod check;
mod disk;
mod older;

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::crypto::{KeyLine, hex};
use nospy::evidence::{Policy, Quorum, SignedCheckpoint};
use nospy::merkle::{TileFile, Tiling, TilingError};
use nospy::rpc::VerifiedRun;
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
pub use crate::export::check::check_copy;
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
/// As [`run`]; [`Exit::Equivocation`] also if the log signed a smaller tree that the copy does not begin with.
pub fn bring_up_to_date(
    directory: &Path,
    online: &OnlineArgs,
    config: &Config,
    output: &Output,
) -> Result<Exit, CliError> {
    let disk = Disk::open(directory)?;
    let result = bring_up(&disk, directory, online, config, output);
    match result {
        // What the copy holds tells an older head of its own history from a fork.
        Err(error) if error.exit() == Exit::Stale => Err(older::examine(&disk, online, config, error)),
        result => result,
    }
}

fn bring_up(
    disk: &Disk,
    directory: &Path,
    online: &OnlineArgs,
    config: &Config,
    output: &Output,
) -> Result<Exit, CliError> {
    let mut online = Online::connect(online, config, output)?;
    let quorum = quorum(&online)?;
    let old = own_checkpoint(disk, &online.log)?;
    let tiling = go_on_from(disk, old.as_ref(), &mut online)?;
    let from = tiling.edge().size();
    disk.tidy(from)?;
    let checkpoint = online.checkpoint.clone();
    if checkpoint.size() < from {
        // The one server gave an older checkpoint at first and a newer one when the histories were compared.
        return Err(CliError::new(Exit::Stale, "the registry shows an older log than the copy").next_step("Try again."));
    }
    let tiling = copy(disk, &mut online, tiling, output)?;
    if tiling.edge().root() != *checkpoint.root() {
        return Err(CliError::new(Exit::BadInclusion, "the entries are not those of the checkpoint"));
    }
    tiling.partials().iter().try_for_each(|file| disk.put(file))?;
    if let Some(old) = &old
        && !replaces(standing(old, &online.policy), Standing::of(checkpoint.size(), &quorum))
    {
        return keep(old, checkpoint.size(), quorum.is_met, directory, output);
    }
    disk.complete(checkpoint.note(), from, checkpoint.size())?;
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

/// What a checkpoint is worth to the readers of the copy.
#[derive(Clone, Copy)]
struct Standing {
    size: u64,
    is_met: bool,
    cosigners: usize,
}

impl Standing {
    fn of(size: u64, quorum: &Quorum) -> Self {
        Self { size, is_met: quorum.is_met, cosigners: quorum.cosigners.len() }
    }
}

/// A note whose cosignatures do not verify has none.
fn standing(signed: &SignedCheckpoint, policy: &Policy) -> Standing {
    let size = signed.checkpoint().size;
    match signed.check_quorum(policy) {
        Ok(quorum) => Standing::of(size, &quorum),
        Err(_) => Standing { size, is_met: false, cosigners: 0 },
    }
}

/// Whether the readers of the copy lose nothing by the new checkpoint: a larger tree never costs them the quorum, and the
/// same tree never a witness.
fn replaces(old: Standing, new: Standing) -> bool {
    let keeps_quorum = new.is_met || !old.is_met;
    keeps_quorum && (new.size > old.size || (new.is_met && !old.is_met) || new.cosigners >= old.cosigners)
}

/// The checkpoint stays: nothing that it names has been removed.
fn keep(old: &SignedCheckpoint, size: u64, is_met: bool, directory: &Path, output: &Output) -> Result<Exit, CliError> {
    let (kept, directory) = (old.checkpoint(), directory.display());
    let text = format!(
        "The log has {size} entries and they are in {directory}, but its newest checkpoint has fewer witnesses than that of the \
         copy: the copy keeps its checkpoint of {} entries.",
        kept.size
    );
    let json = json!({
        "origin": kept.origin.as_str(), "directory": directory.to_string(), "size": kept.size, "from": kept.size,
        "root": hex(&kept.root), "shown_size": size, "checkpoint_kept": true, "quorum_met": is_met,
    });
    output.data(&text, json)?;
    Ok(if is_met { Exit::Ok } else { Exit::WitnessQuorum })
}

/// The checkpoint of the copy, signed by `log`; `None` if there is none yet.
///
/// # Errors
/// If it is none, or that of another log.
fn own_checkpoint(disk: &Disk, log: &KeyLine) -> Result<Option<SignedCheckpoint>, CliError> {
    let Some(note) = disk.checkpoint()? else { return Ok(None) };
    let of = |error: &dyn std::fmt::Display| {
        CliError::usage(format!("the checkpoint of the copy: {error}"))
            .next_step("It may be the copy of another log: take another directory.")
    };
    let signed = SignedCheckpoint::parse(&note).map_err(|error| of(&error))?;
    signed.check_log_signature(log).map_err(|error| of(&error))?;
    Ok(Some(signed))
}

/// Where the last export ended: its own files give the tree that its checkpoint signs, and the log extends it.
fn go_on_from(disk: &Disk, old: Option<&SignedCheckpoint>, online: &mut Online) -> Result<Tiling, CliError> {
    let Some(signed) = old else { return Ok(Tiling::new()) };
    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
    // The fork first: what a log signed is worth more than what a disk lost.
    online.demand_same_history(signed.note().to_string().as_bytes())?;
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

/// Writes every file that is full before the end of the checkpoint; gives what is left.
fn copy(disk: &Disk, online: &mut Online, mut tiling: Tiling, output: &Output) -> Result<Tiling, CliError> {
    let until = online.checkpoint.size();
    let mut tail = online.client.tail(tiling.edge().clone(), Some(until));
    while let Some(run) = online.ask(|client| client.next_run(&mut tail))? {
        for file in cut(&mut tiling, &run)? {
            disk.put(&file)?;
        }
        output.progress(&format!("{} of {until}", run.edge().size()));
    }
    output.progress("");
    Ok(tiling)
}

fn cut(tiling: &mut Tiling, run: &VerifiedRun) -> Result<Vec<TileFile>, CliError> {
    let mut full = Vec::new();
    for entry in run.statements() {
        tiling.push(entry, &mut full).map_err(|error| CliError::new(Exit::Malformed, error.to_string()))?;
    }
    Ok(full)
}
