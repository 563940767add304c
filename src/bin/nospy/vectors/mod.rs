//! `nospy vectors DIR`: the vectors of `docs/spec/vectors`, made again byte for byte.
//!
//! G1 A file is a function of nothing: fixed seeds, fixed times, names under `example.org`; no clock, no chance, no files.
//! G2 Every case is made with intent, and whoever wrote it says what must come of it. No verifier is asked; tests hold the
//!    verifiers against the cases.
//! G3 Notes, lines, proofs, the shape of trees and maps and the order of dockets are put together here, straight from the
//!    texts. Shared with the code under test are its primitives: SHA-256, Ed25519, the hash of a node or a docket, the CBOR
//!    encoder, the envelope of a statement and what it touches. A fault in those shows in other vectors, not in these.

mod cast;
mod checkpoint;
mod cosignature;
mod docket_file;
mod docket_lies;
mod docket_steps;
mod evidence;
mod evidence_omission;
mod json;
mod log;
mod policy;
mod receipt;
mod receipt_cbor;
mod tlog_proof;
mod tree;
mod vkey;
mod witness;

use std::path::PathBuf;

use clap::Args;

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Output;
use crate::vectors::json::Json;

/// Write the test vectors of the formats (docs/spec) into a directory: for whoever builds another implementation.
///
/// The files are the same for everybody, byte for byte; what is there under their names is replaced.
#[derive(Args)]
pub struct VectorsArgs {
    /// The directory; made if it does not exist.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

type File = (&'static str, fn() -> Json);

/// Every file, by its name.
const FILES: [File; 9] = [
    ("checkpoint.json", checkpoint::file),
    ("cosignature.json", cosignature::file),
    ("docket-file.json", docket_file::file),
    ("evidence.json", evidence::file),
    ("policy.json", policy::file),
    ("receipt.json", receipt::file),
    ("tlog-proof.json", tlog_proof::file),
    ("vkey.json", vkey::file),
    ("witness.json", witness::file),
];

/// Runs the verb.
///
/// # Errors
/// If the directory cannot be written.
pub fn run(args: &VectorsArgs, output: &Output) -> Result<Exit, CliError> {
    std::fs::create_dir_all(&args.directory).map_err(|error| CliError::file("create", &args.directory, &error))?;
    for (name, file) in FILES {
        files::replace(&args.directory.join(name), file().to_file().as_bytes())?;
    }
    output.say(format!("{} files are in {}.", FILES.len(), args.directory.display()));
    Ok(Exit::Ok)
}
