//! Pages that fit an agent's context: whole items up to a number of characters, and a cursor to go on with.

use std::fmt::Write;

/// The most characters of a page.
pub const MOST_CHARACTERS: usize = 12_000;
/// The most characters of one item: a longer one would leave no room for others.
const LONGEST_ITEM: usize = 4_000;

/// An answer before it is cut into pages.
#[derive(Debug, Default)]
pub struct Answer {
    /// What stands above the first page.
    pub heading: String,
    /// What there is, most important first.
    pub items: Vec<String>,
    /// What the items are, such as `findings`.
    pub noun: &'static str,
}

/// Returns the page of `answer` that `cursor` names, the first without one.
///
/// `digest` identifies the state of the tree: a cursor into another state would skip something silently.
pub fn page(answer: &Answer, cursor: Option<&str>, digest: &str) -> Result<String, String> {
    let start = start(cursor, digest, answer.items.len())?;
    let mut text = String::new();
    if start == 0 && !answer.heading.is_empty() {
        let _ = writeln!(text, "{}\n", cut(answer.heading.trim_end(), LONGEST_ITEM));
    }
    let mut end = start;
    for item in &answer.items[start..] {
        let item = cut(item.trim_end(), LONGEST_ITEM);
        let is_full = text.chars().count() + item.chars().count() > MOST_CHARACTERS;
        if is_full && end > start {
            break;
        }
        let _ = writeln!(text, "{item}");
        end += 1;
    }
    let total = answer.items.len();
    if end < total {
        let noun = answer.noun;
        let left = total - end;
        let _ = write!(
            text,
            "\n({left} of {total} {noun} left; ask again with cursor \"{end}-{digest}\")"
        );
    }
    Ok(firedoor_report::clean_lines(text.trim_end()))
}

fn start(cursor: Option<&str>, digest: &str, total: usize) -> Result<usize, String> {
    let Some(cursor) = cursor else {
        return Ok(0);
    };
    let (number, state) = cursor.split_once('-').unwrap_or((cursor, ""));
    let number: usize = number.parse().map_err(|_| {
        String::from("that is no cursor: give the one that stands below the last page")
    })?;
    if state != digest {
        return Err(String::from(
            "files have changed since that page was made: ask again without a cursor",
        ));
    }
    match number <= total {
        true => Ok(number),
        false => Err(String::from("there is nothing behind that cursor")),
    }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}… (cut)", &text[..end]),
        None => text.to_owned(),
    }
}
