//! Who is signed in to the pages. Nobody has a password: whoever reads the mail of an address is who the file says that address is.
//!
//! The word of a session is 244 random bits in a cookie, of which the store has the hash. It ends after thirty days, by hand, or when its
//! person leaves the file.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::board::{BoardFilter, BoardPage, BoardRow, BoardWords};
use super::links::{Deed, Link, LinkReader};
use super::{App, WriteError};
use crate::config::Config;
use crate::engine::directory::{Recipient, Role, Tell};
use crate::engine::event::{Author, AuthorKind};
use crate::engine::proof::Proof;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::Rulebook;
use crate::store::StoreError;
use crate::store::sessions::{NewSession, SessionRow};
use crate::text::Language;

/// How long a session lasts.
pub const LASTS: TimeDelta = TimeDelta::days(30);
/// How long a link works that begins one.
pub const SIGN_IN_WITHIN: TimeDelta = TimeDelta::minutes(15);
/// How exactly it is noted when a session was last used.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(10);
/// Letters kept of what a browser calls itself.
const LONGEST_BROWSER: usize = 200;
/// What forms of pages are sealed for.
const PURPOSE: &str = "plazo form 1";

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// A person of the file, by key.
    Person(String),
    /// A user of this machine, by name.
    Machine(String),
}

/// Somebody who is signed in, and in which session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// Who.
    pub viewer: Viewer,
    /// When it began.
    pub since: DateTime<Utc>,
    /// What its forms bear.
    pub form: String,
}

impl Viewer {
    /// The person's key.
    pub fn person(&self) -> Option<&str> {
        match self {
            Self::Person(key) => Some(key),
            Self::Machine(_) => None,
        }
    }

    /// In which language the pages speak.
    pub fn language(&self, config: &Config) -> Language {
        self.person().and_then(|key| config.contacts.get(key)).map_or(config.language, |contact| contact.language)
    }

    /// What they are called.
    pub fn name<'a>(&'a self, config: &'a Config) -> &'a str {
        match self {
            Self::Person(key) => config.name_of(key),
            Self::Machine(user) => user,
        }
    }

    /// As the author of an act.
    pub fn author(&self, config: &Config) -> Author {
        let address = self.person().map(str::to_owned);
        Author { name: Some(self.name(config).to_owned()), address, kind: AuthorKind::Agent }
    }

    /// Whether every request is shown: to whoever holds a role, and to this machine's users.
    pub fn sees_all(&self, config: &Config, now: DateTime<Utc>) -> bool {
        self.person().is_none_or(|key| config.rulebook.directory.holds_a_role(key, now))
    }

    /// Whether they operate plazo: this machine's users, whom the file names as its operator, and the management.
    pub fn operates(&self, config: &Config, now: DateTime<Utc>) -> bool {
        let Self::Person(key) = self else { return true };
        let management = [Tell::Role(Role::Management)];
        config.operator.as_ref() == Some(&Recipient::Person(key.clone()))
            || config.rulebook.directory.named_holders(&management, now).any(|holder| holder == *key)
    }

    /// Tells which rows are shown.
    fn eyes<'a>(&'a self, config: &'a Config, now: DateTime<Utc>) -> impl Fn(&BoardRow) -> bool + 'a {
        let directory = &config.rulebook.directory;
        let sees_all = self.sees_all(config, now);
        let person = self.person().unwrap_or_default();
        let teams: Vec<&str> = directory.teams_of(person).map(|team| team.key.as_str()).collect();
        let answers = directory.may_answer_clients(person);
        move |row| sees_all || self.sees_row(row, &teams, answers, &config.rulebook)
    }

    /// Whether a row is shown: one's own, one's teams', and what nobody owns and no team promises, where one may answer.
    fn sees_row(&self, row: &BoardRow, teams: &[&str], answers: bool, rulebook: &Rulebook) -> bool {
        let Self::Person(key) = self else { return true };
        row.owner.as_deref() == Some(key)
            || teams.iter().any(|team| row.is_of_team(team, rulebook))
            || row.owner.is_none() && answers && !row.is_of_any_team(rulebook)
    }
}

impl Session {
    /// How it is known who acts in it.
    pub fn proof(&self) -> Proof {
        match &self.viewer {
            Viewer::Person(_) => Proof::Session { since: self.since },
            Viewer::Machine(user) => Proof::Machine { user: Some(user.clone()) },
        }
    }
}

fn hash(word: &str) -> [u8; 32] {
    Sha256::digest(word.as_bytes()).into()
}

impl App {
    /// The session of a cookie's word, if it still holds.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be looked up.
    pub async fn session(&self, word: &str) -> Result<Option<Session>, StoreError> {
        let (hash, now) = (hash(word), self.now());
        let Some(row) = self.readers.look(move |store| store.session(&hash, now)).await? else { return Ok(None) };
        let viewer = match (row.person, row.machine_user) {
            (Some(key), _) if self.config().contacts.contains_key(&key) => Viewer::Person(key),
            (None, Some(user)) => Viewer::Machine(user),
            // Whoever has left the file is nobody.
            _ => return Ok(None),
        };
        if SEEN_EVERY < now - row.seen_at {
            let id = row.id;
            // Whether it is noted makes no difference to whoever looks.
            self.writer.write(move |work| work.store().see_session(id, work.now)).await.ok();
        }
        let form = self.keys.seal(PURPOSE, &hash).finalize().into_bytes();
        Ok(Some(Session { id: row.id, viewer, since: row.created_at, form: hex::encode(&form[..16]) }))
    }

