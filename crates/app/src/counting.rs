//! Attempts that an application counts in a store of its own.
//!
//! A limit is two things together: a stored number that grows, and a check that refuses by that number. Either alone
//! is none: a number that nobody asks for stops nobody, and a number that only keeps the step of the last code counts
//! nothing.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::query::{accesses, account_assets, all_accesses_of_asset};
use crate::{
    Access, AssetKind, Check, CheckKind, Field, Map, Operation, Origin, Provenance, RequestPart,
};

/// How many fields say what is counted: an address, and what it was tried with.
const NAMES: usize = 2;

/// What some accesses count in, read once: many checks are held against it.
#[derive(Debug, Default)]
pub struct Counts {
    /// The assets of which records are made.
    made: FxHashSet<Ustr>,
    /// The assets in which a number grows.
    counted: FxHashSet<Ustr>,
    /// The fields that are written, with their assets.
    written: FxHashSet<(Ustr, Ustr)>,
    /// The assets that follow the clock.
    timed: FxHashSet<Ustr>,
}

impl Counts {
    /// Returns what these accesses count in.
    pub fn of<'a>(accesses: impl IntoIterator<Item = &'a Access>) -> Counts {
        let mut known = Counts::default();
        for access in accesses {
            let asset = access.asset;
            if access.operation == Operation::Create {
                known.made.insert(asset);
            }
            if counts(access) {
                known.counted.insert(asset);
            }
            if access.operation.is_write() {
                let fields = access.values.iter();
                known.written.extend(fields.map(|it| (asset, it.name)));
            }
            if access.key.iter().chain(&access.values).any(is_of_time) {
                known.timed.insert(asset);
            }
        }
        known
    }
}

/// Returns the assets whose records are nothing but counts of attempts: each says what is counted, how often, and
/// until when. Such a record is nobody's.
pub fn tallies(map: &Map) -> &BTreeSet<Ustr> {
    map.facts.tallies.get_or_init(|| find_tallies(map))
}

fn find_tallies(map: &Map) -> BTreeSet<Ustr> {
    let accounts = account_assets(map);
    let mut found = BTreeSet::new();
    for entry in &map.entry_points {
        let all = Counts::of(accesses(entry).map(|(_, access)| access));
        for check in entry.checks.iter().filter(|check| limits_rate(check, &all)) {
            found.extend(check.operands.iter().filter_map(asset_of));
        }
    }
    found.retain(|asset| !accounts.contains(asset) && is_tally(map, *asset));
    found
}

fn is_tally(map: &Map, asset: Ustr) -> bool {
    let mut names: BTreeSet<Ustr> = BTreeSet::new();
    for (_, _, access) in all_accesses_of_asset(map, asset) {
        let is_number = |field: &Field| {
            field.operator != "="
                || is_of_time(field)
                || field.value.record_fields(asset).next().is_some()
                || field
                    .value
                    .literal()
                    .is_some_and(|text| text == "null" || text.parse::<f64>().is_ok())
        };
        names.extend(
            access
                .values
                .iter()
                .filter(|it| !is_number(it))
                .map(|it| it.name),
        );
        if !access.spread.is_empty() {
            return false;
        }
    }
    names.len() <= NAMES
}

/// Holds if the check asks for a number that accesses count in: a field of a record that they make larger, one
/// beside it that they write, or the number of records, of which they make one more.
pub fn asks_for_count(check: &Check, known: &Counts) -> bool {
    // That there is no record, or that its time is over, are two questions, and neither asks for a number.
    if check.is_alternative {
        let mut parts = check.alternatives.iter();
        return parts.any(|part| asks_for_count(part, known));
    }
    let is_bound = matches!(check.kind, CheckKind::Bound | CheckKind::Attempts);
    // Whether something is locked is asked of one field: what was asked with others, part by part, is no such question.
    let is_lock = check.kind == CheckKind::Presence && check.operands.len() == 1;
    if !is_bound && !is_lock {
        return false;
    }
    let mut examined = check.operands.iter().flat_map(Provenance::origins);
    examined.any(|origin| {
        let Origin::Record { asset, field, .. } = origin else {
            return false;
        };
        is_bound && field.is_empty() && known.made.contains(asset)
            || known.counted.contains(asset) && known.written.contains(&(*asset, *field))
    })
}

