//! What stands below a text and says nothing: the signature below its delimiter, and the line of a phone or a mail program.

use std::sync::LazyLock;

use regex::Regex;

use super::Line;
use super::head::is_rule;

/// A signature below a delimiter that has lost its blank has at most so many lines.
const MOST_LINES: usize = 10;

/// "Enviado desde" in the programs' languages, before a device or a program: what is sent by courier, or from the warehouse, is news.
static DEVICE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const SENT: &str = r"(?:enviad[oa]|mandado|escrito|sent|written|typed|env(?:oy[eé]|iat)|gesendet|inviat[oa]|verzonden|verstuurd|skickat|sendt|lähetetty|wysłan[eoa]|odesláno|отправлено|надіслано)";
    const FROM: &str = r"(?:desde|des\s+del?|de|del|do|da|dal|a\s+partir\s+d[oae]|pelo|pela|por|con|com|v[ií]a|usando|from|with|by|using|on|depuis|avec|par|von|vom|mit|aus|vanaf|van|met|door|från|fra|za?|с|из|з|із)";
    const ARTICLE: &str = r"(?:(?:el|la|un|una|um|uma|o|a|an|the|il|le|ein\w*|een|mijn)\s+)?";
    const MINE: &str = r"(?:mi|meu|minha|my|mon|ma|mein\w*|mio|mia|mijn|min|moj\w*|моего|мого)";
    const DEVICES: &str = r"(?:cell|celular|tel[eé]fono|telefone|t[eé]l[eé]phone|phone|smartphone|mobile?|m[oó]vil|dispositivo|gmail|yahoo|outlook|hotmail|aol|bluemail|samsung|huawei|xiaomi|redmi|motorola|moto|nokia|lg|htc|sony|oppo|iphone|ipad|ipod|ios|android|windows|blackberry|proton|protonmail|spark|airmail|mailbox|thunderbird|zoho|tuta|tutanota|k-9|fairemail|galaxy|mailspring|superhuman|hey|typeapp|mymail|newton|edison|canary|polymail|boxer|nine|aqua|icloud)";
    const MAIL_FOR: &str = r"\[?<?(?:correo|mail|e-?mail|posta|courrier|outlook|app)\b.{0,90}\b(?:para|for|für|fuer|pour|per|voor|f[oö]r)\s+\[?(?:windows|android|ios|iphone|ipad|outlook|mac)";
    Regex::new(&format!(
        r"(?ix)^[\s<(\[«*_—–\-]*(?:
            {SENT}\s+{FROM}\s+{ARTICLE}(?:{MINE}\b|{DEVICES}\b|{MAIL_FOR}\b)
          | (?:get|obtener|obtenga|obtenha|obter|obt[eé]n|consiga|descarg(?:ar|a|ue)|t[eé]l[eé]charger|scarica|ottieni|download|conseguir|baixar|holen\s+sie\s+sich|hämta|pobierz)\s+(?:o\s+)?\[?outlook\b
          | outlook\s+f(?:ü|ue)r\s.*\bbeziehen
          | (?:von|vom)\s+(?:mein\w*|unterwegs|iphone|ipad|mobil\w*)\b.*\b(?:gesendet|geschickt)
          | diese\s+nachricht\s+wurde\s+von\s+mein
          | (?:從|从)我的 | iphoneから送信 | 发自我的 | 發自我的
          | from\s+my\s+{DEVICES}\b
          | \p{{L}}+\s+from\s+mobile$
          | (?:este\s+(?:correo|mensaje|e-?mail)|this\s+(?:e-?mail|message)|esta\s+mensagem)\s+(?:fue|foi|was)\s+(?:enviad[oa]|sent)\s+{FROM}\s+{ARTICLE}(?:{MINE}|{DEVICES})\b
        ).*$"
    ))
    .ok()
});
/// Words of a sentence that is no program's.
static NEWS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:ayer|hoy|mañana|esta (?:tarde|mañana|noche)|a las|bodega|oficina|casa|tienda|sucursal|cuenta|almac[eé]n|taller|yesterday|today|tomorrow|this (?:morning|afternoon)|office|warehouse|shop|store|account|ontem|hoje|amanhã|loja|escritório)\b").ok()
});
const LONGEST_DEVICE: usize = 160;

/// The lines of a run of somebody's own, without what signs it.
pub(super) fn without(mut lines: Vec<&Line>) -> Vec<&Line> {
    if let Some(place) = delimiter(&lines) {
        lines.truncate(place);
    }
    lines.retain(|line| !is_placeholder(&line.text));
    while let Some(last) = lines.last() {
        if last.is_blank() || is_rule(&last.text) || is_ornament(&last.text) || is_device(&last.text) {
            lines.pop();
        } else {
            break;
        }
    }
    lines
}

/// Where the signature begins: "-- " is its delimiter (RFC 3676 §4.3), and what is left of it where blanks are cut off, once and with no
/// more below than a signature has.
fn delimiter(lines: &[&Line]) -> Option<usize> {
    let is_one = |line: &&Line| matches!(line.text.trim(), "--" | "—" | "--\u{a0}");
    let places: Vec<usize> = (0..lines.len()).filter(|index| is_one(&lines[*index])).collect();
    let [place] = places[..] else { return None };
    let below = lines[place + 1..].iter().filter(|line| !line.is_blank()).count();
    (below <= MOST_LINES).then_some(place)
}

/// Lines that only draw.
fn is_ornament(text: &str) -> bool {
    let text = text.trim();
    text.chars().all(|letter| "-_=*#~+ᐧ·•—– \u{200b}\u{feff}".contains(letter))
}

static PLACEHOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:\s*(?:\[(?:image|imagen|imagem|inline image|cid|cid:)(?:[:\s][^\]]*)?\]|\[[^\]]{0,200}(?:generad[ao] autom[aá]ticamente|automatically generated|gerad[ao] automaticamente)\]|<[^<>\s@/]{1,100}\.(?:jpe?g|png|gif|heic|webp|pdf|docx?|xlsx?|mov|mp4)>|\u{fffc})\s*)+$").ok()
});

/// What a program writes where a picture or a file stands.
fn is_placeholder(text: &str) -> bool {
    text.len() < 1_000 && PLACEHOLDER.as_ref().is_some_and(|placeholder| placeholder.is_match(text))
}

fn is_device(text: &str) -> bool {
    let is = |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(text));
    text.len() <= LONGEST_DEVICE && is(&DEVICE) && !is(&NEWS)
}
