//! Which secrets a file names, and which it holds itself although it need not.

use std::path::PathBuf;

use toml::{Table, Value};

use crate::net::address::is_private_host;
use crate::secret::SecretSource;

/// A secret that the file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSecret {
    /// Its key in the file, such as `smtp.password`.
    pub key: String,
    /// Where it is kept.
    pub source: SecretSource,
}

/// What a file says of secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretsOfFile {
    /// Those that are kept elsewhere, in the order of their keys.
    pub named: Vec<NamedSecret>,
    /// Keys of addresses that stand in the file and let whoever knows them post: of webhooks, of what is called while all is well.
    pub written_out: Vec<String>,
}

impl SecretsOfFile {
    /// Finds them in the text of a file; none in one that is no TOML.
    pub fn of(text: &str) -> Self {
        let mut found = Self::default();
        if let Ok(table) = text.parse::<Table>() {
            found.walk("", &table);
        }
        found
    }

    fn walk(&mut self, above: &str, table: &Table) {
        if let Some(source) = reference(table) {
            self.named.push(NamedSecret { key: above.to_owned(), source });
            return;
        }
        for (key, value) in table {
            let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
            match value {
                Value::Table(below) => self.walk(&path, below),
                Value::Array(items) => {
                    items.iter().filter_map(Value::as_table).for_each(|below| self.walk(&path, below))
                }
                Value::String(url) if is_secret_address(above, key, url, table) => self.written_out.push(path),
                _ => {}
            }
        }
    }
}

/// A table that says where a secret is kept has one key, and no other table has these alone.
fn reference(table: &Table) -> Option<SecretSource> {
    let [(place, Value::String(name))] = table.iter().collect::<Vec<_>>()[..] else { return None };
    match place.as_str() {
        "credential" => Some(SecretSource::Credential(name.clone())),
        "env" => Some(SecretSource::Env(name.clone())),
        "file" => Some(SecretSource::File(PathBuf::from(name))),
        _ => None,
    }
}

/// Where a token is sent along, the address alone lets nobody in; and what lies in the house is reached by nobody outside.
fn is_secret_address(above: &str, key: &str, url: &str, table: &Table) -> bool {
    let is_called = above == "heartbeat" || above.starts_with("destination.");
    let has_token = table.contains_key("token");
    let has_path = |url: &reqwest::Url| url.path().len() > 1 || url.query().is_some();
    let is_open = |url: reqwest::Url| has_path(&url) && !is_private_host(&url);
    is_called && key == "url" && !has_token && reqwest::Url::parse(url).is_ok_and(is_open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_wherever_they_stand_and_addresses_that_let_anybody_post() {
        let text = r#"
            language = "es"
            [smtp]
            password = { credential = "smtp-password" }
            [mailbox.soporte.oauth]
            client_id = { file = "/etc/plazo/id" }
            [destination.chat]
            type = "slack"
            url = "https://hooks.slack.com/services/T/B/x"
            [destination.bot]
            type = "slack"
            url = "https://slack.com/api"
            token = { env = "SLACK" }
            [destination.here]
            type = "webhook"
            url = "http://127.0.0.1:9/hook"
            [destination.files]
            type = "file"
            path = "/var/alerts"
            [heartbeat]
            url = "https://hc-ping.com/1234"
        "#;
        let found = SecretsOfFile::of(text);
        let keys: Vec<_> = found.named.iter().map(|secret| secret.key.as_str()).collect();
        assert_eq!(keys, ["destination.bot.token", "mailbox.soporte.oauth.client_id", "smtp.password"]);
        assert_eq!(found.named[1].source, SecretSource::File(PathBuf::from("/etc/plazo/id")));
        assert_eq!(found.written_out, ["destination.chat.url", "heartbeat.url"]);
        assert_eq!(SecretsOfFile::of("[oops"), SecretsOfFile::default());
    }
}
