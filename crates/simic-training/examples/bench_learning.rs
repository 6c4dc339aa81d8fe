//! Runs the default training of every task and prints what it reached and how long it took, as `cargo xtask bench` reads it.
#![expect(clippy::print_stdout, reason = "printing is its purpose")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use leyline::{GroupId, RunId};
use simic_emitter::{Clock, HubBuilder, StopFlag, SystemClock};
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::trainer::Trainer;

fn main() -> Result<(), Box<dyn Error>> {
    for (task, seeds, bar) in [
        (Task::CartPole, 1..=3, 475.0),
        (Task::Acrobot, 1..=3, -100.0),
        (Task::Pendulum, 1..=3, -300.0),
    ] {
        for seed in seeds {
            let clock = Arc::new(SystemClock::new());
            let run = RunId::new("learning")?;
            let (hub, guard) =
                HubBuilder::new(run, GroupId::default(), Arc::<SystemClock>::clone(&clock))
                    .start(Duration::from_secs(10))?;
            let begun = clock.now().mono_ns;
            let summary = Trainer::new(Config::default_run(task, seed), |_| task.make(), hub)?
                .run(&StopFlag::new())?;
            let seconds = clock.now().mono_ns.seconds_since(begun);
            guard.close(Duration::from_secs(10));
            let steps = summary.env_steps_since_start;
            let name = format!("learning/{} seed {seed}", task.name());
            let reached = serde_json::json!({
                "name": format!("{name} mean return"), "value": summary.mean_return, "unit": "reward", "bar": bar,
                "better": "higher", "detail": format!("last 100 of {} episodes, {steps} env steps", summary.episodes_completed),
            });
            println!("{reached}");
            let took = serde_json::json!({
                "name": format!("{name} time"), "value": seconds, "unit": "s", "bar": (task == Task::CartPole).then_some(60.0),
                "better": "lower", "detail": format!("{:.0} env steps/s", steps as f64 / seconds),
            });
            println!("{took}");
        }
    }
    Ok(())
}
