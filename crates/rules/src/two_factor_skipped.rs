//! Finds log-ins that give a full session without asking for the second factor.

use firedoor_app::{
    Access, Check, CheckKind, ComparisonKind, Control, Effect, EffectKind, EntryPoint, IssueToken,
    LayerKind, Map, Operation, Origin, Provenance, RequestPart, SessionOperation, TokenKind,
    Verdict, lookups, openings, passwords, query, second_factors,
};
use ustr::Ustr;

use crate::oauth_flow;
use crate::token_kinds::{accepts, issued, proves_identity, verified};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "two-factor-skipped",
    class: "two-factor",
    summary: "a way to log in does not ask for the second factor",
    severity: Severity::High,
    cwe: &["CWE-288"],
    remediation: "End every way of logging in with the same function, which asks for the code where it is enabled.",
    page: include_str!("../fixtures/two-factor-skipped/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    if second_factors::second_factors(map).is_empty() {
        return;
    }
    let asking: Vec<(&EntryPoint, &Effect)> = openings(map)
        .filter(|(entry, effect)| asks(map, entry, effect))
        .collect();
    let Some((example, _)) = asking.first() else {
        return;
    };
    for (entry, effect) in openings(map) {
        let openings = openings::session_openings(map, entry);
        let mark = forgeable(map, entry, effect).or_else(|| {
            let mut opened = openings.iter();
            opened.find_map(|effect| told_by_client(map, entry, effect))
        });
        if let Some(mark) = mark.filter(|_| query::verifies_password(entry)) {
            report_mark(entry, effect, mark, findings);
            continue;
        }
        if asks(map, entry, effect) || is_exempt(map, entry, effect) {
            continue;
        }
        findings
            .at_entry(entry)
            .confidence(Confidence::High)
            .title(format!(
                "`{}` opens a session without the second factor",
                entry.id()
            ))
            .message(format!(
                "`{}` asks whether the account has one; this way of logging in does not.",
                example.id()
            ))
            .because("opens", effect.span, "the session is opened here")
            .because(
                "compared-with",
                example.registered,
                format!("`{}` asks", example.id()),
            )
            .report();
    }
}

fn report_mark(entry: &EntryPoint, effect: &Effect, mark: &Check, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .symbol("mark")
        .confidence(Confidence::High)
        .title(format!("`{}` lets a mark that anybody can make stand for the second factor", entry.id()))
        .message("What the client sends is compared with a constant, or with a digest of stored values that others know; no key and no chance has a part in it.")
        .because("compares", mark.span, "the mark is compared here")
        .because("opens", effect.span, "the session is opened here")
        .report();
}

fn openings(map: &Map) -> impl Iterator<Item = (&EntryPoint, &Effect)> {
    map.entry_points
        .iter()
        .filter_map(|entry| Some((entry, full_opening(map, entry)?)))
}

/// The first effect by which a session is opened that guards take: a signed state or the token of a
/// half-finished log-in is none.
fn full_opening<'m>(map: &Map, entry: &'m EntryPoint) -> Option<&'m Effect> {
    openings::session_openings(map, entry)
        .into_iter()
        .find(|effect| match &effect.kind {
            EffectKind::Issue(token) => {
                token.kind != TokenKind::Jwt
                    || (proves_identity(map, token) && !is_for_nobody(entry, token))
            }
            _ => true,
        })
}

/// Holds for the token of a request that has asked for nobody: no record was read, and nothing in the token says who
/// somebody is, as in what binds the way to another site and back to one browser.
fn is_for_nobody(entry: &EntryPoint, token: &IssueToken) -> bool {
    let is_of_nobody = |origin: &Origin| {
        matches!(
            origin,
            Origin::Random { .. }
                | Origin::Clock
                | Origin::Literal(_)
                | Origin::Environment { .. }
                | Origin::Digest
                | Origin::Request(RequestPart::Query, _)
        )
    };
    let mut claims = token.claims.iter();
    query::accesses(entry).next().is_none()
        && token
            .claims
            .iter()
            .any(|claim| query::is_random(&claim.value))
        && claims.all(|claim| claim.value.origins().iter().all(is_of_nobody))
}

