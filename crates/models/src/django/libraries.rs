//! Guards of libraries around Django: django-ratelimit, django-axes.

use firedoor_app::{EffectKind, Flag, Throttle};
use firedoor_eval::{Machine, Object, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::guards::Refuses;
use crate::ModelHost;

/// `@ratelimit(key='ip', rate='5/m', method='POST', block=True)`. Source: django-ratelimit 4.1, `decorators.py`.
pub(crate) fn count(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    guard: &Object,
    span: Span,
) -> Option<(Value, Refuses)> {
    let option = |name: &str| guard.properties.get(&Ustr::from(name)).cloned();
    let rate = option("rate")
        .and_then(|rate| rate.text())
        .unwrap_or_default();
    let (limit, window) = rate_of(&rate);
    let blocks = option("block").is_none_or(|block| block.truth() != Some(false));
    if !blocks {
        return None;
    }
    throttled(host, machine, limit, window, span);
    let test = machine.tested(TestKind::Attempts, None, &[], span);
    Some((test, Refuses::Status(403)))
}

/// django-axes counts failed log-ins by itself. Source: 7.0, `decorators.py`, `handlers/proxy.py`.
pub(crate) fn axes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    span: Span,
) -> Option<(Value, Refuses)> {
    throttled(host, machine, Some(3), None, span);
    let test = machine.tested(TestKind::Attempts, None, &[], span);
    Some((test, Refuses::Status(429)))
}

/// Notes that attempts are counted.
pub(crate) fn throttled(
    host: &ModelHost,
    machine: &Machine<'_>,
    limit: Option<u64>,
    window: Option<u64>,
    span: Span,
) {
    let throttle = Throttle {
        limit,
        window,
        key: Default::default(),
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
