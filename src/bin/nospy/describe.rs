//! Statements and drafts in plain words.

use nospy::codec::{Key, Value};
use nospy::crypto::PublicKey;
use nospy::statement::body::{Body, Ground, KindInfo};
use nospy::statement::{Issuer, Origin, Statement, to_plain};
use serde_json::{Value as Json, json};

use crate::draft_file::DraftFile;
use crate::{moment, plain};

/// The sentence that stands under everything a registry shows.
pub const NOT_APPROVED: &str =
    "Registered is not approved: a registry shows what was said, by whom and when, never that a device is clean.";

/// What is said before anything is signed.
pub const FOR_EVER: &str = "Once published this is public for ever and cannot be deleted. Personal data other than the \
    names of office holders does not belong in it.";

/// What marks a demonstration in every output, with a line feed.
pub const DEMO: &str = "DEMO: a demonstration registry. Nobody named here signed anything here, and its clock may be \
    scripted: its times prove nothing.\n";

/// What marks a clock that somebody sets, with a line feed.
pub const SCRIPTED: &str = "SCRIPTED CLOCK: somebody sets the time of this registry.\n";

/// Whether this is the origin of a demonstration.
pub fn is_demo(origin: &Origin) -> bool {
    origin.as_str().starts_with("demo.")
}

/// The line that marks a demonstration, with a line feed; empty for others.
pub fn demo_mark(origin: &Origin) -> &'static str {
    match is_demo(origin) {
        true => DEMO,
        false => "",
    }
}

/// What signing a draft makes public.
pub fn draft(draft: &DraftFile) -> String {
    let consequence = consequence(draft).map(|words| format!("  {words}\n")).unwrap_or_default();
    format!(
        "{}This draft says, in the name of {}, about {}:\n  {} ({})\n{consequence}It is meant for the registry {} and for \
         no other. All of this becomes public for ever:\n\n{}\n{FOR_EVER}\n{NOT_APPROVED}",
        demo_mark(&draft.origin),
        draft.issuer,
        draft.subject,
        draft.kind.summary,
        draft.kind.name,
        draft.origin,
        draft.to_yaml() + &key_ids(&draft.body),
    )
}

/// What follows from a statement that its signer might not expect.
fn consequence(draft: &DraftFile) -> Option<&'static str> {
    const OF_BOTH: &str =
        "It changes nothing until the other party registers the same, byte for byte; a newer one of yours replaces it.";
    Some(match draft.kind.name {
        "agreement.amend" | "agreement.correct" | "agreement.renew" | "party.succeed" => OF_BOTH,
        "agreement.terminate" => match draft.typed() {
            Ok(Body::Terminate(body)) if body.ground == Ground::Mutual => OF_BOTH,
            _ => return None,
        },
        "party.retire" => "After that day the party can register nothing more.",
        "registry.close" => "It is the last statement of this log: nothing can be registered after it.",
        "endorse" => "It says nothing but the id of another statement. Read that one first: `nospy show ID`.",
        "void" => "The statement stays readable for ever, marked and with your reason beside it.",
        "basis.change" => "Where the terms let the agreement lapse with its law, it lapses by this.",
        "evidence.add" | "evidence.supersede" | "assurance.opinion" => {
            "Only the digest is registered: keep the bytes that it names, or nobody can check them."
        }
        "canary" => "The next one must come by the day that it calls due, or the assurance is shown as late.",
        _ => return None,
    })
}

/// A statement as a person reads it. Nothing in it is verified here.
pub fn statement(statement: &Statement) -> String {
    let body = to_plain(statement.body());
    let (kind, summary, body) = match KindInfo::find(statement.kind().as_str()) {
        Some(kind) => (kind.name, kind.summary, plain::body_to_yaml(&body, kind.fields)),
        None => {
            let unknown = "A kind that this version of the program does not know.";
            (statement.kind().as_str(), unknown, plain::to_yaml(&body))
        }
    };
    let body: String =
        body.lines().map(|line| format!("  {line}\n")).collect::<String>() + &key_ids(&statement.body().to_value());
    format!(
        "{}statement   {}\nkind        {kind}: {summary}\nissuer      {}\nsubject     {}\nregistry    {}\n\
         signed      {} by its signer's clock\nkey id      {}\nsays\n{body}",
        demo_mark(statement.origin()),
        statement.id(),
        issuer(statement),
        statement.subject(),
        statement.origin(),
        moment::utc(statement.iat()),
        statement.kid(),
    )
}

/// The ids of the keys that an enrolment or a grant names, computed here: a comment in a file may say anything.
fn key_ids(body: &Value) -> String {
    let Value::Map(fields) = body else { return String::new() };
    let lists = ["keys", "grant"].map(|name| fields.get(&Key::Text(name.to_owned())));
    let mut text = String::new();
    for member in lists.into_iter().flatten().flat_map(|list| match list {
        Value::Array(members) => members.as_slice(),
        _ => &[],
    }) {
        let Value::Map(member) = member else { continue };
        if let Some(Value::Bytes(key)) = member.get(&Key::Text("key".to_owned()))
            && let Ok(key) = PublicKey::from_bytes(key)
        {
            text += &format!("key id to compare with the party: {}\n", key.kid());
        }
    }
    text
}

/// The JSON form of [`statement`].
pub fn statement_json(statement: &Statement) -> Json {
    json!({
        "type": "statement", "id": statement.id().to_string(), "kind": statement.kind().as_str(),
        "issuer": issuer(statement), "subject": statement.subject().to_string(),
        "origin": statement.origin().as_str(), "demo": is_demo(statement.origin()), "iat": statement.iat(),
        "kid": statement.kid().to_string(), "body": plain::to_json(&body_value(statement)),
    })
}

fn body_value(statement: &Statement) -> Value {
    to_plain(statement.body())
}

/// Who issued a statement: a party, or the registry itself.
pub fn issuer(statement: &Statement) -> String {
    match statement.issuer() {
        Issuer::Party(party) => party.to_string(),
        Issuer::Log => format!("{} (the registry itself)", statement.origin()),
    }
}
