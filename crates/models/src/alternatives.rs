//! Conditions of which one suffices: `owner = me or shared = true` finds records of others too.
//!
//! Keys in the map are lists of what holds together. What only one alternative asks for is not demanded of a record,
//! so that it must not read as if it were. Shared by all stores, whatever their way to write "or".

use firedoor_app::{Field, OR, OR_OPEN, Origin, Provenance, RequestPart};
use firedoor_eval::{Atom, Machine, Value};
use ustr::Ustr;

use crate::ModelHost;
use crate::sqltext::is_own;
use crate::store::Conditions;

/// What alternatives say together of whose record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Each ties the record to the caller, or none does: they stand as they are.
    Firm,
    /// Those that do not tie it ask for what the record says of itself: it is open to everybody.
    Open,
    /// Others find it without the caller.
    Loose,
    /// Others find it by what the client sends, and by nothing else: nothing that the rest says is asked of it.
    Named,
}

/// Returns what alternatives say of whose record it is. Of one that is not known nothing is said.
pub(crate) fn weight(alternatives: &[Vec<(&'static str, Provenance)>]) -> Weight {
    if alternatives.len() < 2 || alternatives.iter().any(Vec::is_empty) {
        return Weight::Firm;
    }
    let is_tied: Vec<bool> = alternatives.iter().map(|parts| ties(parts)).collect();
    if is_tied.iter().all(|tied| *tied) || !alternatives.iter().any(|parts| names_caller(parts)) {
        return Weight::Firm;
    }
    let mut others = alternatives
        .iter()
        .zip(&is_tied)
        .filter(|(_, tied)| !**tied);
    if others.clone().all(|(parts, _)| is_open(parts)) {
        return Weight::Open;
    }
    match others.any(|(parts, _)| is_named(parts)) {
        true => Weight::Named,
        false => Weight::Loose,
    }
}

/// Holds if the client says all that is asked for.
fn is_named(parts: &[(&'static str, Provenance)]) -> bool {
    parts.iter().all(|(operator, value)| {
        let mut origins = value.origins().iter();
        matches!(*operator, "=" | "in")
            && value.is_from_client()
            && !origins.any(|it| matches!(it, Origin::Record { .. }))
    })
}

/// A list that the client has a part in says that it is one of several, of whom the caller need not be one; two such
/// fields, as the two ends of a letter, have room for both only.
fn ties(parts: &[(&'static str, Provenance)]) -> bool {
    let own = parts
        .iter()
        .filter(|(operator, value)| !is_weak(operator) && is_own(value));
    let is_mixed = |value: &Provenance| value.is_from_client();
    let (mixed, firm): (Vec<_>, Vec<_>) =
        own.partition(|(operator, value)| *operator == "in" && is_mixed(value));
    !firm.is_empty() || mixed.len() > 1
}

fn is_weak(operator: &str) -> bool {
    matches!(operator, "!=" | "not in" | OR | OR_OPEN)
}

fn names_caller(parts: &[(&'static str, Provenance)]) -> bool {
    parts.iter().any(|(_, value)| is_own(value))
}

/// Holds if all it asks for is a constant of the record.
fn is_open(parts: &[(&'static str, Provenance)]) -> bool {
    // That something is not there, or is not set, is true of most records.
    let is_word = |origin: &Origin| matches!(origin, Origin::Literal(text) if !matches!(text.as_str(), "null" | "false"));
    let is_constant = |operator: &str, value: &Provenance| {
        let origins = value.origins();
        matches!(operator, "=" | "in") && !origins.is_empty() && origins.iter().all(is_word)
    };
    parts
        .iter()
        .any(|(operator, value)| is_constant(operator, value))
        && !parts.iter().any(|(_, value)| value.is_from_client())
}

/// Returns the operator and the value of a condition that stands among alternatives of this weight.
pub(crate) fn weakened(
    weight: Weight,
    operator: &'static str,
    value: &Provenance,
) -> (&'static str, Provenance) {
    match weight {
        Weight::Firm => (operator, value.clone()),
        Weight::Open if is_own(value) => (OR_OPEN, value.clone()),
        Weight::Open => (OR, value.clone()),
        // It suffices to name it: so records are found by what the client sends.
        Weight::Loose | Weight::Named
            if matches!(operator, "=" | "in") && !is_own(value) && value.is_from_client() =>
        {
            (operator, value.clone())
        }
        Weight::Named if is_own(value) => (OR, Provenance::default()),
        Weight::Loose | Weight::Named => (OR, of_anybody(value)),
    }
}

/// What is left of a value that need not be the caller's.
pub(crate) fn of_anybody(value: &Provenance) -> Provenance {
    let rest = value.origins().iter().filter_map(|origin| match origin {
        Origin::Record { asset, field, .. } => Some(Origin::Record {
            asset: *asset,
            field: *field,
            of_principal: false,
        }),
        other => {
            let alone = Provenance::new([other.clone()]);
            (!is_own(&alone)).then(|| other.clone())
        }
    });
    Provenance::new(rest)
}

/// Weakens the fields of alternatives for what they say together.
pub(crate) fn weaken(alternatives: &mut [&mut Vec<Field>]) -> Weight {
    let parts: Vec<Vec<(&'static str, Provenance)>> = alternatives
        .iter()
        .map(|fields| {
            fields
                .iter()
                .map(|it| (it.operator, it.value.clone()))
                .collect()
        })
        .collect();
    let weight = weight(&parts);
    if weight == Weight::Firm {
        return weight;
    }
    for field in alternatives.iter_mut().flat_map(|fields| fields.iter_mut()) {
        (field.operator, field.value) = weakened(weight, field.operator, &field.value);
    }
    weight
}

/// Joins alternatives to one list of conditions.
pub(crate) fn joined(mut alternatives: Vec<Conditions>) -> Conditions {
    let mut fields: Vec<&mut Vec<Field>> =
        alternatives.iter_mut().map(|it| &mut it.fields).collect();
    weaken(&mut fields);
    let mut all = Conditions::default();
    for mut alternative in alternatives {
        all.fields.append(&mut alternative.fields);
        all.values.append(&mut alternative.values);
    }
    all
}

/// Holds if who is asking decides which of several conditions is asked for: what administrators see is no alternative
/// for others.
pub(crate) fn is_chosen_by_rank(host: &ModelHost, machine: &Machine<'_>, choice: &Value) -> bool {
    is_own(&host.set_provenance(machine, choice.control))
}

/// Holds if it is the client alone who decides whether something is asked for at all, as in
/// `all ? {} : { owner: me }`: whoever says so finds what is not his. Where who is asking decides it too, or who may say
/// so was asked before, only some can.
pub(crate) fn is_left_to_client(host: &ModelHost, machine: &Machine<'_>, choice: &Value) -> bool {
    let is_word = |origin: &Origin| {
        matches!(
            origin,
            Origin::Request(
                RequestPart::Body | RequestPart::Query | RequestPart::Message,
                _
            )
        ) && !origin.is_identity()
            && !origin.is_sent_secret()
    };
    let deciding = host.set_provenance(machine, choice.control);
    let mut origins = deciding.origins().iter();
    // By what the caller was known before is in the value that is left out, and decides nothing here.
    let is_beside = |it: &Origin| {
        let is_proof = it.is_identity() || it.is_sent_secret() || it.is_credential();
        let is_who = is_own(&Provenance::new([it.clone()]));
        is_proof && !is_who || matches!(it, Origin::Literal(_) | Origin::Environment { .. })
    };
    let is_free = origins.all(|it| is_word(it) || is_beside(it));
    let words: Vec<&Origin> = deciding.origins().iter().filter(|it| is_word(it)).collect();
    let asks_who = |sets: [firedoor_eval::OriginSet; 2]| {
        let asked = sets.map(|set| host.set_provenance(machine, set));
        let has_word = |it: &Provenance| it.origins().iter().any(|it| words.contains(&it));
        asked.iter().any(has_word) && asked.iter().any(is_own)
    };
    is_free
        && !words.is_empty()
        && !machine.decided.iter().any(|it| {
            let decision = machine.decision(it.decision);
            asks_who([decision.origins, decision.control])
        })
}

/// Holds if a condition may be missing, since the client chooses whether it is asked for.
pub(crate) fn is_optional(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> bool {
    value.atoms().len() > 1
        && value.atoms().contains(&Atom::Undefined)
        && is_left_to_client(host, machine, value)
}

/// Makes the conditions on a part of the path no demands, where the client chooses that they are left out, as in
/// `child ? { child } : { team: params.team }`: the caller was held against the path, and what is found need not lie
/// below it. What is asked for by another condition as well stays asked for.
pub(crate) fn loosen_path(
    host: &ModelHost,
    machine: &Machine<'_>,
    given: &[(Ustr, Value)],
    fields: &mut [Field],
) {
    let is_path = |value: &Provenance| {
        let mut origins = value.origins().iter();
        !value.is_empty() && origins.all(|it| matches!(it, Origin::Request(RequestPart::Path, _)))
    };
    let optional: Vec<Ustr> = given
        .iter()
        .filter(|(_, value)| is_optional(host, machine, value))
        .map(|(name, _)| *name)
        .collect();
    for index in 0..fields.len() {
        let field = &fields[index];
        let same = fields.iter().filter(|other| other.value == field.value);
        let is_optional = |name: &Ustr| is_within(name, &field.name);
        let is_left_out = field.operator == "="
            && optional.iter().any(is_optional)
            && is_path(&field.value)
            && same.count() == 1;
        if is_left_out {
            fields[index].operator = OR;
        }
    }
}

/// Holds if the field is the one of that name, or what is asked of the record that it refers to: `child` and
/// `child.team`.
fn is_within(name: &str, field: &str) -> bool {
    let rest = field.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Makes what ties a record to the caller no demand, where it need not be asked for.
pub(crate) fn loosen(fields: &mut [Field]) {
    for field in fields.iter_mut().filter(|field| is_own(&field.value)) {
        (field.operator, field.value) = weakened(Weight::Loose, field.operator, &field.value);
    }
}
