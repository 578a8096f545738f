//! From what a layer did for an attacker to what it is good for.
//!
//! A layer is run with a request that carries no credential or a forged one. What matters is whether
//! it lets that request on, and what decided it.

mod attributes;
mod forgery;
mod switched;
mod user;

use firedoor_source::Span;

pub(crate) use self::attributes::is_attribute;
use self::forgery::{
    are_met_by_any_site, is_about_pages, is_csrf_check, is_double_submit, is_nobodys,
    is_origin_check, one_reason,
};
pub use self::user::user_control;
use crate::counting;
use crate::fails_open::{
    environment_in, environment_of, first_environment, is_missing_on_both_sides, is_setting_missing,
};
use crate::{Check, CheckKind, Control, Origin, Provenance, Refusal, RequestPart, Verdict};

/// One way in which a layer let the request on.
#[derive(Clone, Debug)]
pub struct Continuation {
    /// Where.
    pub span: Span,
    /// The decisions on the way, outermost first.
    pub checks: Vec<Check>,
    /// How many of them, from the outermost, have something behind them that the guard is there for; what a handler
    /// says where it does nothing is let on by the others.
    pub useful: usize,
}

impl Continuation {
    /// Returns the decisions that have something behind them.
    pub(crate) fn useful_checks(&self) -> &[Check] {
        self.checks.get(..self.useful).unwrap_or(&self.checks)
    }
}

/// What a layer did with an attacker's request.
#[derive(Clone, Debug, Default)]
pub struct LayerRun {
    /// The ways in which it let the request on.
    pub continuations: Vec<Continuation>,
    /// The ways in which it refused, each with the decisions on the way.
    pub refusals: Vec<(Refusal, Vec<Check>, Span)>,
    /// What it did with stores, if it counted in one.
    pub counted: Vec<crate::Access>,
    /// The credentials it read.
    pub reads: Vec<Origin>,
    /// What could not be resolved in it, if it could decide the outcome.
    pub unknown: Option<String>,
}

/// Holds if the check asks for a number of attempts, counted by a library or in what the layer itself counts in.
pub(crate) fn limits_rate(check: &Check, counts: &counting::Counts) -> bool {
    check.kind == CheckKind::Attempts || counting::limits_rate(check, counts)
}

impl LayerRun {
    /// Returns what the layer itself counts in.
    pub(crate) fn counts(&self) -> counting::Counts {
        counting::Counts::of(&self.counted)
    }
}

/// Returns what the layer is good for, judged by how it treats a user who may pass it: the attempts that it
/// counts, and the roles, permissions and records that it asks for.
pub fn judge_user(run: &LayerRun) -> Vec<(Control, Verdict)> {
    let mut judged: Vec<(Control, Verdict)> = Vec::new();
    let counts = run.counts();
    for (refusal, checks, _) in &run.refusals {
        let is_limit = refusal.status() == Some(429)
            || checks
                .last()
                .is_some_and(|check| limits_rate(check, &counts));
        let found = is_limit.then_some(Control::RateLimit);
        let asked = || asked_of_user(refusal, checks);
        for control in found.map_or_else(asked, |found| vec![found]) {
            if !judged.iter().any(|(known, _)| *known == control) {
                let switch = (control == Control::Authorization).then(|| switched::switch(run));
                let verdict = switch.flatten().map(Verdict::Conditional);
                judged.push((control, verdict.unwrap_or(Verdict::Enforced)));
            }
        }
    }
    judged
}

/// Returns what the last check asks of a proven user. Where it is that something failed, which is what an exception
/// is, and that says nothing, the one before tells why it was thrown. A role of no known name on which the work fails is
/// asked for nothing.
fn asked_of_user(refusal: &Refusal, checks: &[Check]) -> Vec<Control> {
    // While nobody is served, those who keep it running are: that asks nobody else what he may do.
    if refusal.status() == Some(503) && checks.iter().any(hangs_on_settings) {
        return Vec::new();
    }
    let asked_by = |check: Option<&Check>| -> Vec<Control> {
        let parts = check.map_or(&[][..], Check::parts);
        parts.iter().filter_map(user_control).collect()
    };
    let Some((last, before)) = without_settings(checks).split_last() else {
        return Vec::new();
    };
    let is_broken = last.kind == CheckKind::Failure
        && last.outcome
        && !matches!(refusal.status(), Some(400..=499));
    let asked = match is_broken {
        true => Vec::new(),
        false => asked_by(Some(last)),
    };
    match asked.is_empty() && last.kind == CheckKind::Failure {
        true => asked_by(before.last()),
        false => asked,
    }
}

