//! The connection parameters that libpq knows, with what becomes of each here.

/// What happens to a parameter that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It does what libpq documents.
    Honoured,
    /// It changes nothing here: what it configures does not exist, or is fixed.
    Ignored,
    /// It asks for a protection that we do not give; to ignore it would betray whoever set it.
    Refused,
}

/// A parameter by its libpq name.
pub(super) struct Keyword {
    pub(super) name: &'static str,
    /// The environment variable that gives a value when nothing else does.
    pub(super) variable: Option<&'static str>,
    pub(super) treatment: Treatment,
}

/// The keyword of this name.
pub(super) fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

const fn honoured(name: &'static str, variable: &'static str) -> Keyword {
    Keyword { name, variable: Some(variable), treatment: Treatment::Honoured }
}

const fn without_variable(name: &'static str) -> Keyword {
    Keyword { name, variable: None, treatment: Treatment::Honoured }
}

const fn ignored(name: &'static str) -> Keyword {
    Keyword { name, variable: None, treatment: Treatment::Ignored }
}

const fn refused(name: &'static str, variable: Option<&'static str>) -> Keyword {
    Keyword { name, variable, treatment: Treatment::Refused }
}

/// Every keyword of libpq 18, and one of our own.
pub(super) const KEYWORDS: &[Keyword] = &[
    honoured("service", "PGSERVICE"),
    honoured("servicefile", "PGSERVICEFILE"),
    honoured("host", "PGHOST"),
    honoured("hostaddr", "PGHOSTADDR"),
    honoured("port", "PGPORT"),
    honoured("dbname", "PGDATABASE"),
    honoured("user", "PGUSER"),
    honoured("password", "PGPASSWORD"),
    honoured("passfile", "PGPASSFILE"),
    honoured("connect_timeout", "PGCONNECT_TIMEOUT"),
    honoured("options", "PGOPTIONS"),
    honoured("application_name", "PGAPPNAME"),
    without_variable("keepalives"),
    without_variable("keepalives_idle"),
    without_variable("keepalives_interval"),
    without_variable("keepalives_count"),
    without_variable("tcp_user_timeout"),
    honoured("target_session_attrs", "PGTARGETSESSIONATTRS"),
    honoured("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    honoured("channel_binding", "PGCHANNELBINDING"),
    honoured("gssencmode", "PGGSSENCMODE"),
    honoured("sslmode", "PGSSLMODE"),
    honoured("sslnegotiation", "PGSSLNEGOTIATION"),
    honoured("sslrootcert", "PGSSLROOTCERT"),
    honoured("sslcert", "PGSSLCERT"),
    honoured("sslkey", "PGSSLKEY"),
    honoured("sslcertmode", "PGSSLCERTMODE"),
    honoured("sslsni", "PGSSLSNI"),
    honoured("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    honoured("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    // No parameter of libpq: the role that each session takes on once it stands, as a caller does who cannot set it in
    // `options`, which poolers refuse or drop.
    without_variable("role"),
    // Only encrypted keys need it, and those are refused where the key is read.
    ignored("sslpassword"),
    // `application_name` always has a value here.
    ignored("fallback_application_name"),
    // Always UTF8: a backup is read and written as UTF-8.
    ignored("client_encoding"),
    ignored("sslcompression"),
    // Protocol 3.0 is spoken, below which there is none; and no secret of the session is written anywhere.
    ignored("max_protocol_version"),
    ignored("sslkeylogfile"),
    ignored("krbsrvname"),
    ignored("gsslib"),
    ignored("gssdelegation"),
    refused("sslcrl", Some("PGSSLCRL")),
    refused("sslcrldir", Some("PGSSLCRLDIR")),
    refused("requirepeer", Some("PGREQUIREPEER")),
    refused("require_auth", Some("PGREQUIREAUTH")),
    refused("min_protocol_version", Some("PGMINPROTOCOLVERSION")),
    refused("scram_client_key", None),
    refused("scram_server_key", None),
    refused("oauth_issuer", None),
    refused("oauth_client_id", None),
    refused("oauth_client_secret", None),
    refused("oauth_scope", None),
    // A replication connection speaks no SQL that a backup could use.
    refused("replication", None),
];
