//! Links in alerts: signed, for one purpose, one request and one reader, until a certain instant.
//!
//! Whoever holds one may do that one thing without a token. So they open a page that asks; only its form acts, since scanners of
//! mail open every link. At use it is asked whether the reader is still in the file, and still has that part.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac as _;

use super::keys::{self, Keys};
use super::sessions::SIGN_IN_WITHIN;
use super::{App, WriteError};
use crate::config::Config;
use crate::engine::directory::{Recipient, Team};
use crate::engine::effect::ClockRef;
use crate::engine::escalation;
use crate::engine::policy::TargetKind;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::outbox::ViolationId;
use crate::report::Period;
use crate::store::StoreError;
use crate::text::further::Further;
use crate::text::links::Links;

/// Bytes of a signature.
const SIGNATURE: usize = 32;
/// What a link is signed for.
const PURPOSE: &str = "plazo link 2";
/// A page silences a request for so long.
pub const SILENCE: TimeDelta = TimeDelta::hours(2);
/// No honest link is longer.
const LONGEST: usize = 1_024;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Takes the request, and owns it where nobody does.
    Take,
    /// Puts its alerts off for so long.
    Snooze(TimeDelta),
    /// Puts its alerts off until then; an instant that is past lets them go again.
    SnoozeUntil(DateTime<Utc>),
    /// Puts its alerts off until the hours of its promises begin again, as of when it is pressed.
    SnoozeOpening,
    /// Hands it to somebody.
    Hand,
    /// Gives it back: nobody owns it any more.
    Release,
    /// Says that the client's message needs no answer.
    Waive,
    /// Holds back its alerts for so long, whoever they are for.
    Silence(TimeDelta),
    /// Lets the alerts go that were held back.
    EndSilence,
    /// Says what there is to say to the violation of that number.
    Excuse(ViolationId),
    /// Says why a promise of it broke.
    Reason,
    /// Lets a breach out of the figures.
    Approve(ClockRef),
    /// Leaves a breach in the figures.
    Refuse(ClockRef),
    /// Says that its appointment took place.
    Held,
    /// Moves its appointment.
    Reschedule,
    /// Shows it.
    Show,
    /// Begins a session of the pages, for a person, and leads on to the page of plazo's that was wanted, by its path.
    SignIn(Option<String>),
    /// Begins one for a user of this machine.
    SignInHere,
    /// A calendar to subscribe to, with what falls due, turns and absences of its reader.
    Agenda,
    /// Shows everything that is open.
    List,
    /// Shows the report of that name and period.
    Report(String, Period),
}

impl Deed {
    /// The word in a link.
    pub fn word(&self) -> String {
        match self {
            Self::Take => "take".to_owned(),
            Self::Snooze(time) => format!("snooze{}", time.num_minutes()),
            Self::SnoozeUntil(until) => format!("until{}", until.timestamp()),
            Self::SnoozeOpening => "opening".to_owned(),
            Self::Hand => "hand".to_owned(),
            Self::Release => "release".to_owned(),
            Self::Waive => "waive".to_owned(),
            Self::Silence(time) => format!("silence{}", time.num_minutes()),
            Self::EndSilence => "unsilence".to_owned(),
            Self::Excuse(violation) => format!("excuse{violation}"),
            Self::Reason => "reason".to_owned(),
            Self::Approve(clock) => format!("approve{}:{}", clock.cycle, clock.kind.as_str()),
            Self::Refuse(clock) => format!("refuse{}:{}", clock.cycle, clock.kind.as_str()),
            Self::Held => "held".to_owned(),
            Self::Reschedule => "reschedule".to_owned(),
            Self::Show => "show".to_owned(),
            Self::SignIn(to) => format!("signin{}", to.as_deref().unwrap_or_default()),
            Self::SignInHere => "signinhere".to_owned(),
            Self::Agenda => "agenda".to_owned(),
            Self::List => "list".to_owned(),
            Self::Report(name, period) => {
                format!("report{}:{}:{name}", period.from.timestamp(), period.to.timestamp())
            }
        }
    }