/// Holds if refusing by the check limits how often something may be done: it asks for a count, holds it against a
/// bound that stands in the program, and time makes room again. What is counted without time is a stock or a quota.
pub fn limits_rate(check: &Check, known: &Counts) -> bool {
    if check.is_alternative {
        let mut parts = check.alternatives.iter();
        return parts.any(|part| limits_rate(part, known));
    }
    let is_of_program = |value: &Provenance| {
        let mut origins = value.origins().iter();
        let is_own = |origin: &Origin| {
            matches!(
                origin,
                Origin::Literal(_) | Origin::Environment { .. } | Origin::Clock
            )
        };
        !value.is_empty() && origins.all(is_own)
    };
    let mut assets = check.operands.iter().filter_map(asset_of);
    check.kind == CheckKind::Bound
        && asks_for_count(check, known)
        && check.operands.iter().any(is_of_program)
        && assets.any(|asset| known.timed.contains(&asset))
}

fn asset_of(value: &Provenance) -> Option<ustr::Ustr> {
    value.origins().iter().find_map(|origin| match origin {
        Origin::Record { asset, .. } => Some(*asset),
        _ => None,
    })
}

/// Holds if the field follows the clock, or says when a store forgets the record.
fn is_of_time(field: &Field) -> bool {
    field.name == "expires" || field.value.origins().contains(&Origin::Clock)
}

/// Holds if a write only notes how often, or when, somebody came from an address: it is no work that is done for whoever
/// comes, and says nothing that he chose.
pub fn notes_visit(access: &Access) -> bool {
    let fields = || access.key.iter().chain(&access.values);
    let is_noted = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Address, _) | Origin::Clock | Origin::Literal(_) => true,
        Origin::Record { asset, .. } => *asset == access.asset,
        _ => false,
    };
    let is_address = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Address, _));
    let mut all = fields().flat_map(|field| field.value.origins());
    access.operation != Operation::Delete
        && access.spread.is_empty()
        && all.clone().any(is_address)
        && all.all(is_noted)
}

/// Holds if a stored number is made larger: a field is set to what it was, and something.
pub fn counts(access: &Access) -> bool {
    let is_own = |value: &Field| {
        value.value.origins().iter().any(|origin| {
            matches!(origin, Origin::Record { asset, field, .. } if *asset == access.asset && *field == value.name)
        })
    };
    // A record that is made, or counted up where it is there already, is a count as well; one that takes over what
    // another of its kind had is none.
    let begins = |value: &Field| {
        let mut same = access.values.iter().filter(|it| it.name == value.name);
        same.any(|it| {
            let mut origins = it.value.origins().iter();
            origins.any(
                |origin| matches!(origin, Origin::Literal(text) if text.parse::<f64>().is_ok()),
            )
        })
    };
    let grows = |value: &Field| {
        value.operator == "+="
            || is_own(value) && (access.operation == Operation::Update || begins(value))
    };
    matches!(access.operation, Operation::Update | Operation::Create)
        && access.values.iter().any(grows)
}

/// Holds if it counts in a key-value store how often something was named, or for how long that is remembered: a counter
/// is there for whatever is named, and finds nothing.
pub(crate) fn only_counts(map: &Map, access: &Access) -> bool {
    let is_store = map
        .asset(access.asset)
        .is_some_and(|asset| asset.kind == AssetKind::KeyValue);
    let counts = |field: &Field| field.operator == "+=" || field.name == "expires";
    is_store
        && access.operation == Operation::Update
        && !access.values.is_empty()
        && access.values.iter().all(counts)
}
