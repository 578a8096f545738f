//! Sends symbolic requests through an entry point and puts what they do into the map's words.
//!
//! Two requests are sent: an attacker's, who has no credential that proves anything, and a user's, who may
//! pass every guard. The first says who is refused; the second what the entry point does.

use std::collections::BTreeMap;

use firedoor_app::ownership::Memory;
use firedoor_app::{
    Access, Continuation, Control, Effect, EffectKind, EntryPoint, Layer, LayerKind, LayerRun,
    Operation, Origin, Provenance, RequestPart, Transport, Verdict,
};
use firedoor_eval::{Decided, Machine, ObjectKind, Value};
use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::checks::{Checks, Decisions};
pub use crate::drive::{Sent, send};
use crate::state::{RawEffect, RawRefusal, Run};
use crate::{Door, ModelHost, Step, StepKind};

/// The most checks on the ways through one step that are looked at.
const MOST_CHECKS: usize = 400_000;

/// Returns what one step did, for judging it.
pub fn layer_run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    sent: &Sent,
    number: usize,
) -> LayerRun {
    let mut decisions = sent.decisions.borrow_mut();
    let decisions = decisions.get_or_insert_with(|| Decisions::new(machine, &[&sent.run]));
    run_of_layer(host, machine, &sent.run, decisions, number)
}

/// Holds if a step refused for no other reason than that the page which sends a request has to show a token of the
/// browser's session. Whoever sends requests himself has a session of his own, and is given its token.
pub(crate) fn refuses_only_forged(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    run: &Run,
    number: usize,
) -> bool {
    let mut decisions = Decisions::new(machine, &[run]);
    let run = run_of_layer(host, machine, run, &mut decisions, number);
    !run.refusals.is_empty()
        && run.refusals.iter().all(|(refusal, checks, _)| {
            firedoor_app::refusal_control(refusal, checks) == Some(Control::Csrf)
        })
}

fn run_of_layer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    run: &Run,
    decisions: &mut Decisions,
    number: usize,
) -> LayerRun {
    let continuing: Vec<&RawEffect> = run
        .effects
        .iter()
        .filter(|effect| effect.step == number)
        .filter(|effect| {
            effect.kind == EffectKind::Continue
                || (run.handler == Some(number) && is_answer(&effect.kind))
        })
        .collect();
    let refusing: Vec<&RawRefusal> = run
        .refusals
        .iter()
        .filter(|refusal| refusal.step == number)
        .collect();
    let size = continuing.iter().map(|effect| effect.decided.len());
    let size = size.chain(refusing.iter().map(|refusal| refusal.decided.len()));
    if size.sum::<usize>() > MOST_CHECKS {
        return LayerRun {
            unknown: Some("it decides too much to follow".to_owned()),
            ..LayerRun::default()
        };
    }
    let worked = work_of_handler(run, number);
    let continuations = continuing
        .into_iter()
        .map(|effect| {
            let own = own_decisions(run, number, &effect.decided);
            let useful = useful_decisions(worked.as_ref(), effect, own);
            let way = Continuation {
                span: effect.span,
                checks: decisions.list(host, machine, own),
                useful: decisions.list(host, machine, useful).len(),
            };
            (&effect.kind, way)
        })
        .filter(|(answer, way)| !tells_of_failure(answer, way))
        .map(|(_, way)| way)
        .collect();
    let mut refusals = Vec::new();
    for refusal in refusing {
        let own = match is_answer_by_redirect(run, number, refusal) {
            true => &[],
            false => own_decisions(run, number, &refusal.decided),
        };
        let checks = decisions.list(host, machine, own);
        for way in ways_to_catch(machine, own) {
            let mut checks = checks.clone();
            checks.extend(decisions.list(host, machine, &[way]));
            refusals.push((refusal.refusal.clone(), checks, refusal.span));
        }
        refusals.push((refusal.refusal.clone(), checks, refusal.span));
    }
    LayerRun {
        continuations,
        refusals,
        counted: counted(run, number),
        reads: run
            .reads
            .iter()
            .filter(|(_, step)| *step == number)
            .map(|(origin, _)| origin.clone())
            .collect(),
        unknown: run
            .unknown
            .iter()
            .find(|(step, _)| *step == number)
            .map(|(_, reason)| reason.clone()),
    }
}

