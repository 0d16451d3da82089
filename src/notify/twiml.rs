//! What a call says, as Twilio reads it (twilio.com/docs/voice/twiml): a text, a key to press, the end. All words are escaped: a name that
//! is markup would dial.

use html_escape::{encode_double_quoted_attribute, encode_text};

use crate::text::Language;

/// An answer by which nothing is said or sent.
pub const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>";
/// What ends a call without a word.
pub const HANG_UP: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Hangup/></Response>";
/// Letters of a whole document, of which Twilio takes 4,000.
const LONGEST_SAID: usize = 1_500;

/// Says a text, and waits 8 seconds for one key, which is told to `action`, as is that none was pressed.
pub fn gather(said: &str, action: &str, language: Language) -> String {
    let action = encode_double_quoted_attribute(action);
    document(&format!(
        "<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"8\" actionOnEmptyResult=\"true\" action=\"{action}\" method=\"POST\">{}</Gather>",
        say(said, language)
    ))
}

/// Says a text and ends the call.
pub fn last_word(said: &str, language: Language) -> String {
    document(&format!("{}<Hangup/>", say(said, language)))
}

fn say(said: &str, language: Language) -> String {
    let voice = match language {
        Language::Es => "es-MX",
        Language::En => "en-US",
    };
    let said: String = said.chars().filter(|letter| !letter.is_control()).take(LONGEST_SAID).collect();
    format!("<Say language=\"{voice}\">{}</Say>", encode_text(&said))
}

fn document(inner: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{inner}</Response>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_markup_stays_a_name() {
        let text =
            gather("Pérez & Hijos </Say><Dial>+573009999999</Dial><Say>", "https://a.example/?x=\"&y", Language::Es);
        assert!(
            text.contains("Pérez &amp; Hijos &lt;/Say&gt;&lt;Dial&gt;+573009999999&lt;/Dial&gt;&lt;Say&gt;"),
            "{text}"
        );
        assert!(text.contains("action=\"https://a.example/?x=&quot;&amp;y\""), "{text}");
    }
}
