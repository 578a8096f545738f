//! Finds log-ins that take the same one-time code twice.

use firedoor_app::{
    Access, AssetKind, CheckKind, CompareSecret, Effect, EntryPoint, Field, Map, Operation, Origin,
    Provenance, openings, query,
};
use ustr::Ustr;

use crate::oauth_flow::is_behind_log_in;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "code-replayable",
    class: "two-factor",
    summary: "a one-time code works more than once",
    severity: Severity::Medium,
    cwe: &["CWE-294"],
    remediation: "Store the time step of the last code with the account, and take only codes of later steps.",
    page: include_str!("../fixtures/code-replayable/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        // Who is logged in already, and enables the second factor, proves nothing by the code that opens anything.
        let opening = openings::session_opening(map, entry);
        let Some(opening) =
            opening.filter(|_| !(is_behind_log_in(entry) && query::knows_user(map, entry)))
        else {
            continue;
        };
        let compared = query::comparisons(entry).find(|(effect, found)| {
            query::is_code(found)
                && found.given.is_from_client()
                && !query::are_exclusive(entry, effect, opening)
        });
        let Some((effect, comparison)) = compared else {
            continue;
        };
        if remembers(map, entry, (effect, comparison), opening) {
            continue;
        }
        findings
            .at_entry(entry)
            .confidence(Confidence::Medium)
            .title(format!("`{}` takes a code again", entry.id()))
            .message("Nothing is stored by which a code that was used would be refused: whoever sees one can use it while it is valid.")
            .because("compares", effect.span, "the code is compared here")
            .because("opens", opening.span, "the session is opened here")
            .report();
    }
}

/// Holds if something is written with the session by which the same code fails next time.
fn remembers(
    map: &Map,
    entry: &EntryPoint,
    (compared, found): (&Effect, &CompareSecret),
    opening: &Effect,
) -> bool {
    query::handler_accesses(entry)
        .filter(|(effect, access)| {
            access.operation.is_write()
                && !query::are_exclusive(entry, effect, opening)
                && !query::are_exclusive(entry, effect, compared)
                && !is_for_wrong_code(entry, effect, found)
        })
        .any(|(_, access)| {
            uses_up(found, access)
                || moves_on(entry, access)
                    && !is_count_apart(found, access)
                    && !is_step_of_log_in(map, entry, found, access)
                || stores_code(found, access)
                    && !is_never_asked(map, entry, access)
                    && !lets_the_same_pass(access)
                || is_marked_elsewhere(map, entry, access, found)
        })
}

/// What is done where the code was wrong, such as taking a recovery code instead, says nothing of the code.
fn is_for_wrong_code(entry: &EntryPoint, effect: &Effect, found: &CompareSecret) -> bool {
    entry.checks_of(effect).any(|check| {
        check.kind == CheckKind::Proof
            && !check.outcome
            && check.operands.contains(&found.given)
            && check.operands.contains(&found.expected)
    })
}

/// A code that was mailed is removed, or another takes its place.
fn uses_up(found: &CompareSecret, access: &Access) -> bool {
    let fields: Vec<Ustr> = found.expected.record_fields(access.asset).collect();
    match access.operation {
        Operation::Delete => !fields.is_empty(),
        Operation::Update => access
            .values
            .iter()
            .any(|value| !value.name.is_empty() && fields.contains(&value.name)),
        _ => false,
    }
}

/// A field that was compared as older, or refused by, gets a value that is not fixed.
fn moves_on(entry: &EntryPoint, access: &Access) -> bool {
    access.values.iter().any(|value| {
        let is_fixed = value
            .value
            .origins()
            .iter()
            .all(|origin| matches!(origin, Origin::Literal(_)));
        let in_key = access
            .key
            .iter()
            .any(|key| key.name == value.name && matches!(key.operator, "<" | ">" | "!=" | "or"));
        let is_loose = access
            .key
            .iter()
            .any(|key| key.name == value.name && matches!(key.operator, "<=" | ">="));
        let in_check = entry.checks.iter().any(|check| {
            check
                .operands
                .iter()
                .flat_map(|operand| operand.record_fields(access.asset))
                .any(|field| field == value.name)
        });
        value.operator == "=" && !is_fixed && !is_loose && (in_key || in_check)
    })
}

/// A record of its own, such as one that counts attempts, and nothing of the code or of the person whose it is in it.
fn is_count_apart(found: &CompareSecret, access: &Access) -> bool {
    access.operation == Operation::Create
        && found.expected.record_fields(access.asset).next().is_none()
}

