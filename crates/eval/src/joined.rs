//! Lists joined into a text, as `parts.join(', ')` does.
//!
//! Programs put together what they send of parts of which each may be missing: `SET a = $1, b = $2` of the fields
//! that came. What is missing takes its separator along, so the text is one of a few whole ones.

use crate::{Atom, HOLE, Machine, Value};

/// The most parts that may be missing for which every choice is a text of its own.
const MOST: usize = 3;

impl Machine<'_> {
    /// Returns the text of these parts of a list with the separator between them.
    ///
    /// Where many may be missing, it is the text with all of them, that with none, or one that is not known.
    pub(crate) fn joined(&mut self, list: &Value, parts: &[Value], separator: &Value) -> Value {
        // Where each part is written down, nothing is a part as any other.
        let is_as_written = self.heap.is_as_written(list);
        let may_miss = |part: &&Value| !is_as_written && may_be_missing(part);
        let missing = parts.iter().filter(may_miss).count();
        let choices: Vec<Choice> = match missing {
            0 => vec![Choice::All],
            1..=MOST => (0..1 << missing).map(Choice::Without).collect(),
            _ => vec![Choice::All, Choice::None],
        };
        let mut texts: Option<Value> = None;
        for choice in choices {
            let mut number = 0;
            let kept = parts.iter().filter_map(|part| {
                if !may_miss(&part) {
                    return Some(part.told_nothing_as(""));
                }
                let is_there = choice.takes(number);
                number += 1;
                is_there.then(|| without_nothing(part))
            });
            let text = self.separated(kept.collect(), separator);
            texts = Some(match texts {
                Some(others) => self.join(others, &text),
                None => text,
            });
        }
        let texts = texts.unwrap_or_else(|| Value::string(""));
        match missing <= MOST {
            true => texts,
            false => self.join(texts, &Value::pattern(&HOLE.to_string())),
        }
    }

    fn separated(&mut self, parts: Vec<Value>, separator: &Value) -> Value {
        let mut kept: Vec<Value> = Vec::new();
        for part in parts {
            if !kept.is_empty() {
                kept.push(separator.clone());
            }
            kept.push(part);
        }
        self.concatenate(&kept)
    }
}

/// Which of the parts that may be missing are there.
#[derive(Clone, Copy)]
enum Choice {
    All,
    None,
    /// All but those whose bit is set, by their numbers among these.
    Without(u32),
}

impl Choice {
    fn takes(self, number: u32) -> bool {
        match self {
            Choice::All => true,
            Choice::None => false,
            Choice::Without(bits) => bits >> number & 1 == 0,
        }
    }
}

/// Holds for a text that is not there in every case, as a list has it that something was put into under a condition.
fn may_be_missing(part: &Value) -> bool {
    let is_text = |atom: &Atom| matches!(atom, Atom::String(_) | Atom::Pattern(_));
    let atoms = part.atoms();
    atoms.contains(&Atom::Undefined)
        && atoms.iter().any(is_text)
        && atoms
            .iter()
            .all(|atom| *atom == Atom::Undefined || is_text(atom))
}

fn without_nothing(part: &Value) -> Value {
    let atoms = part.atoms().iter().filter(|atom| !atom.is_nothing());
    let mut there = Value::atoms_of(atoms.copied().collect::<Vec<Atom>>());
    (there.origins, there.control) = (part.origins, part.control);
    there
}
