//! A file system that fails, runs full and stands still as it is told to.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use nissa::log::sink::{Disk, Storage};

/// Real files with faults. Clones share them.
#[derive(Clone)]
pub(crate) struct Faulty(Arc<Faults>);

pub(crate) struct Faults {
    /// Bytes that segments still take.
    pub(crate) room: AtomicU64,
    /// Bytes that one write takes at most.
    pub(crate) short: AtomicU64,
    /// Whether no file can be made.
    pub(crate) read_only: AtomicBool,
    /// Whether no index can be written.
    pub(crate) no_index: AtomicBool,
    pub(crate) sync_fails: AtomicBool,
    pub(crate) names_fail: AtomicBool,
    /// Tries to make a segment.
    pub(crate) tries: AtomicU64,
    /// Segments that were synced, one for each time.
    pub(crate) syncs: AtomicU64,
    /// Directories that were synced.
    pub(crate) names: AtomicU64,
    /// Looks at the number of links.
    pub(crate) looks: AtomicU64,
    gate: Option<(Sender<()>, Receiver<()>)>,
}

/// The other side of a gated [`Faulty`]: syncs stand still until they are released. Dropping it opens it for good.
pub(crate) struct SyncGate {
    entered: Receiver<()>,
    release: Sender<()>,
}

pub(crate) struct FaultyFile {
    file: std::fs::File,
    segment: bool,
}

impl Faulty {
    pub(crate) fn new() -> Self {
        Self::with(None)
    }

    pub(crate) fn gated() -> (Self, SyncGate) {
        let (entering, entered) = bounded(0);
        let (release, released) = bounded(0);
        (Self::with(Some((entering, released))), SyncGate { entered, release })
    }

    fn with(gate: Option<(Sender<()>, Receiver<()>)>) -> Self {
        Self(Arc::new(Faults {
            room: AtomicU64::new(u64::MAX),
            short: AtomicU64::new(u64::MAX),
            read_only: AtomicBool::new(false),
            no_index: AtomicBool::new(false),
            sync_fails: AtomicBool::new(false),
            names_fail: AtomicBool::new(false),
            tries: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            names: AtomicU64::new(0),
            looks: AtomicU64::new(0),
            gate,
        }))
    }
}

impl std::ops::Deref for Faulty {
    type Target = Faults;

    fn deref(&self) -> &Faults {
        &self.0
    }
}

impl SyncGate {
    /// Waits until a sync stands in front of the gate.
    pub(crate) fn wait(&self) {
        self.entered.recv().expect("the log is there");
    }

    /// Lets it through.
    pub(crate) fn release(&self) {
        self.release.send(()).expect("the log is there");
    }
}

fn set(flag: &AtomicBool) -> bool {
    flag.load(Ordering::SeqCst)
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::SeqCst);
}

impl Storage for Faulty {
    type File = FaultyFile;

    fn create(&self, path: &Path) -> io::Result<FaultyFile> {
        let segment = path.extension().is_some_and(|end| end == "slog");
        if segment {
            count(&self.tries);
        }
        if set(&self.read_only) || (!segment && set(&self.no_index)) {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        Disk.create(path).map(|file| FaultyFile { file, segment })
    }

    fn write(&self, file: &FaultyFile, bytes: &[u8]) -> io::Result<usize> {
        let FaultyFile { file, segment } = file;
        if !segment && set(&self.no_index) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let room = if *segment { self.room.load(Ordering::SeqCst) } else { u64::MAX };
        let taken = (bytes.len() as u64).min(room).min(self.short.load(Ordering::SeqCst)) as usize;
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        assert_eq!(Disk.write(file, &bytes[..taken])?, taken, "the real disk has room");
        if *segment && room != u64::MAX {
            self.room.fetch_sub(taken as u64, Ordering::SeqCst);
        }
        Ok(taken)
    }

    fn sync(&self, _: &FaultyFile) -> io::Result<()> {
        if let Some((entering, released)) = &self.gate {
            // Both fail once the gate is open.
            if entering.send(()).is_ok() {
                released.recv().ok();
            }
        }
        count(&self.syncs);
        if set(&self.sync_fails) {
            return Err(io::Error::other("the disk is dying"));
        }
        // The real disk is not what is tested, and slow.
        Ok(())
    }

    fn links(&self, file: &FaultyFile) -> io::Result<u64> {
        count(&self.looks);
        Disk.links(&file.file)
    }

    fn sync_names(&self, dir: &Path) -> io::Result<()> {
        count(&self.names);
        if set(&self.names_fail) {
            return Err(io::Error::other("the disk is dying"));
        }
        // A directory that is gone is an error there too.
        std::fs::metadata(dir).map(drop)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }
}
