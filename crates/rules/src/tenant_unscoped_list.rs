//! Finds lists that lack the filter by owner or tenant that other lists of the same records have.

use firedoor_app::lookups::is_identifier;
use firedoor_app::ownership::{
    Usage, Use, all_usages, is_for_higher_rank, is_keyed_by_caller, is_shared, makers, ties,
};
use firedoor_app::{
    Access, AssetKind, Effect, EntryPoint, Field, Map, Operation, Origin, RequestPart, query,
};
use ustr::Ustr;

use crate::unowned::is_told_to_strangers;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "tenant-unscoped-list",
    class: "idor",
    summary: "a list holds everybody's records, where other entry points tell callers their own only",
    severity: Severity::High,
    cwe: &["CWE-639"],
    remediation: "Filter the list by the caller or the caller's tenant, as the others do.",
    page: include_str!("../fixtures/tenant-unscoped-list/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let usages = all_usages(map);
    let is_list = |usage: &&Usage<'_>| usage.kind == Use::Tell && usage.access.is_many;
    for usage in usages.iter().filter(is_list) {
        let is_chosen = usage
            .access
            .key
            .iter()
            .any(|field| field.operator == "=" && field.value.is_from_client());
        if usage.is_scoped
            || is_chosen
            || is_of_record(usage.access)
            || is_shared(map, usage.access.asset)
        {
            continue;
        }
        let asset = usage.access.asset;
        let others: Vec<&Usage<'_>> = usages
            .iter()
            .filter(|other| other.kind == Use::Tell && other.access.asset == asset)
            .filter(|other| !std::ptr::eq(other.entry, usage.entry))
            .collect();
        let scoped: Vec<&&Usage<'_>> = others.iter().filter(|other| lists_own(other)).collect();
        let Some(example) = scoped.first() else {
            if let Some(other) = left_out(map, usage) {
                report_left_out(usage, &other, findings);
            }
            continue;
        };
        if is_for_higher_rank(usage.entry, scoped.iter().map(|other| other.entry)) {
            continue;
        }
        let confidence = match (scoped.len(), others.len()) {
            _ if forgets_parent(usage, &scoped) => Confidence::High,
            (3.., all) if scoped.len() == all => Confidence::High,
            (2.., all) if scoped.len() * 4 >= all * 3 => Confidence::Medium,
            (2.., _) if is_told_to_owners(&others) => Confidence::Medium,
            _ if is_left_out_among(&usages, usage) => Confidence::Medium,
            _ if is_for_office(map, usage, &others) => Confidence::Medium,
            _ => Confidence::Low,
        };
        findings
            .at_entry(usage.entry)
            .span(usage.effect.span)
            .symbol(&asset)
            .confidence(confidence)
            .title(format!("`{}` lists everybody's {asset}", usage.entry.id()))
            .message(format!(
                "{} of {} other entry points that tell records of {asset} tie them to the caller; this list does not.",
                others.iter().filter(|other| lists_own(other) || is_own(other)).count(),
                others.len()
            ))
            .because(
                "compared-with",
                example.effect.span,
                format!("`{}` does", example.entry.id()),
            )
            .because("reached", usage.entry.registered, "the entry point")
            .report();
    }
}

/// Holds if all other lists that the entry point tells, of two assets or more, are the caller's, as those of a search
/// through several tables are.
fn is_left_out_among(usages: &[Usage<'_>], usage: &Usage<'_>) -> bool {
    let beside = usages.iter().filter(|other| {
        std::ptr::eq(other.entry, usage.entry)
            && other.kind == Use::Tell
            && other.access.asset != usage.access.asset
    });
    let mut assets: Vec<Ustr> = Vec::new();
    for other in beside {
        if !other.access.is_many {
            continue;
        }
        if !other.is_scoped {
            return false;
        }
        if !assets.contains(&other.access.asset) {
            assets.push(other.access.asset);
        }
    }
    assets.len() > 1
}

/// An access that names what the path says the records belong to, with the field that it does so by.
struct Named<'m> {
    entry: &'m EntryPoint,
    effect: &'m Effect,
    field: Ustr,
}

/// Returns where records of the list are made, changed or told by the part of the path that the list stands below, that
/// the caller was held against, and that the list leaves out. All who use such records below that part name it.
fn left_out<'m>(map: &'m Map, usage: &Usage<'m>) -> Option<Named<'m>> {
    // A map or set of the process has no query: what is kept of it is chosen in the loop over it.
    let declared = map.asset(usage.access.asset);
    if declared.is_some_and(|asset| asset.kind == AssetKind::Memory) {
        return None;
    }
    let ties = ties(usage.entry, usage.effect);
    let is_path = |origin: &&Origin| matches!(origin, Origin::Request(RequestPart::Path, _));
    let parent = ties.sent.iter().find(is_path)?;
    let Origin::Request(_, parameter) = parent else {
        return None;
    };
    let is_told_alone = usage.access.key.iter().all(|field| {
        let mut origins = field.value.origins().iter();
        origins.all(|it| matches!(it, Origin::Literal(_) | Origin::Clock))
    });
    let part = format!("{{{parameter}}}");
    if !is_told_alone || !usage.entry.path.contains(&part) {
        return None;
    }
    let is_below = |entry: &&EntryPoint| {
        !std::ptr::eq(*entry, usage.entry)
            && entry.path.contains(&part)
            && entry.group.0 == usage.entry.group.0
    };
    let others = map.entry_points.iter().filter(is_below).flat_map(|entry| {
        let own = query::handler_accesses(entry);
        let own = own.filter(|(_, access)| access.asset == usage.access.asset);
        own.map(move |(effect, access)| (entry, effect, access))
    });
    let mut first = None;
    for (entry, effect, access) in others {
        let field = named_by(entry, effect, access, parent)?;
        first.get_or_insert(Named {
            entry,
            effect,
            field,
        });
    }
    first
}

