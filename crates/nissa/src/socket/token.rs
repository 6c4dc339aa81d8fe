//! The secret that a viewer over TCP must know, its file, and the limit on guessing it.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use leyline::RunNs;
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use super::endpoint::own_uid;

/// Bytes of a token.
const BYTES: usize = 32;
/// Longest file that is read as a token: its digits, and room for line ends.
const MAX_FILE_BYTES: u64 = 256;
/// The user that reads every file anyway.
const ADMINISTRATOR: u32 = 0;

/// 32 secret bytes, written as 64 hex digits. Neither `Debug` nor `Display` shows them.
#[derive(Clone)]
pub struct Token([u8; BYTES]);

/// Why there is no token.
#[derive(Debug, Error)]
pub enum TokenError {
    /// It is not 64 hex digits. The text is not repeated, because it may be a secret with a typing error.
    #[error("a token is {} hex digits", 2 * BYTES)]
    Form,
    /// The system gave no random bytes.
    #[error("cannot make a token: no random bytes: {0}")]
    Random(#[source] io::Error),
    /// The file could not be written.
    #[error("cannot write token: {source}: {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file could not be read.
    #[error("cannot read token: {source}: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others can read or write the file.
    #[error("the token file has mode {mode:04o}, others must have no access to it: {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It belongs to somebody else, who can read it.
    #[error("the token file belongs to user {owner}, not to user {own}: {}", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who asks.
        own: u32,
    },
    /// The file does not hold a token.
    #[error("the token file does not hold {} hex digits: {}", 2 * BYTES, path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
}

