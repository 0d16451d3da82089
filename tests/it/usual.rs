//! What people write in `sla.toml` in other words and forms: each is told the very text to write.

/// The file with its mistakes explained in Spanish.
fn explained(file: &str) -> String {
    plazo::config::read("sla.toml".as_ref(), format!("language = \"es\"\n{file}")).explain(false)
}

#[test]
fn another_form_of_a_value_is_answered_with_the_text_to_write() {
    let calendar = |hours: &str| format!("timezone = \"UTC\"\n[calendar.c]\nhours = {{ {hours} }}\n");
    let closed = |date: &str| format!("timezone = \"UTC\"\n[calendar.c]\nhours = \"24x7\"\nclosed = [\"{date}\"]\n");
    let within =
        |span: &str| format!("timezone = \"UTC\"\n[[policy]]\nname = \"p\"\nreply = {{ within = \"{span}\" }}\n");
    let rows = [
        (calendar("mon-fri = [\"1:00 pm - 6:00 pm\"]"), "13:00-18:00"),
        (calendar("mon-fri = [\"8:00-12:00\"]"), "08:00-12:00"),
        (calendar("mon-fri = [\"8 a 18\"]"), "08:00-18:00"),
        (calendar("mon-fri = [\"8am - 12m\"]"), "08:00-12:00"),
        (calendar("mon-fri = [\"1 - 6 pm\"]"), "13:00-18:00"),
        (calendar("mon-fri = [\"9 - 1 pm\"]"), "09:00-13:00"),
        (calendar("mon-fri = [\"08.00 – 12.00\"]"), "08:00-12:00"),
        (calendar("lun-vie = [\"08:00-12:00\"]"), "mon-fri"),
        (calendar("\"lunes a viernes\" = [\"08:00-12:00\"]"), "mon-fri"),
        (calendar("\"sábado\" = [\"08:00-12:00\"]"), "sat"),
        (calendar("miercoles = [\"08:00-12:00\"]"), "wed"),
        (closed("24/12/2026"), "2026-12-24"),
        (closed("12/24/2026"), "2026-12-24"),
        (closed("2026/12/24"), "2026-12-24"),
        (closed("24 de diciembre de 2026"), "2026-12-24"),
        (closed("Dec 24, 2026"), "2026-12-24"),
        (within("48 horas"), "48h"),
        (within("1 hora 30 minutos"), "1h 30m"),
        (within("2 días hábiles"), "2 working days"),
        (within("4 días corridos"), "4 days"),
        ("timezone = \"UTC\"\n[calendar.c]\nhours = \"siempre\"\n".to_owned(), "24x7"),
    ];
    for (file, form) in rows {
        let told = explained(&file);
        assert!(told.contains(&format!("escriba \"{form}\"")), "{form}: {told}");
    }
}

#[test]
fn spanish_words_for_sections_and_keys_lead_to_the_right_ones() {
    let rows = [
        ("[equipo.ventas]\n", "team"),
        ("[persona.ana]\n", "person"),
        ("[cliente.sol]\n", "customer"),
        ("[calendario.c]\n", "calendar"),
        ("[[política]]\n", "policy"),
        ("zona = \"America/Bogota\"\n", "timezone"),
        ("idioma = \"es\"\n", "language"),
        ("[calendar.c]\nhorario = \"24x7\"\n", "hours"),
        ("[calendar.c]\nhours = \"24x7\"\nferiados = [\"CO\"]\n", "holidays"),
        ("[team.t]\nlíder = \"ana\"\n", "lead"),
        ("[team.t]\nmiembros = [\"ana\"]\n", "members"),
        ("[person.ana]\nnombre = \"Ana\"\n", "name"),
        ("[person.ana]\ncorreo = \"ana@x.example\"\n", "email"),
        ("[[policy]]\nname = \"p\"\nresponder = { within = \"1h\" }\n", "reply"),
        ("[escalation]\ne = [{ at = \"due\", tell = [\"responsable\"] }]\n", "owner"),
    ];
    for (file, key) in rows {
        let file = if file.starts_with("zona") { file.to_owned() } else { format!("timezone = \"UTC\"\n{file}") };
        let told = if file.contains("idioma") {
            plazo::config::read("sla.toml".as_ref(), file).explain(false)
        } else {
            explained(&file)
        };
        assert!(told.contains(&format!("¿quiso decir `{key}`?")), "{key}: {told}");
    }
}