/// Returns the field, other than the record's own number, that holds the part of the path, or what the caller's tie to
/// it says of it.
fn named_by(entry: &EntryPoint, effect: &Effect, access: &Access, parent: &Origin) -> Option<Ustr> {
    let ties = ties(entry, effect);
    let is_parent = |field: &&Field| {
        let origins = field.value.origins();
        let is_of_tie = |origin: &Origin| {
            matches!(origin, Origin::Record { asset, field: of, of_principal: true }
                if *asset != access.asset && *of == field.name)
        };
        !is_identifier(&field.name)
            && (origins.contains(parent)
                || ties.sent.contains(parent) && origins.iter().any(is_of_tie))
    };
    let mut fields = access.key.iter().chain(&access.values);
    fields.find(is_parent).map(|field| field.name)
}

fn report_left_out(usage: &Usage<'_>, other: &Named<'_>, findings: &mut Findings) {
    let (asset, field) = (usage.access.asset, other.field);
    findings
        .at_entry(usage.entry)
        .span(usage.effect.span)
        .symbol(&asset)
        .symbol(&field)
        .confidence(Confidence::Medium)
        .title(format!("`{}` lists everybody's {asset}", usage.entry.id()))
        .message(format!(
            "The caller was held against a part of the path; `{field}` is not in the query, so that the list holds what belongs to others."
        ))
        .because(
            "compared-with",
            other.effect.span,
            format!("`{}` names the {field}", other.entry.id()),
        )
        .because("reached", usage.entry.registered, "the entry point")
        .report();
}

/// Holds if the list holds what belongs to records of another asset: whose it is, is a question of those.
fn is_of_record(access: &Access) -> bool {
    let is_other =
        |origin: &Origin| matches!(origin, Origin::Record { asset, .. } if *asset != access.asset);
    access.key.iter().any(|field| {
        matches!(field.operator, "=" | "in") && field.value.origins().iter().any(is_other)
    })
}

/// Holds if it is a list whose filter names the caller: one record that the caller may see says nothing of lists.
fn lists_own(usage: &Usage<'_>) -> bool {
    usage.access.is_many && is_keyed_by_caller(usage.entry, usage.access, usage.effect)
}

/// Holds if one record is told that is the caller's.
fn is_own(usage: &Usage<'_>) -> bool {
    !usage.access.is_many && usage.is_scoped
}

/// Holds if it tells all that there is, and whoever else is told more than his own has a rank that is not asked for here.
fn is_for_office(map: &Map, usage: &Usage<'_>, others: &[&Usage<'_>]) -> bool {
    let mut open = others
        .iter()
        .filter(|other| !lists_own(other) && !is_own(other))
        .peekable();
    let is_above =
        |other: &Usage<'_>| is_for_higher_rank(other.entry, std::iter::once(usage.entry));
    usage.access.key.is_empty()
        && query::is_reading(usage.entry)
        && !is_told_to_strangers(map, usage.access.asset)
        && makers(map, usage.access.asset).next().is_some()
        && open.clone().any(|other| other.access.is_many)
        && open.peek().is_some()
        && open.all(|other| is_above(other))
}

/// Holds if all others tell callers what is theirs, whoever only looks at one record included.
fn is_told_to_owners(others: &[&Usage<'_>]) -> bool {
    let looks = |other: &&&Usage<'_>| is_own(other) && query::is_reading(other.entry);
    others.iter().all(|other| lists_own(other) || is_own(other))
        && others.iter().filter(looks).count() > 0
}

/// Holds if the list stands below a part of the path that the caller was held against, and another list of the
/// same records is filtered by that part.
fn forgets_parent(usage: &Usage<'_>, scoped: &[&&Usage<'_>]) -> bool {
    let parents: Vec<Origin> = ties(usage.entry, usage.effect)
        .sent
        .iter()
        .filter(|origin| matches!(origin, Origin::Request(RequestPart::Path, _)))
        .cloned()
        .collect();
    // The parent may have been looked up by that part first.
    let is_parent = |entry: &EntryPoint, origin: &Origin| match origin {
        Origin::Record { asset, field, .. } if is_identifier(field) => {
            query::accesses(entry).any(|(_, access)| {
                let mut values = access.key.iter().flat_map(|it| it.value.origins());
                access.asset == *asset
                    && access.operation == Operation::Read
                    && values.any(|it| parents.contains(it))
            })
        }
        _ => parents.contains(origin),
    };
    scoped.iter().any(|other| {
        let mut values = other.access.key.iter().flat_map(|it| it.value.origins());
        values.any(|origin| is_parent(other.entry, origin))
    })
}
