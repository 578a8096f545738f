//! Finds checks of a role that the client itself has sent.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation,
    Origin, Provenance, Refusal, RequestPart, lookups, query, user_control,
};
use ustr::Ustr;

use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "role-from-client",
    class: "broken-access-control",
    summary: "the role that is checked comes from the request",
    severity: Severity::Critical,
    cwe: &["CWE-639"],
    remediation: "Take the role from the verified token or from the stored account of whoever is asking.",
    page: include_str!("../fixtures/role-from-client/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let mut seen = Vec::new();
    let own = kept_of_caller(map);
    for entry in &map.entry_points {
        if let Some((effect, access, name)) = chosen_caller(map, entry) {
            if !seen.contains(&effect.span) {
                seen.push(effect.span);
                report_chosen(entry, effect, access, name, findings);
            }
            continue;
        }
        if let Some((check, name)) = instead_of_rank(entry)
            .or_else(|| either_rank(&own, entry))
            .or_else(|| either_place(entry))
        {
            // One guard stands before many.
            if !seen.contains(&check.span) {
                seen.push(check.span);
                report(entry, check, name, findings);
            }
            continue;
        }
        // Who may grant a role is asked which one, too.
        if entry.verdict(Control::Authorization).refuses() {
            continue;
        }
        let decides = entry
            .checks
            .iter()
            .find_map(|check| Some((check, claimed_role(check)?)))
            .filter(|(_, name)| !is_stored(entry, *name));
        if let Some((check, name)) = decides.filter(|(check, _)| !seen.contains(&check.span)) {
            seen.push(check.span);
            report(entry, check, name, findings);
        }
    }
}

/// Returns where a layer looks up the account that a header or query names, for callers of whom no rank is asked
/// before: whoever is logged in acts as anybody.
fn chosen_caller<'m>(map: &Map, entry: &'m EntryPoint) -> Option<(&'m Effect, &'m Access, Ustr)> {
    let accounts = query::account_assets(map);
    query::accesses(entry).find_map(|(effect, access)| {
        let is_look_up = effect.layer.is_some()
            && access.operation == Operation::Read
            && accounts.contains(&access.asset);
        let asks_rank = || {
            let mut checks = entry.checks_of(effect);
            // Whether it refuses or does nothing for others, it is done for that rank only.
            checks.any(|check| {
                user_control(check) == Some(Control::Authorization)
                    && (check.refusal.is_some() || check.outcome && !check.is_alternative)
            })
        };
        let is_key = |name: &str| {
            let name = name.to_ascii_lowercase();
            firedoor_app::lookups::is_identifier(&name) || name.ends_with("id") || name == "email"
        };
        let field = access.key.iter().find(|field| is_key(&field.name))?;
        let name = field.value.origins().iter().find_map(named_person)?;
        let has_key = || {
            let mut checks = entry.checks_of(effect);
            checks.any(|check| shows_servers_key(map, &accounts, check))
        };
        (is_look_up && !asks_rank() && !has_key()).then_some((effect, access, name))
    })
}

/// Holds if what was sent is what the server keeps as its own secret: whoever has that acts for anybody, as another
/// program of the same owner does.
fn shows_servers_key(map: &Map, accounts: &[Ustr], check: &Check) -> bool {
    // What is kept with somebody's account, or of somebody, is his: whoever has it is he, and nobody else.
    let is_somebodys =
        |asset: Ustr| accounts.contains(&asset) || !query::owner_fields(map, asset).is_empty();
    let is_sent = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.any(|origin| origin.is_from_client() && origin.is_credential())
    };
    let is_kept = |value: &Provenance| {
        let mut origins = value.origins().iter();
        !value.is_from_client()
            && origins.any(|origin| {
                match origin {
                    Origin::Environment { .. } => true,
                    // What is kept of the caller himself is no key of the server's.
                    Origin::Record {
                        asset,
                        of_principal: false,
                        ..
                    } => !is_somebodys(*asset),
                    _ => false,
                }
            })
    };
    check.kind == CheckKind::Equality
        && check.outcome
        && !check.is_alternative
        && check.operands.iter().any(is_sent)
        && check.operands.iter().any(is_kept)
}

