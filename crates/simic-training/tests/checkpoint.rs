//! Checkpoint files: written whole, named by batch, and refused with a reason when anything is wrong with them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/run.rs"]
mod run;
#[path = "support/small.rs"]
mod small;

use std::fs;
use std::path::Path;

use leyline::{Event, FinishReason};
use simic_emitter::StopFlag;
use simic_training::checkpoint::{Checkpoint, MAGIC, VERSION};
use simic_training::config::Config;
use simic_training::env::Task;
use simic_training::trainer::{TrainError, Trainer};

use run::with_hub;
use small::small;

/// A checkpoint after two batches, and its bytes.
fn sample() -> (Checkpoint, Vec<u8>) {
    let (checkpoint, _) = with_hub(|hub, _| {
        let mut trainer = Trainer::new(small(2), |_| Task::Pendulum.make(), hub).unwrap();
        trainer.run(&StopFlag::new()).unwrap();
        trainer.checkpoint()
    });
    let bytes = checkpoint.encode(Path::new("unused")).unwrap();
    (checkpoint, bytes)
}

#[track_caller]
fn check_refused(bytes: &[u8], expected: &str) {
    let error = Checkpoint::decode(bytes, Path::new("dir/000002.ckpt")).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

/// Puts the right checksum behind changed bytes.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 4;
    let checksum = crc32c::crc32c(&bytes[..end]).to_le_bytes();
    bytes[end..].copy_from_slice(&checksum);
    bytes
}

#[test]
fn a_file_decodes_to_what_was_encoded() {
    let (checkpoint, bytes) = sample();
    assert_eq!(bytes[..8], MAGIC);
    assert_eq!(Checkpoint::decode(&bytes, Path::new("x")).unwrap(), checkpoint);
}

#[test]
fn a_newer_version_is_named() {
    let (_, mut bytes) = sample();
    bytes[8..12].copy_from_slice(&(VERSION + 1).to_le_bytes());
    check_refused(
        &sealed(bytes),
        "cannot read checkpoint: unknown version 3 (this build reads 1 to 2): dir/000002.ckpt",
    );
    let (_, mut bytes) = sample();
    bytes[8..12].copy_from_slice(&0_u32.to_le_bytes());
    check_refused(
        &sealed(bytes),
        "cannot read checkpoint: unknown version 0 (this build reads 1 to 2): dir/000002.ckpt",
    );
}

/// A file that the build before wrote, after 3 batches: `esper ppo --envs 2 --episode-length 8 --hidden 6 --episodes 3`.
const OF_VERSION_1: &[u8] = include_bytes!("../testdata/version-1.ckpt");

#[test]
fn tele_914_a_checkpoint_of_version_1_goes_on_and_nobody_knows_how_often() {
    let old = Checkpoint::decode(OF_VERSION_1, Path::new("old.ckpt")).unwrap();
    assert_eq!((old.task.as_str(), old.batch, old.seed, old.resumes), ("CartPole-v1", 3, 5, None));
    let (of_the_rest, events) = with_hub(|hub, _| {
        let make = |_| Task::CartPole.make();
        let mut trainer = Trainer::resume(&old, old.config(2), make, hub).unwrap();
        trainer.run(&StopFlag::new()).unwrap();
        trainer.checkpoint()
    });
    assert_eq!((of_the_rest.batch, of_the_rest.resumes), (5, None), "not known stays not known");
    let told: Vec<_> = events
        .iter()
        .filter_map(|e| if let Event::BatchEpochCompleted(b) = &e.event { Some(b) } else { None })
        .map(|batch| batch.resumes)
        .collect();
    assert_eq!(told, [None, None]);
    // Damage is noticed as in a file of today.
    for at in (0..OF_VERSION_1.len()).step_by(7) {
        let mut damaged = OF_VERSION_1.to_vec();
        damaged[at] ^= 1 << (at % 8);
        assert!(Checkpoint::decode(&damaged, Path::new("x")).is_err(), "byte {at}");
    }
    // Neither version is read as the other.
    for (bytes, other) in [(OF_VERSION_1.to_vec(), 2_u32), (sample().1, 1)] {
        let mut bytes = bytes;
        bytes[8..12].copy_from_slice(&other.to_le_bytes());
        let told = Checkpoint::decode(&sealed(bytes), Path::new("x")).unwrap_err().to_string();
        assert!(told.starts_with("cannot decode the content of a checkpoint: "), "{told}");
    }
}

#[test]
fn another_file_is_no_checkpoint() {
    check_refused(&[b'{'; 300], "not a checkpoint (other first bytes): dir/000002.ckpt");
}

#[test]
fn a_directory_or_a_pipe_in_place_of_a_checkpoint_is_refused_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoints/000002.ckpt");
    fs::create_dir_all(&path).unwrap();
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("pipe.ckpt")).status();
    assert!(made.unwrap().success());
    for (place, name) in [(dir.path(), "000002.ckpt"), (&dir.path().join("pipe.ckpt"), "pipe.ckpt")]
    {
        let error = Checkpoint::load(place).unwrap_err().to_string();
        assert!(error.contains("not a file") && error.contains(name), "{error}");
    }
}

