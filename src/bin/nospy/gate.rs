//! `nospy gate`: one answer for a tender, by exit code and with its reasons, and a result file that verifies again.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use nospy::evidence::{GateFinding, GateKnown, GateQuestion, GateReport, Trust, gate};
use serde_json::{Value as Json, json};

use crate::asked::{ProductArgs, known_up_to, scope_json};
use crate::config::Config;
use crate::describe::{self, NOT_APPROVED};
use crate::error::CliError;
use crate::exit::Exit;
use crate::gate_result::GateResult;
use crate::online::OnlineArgs;
use crate::output::Output;
use crate::view::{self, exit_of};
use crate::{closed, docket, files, moment};

/// Ask for a tender: has this vendor, with this government, at the closing time, an agreement in force whose scope covers
/// the product?
///
/// Exit 0 yes, 17 no, 18 cannot tell, 14 the file ends too long before the closing time, 10-16 a check failed. What counts
/// is what was registered by the closing time. The result file holds the question, the answer and the docket file:
/// `nospy gate --check RESULT` finds the same answer again, or says that it does not follow.
#[derive(Args)]
#[command(disable_version_flag = true)]
pub struct GateArgs {
    /// Check a result file again, from its bytes.
    #[arg(long, value_name = "RESULT", conflicts_with_all = [
        "vendor", "government", "products", "closing", "known_at", "max_age", "file", "out",
    ])]
    check: Option<PathBuf>,
    /// The vendor.
    #[arg(long, value_name = "PARTY", required_unless_present = "check")]
    vendor: Option<String>,
    /// The government's organ, such as de-bsi, or a country for any organ of it.
    #[arg(long, value_name = "ORGAN|CC", required_unless_present = "check")]
    government: Option<String>,
    #[command(flatten)]
    product: ProductArgs,
    /// The closing time: 2026-03-01T12:00:00+01:00, or 2026-03-01T12:00[Europe/Berlin].
    #[arg(long, value_name = "TIME", required_unless_present = "check")]
    closing: Option<String>,
    /// What counts as known: closing (what was registered by then), latest, the index of a seal, or a time.
    #[arg(long, value_name = "SEAL|TIME|closing|latest", default_value = "closing")]
    known_at: String,
    /// How long before the closing time the file may end: 600s, 10m, 24h, 7d.
    #[arg(long, value_name = "AGE", value_parser = moment::parse_duration, default_value = "0s")]
    max_age: u64,
    /// The docket file of between/<vendor>/<government>; fetched from the registry if left out.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Where the result goes; it is written whatever the answer is.
    #[arg(short, long = "out", value_name = "RESULT", required_unless_present = "check")]
    out: Option<PathBuf>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Runs the verb.
///
/// # Errors
/// If the question is none, a file cannot be used, or a result does not follow from its bytes.
pub fn run(args: &GateArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    match &args.check {
        Some(path) => {
            let result = GateResult::parse(&files::read(path)?)?;
            let policy = args.online.trust.policy(config)?;
            let (question, report) = result.check(policy, args.online.trust.party_keys()?)?;
            output.say("The answer follows again from the bytes of the result.");
            tell(&question, &report, output)
        }
        None => ask(args, config, output),
    }
}

fn ask(args: &GateArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let question = question(args)?;
    let (bytes, trust) = match &args.file {
        Some(path) => {
            let trust = &args.online.trust;
            (files::read(path)?, Trust { policy: trust.policy(config)?, party_keys: trust.party_keys()? })
        }
        None => {
            let (bytes, trust, _) = docket::fetch(&question.about().to_string(), &args.online, config, output)?;
            (bytes, trust)
        }
    };
    let report = gate(&bytes, &trust, &question);
    if let Some(out) = &args.out {
        files::write_new(out, &GateResult::of(&question, &report, &trust, &bytes)?.to_bytes())?;
        output.say(format!("The result is in {}. Check it again with: nospy gate --check RESULT", out.display()));
    }
    tell(&question, &report, output)
}

