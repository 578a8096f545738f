//! `package.json`.

use indexmap::IndexMap;
use serde_json::{Map, Value};
use ustr::Ustr;

use crate::package::{Ecosystem, Package};
use crate::tree::{join, normalise};

/// No path in a manifest is longer than this; what is longer is hostile, and would cost stack in the resolver.
const LONGEST_PATH: usize = 1024;

/// Returns the package that the `package.json` `text` in `folder` describes, or what is wrong with it.
pub(crate) fn read(folder: &str, text: &str) -> Result<Package, String> {
    let text = text.trim_start_matches('\u{feff}');
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let Value::Object(manifest) = value else {
        return Err("is not a JSON object".to_string());
    };
    for field in ["name", "main", "module", "source", "exports", "imports"] {
        if manifest.get(field).is_some_and(has_long_path) {
            return Err(format!("`{field}` holds a path that is too long"));
        }
    }
    let mut package = Package::new(folder, Ecosystem::Npm);
    package.name = string(&manifest, "name").map(Ustr::from);
    package.version = string(&manifest, "version").map(String::from);
    package.is_module = string(&manifest, "type") == Some("module");
    for field in ["dependencies", "peerDependencies", "optionalDependencies"] {
        add_dependencies(&manifest, field, &mut package.dependencies);
    }
    add_dependencies(
        &manifest,
        "devDependencies",
        &mut package.development_dependencies,
    );
    add_targets(&manifest, &mut package);
    package.commands = start_commands(&manifest);
    package.aliases = module_aliases(folder, &manifest);
    Ok(package)
}

fn string<'a>(manifest: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    manifest.get(field)?.as_str()
}

fn has_long_path(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() > LONGEST_PATH,
        Value::Array(items) => items.iter().any(has_long_path),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| key.len() > LONGEST_PATH || has_long_path(value)),
        _ => false,
    }
}

fn add_dependencies(
    manifest: &Map<String, Value>,
    field: &str,
    dependencies: &mut IndexMap<Ustr, String>,
) {
    let Some(Value::Object(fields)) = manifest.get(field) else {
        return;
    };
    for (name, version) in fields {
        if let Value::String(version) = version {
            dependencies
                .entry(Ustr::from(name))
                .or_insert_with(|| version.clone());
        }
    }
}

/// Collects what the package leads to: for the entry files, and for importers of a package whose build is not in the tree.
fn add_targets(manifest: &Map<String, Value>, package: &mut Package) {
    for field in ["source", "main", "module", "types", "typings"] {
        if let Some(path) = string(manifest, field) {
            package.targets.push((".".to_string(), path.to_string()));
        }
    }
    match manifest.get("exports") {
        Some(Value::Object(fields)) if fields.keys().any(|key| key.starts_with('.')) => {
            for (subpath, value) in fields {
                add_leaves(subpath, value, &mut package.targets);
            }
        }
        Some(value) => add_leaves(".", value, &mut package.targets),
        None => {}
    }
    if let Some(value) = manifest.get("imports") {
        for (name, value) in value.as_object().into_iter().flatten() {
            add_leaves(name, value, &mut package.targets);
        }
    }
    package.declared_entries = package
        .targets
        .iter()
        .filter(|(subpath, _)| subpath == ".")
        .map(|(_, path)| path.clone())
        .collect();
    match manifest.get("bin") {
        Some(Value::String(path)) => package.declared_entries.push(path.clone()),
        Some(Value::Object(fields)) => package
            .declared_entries
            .extend(fields.values().filter_map(Value::as_str).map(String::from)),
        _ => {}
    }
}

fn add_leaves(subpath: &str, value: &Value, targets: &mut Vec<(String, String)>) {
    match value {
        Value::String(path) => targets.push((subpath.to_string(), path.clone())),
        Value::Array(items) => items
            .iter()
            .for_each(|item| add_leaves(subpath, item, targets)),
        Value::Object(fields) => fields
            .values()
            .for_each(|item| add_leaves(subpath, item, targets)),
        _ => {}
    }
}

/// Returns the scripts that may start the application; those that check it or write its code do not.
fn start_commands(manifest: &Map<String, Value>) -> Vec<String> {
    const NOT_STARTS: [&str; 8] = [
        "test",
        "pretest",
        "posttest",
        "lint",
        "format",
        "typecheck",
        "coverage",
        "e2e",
    ];
    let Some(Value::Object(scripts)) = manifest.get("scripts") else {
        return Vec::new();
    };
    scripts
        .iter()
        .filter(|(name, _)| !NOT_STARTS.contains(&name.split(':').next().unwrap_or("")))
        .filter_map(|(_, command)| command.as_str().map(String::from))
        .collect()
}

/// Returns the `_moduleAliases` of the package `module-alias`.
fn module_aliases(folder: &str, manifest: &Map<String, Value>) -> Vec<(String, String)> {
    let Some(Value::Object(fields)) = manifest.get("_moduleAliases") else {
        return Vec::new();
    };
    fields
        .iter()
        .filter_map(|(name, path)| Some((name.clone(), normalise(folder, path.as_str()?)?)))
        .map(|(name, path)| (name, join("", &path)))
        .collect()
}
