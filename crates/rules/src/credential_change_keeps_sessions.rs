//! Finds changes of a password that leave the account's other sessions valid.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Layer, LayerKind,
    Map, Operation, Origin, Provenance, SessionOperation, lookups, openings, passwords, query,
    second_factors, sessions,
};
use ustr::Ustr;

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "credential-change-keeps-sessions",
    class: "token-replay",
    summary: "a new password leaves old sessions valid",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "End the account's other sessions in the same handler that changes the password.",
    page: include_str!("../fixtures/credential-change-keeps-sessions/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    check_passwords(map, findings);
    check_states(map, findings);
}

fn check_passwords(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let Some((effect, access)) = sessions::password_change(map, entry) else {
            continue;
        };
        // Who logs in with a password may get it stored in a newer form; who is logged in changes it.
        let is_upgrade = query::opens_session(map, entry)
            && query::verifies_password(entry)
            && !entry.verdict(Control::Authentication).refuses();
        if is_upgrade
            || ends_for_certain(map, entry, effect)
            || replaces_what_proves(entry)
            || versions(map, access)
            || is_never_opened(map, entry, effect, access)
        {
            continue;
        }
        let confidence = if sessions::session_assets(map).is_empty() {
            Confidence::Medium
        } else {
            Confidence::High
        };
        findings
            .at_entry(entry)
            .confidence(confidence)
            .title(format!("`{}` changes the password and ends no session", entry.id()))
            .message("Whoever got into the account before stays in after the owner has changed the password.")
            .because("changes", effect.span, "the new password is stored here")
            .report();
    }
}

/// An account that nobody has confirmed yet has no sessions: the write is refused where a field of the record is there,
/// or looks for a record that lacks it, and whoever logs in with a password is refused where it is missing. Neither has
/// one that is made without a password, where the same write fills the field and gives the first.
fn is_never_opened(map: &Map, entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let asset = access.asset;
    let is_first = |name: Ustr| {
        access.values.iter().any(|field| field.name == name) && is_made_without_password(map, asset)
    };
    let blank = |check: &Check| -> Option<Ustr> {
        let mut found = None;
        for part in check.parts() {
            let mut fields = part.operands.iter().flat_map(|it| it.record_fields(asset));
            let field = fields
                .next()
                .filter(|_| asks_if_there(part) == Some(false))?;
            if !field.is_empty() {
                found = Some(field);
            }
        }
        found.filter(|_| check.refusal.is_some())
    };
    let is_needed = |name: Ustr| {
        let log_ins: Vec<&EntryPoint> = map
            .entry_points
            .iter()
            .filter(|it| query::verifies_password(it))
            .filter(|it| {
                query::opens_session(map, it) || openings::session_opening(map, it).is_some()
            })
            .collect();
        let asks = |it: &&EntryPoint| {
            it.checks.iter().any(|check| {
                check.refusal.is_some()
                    && asks_if_there(check) == Some(true)
                    && examines(check, asset, name)
            }) || query::accesses(it).any(|(_, access)| {
                access.asset == asset && access.values.iter().any(|field| field.name == name)
            })
        };
        !log_ins.is_empty() && log_ins.iter().all(asks)
    };
    let is_nothing = |field: &Field| field.value.literal().is_some_and(|text| text == "null");
    let mut lacking = access
        .key
        .iter()
        .filter(|field| field.operator == "=" && is_nothing(field))
        .map(|field| field.name);
    let mut blanks = entry.checks_of(effect).filter_map(blank);
    blanks.any(|name| is_first(name) || is_needed(name)) || lacking.any(is_needed)
}

/// Holds if accounts are made somewhere, and nowhere with a password that somebody has sent.
fn is_made_without_password(map: &Map, asset: Ustr) -> bool {
    let mut made = query::accesses_of_asset(map, asset)
        .map(|(_, _, access)| access)
        .filter(|access| access.operation == Operation::Create)
        .peekable();
    let is_sent = |field: &Field| {
        passwords::is_password(map, asset, field.name)
            && (field.value.is_from_client() || field.value.origins().contains(&Origin::Digest))
    };
    made.peek().is_some() && made.all(|access| !access.values.iter().any(is_sent))
}

/// Returns whether what is examined is there where the check lets pass; `None` if it asks for something else.
fn asks_if_there(check: &Check) -> Option<bool> {
    let is_nothing = |operand: &Provenance| operand.literal().is_some_and(|text| text == "null");
    match check.kind {
        CheckKind::Presence => Some(check.outcome),
        CheckKind::Equality if check.operands.iter().any(is_nothing) => Some(!check.outcome),
        _ => None,
    }
}

