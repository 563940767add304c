//! A registry that shows fewer entries than the copy holds: the copy itself tells an older head from a fork.
//!
//! No proof of the server is needed: the copy is the later tree, so its own root at the smaller size, and its own path from
//! there to the root that the log signed, are the evidence.

use std::fs;
use std::path::Path;

use nospy::evidence::{EvidenceFile, Fork, SignedHead};
use nospy::merkle::{Hash, NodeId, NodeReader, TILE_WIDTH, Tile, TileNodes, prove_consistency, read_root};

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::export::disk::Disk;
use crate::export::{damaged, own_checkpoint};
use crate::online::{OnlineArgs, shown};
use crate::output::clean;
use crate::{caught, files};

/// What is to be said of a registry that showed an older head, where `error` has been said so far.
pub fn examine(disk: &Disk, online: &OnlineArgs, config: &Config, error: CliError) -> CliError {
    match compare(disk, online, config, error.evidence()) {
        Ok(Some(found)) => found,
        Ok(None) => error,
        Err(failed) => error.detail(format!("the copy could not be compared with it: {}", clean(failed.message()))),
    }
}

/// Compares every head that the log has shown: the newest, and those of the `question` that was kept when it showed too little.
fn compare(
    disk: &Disk,
    online: &OnlineArgs,
    config: &Config,
    question: Option<&Path>,
) -> Result<Option<CliError>, CliError> {
    let shown = shown(online, config)?;
    let log = &shown.log;
    let Some(copied) = own_checkpoint(disk, log)? else { return Ok(None) };
    let large = copied.checkpoint().size;
    let newest = SignedHead::of_checkpoint(shown.checkpoint.signed(), log);
    let asked = question.map(heads_of).transpose()?.unwrap_or_default();
    let nodes = Nodes { disk, size: large };
    let mut places = Vec::new();
    for head in newest.iter().chain(&asked) {
        let place = place(&nodes, head)?;
        if let Place::Elsewhere { root } = place {
            let path = prove_consistency(&nodes, head.size(), large).map_err(|error| damaged(&error.to_string()))?;
            let copied = SignedHead::of_checkpoint(&copied, log);
            let fork = copied.and_then(|copied| match head.size() == large {
                true => Fork::of_one_size(log, head.clone(), copied),
                false => Fork::of_prefix(log, head.clone(), copied, root, path),
            });
            let fork = fork.ok_or_else(|| damaged("its tiles do not make the root that its checkpoint signs"))?;
            let words = format!("the log {} signed two histories that do not extend each other", log.name());
            return Ok(Some(caught::accuse(&shown.state, &EvidenceFile::Fork(fork), words)));
        }
        places.push(place);
    }
    // Heads that are all of one history leave no question open.
    if let Some(question) = question.filter(|_| places.iter().all(|place| matches!(place, Place::Within))) {
        let _ = fs::remove_file(question);
    }
    let small = shown.checkpoint.size();
    let words = format!(
        "the registry shows an older head, of {small} entries; the copy has {large} and begins with the same {small}"
    );
    let older = CliError::new(Exit::Stale, words)
        .next_step("This may be a stale copy of the registry, or a log that was rolled back. Try again later.");
    Ok((small < large && matches!(places.first(), Some(Place::Within))).then_some(older))
}

/// Where a head stands to the copy.
enum Place {
    /// Its tree is what the copy begins with.
    Within,
    /// The copy begins with another tree of its size.
    Elsewhere { root: Hash },
    /// The copy does not reach so far, or the tree is empty.
    Unknown,
}

fn place(nodes: &Nodes<'_>, head: &SignedHead) -> Result<Place, CliError> {
    if head.size() == 0 || head.size() > nodes.size {
        return Ok(Place::Unknown);
    }
    match read_root(nodes, head.size())? {
        root if root == *head.root() => Ok(Place::Within),
        root => Ok(Place::Elsewhere { root }),
    }
}

fn heads_of(question: &Path) -> Result<Vec<SignedHead>, CliError> {
    match EvidenceFile::parse(&files::read(question)?) {
        Ok(EvidenceFile::Suspicion(suspicion)) => Ok(suspicion.heads().to_vec()),
        _ => Ok(Vec::new()),
    }
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
