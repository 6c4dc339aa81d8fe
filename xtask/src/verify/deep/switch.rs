//! What the copy gets besides its sources: the switches themselves. A program throws them one after the other, or is
//! started with one thrown.

/// The variable with the switch that a program is started with.
pub(super) const VARIABLE: &str = "SANCTUM_CUT";
/// The variable with the file into which a program writes the numbers of the switches that it comes past.
pub(super) const REACHED: &str = "SANCTUM_CUT_REACHED";

/// The module of `karn-sanctum`.
pub(super) const MODULE: &str = r#"//! Switches, made by `cargo xtask verify-telemetry --deep`.
#![allow(missing_docs, clippy::all, clippy::pedantic, clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

pub trait Off {
    fn off() -> Self;
}

/// Nobody has asked yet which switch the program was started with.
const UNREAD: u64 = u64::MAX;
static THROWN: AtomicU64 = AtomicU64::new(UNREAD);

/// FNV-1a.
pub const fn id(switch: &str) -> u64 {
    let bytes = switch.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

pub fn throw(switch: Option<&str>) {
    THROWN.store(switch.map_or(0, id), Ordering::SeqCst);
}

pub fn is(switch: u64) -> bool {
    note(switch);
    match THROWN.load(Ordering::Relaxed) {
        UNREAD => {
            let thrown = std::env::var("SANCTUM_CUT").map_or(0, |name| id(&name));
            THROWN.store(thrown, Ordering::Relaxed);
            thrown == switch
        }
        thrown => thrown == switch,
    }
}

fn note(switch: u64) {
    type Notes = Option<Mutex<(File, BTreeSet<u64>)>>;
    static NOTES: OnceLock<Notes> = OnceLock::new();
    let notes = NOTES.get_or_init(|| {
        let path = std::env::var_os("SANCTUM_CUT_REACHED")?;
        let file = File::options().append(true).create(true).open(path).ok()?;
        Some(Mutex::new((file, BTreeSet::new())))
    });
    if let Some(notes) = notes
        && let Ok(mut notes) = notes.lock()
        && notes.1.insert(switch)
    {
        notes.0.write_all(format!("{switch}\n").as_bytes()).ok();
    }
}

pub fn off<T: Off>() -> T {
    T::off()
}

pub fn read<T: Off + 'static>(switch: u64, value: &T) -> &T {
    if is(switch) { Box::leak(Box::new(T::off())) } else { value }
}

impl<T> Off for Option<T> {
    fn off() -> Self {
        None
    }
}
impl<T> Off for Arc<[T]> {
    fn off() -> Self {
        Arc::from(Vec::new())
    }
}
impl<K: Ord, V> Off for Arc<BTreeMap<K, V>> {
    fn off() -> Self {
        Arc::new(BTreeMap::new())
    }
}
macro_rules! off {
    ($($t:ty => $off:expr),+ $(,)?) => { $(impl Off for $t { fn off() -> Self { $off } })+ };
}
off!(
    u32 => 0,
    u64 => 0,
    f64 => 0.0,
    bool => false,
    String => String::new(),
    crate::Connection => crate::Connection::Waiting,
    crate::EnvStatus => crate::EnvStatus::Initializing,
    leyline::Severity => leyline::Severity::Debug,
    crate::PolicyView => crate::PolicyView::empty(),
    crate::EpisodesView => crate::EpisodesView::empty(),
    crate::VitalsView => crate::VitalsView::empty(),
    crate::TelemetryView => crate::TelemetryView::empty(),
    crate::BudgetView => crate::BudgetView::empty(),
    crate::TimeShares => crate::TimeShares::empty(),
);
"#;

/// The module of `sanctum-widgets`.
pub(super) const OF_WIDGETS: &str = "//! Switches, made by `cargo xtask verify-telemetry --deep`.\n\npub(crate) use karn_sanctum::cut::{id, read};\n";

/// The module of the probe that has no switches.
pub(super) const OF_THE_PROBE: &str = "crates/telemetry-probe/src/cut.rs";

/// What stands in its place in the copy.
pub(super) const THROW: &str = "//! Switches, made by `cargo xtask verify-telemetry --deep`.

/// Throws a switch, or none; returns whether this program has any.
pub(crate) fn throw(switch: Option<&str>) -> bool {
    karn_sanctum::cut::throw(switch);
    true
}
";

/// Returns the number of a switch, as the module of the copy counts it.
pub(super) fn id(switch: &str) -> u64 {
    switch.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