/// The header or parameter, if it carries no credential by its name.
fn named_person(origin: &Origin) -> Option<Ustr> {
    match origin {
        Origin::Request(RequestPart::Header | RequestPart::Query, name)
            if !name.is_empty() && !origin.is_identity() && !origin.is_sent_secret() =>
        {
            Some(*name)
        }
        _ => None,
    }
}

fn report_chosen(
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
    name: Ustr,
    findings: &mut Findings,
) {
    findings
        .at_entry(entry)
        .symbol(&name)
        .title(format!(
            "the client's `{name}` says as whom `{}` is called",
            entry.id()
        ))
        .message(format!(
            "A layer takes the {} that `{name}` names for the caller, and asks for no rank before.",
            access.asset
        ))
        .because("effect", effect.span, "the account is looked up here")
        .report();
}

/// Holds if somebody is refused for who he is: what is refused as a conflict, or as nonsense, is refused to everybody.
fn is_forbidden(check: &Check) -> bool {
    let status = check.refusal.as_ref().map(Refusal::status);
    status.is_some_and(|status| matches!(status, None | Some(401 | 403 | 404)))
}

/// Returns the check that takes the caller's own rank, or instead of it a word of the client's.
fn either_rank<'m>(own: &[Ustr], entry: &'m EntryPoint) -> Option<(&'m Check, Ustr)> {
    let is_own_rank = |origin: &Origin| is_own_rank(own, origin);
    entry.checks.iter().find_map(|check| {
        let is_compared = matches!(
            check.kind,
            CheckKind::Equality | CheckKind::Membership | CheckKind::Bound
        );
        // A rank that is one of several written ones is asked for, whatever else may stand in its place.
        let is_listed = || {
            let others = check
                .operands
                .iter()
                .filter(|it| !it.origins().iter().any(&is_own_rank));
            let mut others = others.flat_map(Provenance::origins).peekable();
            // Nothing, or a yes, is no rank: what was worked out may be missing or wrong.
            others.peek().is_some()
                && others.all(|it| matches!(it, Origin::Literal(text) if !matches!(text.as_str(), "null" | "true" | "false")))
        };
        let asks_rank = match user_control(check) {
            Some(Control::Authorization) => true,
            Some(Control::Ownership) => is_listed(),
            _ => false,
        };
        // Whether there is any of something is no question of rank, unless it is named like one.
        let is_amount = || {
            let is_zero = |it: &Provenance| it.literal().is_some_and(|text| text == "0");
            check.operands.iter().any(is_zero) && !check.origins().any(is_named_rank)
        };
        if !is_forbidden(check) || !is_compared || !asks_rank || is_amount() {
            return None;
        }
        let operand = check.operands.iter().find(|operand| {
            let origins = operand.origins();
            origins.iter().any(&is_own_rank)
                && origins.iter().all(|it| {
                    is_own_rank(it) || sent_word(it).is_some() || matches!(it, Origin::Literal(_))
                })
        })?;
        let word = operand.origins().iter().find_map(sent_word)?;
        Some((check, word))
    })
}

/// Returns the check of a number that a table gives for the caller's own rank, or for a word of the client's instead.
fn either_place(entry: &EntryPoint) -> Option<(&Check, Ustr)> {
    entry.checks.iter().find_map(|check| {
        let is_number = |origin: &Origin| match origin {
            Origin::Literal(text) => text.parse::<f64>().is_ok() || text == "null",
            _ => false,
        };
        let is_of_table =
            |it: &Provenance| it.origins().len() > 1 && it.origins().iter().all(is_number);
        let mut operands = check.operands.iter().flat_map(Provenance::origins);
        let is_place = check.kind == CheckKind::Bound
            && operands.all(is_number)
            && check.operands.iter().any(|it| it.origins().len() > 1)
            && user_control(check) == Some(Control::Authorization);
        // Where two places of the table are compared, what was sent may only be lower than what the caller has.
        let is_held = || {
            entry.examined.iter().any(|it| {
                it.kind == CheckKind::Bound
                    && it.operands.len() == 2
                    && it.operands.iter().all(is_of_table)
            })
        };
        if !is_forbidden(check) || !is_place || is_held() {
            return None;
        }
        let mut decisive = check.control.origins().iter();
        let word = decisive.find_map(|origin| stands_for_rank(entry, origin))?;
        Some((check, word))
    })
}

