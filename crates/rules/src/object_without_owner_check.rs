//! Finds records that any caller reaches by naming them, where the application otherwise asks whose they are.

use firedoor_app::ownership::{
    self, Usage, Use, all_usages, is_clients_choice, is_for_higher_rank, makers,
};
use firedoor_app::{Map, Operation, Origin, query};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "object-without-owner-check",
    class: "idor",
    summary: "a record is found by what the client sends, and nobody asks whose it is",
    severity: Severity::High,
    cwe: &["CWE-639"],
    remediation: "Make the caller part of the query, or compare the record's owner with the caller before it is used.",
    page: include_str!("../fixtures/object-without-owner-check/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let usages = all_usages(map);
    for usage in usages.iter().filter(|usage| is_by_choice(map, usage)) {
        let evidence = Evidence::of(map, &usages, usage);
        let Some(example) = evidence.example else {
            continue;
        };
        if is_for_higher_rank(usage.entry, evidence.scoped.iter().map(|other| other.entry)) {
            continue;
        }
        let verb = match usage.kind {
            Use::Tell => "reads",
            Use::Change => "changes",
            Use::Remove => "deletes",
        };
        let asset = usage.access.asset;
        findings
            .at_entry(usage.entry)
            .span(usage.effect.span)
            .symbol(&asset)
            .confidence(evidence.confidence(usage))
            .title(format!("`{}` {verb} any {asset} by its key", usage.entry.id()))
            .message(format!(
                "The {asset} is found by what the client sends; the caller is neither part of the key nor of a check before it is used."
            ))
            .because(
                "compared-with",
                example.effect.span,
                format!("`{}` asks whose {asset} it is", example.entry.id()),
            )
            .because("reached", usage.entry.registered, "the entry point")
            .report();
    }
}

/// The record is chosen by the client alone, and by something that can be guessed or is known to others.
fn is_by_choice(map: &Map, usage: &Usage<'_>) -> bool {
    let chosen =
        usage.access.key.iter().filter(|field| {
            matches!(field.operator, "=" | "in") && is_clients_choice(&field.value)
        });
    let mut is_chosen = false;
    for field in chosen {
        let is_secret = field.value.origins().contains(&Origin::Digest)
            || (!is_identifier(&field.name)
                && query::is_random_field(map, usage.access.asset, field.name));
        if is_secret {
            return false;
        }
        is_chosen = true;
    }
    is_chosen && !usage.is_scoped && usage.access.operation != Operation::Count
}

fn is_identifier(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "id" | "_id" | "uuid" | "key" | "pk") || name.ends_with("_id")
}

struct Evidence<'u, 'm> {
    /// Uses of the same kind by which entry points tie the caller to the records.
    scoped: Vec<&'u Usage<'m>>,
    /// The places of uses of the same kind that tie nobody, besides the one in question.
    open: usize,
    /// Whether lists of all records are told to every caller.
    is_public: bool,
    example: Option<&'u Usage<'m>>,
    is_made_by_callers: bool,
}

impl<'u, 'm> Evidence<'u, 'm> {
    fn of(map: &'m Map, usages: &'u [Usage<'m>], usage: &Usage<'m>) -> Evidence<'u, 'm> {
        let asset = usage.access.asset;
        let like = |other: &&Usage<'_>| {
            other.access.asset == asset && (other.kind == Use::Tell) == (usage.kind == Use::Tell)
        };
        let scoped: Vec<&Usage<'_>> = usages
            .iter()
            .filter(like)
            .filter(|other| other.is_scoped && !std::ptr::eq(other.entry, usage.entry))
            .collect();
        let read_scoped = usages.iter().find(|other| {
            other.access.asset == asset && other.is_scoped && other.kind == Use::Tell
        });
        let mut open: Vec<_> = usages
            .iter()
            .filter(like)
            .filter(|other| !other.is_scoped)
            .map(|other| other.effect.span)
            .filter(|span| *span != usage.effect.span)
            .collect();
        open.sort();
        open.dedup();
        let is_made_by_callers = makers(map, asset).next().is_some();
        let example = scoped
            .first()
            .copied()
            .or(read_scoped.filter(|_| usage.kind != Use::Tell && is_made_by_callers));
        Evidence {
            example,
            scoped,
            open: open.len(),
            is_public: usages.iter().any(|other| {
                other.access.asset == asset
                    && !other.is_scoped
                    && other.kind == Use::Tell
                    && other.access.is_many
            }) || is_told_to_strangers(map, asset),
            is_made_by_callers,
        }
    }

    fn confidence(&self, usage: &Usage<'_>) -> Confidence {
        let is_account = self.example.is_none();
        if is_account || (usage.kind == Use::Tell && self.is_public) {
            return Confidence::Low;
        }
        if usage.kind == Use::Change && !self.changes_alike(usage) {
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
                let is_own_mark = query::is_principal(&field.value) || field.operator != "=";
                let is_set_by_owners = self.scoped.iter().any(|other| {
                    other
                        .access
                        .values
                        .iter()
                        .any(|value| value.name == field.name)
                });
                !is_own_mark && (is_set_by_owners || field.value.is_from_client())
            })
    }
}

/// Holds if people without an account are told records of the asset.
fn is_told_to_strangers(map: &Map, asset: ustr::Ustr) -> bool {
    map.entry_points
        .iter()
        .filter(|entry| {
            !entry
                .verdict(firedoor_app::Control::Authentication)
                .refuses()
        })
        .any(|entry| {
            ownership::answers_with(entry, asset).next().is_some()
                && query::handler_accesses(entry)
                    .any(|(_, access)| access.asset == asset && access.operation == Operation::Read)
        })
}
