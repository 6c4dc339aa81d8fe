//! Trains policies and opens Sanctum.

fn main() {}