/// The header or parameter that decided what was looked up in the table. One by which a record is found says which
/// group is meant, and one that carries a credential who is asking.
fn stands_for_rank(entry: &EntryPoint, origin: &Origin) -> Option<Ustr> {
    let is_word = matches!(
        origin,
        Origin::Request(
            RequestPart::Header | RequestPart::Query | RequestPart::Cookie,
            _
        )
    ) && !origin.is_identity()
        && !origin.is_sent_secret();
    let is_key = || {
        let mut fields = query::accesses(entry).flat_map(|(_, access)| &access.key);
        fields.any(|field| field.value.origins().contains(origin))
    };
    let is_proof = || {
        let mut tokens = query::verifications(entry).map(|(_, found)| &found.token);
        tokens.any(|token| token.origins().contains(origin))
    };
    // What another check refuses by is asked for itself, as the page that a handshake comes from.
    let is_asked = || {
        let mut refusing = entry.checks.iter().filter(|check| check.refusal.is_some());
        refusing.any(|check| {
            check
                .operands
                .iter()
                .any(|it| it.origins().contains(origin))
        })
    };
    let is_free = is_word && !is_key() && !is_proof() && !is_asked();
    sent_word(origin).filter(|_| is_free)
}

fn is_named_rank(origin: &Origin) -> bool {
    match origin {
        Origin::Record { field, .. } | Origin::Principal(field) => {
            crate::privileged::is_rank_name(field)
        }
        _ => false,
    }
}

/// Returns the assets that accounts are in, and those of which a record is found by who is asking, and not by a number
/// of its own: what somebody is in a house.
fn kept_of_caller(map: &Map) -> Vec<Ustr> {
    let mut assets = query::account_assets(map);
    let accounts = assets.clone();
    let is_who = |origin: &Origin| match origin {
        Origin::Principal(_) => true,
        Origin::Record {
            asset,
            field,
            of_principal,
        } => *of_principal && accounts.contains(asset) && lookups::is_identifier(field),
        _ => false,
    };
    let is_callers = |field: &Field| {
        let mut origins = field.value.origins().iter();
        !field.value.is_empty() && origins.all(is_who)
    };
    let all = map.entry_points.iter().flat_map(query::accesses);
    let found = all.filter(|(_, access)| {
        let mut key = access.key.iter();
        access.operation == Operation::Read
            && key.clone().any(is_callers)
            && !key.any(|field| crate::privileged::is_key(&field.name) && !is_callers(field))
    });
    assets.extend(found.map(|(_, access)| access.asset));
    assets.sort();
    assets.dedup();
    assets
}

/// What is kept of the caller himself may say his rank under any name. Of what else is his, as a ticket that was
/// found among those of his company, most fields say how it stands with that.
fn is_own_rank(own: &[Ustr], origin: &Origin) -> bool {
    match origin {
        Origin::Record {
            asset,
            field,
            of_principal: true,
        } => {
            let is_named = crate::privileged::is_rank_name(field);
            !field.is_empty() && (is_named || own.contains(asset))
        }
        Origin::Principal(field) => !field.is_empty(),
        _ => false,
    }
}

fn sent_word(origin: &Origin) -> Option<Ustr> {
    match origin {
        Origin::Request(
            RequestPart::Header | RequestPart::Query | RequestPart::Body | RequestPart::Cookie,
            name,
        ) if !name.is_empty() && !name.eq_ignore_ascii_case("authorization") => Some(*name),
        _ => None,
    }
}

/// Returns the check that asks what the caller may do, and takes a word of the client for it as well, with the name of
/// that word.
fn instead_of_rank(entry: &EntryPoint) -> Option<(&Check, Ustr)> {
    let refusing = entry.checks.iter().filter(|check| is_forbidden(check));
    refusing
        .filter(|check| check.is_alternative)
        .find_map(|check| {
            let parts = check.parts();
            let asks_rank = |part: &&Check| user_control(part) == Some(Control::Authorization);
            parts.iter().find(asks_rank)?;
            let word = parts.iter().find_map(word_of_client)?;
            // Who gives somebody a rank says which, and the last of the highest keeps his.
            (!is_stored(entry, word) && !is_proof(entry, word)).then_some((check, word))
        })
}

