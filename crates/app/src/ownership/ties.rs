//! What checks have tied to the caller: values that he sends, and records that were held against what is his.
//!
//! A check ties nothing if it has found the opposite, or if the client passes it by a word of its own; and a record
//! that was chosen by one part of the request says nothing of one that another part chooses.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use ustr::Ustr;

use super::alternatives::{has_group_apart, has_open_way, is_of_another, ranks_within};
use super::joins::Joins;
use super::{is_chosen, is_found_by_itself, key_of};
use crate::query::{accesses, is_principal};
use crate::{
    Access, Check, CheckId, CheckKind, Effect, EntryPoint, Field, OR, OR_OPEN, Operation, Origin,
    Provenance, RequestPart,
};

/// What checks have tied to the caller.
#[derive(Clone, Debug, Default)]
pub struct Ties {
    /// Values that the client sends and that were held against what is the caller's.
    pub sent: Vec<Origin>,
    /// Assets of which a record was held against what is the caller's, each with what the client chose that record
    /// by: another choice is another record. Where it is empty, nothing is known of how it was chosen.
    assets: Vec<(Ustr, Vec<Origin>)>,
    choices: Arc<Choices>,
}

/// What the client sends that the entry point finds records by, for each asset.
#[derive(Clone, Debug, Default)]
struct Choices {
    /// In the keys of every access.
    keys: FxHashMap<Ustr, Vec<Origin>>,
    /// In the keys of what is only read: a record that is changed by its own number was looked up by them.
    looked_up: FxHashMap<Ustr, Vec<Origin>>,
}

impl Choices {
    fn of(entry: &EntryPoint) -> Choices {
        let mut choices = Choices::default();
        for (_, access) in accesses(entry) {
            let origins = access.key.iter().flat_map(|field| field.value.origins());
            for origin in origins.filter(|origin| is_chosen(origin)) {
                add_once(choices.keys.entry(access.asset).or_default(), origin);
                if access.operation == Operation::Read {
                    add_once(choices.looked_up.entry(access.asset).or_default(), origin);
                }
            }
        }
        choices
    }

    /// Returns the parts of a value that the client sends and that records of the asset are found by.
    fn within(&self, asset: Ustr, provenance: &Provenance) -> Vec<Origin> {
        let Some(keys) = self.keys.get(&asset) else {
            return Vec::new();
        };
        let origins = provenance.origins().iter();
        origins.filter(|it| keys.contains(it)).cloned().collect()
    }

    /// Returns what the client chooses the records of the access by.
    fn of_access(&self, access: &Access) -> Vec<Origin> {
        let is_write = access.operation != Operation::Read;
        let mut own = Vec::new();
        for field in &access.key {
            if is_write && is_found_by_itself(access, field) {
                let looked_up = self.looked_up.get(&access.asset).into_iter().flatten();
                looked_up.for_each(|origin| add_once(&mut own, origin));
            } else {
                own.extend(self.within(access.asset, &field.value));
                self.of_others(access.asset, &field.value)
                    .for_each(|origin| add_once(&mut own, origin));
            }
        }
        own
    }

    /// Returns what the client chose the other records by that this value is of: whoever follows what a record refers to
    /// chooses by that record.
    fn of_others<'c>(
        &'c self,
        asset: Ustr,
        value: &'c Provenance,
    ) -> impl Iterator<Item = &'c Origin> {
        let others = value
            .origins()
            .iter()
            .filter_map(move |origin| match origin {
                Origin::Record {
                    asset: other,
                    of_principal: false,
                    ..
                } if *other != asset => self.keys.get(other),
                _ => None,
            });
        others.flatten()
    }
}

fn add_once(known: &mut Vec<Origin>, origin: &Origin) {
    if !known.contains(origin) {
        known.push(origin.clone());
    }
}

/// Returns what the checks before `effect` have tied to the caller.
pub fn ties(entry: &EntryPoint, effect: &Effect) -> Arc<Ties> {
    let mut own = KnownTies::default();
    entry.memory.ask(&mut own, |known| known.of(entry, effect))
}

