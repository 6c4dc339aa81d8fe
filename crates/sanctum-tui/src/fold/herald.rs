//! Says what happens to the alerts of a run that goes on, as a viewer learns of it.

use crossbeam_channel::{Sender, TrySendError};
use karn_sanctum::{Aggregator, AlertsView, RunKey};
use leyline::ViewNs;

use crate::sinks::watch::{News, Watch};
use crate::source::Standing;
use crate::source::feed::Follow;

/// See the module.
#[derive(Debug)]
pub(super) struct Herald {
    watch: Watch,
    /// Whether a viewer of another process has seen what was before it came.
    is_joined: bool,
    tell: Sender<News>,
}

impl Herald {
    pub(super) fn new(tell: Sender<News>) -> Self {
        Self { watch: Watch::default(), is_joined: false, tell }
    }

    /// Looks at every group; says what is new.
    ///
    /// What a viewer of another process reads of the time before it came is not news. What it reads because it fell behind is.
    /// While somebody has still to take what was said before, nothing is looked at, and so nothing is lost: there is room for
    /// all that a group can have to say.
    pub(super) fn look(&mut self, fold: &Aggregator, follow: Option<&Follow>, now: ViewNs) {
        let was_before = match follow.map(|follow| follow.standing(now)) {
            None => false,
            Some(Standing::Live { .. } | Standing::Over) => !self.is_joined,
            Some(
                Standing::Connecting { .. }
                | Standing::CatchingUp { .. }
                | Standing::Retrying { .. },
            ) => return,
        };
        self.is_joined = true;
        for key in fold.keys() {
            if !was_before && !self.tell.is_empty() {
                return;
            }
            self.group(&key, &fold.alerts(&key, now), was_before);
        }
    }

    /// Looks once more, at the end: nobody looks after that.
    pub(super) fn look_last(&mut self, fold: &Aggregator, now: ViewNs) {
        let was_before = !self.is_joined;
        for key in fold.keys() {
            self.group(&key, &fold.alerts(&key, now), was_before);
        }
    }

    fn group(&mut self, key: &RunKey, view: &AlertsView, was_before: bool) {
        if was_before {
            self.watch.skip(key, view);
            return;
        }
        for news in self.watch.look(key, view) {
            match self.tell.try_send(news) {
                // A viewer that takes nothing has gone, or is about to.
                Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossbeam_channel::{Receiver, bounded};
    use leyline::demo::{self, Scenario};
    use leyline::{AlertLevel, Incoming};

    use super::*;
    use crate::sinks::NEWS;
    use crate::source::Feed;

    const NOW: ViewNs = ViewNs(0);

    /// Folds a run in which things go wrong, up to its event with this number.
    fn fold(until: usize) -> Aggregator {
        let mut fold = Aggregator::new();
        for event in demo::events(Scenario::EntropyCollapse, 1).into_iter().take(until) {
            let now = ViewNs(event.mono_ns.0);
            fold.apply(&Incoming::Known(Arc::new(event)), now);
        }
        fold
    }

    fn all() -> usize {
        demo::events(Scenario::EntropyCollapse, 1).len()
    }

    fn herald() -> (Herald, Receiver<News>) {
        let (tell, told) = bounded(NEWS);
        (Herald::new(tell), told)
    }

    fn critical(news: &Receiver<News>) -> usize {
        news.try_iter().filter(|news| news.reaches(AlertLevel::Critical)).count()
    }

    #[test]
    fn a_viewer_of_its_own_run_hears_of_every_alert_once() {
        let (mut herald, told) = herald();
        herald.look(&fold(all()), None, NOW);
        assert_ne!(critical(&told), 0);
        herald.look(&fold(all()), None, NOW);
        assert_eq!(told.try_iter().count(), 0);
    }

    #[test]
    fn who_comes_late_hears_of_what_begins_from_then_on() {
        let (mut herald, told) = herald();
        let connecting = Feed::Connecting { at: "x".to_owned() };
        let mut follow = Follow::new(connecting, NOW);
        herald.look(&Aggregator::new(), Some(&follow), NOW);
        follow.note(Feed::CatchingUp { done: 0, of: 9, fell_behind: false }, NOW);
        herald.look(&fold(all()), Some(&follow), NOW);
        follow.note(Feed::Live, NOW);
        herald.look(&fold(all()), Some(&follow), NOW);
        assert_eq!(told.try_iter().count(), 0);
        // The same run, watched from its beginning, but for a while in which this viewer fell behind.
        let (mut herald, told) = self::herald();
        herald.look(&fold(2), Some(&follow), NOW);
        follow.note(Feed::CatchingUp { done: 2, of: 9, fell_behind: true }, NOW);
        herald.look(&fold(all()), Some(&follow), NOW);
        assert_eq!(told.try_iter().count(), 0);
        follow.note(Feed::Live, NOW);
        herald.look(&fold(all()), Some(&follow), NOW);
        assert_ne!(critical(&told), 0);
    }

    #[test]
    fn nothing_is_lost_while_nobody_listens_for_a_while() {
        let (mut herald, told) = herald();
        let (early, late) = (fold(all() / 2), fold(all()));
        let (mut other, at_once) = self::herald();
        other.look(&late, None, NOW);
        let expected = critical(&at_once);
        herald.look(&early, None, NOW);
        let first = critical(&told);
        herald.look(&late, None, NOW);
        assert_eq!(first + critical(&told), expected);
        // Not taken: the next look waits.
        let (mut herald, told) = self::herald();
        herald.look(&late, None, NOW);
        let waiting = told.len();
        assert_ne!(waiting, 0);
        herald.look(&Aggregator::new(), None, NOW);
        herald.look(&late, None, NOW);
        assert_eq!(told.len(), waiting);
        herald.look_last(&late, NOW);
        assert_eq!(told.len(), waiting);
    }
}
