//! Stands between viewer and run, and cuts connections after so many bytes.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread::Builder;

use crossbeam_channel::Receiver;
use nissa::socket::Endpoint;

/// Starts a proxy at `path` that takes one connection after another. The channel says for each after how many bytes from the
/// run it is cut; once it is empty and closed, connections live as long as they like. The thread ends with the test.
pub(crate) fn proxy(path: &Path, run: &Endpoint, cuts: Receiver<usize>) -> Endpoint {
    let Endpoint::Unix(run) = run.clone() else { panic!("{run}") };
    let listener = UnixListener::bind(path).expect("a connection");
    let body = move || {
        for viewer in listener.incoming() {
            let viewer = viewer.expect("a connection");
            let Ok(run) = UnixStream::connect(&run) else { continue };
            let limit = cuts.try_recv().unwrap_or(usize::MAX);
            let (up_from, up_to) =
                (viewer.try_clone().expect("a connection"), run.try_clone().expect("a connection"));
            let up = Builder::new().name("proxy-up".to_owned());
            up.spawn(move || copy(&up_from, &up_to, usize::MAX)).expect("a connection");
            let down = Builder::new().name("proxy-down".to_owned());
            down.spawn(move || copy(&run, &viewer, limit)).expect("a connection");
        }
    };
    Builder::new().name("proxy".to_owned()).spawn(body).expect("a connection");
    Endpoint::Unix(path.to_owned())
}

/// Copies until one side ends or so many bytes went through, then ends both.
fn copy(mut from: &UnixStream, mut to: &UnixStream, limit: usize) {
    let (mut left, mut buffer) = (limit, [0; 4096]);
    while 0 < left {
        let room = left.min(buffer.len());
        let Ok(read @ 1..) = from.read(&mut buffer[..room]) else { break };
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
        left = left.saturating_sub(read);
    }
    // One may be gone already.
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
