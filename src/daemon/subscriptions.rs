//! Subscriptions that end unless they are renewed: made, renewed in time, and made again where they were lost.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::sources::{Failure, backoff, failure, note_failure, pause};
use crate::app::App;
use crate::intake::api::{ApiCall, ApiClient, ApiError};
use crate::intake::mapping::expression::{self, ExpressionScope};
use crate::intake::mapping::{Call, Subscription};
use crate::intake::source::Source;

/// How often is looked whether one is due; a call that says so is obeyed at once.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// What lives shorter is renewed no oftener than this.
const RENEWED_AT_MOST_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What is remembered of a subscription.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    held: String,
    until: DateTime<Utc>,
    /// None: at once.
    renew_at: Option<DateTime<Utc>>,
}

/// Keeps the subscriptions of a source alive until `stop`.
pub(super) async fn hold(app: App, source: Arc<Source>, api: Arc<ApiClient>, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let looked = tokio::select! {
            looked = look(&app, &source, &api) => looked,
            () = stop.cancelled() => return,
        };
        match looked {
            Ok(()) => {
                failures = 0;
                tokio::select! {
                    () = app.feeds.fetches_wanted() => {}
                    () = pause(LOOK_EVERY, &stop) => {}
                }
            }
            Err((after, cause)) => {
                note_failure(&app, &source.settings.name, &cause).await;
                failures += 1;
                let wait = backoff(failures).max(after.unwrap_or(TimeDelta::zero()));
                pause(app.time().real(wait), &stop).await;
            }
        }
    }
}

async fn look(app: &App, source: &Source, api: &ApiClient) -> Result<(), Failure> {
    let scope = source.subscription_scope(app.now());
    let wanted = source.settings.mapping.subscriptions_wanted(&scope).map_err(|fault| (None, fault.words().en))?;
    let mut failed = None;
    for (subscription, id, scope) in wanted {
        // One that fails keeps no other.
        if let Err(failure) = keep(app, source, api, subscription, &id, &scope).await {
            failed.get_or_insert(failure);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn keep(
    app: &App,
    source: &Source,
    api: &ApiClient,
    subscription: &Subscription,
    id: &str,
    scope: &ExpressionScope,
) -> Result<(), Failure> {
    let written = |error: &dyn std::fmt::Display| (None, error.to_string());
    let (name, cursor) = (source.settings.name.clone(), format!("subscription {} {id}", subscription.name));
    let (of, what) = (name.clone(), cursor.clone());
    let known = app.feeds.cursor(of, what).await.map_err(|error| written(&error))?;
    let known: Option<Held> = known.and_then(|text| serde_json::from_str(&text).ok());
    let now = app.now();
    if known.as_ref().is_some_and(|held| held.renew_at.is_some_and(|at| now < at)) {
        return Ok(());
    }
    let renewed = match known.filter(|held| now < held.until) {
        None => None,
        Some(held) => {
            let scope = scope.with("held", expression::variable(held.held.into()));
            let scope = scope.with("body", expression::variable(Value::Null));
            match ask(api, Method::PATCH, &subscription.renew, &scope, now).await {
                // Removed over there.
                Err(ApiError::Gone { .. }) => None,
                renewed => Some((renewed.map_err(failure)?, scope)),
            }
        }
    };
    let (answer, scope) = match renewed {
        Some(renewed) => renewed,
        None => (ask(api, Method::POST, &subscription.create, scope, now).await.map_err(failure)?, scope.clone()),
    };
    let scope = scope.with("body", expression::variable(answer));
    let word = |field: &str, expression: &expression::Expression| {
        let place = format!("[[subscription]] «{}», `{field}`", subscription.name);
        expression.word(&scope).map_err(|problem| (None, format!("{place}: {problem}")))
    };
    let until = word("until", &subscription.until)?;
    let until = DateTime::parse_from_rfc3339(&until).map_err(|_| (None, "`until` gives no instant".to_owned()))?;
    let until = until.to_utc();
    let renew_at = now + ((until - now) / 2).max(RENEWED_AT_MOST_EVERY);
    let held = Held { held: word("held", &subscription.held)?, until, renew_at: Some(renew_at) };
    let value = serde_json::to_string(&held).map_err(|error| written(&error))?;
    app.feeds.remember(&name, cursor, value).await.map_err(|error| written(&error))?;
    app.feeds.source_reached(&name).await.map_err(|error| written(&error))
}

async fn ask(
    api: &ApiClient,
    method: Method,
    call: &Call,
    scope: &ExpressionScope,
    now: DateTime<Utc>,
) -> Result<Value, ApiError> {
    let failed = |field: &str, problem: String| ApiError::Later {
        after: None,
        cause: format!("`{field}` of the subscription fails: {problem}"),
        status: None,
    };
    let path = call.path.word(scope).map_err(|problem| failed("path", problem))?;
    let body = call.body.of(scope).map_err(|problem| failed("body", problem))?;
    let call = ApiCall { method: method.to_string(), ..ApiCall::post(path, Some(expression::json(&body))) };
    api.call(&call, now).await
}
