//! Every help desk by its samples: what plazo calls for each deed, and what it makes of each answer. The desks answer from a table; no call
//! is made.
//!
//! `tests/data/writeback/*/requests.json` and `responses.json` are what vendors document; `calls.txt` has the very calls of each deed.
//! `UPDATE_EXPECT=1` rewrites the latter.

mod desks;
mod looking;
mod own;
mod wire;

use std::fmt::Write as _;

use plazo::intake::api::{ApiAnswer, ApiCall, CallFault};
use plazo::intake::mapping::write::AnswerClass;
use plazo::notify::DeliveryError;
use plazo::outbox::writing::WriteDeed;
use plazo::writeback::{Judgement, WriteOrder, judge};
use serde_json::{Value, json};

use crate::support::data;
use desks::{DESKS, NOT_CALLED, account, answer, deeds, now, order, run, samples, write_of};

#[test]
fn each_deed_makes_the_calls_that_the_vendor_documents() {
    let mut shown = String::new();
    for desk in &DESKS {
        let write = write_of(desk);
        let mut made = Vec::new();
        for deed in deeds(desk) {
            let doubts = if deed == WriteDeed::Note { vec![false, true] } else { vec![false] };
            for in_doubt in doubts {
                let order = WriteOrder { in_doubt, ..order(desk, deed.clone()) };
                // What is to be taken off is there, and off afterwards.
                let untags = matches!(deed, WriteDeed::Untag { .. });
                let (calls, ended) = run(desk, &write, &order, |n, call| match (untags, n, call.method.as_str()) {
                    (true, _, "GET") if desk.name == "chatwoot" => {
                        Some(Ok(answer(200, json!({"payload": ["vip", "sla-vencido"]}))))
                    }
                    (true, _, "POST") if desk.name == "chatwoot" => Some(Ok(answer(200, json!({"payload": ["vip"]})))),
                    (true, _, "GET") if desk.name == "freshdesk" => {
                        Some(Ok(answer(200, json!({"tags": ["facturacion", "sla-vencido"]}))))
                    }
                    (true, _, "PUT") if desk.name == "freshdesk" => {
                        Some(Ok(answer(200, json!({"tags": ["facturacion"]}))))
                    }
                    // The team is read once more at the end.
                    (false, 3, "GET") if desk.name == "glpi_v2" => {
                        Some(Ok(answer(200, json!([{"role": "assigned", "href": "/Administration/User/8"}]))))
                    }
                    _ => None,
                });
                let receipt = ended.unwrap_or_else(|error| panic!("{} {deed:?}: {error:?}", desk.name));
                let doubt = if in_doubt { ", in doubt" } else { "" };
                writeln!(shown, "== {} {}{doubt} → {:?}", desk.name, deed.word(), receipt.reference).expect("text");
                for call in &calls {
                    let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
                    writeln!(shown, "{} {}{} {body}", call.method, desk.base, call.path).expect("text");
                }
                made.extend(calls);
            }
        }
        let all = samples(desk.name, "requests.json");
        let wanted = all.iter().filter(|sample| {
            let case = sample["case"].as_str().unwrap_or_default();
            !NOT_CALLED.iter().any(|(name, known, _)| *name == desk.name && *known == case)
        });
        for sample in wanted {
            let (case, path) = (&sample["case"], sample["path"].as_str().expect("a path"));
            let path = path.strip_prefix(desk.base).unwrap_or(path);
            let is_it = |call: &&ApiCall| {
                call.path == path
                    && call.method == sample["method"].as_str().unwrap_or_default()
                    && call.body.clone().unwrap_or_default() == sample["body"]
            };
            let call = made.iter().find(is_it);
            let call = call.unwrap_or_else(|| panic!("{} does not call as in {case}: {sample:#}\n{shown}", desk.name));
            for (name, value) in call.headers.iter().map(|(name, value)| (name, value.as_str())) {
                assert_eq!(sample["headers"][name], value, "{} {case}", desk.name);
            }
        }
    }
    let place = data("writeback/calls.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&place, &shown).expect("written");
    }
    let expected = std::fs::read_to_string(&place).unwrap_or_default();
    assert_eq!(shown, expected, "UPDATE_EXPECT=1 rewrites {}", place.display());
}

/// The deed that a sample of an answer is about.
fn doing(to: &str) -> &'static str {
    match to {
        "tag" | "untag" | "assign" | "priority" => {
            ["tag", "untag", "assign", "priority"].into_iter().find(|word| *word == to).unwrap_or_default()
        }
        _ => "note",
    }
}

#[test]
fn each_answer_means_what_the_vendor_documents() {
    for desk in &DESKS {
        let write = write_of(desk);
        for sample in samples(desk.name, "responses.json") {
            let (case, to) = (&sample["case"], sample["to"].as_str().unwrap_or_default());
            let deed = deeds(desk).into_iter().find(|deed| deed.word() == doing(to)).unwrap_or(WriteDeed::Note);
            let scope = order(desk, deed.clone()).scope(&write, &(desk.set)(), &account(desk)).expect("a scope");
            let reads = to.starts_with("read") || to.starts_with("list");
            let judged = match sample["status"].as_u64() {
                None => Judgement::of_fault(&CallFault::Silence("timed out".to_owned()), false),
                Some(status) => {
                    let headers = sample["headers"].as_object().into_iter().flatten();
                    let headers = headers
                        .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned()));
                    let status = u16::try_from(status).expect("a status");
                    let answer = ApiAnswer { headers: headers.collect(), ..answer(status, sample["body"].clone()) };
                    let judged = judge(&write, &scope, &answer, reads, now());
                    // What is done in words and not in deed is told by the value.
                    if (200..300).contains(&status) && sample["class"] == "give_up" {
                        let order = order(desk, deed);
                        let last = run(desk, &write, &order, |_, _| None).0.len() - 1;
                        let (_, ended) = run(desk, &write, &order, |n, _| (n == last).then(|| Ok(answer.clone())));
                        assert!(matches!(ended, Err(DeliveryError::GiveUp { .. })), "{} {case}: {ended:?}", desk.name);
                        continue;
                    }
                    judged
                }
            };
            let class = match judged.class {
                AnswerClass::Done => "done",
                AnswerClass::Retry => "retry",
                AnswerClass::Hold => "hold",
                AnswerClass::GiveUp => "give_up",
            };
            assert_eq!(class, sample["class"], "{} {case}: {judged:?}", desk.name);
            let after = judged.after.map(|after| after.num_seconds());
            assert_eq!(after, sample["after_s"].as_i64(), "{} {case}: {judged:?}", desk.name);
            assert_eq!(judged.look_first, sample["look_first"] == true, "{} {case}: {judged:?}", desk.name);
        }
    }
}
