//! Whom a verifier trusts (C2SP tlog-policy): logs, witnesses, and how many of them must have cosigned.
//!
//! ```text
//! log     registry.example/nospy+0c9d093d+AYqI4910…
//! witness w1 witness.example.org/w1+6d7ef907+BIE5dw6o…
//! witness w2 witness.example.net/w2+929e492e+BO1JKMYo…
//! group   both all w1 w2
//! quorum  both
//! ```
//!
//! Empty lines and lines that begin with `#` say nothing. A name is defined before it is used, and once. A
//! witness or group counts in at most one group, so that nobody's voice is heard twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::crypto::{KeyLine, KeyLineError, Note, NoteAlgorithm, NoteError};
use crate::evidence::checkpoint::parse_decimal;
use crate::statement::Origin;

/// Longest policy, in bytes.
pub const POLICY_LEN_MAX: usize = 65_536;
/// Most lines of a policy that say something.
pub const POLICY_LINES_MAX: usize = 512;
/// Longest name of a witness or group, in bytes.
pub const POLICY_NAME_LEN_MAX: usize = 255;

const NONE: &str = "none";

/// A parsed policy: at least one log, and a quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<KeyLine>,
    /// In order of definition; a group's members stand before it, so evaluation is one pass.
    nodes: Vec<Node>,
    quorum: Option<usize>,
}

/// A witness or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    name: String,
    rule: Rule,
    url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Witness(KeyLine),
    Group { threshold: usize, members: Vec<usize> },
}

/// The witnesses whose cosignatures were checked, and whether they are enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Who cosigned, in the policy's order.
    pub cosigners: Vec<Cosigner>,
    /// Whether the policy's quorum is met; `quorum none` always is.
    pub is_met: bool,
}

/// A witness of the policy that cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigner {
    /// The policy's name for it.
    pub name: String,
    /// Its own name for its key.
    pub key_name: String,
    /// When it says it cosigned, unix seconds, > 0; of several lines the latest.
    pub time: u64,
}

/// Why a text is not a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A line is wrong.
    #[error("line {line}: {fault}")]
    Line {
        /// 1 is the first.
        line: usize,
        /// What is wrong with it.
        fault: PolicyFault,
    },
    /// Not UTF-8, or longer than [`POLICY_LEN_MAX`].
    #[error("a policy is UTF-8 text of at most 65536 bytes")]
    Text,
    /// No `log` line.
    #[error("a policy names at least one log: `log <vkey>`")]
    NoLog,
    /// No `quorum` line.
    #[error("a policy ends with `quorum <name>` or `quorum none`")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// An unknown first word.
    #[error("expected log, witness, group or quorum")]
    Keyword,
    /// Too few or too many words.
    #[error("expected `{0}`")]
    Usage(&'static str),
    /// Not a verifier key.
    #[error(transparent)]
    Key(#[from] KeyLineError),
    /// A log's key of type 04, or a witness's of type 01.
    #[error("a log's key is of type 01, a witness's of type 04")]
    Algorithm,
    /// The key or name of this line stood in an earlier one.
    #[error("{0} is defined twice")]
    Twice(String),
    /// `none`, or longer than [`POLICY_NAME_LEN_MAX`].
    #[error("a name is at most 255 bytes long and not `none`")]
    Name,
    /// A name that no earlier line defines.
    #[error("{0} is not defined above this line")]
    Undefined(String),
    /// A member of two groups, or twice of one.
    #[error("{0} counts in a group already")]
    MemberTwice(String),
    /// Not `any`, `all` or a number within the group.
    #[error("the threshold of a group is any, all, or 1 to the number of its members")]
    Threshold,
    /// A second `quorum` line.
    #[error("there is one quorum line")]
    QuorumTwice,
    /// More than [`POLICY_LINES_MAX`] lines.
    #[error("a policy has at most 512 lines that say something")]
    TooManyLines,
    /// A control character other than tab.
    #[error("a control character")]
    Control,
}

impl Policy {
    /// Parses a policy file.
    ///
    /// # Errors
    /// [`PolicyError`], with the number of the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= POLICY_LEN_MAX);
        let mut parser = Parser::default();
        let mut lines = 0;
        // Not `lines()`, which drops a carriage return: it is a control character here.
        for (i, line) in text.ok_or(PolicyError::Text)?.split('\n').enumerate() {
            let at = |fault| PolicyError::Line { line: i + 1, fault };
            if line.chars().any(|c| c.is_control() && c != '\t') {
                return Err(at(PolicyFault::Control));
            }
            let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            if words.first().is_none_or(|word| word.starts_with('#')) {
                continue;
            }
            lines += 1;
            if lines > POLICY_LINES_MAX {
                return Err(at(PolicyFault::TooManyLines));
            }
            parser.line(&words).map_err(at)?;
        }
        parser.finish()
    }

    /// The policy that trusts one log and asks for no witness.
    pub fn of_log(log: KeyLine) -> Self {
        Self { logs: vec![log], nodes: Vec::new(), quorum: None }
    }

    /// The logs, ≥ 1.
    pub fn logs(&self) -> &[KeyLine] {
        &self.logs
    }

    /// The key of the log `origin`, if this policy trusts it.
    pub fn log_of(&self, origin: &Origin) -> Option<&KeyLine> {
        self.logs.iter().find(|log| log.name() == origin.as_str())
    }

    /// Whether the policy asks for any witness.
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// The witnesses with the policy's name for each.
    pub fn witnesses(&self) -> impl Iterator<Item = (&str, &KeyLine)> {
        self.nodes.iter().filter_map(|node| match &node.rule {
            Rule::Witness(key) => Some((node.name.as_str(), key)),
            Rule::Group { .. } => None,
        })
    }

    /// The submission prefix of each witness that has one on its line (C2SP tlog-witness), with the policy's name and its key.
    pub fn witness_urls(&self) -> impl Iterator<Item = (&str, &KeyLine, &str)> {
        self.nodes.iter().filter_map(|node| match (&node.rule, &node.url) {
            (Rule::Witness(key), Some(url)) => Some((node.name.as_str(), key, url.as_str())),
            _ => None,
        })
    }

    /// Checks the cosignatures of every witness of the policy on `note` and counts them. Several lines of one
    /// witness count once; lines of strangers are ignored.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] if a line of a known witness does not verify.
    pub fn evaluate(&self, note: &Note) -> Result<Quorum, NoteError> {
        let mut cosigners = Vec::new();
        let mut holds = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let node_holds = match &node.rule {
                Rule::Witness(key) => {
                    let cosignature = note.cosigned_by(key)?;
                    cosigners.extend(cosignature.map(|cosignature| Cosigner {
                        name: node.name.clone(),
                        key_name: key.name().to_owned(),
                        time: cosignature.time,
                    }));
                    cosignature.is_some()
                }
                Rule::Group { threshold, members } => {
                    members.iter().filter(|member| holds[**member]).count() >= *threshold
                }
            };
            holds.push(node_holds);
        }
        Ok(Quorum { cosigners, is_met: self.quorum.is_none_or(|quorum| holds[quorum]) })
    }
}