/// Returns the checks without those at the end that ask for nothing but settings, and without the forms before them: what
/// a guard writes into a log where it refuses may hang on one, and is not what it asks the user for.
fn without_settings(checks: &[Check]) -> &[Check] {
    let checks = without_forms(checks);
    match checks.split_last() {
        Some((last, before)) if hangs_on_settings(last) => without_settings(before),
        _ => checks,
    }
}

fn hangs_on_settings(check: &Check) -> bool {
    let is_fixed = |origin: &Origin| {
        matches!(
            origin,
            Origin::Environment { .. } | Origin::Literal(_) | Origin::Unknown(_)
        )
    };
    check.origins().any(Origin::is_setting) && check.origins().all(is_fixed)
}

/// Returns the checks without those at the end whose other side refuses too: they only choose the form of the answer,
/// as `if wants_json: abort(403)` does before a redirect.
fn without_forms(checks: &[Check]) -> &[Check] {
    let refuses = |refusal: &Refusal| *refusal != Refusal::Return;
    let is_form = |check: &Check| check.refusal.as_ref().is_some_and(refuses);
    let kept = checks.iter().rposition(|check| !is_form(check));
    match kept {
        Some(last) => &checks[..=last],
        None => checks,
    }
}

/// Returns what the layer asks of the page that a proven user's browser sends the request from. An attacker
/// without credentials may be stopped before it.
pub fn judge_browser(run: &LayerRun) -> Vec<(Control, Verdict)> {
    let controls = [Control::Csrf, Control::Origin].into_iter();
    let judged = controls.map(|control| (control, judge_control(run, control)));
    judged
        .filter(|(_, verdict)| *verdict != Verdict::Absent)
        .collect()
}

/// Returns what the layer is good for, and how far. Controls come in their order.
pub fn judge_layer(run: &LayerRun) -> Vec<(Control, Verdict)> {
    let mut judged = Vec::new();
    for control in [
        Control::Authentication,
        Control::Authorization,
        Control::RateLimit,
        Control::Csrf,
        Control::Origin,
    ] {
        let verdict = judge_control(run, control);
        if verdict != Verdict::Absent {
            judged.push((control, verdict));
        }
    }
    judged
}

/// Holds if only a page of another site fails the check.
pub(crate) fn is_about_page(check: &Check) -> bool {
    is_csrf_check(check) || is_double_submit(check)
}

/// Judges what a layer is good for.
pub fn judge_control(run: &LayerRun, control: Control) -> Verdict {
    let refuses = run
        .refusals
        .iter()
        .any(|(refusal, checks, _)| refusal_control(refusal, checks) == Some(control));
    let among_others = || {
        let mut refusals = run.refusals.iter();
        refusals.find_map(|(refusal, checks, _)| one_reason(refusal, checks, control))
    };
    let among_others = if refuses { None } else { among_others() };
    if !refuses && among_others.is_none() {
        return without_refusal(run, control);
    }
    if control == Control::RateLimit || control == Control::Authorization {
        return Verdict::Enforced;
    }
    let open: Vec<&Continuation> = run
        .continuations
        .iter()
        .filter(|way| !is_behind(way, control))
        .filter(|way| {
            !matches!(control, Control::Origin | Control::Csrf)
                || !way.checks.iter().any(is_nobodys)
        })
        // On the other side of the test none of the reasons holds.
        .filter(|way| {
            !way.checks
                .iter()
                .any(|check| Some(check.span) == among_others)
        })
        .collect();
    if open.is_empty() {
        return Verdict::Enforced;
    }
    let is_left_out = |way: &Continuation| {
        control == Control::Authentication && way.checks.iter().any(is_left_out)
    };
    let settings = open.iter().filter(|way| !is_left_out(way));
    let settings = settings.filter(|way| is_about_guard(run, way, control));
    // A setting that the page need not have said, since its name ends alike, decides nothing.
    let settings =
        settings.filter(|way| control != Control::Origin || !are_met_by_any_site(&way.checks));
    let conditions: Vec<String> = settings.filter_map(|way| environment_of(way)).collect();
    if conditions.len() == open.len() {
        return Verdict::Conditional(conditions.join(" or "));
    }
    without_refusal(run, control)
}

