//! What a courtesy consists of: words, and signs that say no more than they do.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::engine::check::folded;

/// Pictures that only please.
const PICTURES: &[char] = &[
    '👍', '🙏', '❤', '🧡', '💛', '💚', '💙', '💜', '🤍', '🤎', '🩷', '🩵', '💕', '💖', '💗', '💓', '💞', '💘', '💝',
    '💟', '❣', '♥', '😊', '🙂', '😀', '😃', '😄', '😁', '☺', '😉', '😍', '🥰', '😘', '😌', '🤗', '😇', '🤩', '😎',
    '😚', '😙', '😗', '👏', '🙌', '👌', '✌', '🤝', '💪', '🫶', '🤙', '👊', '🤜', '🤛', '🫡', '🙇', '💯', '🎉', '🥳',
    '🎊', '✨', '⭐', '🌟', '💫', '🌹', '🌸', '🌺', '🌷', '🌻', '🌼', '💐', '☀', '🌞', '🌈', '🕊', '🍀', '😻', '🫰',
    '☕', '🥂', '🎄', '✅', '✔', '☑', '🆗', '💋', '🥹', '🙈', '💃', '🕺', '🤭', '😆', '🙋', '👋', '😺', '🏆', '🥇',
    '💌',
];
/// Says that one goes or comes, or begs as well as it thanks: none by itself.
const GREETS: &[char] = &['👋', '🙋', '🙏', '🙇'];
/// Says yes.
const NODS: &[char] = &['👍', '👌', '✅', '✔', '☑', '🆗', '🤝', '🤙', '🫡', '👊'];
/// Pictures out of signs.
const DRAWN: &[&str] =
    &[":-)", ":)", ";-)", ";)", ":-D", ":D", "=)", "=D", "<3", "^_^", "^^", ":*", ":-*", "(:", "(y)", "(Y)", ":')"];
/// What stands between words and means nothing.
const STOPS: &[char] = &[
    ',', '.', '!', '¡', '&', ';', ':', '-', '–', '—', '~', '*', '_', '\u{2019}', '\'', '´', '`', '\u{feff}',
    '\u{200e}', '\u{200f}', '"', '\u{201c}', '\u{201d}', '«', '»',
];
/// Two full stops and more hesitate.
const HESITATES: [&str; 2] = ["..", "…"];

/// What a text consists of.
pub(super) struct Said {
    /// Its words, folded.
    pub(super) words: Vec<String>,
    /// Whether a picture is among them that says something by itself.
    pub(super) has_sign: bool,
    /// Whether a picture is among them that nods.
    pub(super) nods: bool,
}

/// The words and pictures of a text; none where something else is in it.
pub(super) fn read(text: &str) -> Option<Said> {
    if HESITATES.iter().any(|sign| text.contains(sign)) {
        return None;
    }
    let mut text = text.to_owned();
    let (mut has_sign, mut nods) = (false, false);
    for drawn in DRAWN {
        if text.contains(drawn) {
            text = text.replace(drawn, " ");
            has_sign = true;
        }
    }
    let (mut words, mut word) = (Vec::new(), String::new());
    for grapheme in text.graphemes(true) {
        let first = grapheme.chars().next()?;
        if first.is_alphabetic() && grapheme.chars().all(|c| c.is_alphabetic() || is_combining(c)) {
            word.push_str(grapheme);
            continue;
        }
        if !word.is_empty() {
            words.push(folded(&word));
            word.clear();
        }
        if is_picture(grapheme, first) {
            has_sign |= !GREETS.contains(&first) && !('\u{1f1e6}'..='\u{1f1ff}').contains(&first);
            nods |= NODS.contains(&first);
        } else if !grapheme.chars().all(|c| c.is_whitespace() || STOPS.contains(&c)) {
            return None;
        }
    }
    if !word.is_empty() {
        words.push(folded(&word));
    }
    Some(Said { words, has_sign, nods })
}

fn is_combining(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// A friendly picture, whatever its skin and its form.
fn is_picture(grapheme: &str, first: char) -> bool {
    const SKINS: std::ops::RangeInclusive<char> = '\u{1f3fb}'..='\u{1f3ff}';
    let is_form = |c: char| SKINS.contains(&c) || ['\u{fe0f}', '\u{fe0e}'].contains(&c);
    const FLAGS: std::ops::RangeInclusive<char> = '\u{1f1e6}'..='\u{1f1ff}';
    if FLAGS.contains(&first) {
        return grapheme.chars().all(|c| FLAGS.contains(&c));
    }
    // A heart on fire is one picture out of two.
    let is_part = |c: char| is_form(c) || ['\u{200d}', '🔥'].contains(&c) || PICTURES.contains(&c);
    PICTURES.contains(&first) && grapheme.chars().skip(1).all(is_part)
}
