//! Calls by Twilio (twilio.com/docs/voice/api/call-resource): a voice reads the alert aloud, and one key takes it. The words go with the
//! call, so that they come even where plazo cannot be reached from outside; the key comes back to plazo's own address. What is over while
//! it rings is hung up.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::capabilities::{Capabilities, Pace, Readers};
use super::phone::{self, PhoneTerms, Voucher};
use super::provider::{ConfigReader, Equipment, Probing, Provider, Sender, Sending};
use super::twilio::{self, Account, TwilioLine, Written};
use super::{Cost, DeliveryError, Message, Receipt, SetupError, probe, twiml};
use crate::outbox::Price;
use crate::written::{At, SecretRef, WordOr};

/// Seconds of ringing: less than most voicemails wait.
const RINGS: &str = "25";
/// Seconds of a whole call.
const LONGEST: &str = "120";
/// The call is not going on: there is nothing to hang up.
const NOT_IN_PROGRESS: i64 = 21_220;
/// Calls of a list that are looked through.
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
    /// Of telephones: how many messages a person gets within 24 hours; 20 where it is left out. What is more goes by the fallback.
    pub most_a_day: Option<At<u32>>,
    /// Of telephones: what a segment or a begun minute costs, such as "0.045 USD", where the vendor does not say it.
    pub price: Option<At<String>>,
    /// Whether the address may lie inside of the house.
    pub private: Option<At<bool>>,
    /// How long an answer is waited for, such as "10s".
    pub timeout: Option<At<String>>,
}

/// An account that calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The account.
    pub account: Account,
    /// How many, at which price.
    pub terms: PhoneTerms,
}

/// An account, ready to call.
#[derive(Debug)]
pub struct TwilioCall {
    line: TwilioLine,
    price: Option<Price>,
}

impl Provider for TwilioCall {
    const WORD: &'static str = "twilio-call";
    /// One call a second for a new account (twilio.com/docs/voice/api/call-resource, "CPS").
    const CAN: Capabilities = Capabilities {
        readers: Readers::ByReach,
        is_phone: true,
        rings: true,
        updates: true,
        pace: Pace::of(1, 1_000),
        ..Capabilities::ROOM
    };

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
        Some(Settings { account, terms })
    }

    fn is_for_readers_alone(_: &Config) -> bool {
        true
    }

    fn phone(settings: &Settings) -> Option<&PhoneTerms> {
        Some(&settings.terms)
    }

    fn ready(settings: &Settings, equipment: &Equipment<'_>) -> Result<Arc<dyn Sender>, SetupError> {
        Ok(Arc::new(Self { line: settings.account.open(equipment)?, price: settings.terms.price.clone() }))
    }
}

impl Sender for TwilioCall {
    fn send<'a>(&'a self, message: &'a Message, now: DateTime<Utc>) -> Sending<'a> {
        match &message.updates {
            Some(call) => Box::pin(self.hang_up(call, now)),
            None => Box::pin(self.ring(message, now)),
        }
    }

    fn probe(&self, now: DateTime<Utc>) -> Probing<'_> {
        let (client, timeout) = self.line.client();
        Box::pin(probe::ask(self.line.probe("Calls.json"), "Twilio", client, timeout, now))
    }
}

impl TwilioCall {
    async fn ring(&self, message: &Message, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let (phone, to) = (phone::for_phone(message)?, format!("+{}", phone::number(message)?));
        let callback = phone.callback.as_ref().ok_or_else(|| phone::gave_up("a call needs public_url in [http]"))?;
        // A phone that rings twice in the night is worse than a minute's delay.
        if phone.is_looked_for
            && let Some(found) = self.look(message, &to, now).await.map_err(phone::unseen)?
        {
            return Ok(found);
        }
        let said = twiml::gather(&phone.spoken, &callback.of("call"), message.language);
        let form = [
            ("To", to),
            ("From", self.line.sender.clone()),
            ("Twiml", said),
            ("Timeout", RINGS.to_owned()),
            ("TimeLimit", LONGEST.to_owned()),
            ("StatusCallback", callback.of("status")),
            ("StatusCallbackEvent", "completed".to_owned()),
            ("StatusCallbackMethod", "POST".to_owned()),
        ];
        let answer = self.line.post("Calls.json", &form, now).await?;
        twilio::made(&answer).map(|made| self.receipt(&made))
    }

    /// The call of an earlier try, if there is one.
    async fn look(&self, message: &Message, to: &str, now: DateTime<Utc>) -> Result<Option<Receipt>, DeliveryError> {
        let day = message.decided_at.format("%F").to_string();
        let query = [("To", to), ("StartTime>", day.as_str()), ("PageSize", PAGE)];
        let list = self.line.get("Calls.json", &query, now).await?;
        let is_it = |row: &&Value| {
            row["direction"] == "outbound-api"
                && row["from"].as_str().is_none_or(|from| phone::digits(from) == phone::digits(&self.line.sender))
                && twilio::instant(&row["date_created"]).is_some_and(|at| phone::may_be_earlier_try(message, at))
        };
        let found = list["calls"].as_array().into_iter().flatten().find(is_it);
        Ok(found.map(|found| self.receipt(found)))
    }

    /// Ends a call, wherever it is. One that has ended, or that nobody knows any more, has.
    async fn hang_up(&self, call: &str, now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let is_id = call.starts_with("CA") && call.bytes().all(|letter| letter.is_ascii_alphanumeric());
        if !is_id {
            return Err(phone::gave_up("that is no call"));
        }
        let form = [("Status", "completed".to_owned())];
        let answer = self.line.post(&format!("Calls/{call}.json"), &form, now).await?;
        let is_over = answer.status == StatusCode::NOT_FOUND && twilio::code(&answer).is_some()
            || twilio::code(&answer) == Some(NOT_IN_PROGRESS);
        if is_over {
            return Ok(Receipt::of("over already".to_owned()));
        }
        twilio::made(&answer).map(|made| Receipt::of(made["status"].as_str().unwrap_or("completed").to_owned()))
    }

    /// What it costs is known when it has ended.
    fn receipt(&self, made: &Value) -> Receipt {
        Receipt {
            answer: made["status"].as_str().unwrap_or("queued").to_owned(),
            reference: made["sid"].as_str().map(str::to_owned),
            cost: Some(Cost { units: 0, price: self.price.as_ref().map(|price| price.times(0)) }),
        }
    }
}
