//! The commands of `docs/guide-verifier.md`, run as they stand there. The chapter "Without this program" checks a docket file
//! with `openssl` and `sha256sum`; here it must also find every change.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;

use std::path::Path;

use crate::program::{Bench, Ran};

const GUIDE: &str = include_str!("../docs/guide-verifier.md");
const CHAPTER: &str = "## Without this program";
const FILE: &str = "agreement-china-telecom-americas-letter-2007-us-doj.docket";

/// The commands of a text, block after block.
fn commands(text: &str) -> String {
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split_once("```").expect("a block ends").0);
    blocks.collect()
}

/// The shell, in `directory` of the bench, with this program in its path. `None` where a tool is missing.
fn shell(bench: &Bench, directory: &str, script: &str) -> Ran {
    let program = Path::new(env!("CARGO_BIN_EXE_nospy")).parent().unwrap().display().to_string();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap());
    bench.write("script.sh", format!("set -eu\nPATH={path}\ncd {directory}\n{script}"));
    bench.tool("sh", &["script.sh"]).expect("there is a shell")
}

fn has_tools(bench: &Bench) -> bool {
    let script = "command -v openssl xxd sha256sum base64 cmp && openssl version | grep -q 'OpenSSL [3-9]'";
    let found = bench.tool("sh", &["-c", script]).is_some_and(|ran| ran.code == 0);
    if !found {
        eprintln!("openssl 3, xxd, sha256sum, base64 or cmp is not installed: this test is skipped");
    }
    found
}

#[test]
fn the_first_hour_of_a_verifier_runs_as_it_is_written() {
    let bench = Bench::new();
    let (before, _) = GUIDE.split_once(CHAPTER).unwrap();
    let ran = shell(&bench, ".", &commands(before)).exits(0);
    ran.says("WHAT IT DOES NOT SAY").says("✓ standing").says("legal day").says("FAILED");
}

#[test]
fn a_docket_file_is_checked_without_this_program() {
    let bench = Bench::new();
    if !has_tools(&bench) {
        return;
    }
    bench.ok(&["demo", "--once", "--data", "nospy-demo"]);
    let script = commands(GUIDE.split_once(CHAPTER).unwrap().1);
    let ran = shell(&bench, "nospy-demo", &script).exits(0);
    assert!(!ran.stdout.contains("WRONG"), "{}", ran.stdout);
    // 17 statements and seals, each signed, named and in the tree; the checkpoint; five rows and the docket.
    assert_eq!(ran.stdout.matches("Signature Verified Successfully").count(), 18, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("is in the tree").count(), 17);
    let shown = bench.ok(&["show", &format!("nospy-demo/{FILE}"), "--output", "json"]).json();
    for entry in shown["history"].as_array().unwrap() {
        let line = format!("entry {} is in the tree, its id is {}", entry["index"], entry["id"].as_str().unwrap());
        assert!(ran.stdout.contains(&line), "{line}");
    }
    ran.says("letter-2007/us-doj: these 5 statements are all");
}

/// The same commands after the parts were taken out, and one of them, with the file, was changed.
#[test]
fn each_change_is_found_without_this_program() {
    let bench = Bench::new();
    if !has_tools(&bench) {
        return;
    }
    bench.ok(&["demo", "--once", "--data", "nospy-demo"]);
    let script = commands(GUIDE.split_once(CHAPTER).unwrap().1);
    let (extract, checks) = script.split_once("cd parts\n").unwrap();
    shell(&bench, "nospy-demo", extract).exits(0);
    let parts = bench.path("nospy-demo/parts");
    // The test of the file's bytes comes first and would hide the others.
    let (_, later) = checks.split_once("LOG=").unwrap();
    let functions = checks.lines().next().unwrap();
    let later = format!("{functions}\nLOG={later}");
    shell(&bench, "nospy-demo/parts", &later).exits(0);
    let changes: [(&str, usize, &str); 7] = [
        ("24.payload", 40, "24.statement"),
        ("24.signature", 10, "24.statement"),
        ("checkpoint", 28, "Signature Verification Failure"),
        ("24.path", 5, "WRONG  entry 24 is in the tree"),
        ("docket-0.siblings", 5, "WRONG  agreement/"),
        ("docket-0.rows", 3, "WRONG  its time is that of seal 25"),
        ("20.key.pem", 70, "ey"),
    ];
    for (name, at, says) in changes {
        let path = parts.join(name);
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        // Another hex digit, base64 digit or byte.
        bad[at] = if bad[at] == b'1' { b'2' } else { b'1' };
        std::fs::write(&path, &bad).unwrap();
        let ran = shell(&bench, "nospy-demo/parts", &later);
        assert_ne!(ran.code, 0, "{name}: {}", ran.stdout);
        ran.says(says);
        std::fs::write(&path, &good).unwrap();
    }
    // A part that is not what stands in the file.
    bench.write("nospy-demo/parts/24.path", "");
    std::fs::write(parts.join("checkpoint"), "another\n").unwrap();
    let ran = shell(&bench, "nospy-demo/parts", &format!("FILE={FILE}\n{checks}"));
    assert_ne!(ran.code, 0, "{}", ran.stdout);
}
