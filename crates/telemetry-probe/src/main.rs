//! Writes the evidence of the real pipeline.

const fn main() {}
