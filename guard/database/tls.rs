//! Encryption towards a database: the certificate is always verified, by the system's authorities and the
//! configured one.

use crate::{Failure, FailureKind};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How a connection is made: plain to this machine or where the URL says so, encrypted otherwise.
#[derive(Clone)]
pub(super) enum Tls {
    Off,
    On(MakeRustlsConnect),
}

impl Tls {
    /// Reads the system's certificates: done at the first connection, not at start-up.
    pub(super) fn verified(ca_pem: Option<&[u8]>) -> Result<Tls, Failure> {
        let failed = |why: String| Failure::new(FailureKind::Unreachable, why);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = ca_pem.map(|pem| CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>());
        let roots = roots.transpose().map_err(|_| {
            failed("the CA file holds no certificates".to_owned())
                .hint("`ca_file` is not a PEM bundle of certificates")
        })?;
        let verifier = match roots {
            Some(roots) => Verifier::new_with_extra_roots(roots, Arc::clone(&provider)),
            None => Verifier::new(Arc::clone(&provider)),
        };
        let verifier = verifier.map_err(|e| failed(format!("no certificates: {e}")))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(format!("no TLS: {e}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Tls::On(MakeRustlsConnect::new(config)))
    }
}
