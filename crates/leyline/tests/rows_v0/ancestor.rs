//! A whole run of the Python system; every expected number was taken from the file by another program.

use std::collections::BTreeMap;
use std::sync::Arc;

use leyline::wire::{RowDecoder, encode_row};
use leyline::{Envelope, Event, Incoming, RunNs, Scalar, Severity};
use proptest::prelude::*;

use crate::known;

const ANCESTOR: &str = include_str!("../../testdata/wire/v0/ancestor-run.v0.jsonl");

/// How many rows of each kind the run holds, counted with Python.
const KINDS: [(&str, usize); 16] = [
    ("ANALYTICS_SNAPSHOT", 86),
    ("BATCH_EPOCH_COMPLETED", 5),
    ("EPISODE_OUTCOME", 15),
    ("EPOCH_COMPLETED", 75),
    ("GRADIENT_ANOMALY", 9),
    ("MORPHOLOGY_CAUSAL_LOG", 187),
    ("NUMERICAL_INSTABILITY_DETECTED", 4),
    ("PHASE_PROFILE_COMPLETED", 30),
    ("PLATEAU_DETECTED", 3),
    ("PPO_UPDATE_COMPLETED", 5),
    ("SEED_GATE_EVALUATED", 25),
    ("SEED_GERMINATED", 15),
    ("SEED_STAGE_CHANGED", 12),
    ("TAMIYO_INITIATED", 15),
    ("TRAINING_STARTED", 1),
    ("VALUE_COLLAPSE_DETECTED", 2),
];

fn ancestor() -> Vec<Incoming> {
    let mut decoder = RowDecoder::new("ancestor-run.v0");
    ANCESTOR.lines().map(|line| decoder.decode(line.as_bytes())).collect()
}

#[test]
fn every_row_of_the_ancestor_is_known_or_unknown() {
    let mut kinds: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (at, incoming) in ancestor().into_iter().enumerate() {
        let (kind, known, seq, run) = match incoming {
            Incoming::Known(e) => (e.event.kind().to_string(), 1, e.seq, e.run_id.clone()),
            Incoming::Unknown(e) => (e.event_type.clone(), 0, e.seq, e.run_id.clone()),
            Incoming::Rejected(rejection) => panic!("row {at}: {rejection:?}"),
        };
        assert_eq!((seq, run.as_str()), (at as u64, "ancestor-run.v0"));
        let counts = kinds.entry(kind).or_default();
        counts.0 += 1;
        counts.1 += known;
    }
    let unknown = [
        "ANALYTICS_SNAPSHOT",
        "MORPHOLOGY_CAUSAL_LOG",
        "PHASE_PROFILE_COMPLETED",
        "SEED_GATE_EVALUATED",
        "SEED_GERMINATED",
        "SEED_STAGE_CHANGED",
        "TAMIYO_INITIATED",
    ];
    let expected: BTreeMap<_, _> = KINDS
        .into_iter()
        .map(|(kind, n)| (kind.to_owned(), (n, if unknown.contains(&kind) { 0 } else { n })))
        .collect();
    assert_eq!(kinds, expected);
}

fn ancestor_row(at: usize) -> Arc<Envelope> {
    known(ancestor().swap_remove(at))
}

#[test]
fn the_start_of_the_ancestor() {
    let envelope = ancestor_row(0);
    let Event::TrainingStarted(start) = &envelope.event else { panic!("{envelope:?}") };
    assert_eq!(
        (start.task.as_str(), start.n_envs, start.max_epochs),
        ("cifar_minimal", Some(3), Some(5))
    );
    assert_eq!((start.max_batches, start.start_batch, start.requested_batches), (5, 0, Some(5)));
    assert_eq!(
        (start.start_episodes, start.host_params, start.seed),
        (Some(0), Some(164), Some(21))
    );
    assert_eq!(
        (start.reward_mode.as_deref(), start.device.as_deref()),
        (Some("shaped"), Some("cpu"))
    );
    assert_eq!(
        (start.resumed_from.as_ref(), start.max_entropy, start.success_return),
        (None, None, None)
    );
    let hyperparams: Vec<_> =
        start.hyperparams.iter().flatten().map(|(name, x)| (name.as_str(), x.clone())).collect();
    assert_eq!(
        hyperparams,
        [
            ("clip_range", Scalar::Number(0.2)),
            ("entropy_coef", Scalar::Number(0.1)),
            ("learning_rate", Scalar::Number(0.0003))
        ]
    );
    assert_eq!(envelope.ts.to_string(), "2026-11-21T18:15:59.978687Z");
    assert_eq!(envelope.mono_ns, RunNs(0));
}

