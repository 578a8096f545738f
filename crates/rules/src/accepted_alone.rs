//! What one person asks of another, and may answer himself: part of the rule `object-without-owner-check`.
//!
//! Whoever asks to be a friend is one of the two whom the record is about. Both may see and end it; only the other one may
//! say yes.

use firedoor_app::{
    Access, CheckKind, Effect, EntryPoint, Field, Map, Operation, Origin, Refusal, query,
};
use firedoor_source::Span;
use ustr::Ustr;

/// A yes that whoever has asked may give himself.
pub struct AcceptedAlone<'m> {
    /// The change, as an effect.
    pub effect: &'m Effect,
    /// What is asked for.
    pub asset: Ustr,
    /// The field of whoever asks.
    pub asking: Ustr,
    /// The field of whoever is asked.
    pub asked: Ustr,
    /// Where both are let through.
    pub either: Span,
    /// Where it is asked for.
    pub made: Span,
}

/// A record by which the caller asks somebody for something.
pub struct Request {
    asset: Ustr,
    asking: Ustr,
    asked: Ustr,
    made: Span,
}

/// Returns the yes of an entry point that the caller may give to what he has asked for himself.
pub fn accepted_alone<'m>(
    requests: &[Request],
    entry: &'m EntryPoint,
) -> Option<AcceptedAlone<'m>> {
    query::handler_accesses(entry).find_map(|(effect, access)| {
        if access.operation != Operation::Update {
            return None;
        }
        let is_yes = access.values.iter().any(says_yes);
        let mut own = requests.iter().filter(|it| it.asset == access.asset);
        own.find_map(|request| {
            if !is_yes && !hands_over(entry, request) {
                return None;
            }
            let either = either_side(entry, effect, request)?;
            Some(AcceptedAlone {
                effect,
                asset: request.asset,
                asking: request.asking,
                asked: request.asked,
                either,
                made: request.made,
            })
        })
    })
}

/// Returns what people ask of each other.
pub fn requests(map: &Map) -> Vec<Request> {
    let mut found = Vec::new();
    for entry in &map.entry_points {
        for (effect, access) in query::handler_accesses(entry) {
            let Some((asking, asked)) = sides(map, access) else {
                continue;
            };
            found.push(Request {
                asset: access.asset,
                asking,
                asked,
                made: effect.span,
            });
        }
    }
    found
}

/// The fields of a new record that hold the caller and one other person.
fn sides(map: &Map, access: &Access) -> Option<(Ustr, Ustr)> {
    if access.operation != Operation::Create {
        return None;
    }
    let accounts = query::account_assets(map);
    let declared = |field: &Field| map.asset(access.asset)?.field(&field.name)?.refers_to;
    // What is made of both people, as a key that is the same whoever asks, names neither.
    let is_of_others = |origin: &Origin| {
        matches!(
            origin,
            Origin::Record {
                of_principal: false,
                ..
            } | Origin::Request(..)
        )
    };
    let mut mine = access.values.iter().filter(|it| {
        query::is_principal(&it.value) && !it.value.origins().iter().any(is_of_others)
    });
    let asking = mine.next().filter(|_| mine.next().is_none())?;
    let is_account = |field: &Field| {
        declared(field).is_some_and(|it| accounts.contains(&it) || declared(asking) == Some(it))
            || field.value.origins().iter().any(|origin| {
                matches!(origin, Origin::Record { asset, of_principal: false, .. } if accounts.contains(asset))
            })
    };
    let mut others = access
        .values
        .iter()
        .filter(|it| !query::is_principal(&it.value) && is_account(it));
    let asked = others.next().filter(|_| others.next().is_none())?;
    Some((asking.name, asked.name))
}

/// `status = "accepted"`, `accepted_at` = now.
fn says_yes(field: &Field) -> bool {
    let name = field.name.to_ascii_lowercase();
    let is_named = ["accept", "approve"].iter().any(|it| name.contains(it));
    match field.value.origins() {
        [Origin::Literal(text)] => {
            let text = text.to_ascii_lowercase();
            matches!(text.as_str(), "accepted" | "approved") || is_named && text == "true"
        }
        [Origin::Clock] => is_named,
        _ => false,
    }
}

/// What belongs to whoever is asked becomes that of whoever asks: it takes the yes of the one who gives it away.
fn hands_over(entry: &EntryPoint, request: &Request) -> bool {
    let holds = |field: &Field, name: Ustr| {
        let mut fields = field.value.record_fields(request.asset);
        fields.any(|it| it == name)
    };
    query::handler_accesses(entry).any(|(_, access)| {
        let mut key = access.key.iter();
        let mut values = access.values.iter();
        access.operation == Operation::Update
            && access.asset != request.asset
            && key.any(|it| it.operator == "=" && holds(it, request.asked))
            && values.any(|it| it.operator == "=" && holds(it, request.asking))
    })
}

/// Returns where both people are let through, if nothing asks that the caller is the one who is asked, or is not the one
/// who asks.
fn either_side(entry: &EntryPoint, effect: &Effect, request: &Request) -> Option<Span> {
    let mut either = None;
    for check in entry.checks_of(effect) {
        let names = |name: Ustr| {
            let mut operands = check.operands.iter();
            operands.any(|it| it.record_fields(request.asset).any(|field| field == name))
        };
        let refuses = check
            .refusal
            .as_ref()
            .is_some_and(|it| *it != Refusal::Return);
        if !refuses || !check.operands.iter().any(query::is_principal) {
            continue;
        }
        match (names(request.asking), names(request.asked)) {
            (true, true) => either = Some(check.span),
            (false, true) => return None,
            (true, false) if check.kind == CheckKind::Equality && !check.outcome => return None,
            _ => {}
        }
    }
    // The record is found by whoever is asked, or by either of the two.
    for (looked_up, access) in query::handler_accesses(entry) {
        let is_keyed = |name: Ustr| {
            let mut key = access.key.iter();
            key.any(|it| it.name == name && query::is_principal(&it.value))
        };
        if access.asset != request.asset || !is_keyed(request.asked) {
            continue;
        }
        match is_keyed(request.asking) {
            true => either = either.or(Some(looked_up.span)),
            false => return None,
        }
    }
    either
}
