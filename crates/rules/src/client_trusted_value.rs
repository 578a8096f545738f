//! Finds prices, balances and ranks that handlers take from the client's word.

use std::collections::BTreeSet;

use firedoor_app::{
    Access, Check, Control, Effect, EntryPoint, Field, Map, Operation, Origin, Provenance,
    ownership, query, user_control,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::client_value::{
    self, Bounds, is_counted, is_done_so_often, is_from_server, is_opinion, is_paid, is_paid_from,
    is_price_of_read, reads, sent_fields, takings, written_fields,
};
use crate::orders::{Settlement, gives_something_else, settlements};
use crate::privileged::{Privileges, is_money, is_money_name, is_rank_name, money_words};
use crate::purse::{is_common_purse, is_filled_by_server, is_own_balance, is_set_for_own};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "client-trusted-value",
    class: "business-logic",
    summary: "a price, balance or rank is what the client says it is",
    severity: Severity::High,
    cwe: &["CWE-602", "CWE-840"],
    remediation: "Take the value from what the server keeps, or refuse the request where it differs.",
    page: include_str!("../fixtures/client-trusted-value/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let known = Known {
        ranks: asked_ranks(map),
        accounts: query::account_assets(map),
        servers: map
            .entry_points
            .iter()
            .filter(|it| is_from_server(it))
            .collect(),
        privileges: Privileges::new(map),
        settled: settlements(map).collect(),
        values: client_value::Known::of(map),
    };
    for entry in &map.entry_points {
        if query::is_administrative_path(&entry.path) || is_from_server(entry) {
            continue;
        }
        let mut found = Vec::new();
        let taking = takings(entry);
        let bounds = Bounds::of(entry);
        for (effect, access, field) in written_fields(entry) {
            for (origin, sent) in sent_fields(&field.value) {
                let is_purse = || is_common_purse(map, access, field);
                let is_worth = is_rank(map, &known.ranks, access.asset, field.name)
                    || is_money_name(&sent) && is_money(map, access.asset, field.name)
                    || is_stored_price(map, access, field)
                    || is_purse()
                    || (access.operation == Operation::Create || is_set_for_own(access, field))
                        && bought(&known, access.asset, field.name).is_some();
                if !is_worth || is_opinion(&known.accounts, access, &sent) {
                    continue;
                }
                let balance = (access.asset, field.name);
                let is_price = || {
                    let is_taken = taking.iter().any(|(taken, _)| std::ptr::eq(*taken, effect));
                    is_taken && is_price_of_read(map, &known.values, entry, (&origin, sent))
                };
                if bounds.is_held_against_server(effect, &origin, balance)
                    || is_paid(entry, &taking, &origin) && !is_price()
                {
                    continue;
                }
                let place = Place {
                    entry,
                    effect,
                    access,
                    field,
                    sent,
                };
                if let Some((confidence, because)) = judge(map, &known, &place) {
                    found.push((place, confidence, because));
                }
            }
        }
        report_by_place(&found, findings);
        crate::measured::check(map, entry, findings);
    }
}

/// What one statement believes is one finding, however many fields and ways there are: that of which is most certain.
fn report_by_place(found: &[(Place<'_>, Confidence, String)], findings: &mut Findings) {
    let mut told: Vec<Span> = Vec::new();
    for (place, ..) in found {
        let span = place.effect.span;
        if told.contains(&span) {
            continue;
        }
        told.push(span);
        let here = || found.iter().filter(|(it, ..)| it.effect.span == span);
        let best = here().map(|(_, confidence, _)| *confidence).max();
        let here: Vec<_> = here().filter(|it| Some(it.1) == best).collect();
        let Some((place, confidence, because)) = here.first() else {
            continue;
        };
        let names: BTreeSet<Ustr> = here.iter().map(|(it, ..)| it.sent).collect();
        // One field more is another finding, or nobody would see it in a change.
        let fields: BTreeSet<String> = here
            .iter()
            .map(|(it, ..)| format!("{}.{}", it.access.asset, it.field.name))
            .collect();
        let all = Told {
            names: in_words(&names.into_iter().collect::<Vec<_>>()),
            symbol: fields.into_iter().collect::<Vec<_>>().join("+"),
        };
        report(place, *confidence, because, &all, findings);
    }
}

/// What a finding says of all the fields that one statement writes.
struct Told {
    names: String,
    symbol: String,
}

/// Names the first, and how many others there are.
fn in_words(names: &[Ustr]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [one, other] => format!("`{one}` and `{other}`"),
        [one, others @ ..] => format!("`{one}` and {} more", others.len()),
    }
}

struct Place<'m> {
    entry: &'m EntryPoint,
    effect: &'m Effect,
    access: &'m Access,
    field: &'m Field,
    sent: Ustr,
}

