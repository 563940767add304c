//! Reading and writing files: bounded reads, nothing overwritten, secrets readable by their owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::error::CliError;
use crate::output::Output;

/// Largest file that is read, in bytes: a docket file.
pub const FILE_LEN_MAX: u64 = 64 * 1024 * 1024;

/// Reads a whole file, or stdin for `-`; at most [`FILE_LEN_MAX`] bytes.
///
/// # Errors
/// If it cannot be read or is longer.
pub fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let read = match path == Path::new("-") {
        true => io::stdin().lock().take(FILE_LEN_MAX + 1).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(FILE_LEN_MAX + 1).read_to_end(&mut bytes)),
    };
    read.map_err(|error| CliError::file("read", path, &error))?;
    match bytes.len() as u64 > FILE_LEN_MAX {
        true => Err(CliError::malformed(format!("{} is longer than {FILE_LEN_MAX} bytes", path.display()))),
        false => Ok(bytes),
    }
}

/// Reads a whole file as UTF-8 text.
///
/// # Errors
/// As [`read`], or if it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, CliError> {
    String::from_utf8(read(path)?)
        .map_err(|error| CliError::malformed(format!("{} is not UTF-8 text: {}", path.display(), error.utf8_error())))
}

/// Writes a new file that everybody may read. Never overwrites.
///
/// # Errors
/// If the file exists or cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    create(path, bytes, 0o644)
}

/// Writes a new file that only its owner may read (O_EXCL, mode 0600). Never overwrites.
///
/// # Errors
/// As [`write_new`].
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    create(path, bytes, 0o600)
}

/// Writes to a new file if one is named, else to stdout.
///
/// # Errors
/// As [`write_new`].
pub fn write_or_print(path: Option<&Path>, bytes: &[u8], output: &Output) -> Result<(), CliError> {
    match path {
        Some(path) if path != Path::new("-") => write_new(path, bytes),
        _ => output.raw(bytes),
    }
}

/// Replaces a file in one step: a reader sees the old or the new bytes, never a part.
///
/// # Errors
/// If the directory cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let temporary = path.with_extension(format!("new-{}", std::process::id()));
    let write = || {
        // What has our name was left by a process that died with our number, as in a container every one has.
        match std::fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = open_new(&temporary, 0o644)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        sync_parent(path)
    };
    write().map_err(|error| CliError::file("write", path, &error))
}

fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), CliError> {
    let write = || {
        let mut file = open_new(path, mode)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| CliError::file("write", path, &error))
}

fn open_new(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}