impl Token {
    /// Returns a new token from the random bytes of the system.
    ///
    /// # Errors
    ///
    /// [`TokenError::Random`].
    pub fn random() -> Result<Self, TokenError> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| TokenError::Random(error.into()))?;
        Ok(Self(bytes))
    }

    /// Reads a token from its 64 hex digits.
    ///
    /// # Errors
    ///
    /// [`TokenError::Form`].
    pub fn from_hex(text: &str) -> Result<Self, TokenError> {
        let digits: Option<Vec<u8>> = text.bytes().map(digit).collect();
        let digits = digits.filter(|digits| digits.len() == 2 * BYTES).ok_or(TokenError::Form)?;
        let mut bytes = [0; BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        }
        Ok(Self(bytes))
    }

    /// Returns the 64 hex digits. Only for the file and for the message to the run.
    pub fn to_hex(&self) -> String {
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }

    /// Returns whether both are the same, in a time that does not tell where they differ.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// Writes the token to a file that only its owner can read, in place of one that is there already.
    ///
    /// # Errors
    ///
    /// [`TokenError::Write`].
    pub fn write(&self, path: &Path) -> Result<(), TokenError> {
        let failed = |source| TokenError::Write { path: path.to_owned(), source };
        // What is there belongs to a run that was killed. It goes, because whoever has it open would see the new one.
        match fs::remove_file(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        file.and_then(|mut file| writeln!(file, "{}", self.to_hex())).map_err(failed)
    }

    /// Reads a token from a file that others have no access to: it belongs to this user, or to the system's administrator.
    ///
    /// # Errors
    ///
    /// [`TokenError::Read`], [`TokenError::Open`], [`TokenError::Owner`] and [`TokenError::Content`].
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        Self::read_as(path, own_uid())
    }

    fn read_as(path: &Path, own: u32) -> Result<Self, TokenError> {
        let failed = |source| TokenError::Read { path: path.to_owned(), source };
        let file = fs::File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        // Only the administrator gets this far with the file of somebody else, who can read it whatever its mode says.
        let owner = about.uid();
        if ![own, ADMINISTRATOR].contains(&owner) {
            return Err(TokenError::Owner { path: path.to_owned(), owner, own });
        }
        let mode = about.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(TokenError::Open { path: path.to_owned(), mode });
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
        let text = str::from_utf8(&bytes).map(str::trim).unwrap_or_default();
        Self::from_hex(text).map_err(|_| TokenError::Content { path: path.to_owned() })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(secret)")
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Counts wrong tokens: after ten within a minute no token is looked at for the rest of it, a right one included.
///
/// The minute begins with the first wrong token.
#[derive(Debug, Default, Clone, Copy)]
pub struct Guesses {
    /// When the minute began, and how many were wrong since.
    since: Option<(RunNs, u32)>,
}

impl Guesses {
    /// Wrong tokens that are looked at in a minute.
    pub const PER_MINUTE: u32 = 10;
    const MINUTE: u64 = 60_000_000_000;

    /// Returns whether a token is looked at now.
    pub fn may_try(&self, now: RunNs) -> bool {
        self.current(now).is_none_or(|(_, wrong)| wrong < Self::PER_MINUTE)
    }

    /// Notes a wrong token.
    pub fn was_wrong(&mut self, now: RunNs) {
        let (since, wrong) = self.current(now).unwrap_or((now, 0));
        self.since = Some((since, wrong.saturating_add(1)));
    }

    fn current(&self, now: RunNs) -> Option<(RunNs, u32)> {
        self.since.filter(|(since, _)| now.0.saturating_sub(since.0) < Self::MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_token_is_64_hex_digits_and_shows_none_of_them() {
        let token = Token::random().unwrap();
        let hex = token.to_hex();
        assert_eq!(hex.len(), 64);
        assert!(Token::from_hex(&hex).unwrap().is(&token));
        assert!(Token::from_hex(&hex.to_uppercase()).unwrap().is(&token));
        assert!(!Token::random().unwrap().is(&token));
        assert_eq!(format!("{token:?}"), "Token(secret)");
        for bad in ["", "0", &"0".repeat(63), &format!("{hex}0"), &"g".repeat(64), &"ä".repeat(32)]
        {
            let error = Token::from_hex(bad).unwrap_err();
            assert!(matches!(error, TokenError::Form), "{bad:?}");
        }
    }

    #[test]
    fn every_byte_of_a_token_counts() {
        let token = Token([7; BYTES]);
        for at in 0..BYTES {
            let mut other = token.clone();
            other.0[at] ^= 1;
            assert!(!other.is(&token), "{at}");
        }
    }

    #[test]
    fn a_token_file_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.token");
        let token = Token::random().unwrap();
        token.write(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert!(Token::read(&path).unwrap().is(&token));
        let second = Token::random().unwrap();
        second.write(&path).unwrap();
        assert!(Token::read(&path).unwrap().is(&second));
        for mode in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = Token::read(&path).unwrap_err();
            assert!(
                matches!(error, TokenError::Open { mode: found, .. } if found == mode),
                "{error}"
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(Token::read(&path).unwrap().is(&second));
    }

    #[test]
    fn the_token_file_of_another_user_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.token");
        Token::random().unwrap().write(&path).unwrap();
        let own = own_uid();
        // Whoever runs this test is another user for one with the next number, unless it is the administrator's file.
        let read = Token::read_as(&path, own + 1);
        if own == ADMINISTRATOR {
            assert!(read.is_ok(), "{read:?}");
            std::os::unix::fs::chown(&path, Some(own + 1), None).unwrap();
            let error = Token::read(&path).unwrap_err();
            assert!(
                matches!(error, TokenError::Owner { owner, own: asks, .. } if (owner, asks) == (own + 1, own)),
                "{error}"
            );
        } else {
            let error = read.unwrap_err();
            assert!(
                matches!(error, TokenError::Owner { owner, own: asks, .. } if (owner, asks) == (own, own + 1)),
                "{error}"
            );
        }
    }

    #[test]
    fn a_file_without_a_token_is_named_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.token");
        assert!(matches!(Token::read(&path), Err(TokenError::Read { .. })));
        fs::write(&path, "secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = Token::read(&path).unwrap_err();
        assert!(matches!(error, TokenError::Content { .. }));
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn ten_wrong_tokens_close_the_rest_of_the_minute() {
        const SECOND: u64 = 1_000_000_000;
        let mut guesses = Guesses::default();
        for n in 0..10 {
            let now = RunNs(5 * SECOND + n);
            assert!(guesses.may_try(now), "{n}");
            guesses.was_wrong(now);
        }
        assert!(!guesses.may_try(RunNs(5 * SECOND + 10)));
        assert!(!guesses.may_try(RunNs(65 * SECOND - 1)));
        assert!(guesses.may_try(RunNs(65 * SECOND)));
        guesses.was_wrong(RunNs(65 * SECOND));
        assert!(guesses.may_try(RunNs(66 * SECOND)));
    }
}
