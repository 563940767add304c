//! `finding.*`: an alleged breach and what became of it. A finding never changes force (rule 6); its dates decide
//! how it stood on a day.

use crate::agreement::accord::AgreementState;
use crate::agreement::change::{clause_unknown, newest_life};
use crate::agreement::offer::ref_not_current;
use crate::agreement::refusal::demand;
use crate::agreement::{Act, Contention, FindingLine, Refusal, Rule, World};
use crate::statement::body::{
    By, ClauseId, Finding, FindingAppeal, FindingClose, FindingDetermination, FindingReply, LegalDate, Text,
};
use crate::statement::{Party, StatementId, Subject};

/// A finding and its story.
#[derive(Clone, Debug)]
pub(in crate::agreement) struct FindingRecord {
    pub id: StatementId,
    pub index: u64,
    pub opener: Party,
    pub date: LegalDate,
    pub clauses: Vec<ClauseId>,
    steps: Vec<Step>,
}

/// What was done, when; `to` is how the finding stands from then on.
#[derive(Clone, Debug)]
struct Step {
    id: StatementId,
    by: Party,
    date: LegalDate,
    to: Option<Contention>,
    told: String,
}

impl FindingRecord {
    pub fn is_closed(&self) -> bool {
        self.steps.iter().any(|step| step.to == Some(Contention::Closed))
    }

    /// Who may close it: who opened, determined or appealed it.
    fn closers(&self) -> impl Iterator<Item = &Party> {
        let may_close = |step: &&Step| matches!(step.to, Some(Contention::Determined | Contention::Appealed));
        self.steps.iter().filter(may_close).map(|step| &step.by).chain([&self.opener])
    }

    /// Takes a step back that is void.
    pub fn forget(&mut self, id: &StatementId) {
        self.steps.retain(|step| step.id != *id);
    }

    /// How it stood on a day; `None` before it was opened.
    pub fn line_on(&self, day: LegalDate) -> Option<FindingLine> {
        // By date; on one day the log's order decides, since the sort is stable.
        let mut steps: Vec<&Step> = self.steps.iter().filter(|step| step.date <= day).collect();
        steps.sort_by_key(|step| step.date);
        (self.date <= day).then(|| FindingLine {
            id: self.id,
            index: self.index,
            opener: self.opener.clone(),
            date: self.date,
            clauses: self.clauses.clone(),
            state: steps.iter().rev().find_map(|step| step.to).unwrap_or(Contention::Alleged),
            story: steps.iter().map(|step| (step.date, step.told.clone())).collect(),
        })
    }
}

impl AgreementState {
    pub fn apply_finding(&mut self, act: &Act, body: &Finding) {
        let Some(opener) = act.issuer().cloned() else { return };
        self.findings.push(FindingRecord {
            id: act.id(),
            index: act.index,
            date: body.date,
            clauses: body.clauses.clone(),
            steps: vec![step(
                act,
                (&opener, body.by.as_ref()),
                "alleges",
                body.date,
                Some(Contention::Alleged),
                &body.summary,
            )],
            opener,
        });
    }

    pub fn apply_reply(&mut self, act: &Act, body: &FindingReply) {
        let Some((issuer, finding)) = self.finding_mut(act, &body.reference) else { return };
        let who = (&issuer, body.by.as_ref());
        finding.steps.push(step(act, who, "replies", body.date, None, &body.summary));
    }

    pub fn apply_determine(&mut self, act: &Act, body: &FindingDetermination) {
        let Some((issuer, finding)) = self.finding_mut(act, &body.reference) else { return };
        let who = (&issuer, body.by.as_ref());
        finding.steps.push(step(act, who, "determines", body.date, Some(Contention::Determined), &body.summary));
    }

    pub fn apply_appeal(&mut self, act: &Act, body: &FindingAppeal) {
        let Some((issuer, finding)) = self.finding_mut(act, &body.reference) else { return };
        let who = (&issuer, body.by.as_ref());
        finding.steps.push(step(act, who, "appeals", body.date, Some(Contention::Appealed), &body.summary));
    }

    pub fn apply_close(&mut self, act: &Act, body: &FindingClose) {
        let Some((issuer, finding)) = self.finding_mut(act, &body.reference) else { return };
        let told = format!("closes ({})", body.outcome);
        let who = (&issuer, body.by.as_ref());
        finding.steps.push(step(act, who, &told, body.date, Some(Contention::Closed), &body.summary));
    }

