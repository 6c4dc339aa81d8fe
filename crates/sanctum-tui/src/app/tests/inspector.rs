//! Choosing a number and the inspector of it.

use leyline::{RunNs, Timestamp, metric};
use sanctum_widgets::{InspectorProps, Of};

use super::*;
use crate::headless::{path, snapshot};
use crate::inspect;
use crate::time::{Extent, Moment, Motion};

fn props(desk: &Desk) -> InspectorProps<'static> {
    inspect::props(desk.app.inspecting(), desk.app.panels()).expect("something is inspected")
}

#[test]
fn arrows_choose_a_number_and_i_tells_everything_about_it() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.char('1');
    let rest = desk.text();
    desk.code(KeyCode::Down);
    desk.code(KeyCode::Down);
    assert_eq!(desk.app.panel_view(WidgetId::PolicyHealth).selected, Some(1));
    desk.char('i');
    let text = desk.text();
    assert!(text.contains("TELE-120 Entropy") && text.contains("Question"), "{text}");
    assert!(desk.rows()[0].starts_with(rest.lines().next().unwrap_or_default()));
    desk.code(KeyCode::Tab);
    assert_eq!(props(&desk).number, Some(125), "what stands in the same row comes next");
    desk.code(KeyCode::BackTab);
    desk.code(KeyCode::BackTab);
    desk.code(KeyCode::BackTab);
    desk.code(KeyCode::BackTab);
    assert_eq!(props(&desk).number, Some(110));
    desk.code(KeyCode::BackTab);
    assert_eq!(props(&desk).among.0 + 1, props(&desk).among.1, "it goes round");
    desk.code(KeyCode::Esc);
    assert!(!desk.text().contains("Question"));
    desk.code(KeyCode::Esc);
    assert_eq!(desk.text(), rest);
}

#[test]
fn a_chosen_row_is_always_on_show() {
    let mut desk = Desk::new(Trainer::Here, SMALL);
    desk.char('1');
    let last = WidgetId::PolicyHealth.entries(desk.app.snapshot()) - 1;
    for (keys, row) in [("jjj", 2), ("G", last), ("k", last - 1), ("g", 0)] {
        for key in keys.chars() {
            desk.char(key);
        }
        let view = desk.app.panel_view(WidgetId::PolicyHealth);
        assert_eq!(view.selected, Some(row));
        let buffer = render(&desk.app, SMALL.0, SMALL.1);
        let marked = buffer.content().iter().filter(|cell| {
            let title = desk.app.theme().reversed(sanctum_widgets::Class::Accent).add_modifier;
            cell.modifier.contains(
                title - desk.app.theme().style(sanctum_widgets::Class::Accent).add_modifier,
            ) && cell.fg
                == desk.app.theme().style(sanctum_widgets::Class::Dim).fg.unwrap_or_default()
        });
        assert!(0 < marked.count(), "row {row}");
    }
}

/// The whole snapshot as JSON is what `snapshot --json` prints, made in another way.
#[test]
fn every_metric_shows_the_value_of_its_path() {
    let desk = Desk::new(Trainer::Here, WIDE);
    let whole = snapshot::to_json(desk.app.snapshot());
    let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let mut measured = 0;
    for spec in metric::all() {
        let inspecting = inspect::everything(spec.number);
        let props = inspect::props(&inspecting, desk.app.panels()).unwrap();
        assert_eq!(props.number, Some(spec.number));
        assert!(props.record.is_some());
        let value = path::get(&whole, &props.path).unwrap_or_else(|error| panic!("{error}"));
        if let Some(inside) = value.get("mono_ns").and(value.get("value")) {
            measured += 1;
            let reading = props.measured.expect("a reading has a time");
            assert_eq!(
                props.value,
                Some(inside.to_string())
                    .filter(|_| !inside.is_string())
                    .or_else(|| inside.as_str().map(str::to_owned))
            );
            assert_eq!(
                value["verdict"],
                serde_json::json!(reading.reading.verdict),
                "{}",
                props.path
            );
            assert_eq!(value["batch"], serde_json::json!(reading.reading.batch));
        } else {
            let absent = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            assert_eq!(props.value.is_none(), absent, "{} {value}", props.path);
            assert!(props.measured.is_none());
        }
    }
    assert!(40 < measured, "{measured}");
}

#[test]
fn one_of_many_is_that_one() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.char('5');
    desk.code(KeyCode::Down);
    desk.code(KeyCode::Down);
    desk.char('i');
    let inspected = desk.app.inspecting().shown().cloned().unwrap();
    let Of::Env(id) = inspected.of else { panic!("{inspected:?}") };
    assert!(desk.text().contains(&format!(": environment {id}")));
    assert!(props(&desk).path.starts_with("envs["));
}

#[test]
fn a_past_moment_is_told_as_it_was() {
    let shown = picture(Scenario::Calm, 700);
    let kl = shown.snapshot.policy.kl_divergence.expect("an update");
    let moment = Moment {
        place: 700,
        seq: Some(700),
        at: Some(RunNs(kl.mono_ns.0 + 2_500_000_000)),
        ts: Some(Timestamp::from_micros(60_000_000)),
        motion: Motion::Still,
        extent: Extent {
            first: 0,
            last: 900,
            times: None,
            landmarks: Arc::from([]),
            reading: None,
        },
    };
    let silence = shown.snapshot.staleness_seconds.unwrap_or_default();
    let mut app = App::still(Theme::DARK, Picture { moment: Some(Arc::new(moment)), ..shown });
    app.inspect(110);
    let props = inspect::props(app.inspecting(), app.panels()).unwrap();
    let measured = props.measured.unwrap();
    assert_eq!(measured.age_seconds, Some(2.5 + silence));
    assert_eq!(measured.ts, Some(Timestamp::from_micros(57_500_000)));
    assert_eq!(measured.reading.batch, kl.batch);
    let text = dump::rows(&render(&app, 120, 40)).join("\n");
    assert!(text.contains("TELE-110 KL Divergence (past)"), "{text}");
    assert!(text.contains("00:00:57 UTC"), "{text}");
}

#[test]
fn the_command_line_opens_any_metric() {
    let mut desk = Desk::new(Trainer::Here, WIDE);
    desk.char(':');
    for key in "inspect telemetry.events_lost".chars() {
        desk.char(key);
    }
    desk.code(KeyCode::Enter);
    assert!(desk.text().contains("TELE-782 Events Lost"), "{}", desk.text());
}

#[test]
fn it_survives_every_size_and_scrolls_to_its_end() {
    for size in [(1, 1), (20, 5), (60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut desk = Desk::new(Trainer::Here, size);
        desk.char('i');
        desk.char('G');
        let text = desk.text();
        assert!(size.0 < 60 || text.contains("docs/telemetry/TELE-110"), "{size:?} {text}");
        for _ in 0..40 {
            desk.code(KeyCode::Tab);
            desk.text();
        }
    }
}
