//! What an answer of a help desk means. The mapping's rules come first; what none of them knows is judged by its status.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::intake::api::{ApiAnswer, CallFault};
use crate::intake::mapping::budget;
use crate::intake::mapping::expression::{ExpressionScope, json, variable};
use crate::intake::mapping::write::{AnswerClass, AnswerRule, WriteMapping};
use crate::outbox::DeliveryError;

/// What becomes of a deed by an answer, or by none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it is done, and if not, whether it may be.
    pub class: AnswerClass,
    /// The wait that was asked for.
    pub after: Option<TimeDelta>,
    /// Whether it may have been done, so that it is looked for before it is done again.
    pub look_first: bool,
    /// Whether all of the system is meant: nobody answers there, or somebody else.
    pub is_of_all: bool,
    /// What happened; never holds a secret or anybody's words.
    pub cause: String,
    /// Where the ticket is now, if it has moved.
    pub moved: Vec<(String, String)>,
}

impl Judgement {
    /// Of the class alone.
    fn of(class: AnswerClass, cause: String) -> Self {
        Self { class, after: None, look_first: false, is_of_all: false, cause, moved: Vec::new() }
    }

    /// Of a call without an answer. What was sent may have been done, unless it only reads.
    pub fn of_fault(fault: &CallFault, reads: bool) -> Self {
        match fault {
            CallFault::Address(cause) => Self::of(AnswerClass::GiveUp, cause.clone()),
            CallFault::Connection(cause) => Self { is_of_all: true, ..Self::of(AnswerClass::Retry, cause.clone()) },
            CallFault::Silence(cause) => Self { look_first: !reads, ..Self::of(AnswerClass::Retry, cause.clone()) },
        }
    }

    /// As the outbox hears of what is not done.
    pub fn into_error(self) -> DeliveryError {
        let Self { class, after, look_first, is_of_all, cause, .. } = self;
        match class {
            AnswerClass::Hold => DeliveryError::Hold { after: None, cause },
            AnswerClass::GiveUp => DeliveryError::GiveUp { cause },
            AnswerClass::Done | AnswerClass::Retry if after.is_some() || is_of_all => {
                DeliveryError::Hold { after, cause }
            }
            AnswerClass::Done | AnswerClass::Retry if look_first => DeliveryError::Doubt { cause },
            AnswerClass::Done | AnswerClass::Retry => DeliveryError::Retry { cause },
        }
    }
}

/// Judges an answer to a call that may only read.
pub fn judge(
    write: &WriteMapping,
    scope: &ExpressionScope,
    answer: &ApiAnswer,
    reads: bool,
    now: DateTime<Utc>,
) -> Judgement {
    let headers = answer.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let scope = scope
        .with("status", variable(answer.status.into()))
        .with("headers", variable(Value::Object(headers.collect())))
        .with("body", variable(answer.body.clone()));
    let after = wait(answer, now);
    budget::within(|| match write.answers.iter().find(|rule| rule.when.holds(&scope)) {
        Some(rule) => by_rule(rule, &scope, answer, after),
        None => by_status(answer, after, reads),
    })
}

fn by_rule(rule: &AnswerRule, scope: &ExpressionScope, answer: &ApiAnswer, asked: Option<TimeDelta>) -> Judgement {
    let seconds = rule.after.as_ref().and_then(|after| json(&*after.of(scope).ok()?).as_f64());
    #[expect(clippy::cast_possible_truncation, reason = "no peer asks for more seconds than fit")]
    let own = seconds.map(|seconds| TimeDelta::seconds(seconds.ceil() as i64));
    let moved = rule.moved.iter().filter_map(|(name, to)| Some((name.clone(), to.word(scope).ok()?)));
    let after = if rule.class == AnswerClass::Retry { asked.or(own) } else { None };
    Judgement { after, look_first: rule.look_first, moved: moved.collect(), ..Judgement::of(rule.class, cause(answer)) }
}

fn by_status(answer: &ApiAnswer, after: Option<TimeDelta>, reads: bool) -> Judgement {
    let of = |class| Judgement::of(class, cause(answer));
    let is_page = matches!(&answer.body, Value::String(text) if text.starts_with('<'));
    match answer.status {
        // A page to log in, of a portal or a proxy: not the system's own answer, and nothing was done.
        200..=299 if is_page => Judgement { is_of_all: true, ..of(AnswerClass::Retry) },
        200..=299 => of(AnswerClass::Done),
        300..=399 => {
            Judgement { cause: format!("{}: redirects are not followed", cause(answer)), ..of(AnswerClass::GiveUp) }
        }
        401 | 407 => of(AnswerClass::Hold),
        408 | 409 | 425 => of(AnswerClass::Retry),
        429 => Judgement { after, is_of_all: true, ..of(AnswerClass::Retry) },
        // It did not reach the system, or the system took nothing.
        502 | 503 => Judgement { after, is_of_all: after.is_some(), ..of(AnswerClass::Retry) },
        500.. => Judgement { after, look_first: !reads, ..of(AnswerClass::Retry) },
        _ => of(AnswerClass::GiveUp),
    }
}

/// The wait that an answer asks for: in seconds or until a date, or until the reset of its limits, as an instant in seconds since 1970.
fn wait(answer: &ApiAnswer, now: DateTime<Utc>) -> Option<TimeDelta> {
    let header = |name: &str| answer.headers.get(name).map(String::as_str);
    if let Some(value) = header("retry-after") {
        return match value.trim().parse::<i64>() {
            Ok(seconds) => TimeDelta::try_seconds(seconds),
            Err(_) => Some(DateTime::parse_from_rfc2822(value).ok()?.to_utc() - now),
        };
    }
    if answer.status != 429 {
        return None;
    }
    let reset = header("x-ratelimit-reset")?;
    let whole = reset.split('.').next().unwrap_or(reset).trim();
    Some(DateTime::from_timestamp(whole.parse().ok()?, 0)? - now).filter(|wait| TimeDelta::zero() <= *wait)
}

/// Status and error code; sentences of an answer may repeat what was sent, which is others' words.
fn cause(answer: &ApiAnswer) -> String {
    let body = &answer.body;
    let code = [
        &body["ECODE"],
        &body["category"],
        &body["code"],
        &body["errors"][0]["code"],
        &body["error"],
        &body["status"],
        &body["_error"]["title"],
        &body["errorMessages"][0],
        &body[0],
    ];
    let code = code.into_iter().find_map(|word| word.as_str().filter(|word| !word.is_empty()));
    let code: Option<String> = code.map(|code| code.chars().filter(|c| !c.is_control()).take(80).collect());
    match code {
        Some(code) => format!("HTTP {}: {code}", answer.status),
        None => format!("HTTP {}", answer.status),
    }
}
