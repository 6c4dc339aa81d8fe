//! What listening leaves in the file system, and what it finds there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use leyline::{RunId, Timestamp};
use nissa::manifest::Hex64;
use nissa::socket::{About, Limits, Server, SocketError, SocketSink, Token, serve};
use simic_emitter::ManualClock;
use tempfile::tempdir;

fn server() -> (SocketSink, Server) {
    let about = About {
        run_id: RunId::nearest("run"),
        nonce: Hex64(7),
        started: Timestamp::from_micros(0),
        host: None,
        log: None,
    };
    serve(about, Limits::default(), Arc::new(ManualClock::new(Timestamp::from_micros(0))))
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}

#[test]
fn the_socket_is_for_its_owner_and_goes_with_the_run() {
    let root = tempdir().unwrap();
    let (path, token) = (root.path().join("run.sock"), root.path().join("run.token"));
    let (_sink, mut server) = server();
    server.listen_unix(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    Token::random().unwrap().write(&token).unwrap();
    server.remove_at_end(&token).unwrap();
    drop(server);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn what_somebody_else_put_there_stays() {
    let root = tempdir().unwrap();
    let path = root.path().join("run.sock");
    let (_sink, mut server) = server();
    server.listen_unix(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(server);
    assert!(path.exists());
}

#[test]
fn a_socket_that_a_killed_run_left_is_replaced() {
    let root = tempdir().unwrap();
    let path = root.path().join("run.sock");
    // Dropping a listener leaves its file, as a killed process does.
    drop(UnixListener::bind(&path).unwrap());
    let (_sink, mut server) = server();
    server.listen_unix(&path).unwrap();
    assert!(crate::support::connect(&nissa::socket::Endpoint::Unix(path)).is_ok());
}

#[test]
fn a_living_run_and_other_files_are_left_alone() {
    let root = tempdir().unwrap();
    let (path, file) = (root.path().join("run.sock"), root.path().join("file"));
    let (_first, mut first) = server();
    first.listen_unix(&path).unwrap();
    let (_second, mut second) = server();
    assert!(matches!(second.listen_unix(&path), Err(SocketError::InUse { .. })));
    fs::write(&file, "text").unwrap();
    assert!(matches!(second.listen_unix(&file), Err(SocketError::NotASocket { .. })));
    assert_eq!(fs::read_to_string(&file).unwrap(), "text");
    let long = root.path().join("x".repeat(100));
    assert!(matches!(second.listen_unix(&long), Err(SocketError::PathTooLong { .. })));
    drop(second);
    assert!(path.exists());
}
