//! The figures of the registry, each as a ratio to what the same machine could do at best in the same run.
//!
//! ```text
//! cargo bench --bench figures                          all of them, less than three minutes on two cores
//! cargo bench --bench figures -- S3 --entries 1000000  one of them, at another size
//! ```
//!
//! A ceiling is measured beside each figure, in turn with it, so that a slow or busy machine slows both. Nothing is
//! asserted: a figure tells how far the code is from the machine, and whether the goal is met is printed beside it.
//! `docs/performance.md` says what each ratio means. Data goes to a directory under `NOSPY_BENCH_DIR`, which must be
//! on the disk that is meant, and is removed at the end.

#![allow(clippy::panic, clippy::unwrap_used)] // a bench that cannot go on stops

mod audit;
mod disk;
mod docket_map;
mod echo;
mod ground;
mod load;
mod lone;
mod machine;
mod proof;
mod publish;
mod report;
mod stream;

use std::path::PathBuf;
use std::time::Instant;

use report::Row;

/// Each figure is measured so often; the medians are printed.
pub const ROUNDS: usize = 3;

/// A figure: its name, its size unless told otherwise, what the size counts, and how it is measured at a size.
struct Figure {
    name: &'static str,
    size: usize,
    unit: &'static str,
    measure: fn(&World, usize) -> Vec<Row>,
}

// The map comes first: its memory is read from the process, where memory freed by another figure would hide it.
const FIGURES: [Figure; 7] = [
    Figure { name: "map", size: 1_000_000, unit: "subjects", measure: docket_map::measure },
    Figure { name: "S1", size: 20_000, unit: "publishes a round", measure: stream::measure },
    Figure { name: "S2", size: 20_000, unit: "publishes a round", measure: publish::measure },
    Figure { name: "S3", size: 100_000, unit: "entries", measure: proof::measure },
    Figure { name: "S4", size: 200, unit: "publishes a round", measure: lone::measure },
    Figure { name: "S6", size: 50_000, unit: "statements", measure: disk::measure },
    Figure { name: "S8", size: 50_000, unit: "statements", measure: audit::measure },
];

/// Where and on what the figures are measured.
pub struct World {
    /// Data directories are made here.
    pub directory: PathBuf,
    /// Cores this process may use.
    pub cores: usize,
    /// Runs clients and servers, one worker a core, as the program does.
    pub runtime: tokio::runtime::Runtime,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` runs this program too, and is not meant to measure.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("figures: measured by `cargo bench --bench figures` only");
        return;
    }
    let (names, entries) = read_arguments(&arguments);
    let world = World {
        directory: machine::directory(),
        cores: machine::cores(),
        runtime: tokio::runtime::Runtime::new().expect("a runtime"),
    };
    machine::print_facts(&world);
    let started = Instant::now();
    let mut rows = Vec::new();
    for figure in FIGURES.iter().filter(|figure| names.is_empty() || names.iter().any(|name| name == figure.name)) {
        let size = entries.unwrap_or(figure.size);
        let begun = Instant::now();
        eprintln!("{}: {size} {} …", figure.name, figure.unit);
        rows.extend((figure.measure)(&world, size));
        eprintln!("{}: {:.0} s", figure.name, begun.elapsed().as_secs_f64());
    }
    report::print(&rows);
    println!("\n{ROUNDS} rounds of each, medians; {:.0} s in all", started.elapsed().as_secs_f64());
    println!("Default sizes are chosen to take less than three minutes on two cores; `--entries N` sets another.");
}

/// The figures to measure (all if empty) and their size.
fn read_arguments(arguments: &[String]) -> (Vec<String>, Option<usize>) {
    let (mut names, mut entries) = (Vec::new(), None);
    let mut rest = arguments.iter().filter(|argument| *argument != "--bench");
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--entries" => {
                let number = rest.next().and_then(|number| number.replace('_', "").parse().ok());
                entries = Some(number.unwrap_or_else(|| usage("--entries takes a number")));
            }
            name if FIGURES.iter().any(|figure| figure.name == name) => names.push(name.to_owned()),
            other => usage(&format!("{other} is no figure")),
        }
    }
    (names, entries)
}

fn usage(problem: &str) -> ! {
    let names: Vec<&str> = FIGURES.iter().map(|figure| figure.name).collect();
    eprintln!("{problem}\nusage: cargo bench --bench figures -- [{}]… [--entries N]", names.join("|"));
    std::process::exit(2)
}
