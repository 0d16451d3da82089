//! What has no hook is asked for at intervals, page by page.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::sources::{Failure, backoff, failure, note_failure, pause};
use crate::app::App;
use crate::intake::api::{ApiCall, ApiClient};
use crate::intake::mapping::Poll;
use crate::intake::mapping::expression::{self, ExpressionScope};
use crate::intake::source::Source;
use crate::text::printable::{first_letters, printable_line};

/// Pages of one poll; what is beyond comes with the next.
const MOST_PAGES: usize = 50;
/// Letters of what a system says went wrong.
const LONGEST_WORDS: usize = 120;

/// Asks at intervals for what has no hook.
pub(super) async fn ask(app: App, source: Arc<Source>, api: Arc<ApiClient>, poll: Poll, stop: CancellationToken) {
    let name = source.settings.name.clone();
    let mut failures = 0;
    while !stop.is_cancelled() {
        let read = tokio::select! {
            read = pages(&app, &source, &api, &poll) => read,
            () = stop.cancelled() => return,
        };
        let wait = match read {
            Ok(()) => {
                failures = 0;
                TimeDelta::from_std(poll.every).unwrap_or(TimeDelta::MAX)
            }
            Err((after, cause)) => {
                note_failure(&app, &name, &cause).await;
                failures += 1;
                backoff(failures).max(after.unwrap_or(TimeDelta::zero()))
            }
        };
        pause(app.time().real(wait), &stop).await;
    }
}

/// Reads the pages of a poll; how far it came is written with what the last one tells.
async fn pages(app: &App, source: &Source, api: &ApiClient, poll: &Poll) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| (None, error.to_string());
    let (name, now) = (source.settings.name.clone(), app.now());
    let (of, what) = (name.clone(), poll.name.clone());
    let cursor = app.feeds.cursor(of, what).await.map_err(|error| failed(&error))?;
    let cursor: Value = cursor.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
    let scope = source.polling_scope(Value::Null, cursor.clone(), now);
    let word = |value: &jmespath::Variable| value.as_string().cloned();
    // Without a path there is nothing to ask for: the team does not use this part.
    let path = poll.path.of(&scope).map_err(|problem| (None, format!("`path` of the poll fails: {problem}")))?;
    let Some(mut path) = word(&path) else { return Ok(()) };
    for page in 1..=MOST_PAGES {
        let call = call_of(poll, &scope, path, api)?;
        let body = api.call(&call, now).await.map_err(failure)?;
        let payload = body.to_string();
        let scope = source.polling_scope(body, cursor.clone(), now);
        let failed_there = poll.failed.as_ref().map(|failed| failed.of(&scope)).transpose();
        let failed_there = failed_there.map_err(|problem| (None, format!("`failed` of the poll fails: {problem}")))?;
        if let Some(what) = failed_there.filter(|what| !what.is_null()) {
            let what = word(&what).unwrap_or_else(|| "it does not say what".to_owned());
            return Err((
                None,
                format!("it answers that something failed: {}", first_letters(&printable_line(&what), LONGEST_WORDS)),
            ));
        }
        let next = poll.next.as_ref().map(|next| next.of(&scope)).transpose();
        let next = next.map_err(|problem| (None, format!("`next` of the poll fails: {problem}")))?;
        let next = next.and_then(|next| word(&next)).filter(|_| page < MOST_PAGES);
        let moved = match (&next, &poll.cursor) {
            (None, Some(expression)) => expression.of(&scope).ok().map(|value| expression::json(&value)),
            _ => None,
        };
        let moved = moved.filter(|value| !value.is_null()).map(|value| (poll.name.clone(), value.to_string()));
        let facts = source.of_page(&poll.name, &scope, &app.config().rulebook.directory, now);
        app.feeds.take_page(&name, facts, payload.as_bytes(), moved).await.map_err(|error| failed(&error))?;
        match next {
            Some(next) => path = next,
            None => break,
        }
    }
    Ok(())
}

/// What is asked for a page.
fn call_of(poll: &Poll, scope: &ExpressionScope, path: String, api: &ApiClient) -> Result<ApiCall, Failure> {
    let failed =
        |field: &str, problem: &dyn std::fmt::Display| (None, format!("`{field}` of the poll fails: {problem}"));
    let mut headers = Vec::new();
    for (name, value) in &poll.headers {
        let value = value.of(scope).map_err(|problem| failed("headers", &problem))?;
        headers.extend(value.as_string().map(|value| (name.clone(), value.clone())));
    }
    let Some(body) = &poll.body else { return Ok(ApiCall { headers, ..ApiCall::get(path) }) };
    let body = body.of(scope).map_err(|problem| failed("body", &problem))?;
    let body = api.with_token(expression::json(&body)).map_err(failure)?;
    Ok(ApiCall { headers, ..ApiCall::post(path, Some(body)) })
}
