//! `rediss://` with a real handshake: the certificate is verified, by name and by authority, always.

use super::server::{PASSWORD, Server};
use super::{fields, query};
use prodview_guard::{FailureKind, Secret};
use prodview_providers::Common;
use prodview_providers::redis::{Redis, Settings, connect};
use std::time::Duration;

/// An authority, and what it signed for a name: certificate and key, all in PEM.
struct Signed {
    authority: String,
    certificate: String,
    key: String,
}

fn signed_for(name: &str) -> Signed {
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let authority = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf =
        rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    Signed { authority, certificate: leaf.pem(), key: key.serialize_pem() }
}

fn seen(url: String, ca: Option<&str>) -> Redis {
    let ca_pem = ca.map(|pem| pem.as_bytes().to_vec());
    let common = Common { timeout: Some(Duration::from_secs(5)), ca_pem, ..Common::default() };
    connect("cache", Settings { url: Secret::new(url), allow_writable_user: false }, &common).unwrap()
}

#[tokio::test]
async fn an_encrypted_connection_is_verified() {
    let signed = signed_for("localhost");
    let server = Server::encrypted(&signed.certificate, &signed.key);
    server.documented_user();
    server.admin().say(&["SET", "str", "hello"]);
    let url = |host: &str| format!("rediss://prodview:{PASSWORD}@{host}:{}", server.tls_port.unwrap());
    let well = seen(url("localhost"), Some(&signed.authority));
    assert_eq!(fields(&query(&well, "GET str").await.unwrap())[0]["value"], "hello");
    let stranger = signed_for("localhost").authority;
    for (label, url, ca) in [
        ("no authority", url("localhost"), None),
        ("another authority", url("localhost"), Some(&*stranger)),
        ("another name", url("127.0.0.1"), Some(&*signed.authority)),
    ] {
        let failure = query(&seen(url, ca), "GET str").await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unreachable, "{label}: {failure}");
        let said = failure.to_string();
        assert!(said.contains("certificate") && said.contains("ca_file"), "{label}: {said}");
        assert!(!said.contains(PASSWORD), "{label}: {said}");
    }
}

#[tokio::test]
async fn encryption_where_there_is_none_and_none_where_there_is_are_told() {
    let signed = signed_for("localhost");
    let server = Server::encrypted(&signed.certificate, &signed.key);
    server.documented_user();
    let plain = format!("redis://prodview:{PASSWORD}@localhost:{}", server.tls_port.unwrap());
    let failure = query(&seen(plain, None), "PING").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
    let encrypted = format!("rediss://prodview:{PASSWORD}@localhost:{}", server.port);
    let failure = query(&seen(encrypted, Some(&signed.authority)), "PING").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable, "{failure}");
    assert!(failure.to_string().contains("speak TLS"), "{failure}");
}
