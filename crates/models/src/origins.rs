//! Between the evaluator's numbers for origins and the map's words for them.

use firedoor_app::{Origin, Provenance, RequestPart};
use firedoor_eval::{Atom, Machine, ObjectId, ObjectKind, OriginSet, Shape, Value};
use indexmap::IndexSet;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::ModelHost;

/// The origins that models have made, by number.
#[derive(Debug, Default)]
pub(crate) struct OriginTable {
    origins: IndexSet<Origin>,
    /// What sets are in the map's words, since values of one set are asked for again and again.
    words: FxHashMap<OriginSet, Provenance>,
    /// The same, where settings that are known with their fallback are named again without.
    all_words: FxHashMap<OriginSet, Provenance>,
    /// Where members of values come from, by the set of the value and the name of the member.
    pub(crate) members: FxHashMap<(OriginSet, Ustr), OriginSet>,
}

impl OriginTable {
    pub(crate) fn number(&mut self, origin: Origin) -> u32 {
        self.origins.insert_full(origin).0 as u32
    }

    pub(crate) fn origin(&self, number: u32) -> Option<&Origin> {
        self.origins.get_index(number as usize)
    }
}

impl ModelHost {
    /// Returns the set with this origin.
    pub fn origin(&self, machine: &mut Machine<'_>, origin: Origin) -> OriginSet {
        let number = self.state().origins.number(origin);
        machine.origins.single(firedoor_eval::Origin::Host(number))
    }

    /// Returns `value` with this origin added to its own.
    pub fn with_origin(
        &self,
        machine: &mut Machine<'_>,
        mut value: Value,
        origin: Origin,
    ) -> Value {
        let added = self.origin(machine, origin);
        value.origins = machine.origins.union(value.origins, added);
        value
    }

    /// Returns the chance in a value. One letter of many that chance picks tells nothing of how many there are.
    pub(crate) fn chance_in(&self, machine: &mut Machine<'_>, value: &Value) -> OriginSet {
        let mut found = OriginSet::EMPTY;
        for origin in self.origins_of(machine, value.origins) {
            if let Origin::Random { cryptographic, .. } = origin {
                let bits = None;
                let one = self.origin(
                    machine,
                    Origin::Random {
                        cryptographic,
                        bits,
                    },
                );
                found = machine.origins.union(found, one);
            }
        }
        found
    }

    /// Returns `value`, which is made of `parts` and no longer shows their constants, with the settings among them as
    /// they are where the environment says nothing.
    pub(crate) fn with_fallbacks(
        &self,
        machine: &mut Machine<'_>,
        value: Value,
        parts: &[&Value],
    ) -> Value {
        let mut value = value;
        for part in parts {
            for origin in self.provenance(machine, part).origins().to_vec() {
                if let Origin::Environment {
                    fallback: Some(_), ..
                } = origin
                {
                    value = self.with_origin(machine, value, origin);
                }
            }
        }
        value
    }

    /// Returns the map's words for a set.
    pub fn origins_of(&self, machine: &Machine<'_>, set: OriginSet) -> Vec<Origin> {
        let state = self.state();
        machine
            .origins
            .members(set)
            .iter()
            .filter_map(|origin| match origin {
                firedoor_eval::Origin::Host(number) => state.origins.origin(*number).cloned(),
                firedoor_eval::Origin::Outside(path) => Some(Origin::Outside(*path)),
                firedoor_eval::Origin::Unknown(reason) => Some(Origin::Unknown(*reason)),
                // That it is the time is told besides.
                firedoor_eval::Origin::Instant
                | firedoor_eval::Origin::Milliseconds
                | firedoor_eval::Origin::Brief => None,
                // How a place in a list was counted says nothing of where a value comes from.
                firedoor_eval::Origin::Back => None,
            })
            .collect()
    }

