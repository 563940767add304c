//! Bringing events to whoever wants them: stdout, and a command.

use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::CliError;
use crate::exit::Exit;
use crate::monitor::event::Event;
use crate::output::Output;

/// How often the command is tried for one event.
const TRIES_MAX: u32 = 3;
/// Pause before the second try; twice as long before the third.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the command may take for one event.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(60);
/// How often is looked whether it has ended.
const LOOK_INTERVAL: Duration = Duration::from_millis(10);

/// Where events go.
pub struct Courier<'a> {
    command: Option<&'a str>,
    output: &'a Output,
}

impl<'a> Courier<'a> {
    /// Events go to stdout, and to `command` if there is one.
    pub fn new(command: Option<&'a str>, output: &'a Output) -> Self {
        Self { command, output }
    }

    /// Reports an event; returns once it was taken.
    ///
    /// # Errors
    /// If the command fails every time, or there is none and stdout is gone: then the event was not reported, and whoever asked must not
    /// forget it.
    pub fn deliver(&self, event: &Event) -> Result<(), CliError> {
        let line = event.line();
        let told = tell(&line)
            .map_err(|error| CliError::new(Exit::Internal, format!("an event cannot be written to stdout: {error}")));
        let Some(command) = self.command else { return told };
        // Whom the command tells must not go without because nobody reads stdout any more.
        if let Err(error) = told {
            self.output.error(&error);
        }
        let mut pause = PAUSE;
        for attempt in 1.. {
            let Err(why) = run(command, event, &line) else { return Ok(()) };
            self.output.say(format!("--on-event failed for {} {} (try {attempt}): {why}", event.name, event.id));
            if attempt >= TRIES_MAX {
                break;
            }
            thread::sleep(pause);
            pause *= 2;
        }
        Err(CliError::new(Exit::Usage, format!("--on-event failed {TRIES_MAX} times for {} {}", event.name, event.id))
            .next_step("The event is not forgotten: it is reported again at the next look, under the same id."))
    }
}

fn tell(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// Runs the command once: the event on its stdin, its name and id in its environment.
fn run(command: &str, event: &Event, line: &str) -> Result<(), String> {
    wait(start(command, event, line)?, COMMAND_TIME_MAX)
}

fn start(command: &str, event: &Event, line: &str) -> Result<Child, String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env("NOSPY_EVENT", event.name)
        .env("NOSPY_EVENT_ID", &event.id)
        .stdin(Stdio::piped())
        // What it says is talk, and stdout is ours.
        .stdout(io::stderr())
        // A group of its own, so that it ends with all that it began.
        .process_group(0)
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        let line = format!("{line}\n");
        // A command that does not read its stdin may do its work all the same, and must not hold us up: the thread ends
        // with the pipe.
        thread::spawn(move || stdin.write_all(line.as_bytes()));
    }
    Ok(child)
}

fn wait(mut child: Child, time_max: Duration) -> Result<(), String> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(status.to_string()),
            Ok(None) if started.elapsed() < time_max => thread::sleep(LOOK_INTERVAL),
            Ok(None) => {
                // It may have ended in this moment; it is not yet waited for, so the id is still its own.
                if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process_group(group, Signal::KILL);
                }
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it took longer than {} s", time_max.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_takes_too_long_leaves_no_children() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("child");
        let command = format!("sleep 60 & echo $! >{}; wait", file.display());
        let child = start(&command, &Event::new("log", "fork", "1", serde_json::json!({})), "{}").unwrap();
        assert!(wait(child, Duration::from_millis(500)).unwrap_err().contains("longer"));
        let id = std::fs::read_to_string(file).unwrap();
        let is_gone = || match std::fs::read_to_string(format!("/proc/{}/stat", id.trim())) {
            Ok(stat) => stat.contains(") Z "),
            Err(_) => true,
        };
        assert!(
            (0..200).any(|_| is_gone() || {
                thread::sleep(LOOK_INTERVAL);
                false
            }),
            "{id} is still there"
        );
    }
}
