//! Records that a caller reaches by naming them, and what says that they are somebody's: shared by the rules about
//! objects.

use firedoor_app::ownership::{
    self, Ranks, Usage, Use, all_usages, is_clients_choice, is_for_higher_rank, key_of, makers,
    ties,
};
use firedoor_app::{
    Check, CheckKind, EntryPoint, Field, Map, Operation, Origin, Provenance, RequestPart, counting,
    lookups, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::Confidence;
use crate::browsed::{is_browsed, is_of_open_group};
use crate::copies::is_copy;
use crate::made_anew::{
    is_made_here, is_name_looked_for, is_numbered_here, is_same_place, is_to_log_in,
};
use crate::meant_for_others::is_meant_for_others;
use crate::orders::settlements;
use crate::shop_window::is_opened;
use crate::told_alike::tells_alike;

/// A use of a record that ties it to nobody, with what says that it should.
pub struct Unowned<'m> {
    /// The use.
    pub usage: Usage<'m>,
    /// A place elsewhere that says whose the record is.
    pub example: Example<'m>,
    /// How sure.
    pub confidence: Confidence,
    /// Whether a part of the path was held against the caller, and the record is found by another.
    pub has_checked_parent: bool,
}

/// A place that says whose a record is.
#[derive(Clone, Copy)]
pub struct Example<'m> {
    /// The entry point.
    pub entry: &'m EntryPoint,
    /// The place in it.
    pub span: Span,
    /// Whether the caller becomes the owner there; else the owner is asked for.
    pub is_maker: bool,
    /// What the record belongs to, if it is that whose owner is asked for.
    pub parent: Option<Ustr>,
}

impl Example<'_> {
    /// Returns what the place shows.
    pub fn words(&self, asset: Ustr) -> String {
        let id = self.entry.id();
        match (self.is_maker, self.parent) {
            (true, _) => format!("`{id}` makes the {asset} in the name of the caller"),
            (false, None) => format!("`{id}` asks whose {asset} it is"),
            (false, Some(parent)) => {
                format!("`{id}` asks whose {parent} it is, which the {asset} belongs to")
            }
        }
    }
}

impl Unowned<'_> {
    /// Returns what is done to the record, as a verb.
    pub fn verb(&self) -> &'static str {
        match self.usage.kind {
            Use::Tell => "reads",
            Use::Find => "takes",
            Use::Change => "changes",
            Use::Remove => "deletes",
        }
    }
}

/// Returns the uses of records that the client alone chooses, where the application elsewhere asks whose they are.
pub fn unowned(map: &Map) -> Vec<Unowned<'_>> {
    let usages = all_usages(map);
    let examples = usages.iter().filter(|it| it.is_scoped && is_asked(it));
    let examples: Vec<&Usage<'_>> = examples.collect();
    let mut found = Vec::new();
    let tallies = counting::tallies(map);
    let open = usages
        .iter()
        .filter(|usage| !tallies.contains(&usage.access.asset))
        .filter(|usage| usage.kind != Use::Remove || !is_copy(map, usage.access.asset))
        .filter(|usage| {
            is_by_choice(map, usage) && !is_made_here(usage) && !is_name_looked_for(usage)
        })
        .filter(|usage| !is_to_log_in(usage));
    for usage in open {
        let is_shown = usage.kind == Use::Tell
            && (ownership::is_shared(map, usage.access.asset) || is_opened(map, usage.access));
        if is_shown {
            continue;
        }
        let evidence = Evidence::of(map, &usages, &examples, usage);
        if evidence.asks_for_rights() && is_of_open_group(&usages, usage) {
            continue;
        }
        let example = evidence.example(map, usage);
        let has_checked_parent = has_checked_parent(usage);
        let example = example
            .or_else(|| checked_parent(map, usage).filter(|_| has_checked_parent))
            .or_else(|| owned_parent(map, &usages, usage));
        let Some(example) = example else {
            continue;
        };
        // A rank within the parent says nothing of what lies outside of it.
        if !has_checked_parent
            && is_for_higher_rank(usage.entry, evidence.scoped.iter().map(|other| other.entry))
        {
            continue;
        }
        found.push(Unowned {
            confidence: evidence.confidence(usage, has_checked_parent),
            example,
            has_checked_parent,
            usage: usage.clone(),
        });
    }
    found
}

