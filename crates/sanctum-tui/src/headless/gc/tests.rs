//! Which runs go, which never do, and what is asked first.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use clap::Parser as _;
use leyline::RunId;
use leyline::demo::{self, Scenario};
use leyline::wire::encode_row;
use nissa::RunDir;
use nissa::log::sink::{Fsync, LogSink};
use nissa::manifest::Manifest;
use simic_emitter::Sink as _;

use super::*;
use crate::cli::{Cli, Command};

/// Seconds since 1970 at which the tests play.
const NOW: u64 = 1_795_262_400;

/// A root with one run of each sort, the age of each in days, and directories that are none.
struct Root {
    root: tempfile::TempDir,
    /// Writes the run `live`.
    _live: LogSink,
}

impl Root {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let path = root.path();
        drop(log(path, "finished-1"));
        drop(log(path, "finished-40"));
        drop(log(path, "died-2"));
        drop(log(path, "silent-0"));
        for run in ["died-2", "silent-0"] {
            // What it looks like after kill -9: no end mark.
            let segment = RunDir::open(&path.join(run)).unwrap().segment(0);
            let file = File::options().write(true).open(segment).unwrap();
            file.set_len(file.metadata().unwrap().len() - 18).unwrap();
        }
        rows(path, "rows-30", true);
        rows(path, "rows-died-3", false);
        let live = log(path, "live-50");
        for (other, file) in
            [("web-90", "manifest.json"), ("project-90", "checkpoints/a"), ("other-90", "x")]
        {
            let file = path.join(other).join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "{\"name\":\"a website\"}").unwrap();
        }
        for entry in fs::read_dir(path).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let days: u64 = name.rsplit_once('-').unwrap().1.parse().unwrap();
            backdate(&path.join(name), days);
        }
        Self { root, _live: live }
    }

    fn path(&self) -> &Path {
        self.root.path()
    }

    /// Returns what is left, in its order.
    fn left(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    /// Runs the command with `flags`; `answer` is that of a person at a terminal. Returns the exit code and what was printed.
    fn gc(&self, flags: &[&str], answer: Option<bool>) -> (u8, String) {
        let words = ["sanctum-tui", "gc", self.path().to_str().unwrap()];
        let cli = Cli::parse_from(words.iter().chain(flags));
        let Some(Command::Gc(args)) = &cli.command else { panic!("{flags:?}") };
        let now = Timestamp::from_micros(1_000_000 * NOW.cast_signed());
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let ask = answer.map(|answer| {
            move |question: &str| {
                assert!(question.starts_with("remove th"), "{question}");
                answer
            }
        });
        let ended = collect(args, now, ask, &mut out, &mut notes);
        let mut said = String::from_utf8([out, notes].concat()).unwrap();
        if let Err(error) = &ended {
            said.push_str(&error.to_string());
        }
        (ended.err().map_or(0, |error| error.exit_code()), said)
    }

    /// Removes without asking, and returns the first word of each line that was printed but the last.
    #[track_caller]
    fn removed(flags: &[&str]) -> Vec<String> {
        let root = Self::new();
        let before = root.left();
        let (code, said) = root.gc(&[flags, &["--yes"]].concat(), None);
        assert_eq!(code, 0, "{said}");
        let lines: Vec<&str> = said.lines().collect();
        let listed = lines.split_last().unwrap().1.iter();
        let listed: Vec<String> =
            listed.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        let mut gone = before;
        let left = root.left();
        gone.retain(|name| !left.contains(name));
        let mut sorted = listed.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, gone, "what is listed is what goes");
        listed
    }
}

fn log(root: &Path, run: &str) -> LogSink {
    let (dir, run_id) = RunDir::create(root, &RunId::new(run).unwrap()).unwrap();
    let manifest = Manifest::new(run_id, Timestamp::from_micros(0));
    let mut sink = LogSink::create(&dir, &manifest, Fsync::Never).unwrap();
    for event in demo::events(Scenario::Calm, 1).into_iter().take(20) {
        sink.accept(&Arc::new(event)).unwrap();
    }
    sink.flush().unwrap();
    sink
}

fn rows(root: &Path, run: &str, finished: bool) {
    let (dir, _) = RunDir::create(root, &RunId::new(run).unwrap()).unwrap();
    let mut events = demo::events(Scenario::LossyLink, 1);
    let last = if finished { events.len() } else { 20 };
    events.truncate(last);
    let mut text = String::new();
    for event in &events {
        encode_row(event, &mut text);
        text.push('\n');
    }
    fs::write(dir.events(), text).unwrap();
}

/// Makes everything in a directory, and itself, so many days old.
fn backdate(path: &Path, days: u64) {
    if path.is_dir() {
        let inside: Vec<PathBuf> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in &inside {
            backdate(path, days);
        }
    }
    let at = UNIX_EPOCH + Duration::from_secs(NOW - days * DAY - 60);
    File::open(path).unwrap().set_modified(at).unwrap();
}

