//! How attempts at an entry point are counted: shared by the rules about limits.

use firedoor_app::{
    Access, BRIEF_MOMENT, Check, CheckId, CheckKind, ComparisonKind, EffectKind, EntryPoint, Field,
    Flag, IN_PRODUCTION, Layer, LayerKind, MADE_ANEW, MOMENT, Map, NO_NUMBER, NO_SUCH_LIMIT,
    Operation, Origin, Provenance, Refusal, RequestPart, SETTING_MISSING, Throttle, counting,
    query,
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
pub fn is_throttled(map: &Map, entry: &EntryPoint) -> bool {
    has_tight_limiter(entry) || refuses_by_count(map, entry, |_| false)
}

/// Holds likewise for the guesses at a password: what is counted once that was right counts none of them.
pub fn is_password_throttled(map: &Map, entry: &EntryPoint) -> bool {
    let is_later = |id: CheckId| {
        let behind = entry
            .effects
            .iter()
            .filter(|effect| effect.checks.contains(&id));
        let mut behind = behind.peekable();
        let is_proven = |effect: &firedoor_app::Effect| {
            let mut before = effect.checks.iter().take_while(|it| **it != id);
            before.any(|it| follows_password(entry, *it))
        };
        behind.peek().is_some() && behind.all(is_proven)
    };
    let is_before = |effect: &firedoor_app::Effect| {
        let mut checks = effect.checks.iter();
        !checks.any(|id| follows_password(entry, *id))
    };
    let outer = entry
        .layers
        .iter()
        .filter(|it| it.kind != LayerKind::Inline);
    let mut layers = outer.filter_map(|layer| layer.throttle.as_ref());
    let mut effects = entry.effects.iter().filter(|effect| is_before(effect));
    layers.any(is_tight)
        || effects.any(
            |effect| matches!(&effect.kind, EffectKind::Throttle(it) if effect.layer.is_none() && is_tight(it)),
        )
        || refuses_by_count(map, entry, is_later)
}

fn has_tight_limiter(entry: &EntryPoint) -> bool {
    throttles(entry)
        .iter()
        .any(|(throttle, ..)| is_tight(throttle))
}

/// Holds if the limiter means something for guessing.
pub fn is_tight(throttle: &Throttle) -> bool {
    let is_new_each_time = changing_part(&throttle.key).is_some();
    let never_counts = [
        SETTING_MISSING,
        NO_SUCH_LIMIT,
        MADE_ANEW,
        IN_PRODUCTION,
        NO_NUMBER,
    ];
    let is_skipped = match &throttle.skips {
        Flag::On => true,
        Flag::Conditional(condition) => never_counts.contains(&condition.as_str()),
        _ => false,
    };
    if is_skipped || is_client_key(throttle) || is_new_each_time {
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

/// Returns what makes the key another one with each connection or request, in words: the client's port, or chance.
pub fn changing_part(key: &Provenance) -> Option<&'static str> {
    key.origins().iter().find_map(|origin| match origin {
        // The whole address of a connection has its port in it.
        Origin::Request(RequestPart::Address, name)
            if name.ends_with("remotePort") || matches!(name.as_str(), "port" | "client") =>
        {
            Some("the client's port")
        }
        Origin::Random { .. } => Some("a value made by chance"),
        Origin::Outside(path) if *path == MOMENT => Some("the moment of each request"),
        Origin::Outside(path) if *path == BRIEF_MOMENT => {
            Some("a stretch of time that is over in a few seconds")
        }
        _ => None,
    })
}

/// Returns what makes each request count anew where code counts that is no layer, with the place.
pub fn changing_inside(entry: &EntryPoint) -> Option<(&Provenance, Span, Ustr, &'static str)> {
    let inner = entry.effects.iter().filter(|effect| effect.layer.is_none());
    inner
        .filter_map(|effect| Some((effect, key_of_count(entry, effect)?)))
        .find_map(|(effect, key)| Some((key, effect.span, effect.function, changing_part(key)?)))
}

/// Returns the key under which the effect counts attempts in a store of keys.
fn key_of_count<'m>(
    entry: &EntryPoint,
    effect: &'m firedoor_app::Effect,
) -> Option<&'m Provenance> {
    let EffectKind::Access(access) = &effect.kind else {
        return None;
    };
    let mut keys = access.key.iter().filter(|field| field.name == "key");
    // What is put under a key of its own may be counted as one of many.
    let key = keys
        .next()
        .filter(|_| is_counted_up(access))
        .map(|key| &key.value)
        .or_else(|| made_with_moment(access))?;
    let mut checks = entry.checks.iter().filter(|check| check.refusal.is_some());
    let counts = counting::Counts::of([access]);
    let is_asked = checks.any(|check| counting::asks_for_count(check, &counts));
    is_asked.then_some(key)
}

