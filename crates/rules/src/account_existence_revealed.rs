//! Finds answers to strangers that tell whether somebody has an account.

use firedoor_app::{
    Access, Check, CheckKind, CompareSecret, ComparisonKind, Control, Effect, EffectKind,
    EntryPoint, Field, Map, Operation, Origin, SendChannel, lookups, query,
};
use ustr::Ustr;

use crate::found_or_not::{
    describe, has_field, is_lacking, is_taken, presence, refuses, side, told,
};
use crate::password_checks::{hangs_on_password, passwords_given};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "account-existence-revealed",
    class: "user-enumeration",
    summary: "answers tell strangers whether somebody has an account",
    severity: Severity::Medium,
    cwe: &["CWE-204"],
    remediation: "Give the same status and words whether or not there is an account, and do the same work for both.",
    page: include_str!("../fixtures/account-existence-revealed/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let accounts = query::account_assets(map);
    for entry in &map.entry_points {
        if entry.verdict(Control::Authentication).refuses() {
            continue;
        }
        let look_ups = || {
            query::accesses(entry).filter(|(effect, access)| {
                is_of_log_in(entry, effect)
                    && accounts.contains(&access.asset)
                    && is_named_by_client(map, access)
            })
        };
        // That a name is taken may be told, and that an address is known must not: each is asked for itself.
        let sure = |look_up: &(&Effect, &Access)| confidence(map, entry, *look_up);
        let by_address = look_ups().find(|look_up| {
            sure(look_up) > Confidence::Low && revealing(entry, look_up.1).is_some()
        });
        let Some((effect, access)) = by_address.or_else(|| look_ups().next()) else {
            report_taken(map, entry, &accounts, findings);
            continue;
        };
        let Some((told, words)) = revealing(entry, access) else {
            report_timing(entry, access, findings);
            continue;
        };
        findings
            .at_entry(entry)
            .confidence(confidence(map, entry, (effect, access)))
            .title(format!("`{}` tells who has an account", entry.id()))
            .message(words)
            .because(
                "looks-up",
                effect.span,
                format!("the {} is looked up here", access.asset),
            )
            .because(
                "tells",
                told.span,
                "this answer is given where there is none",
            )
            .report();
    }
}

/// Nobody is looked up first: whoever has an account already is refused because none could be made. The address is
/// confirmed by a mail, which can tell it; and elsewhere the application says nothing.
fn report_taken(map: &Map, entry: &EntryPoint, accounts: &[Ustr], findings: &mut Findings) {
    let is_address = |field: &Field| {
        field.name.to_ascii_lowercase().contains("mail") && field.value.is_from_client()
    };
    let made = query::handler_accesses(entry).find(|(_, access)| {
        access.operation == Operation::Create
            && accounts.contains(&access.asset)
            && access.values.iter().any(is_address)
    });
    let Some((made, access)) = made else {
        return;
    };
    let is_about_it = |effect: &Effect| {
        let mut own = effect.checks.iter().filter(|id| !made.checks.contains(id));
        own.any(|id| {
            let check = entry.check(*id);
            presence(check, access.asset) == Some(false) || is_taken(check)
        })
    };
    let refused = entry
        .effects
        .iter()
        .find(|effect| refuses(effect) && effect.layer.is_none() && is_about_it(effect));
    let Some(refused) = refused.filter(|_| {
        query::is_registration(map, entry)
            && confirms_by_mail(map, entry)
            && is_kept_elsewhere(map, entry)
    }) else {
        return;
    };
    findings
        .at_entry(entry)
        .confidence(Confidence::Medium)
        .title(format!("`{}` tells who has an account", entry.id()))
        .message(format!(
            "Where no {} could be made for the address the answer is {}, and otherwise another.",
            access.asset,
            describe(refused)
        ))
        .because(
            "makes",
            made.span,
            "this comes to nothing for an address that has one",
        )
        .because("tells", refused.span, "this answer is given then")
        .report();
}

