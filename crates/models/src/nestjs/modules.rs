//! Modules: what they import, provide and control. Dynamic modules are objects that name a module class.

use std::collections::BTreeMap;

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::decorators::{arguments_of, forwarded};
use super::inject;
use super::metadata::key_of;
use crate::ModelHost;
use crate::tools::option;

/// A module of an application.
#[derive(Clone, Debug, Default)]
pub(super) struct Module {
    /// What it is known by: its class, or the object of a dynamic module.
    pub identity: Option<ObjectId>,
    /// Its class, if it is of the program.
    pub class: Option<ObjectId>,
    /// The modules that it imports.
    pub imports: Vec<usize>,
    /// Its controllers.
    pub controllers: Vec<ObjectId>,
    /// Whether it is there for all others.
    pub is_global: bool,
}

/// Something that can be injected.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    /// What it is asked for by.
    pub token: Ustr,
    /// The module that provides it.
    pub module: usize,
    /// How it is made.
    pub kind: ProviderKind,
    /// What was made.
    pub instance: Option<Value>,
    /// Where the provider stands.
    pub span: Span,
}

/// How something that can be injected is made.
#[derive(Clone, Debug)]
pub(super) enum ProviderKind {
    /// An instance of a class.
    Class(Value),
    /// It is there.
    Value(Value),
    /// A function makes it of others.
    Factory(Value, Vec<Value>),
    /// Another one under a second name.
    Existing(Value),
}

/// Walks a module and what it imports, and returns its number.
pub(super) fn scan(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    depth: usize,
) -> Option<usize> {
    let value = forwarded(machine, value);
    let span = machine.place();
    let value = machine.await_value(&value, span).unwrap_or(value);
    let id = value.objects().next()?;
    let known = {
        let state = host.state();
        let mut modules = state.nestjs.modules.iter();
        modules.position(|module| module.identity == Some(id))
    };
    if known.is_some() || depth > 40 {
        return known;
    }
    if matches!(machine.heap.get(id).kind, ObjectKind::Host(_)) {
        // What a library makes of its own options provides nothing that the program wrote.
        return None;
    }
    let is_class = matches!(machine.heap.get(id).kind, ObjectKind::Class { .. });
    let (class, dynamic) = match is_class {
        true => (value.clone(), None),
        false => (
            option(machine, &value, "module", span)?,
            Some(value.clone()),
        ),
    };
    let class = class
        .only_object()
        .filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Class { .. }));
    let number = {
        let modules = &mut host.state().nestjs.modules;
        modules.push(Module {
            identity: Some(id),
            class,
            ..Module::default()
        });
        modules.len() - 1
    };
    if let Some(class) = class
        && let Some(given) = arguments_of(host, machine, class, "Module")
        && let Some(own) = given.first()
    {
        read(host, machine, number, own, depth);
    }
    let says_global = |value: &Value, machine: &mut Machine<'_>| {
        option(machine, value, "global", span).and_then(|flag| machine.truth(&flag)) == Some(true)
    };
    let is_global = class
        .is_some_and(|class| arguments_of(host, machine, class, "Global").is_some())
        || dynamic
            .as_ref()
            .is_some_and(|value| says_global(value, machine));
    host.state().nestjs.modules[number].is_global = is_global;
    if let Some(dynamic) = dynamic {
        read(host, machine, number, &dynamic, depth);
    }
    Some(number)
}

fn read(host: &ModelHost, machine: &mut Machine<'_>, number: usize, parts: &Value, depth: usize) {
    let span = host.state().nestjs.modules[number]
        .class
        .map_or_else(|| machine.place(), |class| machine.heap.get(class).span);
    for import in listed(host, machine, parts, "imports", span) {
        for one in split(&import) {
            if let Some(found) = scan(host, machine, &one, depth + 1) {
                host.state().nestjs.modules[number].imports.push(found);
            }
        }
    }
    for controller in listed(host, machine, parts, "controllers", span) {
        let controllers = &mut host.state().nestjs.modules[number].controllers;
        for id in controller.objects() {
            if !controllers.contains(&id) {
                controllers.push(id);
            }
        }
    }
    for provider in listed(host, machine, parts, "providers", span) {
        for one in split(&provider) {
            provide(host, machine, number, &one);
        }
    }
}

