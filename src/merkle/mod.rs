//! Tree hashes, inclusion and consistency proofs, the docket map.
//!
//! Two structures, two promises, all of SHA-256 and nothing else.
//!
//! **The tree** (RFC 6962 / RFC 9162 §2.1, FORMATS §4) commits to a list. One root of 32 bytes fixes every entry and its
//! place. *Inclusion*: "entry i is in the list with this root", for ≤ 63 hashes. *Consistency*: "the later list
//! begins with the earlier", for as many. For each proof three functions stand side by side, in the same order of
//! thought: which nodes are needed (`…_nodes`), making (`prove_…`), checking (`check_…`). The checks need nothing but
//! their arguments, and refuse a path of the wrong length before they hash anything.
//!
//! **The docket map** (FORMATS §6, [`DocketMap`]) commits to a set of keys, each with a value: how many statements a
//! docket holds and the digest over them. *Presence*: "this is the docket of the key", which makes a docket complete.
//! *Absence*: "there is no such docket".
//!
//! Beside them the **chain** (FORMATS §5), which a log runs over its own records.
//!
//! Out of scope: what an entry or a key means, where hashes are stored ([`NodeReader`] and [`BucketReader`] are
//! implemented by others), and who vouches for a root.

mod chain;
mod consistency;
mod docket_map;
mod edge;
mod hash;
mod inclusion;
mod node;
mod proof;
mod tile;
mod tiling;

pub use crate::merkle::chain::{chain_next, chain_start};
pub use crate::merkle::consistency::{check_consistency, consistency_nodes, prove_consistency};
pub use crate::merkle::docket_map::*;
pub use crate::merkle::edge::{Edge, EdgeError};
pub use crate::merkle::hash::{EMPTY_ROOT, Hash, PATH_LEN_MAX, TREE_SIZE_MAX, leaf_hash, node_hash};
pub use crate::merkle::inclusion::{check_inclusion, inclusion_nodes, prove_inclusion, root_from_inclusion};
pub use crate::merkle::node::{NodeId, NodeReader, PathNodes, read_root, tree_nodes};
pub use crate::merkle::proof::{ProofError, ProveError};
pub use crate::merkle::tile::{
    Bundle, TILE_HEIGHT, TILE_LEVEL_MAX, TILE_PATH_LEN_MAX, TILE_WIDTH, Tile, TileError, TileNodes, TilePosition,
    bundles_between, tiles, tiles_between,
};
pub use crate::merkle::tiling::{BUNDLE_ENTRY_LEN_MAX, TileFile, Tiling, TilingError, bundle_entries};
