//! Each text of each mail and page stands out from its ground, in both schemes: WCAG 2.2, 1.4.3 asks for 4.5 to 1. The pairs are not listed
//! here: they are what the inline styles and the style sheets come to for each element that holds text, so that a new one is judged as well.

use std::collections::{BTreeMap, BTreeSet};

use html5gum::{Token, Tokenizer};
use plazo::engine::effect::Why;
use plazo::engine::request_id::RequestId;
use plazo::outbox::facts::{AlertFacts, ListedRequest, News, NewsKind, TestFacts, ViolationFacts};
use plazo::outbox::{Content, HeldFor};
use plazo::report::{By, Report};
use plazo::text::further::Further;
use plazo::text::links::Links;
use plazo::text::palette::{DARK, LIGHT};
use plazo::text::reader::Reader;
use plazo::text::render::render;
use plazo::text::templates::{self, Texts};
use plazo::text::{Language, report};

const LEAST: f64 = 4.5;

/// Of a colour `#rrggbb`, its relative luminance (WCAG 2.2).
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = u8::from_str_radix(&colour[at..at + 2], 16).unwrap_or_else(|_| panic!("`{colour}` is no colour"));
        let part = f64::from(value) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    assert!(colour.len() == 7 && colour.starts_with('#'), "`{colour}` is not written #rrggbb");
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn ratio(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// A rule of a style sheet: its selector's compounds, outermost first, and what it declares.
struct Rule {
    compounds: Vec<String>,
    declarations: BTreeMap<String, String>,
    is_dark: bool,
}

fn declarations(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once(':'));
    pairs.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect()
}

/// The rules of a style sheet. Blocks for widths and for paper are left out: they say nothing of colours, and a rule in them that did would be lost.
fn rules(css: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut rest = css;
    let mut is_dark = false;
    let mut depth = 0;
    while let Some(at) = rest.find(['{', '}']) {
        let (head, body) = (rest[..at].trim(), &rest[at + 1..]);
        if rest.as_bytes()[at] == b'}' {
            (depth, is_dark, rest) = (0, false, body);
            continue;
        }
        if head.starts_with("@media") {
            is_dark = head.contains("prefers-color-scheme: dark");
            assert!(is_dark || head.contains("-width") || head == "@media print", "what is `{head}`?");
            (depth, rest) = (1, body);
            continue;
        }
        let end = body.find('}').expect("a rule ends");
        let own = declarations(&body[..end]);
        assert!(depth == 0 || is_dark || !own.keys().any(|name| name.contains("color")), "a colour by width: {head}");
        for selector in head.split(',') {
            let compounds = selector.split_whitespace().filter(|word| *word != ">").map(str::to_owned).collect();
            rules.push(Rule { compounds, declarations: own.clone(), is_dark });
        }
        rest = &body[end + 1..];
    }
    rules
}

/// An element that is open, with what it comes to.
#[derive(Debug, Clone, Default)]
struct Element {
    name: String,
    classes: Vec<String>,
    colour: String,
    ground: String,
    is_hidden: bool,
}

impl Element {
    fn is(&self, compound: &str) -> bool {
        // A state that a finger brings about has no colours of its own here.
        if compound.contains(':') {
            return compound == ":root" && self.name == "html";
        }
        let mut parts = compound.split('.');
        let name = parts.next().unwrap_or_default();
        (name.is_empty() || name == "*" || name == self.name)
            && parts.all(|class| self.classes.iter().any(|own| own == class))
    }
}

fn matches(rule: &Rule, ancestors: &[Element], element: &Element) -> bool {
    let Some((last, outer)) = rule.compounds.split_last() else { return false };
    let mut above = ancestors.iter().rev();
    element.is(last) && outer.iter().rev().all(|compound| above.any(|ancestor| ancestor.is(compound)))
}

/// How specific a selector is: classes before names.
fn weight(rule: &Rule) -> (usize, usize) {
    let classes = rule.compounds.iter().map(|compound| compound.matches(['.', ':']).count()).sum();
    let names = rule.compounds.iter().filter(|compound| !compound.starts_with(['.', ':', '*'])).count();
    (classes, names)
}

