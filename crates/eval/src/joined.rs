//! Lists joined into a text, as `parts.join(', ')` does.
//!
//! Programs put together what they send of parts of which each may be missing: `SET a = $1, b = $2` of the fields
//! that came. What is missing takes its separator along, so the text is one of a few whole ones.

use crate::{Atom, HOLE, Machine, Value};

/// The most parts that may be missing for which every choice is a text of its own.
const MOST: u32 = 3;

impl Machine<'_> {
    /// Returns the text of these parts with the separator between them.
    ///
    /// Where many may be missing, it is the text with all of them, that with none, or one that is not known.
    pub(crate) fn joined(&mut self, parts: &[Value], separator: &Value) -> Value {
        let missing = parts.iter().filter(|part| may_be_missing(part)).count();
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        let choices: Vec<u32> = match missing <= MOST {
            true => (0..1 << missing).collect(),
            false => vec![0, u32::MAX],
        };
        let mut texts: Option<Value> = None;
        for left_out in choices {
            let text = self.joined_without(parts, separator, left_out);
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

    /// Joins the parts but for those that may be missing and are left out, by their numbers among these.
    fn joined_without(&mut self, parts: &[Value], separator: &Value, left_out: u32) -> Value {
        let mut kept: Vec<Value> = Vec::new();
        let mut number = 0;
        for part in parts {
            let may_be_missing = may_be_missing(part);
            let is_left_out =
                may_be_missing && (left_out == u32::MAX || left_out >> number & 1 == 1);
            number += u32::from(may_be_missing);
            if is_left_out {
                continue;
            }
            if !kept.is_empty() {
                kept.push(separator.clone());
            }
            kept.push(match may_be_missing {
                true => without_nothing(part),
                false => part.told_nothing_as(""),
            });
        }
        self.concatenate(&kept)
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
