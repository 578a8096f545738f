//! Checks that only a page of another site fails: of the origin, and of tokens that it cannot know.

use super::attributes::{contains_word, says_attribute};
use firedoor_source::Span;
use ustr::Ustr;

use super::{LayerRun, check_control, refusal_control};
use crate::{Check, CheckKind, Control, Origin, Provenance, Refusal, RequestPart};

/// Holds if what decides is the page that the request comes from.
pub(super) fn is_origin_check<'o>(deciding: impl Iterator<Item = &'o Origin> + Clone) -> bool {
    let headers = || {
        deciding.clone().filter_map(|origin| match origin {
            // What was made of a header is named within it: `origin.hostname` is a part of where the page comes from.
            Origin::Request(RequestPart::Header, name) => name.split('.').next(),
            _ => None,
        })
    };
    headers().any(|name| name != "host")
        && headers().all(is_page_header)
        && !deciding.clone().any(Origin::is_of_principal)
}

/// Holds if all that is asked of a page is met by those of any site. What failed since hangs on that too, and asks for
/// nothing else.
pub(super) fn are_met_by_any_site(checks: &[Check]) -> bool {
    let examines_page = |check: &&Check| is_origin_check(check.operand_origins());
    let asked = checks.iter().filter(examines_page);
    let mut asked = asked.filter(|check| !is_summary(check)).peekable();
    asked.peek().is_some() && (asked.clone().any(is_way_round) || asked.all(is_met_by_any_site))
}

/// Holds if only those are refused who lack what others can have too, and who has it goes on: what else is asked of a page
/// is asked of no other, as in `if (origin === own || origin.endsWith(shared)) return next()`.
fn is_way_round(check: &Check) -> bool {
    check.is_loose_edge && !check.outcome && !check.is_alternative && check.refusal.is_none()
}

/// Holds if a text is held against a regular expression, which is the second operand, and not everybody's fits.
pub(super) fn asks_for_own_form(check: &Check) -> bool {
    check.kind == CheckKind::Shape && check.operands.len() == 2 && !check.is_loose_edge
}

/// Holds for the answer of a function that holds pages against settings: its own tests say what it asks for.
fn is_summary(check: &Check) -> bool {
    let mut examined = check.operands.iter().flat_map(Provenance::origins);
    check.kind == CheckKind::Presence && examined.any(Origin::is_setting)
}

/// Holds if a page is asked for no more than a scheme, or for being named at all, or for an edge that others can have.
fn is_met_by_any_site(check: &Check) -> bool {
    let is_scheme = |text: Ustr| matches!(text.as_str(), "http" | "https" | "http://" | "https://");
    let is_null = |text: Ustr| matches!(text.as_str(), "null" | "");
    let is_of_header = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.all(|origin| match origin {
            Origin::Request(part, _) => *part == RequestPart::Header,
            Origin::Literal(text) => is_null(*text),
            _ => false,
        })
    };
    // What decided the whole of several parts is what each of them examines.
    let is_told_by_parts = |control: &Provenance| {
        let mut origins = control.origins().iter();
        origins.all(|origin| {
            let mut examined = check.alternatives.iter().flat_map(|part| &part.operands);
            examined.any(|operand| operand.origins().contains(origin))
        })
    };
    let is_met = |part: &Check| {
        let mut words = part.operands.iter().filter_map(Provenance::literal);
        match part.kind {
            CheckKind::Membership => part.is_loose_edge || words.any(is_scheme),
            CheckKind::Shape => part.is_loose_edge,
            CheckKind::Presence | CheckKind::Equality => {
                part.operands.iter().all(is_of_header)
                    && (is_of_header(&part.control) || is_told_by_parts(&part.control))
                    && (part.kind == CheckKind::Presence || words.any(is_null))
            }
            _ => false,
        }
    };
    // Of several that suffice, one that any site meets opens the whole.
    let is_open = |part: &Check| part.is_loose_edge && part.outcome;
    let parts = || check.parts().iter().filter(|part| !is_summary(part));
    parts().any(is_open) || parts().next().is_some() && parts().all(is_met)
}

