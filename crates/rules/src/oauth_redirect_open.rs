//! Finds log-ins through another site that end wherever the request says.

use firedoor_app::{
    AssetKind, CheckKind, Effect, EffectKind, EntryPoint, Examination, Map, Origin, Provenance,
    RequestPart, SessionOperation, query,
};

use ustr::Ustr;

use crate::oauth_flow::{exchange, verified_code};
use crate::site_form::stays_on_site;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "oauth-redirect-open",
    class: "oauth",
    summary: "after the log-in the browser is sent wherever the request says",
    severity: Severity::Medium,
    cwe: &["CWE-601"],
    remediation: "Send the browser to an address of your own, or to one of a fixed list.",
    page: include_str!("../fixtures/oauth-redirect-open/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let Some(code) = exchange(entry).or_else(|| verified_code(entry)) else {
            continue;
        };
        let redirect = entry
            .effects
            .iter()
            .filter(|effect| effect.layer.is_none())
            .find_map(|effect| Some((effect, followed(map, entry, effect)?)));
        let Some((effect, is_whole)) = redirect else {
            continue;
        };
        // With a part that the server chose it may be only the end of the address.
        let confidence = match is_whole {
            true => Confidence::High,
            false => Confidence::Medium,
        };
        findings
            .at_entry(entry)
            .span(effect.span)
            .confidence(confidence)
            .title(format!("`{}` sends the browser anywhere", entry.id()))
            .message("The address comes from the request and is compared with nothing: a link that starts at the real log-in ends at a foreign site, and takes along what the address carries.")
            .because("redirects", effect.span, "the browser is sent on here")
            .because("exchanges", code.span, "the code of the log-in is taken here")
            .report();
    }
}

/// Whether the client chooses where the browser is sent, and whether nothing else is part of it.
fn followed(map: &Map, entry: &EntryPoint, effect: &Effect) -> Option<bool> {
    let EffectKind::Redirect(to) = &effect.kind else {
        return None;
    };
    let is_whole = !to.origins().iter().any(|origin| match origin {
        Origin::Environment { .. } => true,
        // A fragment says nothing of where the browser goes.
        Origin::Literal(text) => !text.starts_with('#'),
        _ => false,
    });
    // What an address of the server's own tells of a record, as in a token, chooses no site.
    // What is kept under a key until the browser comes back is what it had sent.
    let is_kept = |asset| {
        let declared = map.asset(asset);
        declared.is_some_and(|asset| asset.kind == AssetKind::KeyValue)
    };
    // A whole address that is resolved against the server's own leads where it says, if it names a site.
    let is_told = |origin: &Origin| {
        !is_whole
            && resolved(origin).is_none()
            && matches!(origin, Origin::Record { asset, .. } if !is_kept(*asset))
    };
    // A page of the server's own stands there where the client has named none, and before nothing.
    let is_alone = to.origins().iter().all(|origin| match origin {
        Origin::Environment { .. } => false,
        Origin::Literal(text) => text.starts_with(['#', '/']),
        _ => true,
    });
    let is_open = to.origins().iter().any(|origin| {
        // What is resolved names another site where it begins with `//`.
        let is_free = is_alone || resolved(origin).is_some();
        let is_compared = |place: &EntryPoint, sent: &Origin| is_compared(place, sent, is_free);
        let whole = resolved(origin).unwrap_or_else(|| origin.clone());
        !is_told(origin)
            && chosen(map, entry, &whole)
                .iter()
                .any(|(place, sent)| !is_compared(place, sent) && !is_compared(entry, &whole))
    });
    is_open.then_some(is_whole)
}

