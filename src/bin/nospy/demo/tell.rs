//! What a demo found, in plain sentences and for programs.

use std::fmt::Write as _;
use std::path::Path;

use nospy::agreement::{Assent, Assurance, Contention, Force, Standing};
use nospy::rpc::ServerRefusal;
use nospy::statement::Subject;
use serde_json::{Value as Json, json};

use crate::demo::ask::{self, Answered, Expected, Question};
use crate::demo::cast::Cast;
use crate::demo::invented::{Invented, Refused};
use crate::demo::next::Next;
use crate::demo::sources::Citation;
use crate::demo::tamper::Forgery;
use crate::describe::NOT_APPROVED;
use crate::moment;
use crate::view;

/// Everything there is to tell.
pub struct Tale<'a> {
    /// Who signed.
    pub cast: &'a Cast,
    /// Where the files are.
    pub directory: &'a Path,
    /// Where the registry answers, if it still does.
    pub url: Option<String>,
    /// How many statements were published, and the size of the log after them.
    pub published: (usize, u64),
    /// The questions, each with the answer of every docket.
    pub answers: &'a [(Question, Vec<Answered>)],
    /// What the fixtures admit about the second case.
    pub note: Option<&'a str>,
    /// The forged copy.
    pub forgery: &'a Forgery,
    /// The invented case in the other registry.
    pub invented: &'a Invented,
    /// What to try next.
    pub next: &'a [Next],
}

impl Tale<'_> {
    /// How many answers differ from what is expected, a forgery that was not refused included.
    pub fn differences(&self) -> usize {
        ask::differences(self.answers) + self.invented.differences() + usize::from(self.forgery.refusal().is_none())
    }

    /// The tale for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let (count, size) = self.published;
        writeln!(
            text,
            "DEMO. The cases are real and come from published sources. The keys are not: this program made them a\n\
            moment ago. Nobody named here signed anything in this registry.\n"
        )?;
        writeln!(text, "registry    {}\nlog key     {}", self.cast.origin, self.cast.log_name)?;
        writeln!(text, "files       {}", self.directory.display())?;
        writeln!(
            text,
            "published   {count} statements over gRPC, each receipt verified; the log has {size} entries, its seals included"
        )?;
        writeln!(
            text,
            "checked     every answer below was computed from a docket file alone, without asking the registry\n"
        )?;
        for (place, (question, answers)) in self.answers.iter().enumerate() {
            write_question(text, place + 1, question, answers)?;
        }
        if let Some(note) = self.note {
            writeln!(text, "A choice that the facts do not make: {note}.\n")?;
        }
        self.write_forgery(text)?;
        self.write_invented(text)?;
        match self.differences() {
            0 => writeln!(text, "✓ Every answer is the one that the fixtures expect.\n")?,
            count => writeln!(text, "✗ {count} differ from what is expected.\n")?,
        }
        writeln!(text, "{NOT_APPROVED}\n")?;
        writeln!(text, "What to try next:")?;
        for next in self.next {
            let exit = next.exit.map_or_else(String::new, |exit| format!(" (exit code {exit})"));
            writeln!(text, "  {}{exit}\n    {}", next.shows, next.command)?;
        }
        match &self.url {
            Some(url) => writeln!(text, "\nThe registry answers at {url} until you press Ctrl-C."),
            None => Ok(()),
        }
    }

    fn write_invented(&self, text: &mut String) -> std::fmt::Result {
        let invented = self.invented;
        let (count, size) = invented.published;
        writeln!(
            text,
            "INVENTED, ON A SCRIPTED CLOCK. Parties, acts and days of this case are made up, and a script set the time of its\n\
            registry: its seals say nothing about when anything happened.\n"
        )?;
        writeln!(text, "registry    {}\nlog key     {}", invented.cast.origin, invented.cast.log_name)?;
        writeln!(text, "files       {}", invented.directory.path().display())?;
        writeln!(text, "published   {count} statements on the days of the script; the log has {size} entries\n")?;
        for refused in &invented.refusals {
            match &refused.refusal {
                Some(refusal) => {
                    let ServerRefusal { reason, message, .. } = refusal;
                    writeln!(text, "refused     {}\n            by the rule {reason}: {message}  ✓\n", refused.words)?;
                }
                None => writeln!(text, "ADMITTED    {}  ✗ it was to be refused\n", refused.words)?,
            }
        }
        for (place, (question, answers)) in invented.answers.iter().enumerate() {
            write_question(text, self.answers.len() + place + 1, question, answers)?;
        }
        Ok(())
    }

    fn write_forgery(&self, text: &mut String) -> std::fmt::Result {
        let forgery = self.forgery;
        let (before, after) = &forgery.change;
        writeln!(text, "A forged file: {}", forgery.file.display())?;
        writeln!(
            text,
            "   a copy of {} in which one character is changed:\n   the end of the letter, {before}, reads {after}.",
            forgery.original.display()
        )?;
        match forgery.refusal() {
            Some((check, reason)) => writeln!(text, "   refused      by the check {check}: {reason}  ✓\n"),
            None => writeln!(text, "   NOT REFUSED  ✗\n"),
        }
    }

    /// The tale for programs.
    pub fn json(&self) -> Json {
        let forgery = self.forgery;
        let questions: Vec<Json> =
            self.answers.iter().map(|(question, answers)| question_json(question, answers)).collect();
        let next: Vec<Json> = self
            .next
            .iter()
            .map(|next| json!({ "shows": next.shows, "command": next.command, "exit": next.exit }))
            .collect();
        json!({
            "demo": true, "origin": self.cast.origin.as_str(), "log_key": self.cast.log_name.to_string(),
            "directory": self.directory, "url": self.url,
            "published": self.published.0, "size": self.published.1,
            "questions": questions, "note": self.note,
            "forgery": {
                "file": forgery.file, "original": forgery.original, "before": forgery.change.0, "after": forgery.change.1,
                "refused_by": forgery.refusal().map(|(check, _)| check), "reason": forgery.refusal().map(|(_, reason)| reason),
                "exit": forgery.exit().code(),
            },
            "invented": invented_json(self.invented),
            "differences": self.differences(), "next": next,
        })
    }
}