    /// Returns where a value comes from: its origins, and the constants among its alternatives. A constant
    /// beside an environment variable is its fallback.
    pub fn provenance(&self, machine: &Machine<'_>, value: &Value) -> Provenance {
        let mut literals = Vec::new();
        for atom in value.atoms() {
            // A member of an enumeration is stored and compared as the constant that it stands for.
            let member = match atom {
                Atom::Object(id) => machine.enumerated(*id),
                _ => None,
            };
            let constant = member.as_ref().and_then(|member| member.atoms().first());
            literals.extend(atom_literal(constant.unwrap_or(atom)));
        }
        if literals.is_empty() {
            return self.set_without_bare(machine, value.origins);
        }
        let mut origins = self.origins_of(machine, value.origins);
        if let Some(fallback) = literals.iter().find(|literal| *literal != "null") {
            for origin in &mut origins {
                if let Origin::Environment {
                    fallback: none @ None,
                    ..
                } = origin
                {
                    *none = Some(*fallback);
                }
            }
        }
        origins.extend(literals.into_iter().map(Origin::Literal));
        forget_bare(&mut origins);
        Provenance::new(origins)
    }

    fn set_without_bare(&self, machine: &Machine<'_>, set: OriginSet) -> Provenance {
        if let Some(known) = self.state().origins.words.get(&set) {
            return known.clone();
        }
        let mut origins = self.origins_of(machine, set);
        forget_bare(&mut origins);
        let words = Provenance::new(origins);
        self.state().origins.words.insert(set, words.clone());
        words
    }

    /// Returns where a value and everything in it come from.
    pub fn deep_provenance(&self, machine: &mut Machine<'_>, value: &Value) -> Provenance {
        let mut deep = value.clone();
        deep.origins = machine.deep_origins(value);
        self.provenance(machine, &deep)
    }

    /// Returns where the key of a record comes from. One in which the moment itself stands is another one each time.
    pub fn key_provenance(&self, machine: &mut Machine<'_>, value: &Value) -> Provenance {
        let known = self.deep_provenance(machine, value);
        let deep = machine.deep_origins(value);
        let members = machine.origins.members(deep);
        let word = if members.contains(&firedoor_eval::Origin::Instant) {
            firedoor_app::MOMENT
        } else if members.contains(&firedoor_eval::Origin::Brief) {
            firedoor_app::BRIEF_MOMENT
        } else {
            return known;
        };
        known.union(&Provenance::new([Origin::Outside(Ustr::from(word))]))
    }

    /// Returns where a value comes from that is kept in a field. One with the number of a stretch of time that is over at
    /// once is another one each time.
    fn kept_provenance(&self, machine: &mut Machine<'_>, value: &Value) -> Provenance {
        let deep = machine.deep_origins(value);
        let members = machine.origins.members(deep);
        match members.contains(&firedoor_eval::Origin::Brief) {
            true => self.key_provenance(machine, value),
            false => self.deep_provenance(machine, value),
        }
    }

    /// Returns where a value comes from that is stored. A text in which the moment itself stands beside something else is
    /// another one each time; the moment alone is a time, and is told as such.
    pub fn stored_provenance(&self, machine: &mut Machine<'_>, value: &Value) -> Provenance {
        let known = self.deep_provenance(machine, value);
        let is_time = known
            .origins()
            .iter()
            .all(|origin| matches!(origin, Origin::Clock | Origin::Literal(_)));
        match is_time {
            true => known,
            false => self.key_provenance(machine, value),
        }
    }

    /// Returns the map's words for a set as a provenance.
    pub fn set_provenance(&self, machine: &Machine<'_>, set: OriginSet) -> Provenance {
        if let Some(known) = self.state().origins.all_words.get(&set) {
            return known.clone();
        }
        let words = Provenance::new(self.origins_of(machine, set));
        self.state().origins.all_words.insert(set, words.clone());
        words
    }

    /// Returns what the body of an answer tells: its fields, or one field without a name.
    pub fn body_fields(&self, machine: &mut Machine<'_>, body: &Value) -> Vec<firedoor_app::Field> {
        if body.is_nothing() {
            return Vec::new();
        }
        let mut fields = Vec::new();
        for object in body.objects().collect::<Vec<_>>() {
            fields.extend(self.fields_by(machine, object, ModelHost::told_provenance));
            let rest = self.rest(machine, object);
            fields.extend(rest.filter(|rest| !fields.contains(rest)));
        }
        if fields.is_empty() {
            fields.push(firedoor_app::Field {
                name: Ustr::from(""),
                value: self.told_provenance(machine, body),
                operator: "=",
            });
        }
        fields
    }

