//! Plain text forms of values: no drawing types, tested as strings.

mod bar;
mod bytes;
mod duration;
mod number;
mod text;

pub use bar::{format_batch_bar, format_batch_of, format_epoch_bar, format_sparkline};
pub use bytes::{format_gib, format_gib_of};
pub use duration::{format_age, format_behind, format_runtime, format_time_of_day};
pub use number::{
    MISSING, NumberFormat, format_compact, format_count, format_number, format_params,
    format_percent_cut, format_plain, format_rate, format_within,
};
pub use text::{cut, format_foreign, width};