/// Elements that are never closed.
const VOID: [&str; 7] = ["br", "meta", "img", "input", "link", "hr", "col"];

/// Every text of a document with its colour and its ground, in one scheme.
fn pairs(html: &str, dark: bool) -> BTreeSet<(String, String, String)> {
    let css: String = html.split("<style>").skip(1).filter_map(|rest| rest.split("</style>").next()).collect();
    let rules: Vec<Rule> = rules(&css).into_iter().filter(|rule| dark || !rule.is_dark).collect();
    let mut variables = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.compounds.first().is_some_and(|first| first == ":root")) {
        variables.extend(rule.declarations.clone());
    }
    let resolved = |value: &str| {
        let value = value.trim_end_matches("!important").trim();
        let name = value.strip_prefix("var(").and_then(|rest| rest.split([',', ')']).next());
        name.map_or_else(
            || value.to_owned(),
            |name| variables.get(name).cloned().unwrap_or_else(|| panic!("no {name}")),
        )
    };
    let mut open: Vec<Element> = Vec::new();
    let mut found = BTreeSet::new();
    for token in Tokenizer::new(html) {
        match token.expect("no error") {
            Token::StartTag(tag) => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let attribute = |wanted: &str| tag.attributes.get(wanted.as_bytes()).map(|value| text(value));
                let parent = open.last().cloned().unwrap_or_else(|| Element {
                    colour: "#000000".to_owned(),
                    ground: "#ffffff".to_owned(),
                    ..Element::default()
                });
                let classes = attribute("class").unwrap_or_default();
                let mut element = Element {
                    name: text(&tag.name),
                    classes: classes.split_whitespace().map(str::to_owned).collect(),
                    ..parent
                };
                let mut order: Vec<&Rule> = rules.iter().filter(|rule| matches(rule, &open, &element)).collect();
                order.sort_by_key(|rule| weight(rule));
                let inline = declarations(&attribute("style").unwrap_or_default());
                // Sheets, then what stands in the element, then what a sheet insists on.
                let insists = |value: &str| value.ends_with("!important");
                let sheets = order.iter().flat_map(|rule| &rule.declarations);
                let (strong, weak): (Vec<_>, Vec<_>) = sheets.partition(|(_, value)| insists(value));
                for (name, value) in weak.into_iter().chain(&inline).chain(strong) {
                    match name.as_str() {
                        "color" => element.colour = resolved(value),
                        "background-color" | "background" => element.ground = resolved(value),
                        "display" if value == "none" => element.is_hidden = true,
                        _ => {}
                    }
                }
                element.is_hidden |= ["head", "style", "title"].contains(&element.name.as_str());
                if !tag.self_closing && !VOID.contains(&element.name.as_str()) {
                    open.push(element);
                }
            }
            Token::EndTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                if let Some(at) = open.iter().rposition(|element| element.name == name) {
                    open.truncate(at);
                }
            }
            Token::String(text) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                let Some(element) = open.last().filter(|element| !element.is_hidden) else { continue };
                if text.chars().any(|letter| !letter.is_whitespace()) {
                    let said = text.trim().chars().take(40).collect();
                    found.insert((element.colour.clone(), element.ground.clone(), said));
                }
            }
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    found
}

