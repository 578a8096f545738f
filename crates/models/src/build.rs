//! From doors to the map.

use std::collections::BTreeMap;

use firedoor_app::build::Builder;
use firedoor_app::{
    CheckPlace, Control, EffectKind, EntryPoint, Layer, LayerKind, Map, Throttle, Verdict,
    judge_browser, judge_layer, judge_user,
};
use firedoor_eval::Machine;
use firedoor_source::{FileId, Span};
use indexmap::IndexMap;
use ustr::Ustr;

use crate::drive::FAILED;
use crate::limiters::BY_REQUEST;
use crate::request::{Sent, applies, combined, entry_point, layer_run, unknown_entry_point};
use crate::{Door, ModelHost, Step, StepKind};

/// How many requests are sent through a door: an attacker's and a user's.
const REQUESTS_OF_DOOR: usize = 2;

/// Into so many parts the budget goes of which one is for the list of the entry points of a framework.
const LISTS: usize = 100;

/// What is known of an entry point before any request is sent through it.
#[derive(Clone, Debug)]
pub struct DoorFacts {
    /// Its id.
    pub id: String,
    /// The names of the layers before its handler, in order.
    pub layers: Vec<Ustr>,
    /// Where its handler and its layers are defined, without those that run only after an error.
    pub defined: Vec<Span>,
    /// The files that register it and mount its layers.
    pub mounted: Vec<FileId>,
}

impl DoorFacts {
    fn new(door: &Door) -> DoorFacts {
        let steps = || door.steps.iter().chain(&door.late);
        let running = steps().filter(|step| step.kind != StepKind::ErrorHandler);
        let layers = door.steps.iter();
        DoorFacts {
            id: match door.message {
                Some(message) => format!("{} {}#{message}", door.method, door.path),
                None => format!("{} {}", door.method, door.path),
            },
            layers: layers
                .filter(|step| step.kind != StepKind::Handler)
                .map(|step| step.name)
                .collect(),
            defined: std::iter::once(door.handler.span)
                .chain(running.map(|step| step.span))
                .collect(),
            mounted: std::iter::once(door.registered.file)
                .chain(steps().map(|step| step.mounted.file))
                .collect(),
        }
    }
}

/// Returns the application map of the program that `machine` has wired.
pub fn build_map(host: &ModelHost, machine: &mut Machine<'_>) -> Map {
    build_map_of(host, machine, &|_| true)
}

/// Does the same with the entry points that are wanted: requests are what costs, and wiring is cheap.
pub fn build_map_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    is_wanted: &dyn Fn(&DoorFacts) -> bool,
) -> Map {
    let mut builder = Builder::default();
    let mut entries: Vec<EntryPoint> = Vec::new();
    machine.start_requests();
    let doors = all_doors(host, machine, is_wanted);
    machine.divide(REQUESTS_OF_DOOR * doors.len());
    for (number, door) in doors.iter().enumerate() {
        machine.share_among(REQUESTS_OF_DOOR * (doors.len() - number));
        let before = machine.before();
        host.state().before_requests = Some(before);
        add_entries(host, machine, door, &mut entries);
        let first = before.first_object();
        let is_kept = host.state().keeps_any_since(first);
        if !is_kept && machine.forget_since(before) {
            host.state().forget_since(first);
        }
    }
    drop_repeated(&mut entries);
    crate::socket_judge::settle_connections(&mut entries);
    crate::first_steps::settle(&mut entries);
    let mut ordered = entries;
    ordered.sort_by_key(order);
    let entries = ordered;
    machine.start_guards();
    let guards = machine.guarded(|machine| crate::guards::guards(host, machine, &entries));
    for guard in guards.unwrap_or_else(|what| failed_list(machine, "guards", &what)) {
        builder.guard(guard);
    }
    for entry in entries {
        builder.entry_point(entry);
    }
    let mut state = host.state();
    for asset in std::mem::take(&mut state.assets).into_values() {
        builder.asset(asset);
    }
    for setting in std::mem::take(&mut state.settings) {
        builder.setting(setting);
    }
    for unresolved in std::mem::take(&mut state.unresolved) {
        builder.unresolved(unresolved);
    }
    drop(state);
    for note in std::mem::take(&mut machine.notes) {
        builder.unresolved(firedoor_app::Unresolved {
            reason: note.reason,
            span: note.span,
            detail: note.detail,
        });
    }
    builder.finish()
}

