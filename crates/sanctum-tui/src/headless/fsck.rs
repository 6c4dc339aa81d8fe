//! `sanctum-tui fsck`.

use std::io::Write;

use crate::cli::FsckArgs;
use crate::headless::failure::Failure;

/// Does what `args` ask for: prints on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// See [`Failure`].
pub(super) fn fsck(
    args: &FsckArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let _ = (args, out, notes);
    Err(Failure::Usage("`fsck` is being written".to_owned()))
}
