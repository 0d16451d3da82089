//! What was done by an answer to a mail is confirmed to the person in whose name it was done.

use super::announce::announcement;
use super::{Decision, REPLY_DOOR};
use crate::both;
use crate::engine::directory::Recipient;
use crate::engine::event::{Event, Fact};
use crate::engine::request_id::RequestId;
use crate::outbox::Content;
use crate::text::format;

impl Decision<'_> {
    /// Tells the person to whom a deed by mail is ascribed what was done in that name: whoever did not do it learns of it.
    pub(super) fn confirm_reply(&mut self, id: RequestId, event: &Event) {
        if event.id.source != REPLY_DOOR {
            return;
        }
        let config = self.config;
        let author = event.author.as_ref().and_then(|author| config.rulebook.directory.person_of(author));
        let Some(contact) = author.and_then(|person| config.contacts.get(&person.key)) else { return };
        let at = format::time(event.at, config.zone);
        let (subject, deed) = match event.fact {
            Fact::Ack { .. } => (
                both!("you took {id}", "usted tomó {id}"),
                both!(
                    "At {at} your answer to the alert took {id}. Nobody above is told while you see to it; the clock runs on.",
                    "A las {at} su respuesta al aviso tomó {id}. No se avisa más arriba mientras usted se ocupa; el reloj sigue corriendo."
                ),
            ),
            Fact::Snooze { until } => {
                let until = format::instant(until, config.zone, contact.language);
                (
                    both!("you put {id} off", "usted pospuso {id}"),
                    both!(
                        "At {at} your answer to the alert put {id} off until {until}. The clock runs on.",
                        "A las {at} su respuesta al aviso pospuso {id} hasta {until}. El reloj sigue corriendo."
                    ),
                )
            }
            Fact::Waive { .. } => (
                both!("you said that {id} needs no answer", "usted dijo que {id} no necesita respuesta"),
                both!(
                    "At {at} your answer to the alert said that {id} needs no answer. Its clock ends, unless the client has written since that alert; the report says who said so.",
                    "A las {at} su respuesta al aviso dijo que {id} no necesita respuesta. Su reloj termina, salvo que el cliente haya escrito después de ese aviso; el informe dice quién lo dijo."
                ),
            ),
            _ => return,
        };
        let warning = both!(
            "If it was not you, tell whoever operates plazo at once: somebody else reads your alerts.",
            "Si no fue usted, avise enseguida a quien opera plazo: otra persona lee sus avisos."
        );
        let language = contact.language;
        let text = format!("{}\n\n{}", language.of(deed), language.of(warning));
        let notice = Content::Notice { subject: language.of(subject), text };
        let key = author.map(|person| person.key.clone()).unwrap_or_default();
        self.changes.alerts.push(announcement(notice, &Recipient::Person(key), config, self.now));
    }
}
