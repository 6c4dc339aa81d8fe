//! Sizes of memory, in GiB as the events carry them.

use super::number::{NumberFormat, format_number};

/// Writes GiB with one decimal: `0.2GB`.
pub fn format_gib(gib: f64) -> String {
    format!("{}GB", format_number(gib, NumberFormat::Fixed(1)))
}

/// Writes what is used of a whole: `12.0/32GB`; `decimals` are those of the whole.
pub fn format_gib_of(used: f64, total: f64, decimals: usize) -> String {
    let used = format_number(used, NumberFormat::Fixed(1));
    format!("{used}/{}GB", format_number(total, NumberFormat::Fixed(decimals)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(format_gib(0.249), "0.2GB");
        assert_eq!(format_gib_of(12.0, 32.0, 0), "12.0/32GB");
        assert_eq!(format_gib_of(9.5, 10.0, 1), "9.5/10.0GB");
        assert_eq!(format_gib(f64::NAN), "NaNGB");
    }
}