/// What an address was before it was resolved against another: `new URL(flow.next, site).href`.
fn resolved(origin: &Origin) -> Option<Origin> {
    let before = |name: &Ustr| name.strip_suffix(".href").map(Ustr::from);
    Some(match origin {
        Origin::Record {
            asset,
            field,
            of_principal,
        } => Origin::Record {
            asset: *asset,
            field: before(field)?,
            of_principal: *of_principal,
        },
        Origin::Request(part, name) => Origin::Request(*part, before(name)?),
        Origin::Claim(name) => Origin::Claim(before(name)?),
        Origin::Principal(name) => Origin::Principal(before(name)?),
        _ => return None,
    })
}

/// Returns where the client has chosen the value, and by what: in this request, or before, by what the session, a
/// cookie or the signed state has kept since.
fn chosen<'m>(
    map: &'m Map,
    entry: &'m EntryPoint,
    origin: &Origin,
) -> Vec<(&'m EntryPoint, Origin)> {
    if is_sent(origin) {
        return vec![(entry, origin.clone())];
    }
    let mut found = Vec::new();
    for other in &map.entry_points {
        for effect in &other.effects {
            for value in kept(effect, origin) {
                let sent = value.origins().iter().filter(|it| is_sent(it));
                found.extend(sent.map(|sent| (other, sent.clone())));
            }
        }
    }
    found
}

fn is_sent(origin: &Origin) -> bool {
    matches!(origin, Origin::Request(RequestPart::Query | RequestPart::Body, name) if !is_of_protocol(name))
}

/// Returns what the effect keeps under the name by which `origin` is found again.
fn kept<'m>(effect: &'m Effect, origin: &Origin) -> Vec<&'m Provenance> {
    match (&effect.kind, origin) {
        (
            EffectKind::Session(SessionOperation::Write, Some(field)),
            Origin::Request(RequestPart::Session, name),
        ) if field.name == *name => vec![&field.value],
        (EffectKind::SetCookie(cookie), Origin::Request(RequestPart::Cookie, name))
            if cookie
                .name
                .is_some_and(|own| is_part_of(name, &own, &cookie.value)) =>
        {
            vec![&cookie.value]
        }
        (EffectKind::Issue(token), Origin::Claim(name) | Origin::Principal(name)) => token
            .claims
            .iter()
            .filter(|claim| claim.name == *name)
            .map(|claim| &claim.value)
            .collect(),
        (EffectKind::Access(access), Origin::Record { asset, field, .. })
            if access.operation.is_write() && access.asset == *asset =>
        {
            let last = field.rsplit('.').next().unwrap_or(field);
            let values = access.values.iter().map(|it| &it.value);
            values.filter(|value| is_sent_as(value, last)).collect()
        }
        _ => Vec::new(),
    }
}

/// Holds if a part of the value is what the client has sent by that name.
fn is_sent_as(value: &Provenance, part: &str) -> bool {
    value.origins().iter().any(|origin| {
        is_sent(origin)
            && matches!(origin, Origin::Request(_, sent) if sent.rsplit('.').next() == Some(part))
    })
}

/// Holds if the name is that of the cookie, or of a part of what it holds that the client has sent by the same name.
fn is_part_of(name: &str, cookie: &str, value: &Provenance) -> bool {
    let Some(rest) = name.strip_prefix(cookie) else {
        return false;
    };
    // Where all that the client has sent is one value, any part may be it that the server did not make itself.
    let sent: Vec<&Origin> = value.origins().iter().filter(|it| is_sent(it)).collect();
    let is_only = sent.len() == 1 && !is_made(rest);
    rest.is_empty()
        || rest
            .strip_prefix('.')
            .and_then(|rest| rest.rsplit('.').next())
            .is_some_and(|part| is_sent_as(value, part) || is_only)
}

/// What a log-in at another site is bound by, which the server makes by chance.
fn is_made(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    ["state", "nonce", "verifier", "challenge"]
        .iter()
        .any(|word| part.contains(word))
}

