//! `verify-telemetry`: compares what the records say with what the code does, from the emitter to the cell.
#![expect(dead_code, reason = "until every part is there")]

mod checks;
mod code;
mod deep;
mod finding;
#[cfg(test)]
mod fixture_tests;
mod grammar;
mod index;
pub(crate) mod new_telemetry;
mod plan;
mod record;
mod report;
mod seeded;
mod tables;
mod world;
