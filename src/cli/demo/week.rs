//! The sample week of an agency and a courier desk, Monday 2 to Friday 6 March 2026 in Bogotá.

use chrono::{DateTime, TimeZone as _, Utc};
use chrono_tz::America::Bogota;
use serde_json::{Value, json};

use crate::text::{Both, Language};

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

/// Everything that happens, in order, told in that language.
pub(super) fn steps(language: Language) -> Vec<Step> {
    let t = |es: &'static str, en: &'static str| language.of(Both { en, es });
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
        "subject": t("Guía 7711 sin movimiento", "Waybill 7711 does not move"),
    });
    let campaign_mail = json!({
        "type": "message", "direction": "in", "author": carlos, "customer": "Café Prisma", "subject": t("Campaña de marzo", "March campaign"),
        "text": t("Necesitamos las piezas de la campaña.", "We need the pieces of the campaign."),
    });
    vec![
        step(
            2,
            8,
            50,
            t("Diego abre una tarea: guía 7711 sin movimiento", "Diego opens a task: waybill 7711 does not move"),
            waybill(open_task),
        ),
        step(
            2,
            9,
            0,
            t("Luisa escribe por WhatsApp", "Luisa writes by WhatsApp"),
            prisma(json!({
                "type": "message", "direction": "in", "author": luisa, "customer": "Café Prisma", "text": t("¿Quedó lista la pauta?", "Is the ad plan ready?"),
            })),
        ),
        step(
            2,
            9,
            1,
            t("Laura queda como responsable", "Laura owns it"),
            prisma(json!({ "type": "own", "owner": "laura" })),
        ),
        step(
            2,
            9,
            30,
            t("Pedro le escribe a Laura por Slack interno", "Pedro writes to Laura by internal Slack"),
            slack(json!({
                "type": "message", "direction": "internal", "author": person("pedro"), "text": t("¿Tienes el logo nuevo?", "Do you have the new logo?"),
            })),
        ),
        step(
            2,
            9,
            31,
            t("… y Laura queda a cargo", "… and Laura takes it"),
            slack(json!({ "type": "own", "owner": "laura" })),
        ),
        step(
            2,
            9,
            52,
            t("Laura contesta por Slack", "Laura answers by Slack"),
            slack(json!({
                "type": "message", "direction": "internal", "author": person("laura"), "text": t("Sí, ya te lo paso.", "Yes, I am sending it."),
            })),
        ),
        step(
            2,
            9,
            55,
            t("Laura responde a Luisa, tarde", "Laura answers Luisa, late"),
            prisma(json!({
                "type": "message", "direction": "out", "author": person("laura"), "text": t("Hola Luisa, queda hoy a las 3.", "Hello Luisa, it is ready today at 3."),
            })),
        ),
        step(
            2,
            9,
            56,
            t("La conversación se cierra", "The conversation is closed"),
            prisma(json!({ "type": "close", "reason": t("respondida", "answered") })),
        ),
        step(
            2,
            10,
            0,
            t("Carlos pide por correo la campaña de marzo", "Carlos asks for the March campaign by mail"),
            campaign(campaign_mail),
        ),
        step(
            2,
            10,
            1,
            t("Pedro queda como responsable", "Pedro owns it"),
            campaign(json!({ "type": "own", "owner": "pedro" })),
        ),
        step(
            2,
            10,
            2,
            t("Carlos escribe otro correo: el logo", "Carlos writes another mail: the logo"),
            logo(json!({
                "type": "message", "direction": "in", "author": carlos, "customer": "Café Prisma", "subject": "Logo",
                "text": t("¿Me envían el logo?", "Can you send me the logo?"),
            })),
        ),
        step(
            2,
            10,
            3,
            t("Laura queda como responsable", "Laura owns it"),
            logo(json!({ "type": "own", "owner": "laura" })),
        ),
        step(
            2,
            10,
            8,
            t("Pedro acusa recibo de la campaña", "Pedro confirms that the campaign was received"),
            campaign(json!({
                "type": "message", "direction": "out", "author": person("pedro"), "text": t("Recibido por el área de diseño, Carlos.", "Received by the design team, Carlos."),
            })),
        ),
        step(
            2,
            10,
            33,
            t("Laura envía el logo", "Laura sends the logo"),
            logo(json!({
                "type": "message", "direction": "out", "author": person("laura"), "text": t("Adjunto el logo, Carlos.", "The logo is attached, Carlos."),
            })),
        ),
        step(
            2,
            10,
            34,
            t("… y cierra", "… and closes it"),
            logo(json!({ "type": "close", "reason": t("entregado", "delivered") })),
        ),
        step(
            2,
            15,
            0,
            t(
                "Pedro espera los textos del cliente: el reloj de 48 h se detiene",
                "Pedro waits for the client's texts: the clock of 48 h stands still",
            ),
            campaign(json!({
                "type": "wait", "reason": t("textos de la campaña", "texts of the campaign"),
            })),
        ),
        step(
            3,
            8,
            3,
            t("Martes: cada responsable recibe sus tareas abiertas", "Tuesday: every owner gets their open tasks"),
            None,
        ),
        step(
            3,
            9,
            0,
            t("Carlos manda los textos: el reloj sigue", "Carlos sends the texts: the clock runs on"),
            campaign(json!({
                "type": "message", "direction": "in", "author": carlos, "text": t("Aquí van los textos.", "Here are the texts."),
            })),
        ),
        step(
            3,
            9,
            6,
            t("Pedro responde", "Pedro answers"),
            campaign(json!({
                "type": "message", "direction": "out", "author": person("pedro"), "text": t("Gracias, con esto seguimos.", "Thank you, we go on with this."),
            })),
        ),
        step(
            3,
            11,
            55,
            t("Un cliente escribe antes del almuerzo", "A client writes before lunch"),
            noon(json!({
                "type": "message", "direction": "in", "author": { "name": "Iván Rey", "kind": "customer" }, "text": t("¿Atienden hoy?", "Are you open today?"),
            })),
        ),
        step(
            3,
            11,
            56,
            t("Pedro queda como responsable", "Pedro owns it"),
            noon(json!({ "type": "own", "owner": "pedro" })),
        ),
        step(
            3,
            13,
            7,
            t("Pedro responde después del almuerzo, a tiempo", "Pedro answers after lunch, in time"),
            noon(json!({
                "type": "message", "direction": "out", "author": person("pedro"), "text": t("Sí, hasta las 6.", "Yes, until 6."),
            })),
        ),
        step(
            3,
            13,
            8,
            t("… y cierra", "… and closes it"),
            noon(json!({ "type": "close", "reason": t("respondida", "answered") })),
        ),
        step(4, 8, 3, t("Miércoles: otra vez las tareas abiertas", "Wednesday: the open tasks again"), None),
        step(
            4,
            9,
            0,
            t("Almacenes Andina, cliente prioritario, escribe", "Almacenes Andina, a client with priority, writes"),
            pickup(json!({
                "type": "message", "direction": "in", "author": andina, "text": t("Recogida urgente, por favor.", "An urgent pick-up, please."),
            })),
        ),
        step(
            4,
            9,
            1,
            t("Diego queda como responsable", "Diego owns it"),
            pickup(json!({ "type": "own", "owner": "diego" })),
        ),
        step(
            4,
            9,
            7,
            t("Diego responde", "Diego answers"),
            pickup(json!({
                "type": "message", "direction": "out", "author": person("diego"), "text": t("Va en camino el mensajero.", "The courier is on the way."),
            })),
        ),
        step(
            4,
            9,
            8,
            t("… y cierra", "… and closes it"),
            pickup(json!({ "type": "close", "reason": t("recogida", "picked up") })),
        ),
        step(
            4,
            16,
            0,
            t("Pedro entrega la campaña: 48 h menos la espera", "Pedro delivers the campaign: 48 h without the wait"),
            campaign(json!({ "type": "deliver", "text": t("Piezas listas", "The pieces are ready") })),
        ),
        step(
            4,
            16,
            1,
            t("… y cierra", "… and closes it"),
            campaign(json!({ "type": "close", "reason": t("entregada", "delivered") })),
        ),
        step(5, 8, 3, t("Jueves: la tarea cumple tres días", "Thursday: the task is three days old"), None),
        step(
            6,
            6,
            2,
            t(
                "Viernes, día 4 sin respuesta: la tarea pasa al back office",
                "Friday, day 4 without an answer: the task goes to the back office",
            ),
            None,
        ),
        step(
            6,
            6,
            30,
            t("Sofía radica el reclamo y responde la tarea", "Sofía files the claim and answers the task"),
            waybill(json!({
                "type": "comment", "author": person("sofia"), "text": t("Reclamo radicado con la transportadora.", "The claim is filed with the carrier."),
            })),
        ),
    ]
}