/// Holds if a handler says that its work has failed, with the status that the failure brings along
/// (`catch (error) { res.status(error.status).json(…) }`).
fn tells_of_failure(answer: &EffectKind, way: &Continuation) -> bool {
    let has_failed = |check: &firedoor_app::Check| {
        check.kind == firedoor_app::CheckKind::Failure && check.outcome
    };
    matches!(answer, EffectKind::Respond { status: None, .. }) && way.checks.iter().any(has_failed)
}

/// What is caught together and answered alike was thrown for several reasons, each of which refuses.
fn ways_to_catch(machine: &Machine<'_>, own: &[Decided]) -> Vec<Decided> {
    let caught = own.iter().flat_map(|step| {
        let decision = machine.decision(step.decision);
        decision.caught_on(step.side)
    });
    caught.collect()
}

/// Returns the decisions behind which a handler does more than answer; of another step nothing, because what it lets
/// on is worth something in any case, and so is the answer of a handler that does no more.
fn work_of_handler(run: &Run, number: usize) -> Option<FxHashSet<Decided>> {
    if run.handler != Some(number) {
        return None;
    }
    let own = run.effects.iter().filter(|effect| effect.step == number);
    let work = own.filter(|effect| {
        !matches!(
            effect.kind,
            EffectKind::Continue
                | EffectKind::Respond { .. }
                | EffectKind::Redirect(_)
                | EffectKind::SetHeader(..)
        )
    });
    let worked: FxHashSet<Decided> = work
        .flat_map(|effect| effect.decided.iter().copied())
        .collect();
    (!worked.is_empty()).then_some(worked)
}

/// Cuts off the decisions after which a handler only says something that is written in it: `that link is too old` is
/// not what the guard keeps people from.
fn useful_decisions<'d>(
    worked: Option<&FxHashSet<Decided>>,
    effect: &RawEffect,
    own: &'d [Decided],
) -> &'d [Decided] {
    let Some(worked) = worked else {
        return own;
    };
    let is_told =
        |origin: &Origin| !matches!(origin, Origin::Literal(_) | Origin::Environment { .. });
    let tells = match &effect.kind {
        EffectKind::Respond { body, .. } => body
            .iter()
            .any(|field| field.value.origins().iter().any(is_told)),
        _ => false,
    };
    if tells {
        return own;
    }
    let last = own.iter().rposition(|decided| worked.contains(decided));
    &own[..last.map_or(0, |last| last + 1)]
}

/// Returns what the step did with stores, if it counted in one.
fn counted(run: &Run, number: usize) -> Vec<Access> {
    let own = run.effects.iter().filter(|effect| effect.step == number);
    let accesses = own.filter_map(|effect| match &effect.kind {
        EffectKind::Access(access) => Some(access),
        _ => None,
    });
    let is_count = |access: &Access| {
        access.operation == Operation::Create || firedoor_app::counting::counts(access)
    };
    match accesses.clone().any(is_count) {
        true => accesses.cloned().collect(),
        false => Vec::new(),
    }
}

/// Holds if a handler sends everybody elsewhere who has come so far, which is its answer: to where one logs in at
/// another site, or to a page.
fn is_answer_by_redirect(run: &Run, number: usize, refusal: &RawRefusal) -> bool {
    let is_redirect = matches!(refusal.refusal, firedoor_app::Refusal::Redirect(_));
    let before = decided_before(run, number);
    is_redirect && run.handler == Some(number) && refusal.decided.len() <= before
}

fn decided_before(run: &Run, number: usize) -> usize {
    let mut known = run.decided_before.iter();
    known
        .find(|(step, _)| *step == number)
        .map_or(0, |(_, count)| *count)
}