fn without_refusal(run: &LayerRun, control: Control) -> Verdict {
    if control != Control::Authentication {
        return Verdict::Absent;
    }
    if let Some(reason) = &run.unknown {
        return Verdict::Unknown(reason.clone());
    }
    let reads_identity = run.reads.iter().any(Origin::is_identity);
    if reads_identity && !is_about_pages(run) {
        Verdict::Observed
    } else {
        Verdict::Absent
    }
}

/// Returns which control a refusal is one of, from its status and from what decided it.
pub fn refusal_control(refusal: &Refusal, checks: &[Check]) -> Option<Control> {
    if refusal.status() == Some(429) {
        return Some(Control::RateLimit);
    }
    // An exception that becomes an ordinary answer tells the client nothing of a refusal.
    if refusal.status().is_some_and(|status| status < 300) {
        return None;
    }
    // The innermost check that is one of any control says what the refusal is for; those before it were passed.
    let asked = checks
        .iter()
        .enumerate()
        .rev()
        .find_map(|(place, check)| Some((place, check_control(refusal, check)?)));
    let (place, control) = asked?;
    // What fails for no known reason, as a store that cannot be reached, refuses nobody because of what stood before.
    // What a handler has caught is decided behind it, and says why it was thrown.
    let says_who = matches!(refusal.status(), Some(401 | 403));
    if !says_who && checks[place..].iter().any(is_accident) {
        return None;
    }
    (control != Control::Origin || !are_met_by_any_site(checks)).then_some(control)
}

/// Holds for a failure of which nothing is known, not even what it hung on.
fn is_accident(check: &Check) -> bool {
    let is_unknown = |origin: &Origin| matches!(origin, Origin::Unknown(_));
    check.kind == CheckKind::Failure && check.outcome && check.origins().all(is_unknown)
}

pub(crate) fn check_control(refusal: &Refusal, check: &Check) -> Option<Control> {
    let deciding = || check.origins();
    if is_origin_check(deciding()) || forgery::is_origin_check_of_cookie(check) {
        return Some(Control::Origin);
    }
    if is_csrf_check(check) || is_double_submit(check) {
        return Some(Control::Csrf);
    }
    let says_who = matches!(refusal.status(), Some(401 | 403));
    // What another site says of a token of its own logs somebody in, and lets nobody pass who is known here.
    let is_foreign = |origin: &Origin| matches!(origin, Origin::Answer(_) | Origin::Outside(_));
    let is_sent = || !deciding().any(is_foreign) && deciding().any(Origin::is_sent_secret);
    let presents = deciding().any(presents_credential);
    (presents || says_who && is_sent()).then_some(Control::Authentication)
}

/// Holds if it is where requests carry credentials, and no header that says how a request came.
pub(crate) fn presents_credential(origin: &Origin) -> bool {
    origin.is_credential() && !is_about_connection(origin) && !origin.is_kept_meanwhile()
}

/// Holds for headers that say how a request came, and prove nothing.
pub fn is_about_connection(origin: &Origin) -> bool {
    let Origin::Request(RequestPart::Header, name) = origin else {
        return false;
    };
    let name = name.to_ascii_lowercase();
    // What was made of a header is named within it: `host.id` is a field of what was found by the host.
    let name = name.split('.').next().unwrap_or(&name);
    name.starts_with("content-")
        || name.starts_with("accept")
        || name.starts_with("x-forwarded-")
        || name.starts_with("if-")
        || matches!(
            name,
            "user-agent"
                | "host"
                | "origin"
                | "referer"
                | "forwarded"
                | "x-real-ip"
                | "x-request-id"
                | "cf-connecting-ip"
                | "true-client-ip"
                | "connection"
                | "upgrade"
                | "idempotency-key"
        )
}

/// Holds if a decision of this control stands before the continuation and refuses on its other side.
pub fn is_behind(way: &Continuation, control: Control) -> bool {
    // Where it is passed by who sends no credential, what else is asked in the same test hangs on none.
    let spares: Vec<Span> = way
        .checks
        .iter()
        .filter(|check| control == Control::Authentication && asks_for_none(check))
        .map(|check| check.span)
        .collect();
    way.checks.iter().any(|check| {
        forgery::spares_those_without_cookie(control, check)
            || !spares.contains(&check.span) && is_refusing_check(way, control, check)
    })
}

