//! Inputs to payloads: one function per event.

use crate::model::{Extended, Inputs, Measured, Score, Scored, Started, Timed, Updated};

pub(crate) fn started(inputs: &Inputs) -> Started {
    Started {
        task: inputs.task.clone(),
        max_batches: inputs.episodes + inputs.start_episode,
        start_batch: inputs.start_episode,
    }
}

pub(crate) const fn extended(inputs: &Inputs) -> Extended {
    Extended { max_batches: inputs.episodes + inputs.start_episode + inputs.more }
}

pub(crate) const fn updated(update: &Measured) -> Updated {
    Updated { kl: update.kl, loss: update.loss }
}

pub(crate) const fn timed(update: &Measured) -> Timed {
    Timed { update_ms: update.update_ms, wait_ms: update.wait_ms }
}

pub(crate) const fn scored(score: &Score) -> Scored {
    Scored { env_id: score.env_id, score: score.score }
}
