//! Literals and conditions.

use crate::verify::grammar::{Comparison, Condition, Literal, Operator, Term, is_name};

/// Reads a literal: `None`, `true`, a number, `[]`, a word or a quoted text.
pub(crate) fn literal(text: &str) -> Result<Literal, String> {
    let literal = match text {
        "None" | "null" | "absent" => Literal::Absent,
        "true" => Literal::Flag(true),
        "false" => Literal::Flag(false),
        "[]" | "{}" | "empty" => Literal::Empty,
        "∞" => Literal::Number(f64::INFINITY),
        _ => match text.parse::<f64>() {
            Ok(number) => Literal::Number(number),
            Err(_) => Literal::Text(word(text)?.to_owned()),
        },
    };
    Ok(literal)
}

fn word(text: &str) -> Result<&str, String> {
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    quoted
        .filter(|inside| !inside.contains('"'))
        .or_else(|| Some(text).filter(|text| is_name(text)))
        .ok_or_else(|| format!("`{text}` is neither a number nor a word nor a quoted text"))
}

/// Reads comparisons joined by `&&` or `||`, of which `&&` binds closer; or `never`.
pub(crate) fn condition(text: &str) -> Result<Condition, String> {
    if text == "never" {
        return Ok(Condition { any: Vec::new() });
    }
    let all = |part: &str| part.split("&&").map(|part| comparison(part.trim())).collect();
    let any = text.split("||").map(all).collect::<Result<_, String>>()?;
    Ok(Condition { any })
}

fn comparison(text: &str) -> Result<Comparison, String> {
    let absent = || Term::Literal(Literal::Absent);
    for (end, operator) in [(" is absent", Operator::Equal), (" is present", Operator::NotEqual)] {
        if let Some(name) = text.strip_suffix(end) {
            return Ok(Comparison { left: term(name.trim())?, operator, right: absent() });
        }
    }
    // The longer spellings first, so that `<=` is not taken for `<`.
    for (sign, operator) in [
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Less),
        (">", Operator::More),
    ] {
        if let Some((left, right)) = text.split_once(sign) {
            let (left, right) = (term(left.trim())?, term(right.trim())?);
            if matches!((&left, &right), (Term::Literal(_), Term::Literal(_))) {
                return Err(format!("`{text}` compares nothing that can change"));
            }
            return Ok(Comparison { left, operator, right });
        }
    }
    Err(format!("`{text}` is no comparison such as `value < 0.5`"))
}

fn term(text: &str) -> Result<Term, String> {
    let named = |text: &str| {
        if is_name(text) { Ok(text.to_owned()) } else { Err(format!("`{text}` is no name")) }
    };
    if text == "length" {
        return Ok(Term::Length);
    }
    if let Some(inside) = text.strip_prefix("abs(").and_then(|text| text.strip_suffix(')')) {
        return Ok(Term::Magnitude(named(inside.trim())?));
    }
    if let Some((left, right)) = text.split_once(" / ") {
        return Ok(Term::Quotient(named(left.trim())?, named(right.trim())?));
    }
    if let Some((left, right)) = text.split_once(" - ") {
        return Ok(Term::Difference(named(left.trim())?, named(right.trim())?));
    }
    let literal = literal(text)?;
    if let (Literal::Text(word), false) = (&literal, text.starts_with('"')) {
        return Ok(Term::Name(word.clone()));
    }
    Ok(Term::Literal(literal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Term {
        Term::Name(text.to_owned())
    }

    #[track_caller]
    fn check(text: &str, left: Term, operator: Operator, right: Term) {
        let comparison = Comparison { left, operator, right };
        assert_eq!(condition(text), Ok(Condition { any: vec![vec![comparison]] }));
    }

    #[test]
    fn comparisons_have_two_terms() {
        let number = |number| Term::Literal(Literal::Number(number));
        check("value <= 0.5", name("value"), Operator::AtMost, number(0.5));
        check("value>-1e-3", name("value"), Operator::More, number(-0.001));
        check(
            "abs(value) >= 2",
            Term::Magnitude("value".to_owned()),
            Operator::AtLeast,
            number(2.0),
        );
        let quotient = Term::Quotient("value".to_owned(), "vitals.ram_total_gb".to_owned());
        check("value / vitals.ram_total_gb > 0.9", quotient, Operator::More, number(0.9));
        check("length == 0", Term::Length, Operator::Equal, number(0.0));
        check("value is absent", name("value"), Operator::Equal, Term::Literal(Literal::Absent));
        check("a.b is present", name("a.b"), Operator::NotEqual, Term::Literal(Literal::Absent));
        check("value == failed", name("value"), Operator::Equal, name("failed"));
        check(
            "value != true",
            name("value"),
            Operator::NotEqual,
            Term::Literal(Literal::Flag(true)),
        );
    }

    #[test]
    fn and_binds_closer_than_or() {
        let found = condition("a > 1 && b > 2 || c < 3").expect("condition");
        assert_eq!(found.any.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(condition("never"), Ok(Condition { any: Vec::new() }));
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in [
            "",
            "value",
            "value <",
            "value < 1 &&",
            "1 < 2",
            "value is here",
            "0 < value < 1",
            "v ~ 1",
            "abs(1) > 2",
        ] {
            assert!(condition(text).is_err(), "{text}");
        }
        assert!(literal("two words").is_err() && literal("\"two words\"").is_ok());
        assert_eq!(literal("None"), Ok(Literal::Absent));
    }
}
