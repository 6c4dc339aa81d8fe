//! Writes the evidence of the real pipeline.

fn main() {}
