//! The list of `tests/data/courtesies.json` is kept apart from the phrases: none of them was written from it.

use std::collections::BTreeMap;

use super::of;

type Lists = BTreeMap<String, BTreeMap<String, Vec<String>>>;

fn lists() -> Lists {
    serde_json::from_str(include_str!("../../../../../tests/data/courtesies.json")).expect("lists of messages")
}

#[test]
fn nothing_that_asks_is_taken_for_a_courtesy() {
    let mut taken = Vec::new();
    for (language, lists) in lists() {
        assert!(100 <= lists["asks"].len(), "{language}: too few to tell");
        taken.extend(lists["asks"].iter().filter(|text| of(text, &[]).is_some()).cloned());
    }
    assert_eq!(taken, Vec::<String>::new());
}

#[test]
fn nine_courtesies_of_ten_ask_for_nothing() {
    for (language, lists) in lists() {
        let courtesies = &lists["courtesy"];
        let asking: Vec<_> = courtesies.iter().filter(|text| of(text, &[]).is_none()).collect();
        let share = 100 * asking.len() / courtesies.len();
        assert!(share < 10, "{language}: {share} % of {} still ask: {asking:?}", courtesies.len());
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
fn what_the_house_takes_for_a_courtesy_answers_a_question_all_the_same() {
    use super::{Courtesies, Courtesy};
    let own = Courtesies::with(["de una"]);
    assert_eq!(own.judge("De una!", &[]), Some(Courtesy::Acknowledges));
    for phrase in ["quiero un reembolso", "no", "falta", "please call"] {
        assert!(!Courtesies::can_be(phrase), "{phrase}");
    }
    assert!(Courtesies::can_be("hágale pues"));
}
