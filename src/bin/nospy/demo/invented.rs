//! The second registry of a demo: an invented case on a scripted clock, published, sealed and asked on its own days.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nospy::registry::ScriptedClock;
use nospy::rpc::ServerRefusal;
use nospy::statement::LegalDate;

use crate::demo::ask::{self, Answered, Question};
use crate::demo::cast::{self, Cast};
use crate::demo::directory::Directory;
use crate::demo::script::{Scene, Script};
use crate::demo::sentral::Adhesion;
use crate::demo::service::{self, Client, LISTEN, Service};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::{files, moment};

/// How often the registry seals, although nothing is published: the last seal is waited for.
const SEAL_INTERVAL: Duration = Duration::from_millis(100);
/// How often it is asked whether it has sealed.
const SEAL_POLL: Duration = Duration::from_millis(20);
/// How often it is asked at most.
const SEAL_POLLS_MAX: usize = 500;
/// The file that sets the clock when somebody serves this registry again.
const CLOCK: &str = "demo-clock.txt";
/// How long after the last seal that clock begins, in milliseconds: one day.
const CLOCK_LATER_MS: u64 = 86_400_000;

/// What was played and found.
pub struct Invented {
    /// Who signed.
    pub cast: Cast,
    /// Where its files are.
    pub directory: Directory,
    /// Whom to trust, as a file.
    pub policy: PathBuf,
    /// How many statements were published, and the size of the log after them.
    pub published: (usize, u64),
    /// The statements that the registry was to refuse.
    pub refusals: Vec<Refused>,
    /// The questions, each with the answers of its dockets.
    pub answers: Vec<(Question, Vec<Answered>)>,
}

/// A statement that was to be refused.
pub struct Refused {
    /// Which one and when, in words.
    pub words: String,
    /// Why it was refused; `None` if it was not.
    pub refusal: Option<ServerRefusal>,
}

/// Plays the case in a registry of its own inside the directory, and answers what the fixture asks.
///
/// # Errors
/// If the fixture is not what this demo knows to tell, or the registry fails.
pub async fn play(adhesion: &Adhesion<'_>, parent: &Directory, output: &Output) -> Result<Invented, CliError> {
    let questions = adhesion.questions()?;
    let directory = parent.inner()?;
    let cast = Cast::make(&directory, cast::INVENTED, &adhesion.organs())?;
    let mut script = Script::begin_at(&cast, adhesion.begins_ms()?)?;
    adhesion.play(&mut script)?;

    let clock = Arc::new(ScriptedClock::new(adhesion.begins_ms()?));
    let listener = service::listen(None, true).await?;
    let service =
        Service::start(&directory, &cast, &script.genesis, listener, Arc::clone(&clock) as _, Some(SEAL_INTERVAL))?;
    let closes_ms = adhesion.closes_ms()?;
    let reopens = moment::utc_ms(closes_ms.saturating_add(CLOCK_LATER_MS));
    files::write_new(&directory.file(CLOCK), reopens.as_bytes())?;
    let policy = service::write_policy(&directory, &cast, LISTEN, Some(CLOCK))?;

    let mut client = Client::connect(service.url(), &directory, &cast).await?;
    let refusals = publish(&client, &script, &clock, output).await?;
    set(&clock, closes_ms)?;
    let size = sealed_again(&mut client).await?;
    client.fetch_all(&questions, &directory).await?;
    service.stop().await?;

    let published = (script.scenes.len() - refusals.len(), size);
    let answers = ask::answer_all(questions, &directory, &policy, &script, &|terms| adhesion.version_of(terms))?;
    drop(script);
    Ok(Invented { cast, directory, policy, published, refusals, answers })
}

/// Publishes each scene at its time. What the registry was to refuse comes back with its words.
async fn publish(
    client: &Client,
    script: &Script<'_>,
    clock: &ScriptedClock,
    output: &Output,
) -> Result<Vec<Refused>, CliError> {
    let mut refusals = Vec::new();
    // The clock began at the time of the first scene.
    let mut time_ms = script.scenes.first().map_or(0, |scene| scene.at_ms);
    for scene in &script.scenes {
        // The clock runs on by itself within a day.
        if scene.at_ms > time_ms {
            time_ms = scene.at_ms;
            set(clock, time_ms)?;
        }
        let words = words(scene);
        if scene.is_refused {
            let refusal = client.publish_refused(&scene.statement).await?;
            output.say(format!("{:<9}  {words}", if refusal.is_some() { "refused" } else { "ADMITTED" }));
            refusals.push(Refused { words, refusal });
        } else {
            let index = client.publish(&scene.statement).await?;
            output.say(format!("entry {index:>3}  {words}"));
        }
    }
    Ok(refusals)
}

fn words(scene: &Scene) -> String {
    let day = moment::utc_ms(scene.at_ms);
    let (day, _) = day.split_once('T').unwrap_or((&day, ""));
    format!("{day}  {:<17} {}", scene.statement.kind().as_str(), scene.statement.subject())
}

fn set(clock: &ScriptedClock, to_ms: u64) -> Result<(), CliError> {
    clock.advance_to(to_ms).map_err(|error| CliError::new(Exit::Internal, error.to_string()))
}

/// Waits for a seal that was made after now: what is not sealed is not known. Gives the size of the log.
async fn sealed_again(client: &mut Client) -> Result<u64, CliError> {
    let before = client.check_log().await?;
    for _ in 0..SEAL_POLLS_MAX {
        let size = client.check_log().await?;
        if size > before {
            return Ok(size);
        }
        tokio::time::sleep(SEAL_POLL).await;
    }
    Err(CliError::new(Exit::Internal, "the demo's registry does not seal its last day"))
}

impl Invented {
    /// How many answers differ from what is expected, an act that was not refused included.
    pub fn differences(&self) -> usize {
        let admitted = self.refusals.iter().filter(|refused| refused.refusal.is_none()).count();
        admitted + ask::differences(&self.answers)
    }

    /// A question that has an answer which says yes, and its day: worth trying by oneself.
    pub fn example(&self) -> Option<(LegalDate, &Answered)> {
        let (question, answers) = self.answers.first()?;
        Some((question.on, answers.first()?))
    }
}
