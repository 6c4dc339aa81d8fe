//! The arguments about viewers in other processes; `esper` takes them over.

use std::path::PathBuf;

use clap::Args;
use nissa::socket::{Endpoint, EndpointError};

use super::Environment;
use crate::source::trainer::Listen;

/// Where a run listens for viewers.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Viewers")]
pub struct ListenArgs {
    /// Listen nowhere; without it `sanctum-tui attach` of the same user shows the run
    #[arg(long, conflicts_with_all = ["listen", "listen_public", "max_viewers"])]
    pub no_listen: bool,
    /// Listen there too: tcp://HOST:PORT, always with a token, or unix:PATH. May be given several times
    #[arg(long, value_name = "ENDPOINT", value_parser = endpoint)]
    pub listen: Vec<Endpoint>,
    /// Allow --listen an address that other machines reach; nothing is encrypted
    #[arg(long, requires = "listen")]
    pub listen_public: bool,
    /// File with the token that viewers over TCP must know, which nobody else may read [default: a new one beside the socket]
    #[arg(long, value_name = "FILE", requires = "listen")]
    pub token_file: Option<PathBuf>,
    /// Viewers at a time
    #[arg(long, value_name = "N", default_value_t = crate::source::trainer::VIEWERS as u64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub max_viewers: u64,
}

fn endpoint(text: &str) -> Result<Endpoint, EndpointError> {
    text.parse()
}

impl ListenArgs {
    /// Returns where the run listens; `None`: nowhere.
    pub fn listen(&self, env: &Environment) -> Option<Listen> {
        (!self.no_listen).then(|| Listen {
            folder: env.socket_folder(),
            at: self.listen.clone(),
            public: self.listen_public,
            token_file: self.token_file.clone(),
            max_viewers: usize::try_from(self.max_viewers).unwrap_or(usize::MAX),
        })
    }
}