    /// Returns what an object tells besides the properties that are known, as a record with one that it refers to.
    fn rest(&self, machine: &mut Machine<'_>, object: ObjectId) -> Option<firedoor_app::Field> {
        let known = machine.heap.get(object);
        if !known.is_open || known.properties.is_empty() {
            return None;
        }
        let elements = known.elements.clone();
        let value = elements
            .iter()
            .map(|element| self.told_provenance(machine, element))
            .fold(Provenance::default(), |all, one| all.union(&one));
        let is_stored = |origin: &Origin| matches!(origin, Origin::Record { .. });
        value
            .origins()
            .iter()
            .any(is_stored)
            .then_some(firedoor_app::Field {
                name: Ustr::from(""),
                value,
                operator: "=",
            })
    }

    /// Returns where what somebody is told comes from. Of what was only asked after, a yes or a no is told, and beside
    /// other values nothing worth a word.
    pub fn told_provenance(&self, machine: &mut Machine<'_>, value: &Value) -> Provenance {
        let deep = self.deep_provenance(machine, value);
        if is_outcome(value) {
            let both = ["false", "true"].map(|text| Origin::Literal(Ustr::from(text)));
            return deep.union(&Provenance::new(both));
        }
        match self.without_outcomes(machine, value) {
            Some(origins) => {
                let mut rest = value.clone();
                rest.origins = origins;
                self.provenance(machine, &rest)
            }
            None => deep,
        }
    }

    /// Returns the origins of a value and all in it but for outcomes of tests; `None` if there are none of those.
    fn without_outcomes(&self, machine: &mut Machine<'_>, value: &Value) -> Option<OriginSet> {
        let mut union = value.origins;
        let mut has_outcome = false;
        let mut queue: Vec<(ObjectId, usize)> = value.objects().map(|id| (id, 0)).collect();
        let mut seen = 0;
        while let Some((id, depth)) = queue.pop() {
            seen += 1;
            let object = machine.heap.get(id);
            let is_data = matches!(
                object.kind,
                ObjectKind::Plain | ObjectKind::Array | ObjectKind::Tuple
            );
            if seen > 200 || !is_data && depth > 0 {
                return None;
            }
            for part in object.properties.values().chain(&object.elements) {
                if is_outcome(part) {
                    has_outcome = true;
                    continue;
                }
                union = machine.origins.union(union, part.origins);
                if depth < 3 {
                    queue.extend(part.objects().map(|id| (id, depth + 1)));
                }
            }
        }
        has_outcome.then_some(union)
    }

    /// Returns the provenance of each property of an object, one level deep; nested objects give dotted names.
    pub fn fields(&self, machine: &mut Machine<'_>, object: ObjectId) -> Vec<firedoor_app::Field> {
        self.fields_by(machine, object, ModelHost::kept_provenance)
    }

