//! The result file of the gate: the question, the answer, the docket file and the log's key in one JSON document.
//!
//! The answer in it proves nothing by itself. Whoever checks a result computes the answer again, from the bytes of the
//! docket file under a policy of their own, and accepts the file only if both answers are the same.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use nospy::crypto::{Digest, Kid, sha256};
use nospy::evidence::{GateFinding, GateKnown, GateQuestion, GateReport, KnownUpTo, Policy, Trust, gate};
use nospy::statement::{Party, one_line};
use serde::{Deserialize, Serialize};

use crate::asked::read_product;
use crate::error::CliError;
use crate::exit::Exit;
use crate::moment;
use crate::view::exit_of;

/// What the first member says.
const FORMAT: &str = "nospy-gate-result/1";
/// Longest docket file in a result, in bytes: base64 makes it a third longer, and the whole file stays within
/// [`crate::files::FILE_LEN_MAX`].
const DOCKET_LEN_MAX: usize = 44 << 20;

/// A result file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateResult {
    format: String,
    question: Asked,
    answer: Answered,
    trust: Trusted,
    docket: Docket,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    vendor: String,
    government: String,
    product: Vec<String>,
    version: Option<String>,
    closing: String,
    known_at: Known,
    max_age_s: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Known {
    Closing,
    Latest,
    Seal(u64),
    Time(String),
}

