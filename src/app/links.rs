//! Links in alerts: signed, for one purpose, one request and one person, until a certain instant.
//!
//! Whoever holds one may do that one thing without a token. So they open a page that asks; only its form acts, since scanners of
//! mail open every link.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::App;
use crate::engine::request::RequestId;
use crate::text::links::Links;

/// Bytes of a signature.
const SIGNATURE: usize = 32;
/// A page silences a request for so long.
const SILENCE: TimeDelta = TimeDelta::hours(2);
/// No honest link is longer.
const LONGEST: usize = 512;

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

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub deed: Deed,
    /// The request.
    pub request: RequestId,
    /// Key of the person to whom it was sent; none where a whole channel reads it.
    pub person: Option<String>,
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
}

impl App {
    /// The links of an alert about a request; none where the file gives no public address.
    pub fn links(&self, request: RequestId, person: Option<&str>, decided_at: DateTime<Utc>) -> Option<Links> {
        let config = self.config();
        let base = config.public_url.as_ref()?;
        let until = decided_at + config.alerts.links_expire;
        let link = |deed| {
            let link = Link { deed, request, person: person.map(str::to_owned), until };
            format!("{base}/a/{}", sign(&link, &self.link_key))
        };
        Some(Links {
            take: link(Deed::Take),
            snooze15: link(Deed::Snooze(TimeDelta::minutes(15))),
            snooze60: link(Deed::Snooze(TimeDelta::minutes(60))),
            show: link(Deed::Show),
        })
    }

    /// The link behind a link that shows a request: to hold its alerts back. It works no longer than the one before it.
    pub fn silence_link(&self, shown: &Link) -> Option<String> {
        let config = self.config();
        let base = config.public_url.as_ref()?;
        let link = Link { deed: Deed::Silence(SILENCE), ..shown.clone() };
        Some(format!("{base}/a/{}", sign(&link, &self.link_key)))
    }

    /// The link to everything that is open; none where the file gives no public address.
    pub fn list_link(&self, person: Option<&str>, decided_at: DateTime<Utc>) -> Option<String> {
        let config = self.config();
        let base = config.public_url.as_ref()?;
        let until = decided_at + config.alerts.links_expire;
        let link = Link { deed: Deed::List, request: RequestId(0), person: person.map(str::to_owned), until };
        Some(format!("{base}/a/{}", sign(&link, &self.link_key)))
    }

    /// What a link says, if it was made here and still works.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    pub fn read_link(&self, token: &str) -> Result<Link, LinkError> {
        read(token, &self.link_key, self.now())
    }
}

fn mac(body: &[u8], key: &[u8]) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(b"plazo link 1\n");
    mac.update(body);
    mac
}

fn sign(link: &Link, key: &[u8]) -> String {
    let person = link.person.as_deref().unwrap_or_default();
    let mut body =
        format!("{}\n{}\n{}\n{person}", link.deed.word(), link.request.0, link.until.timestamp()).into_bytes();
    let signature = mac(&body, key).finalize().into_bytes();
    body.extend_from_slice(&signature);
    URL_SAFE_NO_PAD.encode(body)
}

fn read(token: &str, key: &[u8], now: DateTime<Utc>) -> Result<Link, LinkError> {
    if LONGEST < token.len() {
        return Err(LinkError::Forged);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| LinkError::Forged)?;
    let (body, signature) = bytes.len().checked_sub(SIGNATURE).map(|at| bytes.split_at(at)).ok_or(LinkError::Forged)?;
    // In constant time, before anything is read.
    mac(body, key).verify_slice(signature).map_err(|_| LinkError::Forged)?;
    let text = std::str::from_utf8(body).map_err(|_| LinkError::Forged)?;
    let mut parts = text.splitn(4, '\n');
    let mut part = || parts.next().ok_or(LinkError::Forged);
    let (deed, request, until, person) = (part()?, part()?, part()?, part()?);
    let until = until.parse().ok().and_then(|at| DateTime::from_timestamp(at, 0)).ok_or(LinkError::Forged)?;
    if until < now {
        return Err(LinkError::Expired);
    }
    Ok(Link {
        deed: Deed::of(deed).ok_or(LinkError::Forged)?,
        request: RequestId(request.parse().map_err(|_| LinkError::Forged)?),
        person: (!person.is_empty()).then(|| person.to_owned()),
        until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"a key of this store";

    #[test]
    fn a_link_says_what_it_was_made_for_until_its_time_is_over_and_to_nobody_else() {
        let now = DateTime::from_timestamp(1_772_462_100, 0).unwrap_or_default();
        let until = now + TimeDelta::hours(72);
        for deed in [Deed::Take, Deed::Snooze(TimeDelta::minutes(15)), Deed::Silence(SILENCE), Deed::Show, Deed::List] {
            for person in [None, Some("ana".to_owned())] {
                let link = Link { deed, request: RequestId(17), person, until };
                let token = sign(&link, KEY);
                assert_eq!(read(&token, KEY, now), Ok(link));
                assert_eq!(read(&token, KEY, until + TimeDelta::seconds(1)), Err(LinkError::Expired));
                assert_eq!(read(&token, b"another store's key", now), Err(LinkError::Forged));
            }
        }
    }

    #[test]
    fn a_link_that_was_changed_is_none() {
        let now = DateTime::from_timestamp(1_772_462_100, 0).unwrap_or_default();
        let until = now + TimeDelta::hours(1);
        let link = Link { deed: Deed::Show, request: RequestId(17), person: None, until };
        let token = sign(&link, KEY);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap_or_default();
        for place in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[place] ^= 1;
            assert_eq!(read(&URL_SAFE_NO_PAD.encode(altered), KEY, now), Err(LinkError::Forged), "byte {place}");
        }
        for token in ["", "x", "====", &"A".repeat(10_000)] {
            assert_eq!(read(token, KEY, now), Err(LinkError::Forged));
        }
    }
}
