//! All guards that the program has: mounted or not, covering something or not.

use firedoor_app::{
    Check, CheckKind, Control, EntryPoint, GuardDefinition, Layer, LayerKind, LayerRun, Mount,
    Provenance, Refusal, Verdict,
};
use firedoor_eval::{Decided, HOLE, Machine, ModuleId, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::doors::Mounting;
use crate::request::send;
use crate::{Door, Framework, ModelHost, Persona, Step, StepKind};

type Key = (Span, Ustr);

/// A layer that stands behind entry points: its function, where it is mounted and as what, and under which conditions.
pub(crate) type LateLayer = (ObjectId, Span, &'static str, Vec<Decided>);

/// Returns the guards, in the order in which they are met: layers of entry points, layers mounted where
/// nothing lies behind them, guards that libraries made, and functions that could be mounted.
pub(crate) fn guards(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    entries: &[EntryPoint],
) -> Vec<GuardDefinition> {
    let mut guards: IndexMap<Key, GuardDefinition> = IndexMap::new();
    for (number, entry) in entries.iter().enumerate() {
        for layer in entry
            .layers
            .iter()
            .filter(|layer| layer.kind == LayerKind::Layer)
        {
            if layer.verdict.refuses() {
                cover(&mut guards, layer, number);
            }
        }
    }
    for framework in host.frameworks() {
        let mountings = (framework.mountings)(host, machine);
        for mounting in mountings {
            add_mounting(host, machine, framework, &mounting, entries, &mut guards);
        }
        for value in loose_functions(machine) {
            add_loose(host, machine, framework, &value, &mut guards);
        }
    }
    add_made(host, machine, entries, &mut guards);
    let located = guards.into_values().map(|guard| GuardDefinition {
        file: Ustr::from(machine.program.files.path(guard.span)),
        ..guard
    });
    located.collect()
}

fn cover(guards: &mut IndexMap<Key, GuardDefinition>, layer: &Layer, number: usize) {
    let guard = guards
        .entry((layer.span, layer.name))
        .or_insert_with(|| definition(layer.name, layer.span));
    guard.is_used = true;
    guard.throttle = guard.throttle.take().or_else(|| layer.throttle.clone());
    for (control, verdict) in &layer.verdicts {
        if verdict.refuses() && !guard.controls.contains(control) {
            guard.controls.push(*control);
        }
    }
    if !guard.covers.contains(&number) {
        guard.covers.push(number);
    }
}

fn definition(name: Ustr, span: Span) -> GuardDefinition {
    GuardDefinition {
        name,
        span,
        file: Ustr::default(),
        controls: Vec::new(),
        covers: Vec::new(),
        mounts: Vec::new(),
        is_idle: false,
        is_used: false,
        imported: Vec::new(),
        throttle: None,
    }
}

/// A layer that is mounted is a guard if it refuses somewhere, or would on some path.
fn add_mounting(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    framework: &'static Framework,
    mounting: &Mounting,
    entries: &[EntryPoint],
    guards: &mut IndexMap<Key, GuardDefinition>,
) {
    let key = (mounting.step.span, mounting.step.name);
    let mut path = mounting.path;
    if !guards.contains_key(&key) {
        let Some((found, looked_for)) = alone(host, machine, framework, &mounting.step, false)
        else {
            return;
        };
        if matches!(path.as_str(), "" | "/") {
            path = looked_for.unwrap_or(path);
        }
        let runs_somewhere = entries
            .iter()
            .flat_map(|entry| &entry.layers)
            .any(|layer| (layer.span, layer.name) == key);
        guards.insert(
            key,
            GuardDefinition {
                is_idle: runs_somewhere && found.is_idle,
                is_used: true,
                ..found
            },
        );
    }
    let covers = entries
        .iter()
        .filter(|entry| {
            entry.layers.iter().any(|layer| {
                (layer.span, layer.name) == key
                    && layer.mounted == mounting.step.mounted
                    && layer.verdict.refuses()
            })
        })
        .count();
    if let Some(guard) = guards.get_mut(&key) {
        let is_known = guard
            .mounts
            .iter()
            .any(|mount| mount.span == mounting.step.mounted && mount.path == path);
        if !is_known {
            guard.mounts.push(Mount {
                span: mounting.step.mounted,
                path,
                covers,
            });
        }
    }
}

/// Runs a layer by itself, on a path that is not known; gives what it would be good for, and the path that it
/// looks for, if it does and that is known.
fn alone(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    framework: &'static Framework,
    step: &Step,
    is_late: bool,
) -> Option<(GuardDefinition, Option<Ustr>)> {
    let door = lone_door(machine, framework, step);
    let attacker = send(host, machine, &door, Persona::Attacker, None);
    let user = send(host, machine, &door, Persona::User, None);
    let lets_on = |sent: &crate::request::Sent| {
        let mut effects = sent.run.effects.iter();
        effects.any(|effect| effect.kind == firedoor_app::EffectKind::Continue)
    };
    if !lets_on(&user) && !lets_on(&attacker) {
        return None;
    }
    let layer = crate::build::layer(host, machine, &door, step, 0, &attacker, &user);
    let mut found = definition(step.name, step.span);
    found.throttle = layer.throttle.clone();
    found.controls = layer
        .verdicts
        .iter()
        .filter(|(_, verdict)| verdict.refuses())
        .map(|(control, _)| *control)
        .collect();
    let run = crate::request::layer_run(host, machine, &attacker, 0);
    let asked = paths_asked_for(&run);
    found.is_idle = asked.is_some();
    // What stands behind an entry point is not meant for it where it leaves requests out.
    if found.controls.is_empty() {
        let partly = asks_where(&run);
        let is_known =
            |control: &Control| *control == Control::Authentication && found.is_idle || !is_late;
        let partly = partly.filter(is_known);
        found.controls.extend(partly);
    }
    (!found.controls.is_empty()).then(|| (found, asked.flatten()))
}

/// A guard that looks at the path itself refuses on some and lets others on. Returns the path that it looks for,
/// inside, if it refuses so.
#[expect(
    clippy::option_option,
    reason = "whether it refuses so, and whether the path is known"
)]
fn paths_asked_for(run: &LayerRun) -> Option<Option<Ustr>> {
    let told = run.refusals.iter().filter(|it| !is_broken(&it.0, &it.1));
    let mut refusals = told.filter_map(|(refusal, checks, _)| {
        let control = firedoor_app::refusal_control(refusal, checks)?;
        // Pages of others are refused on the paths that are looked for; those that are left out are machines' own.
        let is_asked = |check: &&Check| {
            is_about_line(check) && (control == Control::Authentication || check.outcome)
        };
        let check = checks
            .iter()
            .find(is_asked)
            .filter(|_| is_of_whole(control))?;
        let texts = check.operands.iter().filter_map(Provenance::literal);
        Some(texts.into_iter().find(|text| text.starts_with('/')))
    });
    refusals.next()
}

