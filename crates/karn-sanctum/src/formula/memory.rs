//! Which memory pools are nearly full.

use leyline::threshold::MEMORY_ALARM_SHARE;

/// One pool of memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// `RAM` or `cuda:0`.
    pub name: String,
    /// In use, GiB.
    pub used: Option<f64>,
    /// Size, GiB.
    pub total: Option<f64>,
}

/// Returns the names of the pools beyond the alarm limit, in the order given (TELE-741).
///
/// A pool counts if both numbers are known and make a share: finite, with a total above 0. `None` if no pool counts.
pub fn alarm_devices(pools: impl IntoIterator<Item = Pool>) -> Option<Vec<String>> {
    let mut counted = false;
    let mut full = Vec::new();
    for pool in pools {
        let (Some(used), Some(total)) = (pool.used, pool.total) else { continue };
        if !used.is_finite() || !total.is_finite() || total <= 0.0 {
            continue;
        }
        counted = true;
        if MEMORY_ALARM_SHARE < used / total {
            full.push(pool.name);
        }
    }
    counted.then_some(full)
}
