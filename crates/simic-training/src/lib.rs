//! A vectorised PPO trainer that measures itself.
//!
//! The maths are free functions over slices; the trainer only puts them in order and tells a hub what happened. It never
//! asks who listens. With one seed, one build and one machine everything is the same to the bit, with and without sinks.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | settings, the defaults of each task, what is refused |
//! | [`trainer`] | the loop of a run and the order of its events |
//! | [`learner`] | everything that learns: what a checkpoint freezes |
//! | [`rollout`] | collecting a batch; the targets made from it |
//! | [`gae`](mod@gae), [`surrogate`] | advantage estimates; the losses per sample |
//! | [`update`](mod@update) | passes over minibatches, gradients, what makes an update skip |
//! | [`evaluation`] | trying the policy out, apart from training |
//! | [`meter`] | where the time of a batch goes |
//! | [`diagnostics`] | the numbers about an update |
//! | [`dump`] | a batch as text, for whoever computes its numbers again |
//! | [`emission`] | one function per event: plain inputs to payload |
//! | [`fault`] | what goes wrong on purpose, so that diagnosis can be tested |
//! | [`env`](mod@env) | the tasks: dynamics and limits of the Gymnasium tasks of the same names |
//! | [`net`] | the actor-critic network and Adam |
//! | [`checkpoint`] | files that a run can go on from |
//! | [`vitals`] | samples of the machine, and the thread that emits them |
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use leyline::{EventKind, GroupId, RunId};
//! use simic_emitter::{Bounds, HubBuilder, StopFlag, SystemClock, memory::memory};
//! use simic_training::{config::Config, env::Task, trainer::Trainer};
//!
//! let (sink, events) = memory(10_000);
//! let run = RunId::new("demo").expect("an id");
//! let (hub, guard) = HubBuilder::new(run, GroupId::default(), Arc::new(SystemClock::new()))
//!     .sink("memory", Bounds::default(), sink)
//!     .start(Duration::from_secs(5))
//!     .expect("threads");
//! let config = Config { requested_batches: 2, ..Config::default_run(Task::CartPole, 1) };
//! let mut trainer = Trainer::new(config, |_| Task::CartPole.make(), hub).expect("settings in range");
//! let summary = trainer.run(&StopFlag::new()).expect("a healthy run");
//! assert_eq!((summary.last_batch, summary.env_steps_since_start), (2, 2048));
//! assert!(guard.close(Duration::from_secs(5)));
//! assert_eq!(events.iter().last().map(|event| event.event.kind()), Some(EventKind::TrainingFinished));
//! ```

pub mod checkpoint;
pub mod config;
pub mod diagnostics;
pub mod dump;
pub mod emission;
pub mod env;
pub mod evaluation;
pub mod fault;
pub mod gae;
pub mod learner;
pub mod meter;
pub mod net;
pub mod rollout;
pub mod surrogate;
pub mod trainer;
pub mod update;
pub mod vitals;