fn is_refusing_check(way: &Continuation, control: Control, check: &Check) -> bool {
    check.refusal.as_ref().is_some_and(|refusal| {
        refusal_control(refusal, std::slice::from_ref(check)) == Some(control)
    }) && (!is_attackers_choice(check) || is_browsers_choice(control, check))
        && !(check.is_alternative && is_setting_missing(check))
        && !(control == Control::Authentication && (is_left_out(check) || asks_for_none(check)))
        && !(control == Control::Csrf && is_token_left_out(check))
        && (!is_missing_on_both_sides(check) || is_asked_for(way, check))
        && !rests_on_nothing_attached(way, check)
}

/// Holds if no credential has a say in a check but what no layer has attached, on a way that is taken just where it is not
/// attached: `if request.state.route is None` before the work of finding it, on which the check is made.
fn rests_on_nothing_attached(way: &Continuation, check: &Check) -> bool {
    let missing: Vec<&Origin> = way.checks.iter().flat_map(nothing_attached).collect();
    if missing.is_empty() {
        return false;
    }
    let provenance = check.provenance();
    let mut credentials = provenance.origins().iter().filter(|it| it.is_credential());
    let is_missing = |origin: &Origin| missing.contains(&origin);
    // What a library says may rest on the request that was handed to it.
    let is_outside = |it: &Origin| matches!(it, Origin::Outside(_) | Origin::Answer(_));
    !provenance.is_from_client()
        && !provenance.origins().iter().any(is_outside)
        && credentials.all(is_missing)
}

/// Returns what the check finds not attached to the request, where that is all it examines.
fn nothing_attached(check: &Check) -> Vec<&Origin> {
    let is_nothing = |it: &Provenance| it.literal().is_some_and(|text| text == "null");
    let is_missing = match check.kind {
        CheckKind::Equality => check.outcome && check.operands.iter().any(is_nothing),
        CheckKind::Presence => !check.outcome,
        _ => false,
    };
    let is_attached = |origin: &&Origin| matches!(origin, Origin::Request(RequestPart::Context, _));
    let examined: Vec<&Origin> = check
        .operands
        .iter()
        .flat_map(Provenance::origins)
        .collect();
    let is_other = |it: &&Origin| !is_attached(it) && !matches!(it, Origin::Literal(_));
    if !is_missing || check.is_alternative || examined.iter().any(is_other) {
        return Vec::new();
    }
    examined.into_iter().filter(is_attached).collect()
}

/// Holds if the way goes on only where the setting is there that the check compares with: then both cannot be missing.
fn is_asked_for(way: &Continuation, compared: &Check) -> bool {
    let named = |check: &Check| check.operands.iter().find_map(environment_in);
    way.checks.iter().any(|check| {
        check.kind == CheckKind::Presence
            && check.outcome
            && !check.is_alternative
            && check.operands.len() == 1
            && named(check).is_some()
            && named(check) == named(compared)
    })
}

/// Holds if a setting that was asked on the way has a say in whether the guard refuses. One that only chooses what is
/// answered, as an address that pages name, leaves the guard as it is.
fn is_about_guard(run: &LayerRun, way: &Continuation, control: Control) -> bool {
    let names = |check: &Check| first_environment(check.origins());
    let asked: Vec<_> = way.checks.iter().filter_map(names).collect();
    let is_asked = |checks: &[Check]| {
        let mut named = checks.iter().filter_map(names);
        named.any(|name| asked.contains(&name))
    };
    let refuses = run.refusals.iter().any(|(refusal, checks, _)| {
        refusal_control(refusal, checks) == Some(control) && is_asked(checks)
    });
    let mut guarded = run.continuations.iter();
    refuses || guarded.any(|other| is_behind(other, control) && is_asked(&other.checks))
}

/// Holds if the check is passed by whoever leaves out what it examines: `signature and not is_right(signature)` refuses
/// nobody who sends no signature.
pub fn is_left_out(check: &Check) -> bool {
    check.is_alternative
        && check.alternatives.iter().any(|part| {
            let origins = || part.operands.iter().flat_map(Provenance::origins);
            let is_sent =
                |origin: &Origin| origin.is_from_client() || matches!(origin, Origin::Literal(_));
            // Whether a part of it is there is asked by its name.
            let is_about_part = part.kind == CheckKind::Membership
                && part
                    .operands
                    .iter()
                    .any(|operand| operand.literal().is_some());
            // `is None` holds it against nothing.
            let is_nothing = |it: &Provenance| it.literal().is_some_and(|text| text == "null");
            let is_missing = match part.kind {
                CheckKind::Equality => part.outcome && part.operands.iter().any(is_nothing),
                CheckKind::Presence => !part.outcome,
                _ => is_about_part && !part.outcome,
            };
            is_missing && origins().any(Origin::is_from_client) && origins().all(is_sent)
        })
}

