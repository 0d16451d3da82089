//! Whether the mailbox's own server vouches that a mail which bears an address of the house is from the house.
//!
//! A server says so in `Authentication-Results` (RFC 8601), which it writes above whatever the sender wrote: the topmost one of a named
//! server counts, and no other. Mail that a colleague hands in at the same server often bears none; there the server's own `Received`
//! line tells that the sender logged in (RFC 3848: the protocol ends in A). Exchange says `Internal` in a header that it takes off
//! mail from outside.

use std::sync::LazyLock;

use mail_parser::Message;
use regex::Regex;

use super::correspondence::is_aligned;
use super::header;
use crate::engine::proof::{Lack, Proof};

/// The word of the named servers on whether a mail is from whom `from` says.
pub(super) fn proof(mail: &Message<'_>, from: &str, trusts: &[String]) -> Proof {
    if trusts.is_empty() {
        return Proof::None { lacks: Some(Lack::NoServer) };
    }
    let own = |host: &str| is_named(host, trusts);
    let way = Way::of(mail, &own);
    let vouched = |name: &str| Proof::Server { name: name.to_owned() };
    // Whoever logged in needs no results: filters judge the address at home from which a colleague writes.
    if let Some(server) = handed_in(mail, &way, &own, from) {
        return vouched(&server);
    }
    if let Some((server, results)) = results(mail, &way, &own) {
        match results.judge(from) {
            Judged::Passed => return vouched(&server),
            Judged::Failed => return Proof::None { lacks: Some(Lack::Refused) },
            Judged::Silent => {}
        }
    }
    // Exchange signs nothing that stays inside.
    match way.hops.first().filter(|_| is_internal_to_exchange(mail, &way.hops, &own)) {
        Some(hop) => vouched(&hop.by),
        None => Proof::None { lacks: Some(Lack::Silent) },
    }
}

/// Whether the server says that `from` did not write it.
pub(super) fn is_refused(mail: &Message<'_>, from: &str, trusts: &[String]) -> bool {
    matches!(proof(mail, from, trusts), Proof::None { lacks: Some(Lack::Refused) })
}

/// Whether a host is one of those named, or below one.
fn is_named(host: &str, trusts: &[String]) -> bool {
    let host = host.trim_end_matches('.');
    trusts.iter().any(|named| {
        host.eq_ignore_ascii_case(named)
            || host.len() > named.len() + 1
                && host
                    .get(host.len() - named.len() - 1..)
                    .is_some_and(|tail| tail.starts_with('.') && tail[1..].eq_ignore_ascii_case(named))
    })
}

/// What a server found out (RFC 8601 §2.2).
#[derive(Debug, Default, PartialEq, Eq)]
struct Results {
    found: Vec<Found>,
}

/// A method, its result, and its properties.
type Found = (String, String, Vec<(String, String)>);

enum Judged {
    Passed,
    Failed,
    /// It says nothing either way.
    Silent,
}

/// The topmost results of a named server that say something of the sender. Microsoft's servers write theirs without a name; whose
/// they are, the server tells that took the mail last.
fn results(mail: &Message<'_>, way: &Way, own: &dyn Fn(&str) -> bool) -> Option<(String, Results)> {
    let by_last = way.hops.first().map(|hop| hop.by.clone()).filter(|by| own(by));
    let mut n_hops = 0;
    for (name, value) in header::each(mail) {
        if name.eq_ignore_ascii_case("Received") {
            n_hops += 1;
        }
        if !name.eq_ignore_ascii_case("Authentication-Results") {
            continue;
        }
        let (server, results) = Results::read(&value);
        let Some(server) = (match server {
            Some(server) => Some(server).filter(|server| own(server)),
            None => by_last.clone(),
        }) else {
            continue;
        };
        if !results.says_something() {
            continue;
        }
        // Exim writes its own above the line of the hop in which it got the mail; what stands below that came with the mail.
        let is_below_exim = way.entry.is_some_and(|entry| entry < n_hops && way.hops[entry].is_exim);
        return (!is_below_exim).then_some((server, results));
    }
    None
}

impl Results {
    /// The server's name, where it writes one, and what it found.
    fn read(value: &str) -> (Option<String>, Self) {
        let text = header::without_comments(value);
        let mut parts = text.split(';').map(str::trim);
        let mut found = Vec::new();
        let first = parts.next().unwrap_or_default();
        let server = if first.contains('=') {
            found.extend(result(first));
            None
        } else {
            first.split_whitespace().next().map(str::to_lowercase)
        };
        found.extend(parts.filter_map(result));
        (server, Self { found })
    }

    /// Whether it tells of who sent the mail at all; "none" says that nothing was looked at.
    fn says_something(&self) -> bool {
        self.found.is_empty()
            || self.found.iter().any(|(method, ..)| matches!(method.as_str(), "dmarc" | "dkim" | "spf" | "auth"))
    }

