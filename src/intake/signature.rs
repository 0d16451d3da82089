//! Signatures of webhooks: what is computed over the raw body, compared in constant time before anything is parsed.
//!
//! A scheme is data of a mapping (docs/mappings.md), so that one that nobody foresaw needs no code. Sources of the shipped ones are
//! named in their presets.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::jwt;
use super::mapping::expression::Expression;
use crate::secret::Secret;

/// Parameters of a form whose signature is looked at.
const MOST_PARAMETERS: usize = 1_000;
/// A token is taken for so long after it was made, where its mapping says nothing.
const USUAL_TOLERANCE: Duration = Duration::from_secs(300);
/// A body in which a secret is looked for before it is parsed.
const LARGEST_SEARCHED: usize = 256 << 10;

/// A scheme ready to verify by.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheme {
    algorithm: Algorithm,
    /// Secrets that a vendor publishes for tests.
    refused_secrets: Vec<String>,
    /// Whether a team may do without, by saying so.
    pub optional: bool,
    time: Option<Time>,
}

#[derive(Debug, Clone, PartialEq)]
enum Algorithm {
    Hmac {
        hash: Hash,
        header: String,
        prefix: String,
        separator: Option<String>,
        is_hex: bool,
        signed: Vec<Part>,
        is_whsec: bool,
    },
    /// A header bears a token that was signed by the secret.
    Jwt { header: String, prefix: String, wanted: jwt::Wanted },
    /// A header equals the secret.
    Token { header: String, prefix: String },
    /// A parameter of the address's query equals it.
    Parameter { parameter: String },
    /// The last word of the address's path equals it.
    InPath,
    /// A member of each element equals it.
    Member { each: Expression, member: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

/// A piece of what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Body,
    Timestamp,
    Method,
    Url,
    UrlDecoded,
    Form,
    Header(String),
    Literal(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Time {
    header: String,
    format: TimeFormat,
    tolerance: TimeDelta,
    optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeFormat {
    Seconds,
    Milliseconds,
    Rfc3339,
}

/// A scheme as a mapping writes it.
#[derive(Debug)]
#[allow(missing_docs, reason = "docs/mappings.md tells each")]
pub struct Written<'a> {
    pub algorithm: &'a str,
    pub header: Option<&'a str>,
    pub prefix: &'a str,
    pub separator: Option<&'a str>,
    pub encoding: Option<&'a str>,
    pub signed: &'a [String],
    pub secret: Option<&'a str>,
    pub refused_secrets: &'a [String],
    pub each: Option<&'a str>,
    pub member: Option<&'a str>,
    pub parameter: Option<&'a str>,
    pub in_path: bool,
    pub optional: bool,
    pub time: Option<(&'a str, &'a str, Duration, bool)>,
    pub claims: &'a BTreeMap<String, String>,
    pub tolerance: Option<Duration>,
}

/// A request as it came.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// `POST`, …
    pub method: &'a str,
    /// The public address at which the source called, query included, where sla.toml tells it.
    pub url: Option<&'a str>,
    /// The query of the address at which plazo was called, without `?`.
    pub query: &'a str,
    /// What stands in the path behind the source's name.
    pub path_word: Option<&'a str>,
    /// Headers by name in lower case.
    pub headers: &'a BTreeMap<String, String>,
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// `set` of the source.
    pub set: &'a serde_json::Value,
}

/// Why a request is not let in. Says nothing that would help to get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No signature.
    #[error("the signature is missing")]
    Missing,
    /// Another one.
    #[error("the signature does not fit")]
    Wrong,
    /// An old request, or one from the future.
    #[error("the time stamp is too far from now")]
    Stale,
}

impl Scheme {
    /// Reads a scheme.
    ///
    /// # Errors
    ///
    /// What is wrong, and what to write.
    pub fn new(written: &Written<'_>) -> Result<Self, String> {
        let header = || {
            let header = written.header.ok_or("`header` is missing: the header that bears the signature")?;
            Ok::<_, String>(header.to_lowercase())
        };
        let hash = match written.algorithm {
            "hmac-sha1" => Some(Hash::Sha1),
            "hmac-sha256" => Some(Hash::Sha256),
            "hmac-sha512" => Some(Hash::Sha512),
            "token" | "jwt" => None,
            other => {
                let known = "hmac-sha256, hmac-sha512, hmac-sha1, token, jwt";
                return Err(format!("`algorithm` = \"{other}\" is none of {known}"));
            }
        };
        if written.algorithm != "jwt" && (!written.claims.is_empty() || written.tolerance.is_some()) {
            return Err("`claims` and `tolerance` are of `algorithm` = \"jwt\"".to_owned());
        }
        let algorithm = match (hash, written.each, written.member) {
            (None, None, None) if written.algorithm == "jwt" => Algorithm::Jwt {
                header: header()?,
                prefix: written.prefix.to_owned(),
                wanted: jwt::Wanted {
                    claims: written.claims.clone().into_iter().collect(),
                    tolerance: TimeDelta::from_std(written.tolerance.unwrap_or(USUAL_TOLERANCE))
                        .map_err(|_| "`tolerance` is too long".to_owned())?,
                },
            },
            (Some(hash), _, _) => {
                let signed = written.signed.iter().map(|word| part(word)).collect::<Result<Vec<_>, _>>()?;
                Algorithm::Hmac {
                    hash,
                    header: header()?,
                    prefix: written.prefix.to_owned(),
                    separator: written.separator.map(str::to_owned),
                    is_hex: match written.encoding {
                        None | Some("hex") => true,
                        Some("base64") => false,
                        Some(other) => return Err(format!("`encoding` = \"{other}\" is neither hex nor base64")),
                    },
                    signed: if signed.is_empty() { vec![Part::Body] } else { signed },
                    is_whsec: match written.secret {
                        None | Some("text") => false,
                        Some("whsec") => true,
                        Some(other) => return Err(format!("`secret` = \"{other}\" is neither text nor whsec")),
                    },
                }
            }
            (None, Some(each), Some(member)) => {
                Algorithm::Member { each: Expression::new(each)?, member: member.to_owned() }
            }
            (None, ..) if written.in_path && written.parameter.is_none() && written.header.is_none() => {
                Algorithm::InPath
            }
            (None, ..) if written.parameter.is_some() && written.header.is_none() && !written.in_path => {
                Algorithm::Parameter { parameter: written.parameter.unwrap_or_default().to_owned() }
            }
            (None, ..) if written.in_path || written.parameter.is_some() => {
                return Err("the secret stands in one place: `header`, `parameter` or `in_path`".to_owned());
            }
            (None, ..) => Algorithm::Token { header: header()?, prefix: written.prefix.to_owned() },
        };
        let time = written.time.map(|(header, format, tolerance, optional)| {
            let format = match format {
                "seconds" => TimeFormat::Seconds,
                "milliseconds" => TimeFormat::Milliseconds,
                "rfc3339" => TimeFormat::Rfc3339,
                other => return Err(format!("`format` = \"{other}\" is none of seconds, milliseconds, rfc3339")),
            };
            let tolerance = TimeDelta::from_std(tolerance).map_err(|_| "`tolerance` is too long".to_owned())?;
            Ok(Time { header: header.to_lowercase(), format, tolerance, optional })
        });
        Ok(Self {
            algorithm,
            refused_secrets: written.refused_secrets.to_vec(),
            optional: written.optional,
            time: time.transpose()?,
        })
    }

