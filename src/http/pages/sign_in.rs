//! The page behind a link that begins a session: it asks, since scanners of mail open every link.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::page::{Form, Page, failure, respond, unusable};
use crate::app::App;
use crate::app::links::{Deed, Link};
use crate::both;
use crate::config::Config;
use crate::http::live;
use crate::text::Language;

/// Asks whether to begin it.
pub(super) fn page(link: &Link, config: &Config, language: Language) -> Page {
    let name = link.reader.person().map_or(String::new(), |key| format!(", {}", config.name_of(key)));
    let form = Form {
        button: language.of(both!("Come in", "Entrar")),
        note: Some(language.of(both!(
            "For thirty days, in this browser. The link works once.",
            "Por treinta días, en este navegador. El enlace sirve una sola vez."
        ))),
        ..Form::default()
    };
    Page {
        status: StatusCode::OK,
        kind: "show",
        title: language.of(both!("Hello{name}", "Hola{name}")),
        form: Some(form),
        ..Page::default()
    }
}

/// Begins it, and leads to the page that was wanted, else to the queue.
pub(super) async fn begin(app: &App, link: &Link, token: &str, headers: &HeaderMap, language: Language) -> Response {
    let config = app.config();
    // A page of elsewhere would bring its reader in under another's name.
    let is_foreign =
        headers.get("sec-fetch-site").is_some_and(|site| !matches!(site.as_bytes(), b"none" | b"same-origin"));
    if is_foreign {
        return respond(page(link, &config, language), language, &config);
    }
    let browser = headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok());
    match app.sign_in(link, token, browser).await {
        Ok(Some(word)) => {
            let wanted = if let Deed::SignIn(to) = &link.deed { to.as_deref() } else { None };
            let to = wanted.and_then(live::own_page).unwrap_or_else(|| "/".to_owned());
            let cookie = live::cookie(&word, &config);
            ([(header::SET_COOKIE, cookie), (header::REFERRER_POLICY, "no-referrer".to_owned())], Redirect::to(&to))
                .into_response()
        }
        Ok(None) => {
            let lead = both!(
                "This link has been used. Ask for another one at the address of plazo.",
                "Este enlace ya se usó. Pida otro en la dirección de plazo."
            );
            respond(unusable(language.of(lead), language), language, &config)
        }
        Err(_) => respond(failure(language), language, &config),
    }
}
