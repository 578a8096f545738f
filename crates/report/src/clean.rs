//! Makes control characters visible, so that no text of the analysed code steers a terminal.
//!
//! File names, identifiers and source lines come from whoever wrote the analysed repository. An escape
//! sequence in one of them could hide findings, change the window's title or worse.

use std::borrow::Cow;

/// Returns `text` with control characters, line ends and tabs included, replaced by visible ones.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| visible(character).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|character| visible(character).unwrap_or(character))
            .collect(),
    )
}

/// Returns `text` cleaned as [`clean`] does, with its line ends and tabs kept.
pub fn clean_lines(text: &str) -> String {
    text.chars()
        .filter(|character| *character != '\r')
        .map(|character| match character {
            '\n' | '\t' => character,
            other => visible(other).unwrap_or(other),
        })
        .collect()
}

/// Returns the JSON document `json` with the control characters that JSON lets stand raw escaped.
pub fn escape_json(json: String) -> String {
    if !json.chars().any(needs_escape) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if needs_escape(character) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Line ends are the layout of the document: within strings they are escaped already.
fn needs_escape(character: char) -> bool {
    character != '\n' && visible(character).is_some()
}

/// Returns what stands for `character`, if it is one that a terminal acts on.
fn visible(character: char) -> Option<char> {
    match character {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(character)),
        '\u{7f}' => Some('\u{2421}'),
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => Some('\u{fffd}'),
        _ => None,
    }
}
