//! The program as a whole: its modules, and how one is run.
//!
//! What they import is in `imports`, what they export in `exports`.

use std::sync::Arc;

use firedoor_ir::{Language, Module, StatementKind};
use firedoor_project::Project;
use firedoor_source::{FileId, FileSet, Span};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::exports::declared_names;
use crate::{Machine, ObjectId, ObjectKind, ScopeId, Slot, Stop, Value};

/// What is said of a module at which the evaluator itself fails.
const FAILED: &str = "firedoor failed while it ran this module, and knows nothing of the rest";

/// The number of a module in its [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// All modules of an analysis.
#[derive(Debug)]
pub struct Program<'p> {
    /// The modules, in the order of their files.
    pub modules: Vec<Arc<Module>>,
    /// The files.
    pub files: &'p FileSet,
    /// What surrounds the code.
    pub project: &'p Project,
    by_file: FxHashMap<FileId, ModuleId>,
}

impl<'p> Program<'p> {
    /// Returns the program made of these modules.
    pub fn new(modules: Vec<Arc<Module>>, files: &'p FileSet, project: &'p Project) -> Program<'p> {
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
            .map(|(index, module)| (ModuleId(index as u32), &**module))
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
        let pause = self.pause();
        let mark = self.heap.journal.len();
        let born = (self.heap.len(), self.scopes.len());
        self.with_whole_budget(|machine| machine.run_module_body(id));
        self.keep_writes(mark, born);
        self.resume(pause);
        Ok(())
    }

    /// What a module has made stays, even if the branch that first imported it is taken back: a module is
    /// not run again.
    fn keep_writes(&mut self, mark: usize, born: (usize, usize)) {
        let delta = crate::heap::Delta {
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
        self.loaded += 1;
        let module: &'p Module = self.program.module(id);
        let scope = self.add_scope(None, id, true);
        self.modules[id.0 as usize].scope = Some(scope);
        let span = Span::new(module.file, 0, 0);
        let namespace = self.heap.allocate(ObjectKind::Namespace(id), span);
        self.modules[id.0 as usize].namespace = Some(namespace);
        let decided = std::mem::take(&mut self.decided);
        let (result, thrown) = self.catching(|machine| {
            let run = machine.guarded(|machine| {
                machine.in_module(id, |machine| {
                    machine.prepare_module(id, scope, span);
                    machine.wiring_block(&module.body)
                })
            });
            run.unwrap_or_else(|what| {
                let detail = format!("{FAILED}; please report this: {what}");
                machine.note("evaluation-failed", machine.span, detail);
                Ok(crate::branch::Completion::Mixed)
            })
        });
        self.decided = decided;
        self.modules[id.0 as usize].progress = Progress::Done;
        self.running -= 1;
        if !matches!(result, Ok(crate::branch::Completion::Normal)) {
            self.leave_incomplete(id);
        }
        self.run_later();
        self.run_listeners();
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
