//! `public_url`: whether it leads to this daemon, and whether others can be expected to reach it there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{StatusCode, Url, header};

use super::finding::{Check, Finding, Group, Subject};
use super::house::House;
use crate::http::RUN;
use crate::net::address::is_public;
use crate::notify::probe::{self, ProbeFault, fault_of, place};
use crate::text::Both;
use crate::{both, net};

/// A proxy that waits for a plazo that is not there takes a while to say so.
const TIMEOUT: Duration = Duration::from_secs(8);

pub(super) fn checks(house: &Arc<House>) -> Vec<Check> {
    let Some(config) = house.config() else { return Vec::new() };
    let Some(url) = config.public_url.as_deref().and_then(|url| Url::parse(url).ok()) else {
        let told = both!(
            "not set: alerts have no links, and nobody calls hooks from outside",
            "no está puesta: los avisos no llevan enlaces, y nadie llama a los hooks desde fuera"
        );
        return vec![Check::known(leads().skipped(told))];
    };
    let (asking, looking, other) = (Arc::clone(house), url.clone(), url);
    let listen = config.listen;
    vec![
        Check::of(leads(), async move { who_answers(&asking, &looking, listen).await }),
        Check::of(from_outside(), async move { as_seen_from_outside(&other).await }),
    ]
}

fn leads() -> Subject {
    Subject::named(Group::Address, "public_url")
}

fn from_outside() -> Subject {
    Subject::new(Group::Address, "from_outside", Both { en: "from outside", es: "desde fuera" })
}

/// Asks at the public address who answers, and compares with who answers here.
async fn who_answers(house: &House, url: &Url, listen: SocketAddr) -> Finding {
    let (subject, at) = (leads(), place(url));
    let Some(about) = house.daemon.about() else {
        return subject.skipped(both!(
            "not asked: no daemon says here who it is",
            "no se preguntó: ningún servicio dice aquí quién es"
        ));
    };
    let Some(run) = about["run"].as_str() else {
        return subject.skipped(both!(
            "not asked: the daemon is of a version that does not say who it is",
            "no se preguntó: el servicio es de una versión que no dice quién es"
        ));
    };
    // Readers' browsers do not go by this machine's proxies either.
    let client = match net::own_daemon(None) {
        Ok(client) => client,
        Err(error) => {
            return subject.skipped(both!("not asked: {error}", "no se preguntó: {error}"));
        }
    };
    let target = format!("{}/a/", url.as_str().trim_end_matches('/'));
    let answer = match client.get(target).header(header::ACCEPT, "text/html").timeout(TIMEOUT).send().await {
        Ok(answer) => answer,
        Err(error) => return unanswered(subject, &at, &error.without_url()),
    };
    let theirs = answer.headers().get(RUN).and_then(|value| value.to_str().ok());
    let status = answer.status();
    match theirs {
        Some(theirs) if theirs == run => subject.ok(both!("{at} leads to this daemon", "{at} lleva a este servicio")),
        Some(_) => subject.fail(
            both!("{at} leads to another plazo than the one that runs here", "{at} lleva a otro plazo, no al que está en marcha aquí"),
            both!("let the proxy there pass on to {listen} of this machine, or write the address of this plazo into [http] public_url", "haga que el proxy de ahí reenvíe a {listen} de esta máquina, o escriba la dirección de este plazo en [http] public_url"),
        ),
        None if matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) => {
            let status = status.as_u16();
            subject.fail(
                both!("a proxy answers at {at}, and does not reach plazo (HTTP {status})", "en {at} responde un proxy que no llega a plazo (HTTP {status})"),
                both!("let it pass on to {listen}, where plazo listens; its log says what it tried", "haga que reenvíe a {listen}, donde escucha plazo; su registro dice qué intentó"),
            )
        }
        None if status.is_redirection() => {
            let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| url.join(to).ok()).map(|to| place(&to)).unwrap_or_default();
            subject.warn(
                both!("{at} sends elsewhere, to {to}, and only a browser follows", "{at} envía a otra parte, a {to}, y solo un navegador lo sigue"),
                both!("write the address into [http] public_url where plazo answers itself; hooks are not sent on", "escriba en [http] public_url la dirección donde responde plazo mismo; los hooks no se reenvían"),
            )
        }
        None => {
            let status = status.as_u16();
            subject.fail(
                both!("somebody else answers at {at} (HTTP {status} to /a/)", "en {at} responde otro (HTTP {status} a /a/)"),
                both!("let the server there pass on /a/ and /hooks/ to {listen} (docs/install.md, The proxy), or mend [http] public_url", "haga que el servidor de ahí reenvíe /a/ y /hooks/ a {listen} (docs/instalar.md, El proxy), o corrija [http] public_url"),
            )
        }
    }
}

