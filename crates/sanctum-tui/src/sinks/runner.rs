//! Starts a program for an alert, one at a time, on a thread of its own: whatever it does, neither the viewer nor the run notices.

use std::io::{self, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, bounded, select, tick};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::sinks::CommandSink;

/// Alerts that wait while a program runs; more are counted and not told.
pub(super) const WAITING: usize = 16;
/// Time between two looks whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);
/// How long the thread may take to end once its program was killed.
const GRACE: Duration = Duration::from_secs(1);

/// What a program gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    /// For its standard input.
    pub(super) input: String,
    pub(super) variables: Vec<(&'static str, String)>,
}

/// Nothing is ever sent through it: it closes when a program must end at once.
#[derive(Debug)]
pub(super) enum Never {}

/// The thread and the ways to it.
#[derive(Debug)]
pub(super) struct Runner {
    jobs: Sender<Job>,
    /// Alerts that found the queue full.
    dropped: u64,
    /// The first failure, in words.
    failure: Receiver<String>,
    stop: Sender<Never>,
    /// Failures, and programs that were not started, at the end.
    ended: Receiver<Failures>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Failures {
    failed: u64,
    skipped: u64,
}

impl Runner {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// Fails if the system gives none.
    pub(super) fn start(sink: CommandSink) -> io::Result<Self> {
        Self::with(move |job, stop| run(&sink, job, stop))
    }

    /// Starts a thread that does this with each job.
    fn with(
        mut act: impl FnMut(&Job, &Receiver<Never>) -> Result<(), String> + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = bounded::<Job>(WAITING);
        let (stop, stopped) = bounded(0);
        let (say, failure) = bounded(1);
        let (end, ended) = bounded(1);
        Builder::new().name("sanctum-alert".to_owned()).spawn(move || {
            let mut failures = Failures::default();
            for job in queue {
                if is_closed(&stopped) {
                    failures.skipped += 1;
                } else if let Err(why) = act(&job, &stopped) {
                    failures.failed += 1;
                    if failures.failed == 1 {
                        // There is room for it; the others are counted.
                        say.try_send(why).ok();
                    }
                }
            }
            end.try_send(failures).ok();
        })?;
        Ok(Self { jobs, dropped: 0, failure, stop, ended })
    }

    /// Hands a job on; never waits.
    pub(super) fn tell(&mut self, job: Job) {
        if self.jobs.try_send(job).is_err() {
            self.dropped += 1;
        }
    }

    /// Returns where the first failure is told; nothing comes after it.
    pub(super) fn failure(&self) -> Receiver<String> {
        self.failure.clone()
    }

    /// Waits for what is under way, then kills it; returns what was not done, in words.
    pub(super) fn finish(self, patience: Duration) -> Option<String> {
        let Self { jobs, dropped, failure: _, stop, ended } = self;
        drop(jobs);
        let ended = ended.recv_timeout(patience).or_else(|_| {
            drop(stop);
            ended.recv_timeout(GRACE)
        });
        let mut told = Vec::new();
        match ended {
            Ok(Failures { failed, skipped }) => {
                if 0 < failed {
                    told.push(format!("failed for {failed}"));
                }
                if 0 < skipped {
                    told.push(format!("was not started for {skipped} at the end"));
                }
            }
            Err(_) => told.push("did not end".to_owned()),
        }
        if 0 < dropped {
            told.push(format!("was not started for {dropped} because {WAITING} were waiting"));
        }
        (!told.is_empty()).then(|| format!("the alert command {} of the alerts", told.join(", ")))
    }
}

fn is_closed(stopped: &Receiver<Never>) -> bool {
    matches!(stopped.try_recv(), Err(crossbeam_channel::TryRecvError::Disconnected))
}

/// Runs the program once, to its end.
fn run(sink: &CommandSink, job: &Job, stop: &Receiver<Never>) -> Result<(), String> {
    let Some((program, arguments)) = sink.words.split_first() else { return Ok(()) };
    let failed = |what: &str, error: &io::Error| format!("cannot {what} `{program}`: {error}");
    let mut command = Command::new(program);
    command.args(arguments).envs(job.variables.iter().map(|(name, value)| (name, value)));
    // A group of its own: a key of the terminal does not reach it, and what it has started can be killed with it.
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = command.spawn().map_err(|error| failed("start", &error))?;
    let fed = feed(&mut child, &job.input);
    let (over, look) = (after(sink.patience), tick(LOOK));
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            Err(error) => return Err(failed("wait for", &error)),
        }
        select! {
            recv(look) -> _ => {}
            recv(over) -> _ => {
                kill(&mut child);
                return Err(format!("`{program}` was killed after {} s", sink.patience.as_secs_f64()));
            }
            recv(stop) -> _ => {
                kill(&mut child);
                return Err(format!("`{program}` was killed at the end"));
            }
        }
    };
    if !status.success() {
        return Err(format!("`{program}` ended with {status}"));
    }
    fed.map_err(|error| failed("write to", &error))
}

