//! What imports of JavaScript and TypeScript lead to.

use std::sync::Arc;

use firedoor_project::{Project, Resolution};
use firedoor_source::FileSet;

/// A project, with answers as text.
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
    fn resolve(&self, from: &str, specifier: &str) -> String {
        let from = self.files.find(from).expect("the importing file exists");
        match self.project.resolve_javascript(from, specifier) {
            Resolution::File(id) => self.files.file(id).path.clone(),
            Resolution::Package { name, subpath } => format!("package {name}{subpath}"),
            Resolution::Builtin(name) => format!("builtin {name}"),
            Resolution::Missing => "missing".to_string(),
        }
    }

    #[track_caller]
    fn check(&self, from: &str, answers: &[(&str, &str)]) {
        for (specifier, expected) in answers {
            assert_eq!(self.resolve(from, specifier), *expected, "{specifier}");
        }
    }
}

#[test]
fn relative_imports_find_extensions_and_index_files() {
    let tree = tree(&[
        ("src/a.ts", ""),
        ("src/b.tsx", ""),
        ("src/c/index.js", ""),
        ("src/d.mts", ""),
        ("src/data.json", "{}"),
        ("src/both.js", ""),
        ("src/both.ts", ""),
        ("src/plain.js", ""),
        ("e.cjs", ""),
    ]);
    tree.check(
        "src/a.ts",
        &[
            ("./b", "src/b.tsx"),
            ("./b.js", "src/b.tsx"),
            ("./c", "src/c/index.js"),
            ("./c/", "src/c/index.js"),
            ("./d.mjs", "src/d.mts"),
            ("./data.json", "src/data.json"),
            ("./data", "src/data.json"),
            ("./both", "src/both.ts"),
            ("../e", "e.cjs"),
            ("./a?raw", "src/a.ts"),
            ("./missing", "missing"),
            ("../../outside", "missing"),
            ("", "missing"),
            ("/abs", "missing"),
        ],
    );
    tree.check(
        "src/plain.js",
        &[("./both", "src/both.js"), (".", "missing")],
    );
}

#[test]
fn bare_names_are_packages_or_of_the_runtime() {
    let tree = tree(&[
        ("a.js", ""),
        ("package.json", r#"{"dependencies": {"express": "^4"}}"#),
    ]);
    tree.check(
        "a.js",
        &[
            ("express", "package express"),
            ("express/lib/router", "package express/lib/router"),
            ("@nestjs/common", "package @nestjs/common"),
            ("@nestjs/common/x/y", "package @nestjs/common/x/y"),
            ("fs", "builtin fs"),
            ("node:fs/promises", "builtin fs/promises"),
            ("bun:sqlite", "builtin bun:sqlite"),
            ("npm:express@4/lib", "package express/lib"),
            ("npm:@a/b@1.2", "package @a/b"),
            ("https://example.org/x.ts", "missing"),
            ("#internal", "missing"),
            ("@/x", "missing"),
        ],
    );
}

#[test]
fn paths_of_the_nearest_tsconfig_are_followed() {
    let tree = tree(&[
        (
            "tsconfig.base.json",
            r#"{
              // Comments and trailing commas are allowed.
              "compilerOptions": {"baseUrl": ".", "paths": {
                "@app/*": ["apps/api/src/*"], "@shared": ["libs/shared/src/index.ts"],
                "@gone/*": ["generated/*"],
              },},
            }"#,
        ),
        (
            "apps/api/tsconfig.json",
            r#"{"extends": ["../../tsconfig.base.json", "@tsconfig/node20/tsconfig.json"], "include": ["src"]}"#,
        ),
        ("apps/api/src/main.ts", ""),
        ("apps/api/src/auth/guard.ts", ""),
        ("apps/api/test/guard.js", ""),
        ("libs/shared/src/index.ts", ""),
        (
            "web/jsconfig.json",
            r#"{"compilerOptions": {"paths": {"~lib/*": ["./lib/*"]}}}"#,
        ),
        ("web/app.js", ""),
        ("web/lib/x.js", ""),
    ]);
    let answers = [
        ("@app/auth/guard", "apps/api/src/auth/guard.ts"),
        ("@app/auth/guard.js", "apps/api/src/auth/guard.ts"),
        ("@shared", "libs/shared/src/index.ts"),
        ("libs/shared/src", "libs/shared/src/index.ts"),
        ("@gone/client", "missing"),
        ("@other/client", "package @other/client"),
    ];
    tree.check("apps/api/src/main.ts", &answers);
    tree.check("apps/api/test/guard.js", &answers);
    tree.check("web/app.js", &[("~lib/x", "web/lib/x.js")]);
}

