//! Messages that do for a lower rank what the same statement does over HTTP for a higher one only: shared by the rule
//! about messages.

use firedoor_app::{Access, Effect, EntryPoint, Map, Transport, query};

use crate::demands::Demands;
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
            "Both come to the same statement; over HTTP fewer roles get there than by the message.",
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

/// A write before which the message asks for something, where all entry points over HTTP that come to the same statement
/// ask for all of that and for more.
fn lower_rank<'m>(
    map: &'m Map,
    entry: &'m EntryPoint,
) -> Option<(&'m Effect, &'m Access, &'m EntryPoint)> {
    let accounts = query::account_assets(map);
    let writes = query::handler_accesses(entry).filter(|(_, access)| access.operation.is_write());
    for (effect, access) in writes {
        let own = Demands::of(entry, effect, &accounts);
        if own.all.is_empty() || own.is_unclear {
            continue;
        }
        let same: Vec<(&EntryPoint, &Effect)> = map
            .entry_points
            .iter()
            .filter(|other| other.transport == Transport::Http)
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
            !theirs.is_unclear && own.lack(&theirs, &[]).is_some()
        };
        if !same.is_empty() && same.iter().all(asks_more) {
            return Some((effect, access, same[0].0));
        }
    }
    None
}
