//! The program as a whole: modules, what they import and what they export.

use firedoor_ir::{
    Export, ExpressionId, Import, Imported, Language, Module, Pattern, Statement, StatementKind,
};
use firedoor_project::{Project, PythonResolution, Resolution};
use firedoor_source::{FileId, FileSet, Span};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::{Atom, Machine, ObjectId, ObjectKind, ScopeId, Slot, Stop, Value};

/// The number of a module in its [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// All modules of an analysis.
#[derive(Debug)]
pub struct Program<'p> {
    /// The modules, in the order of their files.
    pub modules: Vec<Module>,
    /// The files.
    pub files: &'p FileSet,
    /// What surrounds the code.
    pub project: &'p Project,
    by_file: FxHashMap<FileId, ModuleId>,
}

impl<'p> Program<'p> {
    /// Returns the program made of these modules.
    pub fn new(modules: Vec<Module>, files: &'p FileSet, project: &'p Project) -> Program<'p> {
        let by_file = modules
            .iter()
            .enumerate()
            .map(|(index, module)| (module.file, ModuleId(index as u32)))
            .collect();
        Program {
            modules,
            files,
            project,
            by_file,
        }
    }

    /// Returns a module.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// Returns the module of a file.
    pub fn module_of(&self, file: FileId) -> Option<ModuleId> {
        self.by_file.get(&file).copied()
    }

    /// Returns the path of a module's file.
    pub fn path(&self, id: ModuleId) -> &str {
        &self.files.file(self.module(id).file).path
    }

    /// Returns all modules with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        self.modules
            .iter()
            .enumerate()
            .map(|(index, module)| (ModuleId(index as u32), module))
    }
}

/// How far a module has been run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Progress {
    #[default]
    NotRun,
    Running,
    Done,
}

/// What an export is.
#[derive(Clone, Debug)]
pub(crate) enum Exported {
    Local(Ustr),
    Value(Value),
    Of(ModuleId, Ustr),
}

/// A module in a machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModuleState {
    pub(crate) progress: Progress,
    pub(crate) scope: Option<ScopeId>,
    pub(crate) namespace: Option<ObjectId>,
    /// Explicit exports of an ECMAScript module.
    pub(crate) exports: IndexMap<Ustr, Exported>,
    /// Modules all of whose exports are exported too, and outside paths likewise.
    pub(crate) stars: Vec<Target>,
    /// The object whose `exports` property is the value of a CommonJS module.
    pub(crate) module_object: Option<ObjectId>,
    /// Holds if it was not run to its end: what it does not export may only not have been reached.
    pub(crate) is_incomplete: bool,
}

/// What an import leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Module(ModuleId),
    Outside(Ustr),
    /// A Python package without code of its own.
    Folder(Ustr),
}

impl<'p> Machine<'p> {
    /// Runs a module, unless it has been run.
    ///
    /// Each module has a budget of its own, whoever imports it. One that throws or uses up its budget is
    /// incomplete from there on, which is noted.
    ///
    /// # Errors
    ///
    /// None so far.
    pub fn run_module(&mut self, id: ModuleId) -> Result<(), Stop> {
        if self.modules[id.0 as usize].progress != Progress::NotRun {
            return Ok(());
        }
        let steps = std::mem::take(&mut self.steps);
        let mark = self.heap.journal.len();
        let born = (self.heap.len(), self.scopes.len());
        self.run_module_body(id);
        self.keep_writes(mark, born);
        self.steps = steps;
        Ok(())
    }

    /// What a module has made stays, even if the branch that first imported it is taken back: a module is
    /// not run again.
    fn keep_writes(&mut self, mark: usize, born: (usize, usize)) {
        let delta = crate::branch::Delta {
            born,
            ..Default::default()
        };
        let mark = mark.min(self.heap.journal.len());
        let mut writes = self.heap.journal.split_off(mark);
        writes.retain(|(location, _)| !delta.is_new(location));
        self.heap.journal.append(&mut writes);
    }