/// A hash takes long, and is computed only where there is an account. All answers are alike, so that the time is what
/// is left to tell.
fn report_timing(entry: &EntryPoint, access: &Access, findings: &mut Findings) {
    let hashes = |effect: &Effect| match &effect.kind {
        EffectKind::CompareSecret(found) => found.kind == ComparisonKind::Password,
        EffectKind::HashPassword(_) => true,
        _ => false,
    };
    let compared = query::comparisons(entry).find(|(effect, found)| {
        found.kind == ComparisonKind::Password
            && (side(entry, effect, access.asset) == Some(true)
                || asks_password(entry, effect, (found, access.asset), true))
    });
    let Some((effect, compared)) = compared else {
        return;
    };
    // The same is done where there is no account, or none with a password. Behind a check that there is one it never is.
    let is_made_up_for = entry.effects.iter().any(|effect| {
        hashes(effect)
            && !asks_password(entry, effect, (compared, access.asset), true)
            && (side(entry, effect, access.asset) == Some(false)
                || asks_password(entry, effect, (compared, access.asset), false))
    });
    if is_made_up_for {
        return;
    }
    findings
        .at_entry(entry)
        .symbol("time")
        .severity(Severity::Low)
        .confidence(Confidence::Medium)
        .title(format!("`{}` answers sooner without an account", entry.id()))
        .message("The password is hashed only where an account was found: the time of the answer tells which, though the answers are alike.")
        .because("compares", effect.span, "only reached with an account")
        .report();
}

/// Holds if the effect happens only where the stored password that is compared is there, or only where it is not, as in
/// a function that is handed nothing where nobody was found.
fn asks_password(
    entry: &EntryPoint,
    effect: &Effect,
    (found, asset): (&CompareSecret, Ustr),
    is_there: bool,
) -> bool {
    entry.checks_of(effect).any(|check| {
        let stored = |origin: &Origin| {
            matches!(origin, Origin::Record { asset: of, field, .. } if *of == asset && !field.is_empty())
                && found.expected.origins().contains(origin)
        };
        let mut operands = check.operands.iter().flat_map(|operand| operand.origins());
        check.kind == CheckKind::Presence
            && check.outcome == is_there
            && !check.is_alternative
            && !check.operands.is_empty()
            && operands.all(stored)
    })
}

/// The account is found by an address or name that the client sends, and that strangers may know or guess.
fn is_named_by_client(map: &Map, access: &Access) -> bool {
    matches!(access.operation, Operation::Read | Operation::Count)
        && access.key.iter().any(|field| {
            field.operator == "="
                && field.value.is_from_client()
                && !field.value.is_credential()
                && !field.value.origins().contains(&Origin::Digest)
                && !query::is_random_field(map, access.asset, field.name)
        })
}

fn confidence(map: &Map, entry: &EntryPoint, (look_up, access): (&Effect, &Access)) -> Confidence {
    let is_by_address = access
        .key
        .iter()
        .any(|field| field.name.to_ascii_lowercase().contains("mail"));
    match query::verifies_password(entry) {
        true => Confidence::High,
        // Where the address is confirmed by mail, that mail can tell; and elsewhere the application says nothing.
        false
            if is_by_address
                && query::is_registration(map, entry)
                && confirms_by_mail(map, entry)
                && refuses_known(entry, look_up, access)
                && is_kept_elsewhere(map, entry) =>
        {
            Confidence::Medium
        }
        // Whoever registers has to be told that the name is taken, one way or another.
        false if query::is_registration(map, entry) => Confidence::Low,
        false if is_by_address => Confidence::Medium,
        false => Confidence::Low,
    }
}

/// Who has an account already is refused for it, after it was looked up.
fn refuses_known(entry: &EntryPoint, look_up: &Effect, access: &Access) -> bool {
    let is_after = |effect: &Effect| look_up.checks.iter().all(|id| effect.checks.contains(id));
    let is_about_it = |effect: &Effect| {
        let mut own = effect.checks.iter();
        own.any(|id| {
            !look_up.checks.contains(id) && presence(entry.check(*id), access.asset) == Some(true)
        })
    };
    entry.effects.iter().any(|effect| {
        effect.layer.is_none() && refuses(effect) && is_after(effect) && is_about_it(effect)
    })
}

/// Whoever registers gets a mail, and no session before it was read.
fn confirms_by_mail(map: &Map, entry: &EntryPoint) -> bool {
    sends_secret(entry) && !query::opens_session(map, entry)
}

