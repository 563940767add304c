//! What an answer over many files rests on: the lists that prove it complete, the seal up to which they do, and what
//! was found wrong on the way.

use std::fmt::Write as _;

use nospy::agreement::{KnownAt, Reason};
use nospy::statement::{Origin, Subject};
use serde_json::{Value as Json, json};

use crate::describe::{self, NOT_APPROVED};
use crate::exit::Exit;
use crate::moment;

/// A rule that the log let be broken. What follows is shown all the same, and the exit code tells.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The exit code of the check that fails.
    pub exit: Exit,
    /// The check, and why it fails.
    pub words: String,
    /// The file in which it was seen first.
    pub file: Subject,
}

/// What an answer rests on.
pub struct Footing {
    /// The registry.
    pub origin: Origin,
    /// The list dockets that prove it complete.
    pub lists: Vec<Subject>,
    /// The seal up to which they do.
    pub seal: KnownAt,
    /// Rules that the log let be broken.
    pub faults: Vec<Fault>,
    /// What such lists leave out, in sentences.
    pub notes: Vec<String>,
}

impl Footing {
    /// The exit code: that of the first fault, or else the answer's own.
    pub fn exit(&self, answer: Exit) -> Exit {
        self.faults.first().map_or(answer, |fault| fault.exit)
    }

    /// What stands above an answer for people.
    pub fn head(&self) -> &'static str {
        describe::demo_mark(&self.origin)
    }

    /// What stands below an answer for people.
    pub fn foot(&self, exit: Exit) -> String {
        let lists = texts(&self.lists).join(", ");
        let time = moment::utc_ms(self.seal.time_ms);
        let mut text = format!("Complete as of the seal at index {} of {time}, by {lists}.\n", self.seal.index);
        text.push_str(
            "Everything above is computed here, by the public rules, from docket files that were verified here.\n",
        );
        for note in &self.notes {
            // Writing to a String does not fail.
            let _ = writeln!(text, "{note}");
        }
        text.push_str(&faults_text(&self.faults));
        let _ = writeln!(text, "{NOT_APPROVED}\n\nAnswer: {} (exit {})", exit.meaning(), exit.code());
        text
    }

    /// The fields that every such answer has for programs, put before `fields` of its own.
    pub fn json(&self, name: &str, exit: Exit, fields: Json) -> Json {
        let mut json = json!({
            "type": name, "exit": exit.code(), "answer": exit.name(),
            "origin": self.origin.as_str(), "demo": describe::is_demo(&self.origin),
            "complete_as_of": seal_json(self.seal), "lists": texts(&self.lists),
            "notes": self.notes, "faults": faults_json(&self.faults),
        });
        if let (Some(all), Json::Object(own)) = (json.as_object_mut(), fields) {
            all.extend(own);
        }
        json
    }
}

/// The faults, one a line; empty if there are none.
pub fn faults_text(faults: &[Fault]) -> String {
    let line = |fault: &Fault| format!("A rule is broken in the log: {} (file about {})\n", fault.words, fault.file);
    faults.iter().map(line).collect()
}

/// The faults, for programs.
pub fn faults_json(faults: &[Fault]) -> Json {
    let one =
        |fault: &Fault| json!({ "exit": fault.exit.code(), "reason": fault.words, "file": fault.file.to_string() });
    faults.iter().map(one).collect()
}

/// Subjects of which something is not known, and why, for programs.
pub fn open_json(open: &[(Subject, Reason)]) -> Json {
    open.iter().map(|(subject, reason)| json!({ "subject": subject.to_string(), "reason": reason.as_str() })).collect()
}

/// A seal, for programs.
pub fn seal_json(seal: KnownAt) -> Json {
    json!({ "index": seal.index, "time_ms": seal.time_ms })
}

fn texts(subjects: &[Subject]) -> Vec<String> {
    subjects.iter().map(ToString::to_string).collect()
}
