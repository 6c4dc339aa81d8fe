//! Alerts of whole runs: when they begin, what they keep, when they end, and what does not make one.

use crate::support::{self, *};
use karn_sanctum::alert::AlertsView;
use karn_sanctum::{Aggregator, Alert};
use leyline::{
    AlertLevel, BatchEpochCompleted, Event, FinishReason, Incoming, Lane, Phase,
    PpoUpdateCompleted, RuleId, SkipReason,
};

/// A run whose batches take one second each.
struct Run {
    feed: Option<Feed>,
    batch: u64,
    seconds: f64,
}

impl Run {
    fn started(start_batch: u64) -> Self {
        let start = with(start(start_batch + 1000, start_batch), |start| {
            start.max_entropy = Some(0.7);
        });
        Self { feed: Some(Feed::new().at(0.0, start)), batch: start_batch, seconds: 0.0 }
    }

    fn feed(&mut self, event: impl Into<Event>) -> &mut Self {
        let feed = self.feed.take().unwrap();
        self.feed = Some(feed.at(self.seconds, event));
        self
    }

    /// One batch, with an update that measured only what `change` sets.
    fn batch(&mut self, change: impl FnOnce(&mut PpoUpdateCompleted)) -> &mut Self {
        self.batch += 1;
        self.seconds += 1.0;
        let update = with(update(self.batch), change);
        self.feed(update).end(|_| {})
    }

    /// The end of the batch.
    fn end(&mut self, change: impl FnOnce(&mut BatchEpochCompleted)) -> &mut Self {
        let end = with(batch(self.batch), change);
        self.feed(end)
    }

    fn calm(&mut self, batches: usize) -> &mut Self {
        for i in 0..batches {
            self.batch(|update| update.kl_divergence = Some(0.008 + 0.001 * (i % 3) as f64));
        }
        self
    }

    fn kl(&mut self, values: &[f64]) -> &mut Self {
        for &value in values {
            self.batch(|update| update.kl_divergence = Some(value));
        }
        self
    }

    fn fold(&self) -> &Aggregator {
        &self.feed.as_ref().unwrap().aggregator
    }

    fn view(&self, later: f64) -> AlertsView {
        self.fold().alerts(&key("r", "default"), view(self.seconds + later))
    }

    fn list(&self) -> Vec<Alert> {
        self.view(0.0).list
    }