fn split(value: &Value) -> Vec<Value> {
    let objects: Vec<Value> = value.objects().map(Value::object).collect();
    match (objects.is_empty(), value.as_outside()) {
        (true, Some(_)) => vec![value.clone()],
        _ => objects,
    }
}

/// Returns the elements of a list of a module; nested lists are opened, and what is not known is told.
fn listed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    parts: &Value,
    name: &str,
    span: Span,
) -> Vec<Value> {
    let Some(list) = option(machine, parts, name, span) else {
        return Vec::new();
    };
    let (elements, is_open) = machine.elements_of(&list);
    if is_open || list.is_unknown() {
        host.state().unresolved.push(firedoor_app::Unresolved {
            reason: "unknown-module-part",
            span,
            detail: format!("not all `{name}` of this module are known"),
        });
    }
    let mut all = Vec::new();
    for element in elements {
        let is_list = element
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
        match is_list {
            true => all.extend(machine.elements_of(&element).0),
            false => all.push(element),
        }
    }
    all
}

fn provide(host: &ModelHost, machine: &mut Machine<'_>, module: usize, value: &Value) {
    let value = forwarded(machine, value);
    let span = value
        .only_object()
        .map_or_else(|| machine.place(), |id| machine.heap.get(id).span);
    let is_plain = value
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain));
    let (token, kind) = if is_plain {
        let Some(token) = option(machine, &value, "provide", span) else {
            return;
        };
        (token, kind_of(machine, &value, span))
    } else {
        (value.clone(), ProviderKind::Class(value.clone()))
    };
    let Some(token) = key_of(&token) else { return };
    let mut state = host.state();
    state.nestjs.providers.push(Provider {
        token,
        module,
        kind,
        instance: None,
        span,
    });
}

fn kind_of(machine: &mut Machine<'_>, value: &Value, span: Span) -> ProviderKind {
    if let Some(class) = option(machine, value, "useClass", span) {
        return ProviderKind::Class(class);
    }
    if let Some(function) = option(machine, value, "useFactory", span) {
        let inject = option(machine, value, "inject", span);
        let inject = inject.map_or_else(Vec::new, |list| machine.elements_of(&list).0);
        return ProviderKind::Factory(function, inject);
    }
    if let Some(other) = option(machine, value, "useExisting", span) {
        return ProviderKind::Existing(other);
    }
    let given = option(machine, value, "useValue", span).unwrap_or_else(Value::undefined);
    ProviderKind::Value(given)
}

/// Returns a module with all that it imports, in the order in which they were met.
pub(super) fn reachable(host: &ModelHost, root: usize) -> Vec<usize> {
    let state = host.state();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(number) = found.get(next).copied() {
        next += 1;
        let imports = state
            .nestjs
            .modules
            .get(number)
            .map(|module| &module.imports);
        for import in imports.into_iter().flatten() {
            if !found.contains(import) {
                found.push(*import);
            }
        }
    }
    found.sort_unstable();
    found
}

/// Returns how far modules are from the root; what is there for all comes before it.
///
/// A module that several import hangs below the first, unless another is farther by two. Source: @nestjs/core 11.2,
/// `injector/topology-tree/topology-tree.ts`.
pub(super) fn distances(host: &ModelHost, modules: &[usize]) -> BTreeMap<usize, usize> {
    let all = host.state().nestjs.modules.clone();
    let mut parents: BTreeMap<usize, Option<usize>> = BTreeMap::new();
    if let Some(root) = modules.first() {
        parents.insert(*root, None);
        link(&all, *root, 1, &mut parents);
    }
    let depths = modules.iter().map(|number| {
        let is_global = all.get(*number).is_some_and(|module| module.is_global);
        let depth = if is_global {
            0
        } else {
            ancestors(&parents, *number).len()
        };
        (*number, depth)
    });
    depths.collect()
}

