//! How many calls of a signed hook are taken a second, durably.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::load::{self, Call};
use super::site::{self, Site};
use super::{Row, intake};
use plazo::cli::real_time;

const SPAN: Duration = Duration::from_secs(4);
const CONNECTIONS: usize = 64;
const SECRET: &str = "a-secret-for-the-bench-only";

/// WhatsApp's messages, each signed and of another client, beside events of the same size that come by the interface.
pub(super) async fn signed() -> anyhow::Result<Vec<Row>> {
    let secret = tempfile::NamedTempFile::new()?;
    std::fs::write(secret.path(), SECRET)?;
    let source = format!(
        "[source.wa]\npreset = \"whatsapp-cloud\"\nchannel = \"bench\"\nrate = 1000000\n\
         secret = {{ file = '{path}' }}\nverify = {{ file = '{path}' }}\n",
        path = secret.path().display()
    );
    let before = intake::plazo().await?;
    let site = Site::start(&site::config("ana", &source)).await?;
    let at = real_time().now() - TimeDelta::minutes(10);
    let hooks = load::post(site.address, CONNECTIONS, SPAN, usize::MAX, move |index| call(index, at)).await?;
    site.end().await?;
    let after = intake::plazo().await?;
    let plain = f64::midpoint(before, after);
    Ok(vec![Row::new(
        "signed calls of WhatsApp's hook, 64 connections",
        format!("{hooks:.0}/s"),
        format!("{:.0} % of events by the interface ({plain:.0}/s)", 100.0 * hooks / plain),
    )])
}

fn call(index: usize, at: DateTime<Utc>) -> Call {
    let number = (573_000_000_000 + index as u64).to_string();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "576010000001", "phone_number_id": "100000000000001"},
        "contacts": [{"profile": {"name": "Luisa"}, "wa_id": number}],
        "messages": [{"from": number, "id": format!("wamid.{index}"), "timestamp": at.timestamp().to_string(),
                      "text": {"body": "Buenos días, ¿hay noticias?"}, "type": "text"}],
    }}]}]})
    .to_string();
    // A key of any length will do.
    let signature = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(body.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        },
    );
    Call { path: "/hooks/wa", header: format!("x-hub-signature-256: sha256={signature}\r\n"), body }
}
