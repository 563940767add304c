//! The commands of the guides for vendors and governments, run as they stand there against a registry that is served here.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;

use std::path::Path;

use crate::program::{Bench, Ran, Served};

const VENDOR: &str = include_str!("../docs/guide-vendor.md");
const GOVERNMENT: &str = include_str!("../docs/guide-government.md");

/// The commands of a text, block after block.
fn commands(text: &str) -> String {
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split_once("```").expect("a block ends").0);
    blocks.collect()
}

/// A shell in the bench with this program in its path; what a person sets once is set.
fn shell(bench: &Bench, url: &str, script: &str) -> Ran {
    let program = Path::new(env!("CARGO_BIN_EXE_nospy")).parent().unwrap().display().to_string();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap());
    let set = format!(
        "set -eu\nPATH={path}\nexport NOSPY_SERVER={url} NOSPY_POLICY=registry/policy.txt\n\
         export NOSPY_ORIGIN=registry.example/nospy NOSPY_PASSPHRASE='a passphrase for practice'\n"
    );
    bench.write("script.sh", format!("{set}{script}"));
    bench.tool("sh", &["script.sh"]).expect("there is a shell")
}

#[test]
fn a_vendor_and_a_government_get_through_their_first_hour() {
    let bench = Bench::new();
    let (practice, rest) = VENDOR.split_once("Tell this program").unwrap();
    shell(&bench, "none", &commands(practice)).exits(0);
    // The address that a person is told to set is the one that the registry was made with.
    let config = String::from_utf8(bench.read("registry/nospy.toml")).unwrap();
    let url = VENDOR.split("NOSPY_SERVER=").nth(1).unwrap().split(' ').next().unwrap();
    assert!(config.contains(&format!("server = \"{url}\"")), "{url} is not in\n{config}");
    let served = Served::start(&bench, "registry");
    let (offering, later) = rest.split_once("## Once a government has accepted").unwrap();

    let ran = shell(&bench, &served.url, &commands(offering)).exits(0);
    ran.says("WHAT IT DOES NOT SAY").says("Is the parent company bound? Not stated.").says("Offered");
    let ran = shell(&bench, &served.url, &commands(GOVERNMENT)).exits(0);
    let ran = ran.says("RESERVED").says("In force").says("It exists on paper: \"guarantee declaration\"");
    ran.says("SUSPENDED on this day");
    let ran = shell(&bench, &served.url, &commands(later)).exits(0);
    let ran = ran.says("Clause \"NB4\", within which time is CHANGED.").says("30 days").says("14 days");
    ran.says("Registered.");

    // What is left is a file that stands alone.
    assert_eq!(served.stop(), 0);
    let page = bench.ok(&["show", "radio-2026-de.docket", "--policy", "registry/policy.txt"]).stdout;
    assert!(page.contains("To be done within 14 days."), "{page}");
    assert!(page.contains("signs new terms"), "{page}");
    bench.ok(&["verify", "nordhavn-de.docket", "--policy", "registry/policy.txt"]);
}