fn unanswered(subject: Subject, at: &str, error: &reqwest::Error) -> Finding {
    let cause = probe::innermost(error);
    let host = at.rsplit_once(':').map_or(at, |(host, _)| host);
    match fault_of(error) {
        ProbeFault::Name => subject.fail(
            both!("{host}: no such name ({cause})", "{host}: ese nombre no existe ({cause})"),
            both!("make a DNS record for {host} that leads to the proxy, or mend [http] public_url", "cree un registro DNS de {host} que lleve al proxy, o corrija [http] public_url"),
        ),
        ProbeFault::Tls => subject.fail(
            both!("{at}: its certificate is not believed: {cause}", "{at}: su certificado no es de fiar: {cause}"),
            both!("renew the certificate of the proxy, for {host}; browsers refuse it as well", "renueve el certificado del proxy, para {host}; los navegadores también lo rechazan"),
        ),
        _ => subject.fail(
            both!("{at} does not answer: {cause}", "{at} no responde: {cause}"),
            both!("start the proxy, and open its port; some networks do not let a machine call its own public address: then try it from elsewhere", "ponga en marcha el proxy y abra su puerto; hay redes que no dejan a una máquina llamar a su propia dirección pública: en ese caso pruébelo desde otra parte"),
        ),
    }
}

/// What can be told from here of how others see the address.
async fn as_seen_from_outside(url: &Url) -> Finding {
    let (subject, at) = (from_outside(), place(url));
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let found = tokio::net::lookup_host((host.as_str(), url.port_or_known_default().unwrap_or(443))).await;
    let addresses: Vec<_> = found.map(|found| found.map(|address| address.ip()).collect()).unwrap_or_default();
    if addresses.is_empty() {
        return subject.skipped(both!("{host} has no address here", "{host} no tiene dirección aquí"));
    }
    if !addresses.iter().any(|address| is_public(*address)) {
        let address = addresses[0];
        return subject.warn(
            both!("{at} is {address}, which is reached from this machine or house only: no phone on the way, no system that calls hooks", "{at} es {address}, a la que solo se llega desde esta máquina o casa: ni un teléfono en la calle, ni un sistema que llame a los hooks"),
            both!("put a proxy with TLS and a public name before plazo (docs/install.md, The proxy), if that is not meant", "ponga delante de plazo un proxy con TLS y un nombre público (docs/instalar.md, El proxy), si no es lo que quiere"),
        );
    }
    if url.scheme() != "https" {
        return subject.warn(
            both!(
                "{at} is called without TLS: whoever reads a link on its way can use it",
                "a {at} se llama sin TLS: quien lea un enlace en el camino lo puede usar"
            ),
            both!(
                "put a proxy with TLS before plazo, and write https://",
                "ponga delante de plazo un proxy con TLS y escriba https://"
            ),
        );
    }
    subject.ok(both!(
        "a public address with TLS. Whether other networks reach it cannot be told from this machine: open it once by a phone's own network",
        "dirección pública con TLS. Desde esta máquina no se sabe si se llega desde otras redes: ábrala una vez con los datos de un teléfono"
    ))
}
