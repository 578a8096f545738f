//! What a module exports: by name, as a whole, in the ways of CommonJS and of Python, and passed on from others.
//!
//! Modules import each other in circles, so a name may be asked for before its module has run to the end.

use firedoor_ir::{Export, Language, Module, Pattern, Statement, StatementKind};
use firedoor_source::Span;
use ustr::Ustr;

use crate::link::{Exported, Target};
use crate::{Atom, Machine, ModuleId, ObjectKind, Slot, Stop, Value};

impl<'p> Machine<'p> {
    pub(crate) fn export_statement(
        &mut self,
        export: &'p Export,
    ) -> Result<crate::branch::Completion, Stop> {
        let id = self.frame().module;
        match export {
            Export::Declaration(inner) => return self.block(std::slice::from_ref(&**inner)),
            Export::Default(expression) => {
                let value = self.evaluate(*expression)?;
                self.modules[id.0 as usize]
                    .exports
                    .insert(Ustr::from("default"), Exported::Value(value));
            }
            Export::Assign(expression) => {
                let value = self.evaluate(*expression)?;
                if let Some(object) = self.modules[id.0 as usize].module_object {
                    self.heap.set_property(object, Ustr::from("exports"), value);
                }
            }
            Export::Named { names, source } => {
                let Some(source) = source else {
                    return Ok(crate::branch::Completion::Normal);
                };
                let target = self.resolve_javascript(*source)?;
                for (imported, exported) in names {
                    self.reexport(id, target, *imported, *exported);
                }
            }
            Export::All { source, exported } => {
                let target = self.resolve_javascript(*source)?;
                match exported {
                    Some(name) => {
                        let value = self.namespace_of(target);
                        self.modules[id.0 as usize]
                            .exports
                            .insert(*name, Exported::Value(value));
                    }
                    None => self.modules[id.0 as usize].stars.push(target),
                }
            }
        }
        Ok(crate::branch::Completion::Normal)
    }

    /// Exports are known before the module runs, so that modules may import each other.
    pub(crate) fn collect_exports(&mut self, id: ModuleId, body: &'p [Statement]) {
        for statement in body {
            let StatementKind::Export(export) = &statement.kind else {
                continue;
            };
            match export {
                Export::Declaration(inner) => {
                    for name in declared_names(self.program.module(id), inner) {
                        self.modules[id.0 as usize]
                            .exports
                            .insert(name, Exported::Local(name));
                    }
                }
                Export::Named {
                    names,
                    source: None,
                } => {
                    for (local, exported) in names {
                        self.modules[id.0 as usize]
                            .exports
                            .insert(*exported, Exported::Local(*local));
                    }
                }
                _ => {}
            }
        }
    }

    fn reexport(&mut self, id: ModuleId, target: Target, imported: Ustr, exported: Ustr) {
        let export = match target {
            Target::Module(module) => Exported::Of(module, imported),
            _ => Exported::Value(self.outside_export(target, imported)),
        };
        self.modules[id.0 as usize].exports.insert(exported, export);
    }

    pub(crate) fn outside_export(&mut self, target: Target, name: Ustr) -> Value {
        let namespace = self.namespace_of(target);
        if name == "default" {
            return namespace;
        }
        let span = self.span;
        self.member(&namespace, name, span)
            .unwrap_or_else(|_| Value::undefined())
    }

    /// Returns what a module exports under `name`.
    pub fn exported(&mut self, id: ModuleId, name: Ustr, span: Span) -> Value {
        let value = self.exported_within(id, name, span, 0);
        if self.modules[id.0 as usize].is_incomplete && value == Value::undefined() {
            return self.unknown("incomplete-module");
        }
        value
    }

    fn exported_within(&mut self, id: ModuleId, name: Ustr, span: Span, depth: usize) -> Value {
        if depth > 40 {
            return self.unknown("import-cycle");
        }
        match self.modules[id.0 as usize].exports.get(&name).cloned() {
            Some(Exported::Value(value)) => return value,
            Some(Exported::Of(module, name)) => {
                return self.exported_within(module, name, span, depth + 1);
            }
            Some(Exported::Local(local)) => {
                if let Some(value) = self.module_variable(id, local, span, depth) {
                    return value;
                }
            }
            None => {}
        }
        if self.program.module(id).language == Language::Python {
            return self.python_attribute(id, name, span, depth);
        }
        for star in self.modules[id.0 as usize].stars.clone() {
            let value = match star {
                Target::Module(module) if name != "default" => {
                    self.exported_within(module, name, span, depth + 1)
                }
                Target::Outside(_) if name != "default" => self.outside_export(star, name),
                _ => continue,
            };
            if !value.is_nothing() {
                return value;
            }
        }
        self.common_js_export(id, name, span)
    }

    fn common_js_export(&mut self, id: ModuleId, name: Ustr, span: Span) -> Value {
        let Some(exports) = self.common_js_value(id) else {
            return Value::undefined();
        };
        if name == "default" {
            if let Some(object) = exports.only_object()
                && let Some(value) = self.heap.property(object, name)
            {
                return value.clone();
            }
            return exports;
        }
        self.member(&exports, name, span)
            .unwrap_or_else(|_| Value::undefined())
    }

