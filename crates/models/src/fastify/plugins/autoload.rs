//! `@fastify/autoload` 5 and 6: every file of a folder is a plugin, and its folder is its prefix.
//!
//! A folder with an index has that alone, besides the folders in it. `autohooks` files run for the plugins of
//! their folder, and with `cascadeHooks` for those below. Source: `@fastify/autoload` 6.5, `index.js`,
//! `lib/find-plugins.js`.

use firedoor_eval::{Answer, Arguments, Call, HOLE, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use super::Loading;
use crate::ModelHost;
use crate::fastify::{About, Waiting, WaitingKind, instance, queue};
use crate::tools::option;

/// What the options say.
struct Wanted {
    has_folder_prefix: bool,
    has_hooks: bool,
    cascades: bool,
    has_parameters: bool,
    most_depth: usize,
    is_plain: bool,
}

/// The endings of files that are plugins.
const ENDINGS: [&str; 6] = [".ts", ".js", ".cjs", ".mjs", ".cts", ".mts"];

pub(super) fn load(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let span = loading.span;
    let folder = option(machine, loading.options, "dir", span).and_then(|dir| dir.text());
    let Some(folder) = folder.and_then(|folder| folder_of(machine, &folder)) else {
        let detail = "which folder is loaded here is not known, or has no files";
        machine.note("unknown-plugin", span, detail);
        return;
    };
    let is = |machine: &mut Machine<'_>, name: &str, default: bool| {
        option(machine, loading.options, name, span)
            .map_or(default, |value| machine.truth(&value).unwrap_or(default))
    };
    let depth = option(machine, loading.options, "maxDepth", span);
    let wanted = Wanted {
        has_folder_prefix: is(machine, "dirNameRoutePrefix", true),
        has_hooks: is(machine, "autoHooks", false),
        cascades: is(machine, "cascadeHooks", false),
        has_parameters: is(machine, "routeParams", false),
        most_depth: depth
            .and_then(|depth| depth.as_number())
            .map_or(16, |depth| (depth.max(0.0) as usize).min(16)),
        is_plain: !is(machine, "encapsulate", true),
    };
    load_folder(host, machine, loading, &wanted, &folder, "", &[], 0);
}

/// `join(import.meta.url, ...)` of desm 1: a path beside the file.
pub(super) fn beside(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(file) = call.arguments.get(0).text() else {
        return Ok(None);
    };
    let file = file.trim_start_matches("file://");
    let mut path = file
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder)
        .to_owned();
    for part in call.arguments.positional.iter().skip(1) {
        let part = part.text_pattern();
        path.push('/');
        path.push_str(part.as_deref().unwrap_or(&HOLE.to_string()));
    }
    Ok(Some(Value::pattern(&path)))
}

/// The folder of an absolute path, relative to the scanned root, if it has files. What is compiled into
/// another folder is looked for where it is written.
fn folder_of(machine: &Machine<'_>, path: &str) -> Option<String> {
    let path = path.trim_start_matches("file://").trim_start_matches('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let folder = parts.join("/");
    machine.program.files.below(&folder).next()?;
    Some(folder)
}

/// The names in a folder: each with whether it is a folder, in the order of their names.
fn entries(machine: &Machine<'_>, folder: &str) -> Vec<(String, bool)> {
    let mut found: Vec<(String, bool)> = Vec::new();
    for file in machine.program.files.below(folder) {
        let path = &machine.program.files.file(file).path;
        let rest = path.strip_prefix(folder).unwrap_or(path);
        let rest = rest.trim_start_matches('/');
        let entry = match rest.split_once('/') {
            Some((first, _)) => (first.to_owned(), true),
            None => (rest.to_owned(), false),
        };
        if !found.contains(&entry) {
            found.push(entry);
        }
    }
    found.sort();
    found
}

fn stem(name: &str) -> Option<&str> {
    if name.ends_with(".d.ts") || name.contains(".test.") || name.contains(".spec.") {
        return None;
    }
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))
}

fn is_hooks(name: &str) -> bool {
    let stem = stem(name).unwrap_or("").to_ascii_lowercase();
    let stem = stem.trim_start_matches(['_', '.']);
    matches!(stem, "autohooks" | "auto_hooks")
}

