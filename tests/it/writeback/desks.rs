//! The help desks, what each answers, and how a deed is run against that table.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plazo::engine::request_id::RequestId;
use plazo::intake::api::{ApiAnswer, ApiCall, CallFault};
use plazo::intake::mapping::Mapping;
use plazo::intake::mapping::write::WriteMapping;
use plazo::intake::presets;
use plazo::notify::{DeliveryError, Receipt};
use plazo::outbox::DeliveryId;
use plazo::outbox::writing::WriteDeed;
use plazo::writeback::{Errand, Next, NoteText, PersonThere, WriteOrder};
use serde_json::{Value, json};

use crate::support::data;

/// A help desk as its samples have it.
pub(super) struct Desk {
    /// The folder of its samples.
    pub(super) name: &'static str,
    pub(super) preset: &'static str,
    /// What the address of its API ends in.
    pub(super) base: &'static str,
    pub(super) threads: &'static [&'static str],
    pub(super) tag: &'static str,
    pub(super) priority: &'static str,
    /// Who gets it.
    pub(super) person: &'static str,
    pub(super) account: &'static str,
    pub(super) set: fn() -> Value,
    /// What it answers to calls that read, or make something on the way: method and beginning of the path.
    pub(super) answers: fn() -> Vec<(&'static str, u16, Value)>,
}

pub(super) fn none() -> Value {
    json!({})
}

pub(super) const CARD: &str =
    "SLA en riesgo: Laura Gómez espera hace 30 min (WhatsApp Ventas). Responsable: Andrés Rojas. Vence 09:35.";
pub(super) const PAGE: &str = "https://plazo.example/esperas/42";
pub(super) const MARK: &str = "[plazo R-17/a42]";

pub(super) const DESKS: [Desk; 11] = [
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
pub(super) const NOT_CALLED: [(&str, &str, &str); 13] = [
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

pub(super) fn now() -> DateTime<Utc> {
    "2026-03-02T14:35:00Z".parse().expect("an instant")
}

pub(super) fn write_of(desk: &Desk) -> WriteMapping {
    let text = presets::text(desk.preset).expect("a preset");
    let mapping = Mapping::compile(text).unwrap_or_else(|error| panic!("{}: {error}", desk.preset));
    mapping.write.unwrap_or_else(|| panic!("{} has no [write]", desk.preset))
}

/// The note of the samples, without what marks undo: that is `compose`'s business.
pub(super) fn note() -> NoteText {
    NoteText {
        subject: "SLA en riesgo".to_owned(),
        text: format!("{CARD}\n{PAGE}\n{MARK}"),
        html: format!("<p>{CARD}</p><p><a href=\"{PAGE}\">{PAGE}</a></p><p>{MARK}</p>"),
    }
}

pub(super) fn order(desk: &Desk, deed: WriteDeed) -> WriteOrder {
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

pub(super) fn deeds(desk: &Desk) -> Vec<WriteDeed> {
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

pub(super) fn answer(status: u16, body: Value) -> ApiAnswer {
    ApiAnswer { status, headers: BTreeMap::new(), body, is_cut: false }
}

pub(super) fn account(desk: &Desk) -> Vec<String> {
    [desk.account].into_iter().filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Runs a deed; `came` says what came of the n-th call, where it says anything, else the table does.
pub(super) fn run(
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

pub(super) fn samples(desk: &str, of: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(data("writeback").join(desk).join(of)).expect("samples");
    serde_json::from_str(&text).expect("JSON")
}