/// Holds if only those pass who send nothing, of which anybody may send nothing.
fn asks_for_none(check: &Check) -> bool {
    let mut origins = check
        .operands
        .iter()
        .flat_map(Provenance::origins)
        .peekable();
    check.kind == CheckKind::Presence
        && !check.outcome
        && !check.is_alternative
        && origins.peek().is_some()
        && origins.all(|it| matches!(it, Origin::Request(RequestPart::Header, _)))
}

/// Holds if the check is passed by whoever leaves out the token that a page has to send: `token and token != expected`.
/// Which page it is and what a cookie holds is said by the browser, and left out by none.
fn is_token_left_out(check: &Check) -> bool {
    let is_of_page = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Header, name) => {
            let name = name.to_ascii_lowercase();
            !is_about_connection(origin)
                && !name.starts_with("sec-")
                && !matches!(name.as_str(), "authorization" | "cookie")
        }
        Origin::Request(RequestPart::Body, name) => !name.is_empty(),
        Origin::Literal(_) => true,
        _ => false,
    };
    let mut parts = check.alternatives.iter();
    is_left_out(check)
        && parts.any(|part| {
            let alone = Check {
                is_alternative: true,
                alternatives: vec![part.clone()],
                ..part.clone()
            };
            is_left_out(&alone)
                && part
                    .operands
                    .iter()
                    .flat_map(Provenance::origins)
                    .all(is_of_page)
        })
}

/// Holds if the browser of a victim fills in what is compared, so that the attacker's page cannot choose it.
fn is_browsers_choice(control: Control, check: &Check) -> bool {
    matches!(control, Control::Origin | Control::Csrf)
        && (matches!(
            check.kind,
            crate::CheckKind::Equality | crate::CheckKind::Membership | crate::CheckKind::Proof
        ) || forgery::asks_for_own_form(check))
}

/// Holds if whoever sends the request decides the check by what he sends, so that it stops nobody:
/// the mere presence or form of a credential.
fn is_attackers_choice(check: &Check) -> bool {
    // Where one of several parts suffices, it is enough to decide that one.
    let mut parts = check.alternatives.iter();
    let is_decided_by_one = check.is_alternative
        && parts.any(|part| {
            // What decided the parts is that of all of them.
            let control = Provenance::default();
            let alone = Check {
                control,
                ..part.clone()
            };
            alone.origins().any(Origin::is_from_client) && is_attackers_choice(&alone)
        });
    if is_decided_by_one {
        return true;
    }
    is_named_by_header(check)
        || check.origins().all(|origin| {
            origin.is_from_client()
                || matches!(origin, Origin::Literal(_) | Origin::Digest | Origin::Clock)
        })
}

/// Holds if a record is found by no more than a header that names somebody: any client can send it.
fn is_named_by_header(check: &Check) -> bool {
    let is_name = |origin: &Origin| {
        matches!(origin, Origin::Request(RequestPart::Header, name)
            if !origin.is_identity() || names_somebody(name))
    };
    let is_found = |origin: &Origin| matches!(origin, Origin::Record { field, of_principal: false, .. } if field.is_empty());
    let is_nothing = |operand: &Provenance| operand.literal().is_some_and(|text| text == "null");
    let asks_for_any = check.kind == CheckKind::Presence
        || (check.kind == CheckKind::Equality && check.operands.iter().any(is_nothing));
    // By a credential that proves nothing, nothing is found; what decided that it was tried has no part in it.
    let examined = || check.operands.iter().flat_map(Provenance::origins);
    asks_for_any
        && check.origins().any(is_name)
        && examined().any(is_found)
        && examined().all(|origin| {
            is_name(origin) || is_found(origin) || matches!(origin, Origin::Literal(_))
        })
}

/// Holds if a header is called after the person whom it names, and after no secret: `x-session-user`, `x-auth-email`.
pub fn names_somebody(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    let last = header.rsplit(['-', '_']).next().unwrap_or_default();
    let is_number = matches!(last, "id") && header.contains("user");
    is_number
        || matches!(
            last,
            "user" | "userid" | "uid" | "username" | "email" | "account"
        )
}