    /// Whether this secret may be used. A vendor's published test secret would let everybody in.
    pub fn takes(&self, secret: &Secret) -> bool {
        !self.refused_secrets.iter().any(|refused| refused == secret.expose())
    }

    /// Whether a key can be made of a secret.
    pub fn has_key(&self, secret: &Secret) -> bool {
        if matches!(self.algorithm, Algorithm::Jwt { .. }) {
            return jwt::is_key(secret);
        }
        let is_whsec = matches!(self.algorithm, Algorithm::Hmac { is_whsec: true, .. });
        !is_whsec || whsec(secret).is_some_and(|key| !key.is_empty())
    }

    /// Whether the proof stands in the address's path.
    pub const fn is_in_path(&self) -> bool {
        matches!(self.algorithm, Algorithm::InPath)
    }

    /// Whether the proof is in the body, and [`Scheme::keep_proven`] must be asked after parsing.
    pub const fn is_in_body(&self) -> bool {
        matches!(self.algorithm, Algorithm::Member { .. })
    }

    /// Lets the request in, or not. Any of several secrets will do, as during a rotation.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing of the body was parsed.
    pub fn verify(&self, secrets: &[Secret], received: &Received<'_>, now: DateTime<Utc>) -> Result<(), Refused> {
        let timestamp = self.timestamp(received, now)?;
        match &self.algorithm {
            Algorithm::Member { .. } => Ok(()),
            Algorithm::Jwt { header, prefix, wanted } => {
                let given = received.headers.get(header).and_then(|value| value.strip_prefix(prefix.as_str()));
                jwt::verify(given.ok_or(Refused::Missing)?, secrets, wanted, received.set, now)
            }
            Algorithm::Token { header, prefix } => {
                let given = received.headers.get(header).and_then(|value| value.strip_prefix(prefix.as_str()));
                let given = given.ok_or(Refused::Missing)?;
                any(secrets, |secret| secret.expose().as_bytes().ct_eq(given.as_bytes()).into())
            }
            Algorithm::Parameter { parameter } => {
                let parameters = form_urlencoded::parse(received.query.as_bytes()).take(MOST_PARAMETERS);
                let given: Vec<_> = parameters.filter(|(name, _)| name == parameter).map(|(_, value)| value).collect();
                // Twice the same name is nobody's honest address.
                let [given] = given.as_slice() else { return Err(Refused::Missing) };
                any(secrets, |secret| is_secret(secret, given))
            }
            Algorithm::InPath => {
                let given = received.path_word.ok_or(Refused::Missing)?;
                any(secrets, |secret| is_secret(secret, given))
            }
            Algorithm::Hmac { hash, header, prefix, separator, is_hex, signed, is_whsec } => {
                let value = received.headers.get(header).ok_or(Refused::Missing)?;
                let words = match separator {
                    Some(separator) => value.split(separator.as_str()).take(16).collect(),
                    None => vec![value.as_str()],
                };
                let digests: Vec<Vec<u8>> = words
                    .into_iter()
                    .filter_map(|word| word.strip_prefix(prefix.as_str()))
                    .filter_map(|digest| if *is_hex { hex::decode(digest).ok() } else { STANDARD.decode(digest).ok() })
                    .collect();
                if digests.is_empty() {
                    return Err(Refused::Missing);
                }
                // Sorting a form takes longer than a stranger is worth; no genuine call has so many parameters.
                let n_parameters = 1 + received.body.iter().filter(|byte| **byte == b'&').count();
                if signed.contains(&Part::Form) && MOST_PARAMETERS < n_parameters {
                    return Err(Refused::Wrong);
                }
                // A public address is told with and without its port by some; either is what was signed.
                let texts = candidates(signed, received, timestamp);
                any(secrets, |secret| {
                    let plain = || Some(Cow::Borrowed(secret.expose().as_bytes()));
                    // An empty key is everybody's.
                    let Some(key) = if *is_whsec { whsec(secret) } else { plain() }.filter(|key| !key.is_empty())
                    else {
                        return false;
                    };
                    texts.iter().any(|text| digests.iter().any(|digest| hash.fits(&key, text, digest)))
                })
            }
        }
    }