/// Writes all of the input at once: the pipe has room for it, and whoever does not read it must not hold this thread.
fn feed(child: &mut Child, input: &str) -> io::Result<()> {
    let Some(mut stdin) = child.stdin.take() else { return Ok(()) };
    rustix::io::ioctl_fionbio(&stdin, true)?;
    match stdin.write_all(input.as_bytes()) {
        // It has ended, or does not care.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn kill(child: &mut Child) {
    kill_process_group(Pid::from_child(child), Signal::KILL).ok();
    // Whatever is killed ends; then nothing of it is left.
    child.wait().ok();
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn job(input: &str) -> Job {
        Job { input: input.to_owned(), variables: vec![("SANCTUM_ALERT_RULE", "nan".to_owned())] }
    }

    fn command(words: &[&str], patience: Duration) -> CommandSink {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        CommandSink { words, least: leyline::AlertLevel::Critical, patience }
    }

    #[test]
    fn a_program_gets_input_and_variables_and_no_shell() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out $HOME; x");
        let script = r#"{ cat; echo "$SANCTUM_ALERT_RULE"; } > "$0""#;
        let sink = command(&["sh", "-c", script, out.to_str().unwrap()], LONG);
        let mut runner = Runner::start(sink).unwrap();
        runner.tell(job("{\"schema\":1}\n"));
        assert_eq!(runner.finish(LONG), None);
        assert_eq!(fs::read_to_string(out).unwrap(), "{\"schema\":1}\nnan\n");
    }

    #[track_caller]
    fn check_failure(sink: CommandSink, first: &str) {
        let mut runner = Runner::start(sink).unwrap();
        let failure = runner.failure();
        runner.tell(job("x"));
        let told = failure.recv().unwrap();
        assert!(told.starts_with(first), "{told}");
        runner.tell(job("x"));
        assert_eq!(
            runner.finish(LONG).as_deref(),
            Some("the alert command failed for 2 of the alerts")
        );
        assert_eq!(failure.try_iter().count(), 0);
    }

    #[test]
    fn the_first_failure_is_told_and_the_others_are_counted() {
        check_failure(command(&["sh", "-c", "exit 3"], LONG), "`sh` ended with exit status: 3");
        check_failure(command(&["/no/such/program"], LONG), "cannot start `/no/such/program`: ");
        let moment = Duration::from_millis(1);
        check_failure(
            command(&["sh", "-c", "sleep 600 & wait"], moment),
            "`sh` was killed after 0.001 s",
        );
    }

    #[test]
    fn a_program_that_does_not_read_its_input_harms_nobody() {
        let mut runner = Runner::start(command(&["true"], LONG)).unwrap();
        runner.tell(job(&"x".repeat(1000)));
        assert_eq!(runner.finish(LONG), None);
        // More than any pipe holds cannot be written without waiting, so it is not waited for.
        let mut runner = Runner::start(command(&["sh", "-c", "exec 0<&0; sleep 0"], LONG)).unwrap();
        let failure = runner.failure();
        runner.tell(job(&"x".repeat(1 << 24)));
        let told = runner.finish(LONG);
        // Either it had gone before everything was written, or the pipe was full.
        assert_eq!(told.is_some(), failure.try_recv().is_ok(), "{told:?}");
    }

    #[test]
    fn what_does_not_fit_is_counted_and_what_hangs_is_killed() {
        let (entered, inside) = bounded(WAITING);
        let runner = Runner::with(move |job, stop| {
            entered.send(job.input.clone()).ok();
            // Until it must end.
            stop.recv().ok();
            Err("held".to_owned())
        });
        let mut runner = runner.unwrap();
        runner.tell(job("first"));
        assert_eq!(inside.recv().unwrap(), "first");
        for _ in 0..WAITING + 3 {
            runner.tell(job("later"));
        }
        assert_eq!(
            runner.finish(Duration::ZERO).as_deref(),
            Some(
                "the alert command failed for 1, was not started for 16 at the end, was not started for 3 \
                 because 16 were waiting of the alerts"
            )
        );
        assert_eq!(inside.try_iter().count(), 0);
    }
}