/// Whoever is banned, or switches a second factor on, expects that open sessions end too.
fn check_states(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        if sessions::ends_sessions(map, entry) || query::opens_session(map, entry) {
            continue;
        }
        // Whoever guesses too often is shut out for a while: that says nothing of who is logged in.
        let is_guessing =
            query::verifies_password(entry) && !entry.verdict(Control::Authentication).refuses();
        if let Some((effect, field)) = ban(map, entry).filter(|_| !is_guessing) {
            let confidence = match sessions::session_assets(map).is_empty() {
                true => Confidence::Medium,
                false => Confidence::High,
            };
            findings
                .at_entry(entry)
                .symbol("ban")
                .confidence(confidence)
                .title(format!("`{}` shuts an account out and ends no session", entry.id()))
                .message(format!(
                    "Log-in refuses by `{field}`, which is set here; guards do not look at it, so that whoever is logged in stays in."
                ))
                .because("changes", effect.span, "the account is shut out here")
                .report();
        } else if let Some(effect) = enrolment(map, entry) {
            findings
                .at_entry(entry)
                .symbol("enrolment")
                .confidence(Confidence::Low)
                .title(format!(
                    "`{}` enables the second factor and ends no session",
                    entry.id()
                ))
                .message("Sessions that were opened without it, by whomever, stay valid.")
                .because(
                    "changes",
                    effect.span,
                    "the second factor is switched on here",
                )
                .report();
        }
    }
}

/// Returns the effect that sets a field of somebody else's account by which log-in refuses and guards do not.
fn ban<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<(&'m Effect, Ustr)> {
    let accounts = query::account_assets(map);
    query::handler_accesses(entry).find_map(|(effect, access)| {
        let is_others = access.operation == Operation::Update
            && accounts.contains(&access.asset)
            && !access
                .key
                .iter()
                .any(|field| query::is_principal(&field.value));
        let field = access.values.iter().find(|field| {
            is_set(&field.value)
                && refuses_log_in(map, access.asset, field)
                && !is_guarded_by(map, access.asset, field.name)
        })?;
        is_others.then_some((effect, field.name))
    })
}

/// A flag that goes up, or a time.
fn is_set(value: &Provenance) -> bool {
    value
        .literal()
        .is_some_and(|text| text == "true" || text == "1")
        || (!value.is_empty()
            && value
                .origins()
                .iter()
                .all(|origin| matches!(origin, Origin::Clock)))
}

/// Holds if a log-in by password is refused where the field of the account is set to this.
fn refuses_log_in(map: &Map, asset: Ustr, set: &Field) -> bool {
    let refuses = |check: &Check| {
        check.refusal.is_some() && examines(check, asset, set.name) && is_shut_out(check, set)
    };
    query::password_entries(map).any(|entry| {
        !entry.verdict(Control::Authentication).refuses() && entry.checks.iter().any(refuses)
    })
}

/// Holds if the check lets nobody pass for whom the field is set to this: whoever has confirmed his address has the
/// time of it, and only without it nobody logs in.
fn is_shut_out(check: &Check, set: &Field) -> bool {
    if let Some(is_wanted) = asks_if_there(check) {
        return !is_wanted;
    }
    let constant = check.operands.iter().find_map(Provenance::literal);
    match (check.kind, constant, set.value.literal()) {
        (CheckKind::Equality, Some(constant), Some(set)) => check.outcome == (constant != set),
        _ => !check.outcome,
    }
}

fn examines(check: &Check, asset: Ustr, name: Ustr) -> bool {
    check
        .operands
        .iter()
        .any(|operand| operand.record_fields(asset).any(|field| field == name))
}

/// Holds if the check, or what decided whether there is a caller at all, looks at the field.
fn rests_on(check: &Check, asset: Ustr, name: Ustr) -> bool {
    let all = check.provenance();
    all.record_fields(asset).any(|field| field == name)
}

/// Holds if most entry points of proven callers, or a renewal, look at the field.
fn is_guarded_by(map: &Map, asset: Ustr, name: Ustr) -> bool {
    let looks = |entry: &EntryPoint| {
        entry
            .checks
            .iter()
            .any(|check| rests_on(check, asset, name))
            || is_looked_up_by(entry, asset, name)
    };
    let (mut looking, mut all) = (0, 0);
    for entry in &map.entry_points {
        if entry.verdict(Control::Authentication).refuses() {
            all += 1;
            looking += usize::from(looks(entry));
        }
    }
    all == 0 || looking * 2 > all
}