/// A mail is sent, or a secret is kept that the answer does not tell, so that it must go another way.
fn sends_secret(entry: &EntryPoint) -> bool {
    let is_kept = query::handler_accesses(entry).any(|(_, access)| {
        access.operation == Operation::Create
            && access
                .values
                .iter()
                .any(|field| query::is_token(&field.value))
    });
    sends_mail(entry) || is_kept && lookups::random_answer(entry).is_none()
}

fn sends_mail(entry: &EntryPoint) -> bool {
    entry.effects.iter().any(|effect| {
        matches!(
            effect.kind,
            EffectKind::Send {
                channel: SendChannel::Mail,
                ..
            }
        )
    })
}

/// Another entry point looks an account up by its address, sends a mail, and answers strangers the same in any case.
fn is_kept_elsewhere(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    let mut others = map.entry_points.iter().filter(|other| {
        !std::ptr::eq(*other, entry)
            && !other.verdict(Control::Authentication).refuses()
            && sends_secret(other)
    });
    others.any(|other| {
        query::handler_accesses(other)
            .filter(|(_, access)| {
                accounts.contains(&access.asset) && is_named_by_client(map, access)
            })
            .any(|(_, access)| revealing(other, access).is_none())
    })
}

/// Returns the answer that gives it away, and how.
fn revealing<'m>(entry: &'m EntryPoint, access: &Access) -> Option<(&'m Effect, String)> {
    let answers = || {
        let all = entry.effects.iter();
        all.filter(|effect| is_answer(entry, effect))
    };
    let unknown = answers().find(|effect| side(entry, effect, access.asset) == Some(false));
    if let Some(unknown) = unknown {
        let known: Vec<&Effect> = answers()
            .filter(|effect| {
                side(entry, effect, access.asset) == Some(true)
                    || is_after_found(entry, (effect, unknown), access.asset)
            })
            .filter(|effect| is_on_the_same_way(entry, effect))
            .filter(|effect| !takes_password(entry, effect, access.asset))
            .collect();
        let is_different =
            !known.is_empty() && known.iter().all(|effect| told(effect) != told(unknown));
        if is_different {
            let words = format!(
                "Where no {} is found the answer is {}, and otherwise another.",
                access.asset,
                describe(unknown)
            );
            return Some((unknown, words));
        }
    }
    let is_known = |effect: &Effect| {
        side(entry, effect, access.asset) == Some(true)
            || entry
                .checks_of(effect)
                .any(|check| has_field(check, access.asset))
    };
    let early = answers()
        .filter(|effect| is_known(effect))
        .find(|effect| is_told_by_record(entry, effect, access.asset));
    // A password is compared for strangers too where nobody is found, and found wrong: who is not found may be answered
    // like whoever sends the wrong one.
    let is_compared = |effect: &Effect| {
        is_refused(effect, &[400, 401])
            && side(entry, effect, access.asset).is_none()
            && hangs_on_password(entry, effect)
    };
    let refused = || match unknown {
        Some(unknown) => vec![unknown],
        None => answers()
            .filter(|effect| is_lacking(entry, effect, access.asset) || is_compared(effect))
            .collect(),
    };
    if let Some(early) = early
        && let refused = refused()
        && let Some(unknown) = refused.first()
        && refused.iter().all(|other| told(other) != told(early))
    {
        let words = format!(
            "Whatever password is sent, some who have an account are answered {}, and who has none {}.",
            describe(early),
            describe(unknown)
        );
        return Some((early, words));
    }
    if let Some(shut) = counted_for_known(entry, access) {
        let words = format!(
            "Attempts are counted only where a {} is found: whoever tries often enough is answered {} for one that there is, and never for others.",
            access.asset,
            describe(shut)
        );
        return Some((shut, words));
    }
    if let Some(found) = answers().find(|effect| is_decided_before(entry, effect, access.asset)) {
        let words = "What is answered hangs on whether a record was found.";
        return Some((found, words.to_owned()));
    }
    let presence = answers()
        .filter(|effect| !is_proven(entry, effect) && !is_held(entry, effect, access.asset))
        .find(|effect| tells_presence(effect, access.asset))?;
    Some((
        presence,
        format!("The answer says whether a {} was found.", access.asset),
    ))
}

