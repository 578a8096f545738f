//! Whether a text has a form, for languages whose expressions begin to be held against it at its start.
//!
//! Of a text that is known only up to a place, such as the path of a route, the outcome is known all the same where no match
//! could reach beyond that place: `^/(shop|club)/` looks at six letters at most.

use crate::{Atom, HOLE, Value};

/// The longest expression and text that are looked at.
const LONGEST: usize = 2000;

/// What the engine does not read, or reads differently from Python.
const DIFFERENT: &[&str] = &[
    "(?=", "(?!", "(?<", "(?i", "(?s", "(?m", "(?x", "(?#", "\\Z", "\\G", "(?(", "&&", "--", "~~",
];

/// Returns whether a text fits an expression that begins with `^`, if that is known.
pub fn fits(form: &str, text: &Value) -> Option<bool> {
    let is_different = DIFFERENT.iter().any(|part| form.contains(part));
    if !form.starts_with('^') || form.len() > LONGEST || is_different || has_loose_end(form) {
        return None;
    }
    let engine = regex_lite::RegexBuilder::new(form)
        .size_limit(1 << 20)
        .build()
        .ok()?;
    let is_short = |text: &str| text.len() <= LONGEST && text.is_ascii();
    if let Some(known) = text.text() {
        return is_short(&known).then(|| engine.is_match(&known));
    }
    let Some(Atom::Pattern(pattern)) = text.only() else {
        return None;
    };
    let known = pattern.find(HOLE).map_or(&*pattern, |end| &pattern[..end]);
    // Whether the text ends where it should is not known, and whether it gets there may be.
    let (body, is_ended) = match form.strip_suffix('$') {
        Some(body) => (body, true),
        None => (form, false),
    };
    if !is_short(known) || ["$", "\\b", "\\B"].iter().any(|part| body.contains(part)) {
        return None;
    }
    let engine = regex_lite::Regex::new(body).ok()?;
    match engine.is_match(known) {
        true => (!is_ended).then_some(true),
        false => reach(body)
            .filter(|reach| *reach <= known.len())
            .map(|_| false),
    }
}

/// Holds if one of several alternatives at the top does not begin at the start of the text: `^/a|/b`.
fn has_loose_end(form: &str) -> bool {
    let mut depth = 0_usize;
    let mut is_escaped = false;
    for letter in form.chars() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// Returns how many letters a match has at most, if there is a limit.
fn reach(form: &str) -> Option<usize> {
    let letters: Vec<char> = form.chars().collect();
    let mut at = 0;
    let all = alternatives(&letters, &mut at, 0)?;
    (at == letters.len()).then_some(all)
}

fn alternatives(letters: &[char], at: &mut usize, depth: usize) -> Option<usize> {
    let (mut longest, mut own) = (0, 0);
    while let Some(letter) = letters.get(*at).copied() {
        *at += 1;
        own += match letter {
            '*' | '+' | '{' => return None,
            '^' | '?' => 0,
            '|' => {
                longest = longest.max(own);
                own = 0;
                0
            }
            ')' => return Some(longest.max(own)),
            '(' if depth < 20 => {
                skip_name(letters, at);
                alternatives(letters, at, depth + 1)?
            }
            '[' => {
                while letters.get(*at).is_some_and(|letter| *letter != ']') {
                    *at += if letters[*at] == '\\' { 2 } else { 1 };
                }
                *at += 1;
                1
            }
            '\\' => {
                *at += 1;
                1
            }
            '(' => return None,
            _ => 1,
        };
    }
    Some(longest.max(own))
}

/// `(?:` and `(?P<name>`.
fn skip_name(letters: &[char], at: &mut usize) {
    if letters.get(*at) != Some(&'?') {
        return;
    }
    let end = match letters.get(*at + 1) {
        Some(':') => ':',
        _ => '>',
    };
    while letters.get(*at).is_some_and(|letter| *letter != end) {
        *at += 1;
    }
    *at += 1;
}