#[test]
fn referenced_configs_lend_their_paths() {
    let tree = tree(&[
        (
            "tsconfig.json",
            r#"{"files": [], "references": [{"path": "./tsconfig.app.json"}]}"#,
        ),
        (
            "tsconfig.app.json",
            r#"{"compilerOptions": {"paths": {"@/*": ["./source/*"]}}}"#,
        ),
        ("source/a.ts", ""),
        ("source/b.ts", ""),
    ]);
    tree.check("source/a.ts", &[("@/b", "source/b.ts")]);
}

#[test]
fn a_package_of_the_workspace_leads_to_its_source() {
    let tree = tree(&[
        ("package.json", r#"{"workspaces": ["packages/*"]}"#),
        (
            "packages/auth/package.json",
            r#"{"name": "@acme/auth", "main": "dist/index.js", "types": "dist/index.d.ts"}"#,
        ),
        ("packages/auth/src/index.ts", ""),
        ("packages/auth/src/deep/token.ts", ""),
        (
            "packages/db/package.json",
            r#"{"name": "@acme/db", "exports": {
                ".": {"types": "./dist/main.d.ts", "import": "./dist/main.mjs"},
                "./client": "./dist/client.js", "./raw/*": "./lib/*.ts", "./private/*": null}}"#,
        ),
        ("packages/db/src/main.ts", ""),
        ("packages/db/src/client/index.ts", ""),
        ("packages/db/lib/sql.ts", ""),
        ("packages/db/raw/sql.ts", ""),
        ("packages/bare/package.json", r#"{"name": "bare"}"#),
        ("packages/bare/index.ts", ""),
        (
            "apps/api/package.json",
            r#"{"name": "api", "dependencies": {"@acme/auth": "workspace:*"}}"#,
        ),
        ("apps/api/index.ts", ""),
    ]);
    tree.check(
        "apps/api/index.ts",
        &[
            ("@acme/auth", "packages/auth/src/index.ts"),
            (
                "@acme/auth/dist/deep/token",
                "packages/auth/src/deep/token.ts",
            ),
            ("@acme/auth/deep/token", "packages/auth/src/deep/token.ts"),
            ("@acme/auth/none", "missing"),
            ("@acme/db", "packages/db/src/main.ts"),
            ("@acme/db/client", "packages/db/src/client/index.ts"),
            ("@acme/db/raw/sql", "packages/db/lib/sql.ts"),
            ("bare", "packages/bare/index.ts"),
            ("api", "apps/api/index.ts"),
        ],
    );
}

#[test]
fn an_example_does_not_take_the_place_of_a_package_of_the_registry() {
    let tree = tree(&[
        (
            "examples/express/package.json",
            r#"{"name": "express", "version": "0.1.0"}"#,
        ),
        ("examples/express/index.js", ""),
        (
            "api/package.json",
            r#"{"dependencies": {"express": "^4.18.0"}}"#,
        ),
        ("api/a.js", ""),
        ("one/shared/package.json", r#"{"name": "shared"}"#),
        ("one/shared/index.js", ""),
        ("one/a.js", ""),
        (
            "two/shared/package.json",
            r#"{"name": "shared", "main": "build/x.js"}"#,
        ),
        ("two/shared/src/x.js", ""),
        ("two/a.js", ""),
    ]);
    tree.check("api/a.js", &[("express", "package express")]);
    tree.check("one/a.js", &[("shared", "one/shared/index.js")]);
    tree.check("two/a.js", &[("shared", "two/shared/src/x.js")]);
}

#[test]
fn imports_of_the_package_itself_and_built_files_lead_to_sources() {
    let tree = tree(&[
        (
            "package.json",
            r##"{"name": "shop", "main": "dist/app.js", "imports": {"#db": "./dist/db.js", "#util/*": "./src/util/*.ts"},
                "_moduleAliases": {"@root": "src"}}"##,
        ),
        ("src/app.ts", ""),
        ("src/db.ts", ""),
        ("src/util/hash.ts", ""),
        ("bin/www.js", ""),
    ]);
    tree.check(
        "bin/www.js",
        &[
            ("#db", "src/db.ts"),
            ("#util/hash", "src/util/hash.ts"),
            ("../dist/app", "src/app.ts"),
            ("../dist/app.js", "src/app.ts"),
            ("..", "src/app.ts"),
            ("@root/db", "src/db.ts"),
            ("@/db", "src/db.ts"),
            ("~/util/hash", "src/util/hash.ts"),
            ("src/db", "src/db.ts"),
            ("shop", "src/app.ts"),
        ],
    );
}

