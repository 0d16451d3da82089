//! Signing in without a password: whoever types an address that the file knows is sent a link that works once. The answer is the same
//! whether or not the file knows it.

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, body::Bytes};
use minijinja::context;

use super::session::{self, SignedIn};
use super::{assets, shell};
use crate::app::App;
use crate::both;
use crate::engine::request_id::RequestId;
use crate::http::listener::Caller;
use crate::text::Language;

/// Longer than any address (RFC 5321 §4.5.3.1.3).
const LONGEST: usize = 254;

/// Letters of an address that is led on to.
const LONGEST_PATH: usize = 300;
/// Pages that are led on to, besides those of requests.
const PAGES: [&str; 7] = ["", "incumplimientos", "silencios", "informe", "envios", "estado", "archivo"];

/// The page that is led on to for somebody who wanted that address: a page of plazo's own that only shows. None where it is none, so that
/// nobody is led elsewhere.
pub(in crate::http) fn own_page(wanted: &str) -> Option<String> {
    let is_plain = |letter: char| letter.is_ascii_graphic() && !"\\\"<>".contains(letter);
    if LONGEST_PATH < wanted.len() || !wanted.chars().all(is_plain) {
        return None;
    }
    let (path, query) = wanted.split_once('?').map_or((wanted, None), |(path, query)| (path, Some(query)));
    let mut parts = path.strip_prefix('/')?.split('/');
    let page = parts.next()?;
    if page == "r" {
        return parts.next()?.parse::<RequestId>().ok().map(|id| format!("/r/{id}"));
    }
    let page = PAGES.into_iter().find(|known| *known == page)?;
    match (query, parts.next()) {
        (_, Some(_)) if page.is_empty() => None,
        // The address of a form is that of its page, without what was asked of the form.
        (_, Some(_)) | (None, None) => Some(format!("/{page}")),
        (Some(query), None) => Some(format!("/{page}?{query}")),
    }
}

/// The page that asks for an address, in place of the one that was wanted.
pub(super) fn page(app: &App, wanted: &Uri) -> Response {
    let to = wanted.path_and_query().and_then(|wanted| own_page(wanted.as_str()));
    ask_page(StatusCode::UNAUTHORIZED, app.config().language, to, None)
}

pub(super) async fn show(State(app): State<App>) -> Response {
    ask_page(StatusCode::OK, app.config().language, None, None)
}

/// Sends the link. A caller who asks too often is told so.
pub(super) async fn ask(State(app): State<App>, peer: Option<Extension<ConnectInfo<Caller>>>, body: Bytes) -> Response {
    let language = app.config().language;
    let field = |wanted: &str| {
        let found = form_urlencoded::parse(&body).find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    };
    let to = field("to").and_then(|to| own_page(&to));
    let caller = match peer {
        Some(Extension(ConnectInfo(Caller::Tcp(address)))) => address.ip().to_string(),
        _ => String::new(),
    };
    let address = field("address").filter(|address| address.len() <= LONGEST);
    let given = address.as_deref().unwrap_or_default().trim().to_lowercase();
    if !app.refusals().may_ask(&caller, &given) {
        let often =
            both!("That was often. Try again in a minute.", "Fueron muchas veces. Inténtelo de nuevo en un minuto.");
        return ask_page(StatusCode::TOO_MANY_REQUESTS, language, to, Some(language.of(often)));
    }
    if let Some(address) = address {
        // Beside this answer, which takes as long whoever it is.
        let to = to.clone();
        tokio::spawn(async move { app.send_sign_in(&address, to).await });
    }
    let sent = both!(
        "If somebody here has that address, a link is on its way to it. It works once, within fifteen minutes.",
        "Si alguien de aquí tiene esa dirección, ya va un enlace en camino. Sirve una sola vez, durante quince minutos."
    );
    ask_page(StatusCode::OK, language, to, Some(language.of(sent)))
}

/// Ends the session.
pub(super) async fn leave(State(app): State<App>, SignedIn(session): SignedIn, body: Bytes) -> Response {
    let is_own =
        form_urlencoded::parse(&body).any(|(name, value)| name == "form" && App::is_own_form(&session, &value));
    if is_own {
        app.end_session(session.id).await.ok();
    }
    let mut headers = HeaderMap::new();
    if let Ok(cookie) = session::no_cookie(&app.config()).parse() {
        headers.insert(header::SET_COOKIE, cookie);
    }
    (headers, Redirect::to("/")).into_response()
}

fn ask_page(status: StatusCode, language: Language, to: Option<String>, said: Option<String>) -> Response {
    let context = context! {
        lang => language.code(),
        version => assets::version(),
        title => language.of(both!("Come in", "Entrar")),
        lead => language.of(both!(
            "Type the address at which plazo knows you. You get a link by mail, or by your chat; there is no password.",
            "Escriba la dirección con la que plazo le conoce. Le llega un enlace por correo, o por su chat; no hay contraseña."
        )),
        label => language.of(both!("Your address", "Su dirección")),
        button => language.of(both!("Send me the link", "Enviarme el enlace")),
        said,
        to,
    };
    shell::respond(status, "sign_in.html", &context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plazo_s_own_pages_are_led_on_to() {
        let rows = [
            ("/", Some("/")),
            ("/?team=social&q=caf%C3%A9", Some("/?team=social&q=caf%C3%A9")),
            ("/informe?ver=1&desde=-7d", Some("/informe?ver=1&desde=-7d")),
            ("/r/R-7", Some("/r/R-7")),
            ("/r/r-7/take?once=1", Some("/r/R-7")),
            ("/silencios/4/fin?x=1", Some("/silencios")),
            ("/incumplimientos/3", Some("/incumplimientos")),
            ("/r/", None),
            ("/r/nadie", None),
            ("/salir", None),
            ("/a/abc", None),
            ("/v1/requests", None),
            ("//elsewhere.example/", None),
            ("/\\elsewhere.example", None),
            ("https://elsewhere.example/", None),
            ("/informe\r\nLocation: https://elsewhere.example", None),
            ("informe", None),
            ("", None),
        ];
        for (wanted, page) in rows {
            assert_eq!(own_page(wanted).as_deref(), page, "{wanted:?}");
        }
        assert_eq!(own_page(&format!("/?q={}", "x".repeat(LONGEST_PATH))), None);
    }
}
