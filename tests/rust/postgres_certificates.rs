//! Certificates for tests of TLS, made by the `openssl` program in a folder of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::postgres_server::run;

pub(crate) struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Two authorities, `ca` and `other`, neither of which knows the other.
    pub(crate) fn new(folder: &Path) -> Self {
        let certificates = Self { folder: folder.join("certificates") };
        fs::create_dir(&certificates.folder).unwrap();
        for name in ["ca", "other"] {
            certificates.self_signed(name, "Authority");
        }
        certificates
    }

    pub(crate) fn path(&self, file: &str) -> String {
        self.folder.join(file).to_str().unwrap().to_owned()
    }

    /// A certificate that signs itself, as the documentation of PostgreSQL makes the first one.
    pub(crate) fn self_signed(&self, name: &str, common_name: &str) {
        run(self
            .openssl(&["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args(["-subj", &format!("/CN={common_name}")])
            .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.crt")]));
    }

    /// A certificate that `ca` signs; without extensions it is one of X.509 version 1.
    pub(crate) fn signed(&self, name: &str, common_name: &str, extensions: Option<&str>) {
        run(self
            .openssl(&["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", &format!("/CN={common_name}")])
            .args(["-keyout", &format!("{name}.key"), "-out", "request"]));
        let mut sign = self.openssl(&["x509", "-req", "-in", "request", "-days", "2", "-CAcreateserial"]);
        sign.args(["-CA", "ca.crt", "-CAkey", "ca.key", "-out", &format!("{name}.crt")]);
        if let Some(extensions) = extensions {
            fs::write(self.folder.join("extensions"), extensions).unwrap();
            sign.args(["-extfile", "extensions"]);
        }
        run(&mut sign);
    }

    /// The same key behind a passphrase.
    pub(crate) fn encrypt_key(&self, name: &str, to: &str) {
        run(self
            .openssl(&["pkcs8", "-topk8", "-passout", "pass:hunter2", "-in", &format!("{name}.key")])
            .args(["-out", &format!("{to}.key")]));
    }

    fn openssl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("openssl");
        command.current_dir(&self.folder).args(arguments);
        command
    }
}
