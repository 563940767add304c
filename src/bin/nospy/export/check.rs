//! Whether a copy is what its checkpoint signs, from its files alone: asked before they are served to others.
//!
//! The entries are read once and cut again. Every file that comes out must be the one on disk, byte for byte, and the tree
//! must have the signed root. This costs one pass over the copy.

use std::path::Path;

use nospy::crypto::KeyLine;
use nospy::merkle::{
    BUNDLE_ENTRY_LEN_MAX, Bundle, TILE_WIDTH, TileFile, Tiling, TilingError, bundle_entries, bundles_between,
};

use crate::error::CliError;
use crate::export::disk::Disk;
use crate::export::{damaged, own_checkpoint};
use crate::output::Output;

/// Demands that the copy in `directory` is a whole copy of `log`; gives the number of its entries, `None` if there is no
/// checkpoint yet.
///
/// # Errors
/// [`Exit::Usage`](crate::exit::Exit::Usage) for the copy of another log, [`Exit::Malformed`](crate::exit::Exit::Malformed)
/// for a file that is not what the log signed.
pub fn check_copy(directory: &Path, log: &KeyLine, output: &Output) -> Result<Option<u64>, CliError> {
    let disk = Disk::open(directory)?;
    let Some(signed) = own_checkpoint(&disk, log)? else { return Ok(None) };
    let checkpoint = signed.checkpoint();
    let mut tiling = Tiling::new();
    for bundle in bundles_between(0, checkpoint.size) {
        push(&disk, &mut tiling, bundle)?;
        output.progress(&format!("checked {} of {}", tiling.edge().size(), checkpoint.size));
    }
    output.progress("");
    tiling.partials().iter().try_for_each(|file| compare(&disk, file))?;
    match tiling.edge().root() == checkpoint.root {
        true => Ok(Some(checkpoint.size)),
        false => Err(damaged("its entries do not make the root that its checkpoint signs")),
    }
}

fn push(disk: &Disk, tiling: &mut Tiling, bundle: Bundle) -> Result<(), CliError> {
    let path = bundle.path();
    let bytes = disk.read(&path, TILE_WIDTH as usize * (2 + BUNDLE_ENTRY_LEN_MAX))?;
    let entries = bundle_entries(&bytes).filter(|entries| entries.len() == usize::from(bundle.width));
    let entries = entries.ok_or_else(|| damaged(&TilingError::Damaged { path }.to_string()))?;
    let mut full = Vec::new();
    for entry in entries {
        tiling.push(entry, &mut full).map_err(|error| damaged(&error.to_string()))?;
    }
    full.iter().try_for_each(|file| compare(disk, file))
}

fn compare(disk: &Disk, file: &TileFile) -> Result<(), CliError> {
    match disk.read(&file.path, file.bytes.len())? == file.bytes {
        true => Ok(()),
        false => Err(damaged(&format!("{} is not what the entries make", file.path))),
    }
}
