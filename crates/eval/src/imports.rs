//! Imports: where they lead, and which names they bind.
//!
//! `firedoor_project` knows which file is meant; here that file is run and its values are taken.

use firedoor_ir::{ExpressionId, Import, Imported, Language};
use firedoor_project::{PythonResolution, Resolution};
use firedoor_source::{FileId, Span};
use ustr::Ustr;

use crate::link::Target;
use crate::{Machine, ModuleId, Slot, Stop, Value};

impl<'p> Machine<'p> {
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

    /// Resolves and runs what a JavaScript specifier leads to.
    pub(crate) fn resolve_javascript(&mut self, specifier: Ustr) -> Result<Target, Stop> {
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
                if !is_no_program(&specifier) {
                    let span = self.span;
                    self.note(
                        "unresolved-import",
                        span,
                        format!("`{specifier}` leads to no file"),
                    );
                }
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
        // A compiled file is named, and what it is made of is there.
        let source = path.strip_suffix("js").map(|stem| format!("{stem}ts"));
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
        let mut named = endings
            .iter()
            .map(|ending| format!("{path}{ending}"))
            .chain(source);
        named.find_map(|path| self.program.module_of(self.program.files.find(&path)?))
    }

    /// Returns what `require(specifier)` gives.
    pub fn require(&mut self, specifier: &Value) -> Result<Value, Stop> {
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
        let url = specifier
            .only_object()
            .and_then(|id| crate::javascript::url_text(self, id));
        let specifier = url.map_or(specifier, |url| Value::string(&url));
        let value = match specifier.text() {
            Some(specifier) => {
                let target = self.resolve_javascript(specifier)?;
                self.namespace_of(target)
            }
            None => self.require(&specifier)?,
        };
        Ok(self.make_promise(Some(value), Vec::new(), Vec::new(), span))
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

    pub(crate) fn python_target(&mut self, resolution: PythonResolution) -> Option<Target> {
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

    /// Returns the module that a dotted name leads to from `file`, once it has run: what settings name.
    pub fn module_named(&mut self, file: FileId, dotted: &str) -> Option<ModuleId> {
        let resolution = self.program.project.resolve_python(file, 0, dotted);
        match self.python_target(resolution)? {
            Target::Module(module) => {
                let _ = self.run_module(module);
                Some(module)
            }
            _ => None,
        }
    }

    /// Returns the module that a dotted name leads to from `file`, without running it.
    pub fn module_found(&self, file: FileId, dotted: &str) -> Option<ModuleId> {
        let found = match self.program.project.resolve_python(file, 0, dotted) {
            PythonResolution::Module(file) => Some(file),
            PythonResolution::Package { init, .. } => init,
            PythonResolution::Outside(_) => None,
        };
        self.program.module_of(found?)
    }

    /// Returns the namespace object of a module that runs or has run.
    pub fn namespace(&self, module: ModuleId) -> Value {
        match self.modules[module.0 as usize].namespace {
            Some(namespace) => Value::object(namespace),
            None => Value::undefined(),
        }
    }

    /// Returns what a dotted name stands for that leads to a member of a module from `file`; something
    /// outside if no module of the program has that name.
    pub fn member_named(&mut self, file: FileId, dotted: &str) -> Value {
        let span = self.span;
        if let Some(module) = self.module_named(file, dotted) {
            return self.namespace(module);
        }
        let Some((owner, name)) = dotted.rsplit_once('.') else {
            return Value::outside(&format!("py:{dotted}"));
        };
        if let Some(module) = self.module_named(file, owner) {
            return self.exported(module, Ustr::from(name), span);
        }
        let resolution = self.program.project.resolve_python(file, 0, owner);
        match self.python_target(resolution) {
            Some(target) => self.outside_export(target, Ustr::from(name)),
            None => Value::outside(&format!("py:{dotted}")),
        }
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
}

/// Holds if what is imported is made for bundlers, which put styles, pictures and templates where a program expects a
/// module: it was not read on purpose, and nothing of the server is in it.
fn is_no_program(specifier: &str) -> bool {
    let path = specifier.split(['?', '#']).next().unwrap_or(specifier);
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(
        ending,
        "css"
            | "scss"
            | "sass"
            | "less"
            | "styl"
            | "svg"
            | "png"
            | "jpg"
            | "jpeg"
            | "gif"
            | "webp"
            | "avif"
            | "ico"
            | "woff"
            | "woff2"
            | "ttf"
            | "otf"
            | "mp3"
            | "mp4"
            | "webm"
            | "pdf"
            | "md"
            | "mdx"
            | "txt"
            | "html"
            | "vue"
            | "svelte"
            | "astro"
    )
}
