//! What the arguments mean: a run that the trainer can begin, or the reason why not. Nothing is written here.

use std::fmt;
use std::path::Path;

use sanctum_tui::source::trainer::task_named;
use simic_training::checkpoint::{Checkpoint, CheckpointError};
use simic_training::config::{Config, ConfigError, Dump, Evaluation};
use simic_training::env::Task;
use simic_training::evaluation;
use simic_training::fault::Faults;
use simic_training::learner::Learner;

use crate::cli::PpoArgs;

/// A run, ready to begin.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What is learnt.
    pub(crate) task: Task,
    /// How; without the directory of the run, which does not exist yet.
    pub(crate) config: Config,
    /// Where the run goes on from.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// What goes wrong on purpose.
    pub(crate) faults: Faults,
    /// What the user should know, although nothing is wrong.
    pub(crate) notes: Vec<String>,
}

/// Arguments that cannot be followed.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The seed of a run that asks for none.
const SEED: u64 = 1;

impl Plan {
    /// Works out the run, reading the checkpoint to resume from.
    pub(crate) fn of(args: &PpoArgs) -> Result<Self, Usage> {
        let asked = args
            .task
            .as_deref()
            .map(task_named)
            .transpose()
            .map_err(|error| Usage(error.to_string()))?;
        let mut plan = match &args.resume {
            Some(path) => Self::resumed(path, asked, args)?,
            None => Self::fresh(asked.unwrap_or(Task::CartPole), args),
        };
        plan.config.epoch_every = args.epoch_every.unwrap_or(plan.config.epoch_every);
        plan.config.save_every = args.save;
        plan.config.evaluation = args.eval_every.map(|every| Evaluation {
            every,
            episodes: args.eval_episodes.unwrap_or(evaluation::EPISODES),
        });
        plan.config.dump = dump(args, &plan.config)?;
        args.hyper.apply(&mut plan.config.hyper);
        plan.check().map_err(|error| Usage(told(&error)))?;
        plan.faults = Faults::new(args.inject.clone(), &plan.config)
            .map_err(|error| Usage(format!("--inject: {error}")))?;
        if !plan.faults.is_empty() {
            plan.notes.push(format!("this run goes wrong on purpose: {}", plan.faults));
        }
        Ok(plan)
    }

    /// Makes what will learn and throws it away again, so that what cannot work is refused before anything is written.
    fn check(&self) -> Result<(), ConfigError> {
        let mut learner = Learner::new(&self.config, |_| self.task.make())?;
        self.checkpoint.as_ref().map_or(Ok(()), |checkpoint| checkpoint.thaw(&mut learner))
    }

    fn fresh(task: Task, args: &PpoArgs) -> Self {
        let mut config = Config::default_run(task, args.seed.unwrap_or(SEED));
        config.n_envs = args.envs.unwrap_or(config.n_envs);
        config.max_epochs = args.episode_length.unwrap_or(config.max_epochs);
        config.requested_batches = args.episodes.unwrap_or_else(|| budget(task, &config));
        config.start_batch = args.start_episode.unwrap_or(0);
        Self { task, config, checkpoint: None, faults: Faults::default(), notes: Vec::new() }
    }

    fn resumed(path: &Path, asked: Option<Task>, args: &PpoArgs) -> Result<Self, Usage> {
        let checkpoint = Checkpoint::load(path).map_err(|error| unreadable(&error))?;
        let task = Task::from_name(&checkpoint.task).ok_or_else(|| {
            Usage(format!(
                "the checkpoint is of task {}, which this build does not have",
                checkpoint.task
            ))
        })?;
        same("--task", asked.map(Task::name), task.name())?;
        same("--start-episode", args.start_episode, checkpoint.batch)?;
        let mut config = checkpoint.config(checkpoint.remaining_batches());
        same("--envs", args.envs, config.n_envs)?;
        config.max_epochs = args.episode_length.unwrap_or(config.max_epochs);
        if config.requested_batches == 0 {
            config.requested_batches = budget(task, &config);
        }
        config.requested_batches = args.episodes.unwrap_or(config.requested_batches);
        config.resumed_from = Some(path.display().to_string());
        let mut notes = Vec::new();
        if let Some(seed) = args.seed.filter(|&seed| seed != checkpoint.seed) {
            notes.push(format!(
                "--seed {seed} has no effect: the random state comes from the checkpoint"
            ));
        }
        let faults = Faults::default();
        Ok(Self { task, config, checkpoint: Some(checkpoint), faults, notes })
    }
}

/// Returns the batch that is to be written.
fn dump(args: &PpoArgs, config: &Config) -> Result<Option<Dump>, Usage> {
    let Some(path) = args.dump_rollout.clone() else { return Ok(None) };
    let first = config.start_batch.saturating_add(1);
    let last = config.start_batch.saturating_add(config.requested_batches);
    let batch = args.dump_batch.unwrap_or(first);
    if !(first..=last).contains(&batch) {
        return Err(Usage(format!("--dump-batch is {batch}, allowed is {first} to {last}")));
    }
    Ok(Some(Dump { path, batch }))
}

fn budget(task: Task, config: &Config) -> u64 {
    let steps = u64::from(config.n_envs) * u64::from(config.max_epochs);
    simic_training::config::TaskDefaults::of(task).batches(steps)
}

/// Refuses an argument that says something else than the checkpoint.
fn same<T: PartialEq + fmt::Display + Copy>(
    flag: &str,
    asked: Option<T>,
    stored: T,
) -> Result<(), Usage> {
    match asked {
        Some(asked) if asked != stored => {
            Err(Usage(format!("{flag} is {asked}, but the checkpoint has {stored}")))
        }
        Some(_) | None => Ok(()),
    }
}

fn unreadable(error: &CheckpointError) -> Usage {
    Usage(format!("cannot resume: {error}"))
}

/// Returns the error in the words of the command line.
fn told(error: &ConfigError) -> String {
    let ConfigError::OutOfRange { field, value, low, high } = error else {
        return error.to_string();
    };
    let flag = match *field {
        "n_envs" => "--envs".to_owned(),
        "max_epochs" => "--episode-length".to_owned(),
        "n_envs * max_epochs" => "--envs times --episode-length".to_owned(),
        "requested_batches" => "--episodes".to_owned(),
        "start_batch" => "--start-episode".to_owned(),
        "save_every" => "--save".to_owned(),
        "number of hidden layers" | "width of a hidden layer" => format!("--hidden: {field}"),
        name => format!("--{}", name.replace('_', "-")),
    };
    // The smallest number there is stands for a range that is open below.
    let open = low.to_bits() == f64::MIN_POSITIVE.to_bits();
    let from = if open { "above 0".to_owned() } else { low.to_string() };
    format!("{flag} is {value}, allowed is {from} to {high}")
}

#[cfg(test)]
mod tests;
