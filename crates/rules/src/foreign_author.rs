//! Records of a group that say who wrote them, and that whoever may write one changes or deletes: shared by the rules
//! about owners and about messages.
//!
//! That the caller is in the group says nothing of whose the record is. A name is weak evidence: it counts where the
//! application asks elsewhere, of the writer or of somebody with a higher rank.

use std::collections::BTreeSet;

use firedoor_app::ownership::is_for_higher_rank;
use firedoor_app::{
    Access, Check, Control, Effect, EntryPoint, Field, LayerKind, Map, Operation, Origin,
    Provenance, Transport, lookups, query, user_control,
};
use ustr::Ustr;

use crate::demands::{Demand, Demands, Level};

/// A change of what somebody else wrote.
pub struct ForeignAuthor<'m> {
    /// The change.
    pub effect: &'m Effect,
    /// The asset.
    pub asset: Ustr,
    /// The field that says who wrote it.
    pub field: Ustr,
    /// An entry point that asks; `None` if there is none, and it is deleted.
    pub other: Option<&'m EntryPoint>,
    /// Where such records are made, each with who has written it.
    pub made: &'m Effect,
}

impl ForeignAuthor<'_> {
    /// Returns the end of a sentence that says who asks.
    pub fn asked(&self) -> String {
        match self.other {
            Some(other) => format!("; `{}` asks", other.id()),
            None => String::new(),
        }
    }
}

/// Returns the first such change of an entry point.
pub fn foreign_author<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<ForeignAuthor<'m>> {
    let accounts = query::account_assets(map);
    query::handler_accesses(entry).find_map(|(effect, access)| {
        if !is_change_of_named(entry, access) || accounts.contains(&access.asset) {
            return None;
        }
        let made = Making::of(map, access.asset)?;
        let own = Demands::of(entry, effect, &accounts);
        let (maker, making) = *made.all.first()?;
        // A guard that nobody passes who only writes is one of an office.
        let is_of_office =
            asks_by_layer(entry) && is_for_higher_rank(entry, std::iter::once(maker));
        if is_of_office || is_own_elsewhere(entry, effect, access, made.field) {
            return None;
        }
        // There may be several doors at which such a record is made.
        let is_for_writers = made.all.iter().any(|(maker, making)| {
            let beyond = Demands::beyond(entry, effect, (maker, making), &accounts);
            beyond.are_met_by(&Demands::of(maker, making, &accounts))
        });
        if !is_for_writers
            || holds_against(entry, access.asset, made.field)
            || is_found_as_own(entry, effect, access, made.field)
        {
            return None;
        }
        // What is asked of whoever writes one is no rank: that nobody has shut him out. An office is.
        let has_rank = is_for_office(map, &own)
            || asks_rank(entry, effect, &accounts) && !asks_rank(maker, making, &accounts);
        let other = map
            .entry_points
            .iter()
            .filter(|other| !std::ptr::eq(*other, entry))
            .find(|other| {
                asks_writer(other, access, made.field)
                    || !has_rank
                        && asks_rank_beyond(other, (entry, effect), access, &own, &accounts)
            });
        // To delete what somebody has said is up to him, whoever else may.
        if other.is_none() && (has_rank || !is_deletion(access)) {
            return None;
        }
        Some(ForeignAuthor {
            effect,
            asset: access.asset,
            field: made.field,
            other,
            made: making,
        })
    })
}

/// A layer before the handler asks what the caller may do.
fn asks_by_layer(entry: &EntryPoint) -> bool {
    let mut guards = query::guards(entry, Control::Authorization);
    guards.any(|layer| {
        layer.kind == LayerKind::Layer && !layer.controls.contains(&Control::Ownership)
    })
}

/// Holds if the handler does the same to the caller's own records alone where it does not do this: what decides is not
/// said by the client, so that somebody has thought of who may do it to those of others.
fn is_own_elsewhere(entry: &EntryPoint, effect: &Effect, access: &Access, field: Ustr) -> bool {
    query::handler_accesses(entry).any(|(other, own)| {
        let mut keys = own.key.iter();
        let mut deciding = entry
            .checks_of(effect)
            .filter(|check| !entry.checks_of(other).any(|it| std::ptr::eq(it, *check)));
        own.asset == access.asset
            && own.operation == access.operation
            && keys.any(|it| it.name == field && query::is_principal(&it.value))
            // One statement that was put together in two ways is sent in one of them.
            && (effect.span == other.span || query::are_exclusive(entry, effect, other))
            && deciding.all(|check| {
                let decided = check.provenance();
                !check.operands.iter().any(Provenance::is_from_client)
                    && (query::is_principal(&decided) || !decided.is_from_client())
            })
    })
}

