//! Where a run listens, how such a place is spelled, and the folder of the sockets of one user.

use std::fmt;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use leyline::RunId;
use thiserror::Error;

/// Longest path of a socket, in bytes. The limit of the system is 104 to 108, end included.
pub const MAX_PATH_BYTES: usize = 100;

/// A place that a run listens at. Its text is `unix:PATH` or `tcp://HOST:PORT`, with brackets around a host that is an
/// IPv6 address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A socket in the file system, for the same user of the same machine.
    Unix(PathBuf),
    /// A TCP port; never without a token.
    Tcp {
        /// Name or address, without brackets.
        host: String,
        /// Port; 0, for a listener, lets the system choose.
        port: u16,
    },
}

/// Why a text is no [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// It begins with neither `unix:` nor `tcp://`.
    #[error("an endpoint is `unix:PATH` or `tcp://HOST:PORT`, not {text:?}")]
    Scheme {
        /// The text.
        text: String,
    },
    /// Nothing follows `unix:`.
    #[error("no path after `unix:`")]
    NoPath,
    /// No host, or a host with characters that no host has.
    #[error("no host in {text:?}, which should be `tcp://HOST:PORT`")]
    Host {
        /// The text.
        text: String,
    },
    /// No port, or none from 0 to 65535.
    #[error("no port in {text:?}, which should be `tcp://HOST:PORT`")]
    Port {
        /// The text.
        text: String,
    },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() {
                Err(EndpointError::NoPath)
            } else {
                Ok(Self::Unix(path.into()))
            };
        }
        let whole = || text.to_owned();
        let address =
            text.strip_prefix("tcp://").ok_or_else(|| EndpointError::Scheme { text: whole() })?;
        let (host, port) =
            address.rsplit_once(':').ok_or_else(|| EndpointError::Port { text: whole() })?;
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| digits);
        let port = port.ok_or_else(|| EndpointError::Port { text: whole() })?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_%".contains(&byte);
        let is_host = match bare {
            Some(bare) => bare.contains(':') && bare.bytes().all(|byte| fits(byte) || byte == b':'),
            None => !host.is_empty() && host.bytes().all(fits),
        };
        if !is_host {
            return Err(EndpointError::Host { text: whole() });
        }
        Ok(Self::Tcp { host: bare.unwrap_or(host).to_owned(), port })
    }
}

/// Returns the folder with the sockets of a user: `<runtime>/sanctum`, where `runtime` is the directory that the system
/// keeps for what runs, or `<temporary>/sanctum-<uid>` where there is none. It need not exist.
pub fn folder(runtime: Option<&Path>, temporary: &Path, uid: u32) -> PathBuf {
    match runtime {
        // A relative one is to be ignored, says the XDG base directory specification.
        Some(runtime) if runtime.is_absolute() => runtime.join("sanctum"),
        Some(_) | None => temporary.join(format!("sanctum-{uid}")),
    }
}

/// Returns the number of the user that this process acts as.
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Returns the path of a run's socket in a folder: `<run>.sock`, or `run-<8 hex digits>.sock` where that would be longer than
/// [`MAX_PATH_BYTES`]. The name of a run therefore comes from its welcome, never from the name of a file.
pub fn path(folder: &Path, run: &RunId) -> PathBuf {
    let path = folder.join(format!("{run}.sock"));
    if path.as_os_str().as_bytes().len() <= MAX_PATH_BYTES {
        return path;
    }
    folder.join(format!("run-{:08x}.sock", crc32c::crc32c(run.as_str().as_bytes())))
}

/// Returns the path of the token that belongs to a socket: beside it, with `.token` for `.sock`.
pub fn token_path(socket: &Path) -> PathBuf {
    socket.with_extension("token")
}