    /// Compares the alerts, as `rule level first-last`, with `…` behind those that last.
    #[track_caller]
    fn check(&self, expected: &[&str]) {
        let told = |alert: &Alert| {
            let batch = |at: karn_sanctum::alert::At| at.batch.unwrap_or(0);
            let lasts = if alert.ended.is_none() { "…" } else { "" };
            let (first, last) = (batch(alert.first), batch(alert.last));
            format!("{} {} {first}-{last}{lasts}", alert.rule, alert.level)
        };
        let seen: Vec<String> = self.list().iter().map(told).collect();
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_high_kl_begins_lasts_and_ends_with_hysteresis() {
    let mut run = Run::started(0);
    run.calm(10).kl(&[0.02, 0.01, 0.01, 0.02, 0.01, 0.01]).check(&[]);
    run.kl(&[0.02, 0.01, 0.025]).check(&["kl-high warning 17-19…"]);
    run.kl(&[0.01, 0.01]).check(&["kl-high warning 17-19…"]);
    run.kl(&[0.05, 0.04]).check(&["kl-high critical 17-23…"]);
    run.kl(&[0.01; 3]).check(&["kl-high critical 17-23"]);
    let alert = run.list()[0];
    assert_eq!((alert.worst.value, alert.worst.at.batch), (0.05, Some(22)));
    assert_eq!(alert.worst.place.map(|place| place.path), Some("policy.kl_divergence"));
    assert_eq!(alert.ended.and_then(|at| at.batch), Some(26));
}

#[test]
fn the_first_ten_batches_of_a_start_are_silent_also_after_a_resume() {
    for start in [0, 40] {
        let mut run = Run::started(start);
        run.kl(&[0.05; 10]).check(&[]);
        run.kl(&[0.05]).check(&[]);
        let expected = format!("kl-high critical {}-{}…", start + 11, start + 12);
        run.kl(&[0.05]).check(&[&expected]);
        let again = support::start(1000, run.batch);
        run.feed(again).check(&[expected.trim_end_matches('…')]);
        run.kl(&[0.05; 10]).check(&[expected.trim_end_matches('…')]);
    }
}

#[test]
fn warm_up_hides_neither_nan_nor_losses_nor_silence() {
    let mut run = Run::started(0);
    run.batch(|update| update.value_loss = Some(f64::NAN)).check(&["nan critical 1-1…"]);
    run.batch(|update| update.nan_grad_count = Some(3)).check(&["nan critical 1-2…"]);
    let mut run = Run::started(0);
    run.calm(1).feed(loss("rows", Lane::Lossless, 3)).calm(1).check(&["lost critical 2-2…"]);
    run.calm(2).feed(loss("rows", Lane::Lossless, 4)).calm(1).check(&["lost critical 2-5…"]);
    run.calm(3).check(&["lost critical 2-5"]);
    let mut run = Run::started(0);
    run.calm(2).seconds += 6.0;
    run.calm(1).check(&["age critical 2-2…"]);
    run.calm(2).check(&["age critical 2-2"]);
}

#[test]
fn an_absent_or_skipped_reading_is_neither_a_finding_nor_clear() {
    let mut run = Run::started(0);
    run.calm(10).kl(&[0.02, 0.02]).check(&["kl-high warning 11-12…"]);
    for _ in 0..5 {
        run.batch(|_| {});
    }
    run.check(&["kl-high warning 11-12…"]);
    let mut run = Run::started(0);
    run.calm(10).kl(&[0.02]).batch(|_| {}).kl(&[0.02]).check(&["kl-high warning 11-13…"]);
    let view = run.view(0.0);
    let evaluated = |rule: RuleId| view.rules[rule as usize].evaluated;
    assert!(evaluated(RuleId::KlHigh) && !evaluated(RuleId::ClipHigh));
    // Entropy has no limit while its maximum is not known.
    let start = support::start(1000, 0);
    let mut run = Run { feed: Some(Feed::new().at(0.0, start)), batch: 0, seconds: 0.0 };
    for _ in 0..15 {
        run.batch(|update| update.entropy = Some(0.05));
    }
    assert!(!run.view(0.0).rules[RuleId::EntLow as usize].evaluated);
}

#[test]
fn three_skips_in_a_row_are_critical() {
    let mut run = Run::started(0);
    let skip = |update: &mut PpoUpdateCompleted| {
        update.skipped = true;
        update.skip_reason = Some(SkipReason::KlLimit);
    };
    run.batch(skip).check(&["skipped warning 1-1…"]);
    run.batch(skip).batch(skip).check(&["skipped critical 1-3…"]);
    run.calm(3).check(&["skipped critical 1-3"]);
}

#[test]
fn the_metric_that_moved_first_is_named() {
    let mut run = Run::started(0);
    for i in 0..20 {
        let wave = 0.001 * f64::from(i % 3);
        run.batch(|update| {
            update.kl_divergence = Some(0.008 + wave);
            update.grad_norm = Some(1.0 + wave);
        });
    }
    for kl in [0.009, 0.009, 0.05, 0.05] {
        run.batch(|update| {
            update.kl_divergence = Some(kl);
            update.grad_norm = Some(3.0);
        });
    }
    run.check(&["kl-high critical 23-24…"]);
    let mover = run.list()[0].mover.unwrap();
    assert_eq!((mover.path, mover.at.batch), ("policy.grad_norm", Some(21)));
    assert!(3.0 < mover.sigmas, "{mover:?}");
}

#[test]
fn silence_and_a_batch_that_does_not_end_are_alerts_of_the_moment() {
    let mut run = Run::started(0);
    run.calm(8);
    assert_eq!(run.view(1.0).list, []);
    let rules = |view: &AlertsView| -> Vec<(RuleId, AlertLevel)> {
        view.list.iter().map(|alert| (alert.rule, alert.level)).collect()
    };
    assert_eq!(rules(&run.view(2.5)), [(RuleId::Age, AlertLevel::Warning)]);
    let both = [(RuleId::Age, AlertLevel::Critical), (RuleId::Stall, AlertLevel::Critical)];
    assert_eq!(rules(&run.view(7.0)), both);
    assert_eq!(run.list(), [], "asking changes nothing");
    run.seconds += 7.0;
    run.calm(1).check(&["age critical 8-8…", "stall critical 9-9…"]);
    run.feed(finish(FinishReason::Completed)).calm(0);
    assert!(run.view(60.0).list.iter().all(|alert| alert.first.batch < Some(10)), "it is over");
}

#[test]
fn a_long_evaluation_is_no_stall_that_is_critical() {
    let stall = |run: &Run, after: f64| {
        let view = run.view(after);
        view.list.iter().find(|alert| alert.rule == RuleId::Stall).map(|alert| alert.level)
    };
    let beat = |phase| with(heartbeat(), |beat| beat.phase = phase);
    let mut run = Run::started(0);
    run.calm(8);
    run.seconds += 6.0;
    assert_eq!(stall(&run, 0.0), Some(AlertLevel::Critical));
    run.feed(beat(Phase::Evaluating));
    assert_eq!(stall(&run, 0.0), Some(AlertLevel::Warning));
    run.feed(beat(Phase::Collecting));
    assert_eq!(stall(&run, 0.0), Some(AlertLevel::Critical));
    run.feed(beat(Phase::Evaluating));
    run.batch += 1;
    run.end(|batch| batch.evaluate_seconds = Some(5.5)).check(&["age critical 8-8"]);
    run.seconds += 6.0;
    assert_eq!(stall(&run, 0.0), Some(AlertLevel::Critical), "the evaluation is over");
}

#[test]
fn a_critic_is_judged_while_returns_vary() {
    let mut run = Run::started(0);
    let solved = |run: &mut Run, std: f64, batches: usize| {
        for _ in 0..batches {
            run.batch(|update| {
                update.explained_variance = Some(-2.0);
                update.v_return_correlation = Some(0.1);
                update.return_mean = Some(-50.0);
                update.return_std = Some(std);
            });
        }
    };
    solved(&mut run, 0.4, 20);
    run.check(&[]);
    solved(&mut run, 0.6, 5);
    run.check(&["ev-low warning 21-25…", "critic warning 21-25…"]);
    solved(&mut run, 0.4, 3);
    run.check(&["ev-low warning 21-25", "critic warning 21-25"]);
}

#[test]
fn a_critic_that_lags_behind_progress_is_a_warning() {
    let mut run = Run::started(0);
    let play = |run: &mut Run, score: f64| {
        for _ in 0..10 {
            run.feed(outcome(0, score, 20));
        }
        run.batch(|update| update.explained_variance = Some(-0.1));
    };
    (0..20).for_each(|i| play(&mut run, f64::from(i)));
    run.check(&["ev-low warning 11-20…"]);
    (0..20).for_each(|_| play(&mut run, 5.0));
    assert_eq!(run.list()[0].level, AlertLevel::Critical, "the return no longer rises");
}

#[test]
fn a_critic_of_targets_that_vary_little_is_a_warning() {
    let mut run = Run::started(0);
    let constant = |run: &mut Run, std: Option<f64>, batches: usize| {
        for _ in 0..batches {
            run.batch(|update| {
                update.explained_variance = Some(-0.1);
                update.v_return_correlation = Some(0.1);
                update.return_mean = Some(-50.0);
                update.return_std = std;
            });
        }
    };
    constant(&mut run, Some(9.9), 20);
    run.check(&["ev-low warning 11-20…", "critic warning 11-20…"]);
    constant(&mut run, Some(10.0), 3);
    run.check(&["ev-low critical 11-23…", "critic critical 11-23…"]);
    let mut run = Run::started(0);
    constant(&mut run, None, 13);
    run.check(&["ev-low critical 11-13…", "critic critical 11-13…"]);
    let mut run = Run::started(0);
    for _ in 0..13 {
        run.batch(|update| {
            update.explained_variance = Some(-0.1);
            (update.return_mean, update.return_std) = (Some(f64::INFINITY), Some(1.0));
        });
    }
    assert!(run.list().iter().any(|a| a.rule == RuleId::EvLow && a.level == AlertLevel::Critical));
}

#[test]
fn entropy_may_fall_while_the_run_makes_progress_and_once_the_task_is_solved() {
    let begin = || {
        let start = with(start(1000, 0), |start| {
            (start.max_entropy, start.success_return) = (Some(1.1), Some(100.0));
        });
        Run { feed: Some(Feed::new().at(0.0, start)), batch: 0, seconds: 0.0 }
    };
    // Ten episodes a batch, so the mean of the latest 100 follows within ten batches.
    let play = |run: &mut Run, score: f64, entropy: f64| {
        for _ in 0..10 {
            run.feed(outcome(0, score, 20));
        }
        run.batch(|update| update.entropy = Some(entropy));
    };
    let falling = |i: u32| 1.1 - 0.05 * f64::from(i);
    let mut run = begin();
    (0..14).for_each(|i| play(&mut run, f64::from(i), falling(i)));
    run.check(&["ent-fall warning 11-14…"]);
    let mut run = begin();
    (0..14).for_each(|i| play(&mut run, 5.0, falling(i)));
    run.check(&["ent-fall critical 11-14…"]);
    let mut run = begin();
    (0..16).for_each(|i| play(&mut run, 100.0, falling(i)));
    run.check(&[]);
    (0..12).for_each(|_| play(&mut run, 100.0, 0.05));
    run.check(&["ent-low warning 17-28…"]);
    (0..3).for_each(|_| play(&mut run, 5.0, 0.05));
    run.check(&["ent-low critical 17-31…", "ent-fall critical 30-31…"]);
}

#[test]
fn single_ratios_are_a_warning_while_the_kl_divergence_is_healthy() {
    let update = |run: &mut Run, kl: Option<f64>, batches: usize| {
        for _ in 0..batches {
            run.batch(|update| {
                update.kl_divergence = kl;
                update.ratio_min = Some(0.1);
            });
        }
    };
    let mut run = Run::started(0);
    update(&mut run, Some(0.015), 15);
    run.check(&["ratio warning 11-15…"]);
    update(&mut run, Some(0.016), 1);
    update(&mut run, None, 1);
    run.check(&["ratio critical 11-17…"]);
}

#[test]
fn a_slow_batch_is_measured_by_the_batches_before() {
    let mut run = Run::started(0);
    run.calm(8);
    for _ in 0..2 {
        run.seconds += 1.0;
        run.feed(heartbeat()).seconds += 0.5;
        run.calm(1);
    }
    run.check(&["slow warning 9-10…"]);
}

#[test]
fn an_environment_that_ends_no_episode_is_named() {
    let mut run = Run::started(0);
    for i in 0..10_u64 {
        run.batch += 1;
        run.seconds += 1.0;
        for env in 0..2 {
            // Environment 1 is frozen from batch 4 on.
            if env == 0 || i < 3 {
                for _ in 0..4 {
                    run.feed(outcome(env, 20.0, 20));
                }
            }
        }
        run.feed(update(i + 1)).end(|end| end.epochs_since_start = Some((i + 1) * 200));
    }
    run.check(&["env-quiet warning 9-10…"]);
    assert_eq!(run.list()[0].worst.env, Some(1));
}

#[test]
fn a_return_that_falls_far_below_its_best_is_said_and_one_that_never_rises() {
    let mut run = Run::started(0);
    let play = |run: &mut Run, score: f64, batches: usize| {
        for i in 0..batches {
            for _ in 0..20 {
                run.feed(outcome(0, score + (i % 2) as f64, 20));
            }
            run.calm(1);
        }
    };
    play(&mut run, 200.0, 12);
    run.check(&[]);
    play(&mut run, 20.0, 12);
    assert_eq!(run.list()[0].rule, RuleId::RetDrop);
    let mut run = Run::started(0);
    play(&mut run, 20.0, 200);
    run.check(&[]);
    play(&mut run, 20.0, 60);
    assert_eq!(run.list().iter().map(|alert| alert.rule).collect::<Vec<_>>(), [RuleId::Plateau]);
}

#[test]
fn alerts_are_bounded_and_the_rest_is_counted() {
    let mut run = Run::started(0);
    run.calm(10);
    for _ in 0..300 {
        run.kl(&[0.05, 0.05, 0.01, 0.01, 0.01]);
    }
    let view = run.view(0.0);
    assert_eq!((view.list.len(), view.forgotten()), (karn_sanctum::alert::KEPT, 100));
    let tally = view.rules[RuleId::KlHigh as usize];
    assert_eq!((tally.begun, tally.worst), (300, Some(AlertLevel::Critical)));
    assert_eq!(view.list.last().map(|alert| alert.number), Some(300));
}

#[test]
fn a_copy_that_goes_on_says_what_the_fold_says_that_it_was_taken_of() {
    use leyline::demo::{self, Scenario};
    for scenario in [Scenario::KlSpike, Scenario::EntropyCollapse, Scenario::LossyLink] {
        let events: Vec<Incoming> = demo::incoming(scenario, 1);
        let received = |incoming: &Incoming| match incoming {
            Incoming::Known(envelope) => leyline::ViewNs(envelope.mono_ns.0),
            Incoming::Unknown(_) | Incoming::Rejected(_) => leyline::ViewNs(0),
        };
        let mut whole = Aggregator::new();
        let mut copies = Vec::new();
        for (i, event) in events.iter().enumerate() {
            if i % 97 == 0 {
                copies.push((i, whole.clone()));
            }
            whole.apply(event, received(event));
        }
        let run = whole.default_key().unwrap();
        let expected = whole.alerts(&run, leyline::ViewNs(0));
        for (from, mut copy) in copies {
            events[from..].iter().for_each(|event| copy.apply(event, received(event)));
            assert_eq!(copy.alerts(&run, leyline::ViewNs(0)), expected, "{scenario:?} from {from}");
        }
    }
}
