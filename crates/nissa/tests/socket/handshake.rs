//! Who is let in, and what everybody else is told.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::time::Duration;

use nissa::socket::message::Protocols;
use nissa::socket::{
    Client, ClientError, Endpoint, Greeting, Limits, LineError, Refused, RefusedReason,
    SocketError, Tcp, Token,
};
use simic_emitter::{StopFlag, StopLevel};
use tempfile::tempdir;

use crate::support::{LONG, Setup, connect, eventually, greeting};

fn refused(result: Result<Client, ClientError>) -> Refused {
    match result {
        Err(ClientError::Refused { refused, .. }) => refused,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_viewer_is_told_what_it_watches() {
    let root = tempdir().unwrap();
    let run = Setup::default().start(&root);
    run.emit(3);
    run.settle();
    let client = connect(&run.at).unwrap();
    let welcome = client.welcome();
    assert_eq!((welcome.run_id.as_str(), welcome.protocol, welcome.next), ("run", 1, 3));
    assert_eq!((welcome.pid, welcome.host.as_deref()), (std::process::id(), Some("here")));
    assert_eq!(welcome.log, run.log);
    assert_eq!(welcome.schema, leyline::wire::SCHEMA);
    assert_eq!(run.server.viewers(), 1);
    drop(client);
    assert!(run.end());
}

#[test]
fn peers_of_other_versions_are_named() {
    let root = tempdir().unwrap();
    let run = Setup::default().start(&root);
    for (min, max) in [(2, 5), (0, 0)] {
        let theirs = Protocols { min, max };
        let greeting = Greeting { protocols: theirs, ..greeting(None) };
        let error = Client::connect(&run.at, &greeting, LONG, &StopFlag::new()).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, ClientError::Protocol { own, .. } if own == theirs), "{error:?}");
        let words = format!("the run speaks protocols 1 to 1, this viewer {min} to {max}: unix:");
        assert!(text.starts_with(&words), "{text}");
    }
    let both = Greeting { protocols: Protocols { min: 0, max: 9 }, ..greeting(None) };
    assert_eq!(
        Client::connect(&run.at, &both, LONG, &StopFlag::new()).unwrap().welcome().protocol,
        1
    );
}

#[test]
fn one_viewer_too_many_is_told_so_and_gets_in_once_there_is_room() {
    let root = tempdir().unwrap();
    let limits = Limits { viewers: 2, ..Limits::default() };
    let run = Setup { limits, ..Setup::default() }.start(&root);
    let mut first = connect(&run.at).unwrap();
    let _second = connect(&run.at).unwrap();
    assert_eq!(refused(connect(&run.at)).reason, RefusedReason::Full);
    // The fetch is answered by the thread that holds the seat, which is given back when the viewer goes.
    first.fetch(0, None).unwrap();
    first.read(Some(LONG)).unwrap();
    drop(first);
    eventually(|| connect(&run.at).is_ok());
}

fn tcp(token: &Token) -> Tcp {
    Tcp { host: "127.0.0.1".to_owned(), port: 0, token: token.clone(), public: false }
}

#[test]
fn over_tcp_a_token_is_needed() {
    let root = tempdir().unwrap();
    let mut run = Setup::default().start(&root);
    let token = Token::random().unwrap();
    let at = run.server.listen_tcp(tcp(&token)).unwrap();
    assert!(matches!(at, Endpoint::Tcp { port: 1.., .. }), "{at}");
    let try_with =
        |token: Option<Token>| Client::connect(&at, &greeting(token), LONG, &StopFlag::new());
    assert_eq!(refused(try_with(None)).reason, RefusedReason::Token);
    assert_eq!(refused(try_with(Some(Token::random().unwrap()))).reason, RefusedReason::Token);
    assert_eq!(try_with(Some(token)).unwrap().welcome().run_id.as_str(), "run");
    // The folder is what protects this one.
    connect(&run.at).unwrap();
}

#[test]
fn the_eleventh_guess_is_not_looked_at_even_if_it_is_right() {
    let root = tempdir().unwrap();
    let mut run = Setup::default().start(&root);
    let token = Token::random().unwrap();
    let at = run.server.listen_tcp(tcp(&token)).unwrap();
    let try_with = |token: &Token| {
        Client::connect(&at, &greeting(Some(token.clone())), LONG, &StopFlag::new())
    };
    let wrong = Token::random().unwrap();
    for _ in 0..10 {
        assert_eq!(refused(try_with(&wrong)).reason, RefusedReason::Token);
    }
    assert_eq!(refused(try_with(&wrong)).reason, RefusedReason::TooManyTokens);
    assert_eq!(refused(try_with(&token)).reason, RefusedReason::TooManyTokens);
    connect(&run.at).unwrap();
    run.clock.advance(Duration::from_secs(59));
    assert_eq!(refused(try_with(&token)).reason, RefusedReason::TooManyTokens);
    run.clock.advance(Duration::from_secs(1));
    try_with(&token).unwrap();
}

#[test]
fn other_machines_reach_a_run_only_if_that_was_asked_for() {
    let root = tempdir().unwrap();
    let mut run = Setup::default().start(&root);
    let token = Token::random().unwrap();
    let open = || Tcp { host: "0.0.0.0".to_owned(), ..tcp(&token) };
    let error = run.server.listen_tcp(open()).unwrap_err();
    assert!(matches!(error, SocketError::Public { .. }), "{error}");
    run.server.listen_tcp(Tcp { public: true, ..open() }).unwrap();
}

#[test]
fn a_connection_that_says_nothing_is_cut() {
    let root = tempdir().unwrap();
    let limits = Limits { handshake: Duration::ZERO, ..Limits::default() };
    let run = Setup { limits, ..Setup::default() }.start(&root);
    let Endpoint::Unix(path) = &run.at else { panic!() };
    let mut silent = UnixStream::connect(path).unwrap();
    silent.write_all(&[60, 0]).unwrap();
    let mut answer = Vec::new();
    // An end or an error, as the two bytes are read or not; it only must not last.
    silent.read_to_end(&mut answer).ok();
    assert!(answer.is_empty(), "{answer:?}");
    assert!(run.end());
}

#[test]
fn whoever_waits_for_an_answer_can_be_stopped() {
    let root = tempdir().unwrap();
    let path = root.path().join("run.sock");
    // Takes connections, as the system does on its behalf, and never looks at them.
    let _deaf = UnixListener::bind(&path).unwrap();
    let at = Endpoint::Unix(path);
    let stop = StopFlag::new();
    let error = Client::connect(&at, &greeting(None), Duration::ZERO, &stop).unwrap_err();
    assert!(matches!(error, ClientError::Line { source: LineError::Late, .. }), "{error}");
    stop.request(StopLevel::AfterBatch);
    let error = Client::connect(&at, &greeting(None), LONG, &stop).unwrap_err();
    assert!(matches!(error, ClientError::Line { source: LineError::Late, .. }), "{error}");
}

#[test]
fn a_token_is_in_no_text_but_its_own() {
    let token = Token::random().unwrap();
    let hex = token.to_hex();
    let greeting = greeting(Some(token.clone()));
    let shown = format!("{greeting:?} {:?}", tcp(&token));
    assert!(!shown.contains(&hex) && shown.contains("Token(secret)"), "{shown}");
    let nobody = Endpoint::Tcp { host: "127.0.0.1".to_owned(), port: 1 };
    let error = Client::connect(&nobody, &greeting, LONG, &StopFlag::new()).unwrap_err();
    assert!(!format!("{error:?} {error}").contains(&hex));
    drop(Arc::new(token));
}