    fn judge(&self, from: &str) -> Judged {
        let of = |wanted: &'static str| self.found.iter().filter(move |(method, ..)| method == wanted);
        for (_, result, properties) in of("dmarc") {
            // A domain that is named must be the one; some servers name none.
            let is_of_it =
                properties.iter().filter(|(name, _)| name == "header.from").all(|(_, who)| is_aligned(who, from));
            match result.as_str() {
                "pass" | "bestguesspass" if is_of_it => return Judged::Passed,
                "fail" | "permerror" | "temperror" => return Judged::Failed,
                _ => {}
            }
        }
        let logged_in =
            |(name, who): &(String, String)| name == "smtp.auth" && (!who.contains('@') || is_aligned(who, from));
        if of("auth").any(|(_, result, properties)| result == "pass" && properties.iter().any(logged_in)) {
            return Judged::Passed;
        }
        // Without a word on DMARC: its two legs.
        let speaks = |names: [&'static str; 2]| {
            move |(_, result, properties): &&(String, String, Vec<(String, String)>)| {
                let is_theirs =
                    |(name, who): &(String, String)| names.contains(&name.as_str()) && is_aligned(who, from);
                result == "pass" && properties.iter().any(is_theirs)
            }
        };
        let by_key = of("dkim").any(|found| speaks(["header.d", "header.i"])(&found));
        let by_path = of("spf").any(|found| speaks(["smtp.mailfrom", "smtp.mail"])(&found));
        let was_checked = |method| of(method).any(|(_, result, _)| !matches!(result.as_str(), "none" | "neutral"));
        match (by_key || by_path, was_checked("dkim") || was_checked("spf")) {
            (true, _) => Judged::Passed,
            (false, true) => Judged::Failed,
            (false, false) => Judged::Silent,
        }
    }
}

/// `method=result property=value …`.
fn result(part: &str) -> Option<Found> {
    let mut words = part.split_whitespace();
    let (method, result) = words.next()?.split_once('=')?;
    let method = method.split('/').next().unwrap_or_default().to_lowercase();
    let properties = words.filter_map(|word| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_lowercase(), value.trim_matches(['<', '>', '"', '@', ',']).to_lowercase()))
    });
    Some((method, result.to_lowercase(), properties.collect()))
}

/// Exchange marks what a member of the organisation handed in, and takes the mark off whatever comes from outside.
fn is_internal_to_exchange(mail: &Message<'_>, hops: &[Hop], own: &dyn Fn(&str) -> bool) -> bool {
    let is_its = |hop: &&Hop| own(&hop.by) && (hop.by.ends_with(".outlook.com") || hop.is_exchange);
    hops.first().filter(is_its).is_some()
        && header::first(mail, "X-MS-Exchange-Organization-AuthAs")
            .is_some_and(|word| word.eq_ignore_ascii_case("Internal"))
}

/// The server at which somebody of `from`'s domain logged in to hand the mail in, by the lines that the named servers wrote: from the
/// top down to the first that took it from elsewhere. What stands below, the sender may have made up.
fn handed_in(mail: &Message<'_>, way: &Way, own: &dyn Fn(&str) -> bool, from: &str) -> Option<String> {
    let hop = &way.hops[way.entry?];
    if !hop.is_authenticated || !own(&hop.by) {
        return None;
    }
    // Where a server is shared by many houses, this header tells which one logged in.
    let mut logged_in = header::all(mail, "X-Authenticated-Sender").filter(|value| value.contains('@'));
    if logged_in.any(|value| !is_aligned(&value, from)) {
        return None;
    }
    let path = || header::first(mail, "Return-Path").map(|path| path.trim_matches(['<', '>']).to_owned());
    let who = hop.who.clone().or_else(path)?;
    (!who.contains('@') || is_aligned(&who, from)).then(|| hop.by.clone())
}

/// The way of a mail through the house, the last hop first, and the hop in which the house got it.
struct Way {
    hops: Vec<Hop>,
    entry: Option<usize>,
}

impl Way {
    fn of(mail: &Message<'_>, own: &dyn Fn(&str) -> bool) -> Self {
        let hops: Vec<Hop> = header::all(mail, "Received").map(|value| Hop::read(&value)).collect();
        // Within the house each hop tells that the mail came from the house itself, so that the line below it is the house's too.
        let is_inner = |hop: &Hop| !hop.is_authenticated && (hop.is_local || hop.from.as_deref().is_some_and(own));
        let entry = hops.iter().position(|hop| !is_inner(hop));
        Self { hops, entry }
    }
}

/// A `Received` line (RFC 5321 §4.4).
#[derive(Debug, Default, PartialEq, Eq)]
struct Hop {
    from: Option<String>,
    by: String,
    /// Whether the sender logged in.
    is_authenticated: bool,
    /// As whom.
    who: Option<String>,
    /// Whether it was passed on within one machine.
    is_local: bool,
    is_exchange: bool,
    is_exim: bool,
}

