//! Prints the updates that are checked against Python: `testdata/update/cases.json`.
#![expect(clippy::print_stdout, reason = "printing is its purpose")]
#![expect(dead_code, reason = "the test that shares these cases uses the rest")]

#[path = "../tests/support/case.rs"]
mod case;

fn main() {
    print!("{}", case::file());
}
