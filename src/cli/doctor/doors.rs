//! Who may come in: tokens, the address of the interface, and sources that anybody may call.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::finding::{Check, Finding, Group, Subject};
use super::house::House;
use crate::both;
use crate::config::Config;
use crate::store::admin::TokenRow;
use crate::store::{FILE, StoreError};
use crate::text::Both;
use crate::text::exposure::{self, Door, Exposure, SourceDoor};

/// A token that was made so long ago and never used was made for nothing, or does not reach plazo.
const UNUSED_AFTER: TimeDelta = TimeDelta::days(7);

pub(super) fn checks(house: &Arc<House>) -> Vec<Check> {
    let known = known(house);
    let mut found = match &known {
        Ok(tokens) => tokens_found(tokens, house.now()),
        Err(error) => {
            let Both { en, es } = error.told();
            vec![tokens_subject().skipped(both!("they cannot be read: {en}", "no se pueden leer: {es}"))]
        }
    };
    if let Some(config) = house.config() {
        found.push(interface(config, known.ok().map(|tokens| tokens.len())));
        let exposure = config.exposure();
        found.extend(exposure.sources.iter().filter(|source| source.takes_calls).map(|one| source(one, &exposure)));
    }
    found.into_iter().map(Check::known).collect()
}

/// The tokens that there are; none where there is no store yet.
fn known(house: &House) -> Result<Vec<TokenRow>, StoreError> {
    let place = house.global.place()?;
    if place.directory().is_some_and(|data| data.join(FILE).try_exists().is_ok_and(|is_there| !is_there)) {
        return Ok(Vec::new());
    }
    place.open_reader()?.tokens()
}

fn tokens_subject() -> Subject {
    Subject::new(Group::Doors, "tokens", Both { en: "tokens", es: "tokens" })
}

/// What is amiss with tokens, a line for each fault.
fn tokens_found(tokens: &[TokenRow], now: DateTime<Utc>) -> Vec<Finding> {
    let names = |is: &dyn Fn(&TokenRow) -> bool| {
        let names: Vec<_> = tokens.iter().filter(|token| is(token)).map(|token| token.name.clone()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let has_ended = |token: &TokenRow| token.expires_at.is_some_and(|at| at <= now);
    let is_unused = |token: &TokenRow| token.used_at.is_none() && token.created_at + UNUSED_AFTER < now;
    let subject = tokens_subject;
    let mut found = Vec::new();
    if let Some(names) = names(&has_ended) {
        found.push(subject().warn(
            both!("run out, and refused: {names}", "vencidos, y rechazados: {names}"),
            both!(
                "plazo token revoke NAME, and plazo token create for whoever still calls with it",
                "plazo token revoke NOMBRE, y plazo token create para quien todavía lo use"
            ),
        ));
    }
    if let Some(names) = names(&|token| !has_ended(token) && is_unused(token)) {
        found.push(subject().warn(
            both!("never used: {names}", "nunca usados: {names}"),
            both!(
                "plazo token revoke NAME, or see why whoever has it does not reach plazo",
                "plazo token revoke NOMBRE, o vea por qué quien lo tiene no llega a plazo"
            ),
        ));
    }
    if let Some(names) = names(&|token| token.expires_at.is_none()) {
        found.push(subject().warn(
            both!("they work for ever: {names}", "valen para siempre: {names}"),
            both!("plazo token revoke NAME, and again with an end: plazo token create --name NAME --scope … --expires 90d", "plazo token revoke NOMBRE, y de nuevo con vencimiento: plazo token create --name NOMBRE --scope … --expires 90d"),
        ));
    }
    if found.is_empty() {
        let n = tokens.len();
        found.push(subject().ok(match n {
            0 => both!(
                "none: this machine's own users come by the socket",
                "ninguno: los usuarios de esta máquina entran por el socket"
            ),
            _ => both!("{n}, each with an end and none forgotten", "{n}, cada uno con vencimiento y ninguno olvidado"),
        }));
    }
    found
}

/// The address of the interface, and who is let in there without a token.
fn interface(config: &Config, n_tokens: Option<usize>) -> Finding {
    let subject = Subject::named(Group::Doors, "listen");
    let exposure = config.exposure();
    let listen = &exposure.listen;
    let found = exposure::interface(&exposure);
    let make = || {
        both!(
            "plazo token create --name NAME --scope ingest,read --expires 90d",
            "plazo token create --name NOMBRE --scope ingest,read --expires 90d"
        )
    };
    match (exposure.is_loopback, exposure.door, n_tokens) {
        (false, _, Some(0)) => subject.fail(
            both!(
                "{listen} is reached from other machines, and no token exists: the daemon does not start so",
                "a {listen} se llega desde otras máquinas, y no hay ningún token: así el servicio no arranca"
            ),
            make(),
        ),
        (false, ..) => subject.warn(
            in_plain_text(&found),
            both!(
                "listen = \"127.0.0.1:8787\" in [http], and a proxy with TLS before it (docs/install.md, The proxy)",
                "listen = \"127.0.0.1:8787\" en [http], y un proxy con TLS delante (docs/instalar.md, El proxy)"
            ),
        ),
        (true, Door::Everything, Some(0)) => subject.warn(found, make()),
        (true, Door::Everything, Some(_)) => subject.ok(both!(
            "{listen}: nobody without a token; this machine's own users by the socket",
            "{listen}: nadie sin token; los usuarios de esta máquina, por el socket"
        )),
        (true, ..) => subject.ok(found),
    }
}

fn in_plain_text(Both { en, es }: &Both) -> Both {
    both!(
        "{en}; what is said there, tokens included, goes over the network in plain text",
        "{es}; lo que se dice ahí, tokens incluidos, va por la red sin cifrar"
    )
}

fn source(source: &SourceDoor, exposure: &Exposure) -> Finding {
    let name = &source.name;
    let subject = Subject::named(Group::Doors, format!("source.{name}"));
    if source.is_signed {
        return subject.ok(both!(
            "/hooks/{name} is signed: whoever has no secret is refused",
            "/hooks/{name} va firmado: a quien no tiene el secreto se le rechaza"
        ));
    }
    let remedy = both!(
        "secret = {{ credential = \"{name}-secret\" }} in [source.{name}], and the same in the system that calls (docs/sources.md)",
        "secret = {{ credential = \"{name}-secret\" }} en [source.{name}], y lo mismo en el sistema que llama (docs/fuentes.md)"
    );
    let found = both!(
        "/hooks/{name} is unsigned: anybody who reaches it may say that a client wrote",
        "/hooks/{name} va sin firma: cualquiera que llegue puede decir que un cliente escribió"
    );
    // What nobody outside reaches is a smaller hole.
    if exposure.is_loopback && !exposure.has_links {
        let Both { en, es } = found;
        return subject.ok(both!("{en}; from this machine only", "{es}; solo desde esta máquina"));
    }
    subject.warn(found, remedy)
}
