//! Every help desk by its samples: what plazo calls for each deed, and what it makes of each answer. The desks answer from a table; no call
//! is made.
//!
//! `tests/data/writeback/*/requests.json` and `responses.json` are what vendors document; `calls.txt` has the very calls of each deed.
//! `UPDATE_EXPECT=1` rewrites the latter.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use plazo::config;
use plazo::engine::request_id::RequestId;
use plazo::intake::api::{ApiAnswer, ApiCall, CallFault};
use plazo::intake::mapping::Mapping;
use plazo::intake::mapping::write::{AnswerClass, NoteForm, WriteMapping};
use plazo::intake::presets;
use plazo::intake::source::SourceSettings;
use plazo::net;
use plazo::notify::{Card, DeliveryError, Receipt};
use plazo::outbox::DeliveryId;
use plazo::outbox::writing::WriteDeed;
use plazo::writeback::{self, Errand, HelpDesk, Judgement, Next, NoteText, PersonThere, WriteOrder, judge};
use serde_json::{Value, json};

use crate::support::data;
use crate::support::webhook::{Received, Webhook, answer as reply};

/// A help desk as its samples have it.
struct Desk {
    /// The folder of its samples.
    name: &'static str,
    preset: &'static str,
    /// What the address of its API ends in.
    base: &'static str,
    threads: &'static [&'static str],
    tag: &'static str,
    priority: &'static str,
    /// Who gets it.
    person: &'static str,
    account: &'static str,
    set: fn() -> Value,
    /// What it answers to calls that read, or make something on the way: method and beginning of the path.
    answers: fn() -> Vec<(&'static str, u16, Value)>,
}

fn none() -> Value {
    json!({})
}

const CARD: &str =
    "SLA en riesgo: Laura Gómez espera hace 30 min (WhatsApp Ventas). Responsable: Andrés Rojas. Vence 09:35.";
const PAGE: &str = "https://plazo.example/esperas/42";
const MARK: &str = "[plazo R-17/a42]";

