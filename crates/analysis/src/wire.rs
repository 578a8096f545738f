//! Runs the program's wiring and makes the map of it.

use std::rc::Rc;

use firedoor_app::Map;
use firedoor_eval::{Machine, ModuleId, Program};
use firedoor_ir::{Export, Import, Module, StatementKind};
use firedoor_models::{DoorFacts, ModelHost};
use firedoor_source::{FileId, Span};
use rustc_hash::{FxHashMap, FxHashSet};

/// Returns the application map of `program`.
pub fn wire(program: &Program<'_>) -> Map {
    wire_part(program, &|_| true)
}

/// Does the same with the entry points that are wanted only.
pub fn wire_part(program: &Program<'_>, is_wanted: &dyn Fn(&DoorFacts) -> bool) -> Map {
    let host = Rc::new(ModelHost::default());
    let mut machine = Machine::new(program, host.clone());
    firedoor_models::run_first(&host, &mut machine);
    for module in roots(program) {
        machine.start();
        let _ = machine.run_module(module);
    }
    firedoor_models::run_factories(&host, &mut machine);
    machine.finish_wiring();
    firedoor_models::build_map_of(&host, &mut machine, is_wanted)
}

/// Returns the files that import one of `files` by names that can be read off, directly or through others, with those
/// themselves.
pub fn importers(program: &Program<'_>, files: &[FileId]) -> FxHashSet<FileId> {
    let mut users: FxHashMap<FileId, Vec<FileId>> = FxHashMap::default();
    for (_, module) in program.iter() {
        let mut imported = FxHashSet::default();
        add_imports(program, module, &mut imported);
        let mut imported: Vec<ModuleId> = imported.into_iter().collect();
        imported.sort();
        for id in imported {
            let file = program.module(id).file;
            users.entry(file).or_default().push(module.file);
        }
    }
    let mut found: FxHashSet<FileId> = files.iter().copied().collect();
    let mut waiting = files.to_vec();
    while let Some(file) = waiting.pop() {
        for user in users.get(&file).into_iter().flatten() {
            if found.insert(*user) {
                waiting.push(*user);
            }
        }
    }
    found
}

/// The modules that are run: all but tests. Modules that others import are run when they are imported, so
/// that those that nobody imports come first. What leads to a server comes before what a browser loads: where the
/// program is too large, the wiring is there.
pub fn roots(program: &Program<'_>) -> Vec<ModuleId> {
    let mut imported = FxHashSet::default();
    for (_, module) in program.iter() {
        add_imports(program, module, &mut imported);
    }
    let of_server = |(_, module): &(ModuleId, &Module)| is_of_server(program, module);
    let servers = program.iter().filter(of_server);
    let servers: Vec<FileId> = servers.map(|(_, module)| module.file).collect();
    let leading = importers(program, &servers);
    let mut roots: Vec<ModuleId> = program
        .iter()
        .filter(|(id, _)| !is_test(program.path(*id)))
        .map(|(id, _)| id)
        .collect();
    roots.sort_by_key(|id| {
        let leads = leading.contains(&program.module(*id).file);
        (imported.contains(id), !leads, *id)
    });
    roots
}

/// Holds if a module names a framework of servers among its imports.
fn is_of_server(program: &Program<'_>, module: &Module) -> bool {
    let is_javascript = module.language == firedoor_ir::Language::JavaScript;
    let serves = |source: &str| {
        if !is_javascript {
            return firedoor_models::is_server(&format!("py:{source}"));
        }
        match program.project.resolve_javascript(module.file, source) {
            firedoor_project::Resolution::Package { name, subpath } => {
                firedoor_models::is_server(&format!("npm:{name}{subpath}"))
            }
            firedoor_project::Resolution::Builtin(name) => {
                firedoor_models::is_server(&format!("node:{name}"))
            }
            _ => false,
        }
    };
    let mut imports = module
        .body
        .iter()
        .filter_map(|statement| match &statement.kind {
            StatementKind::Import(import) if !import.is_type_only => Some(import.source),
            _ => None,
        });
    imports.any(|source| serves(&source))
        || (is_javascript && required(module).any(|(source, _)| serves(source)))
}