fn has_checked_parent(usage: &Usage<'_>) -> bool {
    ties(usage.entry, usage.effect)
        .sent
        .iter()
        .any(|origin| matches!(origin, Origin::Request(RequestPart::Path, _)))
}

/// The record is chosen by the client alone, and by something that can be guessed or is known to others.
fn is_by_choice(map: &Map, usage: &Usage<'_>) -> bool {
    let key = key_of(usage.entry, usage.access);
    let chosen = key
        .into_iter()
        .filter(|field| matches!(field.operator, "=" | "in") && is_clients_choice(&field.value));
    let mut is_chosen = false;
    for field in chosen {
        let is_secret = field.value.origins().contains(&Origin::Digest)
            || match is_identifier(&field.name) {
                true => query::is_voucher(map, usage.access.asset),
                false => query::is_random_field(map, usage.access.asset, field.name),
            };
        if is_secret {
            return false;
        }
        is_chosen = true;
    }
    let is_named = is_chosen && !is_browsed(map, usage);
    is_named && !usage.is_scoped && (usage.kind != Use::Find || is_taken_up(map, usage))
}

/// The handler only asks whether the record is there, and then books it to the caller: a car that enters a race, an
/// address that something is sent to.
fn is_taken_up(map: &Map, usage: &Usage<'_>) -> bool {
    let chosen: Vec<&Origin> = usage
        .access
        .key
        .iter()
        .flat_map(|field| field.value.origins())
        .filter(|origin| {
            matches!(
                origin,
                Origin::Request(RequestPart::Body | RequestPart::Message, _)
            )
        })
        .collect();
    let names = |field: &Field| {
        is_identifier(&field.name)
            && field.value.origins().iter().any(|origin| {
                chosen.contains(&origin)
                    || matches!(origin, Origin::Record { asset, field, .. }
                        if *asset == usage.access.asset && is_identifier(field))
            })
    };
    !chosen.is_empty()
        && usage.access.key.len() == 1
        && !query::account_assets(map).contains(&usage.access.asset)
        && query::handler_accesses(usage.entry).any(|(effect, made)| {
            made.operation == Operation::Create
                && made.asset != usage.access.asset
                && made.values.iter().any(names)
                && made
                    .values
                    .iter()
                    .any(|field| query::is_principal(&field.value))
                && !ties(usage.entry, effect).holds(usage.access)
        })
}

/// Holds if the use says whose the record is, and does not only follow what a record of the caller's refers to: the
/// dates that a booking is for are open to whoever may book.
fn is_asked(usage: &Usage<'_>) -> bool {
    let asset = usage.access.asset;
    let is_reference = |field: &Field| {
        let mut origins = field.value.origins().iter();
        !query::is_principal(&field.value)
            && !is_clients_choice(&field.value)
            && origins
                .any(|it| matches!(it, Origin::Record { asset: other, .. } if *other != asset))
    };
    let key = key_of(usage.entry, usage.access);
    // What has its own number too is looked for below the other record.
    let own = || key.iter().filter(|it| lookups::is_identifier(&it.name));
    let is_below =
        own().any(|it| is_clients_choice(&it.value)) && !own().any(|it| is_reference(it));
    let is_followed = !is_below && key.iter().any(|field| is_reference(field));
    !is_followed
        || usage
            .access
            .key
            .iter()
            .any(|field| query::is_principal(&field.value))
        || usage.entry.checks.iter().any(|check| {
            let is_of_record = |value: &Provenance| value.record_fields(asset).next().is_some();
            let compares = |part: &Check| {
                part.kind != CheckKind::Failure
                    && part.operands.iter().any(query::is_principal)
                    && part.operands.iter().any(is_of_record)
            };
            check.parts().iter().any(compares)
        })
}

/// Others rarely know what else a record could be found by.
fn is_named_by_number(usage: &Usage<'_>) -> bool {
    key_of(usage.entry, usage.access).iter().any(|field| {
        is_identifier(&field.name)
            || field
                .value
                .origins()
                .iter()
                .any(|origin| matches!(origin, Origin::Request(RequestPart::Path, _)))
    })
}

