//! The ring of the latest points.

use std::sync::Arc;

use proptest::prelude::*;

use karn_sanctum::history::History;

proptest! {
    /// The ring says the same as a plain vector that forgets from the front.
    #[test]
    fn a_history_is_a_vector_that_forgets(points in prop::collection::vec(any::<u32>(), 0..40), looked in 0_usize..12) {
        let mut history = History::<u32, 7>::new();
        let mut plain = Vec::new();
        let mut old = Vec::new();
        for point in points {
            history.push(point);
            plain.push(point);
            if 7 < plain.len() {
                plain.remove(0);
            }
            prop_assert_eq!(&history.shared()[..], &plain[..]);
            prop_assert_eq!(history.latest(looked), &plain[plain.len().saturating_sub(looked)..]);
            prop_assert_eq!(history.newest(), plain.last());
            prop_assert!(history.iter().eq(&plain));
            old.push((history.shared(), plain.clone()));
        }
        for (shared, plain) in old {
            prop_assert_eq!(&shared[..], &plain[..]);
        }
    }
}

#[test]
fn points_are_shared_until_the_next_one() {
    let mut history = History::<f64>::new();
    history.push(1.0);
    assert!(Arc::ptr_eq(&history.shared(), &history.shared()));
    let before = history.shared();
    history.push(2.0);
    assert_eq!((before.len(), history.shared().len()), (1, 2));
}