    /// Returns the value of `module.exports`.
    pub(crate) fn common_js_value(&mut self, id: ModuleId) -> Option<Value> {
        let object = self.modules[id.0 as usize].module_object?;
        self.heap.property(object, Ustr::from("exports")).cloned()
    }

    fn module_variable(
        &mut self,
        id: ModuleId,
        name: Ustr,
        span: Span,
        depth: usize,
    ) -> Option<Value> {
        let scope = self.modules[id.0 as usize].scope?;
        match self.scope(scope).names.get(&name).cloned()? {
            Slot::Value(value) => Some(value),
            Slot::Import(module, export) => {
                Some(self.exported_within(module, export, span, depth + 1))
            }
            Slot::Unbound => None,
        }
    }

    fn python_attribute(&mut self, id: ModuleId, name: Ustr, span: Span, depth: usize) -> Value {
        if let Some(value) = self.module_variable(id, name, span, depth) {
            return value;
        }
        let path = self.program.path(id);
        if let Some(folder) = path.strip_suffix("/__init__.py") {
            let folder = folder.to_owned();
            if let Some(value) = self.python_submodule(&folder, name) {
                return value;
            }
        }
        Value::undefined()
    }

    pub(crate) fn python_submodule(&mut self, folder: &str, name: Ustr) -> Option<Value> {
        let resolution = self.program.project.python_submodule(folder, &name)?;
        let target = self.python_target(resolution)?;
        if let Target::Module(module) = target {
            let _ = self.run_module(module);
        }
        Some(self.namespace_of(target))
    }

    /// Sets an export from outside of the module (`module.setting = value` of Python).
    pub(crate) fn set_export(&mut self, id: ModuleId, name: Ustr, value: Value) {
        if let Some(scope) = self.modules[id.0 as usize].scope {
            self.bind(scope, name, value);
        }
    }

    /// Returns the namespace object of what an import leads to.
    pub(crate) fn namespace_of(&mut self, target: Target) -> Value {
        match target {
            Target::Module(id) => match self.modules[id.0 as usize].namespace {
                Some(namespace) => Value::object(namespace),
                None => Value::undefined(),
            },
            Target::Outside(path) => {
                let host = self.host();
                host.import(self, path)
                    .unwrap_or_else(|| Value::atom(Atom::Outside(path)))
            }
            Target::Folder(folder) => {
                let path = Ustr::from(&format!("py-folder:{folder}"));
                Value::atom(Atom::Outside(path))
            }
        }
    }

    /// Collects the names that a module exports, with those of the modules it exports all of.
    fn exported_names(&self, id: ModuleId, names: &mut Vec<Ustr>, depth: usize) {
        if depth > 40 {
            return;
        }
        let state = &self.modules[id.0 as usize];
        for name in state.exports.keys() {
            let is_default_below = depth > 0 && name == "default";
            if !is_default_below && !names.contains(name) {
                names.push(*name);
            }
        }
        for star in &state.stars {
            if let Target::Module(module) = star {
                self.exported_names(*module, names, depth + 1);
            }
        }
    }

    /// Returns everything that a module exports, in the order of the names.
    pub fn module_exports(&mut self, id: ModuleId) -> Vec<(Ustr, Value)> {
        let span = Span::new(self.program.module(id).file, 0, 0);
        if self.program.module(id).language == Language::Python {
            return self.module_variables(id);
        }
        let mut names = Vec::new();
        self.exported_names(id, &mut names, 0);
        let mut exports: Vec<(Ustr, Value)> = names
            .into_iter()
            .map(|name| (name, self.exported(id, name, span)))
            .collect();
        if exports.is_empty()
            && let Some(value) = self.common_js_value(id)
        {
            if let Some(object) = value.only_object()
                && matches!(self.heap.get(object).kind, ObjectKind::Plain)
            {
                let properties = &self.heap.get(object).properties;
                exports.extend(
                    properties
                        .iter()
                        .map(|(name, value)| (*name, value.clone())),
                );
            } else {
                exports.push((Ustr::from("default"), value));
            }
        }
        exports.sort_by_key(|(name, _)| name.as_str());
        exports
    }
}

/// Returns the names that a statement declares.
pub(crate) fn declared_names(module: &Module, statement: &Statement) -> Vec<Ustr> {
    let mut names = Vec::new();
    match &statement.kind {
        StatementKind::Declare { pattern, .. } => pattern_names(pattern, &mut names),
        StatementKind::Function(id) => names.extend(module.function(*id).name),
        StatementKind::Class(id) => names.extend(module.class(*id).name),
        _ => {}
    }
    names
}

pub(crate) fn pattern_names(pattern: &Pattern, names: &mut Vec<Ustr>) {
    match pattern {
        Pattern::Name(name, _) => names.push(*name),
        Pattern::Default(inner, _) => pattern_names(inner, names),
        Pattern::Array(elements) => {
            for element in elements {
                match element {
                    firedoor_ir::ArrayPatternElement::Item(inner)
                    | firedoor_ir::ArrayPatternElement::Rest(inner) => {
                        pattern_names(inner, names);
                    }
                    firedoor_ir::ArrayPatternElement::Hole => {}
                }
            }
        }
        Pattern::Object { properties, rest } => {
            for property in properties {
                pattern_names(&property.target, names);
            }
            if let Some(rest) = rest {
                pattern_names(rest, names);
            }
        }
        Pattern::Place(_) => {}
    }
}