/// The value is held against something. How it begins says nothing where that may go on with another host: where
/// nothing stands before it, `//` may follow on `/`.
fn is_compared(entry: &EntryPoint, sent: &Origin, is_alone: bool) -> bool {
    let names_host = |operand: &Provenance| operand.origins().iter().any(|it| is_host_of(it, sent));
    let is_about = |operand: &Provenance| operand.origins().contains(sent) || names_host(operand);
    let is_weak_text = |text: &str| is_open_ended(text) || is_alone && matches!(text, "/" | "\\");
    entry.examined.iter().any(|test| {
        let is_weak = test.is_part
            && test.operands.iter().any(|operand| {
                !is_about(operand)
                    && operand.origins().iter().any(|origin| match origin {
                        Origin::Literal(text) => is_weak_text(text),
                        Origin::Environment {
                            fallback: Some(text),
                            ..
                        } => is_open_ended(text),
                        _ => false,
                    })
            });
        let is_none = test.operands.iter().any(is_nothing);
        let is_idle = match test.kind {
            // An address without a host stays on the own site.
            CheckKind::Presence => !test.operands.iter().any(names_host),
            CheckKind::Shape => !has_form_of_site(test, is_alone),
            // How long it may be says nothing of where it leads.
            CheckKind::Failure | CheckKind::Bound => true,
            _ => is_none,
        };
        !is_weak
            && !is_idle
            && !test.operands.iter().any(is_state)
            && test.operands.iter().any(is_about)
            && !test.operands.iter().any(is_type_name)
    })
}

/// Holds if the text is held against a regular expression that no address of another site fits.
fn has_form_of_site(test: &Examination, is_alone: bool) -> bool {
    let mut forms = test.operands.iter().skip(1).filter_map(Provenance::literal);
    forms.any(|form| stays_on_site(&form, is_alone))
}

/// Holds if the origin is the site that an address leads to: of the address that was sent, or of the one of which
/// another part was taken.
fn is_host_of(origin: &Origin, sent: &Origin) -> bool {
    let (is_same, name, whole) = match (origin, sent) {
        (Origin::Request(part, name), Origin::Request(its_part, whole)) => {
            (part == its_part, name, whole)
        }
        (
            Origin::Record { asset, field, .. },
            Origin::Record {
                asset: of,
                field: whole,
                ..
            },
        ) => (asset == of, field, whole),
        _ => return false,
    };
    let is_site = |part: &str| matches!(part, "origin" | "host" | "hostname" | "netloc" | "href");
    let is_site_of = |whole: &str| {
        let rest = name.strip_prefix(whole);
        rest.and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(is_site)
    };
    let is_sibling = || {
        whole.rsplit_once('.').is_some_and(|(address, part)| {
            matches!(part, "pathname" | "search" | "hash" | "path" | "query") && is_site_of(address)
        })
    };
    is_same && (is_site_of(whole) || is_sibling())
}

/// `typeof next === 'string'` asks for no address.
fn is_type_name(operand: &Provenance) -> bool {
    operand
        .literal()
        .is_some_and(|text| query::is_kind_name(&text))
}

/// Of a cookie that holds the state and an address, the first part is compared with the state that comes back.
fn is_state(operand: &Provenance) -> bool {
    let mut origins = operand.origins().iter();
    origins.any(
        |it| matches!(it, Origin::Request(RequestPart::Query, name) if name.as_str() == "state"),
    )
}

fn is_nothing(operand: &Provenance) -> bool {
    operand
        .literal()
        .is_some_and(|text| text == "null" || text.is_empty())
}

/// Any address begins with `http`, and `https://app.example.com` also begins `https://app.example.com.evil.example` and `https://app.example.com@evil`.
fn is_open_ended(text: &str) -> bool {
    let is_scheme = text.len() > 3
        && ["http://", "https://"]
            .iter()
            .any(|it| it.starts_with(text));
    is_scheme
        || text
            .split_once("://")
            .is_some_and(|(_, rest)| !rest.is_empty() && !rest.contains('/'))
}

fn is_of_protocol(name: &str) -> bool {
    matches!(
        name,
        "code" | "state" | "error" | "error_description" | "scope" | ""
    )
}
