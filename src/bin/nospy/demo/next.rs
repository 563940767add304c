//! What is worth trying after a demo: commands that work on what it left behind, each with its exit code.

use std::path::Path;

use crate::demo::ask::{self, Answered, Question};
use crate::demo::directory::Directory;
use crate::demo::invented::Invented;
use crate::demo::real::Real;
use crate::demo::tamper::Forgery;
use crate::exit::Exit;
use crate::view;

/// A command that is worth trying, and the exit code that it gives.
pub struct Next {
    /// The command.
    pub command: String,
    /// What it shows.
    pub shows: &'static str,
    /// Its exit code, of a command that ends.
    pub exit: Option<u8>,
}

/// Commands that work on what the demo left behind.
pub fn what_next(directory: &Directory, real: &Real, forgery: &Forgery, invented: &Invented) -> Vec<Next> {
    let is_serving = real.service.is_some();
    let policy = quoted(&directory.file("policy.txt"));
    let config = quoted(&directory.file("nospy.toml"));
    let all: Vec<(&Question, &Answered)> =
        real.answers.iter().filter_map(|(question, answers)| Some((question, answers.first()?))).collect();
    let letters: Vec<_> = all.iter().filter(|(_, answer)| ask::is_about_letter(&answer.about)).collect();
    let verify = |question: &Question, answer: &Answered, shows| Next {
        command: format!("nospy verify {} --policy {policy} --on {}", quoted(&answer.file), question.on),
        shows,
        exit: Some(view::exit_of(answer.verification.verdict()).code()),
    };
    let mut next = Vec::new();
    if let Some((question, answer)) = letters.get(letters.len() / 2) {
        next.push(verify(question, answer, "Verify a docket file by yourself, offline, for a day of your choice:"));
    }
    if let Some((question, answer)) = all.iter().find(|(_, answer)| answer.is_empty) {
        next.push(verify(question, answer, "See the proof that there is nothing:"));
    }
    next.push(Next {
        command: format!("nospy verify {} --policy {policy}", quoted(&forgery.file)),
        shows: "See the forged file refused:",
        exit: Some(forgery.exit().code()),
    });
    if let Some((on, answer)) = invented.example() {
        next.push(Next {
            command: format!("nospy verify {} --policy {} --on {on}", quoted(&answer.file), quoted(&invented.policy)),
            shows: "Verify a file of the invented case, with its own log key:",
            exit: Some(view::exit_of(answer.verification.verdict()).code()),
        });
    }
    if let Some((question, answer)) = all.first() {
        next.push(Next {
            command: format!("nospy show {}", quoted(&answer.file)),
            shows: "Look into a file:",
            exit: Some(Exit::Ok.code()),
        });
        if is_serving {
            next.push(Next {
                command: format!("nospy standing {} --on {} --config {config}", answer.about, question.on),
                shows: "Ask the running registry, from another terminal; the answer is verified there:",
                exit: Some(view::exit_of(answer.verification.verdict()).code()),
            });
        }
    }
    if !is_serving {
        next.push(Next {
            command: format!("nospy serve --config {config}"),
            shows: "Serve this registry:",
            exit: None,
        });
    }
    next
}

/// A path as a shell reads it back.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,".contains(c);
    match text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
