//! `pyproject.toml`, `requirements*.txt` and `Pipfile`.

use toml::{Table, Value};
use ustr::Ustr;

use crate::package::Package;
use crate::tree::normalise;

/// Adds what the `pyproject.toml` `text` says to `package`, or returns what is wrong with it.
pub(crate) fn read_pyproject(text: &str, package: &mut Package) -> Result<(), String> {
    let table = parse(text)?;
    if let Some(project) = get(&table, &["project"]) {
        package.name = field(project, "name").map(|name| Ustr::from(&normal_name(name)));
        package.version = field(project, "version").map(String::from);
        for requirement in list(project.get("dependencies")) {
            add_requirement(requirement, &mut package.dependencies);
        }
        for (_, group) in table_of(project.get("optional-dependencies")) {
            for requirement in list(Some(group)) {
                add_requirement(requirement, &mut package.dependencies);
            }
        }
        for kind in ["scripts", "gui-scripts"] {
            add_scripts(project.get(kind), package);
        }
    }
    for (_, group) in table_of(table.get("dependency-groups")) {
        for requirement in list(Some(group)) {
            add_requirement(requirement, &mut package.development_dependencies);
        }
    }
    if let Some(fastapi) = get(&table, &["tool", "fastapi"]) {
        let entry = field(fastapi, "entrypoint").map(String::from);
        package.declared_entries.extend(entry);
    }
    if let Some(poetry) = get(&table, &["tool", "poetry"]) {
        read_poetry(poetry, package);
    }
    add_roots(&table, package);
    Ok(())
}

/// Adds the requirements of a `requirements.txt`, the development ones if its name says so.
pub(crate) fn read_requirements(path: &str, text: &str, package: &mut Package) {
    let name = path.rsplit('/').next().unwrap_or("");
    let is_development = ["dev", "test", "lint", "docs"]
        .iter()
        .any(|word| name.contains(word));
    let dependencies = if is_development {
        &mut package.development_dependencies
    } else {
        &mut package.dependencies
    };
    for line in text.lines() {
        add_requirement(line, dependencies);
    }
}

/// Adds what the `Pipfile` `text` says, or returns what is wrong with it.
pub(crate) fn read_pipfile(text: &str, package: &mut Package) -> Result<(), String> {
    let table = parse(text)?;
    add_versions(table.get("packages"), &mut package.dependencies);
    add_versions(
        table.get("dev-packages"),
        &mut package.development_dependencies,
    );
    for (_, command) in table_of(table.get("scripts")) {
        package.commands.extend(command.as_str().map(String::from));
    }
    Ok(())
}

/// Returns the name by which a package is compared: PyPI knows `Flask_Login` and `flask-login` as one.
pub(crate) fn normal_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for part in name.split(['-', '_', '.']).filter(|part| !part.is_empty()) {
        if !normal.is_empty() {
            normal.push('-');
        }
        normal.push_str(&part.to_ascii_lowercase());
    }
    normal
}

type Dependencies = indexmap::IndexMap<Ustr, String>;

fn parse(text: &str) -> Result<Table, String> {
    text.trim_start_matches('\u{feff}')
        .parse::<Table>()
        .map_err(|error| error.message().to_string())
}

fn read_poetry(poetry: &Table, package: &mut Package) {
    if package.name.is_none() {
        package.name = field(poetry, "name").map(|name| Ustr::from(&normal_name(name)));
        package.version = field(poetry, "version").map(String::from);
    }
    add_versions(poetry.get("dependencies"), &mut package.dependencies);
    add_versions(
        poetry.get("dev-dependencies"),
        &mut package.development_dependencies,
    );
    for (_, group) in table_of(poetry.get("group")) {
        let dependencies = group.as_table().and_then(|group| group.get("dependencies"));
        add_versions(dependencies, &mut package.development_dependencies);
    }
    add_scripts(poetry.get("scripts"), package);
}

/// Adds one line of the requirements notation: `uvicorn[standard]>=0.20 ; python_version > "3.8"  # why`.
fn add_requirement(line: &str, dependencies: &mut Dependencies) {
    let line = line.split(" #").next().unwrap_or("").trim();
    if line.starts_with(['#', '-', '.', '/']) {
        return;
    }
    let line = line.split(';').next().unwrap_or("").trim();
    let end = line
        .find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_.".contains(letter))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if name.is_empty() || rest.starts_with([':', '/', '+']) {
        return;
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => rest,
        None => rest,
    };
    dependencies
        .entry(Ustr::from(&normal_name(name)))
        .or_insert_with(|| rest.trim().trim_matches(['(', ')']).to_string());
}

/// Adds a table of names and versions, as poetry and pipenv write it.
fn add_versions(value: Option<&Value>, dependencies: &mut Dependencies) {
    for (name, value) in table_of(value) {
        let version = match value {
            Value::String(version) => Some(version.as_str()),
            Value::Table(table) => Some(field(table, "version").unwrap_or("*")),
            _ => None,
        };
        if let Some(version) = version
            && name != "python"
        {
            dependencies
                .entry(Ustr::from(&normal_name(name)))
                .or_insert_with(|| version.to_string());
        }
    }
}

/// Adds scripts, each of which names a module and a function: `serve = "app.main:run"`.
fn add_scripts(value: Option<&Value>, package: &mut Package) {
    for (_, target) in table_of(value) {
        if let Some(target) = target.as_str() {
            package.declared_entries.push(target.to_string());
        }
    }
}

/// Adds the folders that build tools and pytest are told to look in.
fn add_roots(table: &Table, package: &mut Package) {
    let mut roots: Vec<&str> = Vec::new();
    let find = ["tool", "setuptools", "packages", "find"];
    roots.extend(list(get(table, &find).and_then(|find| find.get("where"))));
    let pytest = ["tool", "pytest", "ini_options"];
    let python_path = get(table, &pytest).and_then(|pytest| pytest.get("pythonpath"));
    roots.extend(list(python_path));
    let setuptools = get(table, &["tool", "setuptools"]);
    let folders = setuptools.and_then(|setuptools| setuptools.get("package-dir"));
    roots.extend(table_of(folders).filter_map(|(_, folder)| folder.as_str()));
    let poetry = get(table, &["tool", "poetry"]).and_then(|poetry| poetry.get("packages"));
    for item in poetry.and_then(Value::as_array).into_iter().flatten() {
        roots.extend(item.as_table().and_then(|item| field(item, "from")));
    }
    let hatch = ["tool", "hatch", "build", "targets", "wheel"];
    let hatch = get(table, &hatch).and_then(|wheel| wheel.get("packages"));
    roots.extend(list(hatch).filter_map(|path| Some(path.rsplit_once('/')?.0)));
    let folder = package.folder.clone();
    package
        .source_roots
        .extend(roots.iter().filter_map(|root| normalise(&folder, root)));
}

fn get<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Table> {
    path.iter()
        .try_fold(table, |table, name| table.get(*name)?.as_table())
}

fn field<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    table.get(name)?.as_str()
}

/// Returns a string, or the strings of an array.
fn list(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str);
    let many = value.and_then(Value::as_array);
    one.into_iter()
        .chain(many.into_iter().flatten().filter_map(Value::as_str))
}

fn table_of(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_table).into_iter().flatten()
}
