//! Signing in without a password: whoever types an address that the file knows is sent a link that works once. The answer is the same
//! whether or not the file knows it.

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
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

/// The page that asks for an address, in place of the one of that path.
pub(super) fn page(app: &App, path: &str) -> Response {
    let request = path.strip_prefix("/r/").and_then(|rest| rest.split('/').next()?.parse().ok());
    ask_page(StatusCode::UNAUTHORIZED, app.config().language, request, None)
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
    let request: Option<RequestId> = field("request").and_then(|id| id.parse().ok());
    let caller = match peer {
        Some(Extension(ConnectInfo(Caller::Tcp(address)))) => address.ip().to_string(),
        _ => String::new(),
    };
    let address = field("address").filter(|address| address.len() <= LONGEST);
    let given = address.as_deref().unwrap_or_default().trim().to_lowercase();
    if !app.refusals().may_ask(&caller, &given) {
        let often =
            both!("That was often. Try again in a minute.", "Fueron muchas veces. Inténtelo de nuevo en un minuto.");
        return ask_page(StatusCode::TOO_MANY_REQUESTS, language, request, Some(language.of(often)));
    }
    if let Some(address) = address {
        // Beside this answer, which takes as long whoever it is.
        tokio::spawn(async move { app.send_sign_in(&address, request).await });
    }
    let sent = both!(
        "If somebody here has that address, a link is on its way to it. It works once, within fifteen minutes.",
        "Si alguien de aquí tiene esa dirección, ya va un enlace en camino. Sirve una sola vez, durante quince minutos."
    );
    ask_page(StatusCode::OK, language, request, Some(language.of(sent)))
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

fn ask_page(status: StatusCode, language: Language, request: Option<RequestId>, said: Option<String>) -> Response {
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
        request => request.map(|id| id.to_string()),
    };
    shell::respond(status, "sign_in.html", &context)
}
