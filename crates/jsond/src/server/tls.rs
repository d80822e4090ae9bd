//! What TLS needs: certificate and key, which may be others later, and the handshake.
//!
//! rustls speaks it: versions 1.2 and 1.3, with forward secrecy and authenticated encryption only.

use super::stream::Stream;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// The first byte of every TLS connection: the record of a handshake.
const HANDSHAKE: u8 = 22;

/// The protocols that can be spoken, the better one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What a server shows to clients that speak TLS; clones share it.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

/// Why a certificate and a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text of the certificate is not PEM, or there is none in it.
    #[error("there is no certificate in PEM")]
    Certificate,
    /// The text of the key is not PEM, or there is no private key in it.
    #[error("there is no private key in PEM")]
    Key,
    /// They do not go together, or are of a kind that is not supported.
    #[error(transparent)]
    Unusable(#[from] rustls::Error),
}

#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Takes a certificate, with those that vouch for it, and its key, both as PEM.
    ///
    /// *Errors*: they cannot be used.
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let first = certified(certificates, key, &provider)?;
        let shown = Arc::new(Shown(ArcSwap::from_pointee(first)));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        let config = Arc::new(config);
        Ok(Self { config, shown })
    }

    /// Takes others for the connections from now on.
    ///
    /// *Errors*: they cannot be used; the old ones stay.
    pub fn replace(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let new = certified(certificates, key, self.config.crypto_provider())?;
        self.shown.0.store(Arc::new(new));
        Ok(())
    }

    /// The SHA-256 of the certificate, as browsers and `openssl x509 -fingerprint` show it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let shown = self.shown.0.load();
        let certificate = shown.cert.first().map_or(&[][..], |it| it);
        let pairs = Sha256::digest(certificate);
        let pairs: Vec<_> = pairs.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    }

    /// Shakes hands with a client; gives the connection back as it is to one that does not begin to.
    ///
    /// *Errors*: the client has gone, is too slow, or speaks no version or cipher that we do.
    pub(super) async fn accept(&self, stream: TcpStream, time: Duration) -> io::Result<Stream> {
        let mut first = [0];
        let peeked = timeout(time, stream.peek(&mut first)).await??;
        if peeked > 0 && first[0] != HANDSHAKE {
            return Ok(Stream::Plain(stream));
        }
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        let shaken = timeout(time, acceptor.accept(stream)).await??;
        Ok(Stream::Secure(Box::new(shaken)))
    }
}

fn certified(
    certificates: &[u8],
    key: &[u8],
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_slice_iter(certificates);
    let chain: Vec<_> = chain
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::Certificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::Key)?;
    Ok(CertifiedKey::from_der(chain, key, provider)?)
}