/// Holds if accounts are found by the field on every way: one who comes with a token is no longer found, but one who
/// comes with a session is, where only the query for tokens asks.
fn is_looked_up_by(entry: &EntryPoint, asset: Ustr, name: Ustr) -> bool {
    let has_it = |access: &Access| access.key.iter().any(|field| field.name == name);
    let all = || query::accesses(entry).filter(|(_, access)| access.asset == asset);
    let asking: Vec<&Effect> = all()
        .filter(|(_, access)| has_it(access))
        .map(|(effect, _)| effect)
        .collect();
    let mut others = all().filter(|(effect, access)| {
        effect.layer.is_some() && access.operation == Operation::Read && !has_it(access)
    });
    let is_passed_by = |other: &Effect| {
        let mut asking = asking.iter();
        asking.all(|it| query::are_exclusive(entry, it, other))
    };
    !asking.is_empty() && !others.any(|(effect, _)| is_passed_by(effect))
}

/// Returns the write behind a right code by which the caller's second factor counts from now on.
fn enrolment<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<&'m Effect> {
    if !query::verifies_code(entry) || !entry.verdict(Control::Authentication).refuses() {
        return None;
    }
    let places = second_factors::second_factors(map);
    query::handler_accesses(entry)
        .find(|(_, access)| {
            access.operation == Operation::Update
                && access.values.iter().any(|field| {
                    field.value.literal().is_some_and(|text| text == "true")
                        && places.iter().any(|(asset, place)| {
                            *asset == access.asset && second_factors::same_root(&field.name, place)
                        })
                })
        })
        .map(|(effect, _)| effect)
}

/// Holds if sessions are ended wherever the password is changed: by a write that hangs on nothing the
/// client chooses besides what the change itself hangs on, as the right shape of what was filled in.
fn ends_for_certain(map: &Map, entry: &EntryPoint, change: &Effect) -> bool {
    let kept = sessions::session_assets(map);
    if is_by_framework(map, &kept) {
        return ends_those_of_framework(map, entry, change)
            || kept.is_empty() && sessions::ends_sessions(map, entry);
    }
    let ends = query::handler_accesses(entry).any(|(effect, access)| {
        let ends = kept.contains(&access.asset)
            && sessions::ends_record(map, access)
            && !sessions::is_routine(map, entry, effect);
        (ends || sessions::moves_generation(map, access))
            && !is_for_nobody(entry, effect)
            && !is_clients_choice(entry, change, effect, access.asset)
    });
    ends || (sessions::ends_sessions(map, entry) && kept.is_empty())
}

/// Holds if the client chooses whether sessions are ended.
fn is_clients_choice(entry: &EntryPoint, change: &Effect, ended: &Effect, asset: Ustr) -> bool {
    entry.checks_of(ended).any(|check| {
        let is_of_change = entry.checks_of(change).any(|it| it == check);
        // Whether there is any session to end is nothing that the client chooses, whatever it was looked for by.
        let names_ended = |it: &Provenance| it.record_fields(asset).next().is_some();
        check.refusal.is_none()
            && !is_of_change
            && check
                .operands
                .iter()
                .all(|operand| operand.is_from_client() && !names_ended(operand))
    })
}

/// Holds if it is done only where that is missing by which a layer has found the caller: there is none like that.
fn is_for_nobody(entry: &EntryPoint, effect: &Effect) -> bool {
    let finds_caller = |value: &Provenance| {
        query::accesses(entry).any(|(effect, access)| {
            effect.layer.is_some()
                && access.operation == Operation::Read
                && access.key.iter().any(|field| field.value == *value)
        })
    };
    entry.checks_of(effect).any(|check| {
        let mut operands = check.operands.iter().filter(|it| !it.is_empty());
        check.kind == CheckKind::Presence
            && !check.outcome
            && check.parts().len() == 1
            && operands.any(|it| {
                let mut origins = it.origins().iter();
                origins.all(|origin| matches!(origin, Origin::Principal(_))) && finds_caller(it)
            })
    })
}

/// Holds if what this very entry point finds the caller by is drawn anew, or emptied, in more than the caller's own
/// record: nobody comes in with what was sent before, wherever such records are made.
fn replaces_what_proves(entry: &EntryPoint) -> bool {
    let is_new = |value: &Provenance| {
        let mut origins = value.origins().iter();
        !value.is_empty()
            && origins.all(|origin| match origin {
                Origin::Random { .. } => true,
                Origin::Literal(text) => text.is_empty() || text == "null",
                _ => false,
            })
    };
    let finds_caller = |asset: Ustr, name: Ustr| {
        let is_callers = |origin: &Origin| matches!(origin, Origin::Record { asset: of, of_principal: true, .. } if *of == asset);
        let mut examined = entry.checks.iter().flat_map(|check| &check.operands);
        query::accesses(entry).any(|(_, access)| {
            access.asset == asset
                && access.operation == Operation::Read
                && access.key.iter().any(|field| {
                    field.name == name && field.operator == "=" && field.value.is_from_client()
                })
        }) && examined.any(|value| value.origins().iter().any(is_callers))
    };
    entry.verdict(Control::Authentication).refuses()
        && query::handler_accesses(entry).any(|(_, access)| {
            let names_one = |field: &Field| {
                lookups::is_identifier(&field.name)
                    || access.values.iter().any(|value| value.name == field.name)
            };
            access.operation == Operation::Update
                && !access.key.iter().any(names_one)
                && access
                    .values
                    .iter()
                    .any(|field| is_new(&field.value) && finds_caller(access.asset, field.name))
        })
}

