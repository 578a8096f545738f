//! Letting input through a schema: what is left of it, and what was compared on the way.
//!
//! A value keeps where it comes from; only the shape and the keys that a schema names are known afterwards.

use firedoor_eval::{Arguments, Atom, Machine, ObjectId, ObjectKind, Shape, Stop, TestKind, Value};
use firedoor_source::Span;

use crate::ModelHost;
use crate::tools::{is_function, kept};
use crate::zod::{children_of, own_properties};

/// What is met while input is let through.
struct Passage {
    span: Span,
    bounds: Vec<(Value, Value)>,
    /// Holds if a constant of the input is none of those that the schema allows.
    is_refused: bool,
    depth: usize,
}

impl Passage {
    /// Returns what is left of `input`.
    fn through(
        &mut self,
        machine: &mut Machine<'_>,
        schema: &Value,
        input: &Value,
    ) -> Result<Value, Stop> {
        let Some(id) = schema.only_object() else {
            return Ok(input.clone());
        };
        if self.depth > 8 {
            return Ok(input.shaped(Shape::Any));
        }
        self.depth += 1;
        let mut value = self.by_kind(machine, id, input)?;
        self.depth -= 1;
        self.bounds.extend(bounds_through(machine, id, &value));
        let default = kept(machine, Some(id), "$default");
        if !default.is_nothing() {
            let default = if is_function(machine, &default) {
                machine.call_value(&default, None, &Arguments::default(), self.span)?
            } else {
                default
            };
            value = machine.join(value, &default);
        } else if kept(machine, Some(id), "$optional") == Value::bool(true) {
            value.add(Atom::Undefined);
        }
        let then = kept(machine, Some(id), "$then");
        if is_function(machine, &then) {
            let arguments = Arguments::positional([value]);
            let result = machine.call_value(&then, None, &arguments, self.span)?;
            return machine.await_value(&result, self.span);
        }
        Ok(value)
    }

    fn by_kind(
        &mut self,
        machine: &mut Machine<'_>,
        id: ObjectId,
        input: &Value,
    ) -> Result<Value, Stop> {
        let kind = kept(machine, Some(id), "$kind").text().unwrap_or_default();
        let of = kept(machine, Some(id), "$of");
        match kind.as_str() {
            "object" => self.object(machine, id, input),
            "string" => Ok(narrowed(input, Shape::String)),
            "number" => Ok(narrowed(input, Shape::Number)),
            "boolean" => Ok(narrowed(input, Shape::Bool)),
            "date" => Ok(input.shaped(Shape::Object)),
            "array" => {
                let element = machine.element_of_open(input);
                let element = match of.only_object() {
                    Some(_) => self.through(machine, &of, &element)?,
                    None => element,
                };
                let list = machine.make_list(vec![element], true, self.span);
                Ok(list.with_origins(input.origins))
            }
            "choice" | "literal" => Ok(self.choice(machine, &of, input)),
            "union" => {
                let second = kept(machine, Some(id), "$second");
                let mut parts = machine.elements_of(&of).0;
                parts.extend(machine.elements_of(&second).0);
                if let Some(names) = literals(machine, &parts) {
                    let names = machine.make_list(names, false, self.span);
                    return Ok(self.choice(machine, &names, input));
                }
                let joined = self.alternatives(machine, &parts, input)?;
                Ok(joined.unwrap_or_else(|| input.clone()))
            }
            "both" => {
                let first = self.through(machine, &of, input)?;
                let second = kept(machine, Some(id), "$second");
                let second = self.through(machine, &second, input)?;
                Ok(merged(machine, &first, &second, self.span))
            }
            "perhaps" => {
                let mut value = self.through(machine, &of, input)?;
                value.add(Atom::Undefined);
                Ok(value)
            }
            "lazy" => {
                let inner = machine.call_value(&of, None, &Arguments::default(), self.span)?;
                self.through(machine, &inner, input)
            }
            "preprocess" => {
                let function = kept(machine, Some(id), "$function");
                let arguments = Arguments::positional([input.clone()]);
                let value = machine.call_value(&function, None, &arguments, self.span)?;
                self.through(machine, &of, &value)
            }
            _ => Ok(input.clone()),
        }
    }

    /// One of several constants. Numbers that the client may choose among stay the client's: none of them is the server's
    /// own.
    fn choice(&mut self, machine: &mut Machine<'_>, of: &Value, input: &Value) -> Value {
        let value = chosen(machine, of, input);
        self.is_refused |= is_other_constant(input, &value);
        note_choice(machine, input, &value, self.span);
        let mut atoms = value.atoms().iter();
        let are_numbers = value.atoms().len() > 1 && atoms.all(|it| matches!(it, Atom::Number(_)));
        match are_numbers && input.text().is_none() {
            true => narrowed(input, Shape::Number),
            false => value,
        }
    }

