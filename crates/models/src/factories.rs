//! What starts an application and is called by nobody the evaluator sees: application factories that a
//! server calls (`uvicorn --factory`, `flask --app module:create_app`), `start()` functions that a command
//! of some framework calls, and classes that keep an application and that only a test makes.
//!
//! A function or class at the top level of a module is such a starter if it makes an application or a
//! server, or calls another starter. Those that no other starter calls run first, so that the rest is
//! called by them with what it really gets.
//!
//! What only sets a variable of its module (`db = client.db()`) runs last.

use firedoor_eval::{Arguments, Machine, ModuleId, ObjectId, ObjectKind, Shape, Value};
use firedoor_ir::{ExpressionId, ExpressionKind, Function, ParameterKind};
use firedoor_source::Span;
use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::fastapi::application::run_starts;

/// What makes an application of a framework, or a server for one.
const CONSTRUCTORS: [&str; 11] = [
    "py:fastapi.FastAPI",
    "py:starlette.applications.Starlette",
    "py:flask.Flask",
    "npm:express",
    "npm:express.default",
    "npm:fastify",
    "npm:fastify.default",
    "npm:fastify.fastify",
    "node:http.createServer",
    "node:https.createServer",
    "npm:socket.io.Server",
];

/// A function or class at the top level of a module that nobody has called.
struct Starter {
    value: Value,
    /// How many arguments it cannot do without.
    needs: usize,
    /// The objects of the program that are called within.
    calls: Vec<ObjectId>,
    makes_application: bool,
}

/// Loads what frameworks load themselves before anything else, in their order.
pub fn run_first(host: &crate::ModelHost, machine: &mut Machine<'_>) {
    crate::django::apps::load(host, machine);
}

/// Runs all starters: first those that no other starter calls, and of these those that need no arguments.
pub fn run_factories(host: &crate::ModelHost, machine: &mut Machine<'_>) {
    // What the applications that modules have made call when they start is called by nobody else.
    run_starts(host, machine);
    let starters = starters(machine);
    let called: FxHashSet<ObjectId> = starters
        .iter()
        .flat_map(|(id, starter)| starter.calls.iter().filter(move |called| *called != id))
        .copied()
        .collect();
    let mut order: Vec<&(ObjectId, Starter)> = starters.iter().collect();
    order.sort_by_key(|(id, starter)| (called.contains(id), starter.needs > 0));
    for (id, starter) in order {
        let used = match machine.heap.get(*id).kind {
            ObjectKind::Class { .. } => machine.used_classes(),
            _ => FxHashSet::default(),
        };
        if is_uncalled(machine, &used, *id) {
            start(machine, *id, starter);
        }
    }
    run_starts(host, machine);
    run_setters(machine);
}

/// Calls the functions without parameters that set variables of their module which are nothing so far: somebody opens
/// the database, or reads the settings, before there are requests. One with decorators belongs to whoever decorates it.
fn run_setters(machine: &mut Machine<'_>) {
    for late in machine.late_variables() {
        let mut names = machine.module_variables(late.module);
        names.extend(machine.module_exports(late.module));
        let setter = names.into_iter().find_map(|(_, value)| {
            let id = value.only_object()?;
            let ObjectKind::Function { closure, .. } = machine.heap.get(id).kind else {
                return None;
            };
            let function = machine.function_of(closure);
            let is_setter = closure.module == late.module
                && late.setters.contains(&closure.function)
                && !late.askers.contains(&closure.function);
            let is_free = function.parameters.is_empty() && function.decorators.is_empty();
            let is_wanted = is_setter && is_free && is_uncalled(machine, &FxHashSet::default(), id);
            is_wanted.then_some((id, value))
        });
        if let Some((id, value)) = setter {
            let starter = Starter {
                value,
                needs: 0,
                calls: Vec::new(),
                makes_application: false,
            };
            start(machine, id, &starter);
        }
    }
}

