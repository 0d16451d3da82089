//! Links that do not work, and a new one for whoever's link is too old.

use axum::http::StatusCode;
use axum::response::Response;

use super::page::{Form, Page, respond};
use super::{find, language_of};
use crate::app::App;
use crate::app::links::{Link, LinkError, LinkReader};
use crate::both;
use crate::config::{Config, EMAIL};

/// The page of a link that does not work.
pub(super) async fn refused(app: &App, error: LinkError, token: &str) -> Response {
    let config = app.config();
    let expired = match error {
        LinkError::Expired => app.read_expired_link(token).await.ok().flatten(),
        LinkError::Forged | LinkError::Revoked | LinkError::Gone | LinkError::NoPart => None,
    };
    let language = expired.as_ref().map_or(config.language, |link| language_of(link, &config));
    let (status, title, lead) = match error {
        LinkError::Forged => (
            StatusCode::NOT_FOUND,
            both!("This link does not work", "Este enlace no funciona"),
            both!(
                "It was cut or changed on its way. Open it from the alert itself, whole.",
                "Se cortó o cambió en el camino. Ábralo desde el aviso mismo, entero."
            ),
        ),
        LinkError::Revoked => (
            StatusCode::GONE,
            both!("This link was taken back", "Este enlace fue anulado"),
            both!(
                "Whoever operates plazo ended it. Open a newer alert.",
                "Quien opera plazo lo anuló. Abra un aviso más reciente."
            ),
        ),
        LinkError::Gone | LinkError::NoPart => (
            StatusCode::FORBIDDEN,
            both!("This link is no longer yours to use", "Este enlace ya no le corresponde"),
            both!(
                "Its reader has no part in this request any more: another team or person sees to it. Nothing was changed.",
                "A quien lo recibió ya no le corresponde esta solicitud: la atiende otro equipo o persona. No se cambió nada."
            ),
        ),
        LinkError::Expired => (
            StatusCode::GONE,
            both!("This link is too old", "Este enlace ya venció"),
            both!(
                "Links of alerts work for some days only. Open a newer alert.",
                "Los enlaces de los avisos sirven solo unos días. Abra un aviso más reciente."
            ),
        ),
    };
    let form = expired.filter(|link| mailed_to(link, &config).is_some()).map(|_| Form {
        button: language.of(both!("Send me a new one", "Enviarme uno nuevo")),
        note: Some(language.of(both!(
            "It goes to the mail address of whoever got this link, and nowhere else.",
            "Llega al correo de quien recibió este enlace, y a ningún otro."
        ))),
        ..Form::default()
    });
    let page = Page { form, ..Page::plain(status, "error", language.of(title), language.of(lead)) };
    respond(page, language, &config)
}

/// The person to whose address a new link can go.
fn mailed_to<'a>(link: &'a Link, config: &Config) -> Option<&'a str> {
    let LinkReader::Person(key) = &link.reader else { return None };
    let has_address = config.contacts.get(key).is_some_and(|contact| contact.email.is_some());
    (has_address && config.destinations.contains_key(EMAIL) && config.public_url.is_some()).then_some(key)
}

/// Mails a new link. The answer is the same whether or not there was anything to send: whoever holds an old link learns nothing by it.
pub(super) async fn renew(app: &App, token: &str) -> Response {
    let config = app.config();
    let Ok(Some(link)) = app.read_expired_link(token).await else {
        return refused(app, LinkError::Expired, token).await;
    };
    let language = language_of(&link, &config);
    let has_part = match link.deed.is_of_request() {
        false => true,
        true => find(app, link.request).await.ok().flatten().is_some_and(|request| app.has_part(&link, &request)),
    };
    if let Some(key) = mailed_to(&link, &config).filter(|key| has_part && app.refusals().may_renew(key))
        && let Err(error) = app.outbox.mail_link(key.to_owned(), link.deed.word(), link.request).await
    {
        tracing::warn!(%error, "a new link was not mailed");
    }
    let lead = both!(
        "If there is still something to do, a new link is on its way to the mail address of whoever got this one. One comes every ten minutes at most.",
        "Si todavía hay algo que hacer, va en camino un enlace nuevo al correo de quien recibió este. Llega uno cada diez minutos, a lo sumo."
    );
    let title = both!("Look at your mail", "Revise su correo");
    respond(Page::plain(StatusCode::OK, "done", language.of(title), language.of(lead)), language, &config)
}
