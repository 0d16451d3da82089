//! A delivery whose reader is a ticket: what is to be written there, put together from the facts frozen at the decision, and whether it is still
//! to be done.

use std::sync::Arc;

use crate::app::App;
use crate::notify::{Card, DeliveryError, Receipt};
use crate::outbox::Content;
use crate::outbox::message::Leased;
use crate::outbox::writing::{WriteDeed, WriteFacts, mark, way_to};
use crate::outbox::written::{self, WrittenDeed};
use crate::store::StoreError;
use crate::text::reader::Reader;
use crate::writeback::{self, HelpDesk, PersonThere, WriteOrder};

/// Writes back what a delivery says.
pub(super) async fn attempt(
    app: &App,
    desk: &Arc<HelpDesk>,
    delivery: &Leased,
    facts: &WriteFacts,
) -> Result<Receipt, DeliveryError> {
    let unread = |error: StoreError| DeliveryError::Retry { cause: error.to_string() };
    let written = app.outbox.written(facts.about.request, way_to(&facts.source)).await.map_err(unread)?;
    if let Some(cause) = moot(app, facts, &written).await.map_err(unread)? {
        return Err(DeliveryError::Moot { cause });
    }
    let order = order(app, desk, delivery, facts, &written);
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

/// Why an owner is not set any more: somebody gave it to another since that was decided. Whom plazo itself gave it to is no such person.
async fn moot(app: &App, facts: &WriteFacts, written: &[WrittenDeed]) -> Result<Option<String>, StoreError> {
    if !matches!(facts.deed, WriteDeed::Assign { .. }) {
        return Ok(None);
    }
    let Some(request) = app.views.request(facts.about.request).await? else { return Ok(None) };
    let is_by_hand = |owner: &String| {
        facts.owner.as_ref() != Some(owner) && !written::assigned(written).any(|person| person == owner.as_str())
    };
    let is_moot = request.owner.as_ref().is_some_and(is_by_hand);
    Ok(is_moot.then(|| "it has another owner meanwhile".to_owned()))
}

fn order(app: &App, desk: &HelpDesk, delivery: &Leased, facts: &WriteFacts, written: &[WrittenDeed]) -> WriteOrder {
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
    let others = written.iter().filter(|one| one.delivery != delivery.id);
    let put = matches!(&facts.deed, WriteDeed::Tag { name } if written::is_put(others, name, None));
    WriteOrder {
        deed: facts.deed.clone(),
        request,
        delivery: delivery.id,
        threads: facts.threads.clone(),
        had: facts.had,
        put,
        in_doubt: delivery.in_doubt,
        note,
        person,
    }
}