fn link(all: &[Module], node: usize, depth: usize, parents: &mut BTreeMap<usize, Option<usize>>) {
    for child in all.get(node).into_iter().flat_map(|module| &module.imports) {
        if !parents.contains_key(child) {
            parents.insert(*child, Some(node));
            link(all, *child, depth + 1, parents);
        } else if !ancestors(parents, node).contains(child)
            && ancestors(parents, *child).len() < depth
        {
            parents.insert(*child, Some(node));
        }
    }
}

/// Returns a module with those that it hangs below, up to the root.
fn ancestors(parents: &BTreeMap<usize, Option<usize>>, number: usize) -> Vec<usize> {
    let mut found = vec![number];
    while let Some(Some(parent)) = found.last().and_then(|last| parents.get(last)) {
        if found.contains(parent) {
            break;
        }
        found.push(*parent);
    }
    found
}

/// Makes everything that the modules provide and control, and tells them that they are made.
pub(super) fn make_all(host: &ModelHost, machine: &mut Machine<'_>) {
    let count = host.state().nestjs.providers.len();
    for number in 0..count {
        inject::provided(host, machine, number);
    }
    let modules = host.state().nestjs.modules.clone();
    let mut made = Vec::new();
    let first = std::mem::replace(&mut host.state().nestjs.made, modules.len());
    let new = || modules.iter().enumerate().skip(first);
    for (number, module) in new() {
        for controller in &module.controllers {
            made.push(inject::instance(host, machine, *controller, number));
        }
    }
    let provided: Vec<Value> = {
        let state = host.state();
        let providers = state.nestjs.providers.iter();
        providers
            .filter(|provider| provider.module >= first)
            .filter_map(|provider| provider.instance.clone())
            .collect()
    };
    made.extend(provided);
    for (number, module) in new() {
        if let Some(class) = module.class {
            let instance = inject::instance(host, machine, class, number);
            super::middleware::configure(host, machine, &instance, number);
            made.push(instance);
        }
    }
    for hook in ["onModuleInit", "onApplicationBootstrap"] {
        for instance in &made {
            call_hook(machine, instance, hook);
        }
    }
}

fn call_hook(machine: &mut Machine<'_>, instance: &Value, name: &str) {
    let Some(id) = instance.only_object() else {
        return;
    };
    let ObjectKind::Instance { class } = machine.heap.get(id).kind else {
        return;
    };
    if machine.class_attribute(class, Ustr::from(name)).is_none() {
        return;
    }
    let span = machine.heap.get(class).span;
    let base = machine.decided.len();
    let (_, _) = machine.catching(|machine| {
        let arguments = firedoor_eval::Arguments::default();
        let result = machine.call_member(instance, Ustr::from(name), &arguments, span)?;
        machine.await_value(&result, span)
    });
    machine.decided.truncate(base);
}

/// `RouterModule.register([{ path, module, children }])`.
pub(super) fn routes(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    nested(host, machine, &call.arguments.get(0), "", call.span, 0);
    Ok(Some(Value::undefined()))
}

fn nested(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    routes: &Value,
    above: &str,
    span: Span,
    depth: usize,
) {
    for route in machine.elements_of(routes).0 {
        let own = option(machine, &route, "path", span).and_then(|path| path.text());
        let path = crate::doors::join_paths(above, own.as_deref().unwrap_or(""));
        let module = option(machine, &route, "module", span).or_else(|| {
            let is_class = route
                .only_object()
                .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Class { .. }));
            is_class.then(|| route.clone())
        });
        if let Some(class) = module.and_then(|module| module.only_object()) {
            let mut state = host.state();
            state.nestjs.module_paths.insert(class, Ustr::from(&path));
        }
        if let Some(children) = option(machine, &route, "children", span)
            && depth < 8
        {
            nested(host, machine, &children, &path, span, depth + 1);
        }
    }
}