/// Returns the check by which a mark of the client's device takes the place of the second factor, where anybody can
/// make that mark: it is worked out from what others know.
fn forgeable<'m>(map: &Map, entry: &'m EntryPoint, effect: &'m Effect) -> Option<&'m Check> {
    entry.checks_of(effect).find(|check| {
        let is_sent = check.operands.iter().any(|operand| {
            operand.is_from(RequestPart::Cookie) || operand.is_from(RequestPart::Header)
        });
        let is_made_up = check
            .operands
            .iter()
            .any(|operand| operand.origins().contains(&Origin::Digest) && names_stored(operand));
        is_sent
            && is_made_up
            && !check
                .operands
                .iter()
                .any(|operand| has_secret(map, operand))
    })
}

/// Returns the check by which a word of the client stands for the second factor: a cookie or field that is there, or
/// that is a constant of the source.
fn told_by_client<'m>(map: &Map, entry: &'m EntryPoint, effect: &'m Effect) -> Option<&'m Check> {
    let is_sent = |operand: &Provenance| {
        !operand.is_empty()
            && operand.is_from_client()
            && operand.origins().iter().all(|origin| {
                matches!(
                    origin,
                    Origin::Literal(_)
                        | Origin::Request(
                            RequestPart::Cookie
                                | RequestPart::Header
                                | RequestPart::Body
                                | RequestPart::Query,
                            _
                        )
                )
            })
    };
    let is_told = |kind: CheckKind, operands: &[Provenance], holds: bool| {
        let is_known = |operand: &Provenance| operand.literal().is_some_and(|text| text != "null");
        let mut operands = operands.iter();
        match kind {
            CheckKind::Presence => holds && operands.all(is_sent),
            CheckKind::Equality => {
                holds
                    && operands
                        .clone()
                        .any(|operand| !is_known(operand) && is_sent(operand))
                    && operands.any(is_known)
            }
            _ => false,
        }
    };
    // What is asked beside the word is asked all the same: a way counts if nothing but such words stands on it.
    let asks_more =
        |kind: CheckKind, operands: &[Provenance], holds: bool| !is_told(kind, operands, holds);
    entry.checks_of(effect).find(|check| {
        check.is_alternative
            && !check.condition.always(&asks_more)
            && check
                .alternatives
                .iter()
                .any(|part| second_factors::is_about_second_factor(map, part))
    })
}

fn names_stored(value: &Provenance) -> bool {
    value
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Record { field, .. } if !field.is_empty()))
}

/// Something that others do not know has a part in it.
fn has_secret(map: &Map, value: &Provenance) -> bool {
    value.origins().iter().any(|origin| match origin {
        Origin::Random { .. }
        | Origin::Signature
        | Origin::Environment { .. }
        | Origin::Unknown(_)
        | Origin::Outside(_)
        | Origin::Answer(_) => true,
        Origin::Record { asset, field, .. } => passwords::is_password(map, *asset, *field),
        _ => false,
    })
}

fn asks(map: &Map, entry: &EntryPoint, effect: &Effect) -> bool {
    entry
        .checks_of(effect)
        .any(|check| second_factors::is_about_second_factor(map, check))
        || query::verifies_code(entry)
        || lookups::lookups(map, entry)
            .iter()
            .any(lookups::Lookup::names_person)
        || hands_over(map, entry)
}