/// Returns what a count is found by. What is counted up where it is there already is found by what it would be made with,
/// and what is put into a store of keys by its key.
pub fn counting_key(access: &Access) -> impl Iterator<Item = &Field> {
    let is_made = access.operation == Operation::Create;
    let made = access.values.iter().filter(move |field| {
        is_made && (field.name == "key" || is_counted_up(access) && field.operator == "=")
    });
    access.key.iter().chain(made)
}

fn is_counted_up(access: &Access) -> bool {
    let mut values = access.values.iter();
    values.any(|field| field.operator == "+=")
}

/// Returns the field of a new record in which the moment stands beside something else: what is counted up where it is
/// there already is never there.
fn made_with_moment(access: &Access) -> Option<&Provenance> {
    let is_moment = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.any(
            |it| matches!(it, Origin::Outside(path) if *path == MOMENT || *path == BRIEF_MOMENT),
        )
    };
    let mut values = access.values.iter().map(|field| &field.value);
    values.find(|value| access.operation == Operation::Create && is_moment(value))
}

/// Returns what makes each request, or connection, count anew in a layer that counts in a store of its own.
pub fn changing_count(entry: &EntryPoint, layer: u32) -> Option<(&Provenance, &'static str)> {
    let counted = query::accesses(entry)
        .filter(|(effect, access)| effect.layer == Some(layer) && counts_attempts(entry, access));
    counted
        .flat_map(|(_, access)| access.key.iter().chain(&access.values))
        .filter(|field| field.name == "key")
        .find_map(|field| Some((&field.value, changing_part(&field.value)?)))
}

/// Returns the keys under which code that is no layer counts requests, with the place and the header in the key.
pub fn counted_inside(entry: &EntryPoint) -> Vec<(&Provenance, Span, Ustr, Ustr)> {
    let inner = entry.effects.iter().filter(|effect| {
        effect
            .layer
            .and_then(|number| entry.layers.get(number as usize))
            .is_none_or(|layer| layer.kind == LayerKind::Inline)
    });
    inner
        .filter_map(|effect| {
            let EffectKind::Access(access) = &effect.kind else {
                return None;
            };
            let keys = counting_key(access);
            let mut chosen =
                keys.filter_map(|field| Some((&field.value, header_in(&field.value)?)));
            let (key, header) = chosen.next().filter(|_| counts_attempts(entry, access))?;
            Some((key, effect.span, effect.function, header))
        })
        .collect()
}

/// Holds for what says where a request comes from, and for what is the same for everybody.
pub fn is_of_address(origin: &Origin) -> bool {
    matches!(
        origin,
        Origin::Request(RequestPart::Address | RequestPart::Header, _)
            | Origin::Literal(_)
            | Origin::Digest
            | Origin::Signature
            | Origin::Clock
            | Origin::Environment { .. }
    )
}