    /// Whether a call without this header can be let in at all; nothing of its body need be read to know.
    pub fn misses_header(&self, headers: &BTreeMap<String, String>) -> bool {
        match &self.algorithm {
            Algorithm::Hmac { header, .. } | Algorithm::Token { header, .. } | Algorithm::Jwt { header, .. } => {
                !headers.contains_key(header)
            }
            Algorithm::Parameter { .. } | Algorithm::InPath | Algorithm::Member { .. } => false,
        }
    }

    /// Whether a body may bear the proof that it needs: it holds a secret somewhere, compared in constant time at each place. What does not
    /// is a stranger's, before anything is parsed.
    pub fn may_be_proven(&self, secrets: &[Secret], body: &[u8]) -> bool {
        if !self.is_in_body() {
            return true;
        }
        let holds = |secret: &Secret| {
            let secret = secret.expose().as_bytes();
            !secret.is_empty()
                && body.windows(secret.len()).fold(false, |found, window| found | bool::from(window.ct_eq(secret)))
        };
        body.len() <= LARGEST_SEARCHED && secrets.iter().any(holds)
    }

    /// Leaves only those elements of the body that bear the secret.
    ///
    /// # Errors
    ///
    /// [`Refused`] if none does.
    pub fn keep_proven(&self, secrets: &[Secret], body: &mut serde_json::Value) -> Result<(), Refused> {
        let Algorithm::Member { each, member } = &self.algorithm else { return Ok(()) };
        let bears_secret = |item: &serde_json::Value| {
            let given = item.get(member).and_then(serde_json::Value::as_str).unwrap_or_default();
            is_one_of(secrets, given)
        };
        // The path names a part of the body, which is filtered in place.
        let pointer = each.as_str().trim_start_matches("body").replace('.', "/");
        match body.pointer_mut(&pointer) {
            Some(serde_json::Value::Array(items)) => {
                items.retain(bears_secret);
                if items.is_empty() { Err(Refused::Wrong) } else { Ok(()) }
            }
            Some(item) if bears_secret(item) => Ok(()),
            Some(_) => Err(Refused::Wrong),
            None => Err(Refused::Missing),
        }
    }

