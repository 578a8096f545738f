//! Finds sockets that never look up what HTTP guards look up about the caller on every request.

use firedoor_app::ownership::is_clients_choice;
use firedoor_app::{
    AssetKind, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Layer, Map,
    Operation, Origin, Provenance, Transport, VerifyToken, passwords, query, sessions,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::socket::{entries, siblings};
use crate::token_kinds::{Issued, Verified, accepts, issued, verified};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "websocket-stale-identity",
    class: "websocket-auth",
    summary: "a socket goes on for those whom HTTP would refuse",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "Look up in the handshake what HTTP guards look up, and close connections when a session ends or an account is banned.",
    page: include_str!("../fixtures/websocket-stale-identity/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let looked_up = looked_up_by_http(map);
    for entry in entries(map).filter(|entry| entry.message.is_none()) {
        let all: Vec<&EntryPoint> = std::iter::once(entry).chain(siblings(map, entry)).collect();
        let is_by_token = all.iter().any(|other| {
            other.verdict(Control::Authentication).refuses()
                && query::verifications(other).any(|(effect, found)| {
                    found.is_verified && !names_a_thing(map, other, effect, found)
                })
        });
        let reads = |asset: Ustr| all.iter().any(|other| knows(other, asset));
        let is_told_by_session = tells_by_session(map, &reads);
        let missed = looked_up
            .iter()
            .find(|known| !reads(known.asset) && !is_told_by_session(known.asset));
        if let Some(missed) = missed.filter(|_| is_by_token) {
            // A socket that looks up something shows that the look-ups of it are seen.
            let is_seen = looked_up.iter().any(|known| reads(known.asset));
            let confidence = match () {
                () if is_seen => Confidence::High,
                () if uses_database(map) && is_taken_away(map, missed.asset) => Confidence::Medium,
                () => Confidence::Low,
            };
            report(entry, missed, confidence, findings);
        } else if is_by_token && missed.is_none() {
            let knows_account = |ban: &Ban<'_>| all.iter().any(|other| knows(other, ban.asset));
            let is_unseen = |ban: &Ban<'_>| {
                uses_database(map) && !knows_account(ban) && !is_told_by_session(ban.asset)
            };
            if let Some(ban) = ban(map).filter(is_unseen) {
                report_banned(entry, &ban, findings);
                continue;
            }
        }
        if missed.is_none()
            && let Some(ban) = outlived(map, entry, &all)
        {
            report_banned(entry, &ban, findings);
        }
    }
}

/// Holds if all tokens that are taken here name what may be seen, as a link that is given away does: whoever brings one
/// needs no account that could be banned.
fn names_a_thing(map: &Map, entry: &EntryPoint, effect: &Effect, token: &VerifyToken) -> bool {
    let found = Verified {
        entry,
        effect,
        token,
    };
    let (accounts, kept) = (query::account_assets(map), sessions::session_assets(map));
    let is_someone = |origin: &Origin| match origin {
        Origin::Record { asset, .. } => accounts.contains(asset) || kept.contains(asset),
        Origin::Principal(_) => true,
        _ => false,
    };
    let names = |made: &Issued<'_>| {
        let origins = || {
            let claims = made.token.claims.iter();
            claims.flat_map(|claim| claim.value.origins())
        };
        let is_thing =
            origins().any(|it| matches!(it, Origin::Record { .. })) && !origins().any(is_someone);
        is_thing || is_ticket(map, entry, made)
    };
    // A key that signs nothing any more is asked after the one that does.
    let alike = || {
        let others = query::verifications(entry).filter(|(_, other)| {
            other.is_verified && other.requires == token.requires && other.token == token.token
        });
        others.map(|(effect, token)| Verified {
            entry,
            effect,
            token,
        })
    };
    let taken_by = |found: Verified<'_>| -> Vec<Issued<'_>> {
        let made = issued(map);
        made.filter(|made| accepts(&found, made.token)).collect()
    };
    let mut made = taken_by(found);
    if made.is_empty() {
        made = alike().flat_map(taken_by).collect();
    }
    !made.is_empty() && made.iter().all(names)
}

