//! `nospy monitor` against a registry that the program serves: what concerns somebody, and what a log must not do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod monitored;
mod program;

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use monitored::{AGREEMENT, Monitored, copy, names};
use program::Bench;

#[test]
fn a_party_is_told_of_everything_that_concerns_it_once() {
    let m = Monitored::new();
    let served = m.serve("reg");
    m.enrol(&served, "example-vendor", "vendor");
    m.enrol(&served, "other-vendor", "vendor");
    m.enrol(&served, "gb-ncsc", "government");
    m.enrol(&served, "lab", "auditor");
    let watch = ["--party", "example-vendor"];
    let events = m.monitor(&served, &watch).exits(0).events();
    assert_eq!(names(&events), ["registry_change", "key_change"], "{events:?}");
    assert_eq!(events[1]["subject"], "party/example-vendor");
    assert!(events[1]["time_ms"].as_u64().unwrap() > 0 && events[1]["seal"].as_u64().unwrap() > 0);

    // From where it stopped: nothing twice, everything once.
    assert!(m.monitor(&served, &watch).exits(0).events().is_empty());
    let offer = m.offer(&served);
    m.accept(&served, &offer);
    let report = m.report(&served);
    m.void_report(&served, &report);
    let events = m.monitor(&served, &watch).exits(0).events();
    assert_eq!(names(&events), ["statement", "statement", "report", "statement"], "{events:?}");
    assert_eq!(events[0]["statement"], offer);
    assert_eq!(events[1]["subject"], AGREEMENT);
    assert!(events[2]["reasons"].to_string().contains("names example-vendor"));
    // A void touches what it voids, and says nothing of the vendor itself.
    assert_eq!((&events[3]["kind"], &events[3]["names"]), (&"void".into(), &report.as_str().into()));
    assert!(events[3]["reasons"].to_string().contains("touches roll/example-vendor"));

    // Another watch has its own beginning; the same event has the same id for everybody.
    let by_subject = m.monitor(&served, &["--subject", AGREEMENT]).exits(0).events();
    assert_eq!(names(&by_subject), ["registry_change", "statement"]);
    assert_eq!(by_subject[1]["id"], events[1]["id"]);
    // From now on: only what comes.
    assert!(m.monitor(&served, &["--party", "gb-ncsc", "--from-now"]).exits(0).events().is_empty());
    m.enrol(&served, "gb-other", "government");
    assert!(m.monitor(&served, &["--party", "gb-ncsc", "--from-now"]).exits(0).events().is_empty());
    let all = m.monitor(&served, &["--party", "gb-other"]).exits(0).events();
    assert_eq!(names(&all), ["registry_change", "key_change"]);
    // An honest registry has nothing to fear from an audit.
    assert!(m.monitor(&served, &["--party", "gb-other", "--audit"]).exits(0).events().is_empty());
}

/// A process that does not outlive the test, whatever becomes of it.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Goal: an audit goes on as the log grows. Method: one monitor over several looks, and statements in between.
#[test]
fn an_audit_goes_on_with_the_log() {
    let m = Monitored::new();
    let served = m.serve("reg");
    let fixed = ["monitor", "--every", "1s", "--server", &served.url, "--policy", "reg/policy.txt"];
    let mut command = m.bench.command(env!("CARGO_BIN_EXE_nospy"));
    let watch = ["--party", "vendor-1", "--party", "vendor-2", "--party", "vendor-3"];
    command.args(fixed).args(watch).args(["--audit", "--on-event", "cat >>told"]);
    let mut child = Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    for (count, vendor) in ["vendor-1", "vendor-2", "vendor-3"].iter().enumerate() {
        // The genesis first, then one more each time.
        let start = Instant::now();
        while fs::read_to_string(m.bench.path("told")).unwrap_or_default().lines().count() <= count {
            assert!(start.elapsed() < Duration::from_secs(30), "{vendor}");
            std::thread::sleep(Duration::from_millis(50));
        }
        m.enrol(&served, vendor, "vendor");
    }
    std::thread::sleep(Duration::from_millis(2_500));
    assert!(child.0.try_wait().unwrap().is_none(), "it goes on");
    drop(child);
    let told = String::from_utf8(m.bench.read("told")).unwrap();
    let told: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(names(&told), ["registry_change", "key_change", "key_change", "key_change"], "{told:?}");
}

