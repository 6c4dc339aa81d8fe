//! Intervals of the Range row.

use telemetry_evidence::plan::{Bound, Interval};

use crate::verify::grammar::{Extent, is_name};

/// Reads a Range: `any`, an interval, or words.
pub(crate) fn extent(text: &str) -> Result<Extent, String> {
    if text == "any" {
        return Ok(Extent::Any);
    }
    if text.starts_with(['[', '(']) {
        return interval(text).map(Extent::Numbers);
    }
    let words: Vec<&str> = text.split(',').map(str::trim).collect();
    if words.len() < 2 || !words.iter().all(|word| is_name(word)) {
        return Err(format!("`{text}` is neither `any` nor an interval nor a list of words"));
    }
    Ok(Extent::Words(words.into_iter().map(str::to_owned).collect()))
}

/// Reads `[a, b)`.
pub(crate) fn interval(text: &str) -> Result<Interval, String> {
    let wrong = || format!("`{text}` is no interval such as `[0, 1)`");
    let low_included = text.starts_with('[');
    let high_included = text.ends_with(']');
    let inside = text.strip_prefix(['[', '(']).ok_or_else(wrong)?;
    let inside = inside.strip_suffix([']', ')']).ok_or_else(wrong)?;
    let (low, high) = inside.split_once(',').ok_or_else(wrong)?;
    let (low, high) = (bound(low.trim(), '-')?, bound(high.trim(), '+')?);
    let is_empty = match (&low, &high) {
        (Bound::Number(low), Bound::Number(high)) => {
            high < low || (high <= low && !(low_included && high_included))
        }
        (Bound::Number(_) | Bound::Open | Bound::Name(_), _) => false,
    };
    if is_empty {
        return Err(format!("`{text}` holds no number"));
    }
    let is_open = |bound: &Bound| matches!(bound, Bound::Open);
    if (is_open(&low) && low_included) || (is_open(&high) && high_included) {
        return Err(format!("`{text}` includes an end that is not a number"));
    }
    Ok(Interval { low, low_included, high, high_included })
}

/// Reads one end; `side` is the sign that an open one may have.
fn bound(text: &str, side: char) -> Result<Bound, String> {
    let bare = text.strip_prefix(side).unwrap_or(text);
    if matches!(bare, "inf" | "∞") {
        // A lower end without its sign would be plus infinity.
        return if side == '-' && bare == text {
            Err(format!("`{text}` is no lower end; write `-inf`"))
        } else {
            Ok(Bound::Open)
        };
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Bound::Number(number)),
        Ok(_) => Err(format!("`{text}` is no end of an interval")),
        Err(_) if is_name(text) => Ok(Bound::Name(text.to_owned())),
        Err(_) => Err(format!("`{text}` is neither a number nor `inf` nor a name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, low: Bound, high: Bound, included: (bool, bool)) {
        let (low_included, high_included) = included;
        assert_eq!(interval(text), Ok(Interval { low, low_included, high, high_included }));
    }

    #[test]
    fn intervals_have_numbers_names_or_no_ends() {
        check("[1, inf)", Bound::Number(1.0), Bound::Open, (true, false));
        check("[1, ∞)", Bound::Number(1.0), Bound::Open, (true, false));
        check("(-inf, +inf)", Bound::Open, Bound::Open, (false, false));
        check(
            "[0, max_batches]",
            Bound::Number(0.0),
            Bound::Name("max_batches".to_owned()),
            (true, true),
        );
        check("[-1,1)", Bound::Number(-1.0), Bound::Number(1.0), (true, false));
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in [
            "", "[", "[]", "[1]", "[1, 0]", "[1, 1)", "[0, inf]", "(inf, 0)", "[a b, 1]",
            "[0, NaN]", "0..1",
        ] {
            assert!(interval(text).is_err(), "{text}");
        }
        assert_eq!(extent("any"), Ok(Extent::Any));
        assert!(matches!(extent("a, b"), Ok(Extent::Words(words)) if words.len() == 2));
        assert!(extent("positive").is_err() && extent("a b, c").is_err());
    }
}
