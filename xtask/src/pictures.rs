//! Draws the pictures of README and documents from a recorded run, with the command that anyone can type.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process::{self, command};
use crate::workspace::{self, Metadata};

/// What `cargo xtask pictures` is asked to do.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Writes nothing, and fails if a picture differs from what would be drawn.
    #[arg(long)]
    check: bool,
}

/// One picture: file name without its extension, size, moment, theme, and what else the program is told.
#[derive(Clone, Copy)]
struct Picture {
    name: &'static str,
    size: &'static str,
    at: &'static str,
    theme: &'static str,
    more: &'static [&'static str],
}

const fn picture(
    name: &'static str,
    size: &'static str,
    at: &'static str,
    theme: &'static str,
) -> Picture {
    Picture { name, size, at, theme, more: &[] }
}

const fn scene(picture: Picture, more: &'static [&'static str]) -> Picture {
    Picture { more, ..picture }
}

/// The recorded run that all pictures show.
const SOURCE: &str = "docs/pictures/source/cartpole.jsonl";
const FOLDER: &str = "docs/pictures";

const PICTURES: &[Picture] = &[
    picture("cartpole-80x24", "80x24", "end", "dark"),
    picture("cartpole-120x40", "120x40", "end", "dark"),
    picture("cartpole-120x40-light", "120x40", "end", "light"),
    picture("cartpole-120x40-running", "120x40", "batch:60", "dark"),
    picture("cartpole-200x60", "200x60", "end", "dark"),
    picture("cartpole-200x60-light", "200x60", "end", "light"),
    scene(picture("past-120x40", "120x40", "batch:60", "dark"), &["--scene", "past"]),
    scene(
        picture("difference-120x40", "120x40", "batch:60", "dark"),
        &["--scene", "difference", "--against", "batch:20"],
    ),
];

/// Draws all pictures and writes them, or compares them with the files.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = workspace::root();
    if !root.join(SOURCE).exists() {
        bail!("there is no recorded run to draw: {SOURCE}");
    }
    if !process::succeeds(&mut command("cargo", &["build", "--quiet", "--package", "sanctum-tui"]))?
    {
        bail!("sanctum-tui does not build");
    }
    let program = Metadata::load()?.target_directory.join("debug").join("sanctum-tui");
    let mut differing = Vec::new();
    for picture in PICTURES {
        let path = format!("{FOLDER}/{}.svg", picture.name);
        let drawn = draw(&program, picture)?;
        let old = fs::read_to_string(root.join(&path)).ok();
        if old.as_deref() == Some(drawn.as_str()) {
            continue;
        }
        if !args.check {
            fs::write(root.join(&path), drawn).with_context(|| format!("cannot write {path}"))?;
            println!("pictures: wrote {path}");
        }
        differing.push(path);
    }
    if args.check && !differing.is_empty() {
        bail!("pictures are not up to date, run `cargo xtask pictures`: {}", differing.join(", "));
    }
    println!(
        "pictures: {} of {} were up to date",
        PICTURES.len() - differing.len(),
        PICTURES.len()
    );
    Ok(())
}

/// Compares all pictures with what would be drawn.
pub(crate) fn check() -> Result<()> {
    run(&Args { check: true })
}

/// Returns the picture as the program draws it.
fn draw(program: &Path, picture: &Picture) -> Result<String> {
    let Picture { name, size, at, theme, more } = picture;
    let args = ["render", SOURCE, "--size", size, "--at", at, "--theme", theme, "--format", "svg"];
    let mut command = command(&program.to_string_lossy(), &[&args[..], more].concat());
    // What the terminal of the caller likes must not show in the picture.
    command.env_remove("NO_COLOR").env_remove("COLORFGBG");
    let svg = process::output(&mut command)?;
    if !svg.trim_start().starts_with("<svg") && !svg.trim_start().starts_with("<?xml") {
        bail!("{name} is no SVG");
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_picture_has_a_file_of_its_own() {
        let mut names: Vec<_> = PICTURES.iter().map(|picture| picture.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert!(PICTURES.iter().all(|picture| picture.name.contains(picture.size)));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let echo = draw(Path::new("echo"), &picture("a", "80x24", "end", "dark"));
        assert_eq!(echo.unwrap_err().to_string(), "a is no SVG");
    }
}
