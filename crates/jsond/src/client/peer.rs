//! The server that is talked to: where it is, what proves who it is, and what proves who we are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::failure::{Cause, Failure};

/// What a person says about trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trust {
    /// Certificates that are trusted instead of those of the system.
    pub(super) certificates: Option<PathBuf>,
    /// Take any certificate.
    pub(super) any: bool,
}

/// The server that is talked to.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) address: Address,
    /// Present when TLS is spoken.
    tls: Option<TlsConnector>,
    /// What proves who we are.
    token: Option<String>,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is nobody's business.
        formatter
            .debug_struct("Peer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Peer {
    /// Makes ready to talk to a server.
    ///
    /// Errors: `Usage` when certificates that were named cannot be read, `Tls` when none are there.
    pub(super) fn new(
        address: Address,
        trust: &Trust,
        token: Option<String>,
    ) -> Result<Self, Failure> {
        let tls = address.is_secure.then(|| connector(trust)).transpose()?;
        Ok(Self {
            address,
            tls,
            token,
        })
    }

    /// A server that speaks no TLS and asks for no token.
    #[cfg(test)]
    pub(super) fn plain(address: Address) -> Self {
        Self {
            address,
            tls: None,
            token: None,
        }
    }

    pub(super) fn authority(&self) -> String {
        self.address.authority()
    }

    pub(super) fn tls(&self) -> Option<&TlsConnector> {
        self.tls.as_ref()
    }

    /// The value of `Authorization` that every request carries.
    pub(super) fn authorization(&self) -> Option<String> {
        self.token.as_ref().map(|token| format!("Bearer {token}"))
    }

    /// Whether a token would cross a network where others can read it.
    pub(super) fn shows_its_token(&self) -> bool {
        let host = self.address.host.as_str();
        let is_here = host == "localhost"
            || host.ends_with(".localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|it| it.is_loopback());
        self.token.is_some() && self.tls.is_none() && !is_here
    }
}

/// Reads a token: the first word of the file.
///
/// Errors: `Usage` when there is none that can stand in a header field.
pub(super) fn read_token(file: &Path) -> Result<String, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    let token = text.split_whitespace().next().unwrap_or_default();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_token) {
        return Err(Failure::usage(format!("there is no token in {shown}")));
    }
    Ok(token.to_owned())
}

fn connector(trust: &Trust) -> Result<TlsConnector, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(Cause::Tls, error.to_string()))?;
    let mut config = if trust.any {
        let verifier = Arc::new(AnyCertificate(provider));
        let dangerous = builder.dangerous();
        dangerous
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth()
    } else {
        let roots = match &trust.certificates {
            Some(file) => certificates_of(file)?,
            None => certificates_of_system()?,
        };
        builder.with_root_certificates(roots).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certificates_of(file: &Path) -> Result<RootCertStore, Failure> {
    let shown = file.display();
    let wrong = |error: String| Failure::usage(format!("--cacert {shown}: {error}"));
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        let added = roots.add(certificate);
        added.map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("no certificate in PEM".to_owned()));
    }
    Ok(roots)
}

fn certificates_of_system() -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    // One that cannot be used is no reason to do without the others.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let detail = "this system has no certificates to trust; --cacert FILE names some";
        return Err(Failure::new(Cause::Tls, detail));
    }
    Ok(roots)
}

/// Takes any certificate, and asks only that the server has its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Option<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read_token(file.path()).ok()
    }

    #[test]
    fn a_token_is_the_first_word_of_its_file() {
        assert_eq!(token("abc-._~+/=\n").as_deref(), Some("abc-._~+/="));
        assert_eq!(token("  abc def\n").as_deref(), Some("abc"));
        for text in ["", "\n", "a\u{7f}b", "토큰", "a,b"] {
            assert_eq!(token(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_token_in_plain_text_is_safe_on_this_machine_only() {
        let peer = |text: &str| {
            let trust = Trust {
                any: true,
                ..Trust::default()
            };
            Peer::new(Address::parse(text).unwrap(), &trust, Some("t".into())).unwrap()
        };
        for safe in ["localhost:1", "127.0.0.1", "[::1]:1", "https://example.org"] {
            assert!(!peer(safe).shows_its_token(), "{safe}");
        }
        for unsafe_ in ["example.org", "10.0.0.1:80"] {
            assert!(peer(unsafe_).shows_its_token(), "{unsafe_}");
        }
        assert!(!format!("{:?}", peer("localhost")).contains("\"t\""));
    }
}
