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
mod next;
mod real;
mod script;
mod sentral;
mod service;
mod sources;
mod tamper;
mod tell;

use std::path::{Path, PathBuf};

use clap::Args;
use nospy::statement::Subject;

use crate::demo::directory::Directory;
use crate::demo::fixture::Fixture;
use crate::demo::letter::Letter;
use crate::demo::sentral::Adhesion;
use crate::demo::service::{LISTEN, Service};
use crate::demo::tamper::Forgery;
use crate::demo::tell::Tale;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::serve;

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
    // What a fixture cannot tell is found before anything is replaced.
    let fixture = Fixture::read(args.fixtures.as_deref())?;
    let letter = Letter::read(fixture.case("F4")?)?;
    let adhesion = Adhesion::read(fixture.case("F6")?)?;
    let directory = Directory::claim(&args.data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Exit::Internal, format!("no runtime: {error}")))?;
    runtime.block_on(async {
        output.say("DEMO: fresh keys, real cases; nobody named here signs anything.");
        let mut real = real::play(&fixture, &letter, &directory, args, output).await?;
        output.say("DEMO: an invented case, on a scripted clock.");
        let invented = invented::play(&adhesion, &directory, output).await?;
        let forgery = forge(&letter, &directory, &real.policy)?;
        let exit = tell(
            &Tale {
                cast: &real.cast,
                directory: directory.path(),
                url: real.service.as_ref().map(Service::url),
                published: real.published,
                answers: &real.answers,
                note: fixture.case("F4")?.find("note").map(|note| note.text()).transpose()?,
                forgery: &forgery,
                invented: &invented,
                next: &next::what_next(&directory, &real, &forgery, &invented),
            },
            output,
        )?;
        if let Some(service) = real.service.take() {
            output.say(listening(&service, args));
            // Until here Ctrl-C ends the process at once: the next demo replaces what this one made.
            service.serve_until(serve::stop_signal()?).await?;
        }
        Ok(exit)
    })
}

/// Forges the letter of the first organ.
fn forge(letter: &Letter<'_>, directory: &Directory, policy: &Path) -> Result<Forgery, CliError> {
    let organs = letter.organs()?;
    let subject = letter.subject(organs.first().map_or("", |(organ, _)| organ))?;
    let subject: Subject = subject.parse().map_err(|_| CliError::new(Exit::Internal, "the letter has no subject"))?;
    Forgery::make(&directory.file(&ask::file_name(&subject)), letter.end()?, policy)
}

fn tell(tale: &Tale<'_>, output: &Output) -> Result<Exit, CliError> {
    output.data(&tale.text(), tale.json())?;
    Ok(match tale.differences() {
        0 => Exit::Ok,
        count => {
            output.say(format!("{count} answers differ from what the fixtures expect."));
            Exit::Internal
        }
    })
}

fn listening(service: &Service, args: &DemoArgs) -> String {
    let taken = args.listen.is_none() && service.address.to_string() != LISTEN;
    let why = if taken { format!(" ({LISTEN} is taken)") } else { String::new() };
    format!("DEMO: serving at {}{why}; Ctrl-C stops it.", service.url())
}
