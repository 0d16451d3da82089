//! The head of a quoted or forwarded mail within a text: a rule, words such as "Mensaje original", labels such as "De:" and "Asunto:".

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::Line;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    From,
    /// When it was sent, by a word that only mail programs use.
    Sent,
    Date,
    To,
    Copy,
    Subject,
    Other,
}

/// The labels of mail programs in the languages of those who write to our users.
const LABELS: &[(Label, &str)] = &[
    (
        Label::From,
        "de|desde|remitente|from|von|da|van|od|från|fra|lähettäjä|kimden|gönderen|от|отправитель|від|expéditeur|expediteur|mittente|remetente|发件人|寄件者|差出人|from sender",
    ),
    (
        Label::Sent,
        "enviado|enviado el|enviado em|enviada|enviada em|enviat|enviat el|sent|sent on|gesendet|envoyé|envoyé le|inviato|inviato il|verzonden|wysłano|wysłane|skickat|sendt|lähetetty|gönderildi|gönderme tarihi|odesláno|отправлено|发送时间|送信日時|寄件日期",
    ),
    (Label::Date, "fecha|fecha de envío|fecha y hora|data|date|datum|tarih|дата|日期|日時|päivämäärä|dato"),
    (
        Label::To,
        "para|per a|to|an|à|a|aan|do|pro|till|til|vastaanottaja|kime|alıcı|кому|destinatario|destinatarios|destinatário|destinatari|destinataire|收件人|宛先",
    ),
    (
        Label::Copy,
        "cc|cco|bcc|copia|con copia|con copia a|cópia|com cópia|c.c.|kopie|kopi|kopia|copie|copie à|kopia do|копия|抄送|副本",
    ),
    (
        Label::Subject,
        "asunto|subject|assunto|objet|oggetto|betreff|onderwerp|temat|předmět|тема|ämne|emne|aihe|konu|assumpte|tema|assumpto|subiect|tárgy|主题|主旨|件名",
    ),
    (
        Label::Other,
        "reply-to|responder a|responder para|risposta|répondre à|antwort an|importancia|importance|importância|prioridad|priority|prioridade|datos adjuntos|adjuntos|archivos adjuntos|attachments|anexos|anexo|anlagen|pièces jointes|allegati|allegato|organización|organization|cita|when|where|message-id|list-id|mailed-by|signed-by",
    ),
];

static BY_NAME: LazyLock<HashMap<&'static str, Label>> = LazyLock::new(|| {
    LABELS.iter().flat_map(|(label, names)| names.split('|').map(move |name| (name, *label))).collect()
});

/// Above a quoted mail, and above a forwarded one.
const ORIGINAL: &str = r"mensaje original|original message|original email|original e-mail|mensagem original|e-mail original|correo original|message d.origine|message original|ursprüngliche (?:nachricht|mail)|original-?nachricht|messaggio originale|missatge original|oorspronkelijk bericht|originalmeddelande|original meddelelse|opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|původní zpráva|исходное сообщение|orijinal mesaj|mesaj original|原始邮件|原始郵件|元のメッセージ|mensaje citado|reply message|mensaje respondido";
const FORWARDED: &str = r"forwarded message|forwarded by .*|forwarded e?-?mail|mensaje reenviado|reenviado por .*|correo reenviado|mensagem encaminhada|mensagem reencaminhada|encaminhad[ao] por .*|message transféré|message transmis|transféré par .*|weitergeleitete nachricht|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat meddelande|przekazana wiadomość|пересылаемое сообщение|missatge reenviat|begin forwarded message|inicio del mensaje reenviado|início da mensagem (?:re)?encaminhada|início do e-mail encaminhado|début du message (?:réexpédié|transféré)|anfang der weitergeleiteten (?:nachricht|e-mail)|inizio messaggio inoltrato|轉寄郵件|转发邮件";

static TITLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)^[\s\-_=*~‐‑―—–#.>]*(?:(?P<original>{ORIGINAL})|(?P<forwarded>{FORWARDED}))(?:[\s\-_=*~‐‑―—–#.:]*|\s*-{{4,}}\s*\p{{L}}+\s*:.*)$")).ok()
});
/// Notes' rule: "Rosa Vélez ---12/03/2026 09:41:12---Buenos días".
static NOTES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^.{1,80}\s-{2,}\s?\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}\s.*-{2,}").ok());
static RULE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\s*(?:[-_=*~‐‑―—–]\s?){3,}$").ok());
static LABELLED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[\s*_>|]*(?P<name>[\p{L}][\p{L} .\-]{0,24}?)[\s*_]*[:：](?P<value>.*)$").ok());
/// An address as mail programs write it beside a name.
static MAILBOX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)[<\[(](?:mailto:)?[^\s<>\[\]()@]+@[^\s<>\[\]()@]+[>\])]|^\s*[^\s@,]+@[^\s@,]+\s*$").ok()
});
/// The line of a help desk above which people are asked to answer.
static ABOVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*reply above this line\.?\s*$|^[\s>#\-=_*~]+.*(?:(?:type|write|enter) your reply above|reply above this line|respond above|(?:escrib[ae]|responda|responde|escreva|digite|insira).{0,30}(?:encima|arriba|acima)|votre réponse au-dessus|antwort.{0,30}(?:oberhalb|über dieser)|above this line to reply).*[#\-=_*~]+\s*$").ok()
});

fn is(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// Whether a line says that another mail is passed on below it: that is content, and no quote.
pub(super) fn passes_on(line: &str) -> bool {
    let found = TITLE.as_ref().filter(|_| !line.trim_start().starts_with('>')).and_then(|title| title.captures(line));
    found.is_some_and(|found| found.name("forwarded").is_some())
}

/// A line of nothing but dashes, underscores or the like.
pub(super) fn is_rule(text: &str) -> bool {
    is(&RULE, text)
}

/// Whether it is the line above which a help desk asks for the answer.
pub(super) fn is_answer_above(text: &str) -> bool {
    is(&ABOVE, text)
}

/// What introduces another mail: where it ends, and whether that mail is passed on rather than answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub end: usize,
    pub is_forward: bool,
}

/// The head of another mail that begins at `start`, if one does: a rule or a title and labels below it, a title between dashes alone,
/// or labels alone that are told from a list of somebody's own by what they are.
pub(super) fn at(lines: &[Line], start: usize) -> Option<Head> {
    let line = lines.get(start).filter(|line| !line.is_quoted && !line.is_blank())?;
    if is_rule(&line.text) || is(&NOTES, &line.text) {
        let below = skip_blank(lines, start + 1)?;
        let labels = labels(lines, below).filter(|labels| labels.is_head_below_rule());
        return match labels {
            Some(labels) => Some(Head { end: labels.end, is_forward: false }),
            // Some programs draw a rule above the title too.
            None => title(lines, below),
        };
    }
    title(lines, start).or_else(|| {
        // Another label right above, which no mail has: a form.
        let above = start.checked_sub(1).map(|above| lines[above].text.as_str()).unwrap_or_default();
        if LABELLED.as_ref().is_some_and(|labelled| labelled.is_match(above)) {
            return None;
        }
        let labels = labels(lines, start).filter(|labels| labels.is_head(false))?;
        Some(Head { end: labels.end, is_forward: false })
    })
}

/// Whether the quoted lines from `start` are the head of another mail and nothing else: what follows is that mail, unmarked.
pub(super) fn is_quoted(lines: &[Line], start: usize) -> bool {
    labels(lines, start).filter(|labels| labels.is_head(false)).is_some_and(|labels| {
        let rest = lines[labels.end..].iter().find(|line| !line.is_blank());
        rest.is_some_and(|rest| !rest.is_quoted)
    })
}

fn title(lines: &[Line], at: usize) -> Option<Head> {
    let line = lines.get(at).filter(|line| !line.is_quoted)?;
    let found = TITLE.as_ref()?.captures(&line.text)?;
    let is_forward = found.name("forwarded").is_some();
    let trimmed = line.text.trim_matches(['*', ' ', '\t']);
    let is_between_dashes = trimmed.starts_with(['-', '_', '=', '‐', '‑', '―', '—', '–', '~']);
    let below = skip_blank(lines, at + 1);
    let labels = below.and_then(|below| labels(lines, below)).filter(|labels| labels.is_head(true));
    let end = match labels {
        Some(labels) => labels.end,
        None if is_between_dashes => at + 1,
        // What is passed on may be marked as quoted with its labels.
        None if below.is_some_and(|below| lines[below].is_quoted) => at + 1,
        None => return None,
    };
    Some(Head { end, is_forward })
}

