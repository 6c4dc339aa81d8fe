//! Samples of the machine.

use karn_sanctum::{GpuView, Reading, Snapshot};
use leyline::{FinishReason, Health, SystemVitals};

use crate::support::{Feed, batch, finish, gpu, heartbeat, start, vitals, with};

use Health::{Critical, Healthy, Ungraded, Warning};

fn sampled(change: impl FnOnce(&mut SystemVitals)) -> Snapshot {
    Feed::new().at(0.0, start(20, 0)).at(1.0, with(vitals(), change)).now(1.0)
}

fn ram(used: f64, total: f64) -> SystemVitals {
    with(vitals(), |vitals| {
        vitals.ram_used_gb = Some(used);
        vitals.ram_total_gb = Some(total);
    })
}

/// AT26.
#[test]
fn tele_720_cpu_percent_is_a_share_of_the_whole_machine() {
    let of = |value| sampled(|vitals| vitals.cpu_percent = Some(value)).vitals.cpu_percent;
    let grades = [75.0, 75.1, 90.0, 90.1, f64::NAN].map(|value| of(value).unwrap().verdict);
    assert_eq!(grades, [Healthy, Warning, Warning, Critical, Critical]);
    assert_eq!(sampled(|_| ()).vitals.cpu_percent, None);
}

/// AT13.
#[test]
fn tele_721_ram_used_is_judged_by_its_share() {
    let of = |used| {
        let sample = ram(used, 32.0);
        Feed::new().at(0.0, sample).now(0.0).vitals.ram_used_gb.unwrap().verdict
    };
    assert_eq!([24.0, 24.1, 28.8, 28.81].map(of), [Healthy, Warning, Warning, Critical]);
    let alone = sampled(|vitals| vitals.ram_used_gb = Some(99.0)).vitals.ram_used_gb.unwrap();
    assert_eq!(alone.verdict, Ungraded, "without a total there is no share");
}

#[test]
fn tele_721_ram_used_keeps_the_total_of_an_older_sample() {
    let feed = Feed::new().at(0.0, ram(1.0, 32.0));
    let sample = with(vitals(), |vitals| vitals.ram_used_gb = Some(28.81));
    assert_eq!(feed.at(1.0, sample).now(1.0).vitals.ram_used_gb.unwrap().verdict, Critical);
}

fn plain(reading: Option<Reading>) -> Option<(f64, Health)> {
    reading.map(|reading| (reading.value, reading.verdict))
}

#[test]
fn tele_722_ram_total_has_no_limit() {
    let shown = sampled(|vitals| vitals.ram_total_gb = Some(32.0));
    assert_eq!(plain(shown.vitals.ram_total_gb), Some((32.0, Ungraded)));
    assert_eq!(sampled(|_| ()).vitals.ram_total_gb, None);
}

#[test]
fn tele_723_process_rss_has_no_limit() {
    let shown = sampled(|vitals| vitals.process_rss_gb = Some(31.9));
    assert_eq!(plain(shown.vitals.process_rss_gb), Some((31.9, Ungraded)));
    assert_eq!(sampled(|_| ()).vitals.process_rss_gb, None);
}

/// The view of one device.
fn device(change: impl FnOnce(&mut leyline::GpuVitals)) -> GpuView {
    let shown = sampled(|vitals| vitals.gpus = vec![with(gpu(3, None, None), change)]);
    assert_eq!(shown.vitals.gpu_stats.len(), 1);
    shown.vitals.gpu_stats[0].clone()
}

#[test]
fn tele_731_utilization_percent_has_no_limit() {
    let shown = device(|gpu| gpu.utilization_percent = Some(97.0));
    assert_eq!(plain(shown.utilization_percent), Some((97.0, Ungraded)));
    assert_eq!(device(|_| ()).utilization_percent, None);
}

#[test]
fn tele_732_memory_total_gb_has_no_limit() {
    let shown = device(|gpu| gpu.memory_total_gb = Some(16.0));
    assert_eq!(plain(shown.memory_total_gb), Some((16.0, Ungraded)));
    assert_eq!(device(|_| ()).memory_total_gb, None);
}

#[test]
fn tele_733_temperature_c_has_no_limit() {
    let shown = device(|gpu| gpu.temperature_c = Some(71.6));
    assert_eq!(plain(shown.temperature_c), Some((71.6, Ungraded)));
    assert_eq!(device(|_| ()).temperature_c, None);
}