const DESKS: [Desk; 11] = [
    Desk {
        name: "chatwoot",
        preset: "chatwoot",
        base: "",
        threads: &["1:42"],
        tag: "sla-vencido",
        priority: "urgent",
        person: "6",
        account: "9",
        set: none,
        answers: || {
            vec![
                ("GET /api/v1/profile", 200, json!({"id": 9, "email": "plazo@empresa.example"})),
                ("GET /api/v1/accounts/1/conversations/42/labels", 200, json!({"payload": ["vip"]})),
                ("POST /api/v1/accounts/1/conversations/42/labels", 200, json!({"payload": ["vip", "sla-vencido"]})),
                ("GET /api/v1/accounts/1/conversations/42/messages", 200, json!({"payload": []})),
                ("POST /api/v1/accounts/1/conversations/42/messages", 200, json!({"id": 1201, "private": true})),
                ("POST /api/v1/accounts/1/conversations/42/assignments", 200, json!({"id": 6})),
                ("POST /api/v1/accounts/1/conversations/42/toggle_priority", 200, Value::Null),
            ]
        },
    },
    Desk {
        name: "zammad",
        preset: "zammad",
        base: "",
        threads: &["81"],
        tag: "sla-vencido",
        priority: "high",
        person: "12",
        account: "31",
        set: none,
        answers: || {
            vec![
                ("GET /api/v1/users/me", 200, json!({"id": 31, "login": "plazo"})),
                ("GET /api/v1/ticket_articles/by_ticket/81", 200, json!([])),
                ("POST /api/v1/ticket_articles", 201, json!({"id": 903, "internal": true, "sender": "Agent"})),
                ("GET /api/v1/tags?", 200, json!({"tags": ["vip"]})),
                ("POST /api/v1/tags/add", 201, json!(true)),
                ("DELETE /api/v1/tags/remove", 200, json!(true)),
                ("PUT /api/v1/tickets/81", 200, json!({"id": 81, "owner_id": 12, "priority_id": 3})),
            ]
        },
    },
    Desk {
        name: "zendesk",
        preset: "zendesk",
        base: "",
        threads: &["5158"],
        tag: "sla_vencido",
        priority: "urgent",
        person: "carolina.mejia@empresa.example",
        account: "9000000000031",
        set: none,
        answers: || {
            vec![
                ("GET /api/v2/users/me.json", 200, json!({"user": {"id": 9_000_000_000_031_i64}})),
                ("GET /api/v2/tickets/5158/audits.json", 200, json!({"audits": []})),
                ("GET /api/v2/tickets/5158/tags.json", 200, json!({"tags": ["facturacion"]})),
                ("PUT /api/v2/tickets/5158/tags.json", 200, json!({"tags": ["facturacion", "sla_vencido"]})),
                ("DELETE /api/v2/tickets/5158/tags.json", 200, json!({"tags": ["facturacion"]})),
                ("GET /api/v2/tickets/5158.json", 200, json!({"ticket": {"updated_at": "2026-03-02T14:31:07Z"}})),
                (
                    "PUT /api/v2/tickets/5158.json",
                    200,
                    json!({"ticket": {"priority": "urgent"}, "audit": {"events": [{"id": 31_000_000_000_901_i64, "type": "Comment", "public": false}]}}),
                ),
            ]
        },
    },
    Desk {
        name: "hubspot",
        preset: "hubspot",
        base: "",
        threads: &["50000001:6065362089"],
        tag: "sla_vencido",
        priority: "high",
        person: "A-50002",
        account: "",
        set: none,
        answers: || {
            let ticket = json!({"id": "6065362089", "threadAssociations": {"associatedTicketId": "3300000001"}});
            let changed = json!({"properties": {"plazo_alerta": "sla_vencido", "hs_ticket_priority": "HIGH"}});
            vec![
                ("GET /conversations/v3/conversations/threads/6065362089/messages", 200, json!({"results": []})),
                (
                    "POST /conversations/v3/conversations/threads/6065362089/messages",
                    201,
                    json!({"id": "b3", "type": "COMMENT"}),
                ),
                ("GET /conversations/v3/conversations/threads/6065362089?association=TICKET", 200, ticket),
                ("PATCH /crm/v3/objects/tickets/3300000001", 200, changed),
                (
                    "PUT /conversations/conversations/2026-09/threads/6065362089/assignee",
                    200,
                    json!({"assignedTo": "A-50002"}),
                ),
            ]
        },
    },
    Desk {
        name: "clickup",
        preset: "clickup",
        base: "",
        threads: &["86aplazo1"],
        tag: "sla-vencido",
        priority: "urgent",
        person: "184",
        account: "999",
        set: none,
        answers: || {
            let task = json!({"id": "86aplazo1", "assignees": [{"id": 183}], "tags": []});
            vec![
                ("GET /api/v2/user", 200, json!({"user": {"id": 999}})),
                ("GET /api/v2/task/86aplazo1/comment", 200, json!({"comments": []})),
                ("POST /api/v2/task/86aplazo1/comment", 200, json!({"id": 90_120_000_000_458_i64})),
                ("POST /api/v2/task/86aplazo1/tag/sla-vencido", 200, json!({})),
                ("DELETE /api/v2/task/86aplazo1/tag/sla-vencido", 200, json!({})),
                ("GET /api/v2/task/86aplazo1", 200, task),
                ("PUT /api/v2/task/86aplazo1", 200, json!({"assignees": [{"id": 184}], "priority": {"id": "1"}})),
            ]
        },
    },
    Desk {
        name: "glpi",
        preset: "glpi-rest",
        base: "/apirest.php",
        threads: &["Ticket:1042"],
        tag: "sla-vencido",
        priority: "very_high",
        person: "8",
        account: "44",
        set: || json!({"tags": [{"name": "sla-vencido", "id": 3}]}),
        answers: || {
            let links = json!([{"id": 5_511, "users_id": 9, "type": 1}, {"id": 5_512, "users_id": 7, "type": 2}]);
            vec![
                ("GET /Ticket/1042/ITILFollowup", 200, json!([])),
                ("POST /Ticket/1042/ITILFollowup", 201, json!({"id": 9001, "message": ""})),
                ("GET /Ticket/1042/Ticket_User", 200, links),
                ("POST /Ticket/1042/Ticket_User", 201, json!({"id": 5530, "message": ""})),
                ("DELETE /Ticket_User/5512", 200, json!([{"5512": true, "message": ""}])),
                ("GET /Ticket/1042/PluginTagTagItem", 200, json!([])),
                ("POST /PluginTagTagItem", 201, json!({"id": 70, "message": ""})),
                ("PUT /Ticket/1042", 200, json!([{"1042": true, "message": ""}])),
                ("GET /Ticket/1042", 200, json!({"id": 1042, "priority": 5})),
            ]
        },
    },
    Desk {
        name: "glpi_v2",
        preset: "glpi",
        base: "/api.php",
        threads: &["Ticket:1042"],
        tag: "",
        priority: "very_high",
        person: "8",
        account: "plazo",
        set: none,
        answers: || {
            let team = json!([{"role": "assigned", "name": "andres.rojas", "href": "/Administration/User/7"}]);
            vec![
                ("GET /v2/Administration/User/Me", 200, json!({"username": "plazo", "id": 44})),
                ("GET /v2/Assistance/Ticket/1042/Timeline/Followup", 200, json!([])),
                ("POST /v2/Assistance/Ticket/1042/Timeline/Followup", 201, json!({"id": 9101})),
                ("GET /v2/Assistance/Ticket/1042/TeamMember", 200, team),
                ("POST /v2/Assistance/Ticket/1042/TeamMember", 201, Value::Null),
                ("DELETE /v2/Assistance/Ticket/1042/TeamMember", 200, Value::Null),
                ("PATCH /v2/Assistance/Ticket/1042", 200, json!({"priority": 5})),
            ]
        },
    },
    Desk {
        name: "freshdesk",
        preset: "freshdesk",
        base: "",
        threads: &["309"],
        tag: "sla-vencido",
        priority: "urgent",
        person: "82000000008",
        account: "82000000099",
        set: none,
        answers: || {
            let changed =
                json!({"priority": 4, "responder_id": 82_000_000_008_i64, "tags": ["facturacion", "sla-vencido"]});
            vec![
                ("GET /api/v2/agents/me", 200, json!({"id": 82_000_000_099_i64})),
                ("GET /api/v2/tickets/309/conversations", 200, json!([])),
                (
                    "POST /api/v2/tickets/309/notes",
                    201,
                    json!({"id": 82_000_009_001_i64, "private": true, "incoming": false}),
                ),
                ("GET /api/v2/tickets/309", 200, json!({"tags": ["facturacion"]})),
                ("PUT /api/v2/tickets/309", 200, changed),
            ]
        },
    },
    Desk {
        name: "intercom",
        preset: "intercom",
        base: "",
        threads: &["plazotst:215470000000001"],
        tag: "sla-vencido",
        priority: "high",
        person: "7000008",
        account: "7000099",
        set: none,
        answers: || {
            let talk = json!({"tags": {"tags": []}, "conversation_parts": {"conversation_parts": []}});
            let noted = json!({"conversation_parts": {"conversation_parts": [{"id": "901", "part_type": "note", "body": MARK}, {"id": "902", "part_type": "note", "body": "de otra persona"}]}});
            vec![
                ("GET /me", 200, json!({"id": "7000099"})),
                ("GET /conversations/215470000000001", 200, talk),
                ("POST /conversations/215470000000001/reply", 200, noted),
                ("POST /tags", 200, json!({"id": "86", "name": "sla-vencido"})),
                ("POST /conversations/215470000000001/tags", 200, json!({"id": "86", "name": "sla-vencido"})),
                ("DELETE /conversations/215470000000001/tags/86", 200, json!({"id": "86"})),
                ("POST /conversations/215470000000001/parts", 200, json!({"admin_assignee_id": 7_000_008})),
                ("PUT /conversations/215470000000001", 200, json!({"priority": "high"})),
            ]
        },
    },
    Desk {
        name: "jira_sm",
        preset: "jira-sm",
        base: "",
        threads: &["SOP-17", "issue:10077"],
        tag: "sla-vencido",
        priority: "high",
        person: "712020:00000000-0000-4000-8000-000000000008",
        account: "712020:00000000-0000-4000-8000-000000000099",
        set: none,
        answers: || {
            vec![
                ("GET /rest/api/3/myself", 200, json!({"accountId": "712020:00000000-0000-4000-8000-000000000099"})),
                ("GET /rest/servicedeskapi/request/SOP-17/comment", 200, json!({"values": []})),
                ("POST /rest/servicedeskapi/request/SOP-17/comment", 201, json!({"id": "10901", "public": false})),
                ("GET /rest/api/3/issue/SOP-17", 200, json!({"fields": {"labels": []}})),
                ("PUT /rest/api/3/issue/SOP-17", 204, Value::Null),
            ]
        },
    },
    Desk {
        name: "front",
        preset: "front",
        base: "",
        threads: &["cnv_plazo42"],
        tag: "sla-vencido",
        priority: "Alta",
        person: "carolina.mejia@empresa.example",
        account: "",
        set: none,
        answers: || {
            let talk = json!({"tags": [], "custom_fields": {"Sede": "Bogotá"}});
            vec![
                ("GET /conversations/cnv_plazo42/comments", 200, json!({"_results": []})),
                ("POST /conversations/cnv_plazo42/comments", 201, json!({"id": "com_plazo901"})),
                ("GET /tags", 200, json!({"_results": [{"id": "tag_plazo1", "name": "sla-vencido"}]})),
                ("GET /conversations/cnv_plazo42", 200, talk),
                ("POST /conversations/cnv_plazo42/tags", 204, Value::Null),
                ("DELETE /conversations/cnv_plazo42/tags", 204, Value::Null),
                ("PUT /conversations/cnv_plazo42/assignee", 204, Value::Null),
                ("PATCH /conversations/cnv_plazo42", 204, Value::Null),
            ]
        },
    },
];

