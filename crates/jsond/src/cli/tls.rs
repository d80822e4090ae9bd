//! Where certificate and key come from: two files, or a pair that is made once and kept.

use super::reload;
use crate::server::Tls;
use anyhow::Context as _;
use rcgen::{CertificateParams, DnType, KeyPair};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

const CERTIFICATE: &str = "tls-cert.pem";
const KEY: &str = "tls-key.pem";

/// The two files that TLS needs.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Files {
    /// Those that are kept in a folder of ours; they are made if they are not there.
    pub(super) fn self_signed(
        folder: &Path,
        host: Option<IpAddr>,
        names: &[String],
    ) -> anyhow::Result<Self> {
        let files = Self {
            certificate: folder.join(CERTIFICATE),
            key: folder.join(KEY),
        };
        if !files.key.exists() || !files.certificate.exists() {
            files.make(host, names)?;
        }
        Ok(files)
    }

    /// A certificate for the names under which the server is reached, signed by its own key.
    fn make(&self, host: Option<IpAddr>, names: &[String]) -> anyhow::Result<()> {
        let mut subjects = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
        subjects.extend(
            host.filter(|it| !it.is_unspecified())
                .map(|it| it.to_string()),
        );
        subjects.extend(names.iter().map(|name| bare(name).to_owned()));
        subjects.sort_unstable();
        subjects.dedup();
        let mut parameters =
            CertificateParams::new(subjects).context("a name is not one of a certificate")?;
        parameters
            .distinguished_name
            .push(DnType::CommonName, "jsond, self-signed");
        let key = KeyPair::generate().context("a key cannot be made")?;
        let certificate = parameters
            .self_signed(&key)
            .context("a certificate cannot be made")?;
        // The key last: a certificate alone is made anew.
        write(&self.certificate, &certificate.pem())?;
        write(&self.key, &key.serialize_pem())
    }

    /// Reads them, and reads them again when they change.
    pub(super) fn load(&self) -> anyhow::Result<Tls> {
        let (certificate, key) = self.read()?;
        let tls = Tls::new(&certificate, &key).with_context(|| self.fault())?;
        let (files, shown) = (self.clone(), tls.clone());
        let again = move || match files.reload(&shown) {
            Ok(()) => {
                let fingerprint = shown.fingerprint();
                tracing::info!(fingerprint, "the certificate was read again");
            }
            Err(error) => tracing::error!("the certificate stays as it was: {error:#}"),
        };
        reload::watch(vec![self.certificate.clone(), self.key.clone()], again)
            .context("the certificate cannot be watched")?;
        Ok(tls)
    }

    fn reload(&self, shown: &Tls) -> anyhow::Result<()> {
        let (certificate, key) = self.read()?;
        let replaced = shown.replace(&certificate, &key);
        replaced.with_context(|| self.fault())
    }

    fn fault(&self) -> String {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        format!("{certificate} and {key} cannot be used")
    }

    fn read(&self) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
        let read = |file: &Path| {
            fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
        };
        Ok((read(&self.certificate)?, read(&self.key)?))
    }
}

/// An address of version 6 stands in brackets in a URL only.
fn bare(name: &str) -> &str {
    let inner = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    inner.unwrap_or(name)
}

/// Writes a file for its owner only, whole or not at all.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let shown = file.display();
    let new = file.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} is in the way", new.display()));
        }
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut opened| {
            opened.write_all(text.as_bytes())?;
            opened.sync_all()
        })
        .and_then(|()| fs::rename(&new, file))
        .with_context(|| format!("{shown} cannot be written"))
}
