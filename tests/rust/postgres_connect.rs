//! Connections to real servers: every way in, and what is said at a closed door.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use holdfast::plan::ConnectionParameters;
use holdfast::postgres::connect::{Connection, describe_error, resolve, sqlstate};
use holdfast::{Error, Kind, Result};

use crate::port::free_port;
use crate::postgres_certificates::Certificates;
use crate::postgres_server::{PostgresServer, run};

/// In no message, hint or `Debug` text may this appear.
const SECRET: &str = "hunter2";

const RULES: &str = "\
local     all  postgres    trust
local     all  all         scram-sha-256
hostssl   all  certified   all  cert
hostssl   all  only_tls    all  scram-sha-256
hostnossl all  only_plain  all  scram-sha-256
host      all  app         all  scram-sha-256
";

struct Server {
    server: PostgresServer,
    port: u16,
}

impl Server {
    /// A server with the database `shop`, without TLS.
    async fn start() -> Self {
        let server = PostgresServer::start();
        server.create_database("shop").await;
        let admin = server.connect("shop").await;
        for role in ["app", "only_tls", "only_plain", "certified"] {
            let statement = format!("CREATE ROLE {role} LOGIN PASSWORD '{SECRET}'");
            admin.batch_execute(&statement).await.unwrap();
        }
        let server = Self { server, port: free_port() };
        fs::write(server.path("rules"), RULES).unwrap();
        server.restart("");
        server
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(self.server.socket()).join(name)
    }

    fn restart(&self, more: &str) {
        let options = format!(
            "-c listen_addresses=localhost -c port={} -c fsync=off -c unix_socket_directories={socket} \
             -c hba_file={socket}/rules {more}",
            self.port,
            socket = self.server.socket(),
        );
        run(self
            .server
            .command("pg_ctl")
            .args(["restart", "--wait", "--mode=fast", "--options", &options, "--log"])
            .arg(self.path("log"))
            .arg("--pgdata")
            .arg(self.server.data()));
    }

    fn restart_with_certificate(&self, certificates: &Certificates, name: &str) {
        let key = certificates.path(&format!("{name}.key"));
        // The server insists on owning its key.
        run(std::process::Command::new("chown").arg("--reference").arg(self.server.data()).arg(&key));
        self.restart(&format!(
            "-c ssl=on -c ssl_ca_file={} -c ssl_cert_file={} -c ssl_key_file={key}",
            certificates.path("ca.crt"),
            certificates.path(&format!("{name}.crt")),
        ));
    }

    /// Through TCP as `app`, unless the pairs say otherwise.
    fn parameters(&self, pairs: &[(&str, &str)]) -> ConnectionParameters {
        let port = self.port.to_string();
        let usual = [("host", "localhost"), ("port", &port), ("user", "app"), ("password", SECRET), ("dbname", "shop")];
        usual.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect()
    }

    async fn open(&self, pairs: &[(&str, &str)]) -> Result<Connection> {
        Connection::open(&resolve(&self.parameters(pairs))?).await
    }

    /// Whether the connection that these pairs give is encrypted.
    async fn encrypted(&self, pairs: &[(&str, &str)]) -> bool {
        let connection = self.open(pairs).await.unwrap_or_else(|error| panic!("{pairs:?}: {}", error.message()));
        let question = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let answer = connection.client.query_one(question, &[]).await.unwrap().get(0);
        connection.close().await.unwrap();
        answer
    }

    /// The message and the hint of a failure.
    async fn failure(&self, pairs: &[(&str, &str)]) -> String {
        let Err(error) = self.open(pairs).await else { panic!("{pairs:?} connects") };
        told(&error, pairs)
    }
}

fn told(error: &Error, pairs: &[(&str, &str)]) -> String {
    let text = format!("{}. Hint: {}", error.message(), error.hint_text().unwrap());
    for text in [&text, &format!("{error:?}")] {
        assert!(!text.contains(SECRET), "{pairs:?}: {text}");
    }
    text
}

fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
}