fn invented_json(invented: &Invented) -> Json {
    let refusal = |refused: &Refused| {
        let refusal = refused.refusal.as_ref();
        json!({ "act": refused.words, "rule": refusal.map(|refusal| &refusal.reason),
            "reason": refusal.map(|refusal| &refusal.message) })
    };
    let questions: Vec<Json> =
        invented.answers.iter().map(|(question, answers)| question_json(question, answers)).collect();
    json!({
        "demo": true, "clock_scripted": true, "origin": invented.cast.origin.as_str(),
        "log_key": invented.cast.log_name.to_string(), "directory": invented.directory.path(),
        "policy": invented.policy, "published": invented.published.0, "size": invented.published.1,
        "refused": invented.refusals.iter().map(refusal).collect::<Vec<_>>(), "questions": questions,
    })
}

fn write_question(text: &mut String, number: usize, question: &Question, answers: &[Answered]) -> std::fmt::Result {
    writeln!(text, "{number}. {}", question.words)?;
    let mut told: Option<&Answered> = None;
    for answer in answers {
        let is_same = told.is_some_and(|told| told.computed == answer.computed && answer.difference.is_none());
        if is_same {
            writeln!(text, "   the same     in {}, for {}", answer.file.display(), answer.about)?;
            continue;
        }
        told = Some(answer);
        write_answer(text, answer)?;
    }
    let expected = match &question.expected {
        Expected::Answer(answer) => answer.as_str(),
        Expected::Nothing => "nothing, proved",
    };
    let differences: Vec<String> = answers
        .iter()
        .filter_map(|answer| Some(format!("{}: {}", answer.about, answer.difference.as_ref()?)))
        .collect();
    match differences.is_empty() {
        true => writeln!(text, "   expected     {expected}  ✓\n"),
        false => writeln!(text, "   expected     {expected}  ✗ {}\n", differences.join("; ")),
    }
}

