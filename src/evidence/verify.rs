//! The verification of a docket file, from its bytes to the standing.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::agreement::{Act, Force, Inadmissible, Rule, Standing, World, is_country};
use crate::crypto::Kid;
use crate::evidence::question::{Known, Question};
use crate::evidence::summary::summary;
use crate::evidence::{Check, CheckedFile, Checks, Cosigner, Outcome, Policy, Step, check_file, parties_of};
use crate::merkle::Hash;
use crate::statement::body::Terms;
use crate::statement::{Issuer, Origin, Party, RollName, StatementId, Subject};

/// Whom the verifier trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Logs and witnesses.
    pub policy: Policy,
    /// Parties whose keys the verifier knows itself: of these a statement counts only under one of these keys.
    pub party_keys: BTreeMap<Party, Vec<Kid>>,
}

impl Trust {
    /// Trusts `policy`, and the registrar for who the parties are.
    pub fn of(policy: Policy) -> Self {
        Self { policy, party_keys: BTreeMap::new() }
    }
}

/// The seal up to which everything is known, and the tree that proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsKnownAt {
    /// Index of the last seal that counts.
    pub index: u64,
    /// Its id.
    pub id: StatementId,
    /// Its time, unix milliseconds.
    pub time_ms: u64,
    /// The instant up to which everything that was registered counts, unix milliseconds: that time, or later where the
    /// question asks for an instant after it.
    pub until_ms: u64,
    /// Size of the checkpoint's tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// Whose word it is that a party is who it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyTrust {
    /// The verifier named its keys.
    Pinned,
    /// The registrar enrolled it.
    Enrolled,
    /// The registrar listed it; it has no keys.
    Listed,
    /// The registry has no docket of it.
    Unknown,
}

impl PartyTrust {
    /// As it is printed beside the party.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Pinned => "key pinned by you",
            Self::Enrolled => "key as enrolled by the registrar",
            Self::Listed => "listed by the registrar, without a key",
            Self::Unknown => "unknown to the registry",
        }
    }
}

/// A party that the file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyLine {
    /// Its id.
    pub party: Party,
    /// Its names: those that it bears by the rules, that of today first, then as listed or enrolled.
    pub names: Vec<String>,
    /// Whose word that is.
    pub trust: PartyTrust,
}

impl PartyLine {
    /// Puts the names that count in front: a renaming that still waits for a signature gives none.
    fn learn_names(&mut self, world: &World, index: u64) {
        let Some(description) = world.describe(&self.party, index) else { return };
        let mut names: Vec<String> = description.names.iter().map(|name| name.name.as_str().to_owned()).collect();
        names
            .extend(self.names.drain(..).filter(|name| !description.names.iter().any(|own| own.name.as_str() == name)));
        self.names = names;
    }
}

/// A statement of the file in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// Its place in the log.
    pub index: u64,
    /// Registration time, unix milliseconds.
    pub time_ms: u64,
    /// Its kind, known or not.
    pub kind: String,
    /// Who signed it.
    pub issuer: String,
    /// What it is about.
    pub subject: Subject,
    /// Its id.
    pub id: StatementId,
    /// What its body says, in a few words.
    pub summary: String,
}

/// What is left to do for a program: one answer, each with its own exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// All checks hold; there is a standing, and it is not a no.
    Holds,
    /// All checks hold, and the answer is no: no agreement, or not in force.
    No,
    /// Not known: not yet, an unknown kind, a party that the registry does not know, or broken rules.
    Indeterminate,
    /// `file-format`.
    Malformed,
    /// `checkpoint-signature`, `seal-signature`, `statement-signature`.
    BadSignature,
    /// `witness-quorum`.
    QuorumMissing,
    /// `seal-inclusion`, `seal-order`, `docket-digest`, `entry-inclusion`.
    BadInclusion,
    /// `freshness`.
    Stale,
    /// `key-authority`.
    KeyWithoutAuthority,
}