#[allow(
    clippy::too_many_arguments,
    reason = "one walk through folders, which hands everything down"
)]
fn load_folder(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    loading: &Loading<'_>,
    wanted: &Wanted,
    folder: &str,
    prefix: &str,
    above: &[String],
    depth: usize,
) {
    let entries = entries(machine, folder);
    let mut hooks: Vec<String> = Vec::new();
    if wanted.has_hooks {
        hooks.extend(above.iter().cloned());
        let own = entries
            .iter()
            .find(|(name, is_folder)| !is_folder && is_hooks(name));
        hooks.extend(own.map(|(name, _)| format!("{folder}/{name}")));
    }
    let index = entries
        .iter()
        .find(|(name, is_folder)| !is_folder && stem(name) == Some("index"));
    let plugins: Vec<String> = match index {
        Some((name, _)) => vec![format!("{folder}/{name}")],
        None => entries
            .iter()
            .filter(|(name, is_folder)| !is_folder && stem(name).is_some() && !is_hooks(name))
            .map(|(name, _)| format!("{folder}/{name}"))
            .collect(),
    };
    load_files(host, machine, loading, wanted, prefix, &hooks, &plugins);
    if depth >= wanted.most_depth {
        return;
    }
    let below: &[String] = if wanted.cascades { &hooks } else { &[] };
    for (name, _) in entries.iter().filter(|(_, is_folder)| *is_folder) {
        let inner = match wanted.has_folder_prefix {
            true => format!("{prefix}/{name}"),
            false => prefix.to_owned(),
        };
        let folder = format!("{folder}/{name}");
        load_folder(
            host,
            machine,
            loading,
            wanted,
            &folder,
            &inner,
            below,
            depth + 1,
        );
    }
}

/// Loads the plugins of one folder, on a child of their own if they have hooks.
fn load_files(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    loading: &Loading<'_>,
    wanted: &Wanted,
    prefix: &str,
    hooks: &[String],
    plugins: &[String],
) {
    if plugins.is_empty() {
        return;
    }
    let mut target = loading.id;
    if !hooks.is_empty() {
        let above = {
            let state = host.state();
            let known = state.fastify.instances.get(&loading.id);
            known.map_or_else(String::new, |known| known.prefix.clone())
        };
        target = instance::make(host, machine, Some(loading.id), above, loading.span);
        for file in hooks {
            if let Some(plugin) = plugin_of(machine, file, loading) {
                host.state().fastify.plain.extend(plugin.objects());
                push(host, machine, target, plugin, Value::undefined(), loading);
            }
        }
    }
    for (file, plugin) in in_order(host, machine, plugins, loading) {
        let file = &file;
        if wanted.is_plain {
            host.state().fastify.plain.extend(plugin.objects());
        }
        if exported(machine, file, &plugin, "autoload", loading)
            .is_some_and(|value| machine.truth(&value) == Some(false))
        {
            continue;
        }
        // Its options may be asked of an instance on which those before it have run.
        queue::flush(host, machine, target);
        let options = options_of(machine, loading, wanted, (target, file), &plugin, prefix);
        push(host, machine, target, plugin, options, loading);
    }
    if target != loading.id {
        queue::flush(host, machine, loading.id);
        queue::flush(host, machine, target);
    }
}

/// The plugins of a folder by their files, each behind those that it names as its dependencies.
fn in_order(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    files: &[String],
    loading: &Loading<'_>,
) -> Vec<(String, Value)> {
    let mut waiting: Vec<(String, Value)> = Vec::new();
    for file in files {
        waiting.extend(plugin_of(machine, file, loading).map(|plugin| (file.clone(), plugin)));
    }
    let about = |plugin: &Value| -> About {
        let id = plugin.only_object();
        let known = id.and_then(|id| host.state().fastify.about.get(&id).cloned());
        known.unwrap_or_default()
    };
    let mut ordered: Vec<(String, Value)> = Vec::new();
    while !waiting.is_empty() {
        let names: Vec<Ustr> = waiting
            .iter()
            .filter_map(|(_, one)| about(one).name)
            .collect();
        let is_free = |(_, plugin): &(String, Value)| {
            let mut needs = about(plugin).needs.into_iter();
            !needs.any(|name| names.contains(&name))
        };
        // Plugins that need each other stay as they are.
        let next = waiting.iter().position(is_free).unwrap_or(0);
        ordered.push(waiting.remove(next));
    }
    ordered
}