/// What the step itself decided on the way, if it decided anything: layers before it have let the request on, and
/// their checks are not what it refuses by.
fn own_decisions<'d>(run: &Run, number: usize, decided: &'d [Decided]) -> &'d [Decided] {
    match decided.get(decided_before(run, number)..) {
        Some(own) if !own.is_empty() => own,
        _ => decided,
    }
}

/// Makes the entry point of `door` from what both personas' requests did.
pub fn entry_point(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    message: Option<(Ustr, Ustr)>,
) -> EntryPoint {
    let (mut attacker, mut user) = crate::collapsed::send_both(host, machine, door, message);
    let examined = crate::conditions::examined(host, machine, user.first_test);
    match door.transport {
        Transport::WebSocket => {
            crate::socket_judge::mark_refusals(machine, door, &mut attacker, &mut user);
        }
        // An action may keep to itself what went wrong: then all that is seen is that nothing is done.
        Transport::Action => crate::socket_judge::mark_silence(machine, door, &mut user),
        _ => {}
    }
    host.state().messages_seen = crate::judge::told_apart(&user.run.messages);
    host.state().is_passage = is_passage(door, &user.run);
    let handler = door
        .steps
        .iter()
        .rposition(|step| step.kind == StepKind::Handler);
    let mut layers = Vec::new();
    let mut inline = None;
    let mut places: Vec<Option<u32>> = Vec::new();
    for (number, step) in door.steps.iter().enumerate() {
        let layer = crate::build::layer(host, machine, door, step, number, &attacker, &user);
        let is_layer = Some(number) != handler && step.kind != StepKind::ErrorHandler;
        places.push(is_layer.then_some(layers.len() as u32));
        match is_layer {
            true => layers.push(layer),
            false if Some(number) == handler => inline = Some(layer),
            false => {}
        }
    }
    let mut checks = Checks::new(host, machine, &[&user.run, &attacker.run]);
    let effects = translate(machine, &mut checks, &user.run, &places);
    let exposed = match attacker.stopped_at {
        Some(_) => Vec::new(),
        None => translate(machine, &mut checks, &attacker.run, &places),
    };
    let mut late = crate::guards::late(host, machine, door);
    late.extend(
        inline
            .as_ref()
            .and_then(|plain| crate::guards::above(host, machine, door, plain)),
    );
    let mut entry = EntryPoint {
        transport: door.transport,
        method: door.method,
        path: door.path,
        message: message.map(|(_, name)| name).or(door.message),
        app: door.app,
        framework: door.framework.name,
        handler: door.handler.clone(),
        registered: door.registered,
        registered_if: in_words(machine, door.decided.iter()),
        group: door.group,
        layers,
        late,
        controls: BTreeMap::new(),
        checks: checks.checks,
        effects,
        exposed,
        credentials: credentials(&user.run),
        unresolved: door.unresolved.clone(),
        examined,
        public_because: None,
        memory: Memory::default(),
    };
    crate::build::conclude(&mut entry, inline, &attacker, &user);
    settle_alternatives(machine, door, &places, &mut entry);
    firedoor_app::settle_joint_refusals(&mut entry);
    entry
}

/// Returns an entry point of which nothing is known, for that reason.
pub fn unknown_entry_point(door: &Door, message: Option<(Ustr, Ustr)>, reason: &str) -> EntryPoint {
    let controls = Control::ALL.into_iter();
    let controls = controls.filter(|control| applies(door.transport, *control));
    EntryPoint {
        transport: door.transport,
        method: door.method,
        path: door.path,
        message: message.map(|(_, name)| name).or(door.message),
        app: door.app,
        framework: door.framework.name,
        handler: door.handler.clone(),
        registered: door.registered,
        registered_if: None,
        group: door.group,
        layers: Vec::new(),
        late: Vec::new(),
        controls: controls
            .map(|control| (control, Verdict::Unknown(reason.to_owned())))
            .collect(),
        checks: Vec::new(),
        effects: Vec::new(),
        exposed: Vec::new(),
        credentials: Vec::new(),
        unresolved: door.unresolved.clone(),
        examined: Vec::new(),
        public_because: None,
        memory: Memory::default(),
    }
}

