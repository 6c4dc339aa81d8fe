//! Wire cuts: switches off each assignment of the aggregator and each read of a widget in turn, and sees who notices.

mod instrument;
mod reach;
mod run;
mod shape;
mod switch;
pub(crate) mod tree;

pub(crate) use instrument::Cut;
#[cfg(test)]
pub(crate) use instrument::Wire;
pub(crate) use run::{Deep, Fate, Tried, ran};

#[cfg(test)]
mod tests;
