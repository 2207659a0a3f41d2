//! A certificate authority and a server certificate for localhost, made by `openssl` when TLS is first asked for.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, version};

struct Made {
    folder: TempDir,
    server: Arc<ServerConfig>,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let run = |args: &[&str]| {
        let done = Command::new("openssl")
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(
            done.expect("openssl (package openssl)").success(),
            "openssl {args:?}"
        );
    };
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "30",
    ];
    let (ca, ca_key, leaf, leaf_key, request, names) = (
        path("ca.pem"),
        path("ca.key"),
        path("leaf.pem"),
        path("leaf.key"),
        path("leaf.csr"),
        path("names"),
    );
    let mut authority = vec!["req", "-x509"];
    authority.extend(key);
    authority.extend(["-subj", "/CN=Stand-in CA", "-keyout", &ca_key, "-out", &ca]);
    run(&authority);
    let mut server = vec!["req", "-new"];
    server.extend(&key[..5]);
    server.extend([
        "-subj",
        "/CN=localhost",
        "-keyout",
        &leaf_key,
        "-out",
        &request,
    ]);
    run(&server);
    std::fs::write(
        &names,
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n",
    )
    .expect("a file in a new folder");
    run(&[
        "x509",
        "-req",
        "-in",
        &request,
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-CAcreateserial",
        "-days",
        "30",
        "-extfile",
        &names,
        "-out",
        &leaf,
    ]);
    let chain = vec![CertificateDer::from_pem_file(&leaf).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(&leaf_key).expect("a key");
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    // TLS 1.2, as within TDS 7.4: TLS 1.3 would still write after the handshake, when a client that hides its login only is in the clear again.
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS12])
        .expect("TLS 1.2")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    Made {
        folder,
        server: Arc::new(config),
    }
});

pub fn server() -> Arc<ServerConfig> {
    Arc::clone(&MADE.server)
}

/// The authority's certificate, for clients that look.
pub fn authority() -> PathBuf {
    MADE.folder.path().join("ca.pem")
}