    /// The deed of a word.
    pub fn of(word: &str) -> Option<Self> {
        // A path may bear digits.
        if let Some(to) = word.strip_prefix("signin").filter(|to| to.starts_with('/')) {
            return Some(Self::SignIn(Some(to.to_owned())));
        }
        let begins = word.find(|letter: char| letter.is_ascii_digit()).unwrap_or(word.len());
        let (word, rest) = word.split_at(begins);
        let minutes = || Some(TimeDelta::minutes(rest.parse::<u16>().ok()?.into()));
        let clock = || {
            let (cycle, kind) = rest.split_once(':')?;
            Some(ClockRef { kind: TargetKind::from_word(kind)?, cycle: cycle.parse().ok()? })
        };
        let instant = |seconds: &str| DateTime::from_timestamp(seconds.parse().ok()?, 0);
        match (word, rest) {
            ("take", "") => Some(Self::Take),
            ("opening", "") => Some(Self::SnoozeOpening),
            ("hand", "") => Some(Self::Hand),
            ("release", "") => Some(Self::Release),
            ("waive", "") => Some(Self::Waive),
            ("unsilence", "") => Some(Self::EndSilence),
            ("reason", "") => Some(Self::Reason),
            ("approve", _) => clock().map(Self::Approve),
            ("refuse", _) => clock().map(Self::Refuse),
            ("held", "") => Some(Self::Held),
            ("reschedule", "") => Some(Self::Reschedule),
            ("show", "") => Some(Self::Show),
            ("signin", "") => Some(Self::SignIn(None)),
            ("signinhere", "") => Some(Self::SignInHere),
            ("agenda", "") => Some(Self::Agenda),
            ("list", "") => Some(Self::List),
            ("snooze", _) => minutes().map(Self::Snooze),
            ("until", _) => instant(rest).map(Self::SnoozeUntil),
            ("silence", _) => minutes().map(Self::Silence),
            ("excuse", _) => rest.parse().ok().map(ViolationId).map(Self::Excuse),
            ("report", _) => {
                let mut parts = rest.splitn(3, ':');
                let (from, to) = (instant(parts.next()?)?, instant(parts.next()?)?);
                Some(Self::Report(parts.next()?.to_owned(), Period { from, to }))
            }
            _ => None,
        }
    }

    /// Whether it has a meaning on a request that is closed: what broke stays broken.
    pub const fn outlives_closing(&self) -> bool {
        matches!(self, Self::Excuse(_) | Self::Reason | Self::Approve(_) | Self::Refuse(_))
    }

    /// Whether it is about one request.
    pub const fn is_of_request(&self) -> bool {
        !matches!(self, Self::List | Self::Report(..) | Self::SignIn(_) | Self::SignInHere | Self::Agenda)
    }
}

/// Who reads an alert, and so its links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkReader {
    /// A person, by key.
    Person(String),
    /// Whoever reads a destination, such as a channel, by its name.
    Destination(String),
}

impl LinkReader {
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
    pub reader: LinkReader,
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
    pub fn links(&self, request: RequestId, reader: &LinkReader, alert_at: DateTime<Utc>) -> Option<Links> {
        let link = |deed| self.link(deed, request, reader, alert_at);
        let take = link(Deed::Take)?;
        Some(Links {
            // Taking what nobody owns owns it. Whoever reads a channel is no single person.
            own: reader.person().map(|_| take.clone()),
            take,
            snooze15: link(Deed::Snooze(TimeDelta::minutes(15)))?,
            snooze60: link(Deed::Snooze(TimeDelta::minutes(60)))?,
            opening: link(Deed::SnoozeOpening),
            show: link(Deed::Show)?,
            waive: link(Deed::Waive),
            reason: link(Deed::Reason).filter(|_| !self.config().rulebook.reasons.is_empty()),
        })
    }

    /// The link to everything that is open; none where the file gives no public address.
    pub fn list_link(&self, reader: &LinkReader, alert_at: DateTime<Utc>) -> Option<String> {
        self.link(Deed::List, RequestId(0), reader, alert_at)
    }

    /// The link to a page behind a message that is no alert; none where the file gives no public address.
    pub fn further_link(&self, further: &Further, reader: &LinkReader, alert_at: DateTime<Utc>) -> Option<String> {
        let (deed, request) = match further {
            Further::Excuse(request, violation) => (Deed::Excuse(*violation), *request),
            Further::Approve(request, clock) => (Deed::Approve(*clock), *request),
            Further::Held(request) => (Deed::Held, *request),
            Further::Reschedule(request) => (Deed::Reschedule, *request),
            // A name that breaks the lines of a link has none.
            Further::Report(name, _) if name.contains('\n') => return None,
            Further::Report(name, period) => (Deed::Report(name.clone(), *period), RequestId(0)),
            Further::Again(deed, request) => (Deed::of(deed)?, *request),
        };
        self.link(deed, request, reader, alert_at)
    }