/// What a value says of records and of what is sent, read once: it is held against many others.
#[derive(Clone, Debug, Default)]
struct Told {
    /// Assets, each with what the client chose the record by, and whether it is another's than the caller's.
    records: Vec<(Ustr, Vec<Origin>, bool)>,
    sent: Vec<Origin>,
}

impl Told {
    fn of(provenance: &Provenance, choices: &Choices) -> Told {
        let mut told = Told::default();
        for origin in provenance.origins() {
            if let Origin::Record {
                asset,
                of_principal,
                ..
            } = origin
            {
                let known = told.records.iter_mut().find(|(known, ..)| known == asset);
                match known {
                    Some((_, _, is_other)) => *is_other |= !of_principal,
                    None => {
                        let mut within = choices.within(*asset, provenance);
                        if within.is_empty() {
                            within = choices.keys.get(asset).cloned().unwrap_or_default();
                        }
                        told.records.push((*asset, within, !of_principal));
                    }
                }
            } else if is_chosen(origin) {
                add_once(&mut told.sent, origin);
            }
        }
        told
    }
}

/// What a check examines.
#[derive(Debug)]
struct Examined {
    told: Told,
    is_principal: bool,
    /// The accesses by what is the caller's whose records the check examines.
    linked: Vec<usize>,
}

impl Examined {
    /// Reads a check; `own` are the numbers of the accesses by what is the caller's, by asset.
    fn of(
        entry: &EntryPoint,
        check: &Check,
        choices: &Choices,
        own: &FxHashMap<Ustr, Vec<usize>>,
        joins: &Joins,
    ) -> Option<Examined> {
        let provenance = bound(entry, check, joins)?;
        let is_principal = is_principal(&provenance);
        let mut linked = Vec::new();
        if is_principal {
            let mut assets: Vec<Ustr> = Vec::new();
            for origin in provenance.origins() {
                if let Origin::Record { asset, .. } = origin
                    && !assets.contains(asset)
                {
                    assets.push(*asset);
                    linked.extend(own.get(asset).into_iter().flatten());
                }
            }
            linked.sort_unstable();
        }
        let mut told = Told::of(&provenance, choices);
        if check.kind == CheckKind::Presence {
            told.records.iter_mut().for_each(|(asset, _, is_other)| {
                *is_other &= !is_callers_record(&provenance, *asset);
            });
        }
        Some(Examined {
            told,
            is_principal,
            linked,
        })
    }
}

/// Holds if it is the record of the caller himself that may be there. What else of its kind stands beside it came
/// through something unknown, as where a connection may have been replaced: that somebody is there ties nobody else.
fn is_callers_record(provenance: &Provenance, asset: Ustr) -> bool {
    provenance.origins().iter().any(|origin| {
        matches!(origin, Origin::Record { asset: own, field, of_principal: true }
            if *own == asset && field.is_empty())
    })
}

/// Returns the numbers of the accesses by what is the caller's, by asset.
fn own_accesses(entry: &EntryPoint) -> FxHashMap<Ustr, Vec<usize>> {
    let mut own: FxHashMap<Ustr, Vec<usize>> = FxHashMap::default();
    for (number, (_, access)) in accesses(entry).enumerate() {
        if access.key.iter().any(|it| is_principal(&it.value)) {
            own.entry(access.asset).or_default().push(number);
        }
    }
    own
}

/// What an entry point finds records by, access by access.
#[derive(Debug, Default)]
struct Found {
    accesses: Vec<(Ustr, Vec<Told>, Vec<Origin>)>,
}

impl Found {
    fn of(entry: &EntryPoint, choices: &Choices) -> Found {
        let found = accesses(entry).map(|(_, access)| {
            let keys = access.key.iter();
            let keys = keys.map(|field| Told::of(&field.value, choices));
            (access.asset, keys.collect(), choices.of_access(access))
        });
        Found {
            accesses: found.collect(),
        }
    }
}