/// Why a folder cannot hold sockets.
#[derive(Debug, Error)]
pub enum FolderError {
    /// It is not there and cannot be made, or cannot be looked at.
    #[error("cannot create folder for sockets: {source}: {}", path.display())]
    Create {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something else has its name, be it a link to a folder.
    #[error("the folder for sockets is not a folder: {}", path.display())]
    NotAFolder {
        /// The place.
        path: PathBuf,
    },
    /// It belongs to somebody else.
    #[error("the folder for sockets belongs to user {owner}, not to user {own}: {}", path.display())]
    Owner {
        /// The folder.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who asks.
        own: u32,
    },
    /// Others may look into it.
    #[error("the folder for sockets has mode {mode:04o}, and must have 0700: {}", path.display())]
    Mode {
        /// The folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

/// Makes a folder for sockets with mode 0700, or checks the one that is there: it must belong to `uid`, and nobody else may
/// look into it.
///
/// # Errors
///
/// See [`FolderError`].
pub fn prepare(folder: &Path, uid: u32) -> Result<(), FolderError> {
    let failed = |source| FolderError::Create { path: folder.to_owned(), source };
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    check(folder, uid)
}

/// Checks a folder as [`prepare`] does, and makes nothing.
///
/// # Errors
///
/// See [`FolderError`].
pub fn check(folder: &Path, uid: u32) -> Result<(), FolderError> {
    let path = || folder.to_owned();
    // Not through links: whoever owns the temporary directory could lead us elsewhere.
    let about = fs::symlink_metadata(folder)
        .map_err(|source| FolderError::Create { path: path(), source })?;
    if !about.is_dir() {
        return Err(FolderError::NotAFolder { path: path() });
    }
    if about.uid() != uid {
        return Err(FolderError::Owner { path: path(), owner: about.uid(), own: uid });
    }
    let mode = about.mode() & 0o7777;
    if mode & 0o777 != 0o700 {
        return Err(FolderError::Mode { path: path(), mode });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[track_caller]
    fn reads(text: &str, expected: &Endpoint) {
        assert_eq!(text.parse().as_ref(), Ok(expected));
        assert_eq!(expected.to_string(), text);
    }

    fn tcp(host: &str, port: u16) -> Endpoint {
        Endpoint::Tcp { host: host.to_owned(), port }
    }

    #[test]
    fn endpoints_have_one_spelling() {
        reads(
            "unix:/run/user/1000/sanctum/a.sock",
            &Endpoint::Unix("/run/user/1000/sanctum/a.sock".into()),
        );
        reads("unix:a b:c", &Endpoint::Unix("a b:c".into()));
        reads("tcp://127.0.0.1:7007", &tcp("127.0.0.1", 7007));
        reads("tcp://[::1]:0", &tcp("::1", 0));
        reads("tcp://box-3.example:65535", &tcp("box-3.example", 65535));
    }

    #[test]
    fn other_texts_say_what_is_missing() {
        let error = |text: &str| text.parse::<Endpoint>().unwrap_err();
        let text = |text: &str| text.to_owned();
        for bad in ["", "unix", "/tmp/x.sock", "TCP://a:1", "http://a:1", "tcp:a:1"] {
            assert_eq!(error(bad), EndpointError::Scheme { text: text(bad) });
        }
        assert_eq!(error("unix:"), EndpointError::NoPath);
        for bad in ["tcp://", "tcp://a", "tcp://a:", "tcp://a:65536", "tcp://a:+1", "tcp://a:1/"] {
            assert_eq!(error(bad), EndpointError::Port { text: text(bad) });
        }
        for bad in
            ["tcp://:1", "tcp://a b:1", "tcp://::1:7", "tcp://[a]:1", "tcp://[::1:1", "tcp://a/b:1"]
        {
            assert_eq!(error(bad), EndpointError::Host { text: text(bad) });
        }
    }

    #[test]
    fn the_folder_follows_its_arguments() {
        let (runtime, tmp) = (Path::new("/run/user/7"), Path::new("/tmp"));
        assert_eq!(folder(Some(runtime), tmp, 7), Path::new("/run/user/7/sanctum"));
        assert_eq!(folder(None, tmp, 7), Path::new("/tmp/sanctum-7"));
        assert_eq!(folder(Some(Path::new("run")), tmp, 7), Path::new("/tmp/sanctum-7"));
        assert_eq!(folder(Some(Path::new("")), tmp, 7), Path::new("/tmp/sanctum-7"));
    }

    #[test]
    fn a_long_name_gets_a_short_path() {
        let dir = Path::new("/run/user/1000/sanctum");
        let short = RunId::nearest("cartpole-7f3a");
        assert_eq!(path(dir, &short), dir.join("cartpole-7f3a.sock"));
        assert_eq!(token_path(&path(dir, &short)), dir.join("cartpole-7f3a.token"));
        let long = |end: &str| RunId::nearest(&format!("{}{end}", "x".repeat(120)));
        let (a, b) = (path(dir, &long("a")), path(dir, &long("b")));
        assert_ne!(a, b);
        assert_eq!(a, path(dir, &long("a")));
        assert!(a.as_os_str().len() <= MAX_PATH_BYTES, "{}", a.display());
    }

    #[test]
    fn a_folder_that_others_can_enter_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("sanctum");
        let uid = own_uid();
        prepare(&dir, uid).unwrap();
        assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o7777, 0o700);
        prepare(&dir, uid).unwrap();
        for mode in [0o755, 0o770, 0o701, 0o500] {
            fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
            let error = prepare(&dir, uid).unwrap_err();
            assert!(
                matches!(error, FolderError::Mode { mode: found, .. } if found == mode),
                "{error}"
            );
        }
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(matches!(prepare(&dir, uid + 1), Err(FolderError::Owner { .. })));
        let link = root.path().join("link");
        symlink(&dir, &link).unwrap();
        assert!(matches!(prepare(&link, uid), Err(FolderError::NotAFolder { .. })));
        let inside = root.path().join("none/sanctum");
        assert!(matches!(prepare(&inside, uid), Err(FolderError::Create { .. })));
    }
}
