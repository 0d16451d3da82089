//! Links in alerts: signed, for one purpose, one request and one reader, until a certain instant.
//!
//! Whoever holds one may do that one thing without a token. So they open a page that asks; only its form acts, since scanners of
//! mail open every link. At use it is asked whether the reader is still in the file, and still has that part.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac as _;

use super::keys::Keys;
use super::{App, WriteError};
use crate::config::Config;
use crate::engine::directory::Recipient;
use crate::engine::request::{Request, RequestId};
use crate::store::StoreError;
use crate::text::links::Links;

/// Bytes of a signature.
const SIGNATURE: usize = 32;
/// What a link is signed for.
const PURPOSE: &str = "plazo link 2";
/// A page silences a request for so long.
const SILENCE: TimeDelta = TimeDelta::hours(2);
/// No honest link is longer.
const LONGEST: usize = 1_024;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Takes the request.
    Take,
    /// Puts its alerts off for so long.
    Snooze(TimeDelta),
    /// Holds back its alerts for so long, whoever they are for.
    Silence(TimeDelta),
    /// Shows it.
    Show,
    /// Shows everything that is open.
    List,
}

impl Deed {
    fn word(self) -> String {
        match self {
            Self::Take => "take".to_owned(),
            Self::Snooze(time) => format!("snooze{}", time.num_minutes()),
            Self::Silence(time) => format!("silence{}", time.num_minutes()),
            Self::Show => "show".to_owned(),
            Self::List => "list".to_owned(),
        }
    }

    fn of(word: &str) -> Option<Self> {
        match word {
            "take" => Some(Self::Take),
            "show" => Some(Self::Show),
            "list" => Some(Self::List),
            word => {
                let minutes = |minutes: &str| Some(TimeDelta::minutes(minutes.parse::<u16>().ok()?.into()));
                match (word.strip_prefix("snooze"), word.strip_prefix("silence")) {
                    (Some(time), _) => minutes(time).map(Self::Snooze),
                    (None, Some(time)) => minutes(time).map(Self::Silence),
                    (None, None) => None,
                }
            }
        }
    }
}

/// Who reads an alert, and so its links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reader {
    /// A person, by key.
    Person(String),
    /// Whoever reads a destination, such as a channel, by its name.
    Destination(String),
}

impl Reader {
    /// The reader of a delivery.
    pub fn of(person: Option<&str>, destination: &str) -> Self {
        person.map_or_else(|| Self::Destination(destination.to_owned()), |key| Self::Person(key.to_owned()))
    }

    /// The person's key.
    pub fn person(&self) -> Option<&str> {
        match self {
            Self::Person(key) => Some(key),
            Self::Destination(_) => None,
        }
    }
}

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub deed: Deed,
    /// The request.
    pub request: RequestId,
    /// To whom it was sent.
    pub reader: Reader,
    /// When the alert was decided in which it stood.
    pub alert_at: DateTime<Utc>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Until when it works.
    pub until: DateTime<Utc>,
}

/// A link that does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkError {
    /// It was not made here, or was changed.
    Forged,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
    /// Its reader is no longer in the file.
    Gone,
    /// Its reader has no part in the request any more.
    NoPart,
}

impl App {
    /// The links of an alert about a request; none where the file gives no public address.
    pub fn links(&self, request: RequestId, reader: &Reader, alert_at: DateTime<Utc>) -> Option<Links> {
        let link = |deed| self.link(deed, request, reader, alert_at);
        Some(Links {
            take: link(Deed::Take)?,
            snooze15: link(Deed::Snooze(TimeDelta::minutes(15)))?,
            snooze60: link(Deed::Snooze(TimeDelta::minutes(60)))?,
            show: link(Deed::Show)?,
        })
    }

    /// The link to everything that is open; none where the file gives no public address.
    pub fn list_link(&self, reader: &Reader, alert_at: DateTime<Utc>) -> Option<String> {
        self.link(Deed::List, RequestId(0), reader, alert_at)
    }

    fn link(&self, deed: Deed, request: RequestId, reader: &Reader, alert_at: DateTime<Utc>) -> Option<String> {
        let config = self.config();
        let base = config.public_url.as_ref()?;
        let until = alert_at + config.alerts.links_expire;
        let link = Link { deed, request, reader: reader.clone(), alert_at, made_at: self.now(), until };
        Some(format!("{base}/a/{}", sign(&link, &self.keys)))
    }