    fn link(&self, deed: Deed, request: RequestId, reader: &LinkReader, alert_at: DateTime<Utc>) -> Option<String> {
        let config = self.config();
        // Without a public address whoever sits at this machine still comes in.
        let (base, lasts) = match deed {
            Deed::SignIn(_) => (self.base(), SIGN_IN_WITHIN),
            _ => (config.public_url.as_ref()?.to_string(), config.alerts.links_expire),
        };
        let until = alert_at + lasts;
        let link = Link { deed, request, reader: reader.clone(), alert_at, made_at: self.now(), until };
        Some(format!("{base}/a/{}", sign(&link, &self.keys)))
    }

    /// The last part of the address of a page that is about no message.
    pub(super) fn signed(&self, deed: Deed, reader: &LinkReader, until: DateTime<Utc>) -> String {
        let now = self.now();
        let (reader, request) = (reader.clone(), RequestId(0));
        sign(&Link { deed, request, reader, alert_at: now, made_at: now, until }, &self.keys)
    }

    /// The last part of the address of a page behind the page of a link: of the same reader, for another deed or request. It works no
    /// longer than the one before it.
    pub fn onward(&self, shown: &Link, deed: Deed, request: RequestId) -> String {
        sign(&Link { deed, request, ..shown.clone() }, &self.keys)
    }

    /// Whether a reader may keep others from being told: leads, and whoever holds a role.
    pub fn may_silence(&self, reader: &LinkReader) -> bool {
        reader.person().is_some_and(|key| self.leads(key))
    }

    /// Whether a person leads a team, or holds a role.
    pub fn leads(&self, key: &str) -> bool {
        let config = self.config();
        let directory = &config.rulebook.directory;
        directory.leads().any(|lead| lead == key) || directory.holds_a_role(key, self.now())
    }

    /// What a link says, if it was made here and still works.
    ///
    /// # Errors
    ///
    /// [`LinkError`] within, or [`StoreError`] if it cannot be looked up whether it was taken back.
    pub async fn read_link(&self, token: &str) -> Result<Result<Link, LinkError>, StoreError> {
        let link = match read(token, &self.keys) {
            Ok(link) if link.until < self.now() => return Ok(Err(LinkError::Expired)),
            Ok(link) => link,
            Err(error) => return Ok(Err(error)),
        };
        self.judge(link).await
    }

