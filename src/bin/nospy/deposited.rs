//! Fetches the texts that terms name into a folder, each under its digest, so that they are checked and kept beside the
//! docket file.

use std::fs;
use std::path::Path;

use nospy::crypto::{Digest, sha256};
use nospy::rpc::ClientError;
use nospy::statement::body::{Terms, TextVersion};
use tonic::Code;

use crate::error::CliError;
use crate::files;
use crate::online::Online;
use crate::output::Output;
use crate::texts::{file_name, note_name};

/// What a registry has of a text.
enum Deposited {
    Text(Vec<u8>),
    /// The tombstone, in the registry's words.
    Removed(String),
    /// Nobody deposited it.
    Nothing,
}

/// Fetches what is deposited of the texts of `terms` into `folder`, which is made if it is missing. What is not there is
/// said; of a text that the registry removed, its words are kept as a note in place of the text.
///
/// # Errors
/// If the registry fails, sends other bytes, or the folder cannot be written. What was fetched before stays.
pub fn fetch(terms: &Terms, folder: &Path, online: &mut Online, output: &Output) -> Result<(), CliError> {
    fs::create_dir_all(folder).map_err(|error| CliError::file("make the folder", folder, &error))?;
    for version in terms.texts.iter().flatten() {
        let language = version.language.as_str();
        match version.sha256 {
            None => output.say(format!("{language}: withheld; nothing to fetch.")),
            Some(digest) => output.say(format!("{language}: {}", fetch_one(version, &digest, folder, online)?)),
        }
    }
    Ok(())
}

/// Fetches one text; says in a sentence what became of it.
fn fetch_one(version: &TextVersion, digest: &Digest, folder: &Path, online: &mut Online) -> Result<String, CliError> {
    let path = folder.join(file_name(version, digest));
    if path.exists() {
        // Nothing is overwritten: the check that follows says it if these are other bytes.
        let is_it = sha256(&[&files::read(&path)?]) == *digest;
        let what = if is_it { "is there already" } else { "is there already, and is another text: it is left alone" };
        return Ok(format!("{} {what}.", path.display()));
    }
    let found = online.ask(|client| async {
        match client.fetch_text(digest).await {
            Ok(text) => Ok(Deposited::Text(text.bytes)),
            Err(ClientError::Refused(refusal)) if refusal.reason == "text_removed" => {
                Ok(Deposited::Removed(refusal.message))
            }
            Err(ClientError::Refused(refusal)) if refusal.code == Code::NotFound => Ok(Deposited::Nothing),
            Err(error) => Err(error),
        }
    })?;
    Ok(match found {
        Deposited::Text(bytes) => {
            files::write_new(&path, &bytes)?;
            format!("{} bytes in {}.", bytes.len(), path.display())
        }
        Deposited::Removed(words) => {
            files::replace(&folder.join(note_name(digest)), words.as_bytes())?;
            format!("not there any more. The registry's word: {words}")
        }
        Deposited::Nothing => format!("nobody deposited the text {digest}; skipped."),
    })
}
