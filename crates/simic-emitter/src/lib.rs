//! The hub between a trainer and its sinks: never blocks, counts every loss.
//!
//! | module | holds |
//! |---|---|
//! | [`hub`], [`draft`] | what a trainer calls, and what it hands over |
//! | [`builder`], [`guard`] | how a hub begins and ends |
//! | [`sink`] | the contract with everything that takes events |
//! | [`lane`], [`count`] | bounds of the queues, exact losses |
//! | [`memory`] | sinks in memory, for tests and for programs that want events as values |
//! | [`clock`], [`pulse`], [`stop`] | the producer's time, heartbeats in silence, the wish to stop |
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use leyline::{GroupId, Heartbeat, Phase, RunId};
//! use simic_emitter::{Bounds, HubBuilder, SystemClock, memory::memory};
//!
//! let (sink, events) = memory(100);
//! let run = RunId::new("demo").expect("an id");
//! let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::new(SystemClock::new()))
//!     .sink("memory", Bounds::default(), sink)
//!     .start(Duration::from_secs(1))
//!     .expect("threads");
//! hub.emit(Heartbeat { phase: Phase::Starting, batch_idx: None, inner_epoch: None });
//! assert!(guard.close(Duration::from_secs(5)));
//! assert_eq!(events.recv().map(|event| event.seq), Ok(0));
//! assert_eq!((hub.counts()[0].emitted, hub.counts()[0].delivered), (1, 1));
//! ```

pub mod builder;
pub mod clock;
pub mod count;
pub mod draft;
mod ending;
pub mod guard;
pub mod hub;
pub mod lane;
pub mod memory;
pub mod pulse;
pub mod sink;
mod stamp;
pub mod stop;
mod wait;
mod warn;
mod worker;

pub use builder::{HubBuilder, StartError};
pub use clock::{Clock, ManualClock, Now, SystemClock};
pub use count::{Cause, SinkCounts};
pub use draft::Draft;
pub use guard::Guard;
pub use hub::Hub;
pub use lane::{Bounds, LaneCount};
pub use pulse::{Activity, Progress};
pub use sink::{Sink, SinkError};
pub use stop::{StopFlag, StopLevel};