/// Returns what a guard is good for that looks at the path or the method, and refuses some requests only.
fn asks_where(run: &LayerRun) -> Option<Control> {
    let mut told = run.refusals.iter().filter(|it| !is_broken(&it.0, &it.1));
    told.find_map(|(refusal, checks, _)| {
        let control = firedoor_app::refusal_control(refusal, checks)?;
        let is_partly = checks.iter().any(is_about_line);
        (is_partly && is_of_whole(control)).then_some(control)
    })
}

/// Holds where the work of a layer fails on what it is given, and no answer says that anybody was refused.
fn is_broken(refusal: &Refusal, checks: &[Check]) -> bool {
    let is_of_form = |check: &Check| matches!(check.kind, CheckKind::Shape | CheckKind::Failure);
    matches!(refusal, Refusal::Throw(None | Some(500..))) && checks.last().is_some_and(is_of_form)
}

fn is_about_line(check: &Check) -> bool {
    check.provenance().is_from(firedoor_app::RequestPart::Line)
}

/// Who asks, and from which page, is asked for many entry points at once.
fn is_of_whole(control: Control) -> bool {
    matches!(
        control,
        Control::Authentication | Control::Csrf | Control::Origin
    )
}

fn lone_door(machine: &Machine<'_>, framework: &'static Framework, step: &Step) -> Door {
    Door {
        transport: firedoor_app::Transport::Http,
        method: Ustr::from("ANY"),
        path: Ustr::from(&format!("/{HOLE}")),
        message: None,
        framework,
        app: Ustr::from(machine.program.files.path(step.span)),
        handler: firedoor_app::Symbol {
            name: step.name,
            span: step.span,
        },
        registered: step.mounted,
        group: (0, Ustr::from("")),
        steps: vec![Step {
            kind: StepKind::Layer,
            ..step.clone()
        }],
        decided: Vec::new(),
        unresolved: Vec::new(),
        late: Vec::new(),
    }
}