    fn finding_mut(&mut self, act: &Act, id: &StatementId) -> Option<(Party, &mut FindingRecord)> {
        let finding = self.findings.iter_mut().find(|finding| finding.id == *id)?;
        Some((act.issuer()?.clone(), finding))
    }
}

/// Whoever signed is named first, and who really acted after it, in quotes.
fn step(
    act: &Act,
    (issuer, by): (&Party, Option<&By>),
    verb: &str,
    date: LegalDate,
    to: Option<Contention>,
    summary: &Text,
) -> Step {
    let told = match by {
        None => format!("{issuer} {verb}: {summary}"),
        Some(by) => format!("{issuer} tells that \"{}\" {verb}: {summary}", by.name),
    };
    Step { id: act.id(), by: issuer.clone(), date, to, told }
}

pub(in crate::agreement) fn check_open(world: &World, act: &Act, body: &Finding) -> Result<(), Refusal> {
    let life = world.agreement(act.statement.subject()).and_then(AgreementState::life).ok_or_else(|| {
        let message = "there is no agreement that could be broken";
        Refusal::new(Rule::AgreementUnknown, message, "agreement.accept or agreement.file first")
    })?;
    match body.clauses.iter().find(|clause| life.terms().clause(clause).is_none()) {
        Some(clause) => Err(clause_unknown(clause, "the terms do not have")),
        None => Ok(()),
    }
}

/// Reply and appeal: on a finding that is open.
pub(in crate::agreement) fn check_step(
    world: &World,
    act: &Act,
    reference: &StatementId,
    date: LegalDate,
) -> Result<(), Refusal> {
    current_finding(world, act, reference, date).map(|_| ())
}

/// Determine: by whom the terms name. Where that is no party of this registry, the government tells what it decided.
pub(in crate::agreement) fn check_determine(
    world: &World,
    act: &Act,
    body: &FindingDetermination,
) -> Result<(), Refusal> {
    current_finding(world, act, &body.reference, body.date)?;
    let life = newest_life(world, act)?;
    let refuse = |message: String, accepted: String| Err(Refusal::new(Rule::WrongSigner, message, accepted));
    let Some(named) = &life.terms().term.breach_determined_by else {
        let message = "the terms name nobody who determines a breach".to_owned();
        return refuse(message, "finding.close by who opened it, or amended terms".to_owned());
    };
    let Subject::Agreement { vendor, government, .. } = act.statement.subject() else {
        return refuse("there is no agreement on that subject".to_owned(), "finding.open first".to_owned());
    };
    // Whose heirs they are is known of the two parties; the docket of another body is not in every file (formats §9).
    let is_itself = named.as_str().parse::<Party>().is_ok_and(|party| {
        act.issuer() == Some(&party) || ([vendor, government].contains(&&party) && world.is_or_succeeds(act, &party))
    });
    let is_told = world.is_or_succeeds(act, government) && body.by.as_ref().is_some_and(|by| by.name == *named);
    if is_itself || is_told {
        return Ok(());
    }
    let accepted = format!("the signature of {named}, or of the government with by.name: {named}");
    refuse(format!("a breach of this agreement is determined by {named}"), accepted)
}

/// Close: by who opened or appealed it.
pub(in crate::agreement) fn check_close(world: &World, act: &Act, body: &FindingClose) -> Result<(), Refusal> {
    let finding = current_finding(world, act, &body.reference, body.date)?;
    let may_close = finding.closers().any(|one| world.is_or_succeeds(act, one));
    demand(may_close, || {
        let message = "a finding is closed by who opened, determined or appealed it";
        Refusal::new(Rule::WrongSigner, message, format!("the signature of {}", finding.opener))
    })
}

fn current_finding<'a>(
    world: &'a World,
    act: &Act,
    reference: &StatementId,
    date: LegalDate,
) -> Result<&'a FindingRecord, Refusal> {
    let findings = world.agreement(act.statement.subject()).map_or(&[][..], |state| &state.findings);
    let open = |finding: &&FindingRecord| !finding.is_closed();
    let Some(finding) = findings.iter().filter(open).find(|finding| finding.id == *reference) else {
        return Err(match findings.iter().rev().find(open) {
            Some(current) => ref_not_current("an open finding", &current.id),
            None => Refusal::new(Rule::RefNotCurrent, "ref does not name an open finding", "finding.open first"),
        });
    };
    demand(finding.date <= date, || {
        let message = format!("it is dated {date}, before the finding of {}", finding.date);
        Refusal::new(Rule::DaysOutOfOrder, message, format!("date {} or later", finding.date))
    })?;
    Ok(finding)
}