/// The answer in names that stay the same from version to version; the words beside them may change, and are not kept.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    answer: String,
    exit: u8,
    findings: Vec<Found>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    reason: String,
    agreement: Option<String>,
    force: Option<String>,
    scope: Option<String>,
    /// The place of each item of the scope that the answer rests on, and its reason.
    items: Vec<(Option<usize>, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trusted {
    /// The verifier key of the log, as the policy names it; none if it does not.
    log: Option<String>,
    /// The pinned keys.
    party_keys: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Docket {
    sha256: String,
    base64: String,
}

impl GateResult {
    /// The result of a question.
    ///
    /// # Errors
    /// If the docket file is too long to be kept in it.
    pub fn of(question: &GateQuestion, report: &GateReport, trust: &Trust, docket: &[u8]) -> Result<Self, CliError> {
        if docket.len() > DOCKET_LEN_MAX {
            let words =
                format!("the docket file has {} bytes, more than the {DOCKET_LEN_MAX} of a result", docket.len());
            return Err(CliError::usage(words).next_step("Keep the docket file itself, and run the gate on it again."));
        }
        let pinned =
            |(party, kids): (&Party, &Vec<Kid>)| (party.to_string(), kids.iter().map(Kid::to_string).collect());
        Ok(Self {
            format: FORMAT.to_owned(),
            question: Asked::of(question),
            answer: Answered::of(report),
            trust: Trusted {
                log: log_of(report, &trust.policy),
                party_keys: trust.party_keys.iter().map(pinned).collect(),
            },
            docket: Docket { sha256: sha256(&[docket]).to_string(), base64: Base64::encode_string(docket) },
        })
    }

    /// As a JSON document.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Texts, numbers and lists alone: there is nothing that JSON cannot hold.
        let mut bytes = serde_json::to_vec_pretty(self).expect("a result is plain data with text keys");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a result file; nothing in it is believed yet.
    ///
    /// # Errors
    /// [`Exit::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CliError> {
        let result: Self = serde_json::from_slice(bytes)
            .map_err(|error| CliError::malformed(format!("this is no result of nospy gate: {error}")))?;
        match result.format == FORMAT {
            true => Ok(result),
            false => Err(CliError::malformed(format!("the result has the format `{}`, not {FORMAT}", result.format))),
        }
    }

    /// Answers the question again from the docket file inside, under the policy of whoever checks. Keys that were pinned
    /// stay pinned, unless `party_keys` names others for the same party.
    ///
    /// # Errors
    /// [`Exit::Malformed`] if the file contradicts itself, or the exit code of a check that fails now.
    pub fn check(
        &self,
        policy: Policy,
        party_keys: BTreeMap<Party, Vec<Kid>>,
    ) -> Result<(GateQuestion, GateReport), CliError> {
        let docket = Base64::decode_vec(&self.docket.base64)
            .map_err(|error| CliError::malformed(format!("the docket file of the result is not base64: {error}")))?;
        if sha256(&[&docket]).to_string() != self.docket.sha256 {
            return Err(tampered("the docket file in the result has another SHA-256 than the result says"));
        }
        let question = self.question.read()?;
        let mut pinned = self.trust.read()?;
        pinned.extend(party_keys);
        let trust = Trust { policy, party_keys: pinned };
        let report = gate(&docket, &trust, &question);
        let (now, kept) = (Answered::of(&report), &self.answer);
        if now != *kept {
            let words = format!("the result says {}, and its bytes say {}", kept.told(), now.told());
            // A check that fails now has its own exit code.
            return Err(match report.verification.failed() {
                Some(failed) => CliError::new(exit_of(report.verdict()), words)
                    .detail(format!("the check {} fails under your policy", failed.name())),
                None => tampered(words),
            });
        }
        match log_of(&report, &trust.policy) == self.trust.log {
            true => Ok((question, report)),
            false => Err(tampered("the result names another log key than your policy does")),
        }
    }
}

fn tampered(words: impl Into<String>) -> CliError {
    CliError::new(Exit::Malformed, words)
        .next_step("Do not rely on this result. Ask again with nospy gate, from a docket file that you fetch yourself.")
}

/// The key of the log that the file is of, as the policy names it.
fn log_of(report: &GateReport, policy: &Policy) -> Option<String> {
    let origin = report.verification.origin.as_ref()?;
    policy.log_of(origin).map(ToString::to_string)
}

impl Asked {
    fn of(question: &GateQuestion) -> Self {
        Self {
            vendor: question.vendor.to_string(),
            government: question.government.to_string(),
            product: question.product.texts().to_vec(),
            version: question.product.asked_version().map(str::to_owned),
            closing: moment::utc_ms(question.closing_ms),
            known_at: match question.known_at {
                GateKnown::AtClosing => Known::Closing,
                GateKnown::Latest => Known::Latest,
                GateKnown::UpTo(KnownUpTo::Seal(index)) => Known::Seal(index),
                GateKnown::UpTo(KnownUpTo::Instant(at_ms)) => Known::Time(moment::utc_ms(at_ms)),
            },
            max_age_s: question.max_age_s,
        }
    }

    fn read(&self) -> Result<GateQuestion, CliError> {
        let bad = |error: CliError| CliError::malformed(format!("the question of the result: {}", error.message()));
        let name = |text: &str| CliError::malformed(format!("the question of the result: `{text}` is no name"));
        Ok(GateQuestion {
            vendor: self.vendor.parse().map_err(|_| name(&self.vendor))?,
            government: self.government.parse().map_err(|_| name(&self.government))?,
            product: read_product(&self.product, self.version.as_deref()).map_err(bad)?,
            closing_ms: moment::parse_instant_ms(&self.closing).map_err(bad)?,
            known_at: match &self.known_at {
                Known::Closing => GateKnown::AtClosing,
                Known::Latest => GateKnown::Latest,
                Known::Seal(index) => GateKnown::UpTo(KnownUpTo::Seal(*index)),
                Known::Time(text) => GateKnown::UpTo(KnownUpTo::Instant(moment::parse_instant_ms(text).map_err(bad)?)),
            },
            max_age_s: self.max_age_s,
        })
    }
}

impl Answered {
    fn of(report: &GateReport) -> Self {
        Self {
            answer: report.answer.as_str().to_owned(),
            exit: exit_of(report.verdict()).code(),
            findings: report.findings.iter().map(Found::of).collect(),
        }
    }

    fn told(&self) -> String {
        let reasons: Vec<&str> = self.findings.iter().map(|found| found.reason.as_str()).collect();
        // Whoever wrote the file chose these texts.
        one_line(&format!("`{}` (exit {}: {})", self.answer.replace('_', " "), self.exit, reasons.join(", ")))
    }
}

impl Found {
    fn of(finding: &GateFinding) -> Self {
        let lines = finding.scope.as_ref().map(|scope| scope.lines()).unwrap_or_default();
        let item = |line: &nospy::agreement::ScopeLine| {
            (line.item.as_ref().map(|(place, _)| *place), line.reason.as_str().to_owned())
        };
        Self {
            reason: finding.reason.as_str().to_owned(),
            agreement: finding.agreement.as_ref().map(ToString::to_string),
            force: finding.force.map(|force| force.as_str().to_owned()),
            scope: finding.scope.as_ref().map(|scope| scope.as_str().to_owned()),
            items: lines.iter().map(item).collect(),
        }
    }
}

impl Trusted {
    fn read(&self) -> Result<BTreeMap<Party, Vec<Kid>>, CliError> {
        let bad = |text: &str| CliError::malformed(format!("the pinned keys of the result: `{text}` is none"));
        let mut pinned = BTreeMap::new();
        for (party, kids) in &self.party_keys {
            let kid = |text: &String| text.parse::<Digest>().map(|kid| Kid(kid.0)).map_err(|_| bad(text));
            let kids = kids.iter().map(kid).collect::<Result<Vec<_>, _>>()?;
            pinned.insert(party.parse().map_err(|_| bad(party))?, kids);
        }
        Ok(pinned)
    }
}
