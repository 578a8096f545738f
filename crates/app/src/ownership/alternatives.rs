//! Checks that leave a way past the question whether a record is the caller's: for another group, for whoever says a
//! word of his own, or for everybody but the owner.

use ustr::Ustr;

use super::is_chosen;
use crate::query::{accesses, is_principal};
use crate::{Check, CheckKind, EntryPoint, Field, Operation, Origin, Provenance, RequestPart};

/// Returns the ways past the check that ask for no more than what the caller is within a group that the request names:
/// `mine or member.role == "owner"` says nothing of records of other groups.
pub(super) fn ranks_within<'c>(entry: &EntryPoint, check: &'c Check) -> Vec<&'c Check> {
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

/// Holds if one part of the check holds the caller against a record that one part of the request names, and another
/// part against a record that another part of the request names: `mine or group.host == me` says nothing of records
/// of other groups, unless it was asked whether the one goes with the other.
pub(super) fn has_group_apart(entry: &EntryPoint, check: &Check) -> bool {
    if !check.is_alternative || check.alternatives.len() > 3 {
        return false;
    }
    let held: Vec<Ustr> = check
        .alternatives
        .iter()
        .filter(|part| part.kind == CheckKind::Equality && part.outcome)
        .filter_map(|part| match held_against_caller(part).as_slice() {
            [only] => Some(*only),
            _ => None,
        })
        .collect();
    let [one, other] = held.as_slice() else {
        return false;
    };
    let (Some(own), Some(others)) = (words_of(entry, *one), words_of(entry, *other)) else {
        return false;
    };
    let tells = |part: &Check, asset: Ustr, words: &[Origin]| {
        let mut origins = part.operands.iter().flat_map(Provenance::origins);
        origins.any(|origin| match origin {
            Origin::Record {
                asset: told, field, ..
            } => *told == asset && !field.is_empty(),
            _ => words.contains(origin),
        })
    };
    let is_linked = || {
        let mut checks = entry.checks.iter().filter(|it| it.refusal.is_some());
        checks
            .any(|it| it.span != check.span && tells(it, *one, &own) && tells(it, *other, &others))
    };
    one != other && !own.iter().any(|word| others.contains(word)) && !is_linked()
}

/// The parts of the path by which the one record of the asset that is looked up is found, if nothing else finds it.
fn words_of(entry: &EntryPoint, asset: Ustr) -> Option<Vec<Origin>> {
    let mut looked_up = accesses(entry)
        .filter(|(_, access)| access.asset == asset && access.operation == Operation::Read);
    // Several look-ups of one asset are not told apart.
    let (Some((_, access)), None) = (looked_up.next(), looked_up.next()) else {
        return None;
    };
    let words = access.key.iter().flat_map(|field| field.value.origins());
    let is_word = |it: &Origin| matches!(it, Origin::Request(RequestPart::Path, _));
    let words: Vec<Origin> = words.cloned().collect();
    (!words.is_empty() && words.iter().all(is_word)).then_some(words)
}

/// The assets of which a field is compared with what is the caller's.
fn held_against_caller(part: &Check) -> Vec<Ustr> {
    let mut assets = Vec::new();
    if part.operands.iter().any(is_principal) {
        for origin in part.operands.iter().flat_map(Provenance::origins) {
            if let Origin::Record {
                asset,
                field,
                of_principal: false,
            } = origin
                && !field.is_empty()
                && !assets.contains(asset)
            {
                assets.push(*asset);
            }
        }
    }
    assets
}

/// Holds if the check has found that a record is *not* the caller's, or not the caller's own account.
pub(super) fn is_of_another(check: &Check) -> bool {
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
    let is_whole = |value: &Provenance| {
        let mut origins = value.origins().iter();
        !value.is_empty()
            && origins.all(|it| matches!(it, Origin::Record { field, .. } if field.is_empty()))
    };
    let are_accounts = is_whole(one) && is_whole(other);
    if are_accounts && is_principal(one) != is_principal(other) {
        return true;
    }
    (is_field(one) && is_principal(other)) || (is_field(other) && is_principal(one))
}

/// Holds if the client passes the check by a word of its own, whatever the other parts ask: `!strict || is_mine`.
/// What names a record, or is asked for in another part too, is no such word.
pub(super) fn has_open_way(entry: &EntryPoint, check: &Check) -> bool {
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
