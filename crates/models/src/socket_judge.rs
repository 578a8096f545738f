//! What is said of connections and messages, from what an attacker and a user came to.
//!
//! A connection is authenticated in many ways: by the handshake, by its first message, or by each message
//! for itself, often without an answer. So the verdict does not ask how a message was refused, but
//! whether an attacker got as far as a user did ([`refuses_attacker`]).

use firedoor_app::{
    ComparisonKind, Control, EffectKind, EntryPoint, LayerKind, Origin, Refusal, RequestPart,
    Transport, Verdict, counting,
};
use firedoor_eval::{Decided, Machine, SideEnd};
use firedoor_source::Span;
use rustc_hash::FxHashSet;

use crate::request::Sent;
use crate::state::{RawEffect, RawRefusal};
use crate::{Door, Step, StepKind};

/// Holds if an attacker is stopped at a step where users come further: he does not get to the next layer,
/// or reaches nothing of what the handler does for a user.
pub(crate) fn refuses_attacker(step: &Step, number: usize, attacker: &Sent, user: &Sent) -> bool {
    if attacker.stopped_at.is_some_and(|at| at < number)
        || user.stopped_at.is_some_and(|at| at <= number)
    {
        return false;
    }
    let theirs = effects_of(attacker, number);
    let ours = effects_of(user, number);
    let goes_on = |effects: &[&RawEffect]| {
        effects
            .iter()
            .any(|effect| effect.kind == EffectKind::Continue)
    };
    if goes_on(&ours) && !goes_on(&theirs) {
        return true;
    }
    if step.kind != StepKind::Handler {
        return false;
    }
    if asks_password(attacker, number) {
        return false;
    }
    let works = |effect: &&RawEffect| is_work(&effect.kind) || is_answer(&effect.kind);
    let outside =
        |sent: &'_ Sent| -> Vec<Span> { sent.run.outside.iter().map(|call| call.span).collect() };
    let reached = outside(attacker);
    let further: Vec<&RawEffect> = ours
        .iter()
        .copied()
        .filter(works)
        .filter(|effect| theirs.iter().all(|other| other.span != effect.span))
        .chain(
            user.run
                .outside
                .iter()
                .filter(|call| call.step == number && !reached.contains(&call.span)),
        )
        .collect();
    let beyond = sides(further.iter().copied());
    !further.is_empty()
        && theirs
            .iter()
            .copied()
            .filter(works)
            .all(|effect| is_excuse(effect, &ours, &beyond))
}

/// A log-in is open to everybody: the password is what it is about.
fn asks_password(attacker: &Sent, number: usize) -> bool {
    attacker.run.passwords.contains(&number)
        || effects_of(attacker, number).iter().any(|effect| {
            matches!(&effect.kind, EffectKind::CompareSecret(compared)
                if matches!(compared.kind, ComparisonKind::Password | ComparisonKind::Code))
        })
}

fn effects_of(sent: &Sent, number: usize) -> Vec<&RawEffect> {
    let effects = sent.run.effects.iter();
    effects.filter(|effect| effect.step == number).collect()
}

/// What a handler is there for; to look something up may still be a part of asking who is there.
fn is_work(kind: &EffectKind) -> bool {
    match kind {
        EffectKind::Access(access) if counting::notes_visit(access) => false,
        EffectKind::Room(..) | EffectKind::Disconnect(_) => true,
        kind => crate::request::is_work(kind),
    }
}

fn is_answer(kind: &EffectKind) -> bool {
    matches!(
        kind,
        EffectKind::Respond {
            is_error: false,
            ..
        }
    )
}

/// Holds if something that is done for the attacker is done for users only where they do not come
/// further: an answer that refuses.
fn is_excuse(effect: &RawEffect, ours: &[&RawEffect], beyond: &FxHashSet<Decided>) -> bool {
    let mut same = ours
        .iter()
        .filter(|other| other.span == effect.span)
        .peekable();
    same.peek().is_some()
        && same.all(|other| {
            let mut decided = other.decided.iter();
            decided.any(|decided| beyond.contains(&opposite(*decided)))
        })
}

