//! prodview lets an assistant, or a person at a terminal, look at production and never touch it.
//!
//! This package is the outside: configuration, transports, the face towards MCP, and the command line. What can be
//! asked is in `prodview-tools`, who answers in `prodview-providers`, and the only door out is `prodview-guard`.

pub mod command;
pub mod config;
pub mod http;
pub mod log;
pub mod server;
mod sse;
pub mod stdio;
pub mod terminal;
