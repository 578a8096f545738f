//! Breaks sentences into lines.

use unicode_width::UnicodeWidthStr;

/// Returns `text` in lines of at most `width` columns, as far as its words allow.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Returns `text` wrapped, its first line behind `first` and the others indented as far.
pub fn hang(first: &str, text: &str, width: usize) -> String {
    let indent = first.width();
    let lines = wrap(text, width.saturating_sub(indent).max(20));
    let mut out = String::from(first);
    out.push_str(&lines.join(&format!("\n{}", " ".repeat(indent))));
    out.push('\n');
    out
}

/// Does the same behind a `first` that is given plain, to measure it, and painted, to print it.
pub(crate) fn hang_painted(first: (String, String), text: &str, width: usize) -> String {
    let (plain, painted) = first;
    let lines = hang(&plain, text, width);
    format!("{painted}{}", lines.get(plain.len()..).unwrap_or(""))
}

/// Returns `text` with spaces up to `width` columns behind it.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}