    fn timestamp<'r>(&self, received: &Received<'r>, now: DateTime<Utc>) -> Result<&'r str, Refused> {
        let Some(time) = &self.time else { return Ok("") };
        let Some(text) = received.headers.get(&time.header) else {
            return if time.optional { Ok("") } else { Err(Refused::Missing) };
        };
        let at = match time.format {
            TimeFormat::Seconds => text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            TimeFormat::Milliseconds => text.parse().ok().and_then(DateTime::from_timestamp_millis),
            TimeFormat::Rfc3339 => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        };
        let at = at.ok_or(Refused::Stale)?;
        if time.tolerance < (now - at).abs() { Err(Refused::Stale) } else { Ok(text) }
    }
}

/// The digest with which GLPI's challenge is answered; none if the challenge was not made with the secret. Without that check
/// anybody could have forged webhooks signed.
pub fn crc_answer(secrets: &[Secret], token: &str) -> Option<String> {
    let given = hex::decode(token).ok()?;
    let signs = |secret: &&Secret| Hash::Sha256.fits(secret.expose().as_bytes(), b"validate_cra_challenge", &given);
    let secret = secrets.iter().find(signs)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(token.as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}

/// Whether a word is one of the secrets, in constant time.
pub fn is_one_of(secrets: &[Secret], word: &str) -> bool {
    any(secrets, |secret| secret.expose().as_bytes().ct_eq(word.as_bytes()).into()).is_ok()
}

/// Whether a word is that secret; an empty one is nobody's.
fn is_secret(secret: &Secret, word: &str) -> bool {
    let secret = secret.expose().as_bytes();
    !secret.is_empty() && bool::from(secret.ct_eq(word.as_bytes()))
}

fn any(secrets: &[Secret], fits: impl Fn(&Secret) -> bool) -> Result<(), Refused> {
    // All are tried, so that the time tells nothing of which one fits.
    if secrets.iter().fold(false, |found, secret| fits(secret) | found) { Ok(()) } else { Err(Refused::Wrong) }
}

/// The key of a secret in the form of Standard Webhooks, `whsec_` and base64; none if it is not.
fn whsec(secret: &Secret) -> Option<Cow<'_, [u8]>> {
    STANDARD.decode(secret.expose().trim_start_matches("whsec_")).ok().map(Cow::Owned)
}

impl Hash {
    fn fits(self, key: &[u8], text: &[u8], digest: &[u8]) -> bool {
        macro_rules! fits {
            ($hash:ty) => {
                Hmac::<$hash>::new_from_slice(key).is_ok_and(|mut mac| {
                    mac.update(text);
                    mac.verify_slice(digest).is_ok()
                })
            };
        }
        match self {
            Self::Sha1 => fits!(Sha1),
            Self::Sha256 => fits!(Sha256),
            Self::Sha512 => fits!(Sha512),
        }
    }
}

