//! JSON Web Tokens by which some sources sign their calls (RFC 7519): RS256 by a key set (RFC 7517), which anybody may read, or HS256 by a
//! shared secret. Which one it is the secret says, never the token (RFC 8725 §3.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

use super::signature::Refused;
use crate::secret::Secret;

/// No honest token is longer, in bytes.
const LONGEST: usize = 8 << 10;
/// Clocks of two machines differ by so much.
const SKEW: TimeDelta = TimeDelta::minutes(1);

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
}

/// A key set, as vendors publish it. What is no RSA key for signatures is passed over.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// What a token must say besides its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Claims and their text, in which `{name}` stands for that value of `set`.
    pub(super) claims: Vec<(String, String)>,
    /// How long after `iat` it is taken, where it has one.
    pub(super) tolerance: TimeDelta,
}

/// Whether a secret can be a key: a key set with an RSA key, or a text that is none.
pub(super) fn is_key(secret: &Secret) -> bool {
    let text = secret.expose().trim();
    if !text.starts_with('{') {
        return !text.is_empty();
    }
    serde_json::from_str::<KeySet>(text).is_ok_and(|set| set.keys.iter().any(|key| key.components().is_some()))
}

/// Lets a token in that was made by the secret or a key of its set, and says what is wanted.
pub(super) fn verify(
    token: &str,
    secrets: &[Secret],
    wanted: &Wanted,
    set: &Value,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    if LONGEST < token.len() {
        return Err(Refused::Wrong);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Refused::Wrong)?;
    let (head, claims) = signed.split_once('.').ok_or(Refused::Wrong)?;
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Wrong);
    let signature = decoded(signature)?;
    let head: Head = serde_json::from_slice(&decoded(head)?).map_err(|_| Refused::Wrong)?;
    // All are tried, so that the time tells nothing of which one fits.
    let fits = secrets.iter().fold(false, |found, secret| fits(secret, &head, signed, &signature) | found);
    if !fits {
        return Err(Refused::Wrong);
    }
    let claims: Value = serde_json::from_slice(&decoded(claims)?).map_err(|_| Refused::Wrong)?;
    for (name, text) in &wanted.claims {
        let text = filled(text, set).ok_or(Refused::Wrong)?;
        let says = match claims.get(name) {
            // An audience may be several (RFC 7519 §4.1.3).
            Some(Value::Array(items)) => items.iter().any(|item| item.as_str() == Some(&text)),
            Some(Value::String(said)) => *said == text,
            _ => false,
        };
        if !says {
            return Err(Refused::Wrong);
        }
    }
    check_time(&claims, wanted.tolerance, now)
}

fn fits(secret: &Secret, head: &Head, signed: &str, signature: &[u8]) -> bool {
    let text = secret.expose().trim();
    if text.starts_with('{') {
        let Ok(set) = serde_json::from_str::<KeySet>(text) else { return false };
        let is_meant = |key: &&Key| head.kid.is_none() || key.kid.is_none() || key.kid == head.kid;
        return head.alg == "RS256"
            && set.keys.iter().filter(is_meant).filter_map(Key::components).any(|(n, e)| {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), signature).is_ok()
            });
    }
    // An empty key is everybody's.
    head.alg == "HS256"
        && !text.is_empty()
        && Hmac::<Sha256>::new_from_slice(text.as_bytes()).is_ok_and(|mut mac| {
            mac.update(signed.as_bytes());
            mac.verify_slice(signature).is_ok()
        })
}

impl Key {
    /// Modulus and exponent of an RSA key that may verify signatures.
    fn components(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let is_usable = self.kty == "RSA"
            && self.alg.as_deref().is_none_or(|alg| alg == "RS256")
            && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        if !is_usable {
            return None;
        }
        let number = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?.trim_end_matches('=')).ok();
        Some((number(&self.n)?, number(&self.e)?))
    }
}