/// Guards that stand on both sides of one decision are there whichever way it goes.
fn settle_alternatives(
    machine: &Machine<'_>,
    door: &Door,
    places: &[Option<u32>],
    entry: &mut EntryPoint,
) {
    for control in Control::ALL {
        if !matches!(entry.controls.get(&control), Some(Verdict::Conditional(_))) {
            continue;
        }
        let mut sides: Vec<Decided> = Vec::new();
        for (step, place) in door.steps.iter().zip(places) {
            let layer = place.and_then(|place| entry.layers.get(place as usize));
            let is_conditional = layer.is_some_and(|layer| {
                layer.verdicts.iter().any(|(found, verdict)| {
                    *found == control && matches!(verdict, Verdict::Conditional(_))
                })
            });
            let own = step
                .decided
                .iter()
                .filter(|decided| !door.decided.contains(decided))
                .filter(|decided| !machine.decision(decided.decision).is_certain);
            let own: Vec<Decided> = own.copied().collect();
            if let (true, [only]) = (is_conditional, own.as_slice()) {
                sides.push(*only);
            }
        }
        let both = sides.iter().any(|side| {
            let other = Decided {
                decision: side.decision,
                side: !side.side,
            };
            sides.contains(&other)
        });
        if both {
            entry.controls.insert(control, Verdict::Enforced);
        }
    }
}

/// Holds if the handler does nothing but refuse requests or let them on: it is a layer for what is registered
/// behind it.
fn is_passage(door: &Door, run: &Run) -> bool {
    let handler = door.steps.len().saturating_sub(1);
    let mut own = run.effects.iter().filter(|effect| effect.step == handler);
    door.transport == Transport::Http
        && run.has_passed_on
        && !own.any(|effect| is_work_or_answer(&effect.kind))
}

/// Holds if an effect gives the client what it has asked for.
fn is_answer(effect: &EffectKind) -> bool {
    match effect {
        EffectKind::Respond {
            status, is_error, ..
        } => !is_error && status.is_none_or(|status| status < 400),
        EffectKind::Redirect(target) => !is_own_page(target),
        _ => false,
    }
}

/// Holds for a page of the own site that is told at most where the client came from: `/login?next=` and the path.
fn is_own_page(target: &Provenance) -> bool {
    let mut pages = 0;
    let mut origins = target.origins().iter();
    let is_known = origins.all(|origin| match origin {
        Origin::Literal(text) => {
            pages += usize::from(text.starts_with('/'));
            !text.contains("//")
        }
        Origin::Request(RequestPart::Line, _) => true,
        _ => false,
    });
    is_known && pages > 0
}

/// Holds if an effect is more than looking at a request and refusing it; a guard may send whom it refuses to
/// a page of its own site.
fn is_work_or_answer(effect: &EffectKind) -> bool {
    is_work(effect) || is_answer(effect)
}

/// Holds if an effect changes something, or reaches somebody besides who has asked.
pub(crate) fn is_work(effect: &EffectKind) -> bool {
    match effect {
        EffectKind::Access(access) => access.operation.is_write(),
        EffectKind::Issue(_)
        | EffectKind::SetCookie(_)
        | EffectKind::Session(..)
        | EffectKind::Send { .. }
        | EffectKind::File(..)
        | EffectKind::Run(_) => true,
        _ => false,
    }
}

fn translate(
    machine: &mut Machine<'_>,
    checks: &mut Checks<'_>,
    run: &Run,
    places: &[Option<u32>],
) -> Vec<Effect> {
    run.effects
        .iter()
        .filter(|effect| effect.kind != EffectKind::Continue)
        .map(|effect| Effect {
            kind: effect.kind.clone(),
            span: effect.span,
            function: effect.function,
            checks: checks.numbers(machine, &effect.decided),
            layer: places.get(effect.step).copied().flatten(),
        })
        .collect()
}

