//! A file that is there in full or not at all: written under another name, and renamed when it is complete.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::headless::failure::Failure;

/// A file in the making. Dropped before [`Self::complete`] it is removed.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    /// Where it is for now; `None` for a device or pipe, which is written to directly.
    made_at: Option<PathBuf>,
    target: PathBuf,
}

impl Draft {
    /// Begins a file. What is there is never written over, but a device or a named pipe takes the data itself.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] if the file exists, or cannot be made.
    pub(super) fn create(target: &Path) -> Result<Self, Failure> {
        let target = target.to_owned();
        match fs::metadata(&target) {
            Ok(about) if about.is_file() || about.is_dir() => return Err(exists(&target)),
            Ok(_) => {
                let file = File::options().write(true).open(&target);
                let file = file.map_err(|error| failed(&target, &error))?;
                return Ok(Self { file, made_at: None, target });
            }
            Err(_) => {}
        }
        let mut name = OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}.partial", std::process::id()));
        let draft = target.with_file_name(name);
        let file = File::create_new(&draft).map_err(|error| failed(&target, &error))?;
        Ok(Self { file, made_at: Some(draft), target })
    }

    /// Returns a second handle to write through.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] if the system has none left.
    #[cfg(feature = "parquet")]
    pub(super) fn handle(&self) -> Result<File, Failure> {
        self.file.try_clone().map_err(|error| failed(&self.target, &error))
    }

    /// Gives the file its name, once it is safe on the disk.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] if that fails, or if another file has got the name meanwhile.
    pub(super) fn complete(mut self) -> Result<(), Failure> {
        let Some(draft) = self.made_at.take() else { return Ok(()) };
        let done =
            self.file.sync_all().map_err(|error| failed(&self.target, &error)).and_then(|()| {
                if fs::symlink_metadata(&self.target).is_ok() {
                    return Err(exists(&self.target));
                }
                fs::rename(&draft, &self.target).map_err(|error| failed(&self.target, &error))
            });
        if done.is_err() {
            self.made_at = Some(draft);
        }
        done
    }

    /// Returns what to tell about an error of a write to it.
    pub(super) fn told(&self, error: &io::Error) -> Failure {
        failed(&self.target, error)
    }
}

impl Write for &Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.file).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&self.file).flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(draft) = &self.made_at {
            // Nothing else can be done about it, and its name says what it is.
            fs::remove_file(draft).ok();
        }
    }
}

fn exists(target: &Path) -> Failure {
    Failure::Refused(format!("will not write over what is there: {}", target.display()))
}

fn failed(target: &Path, error: &io::Error) -> Failure {
    Failure::Refused(format!("cannot write file: {error}: {}", target.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_there_when_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run.csv");
        let draft = Draft::create(&target).unwrap();
        (&draft).write_all(b"a,b\n").unwrap();
        assert!(!target.exists());
        draft.complete().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"a,b\n");
        assert_eq!(names(dir.path()), ["run.csv"]);
    }

    #[test]
    fn what_is_not_completed_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let draft = Draft::create(&dir.path().join("run.csv")).unwrap();
        (&draft).write_all(b"a").unwrap();
        drop(draft);
        assert_eq!(names(dir.path()), [""; 0]);
    }

    #[test]
    fn nothing_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run.csv");
        let draft = Draft::create(&target).unwrap();
        fs::write(&target, "mine").unwrap();
        assert!(matches!(Draft::create(&target), Err(Failure::Refused(_))));
        assert!(matches!(draft.complete(), Err(Failure::Refused(_))));
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        assert_eq!(names(dir.path()), ["run.csv"]);
        assert!(matches!(Draft::create(dir.path()), Err(Failure::Refused(_))));
        assert!(matches!(Draft::create(&dir.path().join("no/run.csv")), Err(Failure::Refused(_))));
    }
}
