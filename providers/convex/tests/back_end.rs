//! A small back end on loopback that keeps one table and answers as Convex does.

use super::settings;
use crate::Common;
use crate::convex::{Convex, connect};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// What the back end can do, and what it was asked.
#[derive(Default)]
pub(super) struct BackEnd {
    pub(super) docs: Vec<Value>,
    pub(super) schema: Option<String>,
    /// Whether it is an older one: no filtering, no index, no checking of keys.
    pub(super) old: bool,
    /// From this page on it fails.
    pub(super) fails_at: Option<usize>,
    /// Documents in a page, however many are asked for.
    pub(super) page: usize,
    pub(super) asked: Mutex<Vec<String>>,
}

fn success(value: Value) -> (u16, String) {
    (200, json!({ "status": "success", "value": value, "logLines": [] }).to_string())
}

impl BackEnd {
    fn answer(&self, path: &str, body: &Value) -> (u16, String) {
        let function = body["path"].as_str().unwrap_or_default();
        self.asked.lock().unwrap().push(if function.is_empty() {
            path.to_owned()
        } else {
            function.to_owned()
        });
        match (path, function) {
            ("/instance_version", _) => (200, "20260821T171301Z-94a42c3db8d7".to_owned()),
            ("/api/check_admin_key", _) if self.old => (404, "{}".to_owned()),
            ("/api/check_admin_key", _) => {
                (200, json!({ "success": true, "allowedOps": ["ViewData", "ViewLogs"], "isReadOnly": true }).to_string())
            }
            ("/api/v1/deployment_info", _) => (200, json!({ "kind": "selfHosted" }).to_string()),
            ("/api/shapes2", _) => (200, json!({ "users": { "type": "Object", "fields": [
                { "fieldName": "email", "optional": false, "shape": { "type": "String" } }] } }).to_string()),
            (_, "_system/cli/tables") => {
                success(json!({ "page": [{ "name": "users" }], "isDone": true, "continueCursor": "end" }))
            }
            (_, "_system/frontend/getSchemas") => success(json!({ "active": self.schema })),
            (_, "_system/cli/tableData") => self.page(body, &[]),
            (_, "_system/frontend/paginatedTableDocuments") if !self.old => {
                let filters = BASE64_STANDARD.decode(body["args"]["filters"].as_str().unwrap()).unwrap();
                let filters: Value = serde_json::from_slice(&filters).unwrap();
                self.page(body, filters["clauses"].as_array().unwrap())
            }
            (_, "_system/frontend/getById") => {
                let id = &body["args"]["id"];
                success(self.docs.iter().find(|doc| doc["_id"] == *id).cloned().unwrap_or_default())
            }
            (_, "_system/cli/queryEnvironmentVariables") => (
                403,
                json!({ "code": "OperationNotPermitted",
                    "message": "You do not have permission to perform this operation (deployment:env:view)." })
                .to_string(),
            ),
            (_, "_system/frontend/listCronJobs") => success(json!([])),
            (_, "users:byEmail") => success(self.docs[0].clone()),
            (_, "users:boom") => (560, json!({ "status": "error", "errorMessage": "Uncaught Error: eve was here" }).to_string()),
            _ => {
                let message = format!("Could not find public function for '{function}'.");
                (200, json!({ "status": "error", "errorMessage": message, "logLines": [] }).to_string())
            }
        }
    }

    /// Newest first: the last document is the newest.
    fn page(&self, body: &Value, clauses: &[Value]) -> (u16, String) {
        let options = &body["args"]["paginationOpts"];
        let start: usize = options["cursor"].as_str().map_or(0, |cursor| cursor.parse().unwrap());
        if self.fails_at.is_some_and(|at| start >= at) {
            return (400, json!({ "code": "Broken", "message": "x" }).to_string());
        }
        let fits = |doc: &&Value| {
            clauses.iter().all(|clause| {
                let (held, value) = (&doc[clause["field"].as_str().unwrap()], &clause["value"]);
                match clause["op"].as_str() {
                    Some("lte") => held.as_f64() <= value.as_f64(),
                    _ => held == value,
                }
            })
        };
        let all: Vec<&Value> = if body["args"]["table"] == "users" {
            self.docs.iter().rev().filter(fits).collect()
        } else {
            Vec::new()
        };
        let wanted = options["numItems"].as_u64().unwrap() as usize;
        let end = (start + wanted.min(if self.page == 0 { usize::MAX } else { self.page })).min(all.len());
        success(
            json!({ "page": all[start..end], "isDone": end == all.len(), "continueCursor": end.to_string() }),
        )
    }
}

/// Reads one request: its path without the query, and its JSON body.
#[expect(clippy::disallowed_types, reason = "the other side of the wire is played by the test itself")]
async fn read_request(stream: &tokio::net::TcpStream) -> (String, Value) {
    let mut raw = Vec::new();
    let mut part = vec![0; 65_536];
    loop {
        stream.readable().await.unwrap();
        match stream.try_read(&mut part) {
            Ok(0) => return Default::default(),
            Ok(n) => raw.extend_from_slice(&part[..n]),
            Err(_) => continue,
        }
        let Some(end) = raw.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&raw[..end]).into_owned();
        let lower = head.to_lowercase();
        let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
        if raw.len() >= end + 4 + length {
            let path = head.split(' ').nth(1).unwrap().split('?').next().unwrap();
            return (path.to_owned(), serde_json::from_slice(&raw[end + 4..]).unwrap_or_default());
        }
    }
}

/// Serves the back end, one request a connection, for as long as the test lasts.
pub(super) async fn served(back_end: BackEnd) -> (Convex, Arc<BackEnd>) {
    let back_end = Arc::new(back_end);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = Arc::clone(&back_end);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let serving = Arc::clone(&serving);
            tokio::spawn(async move {
                let (path, body) = read_request(&stream).await;
                if path == "/api/stream_function_logs" {
                    // A long poll with nothing to tell holds on.
                    std::future::pending::<()>().await;
                }
                let (status, text) = serving.answer(&path, &body);
                let head =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close", text.len());
                let reply = format!("{head}\r\n\r\n{text}");
                let mut left = reply.as_bytes();
                while !left.is_empty() && stream.writable().await.is_ok() {
                    match stream.try_write(left) {
                        Ok(n) => left = &left[n..],
                        Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                        Err(_) => break,
                    }
                }
            });
        }
    });
    let timeout = Some(std::time::Duration::from_millis(1_500));
    let common = Common { cache: Some(std::time::Duration::ZERO), timeout, ..Common::default() };
    let convex = connect("convex", settings(&format!("http://{address}"), "prod:otter-1|"), &common).unwrap();
    (convex, back_end)
}