fn judge(map: &Map, known: &Known<'_>, place: &Place<'_>) -> Option<(Confidence, String)> {
    let Place {
        entry,
        access,
        field,
        sent,
        ..
    } = place;
    if is_rank(map, &known.ranks, access.asset, field.name) {
        return judge_rank(map, known, place);
    }
    if let Some(entry) = bought(known, access.asset, field.name) {
        return Some((
            Confidence::Medium,
            format!("`{}` moves it on for a payment", entry.id()),
        ));
    }
    if let Some(own) = alternative(access, field, sent) {
        return Some((Confidence::High, format!("the server has it itself: {own}")));
    }
    let own = known
        .values
        .servers_own(entry, access.asset, sent)
        .filter(|_| is_counted(access, field) || access.operation == Operation::Create);
    match own {
        Some((asset, name)) if reads(entry, asset) || has_part(field, asset, name) => Some((
            Confidence::High,
            format!("the server has it itself: `{name}` of {asset}, which the handler reads"),
        )),
        _ if is_price_of_order(known, access, field) => Some((
            Confidence::Medium,
            "what is given for the payment does not hang on the amount".to_owned(),
        )),
        _ if is_own_price(map, place) => Some((
            Confidence::Medium,
            format!("`{}` of the caller pays for it", field.name),
        )),
        _ if is_common_purse(map, access, field) => Some((
            Confidence::Medium,
            format!("accounts are paid from `{}` elsewhere", field.name),
        )),
        _ if is_own_balance(map, &known.values, access, field) => Some((
            Confidence::Medium,
            format!("the server counts with `{}` elsewhere", field.name),
        )),
        _ if is_filled_by_server(&known.servers, access, field) => Some((
            Confidence::Medium,
            format!("a payment raises `{}` elsewhere", field.name),
        )),
        _ if is_free_gain(map, entry, place) => Some((
            Confidence::Medium,
            format!(
                "`{}` of the caller is raised by the number that was sent",
                field.name
            ),
        )),
        Some((asset, name)) => Some((
            Confidence::Low,
            format!("the server has it itself: `{name}` of {asset}"),
        )),
        None => None,
    }
}

/// Holds if the stored field has a part in the value: it is what is taken where the client sends nothing, and it came
/// back from a change as well as from a look-up.
fn has_part(field: &Field, asset: Ustr, name: Ustr) -> bool {
    let mut stored = field.value.record_fields(asset);
    stored.any(|it| it == name)
}

/// Says what somebody may do: by its name, or because guards ask for it.
fn is_rank(map: &Map, ranks: &Ranks, asset: Ustr, field: Ustr) -> bool {
    is_rank_name(&field) || ranks.contains(&(asset, field)) && !is_money(map, asset, field)
}

/// What holds for the application as a whole.
struct Known<'m> {
    ranks: Ranks,
    /// The assets of those who log in.
    accounts: Vec<Ustr>,
    /// The entry points that other servers call.
    servers: Vec<&'m EntryPoint>,
    privileges: Privileges<'m>,
    /// Where payments are booked.
    settled: Vec<Settlement<'m>>,
    /// What the server may know by itself.
    values: client_value::Known,
}

/// Fields of accounts by which callers are refused, with the asset of each.
type Ranks = BTreeSet<(Ustr, Ustr)>;

fn asked_ranks(map: &Map) -> Ranks {
    let accounts = query::account_assets(map);
    let checks = map.entry_points.iter().flat_map(|entry| &entry.checks);
    let asked = checks.flat_map(|check| {
        let fields = asked_of(check).filter(|(asset, _)| accounts.contains(asset));
        let fields: Vec<(Ustr, Ustr)> = fields.collect();
        let refuses = !fields.is_empty()
            && check.refusal.is_some()
            && user_control(check) == Some(Control::Authorization);
        fields.into_iter().filter(move |_| refuses)
    });
    asked.collect()
}

/// The fields that the check asks for. Where a constant stands for one, what chose the constant tells.
fn asked_of(check: &Check) -> impl Iterator<Item = (Ustr, Ustr)> {
    let is_constant = |operand: &Provenance| {
        let mut origins = operand.origins().iter();
        origins.all(|origin| matches!(origin, Origin::Literal(_)))
    };
    let is_blank = check.operands.iter().all(is_constant);
    let examined = check.operands.iter().filter(move |_| !is_blank);
    let chosen = [&check.control].into_iter().filter(move |_| is_blank);
    let origins = examined.chain(chosen).flat_map(Provenance::origins);
    origins.filter_map(|origin| match origin {
        Origin::Record { asset, field, .. } => Some((*asset, *field)),
        _ => None,
    })
}