#[test]
fn a_key_of_the_top_in_a_section_is_sent_to_the_top() {
    for file in [
        "[person.ana]\nname = \"Ana\"\ntimezone = \"America/Bogota\"\n",
        "[person.ana]\nname = \"Ana\"\nzona = \"America/Bogota\"\n",
        "timezone = \"UTC\"\n[team.t]\nmembers = []\noperator = \"ana\"\n",
    ] {
        let told = explained(file);
        assert!(told.contains("va al comienzo, antes de la primera [sección]"), "{told}");
    }
}

#[test]
fn a_missing_comma_is_shown_behind_the_value_that_lacks_it() {
    let file = "timezone = \"UTC\"\n[calendar.c]\nhours = \"24x7\"\nclosed = [\n  \"2026-12-24\"  # Nochebuena\n  \"2026-12-31\",\n]\n";
    let loaded = plazo::config::read("sla.toml".as_ref(), file.to_owned());
    let [mistake] = loaded.mistakes.as_slice() else { panic!("{}", loaded.explain(false)) };
    assert_eq!(&loaded.source[..mistake.span.end], &file[..file.find("  # Nochebuena").expect("there")]);
}

#[test]
fn an_address_without_a_whole_domain_is_warned_of() {
    let told = explained("timezone = \"UTC\"\n[person.diego]\nname = \"Diego\"\nemail = \"diego@empresa\"\n");
    assert!(told.contains("le falta el dominio completo"), "{told}");
}

#[test]
fn utf_16_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sla.toml");
    let units = || "language = \"es\"\n".encode_utf16();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    let marked = [vec![0xff, 0xfe], little.clone()].concat();
    for bytes in [little, big, marked] {
        std::fs::write(&path, bytes).expect("written");
        let error = plazo::config::load(&path).expect_err("not UTF-8");
        assert!(error.words().es.contains("guardado como Unicode (UTF-16)"), "{error}");
    }
}

#[test]
fn check_reads_back_who_when_and_where_and_what_another_policy_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = "language = \"es\"
timezone = \"America/Bogota\"
operator = \"lina\"
[calendar.oficina]
hours = { mon-fri = [\"08:00-18:00\"] }
closed = [\"2999-01-01\"]
[person.lina]
name = \"Lina Torres\"
email = \"lina@empresa.example\"
hours = \"oficina\"
[person.diego]
name = \"Diego Soto\"
email = \"diego@empresa.example\"
[person.pedro]
name = \"Pedro Gil\"
email = \"pedro@agencia.example\"
[customer.andina]
name = \"Almacenes Andina\"
[team.corporativo]
lead = \"lina\"
members = [\"diego\"]
[[policy]]
name = \"whatsapp\"
match = { channel = \"whatsapp\" }
reply = { within = \"2h\", escalation = \"e\" }
[[policy]]
name = \"andina\"
match = { customer = \"andina\", priority = \"high\" }
reply = { within = \"61m\", escalation = \"e\" }
[escalation]
e = [{ at = \"50%\", tell = [\"owner\", \"lead\"] }, { at = \"due\", tell = [\"diego\", \"lina\"] }]
";
    std::fs::write(folder.path().join("sla.toml"), file).expect("written");
    let output = crate::support::plazo().current_dir(folder.path()).arg("check").output().expect("plazo runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for words in [
        "a la hora se avisa a responsable y líder del equipo",
        "De Almacenes Andina con prioridad alta",
        "Diego Soto y Lina Torres",
        "por WhatsApp vale «whatsapp»",
        "[gente]",
        "también de noche, se avisa a Diego Soto",
        "Sin parte: Pedro Gil",
        "[calendarios]",
        "[salida]",
        "El correo no le llega a nadie",
    ] {
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "no `{words}`: {said}");
    }
    let longest = said.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    assert!(longest <= 100, "{longest}: {said}");
    std::fs::write(folder.path().join("sla.toml"), "language = \"es\"\ntimezone = \"UTC\"\n").expect("written");
    let empty = crate::support::plazo().current_dir(folder.path()).arg("check").output().expect("plazo runs");
    assert_eq!(empty.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&empty.stdout).contains("No promete nada"), "{empty:?}");
}