#[test]
fn updates_and_batches_of_the_ancestor() {
    let at = [88, 168, 287, 390, 483];
    let norms = [
        9.378_825_187_683_105,
        7.863_085_746_765_137,
        6.044_729_232_788_086,
        6.771_985_054_016_113,
        10.697_791_099_548_34,
    ];
    let entropies = [
        5.999_779_224_395_752,
        5.999_722_003_936_768,
        5.999_372_482_299_805,
        5.999_190_330_505_371,
        5.998_945_713_043_213,
    ];
    for (batch, ((at, norm), entropy)) in (1_u64..).zip(at.into_iter().zip(norms).zip(entropies)) {
        let envelope = ancestor_row(at);
        let Event::PpoUpdateCompleted(update) = &envelope.event else { panic!("{envelope:?}") };
        assert_eq!(
            (update.batch_idx, update.skipped, update.optimizer_steps),
            (batch, false, Some(1))
        );
        assert_eq!(
            (update.kl_divergence, update.entropy, update.grad_norm),
            (Some(0.0), Some(entropy), Some(norm))
        );
        assert_eq!((update.learning_rate, update.dead_layers), (Some(0.0003), Some(20)));
        // The first update has a number, all others have a bare NaN.
        let explained = update.explained_variance.unwrap();
        assert!(if batch == 1 {
            (explained + 0.000_600_695_610_046_386_7).abs() < 1e-18
        } else {
            explained.is_nan()
        });
        assert_eq!(
            (update.transitions, update.passes_run, update.skip_reason.as_ref()),
            (None, None, None)
        );
    }
    let batches = [
        (90, 3, 0.408_922_039_778_453_7, 9.570_312_5),
        (290, 9, 0.298_578_656_130_734_37, 9.830_729_166_666_666),
    ];
    for (at, episodes, reward, accuracy) in batches {
        let envelope = ancestor_row(at);
        let Event::BatchEpochCompleted(batch) = &envelope.event else { panic!("{envelope:?}") };
        assert_eq!(
            (batch.batch_idx, batch.n_envs, batch.episodes_completed),
            (episodes / 3, Some(3), Some(episodes))
        );
        assert_eq!((batch.mean_return, batch.avg_accuracy), (Some(reward), Some(accuracy)));
        assert_eq!(
            (batch.outcome, batch.batch_episodes, batch.env_steps_since_start),
            (None, None, None)
        );
    }
    // 18:16:06.780907 is 6.80222 s after the first row.
    assert_eq!(ancestor_row(90).mono_ns, RunNs(6_802_220_000));
}

#[test]
fn episodes_and_anomalies_of_the_ancestor() {
    let envelope = ancestor_row(161);
    let Event::EpisodeOutcome(outcome) = &envelope.event else { panic!("{envelope:?}") };
    assert_eq!((outcome.env_id, outcome.episode_idx, outcome.episode_length), (Some(1), 4, 5));
    assert_eq!(outcome.episode_return.to_bits(), 0.461_802_122_167_680_35_f64.to_bits());
    assert_eq!(
        (outcome.success, outcome.truncated, outcome.terminated),
        (Some(false), Some(true), Some(false))
    );
    let envelope = ancestor_row(284);
    let anomaly = envelope.event.anomaly().unwrap();
    assert_eq!(
        (anomaly.kind.as_str(), anomaly.batch_idx, anomaly.inner_epoch),
        ("entropy_collapse_slot", Some(3), Some(5))
    );
    assert_eq!(
        anomaly.detail.as_deref(),
        Some("slot entropy=0.0000 < 0.1 (3 consecutive updates)")
    );
    let trend = ancestor_row(289);
    assert_eq!(trend.event.anomaly().unwrap().value, Some(-0.151_909_722_222_223_2));
    assert_eq!(
        ancestor_row(166).severity,
        Severity::Error,
        "a warning there, at least an error here"
    );
}

proptest! {
    #[test]
    fn a_damaged_row_does_no_harm_and_what_is_read_is_written_as_version_1(
        at in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        damage in "[-+0-9.eE\"\\\\{}\\[\\]:,NaIfinty trul]{0,6}",
        cut in 0_usize..6,
    ) {
        let lines: Vec<_> = ANCESTOR.lines().collect();
        let mut bytes = at.get(&lines).as_bytes().to_vec();
        let start = place.index(bytes.len());
        let end = (start + cut).min(bytes.len());
        bytes.splice(start..end, damage.bytes());
        if let Incoming::Known(read) = RowDecoder::new("file").decode(&bytes) {
            let mut written = String::new();
            encode_row(&read, &mut written);
            let again = known(RowDecoder::new("file").decode(written.as_bytes()));
            let expected = Envelope { v: 1, ..(*read).clone() };
            prop_assert_eq!(format!("{again:?}"), format!("{expected:?}"));
        }
    }
}
