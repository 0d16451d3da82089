//! The line, or the few lines, in which a mail program says whom the quote below them is from: "El mié, 4 mar 2026 a las 10:00, Rosa
//! (<rosa@cliente.example>) escribió:".

use std::sync::LazyLock;

use regex::Regex;

use super::Line;

/// An attribution takes up at most so many lines: those programs break them at 70 letters, and after each part at worst.
const MOST_LINES: usize = 7;
const LONGEST: usize = 400;

/// What "wrote" is in the programs' languages.
const WROTE: &str = r"(?:escribi[oó]|ha escrito|ha escrit|va escriure|escrigu[eé]|escribe|escribiu|wrote|writes|escreveu|a [eé]crit|schrieb(?: am)?|hat geschrieben|geschrieben|ha scritto|scrive|schreef|het volgende geschreven|napisał(?:\(a\)|a)?|pisze|napsal(?:\(a\)|a)?|skrev|skrev følgende|kirjoitti|yazdı|şunu yazdı|a scris|írta|έγραψε|написал(?:\(а\)|а)?|написав|пишет|пише|写道|寫道|написа|đã viết|menulis|skrifaði)";

static WRITES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)(?:^|[\s>)\]»'\x22,])[*_]*{WROTE}[*_]*(?:[\s:：*_\-]|$)")).ok());
/// The verb is the last word, as in most languages.
static ENDS_WITH_VERB: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)(?:^|[\s>)\]»'\x22,])[*_]*{WROTE}[*_]*\s*[:：][*_]*$")).ok());
/// The verb alone, after a mark that belongs to an address broken over lines.
static VERB_ALONE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)^[>)\s]*{WROTE}\s*[:：]$")).ok());
/// Words that such a line begins with, a day of the week among them.
static BEGINS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^[*_\s]*(?:
          (?:el\ (?:d[ií]a\ )?|on\ |em\ |no\ dia\ |na\ |le\ |am\ |il\ (?:giorno\ )?|o\ |op\ |dnia\ |w\ dniu\ |den\ |på\ |at\ |a\ |in\ data\ |dne\ |kl\.?\ |la\ |vào\ |pada\ )
          |(?:lun|mar|mi[eé]|jue|vie|s[aá]b|dom|mon|tue|wed|thu|fri|sat|sun|seg|ter|qua|qui|sex)[a-zé]*\.?,?\ \d
          |\d{1,4}[\ ./\-]
        )",
    )
    .ok()
});
static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)\d{1,2}[:h.]\d{2} | \b(?:19|20)\d{2}\b | \b\d{1,2}[/.\-]\d{1,2}\b
          | \b\d{1,2}\.?\ (?:de\ |d[’'])?\p{L}{3,} | \p{L}{3,}\ \d{1,2}\b | \d{1,2}月\d{1,2}日",
    )
    .ok()
});
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?i)\b\d{1,2}[:h.]\d{2}\b").ok());
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[^\s<>(\[@]+@[^\s<>)\]@]+|via [^<]+<").ok());
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|ayer|hoy|monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|(?:segunda|ter[cç]a|quarta|quinta|sexta)-feira)\b").ok()
});
/// "me escribió".
static TO_SOMEBODY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)\b(?:me|nos|te|les?|os|lhe|me ha|nos ha|vous|ci|mi)\s+{WROTE}")).ok());
/// Gmail's of old, which has no verb: "2016-10-24 15:36 GMT+02:00 Rosa <rosa@cliente.example>:".
static WITHOUT_VERB: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^\d{4}[-/]\d{1,2}[-/]\d{1,2}\s(?:\d{1,2}:\d{2}\s?)?(?:GMT|UTC)?[+\-−]?[\d:]*\s*\S.*?(?:<[^<>\s]+@[^<>\s]+>\s*:?|GMT[+\-−]\d{1,2}:?\d{0,2}\s+[^:]{2,60}:?)$").ok()
});
static GMT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{2} GMT[+\-−]\d{1,2}:\d{2} [^:@]{2,60}:?$").ok());
/// Horde's: "Quoting Rosa <rosa@cliente.example>:".
static QUOTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:citando a|citando|quoting|citing|zitat von|selon|missatge de|mensaje de|message from)\s.*[:：]$",
    )
    .ok()
});
static YEAR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:19|20)\d{2}").ok());
/// The verb of languages without blanks.
static WRITES_JOINED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("(?:写道|寫道|書きました|のメール)\\s*[:：]$").ok());
/// Zoho's, between dashes.
static BETWEEN_DASHES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)^-{{2,}}.*\b{WROTE}\s*[:：]?\s*-{{2,}}$")).ok());

