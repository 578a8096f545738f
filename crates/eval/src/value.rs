//! Abstract values: a few alternatives, where they come from, and what decided between them.

use ustr::Ustr;

use crate::atoms::Atoms;
use crate::names::{Names, joined_names};
use crate::{OriginSet, Origins};

/// The number of an object on the abstract heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// The number of a test, a comparison whose outcome may be a value; see [`crate::Test`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestId(pub u32);

/// What is known of a value that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// Nothing.
    Any,
    /// It is a string.
    String,
    /// It is a number.
    Number,
    /// It is a truth value.
    Bool,
    /// It is an object, and so true.
    Object,
}

/// The character that stands for an unknown part in [`Atom::Pattern`].
pub const HOLE: char = '\u{1}';

/// One alternative of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Atom {
    /// JavaScript's `undefined`.
    Undefined,
    /// `null`, `None`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    String(Ustr),
    /// A string with unknown parts, each shown by [`HOLE`].
    Pattern(Ustr),
    /// An object on the heap: also functions, classes, modules.
    Object(ObjectId),
    /// Something of outside code, by its API path (`npm:express.Router`, `py:fastapi.FastAPI`, `js:process.env`).
    Outside(Ustr),
    /// Not known.
    Unknown(Shape),
}

/// An abstract value.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    atoms: Atoms,
    /// Where the value comes from.
    pub origins: OriginSet,
    /// What decided that it is this value (implicit flow).
    pub control: OriginSet,
    /// The comparison whose outcome it is, and whether it is negated.
    pub test: Option<(TestId, bool)>,
    /// The names that a test has held it against, where it is not known.
    pub(crate) names: Option<Names>,
}

/// The most alternatives a value keeps; with more it becomes unknown.
const LIMIT: usize = 40;

impl Value {
    /// Returns the value with one alternative.
    pub fn atom(atom: Atom) -> Value {
        Value {
            atoms: Atoms::One(atom),
            origins: OriginSet::EMPTY,
            control: OriginSet::EMPTY,
            test: None,
            names: None,
        }
    }

    /// Returns the value with these alternatives; unknown without any.
    pub fn atoms_of(atoms: impl IntoIterator<Item = Atom>) -> Value {
        let mut value = Value::atom(Atom::Undefined);
        value.atoms = Atoms::none();
        for atom in atoms {
            value.add(atom);
        }
        if value.atoms.is_empty() {
            value.atoms.push(Atom::Unknown(Shape::Any));
        }
        value
    }

    /// Returns `undefined`.
    pub fn undefined() -> Value {
        Value::atom(Atom::Undefined)
    }

    /// Returns `null`.
    pub fn null() -> Value {
        Value::atom(Atom::Null)
    }

    /// Returns a truth value.
    pub fn bool(value: bool) -> Value {
        Value::atom(Atom::Bool(value))
    }

    /// Returns a number.
    pub fn number(value: f64) -> Value {
        Value::atom(Atom::Number(value))
    }

    /// Returns a string.
    pub fn string(text: &str) -> Value {
        Value::atom(Atom::String(Ustr::from(text)))
    }

    /// Returns a string that may have holes.
    pub fn pattern(text: &str) -> Value {
        if text.contains(HOLE) {
            Value::atom(Atom::Pattern(Ustr::from(text)))
        } else {
            Value::string(text)
        }
    }

    /// Returns the value with this text wherever it is nothing.
    pub(crate) fn told_nothing_as(&self, text: &str) -> Value {
        if !self.atoms().iter().any(Atom::is_nothing) {
            return self.clone();
        }
        let text = Atom::String(Ustr::from(text));
        let atoms = self.atoms().iter().map(|atom| match atom.is_nothing() {
            true => text,
            false => *atom,
        });
        let mut told = Value::atoms_of(atoms.collect::<Vec<Atom>>());
        (told.origins, told.control) = (self.origins, self.control);
        told
    }

    /// Returns an object.
    pub fn object(id: ObjectId) -> Value {
        Value::atom(Atom::Object(id))
    }

    /// Returns something of outside code.
    pub fn outside(path: &str) -> Value {
        Value::atom(Atom::Outside(Ustr::from(path)))
    }

    /// Returns an unknown value of that shape without origin.
    pub fn unknown(shape: Shape) -> Value {
        Value::atom(Atom::Unknown(shape))
    }

    /// Returns the value with these origins instead of its own.
    pub fn with_origins(mut self, origins: OriginSet) -> Value {
        self.origins = origins;
        self
    }

