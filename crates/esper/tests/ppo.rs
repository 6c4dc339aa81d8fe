//! `esper ppo` as a process: what it writes, how it ends, and what it leaves behind when it is killed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "ppo/attach.rs"]
mod attach;
#[path = "ppo/disk.rs"]
mod disk;
#[path = "ppo/failure.rs"]
mod failure;
#[path = "ppo/files.rs"]
mod files;
#[path = "ppo/follow.rs"]
mod follow;
#[path = "ppo/kill.rs"]
mod kill;
#[path = "ppo/process.rs"]
mod process;
#[path = "ppo/resume.rs"]
mod resume;
#[path = "ppo/signals.rs"]
mod signals;
#[path = "ppo/usage.rs"]
mod usage;