/// Returns the header in what is counted by, if the client chooses it freely and nobody is known.
pub fn header_in(key: &Provenance) -> Option<Ustr> {
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
fn refuses_by_count(map: &Map, entry: &EntryPoint, is_later: impl Fn(CheckId) -> bool) -> bool {
    let (wide, tight): (Vec<u32>, Vec<u32>) = counting_layers(entry)
        .map(|(number, _)| number)
        .partition(|number| is_wide(map, entry, *number));
    let limits: Vec<u64> = wide.iter().flat_map(|it| limits(entry, *it)).collect();
    // What refuses beyond the number of a wide layer is that layer.
    let is_of_wide = |check: &Check| bounds(check).any(|bound| limits.contains(&bound));
    let counts = repeated_counts(entry);
    let (idle, acting): (Vec<usize>, Vec<usize>) = (0..entry.checks.len())
        .filter(|number| is_count_check(&entry.checks[*number], &counts))
        .partition(|number| {
            let id = CheckId(*number as u32);
            is_of_wide(&entry.checks[*number])
                || is_behind_proof(entry, id)
                || is_later(id)
                || counts_wrong_only(entry, id)
        });
    let is_inline = |number: &u32| {
        let layer = entry.layers.get(*number as usize);
        layer.is_some_and(|layer| layer.kind == LayerKind::Inline)
    };
    // The checks within the handler stand as a layer, too.
    !acting.is_empty()
        || tight
            .iter()
            .any(|number| !is_inline(number) || idle.is_empty())
}

/// Holds if whoever comes to the check has proven a secret already: it counts what he does with that, and no guesses.
/// What another log-in step has signed only says whose code is guessed, where one is compared behind the check.
fn is_behind_proof(entry: &EntryPoint, counting: CheckId) -> bool {
    let is_followed = query::comparisons(entry).any(|(effect, compared)| {
        compared.given.is_from_client() && effect.checks.contains(&counting)
    });
    let is_guess = |operand: &Provenance| {
        query::comparisons(entry).any(|(_, compared)| compared.given == *operand)
    };
    let mut behind = entry
        .effects
        .iter()
        .filter(|effect| effect.checks.contains(&counting))
        .peekable();
    behind.peek().is_some()
        && behind.all(|effect| {
            let before = effect.checks.iter().take_while(|id| **id != counting);
            before.map(|id| entry.check(*id)).any(|check| {
                let is_sent = |it: &Provenance| it.is_from(RequestPart::Body);
                check.kind == CheckKind::Proof
                    && check.outcome
                    && check.refusal.is_some()
                    && check.operands.iter().any(is_sent)
                    && (!is_followed || check.operands.iter().any(is_guess))
            })
        })
}

/// Holds if the check refuses by what came out of a comparison of a password: it examines what the password was held
/// against, and stands behind that.
fn follows_password(entry: &EntryPoint, id: CheckId) -> bool {
    let check = entry.check(id);
    let is_examined = |origin: &Origin| {
        let mut operands = check.operands.iter();
        let is_field = matches!(origin, Origin::Record { field, .. } if !field.is_empty());
        is_field && operands.any(|operand| operand.has(origin))
    };
    check.refusal.is_some()
        && query::comparisons(entry).any(|(effect, found)| {
            found.kind == ComparisonKind::Password
                && found.given.is_from_client()
                && !effect.checks.contains(&id)
                && found.expected.origins().iter().any(is_examined)
        })
}

/// Holds if the check only stands where what was sent was wrong, and what is counted there is asked for nowhere else:
/// the right password is let in however many wrong ones came before it.
fn counts_wrong_only(entry: &EntryPoint, counting: CheckId) -> bool {
    // What only somebody without credentials comes to is the same question, asked where he is always wrong.
    let is_used = |id: CheckId| {
        entry
            .effects
            .iter()
            .any(|effect| effect.checks.contains(&id))
    };
    let counting = match is_used(counting) {
        true => counting,
        false => {
            let place = entry.check(counting).span;
            let mut all = (0..entry.checks.len()).map(|number| CheckId(number as u32));
            let same = all.find(|id| entry.check(*id).span == place && is_used(*id));
            same.unwrap_or(counting)
        }
    };
    let compared = query::comparisons(entry).filter(|(_, found)| found.given.is_from_client());
    let given: Vec<&Provenance> = compared.map(|(_, found)| &found.given).collect();
    let is_wrong = |part: &Check| {
        let mut operands = part.operands.iter();
        part.kind == CheckKind::Proof && !part.outcome && operands.any(|it| given.contains(&it))
    };
    let is_refused = |id: &CheckId| entry.check(*id).parts().iter().any(is_wrong);
    let mut behind = entry
        .effects
        .iter()
        .filter(|effect| effect.checks.contains(&counting))
        .peekable();
    let is_only_there = behind.peek().is_some()
        && behind.all(|effect| {
            let mut before = effect.checks.iter().take_while(|id| **id != counting);
            before.any(is_refused)
        });
    // A lock that is set there is looked at before the next attempt.
    let (there, elsewhere): (Vec<_>, Vec<_>) =
        query::accesses(entry).partition(|(effect, _)| effect.checks.iter().any(is_refused));
    is_only_there
        && there.iter().all(|(_, written)| {
            let mut others = elsewhere.iter();
            !written.operation.is_write() || !others.any(|(_, it)| it.asset == written.asset)
        })
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
fn is_wide(map: &Map, entry: &EntryPoint, layer: u32) -> bool {
    let limits = limits(entry, layer);
    let most = match stands_before_most(map, entry, layer) {
        true => REQUESTS_OF_ALL_KINDS,
        false => ATTEMPTS_PER_HOUR,
    };
    !limits.is_empty() && limits.iter().all(|limit| *limit > most)
}

/// More requests in whatever time an application lets through are no attempts at a secret, where all of its entry points
/// count together.
const REQUESTS_OF_ALL_KINDS: u64 = 200;

/// Holds if the layer stands before most entry points of the application.
fn stands_before_most(map: &Map, entry: &EntryPoint, layer: u32) -> bool {
    let Some(layer) = entry.layers.get(layer as usize) else {
        return false;
    };
    let others = || {
        let all = map.entry_points.iter();
        all.filter(|other| other.app == entry.app)
    };
    let has_it = |other: &&EntryPoint| {
        let mut own = other.layers.iter();
        own.any(|own| own.span == layer.span && own.mounted == layer.mounted)
    };
    let number = others().filter(has_it).count();
    number > 2 && number * 4 >= others().count() * 3
}

/// The numbers beyond which the layer refuses.
fn limits(entry: &EntryPoint, layer: u32) -> Vec<u64> {
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
    // The last bound on the way is the one that refuses.
    refusals
        .flat_map(|effect| {
            let bounded = entry
                .checks_of(effect)
                .filter(|check| bounds(check).next().is_some());
            bounded.last().into_iter().flat_map(bounds)
        })
        .collect()
}

/// The constants that the check holds a number against.
fn bounds(check: &Check) -> impl Iterator<Item = u64> {
    let is_bound = check.kind == CheckKind::Bound;
    let operands = check.operands.iter().filter(move |_| is_bound);
    operands.filter_map(|operand| operand.literal()?.parse().ok())
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
        counting_key(access).find_map(|field| Some((&field.value, header_in(&field.value)?)))
    })
}