/// Whoever asks for a mail is refused where nobody was found; what comes after that is said where somebody was, or where
/// nothing was looked up at all.
fn is_after_found(entry: &EntryPoint, (effect, unknown): (&Effect, &Effect), asset: Ustr) -> bool {
    let is_found = |check: &Check| {
        let mut parts = check.alternatives.iter();
        check.is_alternative
            && check.refusal.is_some()
            && parts
                .clone()
                .any(|part| presence(part, asset) == Some(true))
            && !parts.any(|part| presence(part, asset) == Some(false))
    };
    is_refused(unknown, &[400, 404, 422])
        && sends_mail(entry)
        && !query::verifies_password(entry)
        && entry.checks_of(effect).any(is_found)
}

/// Whoever logs in is told that he has tried too often, by a count that is kept under what he sends and asked only where
/// an account was found. That an account is shut for a time is another thing, which many tell on purpose; but nobody is
/// shut out where all that is asked for is a mail.
fn counted_for_known<'m>(entry: &'m EntryPoint, access: &Access) -> Option<&'m Effect> {
    let too_often = || {
        let mut answers = entry.effects.iter();
        std::iter::from_fn(move || {
            answers.find(|it| is_answer(entry, it) && is_refused(it, &[429]))
        })
    };
    let is_count = |check: &Check| {
        check.kind == CheckKind::Bound
            && check
                .operands
                .iter()
                .flat_map(|it| it.origins())
                .any(|origin| match origin {
                    Origin::Record { asset, .. } => {
                        *asset != access.asset && is_kept_under_sent(entry, *asset)
                    }
                    _ => false,
                })
    };
    let is_for_known = |effect: &&Effect| side(entry, effect, access.asset) == Some(true);
    let is_asked_for_mail = !query::verifies_password(entry) && sends_mail(entry);
    let found = too_often()
        .filter(is_for_known)
        .find(|effect| is_asked_for_mail || entry.checks_of(effect).any(is_count))?;
    let is_asked = is_asked_for_mail || query::verifies_password(entry);
    (is_asked && too_often().all(|effect| is_for_known(&effect))).then_some(found)
}

/// Holds if a record of the asset is counted up under something that the client sends.
fn is_kept_under_sent(entry: &EntryPoint, asset: Ustr) -> bool {
    query::handler_accesses(entry).any(|(_, access)| {
        access.asset == asset
            && access.operation.is_write()
            && access.key.iter().any(|field| field.value.is_from_client())
    })
}

fn is_answer(entry: &EntryPoint, effect: &Effect) -> bool {
    is_of_log_in(entry, effect) && matches!(effect.kind, EffectKind::Respond { .. })
}

/// Holds for what the handler does, and a layer that compares the password for it, as a strategy does.
fn is_of_log_in(entry: &EntryPoint, effect: &Effect) -> bool {
    effect.layer.is_none()
        || query::comparisons(entry).any(|(compared, found)| {
            compared.layer == effect.layer
                && found.kind == ComparisonKind::Password
                && found.given.is_from_client()
        })
}

/// A constant that was chosen by whether a record was found decides between two answers that differ.
fn is_decided_before(entry: &EntryPoint, effect: &Effect, asset: Ustr) -> bool {
    // What also hangs on the password tells nothing to whoever does not know it.
    let given = passwords_given(entry);
    let is_choice = |check: &&Check| {
        let mut control = check.control.origins().iter();
        !control.any(|origin| given.contains(origin))
            && check
                .control
                .record_fields(asset)
                .any(|field| field.is_empty())
            && check.operands.iter().all(|operand| {
                let origins = operand.origins();
                origins
                    .iter()
                    .all(|origin| matches!(origin, Origin::Literal(_)))
            })
    };
    let opposite = |check: &Check| {
        entry
            .effects
            .iter()
            .filter(|other| is_answer(entry, other))
            .filter(|other| {
                entry
                    .checks_of(other)
                    .any(|found| found.span == check.span && found.outcome != check.outcome)
            })
            // Where both are given only to whoever has an account, they tell nothing of that.
            .filter(|other| {
                let sides = [side(entry, effect, asset), side(entry, other, asset)];
                sides != [Some(true), Some(true)]
            })
            .any(|other| told(other) != told(effect))
    };
    entry.checks_of(effect).filter(is_choice).any(opposite)
}