/// Everything that is mailed, with all that it can hold, and with next to nothing.
fn contents() -> Vec<Content> {
    let alert = templates::sample();
    let now = alert.planned_at;
    let whys = [Why::Warning, Why::Breach, Why::Escalation, Why::Attention];
    let alerts: Vec<AlertFacts> = whys.into_iter().map(|why| AlertFacts { why, ..alert.clone() }).collect();
    let violation: ViolationFacts = templates::sample_violation();
    let listed = |due_at| ListedRequest {
        request: RequestId(7),
        customer: Some("Andina".to_owned()),
        subject: Some("Factura".to_owned()),
        opened_at: now,
        age_days: 3,
        due_at,
    };
    let day = chrono::TimeDelta::days(1);
    let digest =
        |cause| Content::Digest { alerts: alerts.clone(), violations: vec![violation.clone()], cause, n_more: 3 };
    let mut good: Report = templates::sample_report();
    for group in &mut good.groups {
        let figures = &mut group.figures;
        (figures.kept.met, figures.unanswered.met, figures.violations.met) = (Some(true), Some(true), Some(true));
    }
    let mut contents: Vec<Content> = alerts.iter().cloned().map(|facts| Content::Alert(Box::new(facts))).collect();
    let causes = [HeldFor::Downtime, HeldFor::Edit, HeldFor::Burst, HeldFor::Quiet, HeldFor::Daily, HeldFor::Silence];
    contents.extend(causes.into_iter().map(digest));
    let news = |what| News { what, who: Some("Laura Mora".to_owned()), at: now };
    let kinds = [NewsKind::Taken, NewsKind::Met, NewsKind::MetLate, NewsKind::Over];
    contents.extend(kinds.into_iter().map(|what| Content::Update { about: Box::new(alert.clone()), news: news(what) }));
    contents.extend([
        Content::Violation(Box::new(violation)),
        Content::List {
            name: "tareas".to_owned(),
            rule: Some("D1".to_owned()),
            requests: vec![listed(Some(now - day)), listed(Some(now + day)), listed(None)],
        },
        Content::Report(Box::new(templates::sample_report())),
        Content::Report(Box::new(good)),
        Content::Invitation(Box::new(templates::sample_invitation())),
        Content::Test(Box::new(TestFacts { by: "ana".to_owned(), host: Some("srv1".to_owned()), at: now })),
        Content::Approval(Box::new(templates::sample_approval())),
        Content::Link { deed: "show".to_owned(), request: RequestId(7) },
        Content::Notice { subject: "x".to_owned(), text: "palabras\n\n --> sla.toml:3:8\n  |\n3 | zone".to_owned() },
    ]);
    contents
}

fn documents() -> Vec<(String, String)> {
    let link = "https://plazo.example/a/x".to_owned();
    let links = |_: RequestId| {
        let [take, snooze15, snooze60, show] = [(); 4].map(|()| link.clone());
        Some(Links { take, snooze15, snooze60, show, ..Links::default() })
    };
    let further = |_: &Further| Some(link.clone());
    let now = templates::sample().decided_at;
    let texts = Texts::default();
    let mut all = Vec::new();
    for language in [Language::Es, Language::En] {
        let plain = Reader::plain(chrono_tz::America::Bogota, language, now);
        let full = Reader {
            doubt: true,
            by_reply: true,
            person: Some("laura"),
            links: &links,
            further: &further,
            list: Some(link.clone()),
            ..Reader::plain(chrono_tz::America::Bogota, language, now)
        };
        for (n, content) in contents().iter().enumerate() {
            for (kind, reader) in [("plain", &plain), ("full", &full)] {
                let name = format!("{} {n} {kind} {language:?}", content.type_name());
                all.push((name, render(content, &texts, reader).html));
            }
        }
        all.push((format!("report page {language:?}"), report::page(&templates::sample_report(), &texts, &full)));
        for (n, page) in templates::sample_pages(language).iter().enumerate() {
            all.push((format!("page {n} {language:?}"), texts.page(page).expect("a page")));
        }
    }
    all
}

