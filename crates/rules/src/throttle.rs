//! How attempts at an entry point are counted: shared by the rules about limits.

use firedoor_app::{
    Access, Check, CheckKind, EffectKind, EntryPoint, Flag, Layer, LayerKind, Origin, Provenance,
    RequestPart, Throttle, counting, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::finding::FindingBuilder;

/// Returns the limiters of an entry point with their places and names: those that are layers, and those
/// that its code asks.
pub fn throttles(entry: &EntryPoint) -> Vec<(&Throttle, Span, Ustr)> {
    let layers = entry.layers.iter().filter_map(|layer| {
        layer
            .throttle
            .as_ref()
            .map(|throttle| (throttle, layer.span, layer.name))
    });
    let inner = entry
        .effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            EffectKind::Throttle(throttle) if effect.layer.is_none() => {
                // A decorator counts outside of every function.
                let name = match effect.function.starts_with('(') {
                    true => entry.handler.name,
                    false => effect.function,
                };
                Some((throttle, effect.span, name))
            }
            _ => None,
        });
    layers.chain(inner).collect()
}

/// Adds where a limiter could stand: what the application mounts before the entry point, last.
pub fn with_place<'f>(finding: FindingBuilder<'f>, entry: &EntryPoint) -> FindingBuilder<'f> {
    let mut layers = entry.layers.iter().rev();
    let last = layers.find(|layer| layer.kind == LayerKind::Layer);
    match last {
        Some(layer) => finding.because(
            "before",
            layer.mounted,
            format!("`{}` is the last of the layers before it", layer.name),
        ),
        None => finding,
    }
}

/// The most attempts an hour that make guessing a password or code hopeless.
const ATTEMPTS_PER_HOUR: u64 = 2_000;

/// Holds if a limiter that acts lets so few attempts through that guessing is hopeless. One whose numbers
/// are not known counts.
pub fn is_throttled(entry: &EntryPoint) -> bool {
    throttles(entry)
        .iter()
        .any(|(throttle, ..)| is_tight(throttle))
        || refuses_by_count(entry)
}

/// Holds if the limiter means something for guessing.
pub fn is_tight(throttle: &Throttle) -> bool {
    if throttle.skips == Flag::On || is_client_key(throttle) {
        return false;
    }
    match (throttle.limit, throttle.window) {
        (Some(limit), Some(window)) if window > 0 => {
            limit.saturating_mul(3_600) / window <= ATTEMPTS_PER_HOUR
        }
        _ => true,
    }
}

/// Holds if what is counted hangs on a value that the client chooses freely: a header that is no credential,
/// alone or as a part of the key, so that each request can have a count of its own. A name in the body is what
/// is guessed at, and stays the same.
pub fn is_client_key(throttle: &Throttle) -> bool {
    chosen_header(throttle).is_some()
}

/// Returns the header whose value makes the key.
pub fn chosen_header(throttle: &Throttle) -> Option<Ustr> {
    header_in(&throttle.key)
}

fn header_in(key: &Provenance) -> Option<Ustr> {
    let origins = key.origins();
    let is_known = origins
        .iter()
        .any(|origin| matches!(origin, Origin::Principal(_)));
    let header = origins.iter().find_map(|origin| match origin {
        Origin::Request(RequestPart::Header, name)
            if !name.is_empty() && !matches!(name.as_str(), "authorization" | "cookie") =>
        {
            Some(*name)
        }
        _ => None,
    });
    header.filter(|_| !is_known)
}

/// Holds if the code counts attempts itself: it refuses by a stored number that it also changes, or answers
/// that there were too many.
fn refuses_by_count(entry: &EntryPoint) -> bool {
    let has_layer = counting_layers(entry).any(|(number, _)| !is_wide(entry, number));
    has_layer
        || entry
            .checks
            .iter()
            .any(|check| is_count_check(entry, check))
}

/// Returns the layers by which the application counts requests itself, with their numbers.
pub fn counting_layers(entry: &EntryPoint) -> impl Iterator<Item = (u32, &Layer)> {
    entry
        .layers
        .iter()
        .enumerate()
        .filter_map(|(number, layer)| {
            let counts = layer.throttle.is_none()
                && layer.controls.contains(&firedoor_app::Control::RateLimit)
                && layer.verdict.refuses();
            counts.then_some((number as u32, layer))
        })
}

/// Holds if the layer refuses only beyond a number that makes guessing no harder.
fn is_wide(entry: &EntryPoint, layer: u32) -> bool {
    let refusals = entry.effects.iter().filter(|effect| {
        effect.layer == Some(layer)
            && matches!(
                effect.kind,
                EffectKind::Respond {
                    status: Some(429),
                    ..
                }
            )
    });
    let limits: Vec<u64> = refusals
        .flat_map(|effect| entry.checks_of(effect))
        .filter(|check| check.kind == CheckKind::Bound)
        .flat_map(|check| &check.operands)
        .filter_map(|operand| operand.literal()?.parse().ok())
        .collect();
    !limits.is_empty() && limits.iter().all(|limit| *limit > ATTEMPTS_PER_HOUR)
}

/// Returns the header that makes the key by which a layer of the application's own counts.
pub fn counted_header(entry: &EntryPoint, layer: u32) -> Option<(&Provenance, Ustr)> {
    entry.effects.iter().find_map(|effect| {
        let EffectKind::Access(access) = &effect.kind else {
            return None;
        };
        if effect.layer != Some(layer) {
            return None;
        }
        let mut key = access.key.iter();
        key.find_map(|field| Some((&field.value, header_in(&field.value)?)))
    })
}

/// Holds if the check refuses by a number that the entry point counts in.
fn is_count_check(entry: &EntryPoint, check: &Check) -> bool {
    let accesses: Vec<&Access> = query::accesses(entry).map(|(_, access)| access).collect();
    check.refusal.is_some() && counting::asks_for_count(check, &accesses)
}