/// Functions and classes that modules export or keep at their top level.
fn loose_functions(machine: &mut Machine<'_>) -> Vec<Value> {
    let modules: Vec<ModuleId> = machine.program.iter().map(|(id, _)| id).collect();
    let mut functions = Vec::new();
    let mut seen = FxHashSet::default();
    for module in modules {
        let mut values = machine.module_exports(module);
        values.extend(machine.module_variables(module));
        for (_, value) in values {
            let Some(id) = value.only_object() else {
                continue;
            };
            let is_own = machine.program.module_of(machine.heap.get(id).span.file) == Some(module);
            if is_own
                && matches!(
                    machine.heap.get(id).kind,
                    ObjectKind::Function { .. } | ObjectKind::Class { .. }
                )
                && seen.insert(id)
            {
                functions.push(value);
            }
        }
    }
    functions
}

fn add_loose(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    framework: &'static Framework,
    value: &Value,
    guards: &mut IndexMap<Key, GuardDefinition>,
) {
    let Some(step) = (framework.as_layer)(host, machine, value) else {
        return;
    };
    let key = (step.span, step.name);
    let is_known = guards.keys().any(|(span, _)| *span == step.span);
    if is_known || was_called(machine, value) {
        return;
    }
    if let Some((mut found, _)) = alone(host, machine, framework, &step, false) {
        if let Some(id) = value.only_object() {
            found.imported = machine.bindings_of(id);
        }
        guards.insert(key, found);
    }
}

fn was_called(machine: &Machine<'_>, value: &Value) -> bool {
    let Some(id) = value.only_object() else {
        return true;
    };
    match &machine.heap.get(id).kind {
        ObjectKind::Function { closure, .. } => machine
            .called
            .contains_key(&(closure.module, closure.function)),
        // An instance of it is somewhere.
        ObjectKind::Class { .. } => ["__init__", "__call__", "dispatch"].iter().any(|name| {
            let member = machine.class_attribute(id, Ustr::from(name));
            member.is_some_and(|(_, member)| {
                member.only_object() != Some(id) && was_called(machine, &member)
            })
        }),
        _ => true,
    }
}

/// Guards that libraries made, and that no entry point has.
fn add_made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    entries: &[EntryPoint],
    guards: &mut IndexMap<Key, GuardDefinition>,
) {
    let made: Vec<(ObjectId, crate::state::MadeGuard)> = host
        .state()
        .made_guards
        .iter()
        .map(|(id, guard)| (*id, guard.clone()))
        .collect();
    let kept = kept_by_key(machine);
    for (id, made) in made {
        let object = machine.heap.get(id);
        if kept.contains(&id) || !object.is_wiring {
            continue;
        }
        let own_span = object.span;
        let name = crate::doors::symbol(machine, &Value::object(id), made.span).name;
        let is_known = guards
            .keys()
            .any(|(span, known)| (*span == made.span || *span == own_span) && *known == name);
        if is_known {
            continue;
        }
        let is_mounted = entries
            .iter()
            .flat_map(|entry| &entry.layers)
            .any(|layer| layer.span == own_span && layer.name == name);
        let is_used = is_mounted || host.state().used_guards.contains(&id);
        guards.insert(
            (made.span, name),
            GuardDefinition {
                controls: made.controls.clone(),
                throttle: made.throttle.clone(),
                imported: machine.bindings_of(id),
                is_used,
                ..definition(name, made.span)
            },
        );
    }
}

/// What maps hold under keys that are not known: data says which of them is used where, so none of them is idle.
fn kept_by_key(machine: &Machine<'_>) -> FxHashSet<ObjectId> {
    let objects = (0..machine.heap.len()).map(|number| machine.heap.get(ObjectId(number as u32)));
    objects
        .filter(|object| matches!(object.kind, ObjectKind::Map))
        .flat_map(|object| object.elements.chunks(2))
        .filter(|pair| pair[0].text().is_none())
        .filter_map(|pair| pair.get(1))
        .flat_map(Value::objects)
        .collect()
}

