//! The registry's own files: database, guard, log key. Used by the verbs that run on the registry's machine.

use std::path::Path;
use std::sync::Arc;

use nospy::crypto::SigningKey;
use nospy::log::{GuardError, OpenError};
use nospy::registry::{Clock, Opening, Options};
use nospy::statement::Origin;
use nospy::storage::{SledOptions, SledStorage, StorageError};

use crate::config::{Config, Serve};
use crate::error::CliError;
use crate::exit::Exit;

/// The part of the configuration that a registry needs, and its origin.
///
/// # Errors
/// If the configuration names no registry.
pub fn settings(config: &Config) -> Result<(&Serve, Origin), CliError> {
    let missing = |what: &str| {
        CliError::usage(format!("the configuration has no {what}"))
            .next_step("Give --config FILE with the file that `nospy init` wrote.")
    };
    let serve = config.serve.as_ref().ok_or_else(|| missing("[serve]"))?;
    let origin = config.origin.as_ref().ok_or_else(|| missing("origin"))?;
    let origin = origin.parse().map_err(|error| CliError::usage(format!("configuration, origin: {error}")))?;
    Ok((serve, origin))
}

/// Opens the database. It is made if it is missing.
///
/// # Errors
/// If another process has it open, or it is damaged.
pub fn storage(directory: &Path) -> Result<Arc<SledStorage>, CliError> {
    SledStorage::open(directory, SledOptions::default()).map(Arc::new).map_err(|error| {
        let failed = CliError::usage(format!("cannot open the database {}: {error}", directory.display()));
        match error {
            StorageError::Locked { .. } => failed.next_step("Stop the registry that is running on it first."),
            _ => failed,
        }
    })
}

/// What a registry is opened with. A fault that ends the log ends the process: what was durable is found at the next
/// start.
pub fn opening(
    storage: Arc<SledStorage>,
    guard: &Path,
    log_key: SigningKey,
    origin: Origin,
    clock: Arc<dyn Clock>,
) -> Opening {
    Opening {
        storage,
        guard: guard.to_owned(),
        log_key,
        origin,
        clock,
        on_fatal: Arc::new(|reason| {
            eprintln!("nospy: the log stopped for good: {reason}");
            std::process::exit(i32::from(Exit::Internal.code()));
        }),
        options: Options::default(),
    }
}

/// What it means for the operator that a log cannot be opened.
pub fn cannot_open(error: &OpenError) -> CliError {
    let next = match error {
        OpenError::Empty => "Make the registry with `nospy init`.",
        OpenError::NotEmpty => "Choose another directory for the database.",
        OpenError::Damaged { .. } => "Keep a copy of the directory before anything else. Never delete the head guard.",
        OpenError::Guard(GuardError::Exists { .. }) => "A guard is never replaced: it may know a newer head.",
        OpenError::ScriptedClock { .. } => "Leave out --clock, and `clock` in the configuration.",
        _ => "Compare the configuration with the one that `nospy init` wrote.",
    };
    CliError::usage(format!("cannot open the log: {error}")).next_step(next)
}
