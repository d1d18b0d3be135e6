//! A resolved address: everything that is needed to connect, decided and validated once.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::ChannelBinding;

use super::endpoint::{Endpoint, Order};
use super::environment::Environment;
use super::parameters::Parameters;
use super::passfile::{Found, Passfile, Question};
use super::role::Role;
use super::tls::Encryption;
use crate::error::{Error, Result};
use crate::plan::{ConnectionParameters, Secret};

/// The name that the server shows in `pg_stat_activity` unless another is given.
const APPLICATION_NAME: &str = "holdfast";

/// How to reach one database on a server, or on the first of several servers that answers.
#[derive(Clone)]
pub struct Address {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) encryption: Encryption,
    pub(super) role: Role,
    pub(super) order: Order,
    pub(super) timeout: Option<Duration>,
    /// Whom sessions act as once they stand; `None` is the user.
    pub(super) assumed: Option<String>,
    /// What all places have in common.
    config: Config,
    user: String,
    database: String,
    password: Password,
    notices: Vec<String>,
}

/// Where passwords come from.
#[derive(Clone)]
enum Password {
    Given(Secret),
    Passfile(Passfile),
}

/// Applies the service file, the environment, libpq's defaults and the password file to the parameters.
pub fn resolve(parameters: &ConnectionParameters) -> Result<Address> {
    resolve_in(&Environment::of_process(), parameters)
}

pub(super) fn resolve_in(environment: &Environment, explicit: &ConnectionParameters) -> Result<Address> {
    let parameters = Parameters::gather(environment, explicit)?;
    refuse_gss(&parameters)?;
    let user = parameters.text("user").or(environment.user.as_deref()).ok_or_else(|| {
        Error::usage("no database user is given, and the system has no name for this one").hint("give the user")
    })?;
    let database = parameters.text("dbname").unwrap_or(user);
    let endpoints = Endpoint::all(environment, &parameters)?;
    let encryption = if endpoints.iter().all(Endpoint::is_socket) {
        Encryption::none()?
    } else {
        Encryption::of(environment, &parameters)?
    };
    let (password, notices) = password(environment, &parameters)?;
    let orders = [("disable", Order::AsGiven), ("random", Order::Random)];
    Ok(Address {
        endpoints,
        encryption,
        role: Role::of(&parameters)?,
        order: parameters.choice("load_balance_hosts", &orders)?.unwrap_or(Order::AsGiven),
        // Like libpq: one second is too short for name look-ups that fail over, so two is the least.
        timeout: parameters.positive("connect_timeout")?.map(|seconds| Duration::from_secs(seconds.max(2).into())),
        assumed: parameters.text("role").map(str::to_owned),
        config: common(&parameters, user)?,
        user: user.to_owned(),
        database: database.to_owned(),
        password,
        notices,
    })
}

impl Address {
    /// The same server and user, another database.
    #[must_use]
    pub fn with_dbname(&self, name: &str) -> Self {
        Self { database: name.to_owned(), ..self.clone() }
    }

    /// The database.
    pub fn dbname(&self) -> &str {
        &self.database
    }

    /// The database and where it is, for messages: `database "shop" on db.example.com:5432`.
    pub fn describe(&self) -> String {
        let places: Vec<String> = self.endpoints.iter().map(Endpoint::to_string).collect();
        format!("database \"{}\" on {}", self.database, places.join(", "))
    }

    /// What a user should know about how the address was found, such as a password file that was not used.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    pub(super) fn describe_at(&self, endpoint: &Endpoint) -> String {
        format!("database \"{}\" on {endpoint}", self.database)
    }

    /// The driver's configuration for one place; the caller chooses the encryption.
    pub(super) fn config_for(&self, endpoint: &Endpoint) -> Config {
        let mut config = self.config.clone();
        config.dbname(&self.database).ssl_negotiation(self.encryption.negotiation);
        if let Some(password) = self.password_for(endpoint) {
            config.password(password.reveal());
        }
        config
    }

    fn password_for(&self, endpoint: &Endpoint) -> Option<&Secret> {
        match &self.password {
            Password::Given(password) => Some(password),
            Password::Passfile(passfile) => passfile.password(&Question {
                host: endpoint.passfile_host(),
                port: &endpoint.port.to_string(),
                database: &self.database,
                user: &self.user,
            }),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({} as \"{}\")", self.describe(), self.user)
    }
}

fn refuse_gss(parameters: &Parameters) -> Result<()> {
    // Both accepted words mean that plain or TLS connections are fine.
    parameters.choice("gssencmode", &[("disable", ()), ("prefer", ())])?;
    Ok(())
}

