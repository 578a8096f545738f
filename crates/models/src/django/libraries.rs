//! Guards of libraries around Django: django-ratelimit, django-axes.

use firedoor_app::{EffectKind, Flag, Provenance, Throttle};
use firedoor_eval::{Arguments, Machine, Object, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::guards::Refuses;
use super::project;
use crate::ModelHost;

/// `@ratelimit(key='ip', rate='5/m', method='POST', block=True)`. Source: django-ratelimit 4.1, `decorators.py`.
pub(crate) fn count(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    guard: &Object,
    request: &Value,
    span: Span,
) -> Result<Option<(Value, Refuses)>, Stop> {
    let option = |name: &str| guard.properties.get(&Ustr::from(name)).cloned();
    let rate = option("rate")
        .and_then(|rate| rate.text())
        .unwrap_or_default();
    let (limit, window) = rate_of(&rate);
    let blocks = option("block").is_none_or(|block| block.truth() != Some(false));
    if !blocks {
        return Ok(None);
    }
    let key = match option("key") {
        Some(key) => counted_by(host, machine, &key, request, span)?,
        None => Provenance::default(),
    };
    throttled(host, machine, (limit, window), key, span);
    let test = machine.tested(TestKind::Attempts, None, &[], span);
    Ok(Some((test, Refuses::Status(403))))
}

/// Returns what a function says that requests are counted by: the key itself, or the one that finds the address of
/// `key='ip'`. Source: django-ratelimit 4.1, `core.py` (`_get_ip`, `get_usage`).
fn counted_by(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    key: &Value,
    request: &Value,
    span: Span,
) -> Result<Provenance, Stop> {
    let is_address = key.text().is_some_and(|text| text == "ip");
    let finder = match is_address {
        true => project::setting(host, machine, "RATELIMIT_IP_META_KEY"),
        false => Some(key.clone()),
    };
    let function = match finder {
        Some(finder) => match finder.text() {
            Some(text) if text.contains('.') => project::named(host, machine, &text),
            Some(_) => return Ok(Provenance::default()),
            None => finder,
        },
        None => return Ok(Provenance::default()),
    };
    if !crate::tools::is_function(machine, &function) {
        return Ok(Provenance::default());
    }
    let given = match is_address {
        true => vec![request.clone()],
        false => vec![machine.unknown("group"), request.clone()],
    };
    let found = machine.call_value(&function, None, &Arguments::positional(given), span)?;
    Ok(host.deep_provenance(machine, &found))
}

/// django-axes counts failed log-ins by itself. Source: 7.0, `decorators.py`, `handlers/proxy.py`.
pub(crate) fn axes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    span: Span,
) -> Option<(Value, Refuses)> {
    throttled(host, machine, (Some(3), None), Provenance::default(), span);
    let test = machine.tested(TestKind::Attempts, None, &[], span);
    Some((test, Refuses::Status(429)))
}

/// Notes that attempts are counted.
pub(crate) fn throttled(
    host: &ModelHost,
    machine: &Machine<'_>,
    (limit, window): (Option<u64>, Option<u64>),
    key: Provenance,
    span: Span,
) {
    let throttle = Throttle {
        limit,
        window,
        key,
        skips: Flag::Off,
        counts_failures_only: false,
    };
    host.effect(machine, EffectKind::Throttle(throttle), span);
}

/// `5/m`, `100/day`, `10/5m`.
pub(crate) fn rate_of(rate: &str) -> (Option<u64>, Option<u64>) {
    let Some((limit, period)) = rate.split_once('/') else {
        return (None, None);
    };
    let digits: String = period.chars().take_while(char::is_ascii_digit).collect();
    let count = digits.parse::<u64>().unwrap_or(1);
    let seconds = match period[digits.len()..].chars().next() {
        Some('s') => Some(1),
        Some('m') => Some(60),
        Some('h') => Some(3_600),
        Some('d') => Some(86_400),
        _ => None,
    };
    let limit = limit.trim().parse().ok();
    (limit, seconds.map(|seconds| seconds * count))
}
