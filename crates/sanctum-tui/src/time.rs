//! The time machine: what the screen asks it, and what it says about the moment that is shown.
//!
//! A place is a number of inputs: the state at place `n` is the fold of the first `n` inputs of the run. Nothing else is needed
//! to name a moment, so everything that a person types or presses ([`Goal`]) is turned into one.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use karn_sanctum::{RunKey, Snapshot, Tally};
use leyline::{RunNs, Timestamp};
use nissa::recording::{Damage, RecordingError};

use crate::fold::Picture;
use crate::when::When;

pub(crate) mod copies;
pub(crate) mod cut;
pub(crate) mod kept;
pub(crate) mod landmarks;
pub(crate) mod machine;
pub(crate) mod preview;
pub(crate) mod replay;
pub(crate) mod runs;
pub(crate) mod thread;
pub(crate) mod walker;

/// Where to go.
#[derive(Debug, Clone, PartialEq)]
pub enum Goal {
    /// To a moment as the command line names it.
    When(When),
    /// To a place that was seen before: a mark, the first event of an alert.
    Place(u64),
    /// So many inputs on, or back.
    Events(i64),
    /// So many batches on, or back: to the place right after the batch.
    Batches(i64),
    /// To the next alert, or the one before.
    Alert(Way),
}

impl From<cut::Aim> for Goal {
    fn from(aim: cut::Aim) -> Self {
        match aim {
            cut::Aim::Place(place) => Self::Place(place),
            cut::Aim::Moment(when) => Self::When(when),
        }
    }
}

/// A direction in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Towards the start.
    Back,
    /// Towards the end.
    On,
}

/// How fast a replay goes: the time of the run over the time of the viewer, a power of two from 1/8 to 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(i8);

impl Speed {
    /// As fast as it was.
    pub const ONE: Self = Self(0);
    const SLOWEST: i8 = -3;
    const FASTEST: i8 = 10;

    /// Returns the next slower speed; the slowest stays.
    #[must_use]
    pub fn halved(self) -> Self {
        Self((self.0 - 1).max(Self::SLOWEST))
    }

    /// Returns the next faster speed; the fastest stays.
    #[must_use]
    pub fn doubled(self) -> Self {
        Self((self.0 + 1).min(Self::FASTEST))
    }

    /// Returns the seconds of the run in one second of the viewer.
    pub fn factor(self) -> f64 {
        f64::from(self.0).exp2()
    }

    /// All speeds, slowest first.
    fn all() -> impl Iterator<Item = Self> {
        (Self::SLOWEST..=Self::FASTEST).map(Self)
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let factor = 1_u32 << self.0.unsigned_abs();
        if self.0 < 0 { write!(f, "1/{factor}") } else { write!(f, "{factor}") }
    }
}

/// Why a text names no speed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeedError;

impl fmt::Display for SpeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a power of two from 1/8 to 1024, such as 1/2, 1 or x16")
    }
}

impl std::error::Error for SpeedError {}

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        let number = text.strip_prefix('x').unwrap_or(text);
        let is_it = |speed: &Self| {
            speed.to_string() == number
                || number.parse().is_ok_and(|factor: f64| {
                    factor.is_finite() && factor.to_bits() == speed.factor().to_bits()
                })
        };
        Self::all().find(is_it).ok_or(SpeedError)
    }
}

/// What the time machine is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Stand still at the moment that is shown, whose last input had this place; `None`: at the newest one.
    Hold(Option<u64>),
    /// Go somewhere and stand still there.
    Go(Goal),
    /// Go on from where it stands, at the speed that was set.
    Play,
    /// Set the speed.
    Speed(Speed),
    /// Go back to the newest state, and stay there.
    Live,
    /// Show this group from now on.
    Group(RunKey),
    /// Show what changed between two moments.
    Compare(Goal, Goal),
}

/// How the view moves in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// It follows the newest, as a live view does that was never held or has gone back with [`Ask::Live`].
    Live,
    /// It stands still.
    Still,
    /// It goes on at this speed.
    Playing(Speed),
}

/// Something on the time bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Landmark {
    /// Inputs folded when it is shown for the first time.
    pub place: u64,
    /// Its time on the producer's clock, as far as it is known.
    pub at: Option<RunNs>,
    /// What it is.
    pub kind: LandmarkKind,
}

/// What a landmark is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LandmarkKind {
    /// The end of the batch in which an alert began.
    Alert,
    /// Inputs are missing here: numbers that were never received, or damage of the log.
    Gap,
}

/// The moment that is shown, for the time bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Inputs folded.
    pub place: u64,
    /// Number of the last event folded.
    pub seq: Option<u64>,
    /// Its time on the producer's monotonic clock.
    pub at: Option<RunNs>,
    /// Its time on the producer's wall clock.
    pub ts: Option<Timestamp>,
    /// Whether it stands or goes.
    pub motion: Motion,
    /// What is known of the whole run.
    pub extent: Extent,
}

/// What is known of the whole run by now.
#[derive(Debug, Clone, PartialEq)]
pub struct Extent {
    /// The first place that can be shown; above 0 where only a part of the run is in memory.
    pub first: u64,
    /// The last place.
    pub last: u64,
    /// Times of the first and of the last input with a time.
    pub times: Option<(RunNs, RunNs)>,
    /// Alerts and gaps by place.
    pub landmarks: Arc<[Landmark]>,
    /// How far it is, while the run is still being read.
    pub reading: Option<Progress>,
}

/// How much of a run has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub done: u64,
    /// Bytes there are.
    pub of: u64,
    /// Events there are, if the end of the log tells.
    pub events: Option<u64>,
}

/// One moment with all that a comparison needs of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Instant {
    /// The state of the group shown.
    pub snapshot: Snapshot,
    /// Inputs folded.
    pub place: u64,
    /// Its time on the producer's wall clock.
    pub ts: Option<Timestamp>,
    /// What was folded, by kind.
    pub tally: Tally,
}

/// The answer to [`Ask::Compare`]. It comes with every picture until something else is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The moment that was named first.
    pub before: Instant,
    /// The moment that was named second; it may lie earlier.
    pub after: Instant,
}

/// How the reading of a recorded run went; told when it is left.
#[derive(Debug)]
pub struct Outcome {
    /// What is damaged in the part that was read.
    pub damage: Vec<Damage>,
    /// What broke the reading.
    pub failure: Option<RecordingError>,
}

/// A picture of the past, and to which visit there it belongs: one that comes after a return to the present is late.
pub type Shown = (u64, Arc<Picture>);