    /// What the parts of a union let through; a part that the constants of the input rule out lets nothing.
    fn alternatives(
        &mut self,
        machine: &mut Machine<'_>,
        parts: &[Value],
        input: &Value,
    ) -> Result<Option<Value>, Stop> {
        let before = self.is_refused;
        let mut through: Vec<(Value, bool)> = Vec::with_capacity(parts.len());
        for part in parts {
            self.is_refused = false;
            let value = self.through(machine, part, input)?;
            through.push((value, self.is_refused));
        }
        let is_none = through.iter().all(|(_, is_refused)| *is_refused);
        self.is_refused = before || (is_none && !through.is_empty());
        let kept = through
            .into_iter()
            .filter(|(_, is_refused)| is_none || !is_refused);
        Ok(kept
            .map(|(value, _)| value)
            .reduce(|joined, value| machine.join(joined, &value)))
    }

    fn object(
        &mut self,
        machine: &mut Machine<'_>,
        id: ObjectId,
        input: &Value,
    ) -> Result<Value, Stop> {
        let made = machine.heap.allocate(ObjectKind::Plain, self.span);
        let source = input.filter(|atom| !atom.is_nothing());
        for (name, child) in children_of(machine, Some(id)) {
            let given = match &source {
                Some(source) => machine.member(source, name, self.span)?,
                None => Value::undefined(),
            };
            let value = self.through(machine, &child, &given)?;
            machine.heap.get_mut(made).properties.insert(name, value);
        }
        let mode = kept(machine, Some(id), "$mode").text();
        let library = kept(machine, Some(id), "$library").text();
        let is_of = |name: &str| library.is_some_and(|library| library == name);
        // An object of Joi of which no keys are said may have any, whatever is asked to be taken away.
        let is_open = is_of("joi") && kept(machine, Some(id), "$of").is_nothing();
        let is_loose = match mode.as_deref() {
            Some(mode) => mode == "loose",
            None => is_of("yup"),
        } || is_open;
        if is_loose {
            let object = machine.heap.get_mut(made);
            object.is_open = true;
            object.elements.push(input.clone());
        }
        Ok(Value::object(made))
    }
}

/// The limits that a schema has for a value.
pub(crate) fn bounds_through(
    machine: &Machine<'_>,
    schema: ObjectId,
    value: &Value,
) -> Vec<(Value, Value)> {
    ["$least", "$most"]
        .iter()
        .map(|name| kept(machine, Some(schema), name))
        .filter(|limit| !limit.is_nothing())
        .map(|limit| (value.clone(), limit))
        .collect()
}

/// What of a value has that shape; constants stay as they are.
pub(crate) fn narrowed(input: &Value, shape: Shape) -> Value {
    let mut atoms: Vec<Atom> = Vec::new();
    for atom in input.atoms() {
        match (atom, shape) {
            (Atom::String(_) | Atom::Pattern(_), Shape::String)
            | (Atom::Number(_), Shape::Number)
            | (Atom::Bool(_), Shape::Bool) => atoms.push(*atom),
            (Atom::Undefined | Atom::Null, _) => {}
            _ => atoms.push(Atom::Unknown(shape)),
        }
    }
    if atoms.is_empty() {
        atoms.push(Atom::Unknown(shape));
    }
    let mut value = Value::atoms_of(atoms).with_origins(input.origins);
    value.control = input.control;
    value
}

/// One of the constants of an enumeration, as the client chooses.
pub(crate) fn chosen(machine: &mut Machine<'_>, of: &Value, input: &Value) -> Value {
    let is_list = of
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    let names: Vec<Value> = if is_list {
        machine.elements_of(of).0
    } else if of.only_object().is_some() {
        own_properties(machine, of)
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    } else {
        vec![of.clone()]
    };
    let atoms: Vec<Atom> = names
        .iter()
        .flat_map(|name| name.atoms().to_vec())
        .collect();
    if atoms.is_empty() {
        return input.shaped(Shape::String);
    }
    if input.text().is_some() && atoms.contains(&input.atoms()[0]) {
        return input.clone();
    }
    let mut value = Value::atoms_of(atoms).with_origins(input.origins);
    value.control = input.control;
    value
}

