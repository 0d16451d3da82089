//! The month: eight thousand conversations with the habits and slips that the protocols name, from a seed.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::support::desk::at;

pub const N_CONVERSATIONS: usize = 8_000;
const DAYS: i64 = 28;

/// The first instant of the month, a Monday.
pub fn begin() -> DateTime<Utc> {
    at("2026-03-02 00:00")
}

/// The instant after it.
pub fn end() -> DateTime<Utc> {
    begin() + TimeDelta::days(DAYS)
}

/// Every event of the month, in the order in which it happens.
pub fn events(seed: u64) -> Vec<Value> {
    let mut rng = Rng::with_seed(seed);
    let mut events: Vec<(DateTime<Utc>, Value)> = Vec::new();
    for n in 0..N_CONVERSATIONS {
        Conversation { n, at: opening(&mut rng), rng: &mut rng, events: &mut events }.play();
    }
    events.retain(|(at, _)| *at < end());
    events.sort_by_key(|(at, _)| *at);
    let numbered = events.into_iter().enumerate().map(|(n, (at, mut event))| {
        event["id"] = n.to_string().into();
        event["at"] = json!(at);
        event
    });
    numbered.collect()
}

/// Most write in the day, some at night and on Sundays. Odd milliseconds, so that no two instants meet.
fn opening(rng: &mut Rng) -> DateTime<Utc> {
    let day = TimeDelta::days(rng.i64(0..DAYS));
    let minute = if rng.u8(..) < 230 { rng.i64(8 * 60..18 * 60) } else { rng.i64(0..24 * 60) };
    begin() + day + TimeDelta::minutes(minute) + TimeDelta::milliseconds(rng.i64(0..60_000))
}

struct Conversation<'a> {
    n: usize,
    at: DateTime<Utc>,
    rng: &'a mut Rng,
    events: &'a mut Vec<(DateTime<Utc>, Value)>,
}

impl Conversation<'_> {
    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    /// Lets some time pass: mostly little, now and then a lot.
    fn pause(&mut self, minutes: i64) {
        let long = if self.chance(12) { 20 } else { 1 };
        let ms = self.rng.i64(1_001..minutes * 60_000) * long;
        self.at += TimeDelta::milliseconds(ms);
    }

    fn add(&mut self, channel: &str, event: Value) {
        let mut event = event;
        event["channel"] = channel.into();
        event["thread"] = format!("c-{}", self.n).into();
        self.events.push((self.at, event));
    }

    fn play(&mut self) {
        match self.rng.u8(..100) {
            0..35 => self.client("whatsapp", &["laura", "pedro", "ana"]),
            35..55 => self.client("email", &["diego", "marta"]),
            55..75 => self.client("crm", &["rosa", "sofia"]),
            75..85 => self.client("phone", &["luis"]),
            85..92 => self.client("chat", &["luis"]),
            _ => self.colleagues(),
        }
    }

    fn asks(&mut self, channel: &str) {
        let client = format!("cliente{}", self.n % 700);
        let mut event = json!({"type": "message", "direction": "in", "text": "¿Hay noticias?",
            "author": {"name": client, "address": format!("{client}@{channel}.example"), "kind": "customer"}});
        if self.n.is_multiple_of(11) {
            event["customer"] = "andina".into();
        }
        if channel == "crm" {
            event["inbox"] = "global".into();
        }
        self.add(channel, event);
    }

    fn says(&mut self, channel: &str, who: &str, text: &str) {
        let cc = if self.chance(70) {
            json!(["cliente@andina.example", "compras@andina.example"])
        } else {
            json!(["cliente@andina.example"])
        };
        self.add(channel, json!({"type": "message", "direction": "out", "author": who, "text": text, "cc": cc}));
    }

    /// The slips that are no answer: a program, a dot, somebody who may not.
    fn slips(&mut self, channel: &str, who: &str) {
        match self.rng.u8(..100) {
            0..10 => {
                let auto = json!({"name": "contestador", "kind": "auto"});
                self.add(
                    channel,
                    json!({"type": "message", "direction": "out", "author": auto, "text": "Recibimos su mensaje"}),
                );
            }
            10..14 => self.says(channel, who, "."),
            14..18 => self.says(channel, "disenadora", "Ya casi está"),
            _ => return,
        }
        self.pause(5);
    }

    fn client(&mut self, channel: &str, people: &[&str]) {
        let who = people[self.rng.usize(..people.len())];
        self.asks(channel);
        self.pause(20);
        if self.chance(92) {
            self.add(channel, json!({"type": "own", "owner": who}));
            self.pause(8);
        }
        if channel == "crm" && self.chance(85) {
            self.add(channel, json!({"type": "move", "to": "ventas", "author": who}));
            self.pause(5);
        }
        if self.chance(25) {
            self.asks(channel);
            self.pause(6);
        }
        self.slips(channel, who);
        // A few never hear anything, and some of those are closed "to clean the inbox".
        if self.chance(4) {
            if self.chance(50) {
                self.pause(300);
                self.add(channel, json!({"type": "close", "reason": "limpieza"}));
            }
            return;
        }
        let text = match self.rng.u8(..100) {
            0..5 => "Le respondemos en 24 A 72 hrs",
            5..12 => "Le confirmo mañana",
            12..20 => "Su caso está en proceso de revisión por el área",
            _ => "Con gusto: queda listo hoy",
        };
        self.says(channel, who, text);
        if channel == "email" && self.chance(80) {
            self.pause(60);
            let entry = json!({"type": "log", "author": who, "person": "cliente", "reason": "consulta"});
            self.add(channel, entry);
        }
        if channel == "whatsapp" && self.chance(75) {
            self.pause(20);
            self.add(channel, json!({"type": "replica", "author": who}));
        }
        for _ in 0..self.rng.u8(..3) {
            self.pause(400);
            self.asks(channel);
            self.pause(30);
            self.says(channel, who, if text.starts_with("Su caso") { text } else { "Sí: así queda" });
        }
        if channel == "phone" && self.chance(15) {
            self.add(channel, json!({"type": "call_dropped"}));
            self.pause(12);
            self.add(channel, json!({"type": "call_made", "author": who}));
        }
        self.pause(900);
        match self.rng.u8(..100) {
            0..55 => self.add(channel, json!({"type": "deliver", "author": who, "text": "Entregado"})),
            55..90 => self.add(channel, json!({"type": "close", "author": who})),
            _ => return,
        }
        // Whoever comes back opens it again.
        if self.chance(6) {
            self.pause(600);
            self.asks(channel);
            self.pause(30);
            self.says(channel, who, "Con gusto lo vemos otra vez");
            self.pause(120);
            self.add(channel, json!({"type": "close", "author": who}));
        }
    }

    fn colleagues(&mut self) {
        let internal =
            |who: &str, text: &str| json!({"type": "message", "direction": "internal", "author": who, "text": text});
        self.add("slack", internal("diego", "¿Me ayudas con esto?"));
        self.at += TimeDelta::milliseconds(777);
        self.add("slack", json!({"type": "own", "owner": "ana"}));
        self.pause(40);
        self.add("slack", internal("ana", "Claro"));
        self.pause(60);
        self.add("slack", json!({"type": "close"}));
    }
}