/// What verification found. Everything beside `checks` is filled in as far as the checks went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The 13 steps in order.
    pub checks: Vec<Check>,
    /// What the file is about.
    pub about: Option<Subject>,
    /// The registry.
    pub origin: Option<Origin>,
    /// Up to where everything is known; only after `seal-order`.
    pub as_known_at: Option<AsKnownAt>,
    /// How many statements touch the subject asked about; 0 is a proved absence. Only after `seal-order`.
    pub about_entries: Option<usize>,
    /// The witnesses of the policy that cosigned.
    pub cosigners: Vec<Cosigner>,
    /// Every party that the file names, sorted.
    pub parties: Vec<PartyLine>,
    /// Every statement of the file with a body, by index; only after `statement-signature`.
    pub history: Vec<HistoryLine>,
    /// Statements that have no effect (rule 14).
    pub inadmissible: Vec<Inadmissible>,
    /// The name in the subject that belongs to nobody whom the registry knows; then there is no standing, for a misspelt
    /// name would read as a proven no.
    pub unknown: Option<String>,
    /// The entries of a list docket asked about: index, registration time (unix milliseconds), id.
    pub list: Vec<(u64, u64, StatementId)>,
    /// How it stands; computed even where `rules` fails (rule 14), and not where a pinned key did not sign.
    pub standing: Option<Standing>,
    /// The terms that the standing speaks of, where there are any on that day.
    pub terms: Option<Arc<Terms>>,
    /// The same of each member of [`Standing::list`].
    pub list_terms: BTreeMap<Subject, Arc<Terms>>,
    /// What the file does not prove, in whole sentences.
    pub not_proven: Vec<String>,
}

/// Verifies a docket file from its bytes to the standing. Asks nobody and knows no clock: whom to trust, what is asked
/// and what time it is are arguments.
pub fn verify(bytes: &[u8], trust: &Trust, question: &Question) -> Verification {
    verify_and_fold(bytes, trust, question).0
}

/// As [`verify`], with the folded dockets of the file for whoever asks more of them than one standing: another day, an
/// earlier seal, what falls due. `None` where the checks did not come so far that anything follows.
pub fn verify_and_fold(bytes: &[u8], trust: &Trust, question: &Question) -> (Verification, Option<World>) {
    let found = check_file(bytes, trust, question.freshness);
    let mut verification = Verification {
        checks: Vec::new(),
        about: found.about,
        origin: found.origin,
        as_known_at: None,
        about_entries: None,
        cosigners: found.cosigners,
        parties: Vec::new(),
        history: Vec::new(),
        inadmissible: Vec::new(),
        unknown: None,
        list: Vec::new(),
        standing: None,
        terms: None,
        list_terms: BTreeMap::new(),
        not_proven: not_proven(),
    };
    let mut checks = found.checks;
    let world = found.file.as_ref().and_then(|file| verification.judge(file, trust, question, &mut checks));
    verification.checks = checks.into_vec();
    (verification, world)
}

/// The three sentences of formats §9.
fn not_proven() -> Vec<String> {
    [
        "Not proven: that a party is who the registrar says it is, unless its key is pinned by you.",
        "Not proven: that the log computed its docket root honestly; whoever recomputes the log sees it, and a receipt \
         for a statement that this file should hold but lacks is portable proof of fraud.",
        "Not proven: that a seal's time is true beyond what the clocks of witnesses and monitors saw.",
    ]
    .map(str::to_owned)
    .to_vec()
}

impl Verification {
    /// The first step that failed.
    pub fn failed(&self) -> Option<&Check> {
        self.checks.iter().find(|check| matches!(check.outcome, Outcome::Failed(_)))
    }

