//! `sanctum-tui doctor`.

use std::io::Write;

use crate::cli::{DisplayArgs, DoctorArgs};
use crate::headless::failure::Failure;

/// Says.
pub(super) fn doctor(
    _args: &DoctorArgs,
    _display: &DisplayArgs,
    _out: &mut impl Write,
) -> Result<(), Failure> {
    Ok(())
}
