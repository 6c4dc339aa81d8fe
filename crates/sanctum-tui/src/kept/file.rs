//! The file that keeps the view of a run: one for each run, in a private folder, written whole or not at all.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use leyline::RunId;

use crate::kept::Kept;

/// Longest file that is read; 26 marks take a tenth of it.
const LONGEST: u64 = 64 * 1024;

/// Where the view of one run is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile(PathBuf);

impl KeptFile {
    /// Returns the file of a run below the state directory of the user. Nothing of it need exist.
    pub fn of(state: &Path, run: &RunId) -> Self {
        Self(state.join("views").join(format!("{}.json", run.as_str())))
    }

    /// Reads what was kept; `None`: nothing was. A file that cannot be understood is set aside as `….json.bad`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the file, and where it is now. The viewer goes on without it.
    pub fn read(&self) -> Result<Option<Kept>, String> {
        let path = &self.0;
        let text = match text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(format!("cannot read the view kept: {error}: {}", path.display()));
            }
        };
        let why = match Kept::from_json(&text) {
            Ok(kept) => return Ok(Some(kept)),
            Err(why) => why,
        };
        let aside = path.with_extension("json.bad");
        let set_aside = fs::rename(path, &aside);
        let place = if set_aside.is_ok() { &aside } else { path };
        Err(format!("the view kept of this run cannot be understood: {why}: {}", place.display()))
    }

    /// Writes what is to be kept, together with what another viewer has marked and acknowledged meanwhile. `before`: what this
    /// viewer had read or written last, so that an acknowledgement that it took back does not return.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be written; the file is then as it was.
    pub fn write(&self, kept: &Kept, before: &Kept) -> io::Result<()> {
        let folder = self.0.parent().ok_or(io::ErrorKind::InvalidInput)?;
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut others = self.read().ok().flatten().unwrap_or_default();
        others.known.retain(|known| !before.known.contains(known));
        let text = kept.clone().with_those_of(others).to_json();
        let draft = self.0.with_extension(format!("{}.new", std::process::id()));
        let mut file = OpenOptions::new();
        let file = file.write(true).create(true).truncate(true).mode(0o600).open(&draft);
        let written = file
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&draft, &self.0));
        if written.is_err() {
            // Half a draft is of no use to anybody.
            fs::remove_file(&draft).ok();
        }
        written
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path)?;
    // What is not text is no view, and is set aside like one that is cut.
    match file.take(LONGEST).read_to_string(&mut text) {
        Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(error),
        Ok(_) | Err(_) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use leyline::{GroupId, RuleId};

    use crate::kept::{Known, Mark};

    fn marked(letter: char) -> Kept {
        let mark = Mark { place: 7, seq: Some(6), batch: None };
        Kept { marks: [(letter, mark)].into(), ..Kept::default() }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn it_is_private_whole_and_keeps_what_others_marked() {
        let state = tempfile::tempdir().unwrap();
        let file = KeptFile::of(state.path(), &RunId::new("run.1").unwrap());
        assert_eq!(file.read(), Ok(None));
        file.write(&marked('a'), &Kept::default()).unwrap();
        file.write(&marked('b'), &Kept::default()).unwrap();
        let read = file.read().unwrap().unwrap();
        assert_eq!(read, marked('b').with_those_of(marked('a')));
        let folder = state.path().join("views");
        assert_eq!((mode(&folder), mode(&folder.join("run.1.json"))), (0o700, 0o600));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn an_acknowledgement_that_was_taken_back_is_gone_and_those_of_others_stay() {
        let state = tempfile::tempdir().unwrap();
        let file = KeptFile::of(state.path(), &RunId::new("r").unwrap());
        let known = |batches: &[u64]| {
            let known = |&batch| Known {
                group: GroupId::default(),
                rule: RuleId::KlHigh,
                batch: Some(batch),
            };
            Kept { known: batches.iter().map(known).collect(), ..Kept::default() }
        };
        file.write(&known(&[1, 2]), &Kept::default()).unwrap();
        file.write(&known(&[3]), &Kept::default()).unwrap();
        assert_eq!(file.read(), Ok(Some(known(&[1, 2, 3]))));
        file.write(&known(&[2]), &known(&[1, 2])).unwrap();
        assert_eq!(file.read(), Ok(Some(known(&[2, 3]))));
    }

    #[test]
    fn garbage_is_set_aside_and_told() {
        let state = tempfile::tempdir().unwrap();
        let file = KeptFile::of(state.path(), &RunId::new("r").unwrap());
        file.write(&marked('a'), &Kept::default()).unwrap();
        let path = state.path().join("views").join("r.json");
        for garbage in [&b"{\"schema\""[..], b"\xff\xfe", b""] {
            fs::write(&path, garbage).unwrap();
            let why = file.read().unwrap_err();
            assert!(why.contains("r.json.bad"), "{why}");
            assert_eq!(file.read(), Ok(None));
            assert_eq!(fs::read(path.with_extension("json.bad")).unwrap(), garbage);
        }
        file.write(&marked('c'), &Kept::default()).unwrap();
        assert_eq!(file.read(), Ok(Some(marked('c'))));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_and_no_more() {
        let state = tempfile::tempdir().unwrap();
        let taken = state.path().join("file");
        fs::write(&taken, "").unwrap();
        let file = KeptFile::of(&taken, &RunId::new("r").unwrap());
        assert!(file.write(&marked('a'), &Kept::default()).is_err());
        assert!(file.read().is_err());
    }
}
