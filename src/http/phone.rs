//! `/voice/{destination}/…`: what the vendor of a destination to telephones tells. Who calls is proven before anything is read: by Twilio's
//! signature over the public address, and by the token that plazo made for the message. Answers are TwiML: a plain text would be sent on.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::Value;

use super::error::{Failure, HandlerResult};
use crate::app::App;
use crate::app::phone::{CallReply, HEARD};
use crate::both;
use crate::intake::signature;
use crate::notify::infobip_sms::LOST;
use crate::notify::phone::{PhoneTerms, Voucher};
use crate::notify::twiml;
use crate::outbox::{Cost, Price};
use crate::store::deliveries::DeliveryRow;

/// What a vendor tells is a form of some hundred bytes.
const LARGEST_BODY: usize = 64 << 10;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/voice/{destination}/sms", post(text))
        .route("/voice/{destination}/{sort}/{token}", post(news))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// A text that somebody sent to the number of a destination.
async fn text(
    State(app): State<App>,
    Path(name): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> HandlerResult<Response> {
    signed(&app, &name, &uri, &headers, &body)?;
    let form = form_of(&body);
    let (from, id, text) = (word(&form, "From"), word(&form, "MessageSid"), word(&form, "Body"));
    if !id.is_empty() {
        app.text_received(&name, from, (id, text)).await?;
    }
    Ok(xml(twiml::EMPTY.to_owned()))
}

/// What became of a message: `call` is a key that was pressed, `status` the end of a call, `sms` and `report` the fate of a text.
async fn news(
    State(app): State<App>,
    Path((name, sort, token)): Path<(String, String, String)>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> HandlerResult<Response> {
    if sort == "report" {
        return report(&app, &name, &token, &body).await;
    }
    let terms = signed(&app, &name, &uri, &headers, &body)?;
    let form = form_of(&body);
    let reference = word(&form, if sort == "sms" { "MessageSid" } else { "CallSid" });
    let row = app.telephoned(&token, &name, reference).await?.ok_or_else(unknown)?;
    match sort.as_str() {
        "call" => return pressed(&app, &row, &uri, word(&form, "Digits")).await,
        "status" => call_status(&app, &row, &form, &terms).await?,
        "sms" => match word(&form, "MessageStatus") {
            "delivered" => app.outbox.text_arrived(row.id, None).await?,
            status @ ("undelivered" | "failed") => {
                let code = word(&form, "ErrorCode");
                app.outbox.not_received(row.id, format!("{status} {code}").trim().to_owned()).await?;
            }
            _ => {}
        },
        _ => return Err(unknown()),
    }
    Ok(xml(twiml::EMPTY.to_owned()))
}

async fn pressed(app: &App, row: &DeliveryRow, uri: &Uri, key: &str) -> HandlerResult<Response> {
    let n_repeats = uri.query().and_then(|query| query.strip_prefix("again=")?.parse().ok()).unwrap_or(0);
    let (reply, language) = app.call_pressed(row, key, n_repeats).await?;
    Ok(xml(match reply {
        CallReply::Say(said) => twiml::last_word(said.said(language), language),
        CallReply::Again(said) => {
            let action = format!("{}{}?again={}", app.base(), uri.path(), n_repeats.saturating_add(1));
            twiml::gather(&said, &action, language)
        }
        CallReply::HangUp => twiml::HANG_UP.to_owned(),
    }))
}

async fn call_status(
    app: &App,
    row: &DeliveryRow,
    form: &BTreeMap<String, String>,
    terms: &PhoneTerms,
) -> HandlerResult<()> {
    match word(form, "CallStatus") {
        // It says only that somebody or something answered.
        "completed" => {
            let seconds: u32 = word(form, "CallDuration").parse().unwrap_or(0);
            let minutes = word(form, "Duration").parse().unwrap_or_else(|_| seconds.div_ceil(60));
            let price = terms.price.as_ref().map(|price| price.times(minutes));
            app.outbox.call_ended(row.id, Cost { units: minutes, price }).await?;
        }
        // Whoever pressed a key and was cut off has heard it.
        status @ ("busy" | "no-answer" | "failed" | "canceled") if row.answer.as_deref() != Some(HEARD) => {
            app.outbox.not_received(row.id, status.to_owned()).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Infobip's reports of delivery, which bear no signature: only the address that Infobip was given leads here. They can do no more than
/// have the fallback told.
async fn report(app: &App, name: &str, token: &str, body: &[u8]) -> HandlerResult<Response> {
    let terms = terms(app, name).filter(|terms| terms.voucher == Voucher::Address).ok_or_else(unknown)?;
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    for told in body["results"].as_array().into_iter().flatten() {
        let reference = told["messageId"].as_str().unwrap_or_default();
        let Some(row) = app.telephoned(token, name, reference).await? else { continue };
        let said = told["status"]["name"].as_str().unwrap_or("not delivered");
        match told["status"]["groupId"].as_i64() {
            Some(3) => {
                let price = &told["price"];
                let amount = price["pricePerMessage"].as_f64().unwrap_or(0.0).to_string();
                let price = Price::of(&amount, price["currency"].as_str().unwrap_or_default());
                let n = told["smsCount"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
                // Segments were counted when it was sent, and its price too where the file says one.
                let price = price.filter(|_| terms.price.is_none()).map(|price| price.times(n));
                app.outbox.text_arrived(row.id, price.map(|price| Cost { units: 0, price: Some(price) })).await?;
            }
            Some(group) if LOST.contains(&group) => {
                app.outbox.not_received(row.id, said.chars().take(80).collect()).await?;
            }
            _ => {}
        }
    }
    Ok(StatusCode::OK.into_response())
}

/// What holds of a destination to telephones of that name; none if there is none.
fn terms(app: &App, name: &str) -> Option<PhoneTerms> {
    app.config().destinations.get(name).and_then(|destination| destination.settings.phone().cloned())
}

/// What holds of a destination, if Twilio signed the call for it. The address is the public one, whatever `Host` says.
fn signed(app: &App, name: &str, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> HandlerResult<PhoneTerms> {
    let terms = terms(app, name).ok_or_else(unknown)?;
    let Voucher::Twilio(token) = &terms.voucher else { return Err(unknown()) };
    let refused = || {
        let detail = both!("the call is not signed as Twilio signs", "la llamada no está firmada como firma Twilio");
        Failure::new(StatusCode::FORBIDDEN, "not_signed", detail)
    };
    let token = token.read().map_err(|_| refused())?;
    let said = headers.get("x-twilio-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = uri.path_and_query().map_or_else(|| uri.path(), |path| path.as_str());
    if signature::is_twilios(&token, &format!("{}{path}", app.base()), body, said) { Ok(terms) } else { Err(refused()) }
}

/// Said alike of what never was, what is over and what is another's.
fn unknown() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "no_such_call", both!("there is no such call", "no hay una llamada así"))
}

/// The first value of each name.
fn form_of(body: &[u8]) -> BTreeMap<String, String> {
    let mut form = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        form.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    form
}

fn word<'a>(form: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    form.get(name).map_or("", String::as_str)
}

fn xml(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}