    /// The link behind a link that shows a request: to hold its alerts back. It works no longer than the one before it, and is
    /// given to those alone who answer for others.
    pub fn silence_link(&self, shown: &Link) -> Option<String> {
        let config = self.config();
        let base = config.public_url.as_ref()?;
        if !self.may_silence(&shown.reader) {
            return None;
        }
        let link = Link { deed: Deed::Silence(SILENCE), ..shown.clone() };
        Some(format!("{base}/a/{}", sign(&link, &self.keys)))
    }

    /// Whether a reader may keep others from being told: leads, and whoever holds a role.
    pub fn may_silence(&self, reader: &Reader) -> bool {
        let config = self.config();
        let directory = &config.rulebook.directory;
        reader
            .person()
            .is_some_and(|key| directory.leads().any(|lead| lead == key) || directory.holds_a_role(key, self.now()))
    }

    /// What a link says, if it was made here and still works.
    ///
    /// # Errors
    ///
    /// [`LinkError`] within, or [`StoreError`] if it cannot be looked up whether it was taken back.
    pub async fn read_link(&self, token: &str) -> Result<Result<Link, LinkError>, StoreError> {
        let link = match read(token, &self.keys, self.now()) {
            Ok(link) => link,
            Err(error) => return Ok(Err(error)),
        };
        let person = link.reader.person().map(str::to_owned);
        let revoked = self.read(move |store| store.links_revoked_before(person.as_deref())).await?;
        if revoked.is_some_and(|before| link.made_at <= before) {
            return Ok(Err(LinkError::Revoked));
        }
        let config = self.config();
        let is_there = match &link.reader {
            Reader::Person(key) => config.contacts.contains_key(key),
            Reader::Destination(name) => config.destinations.contains_key(name),
        };
        Ok(if is_there { Ok(link) } else { Err(LinkError::Gone) })
    }

    /// Whether the reader of a link still has that part in the request.
    pub fn has_part(&self, link: &Link, request: &Request) -> bool {
        match &link.reader {
            Reader::Person(key) => has_part(&self.config(), request, key, self.now()),
            Reader::Destination(name) => {
                let told = recipients(&self.config(), request, self.now());
                told.contains(&Recipient::Destination(name.clone())) || !request.phase.is_live()
            }
        }
    }

    /// Takes back all links of a person, or of everybody, that were made up to now.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if nothing could be written.
    pub async fn revoke_links(&self, person: Option<String>) -> Result<(), WriteError> {
        self.writer.write(move |tx| tx.store.revoke_links(person.as_deref(), tx.now)).await
    }

    /// Makes another key: no link of before works any more, and no answer to the mail of an alert.
    ///
    /// # Errors
    ///
    /// If the file of the key cannot be written.
    pub fn change_link_key(&self) -> std::io::Result<()> {
        self.keys.change()
    }
}

/// Whether a person is still somebody who is told of the request, or answers for it.
pub(super) fn has_part(config: &Config, request: &Request, key: &str, now: DateTime<Utc>) -> bool {
    let directory = &config.rulebook.directory;
    if !config.contacts.contains_key(key) {
        return false;
    }
    let is_owner = request.owner.as_deref() == Some(key);
    let shares_team = || {
        directory.teams_of(key).any(|team| request.facets.teams.contains(&team.key))
            || request.owner.is_none() && directory.may_answer_clients(key)
    };
    let is_told = || recipients(config, request, now).contains(&Recipient::Person(key.to_owned()));
    is_owner || directory.holds_a_role(key, now) || shares_team() || is_told()
}

/// Everybody whom the ladders of its live clocks name, and the leads of its policies' teams.
fn recipients(config: &Config, request: &Request, now: DateTime<Utc>) -> Vec<Recipient> {
    let rulebook = &config.rulebook;
    let mut told = Vec::new();
    for clock in request.clocks.iter().filter(|clock| clock.is_live()) {
        let Some((policy, target)) = rulebook.target(clock.kind, &request.facets) else { continue };
        for step in &target.escalation.steps {
            let team = policy.team.as_deref();
            told.extend(rulebook.directory.recipients(&step.tell, request.owner.as_deref(), team, now));
        }
    }
    told
}