/// Lists the doors of all frameworks that are wanted, so that each can be given its share.
fn all_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    is_wanted: &dyn Fn(&DoorFacts) -> bool,
) -> Vec<Door> {
    let mut all = Vec::new();
    for framework in host.frameworks() {
        machine.divide(LISTS);
        machine.start();
        let doors = machine.guarded(|machine| (framework.doors)(host, machine));
        let doors = doors.unwrap_or_else(|what| failed_list(machine, "entry points", &what));
        let doors = crate::trpc::expanded(host, machine, doors);
        all.extend(
            doors
                .into_iter()
                .filter(|door| is_wanted(&DoorFacts::new(door))),
        );
    }
    all
}

/// The order of entry points in the map; guards refer to them by number.
fn order(entry: &EntryPoint) -> (Ustr, firedoor_app::Transport, Ustr, Ustr, Option<Ustr>) {
    (
        entry.app,
        entry.transport,
        entry.path,
        entry.method,
        entry.message,
    )
}

/// A door becomes an entry point, and one more for each message that its handler tells apart.
fn add_entries(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    entries: &mut Vec<EntryPoint>,
) {
    let entry = entry_or_unknown(host, machine, door, None);
    if std::mem::take(&mut host.state().is_passage) {
        return;
    }
    entries.push(entry);
    if door.transport != firedoor_app::Transport::WebSocket || door.message.is_some() {
        return;
    }
    let messages = std::mem::take(&mut host.state().messages_seen);
    if let (false, Some(handshake)) = (messages.is_empty(), crate::socket::without_messages(door)) {
        entries.pop();
        entries.push(entry_or_unknown(host, machine, &handshake, None));
    }
    for message in messages {
        entries.push(entry_or_unknown(host, machine, door, Some(message)));
    }
}

/// Makes the entry point of a door; if firedoor fails on the way, it is in the map with nothing known about it.
fn entry_or_unknown(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    message: Option<(Ustr, Ustr)>,
) -> EntryPoint {
    match machine.guarded(|machine| entry_point(host, machine, door, message)) {
        Ok(entry) => entry,
        Err(what) => {
            host.state().messages_seen.clear();
            let detail = format!("{FAILED}; please report this: {what}");
            machine.note("evaluation-failed", door.registered, detail);
            unknown_entry_point(door, message, FAILED)
        }
    }
}

/// Notes that a list could not be made, and gives an empty one.
fn failed_list<T>(machine: &mut Machine<'_>, name: &str, what: &str) -> Vec<T> {
    let detail = format!("firedoor failed while it listed {name}; please report this: {what}");
    machine.note("evaluation-failed", machine.place(), detail);
    Vec::new()
}

/// The first of several entry points with one id answers; the others are never reached.
fn drop_repeated(entries: &mut Vec<EntryPoint>) {
    let mut seen: IndexMap<(Ustr, String), ()> = IndexMap::new();
    entries.retain(|entry| seen.insert((entry.app, entry.id()), ()).is_none());
}