/// Holds if whoever logs in with a password is noted in a session of the framework, and in nothing that the application
/// keeps: to end the tokens of devices ends none of those.
fn is_by_framework(map: &Map, kept: &[Ustr]) -> bool {
    let notes = |entry: &EntryPoint| {
        entry.effects.iter().any(|effect| {
            matches!(&effect.kind, EffectKind::Session(SessionOperation::Write, Some(field))
                if field.value.origins().iter().any(|it| matches!(it, Origin::Record { .. })))
        })
    };
    let makes = |entry: &EntryPoint| {
        query::handler_accesses(entry).any(|(_, access)| {
            access.operation == Operation::Create && kept.contains(&access.asset)
        })
    };
    let mut log_ins = map
        .entry_points
        .iter()
        .filter(|entry| query::verifies_password(entry))
        .filter(|entry| notes(entry))
        .peekable();
    log_ins.peek().is_some() && log_ins.all(|entry| !makes(entry))
}

/// Holds if a field of the account is changed that guards compare with what a session says, or records are removed that
/// no handler makes, as those in which the framework keeps its sessions.
fn ends_those_of_framework(map: &Map, entry: &EntryPoint, change: &Effect) -> bool {
    let guarded = || {
        let is_guard = |layer: &Layer| layer.kind == LayerKind::Layer;
        let others = map.entry_points.iter();
        others.filter(move |other| query::guards(other, Control::Authentication).any(is_guard))
    };
    let is_compared = |asset: Ustr, name: Ustr| {
        guarded().flat_map(|other| &other.checks).any(|check| {
            check.refusal.is_some()
                && check.parts().iter().any(|part| {
                    part.kind == CheckKind::Equality
                        && part.operands.iter().any(query::is_principal)
                })
                && examines(check, asset, name)
        })
    };
    let is_made = |asset: Ustr| {
        let mut all = query::accesses_of_asset(map, asset);
        all.any(|(_, _, it)| it.operation == Operation::Create)
    };
    query::handler_accesses(entry).any(|(effect, access)| {
        let is_end = match access.operation {
            Operation::Delete => !is_made(access.asset),
            Operation::Update => access.values.iter().any(|field| {
                !passwords::is_password(map, access.asset, field.name)
                    && is_compared(access.asset, field.name)
            }),
            _ => false,
        };
        is_end && !is_clients_choice(entry, change, effect, access.asset)
    })
}

/// Holds if whoever renews a session gets a token with the field as it is by then, and nothing asks whether it was changed
/// since the session was opened.
fn is_signed_anew(map: &Map, asset: Ustr, name: Ustr) -> bool {
    let is_it = |value: &Provenance| value.record_fields(asset).any(|field| field == name);
    map.entry_points.iter().any(|entry| {
        let mut claims = query::issues(entry).flat_map(|(_, token)| &token.claims);
        let is_signed = claims.any(|claim| is_it(&claim.value));
        let is_asked = || {
            entry.checks.iter().any(|check| is_it(&check.provenance()))
                || query::accesses(entry).any(|(_, access)| {
                    let mut key = access.key.iter();
                    key.any(|field| {
                        access.asset == asset && field.name == name || is_it(&field.value)
                    })
                })
        };
        is_signed && !is_asked() && openings::renewal(map, entry).is_some()
    })
}

/// Holds if the same statement changes a field that guards compare with the caller's token. Whoever is only half logged
/// in, and sends a code, has no session yet.
fn versions(map: &Map, access: &firedoor_app::Access) -> bool {
    let is_second_step =
        |entry: &EntryPoint| query::verifies_code(entry) && query::opens_session(map, entry);
    let compared: Vec<Ustr> = map
        .entry_points
        .iter()
        .filter(|entry| !is_second_step(entry))
        .flat_map(|entry| &entry.checks)
        .filter(|check| check.refusal.is_some() && check.operands.iter().any(query::is_principal))
        .flat_map(|check| {
            let all = check.provenance();
            all.record_fields(access.asset).collect::<Vec<_>>()
        })
        .collect();
    access.values.iter().any(|field| {
        !passwords::is_password(map, access.asset, field.name)
            && compared.contains(&field.name)
            && !is_signed_anew(map, access.asset, field.name)
    })
}
