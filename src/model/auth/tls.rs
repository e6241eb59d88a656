//! Certificates: whom to trust when speaking to a directory or a mail server.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// The certificates of the system's store and those in `more`, a PEM file or a folder of such files; an empty path is
/// none.
pub(crate) fn trusted(more: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut certificates = rustls_native_certs::load_native_certs().certs;
    if !more.is_empty() {
        certificates.extend(from_path(Path::new(more))?);
    }
    Ok(certificates)
}

/// The certificates of a PEM file, or of a folder of such files.
pub(crate) fn from_path(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if !path.is_dir() {
        return CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| failed(&error));
    }
    let mut certificates = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|error| failed(&error))? {
        let file = entry.map_err(|error| failed(&error))?.path();
        // A folder of certificates holds other things too; only what can be read counts.
        if file.is_file()
            && let Ok(found) = CertificateDer::pem_file_iter(&file)
        {
            certificates.extend(found.filter_map(Result::ok));
        }
    }
    Ok(certificates)
}

/// A client that trusts the system's certificates and those of `more`; `verify` off trusts everybody.
pub(crate) fn client(verify: bool, more: &str) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = if verify {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted(more)?);
        builder.with_root_certificates(roots).with_no_client_auth()
    } else {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
            .with_no_client_auth()
    };
    Ok(Arc::new(config))
}

/// Believes every certificate, because the administrator said so (`tls_reqcert = NEVER`).
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
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
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
