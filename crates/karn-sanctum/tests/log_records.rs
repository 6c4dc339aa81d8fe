//! What the records of the event log claim about its lines, one part at a time.

use std::sync::Arc;

use karn_sanctum::LogLine;
use leyline::{EnvId, Event, Incoming, Reason, Rejection, RunId, RunNs, Severity};

use crate::support::{Feed, anomaly, batch, envelope, malformed, outcome, start, unknown, with};

fn last(feed: &Feed) -> LogLine {
    feed.now(9.0).event_log.last().unwrap().as_ref().clone()
}

#[test]
fn tele_812_event_type_is_that_of_the_wire_or_says_what_stands_for_it() {
    let feed = Feed::new().at(0.0, start(75, 0));
    assert_eq!(feed.now(0.0).event_log[0].event_type, "TRAINING_STARTED");
    assert_eq!(last(&feed).event_type, "OUT_OF_RANGE", "a start without the expected fields");
    let feed = feed.at(1.0, outcome(0, 1.0, 1)).unknown(2.0, "SEED_PRUNED");
    assert_eq!(last(&feed).event_type, "SEED_PRUNED");
    let feed = feed.incoming(3.0, &malformed(Some("r")));
    assert_eq!(last(&feed).event_type, "REJECTED");
}

#[test]
fn tele_813_env_id_is_that_of_the_payload_or_else_of_the_envelope() {
    let of = |event: Event, named: Option<EnvId>| {
        let row = with(envelope(0, 0.0, event), |row| row.env_id = named);
        Feed::new().envelope(0.0, row).now(0.0).event_log[0].env_id
    };
    assert_eq!(of(outcome(4, 1.0, 1).into(), Some(EnvId(4))), Some(EnvId(4)));
    let nobody = with(outcome(4, 1.0, 1), |outcome| outcome.env_id = None);
    assert_eq!(of(nobody.clone().into(), Some(EnvId(3))), Some(EnvId(3)));
    assert_eq!(of(nobody.into(), None), None);
    let seen = with(anomaly("plateau"), |anomaly| anomaly.env_id = Some(2));
    assert_eq!(of(Event::PlateauDetected(seen), None), Some(EnvId(2)));
}

#[test]
fn tele_818_seq_is_the_number_of_the_event_and_absent_for_warnings() {
    let feed = Feed::new().seq(86_420).at(0.0, start(75, 0));
    let log = feed.now(0.0).event_log;
    assert_eq!(log[0].seq, Some(86_420));
    let warning = log.iter().find(|line| line.event_type == "OUT_OF_RANGE").unwrap();
    assert_eq!((warning.seq, warning.severity), (None, Severity::Warning));
    assert_eq!(last(&feed.incoming(1.0, &malformed(Some("r")))).seq, None);
}

#[test]
fn tele_819_summary_of_a_run_follows_its_payloads() {
    let unknown = Feed::new().at(0.0, with(batch(26), |b| b.mean_return = Some(97.44)));
    assert_eq!(unknown.now(0.0).event_log[0].summary, "b26, return 97.4", "no start, no end");
    let full = |max| {
        let feed = Feed::new().at(0.0, start(max, 0));
        let feed = feed.at(1.0, with(batch(26), |b| b.mean_return = Some(f64::NAN)));
        let log = feed.now(1.0).event_log;
        let of_batch = log.iter().find(|line| line.event_type == "BATCH_EPOCH_COMPLETED").unwrap();
        of_batch.summary.clone()
    };
    assert_eq!(full(75), "b26/75, return NaN");
    assert_eq!(full(80), "b26/80, return NaN");
    let rejected = Feed::new().at(0.0, start(75, 0)).incoming(1.0, &malformed(Some("r")));
    assert_eq!(last(&rejected).summary, "bad_json");
}

#[test]
fn tele_822_clock_is_that_of_the_event_and_absent_for_rejected_rows() {
    let feed = Feed::new().received(8.5, 100.0, start(75, 0));
    let clock = |line: &LogLine| line.mono_ns.map(|mono| mono.0);
    assert_eq!(clock(&feed.now(100.0).event_log[0]), Some(8_500_000_000));
    assert_eq!(clock(&last(&feed)), Some(8_500_000_000), "a warning has that of its event");
    assert_eq!(clock(&last(&feed.incoming(101.0, &malformed(Some("r"))))), None);
}

#[test]
fn tele_813_tele_817_tele_819_tele_822_the_line_of_an_unknown_kind_says_what_its_row_says() {
    let row = with(unknown(1, 3.0, "SEED_PRUNED"), |row| {
        (row.env_id, row.severity) = (Some(EnvId(5)), Severity::Error);
    });
    let feed = Feed::new().at(0.0, start(75, 0)).incoming(3.0, &Incoming::Unknown(Arc::new(row)));
    let line = last(&feed);
    assert_eq!((line.env_id, line.severity), (Some(EnvId(5)), Severity::Error));
    assert_eq!(line.mono_ns, Some(RunNs(3_000_000_000)));
    assert_eq!(line.summary, "SEED_PRUNED");
}

#[test]
fn tele_811_tele_813_tele_819_a_warning_has_time_environment_and_kind_of_its_event() {
    let nobody_knows = with(outcome(4, 1.0, 1), |outcome| outcome.episode_return = f64::NAN);
    let row = with(envelope(1, 3.0, nobody_knows), |row| row.env_id = Some(EnvId(4)));
    let ts = row.ts;
    let log = Feed::new().at(0.0, start(75, 0)).envelope(3.0, row).now(3.0).event_log;
    let ours = |line: &&Arc<LogLine>| {
        line.event_type == "OUT_OF_RANGE" && line.summary.ends_with(" in EPISODE_OUTCOME")
    };
    let warning = log.iter().find(ours).unwrap();
    assert_eq!((warning.ts, warning.env_id), (Some(ts), Some(EnvId(4))));
    assert_eq!(warning.summary, format!("{} in EPISODE_OUTCOME", warning.message));
}

#[test]
fn tele_818_a_rejected_row_keeps_the_number_that_it_has() {
    let numbered = |seq| {
        let rejection = Rejection {
            reason: Reason::BadJson,
            run_id: Some(RunId::new("r").unwrap()),
            group_id: None,
            seq,
            ts: None,
            event_type: None,
            v: None,
        };
        let incoming = Incoming::Rejected(Arc::new(rejection));
        last(&Feed::new().at(0.0, start(75, 0)).incoming(1.0, &incoming)).seq
    };
    assert_eq!([numbered(Some(7)), numbered(None)], [Some(7), None]);
}