pub(crate) fn is_identifier(name: &str) -> bool {
    // `plot_id` and `plotId` are the same, and `paid` is no number.
    let is_joined = name.ends_with("Id") && name.len() > 2;
    let name = name.to_ascii_lowercase();
    is_joined
        || matches!(name.as_str(), "id" | "_id" | "uuid" | "key" | "pk")
        || name.ends_with("_id")
}

fn is_reading(kind: Use) -> bool {
    matches!(kind, Use::Tell | Use::Find)
}

struct Evidence<'u, 'm> {
    /// Uses of the same kind by which entry points tie the caller to the records.
    scoped: Vec<&'u Usage<'m>>,
    /// The places of uses of the same kind that tie nobody, besides the one in question.
    open: usize,
    /// Whether lists of all records are told to every caller.
    is_public: bool,
    example: Option<Usage<'m>>,
    is_made_by_callers: bool,
}

impl<'u, 'm> Evidence<'u, 'm> {
    /// What `usages` say of one of them; `examples` are those that ask whose the record is.
    fn of(
        map: &'m Map,
        usages: &'u [Usage<'m>],
        examples: &[&'u Usage<'m>],
        usage: &Usage<'m>,
    ) -> Evidence<'u, 'm> {
        let asset = usage.access.asset;
        let is_made_by_callers = makers(map, asset).next().is_some();
        let like = |other: &&Usage<'_>| {
            other.access.asset == asset && is_reading(other.kind) == is_reading(usage.kind)
        };
        let scoped: Vec<&Usage<'_>> = examples
            .iter()
            .copied()
            .filter(like)
            .filter(|other| !std::ptr::eq(other.entry, usage.entry))
            .filter(|other| other.effect.span != usage.effect.span)
            .filter(|other| is_made_by_callers || tells_alike(usage, other))
            .collect();
        let mut told = examples.iter().copied();
        let read_scoped = told.find(|other| other.access.asset == asset && other.kind == Use::Tell);
        let ranks = Ranks::of(scoped.iter().map(|found| found.entry));
        let is_of_peers = |other: &Usage<'_>| !ranks.are_below(other.entry);
        let mut open: Vec<_> = usages
            .iter()
            .filter(like)
            .filter(|other| !other.is_scoped && other.kind != Use::Find)
            .filter(|other| !is_same_place(other, usage))
            .filter(|other| is_of_peers(other) && !ownership::is_signed(other.entry))
            .filter(|other| !is_numbered_here(other))
            .map(|other| other.effect.span)
            .collect();
        open.sort();
        open.dedup();
        let example = scoped
            .first()
            .copied()
            .or(read_scoped.filter(|_| {
                usage.kind != Use::Tell && (is_made_by_callers || are_told_to_owners(usages, usage))
            }))
            .cloned()
            .or_else(|| made_for_members(map, usage));
        // A class that shows both the list and one of it says what is in it once.
        let is_listed_beside =
            |other: &Usage<'_>| !std::ptr::eq(other.entry, usage.entry) && !usage.access.is_many;
        let is_public = usages.iter().any(|other| {
            other.access.asset == asset
                && !other.is_scoped
                && other.kind == Use::Tell
                && other.access.is_many
                && (other.effect.span != usage.effect.span || is_listed_beside(other))
                && is_of_peers(other)
        }) || is_told_to_strangers(map, asset);
        Evidence {
            example,
            open: open.len(),
            is_public,
            is_made_by_callers,
            scoped,
        }
    }

    /// The caller is only looked for among the records, as among the members of a group, and nothing of them is told.
    fn asks_for_rights(&self) -> bool {
        !self.scoped.is_empty() && self.scoped.iter().all(|it| it.kind == Use::Find)
    }

    /// A use that asks, or else a place where callers make what only they should change.
    fn example(&self, map: &'m Map, usage: &Usage<'m>) -> Option<Example<'m>> {
        if let Some(found) = &self.example {
            return Some(Example {
                entry: found.entry,
                span: found.effect.span,
                is_maker: false,
                parent: None,
            });
        }
        let is_write = matches!(usage.kind, Use::Change | Use::Remove);
        let is_order = || settlements(map).any(|it| it.access.asset == usage.access.asset);
        let is_private = usage.kind == Use::Tell && is_order();
        let found = maker(map, usage.access.asset).filter(|_| is_write || is_private);
        let (entry, span) = found.or_else(|| made_above(map, usage))?;
        let is_for_others = is_for_higher_rank(usage.entry, std::iter::once(entry));
        (!is_for_others).then_some(Example {
            entry,
            span,
            is_maker: true,
            parent: None,
        })
    }

    fn confidence(&self, usage: &Usage<'_>, has_checked_parent: bool) -> Confidence {
        // Who may name a record is often anybody; not where all others who name one have to own it.
        if usage.kind == Use::Find {
            let is_private = self.is_made_by_callers && !self.is_public && self.open == 0;
            return match is_private && self.scoped.len() > 1 {
                true => Confidence::Medium,
                false => Confidence::Low,
            };
        }
        if self.example.is_none() && self.open > 0 {
            return Confidence::Low;
        }
        let is_administrative = query::is_administrative_path(&usage.entry.path);
        if is_administrative || (usage.kind == Use::Tell && self.is_public) {
            return Confidence::Low;
        }
        if usage.kind != Use::Tell && !is_named_by_number(usage) {
            return Confidence::Low;
        }
        // What one may do to others' records only, one may be meant to: to buy, to answer, to accept. Nobody is meant
        // to see or remove the records of others only.
        if is_meant_for_others(usage) {
            return Confidence::Low;
        }
        // Where the path names what the thing belongs to, and the caller was held against that, whoever changes it
        // was to be held against it too.
        let is_below = has_checked_parent && self.is_made_by_callers;
        if usage.kind == Use::Change && !is_below && !self.changes_alike(usage) {
            return Confidence::Low;
        }
        match (self.scoped.len(), self.open) {
            (0, _) => Confidence::Medium,
            (2.., 0) if self.is_made_by_callers => Confidence::High,
            (scoped, open) if open <= scoped => Confidence::Medium,
            _ if self.is_made_by_callers && usage.kind != Use::Tell => Confidence::Medium,
            _ => Confidence::Low,
        }
    }

    /// Others may leave their own mark on a record (a vote, a membership); what the owner may set, or the client
    /// sends, is the owner's alone.
    fn changes_alike(&self, usage: &Usage<'_>) -> bool {
        let values = &usage.access.values;
        values.is_empty()
            || values.iter().any(|field| {
                // A number that is worked out from the stored one is counted, however that is written.
                let mut stored = field.value.record_fields(usage.access.asset);
                let is_counted = field.operator != "=" || stored.any(|stored| stored == field.name);
                let is_own_mark = query::is_principal(&field.value) || is_counted;
                let is_set_by_owners = self.scoped.iter().any(|other| {
                    other
                        .access
                        .values
                        .iter()
                        .any(|value| value.name == field.name)
                });
                // That a thing is revoked or begun is for its owner to say, if nobody else says anything of it.
                let is_for_owner = self.open == 0 && self.is_made_by_callers;
                !is_own_mark && (is_set_by_owners || is_for_owner || field.value.is_from_client())
            })
    }
}

