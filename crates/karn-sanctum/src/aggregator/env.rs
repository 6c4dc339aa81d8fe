//! Folds steps and outcomes into one row per environment.

use std::sync::Arc;

use leyline::{EpisodeOutcome, EpochCompleted, ViewNs};

use crate::formula::env_status::{self, EnvScore};
use crate::history::History;
use crate::snapshot::EnvView;

/// What is known of one environment that has reported.
#[derive(Debug, Clone)]
struct Env {
    updated: ViewNs,
    episode_return: Option<f64>,
    episode_length: Option<u32>,
    best_return: Option<f64>,
    returns: History<f64>,
    score: EnvScore,
    /// Whether an env-episode has ended since the latest end of a batch.
    has_ended: bool,
    /// Epochs since start at the end of the latest batch in which an env-episode ended.
    ended_at_epoch: u64,
}

/// The environments of a group. Rows of environments that have not reported take no memory.
#[derive(Debug, Clone)]
pub(super) struct Envs {
    announced: u32,
    reported: Vec<Option<Box<Env>>>,
}

impl Envs {
    /// Returns rows for the environments that the start of the run announced.
    pub(super) const fn new(announced: u32) -> Self {
        Self { announced, reported: Vec::new() }
    }

    /// Folds a step.
    pub(super) fn step(&mut self, epoch: &EpochCompleted, received: ViewNs) {
        let EpochCompleted {
            env_id,
            inner_epoch: _,
            episode_idx: _,
            env_step: _,
            reward: _,
            episode_return,
            episode_length,
            val_accuracy: _,
            val_loss: _,
            train_loss: _,
        } = epoch;
        let env = self.env(*env_id, received);
        env.episode_return = episode_return.or(env.episode_return);
        env.episode_length = episode_length.or(env.episode_length);
    }

    /// Folds a finished env-episode of an environment.
    pub(super) fn outcome(
        &mut self,
        env_id: u32,
        outcome: &EpisodeOutcome,
        success_return: Option<f64>,
        received: ViewNs,
    ) {
        let EpisodeOutcome {
            env_id: _,
            episode_idx: _,
            episode_return,
            episode_length,
            terminated: _,
            truncated: _,
            success: _,
        } = outcome;
        let env = self.env(env_id, received);
        env.episode_return = Some(*episode_return);
        env.episode_length = Some(*episode_length);
        if episode_return.is_finite() {
            env.best_return =
                Some(env.best_return.map_or(*episode_return, |best| best.max(*episode_return)));
        }
        env.has_ended = true;
        env.returns.push(*episode_return);
        let window = env.returns.latest(env_status::WINDOW);
        env.score = env.score.after(&window, *episode_length, success_return);
    }

    /// Takes note of the end of a batch; returns the environment that has not ended an env-episode for longest, among those that
    /// report, and for how many epochs.
    pub(super) fn batch_ended(&mut self, epochs: u64) -> Option<(u32, u64)> {
        let mut longest = None;
        for (id, env) in self.reported.iter_mut().enumerate() {
            let Some(env) = env else { continue };
            if std::mem::take(&mut env.has_ended) {
                env.ended_at_epoch = epochs;
            }
            let quiet = epochs.saturating_sub(env.ended_at_epoch);
            if longest.is_none_or(|(_, most)| most < quiet) {
                longest = Some((id as u32, quiet));
            }
        }
        longest
    }

    /// Takes a picture of all rows, by id.
    pub(super) fn view(&self, now: ViewNs) -> Arc<[EnvView]> {
        let slots = (self.announced as usize).max(self.reported.len());
        let row = |id: usize| match self.reported.get(id) {
            Some(Some(env)) => Some(env.view(id as u32, now)),
            Some(None) | None => (id < self.announced as usize).then(|| EnvView::empty(id as u32)),
        };
        (0..slots).filter_map(row).collect()
    }

    /// Returns roughly how much memory the rows take (bytes).
    pub(super) fn heap_bytes(&self) -> usize {
        let rows = self.reported.iter().flatten();
        let rows = rows.map(|env| size_of::<Env>() + env.returns.heap_bytes());
        self.reported.len() * size_of::<Option<Box<Env>>>() + rows.sum::<usize>()
    }

    /// The caller has checked that ids stay below `leyline::validate::MAX_ENVS`, which bounds the memory.
    fn env(&mut self, id: u32, received: ViewNs) -> &mut Env {
        let at = id as usize;
        if self.reported.len() <= at {
            self.reported.resize(at + 1, None);
        }
        let env = self.reported[at].get_or_insert_with(|| Box::new(Env::new(received)));
        env.updated = received;
        env
    }
}

impl Env {
    const fn new(received: ViewNs) -> Self {
        Self {
            updated: received,
            episode_return: None,
            episode_length: None,
            best_return: None,
            returns: History::new(),
            score: EnvScore::new(),
            has_ended: false,
            ended_at_epoch: 0,
        }
    }

    fn view(&self, env_id: u32, now: ViewNs) -> EnvView {
        EnvView {
            env_id,
            status: self.score.status,
            last_update_age_seconds: Some(now.seconds_since(self.updated).max(0.0)),
            epochs_since_improvement: self.score.epochs_since_improvement,
            episode_return: self.episode_return,
            best_return: self.best_return,
            return_history: self.returns.shared(),
            episode_length: self.episode_length,
        }
    }
}