    /// Begins a session by a link that works once; the word of its cookie. None where the link was used before.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn sign_in(&self, link: &Link, token: &str, browser: Option<&str>) -> Result<Option<String>, WriteError> {
        let word = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(|uuid| uuid.simple().to_string()).concat();
        let (spent, until) = (hash(token), link.until);
        let (person, machine_user) = match &link.reader {
            LinkReader::Person(key) => (Some(key.clone()), None),
            LinkReader::Destination(user) => (None, Some(user.clone())),
        };
        let new = NewSession {
            hash: hash(&word),
            person,
            machine_user,
            expires_at: self.now() + LASTS,
            browser: browser.map(|browser| browser.chars().take(LONGEST_BROWSER).collect()),
        };
        let begun = self.writer.write(move |work| {
            if !work.store().spend_link(&spent, until, work.now)? {
                return Ok(false);
            }
            work.store().begin_session(&new, work.now).map(|_| true)
        });
        Ok(begun.await?.then_some(word))
    }

    /// Sends whoever has that address, by mail or by a chat of their own, a link that begins a session and leads on to the page of plazo's that
    /// was wanted, if one was. Says nothing of whether somebody has it.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn send_sign_in(&self, address: &str, to: Option<String>) -> Result<(), WriteError> {
        let config = self.config();
        let person = config.rulebook.directory.person(address.trim()).map(|person| person.key.clone());
        let Some(person) = person.filter(|key| self.refusals().may_sign_in(key)) else { return Ok(()) };
        let Some(way) = config.private_way(&person).map(str::to_owned) else { return Ok(()) };
        self.outbox.send_link((person, way), Deed::SignIn(to).word(), RequestId(0)).await
    }

    /// The address of a page that begins a session of this machine's user, or of a person. It works once, and for a short time.
    pub fn sign_in_link(&self, viewer: &Viewer, base: &str) -> String {
        let reader = match viewer {
            Viewer::Person(key) => LinkReader::Person(key.clone()),
            Viewer::Machine(user) => LinkReader::Destination(user.clone()),
        };
        let deed = if viewer.person().is_some() { Deed::SignIn(None) } else { Deed::SignInHere };
        format!("{base}/a/{}", self.signed(deed, &reader, self.now() + SIGN_IN_WITHIN))
    }

    /// Sessions that have not ended, with the people that the file still names.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub async fn sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        let now = self.now();
        self.readers.look(move |store| store.sessions(now)).await
    }

    /// Ends a session. Whether there was one.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn end_session(&self, id: i64) -> Result<bool, WriteError> {
        let ended = self.writer.write(move |work| work.store().end_session(id)).await;
        self.tell_sessions_ended();
        ended
    }

    /// Ends all sessions of a person, or of everybody. How many there were.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn end_sessions(&self, person: Option<String>) -> Result<usize, WriteError> {
        let ended = self.writer.write(move |work| work.store().end_sessions(person.as_deref())).await;
        self.tell_sessions_ended();
        ended
    }

    /// Ends the sessions of whoever is none of these people any more, so that nobody who gets a key later has them.
    pub(super) async fn end_sessions_but_of(&self, people: Vec<String>) -> Result<(), WriteError> {
        let ended = move |work: &mut super::work::Work<'_>| {
            let people: Vec<&str> = people.iter().map(String::as_str).collect();
            work.store().end_sessions_but_of(&people)
        };
        let ended = self.writer.write(ended).await.map(|_| ());
        self.tell_sessions_ended();
        ended
    }

    /// Has every open page asked whose it is.
    pub(super) fn tell_sessions_ended(&self) {
        self.core.sessions_ended.send_modify(|n| *n = n.saturating_add(1));
    }

    /// Tells of every time that sessions, or links of walls, are ended.
    pub fn sessions_ended(&self) -> tokio::sync::watch::Receiver<u64> {
        self.core.sessions_ended.subscribe()
    }

    /// Whether a form was made for that session.
    pub fn is_own_form(session: &Session, form: &str) -> bool {
        session.form.as_bytes().ct_eq(form.as_bytes()).into()
    }

    /// The open requests that a viewer sees, by due instant, at most so many of each group.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub async fn board(&self, viewer: &Viewer, filter: &BoardFilter, most: usize) -> Result<BoardPage, StoreError> {
        let (config, now) = (self.config(), self.now());
        let sees = viewer.eyes(&config, now);
        self.core.board.page(&self.readers, filter, &config, sees, (most, now)).await
    }

    /// By what the open requests that a viewer sees can be asked for, once somebody has looked at them.
    pub fn board_words(&self, viewer: &Viewer) -> BoardWords {
        self.core.board.words(viewer.eyes(&self.config(), self.now()))
    }

    /// Whether a viewer answers for others: leads, whoever holds a role, and this machine's users.
    pub fn answers_for_others(&self, viewer: &Viewer) -> bool {
        viewer.person().is_none_or(|key| self.leads(key))
    }

    /// Tells of every change that the pages may show.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.core.board.changes()
    }

    /// Whether a viewer may see a request and act on it: as on the board, and whoever its ladders tell.
    pub fn sees(&self, viewer: &Viewer, request: &Request) -> bool {
        let (config, now) = (self.config(), self.now());
        viewer.sees_all(&config, now)
            || viewer.person().is_some_and(|key| super::links::has_part(&config, request, key, now))
            // What is closed is seen by those who could see it open.
            || !request.phase.is_live() && viewer.person().is_some_and(|key| shares(&config, request, key))
    }
}

fn shares(config: &Config, request: &Request, key: &str) -> bool {
    let directory = &config.rulebook.directory;
    request.owner.as_deref() == Some(key)
        || directory.teams_of(key).any(|team| request.facets.teams.contains(&team.key))
}
