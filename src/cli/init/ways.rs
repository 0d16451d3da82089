//! Slack and WhatsApp beside the mail: what is asked of them, and what the file says of them.

use std::collections::BTreeMap;

use super::fill::{Somebody, quoted};
use crate::text::{Both, Language};

/// Where the address of Slack's webhook is put, beside the file.
pub(super) const SLACK: &str = "secrets/slack";
/// Where WhatsApp's token is put.
pub(super) const WHATSAPP: &str = "secrets/whatsapp";
/// The names by which the file speaks of them.
pub(super) const SLACK_NAME: &str = "equipo-slack";
pub(super) const WHATSAPP_NAME: &str = "whatsapp";

/// Ways beside the mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ways {
    /// Whether there is a channel of Slack's that reads what whoever leads is told.
    pub(super) slack: bool,
    pub(super) whatsapp: Option<WhatsApp>,
}

/// The number that writes by WhatsApp, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WhatsApp {
    /// Id of the number.
    pub(super) sender: String,
    /// The template's name.
    pub(super) template: String,
    /// Numbers of people, by their addresses of mail.
    pub(super) numbers: BTreeMap<String, String>,
}

impl Ways {
    /// By what a person is told besides the mail, as lines of theirs. The channel reads what whoever leads is told: what nobody owns, and what
    /// is overdue. Were it told for each of the team, it would read most of it twice.
    pub(super) fn of_person(&self, person: &Somebody, leads: bool) -> Vec<String> {
        let number = self.whatsapp.as_ref().and_then(|whatsapp| whatsapp.numbers.get(&person.email));
        let slack = (self.slack && leads).then_some(SLACK_NAME);
        let further = slack.into_iter().chain(number.map(|_| WHATSAPP_NAME)).map(quoted).collect::<Vec<_>>();
        if further.is_empty() {
            return Vec::new();
        }
        let reach = number.map(|number| format!("reach = {{ {WHATSAPP_NAME} = {} }}", quoted(number)));
        [format!("notify = [\"email\", {}]", further.join(", "))].into_iter().chain(reach).collect()
    }

    /// Their own sections, each behind an empty line.
    pub(super) fn sections(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.slack {
            lines.extend(["".to_owned(), format!("[destination.{SLACK_NAME}]"), "type = \"slack\"".to_owned()]);
            lines.push(format!("url  = {{ file = {} }}", quoted(SLACK)));
        }
        if let Some(whatsapp) = &self.whatsapp {
            lines.extend([
                "".to_owned(),
                format!("[destination.{WHATSAPP_NAME}]"),
                "type     = \"whatsapp\"".to_owned(),
            ]);
            lines.push(format!("token    = {{ file = {} }}", quoted(WHATSAPP)));
            lines.push(format!("sender   = {}", quoted(&whatsapp.sender)));
            lines.push(format!("template = {}", quoted(&whatsapp.template)));
        }
        lines
    }

    /// The names of those that there are, to be tried by `plazo test-notify`.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let slack = self.slack.then_some(SLACK_NAME);
        slack.into_iter().chain(self.whatsapp.as_ref().map(|_| WHATSAPP_NAME)).collect()
    }
}

/// The address of a webhook.
pub(super) fn webhook(text: &str, language: Language) -> Result<String, String> {
    let is_one = url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    if is_one {
        return Ok(text.to_owned());
    }
    // What was typed may be a secret in a wrong form: it is not repeated.
    Err(language
        .of(Both {
            en: "that is no address of a webhook, which begins with https://hooks.slack.com/",
            es: "eso no es la dirección de un webhook, que empieza por https://hooks.slack.com/",
        })
        .to_owned())
}

/// A number for WhatsApp: its digits, country first.
pub(super) fn number(text: &str, language: Language) -> Result<String, String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_plain = text.chars().all(|letter| letter.is_ascii_digit() || "+ -().".contains(letter));
    // E.164 has fifteen at most; no country's numbers have fewer than seven behind its code.
    if is_plain && (8..=15).contains(&digits.len()) {
        return Ok(digits);
    }
    Err(language
        .of(Both {
            en: "that is no number; write it with its country, such as +57 300 555 0101",
            es: "eso no es un número; escríbalo con su país, como +57 300 555 0101",
        })
        .to_owned())
}

/// The id of the number that writes, as Meta gives it.
pub(super) fn sender(text: &str, language: Language) -> Result<String, String> {
    if (8..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(language
        .of(Both {
            en: "that is no id of a number: it has digits alone, and stands in WhatsApp Manager beside the number",
            es: "eso no es el identificador de un número: solo tiene dígitos, y está en el Administrador de WhatsApp al lado del número",
        })
        .to_owned())
}

/// The name of a template.
pub(super) fn template(text: &str, language: Language) -> Result<String, String> {
    let is_one = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !text.is_empty() && text.bytes().all(is_one) {
        return Ok(text.to_owned());
    }
    Err(language
        .of(Both {
            en: "a template's name has small letters, digits and _ alone",
            es: "el nombre de una plantilla solo tiene minúsculas, dígitos y _",
        })
        .to_owned())
}