    /// Returns an unknown value of that shape with the origins of this one.
    pub fn shaped(&self, shape: Shape) -> Value {
        let mut value = Value::unknown(shape).with_origins(self.origins);
        value.control = self.control;
        value
    }

    /// Returns the alternatives.
    pub fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    /// Returns the only alternative, if there is but one.
    pub fn only(&self) -> Option<Atom> {
        match self.atoms() {
            [atom] => Some(*atom),
            _ => None,
        }
    }

    /// Returns the objects among the alternatives.
    pub fn objects(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.atoms.iter().filter_map(|atom| match atom {
            Atom::Object(id) => Some(*id),
            _ => None,
        })
    }

    /// Returns the object, if it is the only alternative.
    pub fn only_object(&self) -> Option<ObjectId> {
        match self.only() {
            Some(Atom::Object(id)) => Some(id),
            _ => None,
        }
    }

    /// Returns the text, if it is a known string and nothing else.
    pub fn text(&self) -> Option<Ustr> {
        match self.only() {
            Some(Atom::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns the text with holes for what is unknown in it, if it is a string at least in part.
    pub fn text_pattern(&self) -> Option<Ustr> {
        match self.only() {
            Some(Atom::String(text) | Atom::Pattern(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns all texts, if every alternative is a known string.
    pub fn texts(&self) -> Option<Vec<Ustr>> {
        self.atoms
            .iter()
            .map(|atom| match atom {
                Atom::String(text) => Some(*text),
                _ => None,
            })
            .collect()
    }

    /// Returns the number, if it is a known one and nothing else.
    pub fn as_number(&self) -> Option<f64> {
        match self.only() {
            Some(Atom::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// Returns the API path, if it is something of outside code and nothing else.
    pub fn as_outside(&self) -> Option<Ustr> {
        match self.only() {
            Some(Atom::Outside(path)) => Some(path),
            _ => None,
        }
    }

    /// Returns the truth value if every alternative has the same.
    pub fn truth(&self) -> Option<bool> {
        let mut truths = self.atoms.iter().map(|atom| atom.truth());
        let first = truths.next()??;
        truths.all(|truth| truth == Some(first)).then_some(first)
    }

    /// Holds if every alternative is `undefined`, `null` or `None`.
    pub fn is_nothing(&self) -> bool {
        self.atoms.iter().all(|atom| atom.is_nothing())
    }

    /// Holds if some alternative is not known.
    pub fn is_unknown(&self) -> bool {
        self.atoms
            .iter()
            .any(|atom| matches!(atom, Atom::Unknown(_) | Atom::Pattern(_)))
    }

    /// Adds an alternative.
    pub fn add(&mut self, atom: Atom) {
        if self.atoms.contains(&atom) {
            return;
        }
        if self.atoms.len() >= LIMIT {
            self.atoms = Atoms::One(Atom::Unknown(Shape::Any));
            return;
        }
        // Beside something unknown only what can be followed is worth keeping.
        let can_be_followed = matches!(atom, Atom::Object(_) | Atom::Outside(_));
        if self.atoms.contains(&Atom::Unknown(Shape::Any)) && !can_be_followed {
            return;
        }
        self.atoms.push(atom);
    }

    /// Returns the value with only those alternatives that `keep` holds for; `None` if none is left.
    pub fn filter(&self, keep: impl Fn(&Atom) -> bool) -> Option<Value> {
        let atoms = self.atoms.filtered(keep);
        (!atoms.is_empty()).then(|| Value {
            atoms,
            ..self.clone()
        })
    }

    /// Returns what is either value.
    pub fn join(mut self, other: &Value, origins: &mut Origins) -> Value {
        self.names = joined_names(&self, other);
        for atom in other.atoms() {
            self.add(*atom);
        }
        self.origins = origins.union(self.origins, other.origins);
        self.control = origins.union(self.control, other.control);
        if self.test != other.test {
            self.test = None;
        }
        self
    }
}

impl Atom {
    /// Returns the truth value, if it is known. Empty arrays and dictionaries are the languages' business.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Atom::Undefined | Atom::Null => Some(false),
            Atom::Bool(value) => Some(*value),
            Atom::Number(value) => Some(*value != 0.0 && !value.is_nan()),
            Atom::String(text) => Some(!text.is_empty()),
            Atom::Pattern(text) => text.chars().any(|c| c != HOLE).then_some(true),
            Atom::Object(_) | Atom::Outside(_) | Atom::Unknown(Shape::Object) => Some(true),
            Atom::Unknown(_) => None,
        }
    }

    /// Holds for `undefined`, `null` and `None`.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Atom::Undefined | Atom::Null)
    }
}
