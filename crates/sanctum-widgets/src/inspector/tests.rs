//! The inspector: calm, warning, critical, absent, stale, without a record; every size.

use leyline::RunNs;

use super::*;
use crate::base;
use crate::dump::{draw, draw_buffer, rows};
use crate::glyph::Glyphs;

fn record() -> RecordText<'static> {
    RecordText {
        question: "How far did the policy move in this update?",
        meaning: "Estimate of KL(old, new): the mean of ratio - 1 - ln(ratio) over every sample of every minibatch \
                  that was evaluated, before its step. This k3 estimate is never negative and has little variance.",
        kind: "Option<Reading>",
        unit: "nats",
        range: "[0, inf)",
        missing: None,
        thresholds: vec![
            ["Healthy", "value <= 0.015", "small, careful steps"],
            ["Warning", "value > 0.015 && value <= 0.03", "large steps"],
            [
                "Critical",
                "value > 0.03",
                "the policy left the region in which its samples mean something",
            ],
            ["Unknown", "value is absent", "no applied update yet, or it was not measured"],
        ],
        origin: "the end of an update that made a step",
        function: Some("simic_training::emission::ppo_update_completed"),
        sources: vec!["event PpoUpdateCompleted.kl_divergence"],
        widgets: vec![
            ["StatusBanner", "number after `KL:`, and the label `KL`"],
            ["PolicyHealth", "row `KL`"],
        ],
        file: "docs/telemetry/TELE-110_kl_divergence.md",
        earned: "Verified",
    }
}

fn measured(verdict: Health, fresh: bool, age_seconds: Option<f64>) -> Measured {
    let ts = Some(Timestamp::from_micros(45_067 * 1_000_000));
    let mono_ns = RunNs(842_000_000_000);
    Measured {
        reading: Reading { value: (), batch: Some(26), mono_ns, fresh, verdict },
        ts,
        age_seconds,
    }
}

fn calm() -> InspectorProps<'static> {
    InspectorProps {
        number: Some(110),
        name: "KL Divergence".to_owned(),
        of: None,
        path: "policy.kl_divergence".to_owned(),
        record: Some(record()),
        value: Some("0.012430112".to_owned()),
        measured: Some(measured(Health::Healthy, true, Some(1.24))),
        verdict: Health::Healthy,
        history: Some((0..14).map(|i| 0.01 + f64::from(i % 5) * 0.001).collect()),
        among: (0, 30),
    }
}

fn of(verdict: Health, value: &str) -> InspectorProps<'static> {
    let measured = Some(measured(verdict, true, Some(300.0)));
    InspectorProps { value: Some(value.to_owned()), measured, verdict, ..calm() }
}

#[test]
fn at_three_sizes() {
    for (columns, height) in [(80, 24), (120, 40), (200, 60)] {
        let props = calm();
        insta::assert_snapshot!(
            format!("{columns}x{height}"),
            draw(&InspectorView::new(&props, &Theme::DARK), columns, height)
        );
    }
}

#[test]
fn warning_critical_absent_and_stale() {
    let stale = InspectorProps {
        measured: Some(measured(Health::Critical, false, None)),
        verdict: Health::Critical,
        ..calm()
    };
    let absent = InspectorProps {
        value: None,
        measured: None,
        verdict: Health::NoData,
        history: Some(Vec::new()),
        ..calm()
    };
    let states = [
        ("warning", of(Health::Warning, "0.02")),
        ("critical", of(Health::Critical, "NaN")),
        ("stale", stale),
        ("absent", absent),
    ];
    for (name, props) in states {
        insta::assert_snapshot!(name, draw(&InspectorView::new(&props, &Theme::DARK), 80, 10));
    }
}

#[test]
fn without_a_record_it_says_so() {
    let props = InspectorProps {
        number: None,
        name: "eval\u{1b}[2J/return".to_owned(),
        of: Some("device 3".to_owned()),
        path: "metrics[x].points".to_owned(),
        record: None,
        measured: None,
        history: None,
        among: (0, 1),
        verdict: Health::Ungraded,
        ..calm()
    };
    insta::assert_snapshot!(draw(&InspectorView::new(&props, &Theme::DARK), 60, 8));
}

#[test]
fn it_scrolls_to_its_end_in_ascii() {
    let props = calm();
    let theme = Theme::PLAIN.with_glyphs(Glyphs::Ascii);
    let view = View { focused: true, offset: Some(999), ..View::REST };
    let inspector = InspectorView::new(&props, &theme).view(view);
    let drawn = rows(&draw_buffer(&inspector, 60, 10));
    assert!(drawn.iter().all(|row| row.is_ascii()));
    assert!(drawn[7].contains("Record") && drawn[8].contains("was built"), "{drawn:?}");
    let last = inspector.entries(60) - InspectorView::room(10);
    let at_the_end = inspector.clone().view(View { offset: Some(last), ..view });
    assert_eq!(rows(&draw_buffer(&at_the_end, 60, 10)), drawn);
}

#[test]
fn it_survives_any_area() {
    let props = calm();
    base::survives_any_area(&InspectorView::new(&props, &Theme::DARK));
}
