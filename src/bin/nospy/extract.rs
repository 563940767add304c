//! `nospy show FILE --extract DIR`: the raw parts of a docket file, for whoever checks it with other tools.
//!
//! This program takes apart and checks nothing: `docs/guide-verifier.md` checks each part with `openssl` and
//! `sha256sum`, and that each part stands in the file where `parts` says it does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use nospy::codec::Item;
use nospy::crypto::{Kid, PublicKey, hex};
use nospy::evidence::{Docket, DocketFile, Entries};
use nospy::statement::Statement;
use nospy::statement::body::{Body, KeyGrant};

use crate::error::CliError;
use crate::exit::Exit;
use crate::files;

/// A file to be written.
struct Part {
    name: String,
    content: Vec<u8>,
    /// Where these bytes stand in the docket file; `None` for what is written in another form there.
    at: Option<usize>,
}

/// Writes the parts into a new directory. Gives their number.
///
/// # Errors
/// If it is no docket file, or the directory exists or cannot be written.
pub fn run(bytes: &[u8], name: &str, directory: &Path) -> Result<usize, CliError> {
    let file = DocketFile::parse(bytes)
        .map_err(|error| CliError::malformed(format!("{name} is not a docket file: {error}")))?;
    let parts = parts(bytes, &file)?;
    fs::create_dir(directory).map_err(|error| CliError::file("create", directory, &error))?;
    for part in &parts {
        files::write_new(&directory.join(&part.name), &part.content)?;
    }
    Ok(parts.len())
}

fn parts(bytes: &[u8], file: &DocketFile<'_>) -> Result<Vec<Part>, CliError> {
    let mut parts = vec![whole(bytes, Some(0), "checkpoint", file.checkpoint.note().to_string().as_bytes())];
    let keys = keys(file);
    for entry in &file.seals {
        statement(&mut parts, bytes, entry.seal.index, &entry.statement, &keys)?;
        parts.push(lines(format!("{}.path", entry.seal.index), entry.path.iter().map(|hash| hex(&hash))));
    }
    let mut written = Vec::new();
    for docket in &file.dockets {
        let Entries::Full(entries) = &docket.entries else { continue };
        for entry in entries {
            let found = &file.statements[entry.statement];
            // A statement that stands in several dockets is written once.
            if !written.contains(&found.index) {
                written.push(found.index);
                statement(&mut parts, bytes, found.index, &found.statement, &keys)?;
                parts.push(lines(format!("{}.path", found.index), entry.path.iter().map(|hash| hex(&hash))));
            }
        }
    }
    for (number, docket) in file.dockets.iter().enumerate() {
        docket_parts(&mut parts, number, docket, file);
    }
    let rows = parts.iter().filter_map(|part| Some(format!("{} {} {}", part.name, part.at?, part.content.len())));
    let rows = lines("parts".to_owned(), rows.collect::<Vec<_>>().into_iter());
    parts.push(rows);
    Ok(parts)
}

/// A part whose bytes stand in the file as they are, from `base` on; `base` is `None` where that is not known.
fn whole(bytes: &[u8], base: Option<usize>, name: &str, content: &[u8]) -> Part {
    let found = bytes.windows(content.len().max(1)).position(|window| window == content);
    let at = base.and_then(|base| Some(base + found?));
    Part { name: name.to_owned(), content: content.to_vec(), at }
}

fn lines(name: String, lines: impl Iterator<Item = String>) -> Part {
    let content = lines.fold(String::new(), |mut text, line| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{line}");
        text
    });
    Part { name, content: content.into_bytes(), at: None }
}

/// The statement, its three signed and unsigned parts as they are encoded, and the key that it names.
fn statement(
    parts: &mut Vec<Part>,
    bytes: &[u8],
    index: u64,
    statement: &Statement,
    keys: &BTreeMap<Kid, PublicKey>,
) -> Result<(), CliError> {
    let broken = || CliError::new(Exit::Internal, format!("entry {index} was parsed and cannot be taken apart"));
    let item = Item::read_sign1(statement.bytes()).map_err(|_| broken())?;
    let members: Vec<Item<'_>> = item.array().ok_or_else(broken)?.collect();
    let [protected, _, payload, signature] = members.as_slice() else { return Err(broken()) };
    // Statements come in the order of the file, so that each is looked for behind the one before it.
    let from = parts.iter().rev().find(|part| part.name.ends_with(".signature")).and_then(|part| part.at).unwrap_or(0);
    let entry =
        whole(bytes.get(from..).unwrap_or_default(), Some(from), &format!("{index}.statement"), statement.bytes());
    let within = |name: &str, content: &[u8]| whole(statement.bytes(), entry.at, &format!("{index}.{name}"), content);
    let signature = signature.bytes().ok_or_else(broken)?;
    let inner = [
        within("protected", protected.encoded()),
        within("payload", payload.encoded()),
        within("signature", signature),
    ];
    parts.push(entry);
    parts.extend(inner);
    if let Some(key) = keys.get(statement.kid()) {
        parts.push(Part { name: format!("{index}.key.pem"), content: key.to_pem().into_bytes(), at: None });
    }
    Ok(())
}

/// Every public key that a statement of the file names.
fn keys(file: &DocketFile<'_>) -> BTreeMap<Kid, PublicKey> {
    let granted = |grants: &[KeyGrant]| grants.iter().map(|grant| grant.key).collect::<Vec<_>>();
    let named =
        file.statements.iter().flat_map(|entry| match Body::read(entry.statement.kind(), entry.statement.body()) {
            Ok(Body::Genesis(body)) => [vec![body.log_key], body.registrars.keys].concat(),
            Ok(Body::Policy(body)) => body.grant.unwrap_or_default(),
            Ok(Body::PartyEnrol(body)) => granted(&body.keys),
            Ok(Body::PartyKeys(body)) => granted(&body.grant.unwrap_or_default()),
            _ => Vec::new(),
        });
    named.map(|key| (key.kid(), key)).collect()
}

/// What proves that a docket is whole: its subject, its rows (index, time, id), and the siblings in the docket map.
fn docket_parts(parts: &mut Vec<Part>, number: usize, docket: &Docket<'_>, file: &DocketFile<'_>) {
    let time_of = |index: u64| {
        let seal = file.seals.iter().map(|entry| &entry.seal).find(|seal| index < seal.index);
        seal.map_or(0, |seal| seal.time_ms)
    };
    let rows: Vec<String> = match &docket.entries {
        Entries::List(rows) => rows.iter().map(|row| format!("{} {} {}", row.index, row.time_ms, row.id)).collect(),
        Entries::Full(entries) => {
            let found = entries.iter().map(|entry| &file.statements[entry.statement]);
            found.map(|one| format!("{} {} {}", one.index, time_of(one.index), one.statement.id())).collect()
        }
    };
    parts.push(lines(format!("docket-{number}.subject"), std::iter::once(docket.subject.to_string())));
    parts.push(lines(format!("docket-{number}.rows"), rows.into_iter()));
    parts.push(lines(format!("docket-{number}.siblings"), docket.siblings.iter().map(|hash| hex(&hash))));
    if let Some((key, value)) = docket.other {
        let other = format!("{} {}", hex(key), hex(value));
        parts.push(lines(format!("docket-{number}.other"), std::iter::once(other)));
    }
}
