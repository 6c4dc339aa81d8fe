//! Progress bars and sparklines.

use super::number::MISSING;

const BATCH_CELLS: u64 = 8;
const EPOCH_CELLS: u64 = 6;

/// Writes `B:██░░░░░░ 25/75`; without a maximum (0) only the number; before any batch is known `B:—`.
pub fn format_batch_bar(current: Option<u64>, max: u64) -> String {
    format_bar('B', current, max, BATCH_CELLS)
}

/// Writes `E:███░░░ 75/150`; without a maximum (`None`, or 0: unbounded) only the number; nothing known: `E:—`.
pub fn format_epoch_bar(current: Option<u32>, max: Option<u32>) -> String {
    // Unknown and unbounded look alike here; the snapshot tells them apart.
    let max = max.map_or(0, u64::from);
    format_bar('E', current.map(u64::from), max, EPOCH_CELLS)
}

/// Writes `b25/75`; without a maximum (0) only `b25`.
pub fn format_batch_of(batch: u64, max: u64) -> String {
    if max == 0 { format!("b{batch}") } else { format!("b{batch}/{max}") }
}

fn format_bar(name: char, current: Option<u64>, max: u64, cells: u64) -> String {
    let Some(current) = current else { return format!("{name}:{MISSING}") };
    if max == 0 {
        return format!("{name}:{current}");
    }
    // In 128 bits, because a product of two counters need not fit into 64.
    let filled = (u128::from(current.min(max)) * u128::from(cells) / u128::from(max)) as usize;
    let (full, empty) = ("█".repeat(filled), "░".repeat(cells as usize - filled));
    format!("{name}:{full}{empty} {current}/{max}")
}

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws the latest `width` values in one row: low `▁` to high `█`, not finite `!`, `─` on the left where there is none.
pub fn format_sparkline(values: &[f64], width: usize) -> String {
    let latest = values.get(values.len().saturating_sub(width)..).unwrap_or(values);
    let finite = || latest.iter().copied().filter(|v| v.is_finite());
    let (min, max) =
        (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let mut text = "─".repeat(width - latest.len());
    text.extend(latest.iter().map(|&v| level(v, min, max)));
    text
}

fn level(value: f64, min: f64, max: f64) -> char {
    if !value.is_finite() {
        return '!';
    }
    // Halved, because the distance of two floats can be beyond the largest one.
    let (rise, span) = (value / 2.0 - min / 2.0, max / 2.0 - min / 2.0);
    if span == 0.0 {
        return LEVELS[0];
    }
    let index = (rise / span * 7.0) as usize;
    LEVELS[index.min(7)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn spark(values: &[f64], width: usize, expected: &str) {
        assert_eq!(format_sparkline(values, width), expected);
    }

    #[test]
    fn af14_af15_af16_sparkline() {
        spark(&[], 8, "────────");
        spark(&[1.0, 2.0, 3.0], 8, "─────▁▄█");
        spark(&[5.0, 5.0], 4, "──▁▁");
    }

    #[test]
    fn a_sparkline_marks_what_is_not_finite_and_keeps_the_latest() {
        spark(&[1.0, f64::NAN, 3.0, f64::INFINITY], 4, "▁!█!");
        spark(&[9.0, 1.0, 2.0], 2, "▁█");
        spark(&[f64::NAN], 2, "─!");
        spark(&[-f64::MAX, 0.0, f64::MAX], 3, "▁▄█");
        spark(&[1.0], 0, "");
    }

    #[test]
    fn a_batch_in_a_line_of_text() {
        assert_eq!(
            (format_batch_of(25, 75), format_batch_of(3, 0)),
            ("b25/75".into(), "b3".into())
        );
    }

    #[track_caller]
    fn batch(current: Option<u64>, max: u64, expected: &str) {
        assert_eq!(format_batch_bar(current, max), expected);
    }

    #[test]
    fn af17_batch_bar() {
        batch(Some(0), 75, "B:░░░░░░░░ 0/75");
        batch(Some(25), 75, "B:██░░░░░░ 25/75");
        batch(Some(26), 75, "B:██░░░░░░ 26/75");
        batch(Some(80), 75, "B:████████ 80/75");
        batch(Some(u64::MAX - 1), u64::MAX, "B:███████░ 18446744073709551614/18446744073709551615");
    }

    #[test]
    fn af18_batch_bar_without_a_maximum() {
        batch(Some(7), 0, "B:7");
        batch(None, 0, "B:—");
    }

    #[test]
    fn af19_epoch_bar() {
        let epoch = |current, max| format_epoch_bar(Some(current), Some(max));
        assert_eq!(epoch(1, 150), "E:░░░░░░ 1/150");
        assert_eq!(epoch(75, 150), "E:███░░░ 75/150");
        assert_eq!(epoch(150, 0), "E:150");
        assert_eq!(format_epoch_bar(Some(3), None), "E:3");
        assert_eq!(format_epoch_bar(None, Some(3)), "E:—");
    }

    proptest! {
        #[test]
        fn a_sparkline_has_its_width(values: Vec<f64>, width in 0_usize..64) {
            prop_assert_eq!(format_sparkline(&values, width).chars().count(), width);
        }

        #[test]
        fn a_bar_has_its_cells_and_both_numbers(current: u64, max in 1_u64..) {
            let text = format_batch_bar(Some(current), max);
            prop_assert_eq!(text.chars().filter(|c| matches!(c, '█' | '░')).count(), 8);
            let numbers = format!(" {current}/{max}");
            prop_assert!(text.ends_with(&numbers));
        }
    }
}