/// A connection whose messages are all refused until somebody has authenticated is enforced, and so is the
/// message that authenticates: it does nothing else. The messages do what they do; the connection does not.
pub(crate) fn settle_connections(entries: &mut [EntryPoint]) {
    let connections: Vec<usize> = (0..entries.len())
        .filter(|index| is_connection(&entries[*index]))
        .collect();
    for index in connections {
        let messages: Vec<usize> = (0..entries.len())
            .filter(|other| is_message_of(&entries[*other], &entries[index]))
            .collect();
        if messages.is_empty() {
            continue;
        }
        settle_connection(entries, index, &messages);
    }
}

fn is_connection(entry: &EntryPoint) -> bool {
    entry.transport == Transport::WebSocket && entry.message.is_none()
}

fn is_message_of(entry: &EntryPoint, connection: &EntryPoint) -> bool {
    entry.transport == Transport::WebSocket
        && entry.message.is_some()
        && entry.app == connection.app
        && entry.path == connection.path
        && entry.framework == connection.framework
}

fn settle_connection(entries: &mut [EntryPoint], index: usize, messages: &[usize]) {
    let is_enforced =
        |entry: &EntryPoint| entry.verdict(Control::Authentication) == Verdict::Enforced;
    let is_idle = |entry: &EntryPoint| {
        let reads_credential = entry
            .credentials
            .iter()
            .any(|origin| matches!(origin, Origin::Request(RequestPart::Message, _)));
        let does_nothing = entry
            .exposed
            .iter()
            .all(|effect| !is_work(&effect.kind) && !is_answer(&effect.kind));
        reads_credential && does_nothing
    };
    let guarded = messages
        .iter()
        .copied()
        .find(|message| is_enforced(&entries[*message]));
    let all = messages
        .iter()
        .all(|message| is_enforced(&entries[*message]) || is_idle(&entries[*message]));
    let (Some(guarded), true) = (guarded, all) else {
        return;
    };
    let guard = entries[guarded]
        .layers
        .iter()
        .find(|layer| {
            layer.kind == LayerKind::Inline && layer.controls.contains(&Control::Authentication)
        })
        .cloned();
    for number in messages.iter().copied().chain([index]) {
        if is_enforced(&entries[number]) {
            continue;
        }
        entries[number]
            .controls
            .insert(Control::Authentication, Verdict::Enforced);
        entries[number].layers.retain(|layer| {
            layer.kind != LayerKind::Inline || layer.controls != [Control::Authentication]
        });
        entries[number].layers.extend(guard.clone());
    }
}

/// A message is refused by an answer of its own and `return`, or by `return` alone: where users are told
/// apart like that, the side that does nothing more is a refusal, and its answer an error.
pub(crate) fn mark_refusals(
    machine: &Machine<'_>,
    door: &Door,
    attacker: &mut Sent,
    user: &mut Sent,
) {
    let handler = |step: &Step| step.kind == StepKind::Handler;
    let Some(number) = door.steps.iter().rposition(handler) else {
        return;
    };
    let excuses: Vec<Span> = {
        let ours = effects_of(user, number);
        let excuses = ours
            .iter()
            .filter(|effect| tells_nothing(&effect.kind) && is_given_up(machine, effect, &ours));
        excuses.map(|effect| effect.span).collect()
    };
    // One function may send all answers, also those that tell something.
    let is_excuse =
        |effect: &RawEffect| excuses.contains(&effect.span) && tells_nothing(&effect.kind);
    for sent in [&mut *attacker, &mut *user] {
        let effects = sent.run.effects.iter_mut();
        for effect in effects.filter(|effect| effect.step == number && is_excuse(effect)) {
            if let EffectKind::Respond { is_error, .. } = &mut effect.kind {
                *is_error = true;
            }
        }
    }
    let refusals = silent_refusals(machine, user, number);
    let answers: Vec<RawRefusal> = effects_of(user, number)
        .iter()
        .filter(|effect| {
            excuses.contains(&effect.span) && (is_told(&effect.kind) || tells_nothing(&effect.kind))
        })
        .map(|effect| refusal(effect.span, effect.decided.clone(), number))
        .collect();
    user.run.refusals.extend(answers);
    user.run.refusals.extend(refusals);
}

