//! The sample week of an agency and a courier desk, Monday 2 to Friday 6 March 2026 in Bogotá.

use chrono::{DateTime, TimeZone as _, Utc};
use chrono_tz::America::Bogota;
use serde_json::{Value, json};

/// Something that happens outside plazo; without an event, only a moment worth watching.
pub(super) struct Step {
    pub(super) at: DateTime<Utc>,
    pub(super) what: &'static str,
    pub(super) event: Option<Value>,
}

/// A minute before the first event.
pub(super) fn begins_at() -> DateTime<Utc> {
    at(2, 8, 49)
}

fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Bogota.with_ymd_and_hms(2026, 3, day, hour, minute, 0).single().map(|at| at.to_utc()).unwrap_or_default()
}

/// Everything that happens, in order.
pub(super) fn steps() -> Vec<Step> {
    let mut n_events = 0;
    let mut step = |day, hour, minute, what, event: Option<Value>| {
        let event = event.map(|mut event| {
            n_events += 1;
            event["id"] = json!(format!("demo-{n_events}"));
            event
        });
        Step { at: at(day, hour, minute), what, event }
    };
    let luisa = json!({ "name": "Luisa Prada", "address": "573004445566", "kind": "customer" });
    let carlos = json!({ "name": "Carlos Niño", "address": "carlos@prisma.example", "kind": "customer" });
    let andina = json!({ "name": "Rosa Cano", "address": "rosa@andina.example", "kind": "customer" });
    let person = |name: &str| json!({ "name": name, "kind": "agent" });
    let on = |channel: &str, thread: &str, rest: Value| {
        let mut event = json!({ "channel": channel, "thread": thread });
        if let (Some(event), Value::Object(rest)) = (event.as_object_mut(), rest) {
            event.extend(rest);
        }
        Some(event)
    };
    let prisma = |rest| on("whatsapp", "prisma", rest);
    let campaign = |rest| on("email", "campaign@prisma.example", rest);
    let logo = |rest| on("email", "logo@prisma.example", rest);
    let slack = |rest| on("slack", "C1:100.1", rest);
    let waybill = |rest| on("crm", "waybill-7711", rest);
    let pickup = |rest| on("whatsapp", "andina", rest);
    let noon = |rest| on("whatsapp", "noon", rest);
    let open_task = json!({
        "type": "open", "kind": "task", "author": person("diego"), "customer": "Almacenes Andina",
        "subject": "Guía 7711 sin movimiento",
    });
    let campaign_mail = json!({
        "type": "message", "direction": "in", "author": carlos, "customer": "Café Prisma", "subject": "Campaña de marzo",
        "text": "Necesitamos las piezas de la campaña.",
    });
    vec![
        step(2, 8, 50, "Diego abre una tarea: guía 7711 sin movimiento", waybill(open_task)),
        step(
            2,
            9,
            0,
            "Luisa escribe por WhatsApp",
            prisma(json!({
                "type": "message", "direction": "in", "author": luisa, "customer": "Café Prisma", "text": "¿Quedó lista la pauta?",
            })),
        ),
        step(2, 9, 1, "Laura queda como responsable", prisma(json!({ "type": "own", "owner": "laura" }))),
        step(
            2,
            9,
            30,
            "Pedro le escribe a Laura por Slack interno",
            slack(json!({
                "type": "message", "direction": "internal", "author": person("pedro"), "text": "¿Tienes el logo nuevo?",
            })),
        ),
        step(2, 9, 31, "… y Laura queda a cargo", slack(json!({ "type": "own", "owner": "laura" }))),
        step(
            2,
            9,
            52,
            "Laura contesta por Slack",
            slack(json!({
                "type": "message", "direction": "internal", "author": person("laura"), "text": "Sí, ya te lo paso.",
            })),
        ),
        step(
            2,
            9,
            55,
            "Laura responde a Luisa, tarde",
            prisma(json!({
                "type": "message", "direction": "out", "author": person("laura"), "text": "Hola Luisa, queda hoy a las 3.",
            })),
        ),
        step(2, 9, 56, "La conversación se cierra", prisma(json!({ "type": "close", "reason": "respondida" }))),
        step(2, 10, 0, "Carlos pide por correo la campaña de marzo", campaign(campaign_mail)),
        step(2, 10, 1, "Pedro queda como responsable", campaign(json!({ "type": "own", "owner": "pedro" }))),
        step(
            2,
            10,
            2,
            "Carlos escribe otro correo: el logo",
            logo(json!({
                "type": "message", "direction": "in", "author": carlos, "customer": "Café Prisma", "subject": "Logo",
                "text": "¿Me envían el logo?",
            })),
        ),
        step(2, 10, 3, "Laura queda como responsable", logo(json!({ "type": "own", "owner": "laura" }))),
        step(
            2,
            10,
            8,
            "Pedro acusa recibo de la campaña",
            campaign(json!({
                "type": "message", "direction": "out", "author": person("pedro"), "text": "Recibido por el área de diseño, Carlos.",
            })),
        ),
        step(
            2,
            10,
            33,
            "Laura envía el logo",
            logo(json!({
                "type": "message", "direction": "out", "author": person("laura"), "text": "Adjunto el logo, Carlos.",
            })),
        ),
        step(2, 10, 34, "… y cierra", logo(json!({ "type": "close", "reason": "entregado" }))),
        step(
            2,
            15,
            0,
            "Pedro espera los textos del cliente: el reloj de 48 h se detiene",
            campaign(json!({
                "type": "wait", "reason": "textos de la campaña",
            })),
        ),
        step(3, 8, 3, "Martes: cada responsable recibe sus tareas abiertas", None),
        step(
            3,
            9,
            0,
            "Carlos manda los textos: el reloj sigue",
            campaign(json!({
                "type": "message", "direction": "in", "author": carlos, "text": "Aquí van los textos.",
            })),
        ),
        step(
            3,
            9,
            6,
            "Pedro responde",
            campaign(json!({
                "type": "message", "direction": "out", "author": person("pedro"), "text": "Gracias, con esto seguimos.",
            })),
        ),
        step(
            3,
            11,
            55,
            "Un cliente escribe antes del almuerzo",
            noon(json!({
                "type": "message", "direction": "in", "author": { "name": "Iván Rey", "kind": "customer" }, "text": "¿Atienden hoy?",
            })),
        ),
        step(3, 11, 56, "Pedro queda como responsable", noon(json!({ "type": "own", "owner": "pedro" }))),
        step(
            3,
            13,
            7,
            "Pedro responde después del almuerzo, a tiempo",
            noon(json!({
                "type": "message", "direction": "out", "author": person("pedro"), "text": "Sí, hasta las 6.",
            })),
        ),
        step(3, 13, 8, "… y cierra", noon(json!({ "type": "close", "reason": "respondida" }))),
        step(4, 8, 3, "Miércoles: otra vez las tareas abiertas", None),
        step(
            4,
            9,
            0,
            "Almacenes Andina, cliente prioritario, escribe",
            pickup(json!({
                "type": "message", "direction": "in", "author": andina, "text": "Recogida urgente, por favor.",
            })),
        ),
        step(4, 9, 1, "Diego queda como responsable", pickup(json!({ "type": "own", "owner": "diego" }))),
        step(
            4,
            9,
            7,
            "Diego responde",
            pickup(json!({
                "type": "message", "direction": "out", "author": person("diego"), "text": "Va en camino el mensajero.",
            })),
        ),
        step(4, 9, 8, "… y cierra", pickup(json!({ "type": "close", "reason": "recogida" }))),
        step(
            4,
            16,
            0,
            "Pedro entrega la campaña: 48 h menos la espera",
            campaign(json!({ "type": "deliver", "text": "Piezas listas" })),
        ),
        step(4, 16, 1, "… y cierra", campaign(json!({ "type": "close", "reason": "entregada" }))),
        step(5, 8, 3, "Jueves: la tarea cumple tres días", None),
        step(6, 6, 2, "Viernes, día 4 sin respuesta: la tarea pasa al back office", None),
        step(
            6,
            6,
            30,
            "Sofía radica el reclamo y responde la tarea",
            waybill(json!({
                "type": "comment", "author": person("sofia"), "text": "Reclamo radicado con la transportadora.",
            })),
        ),
    ]
}