/// Makes the layer that a step is.
pub(crate) fn layer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    number: usize,
    attacker: &Sent,
    user: &Sent,
) -> Layer {
    let mut layer = Layer {
        name: step.name,
        kind: match step.kind {
            StepKind::ErrorHandler => LayerKind::ErrorHandler,
            StepKind::Layer => LayerKind::Layer,
            StepKind::Handler => LayerKind::Inline,
        },
        span: step.span,
        mounted: step.mounted,
        controls: Vec::new(),
        verdict: Verdict::Absent,
        verdicts: Vec::new(),
        places: Vec::new(),
        throttle: throttle(host, step, number, user),
        fails_open: None,
    };
    if step.kind == StepKind::ErrorHandler {
        return layer;
    }
    let mut judged: BTreeMap<Control, Verdict> = BTreeMap::new();
    let mut runs = Vec::new();
    if attacker.stopped_at.is_none_or(|stopped| number <= stopped) {
        let run = layer_run(host, machine, attacker, number);
        layer.fails_open = firedoor_app::fails_open(&run);
        judged.extend(judge_layer(&run));
        runs.push(run);
    }
    let run = layer_run(host, machine, user, number);
    layer.fails_open = layer
        .fails_open
        .or_else(|| firedoor_app::fails_open_for_user(&run));
    let asked = judge_user(&run).into_iter().chain(judge_browser(&run));
    for (control, verdict) in asked {
        judged.entry(control).or_insert(verdict);
    }
    // What stands around a handler and is not known may also ask for a role.
    if let (StepKind::Handler, Some(reason)) = (step.kind, &run.unknown) {
        let roles = judged.entry(Control::Authorization);
        roles.or_insert_with(|| Verdict::Unknown(reason.clone()));
    }
    runs.push(run);
    if door.transport == firedoor_app::Transport::WebSocket
        && crate::socket_judge::refuses_attacker(step, number, attacker, user)
    {
        judged.insert(Control::Authentication, Verdict::Enforced);
    }
    let refuses = [attacker, user].into_iter().any(|sent| {
        let mut refusals = sent.run.refusals.iter();
        refusals.any(|refusal| refusal.step == number)
    });
    // A guard that leaves this entry point out is none here, whoever made it.
    if let Some(made) = made_guard(host, step).filter(|_| refuses) {
        for control in made {
            judged.entry(control).or_insert(Verdict::Enforced);
        }
    }
    if let Some(verdict) = layer.throttle.as_ref().and_then(throttled) {
        judged.insert(Control::RateLimit, verdict);
    } else if layer.throttle.is_some() {
        judged.remove(&Control::RateLimit);
    }
    let condition = crate::request::condition(machine, door, step);
    settle_layer(&mut layer, judged, condition);
    layer.places = places(&layer, &runs, throttle_place(number, user));
    layer
}

/// Returns where the checks stand that the controls of a layer rest on.
fn places(
    layer: &Layer,
    runs: &[firedoor_app::LayerRun],
    throttle: Option<Span>,
) -> Vec<CheckPlace> {
    let mut places: Vec<CheckPlace> = Vec::new();
    for control in layer.controls.iter().copied() {
        let known = places.len();
        for run in runs {
            places.extend(firedoor_app::deciding(run, control));
        }
        if let (Control::RateLimit, true, Some(span)) = (control, known == places.len(), throttle) {
            places.push(CheckPlace {
                control,
                span,
                passes: true,
                ends: false,
            });
        }
    }
    places.sort();
    places.dedup_by(|later, first| {
        let is_same = later.control == first.control
            && later.span == first.span
            && later.passes == first.passes;
        first.ends |= is_same && later.ends;
        is_same
    });
    places
}

/// A limiter that skips every request limits nothing; one that a setting switches on limits under a condition.
fn throttled(throttle: &Throttle) -> Option<Verdict> {
    match &throttle.skips {
        firedoor_app::Flag::On => None,
        firedoor_app::Flag::Conditional(words)
            if [
                firedoor_app::MADE_ANEW,
                firedoor_app::IN_PRODUCTION,
                firedoor_app::NO_NUMBER,
            ]
            .contains(&words.as_str()) =>
        {
            None
        }
        firedoor_app::Flag::Conditional(words) if words.starts_with("not ") => Some(
            Verdict::Conditional(words.trim_start_matches("not ").to_owned()),
        ),
        _ => Some(Verdict::Enforced),
    }
}

/// A layer has one verdict: the strongest of its controls, weakened by the condition of its mounting.
fn settle_layer(layer: &mut Layer, judged: BTreeMap<Control, Verdict>, condition: Option<String>) {
    for (control, verdict) in judged {
        let verdict = match (&condition, verdict) {
            (Some(condition), Verdict::Enforced) => Verdict::Conditional(condition.clone()),
            (_, verdict) => verdict,
        };
        layer.controls.push(control);
        layer.verdict =
            std::mem::replace(&mut layer.verdict, Verdict::Absent).both(verdict.clone());
        layer.verdicts.push((control, verdict));
    }
}

/// Where a step counts attempts with what a library brings.
fn throttle_place(number: usize, user: &Sent) -> Option<Span> {
    let mut effects = user.run.effects.iter();
    let counted = effects
        .find(|effect| effect.step == number && matches!(effect.kind, EffectKind::Throttle(_)));
    counted.map(|effect| effect.span)
}