/// Calls a starter; what it needs is not known.
fn start(machine: &mut Machine<'_>, id: ObjectId, starter: &Starter) {
    machine.start();
    let span = machine.heap.get(id).span;
    let needed = (0..starter.needs).map(|_| Value::unknown(Shape::Object));
    let arguments = Arguments::positional(needed);
    let run = machine.guarded(|machine| {
        let _ = machine.catching(|machine| {
            let result = machine.call_value(&starter.value, None, &arguments, span)?;
            if let ObjectKind::Class { .. } = machine.heap.get(id).kind {
                run_methods(machine, id, &result, span);
            }
            machine.await_value(&result, span)
        });
    });
    if let Err(what) = run {
        let detail = format!("firedoor failed while it called this; please report it: {what}");
        machine.note("evaluation-failed", span, detail);
    }
    machine.decided.clear();
}

/// Calls the methods that take nothing and that the constructor has not called, in order: what sets an
/// application up is often left to whoever makes the object.
fn run_methods(machine: &mut Machine<'_>, class: ObjectId, instance: &Value, span: Span) {
    let ObjectKind::Class { prototype, .. } = machine.heap.get(class).kind else {
        return;
    };
    let members = machine.heap.get(prototype).properties.values();
    let methods: Vec<Value> = members.cloned().collect();
    for method in methods {
        let Some(id) = method.only_object() else {
            continue;
        };
        let takes_nothing = function_of(machine, id).is_some_and(|function| needs(function) == 0);
        if takes_nothing && is_uncalled(machine, &FxHashSet::default(), id) {
            let this = Some(instance.clone());
            let _ = machine.catching(|machine| {
                let result = machine.call_value(&method, this, &Arguments::default(), span)?;
                machine.await_value(&result, span)
            });
            machine.decided.clear();
        }
    }
}

/// Lists the starters by their objects, in the order of modules and names.
fn starters(machine: &mut Machine<'_>) -> Vec<(ObjectId, Starter)> {
    let modules: Vec<ModuleId> = machine.program.iter().map(|(id, _)| id).collect();
    let mut candidates: Vec<(ObjectId, Starter)> = Vec::new();
    let mut seen = FxHashSet::default();
    let used = machine.used_classes();
    for module in modules {
        let mut names = machine.module_variables(module);
        names.extend(machine.module_exports(module));
        let own: Vec<(ObjectId, Value)> = names
            .iter()
            .filter_map(|(_, value)| Some((value.only_object()?, value.clone())))
            .filter(|(id, _)| is_of(machine, *id, module) && is_uncalled(machine, &used, *id))
            .filter(|(id, _)| seen.insert(*id))
            .collect();
        if own.is_empty() {
            continue;
        }
        let names = NamesOf::new(machine, module);
        for (id, value) in own {
            let found = candidate(machine, &names, id, value);
            // A class of Python that makes no application itself is made by whoever needs it.
            let is_wanted = found.makes_application
                || !matches!(machine.heap.get(id).kind, ObjectKind::Class { module, .. }
                    if machine.program.module(module).language == firedoor_ir::Language::Python);
            if is_wanted {
                candidates.push((id, found));
            }
        }
    }
    only_starters(candidates)
}

/// Keeps those that make an application, or call one that does, however far.
fn only_starters(candidates: Vec<(ObjectId, Starter)>) -> Vec<(ObjectId, Starter)> {
    let mut is_starter: FxHashSet<ObjectId> = candidates
        .iter()
        .filter(|(_, starter)| starter.makes_application)
        .map(|(id, _)| *id)
        .collect();
    loop {
        let further: Vec<ObjectId> = candidates
            .iter()
            .filter(|(id, starter)| {
                !is_starter.contains(id)
                    && starter
                        .calls
                        .iter()
                        .any(|called| is_starter.contains(called))
            })
            .map(|(id, _)| *id)
            .collect();
        if further.is_empty() {
            break;
        }
        is_starter.extend(further);
    }
    let mut starters = candidates;
    starters.retain(|(id, _)| is_starter.contains(id));
    starters
}

/// What the names of a module stand for, and the calls in it.
struct NamesOf {
    module: ModuleId,
    names: FxHashMap<Ustr, Value>,
    calls: Vec<(Span, ExpressionId)>,
}

