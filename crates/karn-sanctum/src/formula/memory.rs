//! Which memory pools are nearly full.

use leyline::threshold::{Limit, is_any_crossed};

/// One pool of memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool<'a> {
    /// `RAM` or `cuda:0`.
    pub name: String,
    /// In use, GiB.
    pub used: Option<f64>,
    /// Size, GiB.
    pub total: Option<f64>,
    /// Shares in use beyond any of which it is an alarm.
    pub full: &'a [Limit],
}

/// Returns the names of the pools beyond the alarm limit, in the order given (TELE-741).
///
/// A pool counts if both numbers are known and make a share: finite, with a total above 0. `None` if no pool counts.
pub fn alarm_devices<'a>(pools: impl IntoIterator<Item = Pool<'a>>) -> Option<Vec<String>> {
    let mut counted = false;
    let mut full = Vec::new();
    for pool in pools {
        let (Some(used), Some(total)) = (pool.used, pool.total) else { continue };
        if !used.is_finite() || !total.is_finite() || total <= 0.0 {
            continue;
        }
        counted = true;
        if is_any_crossed(pool.full, used / total) {
            full.push(pool.name);
        }
    }
    counted.then_some(full)
}
