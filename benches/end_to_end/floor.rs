//! The floor: an upstream request made directly, by the client that the guard uses as well.

#![expect(clippy::disallowed_types, reason = "the floor needs a client of its own")]

use prodview_demo::{Demo, Recorded, Service};
use reqwest::{Client, Method, RequestBuilder};

/// The same requests as those that prodview sent.
pub struct Floor {
    client: Client,
    requests: Vec<(Method, String, String, Option<String>)>,
}

impl Floor {
    pub fn of(demo: &Demo, record: &[Recorded]) -> Floor {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        let request = |asked: &Recorded| {
            let joint = if asked.query.is_empty() { "" } else { "?" };
            let url = format!("{}{}{joint}{}", demo.origin(asked.service), asked.path, asked.query);
            let scheme = if asked.service == Service::Convex { "Convex" } else { "Bearer" };
            let key = format!("{scheme} {}", demo.key(asked.service));
            (asked.method.parse().unwrap(), url, key, asked.body.clone())
        };
        Floor { client, requests: record.iter().map(request).collect() }
    }

    /// All of them at the same time, read to their end.
    pub async fn ask(&self) {
        let each = self.requests.iter().map(|request| async { read(self.build(request)).await });
        futures_util::future::join_all(each).await;
    }

    /// The only one, to be sent by somebody else.
    pub fn request(&self) -> RequestBuilder {
        self.build(&self.requests[0])
    }

    fn build(&self, (method, url, key, body): &(Method, String, String, Option<String>)) -> RequestBuilder {
        let request = self.client.request(method.clone(), url).header("authorization", key);
        match body {
            Some(body) => request.header("content-type", "application/json").body(body.clone()),
            None => request,
        }
    }
}

/// Sends it and reads the answer to its end.
pub async fn read(request: RequestBuilder) -> usize {
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{response:?}");
    response.bytes().await.unwrap().len()
}
