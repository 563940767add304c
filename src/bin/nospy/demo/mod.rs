//! `nospy demo`: two real cases, told by a registry that is made for the occasion, and an invented one in a second
//! registry that runs on a scripted clock.
//!
//! D1 Everything is real but the signers: the log, its storage, the gRPC service, the receipts, the docket files.
//! D2 Facts and expected answers are read from the fixtures; the program only knows which fact becomes which
//!    statement. A fixture that says something else makes another demo, and a difference ends with exit code 1.
//! D3 Nothing can be mistaken for the real thing: origin, keys and names say that they are for demonstration.
//! D4 Only a directory that a demo made is replaced.

mod ask;
mod cast;
mod clauses;
mod directory;
mod expect;
mod fixture;
mod huawei;
mod invented;
mod letter;
mod script;
mod sentral;
mod service;
mod sources;
mod tamper;
mod tell;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use nospy::registry::SystemClock;
use nospy::statement::Subject;

use crate::demo::ask::{Answered, Question};
use crate::demo::cast::Cast;
use crate::demo::directory::Directory;
use crate::demo::fixture::Fixture;
use crate::demo::invented::Invented;
use crate::demo::letter::Letter;
use crate::demo::script::Script;
use crate::demo::service::{Client, LISTEN, Service};
use crate::demo::tamper::Forgery;
use crate::demo::tell::{Next, Tale};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::{files, serve, view};

/// Run two real cases through a registry of your own: Huawei's reported offers, and a letter that was in force.
///
/// Makes a registry with fresh keys in a directory, publishes the cases through its gRPC service, fetches docket files,
/// verifies them offline and compares the answers with the expected ones. Nothing in it is signed by whom it names. An
/// invented offer to many governments is played in a second registry, on the days of a script. Then the first one serves
/// until Ctrl-C. Exit code 1: an answer differs from the expected one.
#[derive(Args)]
pub struct DemoArgs {
    /// The directory; new, empty, or a previous demo's, which is replaced.
    #[arg(long, value_name = "DIR", default_value = "nospy-demo")]
    data: PathBuf,
    /// Address and port to serve on; 127.0.0.1:4250 if left out, or a free port if that is taken.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Do not go on serving.
    #[arg(long)]
    once: bool,
    /// Other fixtures than the built-in ones.
    #[arg(long, value_name = "FILE", hide = true)]
    fixtures: Option<PathBuf>,
}

/// Runs the verb.
///
/// # Errors
/// What failed. An answer that differs is no error: it is told, with [`Exit::Internal`].
pub fn run(args: &DemoArgs, output: &Output) -> Result<Exit, CliError> {
    let fixture = Fixture::read(args.fixtures.as_deref())?;
    let letter = Letter::read(fixture.case("F4")?)?;
    let questions = ask::questions(&fixture, &letter)?;
    let directory = Directory::claim(&args.data)?;

    output.say("DEMO: fresh keys, real cases; nobody named here signs anything.");
    let organs: Vec<String> = letter.organs()?.into_iter().map(|(organ, _)| organ).collect();
    let cast = Cast::make(&directory, cast::REAL, &organs)?;
    let mut script = Script::begin(&cast)?;
    huawei::play(&fixture.case("F1")?, &mut script)?;
    letter.play(&mut script)?;

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Exit::Internal, format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let listener = service::listen(args.listen.as_deref(), args.once).await?;
        let service = Service::start(&directory, &cast, &script.genesis, listener, Arc::new(SystemClock), None)?;
        // The port of a demo that ends is free again: `nospy serve` takes the usual one.
        let is_free_again = args.once && args.listen.is_none();
        let address = if is_free_again { LISTEN.to_owned() } else { service.address.to_string() };
        let policy = write_policy(&directory, &cast, &address, None)?;
        let size = publish_and_fetch(&service, &directory, &script, &questions, output).await?;
        let published = (script.scenes.len(), size);
        // The answers come from files: a demo that does not go on serving has no registry left to ask.
        let service = match args.once {
            true => service.stop().await.map(|()| None)?,
            false => Some(service),
        };

        let answers = ask::answer_all(questions, &directory, &policy, &script, &|_| None)?;
        output.say("DEMO: an invented case, on a scripted clock.");
        let invented = invented::play(fixture.case("F6")?, &directory, output).await?;
        let forged = letter.subject(organs.first().map_or("", String::as_str))?;
        let forged: Subject = forged.parse().map_err(|_| CliError::new(Exit::Internal, "the letter has no subject"))?;
        let forgery = Forgery::make(&directory.file(&ask::file_name(&forged)), letter.end()?, &policy)?;
        let note = fixture.case("F4")?.find("note").map(|note| note.text()).transpose()?;
        let tale = Tale {
            cast: &cast,
            directory: directory.path(),
            url: service.as_ref().map(Service::url),
            published,
            answers: &answers,
            note,
            forgery: &forgery,
            invented: &invented,
            next: &what_next(&directory, &answers, &forgery, &invented, service.is_some()),
        };
        output.data(&tale.text(), tale.json())?;
        let exit = match tale.differences() {
            0 => Exit::Ok,
            count => {
                output.say(format!("{count} answers differ from what the fixtures expect."));
                Exit::Internal
            }
        };
        if let Some(service) = service {
            output.say(listening(&service, args));
            // Until here Ctrl-C ends the process at once: the next demo replaces what this one made.
            service.serve_until(serve::stop_signal()?).await?;
        }
        Ok(exit)
    })
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

