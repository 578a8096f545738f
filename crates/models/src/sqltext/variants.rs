//! Statements that are the same but for one name.
//!
//! A program may pick the column, or the table, from a list of its own: what it sends is one of a few texts, each of which
//! can be read. What an update sets is often put together of what came, and the text that sets most says what all others
//! may do. Where more differs, as where a condition is left out, what is sent hangs on a decision that the texts do not
//! tell, and nothing is read of them.

use firedoor_eval::{Atom, HOLE, Value};
use ustr::Ustr;

/// The most names that are told apart.
const MOST: usize = 4;

/// Returns the texts that the value may be, if they differ in one name only, or in what they set.
pub(crate) fn variants(value: &Value) -> Vec<Ustr> {
    let named = named_variants(value);
    match named.is_empty() {
        true => updates(value),
        false => named,
    }
}

fn named_variants(value: &Value) -> Vec<Ustr> {
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

/// Returns the updates that the value may be, without those that set some of what another sets, if all of them change the
/// same records.
fn updates(value: &Value) -> Vec<Ustr> {
    let mut known: Vec<(Ustr, Update<'_>)> = Vec::new();
    for atom in value.atoms() {
        let (Atom::String(text) | Atom::Pattern(text)) = atom else {
            return Vec::new();
        };
        let Some(update) = Update::of(text.as_str()) else {
            return Vec::new();
        };
        known.push((*text, update));
    }
    let same = |one: &str, other: &str| one.split_whitespace().eq(other.split_whitespace());
    let first = &known[..known.len().min(1)];
    let is_of_same = |update: &Update<'_>| {
        first
            .iter()
            .all(|(_, it)| same(it.before, update.before) && same(it.after, update.after))
    };
    if !known.iter().all(|(_, update)| is_of_same(update)) {
        return Vec::new();
    }
    let mut most: Vec<(Ustr, &Update<'_>)> = Vec::new();
    for (text, update) in &known {
        let is_within = |other: &Update<'_>| update.sets.iter().all(|it| other.sets.contains(it));
        let is_told = known
            .iter()
            .any(|(_, other)| is_within(other) && other.sets.len() > update.sets.len());
        if !is_told && !most.iter().any(|(_, other)| is_within(other)) {
            most.push((*text, update));
        }
    }
    match most.len() <= MOST {
        true => most.into_iter().map(|(text, _)| text).collect(),
        false => Vec::new(),
    }
}

/// The parts of a statement that changes records.
struct Update<'t> {
    before: &'t str,
    /// What is set, but for what is wholly unknown.
    sets: Vec<&'t str>,
    after: &'t str,
}

impl<'t> Update<'t> {
    /// Reads `UPDATE … SET … WHERE …`; a statement that does more than that is not read.
    fn of(text: &'t str) -> Option<Update<'t>> {
        let upper = text.to_ascii_uppercase();
        let words = || upper.split_whitespace();
        let is_one = |word: &str| words().filter(|it| *it == word).count() == 1;
        let is_plain = words().next() == Some("UPDATE") && is_one("SET") && is_one("WHERE");
        if !is_plain || words().any(|it| it == "SELECT" || it == "FROM") {
            return None;
        }
        let (set, end) = (word_at(&upper, "SET")?, word_at(&upper, "WHERE")?);
        let sets = text.get(set + "SET".len()..end)?.split(',').map(str::trim);
        let is_known = |it: &&str| !it.is_empty() && it.chars().any(|letter| letter != HOLE);
        Some(Update {
            before: text.get(..set)?,
            sets: sets.filter(is_known).collect(),
            after: text.get(end..)?,
        })
    }
}

/// The place of a word between spaces; the text is in capitals, which takes up as many bytes.
fn word_at(upper: &str, word: &str) -> Option<usize> {
    let bytes = upper.as_bytes();
    let is_space =
        |at: Option<usize>| at.is_none_or(|at| bytes.get(at).is_none_or(u8::is_ascii_whitespace));
    let mut places = upper.match_indices(word);
    let found =
        places.find(|(at, _)| is_space(at.checked_sub(1)) && is_space(Some(at + word.len())));
    found.map(|(at, _)| at)
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
