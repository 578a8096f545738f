//! What start commands start.

use firedoor_project::for_tests::{Target, of_compose, of_dockerfile, of_procfile, targets};
use ustr::Ustr;

fn path(path: &str) -> Target {
    Target::Path(path.to_string())
}

fn module(module: &str, object: &str) -> Target {
    Target::Module(module.to_string(), Some(Ustr::from(object)))
}

#[test]
fn the_plugin_that_fastify_starts_is_found() {
    assert_eq!(
        targets("npm run build && fastify start -w -l info -P app.js"),
        [Target::Path("app.js".to_string())]
    );
    assert_eq!(targets("fastify generate app"), []);
}

#[test]
fn runners_start_the_paths_behind_them() {
    assert_eq!(
        targets("NODE_ENV=production node dist/a.js"),
        [path("dist/a.js")]
    );
    assert_eq!(
        targets("nodemon --exec ts-node src/index.ts"),
        [path("src/index.ts")]
    );
    assert_eq!(
        targets("tsx watch ./src/a.ts && echo x"),
        [path("./src/a.ts")]
    );
    assert_eq!(targets("nest start --watch"), [path("src/main.ts")]);
    assert_eq!(targets("jest src/a.test.ts"), []);
}

#[test]
fn servers_serve_an_object_of_a_module() {
    assert_eq!(
        targets("poetry run uvicorn app.main:app --host 0.0.0.0:80"),
        [module("app.main", "app")]
    );
    assert_eq!(
        targets("gunicorn 'shop:create_app()' -w 4"),
        [module("shop", "create_app")]
    );
    assert_eq!(
        targets("python -m uvicorn app.main:app"),
        [module("app.main", "app")]
    );
    assert_eq!(
        targets("flask --app shop run"),
        [Target::Module("shop".to_string(), None)]
    );
    assert_eq!(targets("python3 manage.py runserver"), [path("manage.py")]);
    assert_eq!(
        targets("fastapi run --workers 4 app/main.py"),
        [path("app/main.py")]
    );
}

#[test]
fn commands_are_found_in_deployment_files() {
    assert_eq!(of_procfile("# x: y\nweb: node a.js\n"), [" node a.js"]);
    let docker = of_dockerfile("FROM x\nCMD [\"uvicorn\", \\\n \"main:app\"]\n");
    assert_eq!(targets(&docker[0]), [module("main", "app")]);
    let compose =
        of_compose("a:\n  command: node a.js\nb:\n  command:\n    - node\n    - b.js\n  x: 1\n");
    assert_eq!(compose, ["node a.js", "node b.js"]);
}