/// Holds if what the client sends is held against a secret or becomes one: a password proves something, whatever else
/// lets somebody do without.
fn is_proof(entry: &EntryPoint, name: Ustr) -> bool {
    let is_sent = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.any(|origin| matches!(origin, Origin::Request(_, own) if *own == name))
    };
    entry.effects.iter().any(|effect| match &effect.kind {
        EffectKind::CompareSecret(compared) => is_sent(&compared.given),
        EffectKind::HashPassword(value) => is_sent(value),
        _ => false,
    })
}

/// The name of what the client sends, if it is compared with a constant or only has to be there.
fn word_of_client(part: &Check) -> Option<Ustr> {
    let is_compared = matches!(part.kind, CheckKind::Equality | CheckKind::Presence);
    let mut origins = part
        .operands
        .iter()
        .flat_map(Provenance::origins)
        .peekable();
    origins.peek()?;
    let is_free = origins.all(|origin| match origin {
        Origin::Literal(_) => true,
        Origin::Request(part, name) => {
            matches!(
                part,
                RequestPart::Header | RequestPart::Query | RequestPart::Body
            ) && !name.eq_ignore_ascii_case("authorization")
        }
        _ => false,
    });
    let named = part.operands.iter().flat_map(Provenance::origins);
    let mut named = named.filter_map(|origin| match origin {
        Origin::Request(_, name) if !name.is_empty() => Some(*name),
        _ => None,
    });
    named
        .next()
        .filter(|_| is_compared && is_free && part.outcome)
}

/// Returns the name under which the client says what he may do, if he is refused for saying something else.
fn claimed_role(check: &Check) -> Option<Ustr> {
    let is_forbidden = matches!(
        check.refusal.as_ref().and_then(|refusal| refusal.status()),
        Some(401 | 403)
    );
    let is_compared = matches!(
        check.kind,
        CheckKind::Equality | CheckKind::Membership | CheckKind::Presence
    );
    if !is_forbidden || !is_compared || check.operands.iter().any(is_known) {
        return None;
    }
    check.operands.iter().find_map(role_in)
}

/// What the server knows of the caller makes the check one of its own.
fn is_known(operand: &Provenance) -> bool {
    operand.is_of_principal()
        || operand
            .origins()
            .iter()
            .any(|origin| matches!(origin, Origin::Record { .. } | Origin::Environment { .. }))
}

fn role_in(operand: &Provenance) -> Option<Ustr> {
    operand.origins().iter().find_map(|origin| match origin {
        Origin::Request(
            RequestPart::Body
            | RequestPart::Query
            | RequestPart::Header
            | RequestPart::Cookie
            | RequestPart::Handshake
            | RequestPart::Message,
            name,
        )
        | Origin::UnverifiedClaim(name)
            if says_role(name) =>
        {
            Some(*name)
        }
        _ => None,
    })
}

/// A role that is stored is one that is given, not one that is claimed.
fn is_stored(entry: &EntryPoint, name: Ustr) -> bool {
    query::accesses(entry).any(|(_, access)| {
        access.values.iter().any(|field| {
            field
                .value
                .origins()
                .iter()
                .any(|origin| matches!(origin, Origin::Request(_, found) if *found == name))
        })
    })
}

fn says_role(name: &str) -> bool {
    if is_found_by_id(name) {
        return false;
    }
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let plain: String = last.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    plain.ends_with("role")
        || plain.ends_with("roles")
        || plain.ends_with("isadmin")
        || plain.ends_with("permissions")
        || matches!(plain.as_str(), "admin" | "xadmin")
}

/// Holds for a field of what was found by an id that was sent, wherever that is kept: `orderId.role` is no word of the
/// client's, since an id has no fields.
fn is_found_by_id(name: &str) -> bool {
    let Some((found_by, _)) = name.rsplit_once('.') else {
        return false;
    };
    let parent = found_by.rsplit('.').next().unwrap_or(found_by);
    firedoor_app::lookups::is_identifier(parent)
        || parent.ends_with("Id")
        || parent.ends_with("_id")
}

fn report(entry: &EntryPoint, check: &Check, name: Ustr, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .symbol(&name)
        .title(format!("`{}` believes the role that the client claims", entry.id()))
        .message(format!(
            "`{name}` comes from the request, and decides who is refused: anybody claims what it takes."
        ))
        .because("checks", check.span, format!("`{name}` of the request is checked here"))
        .report();
}
