//! The link to a conversation that its source gave, made fit to stand under a button.

use url::Url;

use crate::outbox::facts::Place;
use crate::text::place;

/// No honest link is longer.
const LONGEST: usize = 500;

/// The place behind a link; none unless it is an https address of a host, without a name and password in it.
pub(crate) fn of(link: &str) -> Option<Place> {
    let url = Url::parse(link.trim()).ok().filter(|url| url.scheme() == "https")?;
    let host = url.host_str()?.to_owned();
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    // Marks of chats' markup, which an address may hold as they are.
    let address = [('(', "%28"), (')', "%29"), ('|', "%7C"), ('\\', "%5C"), ('[', "%5B"), (']', "%5D")]
        .into_iter()
        .fold(url.to_string(), |address, (mark, written)| address.replace(mark, written));
    (address.len() <= LONGEST).then(|| place::of(&host, address))
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::text::Language;

    #[test]
    fn only_an_https_address_becomes_a_button_and_its_words_are_ours() {
        let cases = [
            ("https://agencia.slack.com/archives/C1/p1", Some("Abrir en Slack")),
            ("https://wa.me/573001112233", Some("Abrir en WhatsApp")),
            ("https://agencia.zendesk.com/agent/tickets/7", Some("Abrir en Zendesk")),
            ("https://crm.example/caso/7", Some("Abrir la conversación")),
            ("https://slack.com.malo.example/x", Some("Abrir la conversación")),
            ("https://notslack.com/x", Some("Abrir la conversación")),
            ("http://agencia.slack.com/archives/C1", None),
            ("javascript:alert(1)", None),
            ("https://laura:clave@slack.com/", None),
            ("agencia.slack.com", None),
        ];
        for (link, label) in cases {
            assert_eq!(
                of(link).map(|place| crate::text::place::label(&place, Language::Es)).as_deref(),
                label,
                "{link}"
            );
        }
        let marked = of("https://crm.example/a(b)|c?x=[y]").map(|place| place.url);
        assert_eq!(marked.as_deref(), Some("https://crm.example/a%28b%29%7Cc?x=%5By%5D"));
    }
}
