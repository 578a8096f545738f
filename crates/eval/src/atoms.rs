//! The alternatives of a value: most often one, and else shared.
//!
//! Values are copied with every variable, property and journal entry, and hardly ever changed, so that a copy of many
//! alternatives must not cost a piece of memory.

use std::ops::Deref;
use std::rc::Rc;

use crate::Atom;

/// Alternatives in the order in which they were added.
#[derive(Clone, Debug)]
pub enum Atoms {
    /// One.
    One(Atom),
    /// None, or several.
    Several(Rc<Vec<Atom>>),
}

impl Atoms {
    /// Returns no alternatives.
    pub fn none() -> Atoms {
        Atoms::Several(Rc::default())
    }

    /// Adds one.
    pub fn push(&mut self, atom: Atom) {
        match self {
            Atoms::One(first) => *self = Atoms::Several(Rc::new(vec![*first, atom])),
            Atoms::Several(atoms) if atoms.is_empty() => *self = Atoms::One(atom),
            Atoms::Several(atoms) => Rc::make_mut(atoms).push(atom),
        }
    }

    /// Returns those that `keep` holds for.
    pub fn filtered(&self, keep: impl Fn(&Atom) -> bool) -> Atoms {
        if self.iter().all(&keep) {
            return self.clone();
        }
        let mut kept = Atoms::none();
        self.iter()
            .filter(|atom| keep(atom))
            .for_each(|atom| kept.push(*atom));
        kept
    }
}

impl Deref for Atoms {
    type Target = [Atom];

    fn deref(&self) -> &[Atom] {
        match self {
            Atoms::One(atom) => std::slice::from_ref(atom),
            Atoms::Several(atoms) => atoms,
        }
    }
}

impl PartialEq for Atoms {
    fn eq(&self, other: &Atoms) -> bool {
        **self == **other
    }
}