#[test]
fn a_truncated_file_says_how_much_is_missing() {
    let (_, bytes) = sample();
    let expected = bytes.len();
    for cut in [1, 4, 5, expected / 2] {
        let found = expected - cut;
        let told =
            format!("cannot read checkpoint: {found} bytes, {expected} expected: dir/000002.ckpt");
        check_refused(&bytes[..found], &told);
    }
    check_refused(&bytes[..3], "cannot read checkpoint: 3 bytes, 24 expected: dir/000002.ckpt");
    check_refused(&bytes[..11], "cannot read checkpoint: 11 bytes, 24 expected: dir/000002.ckpt");
    check_refused(&[], "cannot read checkpoint: 0 bytes, 24 expected: dir/000002.ckpt");
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (_, bytes) = sample();
    for at in (0..bytes.len()).step_by(7) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(Checkpoint::decode(&damaged, Path::new("x")).is_err(), "byte {at}");
    }
    let mut damaged = bytes.clone();
    damaged[30] ^= 1;
    let told = Checkpoint::decode(&damaged, Path::new("x")).unwrap_err().to_string();
    assert!(told.starts_with("cannot read checkpoint: checksum is "), "{told}");
}

#[test]
fn intact_bytes_with_another_content_are_refused() {
    let (_, bytes) = sample();
    let mut short = bytes[..12].to_vec();
    short.extend_from_slice(&2_u64.to_le_bytes());
    short.extend_from_slice(&[0xff, 0xff, 0, 0, 0, 0]);
    let told = Checkpoint::decode(&sealed(short), Path::new("x")).unwrap_err().to_string();
    assert!(told.starts_with("cannot decode the content of a checkpoint: "), "{told}");
}

fn train_in(
    directory: &Path,
    change: impl FnOnce(&mut Config),
) -> (Result<FinishReason, TrainError>, Vec<Event>) {
    let mut config = Config { run_dir: Some(directory.to_owned()), ..small(5) };
    change(&mut config);
    let (result, events) = with_hub(|hub, _| {
        Trainer::new(config, |_| Task::CartPole.make(), hub).unwrap().run(&StopFlag::new())
    });
    (result.map(|summary| summary.reason), events.iter().map(|e| e.event.clone()).collect())
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn every_second_batch_and_the_end_are_saved() {
    let directory = tempfile::tempdir().unwrap();
    let (result, events) = train_in(directory.path(), |c| c.save_every = Some(2));
    assert_eq!(result.unwrap(), FinishReason::Completed);
    // Nothing else: no temporary file is left.
    assert_eq!(
        names(&directory.path().join("checkpoints")),
        ["000002.ckpt", "000004.ckpt", "000005.ckpt"]
    );
    let saved: Vec<_> = events
        .iter()
        .filter_map(|e| if let Event::CheckpointSaved(s) = e { Some(s) } else { None })
        .collect();
    assert_eq!(saved.len(), 3);
    for (told, batch) in saved.iter().zip([2, 4, 5]) {
        let path = directory.path().join(&told.path);
        assert_eq!(told.path, format!("checkpoints/00000{batch}.ckpt"));
        assert_eq!(
            (told.batch_idx, told.size_bytes),
            (Some(batch), Some(fs::metadata(&path).unwrap().len()))
        );
        assert_eq!(Checkpoint::load(&path).unwrap().batch, batch);
    }
    let at = events.iter().position(|e| matches!(e, Event::CheckpointSaved(_))).unwrap();
    assert!(matches!(&events[at - 1], Event::BatchEpochCompleted(b) if b.batch_idx == 2));
    assert_eq!(Checkpoint::load(directory.path()).unwrap().batch, 5);
}

#[test]
fn a_last_batch_that_is_due_is_saved_once() {
    let directory = tempfile::tempdir().unwrap();
    let (_, events) = train_in(directory.path(), |c| c.save_every = Some(5));
    assert_eq!(events.iter().filter(|e| matches!(e, Event::CheckpointSaved(_))).count(), 1);
}

#[test]
fn a_directory_that_cannot_be_written_fails_the_run() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("checkpoints"), "in the way").unwrap();
    let (result, events) = train_in(directory.path(), |c| c.save_every = Some(2));
    let told = result.unwrap_err().to_string();
    assert!(told.starts_with("cannot make the directory of the checkpoint: "), "{told}");
    let Some(Event::TrainingFinished(end)) = events.last() else { panic!("the run must end") };
    assert_eq!(
        (end.reason, end.last_batch, end.error.as_deref()),
        (FinishReason::Failed, 2, Some(told.as_str()))
    );
}

#[test]
fn the_newest_is_the_one_with_the_highest_batch() {
    let directory = tempfile::tempdir().unwrap();
    let told = Checkpoint::load(directory.path()).unwrap_err().to_string();
    assert!(told.starts_with("no checkpoint in run directory: "), "{told}");
    let (mut checkpoint, _) = sample();
    for batch in [999_999, 1_000_000, 7] {
        checkpoint.batch = batch;
        checkpoint.save(directory.path()).unwrap();
    }
    fs::write(directory.path().join("checkpoints/.9000000.ckpt.tmp"), "half").unwrap();
    fs::write(directory.path().join("checkpoints/notes.txt"), "").unwrap();
    assert_eq!(Checkpoint::load(directory.path()).unwrap().batch, 1_000_000);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let told = Checkpoint::load(Path::new("no/such.ckpt")).unwrap_err().to_string();
    assert!(
        told.starts_with("cannot read checkpoint: ") && told.ends_with(": no/such.ckpt"),
        "{told}"
    );
}