    /// The steps that need the domain rules. Gives the folded dockets, unless a pinned key did not sign.
    fn judge(
        &mut self,
        file: &CheckedFile<'_>,
        trust: &Trust,
        question: &Question,
        checks: &mut Checks,
    ) -> Option<World> {
        let checkpoint = file.file().checkpoint.checkpoint();
        let known = Known::of(file.file(), question.known_at);
        self.as_known_at = Some(AsKnownAt {
            index: known.seal.index,
            id: known.seal.id,
            time_ms: known.seal.time_ms,
            until_ms: known.until_ms,
            size: checkpoint.size,
            root: checkpoint.root,
        });
        let list = file.lists().find(|(subject, _)| **subject == file.file().about);
        self.list = list.into_iter().flat_map(|(_, rows)| rows).map(|row| (row.index, row.time_ms, row.id)).collect();
        self.about_entries = file.file().docket(&file.file().about).map(|docket| docket.entries.len());
        let acts: Vec<Act> = file
            .statements()
            .map(|(entry, time_ms)| Act::met(entry.index, time_ms, Arc::clone(&entry.statement)))
            .collect();
        self.history = history(&acts);
        self.parties = parties(file, &acts, trust);

        let dockets: BTreeMap<Subject, Vec<Act>> = file
            .dockets()
            .map(|(subject, places)| (subject.clone(), places.into_iter().map(|place| acts[place].clone()).collect()))
            .collect();
        let world = World::replay(checkpoint.origin.clone(), &dockets, Some(known.seal.index));
        self.parties.iter_mut().for_each(|line| line.learn_names(&world, known.seal.index));
        self.inadmissible = world.inadmissible();
        let pins = check_pins(&acts, trust, known.seal.index);
        let authority = check_key_authority(&self.inadmissible).and(pins.clone());
        let rules = check_rules(&self.inadmissible);
        if checks.record(Step::KeyAuthority, authority).is_some() && checks.record(Step::Rules, rules).is_some() {
            checks.record(Step::Standing, Ok::<_, String>(()));
        }

        // A statement under another key than the one that the verifier pinned is not that party's: nothing follows.
        if pins.is_err() {
            return None;
        }
        if let Some(fault) = known.fault {
            if *checks.outcome(Step::Standing) == Outcome::Passed {
                checks.skip(Step::Standing, fault);
            }
            return None;
        }
        // Rule 14: the standing is computed even where the registry let something in that it should not have.
        let about = &file.file().about;
        let on = question.on.unwrap_or(known.now());
        let standing = known.standing(&world, about, on);
        let terms_of = |subject: &Subject| world.terms(subject, on, known.known_at());
        self.terms = terms_of(about);
        let members = standing.list.iter().map(|(member, _)| member);
        self.list_terms = members.filter_map(|member| Some((member.clone(), terms_of(member)?))).collect();
        if *checks.outcome(Step::Standing) == Outcome::Passed {
            // A misspelt name would otherwise read as a proven no.
            if let (Some(unknown), Verdict::No) = (self.unknown_name(about), verdict_of(about, &standing)) {
                checks.skip(Step::Standing, "the subject names somebody whom the registry does not know");
                self.unknown = Some(unknown);
                return Some(world);
            }
            match standing.force {
                Force::NotApplicable => checks.skip(Step::Standing, "such a subject has no standing"),
                force => checks.detail(Step::Standing, force.as_str().to_owned()),
            }
        }
        self.standing = Some(standing);
        Some(world)
    }

    /// What it all comes to.
    pub fn verdict(&self) -> Verdict {
        if let Some(failed) = self.failed() {
            return match failed.step {
                Step::FileFormat => Verdict::Malformed,
                Step::CheckpointSignature | Step::SealSignature | Step::StatementSignature => Verdict::BadSignature,
                Step::WitnessQuorum => Verdict::QuorumMissing,
                Step::SealInclusion | Step::SealOrder | Step::DocketDigest | Step::EntryInclusion => {
                    Verdict::BadInclusion
                }
                Step::Freshness => Verdict::Stale,
                Step::KeyAuthority => Verdict::KeyWithoutAuthority,
                Step::Rules | Step::Standing => Verdict::Indeterminate,
            };
        }
        match (&self.standing, &self.about) {
            (Some(standing), Some(about)) => verdict_of(about, standing),
            _ => Verdict::Indeterminate,
        }
    }

    /// The name in the subject asked about that belongs to no party of the registry, or to no country.
    fn unknown_name(&self, about: &Subject) -> Option<String> {
        let named = parties_of(about);
        let is_unknown = |line: &&PartyLine| line.trust == PartyTrust::Unknown && named.contains(&line.party);
        let country = match about {
            Subject::Between { government, .. } => Some(government.country()),
            Subject::Roll(RollName::Country(country)) => Some(country.clone()),
            _ => None,
        };
        let country = country.filter(|country| !is_country(country.as_str())).map(|country| country.to_string());
        self.parties.iter().find(is_unknown).map(|line| line.party.to_string()).or(country)
    }
}

