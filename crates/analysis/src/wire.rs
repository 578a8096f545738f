//! Runs the program's wiring and makes the map of it.

use std::rc::Rc;

use firedoor_app::Map;
use firedoor_eval::{Machine, ModuleId, Program};
use firedoor_ir::{Export, Import, Module, StatementKind};
use firedoor_models::ModelHost;
use rustc_hash::FxHashSet;

/// Returns the application map of `program`.
pub fn wire(program: &Program<'_>) -> Map {
    let host = Rc::new(ModelHost::default());
    let mut machine = Machine::new(program, host.clone());
    for module in roots(program) {
        machine.start();
        let _ = machine.run_module(module);
    }
    firedoor_models::run_factories(&mut machine);
    machine.finish_wiring();
    firedoor_models::build_map(&host, &mut machine)
}

/// The modules that are run: all but tests. Modules that others import are run when they are imported, so
/// that those that nobody imports come first.
fn roots(program: &Program<'_>) -> Vec<ModuleId> {
    let imported = imported(program);
    let mut roots: Vec<ModuleId> = program
        .iter()
        .filter(|(id, _)| !is_test(program.path(*id)))
        .map(|(id, _)| id)
        .collect();
    roots.sort_by_key(|id| (imported.contains(id), *id));
    roots
}

/// Returns the modules that some module imports by a name that can be read off.
fn imported(program: &Program<'_>) -> FxHashSet<ModuleId> {
    let mut imported = FxHashSet::default();
    for (_, module) in program.iter() {
        for statement in &module.body {
            match &statement.kind {
                StatementKind::Import(import) => add_import(program, module, import, &mut imported),
                StatementKind::Export(
                    Export::Named {
                        source: Some(source),
                        ..
                    }
                    | Export::All { source, .. },
                ) => add_javascript(program, module, source, &mut imported),
                _ => {}
            }
        }
        for expression in &module.expressions {
            if let firedoor_ir::ExpressionKind::Call {
                callee, arguments, ..
            } = &expression.kind
                && let firedoor_ir::ExpressionKind::Name(name) = module.expression(*callee).kind
                && name == "require"
                && let Some(argument) = arguments.first()
                && let firedoor_ir::ExpressionKind::Literal(firedoor_ir::Literal::String(source)) =
                    &module.expression(argument.value).kind
            {
                add_javascript(program, module, source, &mut imported);
            }
        }
    }
    imported
}

fn add_import(
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
