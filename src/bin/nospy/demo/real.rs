//! The first registry of a demo: the real cases, published now under an origin that says what they are.

use std::path::PathBuf;
use std::sync::Arc;

use nospy::registry::SystemClock;

use crate::demo::ask::{self, Answered, Question};
use crate::demo::cast::{self, Cast};
use crate::demo::directory::Directory;
use crate::demo::fixture::Fixture;
use crate::demo::letter::Letter;
use crate::demo::script::Script;
use crate::demo::service::{self, Client, LISTEN, Service};
use crate::demo::{DemoArgs, huawei};
use crate::error::CliError;
use crate::output::Output;

/// What was played and found.
pub struct Real {
    /// Who signed.
    pub cast: Cast,
    /// Whom to trust, as a file.
    pub policy: PathBuf,
    /// How many statements were published, and the size of the log after them.
    pub published: (usize, u64),
    /// The questions, each with the answers of its dockets.
    pub answers: Vec<(Question, Vec<Answered>)>,
    /// The registry, if it is to go on serving.
    pub service: Option<Service>,
}

/// Plays the cases in the directory, and answers what the fixtures ask from files alone.
///
/// # Errors
/// If the fixtures are not what this demo knows to tell, or the registry fails.
pub async fn play(
    fixture: &Fixture,
    letter: &Letter<'_>,
    directory: &Directory,
    args: &DemoArgs,
    output: &Output,
) -> Result<Real, CliError> {
    let questions = ask::questions(fixture, letter)?;
    let organs: Vec<String> = letter.organs()?.into_iter().map(|(organ, _)| organ).collect();
    let cast = Cast::make(directory, cast::REAL, &organs)?;
    let mut script = Script::begin(&cast)?;
    huawei::play(&fixture.case("F1")?, &mut script)?;
    letter.play(&mut script)?;

    let listener = service::listen(args.listen.as_deref(), args.once).await?;
    let service = Service::start(directory, &cast, &script.genesis, listener, Arc::new(SystemClock), None)?;
    // The port of a demo that ends is free again: `nospy serve` takes the usual one.
    let is_free_again = args.once && args.listen.is_none();
    let address = if is_free_again { LISTEN.to_owned() } else { service.address.to_string() };
    let policy = service::write_policy(directory, &cast, &address, None)?;
    let size = publish_and_fetch(&service, directory, &script, &questions, output).await?;
    let published = (script.scenes.len(), size);
    // The answers come from files: a demo that does not go on serving has no registry left to ask.
    let service = match args.once {
        true => service.stop().await.map(|()| None)?,
        false => Some(service),
    };
    let answers = ask::answer_all(questions, directory, &policy, &script, &|_| None)?;
    drop(script);
    Ok(Real { cast, policy, published, answers, service })
}

/// Publishes the script and fetches a docket file for each subject that is asked about. Gives the size of the log.
async fn publish_and_fetch(
    service: &Service,
    directory: &Directory,
    script: &Script<'_>,
    questions: &[Question],
    output: &Output,
) -> Result<u64, CliError> {
    let mut client = Client::connect(service.url(), directory, script.cast).await?;
    for scene in &script.scenes {
        let index = client.publish(&scene.statement).await?;
        let (kind, subject) = (scene.statement.kind(), scene.statement.subject());
        output.say(format!("entry {index:>2}  {:<17} {subject}", kind.as_str()));
    }
    let size = client.check_log().await?;
    client.fetch_all(questions, directory).await?;
    Ok(size)
}
