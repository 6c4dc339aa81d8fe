//! The hub between a trainer and its sinks: never blocks, counts every loss.
