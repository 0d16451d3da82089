//! A delivery whose reader is a ticket: what is to be written there, put together from the facts frozen at the decision, and whether it is still
//! to be done.

use std::sync::Arc;

use crate::app::App;
use crate::notify::{Card, DeliveryError, Receipt};
use crate::outbox::Content;
use crate::outbox::message::Leased;
use crate::outbox::writing::{WriteDeed, WriteFacts, mark};
use crate::text::reader::Reader;
use crate::writeback::{self, HelpDesk, PersonThere, WriteOrder};

/// Writes back what a delivery says.
pub(super) async fn attempt(
    app: &App,
    desk: &Arc<HelpDesk>,
    delivery: &Leased,
    facts: &WriteFacts,
) -> Result<Receipt, DeliveryError> {
    if let Some(cause) = moot(app, facts).await {
        return Err(DeliveryError::Moot { cause });
    }
    let order = order(app, desk, delivery, facts);
    let config = app.config();
    let directory = &config.rulebook.directory;
    let is_somebodys = |word: &str| directory.person(word).is_some();
    let tried = desk.fulfil(&order, is_somebodys, app.now()).await;
    if let Some(learnt) = tried.learnt
        && let Err(error) = app.feeds.learn_account(&facts.source, learnt).await
    {
        tracing::warn!(%error, source = facts.source, "plazo's own account there could not be written down");
    }
    tried.result
}

/// Why an owner is not set any more: somebody changed it by hand since that was decided.
async fn moot(app: &App, facts: &WriteFacts) -> Option<String> {
    if !matches!(facts.deed, WriteDeed::Assign { .. }) {
        return None;
    }
    let request = app.views.request(facts.about.request).await.ok()??;
    let config = app.config();
    let directory = &config.rulebook.directory;
    let owner = request.owner.as_deref().and_then(|owner| directory.person(owner)).map(|person| &person.key);
    (owner.is_some() && owner != facts.about.owner_key.as_ref()).then(|| "it has another owner meanwhile".to_owned())
}

fn order(app: &App, desk: &HelpDesk, delivery: &Leased, facts: &WriteFacts) -> WriteOrder {
    let config = app.config();
    let request = facts.about.request;
    let note = matches!(facts.deed, WriteDeed::Note).then(|| {
        // Whoever reads a ticket reads its notes: no link of theirs acts, the page asks who they are.
        let reader = Reader::plain(config.zone, config.language, app.now());
        let card = match &facts.words {
            Some(words) => Card { lines: words.lines().map(str::to_owned).collect(), ..Card::default() },
            None => Card::of(&Content::Alert(Box::new(facts.about.clone())), "", &reader),
        };
        let card = card.printable();
        let page = config.public_url.as_ref().map(|url| format!("{}/r/{request}", url.trim_end_matches('/')));
        let (mark, write) = (mark(request, delivery.id), desk.write());
        writeback::note(&card, page.as_deref(), &mark, write.form, write.longest)
    });
    let person = match &facts.deed {
        WriteDeed::Assign { person: Some(key) } => config.rulebook.directory.person(key).map(|person| {
            let contact = config.contacts.get(&person.key);
            PersonThere {
                key: person.key.clone(),
                name: person.name.clone(),
                email: contact.and_then(|contact| contact.email.clone()),
                addresses: person.addresses.clone(),
                reach: contact.and_then(|contact| contact.reach.get(&facts.source).cloned()),
            }
        }),
        _ => None,
    };
    WriteOrder {
        deed: facts.deed.clone(),
        request,
        delivery: delivery.id,
        threads: facts.threads.clone(),
        had: facts.had,
        in_doubt: delivery.in_doubt,
        note,
        person,
    }
}