/// The token opens one thing only, HTTP takes none of its kind, and the socket looks up in the thing's own records whether
/// whom the token names still belongs there: who may see it is decided there, and not by who may log in.
fn is_ticket(map: &Map, entry: &EntryPoint, made: &Issued<'_>) -> bool {
    let is_for_http = verified(map)
        .any(|found| found.entry.transport == Transport::Http && accepts(&found, made.token));
    let (accounts, kept) = (query::account_assets(map), sessions::session_assets(map));
    let is_named = |field: &&Field| {
        let mut origins = field.value.origins().iter();
        origins.any(|it| matches!(it, Origin::Principal(name) if !name.is_empty()))
    };
    !is_for_http
        && query::accesses(entry).any(|(_, access)| {
            matches!(access.operation, Operation::Read | Operation::Count)
                && !accounts.contains(&access.asset)
                && !kept.contains(&access.asset)
                && access.key.iter().filter(is_named).count() > 1
        })
}

/// Where whoever is banned loses the session too, a socket that looks the session up need not look at the account.
fn tells_by_session(map: &Map, reads: &dyn Fn(Ustr) -> bool) -> impl Fn(Ustr) -> bool {
    let accounts = query::account_assets(map);
    let reads_session = sessions::session_assets(map)
        .iter()
        .any(|asset| reads(*asset));
    let is_ended =
        reads_session && banning(map).all(|found| sessions::ends_sessions(map, found.entry));
    move |asset| is_ended && accounts.contains(&asset)
}

/// What guards of HTTP look up about the caller on every request.
struct LookedUp<'m> {
    asset: Ustr,
    span: Span,
    example: &'m EntryPoint,
    guard: &'m Layer,
}

fn looked_up_by_http(map: &Map) -> Vec<LookedUp<'_>> {
    let mut found: Vec<(LookedUp<'_>, usize)> = Vec::new();
    let http = map
        .entry_points
        .iter()
        .filter(|entry| entry.transport == Transport::Http);
    for entry in http {
        for (effect, access) in query::accesses(entry) {
            let guard = effect
                .layer
                .and_then(|number| entry.layers.get(number as usize));
            // Whether the caller belongs to what the request names is another question than who he is.
            let is_about_caller = !access.operation.is_write()
                && !access.key.iter().any(|it| is_clients_choice(&it.value))
                && access
                    .key
                    .iter()
                    .any(|field| query::is_principal(&field.value));
            let Some(guard) = guard.filter(|_| is_about_caller) else {
                continue;
            };
            if !guard.controls.contains(&Control::Authentication) {
                continue;
            }
            match found
                .iter_mut()
                .find(|(known, _)| known.asset == access.asset)
            {
                Some((_, count)) => *count += 1,
                None => found.push((
                    LookedUp {
                        asset: access.asset,
                        span: effect.span,
                        example: entry,
                        guard,
                    },
                    1,
                )),
            }
        }
    }
    let most = found.iter().map(|(_, count)| *count).max().unwrap_or(0);
    found
        .into_iter()
        .filter(|(_, count)| count * 2 > most)
        .map(|(known, _)| known)
        .collect()
}

/// Holds if the entry point looks the caller up in the asset, or goes on with what such a look-up gave.
fn knows(entry: &EntryPoint, asset: Ustr) -> bool {
    let is_read = query::accesses(entry).any(|(_, access)| {
        access.asset == asset
            && matches!(access.operation, Operation::Read | Operation::Count)
            && access
                .key
                .iter()
                .any(|field| query::is_principal(&field.value))
    });
    let is_of_caller = |value: &Provenance| {
        value.origins().iter().any(|origin| {
            matches!(origin, Origin::Record { asset: found, of_principal: true, .. } if *found == asset)
        })
    };
    is_read
        || entry
            .checks
            .iter()
            .any(|check| is_of_caller(&check.provenance()))
        || query::accesses(entry).any(|(_, access)| {
            let mut fields = access.key.iter().chain(&access.values);
            fields.any(|field| is_of_caller(&field.value))
        })
}

/// Holds if messages of sockets are seen to use what outlives the process.
fn uses_database(map: &Map) -> bool {
    let is_kept = |asset: Ustr| {
        map.asset(asset)
            .is_none_or(|asset| asset.kind != AssetKind::Memory)
    };
    entries(map)
        .any(|entry| query::handler_accesses(entry).any(|(_, access)| is_kept(access.asset)))
}

/// Holds if somebody is logged out or banned in the asset: its records are removed, or what a refusing check
/// looks at is changed in them.
fn is_taken_away(map: &Map, asset: Ustr) -> bool {
    let asked = |field: Ustr| {
        map.entry_points.iter().any(|entry| {
            let mut checks = entry.checks.iter().filter(|check| check.refusal.is_some());
            checks.any(|check| {
                check
                    .provenance()
                    .record_fields(asset)
                    .any(|found| found == field)
            })
        })
    };
    map.entry_points.iter().any(|entry| {
        query::handler_accesses(entry).any(|(_, access)| {
            access.asset == asset
                && match access.operation {
                    Operation::Delete => true,
                    Operation::Update => access.values.iter().any(|field| {
                        !passwords::is_password(map, asset, field.name) && asked(field.name)
                    }),
                    _ => false,
                }
        })
    })
}

