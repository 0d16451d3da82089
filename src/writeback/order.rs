//! What is to be done in a help desk, as calls see it.

use serde::Serialize;
use serde_json::{Value, json};

use super::NoteText;
use crate::engine::request_id::RequestId;
use crate::intake::mapping::expression::{ExpressionScope, variable};
use crate::intake::mapping::write::WriteMapping;
use crate::outbox::writing::{WriteDeed, deed_name, mark};
use crate::outbox::{DeliveryError, DeliveryId};

/// A deed with all that its calls may want to know.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteOrder {
    /// What is to be done.
    pub deed: WriteDeed,
    /// The request.
    pub request: RequestId,
    /// Its number in the outbox, by which its note is known again.
    pub delivery: DeliveryId,
    /// The names by which the source knows the conversation.
    pub threads: Vec<String>,
    /// Of a tag: whether the request bore it before.
    pub had: bool,
    /// Of a tag: whether it is there by plazo itself, for another promise.
    pub put: bool,
    /// Whether an earlier try may have done it.
    pub in_doubt: bool,
    /// The note, where one is to be written.
    pub note: Option<NoteText>,
    /// Who gets it, where somebody does.
    pub person: Option<PersonThere>,
}

/// A person, as expressions find the id that the help desk has for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonThere {
    /// Key in `sla.toml`.
    pub key: String,
    /// Name.
    pub name: String,
    /// Address for mail.
    pub email: Option<String>,
    /// Everything by which channels know the person.
    pub addresses: Vec<String>,
    /// What `reach` says for this source.
    pub reach: Option<String>,
}

impl WriteOrder {
    /// What expressions see: `ticket`, `note`, `tag`, `person`, `priority`, `mark`, `deed`, `account`, `request`, `set`.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::GiveUp`] if it cannot be told which ticket is meant, or who.
    pub fn scope(
        &self,
        write: &WriteMapping,
        set: &Value,
        account: &[String],
    ) -> Result<ExpressionScope, DeliveryError> {
        let ticket = self.ticket(write, set)?;
        let empty = ExpressionScope::new([
            ("ticket", ticket),
            ("set", set.clone()),
            ("mark", mark(self.request, self.delivery).into()),
            ("deed", deed_name(self.request, self.delivery).into()),
            ("account", account.first().cloned().map_or(Value::Null, Value::from)),
            ("request", self.request.to_string().into()),
            ("doing", self.deed.word().into()),
        ]);
        Ok(match &self.deed {
            WriteDeed::Note => {
                let note = self.note.as_ref().map_or(Value::Null, |note| json!(note));
                empty.with("note", variable(note))
            }
            WriteDeed::Tag { name } | WriteDeed::Untag { name } => empty.with("tag", variable(name.clone().into())),
            WriteDeed::Priority { name } => empty.with("priority", variable(write.priority(name, set))),
            WriteDeed::Assign { .. } => empty.with("person", variable(self.id_of_person(write, set)?)),
        })
    }

    /// The ticket, by the first name of the conversation that tells all of it.
    fn ticket(&self, write: &WriteMapping, set: &Value) -> Result<Value, DeliveryError> {
        for thread in &self.threads {
            let scope = ExpressionScope::new([("thread", thread.clone().into()), ("set", set.clone())]);
            let parts = write.ticket.iter().map(|(name, part)| Some((name.clone(), part.word(&scope).ok()?)));
            if let Some(parts) = parts.collect::<Option<Vec<_>>>() {
                let parts = parts.into_iter().map(|(name, word)| (name, Value::String(word)));
                return Ok(Value::Object(parts.collect()));
            }
        }
        Err(DeliveryError::GiveUp { cause: "the source does not say which ticket or conversation it is".to_owned() })
    }

    fn id_of_person(&self, write: &WriteMapping, set: &Value) -> Result<Value, DeliveryError> {
        let give_up = |cause: String| DeliveryError::GiveUp { cause };
        let person = self.person.as_ref().ok_or_else(|| give_up("nobody holds that role".to_owned()))?;
        let scope = ExpressionScope::new([("person", json!(person)), ("set", set.clone())]);
        let id = write.person.as_ref().and_then(|id| id.word(&scope).ok()).filter(|id| !id.is_empty());
        let key = &person.key;
        id.map(Value::String).ok_or_else(|| {
            give_up(format!(
                "it is not known who `{key}` is there; add reach = {{ SOURCE = \"id\" }} to [person.{key}]"
            ))
        })
    }
}
