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

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(number: usize, length: usize) -> Answer {
        Answer {
            heading: String::from("heading"),
            items: (0..number)
                .map(|at| format!("{at}:{}", "x".repeat(length)))
                .collect(),
            noun: "things",
        }
    }

    #[test]
    fn pages_follow_each_other_and_end() {
        let answer = answer(30, 1_000);
        let mut seen = 0;
        let mut cursor: Option<String> = None;
        for _ in 0..30 {
            let text = page(&answer, cursor.as_deref(), "d").unwrap_or_default();
            assert!(text.chars().count() <= MOST_CHARACTERS + 200);
            assert_eq!(text.starts_with("heading"), seen == 0);
            assert!(text.contains(&format!("{seen}:x")), "{seen}");
            seen += text.matches(":x").count();
            let next = text
                .split("cursor \"")
                .nth(1)
                .and_then(|it| it.split('"').next());
            match next {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(seen, 30);
    }

    #[test]
    fn what_is_too_long_is_cut_and_what_is_no_cursor_is_refused() {
        let text = page(&answer(1, 100_000), None, "d").unwrap_or_default();
        assert!(text.ends_with("… (cut)") && text.len() < 5_000);
        for cursor in ["", "x", "-1", "1-other", "99-d", "1"] {
            assert!(page(&answer(3, 1), Some(cursor), "d").is_err(), "{cursor}");
        }
    }

    #[test]
    fn control_characters_are_made_visible() {
        let answer = Answer {
            items: vec![String::from("a\u{1b}[31m\u{202e}b")],
            ..Answer::default()
        };
        assert_eq!(
            page(&answer, None, "d").unwrap_or_default(),
            "a␛[31m\u{fffd}b"
        );
    }
}
