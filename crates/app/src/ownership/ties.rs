//! What checks have tied to the caller: values that he sends, and records that were held against what is his.
//!
//! A check ties nothing if it has found the opposite, or if the client passes it by a word of its own; and a record
//! that was chosen by one part of the request says nothing of one that another part chooses.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use ustr::Ustr;

use super::{is_chosen, is_found_by_itself, key_of};
use crate::query::{accesses, is_principal};
use crate::{
    Access, Check, CheckId, CheckKind, Effect, EntryPoint, Field, Operation, Origin, Provenance,
    RequestPart,
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
            }
        }
        own
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

/// What the client chooses the records of each access by, in the order of the accesses.
fn own_choices(entry: &EntryPoint, choices: &Choices) -> Vec<Vec<Origin>> {
    accesses(entry)
        .map(|(_, access)| choices.of_access(access))
        .collect()
}

/// Returns what everybody who has passed the check was held against.
fn bound(entry: &EntryPoint, check: &Check) -> Option<Provenance> {
    if is_of_another(check) || has_open_way(entry, check) {
        return None;
    }
    let ranks = ranks_within(entry, check);
    if ranks.is_empty() {
        return Some(check.provenance());
    }
    let examined = ranks.iter().flat_map(|part| &part.operands);
    Some(examined.fold(Provenance::default(), |all, operand| all.union(operand)))
}

/// Returns the ways past the check that ask for no more than what the caller is within a group that the request names:
/// `mine or member.role == "owner"` says nothing of records of other groups.
fn ranks_within<'c>(entry: &EntryPoint, check: &'c Check) -> Vec<&'c Check> {
    let is_mine = |part: &Check| {
        let examined = part.provenance();
        let mut origins = examined.origins().iter();
        is_principal(&examined)
            && origins.any(|it| {
                matches!(
                    it,
                    Origin::Record {
                        of_principal: false,
                        ..
                    }
                )
            })
    };
    let parts = &check.alternatives;
    if !check.is_alternative || parts.len() > 3 || !parts.iter().any(is_mine) {
        return Vec::new();
    }
    let is_within = |asset: Ustr| {
        accesses(entry).any(|(_, access)| {
            let is_named = |field: &Field| {
                !is_principal(&field.value) && field.value.is_from(RequestPart::Path)
            };
            access.asset == asset
                && access.operation == Operation::Read
                && access.key.iter().any(|field| is_principal(&field.value))
                && access.key.iter().any(is_named)
        })
    };
    let is_rank = |part: &Check| {
        let mut fields = part.operands.iter().flat_map(Provenance::origins);
        let is_told = |origin: &Origin| match origin {
            Origin::Record {
                asset,
                field,
                of_principal: true,
            } => is_within(*asset) && !crate::lookups::is_identifier(field),
            Origin::Literal(_) => true,
            _ => false,
        };
        matches!(
            part.kind,
            CheckKind::Equality | CheckKind::Bound | CheckKind::Membership
        ) && part.operands.iter().any(|operand| {
            let mut origins = operand.origins().iter();
            origins.any(|it| matches!(it, Origin::Record { field, .. } if !field.is_empty()))
        }) && fields.all(is_told)
    };
    check
        .alternatives
        .iter()
        .filter(|part| is_rank(part))
        .collect()
}

/// Holds if the check has found that a record is *not* the caller's.
fn is_of_another(check: &Check) -> bool {
    if check.kind != CheckKind::Equality || check.outcome || check.is_alternative {
        return false;
    }
    let [one, other] = check.operands.as_slice() else {
        return false;
    };
    let is_field = |value: &Provenance| {
        !is_principal(value)
            && value
                .origins()
                .iter()
                .any(|origin| matches!(origin, Origin::Record { field, .. } if !field.is_empty()))
    };
    (is_field(one) && is_principal(other)) || (is_field(other) && is_principal(one))
}