fn part(word: &str) -> Result<Part, String> {
    Ok(match word {
        "body" => Part::Body,
        "timestamp" => Part::Timestamp,
        "method" => Part::Method,
        "url" => Part::Url,
        "url-decoded" => Part::UrlDecoded,
        "form" => Part::Form,
        _ => {
            if let Some(name) = word.strip_prefix("header:") {
                Part::Header(name.to_lowercase())
            } else if let Some(literal) = word.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
                Part::Literal(literal.to_owned())
            } else {
                return Err(format!("`signed`: what is \"{word}\"? A literal stands in single quotes: \"'{word}'\""));
            }
        }
    })
}

fn candidates(signed: &[Part], received: &Received<'_>, timestamp: &str) -> Vec<Vec<u8>> {
    let urls = addresses(received.url.unwrap_or_default());
    let has_url = signed.iter().any(|part| matches!(part, Part::Url | Part::UrlDecoded));
    let urls = if has_url { urls } else { vec![String::new()] };
    urls.iter()
        .map(|url| {
            let mut text = Vec::with_capacity(received.body.len() + 64);
            for part in signed {
                match part {
                    Part::Body => text.extend_from_slice(received.body),
                    Part::Timestamp => text.extend_from_slice(timestamp.as_bytes()),
                    Part::Method => text.extend_from_slice(received.method.as_bytes()),
                    Part::Url => text.extend_from_slice(url.as_bytes()),
                    Part::UrlDecoded => text.extend_from_slice(hubspot_decoded(url).as_bytes()),
                    Part::Form => text.extend_from_slice(sorted_form(received.body).as_bytes()),
                    Part::Header(name) => {
                        text.extend_from_slice(received.headers.get(name).map(String::as_bytes).unwrap_or_default());
                    }
                    Part::Literal(literal) => text.extend_from_slice(literal.as_bytes()),
                }
            }
            text
        })
        .collect()
}

/// The address as it is, and without or with the usual port.
fn addresses(url: &str) -> Vec<String> {
    let mut addresses = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return addresses };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let port = if scheme == "http" { "80" } else { "443" };
    match host.rsplit_once(':') {
        Some((name, _)) => addresses.push(format!("{scheme}://{name}{path}")),
        None => addresses.push(format!("{scheme}://{host}:{port}{path}")),
    }
    addresses
}

/// HubSpot decodes these, and no others, before signing.
fn hubspot_decoded(url: &str) -> String {
    const DECODED: [(&str, &str); 12] = [
        ("%3A", ":"),
        ("%2F", "/"),
        ("%3F", "?"),
        ("%40", "@"),
        ("%21", "!"),
        ("%24", "$"),
        ("%27", "'"),
        ("%28", "("),
        ("%29", ")"),
        ("%2A", "*"),
        ("%2C", ","),
        ("%3B", ";"),
    ];
    DECODED
        .iter()
        .fold(url.to_owned(), |url, (code, letter)| url.replace(code, letter).replace(&code.to_lowercase(), letter))
}

/// Whether a call bears Twilio's signature (twilio.com/docs/usage/webhooks/webhooks-security): over the address that Twilio was given, with
/// or without its port, and every parameter of the form, also those that nobody knows.
pub fn is_twilios(token: &Secret, url: &str, body: &[u8], said: &str) -> bool {
    let Ok(said) = STANDARD.decode(said) else { return false };
    let form = sorted_form(body);
    let mut urls = vec![url.to_owned()];
    if let Ok(parsed) = reqwest::Url::parse(url) {
        let (scheme, host) = (parsed.scheme(), parsed.host_str().unwrap_or_default());
        let rest = url.get(scheme.len() + 3..).and_then(|rest| Some(&rest[rest.find('/')?..])).unwrap_or_default();
        let port = parsed.port_or_known_default().unwrap_or_default();
        urls.extend([format!("{scheme}://{host}{rest}"), format!("{scheme}://{host}:{port}{rest}")]);
    }
    urls.iter().any(|url| {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.expose().as_bytes()) else { return false };
        mac.update(url.as_bytes());
        mac.update(form.as_bytes());
        mac.verify_slice(&said).is_ok()
    })
}

/// Twilio's form: each name with its values, sorted, repeats dropped, nothing between them.
fn sorted_form(body: &[u8]) -> String {
    let mut sorted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        sorted.entry(name.into_owned()).or_default().insert(value.into_owned());
    }
    sorted
        .into_iter()
        .flat_map(|(name, values)| values.into_iter().map(move |value| format!("{name}{value}")))
        .collect()
}