/// Returns the entry point by which another server, that reports a payment, moves the time of the field on.
fn bought<'m>(known: &Known<'m>, asset: Ustr, field: Ustr) -> Option<&'m EntryPoint> {
    let mut servers = known.servers.iter().copied();
    servers.find(|entry| {
        written_fields(entry).any(|(_, access, value)| {
            let mut old = value.value.record_fields(asset);
            access.operation == Operation::Update
                && access.asset == asset
                && value.name == field
                && value.value.origins().contains(&Origin::Clock)
                && old.any(|name| name == field)
        })
    })
}

/// The server's own value that is used where the client sends none: a setting, a stored price, or one of a list of
/// prices.
fn alternative(access: &Access, field: &Field, sent: &str) -> Option<String> {
    let wanted = money_words(sent);
    let is_price = |origin: &&Origin| {
        matches!(origin, Origin::Literal(text)
            if text.parse::<f64>().is_ok_and(|number| number > 1.0))
    };
    if field.operator == "="
        && is_money_name(&field.name)
        && field.value.origins().iter().filter(is_price).count() > 1
    {
        return Some("a list of prices".to_owned());
    }
    field.value.origins().iter().find_map(|origin| {
        let name = match origin {
            Origin::Environment { name, .. } => name.to_ascii_lowercase(),
            // A list of the same in the same record is what clients have sent before.
            Origin::Record {
                asset, field: own, ..
            } if *asset == access.asset && own.rsplit_once('.').is_some_and(|it| it.1 == sent) => {
                return None;
            }
            Origin::Record { field: own, .. } if *own != field.name => own.to_string(),
            _ => return None,
        };
        money_words(&name)
            .iter()
            .any(|word| wanted.contains(word))
            .then(|| format!("`{name}`"))
    })
}

/// The record is an order that another server reports as paid, and something is given for it that is worked out from
/// what was chosen, not from what it cost.
fn is_price_of_order(known: &Known<'_>, access: &Access, field: &Field) -> bool {
    access.operation == Operation::Create
        && is_money_name(&field.name)
        && known.settled.iter().any(|settled| {
            settled.access.asset == access.asset && gives_something_else(settled, field.name)
        })
}

/// The caller pays an amount of his own choice from his balance, and gets something that has nothing to do with the
/// amount. Whoever bets, gives or withdraws leaves the amount elsewhere.
fn is_own_price(map: &Map, place: &Place<'_>) -> bool {
    let Place {
        entry,
        access,
        field,
        sent,
        ..
    } = place;
    let is_sent = |value: &Provenance| sent_fields(value).iter().any(|(_, name)| name == sent);
    // The purse of a group that he was found in is as good as his, where nothing that is stored has a part in the price.
    let ties = ownership::ties(entry, place.effect);
    let mut origins = field.value.origins().iter();
    let is_sent_only = !origins.any(|it| matches!(it, Origin::Record { .. }));
    let is_own = access.key.iter().any(|key| {
        query::is_principal(&key.value)
            || is_sent_only && key.operator == "=" && ties.touches(&key.value)
    });
    let is_enough = access
        .key
        .iter()
        .any(|key| matches!(key.operator, ">" | ">=") && key.name == field.name);
    let is_taken = access.operation == Operation::Update
        && is_own
        && (is_money_name(sent) || is_stored_price(map, access, field))
        && (field.operator == "-=" || is_enough && is_counted(access, field));
    let is_journal = |asset: Ustr| {
        let others = map.entry_points.iter().filter(|other| {
            let writes = |wanted: Ustr, operation: Operation| {
                query::handler_accesses(other)
                    .any(|(_, it)| it.asset == wanted && it.operation == operation)
            };
            writes(access.asset, Operation::Update) && writes(asset, Operation::Create)
        });
        others.count() > 1
    };
    let others = || {
        query::handler_accesses(entry)
            .map(|(_, other)| other)
            .filter(|other| other.operation.is_write() && !std::ptr::eq(*other, *access))
    };
    let tells = |other: &&Access| other.values.iter().any(|field| is_sent(&field.value));
    // What is made as many times as was sent hangs on the number, though no record tells it.
    let is_repeated = query::handler_accesses(entry).any(|(made, other)| {
        other.operation == Operation::Create && is_done_so_often(entry, made, place.effect, sent)
    });
    // What an order has cost is noted with it.
    let is_receipt = |other: &Access| {
        let is_cost = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.contains("cost") || name.contains("price")
        };
        // What is worked out from the price that was sent and how many there are is the sum of an order.
        let is_sum = |field: &Field| {
            is_cost(sent)
                && is_money_name(&field.name)
                && sent_fields(&field.value)
                    .iter()
                    .any(|(_, name)| name != sent)
        };
        let mut told = other.values.iter().filter(|field| is_sent(&field.value));
        told.all(|field| is_cost(&field.name) || is_sum(field))
    };
    let is_left = |other: &Access| {
        !(other.operation == Operation::Create && (is_journal(other.asset) || is_receipt(other)))
            || other.asset == access.asset
    };
    let is_sent_on = entry.effects.iter().any(|effect| {
        matches!(&effect.kind, firedoor_app::EffectKind::Send { content, .. }
            if content.iter().any(|field| is_sent(&field.value)))
    });
    is_taken
        && !is_sent_on
        && !is_repeated
        && !others().filter(tells).any(is_left)
        && others().any(|other| {
            let is_got =
                !tells(&other) || other.operation == Operation::Create && is_receipt(other);
            is_got && other.asset != access.asset
        })
}