/// Holds if the record is there only for whoever sent the right password: a function that found both handed it on.
fn takes_password(entry: &EntryPoint, effect: &Effect, asset: Ustr) -> bool {
    let given = passwords_given(entry);
    entry.checks_of(effect).any(|check| {
        let mut control = check.control.origins().iter();
        presence(check, asset) == Some(true) && control.any(|origin| given.contains(origin))
    })
}

/// With a password or code, what a stranger gets who has the wrong one; else what everybody gets.
fn is_on_the_same_way(entry: &EntryPoint, effect: &Effect) -> bool {
    if !query::verifies_password(entry) {
        return true;
    }
    let is_refuted = |effect: &Effect| {
        entry
            .checks_of(effect)
            .flat_map(Check::parts)
            .any(|check| check.kind == CheckKind::Proof && !check.outcome)
    };
    // Where a function says whether the password was right, only its result is compared.
    let is_known = entry
        .effects
        .iter()
        .filter(|other| is_answer(entry, other))
        .any(is_refuted);
    let is_refusal = |effect: &Effect| {
        matches!(
            &effect.kind,
            EffectKind::Respond {
                status: Some(400 | 401),
                is_error: true,
                ..
            }
        )
    };
    is_refuted(effect) || !is_known && is_refusal(effect)
}

/// Holds for a refusal that hangs on what the record says of itself, before the password is looked at.
fn is_told_by_record(entry: &EntryPoint, effect: &Effect, asset: Ustr) -> bool {
    let is_own = |check: &&Check| {
        let mut origins = check.operands.iter().flat_map(|operand| operand.origins());
        let is_field = |origin: &Origin| match origin {
            Origin::Record {
                asset: of, field, ..
            } => *of == asset && !field.is_empty(),
            Origin::Literal(_) => true,
            _ => false,
        };
        !check.operands.is_empty()
            && check.kind != CheckKind::Failure
            && !check.is_alternative
            && origins
                .clone()
                .any(|it| matches!(it, Origin::Record { .. }))
            && origins.all(is_field)
    };
    // Who is shut out for a time has asked too often, as many accept to tell.
    let is_for_a_time = entry.checks_of(effect).any(|check| {
        let provenance = check.provenance();
        check.kind == CheckKind::Bound
            && provenance.origins().contains(&Origin::Clock)
            && provenance.record_fields(asset).next().is_some()
    });
    is_refused(effect, &[400, 401, 403, 409])
        && !is_for_a_time
        && query::verifies_password(entry)
        && entry.checks_of(effect).any(|check| is_own(&check))
        && !hangs_on_password(entry, effect)
}

fn is_refused(effect: &Effect, with: &[u16]) -> bool {
    matches!(&effect.kind, EffectKind::Respond { status, is_error, .. }
        if status.map_or(*is_error, |status| with.contains(&status)))
}

/// Whoever knows the password may be told that there is an account.
fn is_proven(entry: &EntryPoint, effect: &Effect) -> bool {
    entry
        .checks_of(effect)
        .any(|check| check.kind == CheckKind::Proof && check.outcome && !check.is_alternative)
}

/// Holds if everybody was refused whose password does not go with the record, as a function has said that was asked for
/// both: `if (!(await isRight(sent, user?.digest))) throw …`.
fn is_held(entry: &EntryPoint, effect: &Effect, asset: Ustr) -> bool {
    let given = passwords_given(entry);
    entry.checks_of(effect).any(|check| {
        check.refusal.is_some()
            && check.operands.iter().any(|operand| {
                let mut origins = operand.origins().iter();
                origins.any(|origin| given.contains(origin))
                    && operand.record_fields(asset).next().is_some()
            })
    })
}

/// The answer is the very fact that a record was found, or how many.
fn tells_presence(effect: &Effect, asset: Ustr) -> bool {
    let EffectKind::Respond {
        body,
        is_error: false,
        ..
    } = &effect.kind
    else {
        return false;
    };
    body.iter().any(|field| {
        !field.value.origins().is_empty()
            && field.value.origins().iter().any(|origin| {
                matches!(origin, Origin::Record { asset: found, field, .. }
                    if *found == asset && (field.is_empty() || *field == "count" || *field == "exists"))
            })
    }) && body.len() <= 2
}
