//! The applications of a project, in the order in which Django loads them.
//!
//! Modules of models often import each other in a circle, which only works in Django's order: the settings, then
//! the package and the models of each application in the order of `INSTALLED_APPS`, then `ready()` of each.
//! Source: django 5.2 `apps/registry.py` (`Apps.populate`) and `apps/config.py`.

use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ModuleId, ObjectId, ObjectKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::{meta, project};
use crate::tables::CallFunction;
use crate::{Model, ModelHost};

const BASE: &str = "py:django.apps.AppConfig";

const CALLS: &[(&str, CallFunction)] = &[
    ("py:django.apps.AppConfig().get_models", models_of),
    (
        "py:django.apps.AppConfig().ready",
        crate::python_support::nothing,
    ),
];

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: CALLS,
    aliases: &[("py:django.apps.config.AppConfig", BASE)],
    ..Model::EMPTY
};

/// Loads the applications of all projects.
pub(crate) fn load(host: &ModelHost, machine: &mut Machine<'_>) {
    for site in project::sites(host, machine) {
        let names = installed(machine, site.settings);
        let file = machine.program.module(site.settings).file;
        let packages: Vec<&str> = names.iter().map(|name| package_of(name)).collect();
        for below in ["", ".apps", ".models"] {
            for package in &packages {
                let found = machine.module_found(file, &format!("{package}{below}"));
                if let Some(module) = found {
                    machine.start();
                    let _ = machine.run_module(module);
                }
            }
        }
        for package in packages {
            let apps = machine.module_found(file, &format!("{package}.apps"));
            if let Some(apps) = apps {
                make_ready(machine, apps);
            }
        }
    }
}

/// The texts of `INSTALLED_APPS`; where an application is put in or left out by a setting, a place may have several.
fn installed(machine: &mut Machine<'_>, settings: ModuleId) -> Vec<Ustr> {
    let Some(list) = project::setting_of(machine, settings, "INSTALLED_APPS") else {
        return Vec::new();
    };
    let mut names: Vec<Ustr> = Vec::new();
    for id in list.objects().collect::<Vec<_>>() {
        let (elements, _) = machine.elements_of(&Value::object(id));
        for atom in elements.iter().flat_map(Value::atoms) {
            if let Atom::String(name) = atom
                && !names.contains(name)
            {
                names.push(*name);
            }
        }
    }
    names
}

/// The package of `shop` and of `shop.apps.ShopConfig`.
fn package_of(name: &str) -> &str {
    name.split_once(".apps.")
        .map_or(name, |(package, _)| package)
}

/// Calls `ready()` of the configurations that a module declares.
fn make_ready(machine: &mut Machine<'_>, apps: ModuleId) {
    let span = Span::new(machine.program.module(apps).file, 0, 0);
    let ready = Ustr::from("ready");
    for (_, value) in machine.module_variables(apps) {
        let Some(class) = value.only_object() else {
            continue;
        };
        let is_own = matches!(machine.heap.get(class).kind, ObjectKind::Class { module, .. } if module == apps);
        let is_config = is_own && machine.outside_bases(class).iter().any(|base| base == BASE);
        if !is_config || machine.class_attribute(class, ready).is_none() {
            continue;
        }
        machine.start();
        let _ = machine.guarded(|machine| {
            let _ = machine.catching(|machine| {
                let kind = ObjectKind::Instance { class };
                let config = Value::object(machine.heap.allocate(kind, span));
                machine.call_member(&config, ready, &Arguments::default(), span)
            });
        });
    }
}

/// `config.get_models()`: the models of the application.
fn models_of(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let config = call.receiver.or(call.this.only_object());
    let label = config.and_then(|config| label_of(machine, config));
    let Some(label) = label else {
        return Ok(None);
    };
    let models = host.state().django.models.clone();
    let own = models
        .into_iter()
        .filter(|class| meta::app_label(machine, *class).as_deref() == Some(&label));
    let own = own.map(Value::object).collect();
    Ok(Some(machine.make_list(own, false, call.span)))
}

/// The label of an application: what its configuration says, or the last part of its name.
fn label_of(machine: &mut Machine<'_>, config: ObjectId) -> Option<String> {
    let ObjectKind::Instance { class } = machine.heap.get(config).kind else {
        return None;
    };
    let text = |name: &str| {
        let (_, value) = machine.class_attribute(class, Ustr::from(name))?;
        value.text()
    };
    let label = text("label").or_else(|| text("name"))?;
    label.rsplit('.').next().map(str::to_owned)
}