impl NamesOf {
    fn new(machine: &mut Machine<'_>, module: ModuleId) -> NamesOf {
        let ir = machine.program.module(module);
        let calls = ir.expressions.iter().filter_map(|expression| {
            let (ExpressionKind::Call { callee, .. } | ExpressionKind::New { callee, .. }) =
                &expression.kind
            else {
                return None;
            };
            Some((expression.span, *callee))
        });
        NamesOf {
            module,
            calls: calls.collect(),
            names: machine.module_names(module).into_iter().collect(),
        }
    }

    /// Returns what a callee stands for, if it is a name of the module or a member of one.
    fn callee(&self, machine: &mut Machine<'_>, callee: ExpressionId) -> Option<Value> {
        let ir = machine.program.module(self.module);
        match &ir.expression(callee).kind {
            ExpressionKind::Name(name) => self.names.get(name).cloned(),
            ExpressionKind::Member {
                object, property, ..
            } => {
                let ExpressionKind::Name(name) = &ir.expression(*object).kind else {
                    return None;
                };
                let object = self.names.get(name)?;
                if let Some(path) = object.as_outside() {
                    return Some(Value::outside(&format!("{path}.{property}")));
                }
                let id = object.only_object()?;
                match machine.heap.get(id).kind {
                    ObjectKind::Namespace(module) => {
                        Some(machine.exported(module, *property, machine.place()))
                    }
                    _ => machine.heap.property(id, *property).cloned(),
                }
            }
            _ => None,
        }
    }
}

fn candidate(machine: &mut Machine<'_>, names: &NamesOf, id: ObjectId, value: Value) -> Starter {
    let (span, needs) = match machine.heap.get(id).kind {
        ObjectKind::Class { module, class, .. } => {
            let names = match machine.program.module(module).language {
                firedoor_ir::Language::Python => ["__init__", "__new__"],
                _ => ["constructor", "constructor"],
            };
            let constructor = names
                .iter()
                .find_map(|name| machine.class_attribute(id, Ustr::from(name)));
            let function =
                constructor.and_then(|(_, value)| function_of(machine, value.only_object()?));
            // The first parameter in Python is the object itself, or its class.
            let own = usize::from(names[0] == "__init__");
            let needs = function.map_or(0, needs).saturating_sub(own);
            (machine.program.module(module).class(class).span, needs)
        }
        _ => function_of(machine, id).map_or((machine.place(), 0), |function| {
            (function.span, needs(function))
        }),
    };
    let mut starter = Starter {
        value,
        needs,
        calls: Vec::new(),
        makes_application: false,
    };
    for (place, callee) in &names.calls {
        if !span.contains(*place) {
            continue;
        }
        let Some(callee) = names.callee(machine, *callee) else {
            continue;
        };
        starter.calls.extend(callee.objects());
        starter.makes_application |= callee
            .as_outside()
            .is_some_and(|path| CONSTRUCTORS.contains(&path.as_str()));
    }
    starter
}

fn function_of<'p>(machine: &Machine<'p>, id: ObjectId) -> Option<&'p Function> {
    match machine.heap.get(id).kind {
        ObjectKind::Function { closure, .. } => Some(machine.function_of(closure)),
        _ => None,
    }
}

/// The number of parameters up to the last that has no default.
fn needs(function: &Function) -> usize {
    let is_needed = |parameter: &firedoor_ir::Parameter| {
        parameter.default.is_none()
            && !matches!(
                parameter.kind,
                ParameterKind::Rest | ParameterKind::KeywordRest
            )
    };
    let last = function.parameters.iter().rposition(is_needed);
    last.map_or(0, |last| last + 1)
}

/// Holds for a function and for a class of this module.
fn is_of(machine: &Machine<'_>, id: ObjectId, module: ModuleId) -> bool {
    match machine.heap.get(id).kind {
        ObjectKind::Function { closure, .. } => closure.module == module,
        ObjectKind::Class { module: own, .. } => own == module,
        _ => false,
    }
}

fn is_uncalled(machine: &Machine<'_>, used: &FxHashSet<ObjectId>, id: ObjectId) -> bool {
    match machine.heap.get(id).kind {
        ObjectKind::Function { closure, .. } => {
            let key = (closure.module, closure.function);
            !machine.called.contains_key(&key)
        }
        ObjectKind::Class { .. } => !used.contains(&id),
        _ => false,
    }
}