fn push(
    host: &ModelHost,
    machine: &Machine<'_>,
    target: ObjectId,
    value: Value,
    options: Value,
    loading: &Loading<'_>,
) {
    let span = value
        .only_object()
        .map_or(loading.span, |id| machine.heap.get(id).span);
    let waiting = Waiting {
        kind: WaitingKind::Plugin,
        value,
        options,
        span,
        decided: machine.decided.clone(),
    };
    queue::push(host, target, waiting);
}

/// The plugin that a file exports.
fn plugin_of(machine: &mut Machine<'_>, file: &str, loading: &Loading<'_>) -> Option<Value> {
    let id = machine.program.files.find(file)?;
    let module = machine.program.module_of(id)?;
    let (run, _) = machine.catching(|machine| machine.run_module(module));
    run.ok()?;
    let value = machine.exported(module, Ustr::from("default"), loading.span);
    (value.as_outside().is_some() || value.objects().next().is_some()).then_some(value)
}

/// What a file exports besides, or what its plugin has as a property.
fn exported(
    machine: &mut Machine<'_>,
    file: &str,
    plugin: &Value,
    name: &str,
    loading: &Loading<'_>,
) -> Option<Value> {
    let own = plugin
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from(name)).cloned());
    if let Some(own) = own.filter(|own| !own.is_nothing()) {
        return Some(own);
    }
    let id = machine.program.files.find(file)?;
    let module = machine.program.module_of(id)?;
    let value = machine.exported(module, Ustr::from(name), loading.span);
    (!value.is_nothing()).then_some(value)
}

/// The options of a plugin: its own, those for all, and the prefix of its folder.
fn options_of(
    machine: &mut Machine<'_>,
    loading: &Loading<'_>,
    wanted: &Wanted,
    (target, file): (ObjectId, &str),
    plugin: &Value,
    folder: &str,
) -> Value {
    let span = loading.span;
    let made = machine.heap.allocate(ObjectKind::Plain, span);
    let own = exported(machine, file, plugin, "autoConfig", loading);
    let own = match own {
        Some(own) if crate::tools::is_function(machine, &own) => {
            let arguments = Arguments::positional([Value::object(target)]);
            let (made, _) =
                machine.catching(|machine| machine.call_value(&own, None, &arguments, span));
            made.ok()
        }
        own => own,
    };
    let general = option(machine, loading.options, "options", span);
    for part in [own, general].into_iter().flatten() {
        for id in part.objects().collect::<Vec<_>>() {
            let object = machine.heap.get(id).clone();
            if matches!(object.kind, ObjectKind::Plain) {
                machine
                    .heap
                    .get_mut(made)
                    .properties
                    .extend(object.properties);
            }
        }
    }
    let text = |value: Option<Value>| value.and_then(|value| value.text_pattern());
    let given = text(machine.heap.property(made, Ustr::from("prefix")).cloned());
    let given = given.map_or_else(String::new, |given| given.trim_end_matches('/').to_owned());
    let auto = text(exported(machine, file, plugin, "autoPrefix", loading));
    let instead = text(exported(machine, file, plugin, "prefixOverride", loading));
    let below = auto.map_or_else(|| folder.to_owned(), |auto| auto.to_string());
    let mut prefix = match instead {
        Some(instead) => instead.to_string(),
        None => format!("{given}{below}"),
    };
    if wanted.has_parameters {
        prefix = match prefix.contains("__") {
            true => prefix.replace("__", ":"),
            false => prefix.replace("/_", "/:"),
        };
    }
    let key = Ustr::from("prefix");
    match prefix.is_empty() {
        true => machine.heap.set_property(made, key, Value::undefined()),
        false => machine.heap.set_property(made, key, Value::string(&prefix)),
    }
    Value::object(made)
}