/// Writes whom to trust, and a configuration that finds the registry at an address; `clock` is the file that sets its
/// clock. Gives the path of the policy.
fn write_policy(directory: &Directory, cast: &Cast, address: &str, clock: Option<&str>) -> Result<PathBuf, CliError> {
    let policy = directory.file("policy.txt");
    files::write_new(&policy, format!("log {}\nquorum none\n", cast.log_name).as_bytes())?;
    let clock = clock.map_or_else(String::new, |clock| format!("clock = \"{clock}\"\n"));
    let config = format!(
        "# A demonstration registry: its keys are worth nothing. Paths are relative to this file.\n\
         origin = \"{}\"\nserver = \"http://{address}\"\npolicy = \"policy.txt\"\nstate = \"state\"\n\n\
         [serve]\nlisten = \"{address}\"\ndata = \"data\"\nguard = \"head.guard\"\nlog_key = \"demo-log.key.pem\"\n{clock}",
        cast.origin
    );
    files::write_new(&directory.file("nospy.toml"), config.as_bytes())?;
    Ok(policy)
}

/// Commands that work on what the demo left behind.
fn what_next(
    directory: &Directory,
    answers: &[(Question, Vec<Answered>)],
    forgery: &Forgery,
    invented: &Invented,
    is_serving: bool,
) -> Vec<Next> {
    let policy = quoted(&directory.file("policy.txt"));
    let config = quoted(&directory.file("nospy.toml"));
    let all: Vec<(&Question, &Answered)> =
        answers.iter().filter_map(|(question, answers)| Some((question, answers.first()?))).collect();
    let letters: Vec<_> = all.iter().filter(|(_, answer)| ask::is_about_letter(&answer.about)).collect();
    let verify = |question: &Question, answer: &Answered, shows| Next {
        command: format!("nospy verify {} --policy {policy} --on {}", quoted(&answer.file), question.on),
        shows,
        exit: Some(view::exit_of(answer.verification.verdict()).code()),
    };
    let mut next = Vec::new();
    if let Some((question, answer)) = letters.get(letters.len() / 2) {
        next.push(verify(question, answer, "Verify a docket file by yourself, offline, for a day of your choice:"));
    }
    if let Some((question, answer)) = all.iter().find(|(_, answer)| answer.is_empty) {
        next.push(verify(question, answer, "See the proof that there is nothing:"));
    }
    next.push(Next {
        command: format!("nospy verify {} --policy {policy}", quoted(&forgery.file)),
        shows: "See the forged file refused:",
        exit: Some(forgery.exit().code()),
    });
    if let Some((on, answer)) = invented.example() {
        next.push(Next {
            command: format!("nospy verify {} --policy {} --on {on}", quoted(&answer.file), quoted(&invented.policy)),
            shows: "Verify a file of the invented case, with its own log key:",
            exit: Some(view::exit_of(answer.verification.verdict()).code()),
        });
    }
    if let Some((question, answer)) = all.first() {
        next.push(Next {
            command: format!("nospy show {}", quoted(&answer.file)),
            shows: "Look into a file:",
            exit: Some(Exit::Ok.code()),
        });
        if is_serving {
            next.push(Next {
                command: format!("nospy standing {} --on {} --config {config}", answer.about, question.on),
                shows: "Ask the running registry, from another terminal; the answer is verified there:",
                exit: Some(view::exit_of(answer.verification.verdict()).code()),
            });
        }
    }
    if !is_serving {
        next.push(Next {
            command: format!("nospy serve --config {config}"),
            shows: "Serve this registry:",
            exit: None,
        });
    }
    next
}

fn listening(service: &Service, args: &DemoArgs) -> String {
    let taken = args.listen.is_none() && service.address.to_string() != LISTEN;
    let why = if taken { format!(" ({LISTEN} is taken)") } else { String::new() };
    format!("DEMO: serving at {}{why}; Ctrl-C stops it.", service.url())
}

/// A path as a shell reads it back.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,".contains(c);
    match text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
