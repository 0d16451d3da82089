//! A destination ready to send: its secrets read, its client chosen, its pace kept.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use reqwest::{Client, Url};
use tokio::sync::Mutex;

use super::clickup::ClickUp;
use super::discord::Discord;
use super::email::EmailTransport;
use super::file::FileTransport;
use super::glpi::Glpi;
use super::google_chat::GoogleChat;
use super::hook::{Hook, Peer};
use super::http;
use super::mattermost::{Dialect, Mattermost};
use super::ntfy::Ntfy;
use super::pagerduty::PagerDuty;
use super::settings::HttpSettings;
use super::slack::{Slack, Way};
use super::teams::Teams;
use super::telegram::Telegram;
use super::webhook::WebhookTransport;
use super::whatsapp::WhatsApp;
use super::{DeliveryError, Kind, Message, Receipt, Settings};
use crate::net::{Clients, NotPublic};
use crate::secret::{Secret, SecretError, SecretSource};

/// A transport ready to send.
#[derive(Debug, Clone)]
pub struct Transport {
    way: Channel,
    pace: Option<Arc<DefaultDirectRateLimiter>>,
}

#[derive(Debug, Clone)]
enum Channel {
    Email(EmailTransport),
    File(FileTransport),
    Webhook(WebhookTransport),
    Glpi(Glpi),
    Slack(Hook<Slack>),
    Teams(Hook<Teams>),
    GoogleChat(Hook<GoogleChat>),
    Discord(Hook<Discord>),
    Mattermost(Hook<Mattermost>),
    Telegram(Hook<Telegram>),
    WhatsApp(Hook<WhatsApp>),
    Ntfy(Hook<Ntfy>),
    PagerDuty(Hook<PagerDuty>),
    ClickUp(Hook<ClickUp>),
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
        let way = match settings {
            Settings::Email(settings) => Channel::Email(EmailTransport::new(settings)?),
            Settings::File { directory: own } => {
                Channel::File(FileTransport::new(own.clone().unwrap_or_else(|| directory.to_owned())))
            }
            Settings::Http(settings) => http_way(settings, clients)?,
        };
        let pace = settings.pace().and_then(|pace| Some(Quota::with_period(pace.every)?.allow_burst(pace.burst)));
        Ok(Self { way, pace: pace.map(|quota| Arc::new(DefaultDirectRateLimiter::direct(quota))) })
    }

    /// Sends one message. `now` is the instant that the peer is told.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] says whether another try may help.
    pub async fn send(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        self.keep_pace().await;
        match &self.way {
            Channel::Email(transport) => transport.send(message).await,
            Channel::File(transport) => transport.send(message).await,
            Channel::Webhook(transport) => transport.send(message, now).await,
            Channel::Glpi(transport) => transport.send(message, now).await,
            Channel::Slack(hook) => hook.send(message, now).await,
            Channel::Teams(hook) => hook.send(message, now).await,
            Channel::GoogleChat(hook) => hook.send(message, now).await,
            Channel::Discord(hook) => hook.send(message, now).await,
            Channel::Mattermost(hook) => hook.send(message, now).await,
            Channel::Telegram(hook) => hook.send(message, now).await,
            Channel::WhatsApp(hook) => hook.send(message, now).await,
            Channel::Ntfy(hook) => hook.send(message, now).await,
            Channel::PagerDuty(hook) => hook.send(message, now).await,
            Channel::ClickUp(hook) => hook.send(message, now).await,
        }
    }

    /// Waits until the peer takes one more. Few wait at a time: no more are claimed than go out at once.
    async fn keep_pace(&self) {
        let Some(pace) = &self.pace else { return };
        while let Err(not_yet) = pace.check() {
            tokio::time::sleep(not_yet.wait_time_from(DefaultClock::default().now())).await;
        }
    }
}