fn write_answer(text: &mut String, answer: &Answered) -> std::fmt::Result {
    if let Some(standing) = answer.standing() {
        writeln!(text, "   answer       {}.", claim(standing))?;
        writeln!(text, "   force        {}", force(standing))?;
        writeln!(text, "   assent       {}", assent(standing))?;
        if standing.contention != Contention::None {
            writeln!(text, "   contention   {}", standing.contention.as_str())?;
        }
        if standing.assurance != Assurance::None {
            writeln!(text, "   assurance    {}", standing.assurance.as_str().replace('_', " "))?;
        }
        if let Some(kind) = kind_of_no(answer, standing) {
            writeln!(text, "   kind of no   {kind}")?;
        }
        for report in &standing.reports {
            writeln!(text, "   reported     {}: {}", report.date, report.summary)?;
        }
    }
    if let Some(known) = &answer.verification.as_known_at {
        writeln!(text, "   as known at  seal {} of {}", known.index, moment::utc_ms(known.time_ms))?;
    }
    let (held, skipped) = answer.counts();
    match answer.verification.failed() {
        None => writeln!(text, "   proof        {} ({held} checks hold, {skipped} not asked)", answer.file.display())?,
        Some(failed) => {
            writeln!(text, "   no proof     {}: the check {} failed", answer.file.display(), failed.name())?
        }
    }
    for citation in &answer.sources {
        writeln!(text, "   source       {}", citation.sentence())?;
    }
    Ok(())
}

/// The sentence without its last part, the seal, which has a line of its own.
fn claim(standing: &Standing) -> String {
    let sentence = standing.sentence();
    sentence.split(". As known at seal").next().unwrap_or_default().to_owned()
}

fn force(standing: &Standing) -> String {
    let mut force = standing.force.as_str().replace('_', " ");
    for flag in &standing.flags {
        force.push_str(&format!(", {}", flag.as_str().replace('_', " ")));
    }
    force
}

fn assent(standing: &Standing) -> &'static str {
    match standing.assent {
        Assent::None => "none: nobody signed",
        Assent::BothSigned => "both signed here",
        Assent::GovernmentAttests => {
            "the government alone attests it: it filed a paper that the vendor did not sign here"
        }
        Assent::VendorOnly => "the vendor alone signed",
        _ => "unknown to this program",
    }
}

/// A no that rests on reports is another one than a no that rests on nothing.
fn kind_of_no(answer: &Answered, standing: &Standing) -> Option<String> {
    match (standing.force, answer.is_empty) {
        (Force::NoAgreement, true) => Some(format!(
            "nothing at all: the log proved that no statement about {} exists\n                ({})",
            answer.about,
            elsewhere(&answer.about)
        )),
        (Force::NoAgreement, false) if standing.reports.is_empty() => {
            Some("an offer that this government did not accept".to_owned())
        }
        (Force::NoAgreement, false) => {
            Some("reports only: others say what happened, and nobody whom they name signed".to_owned())
        }
        _ => None,
    }
}

/// Where an offer would stand that the government of the subject did not answer.
fn elsewhere(subject: &Subject) -> String {
    match subject {
        Subject::Agreement { vendor, reference, .. } => format!("the offer stands in offer/{vendor}/{reference}"),
        Subject::Between { vendor, .. } => format!("an offer to everybody would stand in roll/{vendor}"),
        other => format!("an offer would not stand in {other}"),
    }
}

fn question_json(question: &Question, answers: &[Answered]) -> Json {
    let expected = match &question.expected {
        Expected::Answer(answer) => json!(answer),
        Expected::Nothing => Json::Null,
    };
    json!({
        "question": question.words, "on": question.on.to_string(), "expected": expected,
        "expects_nothing": matches!(question.expected, Expected::Nothing),
        "answers": answers.iter().map(answer_json).collect::<Vec<_>>(),
    })
}

fn answer_json(answer: &Answered) -> Json {
    let source = |citation: &Citation| {
        json!({ "key": citation.key, "publisher": citation.publisher, "url": citation.url,
            "date": citation.date.map(|date| date.to_string()) })
    };
    json!({
        "about": answer.about.to_string(), "file": answer.file,
        "computed": answer.computed.as_ref().map(ToString::to_string),
        "matches": answer.difference.is_none(), "difference": answer.difference,
        "is_empty": answer.is_empty, "exit": view::exit_of(answer.verification.verdict()).code(),
        "as_known_at": answer.verification.as_known_at.as_ref().map(|known| json!({
            "index": known.index, "time_ms": known.time_ms, "size": known.size })),
        "checks": view::checks_json(&view::lines(&answer.verification)),
        "standing": answer.standing().map(view::standing_json),
        "sources": answer.sources.iter().map(source).collect::<Vec<_>>(),
    })
}
