//! What the RUN of a command line stands for: a path, standard input, or the beginning of a run's id.

use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path, PathBuf};

use nissa::RunDir;

use crate::cli::RunArgs;
use crate::headless::failure::Failure;
use crate::headless::nearest::nearest;

/// Where runs are looked for, unless the command line or the environment says otherwise.
pub(super) const DEFAULT_ROOT: &str = "runs";
/// Ids that an error lists.
const LISTED: usize = 10;

/// What a RUN stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// Rows on standard input.
    Stdin,
    /// A run directory, or a file of rows.
    Path(PathBuf),
}

/// Finds what `args` name. A path that exists wins over an id that begins alike.
///
/// # Errors
///
/// [`Failure::NotFound`], with what could have been meant.
pub(super) fn find(args: &RunArgs) -> Result<Target, Failure> {
    let source = args.source.as_path();
    if source == Path::new("-") {
        return Ok(Target::Stdin);
    }
    match fs::metadata(source) {
        Ok(about) if about.is_dir() => directory(source),
        Ok(_) => whole(source),
        Err(_) => by_id(source, root(args.run_dir.as_deref())),
    }
}

/// Returns the runs root.
pub(super) fn root(given: Option<&Path>) -> &Path {
    given.unwrap_or(Path::new(DEFAULT_ROOT))
}

/// Returns the names of the run directories in a directory, in their order; nothing where it cannot be read.
pub(super) fn runs_in(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let runs = entries.filter(|entry| entry.path().is_dir() && RunDir::open(&entry.path()).is_ok());
    let mut names: Vec<String> =
        runs.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

fn directory(path: &Path) -> Result<Target, Failure> {
    let runs = if RunDir::open(path).is_ok() { Vec::new() } else { runs_in(path) };
    if !runs.is_empty() {
        return Err(Failure::NotFound(format!(
            "this is a directory of runs, name one of them ({}): {}",
            listed(&runs),
            path.display()
        )));
    }
    // The name of `.` is that of the directory it stands for, and rows of version 0 take theirs from it.
    let named = path.file_name().is_some();
    let path = if named { path.to_owned() } else { fs::canonicalize(path).unwrap_or(path.into()) };
    Ok(Target::Path(path))
}

/// Refuses a file that is only a part of a run.
fn whole(file: &Path) -> Result<Target, Failure> {
    let part = file.extension().is_some_and(|end| end == "slog" || end == "sidx")
        || file.file_name().is_some_and(|name| name == "manifest.json");
    if !part {
        return Ok(Target::Path(file.to_owned()));
    }
    let dir = match file.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        Some(_) | None => Path::new("."),
    };
    Err(Failure::NotFound(format!(
        "this is one file of a run, name its directory instead ({}): {}",
        dir.display(),
        file.display()
    )))
}

fn by_id(source: &Path, root: &Path) -> Result<Target, Failure> {
    let mut parts = source.components();
    let (Some(Component::Normal(name)), None) = (parts.next(), parts.next()) else {
        return Err(Failure::NotFound(format!("no such run: {}", source.display())));
    };
    let name = name.to_string_lossy();
    let runs = runs_in(root);
    if runs.iter().any(|run| *run == name) {
        return Ok(Target::Path(root.join(&*name)));
    }
    let fitting: Vec<String> = runs.iter().filter(|run| run.starts_with(&*name)).cloned().collect();
    match fitting.as_slice() {
        [run] => Ok(Target::Path(root.join(run))),
        [] => {
            let nearest = nearest(&name, runs.iter().map(String::as_str));
            let nearest = nearest.map_or_else(String::new, |id| format!("; nearest: `{id}`"));
            Err(Failure::NotFound(format!(
                "no such run: {name} (no such path, and no id in {} begins so{nearest})",
                root.display()
            )))
        }
        several => Err(Failure::NotFound(format!(
            "`{name}` is the beginning of {} ids in {}: {}",
            several.len(),
            root.display(),
            listed(several)
        ))),
    }
}

pub(super) fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if LISTED < names.len() {
        // Writing to a `String` cannot fail.
        write!(text, ", and {} more", names.len() - LISTED).ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Progress;

    /// A root with the runs `cart-1`, `cart-12` and `pole-1`, a file and an empty directory.
    fn root() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for run in ["cart-1", "cart-12", "pole-1"] {
            fs::create_dir_all(root.path().join(run).join("checkpoints")).unwrap();
        }
        fs::create_dir(root.path().join("other")).unwrap();
        fs::write(root.path().join("cart.jsonl"), "").unwrap();
        root
    }

    fn found(root: &Path, source: impl Into<PathBuf>) -> Result<Target, String> {
        let run_dir = Some(root.to_owned());
        let args =
            RunArgs { source: source.into(), run_dir, progress: Progress::Silent, state: None };
        find(&args).map_err(|error| {
            assert_eq!(error.exit_code(), 3);
            error.to_string().replace(&root.display().to_string(), "ROOT")
        })
    }

    #[track_caller]
    fn check(source: &str, expected: Result<&str, &str>) {
        let root = root();
        let expected = expected.map(|name| Target::Path(root.path().join(name)));
        assert_eq!(found(root.path(), source), expected.map_err(str::to_owned));
    }

    #[test]
    fn the_beginning_of_an_id_is_enough_if_it_is_the_only_one() {
        check("pole", Ok("pole-1"));
        check("cart-12", Ok("cart-12"));
        check("cart-1", Ok("cart-1"));
        check("cart", Err("`cart` is the beginning of 2 ids in ROOT: cart-1, cart-12"));
        check(
            "cort-1",
            Err(
                "no such run: cort-1 (no such path, and no id in ROOT begins so; nearest: `cart-1`)",
            ),
        );
        // Neither a file nor an empty directory is a run.
        check(
            "other",
            Err(
                "no such run: other (no such path, and no id in ROOT begins so; nearest: `pole-1`)",
            ),
        );
        for none in ["", ".no/such", "no/such", "/no/such", "../no-such"] {
            check(none, Err(&format!("no such run: {none}")));
        }
    }

    #[test]
    fn a_path_wins_and_what_is_no_run_says_what_would_be() {
        let root = root();
        let at = |name: &str| root.path().join(name);
        for path in [at("cart-1"), at("cart.jsonl"), at("other")] {
            assert_eq!(found(root.path(), &path), Ok(Target::Path(path)));
        }
        assert_eq!(found(root.path(), "-"), Ok(Target::Stdin));
        assert_eq!(
            found(root.path(), root.path()),
            Err("this is a directory of runs, name one of them (cart-1, cart-12, pole-1): ROOT"
                .to_owned())
        );
        for part in ["events-00000.slog", "events-00000.sidx", "manifest.json"] {
            fs::write(at("cart-1").join(part), "").unwrap();
            let error = format!(
                "this is one file of a run, name its directory instead (ROOT/cart-1): ROOT/cart-1/{part}"
            );
            assert_eq!(found(root.path(), at("cart-1").join(part)), Err(error));
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<String> = (0..12).map(|n| format!("r{n}")).collect();
        assert_eq!(listed(&names), "r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, and 2 more");
    }
}
