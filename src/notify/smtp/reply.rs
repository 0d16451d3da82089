//! Answers of a mail server (RFC 5321 §4.2): the code decides, and the text is for people.

use std::borrow::Cow;
use std::fmt;

use encoding_rs::WINDOWS_1252;

/// Bytes of text that are kept of one answer; the keywords of EHLO take less than one thousand.
const MOST_TEXT: usize = 8_192;
/// Characters that are shown to people.
const MOST_SHOWN: usize = 500;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits, of which the first one says how it went.
    pub code: u16,
    /// A line per line of the answer, without control characters.
    pub text: String,
}

impl Reply {
    /// An answer of one line.
    pub fn new(code: u16, text: &[u8]) -> Self {
        Self { code, text: decode(text) }
    }
}

/// On one line, cut after 500 characters.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.text.split_whitespace().collect();
        let text: String = words.join(" ").chars().take(MOST_SHOWN).collect();
        f.write_str(format!("{:03} {text}", self.code).trim_end())
    }
}

/// An answer of which more lines may come.
#[derive(Debug, Default)]
pub struct PartialReply {
    lines: Vec<String>,
    n_kept: usize,
}

impl PartialReply {
    /// Takes the next line, with or without its end. `None` while another one follows.
    ///
    /// The last line's code counts where they differ (RFC 5321 §4.2.1).
    ///
    /// # Errors
    ///
    /// What was said, if it is no line of an answer.
    pub fn add(&mut self, line: &[u8]) -> Result<Option<Reply>, String> {
        let Some((code, goes_on, text)) = parse(line) else {
            return Err(decode(line).chars().take(MOST_SHOWN).collect());
        };
        if self.n_kept < MOST_TEXT {
            let text = decode(text);
            self.n_kept += text.len() + 1;
            self.lines.push(text);
        }
        Ok((!goes_on).then(|| Reply { code, text: self.lines.join("\n") }))
    }
}

/// Reads one line, with or without its end: its code, whether another line follows, and its text.
///
/// Three digits alone are a whole line: RFC 5321 §4.2 obliges clients to take them. `None` if it is no line of an answer.
pub fn parse(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.trim_ascii_end().split_at_checked(3)?;
    let code = digits
        .iter()
        .try_fold(0_u16, |code, digit| digit.is_ascii_digit().then(|| code * 10 + u16::from(digit - b'0')))?;
    match rest {
        [] => Some((code, false, rest)),
        [b' ', text @ ..] => Some((code, false, text)),
        [b'-', text @ ..] => Some((code, true, text)),
        _ => None,
    }
}

/// Text in UTF-8, else in windows-1252, of which Latin-1 is a part. Control characters become blanks.
pub(super) fn decode(bytes: &[u8]) -> String {
    let text =
        std::str::from_utf8(bytes).map_or_else(|_| WINDOWS_1252.decode_without_bom_handling(bytes).0, Cow::Borrowed);
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{PartialReply, Reply, decode, parse};

    /// The code, whether the answer goes on, and the text.
    type Read<'a> = Option<(u16, bool, &'a [u8])>;

    #[test]
    fn a_line_is_three_digits_and_whatever_follows() {
        let cases: [(&[u8], Read<'_>); 16] = [
            (b"250 2.0.0 ok\r\n", Some((250, false, b"2.0.0 ok"))),
            (b"250 ok\n", Some((250, false, b"ok"))),
            (b"250 ok", Some((250, false, b"ok"))),
            (b"250\r\n", Some((250, false, b""))),
            (b"250", Some((250, false, b""))),
            (b"250 \r\n", Some((250, false, b""))),
            (b"250-\r\n", Some((250, true, b""))),
            (b"250-SIZE 1000\r\n", Some((250, true, b"SIZE 1000"))),
            (b"599 no\r\n", Some((599, false, b"no"))),
            (b"550 Buz\xf3n\r\n", Some((550, false, b"Buz\xf3n"))),
            (b"2500 ok\r\n", None),
            (b"25", None),
            (b"25 ok\r\n", None),
            (b"ok\r\n", None),
            (b"\r\n", None),
            (b"", None),
        ];
        for (line, expected) in cases {
            assert_eq!(parse(line), expected, "{:?}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn any_bytes_are_read_and_every_code_is_of_three_digits() {
        let mut random = fastrand::Rng::with_seed(54);
        for _ in 0..20_000 {
            let line: Vec<u8> =
                (0..random.usize(..8)).map(|_| *random.choice(b"0259 -\r\n\xf3a").unwrap_or(&0)).collect();
            if let Some((code, _, text)) = parse(&line) {
                assert!(code < 1_000 && text.len() + 3 <= line.len(), "{line:?}");
            }
            PartialReply::default().add(&line).ok();
        }
    }

    #[track_caller]
    fn reply(lines: &[&[u8]]) -> Option<Reply> {
        let mut answer = PartialReply::default();
        lines.iter().fold(None, |_, line| answer.add(line).expect("a line of an answer"))
    }

    #[test]
    fn the_last_line_s_code_counts_and_all_text_is_kept() {
        let last = reply(&[b"250-a\r\n", b"250-\r\n", b"251 b\r\n"]).expect("whole");
        assert_eq!((last.code, last.text.as_str()), (251, "a\n\nb"));
        assert_eq!(last.to_string(), "251 a b");
        assert_eq!(reply(&[b"250-a\r\n"]), None);
        assert_eq!(reply(&[b"250\r\n"]).expect("whole").to_string(), "250");
        assert!(PartialReply::default().add(b"+OK\r\n").is_err_and(|said| said == "+OK"));
    }

    #[test]
    fn an_answer_without_measure_is_cut() {
        let mut answer = PartialReply::default();
        let line = [b"250-".as_slice(), &[b'x'; 1_000], b"\r\n"].concat();
        for _ in 0..10_000 {
            assert_eq!(answer.add(&line), Ok(None));
        }
        let whole = answer.add(b"250 ok\r\n").expect("a line").expect("whole");
        assert!(whole.text.len() < 10_000 && whole.to_string().len() < 600, "{}", whole.text.len());
    }

    #[test]
    fn text_is_utf_8_or_latin_1_and_controls_nothing() {
        assert_eq!(decode("Buzón".as_bytes()), "Buzón");
        assert_eq!(decode(b"Aceptado, n\xba 7"), "Aceptado, nº 7");
        assert_eq!(decode(b"a\x1b[2Jb\0c\x9f"), "a [2Jb cŸ");
    }
}
