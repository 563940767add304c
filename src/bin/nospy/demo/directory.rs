//! The directory of a demo: claimed by a marker, so that nothing else is ever replaced.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use nospy::storage::{SledOptions, SledStorage, StorageError};

use crate::error::CliError;
use crate::files;

/// The file that says what the directory is.
const MARKER: &str = "nospy-demo.marker";
/// What the marker says.
const MARKER_TEXT: &str = "This directory was made by `nospy demo`. Its next run replaces what the last one made.\n";

/// The directory inside, of the registry on a scripted clock.
const INNER: &str = "invented";

/// A directory that belongs to this run of the demo.
pub struct Directory {
    path: PathBuf,
    /// Held, not read: the lock of the marker ends with it.
    _lock: File,
}

impl Directory {
    /// Takes a directory that is new, empty, or a previous demo's; of the last, what the demo made is removed.
    ///
    /// # Errors
    /// If it holds anything else without the marker, or a demo is running in it.
    pub fn claim(path: &Path) -> Result<Self, CliError> {
        let cannot = |error: io::Error| CliError::file("use", path, &error);
        fs::create_dir_all(path).map_err(cannot)?;
        let marker = path.join(MARKER);
        match fs::symlink_metadata(&marker) {
            Ok(found) if found.is_file() && is_marked(path) => {}
            Ok(_) => return Err(foreign(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if fs::read_dir(path).map_err(cannot)?.next().is_some() {
                    return Err(foreign(path));
                }
                files::write_new(&marker, MARKER_TEXT.as_bytes())?;
            }
            Err(error) => return Err(cannot(error)),
        }
        // The lock stands before anything is removed: two demos never share a directory.
        let lock = OpenOptions::new().read(true).write(true).open(&marker).map_err(cannot)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CliError::usage(format!("a demo is running in {}", path.display()))
                    .next_step("Stop it first, or choose another directory with --data DIR."));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        let directory = Self { path: path.to_owned(), _lock: lock };
        directory.check_unserved()?;
        directory.clear().map_err(cannot)?;
        Ok(directory)
    }

    /// The directory inside, for a registry of its own; what a previous demo left there is gone already.
    ///
    /// # Errors
    /// As [`Directory::claim`].
    pub fn inner(&self) -> Result<Self, CliError> {
        Self::claim(&self.file(INNER))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Demands that no registry runs on a database of a previous demo: `nospy serve` does not know the marker.
    fn check_unserved(&self) -> Result<(), CliError> {
        let databases = [self.file("data"), self.file(INNER).join("data")];
        databases.into_iter().filter(|data| data.is_dir()).try_for_each(|data| Self::check_database(&data))
    }

    fn check_database(data: &Path) -> Result<(), CliError> {
        match SledStorage::open(data, SledOptions::default()) {
            Err(StorageError::Locked { .. }) => {
                Err(CliError::usage(format!("the registry of a previous demo is still running on {}", data.display()))
                    .next_step("Stop it first, or choose another directory with --data DIR."))
            }
            // It is removed either way.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Removes what a previous demo made, and nothing else.
    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| is_made_by_demo(name)) else { continue };
            if name == INNER && !is_marked(&self.path.join(name)) {
                continue;
            }
            // `file_type` does not follow links: what a link points to is not touched.
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(self.path.join(name))?,
                false => fs::remove_file(self.path.join(name))?,
            }
        }
        Ok(())
    }
}

fn is_marked(path: &Path) -> bool {
    fs::read(path.join(MARKER)).is_ok_and(|text| text == MARKER_TEXT.as_bytes())
}

fn is_made_by_demo(name: &str) -> bool {
    let ends = |ending: &str| name.ends_with(ending);
    matches!(
        name,
        INNER | "demo-clock.txt" | "data" | "state" | "head.guard" | "checkpoint" | "policy.txt" | "nospy.toml"
    ) || ends(".docket")
        || ends(".docket.tampered")
        || (name.starts_with("demo-") && ends(".key.pem"))
}

fn foreign(path: &Path) -> CliError {
    CliError::usage(format!("{} holds something that is not a previous demo's", path.display()))
        .next_step("Nothing is overwritten: choose a new directory with --data DIR.")
}