/// Holds if the log-in goes on elsewhere for some: what is kept in their session instead is what whoever is asked for a
/// code is found by.
fn hands_over(map: &Map, entry: &EntryPoint) -> bool {
    let kept = entry
        .effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            EffectKind::Session(SessionOperation::Write, Some(field)) => Some((effect, field.name)),
            _ => None,
        });
    let is_found_by = |name: Ustr| {
        let origin = Origin::Request(RequestPart::Session, name);
        let mut asking = map.entry_points.iter();
        asking.any(|other| {
            query::verifies_code(other)
                && query::accesses(other).any(|(_, access)| {
                    let mut keys = access.key.iter();
                    keys.any(|key| key.value.origins().contains(&origin))
                })
        })
    };
    let opened = openings::session_openings(map, entry);
    let is_apart = |effect: &Effect| {
        let others = opened.iter().filter(|it| it.span != effect.span);
        let mut others = others.peekable();
        others.peek().is_some()
            && others.all(|opening| query::are_exclusive(entry, effect, opening))
    };
    kept.filter(|(effect, _)| is_apart(effect))
        .any(|(_, name)| is_found_by(name))
}

/// A new account has no second factor yet, and a renewed session was opened with it.
fn is_exempt(map: &Map, entry: &EntryPoint, opening: &Effect) -> bool {
    is_guarded(entry)
        || is_asked_within(entry, opening)
        || openings::renewal(map, entry).is_some()
        || exchanges_token(map, entry, opening)
        || is_proven_by_passkey(entry, opening)
        || finishes_log_in(map, entry, opening)
        || (!query::verifies_password(entry) && takes_code_of_caller(map, entry))
        || is_for_thing(map, entry)
        || (query::is_registration(map, entry)
            && !verifies_password_of_account(map, entry)
            && !reads_account(map, entry, opening))
}

/// Holds if what is opened is a thing and nobody's account, as a shared page behind a password is: no account that can
/// have a second factor is looked at, and what is kept of the session says whose it is by the number of such a thing
/// alone, here and wherever one is made.
fn is_for_thing(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = with_second_factor(map);
    let names_person = |origin: &Origin| match origin {
        Origin::Record { asset, field, .. } => {
            let mut fields = map.asset(*asset).into_iter().flat_map(|it| &it.fields);
            let leads = fields.any(|it| {
                it.name == *field && it.refers_to.is_some_and(|to| accounts.contains(&to))
            });
            accounts.contains(asset) || leads || !lookups::is_identifier(field)
        }
        Origin::Principal(_) | Origin::Claim(_) | Origin::Answer(_) | Origin::Unknown(_) => true,
        _ => false,
    };
    let is_made = |access: &Access| {
        let mut values = access.values.iter();
        access.operation == Operation::Create && values.any(|it| lookups::is_random(&it.value))
    };
    let is_of_thing = |access: &Access| {
        let origins = || access.values.iter().flat_map(|it| it.value.origins());
        access.spread.is_empty()
            && !origins().any(names_person)
            && origins().any(|it| matches!(it, Origin::Record { .. }))
    };
    let mut kept = query::handler_accesses(entry)
        .filter(|(_, access)| is_made(access))
        .peekable();
    !query::accesses(entry).any(|(_, access)| accounts.contains(&access.asset))
        && kept.peek().is_some()
        && kept.all(|(_, access)| {
            query::all_accesses_of_asset(map, access.asset)
                .filter(|(_, _, it)| it.operation == Operation::Create)
                .all(|(_, _, it)| is_of_thing(it))
        })
}

/// The accounts that keep a second factor themselves; where it is kept apart, all accounts.
fn with_second_factor(map: &Map) -> Vec<Ustr> {
    let accounts = query::account_assets(map);
    let places = second_factors::second_factors(map);
    let is_kept_apart = places.iter().all(|(asset, _)| !accounts.contains(asset));
    let keeps_one = |asset: &Ustr| places.iter().any(|(kept, _)| kept == asset);
    let own = accounts.iter().copied();
    own.filter(|asset| is_kept_apart || keeps_one(asset))
        .collect()
}

/// What somebody has chosen for an account that is not made yet, and gives once more where it is made, opens none that can
/// have a second factor.
fn verifies_password_of_account(map: &Map, entry: &EntryPoint) -> bool {
    let is_kept_by = |expected: &Provenance, accounts: &[Ustr]| {
        let mut accounts = accounts.iter();
        accounts.any(|asset| expected.record_fields(*asset).next().is_some())
    };
    let is_record = |origin: &Origin| matches!(origin, Origin::Record { .. });
    let accounts = with_second_factor(map);
    query::comparisons(entry).any(|(_, found)| {
        found.kind == ComparisonKind::Password
            && (is_kept_by(&found.expected, &accounts)
                || !found.expected.origins().iter().any(is_record))
    })
}