/// An entry point that bans accounts and closes no connection.
struct Ban<'m> {
    asset: Ustr,
    field: Ustr,
    span: Span,
    entry: &'m EntryPoint,
}

/// Returns where somebody with a right to it changes in another's account what its log-in refuses for, while the
/// connections that the account has stay open.
fn ban(map: &Map) -> Option<Ban<'_>> {
    let closes = |entry: &EntryPoint| {
        let mut effects = entry.effects.iter();
        effects.any(|effect| matches!(effect.kind, EffectKind::Disconnect(_)))
    };
    banning(map).find(|found| !closes(found.entry))
}

fn banning(map: &Map) -> impl Iterator<Item = Ban<'_>> {
    let accounts = query::account_assets(map);
    let bans = |entry: &EntryPoint| entry.verdict(Control::Authorization).refuses();
    map.entry_points
        .iter()
        .filter(move |entry| bans(entry))
        .filter_map(move |entry| {
            query::handler_accesses(entry).find_map(|(effect, access)| {
                let is_of_other = access.operation == Operation::Update
                    && accounts.contains(&access.asset)
                    && !access
                        .key
                        .iter()
                        .any(|field| query::is_principal(&field.value));
                // What is taken out of the field again lets the account in.
                let is_set = |field: &&Field| {
                    let word = field.value.literal();
                    !word.is_some_and(|it| matches!(it.as_str(), "null" | "false"))
                };
                let mut fields = access.values.iter().filter(|_| is_of_other).filter(is_set);
                let field = fields.find(|field| keeps_out(map, access.asset, field.name))?;
                Some(Ban {
                    asset: access.asset,
                    field: field.name,
                    span: effect.span,
                    entry,
                })
            })
        })
}

/// Holds if the log-in, or a guard, refuses an account because the field is set.
fn keeps_out(map: &Map, asset: Ustr, field: Ustr) -> bool {
    refuses_for(map, asset, field) || is_asked_empty(map, asset, field)
}

/// Holds if callers are looked up only where nothing stands in the field.
fn is_asked_empty(map: &Map, asset: Ustr, field: Ustr) -> bool {
    let guards = query::all_accesses_of_asset(map, asset);
    let mut reads = guards.filter(|(_, effect, access)| {
        effect.layer.is_some() && access.operation == Operation::Read
    });
    reads.any(|(_, _, access)| {
        access.key.iter().any(|key| {
            let is_nothing = key
                .value
                .literal()
                .is_some_and(|it| matches!(it.as_str(), "null" | "false"));
            key.name == field && key.operator == "=" && is_nothing
        })
    })
}

fn refuses_for(map: &Map, asset: Ustr, field: Ustr) -> bool {
    let is_only = |value: &Provenance| {
        let mut fields = value.record_fields(asset);
        fields.any(|found| found == field)
    };
    let is_guard = |check: &Check| {
        let mut origins = check.operands.iter().flat_map(Provenance::origins);
        origins.any(|it| {
            matches!(
                it,
                Origin::Record {
                    of_principal: true,
                    ..
                }
            )
        })
    };
    let refuses = |check: &Check| {
        check.kind == CheckKind::Presence && !check.outcome && check.operands.iter().any(is_only)
            || asks_until(check, asset, field)
    };
    let asks = |entry: &EntryPoint, is_log_in: bool| {
        let checks = entry.checks.iter().filter(|it| it.refusal.is_some());
        let mut checks = checks.filter(|check| is_log_in || is_guard(check));
        checks.any(refuses)
    };
    let others: Vec<&EntryPoint> = query::with_users(map).collect();
    // What a few ask keeps nobody out: who may not write for a while, or may not give up his office.
    let asking = others.iter().filter(|entry| asks(entry, false)).count();
    !passwords::is_password(map, asset, field)
        && (asking * 2 > others.len()
            || query::password_entries(map).any(|entry| asks(entry, true)))
}

