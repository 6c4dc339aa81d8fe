//! The numbers of user code.

use leyline::Metric;

use crate::support::{Feed, metric, start, with};

#[test]
fn tele_820_points_are_pairs_of_step_and_value() {
    let feed = Feed::new().at(0.0, start(20, 0)).at(1.0, metric(5, &[("a/b", 1.5), ("c", -1.0)]));
    let shown = feed.at(2.0, metric(9, &[("c", f64::NAN)])).now(2.0);
    assert_eq!(shown.metrics.keys().collect::<Vec<_>>(), ["a/b", "c"]);
    assert_eq!(&shown.metrics["a/b"].points[..], [(5, 1.5)]);
    let points = &shown.metrics["c"].points;
    assert_eq!((points[0], points[1].0, points[1].1.is_nan()), ((5, -1.0), 9, true));
}

#[test]
fn tele_820_the_latest_128_points_are_kept() {
    let feed = (0..130).fold(Feed::new(), |feed, step| feed.at(0.0, metric(step, &[("a", 0.0)])));
    let points = feed.now(0.0).metrics["a"].points.clone();
    assert_eq!((points.len(), points[0].0, points[127].0), (128, 2, 129));
}

/// A report of one value with the unit of one name.
fn in_unit(step: u64, name: &str, unit: (&str, &str)) -> Metric {
    with(metric(step, &[(name, 1.0)]), |metric| {
        metric.units = Some([(unit.0.to_owned(), unit.1.to_owned())].into());
    })
}

#[test]
fn tele_821_units_are_for_names_that_have_a_value() {
    let feed = Feed::new().at(0.0, in_unit(1, "a", ("a", "seconds")));
    assert_eq!(feed.now(0.0).metrics["a"].unit.as_deref(), Some("seconds"));
    let feed = feed.at(0.0, metric(2, &[("a", 1.0)]));
    assert_eq!(feed.now(0.0).metrics["a"].unit.as_deref(), Some("seconds"));
    let feed = feed.at(0.0, in_unit(3, "b", ("c", "steps")));
    let shown = feed.now(0.0);
    assert_eq!((shown.metrics["b"].unit.clone(), shown.metrics.len()), (None, 2));
}

#[test]
fn a_picture_is_taken_again_only_after_a_report() {
    let feed = Feed::new().at(0.0, metric(1, &[("a", 1.0)]));
    let (one, two) = (feed.now(0.0), feed.now(1.0));
    assert!(std::sync::Arc::ptr_eq(&one.metrics, &two.metrics));
    let three = feed.at(2.0, metric(2, &[("a", 1.0)])).now(2.0);
    assert_eq!((one.metrics["a"].points.len(), three.metrics["a"].points.len()), (1, 2));
}