/// Samples that plazo does not call for, and why.
const NOT_CALLED: [(&str, &str, &str); 13] = [
    ("chatwoot", "create label", "an administrator makes labels"),
    ("zammad", "who am I", "asked once, before the first deed"),
    ("zammad", "all at once", "each deed is recorded by itself"),
    ("zendesk", "all at once", "each deed is recorded by itself"),
    ("hubspot", "note on the ticket", "every request of this source is a thread"),
    ("hubspot", "assign the ticket", "every request of this source is a thread"),
    ("glpi", "new session", "opened by whoever calls"),
    ("glpi_v2", "token", "asked for by whoever calls"),
    ("jira_sm", "note with a mark", "the service desk's own way needs no document"),
    ("jira_sm", "who am I", "asked once, before the first deed"),
    ("freshdesk", "untag", "read below: the tag must be there first"),
    ("chatwoot", "untag", "read below: the tag must be there first"),
    ("front", "priority", "its fields stand in another order"),
];

fn now() -> DateTime<Utc> {
    "2026-03-02T14:35:00Z".parse().expect("an instant")
}

fn write_of(desk: &Desk) -> WriteMapping {
    let text = presets::text(desk.preset).expect("a preset");
    let mapping = Mapping::compile(text).unwrap_or_else(|error| panic!("{}: {error}", desk.preset));
    mapping.write.unwrap_or_else(|| panic!("{} has no [write]", desk.preset))
}

/// The note of the samples, without what marks undo: that is `compose`'s business.
fn note() -> NoteText {
    NoteText {
        subject: "SLA en riesgo".to_owned(),
        text: format!("{CARD}\n{PAGE}\n{MARK}"),
        html: format!("<p>{CARD}</p><p><a href=\"{PAGE}\">{PAGE}</a></p><p>{MARK}</p>"),
    }
}

fn order(desk: &Desk, deed: WriteDeed) -> WriteOrder {
    let email = desk.person.contains('@').then(|| desk.person.to_owned());
    WriteOrder {
        note: matches!(deed, WriteDeed::Note).then(note),
        person: Some(PersonThere {
            key: "carolina".to_owned(),
            name: "Carolina Mejía".to_owned(),
            addresses: email.iter().cloned().collect(),
            reach: email.is_none().then(|| desk.person.to_owned()),
            email,
        }),
        deed,
        request: RequestId(17),
        delivery: DeliveryId(42),
        threads: desk.threads.iter().map(|thread| (*thread).to_owned()).collect(),
        had: false,
        put: false,
        in_doubt: false,
    }
}

fn deeds(desk: &Desk) -> Vec<WriteDeed> {
    let name = desk.tag.to_owned();
    let mut deeds = vec![
        WriteDeed::Note,
        WriteDeed::Assign { person: Some("carolina".to_owned()) },
        WriteDeed::Priority { name: desk.priority.to_owned() },
    ];
    if !desk.tag.is_empty() {
        deeds.extend([WriteDeed::Tag { name: name.clone() }, WriteDeed::Untag { name }]);
    }
    deeds
}

fn answer(status: u16, body: Value) -> ApiAnswer {
    ApiAnswer { status, headers: BTreeMap::new(), body, is_cut: false }
}

