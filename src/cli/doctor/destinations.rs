//! Where alerts go: whether the mail server lets plazo in, and each other destination is there. Nobody is sent anything.

use std::sync::Arc;

use super::finding::{Check, Finding, Group, Subject};
use super::house::House;
use super::secrets;
use crate::app::OUTBOX_DIRECTORY;
use crate::both;
use crate::config::{Config, Destination, EMAIL};
use crate::notify::probe::{self, ProbeError, ProbeFault};
use crate::notify::{Kind, SetupError, Transport};
use crate::text::Both;

/// For the answer of what is called while all is well; the other clients have their own.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(8);

pub(super) fn checks(house: &Arc<House>) -> Vec<Check> {
    let Some(config) = house.config() else { return Vec::new() };
    let mut checks: Vec<_> =
        config.destinations.iter().filter_map(|(name, destination)| check(name, destination, house)).collect();
    checks.extend(heartbeat(config, house));
    checks
}

/// The look at a destination; none where it goes by the same mail server as mail to people.
fn check(name: &str, destination: &Destination, house: &Arc<House>) -> Option<Check> {
    let kind = destination.settings.kind();
    let subject = match (name, kind) {
        (EMAIL, _) => Subject::named(Group::Mail, "smtp"),
        (_, Kind::Email) => return None,
        _ => Subject::named(Group::Destinations, name),
    };
    if name == EMAIL && house.config()?.mail_server().is_none() {
        let directory = house.data.join(OUTBOX_DIRECTORY);
        let directory = directory.display();
        return Some(Check::known(subject.warn(
            both!(
                "no mail goes out: it is written as files into {directory}",
                "no sale ningún correo: se escribe como archivos en {directory}"
            ),
            both!(
                "write [smtp] into the file: host, user, password, from",
                "escriba [smtp] en el archivo: host, user, password, from"
            ),
        )));
    }
    let clients = match &house.clients {
        Ok(clients) => clients,
        Err(cause) => return Some(Check::known(without_http(subject, cause))),
    };
    let transport = match Transport::new(&destination.settings, clients, &house.data.join(OUTBOX_DIRECTORY)) {
        Ok(transport) => transport,
        Err(error) => return Some(Check::known(not_ready(subject, &error, house))),
    };
    let section = if name == EMAIL { "[smtp]".to_owned() } else { format!("[destination.{name}]") };
    let (house, probed) = (Arc::clone(house), subject.clone());
    Some(Check::of(subject, async move {
        match transport.probe(house.now()).await {
            Ok(found) => {
                house.hear_time(&probed.name(), found.peer_time);
                probed.ok(found.told)
            }
            Err(error) => {
                house.hear_time(&probed.name(), error.peer_time);
                amiss(probed, &error, kind, &section)
            }
        }
    }))
}

/// What is called while all is well: its host only, since a call of the address itself would say so.
fn heartbeat(config: &Config, house: &Arc<House>) -> Option<Check> {
    let heartbeat = config.heartbeat.clone()?;
    let subject = Subject::named(Group::Destinations, "heartbeat");
    let url = match heartbeat.url.read() {
        Ok(url) => url,
        Err(error) => return Some(Check::known(not_ready(subject, &SetupError::Secret(error), house))),
    };
    let client = house.clients.as_ref().map_err(Clone::clone);
    let opened = reqwest::Url::parse(url.expose()).map_err(|error| error.to_string()).and_then(|url| {
        let client = client?.of(&url, heartbeat.private).map_err(|error| error.to_string())?.clone();
        Ok((url, client))
    });
    let (url, client) = match opened {
        Ok(opened) => opened,
        Err(cause) => return Some(Check::known(without_http(subject, &cause))),
    };
    let (house, probed) = (Arc::clone(house), subject.clone());
    Some(Check::of(subject, async move {
        match probe::host(&url, &client, TIMEOUT, house.now()).await {
            Ok(found) => {
                house.hear_time("heartbeat", found.peer_time);
                probed.ok(found.told)
            }
            Err(error) => amiss(probed, &error, Kind::Webhook, "[heartbeat]"),
        }
    }))
}

fn without_http(subject: Subject, cause: &str) -> Finding {
    subject.fail(
        both!("it cannot be called: {cause}", "no se puede llamar: {cause}"),
        both!(
            "see its address in the file, and the certificates of this machine (ca-certificates)",
            "revise su dirección en el archivo y los certificados de esta máquina (ca-certificates)"
        ),
    )
}