    fn run_module_body(&mut self, id: ModuleId) {
        self.modules[id.0 as usize].progress = Progress::Running;
        self.running += 1;
        let module: &'p Module = self.program.module(id);
        let scope = self.add_scope(None, id, true);
        self.modules[id.0 as usize].scope = Some(scope);
        let span = Span::new(module.file, 0, 0);
        let namespace = self.heap.allocate(ObjectKind::Namespace(id), span);
        self.modules[id.0 as usize].namespace = Some(namespace);
        let decided = std::mem::take(&mut self.decided);
        let (result, thrown) = self.catching(|machine| {
            machine.in_module(id, |machine| {
                machine.prepare_module(id, scope, span);
                machine.block(&module.body)
            })
        });
        self.decided = decided;
        self.modules[id.0 as usize].progress = Progress::Done;
        self.running -= 1;
        if !matches!(result, Ok(crate::branch::Completion::Normal)) {
            self.leave_incomplete(id);
        }
        self.run_later();
        if let Some(certain) = thrown.iter().find(|thrown| thrown.decided.is_empty()) {
            self.note(
                "module-throws",
                certain.span,
                "the module fails while it is loaded, as far as it could be followed",
            );
        }
    }

    /// The exports of a module that ended early are not all known.
    fn leave_incomplete(&mut self, id: ModuleId) {
        self.modules[id.0 as usize].is_incomplete = true;
        if let Some(exports) = self.common_js_value(id) {
            for object in exports.objects().collect::<Vec<_>>() {
                self.heap.open(object);
            }
        }
    }

    fn prepare_module(&mut self, id: ModuleId, scope: ScopeId, span: Span) {
        let module: &'p Module = self.program.module(id);
        self.declare_hoisted(&module.declared);
        if module.language == Language::Python {
            self.bind_module_names(id, scope, span);
            let path = self.program.path(id).to_owned();
            self.bind(scope, Ustr::from("__file__"), Value::string(&path));
            return;
        }
        let exports = self.heap.allocate(ObjectKind::Plain, span);
        let object = self.heap.allocate(ObjectKind::Plain, span);
        self.heap
            .set_property(object, Ustr::from("exports"), Value::object(exports));
        self.modules[id.0 as usize].module_object = Some(object);
        self.bind(scope, Ustr::from("module"), Value::object(object));
        self.bind(scope, Ustr::from("exports"), Value::object(exports));
        self.bind(scope, Ustr::from("require"), Value::outside("js:require"));
        let path = self.program.path(id).to_owned();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let (path, folder) = (format!("/{path}"), format!("/{folder}"));
        self.bind(scope, Ustr::from("__filename"), Value::string(&path));
        self.bind(scope, Ustr::from("__dirname"), Value::string(&folder));
        self.frame().this = Value::object(exports);
        self.collect_exports(id, &module.body);
    }

    /// A module that nobody imports may be started by itself.
    pub(crate) fn is_entry(&self, _id: ModuleId) -> bool {
        self.frames.len() <= 1
    }

