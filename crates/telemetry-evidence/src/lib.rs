//! What the verifier asks the probe, and what the probe answers: two JSON files, and nothing of the product in between.
//!
//! | module | holds |
//! |---|---|
//! | [`plan`] | what the records say, in a form that needs no parser: written by `cargo xtask verify-telemetry` |
//! | [`evidence`] | what moved when something was moved: written by `telemetry-probe` |
//! | [`cut`] | what moved while a wire was cut, which `--deep` asks |
//!
//! A value is JSON. A number that is not finite has the spelling of the wire: `"NaN"`, `"Infinity"`, `"-Infinity"`.
//! A path is that of a field from the root of the snapshot, the inputs or a payload, with `[*]` for any entry of a list or
//! map (`envs[*].status`); a payload path begins with the name of the event (`TrainingStarted.max_batches`) or with
//! `envelope`.

pub mod cut;
pub mod evidence;
pub mod plan;

pub use cut::CutSeen;
pub use evidence::Evidence;
pub use plan::Plan;

/// Version of both files; a reader refuses another one.
pub const SCHEMA: u32 = 1;
