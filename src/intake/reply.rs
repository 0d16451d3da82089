//! Answers to the mail of an alert: a word acts. `ok`, `tomo`, `posponer 30m`, `no hace falta responder`.

use std::sync::LazyLock;

use chrono::TimeDelta;
use regex::Regex;

/// What somebody wants who answers an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Takes the request.
    Take,
    /// Puts its alerts off for so long.
    Snooze(TimeDelta),
    /// Says that the client's message needs no answer.
    Waive,
}

/// No alert is put off for longer by a word.
const LONGEST: TimeDelta = TimeDelta::days(7);

static TAKE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:ok(?:ay)?|vale|listo|(?:yo )?(?:lo |la )?tomo|me encargo|yo me encargo|(?:i )?take(?: it)?|i take it|mine|on it|ack)$").ok()
});
static WAIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:no (?:hace falta|es necesario|requiere|necesita)(?: (?:responder(?:le)?|contestar|respuesta))?|sin respuesta|(?:it )?needs no (?:answer|reply)|no (?:answer|reply) needed|no need to (?:answer|reply)|waive)$",
    )
    .ok()
});
static SNOOZE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:snooze|posponer|pospon(?:ga)?|aplazar|en|in|later|luego)\s+(\d{1,4})\s*(m|min|mins|minutos?|minutes?|h|hs|hrs?|horas?|hours?|d|d[ií]as?|days?)$",
    )
    .ok()
});

/// What the first line of an answer asks for; none if it is talk.
pub fn wish(text: &str) -> Option<Wish> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    if line.contains(['?', '¿', '？']) {
        // Whoever asks decides nothing.
        return None;
    }
    let line = line.to_lowercase();
    let line = line.trim_matches(|c: char| c.is_ascii_punctuation() || c == '¡' || c == '¿' || c == '…').trim();
    if TAKE.as_ref()?.is_match(line) {
        return Some(Wish::Take);
    }
    if WAIVE.as_ref()?.is_match(line) {
        return Some(Wish::Waive);
    }
    let found = SNOOZE.as_ref()?.captures(line)?;
    let n: i64 = found.get(1)?.as_str().parse().ok()?;
    let span = match found.get(2)?.as_str().chars().next()? {
        'h' => TimeDelta::hours(n),
        'd' => TimeDelta::days(n),
        _ => TimeDelta::minutes(n),
    };
    (TimeDelta::zero() < span && span <= LONGEST).then_some(Wish::Snooze(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_acts_and_talk_does_not() {
        for text in ["ok", "OK!", "Tomo.", "lo tomo", "Yo me encargo", "I take it", "\n\n  Mine \n\nLaura"] {
            assert_eq!(wish(text), Some(Wish::Take), "{text:?}");
        }
        let half = Some(Wish::Snooze(TimeDelta::minutes(30)));
        for text in ["snooze 30m", "posponer 30 min", "En 30 minutos", "in 30 minutes.", "Aplazar 30m"] {
            assert_eq!(wish(text), half, "{text:?}");
        }
        for text in ["No hace falta responder.", "no hace falta", "No reply needed", "Waive"] {
            assert_eq!(wish(text), Some(Wish::Waive), "{text:?}");
        }
        for asked in ["¿No hace falta responder?", "lo tomo?", "ok?"] {
            assert_eq!(wish(asked), None, "{asked}");
        }
        assert_eq!(wish("snooze 2h"), Some(Wish::Snooze(TimeDelta::hours(2))));
        assert_eq!(wish("posponer 1 día"), Some(Wish::Snooze(TimeDelta::days(1))));
        for text in [
            "",
            "ok, pero antes llame al cliente",
            "no lo tomo",
            "no hace falta que llame: escriba",
            "snooze",
            "snooze 0m",
            "posponer 90 días",
            "in 5 apples",
        ] {
            assert_eq!(wish(text), None, "{text:?}");
        }
    }
}
