//! What somebody asks on a request's page to have done where its conversation lives.

use super::Outbox;
use super::writer::WriteError;
use crate::desk;
use crate::engine::request_id::RequestId;
use crate::outbox::writing::WriteDeed;

/// What became of the wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteAsked {
    /// It is on its way.
    Decided,
    /// The form was sent before.
    Again,
    /// There is no source into which plazo could write it.
    Nowhere,
}

impl Outbox {
    /// Decides a deed that somebody asks for; `words` are those of a note, and `once` is the form's own name.
    pub async fn write_back(
        &self,
        id: RequestId,
        deed: WriteDeed,
        words: Option<String>,
        once: String,
    ) -> Result<WriteAsked, WriteError> {
        self.writer()
            .write(move |work| {
                let Some(request) = work.reading().request(id)? else { return Ok(WriteAsked::Nowhere) };
                let Some(ticket) = desk::ticket_of(&work.reading().events(id)?, &work.config) else {
                    return Ok(WriteAsked::Nowhere);
                };
                let can = |source: &str| work.config.sources.get(source)?.writes().map(|write| write.can(deed.word()));
                if can(&ticket.source) != Some(true) {
                    return Ok(WriteAsked::Nowhere);
                }
                let wish = (deed.clone(), words.clone());
                let alert = desk::asked_for(&request, &ticket, wish, &once, &work.config, work.now);
                let decided = work.tell(vec![alert])?;
                Ok(if decided.is_empty() { WriteAsked::Again } else { WriteAsked::Decided })
            })
            .await
    }
}
