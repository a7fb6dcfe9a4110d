//! `prodview serve`: the MCP server.

use super::{Trouble, production};
use crate::config::is_placeholder;
use crate::server::Server;
use crate::{http, log, stdio};
use clap::Args;
use prodview_guard::Secret;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing::Level;

#[derive(Args, Default)]
pub(super) struct Serve {
    /// Serve HTTP at this address (127.0.0.1:8931) instead of standard input and output
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Serve the older HTTP+SSE transport as well, at /sse and /messages
    #[arg(long, requires = "http")]
    sse: bool,
    /// Over the embedded demo production
    #[arg(long)]
    demo: bool,
    /// Seed of the demo production
    #[arg(long, default_value_t = 1, requires = "demo")]
    seed: u64,
    /// The folder of your own declared tools, in the place of the configured one
    #[arg(long, value_name = "DIR")]
    tools: Option<PathBuf>,
    /// The token that clients must send, as env:NAME [default: env:PRODVIEW_HTTP_TOKEN]
    #[arg(long, value_name = "env:NAME", requires = "http", conflicts_with = "no_auth")]
    token: Option<String>,
    /// No token; only on a loopback address
    #[arg(long, requires = "http")]
    no_auth: bool,
    /// A host name under which clients may ask for the server, besides localhost (may be repeated)
    #[arg(long, value_name = "NAME", requires = "http")]
    allow_host: Vec<String>,
}

impl Serve {
    pub(super) async fn run(self, config: Option<&Path>) -> Result<ExitCode, Trouble> {
        log::start(Level::INFO);
        let (demo, app) = if self.demo {
            let tools = production::own_tools(self.tools.as_deref())?;
            let (demo, app) = production::demo_with(self.seed, tools).await?;
            (Some(demo), app)
        } else {
            (None, production::app(production::configured(config, self.tools.as_deref())?))
        };
        let server = Server::new(app);
        match self.http {
            Some(address) => self.over_http(server, address).await?,
            None => {
                if std::io::stdin().is_terminal() {
                    greet(&server);
                }
                stdio::serve(server).await.map_err(Trouble::Failed)?;
            }
        }
        drop(demo);
        Ok(ExitCode::SUCCESS)
    }

    async fn over_http(&self, server: Server, address: SocketAddr) -> Result<(), Trouble> {
        let face = http::Face {
            address,
            token: self.secret(address)?,
            hosts: self.allow_host.clone(),
            older_sse: self.sse,
        };
        let (listener, address) = http::listen(&face)
            .await
            .map_err(|e| Trouble::Failed(format!("cannot listen on {address}: {e}")))?;
        let mut err = std::io::stderr().lock();
        writeln!(err, "prodview: MCP on http://{address}/mcp")?;
        if self.sse {
            writeln!(err, "prodview: the older HTTP+SSE on http://{address}/sse")?;
        }
        drop(err);
        Ok(http::serve(server, face, listener, asked_to_stop()).await?)
    }

    /// The token, or the reason why there must be one.
    fn secret(&self, address: SocketAddr) -> Result<Option<Secret>, Trouble> {
        if self.no_auth {
            return match address.ip().is_loopback() {
                true => Ok(None),
                false => Err(Trouble::Usage(format!(
                    "--no-auth is only for a loopback address, and {address} is none: give --token env:NAME"
                ))),
            };
        }
        let named = self.token.as_deref().unwrap_or("env:PRODVIEW_HTTP_TOKEN");
        let Some(name) = named.strip_prefix("env:") else {
            return Err(Trouble::Usage(
                "--token takes env:NAME: on the command line others could read it".to_owned(),
            ));
        };
        // As everywhere: empty, or left as `${…}` by whoever should have filled it in, is not set.
        let token = std::env::var(name).ok().filter(|t| !t.trim().is_empty() && !is_placeholder(t));
        match token {
            Some(token) if token.len() >= 16 => Ok(Some(Secret::new(token))),
            Some(_) => Err(Trouble::Usage(format!("the token in {name} is shorter than 16 characters"))),
            None => Err(Trouble::Usage(format!(
                "{name} is not set: put a token of at least 16 characters there, or waive it on loopback with --no-auth"
            ))),
        }
    }
}

/// Somebody typed `prodview` and now looks at an empty line.
fn greet(server: &Server) {
    let mut err = std::io::stderr().lock();
    let text = format!(
        "This is prodview {}, an MCP server with {} tools: it waits for a client on standard input.\n\
         To see what it does, press Ctrl-C and type `prodview demo`. To connect it, see mcp.json.example.\n\
         For one question from here: `prodview call find_user who=alice@example.com`; for all commands: `prodview --help`.",
        env!("CARGO_PKG_VERSION"),
        server.tools().len()
    );
    let _ = writeln!(err, "{text}");
}

async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
