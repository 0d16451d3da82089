//! Words out of markup that is not HTML: Atlassian's documents (ADF) and the BBCode of Bitrix24.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// Nodes of a document that are looked at; people write far fewer.
const MOST_NODES: usize = 20_000;
/// How deep nodes stand in each other.
const DEEPEST: usize = 60;

/// The words of a document (Atlassian Document Format, developer.atlassian.com/cloud/jira/platform/apis/document/structure), a block a line;
/// quotes are somebody else's words and left out.
pub fn of_document(document: &Value) -> String {
    let mut text = String::new();
    let mut left = MOST_NODES;
    write_node(document, &mut text, &mut left, 0);
    tidy(&text)
}

fn write_node(node: &Value, text: &mut String, left: &mut usize, depth: usize) {
    if *left == 0 || DEEPEST < depth {
        return;
    }
    *left -= 1;
    let kind = node["type"].as_str().unwrap_or_default();
    let attribute = |names: &[&str]| names.iter().find_map(|name| node["attrs"][name].as_str());
    match kind {
        "text" => text.push_str(node["text"].as_str().unwrap_or_default()),
        "hardBreak" => text.push('\n'),
        "mention" | "status" => text.push_str(attribute(&["text"]).unwrap_or_default()),
        "emoji" => text.push_str(attribute(&["text", "shortName"]).unwrap_or_default()),
        "inlineCard" | "blockCard" | "embedCard" => text.push_str(attribute(&["url"]).unwrap_or_default()),
        "blockquote" => {}
        _ => {
            for child in node["content"].as_array().into_iter().flatten() {
                write_node(child, text, left, depth + 1);
            }
            let is_block = matches!(
                kind,
                "paragraph"
                    | "heading"
                    | "codeBlock"
                    | "listItem"
                    | "taskItem"
                    | "decisionItem"
                    | "tableRow"
                    | "rule"
                    | "panel"
            );
            if is_block && !text.ends_with('\n') {
                text.push('\n');
            }
            if matches!(kind, "tableCell" | "tableHeader") {
                text.push(' ');
            }
        }
    }
}

/// Tags of which nothing stays, with what stands in them, and those of which the words stay.
static TAGS: LazyLock<Option<[Regex; 3]>> = LazyLock::new(|| {
    Some([
        Regex::new(r"(?is)\[quote[^\]]*\].*?\[/quote\]|\[(?:img|icon|disk file id)[^\]]*\](?:[^\[]*\[/img\])?").ok()?,
        Regex::new(r"(?i)\[(?:br|/p|/?list[^\]]*|\*)\]").ok()?,
        Regex::new(r"(?i)\[/?(?:b|i|u|s|p|url|user|chat|call|send|put|code|color|size|font|left|right|center|justify|dialog|context)(?:[= ][^\]]*)?\]")
            .ok()?,
    ])
});

/// The words of a text with BBCode (helpdesk.bitrix24.com), a line as it was; quotes are left out.
pub fn of_bbcode(text: &str) -> String {
    let Some([gone, lines, marks]) = TAGS.as_ref() else { return text.to_owned() };
    let text = gone.replace_all(text, "");
    let text = lines.replace_all(&text, "\n");
    tidy(&marks.replace_all(&text, ""))
}

/// Without empty lines and spaces at the ends.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_gives_its_words_a_block_a_line_and_no_quotes() {
        let text = |text: &str| json!({"type": "text", "text": text, "marks": [{"type": "strong"}]});
        let paragraph = |content: Value| json!({"type": "paragraph", "content": content});
        let document = json!({"type": "doc", "version": 1, "content": [
            paragraph(json!([text("Hola, "), {"type": "mention", "attrs": {"id": "5b", "text": "@Laura Mora"}}, {"type": "hardBreak"}, text("¿llegó?")])),
            {"type": "blockquote", "content": [paragraph(json!([text("lo de antes")]))]},
            {"type": "bulletList", "content": [{"type": "listItem", "content": [paragraph(json!([text("guía 7711")]))]}]},
            {"type": "mediaSingle", "content": [{"type": "media", "attrs": {"id": "x"}}]},
            paragraph(json!([{"type": "inlineCard", "attrs": {"url": "https://x.example/a"}}])),
        ]});
        assert_eq!(of_document(&document), "Hola, @Laura Mora\n¿llegó?\nguía 7711\nhttps://x.example/a");
        assert_eq!(of_document(&json!(null)), "");
        let mut deep = text("abajo");
        for _ in 0..500 {
            deep = json!({"type": "panel", "content": [deep]});
        }
        assert_eq!(of_document(&deep), "", "nobody writes so deep");
    }

    #[test]
    fn bbcode_leaves_the_words() {
        for (written, words) in [
            ("[b]Hola[/b] [USER=12]Laura Mora[/USER],[br]¿[i]cuándo[/i] llega?", "Hola Laura Mora,\n¿cuándo llega?"),
            ("[quote]lo de antes[/quote]Sí, gracias", "Sí, gracias"),
            ("[url=https://x.example/a]la guía[/url] [7711]", "la guía [7711]"),
            ("[img]https://x.example/a.png[/img]", ""),
            ("[list][*]uno[*]dos[/list]", "uno\ndos"),
        ] {
            assert_eq!(of_bbcode(written), words, "{written}");
        }
    }
}