    /// What a link said whose time is over, if it was made here and has not been taken back.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be looked up whether it was taken back.
    pub async fn read_expired_link(&self, token: &str) -> Result<Option<Link>, StoreError> {
        match read(token, &self.keys) {
            Ok(link) if link.until < self.now() => Ok(self.judge(link).await?.ok()),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    async fn judge(&self, link: Link) -> Result<Result<Link, LinkError>, StoreError> {
        let person = link.reader.person().map(str::to_owned);
        let revoked = self.readers.read(move |store| store.links_revoked_before(person.as_deref())).await?;
        if revoked.is_some_and(|before| link.made_at <= before) {
            return Ok(Err(LinkError::Revoked));
        }
        let config = self.config();
        let is_there = match &link.reader {
            // A session is one person's, or of one user of this machine; who reads a channel is neither.
            LinkReader::Person(_) if link.deed == Deed::SignInHere => false,
            LinkReader::Destination(_) if matches!(link.deed, Deed::SignIn(_) | Deed::Agenda) => false,
            LinkReader::Person(key) => config.contacts.contains_key(key),
            LinkReader::Destination(_) if link.deed == Deed::SignInHere => true,
            LinkReader::Destination(name) => config.destinations.contains_key(name),
        };
        Ok(if is_there { Ok(link) } else { Err(LinkError::Gone) })
    }

    /// Whether the reader of a link still has that part in the request.
    pub fn has_part(&self, link: &Link, request: &Request) -> bool {
        match &link.reader {
            LinkReader::Person(key) => has_part(&self.config(), request, key, self.now()),
            LinkReader::Destination(name) => {
                let told = recipients(&self.config(), request, self.now());
                told.contains(&Recipient::Destination(name.clone())) || !request.phase.is_live()
            }
        }
    }

    /// Takes back all links of a person, or of everybody, that were made up to now.
    pub async fn revoke_links(&self, person: Option<String>) -> Result<(), WriteError> {
        let revoked = self.writer.write(move |work| work.store().revoke_links(person.as_deref(), work.now)).await;
        self.tell_sessions_ended();
        revoked
    }

    /// Makes another key: no link of before works any more, and no answer to the mail of an alert.
    ///
    /// # Errors
    ///
    /// If the file of the key, or the store that has it, cannot be written.
    pub async fn change_link_key(&self) -> Result<(), WriteError> {
        let keys = Arc::clone(&self.keys);
        let changed = tokio::task::spawn_blocking(move || keys.change()).await;
        let is_changed = changed.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        if is_changed.map_err(|error| WriteError::Unavailable(error.to_string()))? {
            return Ok(());
        }
        let key = keys::another();
        let own = key.clone();
        self.writer.write(move |work| work.store().set_shared_link_key(&own)).await?;
        self.keys.take_over(key);
        Ok(())
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
        let live = request.clocks.iter().filter(|clock| clock.is_live());
        let promised_by: Vec<&str> = live.filter_map(|clock| config.rulebook.team_of(&clock.policy)).collect();
        let is_of = |team: &Team| request.facets.teams.contains(&team.key) || promised_by.contains(&team.key.as_str());
        // What nobody owns, and no team's policy promises, is for whoever may answer.
        directory.teams_of(key).any(is_of)
            || request.owner.is_none() && promised_by.is_empty() && directory.may_answer_clients(key)
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
            let step = std::iter::once(step);
            told.extend(escalation::told_by(step, &rulebook.directory, request.owner.as_deref(), team, now));
        }
    }
    told
}

fn sign(link: &Link, keys: &Keys) -> String {
    let (kind, reader) = match &link.reader {
        LinkReader::Person(key) => ('p', key),
        LinkReader::Destination(name) => ('d', name),
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

/// What a link says, whether or not its time is over.
fn read(token: &str, keys: &Keys) -> Result<Link, LinkError> {
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
    let reader = match (reader.strip_prefix('p'), reader.strip_prefix('d')) {
        (Some(key), _) => LinkReader::Person(key.to_owned()),
        (None, Some(name)) => LinkReader::Destination(name.to_owned()),
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
    fn a_link_says_what_it_was_made_for_and_to_nobody_else() {
        let now = DateTime::from_timestamp(1_772_462_100, 0).unwrap_or_default();
        let until = now + TimeDelta::hours(72);
        let period = Period { from: now - TimeDelta::days(7), to: now };
        let deeds = [
            Deed::Take,
            Deed::Snooze(TimeDelta::minutes(15)),
            Deed::SnoozeUntil(until),
            Deed::SnoozeOpening,
            Deed::Hand,
            Deed::Release,
            Deed::Waive,
            Deed::Silence(SILENCE),
            Deed::EndSilence,
            Deed::Excuse(ViolationId(42)),
            Deed::Reason,
            Deed::Approve(ClockRef { kind: TargetKind::FirstReply, cycle: 2 }),
            Deed::Refuse(ClockRef { kind: TargetKind::Deliver, cycle: 1 }),
            Deed::Held,
            Deed::Reschedule,
            Deed::SignIn(None),
            Deed::SignIn(Some("/informe?ver=1&desde=-7d".to_owned())),
            Deed::SignInHere,
            Deed::Show,
            Deed::Agenda,
            Deed::List,
            Deed::Report("2 equipos: norte".to_owned(), period),
        ];
        for deed in deeds {
            for reader in [LinkReader::Destination("alertas".to_owned()), LinkReader::Person("ana".to_owned())] {
                let keys = Keys::none();
                let deed = deed.clone();
                let link = Link { deed, request: RequestId(17), reader, alert_at: now, made_at: now, until };
                let token = sign(&link, &keys);
                assert_eq!(read(&token, &keys), Ok(link));
                assert_eq!(read(&token, &Keys::none()), Err(LinkError::Forged), "by another key");
            }
        }
    }

    #[test]
    fn a_link_that_was_changed_is_none() {
        let now = DateTime::from_timestamp(1_772_462_100, 0).unwrap_or_default();
        let until = now + TimeDelta::hours(1);
        let (keys, reader) = (Keys::none(), LinkReader::Person("ana".to_owned()));
        let link = Link { deed: Deed::Show, request: RequestId(17), reader, alert_at: now, made_at: now, until };
        let token = sign(&link, &keys);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap_or_default();
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            assert_eq!(read(&URL_SAFE_NO_PAD.encode(altered), &keys), Err(LinkError::Forged), "byte {place}");
        }
        for token in ["", "x", "====", &"A".repeat(10_000)] {
            assert_eq!(read(token, &keys), Err(LinkError::Forged));
        }
    }
}
