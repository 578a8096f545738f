//! Statements that are the same but for one name.
//!
//! A program may pick the column, or the table, from a list of its own: what it sends is one of a few texts, each of which
//! can be read. Where more than a name differs, as where a condition is left out, what is sent hangs on a decision that
//! the texts do not tell, and nothing is read of them.

use firedoor_eval::{Atom, HOLE, Value};
use ustr::Ustr;

/// The most names that are told apart.
const MOST: usize = 4;

/// Returns the texts that the value may be, if they differ in one name only.
pub(crate) fn variants(value: &Value) -> Vec<Ustr> {
    let mut whole: Vec<Ustr> = Vec::new();
    let mut open: Vec<Ustr> = Vec::new();
    for atom in value.atoms() {
        match atom {
            Atom::String(text) => whole.push(*text),
            Atom::Pattern(text) => open.push(*text),
            _ => return Vec::new(),
        }
    }
    // A name that is not in the list stands for none of those that are.
    let is_known = |pattern: &Ustr| whole.iter().any(|text| fits(text, pattern));
    let is_read = (2..=MOST).contains(&whole.len()) && open.iter().all(is_known);
    match is_read && differ_in_a_name(&whole) {
        true => whole,
        false => Vec::new(),
    }
}

fn fits(text: &str, pattern: &str) -> bool {
    let before = pattern.split(HOLE).next().unwrap_or("");
    let after = pattern.rsplit(HOLE).next().unwrap_or("");
    text.len() >= before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
}

fn differ_in_a_name(texts: &[Ustr]) -> bool {
    let Some((first, others)) = texts.split_first() else {
        return false;
    };
    let first: Vec<char> = first.chars().collect();
    let others: Vec<Vec<char>> = others.iter().map(|text| text.chars().collect()).collect();
    let shared = |same: &dyn Fn(&[char], usize) -> Option<char>| {
        let is_same = |at: usize| {
            let own = same(&first, at);
            own.is_some() && others.iter().all(|other| same(other, at) == own)
        };
        (0..first.len()).take_while(|at| is_same(*at)).count()
    };
    let before = shared(&|text, at| text.get(at).copied());
    let after = shared(&|text, at| text.get(text.len().checked_sub(at + 1)?).copied());
    // What the names have in common belongs to them.
    let is_part = |letter: &&char| letter.is_alphanumeric() || **letter == '_';
    let start = before - first[..before].iter().rev().take_while(is_part).count();
    let end = after
        - first[first.len() - after..]
            .iter()
            .take_while(is_part)
            .count();
    std::iter::once(&first).chain(&others).all(|text| {
        let name = text.get(start..text.len().saturating_sub(end));
        name.is_some_and(|name| !name.is_empty() && name.iter().all(|it| is_part(&it)))
    })
}