/// Returns what the entry point counts in, without what is counted under a key of its own each time: that is never asked
/// for again.
fn repeated_counts(entry: &EntryPoint) -> counting::Counts {
    let repeats = |access: &Access| {
        let mut keys = access.key.iter().filter(|field| field.name == "key");
        let is_changing = keys.any(|field| changing_part(&field.value).is_some());
        !(is_counted_up(access) && is_changing || made_with_moment(access).is_some())
    };
    let all = query::accesses(entry).map(|(_, access)| access);
    counting::Counts::of(all.filter(|access| repeats(access)))
}

/// Holds if the check refuses by a number that is counted in.
fn is_count_check(check: &Check, counts: &counting::Counts) -> bool {
    check.refusal.is_some() && !is_of_room(check) && counting::asks_for_count(check, counts)
}

/// Holds if the check holds how many there are against how many a record has room for: that says nothing of those who were
/// not let in.
fn is_of_room(check: &Check) -> bool {
    let mut operands = check.operands.iter();
    let is_number = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.any(|it| matches!(it, Origin::Record { field, .. } if field.is_empty()))
    };
    let is_room = |value: &Provenance| {
        let mut origins = value.origins().iter();
        !value.is_empty()
            && origins.all(|it| matches!(it, Origin::Record { field, .. } if !field.is_empty()))
    };
    check.kind == CheckKind::Bound && operands.clone().any(is_number) && operands.any(is_room)
}

/// Holds if the access does nothing but count attempts: a check refuses by the number that it changes, as what was too
/// much.
pub fn counts_attempts(entry: &EntryPoint, access: &Access) -> bool {
    access.operation.is_write()
        && access.operation != Operation::Delete
        && entry.checks.iter().any(|check| {
            let refuses = check.refusal.as_ref().and_then(Refusal::status) == Some(429);
            let mut fields = check
                .operands
                .iter()
                .flat_map(|operand| operand.record_fields(access.asset));
            refuses
                && check.kind == CheckKind::Bound
                && fields.any(|field| {
                    // When the store forgets the number is part of counting.
                    let is_counter = |name: &str| name == field || name == "expires";
                    access.values.iter().any(|value| is_counter(&value.name))
                })
        })
}
