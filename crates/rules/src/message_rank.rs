//! Messages that do for a lower rank what the same statement does elsewhere for a higher one only: shared by the rule
//! about messages.

use firedoor_app::{
    Access, Control, Effect, EntryPoint, Map, RequestPart, counting, ownership, query,
};

use crate::demands::{Demand, Demands};
use crate::privileged::is_rank_name;
use crate::rank_within::{is_held_against_caller, names_member};
use crate::{Confidence, Findings};

/// Reports the first such message of an entry point; says whether there was one.
pub fn report_lower_rank(map: &Map, entry: &EntryPoint, findings: &mut Findings) -> bool {
    let Some((effect, access, other)) = lower_rank(map, entry) else {
        return false;
    };
    findings
        .at_entry(entry)
        .span(effect.span)
        .symbol("rank")
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` changes {} for a lower rank than `{}`",
            entry.id(),
            access.asset,
            other.id()
        ))
        .message(
            "Both come to the same statement; fewer roles get there everywhere else than by this message.",
        )
        .because("effect", effect.span, "this is what needs the higher role")
        .because(
            "compared-with",
            other.registered,
            format!("`{}` asks for a higher role", other.id()),
        )
        .report();
    true
}

/// A write before which the message asks for something, or finds that the caller belongs to a group, where all other
/// entry points that come to the same statement ask for all of that and for more.
fn lower_rank<'m>(
    map: &'m Map,
    entry: &'m EntryPoint,
) -> Option<(&'m Effect, &'m Access, &'m EntryPoint)> {
    let accounts = query::account_assets(map);
    let tallies = counting::tallies(map);
    let writes = query::handler_accesses(entry)
        .filter(|(_, access)| access.operation.is_write() && !tallies.contains(&access.asset));
    for (effect, access) in writes {
        let own = Demands::of(entry, effect, &accounts);
        let is_of_member = || {
            entry.verdict(Control::Ownership).refuses()
                && is_said(entry, access)
                && query::is_checked_by_principal(entry, effect)
                && !is_held_against_caller(entry, effect, access)
                && !access
                    .key
                    .iter()
                    .any(|key| names_member(map, entry, access, key))
        };
        if own.is_unclear || own.all.is_empty() && !is_of_member() {
            continue;
        }
        let same: Vec<(&EntryPoint, &Effect)> = map
            .entry_points
            .iter()
            .filter(|other| !std::ptr::eq(*other, entry))
            .filter_map(|other| {
                let (place, _) = query::handler_accesses(other).find(|(place, found)| {
                    place.span == effect.span
                        && found.asset == access.asset
                        && found.operation == access.operation
                })?;
                Some((other, place))
            })
            .collect();
        let asks_more = |(other, place): &(&EntryPoint, &Effect)| {
            let theirs = Demands::of(other, place, &accounts);
            let lacked = own.lack(&theirs, &[]);
            !theirs.is_unclear
                && lacked.is_some_and(|lacked| !own.all.is_empty() || is_of_rank(lacked))
        };
        if !same.is_empty() && same.iter().all(asks_more) {
            return Some((effect, access, same[0].0));
        }
    }
    None
}

/// Holds if the message says what is changed, or what is written.
fn is_said(entry: &EntryPoint, access: &Access) -> bool {
    let keys = ownership::key_of(entry, access).into_iter();
    keys.chain(&access.values)
        .any(|field| field.value.is_from(RequestPart::Message))
}

/// Holds if what is asked is called a rank: that somebody has confirmed his address is asked where he comes in.
fn is_of_rank(demand: &Demand) -> bool {
    demand.of.iter().any(|(_, field)| is_rank_name(field))
}