    fn fields_by(
        &self,
        machine: &mut Machine<'_>,
        object: ObjectId,
        provenance: fn(&ModelHost, &mut Machine<'_>, &Value) -> Provenance,
    ) -> Vec<firedoor_app::Field> {
        let properties: Vec<(Ustr, Value)> = machine
            .heap
            .get(object)
            .properties
            .iter()
            .map(|(name, value)| (*name, value.clone()))
            .collect();
        properties
            .into_iter()
            .map(|(name, value)| firedoor_app::Field {
                // What further elements of a list can be has no name of its own.
                name: Ustr::from(name.trim_start_matches("...")),
                value: provenance(self, machine, &value),
                operator: "=",
            })
            .collect()
    }
}

/// Holds for what a test came out as, which says nothing of what was tested but that.
fn is_outcome(value: &Value) -> bool {
    let is_truth = |atom: &Atom| matches!(atom, Atom::Bool(_) | Atom::Unknown(Shape::Bool));
    let mut atoms = value.atoms().iter();
    value.test.is_some() && !value.origins.is_empty() && atoms.all(is_truth)
}

fn atom_literal(atom: &Atom) -> Option<Ustr> {
    match atom {
        Atom::String(text) => Some(*text),
        Atom::Number(number) => Some(Ustr::from(&number.to_string())),
        Atom::Bool(value) => Some(Ustr::from(&value.to_string())),
        Atom::Null => Some(Ustr::from("null")),
        _ => None,
    }
}

/// A setting that is known with its fallback is not named again without.
fn forget_bare(origins: &mut Vec<Origin>) {
    let with_fallback: Vec<Ustr> = origins
        .iter()
        .filter_map(|origin| match origin {
            Origin::Environment {
                name,
                fallback: Some(_),
            } => Some(*name),
            _ => None,
        })
        .collect();
    if with_fallback.is_empty() {
        return;
    }
    origins.retain(|origin| match origin {
        Origin::Environment {
            name,
            fallback: None,
        } => !with_fallback.contains(name),
        _ => true,
    });
}

/// Holds if a value of these origins is plain data. What the program keeps itself, or an earlier layer has attached, may
/// be an object of one of its classes; what was sent as text, or stands in a column, is none.
pub(crate) fn is_data(host: &ModelHost, machine: &Machine<'_>, set: OriginSet) -> bool {
    let origins = host.origins_of(machine, set);
    let is_table = |asset: &Ustr| {
        let state = host.state();
        let found = state.assets.get(asset);
        found.is_some_and(|asset| asset.kind == firedoor_app::AssetKind::Table)
    };
    !origins.is_empty()
        && origins.iter().all(|origin| match origin {
            Origin::Request(part, _) => !matches!(
                part,
                RequestPart::Session | RequestPart::Context | RequestPart::File
            ),
            Origin::Record { asset, field, .. } => !field.is_empty() && is_table(asset),
            Origin::Principal(field) => !field.is_empty(),
            Origin::Outside(_) | Origin::Unknown(_) => false,
            _ => true,
        })
}

/// Each proxy adds whom it heard from to the addresses that a request brings with it. Whoever counts back over as many
/// of them as a setting says are his own, or as he has written there himself, gets the address that the outermost has
/// seen. Whoever counts from the front gets what the client wrote, for that stands first.
pub(crate) fn behind_proxies(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    key: &Value,
    element: Value,
) -> Value {
    let is_address = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Address, _));
    let is_chain = |origin: &Origin| {
        matches!(origin, Origin::Request(RequestPart::Header, name)
            if matches!(name.to_ascii_lowercase().as_str(), "x-forwarded-for" | "forwarded"))
    };
    let origins = host.origins_of(machine, element.origins);
    let is_setting = |origin: &Origin| matches!(origin, Origin::Environment { .. });
    let is_back = |set: &OriginSet| machine.origins.is_back(*set);
    let is_counted_by_setting = || {
        host.origins_of(machine, key.origins).iter().any(is_setting)
            && [key.origins, element.origins].iter().any(is_back)
    };
    let is_counted_by_hand = || key.as_number().is_some_and(|place| place < 0.0);
    if !origins.iter().any(is_chain)
        || !origins.iter().all(|it| is_chain(it) || is_address(it))
        || !(is_counted_by_hand() || is_counted_by_setting())
    {
        return element;
    }
    let address = origins.into_iter().find(is_address);
    let address =
        address.unwrap_or_else(|| Origin::Request(RequestPart::Address, Ustr::from("ip")));
    let seen = host.origin(machine, address);
    element.with_origins(seen)
}

/// Holds for a place in what a parameter of the query has, rather than a name in it: `parse_qs(query)["page"][0]`.
pub(crate) fn is_place(part: RequestPart, name: Ustr, key: Ustr) -> bool {
    let is_number = || key.bytes().all(|byte| byte.is_ascii_digit());
    part == RequestPart::Query && !name.is_empty() && is_number()
}
