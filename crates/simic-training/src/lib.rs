//! A vectorised PPO trainer that measures itself.

pub mod checkpoint;
pub mod config;
pub mod diagnostics;
pub mod emission;
pub mod env;
pub mod gae;
pub mod learner;
pub mod net;
pub mod rollout;
pub mod surrogate;
pub mod trainer;
pub mod update;
pub mod vitals;