/// Returns the constants of a union that has nothing else: whatever is one of them passes, so that none is asked for
/// alone.
fn literals(machine: &mut Machine<'_>, parts: &[Value]) -> Option<Vec<Value>> {
    let literal = |part: &Value| {
        let id = part.only_object();
        let kind = kept(machine, id, "$kind").text()?;
        (kind == "literal").then(|| kept(machine, id, "$of"))
    };
    let found: Option<Vec<Value>> = parts.iter().map(literal).collect();
    found.filter(|all| !all.is_empty())
}

/// Notes that the input was held against a list, also where what is made of it later no longer tells which.
fn note_choice(machine: &mut Machine<'_>, input: &Value, names: &Value, span: Span) {
    let is_constant = |atom: &Atom| matches!(atom, Atom::String(_) | Atom::Number(_));
    if input.text().is_none() && names.atoms().iter().all(is_constant) {
        let names = Value::atoms_of(names.atoms().to_vec());
        machine.tested(TestKind::Membership, None, &[input, &names], span);
    }
}

/// Holds if the input is one text, and another than those allowed.
fn is_other_constant(input: &Value, allowed: &Value) -> bool {
    input.text().is_some() && !allowed.atoms().contains(&input.atoms()[0])
}

pub(crate) fn merged(
    machine: &mut Machine<'_>,
    first: &Value,
    second: &Value,
    span: Span,
) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    for value in [first, second] {
        for part in value.objects().collect::<Vec<_>>() {
            let part = machine.heap.get(part).clone();
            let object = machine.heap.get_mut(id);
            object.properties.extend(part.properties);
            object.is_open |= part.is_open;
            object.elements.extend(part.elements);
        }
    }
    Value::object(id)
}

/// Returns the test that a schema is: of the bounds that it has, or else of the kind of the input.
pub(crate) fn test_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    bounds: &[(Value, Value)],
    input: &Value,
    span: Span,
) -> Value {
    let outcome = (!host.is_request()).then_some(true);
    let (kind, operands): (TestKind, Vec<&Value>) = match bounds.is_empty() {
        true => (TestKind::Kind, vec![input]),
        false => (
            TestKind::Bound,
            bounds
                .iter()
                .flat_map(|(value, limit)| [value, limit])
                .collect(),
        ),
    };
    machine.tested(kind, outcome, &operands, span)
}

/// Lets input through a schema: what is left, and whether it was let through.
pub fn let_through(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    schema: &Value,
    input: &Value,
    span: Span,
) -> Result<(Value, Value), Stop> {
    let mut passage = Passage {
        span,
        bounds: Vec::new(),
        is_refused: false,
        depth: 0,
    };
    let value = passage.through(machine, schema, input)?;
    let names = names_required(machine, schema);
    let test = match passage.bounds.is_empty() && !names.is_empty() {
        true => {
            let outcome = (!host.is_request()).then_some(true);
            let operands: Vec<&Value> = std::iter::once(input).chain(&names).collect();
            machine.tested(TestKind::Kind, outcome, &operands, span)
        }
        false => {
            let asked = match looks_at_names_only(machine, schema, input) {
                true => value.clone(),
                false => input.clone(),
            };
            test_of(host, machine, &passage.bounds, &asked, span)
        }
    };
    Ok((value, test))
}

/// Holds if what was sent is known field by field, and the schema drops all that it does not name: those fields were not
/// looked at, and that the others have the right shape says nothing of them.
fn looks_at_names_only(machine: &Machine<'_>, schema: &Value, input: &Value) -> bool {
    let id = schema.only_object();
    let text = |name: &str| kept(machine, id, name).text();
    let drops = match text("$mode") {
        Some(mode) => mode == "strip",
        None => text("$library").is_some_and(|library| library == "zod"),
    };
    let is_plain = text("$kind").is_some_and(|kind| kind == "object")
        && drops
        && kept(machine, id, "$then").is_nothing();
    is_plain && input.only_object().is_some()
}

/// The keys of a schema that refuses all others, as Joi's do unless told otherwise: what was sent has no other fields
/// once it is through, also where the program goes on with what was sent.
fn names_required(machine: &Machine<'_>, schema: &Value) -> Vec<Value> {
    let id = schema.only_object();
    let text = |name: &str| kept(machine, id, name).text();
    let is_object = text("$kind").is_some_and(|kind| kind == "object");
    let is_strict = match text("$mode") {
        Some(mode) => mode == "strict",
        None => text("$library").is_some_and(|library| library == "joi"),
    };
    if !is_object || !is_strict {
        return Vec::new();
    }
    let children = children_of(machine, id);
    let names = children.iter().map(|(name, _)| Value::string(name));
    names.collect()
}