/// Marks the sides on which the handler is left, and nothing else is done, as refusals.
pub(crate) fn mark_silence(machine: &Machine<'_>, door: &Door, user: &mut Sent) {
    let handler = |step: &Step| step.kind == StepKind::Handler;
    if let Some(number) = door.steps.iter().rposition(handler) {
        let refusals = silent_refusals(machine, user, number);
        user.run.refusals.extend(refusals);
    }
}

fn refusal(span: Span, decided: Vec<Decided>, step: usize) -> RawRefusal {
    RawRefusal {
        refusal: Refusal::Return,
        span,
        decided,
        step,
    }
}

fn is_told(kind: &EffectKind) -> bool {
    matches!(kind, EffectKind::Respond { is_error: true, .. })
}

/// Holds for an answer without anything that is kept: an error has no more to say.
fn tells_nothing(kind: &EffectKind) -> bool {
    let EffectKind::Respond {
        body,
        is_error: false,
        ..
    } = kind
    else {
        return false;
    };
    body.iter().all(|field| {
        field.value.origins().iter().all(|origin| {
            !matches!(
                origin,
                Origin::Record { .. } | Origin::Principal(_) | Origin::Environment { .. }
            )
        })
    })
}

/// Holds if the handler returns on the way to an answer, and does something on the other side.
fn is_given_up(machine: &Machine<'_>, answer: &RawEffect, ours: &[&RawEffect]) -> bool {
    answer.decided.iter().any(|decided| {
        leaves(machine, *decided)
            && ours.iter().any(|effect| {
                (is_work(&effect.kind) || is_answer(&effect.kind))
                    && effect.decided.contains(&opposite(*decided))
            })
    })
}

fn opposite(decided: Decided) -> Decided {
    Decided {
        decision: decided.decision,
        side: !decided.side,
    }
}

/// Holds if this side of a branch leaves the handler, and the other goes on.
fn leaves(machine: &Machine<'_>, decided: Decided) -> bool {
    let ends = machine.decision(decided.decision).ends;
    matches!(
        ends[usize::from(decided.side)],
        SideEnd::Returns | SideEnd::Leaves
    ) && ends[usize::from(!decided.side)] == SideEnd::Goes
}

/// The sides on which the handler returns without having done anything, or throws: what it tells of an exception is no
/// work.
fn silent_refusals(machine: &Machine<'_>, user: &Sent, number: usize) -> Vec<RawRefusal> {
    let ours = effects_of(user, number);
    let works = ours.iter().copied().filter(|effect| is_work(&effect.kind));
    let (reached, worked) = (sides(ours.iter().copied()), sides(works));
    let ways = user.run.refusals.iter().map(|known| &known.decided);
    let mut known: FxHashSet<Decided> = ways.flatten().copied().collect();
    let mut refusals = Vec::new();
    let is_for = |kind: &EffectKind| is_work(kind) || is_answer(kind) && !tells_nothing(kind);
    for effect in ours.iter().filter(|effect| is_for(&effect.kind)) {
        for (index, decided) in effect.decided.iter().enumerate() {
            let other = opposite(*decided);
            let is_thrown = throws(machine, other);
            let done = if is_thrown { &worked } else { &reached };
            let is_left = is_thrown || leaves(machine, other);
            if is_left && !done.contains(&other) && !known.contains(&other) {
                let mut way = effect.decided[..index].to_vec();
                way.push(other);
                known.extend(&way);
                let span = machine.decision(other.decision).span;
                refusals.push(refusal(span, way, number));
            }
        }
    }
    refusals
}

/// The sides of decisions on which effects stand.
fn sides<'e>(effects: impl Iterator<Item = &'e RawEffect>) -> FxHashSet<Decided> {
    effects
        .flat_map(|effect| &effect.decided)
        .copied()
        .collect()
}

/// Holds if this side of a branch throws, and the other goes on.
fn throws(machine: &Machine<'_>, decided: Decided) -> bool {
    let ends = machine.decision(decided.decision).ends;
    ends[usize::from(decided.side)] == SideEnd::Throws
        && ends[usize::from(!decided.side)] == SideEnd::Goes
}
