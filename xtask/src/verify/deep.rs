//! Wire cuts: switches off each assignment of the aggregator and each read of a widget in turn, and sees who notices.

mod instrument;
mod run;
mod shape;
pub(crate) mod tree;

pub(crate) use instrument::Cut;
pub(crate) use run::{Deep, Fate, Tried, ran};

#[cfg(test)]
mod tests;