/// Returns where records are made below the same parent, for callers who were held against it.
fn made_above<'m>(map: &'m Map, usage: &Usage<'m>) -> Option<(&'m EntryPoint, Span)> {
    let (above, last) = usage.entry.path.rsplit_once('/')?;
    if !last.starts_with('{') || !above.contains('{') || !has_checked_parent(usage) {
        return None;
    }
    let asset = usage.access.asset;
    let mut entries = makers(map, asset).filter(|entry| entry.path == above);
    let entry = entries.next()?;
    let made = query::handler_accesses(entry)
        .find(|(_, access)| access.asset == asset && access.operation == Operation::Create)?;
    Some((entry, made.0.span))
}

/// Holds if entry points tell the caller his own records, and none tells those of others: who may not see a
/// record is not meant to change it.
fn are_told_to_owners(usages: &[Usage<'_>], usage: &Usage<'_>) -> bool {
    let told = usages.iter().filter(|other| {
        other.access.asset == usage.access.asset
            && other.kind == Use::Tell
            && !std::ptr::eq(other.entry, usage.entry)
    });
    let mut places = Vec::new();
    for other in told {
        if !other.is_scoped {
            return false;
        }
        places.push(other.effect.span);
    }
    places.sort();
    places.dedup();
    !places.is_empty()
}

/// Returns where this entry point asks for the parent in the path, if the record has a field that refers to it.
fn checked_parent<'m>(map: &'m Map, usage: &Usage<'m>) -> Option<Example<'m>> {
    let parents = ownership::parents_of(map, usage.access.asset);
    let ties = ties(usage.entry, usage.effect);
    query::accesses(usage.entry).find_map(|(effect, access)| {
        let is_asked = parents.contains(&access.asset) && ties.holds(access);
        is_asked.then_some(Example {
            entry: usage.entry,
            span: effect.span,
            is_maker: false,
            parent: Some(access.asset),
        })
    })
}

/// Returns where others ask whose the record is that this one belongs to, if it belongs to that alone, nobody says
/// anything else of its owner, and all who use the parent ask.
fn owned_parent<'m>(map: &'m Map, usages: &[Usage<'m>], usage: &Usage<'m>) -> Option<Example<'m>> {
    let asset = usage.access.asset;
    let parents = ownership::parents_of(map, asset);
    let [parent] = parents.as_slice() else {
        return None;
    };
    let is_other =
        |other: &&Usage<'_>| other.kind != Use::Find && other.effect.span != usage.effect.span;
    if usages
        .iter()
        .filter(is_other)
        .any(|other| other.access.asset == asset)
    {
        return None;
    }
    let mut of_parent = usages
        .iter()
        .filter(is_other)
        .filter(|other| other.access.asset == *parent && !std::ptr::eq(other.entry, usage.entry));
    let first = of_parent.clone().next()?;
    let is_asked = of_parent.clone().count() >= 3 && of_parent.all(|other| other.is_scoped);
    is_asked.then_some(Example {
        entry: first.entry,
        span: first.effect.span,
        is_maker: false,
        parent: Some(*parent),
    })
}

