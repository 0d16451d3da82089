//! Texts by Twilio (twilio.com/docs/messaging/api): one segment to a person's number. That it was taken is not that it arrived: what became
//! of it comes to plazo's own address.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::capabilities::{Capabilities, Pace, Readers};
use super::phone::{self, PhoneTerms, Voucher};
use super::provider::{ConfigReader, Equipment, Probing, Provider, Sender, Sending};
use super::twilio::{self, Account, TwilioLine, Written};
use super::{Cost, DeliveryError, Message, Receipt, SetupError, probe};
use crate::outbox::Price;
use crate::text::phone::gsm::{self, Alphabet};
use crate::written::{At, SecretRef, WordOr};

/// Messages of a list that are looked through.
const PAGE: &str = "20";

/// The keys of its `[destination.NAME]`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Config {
    /// The address of the webhook or server, or where it is kept; the vendor's own where it is left out.
    pub url: Option<At<WordOr<SecretRef>>>,
    /// Of Twilio: the account's id, "AC…".
    pub account: Option<At<String>>,
    /// Of Twilio: the id of an API key, "SK…", whose secret is `key_secret`; without it the account's own token is the password.
    pub key: Option<At<String>>,
    /// Of Twilio: where the secret of the API key is kept.
    pub key_secret: Option<At<SecretRef>>,
    /// Where the token is kept: of a bot, of an API; of PagerDuty, the integration key.
    pub token: Option<At<SecretRef>>,
    /// Who writes or calls: of WhatsApp the id of the number, else the number itself, or a messaging service.
    pub sender: Option<At<String>>,
    /// Of texts: whether they keep their accents, and have 70 letters instead of 160.
    pub accents: Option<At<bool>>,
    /// Of telephones: how many messages a person gets within 24 hours; 20 where it is left out. What is more goes by the fallback.
    pub most_a_day: Option<At<u32>>,
    /// Of telephones: what a segment or a begun minute costs, such as "0.045 USD", where the vendor does not say it.
    pub price: Option<At<String>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// An account, and how it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The account.
    pub account: Account,
    /// In which alphabet it writes.
    pub alphabet: Alphabet,
    /// How many, at which price.
    pub terms: PhoneTerms,
}

/// An account, ready to write.
#[derive(Debug)]
pub struct TwilioSms {
    line: TwilioLine,
    alphabet: Alphabet,
    price: Option<Price>,
}

impl Provider for TwilioSms {
    const WORD: &'static str = "twilio-sms";
    /// Twilio queues what is too fast for a number; what is refused is too many calls at once.
    const CAN: Capabilities =
        Capabilities { readers: Readers::ByReach, is_phone: true, pace: Pace::of(5, 200), ..Capabilities::ROOM };

    type Config = Config;
    type Settings = Settings;

    fn settle(config: &Config, reader: &mut dyn ConfigReader) -> Option<Settings> {
        let written = Written {
            url: config.url.as_ref(),
            private: config.private.as_ref(),
            timeout: config.timeout.as_ref(),
            account: config.account.as_ref(),
            key: config.key.as_ref(),
            key_secret: config.key_secret.as_ref(),
            token: config.token.as_ref(),
            sender: config.sender.as_ref(),
        };
        let account = Account::settle(&written, reader)?;
        let voucher = Voucher::Twilio(account.token.clone());
        let terms = PhoneTerms::settle(config.most_a_day.as_ref(), config.price.as_ref(), voucher, reader);
        let alphabet =
            if config.accents.as_ref().is_some_and(|wanted| **wanted) { Alphabet::Ucs2 } else { Alphabet::Gsm7 };
        Some(Settings { account, alphabet, terms })
    }

    fn is_for_readers_alone(_: &Config) -> bool {
        true
    }

    fn phone(settings: &Settings) -> Option<&PhoneTerms> {
        Some(&settings.terms)
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        let line = settings.account.open(equipment)?;
        Ok(Arc::new(Self { line, alphabet: settings.alphabet, price: settings.terms.price.clone() }))
    }
}

impl Sender for TwilioSms {
    fn send<'a>(&'a self, message: &'a Message, now: DateTime<Utc>) -> Sending<'a> {
        Box::pin(self.deliver(message, now))
    }

    fn probe(&self, now: DateTime<Utc>) -> Probing<'_> {
        let (client, timeout) = self.line.client();
        Box::pin(probe::ask(self.line.probe("Messages.json"), "Twilio", client, timeout, now))
    }
}

impl TwilioSms {
    async fn deliver(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let (phone, to) = (phone::for_phone(message)?, format!("+{}", phone::number(message)?));
        let text = phone.text(self.alphabet);
        if phone.is_looked_for
            && let Some(found) = self.look(message, text, &to, now).await.map_err(phone::unseen)?
        {
            return Ok(found);
        }
        let sender = if self.line.sender.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let mut form = vec![("To", to), (sender, self.line.sender.clone()), ("Body", text.to_owned())];
        form.extend(phone.callback.as_ref().map(|callback| ("StatusCallback", callback.of("sms"))));
        form.push(("ValidityPeriod", phone::worth(message, now).num_seconds().to_string()));
        let answer = self.line.post("Messages.json", &form, now).await?;
        twilio::made(&answer).map(|made| self.receipt(&made, text))
    }

    /// The message of an earlier try, if there is one.
    async fn look(
        &self,
        message: &Message,
        text: &str,
        to: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Receipt>, DeliveryError> {
        let mut days = vec![message.decided_at.format("%F").to_string(), now.format("%F").to_string()];
        days.dedup();
        for day in days {
            let list =
                self.line.get("Messages.json", &[("To", to), ("DateSent", &day), ("PageSize", PAGE)], now).await?;
            let is_it = |row: &&Value| {
                row["direction"].as_str().is_some_and(|direction| direction.starts_with("outbound"))
                    && !matches!(row["status"].as_str(), Some("failed" | "undelivered" | "canceled"))
                    && row["body"].as_str().is_some_and(|body| phone::is_about(body, message, text))
                    && twilio::instant(&row["date_created"]).is_some_and(|at| phone::may_be_earlier_try(message, at))
            };
            if let Some(found) = list["messages"].as_array().into_iter().flatten().find(is_it) {
                return Ok(Some(self.receipt(found, text)));
            }
        }
        Ok(None)
    }

    fn receipt(&self, made: &Value, text: &str) -> Receipt {
        // A messaging service counts later, and says 0 until then.
        let told = made["num_segments"].as_str().and_then(|n| n.parse().ok()).unwrap_or(0);
        let units = u32::try_from(gsm::size(text).segments).unwrap_or(u32::MAX).max(told);
        let currency = made["price_unit"].as_str().unwrap_or("USD");
        let told = made["price"].as_str().and_then(|price| Price::of(price, currency));
        let price = told.or_else(|| self.price.as_ref().map(|price| price.times(units)));
        Receipt {
            answer: made["status"].as_str().unwrap_or("accepted").to_owned(),
            reference: made["sid"].as_str().map(str::to_owned),
            cost: Some(Cost { units, price }),
        }
    }
}
