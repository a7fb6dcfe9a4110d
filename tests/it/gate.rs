//! The gate of the HTTP face: host, origin and token, before every route there is, and before those there are not.

#![expect(clippy::disallowed_types, reason = "a request without a host is sent by hand")]

use crate::program::{Folder, Talk, run};
use crate::rig::{Rig, app};
use crate::served::{Served, TOKEN, kind};
use crate::silent::{self, Silent};
use crate::transports::{call, stateless};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use std::io::{Read, Write};

/// Every route, a path below one, and one that is none.
const ROUTES: [(Method, &str); 11] = [
    (Method::POST, "/mcp"),
    (Method::GET, "/mcp"),
    (Method::DELETE, "/mcp"),
    (Method::OPTIONS, "/mcp"),
    (Method::POST, "/mcp/anything"),
    (Method::GET, "/healthz"),
    (Method::GET, "/sse"),
    (Method::POST, "/messages?sessionId=guessed"),
    (Method::OPTIONS, "/messages"),
    (Method::GET, "/"),
    (Method::GET, "/nowhere"),
];

fn listing(served: &Served) -> RequestBuilder {
    served.post_stateless(1, "tools/list", &stateless(json!({})))
}

#[tokio::test]
async fn a_foreign_host_is_refused_on_every_route_even_with_the_token() {
    let served = Served::with_token(app("")).await;
    let port = served.address.port();
    for (method, path) in ROUTES {
        for host in [
            "evil.dev".to_owned(),
            format!("evil.dev:{port}"),
            "localhost.evil.dev".to_owned(),
            "10.0.0.1".to_owned(),
        ] {
            let request = served.request(method.clone(), path).bearer_auth(TOKEN).header("host", &host);
            assert_eq!(request.send().await.unwrap().status(), 403, "{method} {path} for {host}");
        }
    }
    for host in [
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
        "view.acme.dev".to_owned(),
        "VIEW.ACME.DEV:443".to_owned(),
    ] {
        assert_eq!(
            listing(&served).bearer_auth(TOKEN).header("host", &host).send().await.unwrap().status(),
            200,
            "{host}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_names_no_host_is_refused() {
    let served = Served::with_token(app("")).await;
    let mut stream = std::net::TcpStream::connect(served.address).unwrap();
    stream
        .write_all(format!("GET /healthz HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 403"), "{answer}");
}

#[tokio::test]
async fn a_foreign_page_is_refused_on_every_route_even_with_the_token() {
    let served = Served::with_token(app("")).await;
    for (method, path) in ROUTES {
        for origin in [
            "http://evil.dev",
            "https://localhost.evil.dev",
            "null",
            "http://localhost@evil.dev",
            "file://",
            "",
        ] {
            let request = served.request(method.clone(), path).bearer_auth(TOKEN).header("origin", origin);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 403, "{method} {path} from {origin:?}");
            assert!(response.headers().get("access-control-allow-origin").is_none());
        }
    }
    for origin in ["http://localhost:6274", "http://127.0.0.1:6274", "http://[::1]"] {
        assert_eq!(
            listing(&served).bearer_auth(TOKEN).header("origin", origin).send().await.unwrap().status(),
            200,
            "{origin}"
        );
    }
}

#[tokio::test]
async fn without_the_right_token_no_route_tells_whether_it_is_there() {
    let served = Served::with_token(app("")).await;
    let almost = &TOKEN[..TOKEN.len() - 1];
    for (method, path) in ROUTES {
        for given in [
            None,
            Some("Bearer wrong".to_owned()),
            Some("Bearer ".to_owned()),
            Some(format!("Bearer {almost}")),
            Some(format!("Bearer {TOKEN}x")),
            Some(format!("Bearer {}", TOKEN.to_uppercase())),
            Some(format!("Basic {TOKEN}")),
            Some(TOKEN.to_owned()),
        ] {
            let mut request = served.request(method.clone(), path);
            if let Some(given) = &given {
                request = request.header("authorization", given);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 401, "{method} {path} with {given:?}");
            assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
            assert_eq!(response.text().await.unwrap(), "a bearer token is needed\n");
        }
        // A token in the address would be logged by others.
        let joint = if path.contains('?') { '&' } else { '?' };
        let request =
            served.request(method.clone(), &format!("{path}{joint}token={TOKEN}&access_token={TOKEN}"));
        assert_eq!(request.send().await.unwrap().status(), 401, "{method} {path}");
    }
}

#[tokio::test]
async fn with_the_right_token_every_route_is_served() {
    let served = Served::with_token(app("")).await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let list =
            listing(&served).header("authorization", format!("{scheme} {TOKEN}")).send().await.unwrap();
        assert_eq!(list.status(), 200);
    }
    let with = |method: Method, path: &str| served.request(method, path).bearer_auth(TOKEN).send();
    let health = with(Method::GET, "/healthz").await.unwrap();
    assert_eq!((health.status().as_u16(), health.text().await.unwrap().as_str()), (200, "ok\n"));
    let stream = with(Method::GET, "/sse").await.unwrap();
    assert_eq!((stream.status().as_u16(), kind(&stream).as_str()), (200, "text/event-stream"));
    assert_eq!(with(Method::POST, "/messages?sessionId=guessed").await.unwrap().status(), 404);
    assert_eq!(with(Method::GET, "/nowhere").await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let served = Served::with_token(app("")).await;
    let large =
        json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": { "x": "y".repeat(5 << 20) } })
            .to_string();
    for path in ["/mcp", "/messages?sessionId=guessed"] {
        let request =
            served.request(Method::POST, path).bearer_auth(TOKEN).header("content-type", "application/json");
        let request = request.header("accept", "application/json, text/event-stream").body(large.clone());
        // The server may close before all of it was sent: then there is no answer to read, which refuses it as well.
        if let Ok(response) = request.send().await {
            assert!(matches!(response.status().as_u16(), 413 | 404), "{path}: {}", response.status());
        }
    }
    assert_eq!(listing(&served).bearer_auth(TOKEN).send().await.unwrap().status(), 200, "and goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_shows_us_is_never_shown_to_a_provider() {
    let silent = Silent::new();
    let served = Served::with_token(app(&silent.toml_of_stripe())).await;
    let request = served
        .post_stateless(1, "tools/call", &call("list_sources", json!({})))
        .bearer_auth(TOKEN)
        .header("cookie", "session=the-clients-own")
        .header("x-forwarded-for", "203.0.113.7");
    let caller = tokio::spawn(async move { request.send().await });
    let asked = silent.question();
    caller.abort();
    let head = asked.head.to_ascii_lowercase();
    assert!(
        head.contains(&format!("authorization: bearer {}", silent::key().to_ascii_lowercase())),
        "{head}"
    );
    assert_eq!(head.matches("authorization").count(), 1, "{head}");
    for theirs in [TOKEN, "the-clients-own", "cookie", "forwarded", "203.0.113.7", "mcp-"] {
        assert!(!head.contains(theirs), "{theirs} went upstream: {head}");
    }
}

#[tokio::test]
async fn the_demo_saw_our_key_and_no_other() {
    let rig = Rig::new().await;
    let served = Served::with_token(rig.app.clone()).await;
    let ask = served.post_stateless(1, "tools/call", &call("list_sources", json!({}))).bearer_auth(TOKEN);
    assert_eq!(ask.send().await.unwrap().status(), 200);
    let record = rig.demo.record();
    assert!(!record.is_empty());
    assert!(record.iter().all(|asked| asked.authorised), "{record:#?}");
}

#[test]
fn the_token_is_waived_only_on_loopback_and_taken_only_from_a_variable() {
    let folder = Folder::new();
    for (args, env, told) in [
        (vec!["--http", "0.0.0.0:0", "--no-auth"], vec![], "--no-auth is only for a loopback address"),
        (vec!["--http", "[::]:0", "--no-auth"], vec![], "--no-auth is only for a loopback address"),
        (vec!["--http", "127.0.0.1:0"], vec![], "PRODVIEW_HTTP_TOKEN is not set"),
        (vec!["--http", "127.0.0.1:0"], vec![("PRODVIEW_HTTP_TOKEN", "")], "PRODVIEW_HTTP_TOKEN is not set"),
        (
            vec!["--http", "127.0.0.1:0"],
            vec![("PRODVIEW_HTTP_TOKEN", "${PRODVIEW_HTTP_TOKEN}")],
            "PRODVIEW_HTTP_TOKEN is not set",
        ),
        (
            vec!["--http", "127.0.0.1:0"],
            vec![("PRODVIEW_HTTP_TOKEN", "sesame-123")],
            "shorter than 16 characters",
        ),
        (vec!["--http", "127.0.0.1:0", "--token", "env:NOT_THERE"], vec![], "NOT_THERE is not set"),
        (vec!["--http", "127.0.0.1:0", "--token", TOKEN], vec![], "--token takes env:NAME"),
        (
            vec!["--http", "127.0.0.1:0", "--token", "env:X", "--no-auth"],
            vec![("X", TOKEN)],
            "cannot be used with",
        ),
        (vec!["--no-auth"], vec![], "--http"),
        (vec!["--http", "localhost"], vec![], "--http"),
    ] {
        let args: Vec<&str> = [vec!["serve"], args].concat();
        let ended = run(&folder, &args, &env);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{args:?}: {ended:#?}");
        assert!(ended.err.contains(told), "{args:?}: {}", ended.err);
        assert!(!ended.err.contains(TOKEN) && !ended.err.contains("sesame-123"), "{args:?}: {}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_takes_the_usual_variable_and_serves_what_it_was_told_to() {
    let folder = Folder::new();
    let args = ["serve", "--http", "127.0.0.1:0", "--allow-host", "view.acme.dev"];
    let mut program = Talk::begin(&folder, &args, &[("PRODVIEW_HTTP_TOKEN", TOKEN)]);
    let served = Served::at(program.address(&mut String::new()));
    for (host, token, status) in [
        ("view.acme.dev", TOKEN, 200),
        ("localhost", TOKEN, 200),
        ("view.acme.dev", "wrong", 401),
        ("other.acme.dev", TOKEN, 403),
    ] {
        let response = listing(&served).bearer_auth(token).header("host", host).send().await.unwrap();
        assert_eq!(response.status(), status, "{host} {token}");
    }
    let older = served.request(Method::GET, "/sse").bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(older.status(), 404, "it is switched on by --sse alone");
    assert_eq!(program.terminate().out, "", "standard output is left to the protocol");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_is_in_no_line_of_the_log_however_much_is_logged() {
    let folder = Folder::new();
    let env = [("VIEW_TOKEN", TOKEN), ("PRODVIEW_LOG", "trace")];
    let mut program =
        Talk::begin(&folder, &["serve", "--http", "127.0.0.1:0", "--sse", "--token", "env:VIEW_TOKEN"], &env);
    let mut log = String::new();
    let served = Served::at(program.address(&mut log));
    for token in [TOKEN, "wrong"] {
        for path in ["healthz", "mcp", "sse", "nowhere"] {
            let request = served.request(Method::GET, &format!("/{path}?{TOKEN}")).bearer_auth(token);
            let right = request.send().await.unwrap().status() != 401;
            assert_eq!(right, token == TOKEN, "{path}");
        }
        // In places where it does not belong as well: what a client sends may be logged.
        let ask = served.post_stateless(1, "tools/call", &call("list_sources", json!({ "token": TOKEN })));
        ask.bearer_auth(token).header("mcp-session-id", TOKEN).send().await.unwrap();
    }
    // On HTTP nobody waits for standard input: it is ended as a supervisor ends it.
    let ended = program.terminate();
    if cfg!(unix) {
        assert_eq!(ended.code, Some(0), "{ended:#?}");
    }
    log.push_str(&ended.err);
    assert!(log.contains("answered with an error"), "nothing was logged: {log}");
    assert!(!log.contains(TOKEN), "{log}");
}
