//! TLS of a listener: certificate and key from PEM, HTTP/2 preferred.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// Certificate and key of a TLS server, PEM.
#[derive(Clone)]
pub struct TlsIdentity {
    /// The certificate chain, the server's own first.
    pub certificate_pem: Vec<u8>,
    /// The private key.
    pub key_pem: Zeroizing<Vec<u8>>,
}

/// Why certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// Not PEM, or nothing in it.
    #[error("the {what} cannot be read: {error}")]
    Pem {
        /// "certificate" or "private key".
        what: &'static str,
        /// What is wrong.
        error: rustls::pki_types::pem::Error,
    },
    /// The two do not fit, or the key is of a kind that is not supported.
    #[error("certificate and key cannot be used together: {0}")]
    Identity(#[from] rustls::Error),
}

/// A TLS server of this identity.
///
/// # Errors
/// [`TlsError`].
pub(in crate::net) fn acceptor(identity: &TlsIdentity) -> Result<TlsAcceptor, TlsError> {
    let of = |what| move |error| TlsError::Pem { what, error };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&identity.certificate_pem)
        .collect::<Result<_, _>>()
        .map_err(of("certificate"))?;
    if chain.is_empty() {
        return Err(of("certificate")(rustls::pki_types::pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_slice(&identity.key_pem).map_err(of("private key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
