//! What is asked of a docket file: the flags that `verify` and `standing` share, and the scope of a product.

use clap::Args;
use nospy::agreement::{Force, On, ProductQuery, ScopeMatch};
use nospy::evidence::{Freshness, KnownUpTo, Question, Verdict, Verification};
use nospy::statement::{LegalDate, Subject};
use serde_json::{Value as Json, json};

use crate::error::CliError;
use crate::exit::Exit;
use crate::moment;

/// For which time, up to which seal, how fresh, and about which product.
#[derive(Args, Clone, Debug, Default)]
pub struct AskedArgs {
    /// For which day (YYYY-MM-DD) or instant (2026-01-10T10:00:00Z) a standing is asked; the last seal if left out.
    #[arg(long, value_name = "DAY|TIME")]
    on: Option<String>,
    /// Only what was registered up to then counts: the index of a seal that the file holds, a time, or latest.
    #[arg(long, value_name = "SEAL|TIME|latest")]
    known_at: Option<String>,
    /// How old the newest seal may be: 600s, 10m, 24h, 7d. Without it age is not checked.
    #[arg(long, value_name = "AGE", value_parser = moment::parse_duration)]
    max_age: Option<u64>,
    #[command(flatten)]
    product: ProductArgs,
}

/// A product.
#[derive(Args, Clone, Debug, Default)]
pub struct ProductArgs {
    /// The product whose scope is asked about: pkg:… (package URL), cpe:2.3:…, the SHA-256 of its image, sbom:<SHA-256>, or
    /// its name; may be given once for each sort.
    #[arg(long = "product", value_name = "PURL|CPE|SHA256|NAME")]
    products: Vec<String>,
    /// Its version, where no label has one.
    #[arg(long, value_name = "VERSION", requires = "products")]
    version: Option<String>,
}

impl ProductArgs {
    /// The product, if one is named.
    ///
    /// # Errors
    /// If a text is none, or the version stands in two places.
    pub fn product(&self) -> Result<Option<ProductQuery>, CliError> {
        match self.products.is_empty() {
            true => Ok(None),
            false => read_product(&self.products, self.version.as_deref()).map(Some),
        }
    }
}

/// A product from its texts.
///
/// # Errors
/// [`Exit::Usage`].
pub fn read_product(texts: &[String], version: Option<&str>) -> Result<ProductQuery, CliError> {
    ProductQuery::read(texts.iter().map(String::as_str), version)
        .map_err(|error| CliError::usage(format!("the product: {error}")))
}

/// The day or instant that a text names.
///
/// # Errors
/// [`Exit::Usage`] if it is neither.
pub fn moment_asked(text: &str) -> Result<On, CliError> {
    match text.parse::<LegalDate>() {
        Ok(day) => Ok(On::Day(day)),
        Err(_) => moment::parse_seconds(text).map(|seconds| On::Instant(seconds.saturating_mul(1_000))),
    }
}

impl AskedArgs {
    /// The question that the flags ask.
    ///
    /// # Errors
    /// If a day or instant is none.
    pub fn question(&self) -> Result<Question, CliError> {
        let on = self.on.as_deref().map(moment_asked);
        let freshness = self.max_age.map(|max_age_s| Ok(Freshness { now: moment::now_seconds()?, max_age_s }));
        let known_at = self.known_at.as_deref().filter(|text| *text != "latest").map(known_up_to);
        Ok(Question { on: on.transpose()?, freshness: freshness.transpose()?, known_at: known_at.transpose()? })
    }

    /// The product, if one is named.
    ///
    /// # Errors
    /// As [`ProductArgs::product`].
    pub fn product(&self) -> Result<Option<ProductQuery>, CliError> {
        self.product.product()
    }
}

/// Digits are the index of a seal, everything else is a time.
///
/// # Errors
/// [`Exit::Usage`].
pub fn known_up_to(text: &str) -> Result<KnownUpTo, CliError> {
    match text.parse() {
        Ok(index) => Ok(KnownUpTo::Seal(index)),
        Err(_) => moment::parse_instant_ms(text).map(KnownUpTo::Instant),
    }
}