/// Holds if the client passes the check by a word of its own, whatever the other parts ask: `!strict || is_mine`.
/// What names a record, or is asked for in another part too, is no such word.
fn has_open_way(entry: &EntryPoint, check: &Check) -> bool {
    let sent = |part: &Check| -> Vec<Origin> {
        let origins = part.operands.iter().flat_map(Provenance::origins);
        origins.filter(|it| is_chosen(it)).cloned().collect()
    };
    let mut parts = check.alternatives.iter().enumerate();
    check.is_alternative
        && parts.any(|(number, part)| {
            let words = sent(part);
            let is_free = |word: &Origin| {
                let mut others = check.alternatives.iter().enumerate();
                !others.any(|(other, part)| other != number && sent(part).contains(word))
                    && !accesses(entry).any(|(_, access)| {
                        let mut key = access.key.iter();
                        key.any(|field| field.value.origins().contains(word))
                    })
            };
            let mut origins = part.operands.iter().flat_map(Provenance::origins);
            let is_only_sent =
                origins.all(|origin| is_chosen(origin) || matches!(origin, Origin::Literal(_)));
            is_only_sent && !words.is_empty() && words.iter().all(is_free)
        })
}

/// Holds if a check before the effect has found that the record is not the caller's: as where nobody buys what he
/// sells, or where somebody has written `===` for `!==`.
pub fn is_only_for_others(entry: &EntryPoint, effect: &Effect, asset: Ustr) -> bool {
    entry.checks_of(effect).any(|check| {
        is_of_another(check) && check.provenance().record_fields(asset).next().is_some()
    })
}

/// Returns what these checks, given by what they examine, have tied to the caller.
fn ties_of(
    entry: &EntryPoint,
    checked: &[&Provenance],
    choices: Arc<Choices>,
    own: &[Vec<Origin>],
) -> Ties {
    let mut ties = Ties {
        choices,
        ..Ties::default()
    };
    for provenance in checked.iter().filter(|found| is_principal(found)) {
        ties.add(provenance);
        for (_, access) in accesses(entry) {
            let is_examined = provenance.record_fields(access.asset).next().is_some();
            if is_examined && access.key.iter().any(|field| is_principal(&field.value)) {
                access.key.iter().for_each(|field| ties.add(&field.value));
            }
        }
    }
    loop {
        let before = ties.size();
        for provenance in checked {
            if ties.touches(provenance) {
                ties.add(provenance);
            }
        }
        for ((_, access), own) in accesses(entry).zip(own) {
            if ties.holds_chosen(access.asset, own) {
                access.key.iter().for_each(|field| ties.add(&field.value));
            }
        }
        if before == ties.size() {
            return ties;
        }
    }
}

/// The ties of the effects of one entry point, each worked out once: every access is held against every answer.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownTies {
    examined: Vec<Option<Provenance>>,
    choices: Arc<Choices>,
    own: Vec<Vec<Origin>>,
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
            let checks = entry.checks.iter();
            self.examined = checks.map(|check| bound(entry, check)).collect();
            self.choices = Arc::new(Choices::of(entry));
            self.own = own_choices(entry, &self.choices);
        }
        let checks = effect.checks.iter();
        let checked: Vec<_> = checks
            .filter_map(|id| self.examined[id.0 as usize].as_ref())
            .collect();
        let ties = Arc::new(ties_of(entry, &checked, self.choices.clone(), &self.own));
        self.known.insert(effect.checks.clone(), Arc::clone(&ties));
        ties
    }

    /// Holds if the caller is part of the key of the access, or tied to its records by the checks before `use_of`.
    pub(super) fn scopes(&mut self, entry: &EntryPoint, access: &Access, use_of: &Effect) -> bool {
        access.key.iter().any(|field| is_principal(&field.value)) || {
            let ties = self.of(entry, use_of);
            ties.holds(access)
                || key_of(entry, access)
                    .iter()
                    .any(|field| is_principal(&field.value) || ties.touches(&field.value))
        }
    }
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
    fn add(&mut self, provenance: &Provenance) {
        for origin in provenance.origins() {
            match origin {
                Origin::Record {
                    asset,
                    of_principal: false,
                    ..
                } => self.add_asset(*asset, self.choices.within(*asset, provenance)),
                _ if is_chosen(origin) && !self.sent.contains(origin) => {
                    self.sent.push(origin.clone());
                }
                _ => {}
            }
        }
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

    fn size(&self) -> (usize, usize, usize) {
        let choices = self.assets.iter().map(|(_, choices)| choices.len() + 1);
        let open = self.assets.iter().filter(|(_, it)| it.is_empty()).count();
        (self.sent.len(), choices.sum(), open)
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
        provenance.origins().iter().any(|origin| match origin {
            Origin::Record { asset, .. } => {
                self.holds_chosen(*asset, &self.choices.within(*asset, provenance))
            }
            _ => self.sent.contains(origin),
        })
    }
}
