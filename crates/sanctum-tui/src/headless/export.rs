//! `sanctum-tui export`.

use std::io::Write;

use crate::cli::ExportArgs;
use crate::headless::failure::Failure;

/// Does what `args` ask for: prints on `out`, and on `notes` what a person should know beside it.
///
/// # Errors
///
/// See [`Failure`].
pub(super) fn export(
    args: &ExportArgs,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), Failure> {
    let _ = (args, out, notes);
    Err(Failure::Usage("`export` is being written".to_owned()))
}
