//! Answers to the mail of an alert become what they ask for.

use super::{App, REPLY_DOOR};
use crate::engine::event::{AuthorKind, Direction, Event, Fact};
use crate::engine::proof::{Lack, Proof};
use crate::engine::request_id::RequestId;
use crate::intake::reply::{Wish, wish};
use crate::outbox::DeliveryId;
use crate::store::StoreError;

impl App {
    /// Turns colleagues' answers to alerts into acts. The alert's id bears a mark that only its reader has; so an act needs the mark,
    /// the reader's own address, and that no server says the mail is forged. Anything else that a person answers there is a
    /// comment; what a program answers does nothing at all.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the alerts cannot be looked up.
    pub async fn obey_replies(&self, events: &mut [(Event, Option<RequestId>)]) -> Result<(), StoreError> {
        let config = self.config();
        for (event, request) in events {
            let Fact::Message { direction: Direction::Internal, text } = &event.fact else { continue };
            let Some((delivery, mark)) = self.own_delivery(&event.threads) else { continue };
            let row = self.views.delivery(delivery).await?;
            let Some(row) = row else { continue };
            let Some(about) = row.request.as_ref().and_then(|id| id.parse().ok()) else { continue };
            let author = event.author.as_ref().filter(|author| author.kind == AuthorKind::Agent);
            let writer = author.and_then(|author| config.rulebook.directory.person(author.address.as_deref()?));
            let is_told = writer.is_some_and(|writer| row.person.as_ref() == Some(&writer.key));
            let is_marked = row.person.as_ref().is_some_and(|person| self.is_mark(delivery, person, mark.as_deref()));
            let is_forged = matches!(event.proof, Proof::None { lacks: Some(Lack::Refused | Lack::List) });
            if is_told && is_marked && !is_forged {
                let deed = match text.as_deref().and_then(wish) {
                    Some(Wish::Take) => Some(Fact::Ack { until: None }),
                    Some(Wish::Snooze(span)) => Some(Fact::Snooze { until: event.at + span }),
                    Some(Wish::Waive) => Some(Fact::Waive { reason: String::new(), seen: None }),
                    None => None,
                };
                if let Some(deed) = deed {
                    event.fact = deed;
                    // A name of its own, so that nobody's mail can take it.
                    event.id.source = REPLY_DOOR.to_owned();
                } else {
                    event.fact = Fact::Comment { text: text.clone().unwrap_or_default() };
                }
                event.proof = Proof::Reply { alert_at: row.decided_at };
            } else if author.is_some() {
                // Talk about the request: of this one, not of a new one.
                event.fact = Fact::Comment { text: text.clone().unwrap_or_default() };
            } else {
                event.fact = Fact::Comment { text: String::new() };
            }
            event.threads.clear();
            // Of the alert, and not of the request.
            event.about.subject = None;
            *request = Some(about);
        }
        Ok(())
    }

    /// What an alert's mail is called: which delivery, and for a person the mark that only that reader has.
    pub fn mail_name(&self, delivery: DeliveryId, person: Option<&str>) -> String {
        let instance = self.instance().get(..8).unwrap_or_default();
        let mark = person.map(|person| format!(".{}", self.keys.mark(delivery, person))).unwrap_or_default();
        format!("{instance}.{delivery}{mark}")
    }

    /// The delivery of ours to which a mail answers and the mark that it bears, by the ids that it names:
    /// `<instance>.<delivery>.<mark>@…`.
    fn own_delivery(&self, threads: &[String]) -> Option<(DeliveryId, Option<String>)> {
        let prefix = format!("{}.", self.instance().get(..8)?);
        let named = |id: &String| {
            let name = id.strip_prefix(&prefix)?.split('@').next()?;
            let (delivery, mark) = name.split_once('.').map_or((name, None), |(delivery, mark)| (delivery, Some(mark)));
            Some((DeliveryId(delivery.parse().ok()?), mark.map(str::to_owned)))
        };
        // The last one is the mail that was answered.
        threads.iter().rev().find_map(named)
    }

    /// Whether a mark is the one of that delivery and person; compared in constant time.
    fn is_mark(&self, delivery: DeliveryId, person: &str, mark: Option<&str>) -> bool {
        use subtle::ConstantTimeEq as _;
        mark.is_some_and(|mark| self.keys.mark(delivery, person).as_bytes().ct_eq(mark.as_bytes()).into())
    }
}