/// Headers in which a browser says what page a request comes from, and where it goes.
fn is_page_header(name: &str) -> bool {
    matches!(name, "origin" | "referer" | "sec-fetch-site" | "host")
}

/// Holds if a cookie is compared with what the same request sends elsewhere: whoever sends the request knows
/// both, and only another site does not.
pub(super) fn is_double_submit(check: &Check) -> bool {
    let has = |wanted: fn(&RequestPart) -> bool| {
        let mut origins = check.origins();
        origins.any(|origin| matches!(origin, Origin::Request(part, _) if wanted(part)))
    };
    let is_sent_only = || {
        check.origins().all(|origin| {
            origin.is_from_client() || matches!(origin, Origin::Digest | Origin::Literal(_))
        })
    };
    // One test of several: the cookie stands beside what it is compared with.
    let is_all = |operand: &Provenance, wanted: fn(&RequestPart) -> bool| {
        !operand.is_empty()
            && operand.origins().iter().all(|origin| {
                matches!(origin, Origin::Request(part, _) if wanted(part))
                    || matches!(origin, Origin::Literal(_))
            })
            && operand
                .origins()
                .iter()
                .any(|origin| matches!(origin, Origin::Request(..)))
    };
    let is_cookie = |part: &RequestPart| *part == RequestPart::Cookie;
    let is_elsewhere = |part: &RequestPart| matches!(part, RequestPart::Query | RequestPart::Body);
    let has_pair = check.operands.windows(2).any(|pair| {
        is_all(&pair[0], is_cookie) && is_all(&pair[1], is_elsewhere)
            || is_all(&pair[1], is_cookie) && is_all(&pair[0], is_elsewhere)
    });
    // "This header, or that cookie" holds one of them against a constant, and neither against the other.
    let is_constant = |operand: &Provenance| operand.literal().is_some();
    let is_with_constant = check.operands.len() == 2 && check.operands.iter().any(is_constant);
    has_pair
        || matches!(check.kind, CheckKind::Equality | CheckKind::Proof)
            && !is_with_constant
            && is_sent_only()
            && has(|part| *part == RequestPart::Cookie)
            && has(|part| {
                matches!(
                    part,
                    RequestPart::Query | RequestPart::Body | RequestPart::Header
                )
            })
}

/// Returns the place of the test if a foreign page is one of several reasons for one answer, as where nobody is known
/// or the page is another.
pub(super) fn one_reason(refusal: &Refusal, checks: &[Check], control: Control) -> Option<Span> {
    let check = checks.last().filter(|check| check.is_alternative)?;
    let is_of_page = matches!(control, Control::Csrf | Control::Origin);
    let mut parts = check.alternatives.iter();
    // What decided the whole is that of every part; each is asked for itself.
    let is_among = is_of_page
        && !are_met_by_any_site(checks)
        && parts.any(|part| {
            let alone = Check {
                control: Provenance::default(),
                ..part.clone()
            };
            check_control(refusal, &alone) == Some(control)
        });
    is_among.then_some(check.span)
}

fn is_cookie(origin: &Origin) -> bool {
    match origin {
        Origin::Request(RequestPart::Cookie, _) => true,
        Origin::Request(RequestPart::Header, name) => name == "cookie",
        _ => false,
    }
}

/// Holds if the page is asked for, and that there is a cookie decided whether it is.
pub(super) fn is_origin_check_of_cookie(check: &Check) -> bool {
    let control = || check.control.origins().iter();
    let is_page = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Header, name) if is_page_header(name.split('.').next().unwrap_or(name)));
    control().any(is_cookie)
        && control().all(|origin| is_cookie(origin) || is_page(origin))
        && is_origin_check(check.operand_origins())
}