fn password(environment: &Environment, parameters: &Parameters) -> Result<(Password, Vec<String>)> {
    if let Some(password) = parameters.text("password") {
        return Ok((Password::Given(password.to_owned().into()), Vec::new()));
    }
    let file = parameters.text("passfile").map(PathBuf::from).or_else(|| environment.at_home(".pgpass"));
    let found = match file {
        Some(file) => Passfile::read(&file)?,
        None => Found::Passfile(Passfile::default()),
    };
    Ok(match found {
        Found::Passfile(passfile) => (Password::Passfile(passfile), Vec::new()),
        Found::Ignored(reason) => (Password::Passfile(Passfile::default()), vec![reason]),
    })
}

fn common(parameters: &Parameters, user: &str) -> Result<Config> {
    let mut config = Config::new();
    config.user(user).application_name(parameters.text("application_name").unwrap_or(APPLICATION_NAME));
    if let Some(options) = parameters.text("options") {
        config.options(options);
    }
    let bindings = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    if let Some(binding) = parameters.choice("channel_binding", &bindings)? {
        config.channel_binding(binding);
    }
    if parameters.text("keepalives").is_some() {
        config.keepalives(parameters.positive("keepalives")?.is_some());
    }
    if let Some(seconds) = parameters.positive("keepalives_idle")? {
        config.keepalives_idle(Duration::from_secs(seconds.into()));
    }
    if let Some(seconds) = parameters.positive("keepalives_interval")? {
        config.keepalives_interval(Duration::from_secs(seconds.into()));
    }
    if let Some(count) = parameters.positive("keepalives_count")? {
        config.keepalives_retries(count);
    }
    if let Some(milliseconds) = parameters.positive("tcp_user_timeout")? {
        config.tcp_user_timeout(Duration::from_millis(milliseconds.into()));
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn environment() -> Environment {
        Environment { user: Some("worker".to_owned()), ..Environment::default() }
    }

    fn resolved(environment: &Environment, pairs: &[(&str, &str)]) -> Result<Address> {
        let explicit = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
        resolve_in(environment, &explicit)
    }

    fn password(address: &Address) -> Option<String> {
        address.password_for(&address.endpoints[0]).map(|password| password.reveal().to_owned())
    }

    #[test]
    fn the_defaults_are_those_of_libpq() {
        let address = resolved(&environment(), &[]).unwrap();
        assert_eq!(address.describe(), "database \"worker\" on localhost:5432");
        assert_eq!(address.timeout, None);
        let config = address.config_for(&address.endpoints[0]);
        assert_eq!(config.get_application_name(), Some("holdfast"));
        assert_eq!(config.get_user(), Some("worker"));
        let address = resolved(&environment(), &[("user", "app"), ("connect_timeout", "1")]).unwrap();
        assert_eq!(address.dbname(), "app");
        assert_eq!(address.timeout, Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_password_is_looked_up_for_the_database_that_is_connected_to() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".pgpass");
        std::fs::write(&file, "db:5432:shop:app:one\ndb:5432:stock:app:two\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let environment = Environment { home: Some(home.path().into()), ..environment() };
        let pairs = [("host", "db"), ("user", "app"), ("dbname", "shop")];
        let address = resolved(&environment, &pairs).unwrap();
        assert_eq!(password(&address).as_deref(), Some("one"));
        assert_eq!(password(&address.with_dbname("stock")).as_deref(), Some("two"));
        assert_eq!(password(&address.with_dbname("else")), None);
        let said = resolved(&environment, &[("host", "db"), ("user", "app"), ("password", "three")]).unwrap();
        assert_eq!(password(&said).as_deref(), Some("three"));
    }

    #[test]
    fn a_password_file_that_is_not_used_leaves_a_notice() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(".pgpass");
        std::fs::write(&file, "*:*:*:*:secret").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let address = resolved(&Environment { home: Some(home.path().into()), ..environment() }, &[]).unwrap();
        assert_eq!(password(&address), None);
        assert!(address.notices()[0].contains("is ignored"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let address = resolved(&environment(), &[("password", "secret"), ("options", "-c a=secret")]).unwrap();
        assert_eq!(format!("{address:?}"), "Address(database \"worker\" on localhost:5432 as \"worker\")");
    }

    #[test]
    fn weak_and_impossible_settings_are_refused() {
        for pairs in [
            &[("gssencmode", "require")][..],
            &[("sslmode", "strong")],
            &[("sslmode", "verify-full")],
            &[("sslmode", "require"), ("sslrootcert", "system")],
            &[("sslmode", "prefer"), ("sslnegotiation", "direct")],
            &[("sslrootcert", "/nowhere/root.crt")],
            &[("ssl_min_protocol_version", "TLSv1.3"), ("ssl_max_protocol_version", "TLSv1.2")],
        ] {
            let error = resolved(&environment(), pairs).unwrap_err();
            assert_eq!(error.kind(), crate::Kind::Usage, "{pairs:?}");
            assert!(error.hint_text().is_some(), "{pairs:?}");
        }
    }
}
