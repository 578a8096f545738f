//! What the front ends and the evaluator see, as text: for people who wonder why a map is as it is.

use std::rc::Rc;

use firedoor_eval::{Machine, Program};
use firedoor_models::ModelHost;
use firedoor_project::Project;
use firedoor_source::FileSet;

/// Returns the common program of the file at `path`; nothing if no language reads it.
pub fn dump_ir(files: &FileSet, path: &str) -> Option<String> {
    let id = files.find(path)?;
    let module = firedoor_lang::lower(id, files.file(id))?;
    Some(firedoor_ir::dump(&module))
}

/// Returns the abstract values of the module at `path` once the application is wired; nothing if no language
/// reads it.
pub fn dump_values(files: &FileSet, path: &str) -> Option<String> {
    let file = files.find(path)?;
    let (modules, _) = crate::parse::parse(files, None);
    let project = Project::new(files);
    let program = Program::new(modules, files, &project);
    let module = program.module_of(file)?;
    let host = Rc::new(ModelHost::default());
    let mut machine = Machine::new(&program, host);
    machine.start();
    let _ = machine.run_module(module);
    Some(firedoor_eval::dump_values(&mut machine, module))
}
