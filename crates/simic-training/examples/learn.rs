//! Runs whole default trainings and prints what came of them: `--task NAME --seeds 1..=10`, `--markdown` for a table.
#![expect(clippy::print_stdout, reason = "printing is its purpose")]

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use leyline::field::Seen;
use leyline::{Envelope, Event, GroupId, RunId};
use simic_emitter::{Bounds, Clock, HubBuilder, Sink, SinkError, StopFlag, SystemClock};
use simic_training::config::Config;
use simic_training::diagnostics::statistics::quantile;
use simic_training::env::{Env, Task};
use simic_training::trainer::Trainer;

/// Numbers whose distributions are asked for.
const NAMES: [&str; 18] = [
    "grad_norm",
    "gradient_cv",
    "explained_variance",
    "v_return_correlation",
    "kl_divergence",
    "clip_fraction",
    "ratio_min",
    "ratio_max",
    "ratio_std",
    "entropy",
    "advantage_mean",
    "advantage_std",
    "advantage_skewness",
    "advantage_kurtosis",
    "advantage_positive_ratio",
    "value_std",
    "td_error_mean",
    "return_skewness",
];

/// Keeps the updates and outcomes of a run, for which it has room.
struct Updates(Sender<Arc<Envelope>>);

impl Sink for Updates {
    fn accept(&mut self, envelope: &Arc<Envelope>) -> Result<(), SinkError> {
        if let Event::PpoUpdateCompleted(_) | Event::EpisodeOutcome(_) = envelope.event {
            self.0.try_send(Arc::clone(envelope)).map_err(SinkError::new)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let value =
        |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let name = value("--task").map_or("CartPole-v1", String::as_str);
    let task = Task::from_name(name).ok_or("unknown task")?;
    let seeds = value("--seeds").map_or("1..=3", String::as_str);
    let (low, high) = seeds.split_once("..=").unwrap_or((seeds, seeds));
    let markdown = arguments.iter().any(|a| a == "--markdown");

    // Until the mean return of the last 100 env-episodes first reaches what counts as solved, and from then on.
    let mut samples = [vec![Vec::new(); NAMES.len()], vec![Vec::new(); NAMES.len()]];
    let solved_at = task.make().spec().success_return.unwrap_or(f64::INFINITY);
    println!(
        "| seed | env steps | episodes | mean return of the last 100 | seconds |\n|---|---|---|---|---|"
    );
    for seed in low.parse::<u64>()?..=high.parse::<u64>()? {
        let clock = Arc::new(SystemClock::new());
        let (kept, updates): (_, Receiver<Arc<Envelope>>) = bounded(100_000);
        let builder = HubBuilder::new(
            RunId::new("learn")?,
            GroupId::default(),
            Arc::<SystemClock>::clone(&clock),
        );
        let (hub, guard) = builder
            .sink("updates", Bounds::default(), Updates(kept))
            .start(Duration::from_secs(10))?;
        let config = Config::default_run(task, seed);
        let begun = clock.now().mono_ns;
        let summary = Trainer::new(config, |_| task.make(), hub)?.run(&StopFlag::new())?;
        let seconds = clock.now().mono_ns.seconds_since(begun);
        guard.close(Duration::from_secs(10));
        println!(
            "| {seed} | {} | {} | {:.1} | {seconds:.1} |",
            summary.env_steps_since_start,
            summary.episodes_completed,
            summary.mean_return.unwrap_or(f64::NAN)
        );
        let (mut returns, mut solved) = (VecDeque::new(), 0);
        for envelope in updates.try_iter() {
            if let Event::EpisodeOutcome(end) = &envelope.event {
                returns.push_back(end.episode_return);
                if returns.len() == 100 && solved_at <= returns.iter().sum::<f64>() / 100.0 {
                    solved = 1;
                }
                if returns.len() == 100 {
                    returns.pop_front();
                }
                continue;
            }
            envelope.event.visit_fields(&mut |_, spec, seen| {
                if let (Some(at), Seen::Number(x)) =
                    (NAMES.iter().position(|n| *n == spec.name), seen)
                {
                    samples[solved][at].push(x);
                }
            });
        }
    }
    if markdown {
        table("until solved", &mut samples[0]);
        table("after that", &mut samples[1]);
    }
    Ok(())
}

fn table(when: &str, samples: &mut [Vec<f64>]) {
    println!("\n| {when} | min | p10 | median | p90 | max | n |\n|---|---|---|---|---|---|---|");
    for (name, of_name) in NAMES.iter().zip(samples) {
        of_name.sort_by(f64::total_cmp);
        let at =
            |q: f64| quantile(of_name, q).map_or_else(|| "—".to_owned(), |x| format!("{x:.4}"));
        let five = [0.0, 0.1, 0.5, 0.9, 1.0].map(at);
        println!("| `{name}` | {} | {} |", five.join(" | "), of_name.len());
    }
}