#[test]
fn hostile_settings_do_no_harm() {
    let deep = "[".repeat(100_000);
    let long = format!(r#"{{"name": "long", "main": "{}"}}"#, "a/".repeat(100_000));
    let files = [
        (
            "tsconfig.json",
            r#"{"extends": ["./b.json", "./b.json", "./tsconfig.json"]}"#,
        ),
        (
            "b.json",
            r#"{"extends": ["./tsconfig.json", "./b"], "compilerOptions": {"paths": {"x/*": ["a*"]}}}"#,
        ),
        ("c/tsconfig.json", deep.as_str()),
        ("c/package.json", deep.as_str()),
        ("d/package.json", long.as_str()),
        ("d/index.js", ""),
        (
            "e/package.json",
            r##"{"name": "../..", "exports": {"./x": {"import": ["../../etc", null, 7]}, ".": "./%2e%2e/x"}, "imports": {"#a": "#a", "#b/*": "#b/*"}}"##,
        ),
        ("e/index.js", ""),
        (
            "f/package.json",
            r#"{"name": "f", "main": {"a": 1}, "exports": {"a": 1, "./b": 2}, "scripts": [], "dependencies": []}"#,
        ),
        ("f/index.js", ""),
        (
            "g/package.json",
            r#"{"name": "g", "main": "./", "exports": "./../../..", "bin": {"x": "../../../../y"}}"#,
        ),
        (
            "g/tsconfig.json",
            r#"{"compilerOptions": {"baseUrl": "../../..", "paths": {"*": ["*", "./*/*"], "**": 3, "": [""]}}, "references": [{"path": "."}]}"#,
        ),
        ("g/index.js", ""),
        ("a.js", ""),
    ];
    let tree = tree(&files);
    let long = "x/".repeat(10_000);
    let specifiers = [
        "x/1",
        "../..",
        "..",
        ".",
        "./d",
        "./e",
        "./f",
        "./g",
        "f",
        "f/b",
        "g",
        "g/x",
        "#a",
        "#b/c",
        "#",
        "@",
        "@/",
        "a//b",
        "./\0",
        "%2e%2e/%2e%2e",
        "file:///etc/passwd",
        "\\\\x",
        "?",
        "#?",
        "e/x",
        "../..?#",
        long.as_str(),
        "é/ü",
        "...",
        "…",
    ];
    for (id, _) in tree.files.iter() {
        for specifier in specifiers {
            tree.project.resolve_javascript(id, specifier);
        }
    }
    tree.check(
        "a.js",
        &[
            ("./d", "d/index.js"),
            ("./f", "f/index.js"),
            ("x/1", "missing"),
        ],
    );
    let noted: Vec<&str> = tree
        .project
        .notes()
        .iter()
        .map(|note| tree.files.file(note.file).path.as_str())
        .collect();
    assert_eq!(
        noted,
        [
            "b.json",
            "c/package.json",
            "c/tsconfig.json",
            "d/package.json",
            "tsconfig.json",
        ]
    );
}

#[test]
fn a_generated_client_of_prisma_is_the_package() {
    let schema = "generator client {\n  provider = \"prisma-client\"\n  output   = \"../src/made/prisma\"\n}\n\
                  generator forms {\n  provider = \"zod-prisma\"\n  output = \"../src/forms\"\n}\n";
    let tree = tree(&[
        (
            "app/package.json",
            r#"{"dependencies": {"@prisma/client": "7"}}"#,
        ),
        (
            "app/tsconfig.json",
            r#"{"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["./src/*"]}}}"#,
        ),
        ("app/prisma/schema.prisma", schema),
        ("app/src/made/prisma/enums.ts", "export const Role = {}"),
        ("app/src/made/other.ts", ""),
        ("app/src/forms/index.ts", ""),
        ("app/src/store/client.ts", ""),
    ]);
    tree.check(
        "app/src/store/client.ts",
        &[
            ("../made/prisma", "package @prisma/client"),
            ("../made/prisma/client", "package @prisma/client"),
            ("../made/prisma/enums.js", "package @prisma/client"),
            ("@/made/prisma/client", "package @prisma/client"),
            ("src/made/prisma", "package @prisma/client"),
            ("../made/other", "app/src/made/other.ts"),
            ("@/forms", "app/src/forms/index.ts"),
        ],
    );
}
