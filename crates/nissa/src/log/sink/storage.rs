//! What the log asks of a file system, so that tests can have one that fails, runs full or stands still.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::run_dir;

/// Files of a log. Shared by the thread that writes and the one that syncs.
pub trait Storage: Send + Sync + 'static {
    /// An open file.
    type File: Send + Sync + 'static;

    /// Creates a file.
    ///
    /// # Errors
    ///
    /// It is there already, or cannot be made.
    fn create(&self, path: &Path) -> io::Result<Self::File>;

    /// Appends bytes and returns how many of them were taken.
    ///
    /// # Errors
    ///
    /// None were taken.
    fn write(&self, file: &Self::File, bytes: &[u8]) -> io::Result<usize>;

    /// Returns once everything written to the file would survive a power cut.
    ///
    /// # Errors
    ///
    /// That cannot be promised.
    fn sync(&self, file: &Self::File) -> io::Result<()>;

    /// Returns how many names the file has: 0 once it was removed, and writing to it still succeeds.
    ///
    /// # Errors
    ///
    /// It cannot be told.
    fn links(&self, file: &Self::File) -> io::Result<u64>;

    /// Returns once the names in a directory would survive a power cut.
    ///
    /// # Errors
    ///
    /// That cannot be promised.
    fn sync_names(&self, dir: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// It cannot be removed.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Storage for Disk {
    type File = File;

    fn create(&self, path: &Path) -> io::Result<File> {
        File::create_new(path)
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    #[cfg(unix)]
    fn links(&self, file: &File) -> io::Result<u64> {
        file.metadata().map(|about| std::os::unix::fs::MetadataExt::nlink(&about))
    }

    #[cfg(not(unix))]
    fn links(&self, _: &File) -> io::Result<u64> {
        // An open file cannot be removed there.
        Ok(1)
    }

    fn sync_names(&self, dir: &Path) -> io::Result<()> {
        run_dir::sync_names(dir)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}