/// What the scopes of a file say about a product.
pub struct ScopeAnswer {
    product: ProductQuery,
    /// The subject itself, or the agreements of a list; `None` where no terms are known on the day.
    lines: Vec<(Subject, Option<ScopeMatch>)>,
    /// Which of them hold, so that they count.
    counts: Vec<bool>,
}

impl ScopeAnswer {
    /// Compares the product with the terms of the day.
    pub fn of(verification: &Verification, product: ProductQuery) -> Self {
        let (mut lines, mut counts) = (Vec::new(), Vec::new());
        match (&verification.about, &verification.standing) {
            (Some(Subject::Between { .. }), Some(standing)) => {
                let agreements = standing.list.iter().filter(|(one, _)| matches!(one, Subject::Agreement { .. }));
                for (subject, member) in agreements {
                    let terms = verification.list_terms.get(subject);
                    let scope = terms.map(|terms| ScopeMatch::of(terms.scope.as_deref(), &product));
                    lines.push((subject.clone(), scope));
                    counts.push(matches!(member.force, Force::InForce | Force::PartlySuspended));
                }
            }
            (Some(about), Some(_)) => {
                let terms = verification.terms.as_ref();
                let scope = terms.map(|terms| ScopeMatch::of(terms.scope.as_deref(), &product));
                lines.push((about.clone(), scope));
                counts.push(true);
            }
            _ => {}
        }
        Self { product, lines, counts }
    }

    /// The exit code of the standing, or what the scope makes of it where the standing holds.
    pub fn exit(&self, verdict: Verdict, exit: Exit) -> Exit {
        let held = || self.lines.iter().zip(&self.counts).filter(|(_, counts)| **counts).map(|((_, scope), _)| scope);
        let is_covered = held().any(|scope| matches!(scope, Some(ScopeMatch::InScope(_))));
        let is_outside = held().all(|scope| matches!(scope, Some(ScopeMatch::NotInScope(_))));
        match verdict {
            Verdict::Holds if is_covered => exit,
            Verdict::Holds if is_outside => Exit::AnswerNo,
            Verdict::Holds => Exit::Indeterminate,
            _ => exit,
        }
    }

    /// One line for each subject.
    pub fn text(&self) -> String {
        let is_list = self.lines.len() > 1;
        let mut text = format!("  product      {}\n", self.product);
        for (subject, scope) in &self.lines {
            let about = if is_list { format!("{subject}: ") } else { String::new() };
            let words = match scope {
                None => "cannot tell: there are no terms on that day".to_owned(),
                Some(scope) => {
                    let lines: Vec<String> = scope.lines().iter().map(ToString::to_string).collect();
                    format!("{}: {}", scope.as_str().replace('_', " "), lines.join("; "))
                }
            };
            text.push_str(&format!("  scope        {about}{words}\n"));
        }
        text
    }

    /// The same for programs.
    pub fn json(&self) -> Json {
        let line = |(subject, scope): &(Subject, Option<ScopeMatch>)| {
            let answer = scope.as_ref().map_or("cannot_tell", ScopeMatch::as_str);
            json!({ "subject": subject.to_string(), "answer": answer,
                    "items": scope.as_ref().map(scope_json).unwrap_or_default() })
        };
        json!({ "product": self.product.to_string(), "answers": self.lines.iter().map(line).collect::<Vec<_>>() })
    }
}

/// The items that a scope's answer rests on, for programs.
pub fn scope_json(scope: &ScopeMatch) -> Vec<Json> {
    let line = |line: &nospy::agreement::ScopeLine| {
        let (place, product) = line.item.clone().unzip();
        json!({ "item": place, "product": product, "reason": line.reason.as_str(), "words": line.words })
    };
    scope.lines().iter().map(line).collect()
}
