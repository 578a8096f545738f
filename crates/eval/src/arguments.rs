//! The arguments of a call.

use ustr::Ustr;

use crate::{Properties, Value};

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Those by position.
    pub positional: Vec<Value>,
    /// Those by name.
    pub keywords: Properties,
    /// A value that stands for further ones, by position or by name, whose number is not known.
    pub rest: Option<Value>,
    /// How many of those by position stand before the further ones.
    pub rest_at: usize,
}

impl Arguments {
    /// Returns arguments by position.
    pub fn positional(values: impl IntoIterator<Item = Value>) -> Arguments {
        Arguments {
            positional: values.into_iter().collect(),
            ..Arguments::default()
        }
    }

    /// Returns the argument at `index`; undefined if it is not given.
    pub fn get(&self, index: usize) -> Value {
        self.positional
            .get(index)
            .or(self.rest.as_ref())
            .cloned()
            .unwrap_or_else(Value::undefined)
    }

    /// Returns the argument at `index`, or the one named `name`.
    pub fn find(&self, index: usize, name: &str) -> Option<&Value> {
        self.positional
            .get(index)
            .or_else(|| self.keywords.get(&Ustr::from(name)))
    }

    /// Returns the argument named `name`.
    pub fn keyword(&self, name: &str) -> Option<&Value> {
        self.keywords.get(&Ustr::from(name))
    }

    /// Returns all arguments, those by position first.
    pub fn all(&self) -> impl Iterator<Item = &Value> {
        self.positional
            .iter()
            .chain(self.keywords.values())
            .chain(&self.rest)
    }
}