/// A passkey is something one has, and opens with something one knows or is: a second factor would be a third.
fn is_proven_by_passkey(entry: &EntryPoint, opening: &Effect) -> bool {
    query::comparisons(entry).any(|(effect, found)| {
        found.kind == ComparisonKind::Passkey && !query::are_exclusive(entry, effect, opening)
    })
}

/// Holds if the session is opened for whom a log-in has noted in it half-way, after a password, and for a secret that
/// the client shows besides: the code of a mail, whatever it is called.
fn finishes_log_in(map: &Map, entry: &EntryPoint, opening: &Effect) -> bool {
    let accounts = query::account_assets(map);
    let is_noted_half_way = |name: Ustr| {
        let mut noting = map.entry_points.iter().filter(|other| {
            other.effects.iter().any(|effect| match &effect.kind {
                EffectKind::Session(SessionOperation::Write, Some(field)) => {
                    field.name == name && !field.value.is_empty()
                }
                _ => false,
            })
        });
        let mut is_noted = false;
        noting.all(|other| {
            is_noted = true;
            std::ptr::eq(other, entry) || query::verifies_password(other)
        }) && is_noted
    };
    let is_found_half_way = query::handler_accesses(entry).any(|(_, access)| {
        accounts.contains(&access.asset)
            && !access.key.is_empty()
            && access.key.iter().all(|field| {
                let origins = field.value.origins();
                !origins.is_empty()
                    && origins.iter().all(|origin| match origin {
                        Origin::Request(RequestPart::Session, name) => is_noted_half_way(*name),
                        _ => false,
                    })
            })
    });
    let is_stored = |value: &Provenance| {
        let mut assets = accounts.iter();
        assets.any(|asset| value.record_fields(*asset).next().is_some())
    };
    is_found_half_way
        && entry.checks_of(opening).any(|check| {
            check.kind == CheckKind::Proof
                && check.outcome
                && check
                    .operands
                    .iter()
                    .any(|it| it.is_from(RequestPart::Body))
                && check.operands.iter().any(is_stored)
        })
}

/// Holds if a layer has proven who is asking before the handler runs.
fn is_guarded(entry: &EntryPoint) -> bool {
    query::guards(entry, Control::Authentication).any(|layer| layer.kind == LayerKind::Layer)
        || entry.effects.iter().any(|effect| match &effect.kind {
            EffectKind::Issue(token) if effect.layer.is_none() => token
                .claims
                .iter()
                .any(|claim| query::is_principal(&claim.value)),
            _ => false,
        })
}

/// Holds if the handler itself, or what it is wrapped in, refuses whoever is not logged in, and no token or password is
/// proven in it by which he would be known only now.
fn is_asked_within(entry: &EntryPoint, opening: &Effect) -> bool {
    let is_caller = |operand: &Provenance| {
        let mut origins = operand.origins().iter();
        !operand.is_empty() && origins.all(|origin| matches!(origin, Origin::Principal(_)))
    };
    let is_proven = entry
        .effects
        .iter()
        .any(|effect| effect.layer.is_none() && matches!(effect.kind, EffectKind::Verify(_)));
    !is_proven
        && !query::verifies_password(entry)
        && entry.checks_of(opening).any(|check| {
            check.kind == CheckKind::Proof
                && check.outcome
                && check.refusal.is_some()
                && !check.operands.is_empty()
                && check.operands.iter().all(is_caller)
        })
}

