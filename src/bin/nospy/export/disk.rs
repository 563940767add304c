//! The directory of an export, as a reader may find it at any moment.
//!
//! - Each file is written elsewhere, made durable and then put in its place: a reader sees a whole file or none.
//! - The checkpoint comes last, when all that it names is durable: whatever stops an export, the checkpoint that is there
//!   names files that are there.
//! - One export at a time works on a directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use nospy::merkle::{Bundle, TILE_WIDTH, Tile, TileFile, bundles_between, tiles_between};

use crate::error::CliError;
use crate::exit::Exit;
use crate::export::damaged;

/// The newest checkpoint, a signed note.
const CHECKPOINT: &str = "checkpoint";
/// Held while an export runs.
const LOCK: &str = ".export.lock";
/// A file on its way to its place.
const NEW: &str = ".export.new";
/// Size of the checkpoint before, from when the next one is put in its place until what that one replaces is removed.
const REPLACED: &str = ".export.replaced";
/// Longest such size, in bytes.
const SIZE_LEN_MAX: usize = 20;
/// Longest checkpoint, in bytes.
const NOTE_LEN_MAX: usize = 65_536;

/// The directory.
pub struct Disk {
    directory: PathBuf,
    /// Given back when it is closed, also by the end of the process.
    _lock: File,
}

impl Disk {
    /// Opens the directory, which is made if it is not there.
    ///
    /// # Errors
    /// If it cannot be used, or another export works on it.
    pub fn open(directory: &Path) -> Result<Self, CliError> {
        make_directory(directory).map_err(|error| CliError::file("make", directory, &error))?;
        let path = directory.join(LOCK);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(|error| CliError::file("open", &path, &error))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => CliError::usage(format!("another export works on {}", directory.display()))
                .next_step("Wait until it has ended, or export to another directory."),
            fs::TryLockError::Error(error) => CliError::file("lock", &path, &error),
        })?;
        Ok(Self { directory: directory.to_owned(), _lock: lock })
    }

    /// The checkpoint of the last export that was completed; `None` if there is none yet.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, CliError> {
        match self.directory.join(CHECKPOINT).try_exists() {
            Ok(false) => Ok(None),
            _ => self.read(CHECKPOINT, NOTE_LEN_MAX).map(Some),
        }
    }

    /// A file of at most `len_max` bytes.
    ///
    /// # Errors
    /// If it cannot be read or is longer.
    pub fn read(&self, path: &str, len_max: usize) -> Result<Vec<u8>, CliError> {
        let path = self.directory.join(path);
        let mut bytes = Vec::new();
        File::open(&path).and_then(|file| file.take(len_max as u64 + 1).read_to_end(&mut bytes)).map_err(|error| {
            match error.kind() {
                io::ErrorKind::NotFound => damaged(&format!("{} is missing", path.display())),
                _ => CliError::file("read", &path, &error),
            }
        })?;
        match bytes.len() > len_max {
            true => Err(CliError::new(Exit::Malformed, format!("{} is longer than {len_max} bytes", path.display()))),
            false => Ok(bytes),
        }
    }

    /// Puts a file in its place, durable.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn put(&self, file: &TileFile) -> Result<(), CliError> {
        self.replace(&file.path, &file.bytes)
    }

    /// Completes an export of `size` entries that went on from `from`: everything that `note` names is in its place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn complete(&self, note: &[u8], from: u64, size: u64) -> Result<(), CliError> {
        // A stop after the checkpoint must not leave what it replaces for ever: the next export reads from where.
        self.replace(REPLACED, from.to_string().as_bytes())?;
        self.replace(CHECKPOINT, note)?;
        self.tidy(size)
    }

    /// Removes the partial files of tiles and bundles that are full and named by the checkpoint of `size` entries, as far as
    /// the export that wrote it has not: its readers ask for the full ones.
    ///
    /// # Errors
    /// If they are there and cannot be removed.
    pub fn tidy(&self, size: u64) -> Result<(), CliError> {
        let path = self.directory.join(REPLACED);
        if !path.exists() {
            return Ok(());
        }
        let from = std::str::from_utf8(&self.read(REPLACED, SIZE_LEN_MAX)?).ok().and_then(|size| size.parse().ok());
        // Whatever else is in it: everything is looked through.
        let from = from.filter(|from| *from <= size).unwrap_or(0);
        let full_tiles = tiles_between(from, size).filter(|tile| !tile.is_partial()).map(Tile::path);
        let full_bundles = bundles_between(from, size).filter(|bundle| u64::from(bundle.width) == TILE_WIDTH);
        full_tiles.chain(full_bundles.map(Bundle::path)).try_for_each(|full| self.prune(&full))?;
        fs::remove_file(&path).map_err(|error| CliError::file("remove", &path, &error))
    }

    fn prune(&self, full: &str) -> Result<(), CliError> {
        let partials = self.directory.join(format!("{full}.p"));
        match fs::remove_dir_all(&partials) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CliError::file("remove", &partials, &error)),
            _ => Ok(()),
        }
    }

    fn replace(&self, path: &str, bytes: &[u8]) -> Result<(), CliError> {
        let (new, path) = (self.directory.join(NEW), self.directory.join(path));
        let parent = path.parent().unwrap_or(&self.directory);
        let write = || {
            make_directory(parent)?;
            let mut file = File::create(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(parent)?.sync_all()
        };
        write().map_err(|error| CliError::file("write", &path, &error))
    }
}

/// Makes a directory and those above it, durable.
fn make_directory(directory: &Path) -> io::Result<()> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().unwrap_or(Path::new(""));
    make_directory(parent)?;
    match fs::create_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    File::open(parent)?.sync_all()
}
