//! The program `nospy` in a directory of its own, and a registry that it serves.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nospy::crypto::{PublicKey, SigningKey, hex};
use serde_json::Value as Json;

/// The registry that offline tests name.
pub const ORIGIN: &str = "registry.example/nospy";

/// The public key in templates, of RFC 8032 §7.1 test 1.
const EXAMPLE_KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/// A directory, and the program run inside it.
pub struct Bench {
    directory: tempfile::TempDir,
}

/// What a run left behind.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.directory.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NOSPY_")) {
            command.env_remove(name);
        }
        command.env("XDG_STATE_HOME", self.path("state"));
        command
    }

    pub fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = self.command(env!("CARGO_BIN_EXE_nospy"));
        let output = command.envs(variables.iter().copied()).args(arguments).output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(&[], arguments)
    }

    /// Runs and expects exit code 0.
    pub fn ok(&self, arguments: &[&str]) -> Ran {
        self.run(arguments).exits(0)
    }

    /// Runs another program; `None` if it is not installed.
    pub fn tool(&self, program: &str, arguments: &[&str]) -> Option<Ran> {
        match self.command(program).args(arguments).output() {
            Ok(output) => Some(Ran {
                code: output.status.code().unwrap(),
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
            Err(_) => {
                eprintln!("{program} is not installed: its part of this test is skipped");
                None
            }
        }
    }

    /// A key without a passphrase in `name`, its public key in `name.pub`.
    pub fn key(&self, name: &str) -> PublicKey {
        self.ok(&["key", "new", name, "--no-passphrase", "--public", &format!("{name}.pub")]);
        PublicKey::from_pem(std::str::from_utf8(&self.read(&format!("{name}.pub"))).unwrap()).unwrap()
    }

    /// A draft of an offer by `huawei` in `name`.
    pub fn offer(&self, name: &str) {
        let subject = "offer/huawei/no-spy-2019";
        self.ok(&["draft", "offer.make", "--issuer", "huawei", "--subject", subject, "--origin", ORIGIN, "-o", name]);
        self.write_out(name);
    }

    /// Writes something where a template says that a person has to.
    pub fn write_out(&self, name: &str) {
        let draft = String::from_utf8(self.read(name)).unwrap();
        let written = draft.replace("to be written", "as a test says").replace(&"00".repeat(32), &"ab".repeat(32));
        self.write(name, written.replace(EXAMPLE_KEY, &hex(SigningKey::from_seed(&[1; 32]).public().as_bytes())));
    }
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "`{text}` is missing\nstdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A registry that the program serves on a port of its own; killed when dropped.
pub struct Served {
    child: Child,
    /// Where it answers.
    pub url: String,
    /// What it said up to there.
    pub said: String,
}

impl Served {
    /// Serves the registry that `nospy init` made in `directory` of the bench.
    pub fn start(bench: &Bench, directory: &str) -> Self {
        let mut said = String::new();
        let config = format!("{directory}/nospy.toml");
        let mut command = bench.command(env!("CARGO_BIN_EXE_nospy"));
        command.args(["serve", "--config", &config, "--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines = lines.map(Result::unwrap).inspect(|line| said.push_str(&format!("{line}\n")));
        let url = { lines }.find_map(|line| line.rsplit_once(" on ").map(|(_, url)| url.to_owned()));
        Self { child, url: url.expect("the server says where it answers"), said }
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> i32 {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
