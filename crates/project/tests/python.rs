//! What imports of Python lead to.

use std::sync::Arc;

use firedoor_project::{Project, PythonResolution};
use firedoor_source::FileSet;

struct Tree {
    files: FileSet,
    project: Project,
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let files = FileSet::new(
        files
            .iter()
            .map(|(path, text)| (path.to_string(), Arc::from(*text))),
    );
    let project = Project::new(&files);
    Tree { files, project }
}

impl Tree {
    fn text(&self, resolution: PythonResolution) -> String {
        match resolution {
            PythonResolution::Module(id) => self.files.file(id).path.clone(),
            PythonResolution::Package { folder, init } => match init {
                Some(_) => format!("package {folder}"),
                None => format!("namespace {folder}"),
            },
            PythonResolution::Outside(name) => format!("outside {name}"),
        }
    }

    #[track_caller]
    fn check(&self, from: &str, answers: &[(u32, &str, &str)]) {
        let from = self.files.find(from).expect("the importing file exists");
        for (level, dotted, expected) in answers {
            let resolution = self.project.resolve_python(from, *level, dotted);
            assert_eq!(self.text(resolution), *expected, "{level} {dotted}");
        }
    }
}

#[test]
fn absolute_and_relative_imports_of_packages() {
    let tree = tree(&[
        ("backend/app/__init__.py", ""),
        ("backend/app/main.py", ""),
        ("backend/app/core/__init__.py", ""),
        ("backend/app/core/config.py", ""),
        ("backend/app/core/logging.py", ""),
        ("backend/app/schemas/user.py", ""),
        ("backend/tests/test_main.py", ""),
        ("backend/requirements.txt", "fastapi==0.110\nredis\n"),
        ("backend/app/redis.py", ""),
    ]);
    tree.check(
        "backend/app/core/config.py",
        &[
            (0, "app.core.config", "backend/app/core/config.py"),
            (0, "app.core", "package backend/app/core"),
            (0, "app.schemas", "namespace backend/app/schemas"),
            (0, "app.schemas.user", "backend/app/schemas/user.py"),
            (0, "logging", "outside logging"),
            (0, "fastapi.security", "outside fastapi.security"),
            (0, "redis", "outside redis"),
            (1, "", "package backend/app/core"),
            (1, "logging", "backend/app/core/logging.py"),
            (2, "main", "backend/app/main.py"),
            (2, "schemas", "namespace backend/app/schemas"),
            (9, "x", "outside x"),
            (0, "", "outside "),
        ],
    );
    tree.check(
        "backend/tests/test_main.py",
        &[(0, "app.main", "backend/app/main.py")],
    );
    let submodule = |folder: &str, name: &str| {
        tree.project
            .python_submodule(folder, name)
            .map(|resolution| tree.text(resolution))
    };
    assert_eq!(
        submodule("backend/app", "main").as_deref(),
        Some("backend/app/main.py")
    );
    assert_eq!(
        submodule("backend/app", "schemas").as_deref(),
        Some("namespace backend/app/schemas")
    );
    assert_eq!(submodule("backend/app", "none"), None);
}

#[test]
fn folders_without_init_files() {
    let tree = tree(&[
        (
            "pyproject.toml",
            "[project]\nname = \"api\"\ndependencies = [\"alembic\"]\n",
        ),
        ("config.py", ""),
        ("api/main.py", ""),
        ("api/config.py", ""),
        ("api/core/logging.py", ""),
        ("api/core/security.py", ""),
        ("alembic/env.py", ""),
    ]);
    tree.check(
        "api/core/security.py",
        &[
            (0, "api.config", "api/config.py"),
            (0, "config", "config.py"),
            (0, "security", "outside security"),
            (0, "logging", "outside logging"),
            (0, "alembic", "outside alembic"),
            (0, "main", "api/main.py"),
            (1, "logging", "api/core/logging.py"),
        ],
    );
}

#[test]
fn roots_that_are_named_src_or_listed() {
    let tree = tree(&[
        (
            "lib/pyproject.toml",
            "[project]\nname = 'shop-lib'\n[tool.setuptools.packages.find]\nwhere = ['code']\n",
        ),
        ("lib/code/shop/__init__.py", ""),
        ("lib/code/shop/db.py", ""),
        ("src/app/__init__.py", ""),
        ("src/app/main.py", ""),
        ("tests/test_a.py", ""),
    ]);
    tree.check(
        "tests/test_a.py",
        &[
            (0, "app.main", "src/app/main.py"),
            (0, "shop.db", "lib/code/shop/db.py"),
        ],
    );
}
