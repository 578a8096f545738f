//! Finds log-outs that end nothing on the server.

use firedoor_app::{
    Access, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation, Origin,
    RequestPart, SessionOperation, Verdict, path_segments, query, sessions,
};
use ustr::Ustr;

use crate::ended_in_vain::ends_in_vain;
use crate::{Confidence, Findings, Rule, Severity, logout_cookie};

/// The rule.
pub static RULE: Rule = Rule {
    id: "logout-keeps-token",
    class: "token-replay",
    summary: "log-out leaves the session valid on the server",
    severity: Severity::Medium,
    cwe: &["CWE-613"],
    remediation: "Delete or revoke the session's record on log-out, in a field that the guard looks at.",
    page: include_str!("../fixtures/logout-keeps-token/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let kept = sessions::session_assets(map);
    for entry in map.entry_points.iter().filter(|entry| is_log_out(entry)) {
        if let Some(lost) = logout_cookie::lost(map, &kept, entry) {
            logout_cookie::report(entry, &lost, findings);
            continue;
        }
        let ends = sessions::ends_own_session(map, entry) && !ends_renewal_only(map, &kept, entry);
        let is_in_vain = ends_nobodys(map, &kept, entry) || ends_in_vain(map, &kept, entry);
        if (ends || shuts_out(entry)) && !is_in_vain || entry.effects.iter().any(is_framework_end) {
            continue;
        }
        if is_of_library(entry) {
            continue;
        }
        let span = entry
            .effects
            .iter()
            .find(|effect| matches!(effect.kind, EffectKind::ClearCookie(_)))
            .map_or(entry.handler.span, |effect| effect.span);
        let confidence = if kept.is_empty() && !keeps_framework_sessions(map) {
            Confidence::Low
        } else {
            Confidence::High
        };
        findings
            .at_entry(entry)
            .confidence(confidence)
            .title(format!("`{}` ends nothing on the server", entry.id()))
            .message("The client forgets its tokens; whoever has a copy of them stays logged in.")
            .because("logs-out", span, "all that log-out does is here")
            .report();
    }
    check_revocations(map, findings);
}

/// Holds if all that is ended are the tokens by which a session is renewed, while guards look that session up with each
/// request and find it as it was.
fn ends_renewal_only(map: &Map, kept: &[Ustr], entry: &EntryPoint) -> bool {
    let ended: Vec<Ustr> = query::handler_accesses(entry)
        .filter(|(_, access)| kept.contains(&access.asset) && sessions::ends_record(map, access))
        .map(|(_, access)| access.asset)
        .collect();
    let refers = |from: Ustr, to: Ustr| {
        let mut fields = map.asset(from).into_iter().flat_map(|it| &it.fields);
        fields.any(|field| field.refers_to == Some(to))
    };
    let is_looked_up = |asset: Ustr| {
        let mut all = query::all_accesses_of_asset(map, asset);
        all.any(|(_, effect, access)| {
            let mut key = access.key.iter();
            effect.layer.is_some()
                && access.operation == Operation::Read
                && key.any(|field| query::is_principal(&field.value))
        })
    };
    let is_left = |session: &Ustr| {
        !ended.contains(session)
            && ended
                .iter()
                .all(|it| refers(*it, *session) && !refers(*session, *it) && !is_looked_up(*it))
            && is_looked_up(*session)
    };
    !ended.is_empty() && kept.iter().any(is_left)
}

/// Holds if sessions are ended only of whom a layer has let in, and no layer here lets anybody in: the guard passes this
/// entry point over, and what it would have left on the request is never there.
fn ends_nobodys(map: &Map, kept: &[Ustr], entry: &EntryPoint) -> bool {
    let hangs_on_nobody = |effect: &Effect| {
        entry.checks_of(effect).any(|check| {
            let mut origins = check.operands.iter().flat_map(|it| it.origins()).peekable();
            check.kind == CheckKind::Presence
                && check.outcome
                && !check.is_alternative
                && origins.peek().is_some()
                && origins.all(|it| matches!(it, Origin::Request(RequestPart::Context, _)))
        })
    };
    let mut ends = query::handler_accesses(entry)
        .filter(|(_, access)| kept.contains(&access.asset) && sessions::ends_record(map, access))
        .peekable();
    entry.verdict(Control::Authentication) == Verdict::Absent
        && ends.peek().is_some()
        && ends.all(|(effect, _)| hangs_on_nobody(effect))
}

/// Of a handler that does not even answer, or of which nobody can say what it does, nothing is known: a library's may end
/// all there is.
fn is_of_library(entry: &EntryPoint) -> bool {
    matches!(entry.verdict(Control::Authentication), Verdict::Unknown(_))
        || entry.effects.iter().all(|effect| effect.layer.is_some())
}

/// Tokens are marked as revoked, lists leave out those that are, and what guards look tokens up by has nothing of it.
fn check_revocations(map: &Map, findings: &mut Findings) {
    let mut told: Vec<(Ustr, Ustr)> = Vec::new();
    let is_named = |access: &Access| access.key.iter().any(|it| it.value.is_from_client());
    let all = || {
        let all = map.entry_points.iter();
        all.flat_map(|entry| {
            query::handler_accesses(entry).map(move |(effect, it)| (entry, effect, it))
        })
    };
    // Where somebody names one that he revokes comes before where all of them go along with something else.
    let named = all().filter(|(.., access)| is_named(access));
    let others = all().filter(|(.., access)| !is_named(access));
    for (entry, effect, access) in named.chain(others) {
        let Some(mark) = mark(access) else {
            continue;
        };
        let subject = (access.asset, mark);
        let looked_up = look_ups(map, access.asset);
        let is_seen = looked_up
            .iter()
            .any(|(other, found)| is_left_out(found, mark) || examines(other, access.asset, mark));
        let Some((example, _)) = looked_up.first() else {
            continue;
        };
        if is_seen
            || told.contains(&subject)
            || findings.tell_of(entry)
            || !is_left_out_of_lists(map, access.asset, mark)
        {
            continue;
        }
        told.push(subject);
        report_revocation(entry, effect, subject, example, findings);
    }
}

fn report_revocation(
    entry: &EntryPoint,
    effect: &Effect,
    (asset, mark): (Ustr, Ustr),
    example: &EntryPoint,
    findings: &mut Findings,
) {
    let look_up = example
        .effects
        .iter()
        .find(|it| matches!(&it.kind, EffectKind::Access(access) if access.asset == asset && is_look_up(it, access)));
    findings
        .at_entry(entry)
        .symbol(&asset)
        .symbol(&mark)
        .confidence(Confidence::Medium)
        .title(format!("what `{}` revokes goes on being taken", entry.id()))
        .message(format!(
            "`{mark}` of {asset} is set, and lists leave out those that have it; whoever brings one is looked up without it."
        ))
        .because("revokes", effect.span, "it is marked as revoked here")
        .because(
            "looked-up",
            look_up.map_or(example.registered, |it| it.span),
            "guards look it up here",
        )
        .report();
}

/// Returns the field that is set once and for all: to the time, or to true, where nothing stands yet.
fn mark(access: &Access) -> Option<Ustr> {
    let is_set = |field: &Field| {
        field.value.literal().is_some_and(|text| text == "true")
            || !field.value.is_empty()
                && field.value.origins().iter().all(|it| *it == Origin::Clock)
    };
    let mut values = access.values.iter();
    let found = values.find(|field| is_set(field) && is_left_out(access, field.name))?;
    (access.operation == Operation::Update).then_some(found.name)
}

/// Holds if only records are meant in which nothing stands in the field.
fn is_left_out(access: &Access, name: Ustr) -> bool {
    access.key.iter().any(|field| {
        let is_nothing = |text: Ustr| matches!(text.as_str(), "null" | "false");
        field.name == name && field.operator == "=" && field.value.literal().is_some_and(is_nothing)
    })
}

fn is_left_out_of_lists(map: &Map, asset: Ustr, name: Ustr) -> bool {
    let mut all = query::accesses_of_asset(map, asset);
    all.any(|(_, _, access)| access.operation == Operation::Read && is_left_out(access, name))
}

/// Returns where layers look up what a caller proves himself with, with the entry point.
fn look_ups(map: &Map, asset: Ustr) -> Vec<(&EntryPoint, &Access)> {
    query::all_accesses_of_asset(map, asset)
        .filter(|(_, effect, access)| is_look_up(effect, access))
        .map(|(entry, _, access)| (entry, access))
        .collect()
}

fn is_look_up(effect: &Effect, access: &Access) -> bool {
    let is_secret = |field: &Field| {
        field.operator == "="
            && field.value.is_credential()
            && field.value.origins().contains(&Origin::Digest)
    };
    effect.layer.is_some()
        && access.operation == Operation::Read
        && access.key.iter().any(is_secret)
}

fn examines(entry: &EntryPoint, asset: Ustr, name: Ustr) -> bool {
    let mut checks = entry.checks.iter();
    checks.any(|check| check.provenance().record_fields(asset).any(|it| it == name))
}

/// Holds if the record that the caller is found by, as that of a device, is marked by what it is looked up with.
fn shuts_out(entry: &EntryPoint) -> bool {
    let is_asked = |asset: Ustr, name: Ustr| {
        query::accesses(entry).any(|(_, it)| {
            let mut key = it.key.iter();
            it.asset == asset
                && it.operation == Operation::Read
                && key.any(|field| field.name == name && field.operator == "=")
        })
    };
    query::handler_accesses(entry).any(|(_, access)| {
        let mut key = access.key.iter();
        let mut values = access.values.iter();
        access.operation == Operation::Update
            && !sessions::digests_kept(access)
            && key.any(|field| query::is_principal(&field.value))
            && values.any(|field| is_asked(access.asset, field.name))
    })
}

/// A log-out clears a cookie, or is called one by the last segment of its path.
fn is_log_out(entry: &EntryPoint) -> bool {
    let last = path_segments(&entry.path)
        .last()
        .unwrap_or("")
        .to_ascii_lowercase()
        .replace(['-', '_'], "");
    let mut words = ["logout", "signout"].iter();
    // Whoever logs out everywhere logs out here as well, where his cookie is cleared.
    let clears = || {
        let mut effects = entry.effects.iter();
        effects.any(|effect| matches!(effect.kind, EffectKind::ClearCookie(_)))
    };
    let is_named = words.any(|word| last == **word || last.starts_with(*word) && clears());
    is_named && !firedoor_app::query::is_reading(entry)
}

/// The framework keeps sessions on the server, in which handlers note who is logged in.
fn keeps_framework_sessions(map: &Map) -> bool {
    let mut effects = map.entry_points.iter().flat_map(|entry| &entry.effects);
    effects.any(|effect| {
        matches!(
            effect.kind,
            EffectKind::Session(SessionOperation::Regenerate | SessionOperation::Destroy, _)
        )
    })
}

fn is_framework_end(effect: &firedoor_app::Effect) -> bool {
    matches!(
        effect.kind,
        EffectKind::Session(SessionOperation::Destroy, _)
    )
}