fn private_file(path: &Path, text: &str) -> String {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_way_in_and_every_closed_door() {
    let server = Server::start().await;
    let port = server.port.to_string();
    ways_in(&server, &port).await;
    let place = format!("database \"shop\" on localhost:{port}");
    let wrong = server.failure(&[("password", "wrong")]).await;
    assert_contains(
        &wrong,
        &[&place, "password authentication failed for user \"app\"", "check the user and the password"],
    );
    let none = server.failure(&[("password", ""), ("passfile", "/nowhere")]).await;
    assert_contains(&none, &[&place, "asks for a password", "password file"]);
    assert_contains(&server.failure(&[("dbname", "missing")]).await, &["\"missing\" does not exist", "create it"]);
    let nobody = server.failure(&[("user", "nobody")]).await;
    assert_contains(&nobody, &["no pg_hba.conf entry", "check sslcert and the user"]);
    let refused = server.failure(&[("port", &free_port().to_string())]).await;
    assert_contains(&refused, &["refused", "check the host and port"]);
    let unknown = server.failure(&[("host", "no-such-host.invalid")]).await;
    assert_contains(&unknown, &["no-such-host.invalid", "check the host"]);
    assert_contains(&server.failure(&[("host", "/nowhere")]).await, &["/nowhere/.s.PGSQL."]);
    let several = server.failure(&[("host", "/nowhere,no-such-host.invalid")]).await;
    assert_contains(&several, &["/nowhere/.s.PGSQL.", "no-such-host.invalid", "check the host"]);
    let first_refuses = server.failure(&[("host", "localhost,no-such-host.invalid"), ("password", "wrong")]).await;
    assert_contains(&first_refuses, &[&place, "check the user and the password"]);
    assert_contains(&server.failure(&[("channel_binding", "require")]).await, &["channel binding"]);
    let admin = server.open(&[("host", server.server.socket()), ("user", "postgres")]).await.unwrap();
    admin.client.batch_execute("ALTER ROLE app CONNECTION LIMIT 0").await.unwrap();
    assert_contains(&server.failure(&[]).await, &["too many connections", "max_connections"]);
}

async fn ways_in(server: &Server, port: &str) {
    let connection = server.open(&[]).await.unwrap();
    let row = connection.client.query_one("SHOW application_name", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "holdfast");
    // No mode of TLS means anything on a socket.
    server.open(&[("host", server.server.socket()), ("sslmode", "verify-full")]).await.unwrap();
    server.open(&[("host", "db.invalid"), ("hostaddr", "127.0.0.1")]).await.unwrap();

    let passfile = private_file(&server.path("pass"), &format!("localhost:{port}:shop:app:{SECRET}\n"));
    server.open(&[("password", ""), ("passfile", &passfile)]).await.unwrap();
    let services = format!("[shop]\nport={port}\npassword={SECRET}\n");
    let services = private_file(&server.path("services"), &services);
    let by_service = [("port", ""), ("password", ""), ("service", "shop"), ("servicefile", services.as_str())];
    server.open(&by_service).await.unwrap();

    let ports = format!("{},{port}", free_port());
    server.open(&[("host", "localhost,localhost"), ("port", &ports)]).await.unwrap();
    server.open(&[("target_session_attrs", "prefer-standby")]).await.unwrap();
    assert_contains(&server.failure(&[("target_session_attrs", "standby")]).await, &["no standby"]);
    let read_only = ("options", "-c default_transaction_read_only=on");
    server.open(&[read_only, ("target_session_attrs", "read-only")]).await.unwrap();
    assert_contains(&server.failure(&[read_only, ("target_session_attrs", "read-write")]).await, &["read-only"]);
    let connection = server.open(&[("options", "-c client_encoding=latin1")]).await.unwrap();
    let row = connection.client.query_one("SHOW client_encoding", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "UTF8");
}

#[tokio::test]
async fn a_server_without_tls() {
    let server = Server::start().await;
    for mode in ["disable", "allow", "prefer"] {
        assert!(!server.encrypted(&[("sslmode", mode)]).await, "{mode}");
    }
    let certificates = Certificates::new(&server.path(""));
    let authority = certificates.path("ca.crt");
    for mode in ["require", "verify-ca", "verify-full"] {
        let failure = server.failure(&[("sslmode", mode), ("sslrootcert", &authority)]).await;
        assert_contains(&failure, &["the server offers no TLS", "sslmode"]);
    }
    assert_contains(&server.failure(&[("user", "only_tls"), ("sslmode", "allow")]).await, &["no pg_hba.conf entry"]);
}

#[tokio::test]
async fn a_server_with_tls() {
    let server = Server::start().await;
    let certificates = Certificates::new(&server.path(""));
    certificates.signed("server", "whatever", Some("subjectAltName=DNS:localhost"));
    server.restart_with_certificate(&certificates, "server");
    for (mode, encrypted) in [("disable", false), ("allow", false), ("prefer", true), ("require", true)] {
        assert_eq!(server.encrypted(&[("sslmode", mode)]).await, encrypted, "{mode}");
    }
    // The other way is tried where the first is closed.
    assert!(server.encrypted(&[("sslmode", "allow"), ("user", "only_tls")]).await);
    assert!(!server.encrypted(&[("sslmode", "prefer"), ("user", "only_plain")]).await);
    let closed = server.failure(&[("sslmode", "require"), ("user", "only_plain")]).await;
    assert_contains(&closed, &["no pg_hba.conf entry", "pg_hba.conf"]);
    let wrong = server.failure(&[("sslmode", "prefer"), ("password", "wrong")]).await;
    assert_contains(&wrong, &["password authentication failed"]);
    assert!(server.encrypted(&[("channel_binding", "require")]).await);
    for version in ["TLSv1.2", "TLSv1.3"] {
        let versions = [("ssl_min_protocol_version", version), ("ssl_max_protocol_version", version)];
        assert!(server.encrypted(&versions).await, "{version}");
    }
    let direct = [("sslmode", "require"), ("sslnegotiation", "direct")];
    let version = server.open(&[]).await.unwrap().client.query_one("SHOW server_version_num", &[]).await.unwrap();
    if version.get::<_, &str>(0) >= "170000" {
        assert!(server.encrypted(&direct).await);
    } else {
        assert_contains(&server.failure(&direct).await, &["tls handshake eof", "hung up"]);
    }
    verification(&server, &certificates).await;
    client_certificates(&server, &certificates).await;
}

async fn verification(server: &Server, certificates: &Certificates) {
    let (right, wrong) = (certificates.path("ca.crt"), certificates.path("other.crt"));
    for mode in ["require", "verify-ca", "verify-full"] {
        assert!(server.encrypted(&[("sslmode", mode), ("sslrootcert", &right)]).await, "{mode}");
        let failure = server.failure(&[("sslmode", mode), ("sslrootcert", &wrong)]).await;
        assert_contains(&failure, &["the server's certificate is not trusted", "check sslrootcert"]);
    }
    let elsewhere = [("host", "127.0.0.1"), ("sslrootcert", right.as_str())];
    assert!(server.encrypted(&[&elsewhere[..], &[("sslmode", "verify-ca")]].concat()).await);
    let failure = server.failure(&[&elsewhere[..], &[("sslmode", "verify-full")]].concat()).await;
    assert_contains(
        &failure,
        &["the server's certificate is for another host", "connect by a host name that is in the server's certificate"],
    );
    let failure = server.failure(&[("sslrootcert", "system"), ("sslmode", "verify-full")]).await;
    assert_contains(&failure, &["UnknownIssuer"]);
}

async fn client_certificates(server: &Server, certificates: &Certificates) {
    certificates.signed("client", "certified", Some("extendedKeyUsage=clientAuth"));
    let (certificate, key) = (certificates.path("client.crt"), certificates.path("client.key"));
    let pairs = [("user", "certified"), ("sslmode", "require"), ("sslcert", certificate.as_str())];
    let (locked, foreign) = (certificates.path("locked.key"), certificates.path("other.key"));
    let with_key = |key| [&pairs[..], &[("sslkey", key)]].concat();
    assert!(server.encrypted(&with_key(&key)).await);
    assert_contains(&server.failure(&pairs[..2]).await, &["requires a valid client certificate", "check sslcert"]);
    certificates.encrypt_key("client", "locked");
    let locked = server.failure(&with_key(&locked)).await;
    assert_contains(&locked, &["is encrypted", "without a passphrase"]);
    let foreign = server.failure(&with_key(&foreign)).await;
    assert_contains(&foreign, &["sslkey belongs to sslcert"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_contains(&server.failure(&with_key(&key)).await, &["others may read", "chmod 600"]);
}

#[tokio::test]
async fn certificates_as_the_documentation_of_postgresql_makes_them() {
    let server = Server::start().await;
    let certificates = Certificates::new(&server.path(""));
    let authority = certificates.path("ca.crt");

    // It signs itself, and its name is the common name alone.
    certificates.self_signed("alone", "localhost");
    server.restart_with_certificate(&certificates, "alone");
    let alone = certificates.path("alone.crt");
    assert!(server.encrypted(&[("sslmode", "verify-full"), ("sslrootcert", &alone)]).await);
    let elsewhere = [("sslmode", "verify-full"), ("sslrootcert", alone.as_str()), ("host", "127.0.0.1")];
    assert_contains(&server.failure(&elsewhere).await, &["connect by a host name"]);
    assert_contains(
        &server.failure(&[("sslmode", "verify-ca"), ("sslrootcert", &authority)]).await,
        &["own certificate to sslrootcert"],
    );

    // X.509 version 1: enough to encrypt, and to verify where the very certificate is known.
    certificates.signed("old", "localhost", None);
    server.restart_with_certificate(&certificates, "old");
    let old = certificates.path("old.crt");
    assert!(server.encrypted(&[("sslmode", "require")]).await);
    assert!(server.encrypted(&[("sslmode", "verify-full"), ("sslrootcert", &old)]).await);
    let failure = server.failure(&[("sslmode", "verify-ca"), ("sslrootcert", &authority)]).await;
    assert_contains(&failure, &["own certificate to sslrootcert"]);
}

#[tokio::test]
async fn a_statement_is_cancelled_over_tls_and_remarks_are_kept() {
    let server = Server::start().await;
    let certificates = Certificates::new(&server.path(""));
    certificates.signed("server", "localhost", Some("subjectAltName=DNS:localhost"));
    server.restart_with_certificate(&certificates, "server");
    let connection = server.open(&[("sslmode", "require")]).await.unwrap();
    connection.client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(connection.drain_notices(), ["WARNING: there is no transaction in progress"]);
    assert!(connection.drain_notices().is_empty());

    let canceller = connection.canceller();
    let sleep = connection.client.batch_execute("DO $$BEGIN RAISE WARNING 'asleep'; PERFORM pg_sleep(600); END$$");
    let cancel = async {
        // The server sends warnings at once: from here on there is a statement to cancel.
        while connection.drain_notices().is_empty() {
            tokio::task::yield_now().await;
        }
        canceller.cancel().await.unwrap();
    };
    let (outcome, ()) = tokio::join!(sleep, cancel);
    let error = describe_error(outcome.unwrap_err(), "sleeping");
    assert_eq!(sqlstate(&error).unwrap().code(), "57014");
    assert_contains(&told(&error, &[]), &["error while sleeping: canceling statement", "statement_timeout"]);
    connection.client.batch_execute("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn what_happens_to_an_open_connection_is_told() {
    let server = Server::start().await;
    let admin = server.open(&[("host", server.server.socket()), ("user", "postgres")]).await.unwrap();
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'";
    let connection = server.open(&[]).await.unwrap();
    let tables =
        "CREATE TABLE public.private (id int); CREATE TABLE public.busy (id int); GRANT ALL ON public.busy TO app";
    admin.client.batch_execute(tables).await.unwrap();
    admin.client.batch_execute("BEGIN; LOCK TABLE public.busy").await.unwrap();
    for (statement, hint) in
        [("TABLE public.private", "grant the right"), ("LOCK TABLE public.busy NOWAIT", "lock timeout")]
    {
        let error = connection.client.batch_execute(&format!("BEGIN; {statement}")).await.unwrap_err();
        let error = describe_error(error, "reading a table");
        assert_eq!(error.kind(), Kind::Database);
        assert_contains(&told(&error, &[]), &["error while reading a table: ", hint]);
        connection.client.batch_execute("ROLLBACK").await.unwrap();
    }
    connection.close().await.unwrap();
    admin.client.batch_execute("COMMIT").await.unwrap();
    while admin.client.query_one(sessions, &[]).await.unwrap().get::<_, i64>(0) > 0 {}

    let connection = server.open(&[]).await.unwrap();
    let terminate = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = 'app'";
    admin.client.batch_execute(terminate).await.unwrap();
    let mut notices = Vec::new();
    while notices.is_empty() {
        tokio::task::yield_now().await;
        notices = connection.drain_notices();
    }
    assert_eq!(notices, ["FATAL: terminating connection due to administrator command"]);
    let error = describe_error(connection.client.batch_execute("SELECT 1").await.unwrap_err(), "reading");
    assert_contains(&told(&error, &[]), &["the server closed the connection while reading", "the server's log"]);
}

#[tokio::test]
async fn something_else_listens_there() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let rude = TcpListener::bind("127.0.0.1:0").unwrap();
    let rude_port = rude.local_addr().unwrap().port();
    std::thread::spawn(move || rude.incoming().for_each(drop));
    for (port, mode, expected) in [
        (silent.local_addr().unwrap().port(), "prefer", "no answer within 2 seconds"),
        (rude_port, "prefer", "hung up"),
        (rude_port, "disable", "hung up"),
    ] {
        let port = port.to_string();
        let pairs =
            [("host", "127.0.0.1"), ("port", &port), ("user", "app"), ("connect_timeout", "1"), ("sslmode", mode)];
        let parameters = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
        let Err(error) = Connection::open(&resolve(&parameters).unwrap()).await else { panic!("connects") };
        assert_contains(&told(&error, &pairs), &[expected]);
    }
}