#[test]
fn runs_go_by_age_by_number_or_by_both() {
    assert_eq!(Root::removed(&["--older-than", "30"]), ["rows-30", "finished-40"]);
    assert_eq!(Root::removed(&["--older-than", "40"]), ["finished-40"]);
    assert_eq!(Root::removed(&["--older-than", "41"]), [""; 0]);
    assert_eq!(Root::removed(&["--keep", "3"]), ["rows-died-3", "rows-30", "finished-40"]);
    assert_eq!(Root::removed(&["--keep", "5"]), ["finished-40"]);
    assert_eq!(Root::removed(&["--keep", "2", "--older-than", "10"]), ["rows-30", "finished-40"]);
    assert_eq!(Root::removed(&["--keep", "99"]), [""; 0]);
}

#[test]
fn a_live_run_one_that_may_be_and_what_is_no_run_never_go() {
    let root = Root::new();
    let (code, said) = root.gc(&["--keep", "0", "--yes"], None);
    assert_eq!(code, 0, "{said}");
    // `live-50` has not written for long, but its writer holds the lock; `silent-0` has no end, and wrote a minute ago.
    assert_eq!(root.left(), ["live-50", "other-90", "project-90", "silent-0", "web-90"]);
    let states: Vec<&str> = said.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(states.first(), Some(&"finished"), "{said}");
    assert_eq!(states.iter().filter(|&&state| state == "died").count(), 2, "{said}");
    assert!(said.contains("5 of 7 runs, "), "{said}");
}

#[test]
fn nothing_goes_without_a_yes() {
    let root = Root::new();
    let before = root.left();
    let all = ["--keep", "0"];
    assert_eq!(root.gc(&["--keep", "0", "--dry-run"], None).0, 0);
    let (code, said) = root.gc(&all, Some(false));
    assert!(code == 0 && said.ends_with("nothing was removed\n"), "{said}");
    let (code, said) = root.gc(&all, None);
    assert!(code == 2 && said.contains("--yes"), "{said}");
    let (code, said) = root.gc(&["--yes"], None);
    assert!(code == 2 && said.contains("--keep N or --older-than DAYS"), "{said}");
    assert_eq!(root.left(), before);
    assert_eq!(root.gc(&all, Some(true)).0, 0);
    assert_eq!(root.left().len(), before.len() - 5);
}

#[cfg(unix)]
#[test]
fn a_name_of_a_run_is_made_harmless() {
    let root = Root::new();
    fs::rename(root.path().join("finished-40"), root.path().join("a\u{1b}[2J\nb")).unwrap();
    let (code, said) = root.gc(&["--older-than", "35", "--yes"], None);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("a·[2J·b  "), "{said:?}");
    assert!(!root.left().iter().any(|name| name.starts_with('a')), "{said}");
}

#[cfg(unix)]
#[test]
fn links_are_never_followed() {
    use std::os::unix::fs::symlink;

    let (root, elsewhere) = (Root::new(), Root::new());
    let kept = elsewhere.left();
    symlink(elsewhere.path().join("finished-40"), root.path().join("link-0")).unwrap();
    symlink(elsewhere.path(), root.path().join("finished-40").join("elsewhere")).unwrap();
    let (code, said) = root.gc(&["--older-than", "35", "--yes"], None);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("left alone, not a directory but a link: link-0"), "{said}");
    assert!(!root.left().contains(&"finished-40".to_owned()), "{said}");
    assert!(root.left().contains(&"link-0".to_owned()));
    assert_eq!(elsewhere.left(), kept);
}

#[test]
fn a_run_in_which_others_were_made_stays() {
    let root = Root::new();
    let _live = log(&root.path().join("finished-40"), "live-1");
    drop(log(&root.path().join("finished-1").join("deeper").join("still"), "finished-1"));
    let (code, said) = root.gc(&["--keep", "0", "--yes"], None);
    assert_eq!(code, 0, "{said}");
    for name in ["finished-40", "finished-1"] {
        assert!(
            said.contains(&format!("left alone, another run is inside of it: {name}")),
            "{said}"
        );
        assert!(root.left().contains(&name.to_owned()), "{said}");
    }
    assert!(!root.left().contains(&"rows-30".to_owned()), "{said}");
}

#[test]
fn a_root_that_is_none_is_3() {
    let root = Root::new();
    let gc = |dir: PathBuf| {
        let args = GcArgs {
            dir: Some(dir),
            run_dir: None,
            keep: Some(1),
            older_than: None,
            dry_run: false,
            yes: true,
        };
        let now = Timestamp::from_micros(0);
        let ask = None::<fn(&str) -> bool>;
        let error = collect(&args, now, ask, &mut Vec::new(), &mut Vec::new()).unwrap_err();
        (error.exit_code(), error.to_string())
    };
    assert_eq!(gc(root.path().join("no")).0, 3);
    let (code, said) = gc(root.path().join("finished-1"));
    assert!(code == 3 && said.starts_with("this is a run, name the directory around it"), "{said}");
}
