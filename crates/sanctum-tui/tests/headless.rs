//! The commands without a screen, as processes: what they print, where, and with which exit code.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "headless/config.rs"]
mod config;
#[path = "headless/doctor.rs"]
mod doctor;
#[path = "headless/exit.rs"]
mod exit;
#[cfg(feature = "parquet")]
#[path = "export/parquet.rs"]
mod export_parquet;
#[path = "export/table.rs"]
mod export_table;
#[path = "check/follow.rs"]
mod follow;
#[path = "headless/fsck.rs"]
mod fsck;
#[path = "headless/gc.rs"]
mod gc;
#[path = "headless/log.rs"]
mod log;
#[path = "headless/ls.rs"]
mod ls;
#[path = "headless/moment.rs"]
mod moment;
#[path = "headless/named.rs"]
mod named;
#[path = "headless/picture.rs"]
mod picture;
#[path = "headless/recorded.rs"]
mod recorded;
#[path = "headless/run.rs"]
mod run;
#[path = "headless/tail.rs"]
mod tail;
#[path = "check/verdicts.rs"]
mod verdicts;
