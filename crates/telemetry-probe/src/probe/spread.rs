//! Work on all cores.

use std::num::NonZero;
use std::thread;

/// Applies `work` to every item on all cores, and returns the results in the order of the items.
pub(crate) fn spread<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    spread_with(items, || (), |(), item| work(item))
}

/// The same, with something that each core has for itself.
pub(crate) fn spread_with<T: Sync, S, R: Send>(
    items: &[T],
    own: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> R + Sync,
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(8);
    let lane = |lane: usize, cores: usize| -> Vec<R> {
        let mut own = own();
        items.iter().skip(lane).step_by(cores).map(|item| work(&mut own, item)).collect()
    };
    if cores == 1 || items.len() < 2 {
        return lane(0, 1);
    }
    let run_lane = &lane;
    let mut lanes: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores)
            .map(|lane| {
                let run = move || run_lane(lane, cores);
                let thread = thread::Builder::new().name(format!("probe-{lane}"));
                // Without a second thread the first one does all the work below.
                thread.spawn_scoped(scope, run).ok()
            })
            .collect();
        threads
            .into_iter()
            .enumerate()
            .map(|(lane, thread)| {
                let done: Vec<R> = match thread.map(thread::ScopedJoinHandle::join) {
                    Some(Ok(done)) => done,
                    Some(Err(panic)) => std::panic::resume_unwind(panic),
                    None => run_lane(lane, cores),
                };
                done.into_iter()
            })
            .collect()
    });
    (0..items.len()).filter_map(|index| lanes[index % cores].next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<u32> = (0..101).collect();
        let doubled: Vec<u32> = items.iter().map(|x| x * 2).collect();
        assert_eq!(spread(&items, |x| x * 2), doubled);
        assert_eq!(spread(&items[..1], |x| x * 2), [0]);
    }
}