/// The record is deleted, or marked as deleted.
fn is_deletion(access: &Access) -> bool {
    let is_mark = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("delet") || name.contains("remov") || name.contains("retract")
    };
    let mut values = access.values.iter();
    access.operation == Operation::Delete
        || access.operation == Operation::Update && values.any(|field| is_mark(&field.name))
}

/// One record, which the client names by nothing else than its number: here, or where it was found before.
fn is_change_of_named(entry: &EntryPoint, access: &Access) -> bool {
    let mut sent = access.values.iter();
    let is_change = match access.operation {
        Operation::Delete => true,
        Operation::Update => {
            let is_sent = |field: &Field| field.operator == "=" && field.value.is_from_client();
            sent.any(is_sent) || is_deletion(access)
        }
        _ => false,
    };
    let is_number = |field: &Field| {
        lookups::is_identifier(&field.name) && field.operator == "=" && field.value.is_from_client()
    };
    let is_found = |field: &Field| {
        lookups::is_identifier(&field.name)
            && field.operator == "="
            && field
                .value
                .record_fields(access.asset)
                .any(|name| name == field.name)
            && query::handler_accesses(entry).any(|(_, found)| {
                found.asset == access.asset
                    && found.operation == Operation::Read
                    && found.key.iter().any(is_number)
                    && !found.key.iter().any(|it| query::is_principal(&it.value))
            })
    };
    let mut keys = access.key.iter();
    is_change
        && keys.any(|field| is_number(field) || is_found(field))
        && !access
            .key
            .iter()
            .any(|field| query::is_principal(&field.value))
}

/// How records of an asset are made: by whom, as a field says in all of them.
struct Making<'m> {
    field: Ustr,
    all: Vec<(&'m EntryPoint, &'m Effect)>,
}

impl<'m> Making<'m> {
    fn of(map: &'m Map, asset: Ustr) -> Option<Making<'m>> {
        let makings = query::with_users(map).flat_map(|entry| {
            query::handler_accesses(entry)
                .filter(|(_, access)| access.asset == asset)
                .filter(|(_, access)| access.operation == Operation::Create)
                .map(move |(effect, access)| (entry, effect, access))
        });
        let makings: Vec<(&EntryPoint, &Effect, &Access)> = makings.collect();
        let (entry, _, access) = *makings.first()?;
        let is_caller = |access: &Access, name: Ustr| {
            let mut values = access.values.iter().filter(|it| it.name == name);
            values.any(|it| query::is_principal(&it.value) && !it.value.is_from_client())
        };
        let mut names = access.values.iter().map(|field| field.name);
        let is_said = entry.transport == Transport::WebSocket && says_something(access);
        let field = names.find(|name| {
            (is_writer(name) || is_said && is_user(name)) && is_caller(access, *name)
        })?;
        let mut accesses = makings.iter().map(|(.., access)| access);
        accesses
            .all(|access| is_caller(access, field))
            .then(|| Making {
                field,
                all: makings
                    .iter()
                    .map(|(entry, effect, _)| (*entry, *effect))
                    .collect(),
            })
    }
}

/// Who has put something there notes it for others; who has said something is the one who said it.
fn is_writer(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = ["author", "sender", "writer", "poster"].iter();
    words.any(|word| name.starts_with(word))
}

/// Of what is said in a conversation, whoever is named has said it.
fn is_user(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "");
    matches!(name.as_str(), "user" | "userid" | "from" | "fromid")
}

fn says_something(access: &Access) -> bool {
    let is_text = |name: &str| matches!(name, "text" | "body" | "content" | "message");
    let mut values = access.values.iter();
    values.any(|field| is_text(&field.name) && field.value.is_from_client())
}

/// Holds if a refusing check compares the field of the record with the caller.
fn holds_against(entry: &EntryPoint, asset: Ustr, field: Ustr) -> bool {
    let tells = |value: &Provenance| {
        value.record_fields(asset).any(|found| found == field)
            || value
                .record_fields(asset)
                .any(|found| found.starts_with(&format!("{field}.")))
    };
    entry.checks.iter().any(|check| {
        let provenance = check.provenance();
        check.refusal.is_some() && tells(&provenance) && query::is_principal(&provenance)
    })
}

