//! The places where runs are looked for: the folder of sockets and the runs root.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use leyline::RunId;
use nissa::socket::endpoint::own_uid;
use rustix::fs::{Access, access, statvfs};
use serde::Serialize;

use crate::headless::ls::sockets::{Answer, Folder, Socket};
use crate::headless::target::runs_in;

/// The folder of sockets.
#[derive(Debug, Serialize)]
pub(super) struct SocketFolder {
    pub(super) folder: String,
    pub(super) exists: bool,
    pub(super) mode: Option<String>,
    pub(super) owner: Option<u32>,
    pub(super) own_uid: u32,
    /// Why the folder is left alone.
    pub(super) problem: Option<String>,
    pub(super) sockets: Vec<SocketFile>,
}

/// A socket in it.
#[derive(Debug, Serialize)]
pub(super) struct SocketFile {
    pub(super) path: String,
    pub(super) mode: Option<String>,
    pub(super) owner: Option<u32>,
    pub(super) state: &'static str,
    pub(super) run_id: Option<RunId>,
    pub(super) problem: Option<String>,
}

impl SocketFolder {
    pub(super) fn of(path: &Path, folder: &Folder) -> Self {
        let about = fs::symlink_metadata(path).ok();
        Self {
            folder: text(path),
            exists: about.is_some(),
            mode: about.as_ref().map(mode),
            owner: about.as_ref().map(Metadata::uid),
            own_uid: own_uid(),
            problem: match folder {
                Folder::Refused(why) => Some(why.clone()),
                Folder::None | Folder::Sockets(_) => None,
            },
            sockets: folder.sockets().iter().map(SocketFile::of).collect(),
        }
    }
}

impl SocketFile {
    fn of(socket: &Socket) -> Self {
        let about = fs::symlink_metadata(&socket.path).ok();
        let (state, run_id, problem) = match &socket.answer {
            Answer::Welcome(welcome) => ("live", Some(welcome.run_id.clone()), None),
            Answer::Stale => ("stale", None, None),
            Answer::Unnamed(why) => ("unnamed", None, Some(why.clone())),
            Answer::Unreachable(why) => ("unreachable", None, Some(why.clone())),
        };
        let mode = about.as_ref().map(mode);
        let open = mode.as_deref().filter(|&mode| mode != "0600");
        let open = open.map(|mode| format!("its mode is {mode}, and should be 0600"));
        let owner = about.as_ref().map(Metadata::uid);
        Self { path: text(&socket.path), mode, owner, state, run_id, problem: problem.or(open) }
    }
}

/// The runs root.
#[derive(Debug, Serialize)]
pub(super) struct Root {
    pub(super) path: String,
    pub(super) exists: bool,
    pub(super) is_directory: Option<bool>,
    pub(super) is_writable: Option<bool>,
    /// Directories in it that are runs.
    pub(super) runs: Option<u64>,
    /// Free for this user, on the file system of the root or of the directory that it would be made in.
    pub(super) free_bytes: Option<u64>,
    pub(super) total_bytes: Option<u64>,
    /// Why nothing is known.
    pub(super) problem: Option<String>,
}

impl Root {
    pub(super) fn of(path: &Path) -> Self {
        let about = fs::metadata(path);
        let exists = about.is_ok();
        let is_directory = about.as_ref().ok().map(Metadata::is_dir);
        // Where it is not there it would be made in the nearest directory that is.
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let there = absolute.ancestors().find(|path| path.is_dir());
        let space = there.and_then(|there| statvfs(there).ok());
        let bytes = |blocks: u64| space.as_ref().map(|space| blocks.saturating_mul(space.f_frsize));
        let readable = fs::read_dir(path).map(drop);
        Self {
            path: text(path),
            exists,
            is_directory,
            is_writable: there
                .map(|there| access(there, Access::WRITE_OK | Access::EXEC_OK).is_ok()),
            runs: readable.is_ok().then(|| runs_in(path).len() as u64),
            free_bytes: space.as_ref().and_then(|space| bytes(space.f_bavail)),
            total_bytes: space.as_ref().and_then(|space| bytes(space.f_blocks)),
            problem: readable.err().filter(|_| exists).map(|error| error.to_string()),
        }
    }
}

fn mode(about: &Metadata) -> String {
    format!("{:04o}", about.mode() & 0o7777)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