fn skip_blank(lines: &[Line], from: usize) -> Option<usize> {
    (from..lines.len()).find(|index| !lines[*index].is_blank())
}

/// Labels in a row.
#[derive(Debug)]
struct Labels {
    found: Vec<Label>,
    has_mailbox: bool,
    is_joined: bool,
    end: usize,
}

impl Labels {
    /// The same where a rule alone introduces them, which people draw too: a subject, the mail program's own word or an address is needed.
    fn is_head_below_rule(&self) -> bool {
        let has = |label: Label| self.found.contains(&label);
        let is_of_mail = has(Label::Subject) || has(Label::Sent) || self.has_mailbox;
        !self.is_joined && has(Label::From) && is_of_mail || self.is_head(false)
    }

    /// Whether they are the head of a mail. A pick-up order has its "De:" and "Para:" too: a subject, the mail program's own "Enviado:"
    /// or an address as mail programs write it tells them apart, and so does a list that goes on with labels no mail has.
    fn is_head(&self, is_introduced: bool) -> bool {
        let has = |label: Label| self.found.contains(&label);
        if !has(Label::From) {
            return is_introduced && self.found.len() > 1 || has(Label::Sent) && has(Label::To) && has(Label::Subject);
        }
        if is_introduced {
            return true;
        }
        let others = self.found.len() - 1;
        others > 0 && !self.is_joined && (has(Label::Subject) && others > 1 || has(Label::Sent) || self.has_mailbox)
    }
}

/// Labels of forms, below which stands what somebody asks.
static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^\s*(?:cuerpo del mensaje|message body|mensaje|mensagem|message|comentarios?|consulta|solicitud|body|texto|nachricht|tel[eé]fono|nombre|empresa)\s*:").ok()
});

fn labelled(text: &str) -> Option<(Label, String)> {
    let found = LABELLED.as_ref()?.captures(text)?;
    let name = found["name"].trim().to_lowercase();
    let label = BY_NAME.get(name.as_str())?;
    Some((*label, found["value"].trim_matches(['*', '_', ' ', '\t']).to_owned()))
}

fn labels(lines: &[Line], start: usize) -> Option<Labels> {
    let is_quoted = lines.get(start)?.is_quoted;
    let (first, value) = labelled(&lines.get(start)?.text)?;
    let mut all = Labels { found: vec![first], has_mailbox: is(&MAILBOX, &value), is_joined: false, end: start + 1 };
    let mut is_owed = value.is_empty();
    let mut index = start + 1;
    let mut between = 0;
    while let Some(line) = lines.get(index).filter(|line| line.is_quoted == is_quoted) {
        index += 1;
        if line.is_blank() {
            continue;
        }
        if let Some((label, value)) = labelled(&line.text) {
            all.has_mailbox |= is(&MAILBOX, &value);
            all.found.push(label);
            is_owed = value.is_empty();
            all.end = index;
            between = 0;
        } else if is_owed {
            all.has_mailbox |= is(&MAILBOX, &line.text);
            is_owed = false;
            all.end = index;
        } else if between < 2 && !lines[index - 2].is_blank() {
            // A long value goes on, if another label follows.
            between += 1;
        } else {
            break;
        }
        if all.found.len() > 12 {
            break;
        }
    }
    let below = lines[all.end..].iter().find(|line| !line.is_blank());
    let is_form = below.is_some_and(|line| !line.is_quoted && is(&FORM, &line.text));
    // What follows without an empty line: the rest of the last value, or another label, which no mail has.
    if let Some(next) = lines.get(all.end).filter(|line| !line.is_blank() && !line.is_quoted) {
        all.is_joined = LABELLED.as_ref().is_some_and(|labelled| labelled.is_match(&next.text));
        let is_last_blank = lines.get(all.end + 1).is_none_or(Line::is_blank);
        if is_last_blank && !all.is_joined && next.text.starts_with([' ', '\t']) {
            all.end += 1;
        }
    }
    all.is_joined |= is_form;
    Some(all)
}
