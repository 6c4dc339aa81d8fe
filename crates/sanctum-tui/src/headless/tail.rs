//! `sanctum-tui tail`.

use std::io::Write;

use crate::cli::TailArgs;
use crate::headless::failure::Failure;

/// Does what `args` ask for: prints on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// See [`Failure`].
pub(super) fn tail(
    args: &TailArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let _ = (args, out, notes);
    Err(Failure::Usage("`tail` is being written".to_owned()))
}
