//! A help desk ready to be written to: its secrets read, its pace kept, its account known.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use serde_json::Value;

use super::{Errand, Judgement, Next, WriteOrder, judge};
use crate::engine::address;
use crate::engine::request_id::RequestId;
use crate::intake::api::{ApiAnswer, ApiCall, ApiClient, ApiSetupError, CallFault};
use crate::intake::mapping::budget;
use crate::intake::mapping::expression::{self, ExpressionScope, variable};
use crate::intake::mapping::write::{AnswerClass, WriteMapping};
use crate::intake::source::SourceSettings;
use crate::net::Clients;
use crate::notify::Receipt;
use crate::outbox::DeliveryError;

/// So many refusals in a row, of as many requests, are no trouble of one ticket.
const MOST_REFUSALS: usize = 5;

/// A help desk ready to be written to.
#[derive(Debug)]
pub struct HelpDesk {
    api: ApiClient,
    write: WriteMapping,
    set: Value,
    pace: DefaultDirectRateLimiter,
    /// Who plazo is there as the file has it; empty where that says nothing.
    named: Vec<String>,
    /// Who the token is as the system has it, its id first; empty until it was asked.
    account: Mutex<Vec<String>>,
    /// Requests whose deeds were refused since one was done.
    refused: Mutex<VecDeque<RequestId>>,
}

/// What came of a try.
#[derive(Debug)]
pub struct Fulfilled {
    /// Whether it is done.
    pub result: Result<Receipt, DeliveryError>,
    /// Who plazo is there, where that was asked just now.
    pub learnt: Option<Vec<String>>,
}

/// So many calls a minute, without a burst that would be half of them at once: others call there too.
fn pace(per_minute: NonZeroU32) -> Quota {
    let burst = NonZeroU32::new(per_minute.get() / 10).unwrap_or(NonZeroU32::MIN);
    Quota::per_minute(per_minute).allow_burst(burst)
}

impl HelpDesk {
    /// The help desk behind a source; none where it cannot be written to.
    ///
    /// # Errors
    ///
    /// [`ApiSetupError`] if a secret or the address is missing.
    pub fn of(settings: &SourceSettings, clients: &Clients) -> Result<Option<Self>, ApiSetupError> {
        let Some(write) = settings.writes() else { return Ok(None) };
        Ok(Some(Self {
            api: ApiClient::for_writing(settings, write, clients)?,
            write: write.clone(),
            set: settings.set.clone(),
            pace: DefaultDirectRateLimiter::direct(pace(write.per_minute)),
            named: settings.write.account.clone(),
            account: Mutex::default(),
            refused: Mutex::default(),
        }))
    }

    /// How texts are written there.
    pub const fn write(&self) -> &WriteMapping {
        &self.write
    }

    /// Does a deed. `is_somebodys` says whether a word names a person of the house: by whose account nothing is written.
    pub async fn fulfil(
        &self,
        order: &WriteOrder,
        is_somebodys: impl Fn(&str) -> bool + Send,
        now: DateTime<Utc>,
    ) -> Fulfilled {
        let (account, learnt) = match self.known_account(now).await {
            Ok(known) => known,
            Err(error) => return Fulfilled { result: Err(error), learnt: None },
        };
        if let Some(word) = account.iter().find(|word| is_somebodys(word)) {
            let cause =
                format!("the account of the token is a person's of sla.toml ({word}); plazo wants one of its own");
            return Fulfilled { result: Err(DeliveryError::Hold { after: None, cause }), learnt };
        }
        let result = self.run(order, &account, now).await;
        Fulfilled { result: self.counted(order.request, result), learnt }
    }

