//! Says where and when numbers were measured: without that they mean nothing.

use std::fs;

use crate::process;

/// Returns machine, commit, date and compiler in one line.
pub(super) fn describe() -> String {
    let cores = std::thread::available_parallelism()
        .map_or_else(|_| "?".to_owned(), |cores| cores.to_string());
    let commit = first_line(
        "git",
        &["-c", "safe.directory=*", "describe", "--always", "--dirty", "--abbrev=10"],
    );
    let compiler = first_line("rustc", &["--version"]);
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d");
    format!(
        "{}, {cores} cores; commit {commit}; {date}; {compiler}; `cargo xtask bench`",
        processor()
    )
}

fn first_line(program: &str, args: &[&str]) -> String {
    let output = process::output(&mut process::command(program, args)).ok();
    let line = output.as_deref().and_then(|text| text.lines().next());
    line.unwrap_or("unknown").to_owned()
}

/// Returns the name of the processor, from Linux or macOS.
fn processor() -> String {
    let linux = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| model(&text));
    linux.unwrap_or_else(|| first_line("sysctl", &["-n", "machdep.cpu.brand_string"]))
}

/// Returns the name of the first processor in the text of `/proc/cpuinfo`.
fn model(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(": ").map(|(_, name)| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_has_a_name() {
        assert_eq!(
            model("processor\t: 0\nmodel name\t: Fast 9000\n").as_deref(),
            Some("Fast 9000")
        );
        assert_eq!(model("processor\t: 0\n"), None);
    }

    #[test]
    fn a_description_names_commit_and_date() {
        let text = describe();
        for part in [" cores; commit ", "; 20", "; rustc 1."] {
            assert!(text.contains(part), "{text}");
        }
    }
}
