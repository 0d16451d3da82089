//! What telephones are told: one segment whatever the names are, with the number of the request and the link; and what a voice reads.

use chrono::{DateTime, Utc};
use plazo::outbox::Content;
use plazo::text::Language;
use plazo::text::phone;
use plazo::text::phone::gsm::{self, Alphabet};
use plazo::text::reader::Reader;
use serde_json::json;

use crate::support::data;

const BASE: &str = "https://plazo.example";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// The alert of the samples, of that client on that channel, for which that person answers.
fn alert(client: &str, channel: &str, owner: &str) -> Content {
    let facts = json!({
        "type": "alert", "request": 17, "target": "reply", "cycle": 1, "why": "breach", "step": "due", "policy": "whatsapp",
        "channel": channel, "customer": client, "owner": owner, "subject": "No abrir: texto del cliente",
        "started_at": "2026-03-02T14:05:00Z", "due_at": "2026-03-02T14:35:00Z", "planned_at": "2026-03-02T14:35:00Z",
        "decided_at": "2026-03-02T14:35:00Z", "calendar": "always",
    });
    serde_json::from_value(facts).expect("an alert")
}

fn text(content: &Content, language: Language, wanted: Alphabet, base: Option<&str>) -> String {
    let reader = Reader::plain(chrono_tz::America::Bogota, language, at("2026-03-02T14:35:00Z"));
    phone::text(content, "3 avisos: Laura Gómez y otros", base, &reader, wanted)
}

#[test]
fn a_text_says_whose_what_and_by_when_in_one_segment() {
    let content = alert("Laura Gómez", "WhatsApp Ventas", "Andrés Rojas");
    let cases = [
        (
            Language::Es,
            Alphabet::Gsm7,
            "plazo: Laura Gomez (WhatsApp Ventas) espera respuesta hace 30 min, venció 09:35. Resp. Andrés Rojas. R-17 https://plazo.example/r/R-17",
        ),
        (
            Language::En,
            Alphabet::Gsm7,
            "plazo: Laura Gomez (WhatsApp Ventas) has waited 30 min for an answer, due 09:35. Owner Andrés Rojas. R-17 https://plazo.example/r/R-17",
        ),
        (Language::Es, Alphabet::Ucs2, "Laura Gómez espera 30 min, venció 09:35. R-17 plazo.example/r/R-17"),
    ];
    for (language, wanted, expected) in cases {
        let told = text(&content, language, wanted, Some(BASE));
        let expected = if wanted == Alphabet::Gsm7 { gsm::folded(expected) } else { expected.to_owned() };
        assert_eq!(told, expected);
        assert!(gsm::size(&told).is_single());
    }
}

#[test]
fn what_does_not_fit_is_cut_the_name_first_and_never_the_number_or_the_link() {
    let long = "Constructora e Inmobiliaria del Valle de Aburrá ñandú ".repeat(3);
    let cyrillic = "Общество с ограниченной ответственностью Ромашка и сыновья";
    for client in ["Laura", long.trim(), cyrillic, "🌸🌸🌸", "Ana\u{301}", "\u{202e}", ""] {
        for channel in ["whatsapp", "Canal de ventas y de reclamos del norte y del sur del país"] {
            for owner in ["", "Andrés Rojas", "María de los Ángeles Fernández de Córdoba y Ponce de León"] {
                for wanted in [Alphabet::Gsm7, Alphabet::Ucs2] {
                    let told = text(&alert(client, channel, owner), Language::Es, wanted, Some(BASE));
                    assert!(gsm::size(&told).is_single(), "{told}");
                    assert!(told.contains("R-17 ") && told.ends_with("plazo.example/r/R-17"), "{told}");
                    assert!(!told.contains("No abrir"), "{told}");
                    if client == long.trim() && channel == "whatsapp" && owner.len() < 20 && wanted == Alphabet::Gsm7 {
                        assert!(
                            told.contains("(WhatsApp)") && told.contains("Constructora"),
                            "the name goes first: {told}"
                        );
                    }
                }
            }
        }
    }
    let elsewhere = format!("https://{}.example", "plazo-de-una-casa-con-nombre-largo".repeat(5));
    let told = text(&alert("Laura", "whatsapp", "Ana"), Language::Es, Alphabet::Gsm7, Some(&elsewhere));
    assert!(gsm::size(&told).is_single() && told.contains("R-17"), "{told}");
}

#[test]
fn what_is_no_single_alert_says_its_line_and_where_everything_is() {
    let digest = Content::Notice { subject: "3 avisos".to_owned(), text: "…".to_owned() };
    let told = text(&digest, Language::Es, Alphabet::Gsm7, Some(BASE));
    assert_eq!(told, "plazo: 3 avisos: Laura Gomez y otros https://plazo.example");
    assert_eq!(text(&digest, Language::Es, Alphabet::Gsm7, None), "plazo: 3 avisos: Laura Gomez y otros");
}

#[test]
fn a_voice_reads_names_times_and_the_number_and_nothing_that_a_client_wrote() {
    let reader = |language| Reader::plain(chrono_tz::America::Bogota, language, at("2026-03-02T14:35:00Z"));
    let content = alert("Laura Gómez", "WhatsApp Ventas", "Andrés Rojas");
    assert_eq!(
        phone::call(&content, "", &reader(Language::Es)),
        "Alerta de plazo. Laura Gómez espera respuesta hace 30 minutos por WhatsApp Ventas. Venció a las 9 y 35. Solicitud 17. \
         Para tomarla, marque 1. Para oír otra vez, marque 2. Para posponerla 15 minutos, marque 3."
    );
    assert_eq!(
        phone::call(&content, "", &reader(Language::En)),
        "Alert of plazo. Laura Gómez has waited for an answer for 30 minutes on WhatsApp Ventas. It was due at 9 35. Request 17. \
         To take it, press 1. To hear it again, press 2. To put it off for 15 minutes, press 3."
    );
    let texts = std::fs::read_to_string(data("telephones/untrusted_texts.json")).expect("the texts");
    for row in serde_json::from_str::<Vec<serde_json::Value>>(&texts).expect("JSON") {
        let client = row["text"].as_str().expect("a text");
        let said = phone::call(&alert(client, "whatsapp", ""), "", &reader(Language::Es));
        assert!(said.chars().count() < 400 && !said.contains('\n'), "{said}");
    }
}