/// The answer of a standing. Unknown has no conversion to yes or no (A6).
fn verdict_of(about: &Subject, standing: &Standing) -> Verdict {
    match standing.force {
        Force::Indeterminate(_) => Verdict::Indeterminate,
        Force::NotApplicable | Force::InForce | Force::PartlySuspended => Verdict::Holds,
        Force::Offered if matches!(about, Subject::Offer { .. }) => Verdict::Holds,
        Force::Listed => {
            let members: Vec<Verdict> =
                standing.list.iter().map(|(subject, standing)| verdict_of_member(subject, standing)).collect();
            match () {
                () if members.contains(&Verdict::Holds) => Verdict::Holds,
                () if members.contains(&Verdict::Indeterminate) => Verdict::Indeterminate,
                () => Verdict::No,
            }
        }
        _ => Verdict::No,
    }
}

/// Of a list, only an agreement answers with yes: an offer is no agreement.
fn verdict_of_member(subject: &Subject, standing: &Standing) -> Verdict {
    match subject {
        Subject::Agreement { .. } => verdict_of(subject, standing),
        _ => Verdict::No,
    }
}

/// The rules that speak of keys; a file that breaks them fails `key-authority`, all others `rules`.
fn is_about_keys(rule: Rule) -> bool {
    matches!(rule, Rule::SignerLacksAuthority | Rule::SignatureInvalid)
}

fn check_key_authority(inadmissible: &[Inadmissible]) -> Result<(), String> {
    match inadmissible.iter().find(|line| is_about_keys(line.refusal.rule)) {
        Some(line) => Err(format!("entry {}: {}", line.index, line.refusal)),
        None => Ok(()),
    }
}

/// Every statement up to `last` of a party whose keys the verifier named is under one of them.
fn check_pins(acts: &[Act], trust: &Trust, last: u64) -> Result<(), String> {
    for act in acts.iter().filter(|act| act.index <= last) {
        let Issuer::Party(party) = act.statement.issuer() else { continue };
        if trust.party_keys.get(party).is_some_and(|pins| !pins.contains(act.statement.kid())) {
            let kid = act.statement.kid();
            return Err(format!("entry {}: {party} signed with {kid}, which is not a key that you pinned", act.index));
        }
    }
    Ok(())
}

fn check_rules(inadmissible: &[Inadmissible]) -> Result<(), String> {
    let broken: Vec<String> = inadmissible
        .iter()
        .filter(|line| !is_about_keys(line.refusal.rule))
        .map(|line| format!("entry {}: {}", line.index, line.refusal))
        .collect();
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
}

fn history(acts: &[Act]) -> Vec<HistoryLine> {
    let mut history: Vec<HistoryLine> = acts
        .iter()
        .map(|act| HistoryLine {
            index: act.index,
            time_ms: act.time_ms,
            kind: act.statement.kind().to_string(),
            issuer: match act.statement.issuer() {
                Issuer::Party(party) => party.to_string(),
                Issuer::Log => act.statement.origin().to_string(),
            },
            subject: act.statement.subject().clone(),
            id: act.id(),
            summary: summary(&act.statement),
        })
        .collect();
    history.sort_by_key(|line| line.index);
    history
}

/// Every party whose docket the file holds, with its names and whose word they are.
fn parties(file: &CheckedFile<'_>, acts: &[Act], trust: &Trust) -> Vec<PartyLine> {
    let mut lines = Vec::new();
    for (subject, places) in file.dockets() {
        let Subject::Party(party) = subject else { continue };
        let mut names = Vec::new();
        let mut word = PartyTrust::Unknown;
        for act in places.iter().map(|place| &acts[*place]).filter(|act| act.statement.subject() == subject) {
            match act.statement.kind().as_str() {
                "party.list" if word == PartyTrust::Unknown => word = PartyTrust::Listed,
                "party.enrol" => word = PartyTrust::Enrolled,
                _ => {}
            }
            for name in act.statement.body().field("names").and_then(|names| names.array()).into_iter().flatten() {
                let name = name.field("name").and_then(|name| name.text());
                names.extend(name.filter(|name| !names.iter().any(|known| known == name)).map(str::to_owned));
            }
        }
        if trust.party_keys.contains_key(party) {
            word = PartyTrust::Pinned;
        }
        lines.push(PartyLine { party: party.clone(), names, trust: word });
    }
    lines.sort_by(|a, b| a.party.cmp(&b.party));
    lines
}
