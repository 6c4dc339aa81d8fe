//! A batch as text: everything that its numbers can be computed from again by somebody else.

use leyline::wire;
use serde::Serialize;

use crate::config::Hyperparams;
use crate::diagnostics::Evaluated;
use crate::env::End;
use crate::rollout::Rollout;
use crate::update::advantages_in_loss;

/// Version of the form.
const SCHEMA: u32 = 1;

/// The form. Transition `t * n_envs + e` is step `t` of environment `e`.
#[derive(Debug, Serialize)]
struct Form<'a> {
    schema: u32,
    batch_idx: u64,
    n_envs: usize,
    gamma: f64,
    gae_lambda: f64,
    clip_range: f64,
    normalize_advantages: bool,
    /// Times the reward scale, as the critic sees them.
    rewards: &'a [f64],
    values: &'a [f64],
    next_values: &'a [f64],
    terminated: Vec<bool>,
    truncated: Vec<bool>,
    old_log_probs: &'a [f64],
    td_errors: Vec<f64>,
    advantages: Vec<f64>,
    advantages_in_loss: Vec<f64>,
    returns: Vec<f64>,
    evaluated: Samples<'a>,
}

/// Every sample of every minibatch, in the order in which it was evaluated.
#[derive(Debug, Serialize)]
struct Samples<'a> {
    indices: &'a [usize],
    new_log_probs: &'a [f64],
}

/// Returns the batch as one JSON object with a line feed; a float has as many digits as it takes to read it back, and
/// one that is not finite is a text.
pub fn text(batch_idx: u64, hyper: &Hyperparams, rollout: &Rollout, seen: &Evaluated) -> String {
    let targets = rollout.targets(hyper.gamma, hyper.gae_lambda);
    let ended = |how: End| rollout.ends.iter().map(|end| *end == how).collect();
    let form = Form {
        schema: SCHEMA,
        batch_idx,
        n_envs: rollout.n_envs,
        gamma: hyper.gamma,
        gae_lambda: hyper.gae_lambda,
        clip_range: hyper.clip_range,
        normalize_advantages: hyper.normalize_advantages,
        rewards: &rollout.rewards,
        values: &rollout.values,
        next_values: &rollout.next_values,
        terminated: ended(End::Terminated),
        truncated: ended(End::Truncated),
        old_log_probs: &rollout.log_probs,
        advantages_in_loss: advantages_in_loss(&targets.advantages, hyper.normalize_advantages),
        td_errors: targets.td_errors,
        advantages: targets.advantages,
        returns: targets.returns,
        evaluated: Samples { indices: &seen.indices, new_log_probs: &seen.log_probs },
    };
    wire::to_json(&form) + "\n"
}