fn http_way(settings: &HttpSettings, clients: &Clients) -> Result<Channel, SetupError> {
    let needed = |what: &str| SetupError::Malformed(format!("`{what}` is missing"));
    let read = |source: &Option<SecretSource>| source.as_ref().map(SecretSource::read).transpose();
    let token = || -> Result<Secret, SetupError> { read(&settings.token)?.ok_or_else(|| needed("token")) };
    let url = match &settings.url {
        Some(source) => http::read_address(source)?,
        None => parse(vendor(settings.kind).ok_or_else(|| needed("url"))?)?,
    };
    let client = clients.of(&url, settings.private)?;
    let base = url.as_str().trim_end_matches('/').to_owned();
    let hook = Ready { client, settings };
    Ok(match settings.kind {
        Kind::Slack => {
            let way = match read(&settings.token)? {
                Some(token) => Way::Bot { base, token, channel: settings.to.clone() },
                None => Way::Webhook(url),
            };
            Channel::Slack(hook.of(Slack { way, buttons: settings.buttons }))
        }
        Kind::Teams => Channel::Teams(hook.of(Teams { url })),
        Kind::GoogleChat => Channel::GoogleChat(hook.of(GoogleChat { url })),
        Kind::Discord => Channel::Discord(hook.of(Discord { url })),
        Kind::Mattermost => Channel::Mattermost(hook.of(Mattermost { url, dialect: Dialect::Mattermost })),
        Kind::RocketChat => Channel::Mattermost(hook.of(Mattermost { url, dialect: Dialect::RocketChat })),
        Kind::Telegram => Channel::Telegram(hook.of(Telegram {
            moved: std::sync::Arc::default(),
            base: format!("{base}/bot{}", token()?.expose()),
            chat: settings.to.clone(),
            topic: settings.topic,
            buttons: settings.buttons,
        })),
        Kind::WhatsApp => {
            let (template, language) = settings.template.clone().ok_or_else(|| needed("template"))?;
            Channel::WhatsApp(hook.of(WhatsApp {
                base,
                token: token()?,
                sender: settings.sender.clone().ok_or_else(|| needed("sender"))?,
                to: settings.to.clone(),
                template,
                language,
                parameters: settings.parameters.clone(),
            }))
        }
        Kind::Ntfy => Channel::Ntfy(hook.of(Ntfy { url, topic: settings.to.clone(), token: read(&settings.token)? })),
        Kind::PagerDuty => {
            Channel::PagerDuty(hook.of(PagerDuty { url: parse(&format!("{base}/v2/enqueue"))?, key: token()? }))
        }
        Kind::ClickUp => Channel::ClickUp(hook.of(ClickUp {
            base,
            token: token()?,
            list: settings.to.clone().ok_or_else(|| needed("to"))?,
            fields: settings.fields.clone(),
        })),
        Kind::Glpi => Channel::Glpi(Glpi {
            client: client.clone(),
            base,
            token: token()?,
            app_token: read(&settings.app_token)?,
            fields: settings.fields.clone(),
            timeout: settings.timeout,
            session: Arc::new(Mutex::new(None)),
        }),
        Kind::Webhook | Kind::Email | Kind::File => {
            Channel::Webhook(WebhookTransport::new(url, &settings.secrets, client, settings.timeout)?)
        }
    })
}

struct Ready<'a> {
    client: &'a Client,
    settings: &'a HttpSettings,
}

impl Ready<'_> {
    fn of<P: Peer>(&self, peer: P) -> Hook<P> {
        Hook::new(peer, self.client, self.settings.timeout)
    }
}

fn parse(text: &str) -> Result<Url, SetupError> {
    Url::parse(text).map_err(|_| SetupError::Malformed("the address is malformed".to_owned()))
}

/// Where a vendor serves everybody.
pub(crate) const fn vendor(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Slack => Some("https://slack.com/api"),
        Kind::Telegram => Some("https://api.telegram.org"),
        Kind::WhatsApp => Some("https://graph.facebook.com/v23.0"),
        Kind::Ntfy => Some("https://ntfy.sh"),
        Kind::PagerDuty => Some("https://events.pagerduty.com"),
        Kind::ClickUp => Some("https://api.clickup.com"),
        _ => None,
    }
}
