//! HTML → lines, those of quotes marked by the elements that mail programs quote with.

use std::collections::BTreeSet;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, Token, Tokenizer};

use super::Line;

/// Elements nest no deeper in what people write; what is deeper is read as if it stood here.
const DEEPEST: usize = 256;

/// The pictures of an HTML text that come with it: by content id (RFC 2392), or within the text itself.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Images {
    /// Content ids of those that its writer put there.
    pub own: BTreeSet<String>,
    /// Content ids of those within what it quotes, or its signature.
    pub quoted: BTreeSet<String>,
    /// Whether its writer put one into the text itself, by a `data:` address.
    pub is_inline: bool,
}

impl Images {
    /// Whether the writer put in a picture.
    #[must_use]
    pub fn says_something(&self) -> bool {
        self.is_inline || !self.own.is_empty()
    }
}

#[derive(Debug, Default)]
pub(super) struct Read {
    pub lines: Vec<Line>,
    pub images: Images,
}

/// What an element does to the text within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Plain,
    /// Somebody else's words.
    Quote,
    /// Neither shown nor said: scripts, styles, what is hidden, signatures.
    Silent,
    /// Blanks and ends of lines are kept.
    Verbatim,
}

struct Open {
    name: Vec<u8>,
    role: Role,
}

/// Reads HTML as mail programs write it.
pub(super) fn read(html: &str) -> Read {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut reader = Reader::default();
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => reader.start(&tag),
            Token::EndTag(tag) => reader.end(&tag.name),
            Token::String(text) => reader.text(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    reader.break_line();
    Read { lines: reader.lines, images: reader.images }
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    lines: Vec<Line>,
    images: Images,
    line: String,
    /// A blank waits for the word after it.
    is_blank_owed: bool,
    is_line_begun: bool,
    /// Whether something was said in the cell of a table that is open.
    is_cell_begun: bool,
    /// A block within a cell of a table has ended: the line does, if the cell goes on.
    is_break_owed: bool,
    /// All from here on is quoted: the element that said so has no end.
    is_rest_quoted: bool,
}

impl Reader {
    fn start(&mut self, tag: &StartTag<()>) {
        let name: &[u8] = &tag.name;
        match name {
            b"br" if self.is_silent() => {}
            b"br" => {
                self.is_line_begun = true;
                self.break_line();
            }
            b"hr" => self.rule(tag),
            b"img" => self.image(tag),
            _ if is_void(name) => {}
            _ => self.open(tag),
        }
    }

    fn open(&mut self, tag: &StartTag<()>) {
        let name: &[u8] = &tag.name;
        if is_block(name) {
            self.break_begun();
        } else if matches!(name, b"td" | b"th") && !self.line.is_empty() {
            self.is_blank_owed = true;
            self.is_break_owed = false;
            self.is_cell_begun = false;
        }
        if begins_rest(tag) && !self.is_silent() {
            self.is_rest_quoted = true;
        }
        if tag.self_closing && !is_block(name) {
            return;
        }
        if self.open.len() < DEEPEST {
            self.open.push(Open { name: name.to_vec(), role: role(tag) });
        }
    }

    fn end(&mut self, name: &[u8]) {
        if matches!(name, b"tr" | b"table" | b"tbody" | b"body" | b"html") {
            self.is_break_owed = false;
            if self.is_line_begun {
                self.break_line();
            }
        } else if is_block(name) {
            self.break_begun();
        }
        if let Some(place) = self.open.iter().rposition(|open| open.name == name) {
            self.open.truncate(place);
        }
    }

    fn is(&self, role: Role) -> bool {
        self.open.iter().any(|open| open.role == role)
    }

    fn is_silent(&self) -> bool {
        self.is(Role::Silent)
    }

    fn is_quoted(&self) -> bool {
        self.is_rest_quoted || self.is(Role::Quote)
    }

    fn text(&mut self, text: &str) {
        if self.is_silent() {
            return;
        }
        let is_verbatim = self.is(Role::Verbatim);
        for letter in text.chars() {
            match letter {
                '\n' if is_verbatim => {
                    self.is_line_begun = true;
                    self.break_line();
                }
                ' ' | '\t' if is_verbatim => self.line.push(letter),
                '\u{a0}' => {
                    self.is_line_begun = true;
                    self.is_blank_owed = true;
                }
                ' ' | '\t' | '\n' | '\r' | '\u{c}' => self.is_blank_owed = true,
                // They break lines or join letters, and are not seen.
                '\u{200b}' | '\u{200c}' | '\u{feff}' | '\u{ad}' | '\u{34f}' => {}
                letter => {
                    if std::mem::take(&mut self.is_break_owed) {
                        self.break_line();
                    }
                    if self.is_blank_owed && !self.line.is_empty() {
                        self.line.push(' ');
                    }
                    self.is_blank_owed = false;
                    self.is_cell_begun = true;
                    self.line.push(letter);
                    self.is_line_begun = true;
                }
            }
        }
    }

    /// Ends the line where there is something on it.
    fn break_begun(&mut self) {
        if !self.is_line_begun {
            return;
        }
        // Word puts a paragraph into each cell, which does not end the row.
        if self
            .open
            .iter()
            .rev()
            .map(|open| open.name.as_slice())
            .find(|name| matches!(*name, b"td" | b"th" | b"table"))
            .is_some_and(|name| name != b"table")
        {
            self.is_break_owed |= self.is_cell_begun;
        } else {
            self.break_line();
        }
    }

    fn break_line(&mut self) {
        if self.is_line_begun {
            let text = std::mem::take(&mut self.line).trim_end().to_owned();
            let is_quoted = self.is_quoted();
            self.lines.push(Line { text, is_quoted });
        }
        self.line.clear();
        self.is_line_begun = false;
        self.is_blank_owed = false;
        self.is_break_owed = false;
    }

    fn rule(&mut self, tag: &StartTag<()>) {
        self.break_begun();
        if begins_rest(tag) {
            self.is_rest_quoted = true;
        }
        if !self.is_silent() {
            let is_quoted = self.is_quoted();
            self.lines.push(Line { text: "________".to_owned(), is_quoted });
        }
    }

    fn image(&mut self, tag: &StartTag<()>) {
        let source = attribute(tag, b"src");
        let is_own = !self.is_silent() && !self.is_quoted();
        if let Some(id) = source.trim().strip_prefix("cid:") {
            let ids = if is_own { &mut self.images.own } else { &mut self.images.quoted };
            ids.insert(id.trim().to_owned());
        } else if is_own && source.trim_start().starts_with("data:image/") {
            self.images.is_inline = true;
        }
        let emoji = attribute(tag, b"data-emoji");
        if !emoji.is_empty() {
            self.text(&emoji);
        }
    }
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> String {
    tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

/// The element's classes and its id, without the `x_` that Outlook puts before those of a mail it shows.
fn names(tag: &StartTag<()>) -> Vec<String> {
    let bare = |name: &str| {
        let mut name = name;
        while let Some(rest) = name.strip_prefix("x_") {
            name = rest;
        }
        name.to_ascii_lowercase()
    };
    let (class, id) = (attribute(tag, b"class"), attribute(tag, b"id"));
    class.split_ascii_whitespace().chain(std::iter::once(id.trim())).filter(|name| !name.is_empty()).map(bare).collect()
}

fn style(tag: &StartTag<()>) -> String {
    attribute(tag, b"style").to_ascii_lowercase().split_ascii_whitespace().collect()
}

const QUOTES: &[&str] = &[
    "yahoo_quoted",
    "protonmail_quote",
    "tutanota_quote",
    "moz-cite-prefix",
    "zmail_extra",
    "zmail_extra_hr",
    "freshdesk_quote",
    "front-blockquote",
    "mailbird-quote",
    "mail-editor-reference-message-container",
    "ms-outlook-mobile-reference-message",
    "olk_src_body_section",
    "isreplycontent",
    "reply-quote",
    "zendesk_quote",
    "hs_reply",
    "gorgias-quote",
    "quoted-text",
    "quoted_text",
    "wordsection1_quote",
    "ntes_quote",
    "reply139content",
    "hive-quote",
    "mailcontainer_quote",
    "sh-quoted-content",
    "ox-quote",
    "quotedtext",
];
const SIGNATURES: &[&str] = &[
    "gmail_signature",
    "gmail_signature_prefix",
    "moz-signature",
    "signature",
    "ms-outlook-mobile-signature",
    "applemailsignature",
    "protonmail_signature_block",
    "protonmail_signature_block-user",
    "zmail_signature",
    "yahoo-signature",
    "ymail_android_signature",
    "bloop_sign",
    "tutanota_signature",
    "email-signature",
    "ydp-signature",
    "mobilesignature",
    "x-apple-signature",
];
/// The quote is not within them, but all that follows.
const RESTS: &[&str] = &[
    "divrplyfwdmsg",
    "appendonsend",
    "stopspelling",
    "zwchr",
    "outlookmessageheader",
    "replysplit",
    "origbody",
    "mailoriginal",
];

fn begins_rest(tag: &StartTag<()>) -> bool {
    names(tag).iter().any(|name| RESTS.contains(&name.as_str())) || attribute(tag, b"data-marker") == "__DIVIDER__"
}

fn role(tag: &StartTag<()>) -> Role {
    let names = names(tag);
    let is_in = |list: &[&str]| names.iter().any(|name| list.contains(&name.as_str()));
    let style = style(tag);
    let is_hidden = is_hidden(&style) || tag.attributes.contains_key(&b"hidden"[..]);
    match &*tag.name.0 {
        b"head" | b"title" | b"style" | b"script" | b"template" | b"svg" | b"object" | b"select" | b"iframe"
        | b"math" => Role::Silent,
        _ if is_hidden || is_in(SIGNATURES) => Role::Silent,
        b"blockquote" if !is_indent(&style, &names, tag) => Role::Quote,
        _ if is_in(QUOTES) || names.iter().any(|name| name.starts_with("yahoo_quoted")) => Role::Quote,
        b"div" if attribute(tag, b"name").eq_ignore_ascii_case("quote") => Role::Quote,
        b"pre" | b"textarea" => Role::Verbatim,
        _ => Role::Plain,
    }
}

/// Whether nothing of it is seen, as with the lines that newsletters show in lists of mail.
fn is_hidden(style: &str) -> bool {
    style.split(';').any(|rule| {
        matches!(
            rule.trim_end_matches("!important"),
            "display:none"
                | "mso-hide:all"
                | "visibility:hidden"
                | "opacity:0"
                | "font-size:0"
                | "font-size:0px"
                | "font-size:0pt"
                | "max-height:0"
                | "max-height:0px"
        )
    })
}

/// Gmail and Outlook indent a paragraph by an element for quotes, without its line at the side.
fn is_indent(style: &str, names: &[String], tag: &StartTag<()>) -> bool {
    let is_bare =
        names.is_empty() && !tag.attributes.contains_key(&b"type"[..]) && !tag.attributes.contains_key(&b"cite"[..]);
    is_bare && (style.contains("border:none") || style.contains("margin-right:0") && !style.contains("border-left"))
}

fn is_void(name: &[u8]) -> bool {
    matches!(
        name,
        b"area" | b"base" | b"col" | b"embed" | b"input" | b"link" | b"meta" | b"param" | b"source" | b"track" | b"wbr"
    )
}

fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"address"
            | b"article"
            | b"aside"
            | b"blockquote"
            | b"body"
            | b"center"
            | b"dd"
            | b"details"
            | b"dir"
            | b"div"
            | b"dl"
            | b"dt"
            | b"fieldset"
            | b"figcaption"
            | b"figure"
            | b"footer"
            | b"form"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"head"
            | b"header"
            | b"html"
            | b"legend"
            | b"li"
            | b"main"
            | b"menu"
            | b"nav"
            | b"ol"
            | b"p"
            | b"pre"
            | b"section"
            | b"summary"
            | b"table"
            | b"tbody"
            | b"tfoot"
            | b"thead"
            | b"tr"
            | b"ul"
    )
}