/// The guard that decorators make which stand above that of the route: the route has registered the function
/// without it, and nobody who asks meets it.
pub(crate) fn above(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    plain: &Layer,
) -> Option<Layer> {
    let number = door
        .steps
        .iter()
        .rposition(|step| step.kind == StepKind::Handler)?;
    let registered = door.steps[number].value.only_object()?;
    let made = host.state().topmost.remove(&registered);
    let guarded = match made {
        Some(guarded) => guarded,
        None => {
            let topmost = *machine.decorated.get(&registered)?;
            let mut guarded = door.clone();
            guarded.late.clear();
            guarded.steps[number].value = Value::object(topmost);
            guarded
        }
    };
    let attacker = send(host, machine, &guarded, Persona::Attacker, None);
    let user = send(host, machine, &guarded, Persona::User, None);
    let mut above = Layer {
        controls: Vec::new(),
        verdicts: Vec::new(),
        places: Vec::new(),
        throttle: None,
        fails_open: None,
        ..plain.clone()
    };
    for (number, step) in guarded.steps.iter().enumerate() {
        let key = |step: &Step| (step.kind, step.span, step.name);
        let is_known = door.steps.iter().any(|known| key(known) == key(step));
        if is_known && step.kind != StepKind::Handler {
            continue;
        }
        let layer = crate::build::layer(host, machine, &guarded, step, number, &attacker, &user);
        for (control, verdict) in layer.verdicts {
            let is_asked = matches!(control, Control::Authentication | Control::Authorization);
            let mut others = above.verdicts.iter().chain(&plain.verdicts);
            let is_news = others.all(|(known, _)| *known != control);
            if is_asked && is_news && verdict.refuses() {
                above.controls.push(control);
                above.verdicts.push((control, verdict));
            }
        }
    }
    (!above.controls.is_empty()).then_some(above)
}

/// A layer that asks for what earlier layers have found out is judged where it should stand: before the handler of a
/// door that it comes too late for. What it is good for there is worked out once.
fn in_place(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
) -> Option<GuardDefinition> {
    let changes = !matches!(door.method.as_str(), "GET" | "HEAD" | "OPTIONS");
    let key = (step.value.only_object()?, step.mounted, changes);
    if let Some(known) = host.state().late_guards.get(&key) {
        return known.clone();
    }
    let mut guarded = door.clone();
    guarded.late.clear();
    let handler = |step: &Step| step.kind == StepKind::Handler;
    let number = guarded.steps.iter().position(handler)?;
    guarded.steps.insert(number, step.clone());
    let attacker = send(host, machine, &guarded, Persona::Attacker, None);
    let user = send(host, machine, &guarded, Persona::User, None);
    let lets_on =
        user.run.effects.iter().any(|effect| {
            effect.step == number && effect.kind == firedoor_app::EffectKind::Continue
        });
    let layer = crate::build::layer(host, machine, &guarded, step, number, &attacker, &user);
    let mut found = definition(step.name, step.span);
    found.throttle = layer.throttle.clone();
    let refusing = layer
        .verdicts
        .iter()
        .filter(|(_, verdict)| verdict.refuses());
    found.controls = refusing.map(|(control, _)| *control).collect();
    let found = (lets_on && !found.controls.is_empty()).then_some(found);
    host.state().late_guards.insert(key, found.clone());
    found
}

/// Judges a layer that stands behind an entry point by itself, which is worked out once for all of those.
fn late_alone(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    framework: &'static Framework,
    step: &Step,
) -> Option<GuardDefinition> {
    let id = step.value.only_object();
    let key = id.map(|id| (id, step.mounted, step.role, step.decided.clone()));
    if let Some(known) = key.as_ref().and_then(|key| {
        let state = host.state();
        state.lone_guards.get(key).cloned()
    }) {
        return known;
    }
    let found = alone(host, machine, framework, step, true).map(|(found, _)| found);
    if let Some(key) = key {
        host.state().lone_guards.insert(key, found.clone());
    }
    found
}

/// The guards among layers that stand behind an entry point, judged by themselves, or where they should stand.
pub(crate) fn late(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Layer> {
    let mut late = Vec::new();
    for step in &door.late {
        // A permission asks whoever the view has found out before.
        let alone = match step.role == crate::django::drf_unread::UNREACHED {
            true => None,
            false => late_alone(host, machine, door.framework, step),
        };
        let Some(found) = alone.or_else(|| in_place(host, machine, door, step)) else {
            continue;
        };
        late.push(Layer {
            name: step.name,
            // What nothing calls belongs to what it was meant for.
            kind: match step.role {
                crate::django::guard_tests::UNREACHED
                | crate::django::drf_unread::UNREACHED
                | crate::fastapi::uncalled::UNCALLED => LayerKind::Inline,
                _ => LayerKind::Layer,
            },
            span: step.span,
            mounted: step.mounted,
            verdicts: found
                .controls
                .iter()
                .map(|control| (*control, Verdict::Enforced))
                .collect(),
            controls: found.controls,
            verdict: Verdict::Enforced,
            places: Vec::new(),
            throttle: found.throttle,
            fails_open: None,
        });
    }
    late
}