/// Holds if the check asks for a page of the application's own wherever the request carries a cookie at all: without one, a
/// page of another site acts for nobody.
pub(super) fn spares_those_without_cookie(control: Control, check: &Check) -> bool {
    let is_cookie_missing = |part: &Check| {
        let origins = || part.operands.iter().flat_map(Provenance::origins);
        let is_word = |origin: &Origin| matches!(origin, Origin::Literal(_));
        matches!(part.kind, CheckKind::Presence | CheckKind::Membership)
            && !part.outcome
            && origins().any(is_cookie)
            && origins().all(|origin| is_cookie(origin) || is_word(origin))
    };
    let (spared, asked): (Vec<&Check>, Vec<&Check>) = check
        .alternatives
        .iter()
        .partition(|part| is_cookie_missing(part));
    let Some(refusal) = check.refusal.as_ref().filter(|_| check.is_alternative) else {
        return false;
    };
    // What decided the parts is that of all of them.
    let is_of_page = |part: &&Check| {
        let alone = Check {
            control: Provenance::default(),
            ..(*part).clone()
        };
        let is_asked = check_control(refusal, &alone) == Some(control);
        is_asked && !are_met_by_any_site(std::slice::from_ref(&alone))
    };
    matches!(control, Control::Csrf | Control::Origin)
        && !spared.is_empty()
        && !asked.is_empty()
        && asked.iter().all(is_of_page)
}

/// Holds if the check examines a token against forged requests. What an earlier such test only stood before, as the
/// caller whom the session names, is examined for something else: only what nothing else is left of, and the caller who
/// is missing where the token was wrong, still tell of that test.
pub(super) fn is_csrf_check(check: &Check) -> bool {
    let examined = || check.operands.iter().flat_map(Provenance::origins);
    let is_left = |origin: &Origin| match origin {
        Origin::Unknown(_) | Origin::Literal(_) => true,
        Origin::Principal(field) => field.is_empty(),
        Origin::Record {
            field,
            of_principal,
            ..
        } => *of_principal && field.is_empty(),
        // One answer for a foreign page and for a wrong token: which of them it was stood in a test before.
        Origin::Environment { .. } | Origin::Request(RequestPart::Cookie, _) => true,
        Origin::Request(RequestPart::Header, name) => is_page_header(name),
        _ => false,
    };
    examined().any(is_csrf_token)
        || (check.control.origins().iter().any(is_csrf_token)
            && !check.control.origins().iter().any(says_attribute)
            && examined().all(is_left))
}

/// Holds for what a page sends to show that it is one of the application's own.
fn is_csrf_token(origin: &Origin) -> bool {
    match origin {
        Origin::Request(RequestPart::Header | RequestPart::Cookie | RequestPart::Session, name) => {
            contains_word(name, "csrf") || contains_word(name, "xsrf")
        }
        _ => false,
    }
}

/// Holds if all that the layer refuses are requests of other pages: it reads the session's cookie to work out the token
/// that goes with it, and asks nobody who he is.
pub(super) fn is_about_pages(run: &LayerRun) -> bool {
    let is_page = |control| matches!(control, Some(Control::Csrf | Control::Origin));
    // What only breaks refuses nobody for what he is.
    let is_answer = |refusal: &Refusal| {
        let status = refusal.status();
        status.is_some_and(|status| status < 500) || !matches!(refusal, Refusal::Throw(_))
    };
    let mut refusals = run.refusals.iter().filter(|it| is_answer(&it.0)).peekable();
    refusals.peek().is_some()
        && refusals.all(|(refusal, checks, _)| is_page(refusal_control(refusal, checks)))
}

/// Holds if the check finds that nobody is known who a page of another site could act for.
pub(super) fn is_nobodys(check: &Check) -> bool {
    let is_known_by = |origin: &Origin| {
        origin.is_of_principal()
            || origin.is_identity() && !is_csrf_token(origin)
            || matches!(origin, Origin::Literal(text) if text == "null")
    };
    let is_missing = |part: &Check| {
        let mut origins = part.operands.iter().flat_map(Provenance::origins);
        part.kind == CheckKind::Presence && !part.outcome && origins.all(is_known_by)
    };
    let mut operands = check.parts().iter().flat_map(|part| &part.operands);
    check.parts().iter().all(is_missing) && operands.any(Provenance::is_of_principal)
}