fn question(args: &GateArgs) -> Result<GateQuestion, CliError> {
    // The parser of the command line demands each of them.
    let [vendor, government, closing] =
        [&args.vendor, &args.government, &args.closing].map(|flag| flag.as_deref().unwrap_or_default());
    let product = args.product.product()?.ok_or_else(|| {
        CliError::usage("no product named").next_step("Give --product PURL, CPE, SHA256 or NAME, once for each sort.")
    })?;
    Ok(GateQuestion {
        vendor: vendor.parse().map_err(|error| CliError::usage(format!("--vendor {vendor}: {error}")))?,
        government: government
            .parse()
            .map_err(|error| CliError::usage(format!("--government {government}: {error}")))?,
        product,
        closing_ms: moment::parse_instant_ms(closing)?,
        known_at: match args.known_at.as_str() {
            "closing" => GateKnown::AtClosing,
            "latest" => GateKnown::Latest,
            other => GateKnown::UpTo(known_up_to(other)?),
        },
        max_age_s: args.max_age,
    })
}

/// Prints the answer and gives its exit code.
fn tell(question: &GateQuestion, report: &GateReport, output: &Output) -> Result<Exit, CliError> {
    let exit = exit_of(report.verdict());
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = write_report(&mut text, question, report, exit);
    output.data(&text, report_json(question, report, exit))?;
    Ok(exit)
}

fn write_report(text: &mut String, question: &GateQuestion, report: &GateReport, exit: Exit) -> std::fmt::Result {
    let verification = &report.verification;
    if let Some(origin) = &verification.origin {
        text.push_str(describe::demo_mark(origin));
    }
    writeln!(text, "Has {}, with {}, an agreement in force that covers this?", question.vendor, question.government)?;
    writeln!(text, "  product      {}", question.product)?;
    writeln!(text, "  at           {}", moment::utc_ms(question.closing_ms))?;
    if let Some(known) = &verification.as_known_at {
        writeln!(text, "  as known at  {}", view::known_text(known))?;
    }
    writeln!(text, "\n{}", view::checks_text(&view::lines(verification)))?;
    if let Some(end) = &verification.closed {
        writeln!(text, "{}", closed::text(end))?;
    }
    for finding in &report.findings {
        let reason = finding.reason;
        write!(text, "{} ({}): ", reason.answer().as_str().replace('_', " "), reason.as_str())?;
        if let Some(agreement) = &finding.agreement {
            write!(text, "{agreement}: ")?;
        }
        writeln!(text, "{}", finding.words)?;
        for note in &finding.notes {
            writeln!(text, "    {note}")?;
        }
    }
    writeln!(text)?;
    for sentence in &verification.not_proven {
        writeln!(text, "{sentence}")?;
    }
    let answer = report.answer.as_str().replace('_', " ");
    writeln!(text, "{NOT_APPROVED}\n\nAnswer: {answer} (exit {})", exit.code())
}

fn report_json(question: &GateQuestion, report: &GateReport, exit: Exit) -> Json {
    let finding = |finding: &GateFinding| {
        json!({
            "reason": finding.reason.as_str(), "answer": finding.reason.answer().as_str(), "words": finding.words,
            "agreement": finding.agreement.as_ref().map(ToString::to_string),
            "force": finding.force.map(|force| force.as_str()),
            "scope": finding.scope.as_ref().map(|scope| json!({ "answer": scope.as_str(), "items": scope_json(scope) })),
            "notes": finding.notes,
        })
    };
    json!({
        "type": "gate", "exit": exit.code(), "answer": report.answer.as_str(),
        "vendor": question.vendor.as_str(), "government": question.government.as_str(),
        "product": question.product.texts(), "version": question.product.version(),
        "closing_ms": question.closing_ms,
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "verification": view::verification_json(&report.verification, None, exit_of(report.verification.verdict())),
    })
}
