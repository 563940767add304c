//! A registry that shows fewer entries than the copy holds: the copy itself tells an older head from a fork.
//!
//! No proof of the server is needed: the copy is the later tree, so its own root at the smaller size, and its own path from
//! there to the root that the log signed, are the evidence.

use std::fs;

use nospy::crypto::KeyLine;
use nospy::evidence::{EvidenceFile, Fork, SignedCheckpoint, SignedHead};
use nospy::merkle::{Hash, NodeId, NodeReader, TILE_WIDTH, Tile, TileNodes, prove_consistency, read_root};

use crate::caught;
use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::export::disk::Disk;
use crate::export::{damaged, own_checkpoint};
use crate::online::{OnlineArgs, shown};
use crate::output::clean;

/// What is to be said of a registry that showed an older head, where `error` has been said so far.
pub fn examine(disk: &Disk, online: &OnlineArgs, config: &Config, error: CliError) -> CliError {
    match compare(disk, online, config) {
        Ok(Some(found)) => {
            // Heads of one history leave no question open.
            if let Some(question) = error.evidence().filter(|_| found.exit() == Exit::Stale) {
                let _ = fs::remove_file(question);
            }
            found
        }
        Ok(None) => error,
        Err(failed) => error.detail(format!("the copy could not be compared with it: {}", clean(failed.message()))),
    }
}

fn compare(disk: &Disk, online: &OnlineArgs, config: &Config) -> Result<Option<CliError>, CliError> {
    let shown = shown(online, config)?;
    let Some(copied) = own_checkpoint(disk, &shown.log)? else { return Ok(None) };
    let (small, large) = (shown.checkpoint.size(), copied.checkpoint().size);
    // Between 1 and the size of the copy its tree has a beginning to compare.
    if small == 0 || small >= large {
        return Ok(None);
    }
    let nodes = Nodes { disk, size: large };
    let root = read_root(&nodes, small)?;
    if root == *shown.checkpoint.root() {
        let words = format!(
            "the registry shows an older head, of {small} entries; the copy has {large} and begins with the same {small}"
        );
        return Ok(Some(
            CliError::new(Exit::Stale, words)
                .next_step("This may be a stale copy of the registry, or a log that was rolled back. Try again later."),
        ));
    }
    let path = prove_consistency(&nodes, small, large).map_err(|error| damaged(&error.to_string()))?;
    let fork = fork(&shown.log, shown.checkpoint.signed(), &copied, root, path);
    let fork = fork.ok_or_else(|| damaged("its tiles do not make the root that its checkpoint signs"))?;
    let words = format!("the log {} signed two histories that do not extend each other", shown.log.name());
    Ok(Some(caught::accuse(&shown.state, &EvidenceFile::Fork(fork), words)))
}

fn fork(
    log: &KeyLine,
    shown: &SignedCheckpoint,
    copied: &SignedCheckpoint,
    root: Hash,
    path: Vec<Hash>,
) -> Option<Fork> {
    let (shown, copied) = (SignedHead::of_checkpoint(shown, log)?, SignedHead::of_checkpoint(copied, log)?);
    Fork::of_prefix(log, shown, copied, root, path)
}

/// The tree of the copy, of `size` entries.
struct Nodes<'a> {
    disk: &'a Disk,
    size: u64,
}

impl NodeReader for Nodes<'_> {
    type Error = CliError;

    fn node(&self, id: NodeId) -> Result<Hash, CliError> {
        let (tile, position) = Tile::of_node(id);
        let tile = tile.in_tree(self.size).ok_or_else(|| damaged("its tree does not reach so far"))?;
        let bytes = self.disk.read(&tile.path(), TILE_WIDTH as usize * size_of::<Hash>())?;
        let node = TileNodes::expand(&bytes).ok().and_then(|nodes| nodes.node(position));
        node.ok_or_else(|| damaged(&format!("{} is not what its name says", tile.path())))
    }
}
