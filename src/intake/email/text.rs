//! What a mail's writer added to what is quoted.

/// What the writer added. Quoted lines are left out with the line that introduces them; a quote without marks, as Outlook makes
/// it, goes on to the end.
pub(super) fn without_quotes(text: &str) -> String {
    let mut kept = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim_start();
        if introduces_quote(trimmed) {
            while lines.next_if(|next| next.trim().is_empty()).is_some() {}
            if lines.peek().is_none_or(|next| !next.trim_start().starts_with('>')) {
                break;
            }
        } else if !trimmed.starts_with('>') {
            kept.push(line);
        }
    }
    kept.join("\n").trim().to_owned()
}

fn introduces_quote(line: &str) -> bool {
    let line = line.to_lowercase();
    line.starts_with("-----original message")
        || line.starts_with("-----mensaje original")
        || (line.starts_with("el ") || line.starts_with("on "))
            && (line.contains("escribió:") || line.contains("wrote:"))
        || (line.starts_with("de: ") || line.starts_with("from: ")) && line.contains('@')
}