static WHO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\((?:authenticated sender:|envelope-from)\s*<?([^\s<>()]+)>?").ok());

impl Hop {
    fn read(value: &str) -> Self {
        let bare = header::without_comments(value.rsplit_once(';').map_or(value, |(line, _)| line));
        let words: Vec<&str> = bare.split_whitespace().collect();
        // The last of each: the sender chooses the name after `from`, and might choose it with spaces.
        let after = |word: &str| {
            let place = words.iter().rposition(|found| found.eq_ignore_ascii_case(word))?;
            words.get(place + 1).map(|word| word.to_lowercase())
        };
        let protocol = after("with").unwrap_or_default();
        let from = after("from");
        let is_loopback = |from: &String| {
            matches!(from.as_str(), "localhost" | "localhost.localdomain" | "127.0.0.1" | "[127.0.0.1]" | "[::1]")
        };
        Self {
            by: after("by").unwrap_or_default().trim_matches(['[', ']', ';']).to_owned(),
            is_authenticated: matches!(
                protocol.as_str(),
                "esmtpa" | "esmtpsa" | "smtpa" | "smtpsa" | "asmtp" | "utf8smtpa" | "utf8smtpsa"
            ),
            who: WHO
                .as_ref()
                .and_then(|who| who.captures(value))
                .and_then(|found| Some(found.get(1)?.as_str().to_owned())),
            is_local: protocol.starts_with("lmtp") || from.as_ref().is_some_and(is_loopback),
            is_exchange: value.contains("Microsoft SMTP Server"),
            is_exim: value.contains("(Exim "),
            from,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(value: &str) -> &'static str {
        match Results::read(value).1.judge("laura@agencia.example") {
            Judged::Passed => "passed",
            Judged::Failed => "failed",
            Judged::Silent => "silent",
        }
    }

    #[test]
    fn results_are_read_as_servers_write_them() {
        let rows = [
            ("mx.agencia.example; dmarc=pass (p=none dis=none) header.from=agencia.example", "passed"),
            ("mx.agencia.example 1; dmarc=pass(p=quarantine) header.from=<laura@agencia.example>", "passed"),
            (
                "mx.google.com; dkim=pass header.i=@agencia.example header.s=g; spf=pass (a; b=c) smtp.mailfrom=x@y.example",
                "passed",
            ),
            ("mx; spf=pass smtp.mailfrom=laura@agencia.example", "passed"),
            ("mx; auth=pass (PLAIN) smtp.auth=laura@agencia.example smtp.mailfrom=laura@agencia.example", "passed"),
            ("mx; auth=pass smtp.auth=laura", "passed"),
            ("mx; auth=pass smtp.auth=otro@vecina.example", "silent"),
            ("mx; dmarc=fail (p=none) header.from=agencia.example; spf=pass smtp.mailfrom=evil.example", "failed"),
            ("mx; dmarc=pass header.from=evil.example", "silent"),
            ("mx; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example", "failed"),
            ("mx; dkim=pass (dmarc=pass header.from=agencia.example) header.d=evil.example", "failed"),
            ("mx; none", "silent"),
            (
                "dkim=none (message not signed) header.d=none;dmarc=none action=none header.from=agencia.example;",
                "silent",
            ),
        ];
        for (value, expected) in rows {
            assert_eq!(judged(value), expected, "{value}");
        }
    }

    #[test]
    fn a_received_line_tells_who_logged_in_where() {
        let hop = Hop::read(
            "from laptop (unknown [203.0.113.9]) (using TLSv1.3) (Authenticated sender: laura@agencia.example) by mx.agencia.example (Postfix) with ESMTPSA id 4Xy for <rosa@cliente.example>; Wed, 4 Mar 2026 10:00:00 -0500",
        );
        assert_eq!(
            (hop.by.as_str(), hop.is_authenticated, hop.who.as_deref()),
            ("mx.agencia.example", true, Some("laura@agencia.example"))
        );
        let hop = Hop::read(
            "from [203.0.113.9] (port=1 helo=x) by server.agencia.example with esmtpsa (TLS1.3) tls X (Exim 4.96) (envelope-from <laura@agencia.example>) id 1t; Wed",
        );
        assert_eq!(
            (hop.by.as_str(), hop.is_authenticated, hop.who.as_deref()),
            ("server.agencia.example", true, Some("laura@agencia.example"))
        );
        let hop = Hop::read(
            "from a by mx.agencia.example with ESMTPSA (203.0.113.9) by mx.agencia.example (Postfix) with ESMTPS id 4; Wed",
        );
        assert!(!hop.is_authenticated);
    }

    #[test]
    fn a_name_stands_for_itself_and_the_servers_below_it() {
        let trusts = ["outlook.com".to_owned()];
        assert!(is_named("DB7PR01MB1.eurprd01.prod.outlook.com", &trusts));
        assert!(is_named("outlook.com", &trusts));
        assert!(!is_named("evil-outlook.com", &trusts));
        assert!(!is_named("com", &trusts));
    }
}
