//! The Spanish words that people write for the sections, keys and words of the file, which are English: each leads to the right one.

/// What each may be meant for; the first one that fits its place is.
const WORDS: &[(&str, &[&str])] = &[
    ("equipo", &["team"]),
    ("equipos", &["team"]),
    ("persona", &["person"]),
    ("personas", &["person"]),
    ("gente", &["person"]),
    ("miembros", &["members"]),
    ("integrantes", &["members"]),
    ("cliente", &["customer", "client"]),
    ("clientes", &["customer"]),
    ("calendario", &["calendar"]),
    ("politica", &["policy"]),
    ("politicas", &["policy"]),
    ("promesa", &["policy"]),
    ("responsable", &["owner"]),
    ("encargado", &["owner"]),
    ("dueno", &["owner"]),
    ("lider", &["lead"]),
    ("jefe", &["lead"]),
    ("supervisor", &["supervisor"]),
    ("supervision", &["supervisor"]),
    ("gerencia", &["management"]),
    ("gerente", &["management"]),
    ("direccion", &["management", "email", "address"]),
    ("roles", &["roles"]),
    ("zona", &["timezone"]),
    ("zona_horaria", &["timezone"]),
    ("idioma", &["language"]),
    ("lengua", &["language"]),
    ("operador", &["operator"]),
    ("horario", &["hours"]),
    ("horarios", &["hours"]),
    ("horas", &["hours", "within"]),
    ("feriados", &["holidays"]),
    ("festivos", &["holidays"]),
    ("cerrado", &["closed"]),
    ("abierto", &["open"]),
    ("siempre", &["24x7", "always"]),
    ("nunca", &["never"]),
    ("ninguno", &["none"]),
    ("ninguna", &["none"]),
    ("plazo", &["within"]),
    ("dentro", &["within"]),
    ("dias", &["days", "within"]),
    ("correo", &["email"]),
    ("telefono", &["phone"]),
    ("nombre", &["name"]),
    ("canal", &["channel"]),
    ("canales", &["channel"]),
    ("bandeja", &["inbox"]),
    ("bandejas", &["inbox"]),
    ("prioridad", &["priority"]),
    ("prioridades", &["priority"]),
    ("etiqueta", &["tag", "tags"]),
    ("etiquetas", &["tags", "tag"]),
    ("etapa", &["stage"]),
    ("tipo", &["kind"]),
    ("clase", &["kind"]),
    ("para", &["match", "to"]),
    ("cuando", &["match", "at"]),
    ("coincide", &["match"]),
    ("escalamiento", &["escalation"]),
    ("escalera", &["escalation"]),
    ("pasos", &["escalation"]),
    ("avisar", &["tell", "notify"]),
    ("avisa", &["tell", "notify"]),
    ("avisos", &["alerts", "notify"]),
    ("alertas", &["alerts"]),
    ("destino", &["destination"]),
    ("destinos", &["destination"]),
    ("servidor", &["smtp", "host"]),
    ("usuario", &["user", "username"]),
    ("clave", &["password"]),
    ("contrasena", &["password"]),
    ("de", &["from"]),
    ("responder", &["reply"]),
    ("respuesta", &["reply"]),
    ("primera_respuesta", &["first_reply"]),
    ("acusar", &["acknowledge"]),
    ("acuse", &["acknowledge"]),
    ("entregar", &["deliver"]),
    ("entrega", &["deliver"]),
    ("asignar", &["assign"]),
    ("seguimiento", &["follow_up"]),
    ("devolver_llamada", &["call_back"]),
    ("cita", &["appointment"]),
    ("regla", &["rule"]),
    ("reglas", &["check"]),
    ("informe", &["report"]),
    ("informes", &["report"]),
    ("lista", &["daily", "list"]),
    ("diario", &["daily"]),
    ("turno", &["rota"]),
    ("guardia", &["rota"]),
    ("fuente", &["source"]),
    ("fuentes", &["source"]),
    ("buzon", &["mailbox"]),
    ("texto", &["text"]),
    ("vencer", &["due"]),
    ("al_vencer", &["due"]),
    ("vencimiento", &["due"]),
    ("inicio", &["start"]),
    ("comienzo", &["start"]),
    ("solicitud", &["request"]),
    ("tarea", &["task"]),
    ("reclamo", &["claim"]),
    ("llamada", &["call"]),
    ("interno", &["internal"]),
    ("alta", &["high"]),
    ("urgente", &["urgent", "high"]),
    ("baja", &["low"]),
];

/// What a Spanish word may be meant for in the file.
pub(super) fn keys(word: &str) -> &'static [&'static str] {
    let word = folded(word.trim()).replace([' ', '-'], "_");
    WORDS.iter().find(|(spanish, _)| *spanish == word).map_or(&[], |(_, keys)| keys)
}

/// The one of `known` for which a Spanish word stands.
pub(super) fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let keys = keys(word);
    if keys.is_empty() {
        return None;
    }
    let known: Vec<_> = known.into_iter().collect();
    keys.iter().find_map(|key| known.iter().copied().find(|known| known == key))
}

/// In small letters without accents.
pub(super) fn folded(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    text.to_lowercase().nfd().filter(|letter| !unicode_normalization::char::is_combining_mark(*letter)).collect()
}
