//! JSON and YAML as a tree with a budget.
//!
//! An alias of YAML can stand for a large part of the document, and aliases of aliases for more than any memory
//! holds. So nodes are counted while they are made, and a document that has too many is refused.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value of a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Node {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A text or a number.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Names with values, in the order of the document.
    Map(Vec<(String, Node)>),
}

/// The most nodes of one document.
const MOST_NODES: usize = 400_000;
/// The deepest nesting.
const DEEPEST: usize = 100;

impl Node {
    /// Reads a document: JSON if it begins so, else YAML.
    pub fn read(text: &str) -> Result<Node, String> {
        let budget = Cell::new(MOST_NODES);
        let seed = Seed {
            budget: &budget,
            depth: 0,
        };
        if text.trim_start().starts_with(['{', '[']) {
            let mut reader = serde_json::Deserializer::from_str(text);
            let read = seed
                .deserialize(&mut reader)
                .and_then(|node| reader.end().map(|()| node));
            if let Ok(node) = read {
                return Ok(node);
            }
            // YAML may begin with a bracket too.
        }
        let budget = Cell::new(MOST_NODES);
        let seed = Seed {
            budget: &budget,
            depth: 0,
        };
        let mut documents = serde_norway::Deserializer::from_str(text);
        let first = documents.next().ok_or("it is empty")?;
        seed.deserialize(first).map_err(|error| error.to_string())
    }

    /// Returns the value with that name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        let found = self.entries().iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value)
    }

    /// Returns the names with their values; nothing if it is no map.
    pub fn entries(&self) -> &[(String, Node)] {
        match self {
            Node::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the values of a list; nothing if it is none.
    pub fn items(&self) -> &[Node] {
        match self {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the text with that name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// Returns what `#/a/b` leads to.
    pub fn at(&self, reference: &str) -> Option<&Node> {
        let mut node = self;
        for part in reference.strip_prefix("#/")?.split('/').take(DEEPEST) {
            node = node.get(&part.replace("~1", "/").replace("~0", "~"))?;
        }
        Some(node)
    }
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    budget: &'a Cell<usize>,
    depth: usize,
}

impl Seed<'_> {
    fn spend<E: Error>(self) -> Result<(), E> {
        if self.depth > DEEPEST {
            return Err(E::custom("it is nested too deeply"));
        }
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(1));
        match left {
            0 => Err(E::custom(
                "it has too many values, counted where its aliases lead",
            )),
            _ => Ok(()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        self.spend()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        let seed = Seed {
            depth: self.depth + 1,
            ..self
        };
        while let Some(item) = list.next_element_seed(seed)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        let seed = Seed {
            depth: self.depth + 1,
            ..self
        };
        while let Some(key) = map.next_key_seed(seed)? {
            let value = map.next_value_seed(seed)?;
            // `200:` is a number in YAML, and names a status all the same.
            if let Node::Text(key) = key {
                entries.push((key, value));
            }
        }
        Ok(Node::Map(entries))
    }
}
