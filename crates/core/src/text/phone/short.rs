//! An alert in one text message: whose, what, by when, who answers for it, and where it is. What does not fit is cut, the client's name
//! first, then the channel; never the number of the request or the link.

use chrono::TimeDelta;
use unicode_segmentation::UnicodeSegmentation as _;

use super::gsm::{self, Alphabet};
use crate::both;
use crate::engine::policy::TargetKind;
use crate::outbox::facts::AlertFacts;
use crate::text::reader::Reader;
use crate::text::standing::{self, Form};
use crate::text::{format, shown, task, vocabulary};

/// So much of a client's name is left before anything else is cut.
const NAME_KEPT: usize = 12;

/// Words that may be cut, letter by letter as readers see them.
struct Shortened {
    letters: Vec<String>,
    is_cut: bool,
}

impl Shortened {
    fn of(text: &str) -> Self {
        Self { letters: text.graphemes(true).map(str::to_owned).collect(), is_cut: false }
    }

    /// Leaves one more letter out. Whether there was one, beyond so many that are kept.
    fn shorten(&mut self, kept: usize) -> bool {
        if self.letters.len() <= kept {
            return false;
        }
        self.letters.pop();
        self.is_cut = true;
        true
    }

    fn text(&self) -> String {
        let text = self.letters.concat();
        // A full stop costs less than dots, and nobody takes it for a letter of the name.
        if self.is_cut && !text.is_empty() { format!("{}.", text.trim_end()) } else { text }
    }
}

/// The alert in one segment. `page` is where it can be seen, a whole address. In GSM-7 its accents are folded, and where a letter does not
/// allow that, or the accents are wanted, it has the 70 letters of UCS-2 and fewer words.
pub fn alert(facts: &AlertFacts, reader: &Reader<'_>, page: Option<&str>, wanted: Alphabet) -> String {
    let language = reader.language;
    let now = shown::as_of(facts, reader.now);
    let due = facts.due_at.map(|due_at| {
        let at = standing::instant(due_at, now, reader.zone, language, Form::Plain);
        language.of(if due_at <= now { both!("due {at}", "venció {at}") } else { both!("due {at}", "vence {at}") })
    });
    let channel = vocabulary::channel(&facts.channel, language);
    let owner = shown::owner(facts).unwrap_or_default();
    let who = shown::who(facts);
    let fold = |text: &str| if wanted == Alphabet::Gsm7 { gsm::folded(text) } else { text.to_owned() };
    let words = [&who, &channel, &owner].map(|text| fold(text));
    let is_wide = wanted == Alphabet::Ucs2 || words.iter().any(|text| gsm::size(text).alphabet == Alphabet::Ucs2);
    let [mut who, mut channel, mut owner] = words.map(|text| Shortened::of(&text));
    if is_wide {
        // There is room for what nobody could guess, and no more.
        channel.letters.clear();
        owner.letters.clear();
    }
    let page = page.map(|page| if is_wide { without_scheme(page) } else { page });
    let waits = waits(facts, now - facts.started_at, is_wide, reader);
    let (mut waits, mut due, mut page) = (Some(waits), due, page);
    loop {
        let head = if is_wide { String::new() } else { "plazo: ".to_owned() };
        let channel_text = channel.text();
        let channel_text = if channel_text.is_empty() { channel_text } else { format!(" ({channel_text})") };
        let owner_text = owner.text();
        // Cut or not, it ends in one full stop.
        let owner_text = match owner_text.trim_end_matches('.') {
            "" => String::new(),
            owner => language.of(both!(" Owner {owner}.", " Resp. {owner}.")),
        };
        let said = match (&waits, &due) {
            (Some(waits), Some(due)) => format!(" {waits}, {due}."),
            (Some(said), None) | (None, Some(said)) => format!(" {said}."),
            (None, None) => String::new(),
        };
        let page_text = page.map(|page| format!(" {page}")).unwrap_or_default();
        let text = format!("{head}{}{channel_text}{said}{owner_text} {}{page_text}", who.text(), facts.request);
        let text = fold(text.trim_start());
        let is_cut = !gsm::size(&text).is_single()
            && (who.shorten(NAME_KEPT)
                || channel.shorten(0)
                || owner.shorten(0)
                || who.shorten(1)
                || waits.take().is_some()
                || due.take().is_some()
                || page.take().is_some());
        if !is_cut {
            return text;
        }
    }
}

/// A message that is no single alert: as much of its line as there is room for beside the page.
pub fn line(line: &str, page: Option<&str>, wanted: Alphabet) -> String {
    let fold = |text: &str| if wanted == Alphabet::Gsm7 { gsm::folded(text) } else { text.to_owned() };
    let mut line = Shortened::of(&fold(&format::one_line(line, 400)));
    let page = page.map(|page| format!(" {page}")).unwrap_or_default();
    loop {
        let text = format!("plazo: {}{page}", line.text());
        if gsm::size(&text).is_single() || !line.shorten(1) {
            return text;
        }
    }
}

/// What is waited for, and since when.
fn waits(facts: &AlertFacts, since: TimeDelta, is_wide: bool, reader: &Reader<'_>) -> String {
    let (since, language) = (format::rough_span(since), reader.language);
    let is_answer = matches!(facts.target, TargetKind::Reply | TargetKind::FirstReply | TargetKind::Acknowledge);
    let short = task::short(facts.target, language);
    language.of(match (is_answer, is_wide) {
        (true, false) => both!("has waited {since} for an answer", "espera respuesta hace {since}"),
        (true, true) => both!("waiting {since}", "espera {since}"),
        (false, _) => both!("({short}) for {since}", "({short}) hace {since}"),
    })
}

fn without_scheme(page: &str) -> &str {
    page.strip_prefix("https://").or_else(|| page.strip_prefix("http://")).unwrap_or(page)
}