#[test]
fn every_text_stands_out_from_its_ground_in_both_schemes() {
    let (mut wrong, mut n_pairs) = (BTreeSet::new(), 0);
    for (name, html) in documents() {
        for dark in [false, true] {
            let found = pairs(&html, dark);
            assert!(!found.is_empty(), "{name} says nothing: {html}");
            n_pairs += found.len();
            for (colour, ground, said) in found {
                let ratio = ratio(&colour, &ground);
                if ratio < LEAST {
                    let scheme = if dark { "dark" } else { "light" };
                    wrong.insert(format!("{colour} on {ground} is {ratio:.2} ({scheme}): {name}: {said}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(n_pairs > 1_000, "{n_pairs}");
}

/// Without an eye for red and green, what differs in lightness is still told apart.
#[test]
fn states_that_stand_beside_each_other_differ_in_lightness() {
    for (scheme, palette) in [("light", LIGHT), ("dark", DARK)] {
        for (one, other) in [(palette.kept, palette.soon), (palette.overdue, palette.soon)] {
            assert!(1.5 <= ratio(one, other), "{one} and {other} ({scheme}): {:.2}", ratio(one, other));
        }
        // What is drawn, not written: 3 to 1 (WCAG 2.2, 1.4.11).
        for colour in [palette.kept, palette.soon, palette.overdue, palette.edge] {
            assert!(3.0 <= ratio(colour, palette.sheet), "{colour} on {} ({scheme})", palette.sheet);
        }
    }
}

/// The judge itself: it is not blind to what it is to see.
#[test]
fn the_judge_sees_what_is_wrong() {
    let page = |style: &str, body: &str| format!("<html><head><style>{style}</style></head><body>{body}</body></html>");
    let dark = "@media (prefers-color-scheme: dark) { .sheet { background-color: #000000 !important; } .text td { color: #eeeeee !important; } }";
    let body = "<table class=\"sheet text\" style=\"background-color:#ffffff;color:#111111;\"><tr><td>a</td></tr><p>b</p></table>";
    let of = |dark_scheme| {
        pairs(&page(dark, body), dark_scheme)
            .into_iter()
            .map(|(colour, ground, said)| format!("{said} {colour} {ground}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(false), ["a #111111 #ffffff", "b #111111 #ffffff"]);
    assert_eq!(of(true), ["b #111111 #000000", "a #eeeeee #000000"]);
    let variables = ":root { --x: #222222; } p { color: var(--x); }";
    let found = pairs(&page(variables, "<p>c</p><div style=\"display:none\">d</div>"), false);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("#222222".to_owned(), "#ffffff".to_owned(), "c".to_owned())]);
    assert!((ratio("#ffffff", "#000000") - 21.0).abs() < 0.01 && ratio("#777777", "#ffffff") < LEAST);
}

/// Of a report with as many groups, rules and long names as there can be, the mail stays small and the page is whole.
#[test]
fn the_largest_report_stays_below_what_mail_clients_cut() {
    let mut report = templates::sample_report();
    let (sample, worst) = (report.groups[1].clone(), report.worst[0].clone());
    let long = |kind: &str, n: usize| {
        format!("{kind} {n} de nombre larguísimo, «Peña & Hijos» S.A. de C.V., sucursal del norte")
    };
    for by in [By::Team, By::Person, By::Client, By::Channel, By::Inbox] {
        for n in 0..60 {
            let mut group = sample.clone();
            (group.by, group.key, group.name) = (by, long("clave", n), long("nombre", n));
            group.figures.kept.percent = Some(100 * u32::try_from(n).expect("small"));
            report.groups.push(group);
        }
    }
    report.worst = (0..10)
        .map(|n| {
            let mut worst = worst.clone();
            (worst.client, worst.subject, worst.owner) =
                (Some(long("cliente", n)), Some(long("asunto", n)), Some(long("dueño", n)));
            worst
        })
        .collect();
    report.violations = vec![report.violations[0].clone(); 40];
    let link = format!("https://plazo.agencia.example/a/{}", "A".repeat(240));
    let links = |_: RequestId| {
        let [take, snooze15, snooze60, show] = [(); 4].map(|()| link.clone());
        Some(Links { take, snooze15, snooze60, show, ..Links::default() })
    };
    let further = |_: &Further| Some(link.clone());
    for language in [Language::Es, Language::En] {
        let now = report.period.to;
        let reader =
            Reader { links: &links, further: &further, ..Reader::plain(chrono_tz::America::Bogota, language, now) };
        let mail = render(&Content::Report(Box::new(report.clone())), &Texts::default(), &reader);
        assert!(mail.html.len() < 30 * 1024, "{} bytes of HTML", mail.html.len());
        assert!(mail.text.len() < 8 * 1024, "{} bytes of text", mail.text.len());
        assert!(mail.subject.chars().count() <= 78, "{}", mail.subject);
        assert!(report::page(&report, &Texts::default(), &reader).contains("nombre 59"), "the page has all");
        // Nothing else that is mailed is cut by Gmail (102 KB) either.
        for content in contents() {
            let html = render(&content, &Texts::default(), &reader).html;
            assert!(html.len() < 100 * 1024, "{}: {}", content.type_name(), html.len());
        }
    }
}