fn credentials(run: &Run) -> Vec<Origin> {
    let mut credentials: Vec<Origin> = run
        .reads
        .iter()
        .map(|(origin, _)| origin.clone())
        .filter(|origin| origin.is_credential() || is_of_message(origin))
        .collect();
    credentials.sort();
    credentials.dedup();
    credentials
}

/// Only fields of a message that are named as credentials are noted as read.
fn is_of_message(origin: &Origin) -> bool {
    matches!(
        origin,
        Origin::Request(firedoor_app::RequestPart::Message, _)
    )
}

/// Holds if the controls of a transport include this one.
pub fn applies(transport: Transport, control: Control) -> bool {
    match control {
        Control::Authentication
        | Control::Authorization
        | Control::Ownership
        | Control::RateLimit => true,
        Control::Csrf => transport == Transport::Http,
        Control::Origin => matches!(transport, Transport::Http | Transport::WebSocket),
        _ => false,
    }
}

impl ModelHost {
    /// Returns what an exception tells the client: its message and its properties.
    pub fn exception_fields(
        &self,
        machine: &mut Machine<'_>,
        value: &Value,
    ) -> Vec<firedoor_app::Field> {
        let mut fields = Vec::new();
        for id in value.objects().collect::<Vec<_>>() {
            if matches!(
                machine.heap.get(id).kind,
                ObjectKind::Host(_) | ObjectKind::Instance { .. }
            ) {
                fields.extend(self.fields(machine, id));
            }
        }
        fields
    }

    /// Returns the number that a property of an exception holds, such as its status.
    pub fn number_of(&self, machine: &Machine<'_>, value: &Value, names: &[&str]) -> Option<u16> {
        let id = value.objects().next()?;
        names.iter().find_map(|name| {
            let number = machine.heap.property(id, Ustr::from(name))?.as_number()?;
            (100.0..600.0).contains(&number).then_some(number as u16)
        })
    }
}

/// The verdict on a control from the verdicts of all layers.
pub fn combined(layers: &[Layer], control: Control) -> Verdict {
    layers
        .iter()
        .filter(|layer| layer.kind != LayerKind::ErrorHandler && layer.controls.contains(&control))
        .fold(Verdict::Absent, |all, layer| {
            all.both(layer.verdict_of(control))
        })
}

/// Returns the condition in words under which a step is registered at all, if that hangs on the environment
/// or is not known; a condition whose other side ends the program is none.
pub fn condition(machine: &Machine<'_>, door: &Door, step: &Step) -> Option<String> {
    let own = step
        .decided
        .iter()
        .filter(|decided| !door.decided.contains(decided));
    in_words(machine, own)
}

/// The conditions among `decided` whose other side lets the program go on without what is behind them.
fn in_words<'a>(
    machine: &Machine<'_>,
    decided: impl Iterator<Item = &'a firedoor_eval::Decided>,
) -> Option<String> {
    let mut words = Vec::new();
    for decided in decided {
        let decision = machine.decision(decided.decision);
        let other = decision.ends[usize::from(!decided.side)];
        let is_called_back = decision
            .label
            .is_some_and(|label| label == firedoor_eval::CALLBACK);
        if decision.is_certain || is_called_back || other == firedoor_eval::SideEnd::Throws {
            continue;
        }
        words.push(condition_words(
            decided.side,
            machine.program.files.text(decision.span),
        ));
    }
    (!words.is_empty()).then(|| words.join(" and "))
}

/// The most characters of a condition that are quoted.
const LONGEST_CONDITION: usize = 60;

fn condition_words(side: bool, text: &str) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = text.chars().take(LONGEST_CONDITION).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    if side {
        short
    } else {
        format!("not ({short})")
    }
}