#[test]
fn an_event_that_nobody_takes_is_not_forgotten() {
    let m = Monitored::new();
    let served = m.serve("reg");
    m.enrol(&served, "example-vendor", "vendor");
    let watch = ["--party", "example-vendor"];
    let with = |command: &str| m.monitor(&served, &[&watch[..], &["--on-event", command]].concat());
    // The first event is taken, the second never: its name is in the environment.
    let fails = "test \"$NOSPY_EVENT\" != key_change && cat >>taken";
    let failed = with(fails).exits(2).says("--on-event failed 3 times");
    let events = failed.events();
    assert_eq!(names(&events), ["registry_change", "key_change"], "{events:?}");
    // The next look tells again what was not taken, and only this.
    let events = with("cat >>taken; echo $NOSPY_EVENT_ID >>ids").exits(0).events();
    assert_eq!(names(&events), ["key_change"]);
    let taken = String::from_utf8(m.bench.read("taken")).unwrap();
    assert_eq!(taken.lines().count(), 2, "{taken}");
    assert_eq!(String::from_utf8(m.bench.read("ids")).unwrap().trim(), events[0]["id"].as_str().unwrap());
    assert!(with("false").exits(0).events().is_empty());
}

/// Goal: at least once, whatever happens. Method: the command kills the monitor in the middle of its work.
#[test]
fn a_monitor_that_is_killed_reports_again_under_the_same_ids() {
    let m = Monitored::new();
    let served = m.serve("reg");
    for vendor in ["vendor-1", "vendor-2", "vendor-3"] {
        m.enrol(&served, vendor, "vendor");
    }
    let watch = ["--party", "vendor-1", "--party", "vendor-2", "--party", "vendor-3"];
    let kill = "echo $NOSPY_EVENT_ID >>ids; kill -9 $PPID";
    let mut killed = 0;
    while m.monitor_killed(&served, &[&watch[..], &["--on-event", kill]].concat()) {
        killed += 1;
        if killed == 3 {
            break;
        }
    }
    assert_eq!(killed, 3, "a monitor that is killed stays where it is");
    // Another kind of death in between changes nothing: the last event is reported again.
    m.monitor(&served, &[&watch[..], &["--on-event", "echo $NOSPY_EVENT_ID >>ids; false"]].concat()).exits(2);
    m.monitor(&served, &[&watch[..], &["--on-event", "echo $NOSPY_EVENT_ID >>ids"]].concat()).exits(0);
    let ids = String::from_utf8(m.bench.read("ids")).unwrap();
    let distinct: std::collections::BTreeSet<&str> = ids.lines().collect();
    assert_eq!(distinct.len(), 4, "the genesis and three enrolments, each at least once:\n{ids}");
    let repeated = distinct.iter().filter(|id| ids.lines().filter(|line| line == *id).count() > 1).count();
    assert!(repeated >= 1, "and some again:\n{ids}");
}

/// Goal: the same wherever it dies. Method: SIGKILL at random moments, then one look that gets through.
#[test]
fn a_monitor_that_is_killed_anywhere_tells_everything_at_least_once() {
    let m = Monitored::new();
    let served = m.serve("reg");
    let vendors = ["vendor-1", "vendor-2", "vendor-3", "vendor-4"];
    vendors.iter().for_each(|vendor| drop(m.enrol(&served, vendor, "vendor")));
    let watch: Vec<&str> = vendors.iter().flat_map(|vendor| ["--party", vendor]).collect();
    let expected: Vec<String> = {
        // Another watch, which nobody kills: what concerns all of them.
        let events = m.monitor(&served, &[&watch[..], &["--subject", "parties"]].concat()).exits(0).events();
        events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(expected.len(), 5);
    let seed = std::process::id();
    let mut random = seed;
    for _ in 0..8 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let command = [&watch[..], &["--on-event", "echo $NOSPY_EVENT_ID >>ids; sleep 0.05"]].concat();
        m.kill_after(&served, &command, std::time::Duration::from_millis(u64::from(random >> 16) % 250));
    }
    m.monitor(&served, &[&watch[..], &["--on-event", "echo $NOSPY_EVENT_ID >>ids"]].concat()).exits(0);
    let ids = String::from_utf8(m.bench.read("ids")).unwrap();
    for id in &expected {
        assert!(ids.lines().any(|line| line == id), "seed {seed}: {id} is missing in\n{ids}");
    }
    assert!(ids.lines().all(|line| expected.iter().any(|id| id == line)), "seed {seed}:\n{ids}");
}

