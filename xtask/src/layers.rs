//! Who may depend on whom: the tables. A new line is a commit of its own, with its reason.

mod check;

use anyhow::{Result, bail};

use crate::workspace::{self, Metadata};

/// One of our crates and those of ours that it may depend on, for itself and for its tests.
struct Arrow {
    from: &'static str,
    to: &'static [&'static str],
    why: &'static str,
}

/// A crate of others and those of ours that may name it in their manifest.
struct Outside {
    name: &'static str,
    /// Who uses it in the product, tests included.
    by: &'static [&'static str],
    /// Who uses it in tests and benches only.
    tests_of: &'static [&'static str],
    why: &'static str,
}

/// Crates that must not be reached, not even through others.
struct Ban {
    from: &'static [&'static str],
    reach: &'static [&'static str],
    why: &'static str,
}

const fn arrow(from: &'static str, to: &'static [&'static str], why: &'static str) -> Arrow {
    Arrow { from, to, why }
}

const ARROWS: &[Arrow] = &[
    arrow("leyline", &[], "everybody speaks it, so it must not drag anything along"),
    arrow(
        "simic-emitter",
        &["leyline"],
        "it carries envelopes and knows nothing of files, sockets or screens",
    ),
    arrow(
        "simic-training",
        &["simic-emitter", "leyline"],
        "it measures and emits; it never asks who listens",
    ),
    arrow(
        "nissa",
        &["simic-emitter", "leyline"],
        "its outputs are sinks; its inputs decode what they wrote",
    ),
    arrow("karn-sanctum", &["leyline"], "a fold of events must not know where they came from"),
    arrow(
        "sanctum-widgets",
        &["karn-sanctum", "leyline"],
        "it draws snapshot fields and names units and verdicts",
    ),
    arrow(
        "sanctum-tui",
        &["sanctum-widgets", "karn-sanctum", "nissa", "simic-emitter", "simic-training", "leyline"],
        "it joins sources to screens; with no arguments it trains in process",
    ),
    arrow(
        "esper",
        &["sanctum-tui", "simic-training", "nissa", "simic-emitter", "leyline"],
        "the front door; it reaches the snapshot only through sanctum-tui",
    ),
    arrow(
        "sanctum-tests",
        &[
            "karn-sanctum",
            "leyline",
            "nissa",
            "sanctum-tui",
            "sanctum-widgets",
            "simic-emitter",
            "simic-training",
            "esper",
        ],
        "stories that cross crates",
    ),
    arrow(
        "telemetry-evidence",
        &[],
        "the form of two files between the verifier and the probe, and nothing of the product",
    ),
    arrow(
        "telemetry-probe",
        &[
            "karn-sanctum",
            "leyline",
            "sanctum-tui",
            "sanctum-widgets",
            "simic-emitter",
            "simic-training",
            "telemetry-evidence",
        ],
        "it drives everything between the trainer's emission functions and the cells",
    ),
    arrow(
        "xtask",
        &["telemetry-evidence"],
        "a product that does not build must still be checkable",
    ),
];

/// Arrows that only tests, benches and examples draw.
const TEST_ARROWS: &[Arrow] = &[arrow(
    "simic-training",
    &["nissa"],
    "what telemetry costs a training is measured with the sinks that a run has",
)];

const fn outside(name: &'static str, by: &'static [&'static str], why: &'static str) -> Outside {
    Outside { name, by, tests_of: &[], why }
}

const fn tests_only(name: &'static str, why: &'static str) -> Outside {
    Outside { name, by: &[], tests_of: ANY, why }
}

/// All crates: a tool for tests is a tool for every test.
const ANY: &[&str] = &["*"];

const OUTSIDE: &[Outside] = &[
    outside("anstyle", &["xtask"], "colours of reports, as clap colours its help"),
    outside(
        "anyhow",
        &["esper", "sanctum-tui", "telemetry-probe", "xtask"],
        "errors of programs, which are printed and not matched on",
    ),
    outside(
        "arrow-array",
        &["sanctum-tui"],
        "columns for parquet, in the optional feature `parquet` only",
    ),
    outside(
        "arrow-schema",
        &["sanctum-tui"],
        "types of columns for parquet, in the optional feature `parquet` only",
    ),
    outside("bincode", &["leyline"], "binary frames, behind one module (ADR 0002)"),
    outside(
        "ciborium",
        &["telemetry-probe"],
        "values as serde sees them, with NaN and without a schema, so that the probe can move any leaf",
    ),
    Outside {
        name: "clap",
        by: &["esper", "sanctum-tui", "telemetry-probe", "xtask"],
        tests_of: &["sanctum-tests"],
        why: "arguments and help from one definition",
    },
    outside(
        "crc32c",
        &["nissa", "simic-training", "xtask"],
        "tells a torn frame or checkpoint from a whole one, at the speed of memory",
    ),
    Outside {
        name: "crossbeam-channel",
        by: &["nissa", "sanctum-tui", "simic-emitter", "simic-training", "telemetry-probe"],
        tests_of: &["sanctum-tests"],
        why: "bounded queues with `try_send`, `select!` and timeouts",
    },
    outside(
        "csv",
        &["sanctum-tui"],
        "quoting and line ends of exported tables, as RFC 4180 has them",
    ),
    outside("globset", &["sanctum-tui"], "the patterns of `export --metrics`, matched all at once"),
    outside("getrandom", &["nissa"], "tokens from the random bytes of the system"),
    outside(
        "jiff",
        &["leyline", "xtask"],
        "RFC 3339 times with offsets; no clock feature in leyline",
    ),
    outside(
        "ndarray",
        &["simic-training"],
        "matrix work of the trainer, without a framework to build",
    ),
    outside(
        "nvml-wrapper",
        &["simic-training"],
        "readings of the graphics card; loads the driver at run time",
    ),
    outside(
        "parquet",
        &["sanctum-tui"],
        "the column format that data tools read; optional, because it doubles what there is to compile",
    ),
    outside(
        "postcard",
        &["simic-training"],
        "checkpoints: a specified format, never read by a viewer",
    ),
    outside(
        "pulldown-cmark",
        &["xtask"],
        "tables, headings and code spans of the records, with their places",
    ),
    outside("proc-macro2", &["xtask"], "reads Rust for tidy as the compiler does"),
    outside("quick-junit", &["xtask"], "JUnit reports without a character that XML forbids"),
    outside("rand", &["simic-training"], "the traits of random numbers"),
    outside(
        "rand_chacha",
        &["simic-training"],
        "a generator whose stream its documentation fixes, so seeds keep their meaning",
    ),
    outside("rand_distr", &["simic-training"], "normal deviates for actions and first weights"),
    outside(
        "ratatui",
        &["sanctum-tui", "telemetry-probe"],
        "the terminal; its crossterm is the only one",
    ),
    outside(
        "ratatui-core",
        &["sanctum-widgets"],
        "buffer, rectangle and style: a view needs no more",
    ),
    outside(
        "rustix",
        &["nissa", "sanctum-tui", "simic-emitter"],
        "stopping in the shell and coming back (Ctrl-Z, fg), who is at the other end of a socket, and how long a thread has run, without unsafe code of ours",
    ),
    outside(
        "serde",
        &[
            "karn-sanctum",
            "leyline",
            "nissa",
            "sanctum-tui",
            "simic-training",
            "telemetry-evidence",
            "telemetry-probe",
            "xtask",
        ],
        "marks the border: wire, manifest, checkpoint, snapshot",
    ),
    Outside {
        name: "serde_json",
        by: &["leyline", "nissa", "sanctum-tui", "telemetry-evidence", "telemetry-probe", "xtask"],
        tests_of: &["sanctum-tests", "simic-training"],
        why: "JSON rows, and the snapshot as JSON",
    },
    outside(
        "signal-hook",
        &["sanctum-tui"],
        "Ctrl-C, SIGTERM and stopping in the shell, without unsafe code of ours",
    ),
    outside("similar", &["xtask"], "the differences that --dry-run shows"),
    outside("strsim", &["xtask"], "the nearest code to a mistyped one"),
    outside(
        "subtle",
        &["nissa"],
        "compares tokens in a time that tells nothing, which the compiler would optimise away",
    ),
    outside(
        "syn",
        &["xtask"],
        "symbols, fields and patterns of the sources, as the compiler reads them",
    ),
    outside("sysinfo", &["simic-training"], "readings of processor and memory"),
    outside("terminal_size", &["xtask"], "how wide a report may be"),
    outside(
        "thiserror",
        &["leyline", "nissa", "simic-emitter", "simic-training"],
        "errors that callers match on",
    ),
    outside(
        "toml",
        &["sanctum-tui", "xtask"],
        "tables that people edit: the configuration file and those beside the records, with the place of each entry",
    ),
    outside(
        "unicode-width",
        &["sanctum-widgets", "xtask"],
        "how many cells a text takes, as ratatui counts",
    ),
    outside(
        "xxhash-rust",
        &["leyline", "xtask"],
        "the fingerprint of the schema, computed by the compiler",
    ),
    tests_only("criterion", "benches with a comparison to the last run"),
    tests_only("insta", "expected output beside the test, or in a file"),
    tests_only("jsonschema", "SARIF against its schema"),
    tests_only("portable-pty", "a real pseudo-terminal for the screen"),
    tests_only("proptest", "properties over values nobody would think of"),
    tests_only("serde-sarif", "the types of SARIF and the schema that the package ships"),
    tests_only("tempfile", "folders that are gone after the test"),
    tests_only("vt100", "says what a terminal would show after these bytes"),
];

const ALL_OF_OURS: &[&str] = &[
    "leyline",
    "simic-emitter",
    "simic-training",
    "nissa",
    "karn-sanctum",
    "sanctum-widgets",
    "sanctum-tui",
    "esper",
];

const BANS: &[Ban] = &[
    Ban {
        from: &["karn-sanctum", "sanctum-widgets"],
        reach: &["simic-emitter", "simic-training", "nissa"],
        why: "a snapshot could depend on how events travelled, and replay could differ from live",
    },
    Ban {
        from: &["simic-emitter", "simic-training", "nissa"],
        reach: &["karn-sanctum", "sanctum-widgets", "sanctum-tui"],
        why: "a trainer must build and run with no dashboard in its tree",
    },
    Ban {
        from: &["leyline", "simic-emitter", "simic-training", "nissa", "karn-sanctum"],
        reach: &[
            "ratatui",
            "ratatui-core",
            "ratatui-crossterm",
            "ratatui-widgets",
            "crossterm",
            "termion",
            "termwiz",
        ],
        why: "drawing stays at the top",
    },
    Ban {
        from: &["sanctum-widgets"],
        reach: &[
            "ratatui",
            "ratatui-crossterm",
            "crossterm",
            "termion",
            "termwiz",
            "crossbeam-channel",
        ],
        why: "a view cannot read a key or a queue",
    },
    Ban {
        from: &["leyline", "karn-sanctum"],
        reach: &["crossbeam-channel", "signal-hook", "sysinfo", "mio", "rand"],
        why: "pure code is tested with plain values",
    },
    Ban {
        from: ALL_OF_OURS,
        reach: &[
            "tokio",
            "async-std",
            "async-executor",
            "smol",
            "futures-executor",
            "glommio",
            "monoio",
        ],
        why: "one queue and one thread per sink need no async runtime (ADR 0006)",
    },
    Ban {
        from: ALL_OF_OURS,
        reach: &["sanctum-tests", "xtask", "telemetry-probe", "criterion", "insta", "proptest"],
        why: "tests and tools are ends",
    },
    Ban {
        from: &["xtask"],
        reach: ALL_OF_OURS,
        why: "a product that does not build must still be checkable",
    },
];

/// Crates of which two versions in one program do not understand each other.
const ONE_VERSION: &[&str] =
    &["crossterm", "ratatui", "ratatui-core", "bincode", "crossbeam-channel", "unicode-width"];

/// Features that the product never turns on, with the crate that has them.
const TEST_FEATURES: &[(&str, &str)] = &[("leyline", "demo")];

/// Checks the workspace and prints what it finds.
pub(crate) fn run() -> Result<()> {
    let architecture = architecture();
    if architecture.is_none() {
        println!(
            "layers: there is no docs/ARCHITECTURE.md yet, so its reasons for outside crates are not compared"
        );
    }
    let findings = check::findings(&Metadata::load()?, architecture.as_deref());
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("layers: {} findings; the tables are in xtask/src/layers.rs", findings.len());
    }
    println!(
        "layers: {} crates, {} outside crates, {} bans, no finding",
        ARROWS.len(),
        OUTSIDE.len(),
        BANS.len()
    );
    Ok(())
}

/// Returns the text of docs/ARCHITECTURE.md, where the outside crates have their reasons for people.
fn architecture() -> Option<String> {
    std::fs::read_to_string(workspace::root().join("docs/ARCHITECTURE.md")).ok()
}
