//! Where a PostgreSQL is, and how it is spoken with.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::tls::Trust;

/// How long a connection may take to be made, and how long what was sent may stay without an answer of the other machine's system.
const AWAY: Duration = Duration::from_secs(5);

/// A URL of the form `postgres://user:password@host:port/database`, with libpq's parameters and one of plazo's own,
/// `prepared_statements`. Written out, it bears no password.
#[derive(Clone)]
pub struct PostgresUrl {
    pub(super) config: Config,
    pub(super) trust: Trust,
    /// Whether statements are prepared by name: a pooler before PgBouncer 1.21 loses them.
    pub(super) prepares: bool,
}

/// Why a URL of a database cannot be used. It repeats nothing of the URL but names of parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is none of PostgreSQL.
    #[error("it does not begin with postgres://")]
    Scheme,
    /// It names no database or no user.
    #[error("it names no {0}")]
    Missing(&'static str),
    /// A parameter has a value that is not known.
    #[error("{name} may be {may_be}")]
    Value {
        /// Which.
        name: &'static str,
        /// What it may be.
        may_be: &'static str,
    },
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

impl FromStr for PostgresUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        if !["postgres://", "postgresql://"].iter().any(|scheme| place.starts_with(scheme)) {
            return Err(UrlError::Scheme);
        }
        let (mut others, mut sslmode, mut root, mut prepares) = (Vec::new(), None, None, true);
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=').unwrap_or((parameter, "")) {
                ("sslmode", mode) => sslmode = Some(mode.to_owned()),
                ("sslrootcert", path) => root = Some(PathBuf::from(path.replace("%2F", "/").replace("%2f", "/"))),
                ("prepared_statements", "true") => prepares = true,
                ("prepared_statements", "false") => prepares = false,
                ("prepared_statements", _) => {
                    return Err(UrlError::Value { name: "prepared_statements", may_be: "true or false" });
                }
                _ => others.push(parameter),
            }
        }
        let read = format!("{place}?{}", others.join("&")).parse::<Config>();
        // What the parser says may repeat what stands before it, a password among it.
        let mut config = read.map_err(|error| UrlError::Unreadable(kind_of(&error)))?;
        let named = [("user", config.get_user()), ("database", config.get_dbname())];
        if let Some((missing, _)) = named.iter().find(|(_, found)| found.is_none()) {
            return Err(UrlError::Missing(missing));
        }
        let trust = match sslmode.as_deref() {
            None if config.get_hosts().iter().all(is_here) => Trust::Off,
            None | Some("verify-full" | "require") => root.map_or(Trust::System, Trust::File),
            Some("disable") => Trust::Off,
            Some(_) => return Err(UrlError::Value { name: "sslmode", may_be: "verify-full, require or disable" }),
        };
        config.ssl_mode(if matches!(trust, Trust::Off) { SslMode::Disable } else { SslMode::Require });
        bound(&mut config);
        Ok(Self { config, trust, prepares })
    }
}

impl PostgresUrl {
    /// Whether it bears a password itself.
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// The same with a password that is kept elsewhere.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.config.password(password);
        self
    }
}

/// Limits on what a network may keep plazo waiting, where the URL has none.
fn bound(config: &mut Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(AWAY);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(AWAY);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_idle(AWAY).keepalives_interval(Duration::from_secs(2)).keepalives_retries(3);
    }
    if config.get_application_name().is_none() {
        config.application_name("plazo");
    }
    // Of several, the one that takes writes: after a fail-over the other one does.
    if 1 < config.get_hosts().len() {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
}

/// Whether what is said to a host stays on this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let name = name.trim_matches(['[', ']']);
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// What kind of mistake the parser found.
fn kind_of(error: &tokio_postgres::Error) -> String {
    let text = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    let option = text.split('`').nth(1).filter(|_| text.contains("option"));
    option.map_or_else(|| "it is no URL".to_owned(), |option| format!("the parameter {option}"))
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, .. } = self;
        write!(f, "postgres://{}@", config.get_user().unwrap_or_default())?;
        for (place, host) in config.get_hosts().iter().enumerate() {
            let between = if place == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{between}{name}")?,
                Host::Unix(path) => write!(f, "{between}{}", path.display())?,
            }
            if let Some(port) = config.get_ports().get(place).or_else(|| config.get_ports().first()) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_bounded_verified_and_written_without_its_password() {
        let url: PostgresUrl = "postgres://plazo:s3cret@db.example.net:6432/plazo".parse().expect("a URL");
        assert_eq!(url.to_string(), "postgres://plazo@db.example.net:6432/plazo");
        assert_eq!(format!("{url:?}"), url.to_string());
        assert_eq!(url.config.get_ssl_mode(), SslMode::Require);
        assert!(matches!(url.trust, Trust::System) && url.prepares);
        assert_eq!(url.config.get_tcp_user_timeout(), Some(&AWAY));
        assert_eq!(url.config.get_connect_timeout(), Some(&AWAY));
    }

    #[test]
    fn tls_is_off_only_on_this_machine_or_where_that_is_said() {
        for (url, is_off) in [
            ("postgres://plazo@127.0.0.1/plazo", true),
            ("postgres://plazo@%2Frun%2Fpostgresql/plazo", true),
            ("postgres://plazo@10.0.0.3/plazo", false),
            ("postgres://plazo@10.0.0.3/plazo?sslmode=disable", true),
            ("postgres://plazo@127.0.0.1/plazo?sslmode=require", false),
            ("postgres://plazo@one,127.0.0.1/plazo", false),
        ] {
            let url: PostgresUrl = url.parse().expect(url);
            assert_eq!(matches!(url.trust, Trust::Off), is_off, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_the_url() {
        for (url, error) in [
            ("mysql://plazo:s3cret@db/plazo", "it does not begin with postgres://"),
            ("postgres://db.example.net/plazo", "it names no user"),
            ("postgres://plazo:s3cret@db", "it names no database"),
            ("postgres://plazo:s3cret@db/plazo?sslmode=prefer", "sslmode may be verify-full, require or disable"),
            ("postgres://plazo:s3cret@db/plazo?prepared_statements=no", "prepared_statements may be true or false"),
            ("postgres://plazo:s3cret@db/plazo?colour=red", "it cannot be read: the parameter colour"),
            ("postgres://plazo:s3cret@db:port/plazo", "it cannot be read: the parameter port"),
        ] {
            let told = url.parse::<PostgresUrl>().expect_err(url).to_string();
            assert!(!told.contains("s3cret"), "{told}");
            assert_eq!(told, error, "{url}");
        }
    }
}
