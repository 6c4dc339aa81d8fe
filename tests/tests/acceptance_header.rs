//! The acceptance cases of section 2 through rows and `render`; whether the trainer's thread lives is not known from rows,
//! and nobody redraws, so `?` stands for `✓` and the redraws per second are not there.

use serde_json::{Value, json};

use crate::support::{Rows, file, printed};

const MIDDLE: &str = "│ Ep 104 E:███░░░ 75/150 B:██░░░░░░ 26/75 │";

/// BASE of section 2, with these changes to the start and further rows at its end.
fn base(start: Value, more: impl FnOnce(Rows) -> Rows) -> Rows {
    let mut data = json!({"task": "cifar_baseline", "reward_mode": "shaped", "max_epochs": 150, "max_batches": 75});
    if let (Value::Object(data), Value::Object(start)) = (&mut data, start) {
        data.extend(start);
    }
    let counted = |k: u64| json!({"batch_idx": k, "epochs_since_start": 100 * k, "episodes_completed": 4 * k});
    let rows =
        Rows::default().start(0.0, data).batch(3685.0, counted(25)).batch(3725.0, counted(26));
    more(rows.event("EPOCH_COMPLETED", 3725.0, json!({"env_id": 0, "inner_epoch": 75})))
}

#[track_caller]
fn check(case: &str, rows: &Rows, width: u32, more: &[&str], expected: &str) {
    let (_dir, run) = file(&rows.text);
    let size = format!("{width}x1");
    let args = [&["render", run.to_str().unwrap(), "--widget", "RunHeader", "--size", &size], more]
        .concat();
    assert_eq!(printed(&args).trim_end_matches('\n'), expected, "{case}");
}

#[test]
fn ar_widths_and_connections() {
    let rows = base(json!({}), |rows| rows);
    let names = format!("│ cifar_baseline RWD:shaped {MIDDLE}");
    let whole = format!("● LIVE ? {names}   1h 2m 2.5e/s 90b/h │ ✓ OK");
    check("AR01", &rows, 120, &[], &whole);
    check("AR02", &rows, 113, &[], &whole);
    check("AR03", &rows, 100, &[], &format!("● LIVE ? {names}   1h 2m │ ✓ OK"));
    check("AR04", &rows, 80, &[], &format!("● LIVE ? {MIDDLE}   1h 2m │ ✓ OK"));
    check("AR05", &Rows::default(), 120, &[], "○ WAIT ? │ Waiting for training data...");
    check("AR06", &rows, 100, &["--now", "+5"], &format!("○ STAL ? {names}   1h 2m │ ✓ OK"));
    check(
        "AR07",
        &rows,
        120,
        &["--closed"],
        &format!("○ DISC ? {names}      -- 2.5e/s 90b/h │ ✓ OK"),
    );
    check("AR16", &rows, 80, &["--now", "+2"], &format!("◐ SLOW ? {MIDDLE}   1h 2m │ ✓ OK"));
}

#[test]
fn ar_names_bars_and_rates() {
    let rows = base(json!({"task": "very_long_task_name", "reward_mode": null}), |rows| rows);
    let expected =
        format!("● LIVE ? │ very_long_tas… RWD:—      {MIDDLE}   1h 2m 2.5e/s 90b/h │ ✓ OK");
    check("AR08", &rows, 114, &[], &expected);
    let unbounded = json!({"task": "cifar_baseline", "reward_mode": "shaped", "max_epochs": 0, "max_batches": 75, "start_batch": 26, "start_episodes": 104});
    let rows = Rows::default().start(0.0, unbounded).event(
        "EPOCH_COMPLETED",
        3725.0,
        json!({"env_id": 0, "inner_epoch": 75}),
    );
    check(
        "AR09",
        &rows,
        120,
        &[],
        "● LIVE ? │ cifar_baseline RWD:shaped │ Ep 104 E:75 B:██░░░░░░ 26/75 │   1h 2m —e/s —b/h │ ✓ OK",
    );
    let rows = base(json!({}), |rows| {
        rows.event("EPOCH_COMPLETED", 3725.0, json!({"env_id": 0, "inner_epoch": 150}))
            .batch(3725.0, json!({"batch_idx": 75, "episodes_completed": 300}))
            .event("TRAINING_FINISHED", 3725.0, json!({"last_batch": 75}))
    });
    let expected = "■ DONE ? │ Ep 300 E:██████ 150/150 B:████████ 75/75 │   1h 2m │ ✓ OK";
    check("AR10", &rows, 80, &[], expected);
    let rows = base(json!({"max_batches": 0}), |rows| {
        rows.batch(3725.0, json!({"batch_idx": 27, "episodes_completed": 104}))
    });
    let expected = "● LIVE ? │ cifar_baseline │ Ep 104 E:███░░░ 75/150 B:27 │   1h 2m │ ✓ OK";
    check("AR14", &rows, 80, &[], expected);
}

#[test]
fn ar_alarms() {
    let gpu = |id: u32, used: f64| json!({"device_id": id, "memory_used_gb": used, "memory_total_gb": 10.0});
    let machine = |cpu: Value, ram: f64, gpus: Value| {
        base(json!({}), |rows| {
            let data =
                json!({"cpu_percent": cpu, "ram_used_gb": ram, "ram_total_gb": 16.0, "gpus": gpus});
            rows.event("SYSTEM_VITALS", 3725.0, data)
        })
    };
    let names = format!("● LIVE ? │ cifar_baseline RWD:shaped {MIDDLE}   1h 2m │");
    check("AR11", &machine(Value::Null, 14.5, json!([])), 100, &[], &format!("{names} ⚠ RAM 90%"));
    let rows = machine(json!(90.0), 8.0, json!([gpu(0, 5.0)]));
    check("AR12", &rows, 90, &[], &format!("● LIVE ? │ cifar_baseline {MIDDLE}   1h 2m │ ✓ OK"));
    let rows = machine(Value::Null, 8.0, json!([gpu(0, 9.5), gpu(1, 5.0)]));
    let expected = format!("● LIVE ? │ cifar_baseline {MIDDLE}   1h 2m │ ⚠ cuda:0 95%");
    check("AR15", &rows, 100, &[], &expected);
    let rows = base(json!({}), |rows| {
        let loss = json!({"sink": "rows", "lane": "lossy", "cause": "queue_full", "dropped": 3, "dropped_total": 3});
        let next = rows.seq + 12;
        rows.seq(next).event("EMITTER_LOSS", 3725.0, loss)
    });
    check("AR13", &rows, 80, &[], &format!("● LIVE ? {MIDDLE}   1h 2m │ ⚠ LOST 12 SINK 3"));
}