/// A record of its own that is only marked as used, as what the first step of the log-in has left behind, says nothing of
/// the code: whoever begins again gets another one, and sends the same code.
fn is_step_of_log_in(
    map: &Map,
    entry: &EntryPoint,
    found: &CompareSecret,
    access: &Access,
) -> bool {
    let accounts = query::account_assets(map);
    let is_null = |value: &Provenance| value.literal().is_some_and(|text| text == "null");
    let is_mark = |value: &Field| {
        let is_of_field = |operand: &Provenance| {
            let mut fields = operand.record_fields(access.asset);
            fields.any(|field| field == value.name)
        };
        let asked = entry
            .checks
            .iter()
            .flat_map(|check| check.parts())
            .filter(|check| check.operands.iter().any(is_of_field));
        let mut kinds = asked.filter(|check| {
            check.kind != CheckKind::Presence
                && !(check.kind == CheckKind::Equality && check.operands.iter().any(is_null))
        });
        let mut keys = access.key.iter().filter(|key| key.name == value.name);
        kinds.next().is_none() && keys.all(|key| is_null(&key.value))
    };
    access.operation == Operation::Update
        && !accounts.contains(&access.asset)
        && found.expected.record_fields(access.asset).next().is_none()
        && access.values.iter().all(is_mark)
}

/// What is set in a record that is there already, and stands in no key and in no check, refuses nothing.
fn is_never_asked(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    let is_table = map
        .asset(access.asset)
        .is_some_and(|asset| asset.kind == AssetKind::Table);
    let is_asked = |name: Ustr| {
        let mut keys = query::accesses(entry)
            .filter(|(_, other)| other.asset == access.asset)
            .flat_map(|(_, other)| &other.key);
        let mut examined = entry.checks.iter().flat_map(|check| check.operands.iter());
        keys.any(|key| key.name == name)
            || examined.any(|it| it.record_fields(access.asset).any(|field| field == name))
    };
    is_table
        && access.operation == Operation::Update
        && access.spread.is_empty()
        && access
            .values
            .iter()
            .all(|value| value.operator == "=" && !value.name.is_empty() && !is_asked(value.name))
}

/// All that is written is held against what was written before, and may be the same.
fn lets_the_same_pass(access: &Access) -> bool {
    let is_loose = |value: &Field| {
        access
            .key
            .iter()
            .any(|key| key.name == value.name && matches!(key.operator, "<=" | ">="))
    };
    access.operation == Operation::Update
        && !access.values.is_empty()
        && access.values.iter().all(is_loose)
}

/// The code itself is kept.
fn stores_code(found: &CompareSecret, access: &Access) -> bool {
    let key = access
        .key
        .iter()
        .filter(|_| access.operation == Operation::Create);
    // What is taken out of a list was in it.
    let values = access
        .values
        .iter()
        .filter(|field| field.operator != "pull");
    values.chain(key).any(|field| {
        found.given.origins().iter().any(|origin| {
            matches!(origin, Origin::Request(_, name) if !name.is_empty())
                && field.value.origins().contains(origin)
        })
    })
}

/// A store that forgets by itself is how used codes are kept for a minute.
fn is_marked_elsewhere(
    map: &Map,
    entry: &EntryPoint,
    access: &Access,
    found: &CompareSecret,
) -> bool {
    // What counts attempts, and is forgotten once one was right, says nothing of the code.
    let counts = |other: &Access| {
        let mut values = other.values.iter();
        other.asset == access.asset && values.any(|value| value.operator == "+=")
    };
    let is_counter = access.operation == Operation::Delete
        || query::handler_accesses(entry).any(|(_, other)| counts(other));
    // A mark on the token of the first step is found by that token's number, and says nothing of the code either.
    let is_of_token = |origin: &Origin| matches!(origin, Origin::Claim(name) | Origin::Principal(name) if name.as_str() == "jti");
    let mut fields = access.key.iter().chain(&access.values);
    // What is drawn is the session that is opened, whether there was one or not; how long it is kept says nothing of the
    // code.
    let is_session = fields.clone().any(|field| is_drawn(&field.value)) && !access.is_conditional
        || access.operation == Operation::Update
            && access.values.iter().all(|it| it.name == "expires");
    let is_about_code = fields.any(|field| {
        let mut origins = field.value.origins().iter();
        origins.any(|it| !is_of_token(it) && !matches!(it, Origin::Literal(_)))
    });
    map.asset(access.asset)
        .is_some_and(|asset| asset.kind == AssetKind::KeyValue)
        && !is_counter
        && !is_session
        && is_about_code
        && found.expected.record_fields(access.asset).next().is_none()
}

fn is_drawn(value: &Provenance) -> bool {
    let mut origins = value.origins().iter();
    origins.any(|it| matches!(it, Origin::Random { .. }))
}
