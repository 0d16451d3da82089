//! What a text's writer added to what is quoted. The cases are invented, one for each form in which mail programs quote and sign, and
//! for own words that look like one.

use plazo::engine::event::Fact;
use plazo::intake::email::{self, House};
use plazo::intake::words;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    content_type: String,
    body: String,
    expect: String,
    /// The program, or the reason.
    why: String,
}

#[test]
fn the_text_is_what_the_writer_added() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../data/words.json")).expect("a list of cases");
    assert!(cases.len() > 200);
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let is_html = case.content_type == "text/html";
            let got = if is_html { words::of_html(&case.body) } else { words::of_text(&case.body) };
            (got != case.expect).then(|| {
                format!("── {} ({})\n{}\n·· expected\n{}\n·· got\n{got}\n", case.name, case.why, case.body, case.expect)
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}\n{} of {} are wrong", wrong.join("\n"), wrong.len(), cases.len());
}

/// A mail of Laura's to a client, of the given headers and body.
fn said(body: &[u8]) -> Option<String> {
    let head = b"From: Laura <laura@agencia.example>\r\nTo: rosa@cliente.example\r\nMessage-ID: <w1@agencia.example>\r\nMIME-Version: 1.0\r\n";
    let raw = [head.as_slice(), body].concat();
    let is_own = |address: &str| address.ends_with("@agencia.example");
    let now = "2026-11-28T12:00:00Z".parse().expect("an instant");
    let house = House { is_own: &is_own, trusts: &[], is_sent: true, folder: None, received_at: None, now };
    match email::read(&raw, &house).expect("a mail").fact {
        Fact::Message { text, .. } => text,
        other => panic!("{other:?}"),
    }
}

