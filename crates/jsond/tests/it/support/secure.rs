//! A client that speaks TLS, for tests: bytes in and out, with one certificate that it trusts.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::PATIENCE;

pub(crate) struct Secure(StreamOwned<ClientConnection, TcpStream>);

impl Secure {
    /// Shakes hands with the server, whose certificate has to be the one in the file.
    pub(crate) fn open(address: SocketAddr, certificate: &Path, protocol: &str) -> Self {
        Self::try_open(address, certificate, protocol).unwrap()
    }

    /// Shakes hands, or says why that did not come about.
    pub(crate) fn try_open(
        address: SocketAddr,
        certificate: &Path,
        protocol: &str,
    ) -> std::io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(certificate).unwrap();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self(stream))
    }

    /// The protocol that both sides chose.
    pub(crate) fn protocol(&self) -> Option<String> {
        let chosen = self.0.conn.alpn_protocol();
        chosen.map(|it| String::from_utf8_lossy(it).into_owned())
    }

    /// The fingerprint of the certificate that the server showed.
    pub(crate) fn shown(&self) -> Vec<u8> {
        self.0.conn.peer_certificates().unwrap()[0].to_vec()
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
        self.0.flush().unwrap();
    }

    /// Reads to the end, which the server has to say in TLS too.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        bytes
    }
}
