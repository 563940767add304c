//! `nospy draft`: write what a statement will say.

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::statement::body::KindInfo;
use nospy::statement::{Issuer, KINDS, SEAL_KIND, Statement, StatementId, Subject, for_each_field};
use serde_json::json;

use crate::config::Config;
use crate::draft_file::{DraftFile, Header, find_kind, is_about};
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::output::Output;
use crate::template::template;

/// Write what a statement will say: without --from a commented template of the kind; without KIND the list of kinds.
#[derive(Args)]
pub struct DraftArgs {
    /// The kind of statement, such as offer.make.
    kind: Option<String>,
    /// A YAML or JSON file with the body, or with a whole draft; it is checked and written as a draft.
    #[arg(long, value_name = "FILE", requires = "kind")]
    from: Option<PathBuf>,
    /// The statement that it refers to: its id, or the file with it. A file also gives the registry, and where they
    /// can only be the same, the subject and the issuer; an answer to an offer its subject, with --issuer.
    #[arg(long = "ref", value_name = "ID|FILE", requires = "kind", conflicts_with = "from")]
    reference: Option<String>,
    /// Who will sign: a party id, or registrar.
    #[arg(long, value_name = "PARTY")]
    issuer: Option<String>,
    /// What it is about, such as offer/<vendor>/<reference>.
    #[arg(long, value_name = "SUBJECT")]
    subject: Option<String>,
    /// The registry it is meant for.
    #[arg(long, value_name = "ORIGIN", env = "NOSPY_ORIGIN")]
    origin: Option<String>,
    /// Write here instead of stdout.
    #[arg(short, long = "out", value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the verb.
///
/// # Errors
/// The field and the rule that is broken.
pub fn run(args: &DraftArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let Some(name) = &args.kind else { return list(output) };
    let kind = find_kind(name)?;
    let mut header = Header {
        issuer: args.issuer.clone(),
        subject: args.subject.clone(),
        origin: args.origin.clone(),
        origin_default: config.origin.clone(),
        kind: Some(kind.name.to_owned()),
    };
    let reference = args.reference.as_deref().map(|given| refer(given, kind, &mut header)).transpose()?;
    let text = match &args.from {
        None => template(kind, &header, reference.as_ref()),
        Some(path) => DraftFile::read(path, &header)?.to_yaml(),
    };
    files::write_or_print(args.out.as_deref(), text.as_bytes(), output)?;
    match (&args.out, &args.from) {
        (Some(path), Some(_)) => {
            output.say(format!("Checked and written to {}. Sign it with `nospy sign`.", path.display()))
        }
        (Some(path), None) => output.say(format!("Fill in {} and sign it with `nospy sign`.", path.display())),
        _ => {}
    }
    Ok(Exit::Ok)
}

/// The id of the statement that is referred to. What its file says fills what is not given in the header.
fn refer(given: &str, kind: &KindInfo, header: &mut Header) -> Result<StatementId, CliError> {
    let mut has_ref = false;
    for_each_field(kind.fields, &mut |field| has_ref |= field.name == "ref");
    if !has_ref {
        return Err(CliError::usage(format!("a {} refers to no statement: leave --ref out", kind.name)));
    }
    if let Ok(id) = given.parse() {
        return Ok(id);
    }
    let statement = Statement::parse_submission(&files::read(Path::new(given))?).map_err(|error| {
        CliError::malformed(format!("{given} is neither a statement nor an id of 64 hex digits: {error}"))
    })?;
    header.origin.get_or_insert_with(|| statement.origin().to_string());
    if is_about(kind, statement.subject()) {
        header.subject.get_or_insert_with(|| statement.subject().to_string());
    }
    // An answer to an offer stands on the agreement that it would become.
    if let (Subject::Offer { vendor, reference }, Some(government)) = (statement.subject(), &header.issuer) {
        let answer = format!("agreement/{vendor}/{reference}/{government}").parse::<Subject>();
        if let Some(answer) = answer.ok().filter(|subject| is_about(kind, subject)) {
            header.subject.get_or_insert_with(|| answer.to_string());
        }
    }
    let is_its_signer = ["whoever", "another key"].iter().any(|start| kind.signer.starts_with(start));
    if let (true, Issuer::Party(party)) = (is_its_signer, statement.issuer()) {
        header.issuer.get_or_insert_with(|| party.to_string());
    }
    Ok(*statement.id())
}

fn list(output: &Output) -> Result<Exit, CliError> {
    let kinds = || KINDS.iter().filter(|kind| kind.name != SEAL_KIND);
    let rows: Vec<Vec<String>> =
        kinds().map(|kind| [kind.name, kind.signer, kind.subject, kind.summary].map(str::to_owned).to_vec()).collect();
    let json = kinds()
        .map(|kind| json!({ "kind": kind.name, "signer": kind.signer, "subject": kind.subject, "summary": kind.summary }))
        .collect();
    output.rows(&["kind", "signed by", "subject", "what it does"], &rows, json)?;
    Ok(Exit::Ok)
}
