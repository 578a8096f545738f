//! Names that a test has held a value against: behind `if (EDITABLE.has(key))` the key is one of a few.
//!
//! What a client sends may have any keys, and so may what they are copied into. Where a test has asked for one of some
//! names, what is written under the key goes to the fields of those names and to no other. The value itself stays
//! unknown, since it is still the client who chose it: the names only say where it can lead.

use firedoor_ir::{BinaryOperator, ExpressionId, ExpressionKind};
use ustr::Ustr;

use crate::{Atom, Machine, ObjectId, ObjectKind, TestId, TestKind, Value};

/// A few names in order, interned as one text with a name a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Names(Ustr);

/// How many names are told apart; a value that may be one of more is any.
const MOST: usize = 64;

impl Names {
    fn new(names: impl IntoIterator<Item = Ustr>) -> Option<Names> {
        let mut names: Vec<&str> = names.into_iter().map(|name| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let is_apart = |name: &&str| !name.is_empty() && !name.contains('\n');
        let is_told = (1..=MOST).contains(&names.len()) && names.iter().all(is_apart);
        is_told.then(|| Names(Ustr::from(&names.join("\n"))))
    }

    fn all(self) -> impl Iterator<Item = Ustr> {
        self.0.as_str().lines().map(Ustr::from)
    }

    fn union(self, other: Names) -> Option<Names> {
        match self == other {
            true => Some(self),
            false => Names::new(self.all().chain(other.all())),
        }
    }
}

/// Returns the names that a key may be, if only a few come into question.
pub(crate) fn names_of(key: &Value) -> Option<Vec<Ustr>> {
    if key.is_unknown() {
        return key.names.map(|names| names.all().collect());
    }
    let mut found: Vec<Ustr> = key.names.into_iter().flat_map(Names::all).collect();
    for atom in key.atoms() {
        match atom {
            Atom::String(text) if !found.contains(text) => found.push(*text),
            Atom::String(_) | Atom::Undefined => {}
            _ => return None,
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Returns the names that either value may be.
pub(crate) fn joined_names(a: &Value, b: &Value) -> Option<Names> {
    if a.names.is_none() && b.names.is_none() {
        return None;
    }
    let mut all: Option<Names> = None;
    for value in [a, b].into_iter().filter(|value| !value.is_nothing()) {
        let names = Names::new(names_of(value)?)?;
        all = Some(match all {
            Some(all) => all.union(names)?,
            None => names,
        });
    }
    all
}

impl Machine<'_> {
    /// Narrows the variables that `test` asks about to the names that it holds them against, now that what it came out
    /// as, `outcome`, is `truth`.
    pub(crate) fn narrow(&mut self, test: ExpressionId, outcome: &Value, truth: bool) {
        let Some(tested) = outcome.test else {
            return;
        };
        let mut asked = Vec::new();
        self.asked_names(test, &mut asked);
        let mut held = Vec::new();
        for name in asked {
            let Some((scope, value)) = self.find_variable(name) else {
                continue;
            };
            if !value.is_unknown() {
                continue;
            }
            if let Some(names) = self.held_names(tested, truth, &value) {
                held.push((scope, name, value, names));
            }
        }
        // Two that are not known look alike, and one of them may not have been held against anything.
        let is_alike = |(_, name, value, _): &(_, Ustr, Value, _)| {
            let mut others = held.iter().filter(|(_, other, ..)| other != name);
            others.any(|(_, _, other, _)| is_same(other, value))
        };
        let sure: Vec<bool> = held.iter().map(|it| !is_alike(it)).collect();
        for ((scope, name, mut value, names), is_sure) in held.into_iter().zip(sure) {
            if is_sure {
                value.names = Some(names);
                self.bind(scope, name, value);
            }
        }
    }

    /// Collects the variables that a test hands to whatever decides it.
    fn asked_names(&self, test: ExpressionId, names: &mut Vec<Ustr>) {
        match &self.module_ir().expression(test).kind {
            ExpressionKind::Name(name) if !names.contains(name) => names.push(*name),
            ExpressionKind::Unary(_, inner) => self.asked_names(*inner, names),
            ExpressionKind::Logical(_, left, right) | ExpressionKind::Binary(_, left, right) => {
                self.asked_names(*left, names);
                self.asked_names(*right, names);
            }
            ExpressionKind::Call { arguments, .. } => {
                for argument in arguments {
                    self.asked_names(argument.value, names);
                }
            }
            _ => {}
        }
    }

    /// Narrows a variable that chooses from a table of the program, as `if (COLUMNS[key])` does, to the keys that have
    /// something there.
    pub(crate) fn narrow_to_rows(&mut self, table: ExpressionId, key: ExpressionId) {
        let ExpressionKind::Name(name) = self.module_ir().expression(key).kind else {
            return;
        };
        let Some((scope, mut value)) = self.find_variable(name) else {
            return;
        };
        let Some(id) = self.known_object(table).filter(|_| value.is_unknown()) else {
            return;
        };
        let object = self.heap.get(id);
        let is_closed = matches!(object.kind, ObjectKind::Plain) && !object.is_open;
        if !is_closed || self.is_store(id) {
            return;
        }
        let rows = object.properties.iter();
        let there = rows
            .filter(|(key, row)| !crate::elements::is_hidden(key) && row.truth() != Some(false));
        if let Some(names) = Names::new(there.map(|(key, _)| *key)) {
            value.names = Some(names);
            self.bind(scope, name, value);
        }
    }

    /// Returns the element of a list that has passed `outcome`, narrowed to the names that it was held against; of a
    /// pair, each of the two.
    pub(crate) fn narrowed_element(&mut self, element: Value, outcome: &Value) -> Value {
        let Some(tested) = outcome.test else {
            return element;
        };
        if element.is_unknown() {
            let mut element = element;
            element.names = self.held_names(tested, true, &element).or(element.names);
            return element;
        }
        let Some(id) = element.only_object() else {
            return element;
        };
        let pair = self.heap.get(id);
        let is_list = matches!(pair.kind, ObjectKind::Array | ObjectKind::Tuple);
        if !is_list || pair.is_open || pair.elements.len() != 2 {
            return element;
        }
        let (kind, span, mut parts) = (pair.kind.clone(), pair.span, pair.elements.clone());
        if is_same(&parts[0], &parts[1]) {
            return element;
        }
        let mut is_narrowed = false;
        for part in parts.iter_mut().filter(|part| part.is_unknown()) {
            if let Some(names) = self.held_names(tested, true, part) {
                part.names = Some(names);
                is_narrowed = true;
            }
        }
        if !is_narrowed {
            return element;
        }
        let copy = self.heap.allocate(kind, span);
        self.heap.get_mut(copy).elements = parts;
        let mut narrowed = Value::object(copy).with_origins(element.origins);
        narrowed.control = element.control;
        narrowed
    }

    /// Returns `value` as what stands under one of the names that `key` may be: where both come from the same thing, it is
    /// the part of that name.
    pub(crate) fn value_under(&mut self, key: &Value, name: Ustr, value: &Value) -> Value {
        if !value.is_unknown() || value.origins.is_empty() || value.origins != key.origins {
            return value.clone();
        }
        let host = self.host();
        let origins = host.member_origins(self, value.origins, name);
        value.clone().with_origins(origins)
    }

    /// Returns the names that `value` is one of if the test, negated or not, comes out as `truth`.
    fn held_names(
        &self,
        (test, is_negated): (TestId, bool),
        truth: bool,
        value: &Value,
    ) -> Option<Names> {
        let holds = truth != is_negated;
        let test = self.test(test);
        if !test.parts.is_empty() {
            let mut parts = test.parts.iter();
            if test.is_conjunction == holds {
                return parts.find_map(|part| self.held_names(*part, holds, value));
            }
            // One of them suffices, so that each must say what the value is; a part that tests nothing says nothing.
            if !test.operands.is_empty() && test.parts.len() != test.operands.len() {
                return None;
            }
            let first = self.held_names(*parts.next()?, holds, value)?;
            return parts.try_fold(first, |names, part| {
                names.union(self.held_names(*part, holds, value)?)
            });
        }
        let [left, right] = test.operands.as_slice() else {
            return None;
        };
        let is_found = |found: &Value, bound: &Value, least: f64| {
            found.test.filter(|_| bound.as_number() == Some(least))
        };
        // The position of what is in a list is not -1, and what is not there has no other.
        let position = match test.kind {
            TestKind::Equality if !holds => is_found(left, right, -1.0),
            TestKind::Order(BinaryOperator::GreaterEqual) if holds => is_found(left, right, 0.0),
            TestKind::Order(BinaryOperator::Greater) if holds => is_found(left, right, -1.0),
            _ => None,
        };
        if let Some(asked) = position {
            return self.held_names(asked, true, value);
        }
        match test.kind {
            TestKind::Membership if holds && is_same(left, value) => self.names_within(right),
            TestKind::Equality if holds && is_same(left, value) => Names::new([right.text()?]),
            TestKind::Equality if holds && is_same(right, value) => Names::new([left.text()?]),
            _ => None,
        }
    }

    /// Returns the names in a list, set or table that holds nothing else, and to which no request adds.
    fn names_within(&self, collection: &Value) -> Option<Names> {
        let mut all: Option<Names> = None;
        for atom in collection.atoms() {
            let Atom::Object(id) = atom else {
                return None;
            };
            let names = self.names_in(*id)?;
            all = match all {
                Some(all) => Some(all.union(names)?),
                None => Some(names),
            };
        }
        all
    }

    fn names_in(&self, id: ObjectId) -> Option<Names> {
        let object = self.heap.get(id);
        if object.is_open || self.is_store(id) {
            return None;
        }
        let step = match object.kind {
            ObjectKind::Plain => {
                let keys = object.properties.keys().copied();
                return Names::new(keys.filter(|key| !crate::elements::is_hidden(key)));
            }
            ObjectKind::Map => 2,
            ObjectKind::Array | ObjectKind::Tuple | ObjectKind::Set => 1,
            _ => return None,
        };
        let keys = object.elements.iter().step_by(step);
        let keys: Option<Vec<Vec<Ustr>>> = keys.map(names_of).collect();
        Names::new(keys?.into_iter().flatten())
    }
}

/// Holds if what was tested is this value; the same is all that can be known of two that are not known.
fn is_same(tested: &Value, value: &Value) -> bool {
    tested.atoms() == value.atoms() && tested.origins == value.origins
}