    /// Who the token is, asked anew.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] as of a deed.
    pub async fn ask_account(&self, now: DateTime<Utc>) -> Result<Vec<String>, DeliveryError> {
        let Some(account) = &self.write.account else { return Ok(Vec::new()) };
        let scope = ExpressionScope::new([("set", self.set.clone())]);
        let give_up = |cause| DeliveryError::GiveUp { cause };
        let call = ApiCall {
            method: "GET".to_owned(),
            path: account.path.word(&scope).map_err(give_up)?,
            headers: Vec::new(),
            body: None,
        };
        let answer = self.ask(&call, now).await.map_err(|fault| Judgement::of_fault(&fault, true).into_error())?;
        let judgement = judge(&self.write, &scope, &answer, true, now);
        if judgement.class != AnswerClass::Done {
            return Err(judgement.into_error());
        }
        let scope = scope.with("body", variable(answer.body));
        let words = budget::within(|| account.words.of(&scope));
        let words = words.map(|words| expression::json(&words)).unwrap_or_default();
        let words = words.as_array().into_iter().flatten().filter_map(Value::as_str);
        Ok(words.map(str::to_owned).collect())
    }

    /// Whether the token is somebody else's than the file says: what it writes would look like that one's work.
    pub fn is_another_s(&self, asked: &[String]) -> bool {
        let is_named = |word: &String| self.named.iter().any(|own| address::is_same(own, word));
        !self.named.is_empty() && !asked.iter().any(is_named)
    }

    /// Who plazo is there. Where the system can be asked, its word counts, whatever the file says.
    async fn known_account(&self, now: DateTime<Utc>) -> Result<(Vec<String>, Option<Vec<String>>), DeliveryError> {
        if self.write.account.is_none() {
            return Ok((self.named.clone(), None));
        }
        let known = self.account.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !known.is_empty() {
            return Ok((known, None));
        }
        let asked = self.ask_account(now).await?;
        let hold = |cause: String| Err(DeliveryError::Hold { after: None, cause });
        if asked.is_empty() {
            return hold("the system does not say whose the token is".to_owned());
        }
        if self.is_another_s(&asked) {
            let (is, named) = (asked.join(", "), self.named.join(", "));
            return hold(format!("the token is {is}'s, and `write_as` says {named}"));
        }
        asked.clone_into(&mut self.account.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((asked.clone(), Some(asked)))
    }

    async fn run(&self, order: &WriteOrder, account: &[String], now: DateTime<Utc>) -> Result<Receipt, DeliveryError> {
        let mut errand = Errand::new(&self.write, &self.set, order, account, now)?;
        loop {
            match errand.poll() {
                Next::Call(call) => errand.take(self.ask(&call, now).await),
                Next::Ended(ended) => return ended,
            }
        }
    }

    async fn ask(&self, call: &ApiCall, now: DateTime<Utc>) -> Result<ApiAnswer, CallFault> {
        while let Err(not_yet) = self.pace.check() {
            tokio::time::sleep(not_yet.wait_time_from(DefaultClock::default().now())).await;
        }
        let answer = self.api.ask(call, now).await?;
        Ok(if self.leads_elsewhere(&answer) { ApiAnswer { headers: Default::default(), ..answer } } else { answer })
    }

    /// Whether an answer says that something has moved to another host, which is believed of none.
    fn leads_elsewhere(&self, answer: &ApiAnswer) -> bool {
        let Some(to) = answer.headers.get("location").and_then(|to| reqwest::Url::parse(to).ok()) else { return false };
        to.host_str() != self.api.host().as_deref()
    }

    /// Five refusals in a row on five requests are the account's trouble, not theirs: then everything stands.
    fn counted(&self, request: RequestId, result: Result<Receipt, DeliveryError>) -> Result<Receipt, DeliveryError> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match &result {
            Ok(_) => refused.clear(),
            Err(DeliveryError::GiveUp { cause }) if cause.starts_with("HTTP 4") => {
                if !refused.contains(&request) {
                    refused.push_back(request);
                }
                if MOST_REFUSALS <= refused.len() {
                    refused.clear();
                    return Err(DeliveryError::Hold { after: None, cause: format!("{cause}, five times in a row") });
                }
            }
            Err(_) => {}
        }
        drop(refused);
        result
    }
}