fn sign(link: &Link, keys: &Keys) -> String {
    let (kind, reader) = match &link.reader {
        Reader::Person(key) => ('p', key),
        Reader::Destination(name) => ('d', name),
    };
    let mut body = format!(
        "{}\n{}\n{}\n{}\n{}\n{kind}{reader}",
        link.deed.word(),
        link.request.0,
        link.until.timestamp(),
        link.alert_at.timestamp_millis(),
        link.made_at.timestamp_millis(),
    )
    .into_bytes();
    let signature = keys.seal(PURPOSE, &body).finalize().into_bytes();
    body.extend_from_slice(&signature);
    URL_SAFE_NO_PAD.encode(body)
}

fn read(token: &str, keys: &Keys, now: DateTime<Utc>) -> Result<Link, LinkError> {
    if LONGEST < token.len() {
        return Err(LinkError::Forged);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| LinkError::Forged)?;
    let (body, signature) = bytes.len().checked_sub(SIGNATURE).map(|at| bytes.split_at(at)).ok_or(LinkError::Forged)?;
    // In constant time, before anything is read.
    keys.seal(PURPOSE, body).verify_slice(signature).map_err(|_| LinkError::Forged)?;
    let text = std::str::from_utf8(body).map_err(|_| LinkError::Forged)?;
    let parts: Vec<&str> = text.splitn(6, '\n').collect();
    let [deed, request, until, alert_at, made_at, reader] = parts[..] else { return Err(LinkError::Forged) };
    let number = |text: &str| text.parse::<i64>().map_err(|_| LinkError::Forged);
    let instant = |milliseconds| DateTime::from_timestamp_millis(milliseconds).ok_or(LinkError::Forged);
    let until = DateTime::from_timestamp(number(until)?, 0).ok_or(LinkError::Forged)?;
    if until < now {
        return Err(LinkError::Expired);
    }
    let reader = match (reader.strip_prefix('p'), reader.strip_prefix('d')) {
        (Some(key), _) => Reader::Person(key.to_owned()),
        (None, Some(name)) => Reader::Destination(name.to_owned()),
        (None, None) => return Err(LinkError::Forged),
    };
    Ok(Link {
        deed: Deed::of(deed).ok_or(LinkError::Forged)?,
        request: RequestId(number(request)?),
        reader,
        alert_at: instant(number(alert_at)?)?,
        made_at: instant(number(made_at)?)?,
        until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_what_it_was_made_for_until_its_time_is_over_and_to_nobody_else() {
        let now = DateTime::from_timestamp(1_772_462_100, 0).unwrap_or_default();
        let until = now + TimeDelta::hours(72);
        for deed in [Deed::Take, Deed::Snooze(TimeDelta::minutes(15)), Deed::Silence(SILENCE), Deed::Show, Deed::List] {
            for reader in [Reader::Destination("alertas".to_owned()), Reader::Person("ana".to_owned())] {
                let keys = Keys::none();
                let link = Link { deed, request: RequestId(17), reader, alert_at: now, made_at: now, until };
                let token = sign(&link, &keys);
                assert_eq!(read(&token, &keys, now), Ok(link));
                assert_eq!(read(&token, &keys, until + TimeDelta::seconds(1)), Err(LinkError::Expired));
                assert_eq!(read(&token, &Keys::none(), now), Err(LinkError::Forged), "by another key");
            }
        }
    }

    #[test]
    fn a_link_that_was_changed_is_none() {
        let now = DateTime::from_timestamp(1_772_462_100, 0).unwrap_or_default();
        let until = now + TimeDelta::hours(1);
        let (keys, reader) = (Keys::none(), Reader::Person("ana".to_owned()));
        let link = Link { deed: Deed::Show, request: RequestId(17), reader, alert_at: now, made_at: now, until };
        let token = sign(&link, &keys);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap_or_default();
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            assert_eq!(read(&URL_SAFE_NO_PAD.encode(altered), &keys, now), Err(LinkError::Forged), "byte {place}");
        }
        for token in ["", "x", "====", &"A".repeat(10_000)] {
            assert_eq!(read(token, &keys, now), Err(LinkError::Forged));
        }
    }
}
