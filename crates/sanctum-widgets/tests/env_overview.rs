//! What panel 5 shows of each metric, as the records say.

use karn_sanctum::{Connection, EnvStatus, EnvView, Snapshot};
use sanctum_widgets::{EnvOverview, Theme};

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/base.rs"]
mod base;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/screen.rs"]
mod screen;

use screen::{CRITICAL, MISSING, OK, PLAIN, Screen, WARNING};

fn drawn(change: impl FnOnce(&mut Snapshot)) -> Screen {
    let mut snapshot = base::clear();
    snapshot.n_envs = Some(1);
    snapshot.envs = base::envs(&[EnvStatus::Healthy]);
    change(&mut snapshot);
    Screen::of(&EnvOverview::new((&snapshot).into(), &Theme::DARK), 70, 6)
}

fn env(change: impl Fn(EnvView) -> EnvView) -> Screen {
    drawn(|s| s.envs = s.envs.iter().cloned().map(&change).collect())
}

#[test]
fn tele_005_environments() {
    drawn(|_| {}).shows("─ 5 Environments 1 of 1 ─");
    drawn(|s| s.n_envs = Some(8)).shows("─ 5 Environments 1 of 8 ─");
    drawn(|s| s.n_envs = None).shows("─ 5 Environments 1 of 1 ─");
}

#[test]
fn tele_630_env_status() {
    let states = [
        (EnvStatus::Initializing, " init ", MISSING),
        (EnvStatus::Healthy, " ok ", OK),
        (EnvStatus::Excellent, " excel ", OK),
        (EnvStatus::Stalled, " stall ", WARNING),
        (EnvStatus::Degraded, " degr ", CRITICAL),
    ];
    for (status, word, style) in states {
        let screen = env(|env| EnvView { status, ..env });
        screen.shows(&format!("│  0{word}")).styles(word.trim(), style);
    }
}

#[test]
fn tele_634_env_age() {
    let aged = |seconds| env(move |env| EnvView { last_update_age_seconds: seconds, ..env });
    aged(Some(1.999)).shows("    1s  ").styles("1s  ", PLAIN);
    aged(Some(2.0)).shows("    2s* ").styles("2s*", WARNING);
    aged(Some(5.0)).shows("    5s! ").styles("5s!", CRITICAL);
    aged(None).shows("    3     —  ");
}

#[test]
fn tele_704_an_age_is_judged_only_while_news_can_be_expected() {
    env(|env| EnvView { last_update_age_seconds: Some(99.0), ..env }).styles("99s!", CRITICAL);
    drawn(|s| {
        s.connection = Connection::Finished;
        s.envs = s
            .envs
            .iter()
            .cloned()
            .map(|env| EnvView { last_update_age_seconds: Some(99.0), ..env })
            .collect();
    })
    .styles("99s  ", PLAIN);
}

#[test]
fn tele_637_epochs_since_improvement() {
    env(|env| EnvView { epochs_since_improvement: Some(17_500), ..env }).shows("    94  17k    0s");
    env(|env| EnvView { epochs_since_improvement: None, ..env }).shows("    94    —    0s");
}

#[test]
fn tele_640_episode_return() {
    env(|env| EnvView { episode_return: Some(-1234.56), ..env }).shows("│  0 ok     -1234.6 ");
    env(|env| EnvView { episode_return: None, ..env })
        .shows("│  0 ok           — ")
        .styles("—", MISSING);
    env(|env| EnvView { episode_return: Some(f64::NAN), ..env })
        .shows("│  0 ok         NaN ")
        .styles("NaN", CRITICAL);
}

#[test]
fn tele_665_best_return() {
    env(|env| EnvView { best_return: Some(500.0), ..env }).shows("    94.0    500.0    94");
    env(|env| EnvView { best_return: None, ..env }).shows("    94.0        —    94");
}

#[test]
fn tele_666_return_history() {
    env(|env| EnvView { return_history: [1.0, 3.0, 2.0].into(), ..env }).shows("    0s  ▁█▄");
    env(|env| EnvView { return_history: [].into(), ..env }).hides("▁");
}

#[test]
fn tele_667_episode_length() {
    env(|env| EnvView { episode_length: Some(500), ..env }).shows("   200.0   500    3");
    env(|env| EnvView { episode_length: None, ..env }).shows("   200.0     —    3");
}

#[test]
fn tele_668_env_id() {
    env(|env| EnvView { env_id: 65, ..env }).shows("│ 65 ok ");
}