fn is(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// Whether some line of the text could end one.
pub(super) fn is_anywhere(text: &str) -> bool {
    text.lines().any(|line| is(&ENDS_WITH_VERB, line.trim()) || is(&WRITES, line.trim()) && line.trim().ends_with(':'))
}

/// The line after the attribution that begins at `start`, if one does.
///
/// Above a marked quote a day and the verb are enough; where nothing marks what follows, people's own sentences look much alike, and it
/// takes an hour or an address, and a beginning as programs write it.
pub(super) fn end(lines: &[Line], start: usize) -> Option<usize> {
    let first = lines.get(start).filter(|line| !line.is_quoted && !line.is_blank())?;
    if is(&BETWEEN_DASHES, first.text.trim()) {
        return Some(start + 1);
    }
    let mut joined = String::new();
    for (index, line) in lines.iter().enumerate().skip(start).take(MOST_LINES) {
        let text = line.text.trim();
        if line.is_quoted && !is(&VERB_ALONE, text) {
            break;
        }
        if text.is_empty() && !goes_on(lines, index) {
            break;
        }
        if !joined.is_empty() && !text.is_empty() {
            joined.push(' ');
        }
        joined.push_str(text);
        if LONGEST < joined.len() {
            break;
        }
        let count = index + 1 - start;
        let is_marked = next(lines, index + 1).is_some_and(|line| line.is_quoted || is_marked_otherwise(&line.text));
        if is_one(&joined, is_marked, count) {
            // What was said stands right above it, without an empty line.
            let begins_so = is(&BEGINS, first.text.trim());
            let is_broken_off = begins_so || is_broken_off(&first.text);
            let begins_later = |later: usize| {
                (!is_broken_off || !begins_so && is(&BEGINS, lines[later].text.trim()))
                    && end(lines, later) == Some(index + 1)
            };
            return (!(start + 1..=index).any(begins_later)).then_some(index + 1);
        }
        if line.is_quoted {
            break;
        }
    }
    None
}

/// Whether a program broke the line, since an attribution goes on below.
fn is_broken_off(text: &str) -> bool {
    let text = text.trim();
    text.ends_with(['<', '(', ',']) || 45 < text.chars().count()
}

fn next(lines: &[Line], from: usize) -> Option<&Line> {
    lines.iter().skip(from).find(|line| !line.is_blank())
}

/// An empty line within: what follows is the address.
fn goes_on(lines: &[Line], blank: usize) -> bool {
    next(lines, blank).is_some_and(|line| {
        let text = line.text.trim();
        text.starts_with('<') || text.starts_with("mailto:")
    })
}

fn is_one(joined: &str, is_marked: bool, count: usize) -> bool {
    let has_address = is(&ADDRESS, joined);
    if is(&WITHOUT_VERB, joined) && has_address || count == 1 && is(&GMT, joined) {
        return true;
    }
    let begins_so = is(&BEGINS, joined);
    let is_closed = joined.ends_with([':', '：']);
    let is_dated = is(&TIME, joined) && is(&YEAR, joined) && (is_marked || begins_so);
    if has_address && is_closed && (is(&QUOTING, joined) || is_dated || is(&WRITES_JOINED, joined)) {
        return true;
    }
    let plain = joined.trim_end_matches(['*', '_', ' ']);
    let is_whole = plain.ends_with([':', '：']) || is_marked && has_address && is(&DATE, joined);
    if !is_whole || !is(&WRITES, joined) {
        return false;
    }
    if is_marked {
        return has_address || is(&DATE, joined) || is(&DAY, joined);
    }
    // People say to whom somebody wrote; programs do not.
    if is(&TO_SOMEBODY, joined) {
        return false;
    }
    let is_last_word = is(&ENDS_WITH_VERB, joined);
    if count > 1 && !begins_so && !has_address {
        return false;
    }
    has_address || is_last_word && begins_so && is(&TIME, joined) && is(&YEAR, joined)
}

/// Marks of other programs: a bar, or the writer's name before each line.
pub(super) fn is_marked_otherwise(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('|')
        || text.split_once('>').is_some_and(|(name, rest)| {
            (1..=20).contains(&name.len()) && rest.starts_with(' ') && name.chars().all(char::is_alphanumeric)
        })
}