    /// Exports are known before the module runs, so that modules may import each other.
    fn collect_exports(&mut self, id: ModuleId, body: &'p [Statement]) {
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

    fn reexport(&mut self, id: ModuleId, target: Target, imported: Ustr, exported: Ustr) {
        let export = match target {
            Target::Module(module) => Exported::Of(module, imported),
            _ => Exported::Value(self.outside_export(target, imported)),
        };
        self.modules[id.0 as usize].exports.insert(exported, export);
    }

    fn outside_export(&mut self, target: Target, name: Ustr) -> Value {
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
    fn common_js_value(&mut self, id: ModuleId) -> Option<Value> {
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

    fn python_submodule(&mut self, folder: &str, name: Ustr) -> Option<Value> {
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
    fn namespace_of(&mut self, target: Target) -> Value {
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

    /// Resolves and runs what a JavaScript specifier leads to.
    fn resolve_javascript(&mut self, specifier: Ustr) -> Result<Target, Stop> {
        let from = self.module_ir().file;
        if let Some(module) = self.module_at(&specifier) {
            self.run_module(module)?;
            return Ok(Target::Module(module));
        }
        let target = match self.program.project.resolve_javascript(from, &specifier) {
            Resolution::File(file) => match self.program.module_of(file) {
                Some(module) => Target::Module(module),
                None => Target::Outside(Ustr::from(&format!(
                    "file:{}",
                    self.program.files.file(file).path
                ))),
            },
            Resolution::Package { name, subpath } => {
                Target::Outside(Ustr::from(&format!("npm:{name}{subpath}")))
            }
            Resolution::Builtin(name) => Target::Outside(Ustr::from(&format!("node:{name}"))),
            Resolution::Missing => {
                let span = self.span;
                self.note(
                    "unresolved-import",
                    span,
                    format!("`{specifier}` leads to no file"),
                );
                Target::Outside(Ustr::from(&format!("missing:{specifier}")))
            }
        };
        if let Target::Module(module) = target {
            self.run_module(module)?;
        }
        Ok(target)
    }

    /// Finds the module at an absolute path, as made from `__dirname`. The scanned root is `/`.
    fn module_at(&self, specifier: &str) -> Option<ModuleId> {
        let path = specifier
            .strip_prefix("file://")
            .unwrap_or(specifier)
            .strip_prefix('/')?;
        let path = crate::javascript::normal_path(path);
        let endings = [
            "",
            ".js",
            ".ts",
            ".mjs",
            ".cjs",
            ".jsx",
            ".tsx",
            "/index.js",
            "/index.ts",
        ];
        endings.iter().find_map(|ending| {
            let file = self.program.files.find(&format!("{path}{ending}"))?;
            self.program.module_of(file)
        })
    }

    /// `require(specifier)`.
    pub(crate) fn require(&mut self, specifier: &Value) -> Result<Value, Stop> {
        let Some(specifiers) = specifier.texts() else {
            let span = self.span;
            self.note("dynamic-require", span, "what is required is not known");
            return Ok(self.unknown("dynamic-require"));
        };
        let mut result: Option<Value> = None;
        for specifier in specifiers {
            let target = self.resolve_javascript(specifier)?;
            let value = self.required(target);
            result = Some(match result {
                Some(earlier) => self.join(earlier, &value),
                None => value,
            });
        }
        Ok(result.unwrap_or_else(Value::undefined))
    }

    fn required(&mut self, target: Target) -> Value {
        if let Target::Module(id) = target
            && self.modules[id.0 as usize].exports.is_empty()
            && self.modules[id.0 as usize].stars.is_empty()
            && let Some(value) = self.common_js_value(id)
        {
            return value;
        }
        self.namespace_of(target)
    }

    pub(crate) fn import_call(
        &mut self,
        specifier: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        let specifier = self.evaluate(specifier)?;
        let value = match specifier.text() {
            Some(specifier) => {
                let target = self.resolve_javascript(specifier)?;
                self.namespace_of(target)
            }
            None => self.require(&specifier)?,
        };
        Ok(self.make_promise(Some(value), Vec::new(), Vec::new(), span))
    }

    /// Runs an import statement.
    pub(crate) fn import(&mut self, import: &'p Import) -> Result<(), Stop> {
        if import.is_type_only {
            return Ok(());
        }
        if self.module_ir().language == Language::Python {
            return self.import_python(import);
        }
        let target = self.resolve_javascript(import.source)?;
        for name in &import.names {
            let scope = self.current_scope();
            match (name.imported, target) {
                (Imported::Named(export), Target::Module(module)) => {
                    self.scope(scope)
                        .names
                        .insert(name.local, Slot::Import(module, export));
                }
                (Imported::Named(export), _) => {
                    let value = self.outside_export(target, export);
                    self.bind(scope, name.local, value);
                }
                _ => {
                    let value = self.namespace_of(target);
                    self.bind(scope, name.local, value);
                }
            }
        }
        Ok(())
    }

    fn import_python(&mut self, import: &'p Import) -> Result<(), Stop> {
        let from = self.module_ir().file;
        let resolution = self
            .program
            .project
            .resolve_python(from, import.level, &import.source);
        let Some(target) = self.python_target(resolution) else {
            return Ok(());
        };
        if let Target::Module(module) = target {
            self.run_module(module)?;
        }
        for name in &import.names {
            let value = match name.imported {
                Imported::Namespace => self.namespace_of(target),
                Imported::Root => self.python_root(import)?,
                Imported::Named(export) => self.python_import_name(target, export)?,
                Imported::All => {
                    self.import_all(target);
                    continue;
                }
            };
            self.declare_name(name.local, value);
        }
        Ok(())
    }

    fn python_target(&mut self, resolution: PythonResolution) -> Option<Target> {
        Some(match resolution {
            PythonResolution::Module(file) => Target::Module(self.program.module_of(file)?),
            PythonResolution::Package {
                init: Some(file), ..
            } => Target::Module(self.program.module_of(file)?),
            PythonResolution::Package { folder, init: None } => Target::Folder(Ustr::from(&folder)),
            PythonResolution::Outside(dotted) => {
                Target::Outside(Ustr::from(&format!("py:{dotted}")))
            }
        })
    }

    /// Runs the module of a dotted name and returns it.
    pub(crate) fn import_dotted(&mut self, dotted: &str) -> Result<Value, Stop> {
        let from = self.module_ir().file;
        let resolution = self.program.project.resolve_python(from, 0, dotted);
        let Some(target) = self.python_target(resolution) else {
            return Ok(self.unknown("unresolved-import"));
        };
        if let Target::Module(module) = target {
            self.run_module(module)?;
        }
        Ok(self.namespace_of(target))
    }

    /// Returns what a dotted path in a text stands for: a module, or something in one.
    pub fn python_object(&mut self, dotted: &str, span: Span) -> Option<Value> {
        let is_own = |value: &Value, machine: &Self| {
            value
                .only_object()
                .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Namespace(_)))
        };
        let (whole, _) = self.catching(|machine| machine.import_dotted(dotted));
        if let Ok(whole) = whole
            && is_own(&whole, self)
        {
            return Some(whole);
        }
        let (module, name) = dotted.rsplit_once([':', '.'])?;
        let (found, _) = self.catching(|machine| machine.import_dotted(module));
        let found = found.ok().filter(|found| is_own(found, self))?;
        let (read, _) = self.catching(|machine| machine.member(&found, Ustr::from(name), span));
        read.ok().filter(|value| !value.is_nothing())
    }

    /// `import a.b` binds `a`, whose member `b` is then read.
    fn python_root(&mut self, import: &'p Import) -> Result<Value, Stop> {
        let from = self.module_ir().file;
        let root = import.source.split('.').next().unwrap_or("");
        let resolution = self.program.project.resolve_python(from, 0, root);
        let Some(target) = self.python_target(resolution) else {
            return Ok(Value::undefined());
        };
        if let Target::Module(module) = target {
            self.run_module(module)?;
        }
        Ok(self.namespace_of(target))
    }

    /// A name of a module, or a module of a package.
    fn python_import_name(&mut self, target: Target, name: Ustr) -> Result<Value, Stop> {
        match target {
            Target::Module(module) => {
                let span = self.span;
                let value = self.exported(module, name, span);
                if value == Value::undefined() {
                    return Ok(self.unknown("unresolved-import"));
                }
                Ok(value)
            }
            Target::Folder(folder) => match self.python_submodule(&folder, name) {
                Some(value) => Ok(value),
                None => Ok(self.unknown("unresolved-import")),
            },
            Target::Outside(_) => Ok(self.outside_export(target, name)),
        }
    }

    fn import_all(&mut self, target: Target) {
        let Target::Module(module) = target else {
            let running = self.frame().module;
            self.modules[running.0 as usize].stars.push(target);
            return;
        };
        // What that module has by a star from outside, this one has too.
        let running = self.frame().module;
        let stars = self.modules[module.0 as usize].stars.clone();
        self.modules[running.0 as usize].stars.extend(stars);
        let listed = self.listed_names(module);
        let Some(scope) = self.modules[module.0 as usize].scope else {
            return;
        };
        let mut names: Vec<(Ustr, Slot)> = self
            .scope(scope)
            .names
            .iter()
            .filter(|(name, _)| match &listed {
                Some(listed) => listed.contains(name),
                None => !name.starts_with('_'),
            })
            .map(|(name, slot)| (*name, slot.clone()))
            .collect();
        names.sort_by_key(|(name, _)| name.as_str());
        for (name, slot) in names {
            if let Slot::Value(value) = slot {
                self.declare_name(name, value);
            }
        }
    }

    /// Reads a module of a Python package that has no code of its own.
    pub(crate) fn folder_member(&mut self, path: Ustr, name: Ustr) -> Option<Value> {
        let folder = path.strip_prefix("py-folder:")?.to_owned();
        self.python_submodule(&folder, name)
    }

    /// Returns the names and values of a module's top level, in the order of the names.
    pub fn module_variables(&mut self, id: ModuleId) -> Vec<(Ustr, Value)> {
        let Some(scope) = self.modules[id.0 as usize].scope else {
            return Vec::new();
        };
        let mut names: Vec<(Ustr, Value)> = self
            .scope(scope)
            .names
            .iter()
            .filter_map(|(name, slot)| match slot {
                Slot::Value(value) => Some((*name, value.clone())),
                _ => None,
            })
            .collect();
        names.sort_by_key(|(name, _)| name.as_str());
        names
    }

    /// Returns the names of a module's top level with what they stand for, imports too.
    pub fn module_names(&mut self, id: ModuleId) -> Vec<(Ustr, Value)> {
        let Some(scope) = self.modules[id.0 as usize].scope else {
            return Vec::new();
        };
        let span = Span::new(self.program.module(id).file, 0, 0);
        let slots = self.scope(scope).names.iter();
        let slots: Vec<(Ustr, Slot)> = slots.map(|(name, slot)| (*name, slot.clone())).collect();
        let mut names: Vec<(Ustr, Value)> = slots
            .into_iter()
            .filter_map(|(name, slot)| match slot {
                Slot::Value(value) => Some((name, value)),
                Slot::Import(module, export) => Some((name, self.exported(module, export, span))),
                Slot::Unbound => None,
            })
            .collect();
        names.sort_by_key(|(name, _)| name.as_str());
        names
    }

    /// Returns where modules other than its own bind an object to a name: its imports.
    pub fn bindings_of(&mut self, object: ObjectId) -> Vec<Span> {
        let own = self.program.module_of(self.heap.get(object).span.file);
        let mut spans = Vec::new();
        for index in 0..self.program.modules.len() {
            let id = ModuleId(index as u32);
            if Some(id) == own {
                continue;
            }
            let Some(scope) = self.modules[index].scope else {
                continue;
            };
            let mut names: Vec<(Ustr, Slot)> = self
                .scope(scope)
                .names
                .iter()
                .map(|(name, slot)| (*name, slot.clone()))
                .collect();
            names.sort_by_key(|(name, _)| name.as_str());
            let span = Span::new(self.program.module(id).file, 0, 0);
            for (name, slot) in names {
                let value = match slot {
                    Slot::Value(value) => value,
                    Slot::Import(module, export) => self.exported(module, export, span),
                    Slot::Unbound => continue,
                };
                if value.only_object() == Some(object) {
                    spans.push(binding_span(self.program.module(id), name).unwrap_or(span));
                }
            }
        }
        spans
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

/// Returns the statement of a module's top level that binds a name.
fn binding_span(module: &Module, name: Ustr) -> Option<Span> {
    module.body.iter().find_map(|statement| {
        let binds = match &statement.kind {
            StatementKind::Import(import) => import.names.iter().any(|found| found.local == name),
            _ => declared_names(module, statement).contains(&name),
        };
        binds.then_some(statement.span)
    })
}

/// Returns the names that a statement declares.
fn declared_names(module: &Module, statement: &Statement) -> Vec<Ustr> {
    let mut names = Vec::new();
    match &statement.kind {
        StatementKind::Declare { pattern, .. } => pattern_names(pattern, &mut names),
        StatementKind::Function(id) => names.extend(module.function(*id).name),
        StatementKind::Class(id) => names.extend(module.class(*id).name),
        _ => {}
    }
    names
}

fn pattern_names(pattern: &Pattern, names: &mut Vec<Ustr>) {
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
