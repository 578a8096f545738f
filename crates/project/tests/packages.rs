//! What manifests and deployment files say.

use std::sync::Arc;

use firedoor_project::{Ecosystem, Project};
use firedoor_source::FileSet;

fn read(files: &[(&str, &str)]) -> (FileSet, Project) {
    let files = FileSet::new(
        files
            .iter()
            .map(|(path, text)| (path.to_string(), Arc::from(*text))),
    );
    let project = Project::new(&files);
    (files, project)
}

fn entries(files: &FileSet, project: &Project) -> Vec<String> {
    project
        .entries()
        .map(|entry| {
            let path = &files.file(entry.file).path;
            match entry.object {
                Some(object) => format!("{path}:{object}"),
                None => path.clone(),
            }
        })
        .collect()
}

#[test]
fn dependencies_are_looked_up_outward_in_the_ecosystem_of_the_file() {
    let (files, project) = read(&[
        (
            "package.json",
            r#"{"name": "root", "dependencies": {"express": "^4.0.0", "ws": "8"}, "type": "module"}"#,
        ),
        (
            "api/package.json",
            r#"{"name": "api", "dependencies": {"express": "5.0.0"}, "devDependencies": {"jest": "1"}}"#,
        ),
        ("api/a.ts", ""),
        (
            "api/pyproject.toml",
            "[tool.poetry]\nname = 'Api'\n[tool.poetry.dependencies]\npython = '^3.12'\nfastapi = {version = '^0.1', extras = ['all']}\n[tool.poetry.group.dev.dependencies]\npytest = '*'\n",
        ),
        (
            "api/requirements/base.txt",
            "# pinned\nPython_Jose[cryptography]==3.3.0 ; python_version > '3'\n-r other.txt\ngit+https://example.org/x\nflask>=2  # web\n",
        ),
        ("api/a.py", ""),
        (
            "b/Pipfile",
            "[packages]\ndjango = '*'\n[dev-packages]\nblack = '1'\n",
        ),
        ("b/b.py", ""),
    ]);
    let version = |path: &str, name: &str| {
        let file = files.find(path).expect("the file exists");
        project.dependency_version(file, name).map(String::from)
    };
    assert_eq!(version("api/a.ts", "express").as_deref(), Some("5.0.0"));
    assert_eq!(version("api/a.ts", "ws").as_deref(), Some("8"));
    assert_eq!(version("api/a.ts", "jest").as_deref(), Some("1"));
    assert_eq!(version("api/a.ts", "fastapi"), None);
    assert_eq!(version("api/a.py", "fastapi").as_deref(), Some("^0.1"));
    assert_eq!(
        version("api/a.py", "python-jose").as_deref(),
        Some("==3.3.0")
    );
    assert_eq!(version("api/a.py", "flask").as_deref(), Some(">=2"));
    assert_eq!(version("api/a.py", "git"), None);
    assert_eq!(version("b/b.py", "Django").as_deref(), Some("*"));
    let package = project.package_of(files.find("api/a.py").expect("exists"));
    assert_eq!(
        package.map(|package| package.ecosystem),
        Some(Ecosystem::Pypi)
    );
    let name = package.and_then(|package| package.name);
    assert_eq!(name.map(|name| name.as_str()), Some("api"));
    let root = &project.packages()[0];
    assert!(root.is_module && root.folder.is_empty());
}

#[test]
fn entries_come_from_manifests_and_start_commands() {
    let (files, project) = read(&[
        (
            "package.json",
            r#"{"main": "dist/server.js", "bin": {"x": "bin/x.js"}, "scripts": {
                "start": "node dist/server.js", "dev": "nodemon --exec 'ts-node src/dev.ts'", "test": "node src/other.ts"}}"#,
        ),
        ("src/server.ts", ""),
        ("src/dev.ts", ""),
        ("src/other.ts", ""),
        ("bin/x.js", ""),
        (
            "api/Dockerfile",
            "FROM x\nCMD [\"uvicorn\", \"app.main:app\"]\n",
        ),
        ("api/app/main.py", ""),
        ("Procfile", "web: gunicorn wsgi:application\n"),
        ("wsgi.py", ""),
        (
            "docker-compose.yml",
            "services:\n  a:\n    command: python worker.py\n",
        ),
        ("worker.py", ""),
    ]);
    assert_eq!(
        entries(&files, &project),
        [
            "src/server.ts",
            "src/dev.ts",
            "bin/x.js",
            "wsgi.py:application",
            "api/app/main.py:app",
            "worker.py",
        ]
    );
}

#[test]
fn fastapi_finds_its_file_itself() {
    let (files, project) = read(&[
        (
            "a/Dockerfile",
            "CMD [\"fastapi\", \"run\", \"--workers\", \"4\"]\n",
        ),
        ("a/app/main.py", ""),
        (
            "b/pyproject.toml",
            "[tool.fastapi]\nentrypoint = 'shop.web:service'\n[project.scripts]\nshop = 'shop.cli:main'\n",
        ),
        ("b/shop/web.py", ""),
        ("b/shop/cli.py", ""),
    ]);
    let mut entries = entries(&files, &project);
    entries.sort();
    assert_eq!(
        entries,
        [
            "a/app/main.py",
            "b/shop/cli.py:main",
            "b/shop/web.py:service"
        ]
    );
}

#[test]
fn what_does_not_parse_is_noted() {
    let (files, project) = read(&[
        ("a/package.json", "{"),
        ("b/pyproject.toml", "= ="),
        ("c/package.json", "[]"),
        ("d/package.json", "\u{feff}{\"name\": \"d\"}"),
    ]);
    let noted: Vec<&str> = project
        .notes()
        .iter()
        .map(|note| files.file(note.file).path.as_str())
        .collect();
    assert_eq!(
        noted,
        ["a/package.json", "b/pyproject.toml", "c/package.json"]
    );
    assert!(project.notes().iter().all(|note| !note.message.is_empty()));
}