#[derive(Default)]
struct Parser {
    logs: Vec<KeyLine>,
    nodes: Vec<Node>,
    by_name: BTreeMap<String, usize>,
    grouped: BTreeSet<usize>,
    quorum: Option<Option<usize>>,
}

impl Parser {
    fn line(&mut self, words: &[&str]) -> Result<(), PolicyFault> {
        match words {
            ["log", vkey] | ["log", vkey, _] => self.log(vkey),
            ["log", ..] => Err(PolicyFault::Usage("log <vkey> [url]")),
            ["witness", name, vkey] => self.witness(name, vkey, None),
            ["witness", name, vkey, url] => self.witness(name, vkey, Some((*url).to_owned())),
            ["witness", ..] => Err(PolicyFault::Usage("witness <name> <vkey> [url]")),
            ["group", name, threshold, members @ ..] if !members.is_empty() => self.group(name, threshold, members),
            ["group", ..] => Err(PolicyFault::Usage("group <name> <any|all|number> <member>…")),
            ["quorum", name] => self.quorum(name),
            ["quorum", ..] => Err(PolicyFault::Usage("quorum <name|none>")),
            _ => Err(PolicyFault::Keyword),
        }
    }

    fn log(&mut self, vkey: &str) -> Result<(), PolicyFault> {
        let key = parse_key(vkey, NoteAlgorithm::Ed25519)?;
        // An origin has one log key for ever (formats §3), and two lines of one key are one log (C2SP tlog-policy).
        if self.logs.iter().any(|log| log.name() == key.name() || log.key() == key.key()) {
            return Err(PolicyFault::Twice(key.name().to_owned()));
        }
        self.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, name: &str, vkey: &str, url: Option<String>) -> Result<(), PolicyFault> {
        let key = parse_key(vkey, NoteAlgorithm::Cosignature)?;
        // The same key under two names would count twice.
        let is_known = |node: &Node| matches!(&node.rule, Rule::Witness(known) if known.key() == key.key());
        if self.nodes.iter().any(is_known) {
            return Err(PolicyFault::Twice(key.name().to_owned()));
        }
        self.define(name, Rule::Witness(key), url)
    }

    fn group(&mut self, name: &str, threshold: &str, names: &[&str]) -> Result<(), PolicyFault> {
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let member = *self.by_name.get(*name).ok_or_else(|| PolicyFault::Undefined((*name).to_owned()))?;
            if !self.grouped.insert(member) {
                return Err(PolicyFault::MemberTwice((*name).to_owned()));
            }
            members.push(member);
        }
        let threshold = match threshold {
            "any" => Some(1),
            "all" => Some(members.len()),
            number => parse_decimal(number).and_then(|number| usize::try_from(number).ok()),
        };
        let threshold =
            threshold.filter(|number| (1..=members.len()).contains(number)).ok_or(PolicyFault::Threshold)?;
        self.define(name, Rule::Group { threshold, members }, None)
    }

    fn quorum(&mut self, name: &str) -> Result<(), PolicyFault> {
        let quorum = match name {
            NONE => None,
            name => Some(*self.by_name.get(name).ok_or_else(|| PolicyFault::Undefined(name.to_owned()))?),
        };
        match self.quorum.replace(quorum) {
            None => Ok(()),
            Some(_) => Err(PolicyFault::QuorumTwice),
        }
    }

    fn define(&mut self, name: &str, rule: Rule, url: Option<String>) -> Result<(), PolicyFault> {
        if name == NONE || name.len() > POLICY_NAME_LEN_MAX {
            return Err(PolicyFault::Name);
        }
        if self.by_name.insert(name.to_owned(), self.nodes.len()).is_some() {
            return Err(PolicyFault::Twice(name.to_owned()));
        }
        self.nodes.push(Node { name: name.to_owned(), rule, url });
        Ok(())
    }

    fn finish(self) -> Result<Policy, PolicyError> {
        if self.logs.is_empty() {
            return Err(PolicyError::NoLog);
        }
        Ok(Policy { logs: self.logs, nodes: self.nodes, quorum: self.quorum.ok_or(PolicyError::NoQuorum)? })
    }
}

fn parse_key(vkey: &str, algorithm: NoteAlgorithm) -> Result<KeyLine, PolicyFault> {
    let key: KeyLine = vkey.parse()?;
    match key.algorithm() == algorithm {
        true => Ok(key),
        false => Err(PolicyFault::Algorithm),
    }
}
