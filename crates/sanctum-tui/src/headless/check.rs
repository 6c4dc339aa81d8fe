//! `sanctum-tui check`.

use std::io::Write;

use crate::cli::CheckArgs;
use crate::headless::failure::Failure;

/// Does what `args` ask for: prints on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// See [`Failure`].
pub(super) fn check(
    args: &CheckArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let _ = (args, out, notes);
    Err(Failure::Usage("`check` is being written".to_owned()))
}