/// Returns what everybody who has passed the check was held against.
fn bound(entry: &EntryPoint, check: &Check, joins: &Joins) -> Option<Provenance> {
    // That all parts of a request have the right shape says nothing of what one has to do with another.
    let is_of_shape = check.kind == CheckKind::Shape && !check.is_alternative;
    if is_of_shape
        || is_of_another(check)
        || has_open_way(entry, check)
        || has_group_apart(entry, check)
    {
        return None;
    }
    let ranks = ranks_within(entry, check);
    if ranks.is_empty() {
        return Some(joins.left_out_of(check));
    }
    let examined = ranks.iter().flat_map(|part| &part.operands);
    Some(examined.fold(Provenance::default(), |all, operand| all.union(operand)))
}

/// Holds if a check before the effect has found that the record is not the caller's: as where nobody buys what he
/// sells, or where somebody has written `===` for `!==`.
pub fn is_only_for_others(entry: &EntryPoint, effect: &Effect, asset: Ustr) -> bool {
    entry.checks_of(effect).any(|check| {
        is_of_another(check) && check.provenance().record_fields(asset).next().is_some()
    })
}

/// Returns what these checks, given by what they examine, have tied to the caller. What has been added is not looked
/// at again: it says the same each time.
fn ties_of(found: &Found, checked: &[&Examined], choices: Arc<Choices>) -> Ties {
    let mut ties = Ties {
        choices,
        ..Ties::default()
    };
    let mut is_added = vec![false; checked.len()];
    let mut is_found = vec![false; found.accesses.len()];
    for (examined, is_added) in checked.iter().zip(&mut is_added) {
        if examined.is_principal {
            *is_added = true;
            ties.add(&examined.told);
            for number in &examined.linked {
                if !std::mem::replace(&mut is_found[*number], true) {
                    let (_, keys, _) = &found.accesses[*number];
                    keys.iter().for_each(|told| ties.add(told));
                }
            }
        }
    }
    loop {
        let mut has_grown = false;
        for (examined, is_added) in checked.iter().zip(&mut is_added) {
            if !*is_added && ties.knows(&examined.told) {
                *is_added = true;
                has_grown = true;
                ties.add(&examined.told);
            }
        }
        for ((asset, keys, own), is_found) in found.accesses.iter().zip(&mut is_found) {
            if !*is_found && ties.holds_chosen(*asset, own) {
                *is_found = true;
                has_grown = true;
                keys.iter().for_each(|told| ties.add(told));
            }
        }
        if !has_grown {
            return ties;
        }
    }
}

/// The ties of the effects of one entry point, each worked out once: every access is held against every answer.
#[derive(Debug, Default)]
pub(super) struct KnownTies {
    examined: Vec<Option<Examined>>,
    choices: Arc<Choices>,
    found: Found,
    /// By the numbers of the checks, since many effects are behind the same ones.
    known: FxHashMap<Vec<CheckId>, Arc<Ties>>,
}

impl KnownTies {
    /// Returns what the checks of `entry` before `effect` have tied to the caller.
    pub(super) fn of(&mut self, entry: &EntryPoint, effect: &Effect) -> Arc<Ties> {
        if let Some(known) = self.known.get(&effect.checks) {
            return Arc::clone(known);
        }
        if self.known.is_empty() {
            self.choices = Arc::new(Choices::of(entry));
            let checks = entry.checks.iter();
            let own = own_accesses(entry);
            let joins = Joins::of(entry);
            let examined =
                checks.map(|check| Examined::of(entry, check, &self.choices, &own, &joins));
            self.examined = examined.collect();
            self.found = Found::of(entry, &self.choices);
        }
        let checks = effect.checks.iter();
        let checked: Vec<_> = checks
            .filter_map(|id| self.examined[id.0 as usize].as_ref())
            .collect();
        let ties = Arc::new(ties_of(&self.found, &checked, self.choices.clone()));
        self.known.insert(effect.checks.clone(), Arc::clone(&ties));
        ties
    }

