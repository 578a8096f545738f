//! Which files something outside of the code starts.

use firedoor_source::{FileId, FileSet};
use ustr::Ustr;

use crate::commands::{Target, of_compose, of_dockerfile, of_procfile, targets};
use crate::package::{Ecosystem, Entry, EntrySource};
use crate::python::PythonResolution;
use crate::tree::{folder_of, join, normalise};
use crate::{Project, ecosystem_of};

/// Finds the entries that manifests, package scripts and deployment files name, and notes each at its package.
pub(crate) fn find(files: &FileSet, project: &mut Project) {
    let mut found: Vec<Entry> = Vec::new();
    for package in project.packages.all() {
        for command in &package.commands {
            add_command(project, &package.folder, command, &mut found);
        }
        for declared in &package.declared_entries {
            let target = match package.ecosystem {
                Ecosystem::Npm => Some(Target::Path(declared.clone())),
                Ecosystem::Pypi => declared.split_once(':').map(|(module, object)| {
                    Target::Module(module.trim().to_string(), Some(Ustr::from(object.trim())))
                }),
            };
            let entry = target
                .and_then(|target| entry(project, &package.folder, &target, EntrySource::Manifest));
            found.extend(entry);
        }
    }
    for (_, file) in files.iter() {
        let name = file.path.rsplit('/').next().unwrap_or("");
        let commands = if name.starts_with("Procfile") {
            of_procfile(&file.text)
        } else if name.starts_with("Dockerfile") || name.ends_with(".Dockerfile") {
            of_dockerfile(&file.text)
        } else if is_compose(name) {
            of_compose(&file.text)
        } else {
            continue;
        };
        for command in commands {
            add_command(project, folder_of(&file.path), &command, &mut found);
        }
    }
    distribute(project, found);
}

fn is_compose(name: &str) -> bool {
    (name.starts_with("docker-compose") || name.starts_with("compose"))
        && (name.ends_with(".yml") || name.ends_with(".yaml"))
}

/// Gives each entry to the package around its file.
fn distribute(project: &mut Project, found: Vec<Entry>) {
    for entry in found {
        let path = project.path(entry.file).to_string();
        let folder = project
            .packages
            .enclosing(ecosystem_of(&path), folder_of(&path))
            .next()
            .map(|package| package.folder.clone());
        let entries = folder
            .and_then(|folder| project.packages.at_mut(ecosystem_of(&path), &folder))
            .map_or(&mut project.loose_entries, |package| &mut package.entries);
        // That a file is started says nothing new where its served object is known.
        let is_known = entries.iter().any(|known| {
            known.file == entry.file && (known.object == entry.object || entry.object.is_none())
        });
        if !is_known {
            entries.push(entry);
        }
    }
}

fn add_command(project: &Project, folder: &str, command: &str, found: &mut Vec<Entry>) {
    found.extend(
        targets(command)
            .iter()
            .filter_map(|target| entry(project, folder, target, EntrySource::Command)),
    );
}

fn entry(project: &Project, folder: &str, target: &Target, source: EntrySource) -> Option<Entry> {
    let (file, object) = match target {
        Target::Path(path) => (path_entry(project, folder, path)?, None),
        Target::Module(module, object) => (module_entry(project, folder, module)?, *object),
    };
    Some(Entry {
        file,
        object,
        source,
    })
}

fn path_entry(project: &Project, folder: &str, path: &str) -> Option<FileId> {
    // A container's working folder is not known: the path may start at the folder, or in it under another name.
    let path = path.trim_start_matches("/app/").trim_start_matches('/');
    let path = normalise(folder, path)?;
    if path.ends_with(".py") {
        return project.python.file(&path);
    }
    let file = project.javascript.source(&project.packages, &path)?;
    is_code(project.path(file)).then_some(file)
}

fn is_code(path: &str) -> bool {
    let extension = path.rsplit('.').next().unwrap_or("");
    matches!(
        extension,
        "js" | "ts" | "mjs" | "cjs" | "mts" | "cts" | "jsx" | "tsx"
    ) && !path.ends_with(".d.ts")
}

fn module_entry(project: &Project, folder: &str, module: &str) -> Option<FileId> {
    let from = join(folder, "(command)");
    match project.python.resolve(&project.packages, &from, 0, module) {
        PythonResolution::Module(file) => Some(file),
        PythonResolution::Package {
            init: Some(file), ..
        } => Some(file),
        _ => None,
    }
}
