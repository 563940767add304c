//! What is measured on: cores, disk, and what the system says of this process. Linux only, like the figures' goals.

use std::fs;
use std::path::{Path, PathBuf};

use crate::World;

/// The directory of the data: `NOSPY_BENCH_DIR`, else `target/bench-data`.
pub fn directory() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-data");
    let directory = std::env::var_os("NOSPY_BENCH_DIR").map_or_else(default, PathBuf::from);
    fs::create_dir_all(&directory).expect("NOSPY_BENCH_DIR can be made");
    directory.canonicalize().expect("it is there")
}

/// Cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Prints what a reader needs to know about the machine.
pub fn print_facts(world: &World) {
    let (device, kind) = file_system(&world.directory);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    println!("cores   {} ({}), load before the run {load}", world.cores, processor());
    println!("engine  sled 0.34.7, snapshots and one commit a batch as in production");
    println!("disk    {} on {kind} ({device})", world.directory.display());
    if kind == "tmpfs" {
        println!("        THIS IS MEMORY: S2, S4 and S6 say nothing about a disk; set NOSPY_BENCH_DIR");
    }
}

fn processor() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or("unknown".into(), |(_, name)| name.trim().to_owned())
}

/// Device and type of the file system that holds `path`.
fn file_system(path: &Path) -> (String, String) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let holding = fields.filter(|fields| fields.len() > 2 && path.starts_with(fields[1]));
    let deepest = holding.max_by_key(|fields| fields[1].len());
    deepest.map_or(("?".into(), "?".into()), |fields| (fields[0].to_owned(), fields[2].to_owned()))
}

/// Resident memory of this process, bytes.
pub fn resident_bytes() -> u64 {
    field("/proc/self/status", "VmRSS:") * 1024
}

/// Bytes that this process has caused to be written to disk, ever.
pub fn written_bytes() -> u64 {
    field("/proc/self/io", "write_bytes:")
}

/// Processor time of this process, seconds: what other processes of a shared machine cannot take away.
pub fn processor_seconds() -> f64 {
    // Fields 14 and 15 of proc_pid_stat(5), counted after the name in parentheses, in ticks of 10 ms.
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn field(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    value.unwrap_or(0)
}

/// Bytes that all files under `directory` take on the disk.
pub fn disk_bytes(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let entries = fs::read_dir(directory).expect("a directory of ours").flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => disk_bytes(&entry.path()),
            Ok(about) => about.blocks() * 512,
            // The engine may unlink a file meanwhile.
            Err(_) => 0,
        })
        .sum()
}
