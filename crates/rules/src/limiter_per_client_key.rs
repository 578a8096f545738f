//! Finds limiters whose key is a header that any client can send.

use firedoor_app::{EntryPoint, Map, Origin, Provenance, RequestPart, query};
use firedoor_source::Span;
use ustr::Ustr;

use crate::free_key::{free_count, free_field};
use crate::guess_key::{ByGuess, count_by_guess};
use crate::renewed_key::{Renewed, renewed_count};
use crate::scripted_count::{Chosen, scripted_counts};
use crate::throttle::{
    changing_count, changing_part, chosen_header, counted_header, counted_inside, counting_layers,
    is_tight, throttles,
};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "limiter-per-client-key",
    class: "rate-limit",
    summary: "a limiter counts under a value that the client chooses",
    severity: Severity::High,
    cwe: &["CWE-348"],
    remediation: "Count by the address that the server sees (with the number of trusted proxies set), by account, or both.",
    page: include_str!("../fixtures/limiter-per-client-key/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let mut entries: Vec<&EntryPoint> = map.entry_points.iter().collect();
    // What can be guessed at matters most, and names the finding.
    entries.sort_by_key(|entry| !query::verifies_password(entry));
    // One function that makes keys serves many limiters.
    let mut seen: Vec<&Provenance> = Vec::new();
    let (mut scripts, mut guesses): (Vec<Span>, Vec<Span>) = Default::default();
    for entry in entries {
        // Whoever changes the header with each request is counted by what is guessed at.
        let names_something = |key: &Provenance| {
            [RequestPart::Body, RequestPart::Path, RequestPart::Query]
                .iter()
                .any(|part| key.is_from(*part))
        };
        let is_counted_twice = throttles(entry)
            .iter()
            .any(|(throttle, ..)| is_tight(throttle) && names_something(&throttle.key));
        for (throttle, span, name) in throttles(entry) {
            if let Some(header) = chosen_header(throttle)
                && !is_counted_twice
                && !seen.contains(&&throttle.key)
            {
                seen.push(&throttle.key);
                report(entry, &throttle.key, (span, name), header, findings);
            }
        }
        for (throttle, span, name) in throttles(entry) {
            if let Some(part) = changing_part(&throttle.key)
                && !seen.contains(&&throttle.key)
            {
                seen.push(&throttle.key);
                report_changing(entry, (span, name), part, findings);
            }
        }
        for (throttle, span, name) in throttles(entry) {
            if let Some(field) = free_field(map, entry, throttle)
                && !seen.contains(&&throttle.key)
            {
                seen.push(&throttle.key);
                report_free(entry, (span, name), field, findings);
            }
        }
        if let Some((effect, field)) = free_count(map, entry) {
            report_free(entry, (effect.span, effect.function), field, findings);
        }
        if let Some(renewed) = renewed_count(map, entry) {
            report_renewed(entry, &renewed, findings);
        }
        if let Some(counted) = count_by_guess(entry)
            && !guesses.contains(&counted.span)
        {
            guesses.push(counted.span);
            report_by_guess(entry, &counted, findings);
        }
        report_scripts(map, entry, &mut scripts, findings);
        for (key, span, name, header) in counted_inside(entry) {
            if !seen.contains(&key) {
                seen.push(key);
                report(entry, key, (span, name), header, findings);
            }
        }
        for (number, layer) in counting_layers(entry) {
            if let Some((key, part)) = changing_count(entry, number)
                && !seen.contains(&key)
            {
                seen.push(key);
                report_changing(entry, (layer.span, layer.name), part, findings);
            }
            if let Some((key, header)) = counted_header(entry, number)
                && !seen.contains(&key)
            {
                seen.push(key);
                report(entry, key, (layer.span, layer.name), header, findings);
            }
        }
    }
}

fn report_changing(
    entry: &EntryPoint,
    (span, name): (Span, Ustr),
    part: &str,
    findings: &mut Findings,
) {
    findings
        .at(span, &name)
        .symbol("changing")
        .entry_point(entry)
        .confidence(Confidence::High)
        .title(format!("`{name}` counts by {part}"))
        .message(format!(
            "It is another one with each connection, so that nobody is ever refused; `{}` relies on it.",
            entry.id()
        ))
        .because("stands-before", entry.registered, place(entry))
        .report();
}

fn report_free(
    entry: &EntryPoint,
    (span, name): (Span, Ustr),
    field: Ustr,
    findings: &mut Findings,
) {
    findings
        .at(span, &name)
        .symbol(&field)
        .entry_point(entry)
        .confidence(Confidence::Medium)
        .title(format!("`{name}` counts by `{field}` of the request"))
        .message(format!(
            "Whoever sends another value with each request is never refused; `{}` relies on it, and uses the value for nothing else.",
            entry.id()
        ))
        .because("stands-before", entry.registered, place(entry))
        .report();
}

/// Reports what a script counts under a value that the client chooses.
fn report_scripts(map: &Map, entry: &EntryPoint, seen: &mut Vec<Span>, findings: &mut Findings) {
    for (check, chosen) in scripted_counts(map, entry) {
        if seen.contains(&check.span) {
            continue;
        }
        seen.push(check.span);
        let place = (check.span, entry.handler.name);
        match chosen {
            Chosen::Header(header) => {
                report(entry, &check.operands[0], place, header, findings);
            }
            Chosen::Field(field) => report_free(entry, place, field, findings),
        }
    }
}

fn report_by_guess(entry: &EntryPoint, counted: &ByGuess, findings: &mut Findings) {
    findings
        .at(counted.span, &counted.name)
        .symbol(&counted.field)
        .entry_point(entry)
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` counts by `{}`, which is what is guessed",
            counted.name, counted.field
        ))
        .message(format!(
            "Each guess has a count of its own, so that nobody is ever refused; `{}` relies on it.",
            entry.id()
        ))
        .because("stands-before", entry.registered, place(entry))
        .report();
}

fn report_renewed(entry: &EntryPoint, renewed: &Renewed, findings: &mut Findings) {
    findings
        .at(renewed.span, &renewed.name)
        .symbol(&renewed.by)
        .entry_point(entry)
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` counts wrong codes by `{}`, which each log-in gives anew",
            renewed.name, renewed.by
        ))
        .message(format!(
            "The code is that of the account: whoever knows the password logs in again and has new attempts at `{}`.",
            entry.id()
        ))
        .because("made-at", renewed.made, "each log-in makes another one here")
        .because("stands-before", entry.registered, place(entry))
        .report();
}

fn report(
    entry: &EntryPoint,
    key: &Provenance,
    (span, name): (Span, Ustr),
    header: Ustr,
    findings: &mut Findings,
) {
    let has_address = key
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Request(RequestPart::Address, _)));
    // Some proxies overwrite these, and nothing else may reach the server.
    let is_overwritten = header.contains("connecting-ip") || header.contains("client-ip");
    findings
        .at(span, &name)
        .symbol(&header)
        .entry_point(entry)
        .confidence(match has_address || is_overwritten {
            true => Confidence::Medium,
            false => Confidence::High,
        })
        .title(format!("`{name}` counts by the header `{header}`"))
        .message(format!(
            "Whoever sends another value with each request is never refused; `{}` relies on it.",
            entry.id()
        ))
        .because("stands-before", entry.registered, place(entry))
        .report();
}

fn place(entry: &EntryPoint) -> String {
    format!("`{}`", entry.id())
}
