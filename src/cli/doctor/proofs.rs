//! Whose mail counts: what of a mailbox proves that a colleague answered, and whether a stranger can pass for one.

use std::sync::Arc;

use serde_json::Value;

use super::finding::{Check, Finding, Group, Subject};
use super::house::House;
use crate::both;
use crate::engine::proof::Lack;
use crate::text::exposure::MailboxDoor;
use crate::text::{Both, proof};

pub(super) fn checks(house: &Arc<House>) -> Vec<Check> {
    let Some(config) = house.config() else { return Vec::new() };
    let mailboxes = config.exposure().mailboxes;
    if mailboxes.is_empty() {
        let subject = Subject::new(Group::Proofs, "mail", Both { en: "mail", es: "correo" });
        return vec![Check::known(subject.skipped(both!(
            "no mailbox is read; of a pipe, its --trusts decides",
            "no se lee ningún buzón; si hay una tubería, decide su --trusts"
        )))];
    }
    let mailboxes = mailboxes.iter().map(mailbox);
    mailboxes.chain(unproven(house)).map(Check::known).collect()
}

fn mailbox(door: &MailboxDoor) -> Finding {
    let name = &door.name;
    let subject = Subject::named(Group::Proofs, format!("mailbox.{name}"));
    let trusts = door.trusts.join(", ");
    let folder = both!("what lies in the folder of what was sent", "lo que está en la carpeta de enviados");
    match (door.trusts.is_empty(), door.reads_sent) {
        (true, false) => {
            let Both { en, es } = proof::remedy(Lack::NoServer);
            subject.warn(
                both!("nobody can pass for a colleague, and no colleague can prove to be one: answers by mail stop no clock", "nadie puede pasar por colega, y ningún colega puede probar que lo es: las respuestas por correo no detienen ningún reloj"),
                Both { en, es },
            )
        }
        (true, true) => {
            let Both { en, es } = folder;
            subject.ok(both!(
                "answers count by {en} alone; a stranger cannot pass for a colleague",
                "las respuestas cuentan solo por {es}; un extraño no puede pasar por colega"
            ))
        }
        (false, reads_sent) => {
            let Both { en, es } = folder;
            let (also, también) =
                if reads_sent { (format!(", and {en}"), format!(", y {es}")) } else { (String::new(), String::new()) };
            subject.ok(both!(
                "answers count for which {trusts} vouches in Authentication-Results (DMARC; else SPF or DKIM of the same domain){also}. Whether that server takes such lines out of what strangers send (RFC 8601) cannot be told from here",
                "cuentan las respuestas por las que responde {trusts} en Authentication-Results (DMARC; si no, SPF o DKIM del mismo dominio){también}. Si ese servidor quita esas líneas de lo que envían extraños (RFC 8601) no se sabe desde aquí"
            ))
        }
    }
}

/// Mail of the last week under an address of the house that did not count.
fn unproven(house: &House) -> Vec<Finding> {
    let rows = house.daemon.status().and_then(|status| status["unproven_mail"].as_array()).into_iter().flatten();
    rows.filter_map(of_row).collect()
}

fn of_row(row: &Value) -> Option<Finding> {
    let lacks: Lack = serde_json::from_value(row["lacks"].clone()).ok()?;
    let (n, Both { en, es }) = (&row["n"], proof::lack(lacks));
    let subject = Subject::new(Group::Proofs, "unproven_mail", Both { en: "last week", es: "última semana" });
    Some(subject.warn(
        both!(
            "mails with an address of the house that stop no clock: {n} ({en})",
            "correos con una dirección de la casa que no detienen ningún reloj: {n} ({es})"
        ),
        proof::remedy(lacks),
    ))
}
