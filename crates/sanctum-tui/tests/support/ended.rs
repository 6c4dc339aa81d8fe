//! How the log of a run ends.

use std::fs;
use std::path::Path;

use leyline::{Event, FinishReason, Incoming};
use nissa::recording::{Read, Recording};

/// Checks that the only run below `root` has a whole log, and that it ends with the end of the run for this reason.
#[track_caller]
pub(crate) fn assert_ended(root: &Path, reason: FinishReason) {
    let run = fs::read_dir(root).unwrap().next().unwrap().unwrap().path();
    let mut recording = Recording::open(&run).unwrap();
    let mut last = None;
    while let Read::Event(incoming) = recording.read().unwrap() {
        last = Some(incoming);
    }
    assert!(!recording.is_live() && recording.damage().is_empty(), "{:?}", recording.damage());
    let Some(Incoming::Known(envelope)) = last else { panic!("no event in {}", run.display()) };
    let Event::TrainingFinished(end) = &envelope.event else { panic!("{envelope:?}") };
    assert_eq!(end.reason, reason);
}
