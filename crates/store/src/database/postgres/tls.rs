//! TLS towards the database: by rustls, and always verified.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Result, StoreError};

/// Whose certificates are believed.
#[derive(Debug, Clone)]
pub(super) enum Trust {
    /// Nobody's: there is no TLS.
    Off,
    /// The system's.
    System,
    /// Those of a file.
    File(PathBuf),
}

/// What makes the connections' TLS.
///
/// # Errors
///
/// [`StoreError::Unavailable`] if the certificates cannot be read.
pub(super) fn connector(trust: &Trust) -> Result<MakeRustlsConnect> {
    let failed = |error: &dyn std::fmt::Display| StoreError::Unavailable(format!("certificates: {error}").into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| failed(&error))?;
    let config = match trust {
        // Never asked for: the connection says that it wants none.
        Trust::Off => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
        Trust::File(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
                roots.add(certificate.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        Trust::System => {
            use rustls_platform_verifier::BuilderVerifierExt as _;
            builder.with_platform_verifier().map_err(|error| failed(&error))?.with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}
