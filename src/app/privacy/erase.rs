//! `plazo erase`: a client, a person of the house or a request is forgotten everywhere, and a search of the store's bytes shows that it was.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use hmac::Mac as _;
use serde::{Deserialize, Serialize};

use super::bytes::{delete_files, sought};
use super::find::{Found, known_by};
use crate::app::App;
use crate::app::work::Work;
use crate::app::writer::WriteError;
use crate::both;
use crate::engine::address;
use crate::engine::request_id::RequestId;
use crate::privacy::{Eraser, SHORTEST_WORD, TooMany};
use crate::store::keeping::ToldContent;
use crate::store::{Store, StoreError};
use crate::text::Both;

/// What pseudonyms are sealed for.
const PURPOSE: &str = "plazo erased 1";
/// Entries that are looked through at once.
const STRETCH: i64 = 20_000;
/// Requests of a step.
const STEP: usize = 8;
/// A message on its way is waited for so long, and looked for so often.
const ON_ITS_WAY: Duration = Duration::from_secs(30);
const LOOKS_AGAIN: Duration = Duration::from_millis(50);

/// Whom to forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureKind {
    /// A client, or a person at one.
    Client,
    /// A person of the house.
    Person,
    /// One request.
    Request,
}

impl ErasureKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Person => "person",
            Self::Request => "request",
        }
    }
}

/// That somebody is to be forgotten.
#[derive(Debug, Clone)]
pub struct ErasureOrder {
    /// Of what kind.
    pub kind: ErasureKind,
    /// By what: an address, a number, a key or a name; `R-17`.
    pub words: Vec<String>,
    /// Who asks for it.
    pub who: Option<String>,
}

/// Why nobody was forgotten.
#[derive(Debug, thiserror::Error)]
pub enum NoErasure {
    /// Nothing is kept of anybody of that name.
    #[error("nothing is kept of them")]
    Unknown,
    /// One of their requests is held by law.
    #[error("held by law")]
    Held(Vec<RequestId>),
    /// The store cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<StoreError> for NoErasure {
    fn from(error: StoreError) -> Self {
        Self::Write(error.into())
    }
}

impl From<TooMany> for NoErasure {
    fn from(error: TooMany) -> Self {
        StoreError::from(error).into()
    }
}

