//! Waiting for other threads, with one deadline for several of them.
//!
//! Deadlines are real time whatever clock the hub was given: they bound how long the caller stands still.

use std::time::Instant;

use crossbeam_channel::{Receiver, Select, Sender};

/// Sends unless the timer fires first; once `late`, only if there is room.
pub(crate) fn send_before<T>(
    to: &Sender<T>,
    message: T,
    timer: &Receiver<Instant>,
    late: &mut bool,
) -> bool {
    let Err(refused) = to.try_send(message) else { return true };
    if *late || refused.is_disconnected() {
        return false;
    }
    let mut select = Select::new();
    let room = select.send(to);
    select.recv(timer);
    let operation = select.select();
    if operation.index() == room {
        return operation.send(to, refused.into_inner()).is_ok();
    }
    operation.recv(timer).ok();
    *late = true;
    false
}

/// Receives unless the timer fires first; once `late`, only what is there. `None`: nothing came.
pub(crate) fn receive_before<T>(
    from: &Receiver<T>,
    timer: &Receiver<Instant>,
    late: &mut bool,
) -> Option<T> {
    if *late {
        return from.try_recv().ok();
    }
    crossbeam_channel::select_biased! {
        recv(from) -> message => message.ok(),
        recv(timer) -> _ => {
            *late = true;
            None
        }
    }
}
