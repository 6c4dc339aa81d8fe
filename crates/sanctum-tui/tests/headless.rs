//! The commands without a screen, as processes: what they print, where, and with which exit code.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "headless/exit.rs"]
mod exit;
#[path = "headless/moment.rs"]
mod moment;
#[path = "headless/picture.rs"]
mod picture;
#[path = "headless/run.rs"]
mod run;
