//! `nospy mirror`: a verified copy of a log that keeps itself up to date and is served to others.
//!
//! Each round is an export (see `export`): every entry is proved, the log must extend what was copied before, and a round that
//! is stopped at any moment leaves the copy of the round before it. What is served are the files of the copy, under the
//! checkpoint that the log and its witnesses signed: whoever reads them need not trust the mirror.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use clap::Args;
use nospy::{net, web};
use serde_json::json;
use tokio::net::TcpListener;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::OnlineArgs;
use crate::output::Output;
use crate::{export, moment, serve};

/// Keep a verified copy of a log up to date, and serve it to others (C2SP tlog-tiles).
///
/// A log that signed another history ends the mirror with exit code 12 and the evidence in a file; the copy stays as it was.
/// Whatever else goes wrong is said and tried again in the next round. A copy that is there already is checked as a whole
/// before it is served, without the registry. Texts and docket files are not copied: `nospy audit`
/// recomputes every docket from the copy.
#[derive(Args)]
pub struct MirrorArgs {
    /// The directory of the copy; made if it is not there.
    directory: PathBuf,
    /// How long to wait between two rounds, such as 60s or 10m.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = moment::parse_duration)]
    every: u64,
    /// One round, then end.
    #[arg(long, conflicts_with_all = ["every", "listen"])]
    once: bool,
    /// Serve the copy on this address and port, read-only over HTTP; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    #[command(flatten)]
    online: OnlineArgs,
}

/// Runs the verb.
///
/// # Errors
/// A proved fork; a copy that is not whole or of another log. Everything else is an error only for `--once` and while there
/// is no copy yet: otherwise it is said, and tried again in the next round.
pub fn run(args: &MirrorArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    if args.once {
        return export::bring_up_to_date(&args.directory, &args.online, config, output);
    }
    // Nothing is served that was not checked: what is there by its files, offline, what is not there by the first round.
    // A mirror that never had a copy is an error of its operator.
    if export::check_copy(&args.directory, &args.online.log(config)?, output)?.is_none() {
        export::bring_up_to_date(&args.directory, &args.online, config, output)?;
    }
    if let Some(listen) = &args.listen {
        let address = serve_copy(&args.directory, listen)?;
        let text = format!("serving the copy in {} on http://{address}", args.directory.display());
        output.data(&text, json!({ "url": format!("http://{address}"), "directory": args.directory }))?;
    }
    loop {
        match export::bring_up_to_date(&args.directory, &args.online, config, output) {
            Ok(_) => {}
            Err(error) if error.exit() == Exit::Equivocation => return Err(error),
            // Whoever stands in between can spoil an answer, a replica can lag, a disk can be full: the copy is whole.
            Err(error) => output.error(&error),
        }
        thread::sleep(Duration::from_secs(args.every.max(1)));
    }
}

/// Serves the copy from a thread of its own until SIGTERM or SIGINT, which end the process: the copy is whole at any moment.
fn serve_copy(directory: &Path, listen: &str) -> Result<SocketAddr, CliError> {
    let (ready, is_ready) = channel();
    let (directory, listen) = (directory.to_owned(), listen.to_owned());
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let Ok(runtime) = runtime.map_err(|error| ready.send(Err(CliError::new(Exit::Internal, error.to_string()))))
        else {
            return;
        };
        runtime.block_on(async {
            let failed = |error: std::io::Error| CliError::usage(format!("cannot listen on {listen}: {error}"));
            let bound = async {
                let listener = TcpListener::bind(&listen).await.map_err(failed)?;
                let address = listener.local_addr().map_err(failed)?;
                Ok((listener, address, serve::stop_signal()?))
            };
            let (listener, stopped) = match bound.await {
                Ok((listener, address, stopped)) => {
                    let _ = ready.send(Ok(address));
                    (listener, stopped)
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                    return;
                }
            };
            let routes = web::copy_routes(directory);
            let limits = net::Limits { connection_age_grace: Duration::from_secs(5), ..net::Limits::default() };
            // Without TLS there is nothing that could be wrong with it.
            let _ = net::serve(listener, routes, &limits, None, stopped, async {}).await;
            std::process::exit(i32::from(Exit::Ok.code()));
        });
    });
    is_ready.recv().map_err(|_| CliError::new(Exit::Internal, "the server ended before it began"))?
}
