//! What this machine has seen of each log: its last verified checkpoint, one file a log key.
//!
//! The file of a log is locked while a verb talks to it, and replaced in one step: two programs never forget each
//! other's checkpoint.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use nospy::crypto::{KeyLine, sha256};
use nospy::rpc::SeenCheckpoints;

use crate::config::Config;
use crate::error::CliError;
use crate::files;

/// The checkpoints that this machine has verified.
#[derive(Debug)]
pub struct FileCheckpoints {
    directory: PathBuf,
    /// Held, not read: the lock ends with it.
    _lock: File,
}

impl FileCheckpoints {
    /// Opens the memory of `log` and waits for its lock.
    ///
    /// # Errors
    /// If the directory cannot be used.
    pub fn open(directory: &Path, log: &KeyLine) -> Result<Self, CliError> {
        let lock = || {
            std::fs::create_dir_all(directory)?;
            let lock =
                OpenOptions::new().create(true).truncate(false).write(true).open(path(directory, log, "lock"))?;
            lock.lock()?;
            Ok(lock)
        };
        let lock = lock().map_err(|error: io::Error| CliError::file("use the state directory", directory, &error))?;
        Ok(Self { directory: directory.to_owned(), _lock: lock })
    }
}

impl SeenCheckpoints for FileCheckpoints {
    fn last(&self, log: &KeyLine) -> io::Result<Option<Vec<u8>>> {
        stored(&self.directory, log)
    }

    fn store(&mut self, log: &KeyLine, note: &[u8]) -> io::Result<()> {
        files::replace(&path(&self.directory, log, "checkpoint"), note)
            .map_err(|error| io::Error::other(error.message().to_owned()))
    }
}

/// What is remembered of `log`, without a lock: for those who store nothing.
///
/// # Errors
/// If the file cannot be read.
pub fn last(directory: &Path, log: &KeyLine) -> Result<Option<Vec<u8>>, CliError> {
    stored(directory, log).map_err(|error| CliError::file("read the state in", directory, &error))
}

fn stored(directory: &Path, log: &KeyLine) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path(directory, log, "checkpoint")) {
        Ok(note) => Ok(Some(note)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the state is kept: --state, then the configuration, then `$XDG_STATE_HOME/nospy`.
///
/// # Errors
/// If there is neither that nor a home directory.
pub fn directory(flag: Option<&Path>, config: &Config) -> Result<PathBuf, CliError> {
    if let Some(directory) = flag.map(Path::to_owned).or_else(|| config.state.clone()) {
        return Ok(directory);
    }
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("nospy"))
        .ok_or_else(|| CliError::usage("there is no place to remember checkpoints").next_step("Give --state DIR."))
}

fn path(directory: &Path, log: &KeyLine, extension: &str) -> PathBuf {
    directory.join(format!("{}.{extension}", sha256(&[log.to_string().as_bytes()])))
}