#[test]
fn a_fork_ends_the_monitor_with_evidence_that_stands_alone() {
    let m = Monitored::new();
    copy(&m.bench.path("reg"), &m.bench.path("twin"));
    copy(&m.bench.path("reg"), &m.bench.path("behind"));
    let served = m.serve("reg");
    m.enrol(&served, "example-vendor", "vendor");
    m.monitor(&served, &[]).exits(0);
    assert_eq!(served.stop(), 0);

    // An older tree is no proof; and it is told when it is over.
    let behind = m.serve("behind");
    let events = m.monitor(&behind, &[]).exits(14).events();
    assert_eq!((names(&events), &events[0]["state"]), (vec!["rollback"], &"begins".into()));
    assert!(m.monitor(&behind, &[]).exits(14).events().is_empty(), "once");
    // Nor is it taken for the log by who has lost the checkpoint, and remembers what was reported.
    let watch = fs::read_dir(m.bench.path("state/nospy")).unwrap().map(|entry| entry.unwrap().path());
    let watch = { watch }.find(|path| path.join("progress.json").exists()).unwrap();
    let files = fs::read_dir(&watch).unwrap().map(|entry| entry.unwrap().path());
    let checkpoint = { files }.find(|path| path.extension().is_some_and(|end| end == "checkpoint")).unwrap();
    let kept = fs::read(&checkpoint).unwrap();
    fs::remove_file(&checkpoint).unwrap();
    m.monitor(&behind, &[]).exits(14);
    fs::write(&checkpoint, kept).unwrap();
    drop(behind);

    let twin = m.serve("twin");
    m.publish_elsewhere(&twin);
    // Without --once, too: a log that forked has nothing more to say.
    let ran = m.monitor_for_ever(&twin, &[]).exits(12);
    let events = ran.events();
    assert_eq!(names(&events), ["fork"], "{events:?}");
    let evidence = fs::read(m.bench.path(events[0]["evidence"].as_str().unwrap())).unwrap();
    let again = m.monitor(&twin, &[]).exits(12).events();
    assert_eq!((names(&again), &again[0]["id"]), (vec!["fork"], &events[0]["id"]), "told again, as the same");
    drop(twin);

    let stranger = Bench::new();
    stranger.write("found", &evidence);
    stranger.run(&["verify", "found", "--policy", &m.vkey()]).exits(12).says("EQUIVOCATION PROVED");

    // The first history is still the one that is followed.
    let served = m.serve("reg");
    let events = m.monitor(&served, &[]).exits(0).events();
    assert_eq!((names(&events), &events[0]["state"]), (vec!["rollback"], &"ends".into()));
}

#[test]
fn silence_and_a_missing_quorum_begin_and_end() {
    let m = Monitored::new();
    let served = m.serve("reg");
    m.monitor(&served, &[]).exits(0);
    let nobody = |_: ()| m.monitor_at("http://127.0.0.1:1", "reg/policy.txt", &[]);
    let first = nobody(()).exits(5).events();
    assert_eq!((names(&first), &first[0]["state"]), (vec!["server_silent"], &"begins".into()));
    assert!(nobody(()).exits(5).events().is_empty());
    let events = m.monitor(&served, &[]).exits(0).events();
    assert_eq!((names(&events), &events[0]["state"]), (vec!["server_silent"], &"ends".into()));
    let again = nobody(()).exits(5).events();
    assert_ne!(again[0]["id"], first[0]["id"], "another silence is another event");

    let policy = m.policy_with_a_witness();
    let short = |_: ()| m.monitor_at(&served.url, &policy, &[]);
    let events = short(()).exits(13).events();
    assert!(names(&events).contains(&"quorum_missing"), "{events:?}");
    assert!(!names(&short(()).exits(13).events()).contains(&"quorum_missing"));
    let events = m.monitor(&served, &[]).exits(0).events();
    assert_eq!((names(&events), &events[0]["state"]), (vec!["quorum_missing"], &"ends".into()));
}

#[test]
fn a_late_seal_and_times_that_cannot_be_are_told() {
    let mut m = Monitored::with_clock("2026-01-10T10:00:00Z");
    let served = m.serve("reg");
    let events = m.monitor(&served, &[]).exits(14).events();
    assert_eq!(names(&events), ["registry_change", "heartbeat_missing", "seal_late"], "{events:?}");
    assert_eq!((&events[2]["state"], &events[2]["seal"]), (&"begins".into(), &1.into()));

    // A seal that was not there when the log was last looked at, and says that it was; two hours after the one before.
    m.set_clock("2026-01-10T12:00:00Z");
    m.enrol(&served, "example-vendor", "vendor");
    let events = m.monitor(&served, &[]).exits(14).events();
    assert_eq!(names(&events), ["seal_backdated", "seal_gap"], "{events:?}");
    assert_eq!(events[1]["interval_s"], 600);

    // A seal of a time that is not yet.
    m.set_clock("2199-01-10T12:00:00Z");
    m.enrol(&served, "other-vendor", "vendor");
    let events = m.monitor(&served, &[]).exits(14).events();
    assert_eq!(names(&events), ["seal_ahead", "seal_gap", "heartbeat_missing", "seal_late"], "{events:?}");
    assert_eq!(events[3]["state"], "ends");
    // It switches no alarm off: it is as old as our knowledge of it, be the log there or not.
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    let events = m.monitor_at("http://127.0.0.1:1", "reg/policy.txt", &["--max-age", "1s"]).exits(5).events();
    assert_eq!(names(&events), ["server_silent", "seal_late"], "{events:?}");
    assert_eq!(events[1]["state"], "begins");
}