#[test]
fn tele_734_device_id_orders_the_devices() {
    let shown = sampled(|vitals| {
        vitals.gpus = vec![gpu(3, Some(1.0), None), gpu(1, None, None), gpu(3, Some(2.0), None)];
    });
    let gpus = &shown.vitals.gpu_stats;
    assert_eq!(gpus.iter().map(|gpu| gpu.device_id).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(plain(gpus[1].memory_used_gb), Some((2.0, Ungraded)), "the later entry counts");
    assert!(sampled(|_| ()).vitals.gpu_stats.is_empty());
}

#[test]
fn tele_730_gpu_memory_used_is_judged_by_its_share() {
    let of = |used| {
        let shown = sampled(|vitals| vitals.gpus = vec![gpu(0, Some(used), Some(32.0))]);
        shown.vitals.gpu_stats[0].memory_used_gb.unwrap().verdict
    };
    assert_eq!([24.0, 24.1, 28.8, 28.81].map(of), [Healthy, Warning, Warning, Critical]);
}

#[test]
fn a_device_that_the_latest_sample_lacks_is_gone_and_a_number_it_lacks_stays() {
    let feed = Feed::new().at(
        0.0,
        with(vitals(), |vitals| {
            vitals.gpus = vec![gpu(0, Some(1.0), Some(2.0)), gpu(1, Some(1.0), Some(2.0))];
        }),
    );
    let shown =
        feed.at(9.0, with(vitals(), |vitals| vitals.gpus = vec![gpu(1, None, None)])).now(9.0);
    assert_eq!(shown.vitals.gpu_stats.len(), 1);
    let used = shown.vitals.gpu_stats[0].memory_used_gb.unwrap();
    assert_eq!((used.mono_ns.0, used.fresh), (0, false));
}

#[test]
fn tele_720_to_723_tele_730_to_733_readings_are_fresh_for_5_seconds() {
    let sample = with(ram(1.0, 2.0), |vitals| {
        vitals.cpu_percent = Some(1.0);
        vitals.process_rss_gb = Some(1.0);
        vitals.gpus = vec![with(gpu(0, Some(1.0), Some(2.0)), |gpu| {
            gpu.utilization_percent = Some(1.0);
            gpu.temperature_c = Some(1.0);
        })];
    });
    let feed = Feed::new().at(0.0, start(20, 0)).at(10.0, sample);
    // Whether all readings are fresh, and whether any is.
    let fresh = |feed: &Feed, now| {
        let shown = feed.now(now).vitals;
        let gpu = &shown.gpu_stats[0];
        let machine =
            [shown.cpu_percent, shown.ram_used_gb, shown.ram_total_gb, shown.process_rss_gb];
        let device =
            [gpu.memory_used_gb, gpu.memory_total_gb, gpu.utilization_percent, gpu.temperature_c];
        let all = machine.into_iter().chain(device).map(|reading| reading.unwrap().fresh);
        (all.clone().all(|fresh| fresh), all.into_iter().any(|fresh| fresh))
    };
    assert_eq!(fresh(&feed, 14.999), (true, true));
    assert_eq!(fresh(&feed, 15.0), (false, false));
    let feed = feed.at(14.0, heartbeat());
    assert_eq!(fresh(&feed, 14.999), (true, true));
    let over = feed.at(14.5, finish(FinishReason::Completed));
    assert_eq!(
        fresh(&over, 999.0),
        (true, true),
        "the clock of the run stands still after its end"
    );
    assert_eq!(over.now(999.0).vitals.has_memory_alarm.map(|alarm| alarm.fresh), Some(true));
}

#[test]
fn the_batch_of_a_reading_is_the_current_one() {
    let cpu = || with(vitals(), |vitals| vitals.cpu_percent = Some(1.0));
    let of = |feed: &Feed| feed.now(9.0).vitals.cpu_percent.unwrap().batch;
    assert_eq!(of(&Feed::new().at(0.0, cpu())), None);
    assert_eq!(of(&Feed::new().at(0.0, start(20, 3)).at(1.0, cpu())), Some(3));
    assert_eq!(of(&Feed::new().at(0.0, start(20, 3)).at(1.0, batch(4)).at(2.0, cpu())), Some(4));
}

#[track_caller]
fn check_alarm(sample: SystemVitals, raised: Option<bool>, names: Option<&[&str]>) {
    let vitals = Feed::new().at(0.0, sample).now(0.0).vitals;
    assert_eq!(vitals.has_memory_alarm.map(|alarm| alarm.value), raised);
    let verdict = raised.map(|raised| if raised { Critical } else { Healthy });
    assert_eq!(vitals.has_memory_alarm.map(|alarm| alarm.verdict), verdict);
    let shown = vitals.memory_alarm_devices.as_deref();
    assert_eq!(
        shown.map(|names| names.iter().map(String::as_str).collect::<Vec<_>>()).as_deref(),
        names
    );
}

fn with_gpus(sample: SystemVitals, gpus: Vec<leyline::GpuVitals>) -> SystemVitals {
    with(sample, |vitals| vitals.gpus = gpus)
}

/// AT17 and AT18.
#[test]
fn tele_740_has_memory_alarm_is_raised_above_90_percent_only() {
    check_alarm(ram(18.0, 20.0), Some(false), Some(&[]));
    check_alarm(ram(18.1, 20.0), Some(true), Some(&["RAM"]));
    check_alarm(vitals(), None, None);
}

/// AT16 and AT28.
#[test]
fn tele_741_memory_alarm_devices_name_the_full_pools() {
    let both = with_gpus(ram(30.0, 32.0), vec![gpu(0, Some(9.5), Some(10.0))]);
    check_alarm(both, Some(true), Some(&["RAM", "cuda:0"]));
    let second = vec![gpu(0, Some(5.0), Some(10.0)), gpu(1, Some(9.5), Some(10.0))];
    check_alarm(with_gpus(ram(10.0, 32.0), second), Some(true), Some(&["cuda:1"]));
    let swapped = vec![gpu(7, Some(9.5), Some(10.0)), gpu(2, Some(9.5), Some(10.0))];
    check_alarm(with_gpus(vitals(), swapped), Some(true), Some(&["cuda:2", "cuda:7"]));
}
