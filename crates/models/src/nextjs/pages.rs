//! Pages: components of the server that run for each request and show what they read.
//!
//! Sources: <https://nextjs.org/docs/app/api-reference/file-conventions/page> and `layout`. What lies around a page runs
//! with it. A layout is no guard that Next.js promises to run each time, but it is one that most programs rely on, and a
//! page within one that refuses is not open to everybody who asks for its address.

use firedoor_app::EffectKind;
use firedoor_eval::{Machine, ModuleId, Value};
use ustr::Ustr;

use super::actions::has_directive;
use super::doors::{Place, file_span};
use super::files::Role;
use super::run::{LAYOUT, PAGE};
use crate::doors::symbol;
use crate::request::send;
use crate::{Door, ModelHost, Persona, Step, StepKind};

/// Returns the entry point that a page is. One that does no more than show what is written in it is none.
pub(super) fn door(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    place: &Place<'_>,
    module: ModuleId,
    (path, folder): (&str, &str),
) -> Option<Door> {
    if is_of_browser(machine, module) {
        return None;
    }
    let span = file_span(machine, module);
    let page = machine.exported(module, Ustr::from("default"), span);
    if page.is_nothing() {
        return None;
    }
    let mut door = super::doors::door(machine, place, module, ("GET", path), &page, PAGE);
    let around = layouts(machine, place, folder);
    let last = door.steps.len().saturating_sub(1);
    door.steps.splice(last..last, around);
    let sent = send(host, machine, &door, Persona::User, None);
    let works = sent.run.effects.iter().any(|effect| {
        Some(effect.step) == sent.run.handler && matches!(effect.kind, EffectKind::Access(_))
    });
    works.then_some(door)
}

/// The layouts around a page, outermost first.
fn layouts(machine: &mut Machine<'_>, place: &Place<'_>, folder: &str) -> Vec<Step> {
    let around = place.site.files.iter().filter_map(|(module, role)| {
        let Role::Layout(own) = role else { return None };
        folder.starts_with(own.as_str()).then_some((own, *module))
    });
    let mut around: Vec<(&String, ModuleId)> = around.collect();
    around.sort_by_key(|(own, _)| own.len());
    let mut steps = Vec::new();
    for (_, module) in around {
        let span = file_span(machine, module);
        let layout = machine.exported(module, Ustr::from("default"), span);
        if layout.is_nothing() || is_of_browser(machine, module) {
            continue;
        }
        steps.push(step(machine, &layout, module));
    }
    steps
}

fn step(machine: &Machine<'_>, layout: &Value, module: ModuleId) -> Step {
    let found = symbol(machine, layout, file_span(machine, module));
    Step {
        value: layout.clone(),
        kind: StepKind::Layer,
        name: found.name,
        span: found.span,
        mounted: found.span,
        decided: Vec::new(),
        role: LAYOUT,
    }
}

/// Holds if `'use client'` is among the directives of a file.
fn is_of_browser(machine: &Machine<'_>, module: ModuleId) -> bool {
    let ir = machine.program.module(module);
    has_directive(ir, &ir.body, "use client")
}