/// Goal: a disk that is full keeps no alarm from anybody. Method: no file may grow, as of a full disk, and nobody answers.
#[test]
fn a_full_disk_keeps_no_alarm_back() {
    let m = Monitored::new();
    let served = m.serve("reg");
    m.monitor(&served, &[]).exits(0);
    let program = ["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_nospy")];
    let monitor = ["monitor", "--once", "--server", "http://127.0.0.1:1", "--policy", "reg/policy.txt"];
    let mut command = m.bench.command("sh");
    let output = command.args(program).args(monitor).args(["--max-age", "0s"]).output().unwrap();
    let (told, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("\"server_silent\"") && told.contains("\"seal_late\""), "{told}{said}");
    assert!(said.contains("cannot write"), "{said}");
    assert!(!output.status.success());
}

/// Goal: a monitor that died while it wrote does not stop the next one, which in a container has the same process id.
/// Method: the halves that such a process leaves lie there, under the id of the one that begins.
#[test]
fn what_a_dead_process_left_half_written_is_no_hindrance() {
    let m = Monitored::new();
    let served = m.serve("reg");
    m.monitor(&served, &[]).exits(0);
    m.enrol(&served, "example-vendor", "vendor");
    let program = env!("CARGO_BIN_EXE_nospy");
    let script = format!(
        "for file in state/nospy/monitor-*/*.json state/nospy/monitor-*/*.checkpoint; do \
         echo half >\"${{file%.*}}.new-$$\"; done\n\
         exec {program} monitor --once --server {} --policy reg/policy.txt",
        served.url
    );
    m.bench.tool("sh", &["-c", &script]).unwrap().exits(0);
    m.monitor(&served, &[]).exits(0);
}

/// What cannot be used ends a monitor at once, and does not make it wait for ever.
#[test]
fn a_monitor_that_cannot_begin_says_so() {
    let m = Monitored::new();
    let ever = |arguments: &[&str]| m.bench.run(&[&["monitor"], arguments].concat());
    ever(&["--server", "https://127.0.0.1:1", "--policy", "reg/policy.txt"]).exits(2).says("--ca");
    ever(&["--policy", "reg/policy.txt"]).exits(2).says("--server");
    ever(&["--server", "http://127.0.0.1:1"]).exits(2).says("--policy");
    ever(&["--party", "NOBODY", "--server", "http://127.0.0.1:1", "--policy", "reg/policy.txt"]).exits(2);
    ever(&["--once", "--every", "1s", "--server", "http://127.0.0.1:1", "--policy", "reg/policy.txt"]).exits(2);
}

/// Goal: what a monitor keeps is not trusted blindly. Method: its file is changed by somebody else.
#[test]
fn a_damaged_memory_is_refused_and_a_false_one_is_seen() {
    let m = Monitored::new();
    let served = m.serve("reg");
    m.monitor(&served, &[]).exits(0);
    let directory = fs::read_dir(m.bench.path("state/nospy")).unwrap().next().unwrap().unwrap().path();
    let path = directory.join("progress.json");
    let kept = fs::read_to_string(&path).unwrap();
    for damaged in ["", "{}", &kept[..kept.len() / 2], &kept.replace("\"size\": 2", "\"size\": 3")] {
        fs::write(&path, damaged).unwrap();
        m.monitor(&served, &[]).exits(2).says("is not what a monitor keeps");
    }
    // A tree that is not the log's: the entries behind it are not taken for the log's.
    let parsed: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let node = parsed["nodes"][0].as_str().unwrap();
    fs::write(&path, kept.replace(node, &"07".repeat(32))).unwrap();
    m.monitor(&served, &[]).exits(11).says("another tree of 2 entries");
    m.enrol(&served, "example-vendor", "vendor");
    m.monitor(&served, &["--party", "example-vendor"]).exits(0);
    m.monitor(&served, &[]).exits(11).says("inclusion");
    fs::write(&path, kept).unwrap();
    m.monitor(&served, &[]).exits(0);
}

#[test]
fn two_monitors_of_one_watch_do_not_run_together() {
    let m = Monitored::new();
    let served = m.serve("reg");
    m.monitor(&served, &["--on-event", "nospy_inside"]).exits(2);
    let program = env!("CARGO_BIN_EXE_nospy");
    let inside = format!("{program} monitor --once --policy reg/policy.txt --server {} 2>inside.err; true", served.url);
    m.monitor(&served, &["--on-event", &inside]).exits(0);
    let said = String::from_utf8(m.bench.read("inside.err")).unwrap();
    assert!(said.contains("another monitor"), "{said}");
}
