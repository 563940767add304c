//! The statements of a demo in the order in which they are published, signed before anybody is connected.

use nospy::codec::Value;
use nospy::statement::{Draft, GENESIS_KIND, Issuer, LegalDate, Party, Statement, StatementId, from_plain};

use crate::demo::cast::Cast;
use crate::demo::sources::Citation;
use crate::error::CliError;
use crate::exit::Exit;
use crate::moment;

/// What is to be signed.
pub struct Act<'a> {
    /// Who signs: a party of the cast.
    pub issuer: &'a str,
    /// What it is about.
    pub subject: String,
    /// Its kind.
    pub kind: &'a str,
    /// Its body, bytes as hex.
    pub body: Value,
    /// The day of what it tells, if it tells of one.
    pub day: Option<LegalDate>,
    /// Where that was published.
    pub sources: Vec<Citation>,
    /// The subjects asked about later that it bears on.
    pub bears_on: Vec<String>,
}

/// A signed act.
pub struct Scene {
    /// What is published.
    pub statement: Statement,
    /// The day of what it tells.
    pub day: Option<LegalDate>,
    /// Where that was published.
    pub sources: Vec<Citation>,
    /// When it is published, by the clock of the script; unix milliseconds.
    pub at_ms: u64,
    /// Whether the registry is to refuse it.
    pub is_refused: bool,
    bears_on: Vec<String>,
}

/// All of them.
pub struct Script<'a> {
    /// Who signs.
    pub cast: &'a Cast,
    /// Entry 0 of the log.
    pub genesis: Statement,
    /// What is published, in this order.
    pub scenes: Vec<Scene>,
    now_ms: u64,
}

impl<'a> Script<'a> {
    /// A script that begins now with the genesis.
    ///
    /// # Errors
    /// If the genesis cannot be signed.
    pub fn begin(cast: &'a Cast) -> Result<Self, CliError> {
        Self::begin_at(cast, moment::now_seconds()?.saturating_mul(1_000))
    }

    /// A script that begins with the genesis at a time of its own, unix milliseconds.
    ///
    /// # Errors
    /// If the genesis cannot be signed.
    pub fn begin_at(cast: &'a Cast, now_ms: u64) -> Result<Self, CliError> {
        let genesis = sign(cast, now_ms / 1_000, "registrar", "registry", GENESIS_KIND, &cast.genesis())?;
        Ok(Self { cast, genesis, scenes: Vec::new(), now_ms })
    }

    /// What is signed from here on is signed and published at this time, unix milliseconds.
    pub fn set_time_ms(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
    }

    /// The registry is to refuse what was signed last.
    pub fn expect_refusal(&mut self) {
        if let Some(scene) = self.scenes.last_mut() {
            scene.is_refused = true;
        }
    }

    /// Signs an act and puts it at the end. Its id is what later acts refer to.
    ///
    /// # Errors
    /// If the facts do not fit into a statement of this kind.
    pub fn sign(&mut self, act: Act<'_>) -> Result<StatementId, CliError> {
        let statement = sign(self.cast, self.now_ms / 1_000, act.issuer, &act.subject, act.kind, &act.body)?;
        let id = *statement.id();
        let bears_on = act.bears_on.into_iter().chain([act.subject]).collect();
        let (at_ms, is_refused) = (self.now_ms, false);
        self.scenes.push(Scene { statement, day: act.day, sources: act.sources, at_ms, is_refused, bears_on });
        Ok(id)
    }

    /// The sources of everything that bears on a subject and had happened by a day, in the order of the script, each
    /// once.
    pub fn sources_of(&self, subject: &str, on: LegalDate) -> Vec<Citation> {
        let bears = |scene: &&Scene| {
            scene.day.is_some_and(|day| day <= on) && scene.bears_on.iter().any(|about| about == subject)
        };
        let mut sources: Vec<Citation> = Vec::new();
        for citation in self.scenes.iter().filter(bears).flat_map(|scene| &scene.sources) {
            if !sources.contains(citation) {
                sources.push(citation.clone());
            }
        }
        sources
    }
}

/// A record of the fields that are there.
pub fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Option<Value>)>) -> Value {
    Value::record(fields.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

/// A text, as a field that is there.
pub fn text(text: impl ToString) -> Option<Value> {
    Some(Value::text(text.to_string()))
}

fn sign(cast: &Cast, iat: u64, issuer: &str, subject: &str, kind: &str, body: &Value) -> Result<Statement, CliError> {
    let unfit = |why: String| CliError::malformed(format!("the fixtures do not fit a {kind} about {subject}: {why}"));
    let key = cast.key(issuer).ok_or_else(|| CliError::new(Exit::Internal, format!("{issuer} has no demo key")))?;
    let kind_name = kind.parse().map_err(|error| unfit(format!("{error}")))?;
    let party: Party = issuer.parse().map_err(|error| unfit(format!("{error}")))?;
    let draft = Draft {
        issuer: Issuer::Party(party),
        subject: subject.parse().map_err(|error| unfit(format!("{error}")))?,
        origin: cast.origin.clone(),
        body: from_plain(&kind_name, body).map_err(|error| unfit(error.to_string()))?,
        kind: kind_name,
        iat,
    };
    draft.sign(key).map_err(|error| unfit(error.to_string()))
}
