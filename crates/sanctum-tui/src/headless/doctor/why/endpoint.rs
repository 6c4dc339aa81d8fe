//! A place that was named itself: whether a run answers there.

use std::time::Duration;

use nissa::socket::{Endpoint, Token};

use super::{Places, Why};
use crate::headless::ls::sockets::{self, Answer};

/// How long a place that was named may take to answer: other machines are further away.
const PATIENCE: Duration = Duration::from_secs(5);

impl Why {
    /// Tells what answers at a place.
    pub(super) fn endpoint(&mut self, text: &str, places: &Places<'_>) {
        let at: Endpoint = match text.parse() {
            Ok(at) => at,
            Err(error) => {
                self.no("endpoint", format!("{error}"), "write unix:PATH or tcp://HOST:PORT");
                return;
            }
        };
        self.yes("endpoint", format!("{at} is a place that a run can listen at"));
        let mut token = None;
        if let (Endpoint::Tcp { .. }, Some(file)) = (&at, places.token_file) {
            match Token::read(file) {
                Ok(read) => {
                    token = Some(read);
                    self.yes("token", format!("there is a token in {}", file.display()));
                }
                Err(error) => self.no(
                    "token",
                    error.to_string(),
                    "copy <run>.token from the folder of sockets of the run's machine, and chmod 600 it",
                ),
            }
        }
        let answer = sockets::ask(std::slice::from_ref(&at), token.as_ref(), PATIENCE).pop();
        match answer {
            Some(Answer::Welcome(welcome)) => {
                self.found = true;
                let (run, pid) = (&welcome.run_id, welcome.pid);
                self.yes("socket", format!("run {run} answers, process {pid}"));
            }
            Some(Answer::Stale) => self.no(
                "socket",
                "nobody listens there",
                "see whether the run has ended; `sanctum-tui ls` lists what is live here",
            ),
            Some(Answer::Unnamed(why)) => {
                let tcp = "over TCP a token is needed: give --token-file or SANCTUM_TOKEN_FILE";
                let unix = "the process may be stopped (state T in ps) or of another version";
                let advice = if matches!(at, Endpoint::Tcp { .. }) { tcp } else { unix };
                self.no("socket", format!("somebody listens there, but: {why}"), advice);
            }
            Some(Answer::Unreachable(why)) => self.no(
                "socket",
                format!("it cannot be reached: {why}"),
                "see whether host, port and rights are those that the trainer printed",
            ),
            None => {}
        }
    }
}
