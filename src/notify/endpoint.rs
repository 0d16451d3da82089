//! Where and how a system is called by HTTP.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Url};
use schemars::JsonSchema;
use serde::Deserialize;

use super::hook::{Hook, Peer};
use super::provider::{ConfigReader, Equipment, Sender};
use super::{SetupError, http};
use crate::secret::SecretSource;
use crate::written::{At, SecretRef, WordOr};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);

/// Where and how a system is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where its address is kept: of a webhook, else of what all paths of an API begin with.
    pub url: SecretSource,
    /// Whether the address may be a private one.
    pub private: bool,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// The keys of a system of which only the address must be known.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The address of the webhook or server, or where it is kept; the vendor's own where it is left out.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// An endpoint whose address is read and whose client is chosen.
pub(super) struct Line {
    pub(super) client: Client,
    pub(super) url: Url,
    pub(super) timeout: Duration,
}

impl Endpoint {
    /// What the three keys mean that all have which are reached by HTTP. `vendor` is where one serves everybody, which stands where
    /// the file names no address; without, that is told.
    pub(super) fn settle(
        url: Option<&At<WordOr<SecretRef>>>,
        private: Option<&At<bool>>,
        timeout: Option<&At<String>>,
        vendor: Option<&str>,
        reader: &mut dyn ConfigReader,
    ) -> Option<Self> {
        let timeout = timeout.and_then(|timeout| reader.timeout(timeout)).unwrap_or(DEFAULT_TIMEOUT);
        let private = private.is_some_and(|private| **private);
        let url = match (url, vendor) {
            (Some(url), _) => reader.address(url, private)?,
            (None, Some(vendor)) => SecretSource::Plain(vendor.to_owned()),
            (None, None) => {
                reader.missing("url", "{ credential = \"…\" }");
                return None;
            }
        };
        Some(Self { url, private, timeout: timeout.min(LONGEST_TIMEOUT) })
    }

    /// Reads the address and chooses the client.
    pub(super) fn open(&self, equipment: &Equipment<'_>) -> Result<Line, SetupError> {
        let url = http::read_address(&self.url)?;
        let client = equipment.clients.of(&url, self.private)?.clone();
        Ok(Line { client, url, timeout: self.timeout })
    }
}

impl Config {
    /// What the keys mean, where no vendor serves everybody.
    pub(super) fn settle(&self, reader: &mut dyn ConfigReader) -> Option<Endpoint> {
        Endpoint::settle(self.url.as_ref(), self.private.as_ref(), self.timeout.as_ref(), None, reader)
    }
}

impl Line {
    /// The address without a slash at its end, for paths to be put after it.
    pub(super) fn base(&self) -> String {
        self.url.as_str().trim_end_matches('/').to_owned()
    }

    /// What sends to a system that takes a message by one call.
    pub(super) fn to<P: Peer + 'static>(self, peer: P) -> Arc<dyn Sender> {
        Arc::new(Hook::new(peer, self.client, self.timeout))
    }
}
