//! A small Stripe on loopback that answers what a test gave it, and 404 for everything else.

use super::{handle, settings};
use crate::Common;
use crate::capability::{Answered, PaidAsk, Payments};
use crate::stripe::{Stripe, connect};
use crate::words::{Paid, Payment};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

/// What is asked begins with the text's first word and holds the others → status and body. The first that fits answers.
pub(super) type Said = Vec<(&'static str, u16, Value)>;

pub(super) struct Fake {
    pub stripe: Stripe,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub(super) fn new(said: Said) -> Fake {
        Fake::with("rk_live_", said)
    }

    pub(super) fn with(prefix: &str, said: Said) -> Fake {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (said, log) = (Arc::new(said), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (said, log) = (said.clone(), log.clone());
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let mut head = Vec::new();
                    let mut byte = [0_u8; 1];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                        head.push(byte[0]);
                    }
                    let head = String::from_utf8(head).unwrap();
                    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let decoded: String = url::form_urlencoded::parse(target.replace('+', "%2B").as_bytes())
                        .map(|(k, v)| if v.is_empty() { k.into_owned() } else { format!("{k}={v}") })
                        .collect::<Vec<_>>()
                        .join("&");
                    assert!(head.starts_with("GET ") && head.contains("stripe-version: 2026-10-28.endive"));
                    let (status, body) = said.iter().find(|(words, _, _)| fits(&decoded, words)).map_or_else(
                        || (404, json!({"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such thing"}})),
                        |(_, status, body)| (*status, body.clone()),
                    );
                    log.lock().unwrap().push(decoded);
                    let body = body.to_string();
                    let _ = write!(
                        stream,
                        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                });
            }
        });
        let common = Common { base_url: Some(base), ..Common::default() };
        Fake { stripe: connect("stripe", settings(prefix), &common).unwrap(), asked }
    }

    pub(super) async fn paid_since(&self, ask: &PaidAsk) -> Answered<Paid> {
        Payments::paid_since(&self.stripe, ask).await
    }

    pub(super) async fn paid(&self, text: &str) -> Answered<Payment> {
        Payments::payments(&self.stripe, &handle(text), 10).await
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn fits(asked: &str, words: &str) -> bool {
    let mut words = words.split(' ');
    words.next().is_some_and(|start| asked.starts_with(start)) && words.all(|word| asked.contains(word))
}
