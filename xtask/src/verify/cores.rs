//! Work on all processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

/// Applies `work` to every item on all processors, and returns the results in the order of the items.
pub(crate) fn on_all_cores<'a, T: Sync, R: Send>(
    items: &'a [T],
    work: impl Fn(&'a T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    // Whoever is done takes the next one: items differ in size.
    let lane = || -> Vec<(usize, R)> {
        let take = || {
            let at = next.fetch_add(1, Ordering::Relaxed);
            Some((at, items.get(at)?))
        };
        std::iter::from_fn(take).map(|(at, item)| (at, work(item))).collect()
    };
    let mut results = thread::scope(|scope| {
        let others: Vec<_> = (1..cores().min(items.len()))
            .filter_map(|number| {
                let named = Builder::new().name(format!("verify-{number}"));
                // Without a second thread the first one does all of it.
                named.spawn_scoped(scope, lane).ok()
            })
            .collect();
        let mut results = lane();
        for thread in others {
            results.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    });
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..101).collect();
        let doubled: Vec<u32> = items.iter().map(|x| x * 2).collect();
        assert_eq!(on_all_cores(&items, |x| x * 2), doubled);
        assert!(on_all_cores(&items[..0], |x| x * 2).is_empty());
    }
}