/// Holds if the session comes from a token that an earlier log-in has issued, or that only somebody who is logged in
/// was given, as the code by which a second device is paired.
fn exchanges_token(map: &Map, entry: &EntryPoint, opening: &Effect) -> bool {
    let is_after_log_in = |made: &EntryPoint| {
        query::verifies_password(made)
            || query::guards(made, Control::Authentication)
                .any(|layer| layer.verdict == Verdict::Enforced)
    };
    // A layer that looks who is asking, and lets everybody on, has no part in it; neither has what is verified on
    // another way through the handler, as where an account is connected with one of another site.
    verified(map)
        .filter(|found| std::ptr::eq(found.entry, entry) && found.token.is_verified)
        .filter(|found| found.effect.layer.is_none())
        .filter(|found| !query::are_exclusive(entry, found.effect, opening))
        .any(|found| {
            issued(map).any(|made| is_after_log_in(made.entry) && accepts(&found, made.token))
        })
}

/// Holds if a secret is taken that only somebody who is logged in gets: all who keep one are behind a guard, and keep
/// it in the name of the caller. What a log-in keeps half-way is kept before any guard knows who it is.
fn takes_code_of_caller(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    let is_secret = |access: &Access| {
        access.key.iter().any(|field| {
            field.value.is_from_client()
                && (field.value.origins().contains(&Origin::Digest)
                    || query::is_random_field(map, access.asset, field.name))
        })
    };
    let is_for_caller = |made: &EntryPoint, asset: Ustr| {
        let guard = query::guards(made, Control::Authentication)
            .filter(|layer| layer.verdict == Verdict::Enforced)
            .map(|layer| layer.kind == LayerKind::Layer)
            .max();
        let finds_caller =
            |check: &Check| check.refusal.is_some() && query::is_principal(&check.provenance());
        // A wrapper's guard stands in the handler: there it counts where it has found the caller before, and where
        // nobody logs in.
        let is_behind = |effect: &Effect| match guard {
            None => false,
            Some(is_layer) => {
                is_layer
                    || made.checks_of(effect).any(finds_caller)
                        && openings::session_opening(map, made).is_none()
            }
        };
        query::handler_accesses(made)
            .filter(|(_, access)| access.asset == asset && access.operation == Operation::Create)
            .all(|(effect, access)| {
                let mut values = access.values.iter();
                is_behind(effect) && values.any(|it| query::is_principal(&it.value))
            })
    };
    query::handler_accesses(entry)
        .filter(|(_, access)| !accounts.contains(&access.asset) && is_secret(access))
        .any(|(_, access)| {
            let makes = |made: &&EntryPoint| {
                query::handler_accesses(made)
                    .any(|(_, it)| it.asset == access.asset && it.operation == Operation::Create)
            };
            let mut makers = map.entry_points.iter().filter(makes).peekable();
            makers.peek().is_some() && makers.all(|made| is_for_caller(made, access.asset))
        })
}

/// A registration that also finds existing accounts (as an OAuth callback does) is a log-in too.
/// What is done where no account is made has no part in it.
fn reads_account(map: &Map, entry: &EntryPoint, opened: &Effect) -> bool {
    let accounts = query::account_assets(map);
    let mut accesses = query::handler_accesses(entry)
        .filter(|(effect, _)| !query::are_exclusive(entry, effect, opened));
    accesses.any(|(effect, access)| {
        let is_upsert = access.operation == Operation::Update
            && accounts.contains(&access.asset)
            && access.key.iter().any(|field| field.value.is_from_client());
        if is_upsert {
            return true;
        }
        access.operation == Operation::Read
            && accounts.contains(&access.asset)
            && openings::session_opening(map, entry)
                .is_some_and(|opening| opening.span != effect.span)
            && access.key.iter().any(|field| {
                let is_new = field.value.record_fields(access.asset).next().is_some();
                // What a verified token says is another site's word only where such a word is taken.
                let is_told = |origin: &Origin| match origin {
                    Origin::Answer(_) => true,
                    Origin::Claim(_) => oauth_flow::word(map, entry).is_some(),
                    _ => false,
                };
                let is_named = field.name.to_ascii_lowercase().contains("id")
                    || field.value.origins().iter().any(is_told);
                is_named && !is_new
            })
    })
}
