//! A destination ready to send: its secrets read, its client chosen, its pace kept.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};

use super::probe::{ProbeError, Probed};
use super::provider::{Equipment, Sender};
use super::{DeliveryError, Message, Receipt, Settings};
use crate::net::{Clients, NotPublic};
use crate::secret::SecretError;

/// A transport ready to send.
#[derive(Debug, Clone)]
pub struct Transport {
    sender: Arc<dyn Sender>,
    pace: Option<Arc<DefaultDirectRateLimiter>>,
}

/// A transport that cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A secret is missing.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// TLS cannot be set up.
    #[error("TLS for the mail server: {0}")]
    Tls(String),
    /// A key or address is malformed. Does not say what it is.
    #[error("{0}")]
    Malformed(String),
    /// The address lies inside of the house.
    #[error(transparent)]
    NotPublic(#[from] NotPublic),
}

impl Transport {
    /// Reads the secrets and prepares connections. `directory` is where files go that name no directory of their own.
    ///
    /// # Errors
    ///
    /// [`SetupError`] if a secret is missing or malformed.
    pub fn new(settings: &Settings, clients: &Clients, directory: &Path) -> Result<Self, SetupError> {
        let sender = settings.ready(&Equipment { clients, directory })?;
        let quota = settings.can().pace.and_then(|pace| Some(Quota::with_period(pace.every)?.allow_burst(pace.burst)));
        Ok(Self { sender, pace: quota.map(|quota| Arc::new(DefaultDirectRateLimiter::direct(quota))) })
    }

    /// Sends one message. `now` is the instant that the peer is told.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] says whether another try may help.
    pub async fn send(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        self.keep_pace().await;
        self.sender.send(message, now).await
    }

    /// Looks whether a message could be sent, without one.
    ///
    /// # Errors
    ///
    /// [`ProbeError`] says how far it came.
    pub async fn probe(&self, now: DateTime<Utc>) -> Result<Probed, ProbeError> {
        self.sender.probe(now).await
    }

    /// Waits until the peer takes one more. Few wait at a time: no more are claimed than go out at once.
    async fn keep_pace(&self) {
        let Some(pace) = &self.pace else { return };
        while let Err(not_yet) = pace.check() {
            tokio::time::sleep(not_yet.wait_time_from(DefaultClock::default().now())).await;
        }
    }
}