/// Holds if the record was looked for by its number and by who wrote it before, and whoever finds none is refused:
/// `where: { id, author: { id: me } }`.
fn is_found_as_own(entry: &EntryPoint, effect: &Effect, access: &Access, field: Ustr) -> bool {
    let relation = field
        .strip_suffix("_id")
        .or_else(|| field.strip_suffix("Id"))
        .unwrap_or(&field);
    let names_writer = |key: &Field| {
        let first = key.name.split('.').next();
        let is_writer = key.name == field || key.name.contains('.') && first == Some(relation);
        is_writer && key.operator == "=" && query::is_principal(&key.value)
    };
    let is_same = |key: &Field| {
        let mut own = access.key.iter();
        own.any(|own| own.name == key.name && own.value == key.value)
    };
    let is_own = query::handler_accesses(entry).any(|(_, found)| {
        found.asset == access.asset
            && found.operation == Operation::Read
            && found.key.iter().any(is_same)
            && found.key.iter().any(names_writer)
    });
    let mut checks = entry.checks_of(effect);
    is_own
        && checks.any(|check| {
            let examined = check.provenance();
            let mut found = examined.record_fields(access.asset);
            check.refusal.is_some() && found.next().is_some()
        })
}

/// Returns the changes and deletions of such records by another entry point.
fn changes(other: &EntryPoint, asset: Ustr) -> impl Iterator<Item = (&Effect, &Access)> {
    query::handler_accesses(other).filter(move |(_, access)| {
        let is_change = matches!(access.operation, Operation::Update | Operation::Delete);
        access.asset == asset && is_change
    })
}

/// Holds if another entry point that changes or deletes such records asks who wrote it.
fn asks_writer(other: &EntryPoint, own: &Access, field: Ustr) -> bool {
    changes(other, own.asset).any(|(_, access)| {
        let mut keys = access.key.iter();
        keys.any(|it| it.name == field && query::is_principal(&it.value))
            || holds_against(other, own.asset, field)
    })
}

/// Holds if another entry point that changes or deletes such records asks for a rank beyond what is asked here.
fn asks_rank_beyond(
    other: &EntryPoint,
    here: (&EntryPoint, &Effect),
    own: &Access,
    demands: &Demands,
    accounts: &[Ustr],
) -> bool {
    changes(other, own.asset).any(|(effect, _)| {
        asks_rank(other, effect, accounts)
            && !Demands::beyond(other, effect, here, accounts).are_met_by(demands)
    })
}

/// Holds if one rank is asked for by its name, few of those that there are, or one above the lowest of a scale: what is
/// written in an office is the office's. Most names are whoever may talk.
fn is_for_office(map: &Map, own: &Demands) -> bool {
    let says_whether = |text: &Ustr| matches!(text.as_str(), "true" | "false" | "null" | "0" | "1");
    own.all.iter().any(|demand| match &demand.level {
        Level::OneOf(names) => {
            let is_one = names.len() == 1 || names.len() * 2 <= rank_names(map, demand).len();
            is_one && !names.iter().any(says_whether)
        }
        Level::AtLeast(_) => demand.is_above_lowest(),
        _ => false,
    })
}

/// Returns the names that the same rank is asked for by anywhere.
fn rank_names(map: &Map, wanted: &Demand) -> BTreeSet<Ustr> {
    let checks = map.entry_points.iter().flat_map(|entry| &entry.checks);
    let demands = checks.flat_map(Check::parts).filter_map(Demand::of_part);
    let alike = demands.filter(|it| it.of.iter().any(|subject| wanted.of.contains(subject)));
    let names = alike.filter_map(|demand| match demand.level {
        Level::OneOf(names) => Some(names),
        _ => None,
    });
    names.flatten().collect()
}

/// Holds if a rank is asked for that the caller has in the whole application, and not in one group of it.
fn asks_rank(entry: &EntryPoint, effect: &Effect, accounts: &[Ustr]) -> bool {
    entry.checks_of(effect).any(|check| {
        let provenance = check.provenance();
        let mut own = provenance.origins().iter();
        check.refusal.is_some()
            && user_control(check) == Some(Control::Authorization)
            && own.any(|origin| match origin {
                Origin::Principal(_) => true,
                Origin::Record {
                    asset,
                    of_principal: true,
                    ..
                } => accounts.contains(asset),
                _ => false,
            })
    })
}