/// What is taken from a balance is worked out from a price that is stored elsewhere. Of what the client has sent for it,
/// how many there are is noted in other places too.
fn is_stored_price(map: &Map, access: &Access, field: &Field) -> bool {
    let is_price = |origin: &Origin| {
        matches!(origin, Origin::Record { asset, field, of_principal: false }
            if *asset != access.asset && is_money_name(field))
    };
    field.operator == "-="
        && is_money(map, access.asset, field.name)
        && field.value.origins().iter().any(is_price)
}

/// Nothing is taken from anybody for what the caller gains, and nothing that is stored bounds it.
fn is_free_gain(map: &Map, entry: &EntryPoint, place: &Place<'_>) -> bool {
    // Whoever has a role for it books for those who are in his care, and not for himself.
    let is_for_others = !query::account_assets(map).contains(&place.access.asset)
        && entry
            .verdict(firedoor_app::Control::Authorization)
            .refuses();
    let is_own = place
        .access
        .key
        .iter()
        .any(|field| query::is_principal(&field.value));
    let touched = written_fields(entry)
        .filter(|(_, access, field)| {
            access.asset == place.access.asset && field.name == place.field.name
        })
        .count();
    is_own
        && !is_for_others
        && !is_paid_from(entry, place.access.asset, place.field.name, &place.sent)
        && place.field.operator == "+="
        && !place.access.is_conditional
        && touched == 1
        && !place
            .access
            .key
            .iter()
            .any(|field| field.name == place.field.name)
}

fn judge_rank(map: &Map, known: &Known<'_>, place: &Place<'_>) -> Option<(Confidence, String)> {
    let Place {
        entry,
        effect,
        access,
        field,
        ..
    } = place;
    let is_account = query::account_assets(map).contains(&access.asset);
    let is_own = access.operation == Operation::Create
        || access
            .key
            .iter()
            .any(|field| query::is_principal(&field.value));
    let is_for_anybody = !entry
        .verdict(firedoor_app::Control::Authorization)
        .refuses();
    if !is_account || !is_own || !is_for_anybody {
        return None;
    }
    let is_chosen_from_list = entry.checks_of(effect).any(|check| {
        check.kind == firedoor_app::CheckKind::Membership
            && sent_fields(&check.provenance())
                .iter()
                .any(|(_, sent)| *sent == place.sent)
    });
    let privileges = known.privileges.of(access.asset);
    let guard = privileges
        .iter()
        .find(|found| found.field == field.name && found.is_strong)?;
    let confidence = match is_chosen_from_list {
        true => Confidence::Low,
        false => Confidence::High,
    };
    Some((confidence, guard.because.clone()))
}

fn report(
    place: &Place<'_>,
    confidence: Confidence,
    because: &str,
    told: &Told,
    findings: &mut Findings,
) {
    let Place {
        entry,
        effect,
        access,
        field,
        sent,
    } = place;
    findings
        .at_entry(entry)
        .span(effect.span)
        .symbol(&told.symbol)
        .confidence(confidence)
        .title(format!(
            "`{}` believes the client's {}",
            entry.id(),
            told.names
        ))
        .message(format!(
            "`{}` of {} comes from `{sent}` of the request, and no check holds it against what the server keeps.",
            field.name, access.asset
        ))
        .because("written", effect.span, because.to_owned())
        .because("reached", entry.registered, "the entry point")
        .report();
}
