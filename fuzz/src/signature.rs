//! Signatures of webhooks. The first byte says which preset's; then come headers, one a line, an empty line, and the body.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use plazo::intake::signature::{self, Received, Refused, Scheme, Written};
use plazo::secret::Secret;
use serde_json::Value;
use sha2::Sha256;

use super::hook::{HOUSE, SECRET, SOURCES};
use super::now;

const URL: &str = "https://plazo.agencia.example/hooks/source";

/// By their place in [`SOURCES`]; none where a preset is not called.
static SCHEMES: LazyLock<Vec<Option<Scheme>>> =
    LazyLock::new(|| HOUSE.settings().map(|settings| settings.mapping.signature.clone()).collect());

/// The ordinary one, in which a genuine call can be made here.
static PLAIN: LazyLock<Scheme> = LazyLock::new(|| {
    let written = Written {
        algorithm: "hmac-sha256",
        header: Some("X-Signature"),
        prefix: "sha256=",
        separator: None,
        encoding: Some("hex"),
        signed: &[],
        secret: None,
        refused_secrets: &[],
        each: None,
        member: None,
        parameter: None,
        in_path: false,
        optional: false,
        time: None,
        claims: &std::collections::BTreeMap::new(),
        tolerance: None,
    };
    Scheme::new(&written).expect("a scheme")
});

pub fn hold(data: &[u8]) {
    let Some((place, rest)) = data.split_first() else {
        LazyLock::force(&PLAIN);
        assert_eq!(SCHEMES.len(), SOURCES.len());
        return;
    };
    let secrets = [Secret::new(SECRET)];
    let (headers, body) = parts(rest);
    let query = headers.get("query").map(|query| format!("?{query}")).unwrap_or_default();
    let url = format!("{URL}{query}");
    let received = Received {
        method: "POST",
        url: Some(&url),
        query: "",
        path_word: None,
        headers: &headers,
        body,
        set: &serde_json::Value::Null,
    };
    if let Some(scheme) = &SCHEMES[usize::from(*place) % SCHEMES.len()] {
        let verified = scheme.verify(&secrets, &received, now());
        assert_eq!(scheme.verify(&secrets, &received, now()), verified);
        // Where the body bears the secret it is looked for after the body was read.
        assert!(scheme.is_in_body() || verified.is_err(), "let in without the secret");
        assert!(
            scheme.is_in_body() || scheme.verify(&[], &received, now()).is_err(),
            "let in where there is no secret"
        );
        if let Ok(mut read) = serde_json::from_slice::<Value>(body)
            && scheme.is_in_body()
            && scheme.keep_proven(&secrets, &mut read).is_ok()
        {
            assert!(read.to_string().contains(SECRET), "kept without the secret: {read}");
        }
    }
    let word = String::from_utf8_lossy(rest);
    assert_eq!(signature::crc_answer(&secrets, &word), None);
    assert!(!signature::is_one_of(&secrets, &word));
    hold_plain(&secrets, body, *place);
}

/// A genuine call is let in, and nothing that differs from it by a bit.
fn hold_plain(secrets: &[Secret], body: &[u8], place: u8) {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length will do");
    mac.update(body);
    let digest = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let headers = BTreeMap::from([("x-signature".to_owned(), digest)]);
    let verify = |body: &[u8]| {
        let received = Received {
            method: "POST",
            url: None,
            query: "",
            path_word: None,
            headers: &headers,
            body,
            set: &serde_json::Value::Null,
        };
        PLAIN.verify(secrets, &received, now())
    };
    assert_eq!(verify(body), Ok(()));
    let mut other = body.to_vec();
    match body.len() {
        0 => other.push(place),
        length => other[usize::from(place) % length] ^= 1,
    }
    assert_eq!(verify(&other), Err(Refused::Wrong));
}

/// Headers by name in lower case, and the body behind the first empty line.
fn parts(data: &[u8]) -> (BTreeMap<String, String>, &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((data, &[][..]), |end| (&data[..end], &data[end + 2..]));
    let head = String::from_utf8_lossy(head);
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    (lines.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect(), body)
}
