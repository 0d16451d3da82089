//! The lists of `tests/data/courtesies.json` were written by people who did not know the phrases. Some phrases were mended by kind with them in
//! view since, so they hold what was reached. Those of `courtesies-unseen.json` were written likewise, and no phrase was ever made from them:
//! where they fail, another list takes their place before a phrase is touched.

use std::collections::BTreeMap;

use super::Courtesies;

fn of(text: &str, names: &[&str]) -> Option<super::Courtesy> {
    Courtesies::with([""; 0]).judge(text, names)
}

/// Messages of one language by their sort.
#[derive(serde::Deserialize)]
struct Messages {
    courtesy: Vec<String>,
    /// Courtesies that somebody signed.
    #[serde(default)]
    letters: Vec<Letter>,
    asks: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Letter {
    /// Whoever wrote it, as a channel names them.
    by: String,
    text: String,
}

type Lists = BTreeMap<String, Messages>;

/// Those with which phrases were mended, and those that no phrase has seen.
fn lists() -> [Lists; 2] {
    [
        include_str!("../../../../../tests/data/courtesies.json"),
        include_str!("../../../../../tests/data/courtesies-unseen.json"),
    ]
    .map(|lists| serde_json::from_str(lists).expect("lists of messages"))
}

#[test]
fn nothing_that_asks_is_taken_for_a_courtesy() {
    let mut taken = Vec::new();
    for (language, messages) in lists().into_iter().flatten() {
        assert!(50 <= messages.asks.len(), "{language}: too few to tell");
        taken.extend(messages.asks.into_iter().filter(|text| of(text, &[]).is_some()));
    }
    assert_eq!(taken, Vec::<String>::new());
}

#[test]
fn nine_courtesies_of_ten_ask_for_nothing() {
    for lists in lists() {
        let letters =
            lists.values().flat_map(|messages| &messages.letters).map(|letter| (&letter.text, Some(&*letter.by)));
        let others = lists.values().flat_map(|messages| &messages.courtesy).map(|text| (text, None));
        let all: Vec<_> = letters.chain(others).collect();
        let asking: Vec<_> = all.iter().filter(|(text, by)| of(text, by.as_slice()).is_none()).collect();
        let share = 100.0 * asking.len() as f64 / all.len() as f64;
        assert!(share < 10.0, "{share} % of {} still ask: {asking:?}", all.len());
    }
}

#[test]
fn a_name_that_is_a_word_as_well_is_read_as_the_word() {
    for (name, text) in [
        ("Kim No", "Gracias, no"),
        ("Socorro Díaz", "Gracias, socorro"),
        ("Devoluciones Sol", "Perfecto, devoluciones"),
        ("Mi Tienda No Llega", "gracias no llega"),
        ("Pagos", "gracias, pagos"),
        ("Cancelar Ventas", "perfecto, cancelar ventas"),
        ("Ayuda Ya", "gracias ayuda ya"),
    ] {
        assert_eq!(of(text, &[name]), None, "{text}");
    }
    assert!(of("Muchas gracias, Rosa Quiroga", &["Rosa Quiroga"]).is_some(), "whoever signs");
    assert!(of("Muchas gracias, Rosa Quiroga", &["Pedro"]).is_none());
}

#[test]
fn thanks_that_may_be_a_yes_answer_a_question() {
    use super::Courtesy;
    for text in [
        "Bueno, gracias",
        "Súper, mil gracias",
        "Listo ya, gracias",
        "Ya, gracias",
        "Ah bueno, gracias",
        "Super obrigado",
        "Opa, valeu",
        "Lovely, thanks",
        "Hasta mañana",
        "Nos vemos",
        "See you then",
        "Até amanhã",
        "Gracias, hasta luego",
        "Buen viernes, gracias",
        "Perfecto, gracias",
        "👍 gracias",
    ] {
        assert_ne!(of(text, &[]), Some(Courtesy::Thanks), "{text}");
    }
    for text in [
        "Muchas gracias",
        "Mil gracias por su ayuda, feliz tarde",
        "Obrigada",
        "Thank you so much",
        "Dios le pague",
        "Muy amable",
    ] {
        assert_eq!(of(text, &[]), Some(Courtesy::Thanks), "{text}");
    }
}

#[test]
fn what_the_house_takes_for_a_courtesy_answers_a_question_all_the_same() {
    use super::Courtesy;
    let own = Courtesies::with(["de una"]);
    assert_eq!(own.judge("De una!", &[]), Some(Courtesy::Acknowledges));
    for phrase in ["quiero un reembolso", "no", "falta", "please call"] {
        assert!(!Courtesies::can_be(phrase), "{phrase}");
    }
    assert!(Courtesies::can_be("hágale pues"));
}

#[test]
fn people_of_the_house_are_thanked_by_name_whatever_they_are_called() {
    let people = ["Zulay Quispe", "Paz Rojas", "Socorro Díaz", "Yuliana"];
    let among = Courtesies::with([""; 0]).among(people);
    for text in ["Gracias Zulay", "mil gracias zulay quispe 🙏", "Listo Paz, muchas gracias", "ok yulianaaa gracias"]
    {
        assert!(among.judge(text, &[]).is_some(), "{text}");
        assert!(of(text, &[]).is_none() || text.contains("yuli"), "{text}: whom nobody knows");
    }
    for text in ["gracias socorro", "zulay", "paz", "gracias quispe"] {
        assert!(among.judge(text, &[]).is_none(), "{text}");
    }
}

#[test]
fn the_form_of_a_letter_asks_for_nothing() {
    let author = ["Carlos Eduardo Mejía"];
    for text in [
        "Estimada Zulay:\n\nMuchas gracias por su ayuda.\n\nCordialmente,\n\nCarlos Mejía\nAuxiliar contable\nTel. 310 555 0142",
        "Hi Zulay,\n\nPerfect, thanks so much!\n\nBest,\nCarlos\n\nSent from my iPhone",
        "Bom dia, Zulay!\n\nPerfeito, obrigado pelo esclarecimento.\n\nAbraços,\nCarlos Eduardo Mejía",
    ] {
        assert!(of(text, &author).is_some(), "{text}");
        assert!(of(text, &[]).is_none() || !text.contains("Mejía"), "{text}: nobody knows who signs");
    }
    for text in [
        "Estimada Zulay:\n\nMuchas gracias.\n\nCarlos Mejía\nMándenme la factura",
        "Estimada Zulay:\n\nMuchas gracias de antemano.\n\nCarlos Mejía",
        "Hola Factura\nCarlos Mejía",
    ] {
        assert!(of(text, &author).is_none(), "{text}");
    }
}

#[test]
fn a_slip_is_seen_through_and_another_word_is_not() {
    for text in [
        "mchas grcias",
        "perefcto, graicas",
        "obirgado",
        "thnaks",
        "q amable, gracias",
        "jajaja gracias",
        "gracias don Rolando",
    ] {
        assert!(of(text, &[]).is_some(), "{text}");
    }
    for text in ["gratis", "gracia", "tanks", "jajaja ok", "gracias don factura urgente", "gracias don no", "prefeito"]
    {
        assert!(of(text, &[]).is_none(), "{text}");
    }
}
