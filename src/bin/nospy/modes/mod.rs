//! `nospy template`: a draft of terms of one mode, to be filled in.
//!
//! It prints a whole draft with typical clauses, and says beside each field what it means. Nothing is signed while a
//! blank is left. In scope: words to begin with. Out of scope: whether they are wise, or law anywhere.

mod clauses;
mod sketch;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use nospy::codec::{Key, Value};
use nospy::statement::body::{Mode, nearest};
use nospy::statement::{FieldShape, Shape, for_each_field};
use serde_json::json;

use crate::config::Config;
use crate::draft_file::{Header, find_kind};
use crate::error::CliError;
use crate::exit::Exit;
use crate::files;
use crate::modes::sketch::{Sketch, sketch};
use crate::output::Output;
use crate::plain::yaml_scalar;
use crate::template::{PUBLIC_COMMENT, UNWRITTEN, head, wanted, with_dash};

/// Write a draft of terms with typical clauses, to be filled in; without MODE the list of modes.
#[derive(Args)]
pub struct TemplateArgs {
    /// How the agreement comes about, such as open_offer.
    mode: Option<String>,
    /// Who will sign: a party id.
    #[arg(long, value_name = "PARTY", requires = "mode")]
    issuer: Option<String>,
    /// What it is about: offer/<vendor>/<reference>, or agreement/<vendor>/<reference>/<government> of a paper.
    #[arg(long, value_name = "SUBJECT", requires = "mode")]
    subject: Option<String>,
    /// The registry it is meant for.
    #[arg(long, value_name = "ORIGIN", env = "NOSPY_ORIGIN")]
    origin: Option<String>,
    /// Write here instead of stdout.
    #[arg(short, long = "out", value_name = "FILE", requires = "mode")]
    out: Option<PathBuf>,
}

/// Runs the verb.
///
/// # Errors
/// An unknown mode; a file that cannot be written.
pub fn run(args: &TemplateArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let Some(name) = &args.mode else { return list(output) };
    let mode = find_mode(name)?;
    let header = Header {
        issuer: args.issuer.clone(),
        subject: args.subject.clone(),
        origin: args.origin.clone(),
        origin_default: config.origin.clone(),
        kind: None,
    };
    let text = template(mode, &header)?;
    files::write_or_print(args.out.as_deref(), text.as_bytes(), output)?;
    if let Some(path) = &args.out {
        output.say(format!("Fill in {} and sign it with `nospy sign`.", path.display()));
    }
    Ok(Exit::Ok)
}

fn find_mode(name: &str) -> Result<Mode, CliError> {
    if let Some(mode) = Mode::ALL.iter().find(|mode| mode.as_str() == name) {
        return Ok(*mode);
    }
    let names: Vec<&str> = Mode::ALL.iter().map(|mode| mode.as_str()).collect();
    let near = nearest(name, &names).map(|near| format!("Did you mean {near}? ")).unwrap_or_default();
    Err(CliError::usage(format!("unknown mode of terms: {name}"))
        .next_step(format!("{near}`nospy template` lists every mode; `nospy draft KIND` is for single kinds.")))
}

fn list(output: &Output) -> Result<Exit, CliError> {
    let sketches = || Mode::ALL.iter().map(|mode| (mode.as_str(), sketch(*mode)));
    let rows: Vec<Vec<String>> =
        sketches().map(|(mode, sketch)| [mode, sketch.kind, sketch.used].map(str::to_owned).to_vec()).collect();
    let json =
        sketches().map(|(mode, one)| json!({ "mode": mode, "kind": one.kind, "used": one.used, "next": one.next }));
    output.rows(&["mode", "kind", "when to take it"], &rows, json.collect())?;
    Ok(Exit::Ok)
}

/// The draft, with a comment above each field.
fn template(mode: Mode, header: &Header) -> Result<String, CliError> {
    let Sketch { kind, used, next, body } = sketch(mode);
    let kind = find_kind(kind)?;
    let mut text = format!(
        "# Terms of the mode {mode}. {used}\n# After it is published: {next}\n\
         # The clauses and periods are proposals: change them, strike what you do not mean. Fill in each\n\
         # \"{UNWRITTEN}\" and each row of zeros; until then nothing is signed. Then: nospy sign FILE\n\
         {PUBLIC_COMMENT}{}body:\n",
        head(kind, header).yaml()
    );
    write_record(&mut text, kind.fields, &body, 2, true);
    let _ = writeln!(text, "# `nospy draft {}` prints every other field that may stand here.", kind.name);
    Ok(text)
}

/// The fields that `value` has, in the order of their definition.
fn write_record(text: &mut String, fields: &'static [FieldShape], value: &Value, indent: usize, is_told: bool) {
    let Value::Map(pairs) = value else { return };
    for_each_field(fields, &mut |field| {
        if let Some(value) = pairs.get(&Key::Text(field.name.to_owned())) {
            if is_told {
                // Writing to a String does not fail.
                let _ = writeln!(text, "{:indent$}# {}{}", "", field.doc.trim(), wanted(&field.shape));
            }
            write_value(text, field.name, &field.shape, value, indent, is_told);
        }
    });
}

fn write_value(text: &mut String, name: &str, shape: &'static Shape, value: &Value, indent: usize, is_told: bool) {
    let _ = match (shape, value) {
        (Shape::Record(fields), _) => {
            let _ = writeln!(text, "{:indent$}{name}:", "");
            return write_record(text, fields, value, indent + 2, is_told);
        }
        (Shape::List { of: Shape::Record(fields), .. }, Value::Array(members)) => {
            let _ = writeln!(text, "{:indent$}{name}:", "");
            for (i, member) in members.iter().enumerate() {
                let mut lines = String::new();
                // What the fields mean is said once.
                write_record(&mut lines, fields, member, indent + 4, is_told && i == 0);
                text.push_str(&with_dash(&lines, indent + 2));
            }
            return;
        }
        (_, Value::Array(members)) => {
            let members: Vec<String> = members.iter().map(scalar).collect();
            writeln!(text, "{:indent$}{name}: [{}]", "", members.join(", "))
        }
        _ => writeln!(text, "{:indent$}{name}: {}", "", scalar(value)),
    };
}

/// A scalar of a sketch: a text or a truth value.
fn scalar(value: &Value) -> String {
    match value {
        Value::Text(text) => yaml_scalar(text),
        Value::Bool(value) => value.to_string(),
        other => crate::plain::to_json(other).to_string(),
    }
}
