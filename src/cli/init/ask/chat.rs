//! Slack and WhatsApp, for whoever wants them beside the mail.

use std::collections::BTreeMap;

use super::Asking;
use crate::both;
use crate::cli::init::Typed;
use crate::cli::init::fill::Somebody;
use crate::cli::init::ways::{self, SLACK, WHATSAPP, Ways, WhatsApp};
use crate::secret::Secret;

/// Asks for what each needs. `people` are those that a number may be asked for.
pub(super) fn ask(asking: &Asking, people: &[&Somebody], typed: &mut Vec<Typed>) -> anyhow::Result<Ways> {
    let webhook = asking.hidden(
        both!(
            "Slack: address of an incoming webhook (kept in {SLACK}; empty: no Slack)",
            "Slack: dirección de un webhook entrante (queda en {SLACK}; vacío: sin Slack)"
        ),
        |text| ways::webhook(text, asking.language),
    )?;
    if let Some(webhook) = &webhook {
        typed.push(Typed { file: SLACK, secret: Secret::new(webhook) });
    }
    Ok(Ways { slack: webhook.is_some(), whatsapp: whatsapp(asking, people, typed)? })
}

/// A number of Meta's Cloud API, which writes by a template that Meta has approved.
fn whatsapp(asking: &Asking, people: &[&Somebody], typed: &mut Vec<Typed>) -> anyhow::Result<Option<WhatsApp>> {
    let sender = asking.optional(
        both!(
            "WhatsApp: id of the number that writes, by Meta's Cloud API (empty: no WhatsApp)",
            "WhatsApp: identificador del número que escribe, por la Cloud API de Meta (vacío: sin WhatsApp)"
        ),
        |text| ways::sender(text, asking.language),
    )?;
    let Some(sender) = sender else { return Ok(None) };
    let template = asking.parsed(
        both!("The approved template, with one placeholder", "La plantilla aprobada, con un solo espacio variable"),
        "",
        |text| ways::template(text, asking.language),
    )?;
    let token = asking.password(both!(
        "Its token (kept in {WHATSAPP}, for you alone)",
        "Su token (queda en {WHATSAPP}, solo para usted)"
    ))?;
    let mut numbers = BTreeMap::new();
    for person in people {
        let name = &person.name;
        let number = asking.optional(
            both!("WhatsApp of {name} (empty: by mail alone)", "WhatsApp de {name} (vacío: solo por correo)"),
            |text| ways::number(text, asking.language),
        )?;
        numbers.extend(number.map(|number| (person.email.clone(), number)));
    }
    typed.push(Typed { file: WHATSAPP, secret: Secret::new(&token) });
    Ok(Some(WhatsApp { sender, template, numbers }))
}