    /// Holds if the caller is part of the key of the access, or tied to its records by the checks before `use_of`.
    pub(super) fn scopes(&mut self, entry: &EntryPoint, access: &Access, use_of: &Effect) -> bool {
        let own = |field: &Field| is_principal(&field.value) && !is_for_readers(access, field);
        access.key.iter().any(own) || {
            let ties = self.of(entry, use_of);
            ties.holds(access)
                || key_of(entry, access).iter().any(|field| {
                    let is_asked = !is_measure(field) && !is_left_out(field);
                    own(field) || (is_asked && ties.touches(&field.value))
                })
        }
    }
}

/// Holds if the field lets others at what they may only read: what is open to everybody is nobody's to change.
fn is_for_readers(access: &Access, field: &Field) -> bool {
    access.operation.is_write() && field.operator == OR_OPEN
}

/// Holds if the field of the key asks how much there is: that somebody has enough for what is the caller's says nothing
/// of who that is.
fn is_measure(field: &Field) -> bool {
    matches!(field.operator, "<" | "<=" | ">" | ">=")
}

/// Holds if the client chooses whether this part of the path is asked for at all.
fn is_left_out(field: &Field) -> bool {
    let mut origins = field.value.origins().iter();
    field.operator == OR && origins.all(|it| matches!(it, Origin::Request(RequestPart::Path, _)))
}

/// What was worked out of an entry point for one rule and is asked for by others. It keeps nothing before the entry
/// point is finished, since what was worked out of a part would be wrong of the whole.
#[derive(Debug, Default)]
pub struct Memory(Option<Mutex<KnownTies>>);

impl Memory {
    /// Returns a memory that keeps things, for an entry point that changes no more.
    pub(crate) fn open() -> Memory {
        Memory(Some(Mutex::default()))
    }

    /// Asks what is kept; what is not kept is worked out in `own`.
    pub(super) fn ask<T>(
        &self,
        own: &mut KnownTies,
        question: impl FnOnce(&mut KnownTies) -> T,
    ) -> T {
        match &self.0 {
            Some(kept) => question(&mut kept.lock().unwrap_or_else(PoisonError::into_inner)),
            None => question(own),
        }
    }
}

/// A copy may be changed: it begins with nothing.
impl Clone for Memory {
    fn clone(&self) -> Memory {
        Memory::default()
    }
}

impl Ties {
    fn add(&mut self, told: &Told) {
        for (asset, choices, is_other) in &told.records {
            if *is_other {
                self.add_asset(*asset, choices.clone());
            }
        }
        told.sent
            .iter()
            .for_each(|origin| add_once(&mut self.sent, origin));
    }

    fn add_asset(&mut self, asset: Ustr, choices: Vec<Origin>) {
        let Some((_, known)) = self.assets.iter_mut().find(|(known, _)| *known == asset) else {
            self.assets.push((asset, choices));
            return;
        };
        if known.is_empty() || choices.is_empty() {
            known.clear();
            return;
        }
        for choice in choices {
            if !known.contains(&choice) {
                known.push(choice);
            }
        }
    }

    /// Holds if the records of the access were tied to the caller, and not others of the same kind.
    pub fn holds(&self, access: &Access) -> bool {
        self.holds_chosen(access.asset, &self.choices.of_access(access))
    }

    fn holds_chosen(&self, asset: Ustr, own: &[Origin]) -> bool {
        let mut assets = self.assets.iter();
        assets.any(|(known, choices)| {
            *known == asset
                && (choices.is_empty()
                    || own.is_empty()
                    || own.iter().any(|choice| choices.contains(choice)))
        })
    }

    /// Holds if the value is something that was tied to the caller.
    pub fn touches(&self, provenance: &Provenance) -> bool {
        self.knows(&Told::of(provenance, &self.choices))
    }

    fn knows(&self, told: &Told) -> bool {
        let mut records = told.records.iter();
        records.any(|(asset, choices, _)| self.holds_chosen(*asset, choices))
            || told.sent.iter().any(|origin| self.sent.contains(origin))
    }
}