fn account(desk: &Desk) -> Vec<String> {
    [desk.account].into_iter().filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Runs a deed; `came` says what came of the n-th call, where it says anything, else the table does.
fn run(
    desk: &Desk,
    write: &WriteMapping,
    order: &WriteOrder,
    came: impl Fn(usize, &ApiCall) -> Option<Result<ApiAnswer, CallFault>>,
) -> (Vec<ApiCall>, Result<Receipt, DeliveryError>) {
    let mut errand = match Errand::new(write, &(desk.set)(), order, &account(desk), now()) {
        Ok(errand) => errand,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let table = (desk.answers)();
    let mut calls = Vec::new();
    loop {
        match errand.poll() {
            Next::Ended(ended) => return (calls, ended),
            Next::Call(call) => {
                assert!(calls.len() < 20, "{}: it goes round: {call:?}", desk.name);
                let line = format!("{} {}", call.method, call.path);
                let known = || {
                    let found = table.iter().find(|(begins, _, _)| line.starts_with(begins));
                    let (_, status, body) = found.unwrap_or_else(|| panic!("{}: no answer to {line}", desk.name));
                    Ok(answer(*status, body.clone()))
                };
                let came = came(calls.len(), &call).unwrap_or_else(known);
                calls.push(call);
                errand.take(came);
            }
        }
    }
}

fn samples(desk: &str, of: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(data("writeback").join(desk).join(of)).expect("samples");
    serde_json::from_str(&text).expect("JSON")
}

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

#[test]
fn after_an_uncertain_end_a_note_is_looked_for_and_what_cannot_be_looked_for_is_not_written() {
    for desk in &DESKS {
        let write = write_of(desk);
        let order = WriteOrder { in_doubt: true, ..order(desk, WriteDeed::Note) };
        // Found: its own name is the reference, and nothing is written.
        let there = match desk.name {
            "chatwoot" => {
                json!({"payload": [{"id": 1200, "content": MARK, "private": false}, {"id": 1201, "content": MARK, "private": true}]})
            }
            "zammad" => json!([{"id": 1201, "body": format!("<p>{MARK}</p>"), "internal": true}]),
            "zendesk" => {
                json!({"audits": [{"metadata": {"custom": {"plazo": "R-17/a42"}}, "events": [{"type": "Comment", "id": 1201}]}]})
            }
            "hubspot" => json!({"results": [{"type": "COMMENT", "id": "1201", "text": MARK}]}),
            "clickup" => json!({"comments": [{"id": "1201", "comment_text": MARK}]}),
            "glpi" => json!([{"id": 1201, "is_private": 1, "content": format!("&#60;p&#62;{MARK}&#60;/p&#62;")}]),
            "glpi_v2" => json!([{"id": 1201, "is_private": true, "content": MARK}]),
            "freshdesk" => json!([{"id": 1201, "private": true, "body_text": MARK}]),
            "intercom" => {
                json!({"conversation_parts": {"conversation_parts": [{"id": "1201", "part_type": "note", "body": MARK}]}})
            }
            "jira_sm" => json!({"values": [{"id": "1201", "body": MARK}]}),
            _ => json!({"_results": [{"id": "1201", "body": MARK}]}),
        };
        let (calls, ended) = run(desk, &write, &order, |_, _| Some(Ok(answer(200, there.clone()))));
        assert_eq!(calls.len(), 1, "{}: {calls:?}", desk.name);
        let called = if desk.name == "glpi" { "ITILFollowup:1201" } else { "1201" };
        assert_eq!(ended.expect("found").reference.as_deref(), Some(called), "{}", desk.name);
        // Another deed's mark is not this one's.
        let other = there.to_string().replace("a42", "a421");
        let other: Value = serde_json::from_str(&other).expect("JSON");
        let (calls, _) = run(desk, &write, &order, |n, _| (n == 0).then(|| Ok(answer(200, other.clone()))));
        assert_eq!(calls.len(), 2, "{}: it is written after the look: {calls:?}", desk.name);
        // Whoever cannot look does not write.
        let cut = ApiAnswer { is_cut: true, ..answer(200, Value::Null) };
        let odd = || json!({"odd": true});
        let blind = [Ok(answer(500, odd())), Ok(answer(200, odd())), Ok(answer(200, "".into())), Ok(cut)];
        for blind in blind.into_iter().chain([Err(CallFault::Silence("timed out".to_owned()))]) {
            let (calls, ended) = run(desk, &write, &order, |n, _| (n == 0).then(|| blind.clone()));
            assert_eq!(calls.len(), 1, "{}: {calls:?}", desk.name);
            assert!(
                matches!(ended, Err(DeliveryError::Retry { .. } | DeliveryError::Doubt { .. })),
                "{}: {ended:?}",
                desk.name
            );
        }
    }
}

#[test]
fn an_answer_that_is_too_long_is_an_answer_and_a_tag_that_was_there_is_not_plazo_s() {
    let desk = &DESKS[0];
    let write = write_of(desk);
    let cut = ApiAnswer { is_cut: true, ..answer(200, Value::Null) };
    let (_, ended) = run(desk, &write, &order(desk, WriteDeed::Note), |_, _| Some(Ok(cut.clone())));
    assert_eq!(ended.expect("done").reference, None);
    let tag = order(desk, WriteDeed::Tag { name: "VIP".to_owned() });
    let (calls, ended) = run(desk, &write, &tag, |_, _| None);
    assert_eq!((calls.len(), ended.expect("done").reference), (1, None));
    // An earlier try put it there, and nobody said so.
    let doubtful = WriteOrder { in_doubt: true, ..tag.clone() };
    let (_, ended) = run(desk, &write, &doubtful, |_, _| None);
    assert_eq!(ended.expect("done").reference.as_deref(), Some("tag:VIP"));
    let known = WriteOrder { had: true, ..doubtful };
    assert_eq!(run(desk, &write, &known, |_, _| None).1.expect("done").reference, None);
}

#[test]
fn a_conversation_that_was_merged_is_followed_once_and_on_the_same_host_alone() {
    let front = DESKS.iter().find(|desk| desk.name == "front").expect("Front");
    let write = write_of(front);
    let moved = || {
        let to = "https://api2.frontapp.com/conversations/cnv_plazo77/comments".to_owned();
        ApiAnswer { headers: [("location".to_owned(), to)].into_iter().collect(), ..answer(301, Value::Null) }
    };
    let taken = || Ok(answer(201, json!({"id": "com_1"})));
    let (calls, ended) =
        run(front, &write, &order(front, WriteDeed::Note), |n, _| Some(if n == 0 { Ok(moved()) } else { taken() }));
    assert_eq!(calls[1].path, "/conversations/cnv_plazo77/comments");
    assert_eq!((calls[1].method.as_str(), &calls[1].body), ("POST", &calls[0].body));
    assert_eq!(ended.expect("done").reference.as_deref(), Some("com_1"));
    let (calls, ended) = run(front, &write, &order(front, WriteDeed::Note), |_, _| Some(Ok(moved())));
    assert!(calls.len() == 2 && ended.is_err(), "{calls:?}");
}

#[test]
fn whom_nobody_knows_there_is_given_up_and_never_nobody() {
    for desk in &DESKS {
        let write = write_of(desk);
        let deed = WriteDeed::Assign { person: Some("carolina".to_owned()) };
        let order = order(desk, deed);
        let stranger = order.person.clone().map(|person| PersonThere {
            email: None,
            addresses: Vec::new(),
            reach: None,
            ..person
        });
        for person in [None, stranger] {
            let (calls, ended) = run(desk, &write, &WriteOrder { person, ..order.clone() }, |_, _| None);
            assert!(calls.is_empty() && matches!(ended, Err(DeliveryError::GiveUp { .. })), "{}: {ended:?}", desk.name);
        }
    }
}

#[test]
fn what_clients_write_stays_inert_in_every_note_and_is_no_mark() {
    let text = std::fs::read_to_string(data("writeback/untrusted_texts.json")).expect("samples");
    let all: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    for sample in all {
        let said = sample["text"].as_str().expect("a text");
        let card = Card { title: Some(said.to_owned()), lines: vec![said.to_owned()], ..Card::default() };
        for desk in &DESKS {
            let NoteText { text, html, .. } = writeback::note(&card, Some(PAGE), MARK, write_of(desk).form, 8_000);
            let of = format!("{} of {said}: {text}", desk.name);
            assert_eq!((text.matches(MARK).count(), html.matches(MARK).count()), (1, 1), "{of}");
            assert!(!text.replace("@\u{200b}", "").contains('@'), "{of}");
            if let Some(expected) = sample["html"].as_str() {
                assert!(html.contains(expected) && !html.contains("<img"), "{of}");
            }
            if write_of(desk).form == NoteForm::Markdown {
                assert!(!text.contains("](") || text.contains("\\]("), "{of}");
            }
        }
    }
}

/// What `[source.…]` says for a desk whose address is `api`, with the secrets of the samples.
fn keys(desk: &Desk, api: &str, secret: impl Fn(&str) -> String) -> String {
    let base = desk.base;
    let secrets: &[(&str, &str)] = match desk.name {
        "chatwoot" => &[("token", "PLAZOTESTCHATWOOT0000001")],
        "zammad" => &[("token", "PLAZOTESTZAMMAD0001")],
        "zendesk" => &[("token", "plazo@empresa.example/token:PLAZOTEST")],
        "hubspot" => &[("token", "pat-na1-00000000-plaz-otes-t000-000000000001")],
        "clickup" => &[("token", "pk_00000000_PLAZOTEST")],
        "glpi" => &[("token", "PLAZOTESTUSERTOKEN"), ("app_token", "f7g3csp8mgatg5ebc5elnazakw20i9fyev1qopya7")],
        "glpi_v2" => &[("token", "plazo:PLAZOTEST"), ("client_id", "PLAZO"), ("client_secret", "PLAZOTEST")],
        "freshdesk" => &[("token", "Basic UExBWk9URVNUS0VZOlg=")],
        "intercom" => &[("token", "PLAZOTESTINTERCOM")],
        "jira_sm" => &[("token", "plazo@empresa.example:PLAZOTEST")],
        _ => &[("token", "PLAZOTESTFRONT")],
    };
    let mut keys = format!("api = \"{api}{base}\"\nprivate = true\n");
    for (key, value) in secrets {
        writeln!(keys, "{key} = {{ file = \"{}\" }}", secret(value)).expect("text");
    }
    if !desk.account.is_empty() {
        writeln!(keys, "write_as = \"{}\"", desk.account).expect("text");
    }
    if desk.name == "glpi" {
        keys += "set = { zone = \"America/Bogota\" }\n";
    }
    if desk.preset == "hubspot" {
        keys += "public_url = \"https://plazo.example/hooks/hubspot\"\n";
    }
    keys
}

fn settings(desk: &Desk, api: &str, folder: &std::path::Path) -> SourceSettings {
    let secret = |value: &str| {
        let place = folder.join(hex::encode(value));
        std::fs::write(&place, value).expect("a secret");
        place.display().to_string()
    };
    let (name, preset, keys) = (desk.name, desk.preset, keys(desk, api, secret));
    let signs = if preset == "glpi-rest" { "" } else { "secret = { env = \"X\" }\n" };
    let file = format!("timezone = \"UTC\"\n[source.{name}]\npreset = \"{preset}\"\n{signs}{keys}");
    let loaded = config::read("sla.toml".as_ref(), file);
    let explained = loaded.explain(false);
    loaded.config.unwrap_or_else(|| panic!("{name}: {explained}")).sources[name].clone()
}

fn clients() -> net::Clients {
    rustls::crypto::ring::default_provider().install_default().ok();
    net::clients().expect("clients")
}

fn help_desk(desk: &Desk, api: &str, folder: &std::path::Path) -> HelpDesk {
    let ready = HelpDesk::of(&settings(desk, api, folder), &clients());
    ready.expect("its secrets").expect("it can be written to")
}

/// A loopback peer of a desk, which answers from its table.
fn peer(desk: &'static Desk) -> Webhook {
    Webhook::scripted(move |_, call| {
        let path = call.path.strip_prefix(desk.base).unwrap_or(&call.path);
        let line = format!("{} {path}", call.method);
        let (status, body) = match line.as_str() {
            "GET /initSession" => (200, json!({"session_token": "83af7e620c83a50a18d3eac2f6ed05a3ca0bea62"})),
            "POST /token" => (200, json!({"access_token": "OAUTH2-ACCESS-TOKEN", "expires_in": 3600})),
            _ => {
                let table = (desk.answers)();
                let found = table.into_iter().find(|(begins, _, _)| line.starts_with(begins));
                let (_, status, body) = found.unwrap_or_else(|| panic!("{}: no answer to {line}", desk.name));
                (status, body)
            }
        };
        let body = if status == 204 { String::new() } else { body.to_string() };
        reply(&format!("{status} OK"), "Content-Type: application/json\r\n", &body)
    })
}

/// What a Chatwoot answers to whoever asks who they are.
fn plazo_there(call: &Received) -> Option<String> {
    if call.path == "/api/v1/profile" { reply("200 OK", "", r#"{"id":9}"#) } else { None }
}

const fn nobody(_: &str) -> bool {
    false
}

#[tokio::test]
async fn each_desk_is_called_with_its_own_proof_and_takes_a_note_over_the_wire() {
    static ALL: [Desk; 11] = DESKS;
    for desk in &ALL {
        let folder = tempfile::tempdir().expect("a directory");
        let peer = peer(desk);
        let api = peer.url.trim_end_matches("/hook");
        let help_desk = help_desk(desk, api, folder.path());
        let done = help_desk.fulfil(&order(desk, WriteDeed::Note), nobody, now()).await;
        assert!(done.result.is_ok(), "{}: {:?}", desk.name, done.result);
        let calls = peer.received();
        let note = calls.last().expect("a call");
        let sample = samples(desk.name, "requests.json");
        let sample = sample.iter().find(|sample| sample["case"] == "note").expect("a note");
        assert_eq!(Some(note.path.as_str()), sample["path"].as_str(), "{}", desk.name);
        let headers = sample["headers"].as_object().into_iter().flatten();
        // Systems take JSON with its charset or without.
        for (name, value) in headers.filter(|(name, _)| *name != "Content-Type") {
            assert_eq!(Some(note.header(&name.to_lowercase())), value.as_str(), "{} {name}", desk.name);
        }
        let body: Value = serde_json::from_str(&note.body).expect("JSON");
        assert_eq!(body, sample["body"], "{}", desk.name);
        // Where nothing is to be had inside of the house, nothing is sent there.
        let public = SourceSettings { private: false, ..settings(desk, api, folder.path()) };
        assert!(HelpDesk::of(&public, &clients()).is_err(), "{}", desk.name);
    }
}

#[tokio::test]
async fn limits_losses_and_refusals_on_the_wire_are_what_the_outbox_hears() {
    let desk = &DESKS[0];
    let tried = |answer: &'static str| async move {
        let folder = tempfile::tempdir().expect("a directory");
        let peer = Webhook::scripted(move |_, call| plazo_there(call).or_else(|| Some(answer.to_owned())));
        let help_desk = help_desk(desk, peer.url.trim_end_matches("/hook"), folder.path());
        help_desk.fulfil(&order(desk, WriteDeed::Note), nobody, now()).await.result
    };
    let limited = tried("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n").await;
    assert!(
        matches!(&limited, Err(DeliveryError::Hold { after: Some(after), .. }) if after.num_seconds() == 20),
        "{limited:?}"
    );
    let lost = tried("perdido\r\n\r\n").await;
    assert!(matches!(lost, Err(DeliveryError::Doubt { .. })), "{lost:?}");
    let broken = tried("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(broken, Err(DeliveryError::Doubt { .. })), "{broken:?}");
    let elsewhere = tried("HTTP/1.1 302 Found\r\nLocation: https://malo.example/\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(elsewhere, Err(DeliveryError::GiveUp { .. })), "{elsewhere:?}");
    let portal = tried("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>Wi-Fi</ht").await;
    assert!(matches!(portal, Err(DeliveryError::Hold { .. })), "{portal:?}");
    // Longer than plazo reads: done, without a name.
    let folder = tempfile::tempdir().expect("a directory");
    let long = format!("{{\"id\": 1201, \"content\": \"{}\"}}", "a".repeat(300 << 10));
    let peer = Webhook::scripted(move |_, call| plazo_there(call).or_else(|| reply("200 OK", "", &long)));
    let help_desk = help_desk(desk, peer.url.trim_end_matches("/hook"), folder.path());
    let done = help_desk.fulfil(&order(desk, WriteDeed::Note), nobody, now()).await.result;
    assert_eq!(done.expect("done").reference, None);
}

#[tokio::test]
async fn five_refusals_in_a_row_on_five_requests_hold_the_whole_desk() {
    let (desk, folder) = (&DESKS[0], tempfile::tempdir().expect("a directory"));
    let gone = r#"{"error":"Resource could not be found"}"#;
    let peer = Webhook::scripted(move |_, call| plazo_there(call).or_else(|| reply("404 Not Found", "", gone)));
    let help_desk = help_desk(desk, peer.url.trim_end_matches("/hook"), folder.path());
    let mut ended = Vec::new();
    for number in [1, 2, 2, 3, 4, 5] {
        let order = WriteOrder { request: RequestId(number), ..order(desk, WriteDeed::Note) };
        ended.push(help_desk.fulfil(&order, nobody, now()).await.result);
    }
    assert!(ended[..5].iter().all(|one| matches!(one, Err(DeliveryError::GiveUp { .. }))), "{ended:?}");
    assert!(matches!(ended[5], Err(DeliveryError::Hold { after: None, .. })), "{ended:?}");
}

#[tokio::test]
async fn a_token_that_is_somebody_else_s_than_the_file_says_writes_nothing() {
    let (desk, folder) = (&DESKS[0], tempfile::tempdir().expect("a directory"));
    let other = Desk { account: "31", ..DESKS[0] };
    let peer =
        Webhook::scripted(|_, call| plazo_there(call).or_else(|| reply("200 OK", "", r#"{"id":1201,"private":true}"#)));
    let api = peer.url.trim_end_matches("/hook");
    let refused = help_desk(&other, api, folder.path()).fulfil(&order(desk, WriteDeed::Note), nobody, now()).await;
    let cause = refused.result.expect_err("held").cause().to_owned();
    assert_eq!(cause, "the token is 9's, and `write_as` says 31");
    assert_eq!(peer.received().len(), 1, "{:?}", peer.received());
    let done = help_desk(desk, api, folder.path()).fulfil(&order(desk, WriteDeed::Note), nobody, now()).await;
    assert_eq!(
        (done.result.expect("done").reference.as_deref(), done.learnt),
        (Some("1201"), Some(vec!["9".to_owned()]))
    );
}

/// What reads of a page bear: how it is asked for, a full page without the mark, and the same with it.
fn pages(name: &str) -> Option<(&'static str, Value)> {
    let many = |n: usize, item: fn(usize) -> Value| (1..=n).map(item).collect::<Vec<_>>();
    let note = |n: usize| json!({"id": n, "private": true, "body_text": "", "content": "", "body": "", "date": "7"});
    Some(match name {
        "chatwoot" => ("?before=1", json!({"payload": many(20, note)})),
        "zendesk" => {
            ("&page=2", json!({"audits": [], "next_page": "https://empresa.zendesk.example/audits.json?page=2"}))
        }
        "hubspot" => ("&after=MjA", json!({"results": [], "paging": {"next": {"after": "MjA"}}})),
        "clickup" => ("?start=7&start_id=25", json!({"comments": many(25, note)})),
        "freshdesk" => ("&page=2", Value::Array(many(30, note))),
        "jira_sm" => ("&start=20", json!({"values": many(20, note), "isLastPage": false})),
        "front" => (
            "?page_token=abc",
            json!({"_results": [], "_pagination": {"next": "https://api2.frontapp.com/comments?limit=50&page_token=abc"}}),
        ),
        _ => return None,
    })
}

#[test]
fn a_note_is_looked_for_on_every_page_and_where_they_do_not_end_none_is_written() {
    for desk in &DESKS {
        let Some((query, full)) = pages(desk.name) else { continue };
        let write = write_of(desk);
        let order = WriteOrder { in_doubt: true, ..order(desk, WriteDeed::Note) };
        let (calls, ended) = run(desk, &write, &order, |n, _| (n == 0).then(|| Ok(answer(200, full.clone()))));
        assert!(calls[1].path.ends_with(query), "{}: {:?}", desk.name, calls[1]);
        assert_eq!((calls.len(), ended.is_ok()), (3, true), "{}: it is written after the last page", desk.name);
        let (calls, ended) = run(desk, &write, &order, |_, _| Some(Ok(answer(200, full.clone()))));
        assert_eq!(calls.len(), 20, "{}", desk.name);
        assert!(matches!(ended, Err(DeliveryError::Doubt { .. })), "{}: {ended:?}", desk.name);
    }
}

#[test]
fn what_is_read_before_it_is_replaced_must_have_been_read_whole_and_in_its_form() {
    for desk in &DESKS {
        let write = write_of(desk);
        for deed in deeds(desk).into_iter().filter(|deed| *deed != WriteDeed::Note) {
            let order = order(desk, deed.clone());
            let (usual, _) = run(desk, &write, &order, |_, _| None);
            let reads = |call: &ApiCall| call.method == "GET" || desk.name == "intercom" && call.path == "/tags";
            for at in (0..usual.len()).filter(|at| reads(&usual[*at])) {
                let cut = ApiAnswer { is_cut: true, ..answer(200, Value::Null) };
                let odd = [json!({"odd": true}), json!([{"odd": true}]), Value::Null, "".into(), "ok".into()];
                let odd = odd.into_iter().map(|body| answer(200, body)).chain([cut]);
                for bad in odd {
                    // A list without what is looked for is a list.
                    let is_list = bad.body.is_array() && desk.name.starts_with("glpi");
                    if is_list {
                        continue;
                    }
                    let (calls, ended) = run(desk, &write, &order, |n, _| (n == at).then(|| Ok(bad.clone())));
                    let of = format!("{} {deed:?}: {bad:?} {calls:?} {ended:?}", desk.name);
                    assert_eq!(calls.len(), at + 1, "{of}");
                    let is_ended = matches!(ended, Err(DeliveryError::GiveUp { .. } | DeliveryError::Retry { .. }));
                    assert!(is_ended, "{of}");
                }
            }
        }
    }
}

#[test]
fn a_note_that_was_taken_is_written_whatever_the_answer_says_in_the_place_of_its_name() {
    for desk in &DESKS {
        let write = write_of(desk);
        for body in [Value::Null, "".into(), "OK".into(), json!(1201)] {
            let order = order(desk, WriteDeed::Note);
            let (calls, ended) = run(desk, &write, &order, |_, _| Some(Ok(answer(201, body.clone()))));
            let receipt = ended.unwrap_or_else(|error| panic!("{} {body}: {error:?}", desk.name));
            assert_eq!((calls.len(), receipt.reference), (1, None), "{} {body}", desk.name);
        }
    }
}

#[test]
fn what_was_spent_on_other_payloads_is_not_missed_when_a_note_is_looked_for() {
    use plazo::intake::mapping::expression::{Expression, ExpressionScope};
    let long: Vec<_> = vec![json!({}); 600_000];
    let scope = ExpressionScope::new([("long", Value::Array(long))]);
    let search = Expression::new("holding(long, 'x', 'y')").expect("an expression");
    let desk = &DESKS[0];
    let write = write_of(desk);
    let order = WriteOrder { in_doubt: true, ..order(desk, WriteDeed::Note) };
    let there = json!({"payload": [{"id": 1201, "content": MARK, "private": true}]});
    // Once more than the budget of one payload.
    assert!(search.of(&scope).and_then(|_| search.of(&scope)).is_err());
    let (calls, ended) = run(desk, &write, &order, |_, _| Some(Ok(answer(200, there.clone()))));
    assert_eq!((calls.len(), ended.expect("found").reference.as_deref()), (1, Some("1201")));
}

#[test]
fn a_tag_counts_as_plazo_s_if_plazo_put_it_for_another_promise_or_people_took_theirs_off() {
    let desk = &DESKS[0];
    let write = write_of(desk);
    let tag = order(desk, WriteDeed::Tag { name: "vip".to_owned() });
    let named = |order: &WriteOrder| run(desk, &write, order, |_, _| None).1.expect("done").reference;
    // It is there, and plazo put it.
    assert_eq!(named(&WriteOrder { put: true, ..tag.clone() }).as_deref(), Some("tag:vip"));
    assert_eq!(named(&tag), None);
    // The request bore it, as far as plazo has heard, and it is not there.
    let gone = order(desk, WriteDeed::Tag { name: "sla-vencido".to_owned() });
    assert_eq!(named(&WriteOrder { had: true, ..gone }).as_deref(), Some("tag:sla-vencido"));
    // A system that cannot be asked.
    let hubspot = DESKS.iter().find(|desk| desk.name == "hubspot").expect("HubSpot");
    let order = WriteOrder { had: true, ..order(hubspot, WriteDeed::Tag { name: "sla_vencido".to_owned() }) };
    assert_eq!(run(hubspot, &write_of(hubspot), &order, |_, _| None).1.expect("done").reference, None);
}

#[test]
fn a_ticket_of_glpi_ends_with_one_technician_whoever_and_whatever_was_there() {
    let new = |name: &str| DESKS.into_iter().find(|desk| desk.name == name).expect("a desk");
    let assign = WriteDeed::Assign { person: Some("carolina".to_owned()) };
    let methods = |calls: &[ApiCall]| calls.iter().map(|call| call.method.clone()).collect::<Vec<_>>().join(" ");
    let ids = |calls: &[ApiCall]| {
        let deleted = calls.iter().filter(|call| call.method == "DELETE");
        deleted.map(|call| call.body.clone().unwrap_or_default()["id"].to_string()).collect::<Vec<_>>().join(" ")
    };
    let user = |id: u32| json!({"role": "assigned", "type": "User", "id": id});
    let group = json!({"role": "assigned", "type": "Group", "id": 8});
    let v2 = new("glpi_v2");
    let write = write_of(&v2);
    for (team, made, off) in [
        // A group with the person's number is no person.
        (json!([group]), "GET POST GET", ""),
        (json!([user(7), user(9), group]), "GET POST DELETE DELETE GET", "7 9"),
        // The first half of an earlier try.
        (json!([user(7), user(8)]), "GET DELETE GET", "7"),
        (json!([user(8), group]), "GET", ""),
    ] {
        let (calls, ended) = run(&v2, &write, &order(&v2, assign.clone()), |n, call| match call.method.as_str() {
            "GET" if n == 0 => Some(Ok(answer(200, team.clone()))),
            "GET" => Some(Ok(answer(200, json!([user(8)])))),
            _ => None,
        });
        assert!(ended.is_ok(), "{team}: {ended:?}");
        assert_eq!((methods(&calls).as_str(), ids(&calls).as_str()), (made, off), "{team}");
    }
    let legacy = new("glpi");
    let write = write_of(&legacy);
    let link = |id: u32, user: u32| json!({"id": id, "users_id": user, "type": 2});
    for (links, made) in [
        (json!([link(5_512, 7), link(5_513, 8)]), "GET DELETE"),
        (json!([link(5_513, 8)]), "GET"),
        (json!([]), "GET POST"),
    ] {
        let (calls, ended) = run(&legacy, &write, &order(&legacy, assign.clone()), |n, _| {
            (n == 0).then(|| Ok(answer(200, links.clone())))
        });
        assert!(ended.is_ok(), "{links}: {ended:?}");
        assert_eq!(methods(&calls), made, "{links}");
        assert!(calls.iter().filter(|call| call.method == "DELETE").all(|call| call.path == "/Ticket_User/5512"));
    }
}

#[test]
fn whoever_takes_a_zendesk_ticket_between_the_look_and_the_change_keeps_it() {
    let desk = DESKS.into_iter().find(|desk| desk.name == "zendesk").expect("Zendesk");
    let write = write_of(&desk);
    let order = order(&desk, WriteDeed::Assign { person: Some("carolina".to_owned()) });
    let ticket =
        |stamp: &str, owner: u64| Ok(answer(200, json!({"ticket": {"updated_at": stamp, "assignee_id": owner}})));
    let conflict = || Ok(answer(409, json!({"error": "UpdateConflict"})));
    let (calls, ended) = run(&desk, &write, &order, |n, _| match n {
        0 => Some(ticket("2026-03-02T14:31:07Z", 7)),
        1 => Some(conflict()),
        _ => Some(ticket("2026-03-02T14:31:09Z", 12)),
    });
    assert_eq!(calls.len(), 3, "{calls:?}");
    assert!(matches!(ended, Err(DeliveryError::Moot { .. })), "{ended:?}");
    // Something else of it changed.
    let (calls, ended) = run(&desk, &write, &order, |n, _| match n {
        0 => Some(ticket("2026-03-02T14:31:07Z", 7)),
        1 => Some(conflict()),
        2 => Some(ticket("2026-03-02T14:31:09Z", 7)),
        _ => None,
    });
    assert!(ended.is_ok() && calls.len() == 4, "{ended:?}");
    assert_eq!(calls[3].body.as_ref().expect("a body")["ticket"]["updated_stamp"], "2026-03-02T14:31:09Z");
}

#[test]
fn jira_is_written_to_alike_whether_its_hook_or_its_automation_calls() {
    let write = |preset: &str| Mapping::compile(presets::text(preset).expect("a preset")).expect("good").write;
    let (hook, automation) = (write("jira-sm").expect("[write]"), write("jira-sm-automation").expect("[write]"));
    assert_eq!(hook.deeds, automation.deeds);
    assert_eq!((hook.ticket, hook.priorities, hook.form), (automation.ticket, automation.priorities, automation.form));
}