/// Adds the modules that `module` imports.
fn add_imports(program: &Program<'_>, module: &Module, imported: &mut FxHashSet<ModuleId>) {
    for statement in &module.body {
        match &statement.kind {
            StatementKind::Import(import) => add_import(program, module, import, imported),
            StatementKind::Export(
                Export::Named {
                    source: Some(source),
                    ..
                }
                | Export::All { source, .. },
            ) => add_javascript(program, module, source, imported),
            _ => {}
        }
    }
    let whole = Span::new(module.file, 0, u32::MAX);
    add_required(program, module, whole, imported);
}

/// Adds the modules that `require` names within `span`.
pub fn add_required(
    program: &Program<'_>,
    module: &Module,
    span: Span,
    imported: &mut FxHashSet<ModuleId>,
) {
    for (source, place) in required(module) {
        if span.contains(place) {
            add_javascript(program, module, source, imported);
        }
    }
}

/// What a module requires by names that can be read off, and where.
fn required(module: &Module) -> impl Iterator<Item = (&str, Span)> {
    module.expressions.iter().filter_map(|expression| {
        if let firedoor_ir::ExpressionKind::Call {
            callee, arguments, ..
        } = &expression.kind
            && let firedoor_ir::ExpressionKind::Name(name) = module.expression(*callee).kind
            && name == "require"
            && let Some(argument) = arguments.first()
            && let firedoor_ir::ExpressionKind::Literal(firedoor_ir::Literal::String(source)) =
                &module.expression(argument.value).kind
        {
            return Some((source.as_str(), expression.span));
        }
        None
    })
}

/// Adds the modules that an import names.
pub fn add_import(
    program: &Program<'_>,
    module: &Module,
    import: &Import,
    imported: &mut FxHashSet<ModuleId>,
) {
    if module.language == firedoor_ir::Language::JavaScript {
        return add_javascript(program, module, &import.source, imported);
    }
    let mut add = |level, dotted: &str| {
        let file = match program.project.resolve_python(module.file, level, dotted) {
            firedoor_project::PythonResolution::Module(file) => Some(file),
            firedoor_project::PythonResolution::Package { init, .. } => init,
            firedoor_project::PythonResolution::Outside(_) => None,
        };
        imported.extend(file.and_then(|file| program.module_of(file)));
    };
    add(import.level, &import.source);
    for name in &import.names {
        if let firedoor_ir::Imported::Named(name) = name.imported {
            let dotted = if import.source.is_empty() {
                name.to_string()
            } else {
                format!("{}.{name}", import.source)
            };
            add(import.level, &dotted);
        }
    }
}

fn add_javascript(
    program: &Program<'_>,
    module: &Module,
    source: &str,
    imported: &mut FxHashSet<ModuleId>,
) {
    if let firedoor_project::Resolution::File(file) =
        program.project.resolve_javascript(module.file, source)
    {
        imported.extend(program.module_of(file));
    }
}

/// Holds if the file is a test, or an example beside the application, by the conventions of its tools: it is not run.
pub fn is_test(path: &str) -> bool {
    let folders = [
        "test",
        "tests",
        "__tests__",
        "__mocks__",
        "spec",
        "e2e",
        "cypress",
        "node_modules",
        "migrations",
        "alembic",
    ];
    let mut segments: Vec<&str> = path.split('/').collect();
    let name = segments.pop().unwrap_or("");
    if segments.iter().any(|segment| folders.contains(segment)) {
        return true;
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.ends_with(".test")
        || stem.ends_with(".spec")
        || stem.ends_with("_test")
        || stem.starts_with("test_")
        || stem == "conftest"
        || stem.ends_with(".d")
}