/// A destination that cannot even be tried.
fn not_ready(subject: Subject, error: &SetupError, house: &House) -> Finding {
    match error {
        SetupError::Secret(error) => {
            let Both { en, es } = secrets::told(error);
            let found = both!("not tried without its secret: {en}", "no se probó sin su clave: {es}");
            if secrets::is_daemons_own(error, house) {
                return subject.skipped(found);
            }
            subject.fail(found, secrets::above())
        }
        SetupError::Tls(_) | SetupError::Malformed(_) | SetupError::NotPublic(_) => subject.fail(
            error.to_string().into(),
            both!(
                "mend its keys in the file; plazo check says more",
                "corrija sus claves en el archivo; plazo check dice más"
            ),
        ),
    }
}

/// What is amiss, and what to do; `section` is where the file has its keys.
fn amiss(subject: Subject, error: &ProbeError, kind: Kind, section: &str) -> Finding {
    let ProbeError { place, cause, .. } = error;
    let host = place.rsplit_once(':').map_or(place.as_str(), |(host, _)| host);
    let is_mail = kind == Kind::Email;
    let found = match error.fault {
        ProbeFault::Name => both!("{host}: no such name ({cause})", "{host}: ese nombre no existe ({cause})"),
        ProbeFault::Connection => both!("{place} does not answer: {cause}", "{place} no responde: {cause}"),
        ProbeFault::Tls => both!("{place}: no secure connection: {cause}", "{place}: sin conexión segura: {cause}"),
        ProbeFault::Login => both!("{place} does not let plazo in: {cause}", "{place} no deja entrar a plazo: {cause}"),
        ProbeFault::Foreign => {
            let system = kind.as_str();
            both!(
                "{place} answers, but not as {system} does: {cause}",
                "{place} responde, pero no como {system}: {cause}"
            )
        }
        ProbeFault::Directory => {
            both!("{place} cannot be written: {cause}", "no se puede escribir en {place}: {cause}")
        }
    };
    let remedy = match (error.fault, is_mail) {
        (ProbeFault::Name, _) => both!(
            "see the name in {section}, and whether this machine finds names at all: getent hosts {host}",
            "revise el nombre en {section}, y si esta máquina encuentra nombres: getent hosts {host}"
        ),
        (ProbeFault::Connection, true) => both!(
            "see host and port in {section}, and whether a firewall or the provider of this machine closes the port (25, 465 and 587 often are)",
            "revise host y port en {section}, y si un cortafuegos o el proveedor de esta máquina cierra el puerto (25, 465 y 587 lo están a menudo)"
        ),
        (ProbeFault::Connection, false) => both!(
            "see the address in {section}, and whether a firewall lets this machine call {place}",
            "revise la dirección en {section}, y si un cortafuegos deja a esta máquina llamar a {place}"
        ),
        (ProbeFault::Tls, true) => both!(
            "see tls in {section}: \"tls\" for port 465, \"starttls\" for 587; else the server's certificate is not for {host}, has run out or is unknown here",
            "revise tls en {section}: \"tls\" para el puerto 465, \"starttls\" para 587; si no, el certificado del servidor no es de {host}, venció o aquí no se conoce"
        ),
        (ProbeFault::Tls, false) => both!(
            "the certificate of {host} has run out, is of another name or unknown here; see the clock of this machine, and ca-certificates",
            "el certificado de {host} venció, es de otro nombre o aquí no se conoce; revise el reloj de esta máquina y ca-certificates"
        ),
        (ProbeFault::Login, true) => both!(
            "see user and password in {section}; many providers want a password made for programs. Then: plazo test-notify NAME",
            "revise user y password en {section}; muchos proveedores exigen una contraseña de aplicación. Después: plazo test-notify NOMBRE"
        ),
        (ProbeFault::Login, false) => both!(
            "make a new token or address there, and put it where {section} says that it is kept",
            "cree allí una clave o dirección nueva y póngala donde {section} dice que se guarda"
        ),
        (ProbeFault::Foreign, true) => both!(
            "see host, port and tls in {section}: another program answers there",
            "revise host, port y tls en {section}: ahí responde otro programa"
        ),
        (ProbeFault::Foreign, false) => both!(
            "see the address in {section}; a proxy or portal between may answer in its place",
            "revise la dirección en {section}; puede que responda en su lugar un proxy o un portal"
        ),
        (ProbeFault::Directory, _) => both!(
            "give the directory to plazo's user: chown plazo {place}",
            "dé el directorio al usuario de plazo: chown plazo {place}"
        ),
    };
    subject.fail(found, remedy)
}