/// A text with the values of `set` in the place of their names; none where one is not there.
fn filled(text: &str, set: &Value) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        match set.get(name)? {
            Value::String(word) => filled.push_str(word),
            Value::Number(number) => filled.push_str(&number.to_string()),
            _ => return None,
        }
        rest = after;
    }
    Some(filled + rest)
}

/// By `exp`, `nbf` and `iat`, in seconds since 1970 (RFC 7519 §4.1); one of `exp` and `iat` must be there.
fn check_time(claims: &Value, tolerance: TimeDelta, now: DateTime<Utc>) -> Result<(), Refused> {
    let instant = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().filter(|seconds| seconds.abs() < 1e12).ok_or(Refused::Stale)?;
            Ok(DateTime::from_timestamp(seconds as i64, 0))
        }
    };
    let (expires, begins, made) = (instant("exp")?, instant("nbf")?, instant("iat")?);
    let is_over = expires.is_some_and(|at| at + SKEW < now);
    let is_to_come = [begins, made].into_iter().flatten().any(|at| now + SKEW < at);
    let is_old = made.is_some_and(|at| at + tolerance < now);
    let says_nothing = expires.is_none() && made.is_none();
    if is_over || is_to_come || is_old || says_nothing { Err(Refused::Stale) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(head: &Value, claims: &Value, key: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(head), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key");
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn only_a_token_of_the_key_s_own_kind_with_its_claims_in_its_time_is_let_in() {
        let now = DateTime::from_timestamp(1_772_460_301, 0).expect("an instant");
        let (secret, set) = ([Secret::new("clave")], json!({"org": 7}));
        let wanted =
            Wanted { claims: vec![("aud".to_owned(), "org:{org}".to_owned())], tolerance: TimeDelta::hours(1) };
        let judged = |head: Value, claims: Value, key: &str| {
            verify(&token(&head, &claims, key), &secret, &wanted, &set, now).map_err(|refused| refused.to_string())
        };
        let (head, made) = (json!({"alg": "HS256"}), now.timestamp());
        let good = json!({"aud": "org:7", "iat": made});
        assert_eq!(judged(head.clone(), good.clone(), "clave"), Ok(()));
        assert_eq!(judged(head.clone(), json!({"aud": ["x", "org:7"], "exp": made + 5}), "clave"), Ok(()));
        let wrong = Err("the signature does not fit".to_owned());
        assert_eq!(judged(head.clone(), good.clone(), "otra"), wrong);
        for alg in ["none", "RS256", "HS512", ""] {
            assert_eq!(judged(json!({"alg": alg}), good.clone(), "clave"), wrong, "{alg}");
        }
        for claims in [json!({"iat": made}), json!({"aud": "org:8", "iat": made}), json!({"aud": 7, "iat": made})] {
            assert_eq!(judged(head.clone(), claims.clone(), "clave"), wrong, "{claims}");
        }
        let stale = Err("the time stamp is too far from now".to_owned());
        for claims in [
            json!({"aud": "org:7"}),
            json!({"aud": "org:7", "iat": made - 3_601}),
            json!({"aud": "org:7", "iat": made + 61}),
            json!({"aud": "org:7", "iat": made, "exp": made - 61}),
            json!({"aud": "org:7", "iat": made, "nbf": made + 61}),
            json!({"aud": "org:7", "iat": "hoy"}),
        ] {
            assert_eq!(judged(head.clone(), claims.clone(), "clave"), stale, "{claims}");
        }
        // A key set is public: nobody signs by its text.
        let public = [Secret::new("{\"keys\": []}")];
        let forged = token(&head, &good, public[0].expose());
        assert!(verify(&forged, &public, &wanted, &set, now).is_err());
        assert!(!is_key(&public[0]) && is_key(&secret[0]) && !is_key(&Secret::new(" ")));
        for broken in ["", ".", "..", "a.b.c", &"A".repeat(9_000)] {
            assert!(verify(broken, &secret, &wanted, &set, now).is_err(), "{broken}");
        }
    }
}