/// Letters by the declared charset, by any of its names; without one, or with a wrong one, by what they look like.
#[test]
fn letters_are_read_in_the_charsets_that_mail_is_written_in() {
    let cases: [(&str, &[u8], &str); 19] = [
        ("", b"\xbfCu\xe1ndo llega mi env\xedo?", "¿Cuándo llega mi envío?"),
        ("", "¿Cuándo?".as_bytes(), "¿Cuándo?"),
        ("utf-8", b"a\xf1o", "año"),
        ("iso-8859-1", "año".as_bytes(), "año"),
        ("us-ascii", "año".as_bytes(), "año"),
        ("us-ascii", b"a\xf1o", "año"),
        ("unknown-8bit", b"a\xf1o", "año"),
        ("x-user-defined", "año".as_bytes(), "año"),
        ("iso-8859-1", b"a\xf1o \x80 5", "año € 5"),
        ("ISO8859-15", b"\xa4 5", "€ 5"),
        ("latin1", b"a\xf1o", "año"),
        ("Windows-1252", b"\x93a\x94", "“a”"),
        ("cp1252", b"a\xf1o", "año"),
        ("cp850", b"a\xa4o \xa8qu\x82?", "año ¿qué?"),
        ("cp-850", b"a\xa4o", "año"),
        ("IBM850", b"a\xa4o", "año"),
        ("cp437", b"a\xa4o", "año"),
        ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
        ("shift_jis", b"\x82\xb1\x82\xf1", "こん"),
    ];
    for (charset, bytes, expected) in cases {
        let charset = if charset.is_empty() { String::new() } else { format!("; charset={charset}") };
        let head = format!("Content-Type: text/plain{charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
        assert_eq!(said(&[head.as_bytes(), bytes].concat()).as_deref(), Some(expected), "{charset}");
    }
    let quoted =
        b"Content-Type: text/plain; charset=cp-850\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=A4o\r\n";
    assert_eq!(said(quoted).as_deref(), Some("año"));
    let base64 = b"Content-Type: text/plain; charset=x-sjis\r\nContent-Transfer-Encoding: base64\r\n\r\ngrGC8Q==\r\n";
    assert_eq!(said(base64).as_deref(), Some("こん"));
}

/// None: a file or a picture says it. Empty: nobody said anything.
#[test]
fn a_file_alone_is_an_answer_without_text_and_a_signature_alone_is_none() {
    const PDF: &str = "Content-Type: application/pdf; name=guia.pdf\nContent-Disposition: attachment\n\nx";
    const PICTURE: &str = "Content-Type: image/png\nContent-ID: <i1@x>\nContent-Disposition: inline\n\nx";
    let plain = |text: &str| format!("Content-Type: text/plain; charset=utf-8\n\n{text}");
    let html = |text: &str| format!("Content-Type: text/html; charset=utf-8\n\n{text}");
    let quote = "El mié, 4 mar 2026 a las 10:00, Rosa (<rosa@cliente.example>) escribió:\n> ¿Cuándo?";
    let cases: Vec<(&str, &str, Vec<String>, Option<&str>)> = vec![
        ("a file", "mixed", vec![plain(""), PDF.into()], None),
        ("a file above a signature", "mixed", vec![plain("\n-- \nLaura"), PDF.into()], None),
        ("a file above a quote", "mixed", vec![plain(quote), PDF.into()], None),
        (
            "a text file",
            "mixed",
            vec![plain(""), "Content-Type: text/csv; name=a.csv\nContent-Disposition: attachment\n\na,b".into()],
            None,
        ),
        ("a screenshot", "related", vec![html("<p><img src='cid:i1@x'></p>"), PICTURE.into()], None),
        ("a screenshot within the text", "mixed", vec![html("<img src='data:image/png;base64,eA=='>")], None),
        (
            "a mail within",
            "mixed",
            vec![plain(""), "Content-Type: message/rfc822\n\nFrom: a@b.example\n\nx".into()],
            None,
        ),
        (
            "a picture of the quote",
            "related",
            vec![html("<br><blockquote type=cite><img src='cid:i1@x'></blockquote>"), PICTURE.into()],
            Some(""),
        ),
        (
            "the logo of a signature",
            "related",
            vec![html("<div class=gmail_signature>Laura <img src='cid:i1@x'></div>"), PICTURE.into()],
            Some(""),
        ),
        (
            "a certificate",
            "signed",
            vec![plain(""), "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nx".into()],
            Some(""),
        ),
        (
            "a card",
            "mixed",
            vec![plain("\n"), "Content-Type: text/vcard; name=laura.vcf\n\nBEGIN:VCARD".into()],
            Some(""),
        ),
        ("nothing", "mixed", vec![plain("\n\n")], Some("")),
        ("a phone's line", "mixed", vec![plain("Enviado desde mi iPhone")], Some("")),
        (
            "words in HTML alone",
            "alternative",
            vec![plain("\n"), html("<p>Sale a las tres</p>")],
            Some("Sale a las tres"),
        ),
        (
            "both",
            "alternative",
            vec![plain("Sale a las tres"), html("<p>Sale a las <b>tres</b></p>")],
            Some("Sale a las tres"),
        ),
        (
            "text around a file",
            "mixed",
            vec![plain("Va la guía."), PDF.into(), plain("Y la factura.\n\n-- \nLaura")],
            Some("Va la guía.\nY la factura."),
        ),
        ("words beside a file", "mixed", vec![plain("Va la guía."), PDF.into()], Some("Va la guía.")),
    ];
    for (name, kind, parts, expected) in cases {
        let parts: String = parts.iter().map(|part| format!("--B\n{part}\n")).collect();
        let body = format!("Content-Type: multipart/{kind}; boundary=B\n\n{parts}--B--\n");
        assert_eq!(said(body.as_bytes()).as_deref(), expected, "{name}");
    }
}

/// Mail that is cut, and types that are not by the book, are read as they are meant.
#[test]
fn a_body_is_read_whatever_is_wrong_with_its_parts() {
    let cases = [
        (
            "an open part",
            "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHola\r\n",
        ),
        (
            "an open part of two",
            "Content-Type: multipart/mixed; boundary=\"B\"\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\n\r\n--B\r\nContent-Type: text/html\r\n\r\n<p>Hola</p>\r\n",
        ),
        ("text alone", "Content-Type: text\r\n\r\nHola\r\n"),
        ("no type", "\r\nHola\r\n"),
        ("an unknown text", "Content-Type: text/x-markdown; charset=utf-8\r\n\r\nHola\r\n"),
        ("no semicolon", "Content-Type: text/plain charset=utf-8\r\n\r\nHola\r\n"),
    ];
    for (name, body) in cases {
        assert_eq!(said(body.as_bytes()).as_deref(), Some("Hola"), "{name}");
    }
}

/// RFC 2047, and what programs make of it.
#[test]
fn encoded_words_are_read_as_programs_break_them() {
    let cases = [
        ("=?UTF-8?Q?Informaci=C3?= =?UTF-8?Q?=B3n?=", "Información"),
        ("=?UTF-8?B?SW5mb3JtYWNpw7M=?=\r\n =?UTF-8?B?bg==?=", "Información"),
        ("=?utf-8?Q?Informaci=F3n?=", "Información"),
        ("=?iso-8859-1?Q?Informaci=C3=B3n?=", "Información"),
        ("=?iso-8859-1?Q?Informaci=F3n_sobre?= 77", "Información sobre 77"),
        ("=?cp-850?Q?A=A4o?=", "Año"),
        ("=?x-unknown?Q?Pe=F1a?=", "Peña"),
        ("\"=?utf-8?Q?Hola?=\"", "\"Hola\""),
        ("=?utf-8?X?Hola?= =?", "=?utf-8?X?Hola?= =?"),
        ("Año =?utf-8?q?y_medio?=", "Año y medio"),
    ];
    for (subject, expected) in cases {
        let raw =
            format!("From: rosa@cliente.example\r\nTo: soporte@agencia.example\r\nSubject: {subject}\r\n\r\nHola\r\n");
        let now = "2026-11-28T12:00:00Z".parse().expect("an instant");
        let house = House { is_own: &|_| false, trusts: &[], is_sent: false, folder: None, received_at: None, now };
        let event = email::read(raw.as_bytes(), &house).expect("a mail");
        assert_eq!(event.about.subject.as_deref(), Some(expected), "{subject}");
    }
}

/// Quotes end no sooner for being long, and nothing in a text makes reading it slow.
#[test]
fn texts_made_to_be_slow_are_read_at_once() {
    let many = 40_000;
    let texts = [
        "El mié, 4 mar 2026 a las 10:00, Rosa ".repeat(many),
        "El mié, 4 mar 2026 a las 10:00, Rosa\n".repeat(many),
        "De:\n".repeat(many),
        "--\n".repeat(many),
        "> ".repeat(many),
        "-".repeat(many),
        "a>b ".repeat(many),
        "-\n>\n".repeat(many),
        "\n>\n".repeat(many),
        "-\nEl mié, 4 mar 2026 10:00, Rosa <a@b.example> escribió:\n".repeat(many / 4),
    ];
    for text in &texts {
        assert!(words::of_text(text).len() <= text.len());
    }
    for element in [
        "<blockquote>x</blockquote>-<br>",
        "<blockquote>",
        "<div>",
        "<b>",
        "<p",
        "<td>",
        "<a href=x>",
        "</div>",
        "<!--",
        "&nbsp;",
        "<pre>\n",
        "<style>",
    ] {
        assert!(words::of_html(&element.repeat(many)).len() <= element.len() * many);
    }
}