/// Returns where the caller becomes the owner of a new record.
fn maker(map: &Map, asset: Ustr) -> Option<(&EntryPoint, Span)> {
    let is_owner = |field: &Field| query::is_principal(&field.value) && !is_author(&field.name);
    query::accesses_of_asset(map, asset)
        .find(|(_, _, access)| {
            access.operation == Operation::Create && access.values.iter().any(is_owner)
        })
        .map(|(entry, effect, _)| (entry, effect.span))
}

/// Whoever has written something is noted where everybody may go on with it too.
pub(crate) fn is_author(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "");
    name.ends_with("by")
        || name.contains("byid")
        || name.contains("author")
        || name.contains("creator")
}

/// Returns where records are made for a group only after the caller was found in it, if the use names the group.
fn made_for_members<'m>(map: &'m Map, usage: &Usage<'m>) -> Option<Usage<'m>> {
    let groups: Vec<_> = usage
        .access
        .key
        .iter()
        .filter(|field| field.operator == "=" && is_clients_choice(&field.value))
        .filter(|field| is_identifier(&field.name) && field.name.len() > 4)
        .map(|field| field.name)
        .collect();
    let (entry, effect, access) =
        query::accesses_of_asset(map, usage.access.asset).find(|(entry, effect, access)| {
            access.operation == Operation::Create
                && access.values.iter().any(|field| {
                    groups.contains(&field.name)
                        && is_clients_choice(&field.value)
                        && ties(entry, effect).touches(&field.value)
                })
        })?;
    Some(Usage {
        entry,
        effect,
        access,
        kind: Use::Change,
        is_scoped: true,
    })
}

/// Holds if people without an account are told records of the asset.
pub(crate) fn is_told_to_strangers(map: &Map, asset: Ustr) -> bool {
    let reads = query::accesses_of_asset(map, asset)
        .filter(|(_, _, access)| access.operation == Operation::Read);
    let mut entries: Vec<&EntryPoint> = reads.map(|(entry, ..)| entry).collect();
    entries.dedup_by(|one, other| std::ptr::eq(*one, *other));
    entries.into_iter().any(|entry| {
        !entry
            .verdict(firedoor_app::Control::Authentication)
            .refuses()
            && !query::is_capability(map, entry)
            && ownership::answers_with(entry, asset).next().is_some()
    })
}