/// Holds if whoever is let through has nothing in the field, or a time that is over.
fn asks_until(check: &Check, asset: Ustr, field: Ustr) -> bool {
    let is_it = |origin: &Origin| matches!(origin, Origin::Record { asset: of, field: name, .. } if *of == asset && *name == field);
    let is_about = |part: &Check| {
        let mut origins = part.operands.iter().flat_map(Provenance::origins);
        part.operands
            .iter()
            .flat_map(Provenance::origins)
            .any(is_it)
            && origins.all(|it| {
                is_it(it)
                    || matches!(it, Origin::Clock)
                    || matches!(it, Origin::Literal(text) if text == "null")
            })
    };
    let is_time = |part: &Check| {
        let mut origins = part.operands.iter().flat_map(Provenance::origins);
        part.kind == CheckKind::Bound && origins.any(|it| matches!(it, Origin::Clock))
    };
    let parts = &check.alternatives;
    check.is_alternative
        && parts.iter().all(is_about)
        && parts.iter().any(is_time)
        && parts.iter().any(|part| !is_time(part))
}

/// Returns the ban that does not reach a socket whose caller is looked up when it connects, and never again.
fn outlived<'m>(map: &'m Map, entry: &EntryPoint, all: &[&EntryPoint]) -> Option<Ban<'m>> {
    let messages: Vec<&&EntryPoint> = all.iter().filter(|it| it.message.is_some()).collect();
    let accounts = query::account_assets(map);
    let tables = sessions::session_assets(map);
    let look_ups = |entry: &EntryPoint| -> Vec<Ustr> {
        let read = query::accesses(entry).filter(|(_, access)| {
            let is_known = accounts.contains(&access.asset) || tables.contains(&access.asset);
            // Who has written what the caller may read is not the caller.
            let is_of_caller = |field: &Field| {
                field.value.origins().iter().any(|origin| match origin {
                    Origin::Record { asset, .. } => {
                        accounts.contains(asset) || tables.contains(asset)
                    }
                    _ => true,
                })
            };
            let mut keys = access.key.iter();
            is_known
                && access.operation == Operation::Read
                && keys.any(|key| tells_who(key) && is_of_caller(key))
        });
        // Where one credential leads one way and another credential another way, nobody is looked up twice.
        let mut found: Vec<(&firedoor_app::Effect, Ustr)> = Vec::new();
        for (effect, access) in read {
            let is_instead = found.iter().any(|(other, asset)| {
                *asset == access.asset && query::are_exclusive(entry, other, effect)
            });
            if !is_instead {
                found.push((effect, access.asset));
            }
        }
        found.into_iter().map(|(_, asset)| asset).collect()
    };
    let first = look_ups(entry);
    let count = |all: &[Ustr], asset: &Ustr| all.iter().filter(|it| *it == asset).count();
    let is_open = first.is_empty() || first.iter().any(|it| count(&first, it) > 1);
    let is_renewed = messages.iter().any(|message| {
        let own = look_ups(message);
        first.iter().any(|it| count(&own, it) > count(&first, it))
    });
    let acts = messages.iter().any(|it| {
        it.verdict(Control::Authentication).refuses()
            && query::handler_accesses(it).any(|(_, access)| {
                !accounts.contains(&access.asset)
                    && !tables.contains(&access.asset)
                    && !crate::socket::is_memory(map, access.asset)
            })
    });
    (acts && !is_open && !is_renewed).then(|| ban(map))?
}

/// Holds for keys that only the caller, or what he proves himself with, gives.
fn tells_who(field: &Field) -> bool {
    query::is_principal(&field.value)
        || field.value.is_credential()
        || field.value.origins().contains(&Origin::Digest)
}

fn report_banned(entry: &EntryPoint, ban: &Ban<'_>, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .confidence(Confidence::Medium)
        .title(format!("`{}` goes on for accounts that were banned", entry.id()))
        .message(format!(
            "`{}` sets `{}`, which the log-in refuses for; connections that are open then stay open, and no message looks it up.",
            ban.entry.id(),
            ban.field
        ))
        .because("banned", ban.span, format!("`{}` is set here", ban.field))
        .report();
}

fn report(
    entry: &EntryPoint,
    looked_up: &LookedUp<'_>,
    confidence: Confidence,
    findings: &mut Findings,
) {
    findings
        .at_entry(entry)
        .confidence(confidence)
        .title(format!("`{}` trusts a token that HTTP would refuse", entry.id()))
        .message(format!(
            "`{}` looks the caller up in {} on every request; the socket does not, so that whoever was logged out or banned stays or comes back.",
            looked_up.guard.name, looked_up.asset
        ))
        .because(
            "compared-with",
            looked_up.span,
            format!("`{}` is refused here", looked_up.example.id()),
        )
        .report();
}
