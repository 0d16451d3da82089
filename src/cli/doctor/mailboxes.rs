//! Mailboxes: whether each lets plazo in and has the folders that the file names.

use std::sync::Arc;

use super::finding::{Check, Finding, Group, Subject};
use super::house::House;
use super::secrets;
use crate::both;
use crate::intake::mailbox::probe::MailboxFault;
use crate::intake::mailbox::{MailboxError, MailboxSettings};
use crate::text::Both;

pub(super) fn checks(house: &Arc<House>) -> Vec<Check> {
    let (Some(config), Ok(clients)) = (house.config(), &house.clients) else { return Vec::new() };
    let check = |mailbox: &MailboxSettings| {
        let subject = subject(mailbox);
        let (house, mailbox, client) = (Arc::clone(house), mailbox.clone(), clients.any().clone());
        Check::of(subject, async move { look(&house, &mailbox, &client).await })
    };
    config.mailboxes.values().map(check).collect()
}

fn subject(mailbox: &MailboxSettings) -> Subject {
    Subject::named(Group::Mailboxes, format!("mailbox.{}", mailbox.name))
}

async fn look(house: &House, mailbox: &MailboxSettings, client: &reqwest::Client) -> Finding {
    let (subject, section) = (subject(mailbox), format!("[mailbox.{}]", mailbox.name));
    let (host, user) = (&mailbox.host, &mailbox.user);
    let place = format!("{host}:{}", mailbox.port);
    let fault = match mailbox.probe(client, house.now()).await {
        Ok(()) => {
            let folders = mailbox.folders.join(", ");
            return subject.ok(both!(
                "{place} lets {user} in; folders: {folders}",
                "{place} deja entrar a {user}; carpetas: {folders}"
            ));
        }
        Err(fault) => fault,
    };
    match fault {
        MailboxFault::Name(cause) => subject.fail(
            both!("{host}: no such name ({cause})", "{host}: ese nombre no existe ({cause})"),
            both!("see host in {section}: getent hosts {host}", "revise host en {section}: getent hosts {host}"),
        ),
        MailboxFault::Connection(MailboxError::Tls(cause)) => subject.fail(
            both!("{place}: no secure connection: {cause}", "{place}: sin conexión segura: {cause}"),
            both!(
                "see tls in {section}: \"tls\" for port 993, \"starttls\" for 143; ca = \"FILE\" for a certificate of your own",
                "revise tls en {section}: \"tls\" para el puerto 993, \"starttls\" para 143; ca = \"ARCHIVO\" si el certificado es propio"
            ),
        ),
        MailboxFault::Connection(cause) => {
            let Both { en, es } = told(&cause);
            subject.fail(
                both!("{place} does not answer: {en}", "{place} no responde: {es}"),
                both!(
                    "see host and port in {section}, and whether a firewall closes the port",
                    "revise host y port en {section}, y si un cortafuegos cierra el puerto"
                ),
            )
        }
        MailboxFault::Login(MailboxError::Secret(error)) => {
            let Both { en, es } = secrets::told(&error);
            let found = both!("not tried without its secret: {en}", "no se probó sin su clave: {es}");
            if secrets::is_daemons_own(&error, house) {
                return subject.skipped(found);
            }
            subject.fail(found, secrets::above())
        }
        MailboxFault::Login(cause) => {
            let Both { en, es } = told(&cause);
            subject.fail(
                both!("{place} does not let {user} in: {en}", "{place} no deja entrar a {user}: {es}"),
                both!(
                    "see user and password in {section}, and that the mailbox allows IMAP; many providers want a password made for programs, or [mailbox.NAME.oauth]",
                    "revise user y password en {section}, y que el buzón permita IMAP; muchos proveedores exigen una contraseña de aplicación, u [mailbox.NOMBRE.oauth]"
                ),
            )
        }
        MailboxFault::Folder { name, cause, there } => {
            let (Both { en, es }, there) = (told(&cause), there.join(", "));
            subject.fail(
                both!("{place} has no folder {name}: {en}", "{place} no tiene la carpeta {name}: {es}"),
                both!(
                    "write its name as the server has it into folders of {section}; there are: {there}",
                    "escriba su nombre en folders de {section} como lo tiene el servidor; hay: {there}"
                ),
            )
        }
    }
}

/// What the server, or the way to it, said, in as few words as there are.
fn told(error: &MailboxError) -> Both {
    match error {
        MailboxError::Refused(said) => said.clone().into(),
        MailboxError::Timeout => both!("no answer in time", "sin respuesta a tiempo"),
        other => other.to_string().into(),
    }
}