fn throttle(host: &ModelHost, step: &Step, number: usize, user: &Sent) -> Option<Throttle> {
    let noted = user
        .run
        .effects
        .iter()
        .find_map(|effect| match &effect.kind {
            EffectKind::Throttle(throttle) if effect.step == number => Some(throttle.clone()),
            _ => None,
        });
    noted.or_else(|| {
        let id = step.value.only_object()?;
        let known = host.state().made_guards.get(&id)?.throttle.clone();
        // One that asks each request has let this one through without counting it.
        known.filter(|known| !matches!(&known.skips, firedoor_app::Flag::Conditional(words) if words == BY_REQUEST))
    })
}

fn made_guard(host: &ModelHost, step: &Step) -> Option<Vec<Control>> {
    let id = step.value.only_object()?;
    Some(host.state().made_guards.get(&id)?.controls.clone())
}

/// Works out the verdicts on the entry point as a whole, and lists the handler's own checks as layers.
pub(crate) fn conclude(
    entry: &mut EntryPoint,
    inline: Option<Layer>,
    attacker: &Sent,
    user: &Sent,
) {
    if let Some(mut inline) = inline {
        if is_half_logged_in(entry) {
            inline
                .verdicts
                .retain(|(control, _)| *control != Control::Authentication);
        }
        for (control, verdict) in inline.verdicts.clone() {
            let mut places = inline.places.clone();
            places.retain(|place| place.control == control);
            let span = places.first().map_or(inline.span, |place| place.span);
            entry.layers.push(Layer {
                controls: vec![control],
                verdict: verdict.clone(),
                verdicts: vec![(control, verdict)],
                mounted: span,
                places,
                ..inline.clone()
            });
        }
    }
    for control in Control::ALL {
        if applies(entry.transport, control) {
            let verdict = combined(&entry.layers, control);
            entry.controls.insert(control, verdict);
        }
    }
    let _ = (attacker, user);
    entry.layers.retain(|layer| {
        layer.kind != LayerKind::Inline
            || layer.verdict.refuses()
            || layer.verdict == Verdict::Observed
    });
}

/// Holds if a code is what proves who is asking, and the token that comes with it in the body only says for whom a
/// log-in was begun; or if a mailed token in the body is for a new password.
fn is_half_logged_in(entry: &EntryPoint) -> bool {
    let is_of_layers = |check: &firedoor_app::Check| {
        entry
            .layers
            .iter()
            .any(|layer| layer.span == check.span || layer.mounted == check.span)
    };
    let sets_password = entry.effects.iter().any(|effect| {
        matches!(&effect.kind, EffectKind::HashPassword(password) if password.is_from_client())
    });
    if takes_second_secret(entry) {
        return true;
    }
    (sets_password || firedoor_app::query::verifies_code(entry))
        && !entry.checks.iter().any(|check| {
            let is_refusing = check.refusal.is_some() && !is_of_layers(check);
            is_refusing && check.provenance().is_credential()
        })
}

/// A token that the body carries says for whom a log-in was begun, and something else that it carries is looked up
/// as a secret, such as a recovery code, before a token is issued.
fn takes_second_secret(entry: &EntryPoint) -> bool {
    use firedoor_app::{Origin, Provenance, RequestPart, query};
    let sent = |value: &Provenance| -> Vec<Origin> {
        let is_sent = |origin: &&Origin| matches!(origin, Origin::Request(RequestPart::Body, _));
        value.origins().iter().filter(is_sent).cloned().collect()
    };
    let begun: Vec<Origin> = query::verifications(entry)
        .filter(|(effect, found)| effect.layer.is_none() && found.is_verified)
        .flat_map(|(_, found)| sent(&found.token))
        .collect();
    let is_secret = |value: &Provenance| {
        let own = sent(value);
        value.origins().contains(&Origin::Digest)
            && !own.is_empty()
            && !own.iter().any(|origin| begun.contains(origin))
    };
    let mut keys = query::handler_accesses(entry).flat_map(|(_, access)| &access.key);
    let mut effects = entry.effects.iter();
    !begun.is_empty()
        && keys.any(|field| is_secret(&field.value))
        && effects
            .any(|effect| effect.layer.is_none() && matches!(effect.kind, EffectKind::Issue(_)))
}
