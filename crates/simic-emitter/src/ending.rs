//! What each group has done so far, so that a group whose trainer went away still ends properly.

use std::collections::BTreeMap;

use leyline::validate::MAX_GROUPS;
use leyline::{Event, FinishReason, GroupId, SkipReason, TrainingFinished};

/// Groups that were started and not finished, with the numbers that their end must carry.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    open: BTreeMap<GroupId, Course>,
    any_started: bool,
}

#[derive(Debug, Clone)]
struct Course {
    start_batch: u64,
    last_batch: u64,
    episodes_completed: Option<u64>,
    env_steps_since_start: Option<u64>,
    updates_skipped: u64,
}

impl Endings {
    /// Takes note of an event that is about to be offered.
    pub(crate) fn note(&mut self, group: &GroupId, event: &Event) {
        if let Event::TrainingStarted(start) = event {
            self.any_started = true;
            // A reader rejects further groups, so an end for them would help nobody.
            if self.open.len() < MAX_GROUPS || self.open.contains_key(group) {
                let course = Course {
                    start_batch: start.start_batch,
                    last_batch: start.start_batch,
                    episodes_completed: start.start_episodes,
                    env_steps_since_start: Some(0),
                    updates_skipped: 0,
                };
                self.open.insert(group.clone(), course);
            }
        } else if let Event::TrainingFinished(_) = event {
            self.open.remove(group);
        } else if let Event::EpochCompleted(_) = event
            && let Some(course) = self.open.get_mut(group)
        {
            // Epochs may be thinned out, so the steps since the last batch are not known from here.
            course.env_steps_since_start = None;
        } else if let Event::EpisodeOutcome(_) = event
            && let Some(course) = self.open.get_mut(group)
        {
            course.episodes_completed = course.episodes_completed.map(|count| count + 1);
        } else if let Event::BatchEpochCompleted(batch) = event
            && let Some(course) = self.open.get_mut(group)
        {
            if batch.skip_reason != Some(SkipReason::Interrupted) {
                course.last_batch = batch.batch_idx;
            }
            course.episodes_completed = batch.episodes_completed;
            course.env_steps_since_start = batch.env_steps_since_start;
        } else if let Event::PpoUpdateCompleted(update) = event
            && update.skipped
            && let Some(course) = self.open.get_mut(group)
        {
            course.updates_skipped += 1;
        }
    }

    /// Returns whether groups were started and all of them have finished.
    pub(crate) fn all_finished(&self) -> bool {
        self.any_started && self.open.is_empty()
    }

    /// Returns a group that is still being trained.
    pub(crate) fn in_progress(&self) -> Option<&GroupId> {
        self.open.keys().next()
    }

    /// Returns the missing ends; `error` says why a group failed, `None` that it was asked to stop.
    pub(crate) fn missing(&self, error: Option<&str>) -> Vec<(GroupId, TrainingFinished)> {
        let end = |(group, course): (&GroupId, &Course)| {
            let end = TrainingFinished {
                reason: if error.is_some() { FinishReason::Failed } else { FinishReason::Stopped },
                error: error.map(str::to_owned),
                last_batch: course.last_batch,
                batches_since_start: course.last_batch.saturating_sub(course.start_batch),
                episodes_completed: course.episodes_completed,
                env_steps_since_start: course.env_steps_since_start,
                updates_skipped: course.updates_skipped,
            };
            (group.clone(), end)
        };
        self.open.iter().map(end).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use leyline::{BatchEpochCompleted, BatchOutcome, EpisodeOutcome, TrainingStarted};

    use super::*;

    pub(crate) fn start() -> Event {
        Event::from(TrainingStarted {
            task: "CartPole-v1".to_owned(),
            n_envs: Some(4),
            max_epochs: Some(128),
            max_batches: 75,
            start_batch: 25,
            requested_batches: Some(50),
            start_episodes: Some(100),
            host_params: None,
            reward_mode: None,
            max_entropy: None,
            success_return: None,
            seed: None,
            device: None,
            resumed_from: None,
            hyperparams: None,
        })
    }

    fn batch(batch_idx: u64, skip_reason: Option<SkipReason>) -> Event {
        Event::from(BatchEpochCompleted {
            batch_idx,
            outcome: skip_reason.is_some().then_some(BatchOutcome::Skipped),
            skip_reason,
            n_envs: Some(4),
            episodes_completed: Some(100 + 4 * (batch_idx - 25)),
            batch_episodes: Some(4),
            mean_return: Some(20.0),
            epochs_since_start: Some(128 * (batch_idx - 25)),
            env_steps_since_start: Some(512 * (batch_idx - 25)),
            avg_accuracy: None,
            batch_seconds: None,
            collect_seconds: None,
            update_seconds: None,
            evaluate_seconds: None,
            checkpoint_seconds: None,
            wait_seconds: None,
            emit_seconds: None,
            pauses: None,
            resumes: None,
        })
    }

    fn outcome() -> Event {
        Event::from(EpisodeOutcome {
            env_id: Some(1),
            episode_idx: 105,
            episode_return: 9.0,
            episode_length: 9,
            terminated: Some(true),
            truncated: Some(false),
            success: None,
        })
    }

    #[track_caller]
    fn check(events: &[Event], error: Option<&str>, last_batch: u64, since: u64, episodes: u64) {
        let mut endings = Endings::default();
        let group = GroupId::default();
        for event in events {
            endings.note(&group, event);
        }
        let missing = endings.missing(error);
        let [(_, end)] = missing.as_slice() else { panic!("one end is missing: {missing:?}") };
        assert_eq!((end.last_batch, end.batches_since_start), (last_batch, since));
        assert_eq!(end.episodes_completed, Some(episodes));
        let expected = if error.is_some() { FinishReason::Failed } else { FinishReason::Stopped };
        assert_eq!((end.reason, end.error.as_deref()), (expected, error));
    }

    #[test]
    fn a_missing_end_carries_the_numbers_of_the_last_batch() {
        check(&[start()], None, 25, 0, 100);
        check(&[start(), batch(26, None)], Some("gone"), 26, 1, 104);
        check(&[start(), batch(26, None), outcome()], None, 26, 1, 105);
        check(
            &[start(), batch(26, None), batch(27, Some(SkipReason::Interrupted))],
            None,
            26,
            1,
            108,
        );
        check(&[start(), batch(26, Some(SkipReason::KlLimit))], None, 26, 1, 104);
        check(&[start(), batch(26, None), start()], None, 25, 0, 100);
    }

    #[test]
    fn a_finished_group_needs_no_other_end() {
        let mut endings = Endings::default();
        let (a, b) = (GroupId::new("a").unwrap(), GroupId::new("b").unwrap());
        assert!(!endings.all_finished() && endings.in_progress().is_none());
        endings.note(&a, &start());
        endings.note(&b, &start());
        let (_, end) = endings.missing(None).remove(0);
        endings.note(&a, &Event::from(end.clone()));
        assert_eq!((endings.in_progress(), endings.missing(None).len()), (Some(&b), 1));
        endings.note(&b, &Event::from(end));
        assert!(endings.all_finished() && endings.missing(None).is_empty());
    }
}