impl NoErasure {
    /// What is told of it.
    pub fn words(&self) -> Both {
        match self {
            Self::Unknown => both!(
                "nothing is kept of anybody known by that; give the address, number or name as plazo show has it",
                "no hay nada de nadie conocido así; indique la dirección, el número o el nombre como en plazo show"
            ),
            Self::Held(held) => {
                let held = held.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                both!(
                    "{held} is held by law; end that first: plazo hold {held} --release",
                    "{held} está bajo reserva legal; termínela primero: plazo hold {held} --release"
                )
            }
            Self::Write(error) => both!("{error}", "{error}"),
            Self::Io(error) => both!("{error}", "{error}"),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ErasureReceipt {
    /// Its number.
    #[serde(default)]
    pub id: i64,
    /// Requests of which nothing is kept but what happened when.
    pub requests: Vec<RequestId>,
    /// Others in which they were mentioned.
    pub mentioned_in: Vec<RequestId>,
    /// Messages that were rewritten.
    pub messages: usize,
    /// What was put aside or waited, and is deleted.
    pub put_aside: usize,
    /// Messages written as files that were deleted.
    pub files: usize,
    /// Words that were looked for in the bytes of the store, its log and its files.
    pub searched: usize,
    /// In how many places one of them was found: none where all is gone.
    pub found: usize,
    /// Whether the file was written anew, since it held what earlier versions had let go.
    pub rewritten: bool,
    /// Stores that were kept beside this one when another took its place, and still have them: their files, to be deleted by hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_in: Vec<String>,
    /// Whether the file of promises in force names them, which is its operator's to change.
    pub in_file: bool,
}

/// Whose and what would be forgotten.
#[derive(Debug, Clone, Serialize)]
pub struct ErasurePreview {
    /// Requests of which nothing would be kept but what happened when.
    pub requests: Vec<RequestId>,
    /// Others in which they are mentioned.
    pub mentioned_in: Vec<RequestId>,
}

/// Whom an order means.
struct Meant {
    words: BTreeSet<String>,
    found: Found,
    /// The order, in a form that says nothing.
    begun: Vec<u8>,
}

impl App {
    /// Whose and what an order would forget. Nothing is changed.
    ///
    /// # Errors
    ///
    /// [`NoErasure`], as [`App::erase`] would have it.
    pub async fn would_erase(&self, order: &ErasureOrder) -> Result<ErasurePreview, NoErasure> {
        let found = self.meant(order).await?.found;
        Ok(ErasurePreview {
            requests: found.whole.into_iter().collect(),
            mentioned_in: found.mentioned.into_iter().collect(),
        })
    }

    /// What stands for a word from now on.
    fn seal(&self) -> impl Fn(&str) -> String + Clone + Send + Sync + 'static {
        let keys = std::sync::Arc::clone(&self.keys);
        move |word: &str| hex::encode(&keys.seal(PURPOSE, word.as_bytes()).finalize().into_bytes()[..6])
    }

    async fn meant(&self, order: &ErasureOrder) -> Result<Meant, NoErasure> {
        let words = known_by(order.kind, &order.words, &self.config());
        let mut found = self.find(order.kind, &order.words, &words).await?;
        // Requests of which one was killed before its receipt was written do not tell any more whose they were.
        let begun = begun(order, &self.seal());
        let subject = begun.clone();
        if let Some([requests, mentioned_in]) = self.readers.look(move |store| store.begun_erasure(&subject)).await? {
            found.whole.extend(requests);
            found.mentioned.extend(mentioned_in);
            found.mentioned = &found.mentioned - &found.whole;
        }
        let held = self.legal_holds().await?.into_iter().map(|hold| hold.request);
        let held: Vec<_> =
            held.filter(|request| found.whole.contains(request) || found.mentioned.contains(request)).collect();
        if !held.is_empty() {
            return Err(NoErasure::Held(held));
        }
        if found.whole.is_empty() && found.mentioned.is_empty() && order.kind != ErasureKind::Person {
            return Err(NoErasure::Unknown);
        }
        Ok(Meant { words, found, begun })
    }

    /// Forgets somebody everywhere. Instants and types stay, so that verdicts and figures do.
    ///
    /// # Errors
    ///
    /// [`NoErasure`]. What was forgotten up to then stays so, and the same again goes on.
    pub async fn erase(&self, order: ErasureOrder) -> Result<ErasureReceipt, NoErasure> {
        let Meant { words, found, begun } = self.meant(&order).await?;
        let seal = self.seal();
        // What the requests themselves say of their client is looked for and erased, too.
        let mut theirs = words.clone();
        if order.kind != ErasureKind::Person {
            theirs.extend(self.identities(&found.whole).await?);
        }
        // Of one request: its client stays known from what else they asked, and elsewhere only what is this request's own goes.
        let elsewhere = if order.kind == ErasureKind::Request { BTreeSet::new() } else { theirs.clone() };
        let mut receipt = ErasureReceipt {
            requests: found.whole.iter().copied().collect(),
            mentioned_in: found.mentioned.iter().copied().collect(),
            ..ErasureReceipt::default()
        };
        let (subject, begins) = (begun.clone(), receipt.clone());
        self.writer
            .write(move |work| work.store().begin_erasure(&subject, &begins.requests, &begins.mentioned_in, work.now))
            .await?;
        // The requests come last: by them the same again finds what they are called.
        let mut looked_through = 1;
        receipt.messages = self.forget_messages(&found.whole, &elsewhere, &seal, &mut looked_through).await?;
        let is_person = order.kind == ErasureKind::Person;
        let (words, threads, renames) = (elsewhere.clone(), found.threads.clone(), seal.clone());
        let whole = found.whole.clone();
        receipt.put_aside = self
            .writer
            .write(move |work| {
                let eraser = Eraser::new(words.clone(), &renames)?;
                let n = work.store().remove_put_aside_with(|text| eraser.is_in(text), &threads)?;
                if is_person {
                    for word in eraser.words() {
                        work.store().rename_person(word, &eraser.pseudonym(word))?;
                    }
                }
                work.store().rewrite_revisions(|source| without_words(source, &eraser))?;
                let theirs: BTreeSet<i64> = whole.iter().map(|id| id.0).collect();
                work.store().rewrite_past_reports(|report| eraser.json(report, &theirs, false))?;
                work.store().rewrite_notes(|note| eraser.occurs_in(note).then(|| eraser.pseudonym(note)))?;
                Ok(n)
            })
            .await?;
        let needles = sought(&elsewhere, &found.threads)?;
        receipt.searched = needles.n();
        for directory in self.message_directories() {
            receipt.files += delete_files(&directory, &needles, &receipt.requests)?;
        }
        for (requests, whole) in [(&receipt.mentioned_in, false), (&receipt.requests, true)] {
            for some in requests.chunks(STEP) {
                let (some, words, seal) = (some.to_vec(), theirs.clone(), seal.clone());
                self.writer
                    .write(move |work| {
                        let eraser = Eraser::new(words.clone(), &seal)?;
                        some.iter().try_for_each(|request| work.forget(*request, &eraser, whole))
                    })
                    .await?;
            }
        }
        // What was told meanwhile.
        receipt.messages += self.forget_messages(&found.whole, &elsewhere, &seal, &mut looked_through).await?;
        // What was on its way by then goes out as it was, and may be written as a file.
        self.await_what_is_on_its_way().await?;
        for directory in self.message_directories() {
            receipt.files += delete_files(&directory, &needles, &receipt.requests)?;
        }
        receipt.in_file = self.names_them(&needles);
        receipt.kept_in = self.kept_with(&needles).await?;
        self.compact().await?;
        receipt.found = self.search(&needles).await?;
        if 0 < receipt.found && self.started_at.is_none() {
            // Left by a version that did not overwrite what it let go. A daemon's events cannot wait for so long.
            self.maintain(|store| store.rewrite()).await?;
            self.compact().await?;
            receipt.rewritten = true;
            receipt.found = self.search(&needles).await?;
        }
        let subject: BTreeSet<_> = theirs.into_iter().chain(found.threads.into_iter().map(|(_, name)| name)).collect();
        let subject = hex::decode(seal(&subject.iter().cloned().collect::<Vec<_>>().join("\n"))).unwrap_or_default();
        let (kind, who) = (order.kind.as_str(), order.who);
        let mut written = serde_json::to_value(&receipt).unwrap_or_default();
        // It stands beside the receipt, and is known only then.
        written.as_object_mut().map(|receipt| receipt.remove("id"));
        receipt.id = self
            .writer
            .write(move |work| {
                work.store().end_erasure(&begun)?;
                work.store().add_erasure(kind, &subject, who.as_deref(), &written, work.now)
            })
            .await?;
        Ok(receipt)
    }

    /// Waits until those messages have gone out, or failed, that are on their way now; not for ever, since a peer may keep one hanging.
    async fn await_what_is_on_its_way(&self) -> Result<(), StoreError> {
        let on_way = self.readers.look(Store::on_their_way).await?;
        let began = tokio::time::Instant::now();
        while self.started_at.is_some() && !on_way.is_empty() && began.elapsed() < ON_ITS_WAY {
            let still = self.readers.look(Store::on_their_way).await?;
            if on_way.is_disjoint(&still) {
                break;
            }
            tokio::time::sleep(LOOKS_AGAIN).await;
        }
        Ok(())
    }

    /// Erases what sources want erased. What is held by law, or cannot be written now, waits.
    pub async fn erase_wanted(&self) {
        let Ok(wanted) = self.readers.look(|store| store.wanted_erasures()).await else { return };
        for (request, source) in wanted {
            let who = Some(format!("source {source}"));
            let order = ErasureOrder { kind: ErasureKind::Request, words: vec![request.to_string()], who };
            match self.erase(order).await {
                Ok(_) | Err(NoErasure::Unknown) => {
                    let settled = self.writer.write(move |work| work.store().settle_erasure(request)).await;
                    if let Err(error) = settled {
                        tracing::warn!(%request, %error, "erased as its source wants, and not noted");
                    }
                }
                Err(error) => {
                    tracing::warn!(%request, source, %error, "its source wants it erased, and it is still there")
                }
            }
        }
    }

    /// Forgets them in everything that was told from a message on, of whatever request, and moves that on. How many were rewritten.
    async fn forget_messages(
        &self,
        whole: &BTreeSet<RequestId>,
        words: &BTreeSet<String>,
        seal: &(impl Fn(&str) -> String + Sync),
        from: &mut i64,
    ) -> Result<usize, NoErasure> {
        let mut n = 0;
        let numbers: BTreeSet<i64> = whole.iter().map(|id| id.0).collect();
        loop {
            let start = *from;
            let (told, next) = self.readers.look(move |store| store.told_contents(start, STRETCH)).await?;
            let rewritten = rewritten(told, &Eraser::new(words.iter().cloned(), seal)?, &numbers);
            n += rewritten.len();
            for some in rewritten.chunks(STEP * 8) {
                let some = some.to_vec();
                self.writer
                    .write(move |work| some.iter().try_for_each(|(id, content)| work.store().put_content(*id, content)))
                    .await?;
            }
            match next {
                Some(next) => *from = next,
                None => return Ok(n),
            }
        }
    }
}

impl Work<'_> {
    /// Forgets them in a request; with `whole`, it is theirs.
    fn forget(&mut self, id: RequestId, eraser: &Eraser<'_>, whole: bool) -> Result<(), StoreError> {
        let config = self.config.clone();
        let Some(mut request) = self.store().request(id)? else { return Ok(()) };
        let numbers = BTreeSet::from([id.0]);
        for mut entry in self.store().entries(id)? {
            if let Some(event) = &mut entry.event {
                eraser.event(event, &request, &config.rulebook, whole);
            }
            if let Ok(mut effects) = serde_json::from_str(&entry.effects)
                && eraser.json(&mut effects, &numbers, whole)
            {
                entry.effects = effects.to_string();
            }
            self.store().put_entry(&entry)?;
        }
        self.store().rewrite_violations(id, |violation| eraser.json(violation, &numbers, whole))?;
        eraser.request(&mut request, &config.rulebook.directory, whole);
        self.store().put_state(&request)?;
        if whole {
            self.store().remove_threads(id)?;
            self.store().forget_answers(id)?;
        }
        self.store().note_forgotten(id)?;
        self.shows(request);
        Ok(())
    }
}

/// What was asked for, in a form that says nothing.
fn begun(order: &ErasureOrder, seal: &impl Fn(&str) -> String) -> Vec<u8> {
    let words: BTreeSet<_> = order.words.iter().map(|word| address::canonical(word).into_owned()).collect();
    let words = words.into_iter().collect::<Vec<_>>().join("\n");
    seal(&format!("{}\n{words}", order.kind.as_str())).into_bytes()
}

/// Messages as they are to be from now on, those that change.
fn rewritten(told: Vec<ToldContent>, eraser: &Eraser<'_>, requests: &BTreeSet<i64>) -> Vec<(i64, String)> {
    let rewritten = told.into_iter().filter_map(|told| {
        let is_whole = told.request.is_some_and(|request| requests.contains(&request));
        let mut content: serde_json::Value = serde_json::from_str(&told.content).ok()?;
        eraser.json(&mut content, requests, is_whole).then(|| (told.id, content.to_string()))
    });
    rewritten.collect()
}

/// The source of a revision without the words, of each line that has one.
fn without_words(source: &str, eraser: &Eraser<'_>) -> Option<String> {
    eraser.occurs_in(source).then(|| source.split_inclusive('\n').map(|line| line_without(line, eraser)).collect())
}

fn line_without(line: &str, eraser: &Eraser<'_>) -> String {
    let mut rewritten = line.to_owned();
    for word in eraser.words().iter().filter(|word| SHORTEST_WORD <= word.len()) {
        while let Some(at) = rewritten.to_lowercase().find(word.as_str()) {
            // Lower case may be longer or shorter than what it stands for; then the line goes.
            match rewritten.get(at..at + word.len()) {
                Some(found) if found.to_lowercase() == *word => {
                    rewritten.replace_range(at..at + word.len(), &eraser.pseudonym(word));
                }
                _ => return "\n".to_owned(),
            }
        }
    }
    // Written in another way, such as a number with blanks.
    if eraser.occurs_in(&rewritten) { "\n".to_owned() } else { rewritten }
}
