//! The program `nospy` as a witness.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)] // a test that panics has failed

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use nospy::crypto::{KeyLine, hex, sha256};
use nospy::evidence::witness::read_cosignatures;

use crate::other_log::OtherLog;
use crate::program::Bench;
use crate::wire::{Reply, get, send};

/// The program as a witness of some logs; killed when dropped.
pub struct Witness {
    pub child: Child,
    pub address: SocketAddr,
    pub prefix: String,
    pub vkey: KeyLine,
}

impl Witness {
    /// Makes a witness in `w` that knows these logs, with `prefix` before its paths.
    pub fn init(bench: &Bench, logs: &[&OtherLog], prefix: &str) {
        bench.ok(&["witness", "init", "w", "--name", "witness.example/w1", "--no-passphrase"]);
        let mut config = String::from_utf8(bench.read("w/nospy.toml")).unwrap();
        config = config.replace("prefix = \"\"", &format!("prefix = {prefix:?}"));
        for log in logs {
            config.push_str(&format!("[[witness.log]]\nvkey = \"{}\"\norigin = {:?}\n", log.name, log.origin));
        }
        bench.write("w/nospy.toml", config);
    }

    pub fn start(bench: &Bench) -> Self {
        Self::start_with(bench, &[])
    }

    pub fn start_with(bench: &Bench, arguments: &[&str]) -> Self {
        Self::start_at(bench, "127.0.0.1:0", arguments)
    }

    pub fn start_at(bench: &Bench, listen: &str, arguments: &[&str]) -> Self {
        let mut command = bench.command(env!("CARGO_BIN_EXE_nospy"));
        command.args(["--config", "w/nospy.toml", "--output", "json", "witness", "serve", "--listen", listen]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut told = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let json: serde_json::Value = loop {
            assert!(lines.read_line(&mut told).unwrap() > 0, "the witness ended: {told}");
            if let Ok(json) = serde_json::from_str(&told) {
                break json;
            }
        };
        let url = json["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        let (address, prefix) =
            url.split_once('/').map_or((url.as_str(), String::new()), |(a, p)| (a, format!("/{p}")));
        Self { child, address: address.parse().unwrap(), prefix, vkey: json["vkey"].as_str().unwrap().parse().unwrap() }
    }

    pub async fn post(&self, body: &[u8]) -> Reply {
        let head = format!(
            "POST {}/add-checkpoint HTTP/1.1\r\nhost: w\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            self.prefix,
            body.len()
        );
        send(self.address, [head.as_bytes(), body].concat()).await
    }

    pub async fn newest(&self, origin: &str) -> Reply {
        get(self.address, &format!("{}/{}/checkpoint", self.prefix, hex(&sha256(&[origin.as_bytes()]).0))).await
    }

    /// Posts an honest request and demands a cosignature that verifies.
    pub async fn cosigns(&self, log: &OtherLog, old: usize, size: usize) {
        let reply = self.post(&log.request(old, size)).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        read_cosignatures(&log.note(size), &reply.body, &self.vkey).unwrap();
    }

    /// SIGKILL, as a power cut does it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Witness {
    pub fn kill_quietly(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
