//! Trees that are broken or hostile: the program ends by itself, with the right status, and says what it left out.

use crate::common::{complaint, out, pair, run, skipped, status};
use firedoor_testkit::Folder;

const EXPRESS: &str =
    "const app = require('express')();\napp.get('/x', (req, res) => res.json(1));\n";
const FASTAPI: &str =
    "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/y')\ndef y():\n    return 1\n";

/// Returns the map of the tree.
fn map(folder: &Folder) -> serde_json::Value {
    let output = run(&["map", "--format", "json"], &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    serde_json::from_str(&out(&output)).expect("it is JSON")
}

fn entry_points(map: &serde_json::Value) -> Vec<String> {
    let entries = map["entry_points"].as_array().expect("it is a list").iter();
    entries
        .map(|entry| entry["id"].as_str().unwrap_or("").to_owned())
        .collect()
}

/// Returns the details of what was left out, each behind its file.
fn details(map: &serde_json::Value) -> Vec<String> {
    let skipped = map["skipped"].as_array().expect("it is a list").iter();
    skipped
        .map(|part| format!("{}: {}", part["file"], part["detail"]).replace('"', ""))
        .collect()
}

fn wide(text: &str, is_little: bool) -> Vec<u8> {
    let unit = |unit: u16| match is_little {
        true => unit.to_le_bytes(),
        false => unit.to_be_bytes(),
    };
    let marked = std::iter::once(0xfeff).chain(text.encode_utf16());
    marked.flat_map(unit).collect()
}

#[test]
fn encodings_are_understood_or_told() {
    let folder = Folder::empty()
        .write("little.js", wide(EXPRESS, true))
        .write("big.py", wide(FASTAPI, false))
        .write("unmarked.js", &wide(EXPRESS, true)[2..])
        .write("package.json", b"\xef\xbb\xbf{\"name\": \"x\"}")
        .write("firedoor.toml", b"\xef\xbb\xbf[rules]\n")
        .write("latin.py", b"# caf\xe9\n")
        .write(
            "returns.py",
            FASTAPI.replace("/y", "/z").replace('\n', "\r\n"),
        );
    let map = map(&folder);
    assert_eq!(entry_points(&map), ["GET /y", "GET /x", "GET /z"]);
    assert_eq!(
        skipped(&folder),
        [
            pair("latin.py", "invalid-text"),
            pair("unmarked.js", "binary")
        ]
    );
}

#[test]
fn what_does_not_parse_costs_itself_only() {
    let folder = Folder::empty()
        .write("a.js", format!("{EXPRESS}function ( {{ ] \n"))
        .write("b.py", format!("{FASTAPI}def (:\n"));
    assert_eq!(entry_points(&map(&folder)), ["GET /x", "GET /y"]);
    let reasons: Vec<String> = skipped(&folder)
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    assert!(
        !reasons.is_empty() && reasons.iter().all(|reason| reason == "syntax-error"),
        "{reasons:?}"
    );
}

#[test]
fn nesting_without_end_is_told() {
    let deep = 50_000;
    let nested = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(deep), close.repeat(deep))
    };
    // Each line is short, or the file would be left out as generated.
    let broken = |open: &str, inner: &str, close: &str| {
        nested(&format!("{open}\n"), inner, &format!("{close}\n"))
    };
    let folder = Folder::empty()
        .write("lists.js", format!("x = {}", broken("[", "1", "]")))
        .write("calls.js", format!("x = {}", broken("f(", "1", ")")))
        .write("blocks.ts", broken("if (a) {", "", "}"))
        .write("chains.js", format!("x = a{}", "\n.b()".repeat(deep)))
        .write("sums.js", format!("x = 1{}", "\n+ a".repeat(deep)))
        .write("arrows.js", format!("x = {}1", "a =>\n".repeat(deep)))
        .write("types.ts", format!("let x: {}", broken("A<", "B", ">")))
        .write("elements.tsx", format!("x = {}", broken("<a>", "", "</a>")))
        .write("lists.py", format!("x = {}", broken("[", "1", "]")))
        .write(
            "lambdas.py",
            format!("x = (\n{}1)", "lambda:\n".repeat(deep)),
        )
        .write("nots.py", format!("x = (\n{}1)", "not\n".repeat(deep)))
        .write("chains.py", format!("x = (a{})", "\n.b()".repeat(deep)))
        .write("lines.js", nested("x = (\n", "1", ")\n"))
        .write("good.py", FASTAPI);
    let map = map(&folder);
    assert_eq!(entry_points(&map), ["GET /y"]);
    let skipped = skipped(&folder);
    for file in [
        "lists.js",
        "calls.js",
        "lines.js",
        "blocks.ts",
        "lists.py",
        "lambdas.py",
        "nots.py",
    ] {
        assert!(
            skipped.contains(&pair(file, "too-deep")),
            "{file}: {skipped:?}"
        );
    }
}

#[test]
fn code_that_never_ends_or_grows_without_end_is_cut_short() {
    let folder = Folder::empty()
        .write(
            "a.js",
            format!("while (true) {{}}\nfunction f() {{ f(); f(); }}\nf();\n{EXPRESS}"),
        )
        .write(
            "b.py",
            format!(
                "def f():\n    f()\n    f()\n\n\nf()\n{}{FASTAPI}",
                "x = [1]\n".to_owned() + &"x = x + x\n".repeat(80)
            ),
        )
        .write(
            "c.js",
            "let x = 'aaaaaaaa';\n".to_owned()
                + &"x = x + x;\n".repeat(80)
                + "'a'.repeat(1e9); new Array(1e9).fill(0);\n",
        )
        .write(
            "d.py",
            "x = 'a' * 10 ** 9\ny = [0] * 10 ** 9\nz = 2 ** 10 ** 9\n",
        );
    let ids = entry_points(&map(&folder));
    assert!(ids.contains(&"GET /y".to_owned()), "{ids:?}");
}

#[test]
fn manifests_that_are_no_manifests_are_told() {
    let folder = Folder::empty()
        .write("app.js", EXPRESS)
        .write("empty/package.json", "")
        .write("deep/package.json", "[".repeat(100_000))
        .write("list/package.json", "[1, 2]")
        .write("types/package.json", "{\"name\": 5, \"dependencies\": [1], \"scripts\": \"x\", \"main\": {}, \"exports\": [[[]]], \"workspaces\": 7}")
        .write("out/package.json", "{\"name\": \"\\u0000\", \"main\": \"../../../../etc/passwd\", \"workspaces\": [\"../..\", \"**\"]}")
        .write("python/pyproject.toml", "[[[[\n")
        .write("wrong/pyproject.toml", "project = 5\ntool = [1]\n")
        .write("endless/pyproject.toml", format!("a = {}", "[".repeat(100_000)))
        .write("needs/requirements.txt", "-r requirements.txt\n-r ../../x\n==\n");
    assert_eq!(entry_points(&map(&folder)), ["GET /x"]);
    let manifest = |file: &str| pair(file, "unreadable-manifest");
    assert_eq!(
        skipped(&folder),
        [
            manifest("deep/package.json"),
            manifest("empty/package.json"),
            manifest("endless/pyproject.toml"),
            manifest("list/package.json"),
            manifest("python/pyproject.toml"),
        ]
    );
}

#[test]
fn configs_of_typescript_that_lead_nowhere_are_told() {
    let folder = Folder::empty()
        .write("app.ts", EXPRESS)
        .write("tsconfig.json", "{\"extends\": \"./tsconfig.loop.json\"}")
        .write("tsconfig.loop.json", "{\"extends\": [\"./tsconfig.json\", \"./tsconfig.loop.json\"]}")
        .write("missing/tsconfig.json", "{\"extends\": [\"./no.json\", \"not-installed/base.json\"]}")
        .write("cut/tsconfig.json", "{\"compilerOptions\": {")
        .write("odd/tsconfig.json", "{\"compilerOptions\": {\"baseUrl\": \"../../..\", \"paths\": {\"*\": [\"*\", 1], \"@/*\": [\"@/*/*\"]}}, \"references\": [{\"path\": \"..\"}]}")
        .write("odd/a.ts", "import x from '@/@/x';\n");
    let map = map(&folder);
    assert_eq!(entry_points(&map), ["GET /x"]);
    let details = details(&map);
    for expected in [
        "tsconfig.json: it extends itself",
        "tsconfig.loop.json: it extends itself",
        "missing/tsconfig.json: it extends `./no.json`, which is not in the tree",
    ] {
        assert!(
            details.iter().any(|detail| detail == expected),
            "{expected}: {details:#?}"
        );
    }
    assert!(
        details
            .iter()
            .any(|detail| detail.starts_with("cut/tsconfig.json: ")),
        "{details:#?}"
    );
}

#[test]
fn a_schema_that_is_not_closed_is_told() {
    let app = "import { PrismaClient } from '@prisma/client';\nconst db = new PrismaClient();\nexport const all = () => db.user.findMany();\n";
    let folder = Folder::empty()
        .write("app.ts", format!("{app}all();\n"))
        .write("schema.prisma", "model User {\n  id Int @id @default(\n  posts Post[] @relation(fields: [\n\nmodel Post {\n  id Int\n");
    let map = map(&folder);
    let notes = map["unresolved"].to_string();
    assert!(
        notes.contains("unreadable-schema") && notes.contains("`User` is not closed"),
        "{notes}"
    );
}

#[test]
fn hostile_configurations_end_with_two_and_a_short_message() {
    let deep = format!("a = {}", "[".repeat(100_000));
    let large = "# more than anyone writes\n".repeat(50_000);
    for (text, expected) in [
        (deep.as_str(), "firedoor.toml:1:"),
        (large.as_str(), "too large"),
        ("rules = 5\n", "firedoor.toml:1:9: "),
        ("[rules]\n[rules]\n", "firedoor.toml:2:2: "),
        ("[ignore]\npaths = [\"[\"]\n", "this is no pattern of paths"),
        (
            "[[public]]\nentry_point = \"GET /\"\nreason = \" \"\n",
            "for a reason",
        ),
        ("\0", "firedoor.toml:1:"),
        ("a = \"\u{1b}[2J", "firedoor.toml:1:"),
    ] {
        let folder = Folder::empty()
            .write("app.js", EXPRESS)
            .write("firedoor.toml", text);
        let output = run(&["check"], &folder.0);
        let complaint = complaint(&output);
        assert_eq!(status(&output), 2, "{complaint}");
        assert!(output.stdout.is_empty());
        assert!(complaint.contains(expected), "{expected}: {complaint}");
        assert!(
            complaint.len() < 1000 && !complaint.contains('\u{1b}'),
            "{complaint}"
        );
    }
    let folder = Folder::empty().write("firedoor.toml/x", "");
    let output = run(&["check"], &folder.0);
    assert_eq!(status(&output), 2, "{}", complaint(&output));
}

#[test]
fn paths_that_are_none_end_with_two() {
    let folder = Folder::empty().write("app.js", EXPRESS);
    for (path, expected) in [
        ("nowhere", "there is nothing at 'nowhere'"),
        ("app.js/x", "there is nothing at 'app.js/x'"),
    ] {
        let output = run(&["check", path], &folder.0);
        assert_eq!(status(&output), 2, "{path}");
        assert!(
            complaint(&output).contains(expected),
            "{}",
            complaint(&output)
        );
    }
    let output = run(&["check", "--config", "."], &folder.0);
    assert_eq!(status(&output), 2);
}

#[test]
fn a_file_in_place_of_a_folder_is_analysed_alone() {
    let folder = Folder::empty()
        .write("src/app.js", EXPRESS)
        .write("src/other.js", EXPRESS.replace("/x", "/other"))
        .write("notes.txt", "words\n");
    let output = run(&["map", "--format", "json", "src/app.js"], &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    let map: serde_json::Value = serde_json::from_str(&out(&output)).expect("it is JSON");
    assert_eq!(entry_points(&map), ["GET /x"]);
    let output = run(&["check", "notes.txt"], &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    #[test]
    fn devices_and_pipes_are_never_read() {
        let folder = Folder::empty().write("app.js", EXPRESS);
        let made = Command::new("mkfifo")
            .arg(folder.0.join("pipe.js"))
            .status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "a pipe can be made"
        );
        assert_eq!(entry_points(&map(&folder)), ["GET /x"]);
        for path in ["pipe.js", "/dev/zero", "/dev/null"] {
            let output = run(&["check", path], &folder.0);
            assert_eq!(status(&output), 2, "{path}");
            let complaint = complaint(&output);
            assert!(
                complaint.contains("neither a file nor a folder"),
                "{complaint}"
            );
        }
        let output = run(&["check", "--config", "/dev/zero"], &folder.0);
        assert_eq!(status(&output), 2);
    }

    #[test]
    fn links_that_lead_in_circles_end_with_two_or_are_left_out() {
        let folder = Folder::empty().write("app.js", EXPRESS);
        symlink("again", folder.0.join("again")).expect("a link can be made");
        symlink("two", folder.0.join("one")).expect("a link can be made");
        symlink("one", folder.0.join("two")).expect("a link can be made");
        symlink(".", folder.0.join("here")).expect("a link can be made");
        symlink("/dev/zero", folder.0.join("package.json")).expect("a link can be made");
        assert_eq!(entry_points(&map(&folder)), ["GET /x"]);
        assert_eq!(skipped(&folder), [pair("package.json", "symbolic-link")]);
        let output = run(&["check", "again"], &folder.0);
        assert_eq!(status(&output), 2, "{}", complaint(&output));
        assert!(
            complaint(&output).contains("no link to itself"),
            "{}",
            complaint(&output)
        );
    }

    #[test]
    fn a_configuration_that_leads_out_of_the_tree_is_not_shown() {
        let outside = Folder::empty().write("secret", "password of somebody\n");
        let folder = Folder::empty().write("app.js", EXPRESS);
        symlink(outside.0.join("secret"), folder.0.join("firedoor.toml"))
            .expect("a link can be made");
        let output = run(&["check"], &folder.0);
        let complaint = complaint(&output);
        assert_eq!(status(&output), 2, "{complaint}");
        assert!(complaint.contains("leads out of the tree"), "{complaint}");
        assert!(!complaint.contains("password"), "{complaint}");
    }

    #[test]
    fn what_nobody_may_read_is_told() {
        let folder = Folder::empty()
            .write("app.js", EXPRESS)
            .write("closed.js", EXPRESS)
            .write("folder/a.js", EXPRESS);
        for name in ["closed.js", "folder"] {
            let closed = std::fs::Permissions::from_mode(0o000);
            std::fs::set_permissions(folder.0.join(name), closed).expect("it is ours");
        }
        // Some users, such as those of containers, may read everything.
        let is_closed = std::fs::File::open(folder.0.join("closed.js")).is_err();
        let found = skipped(&folder);
        let output = run(&["check", "folder"], &folder.0);
        let open = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(folder.0.join("folder"), open).expect("it is ours");
        if is_closed {
            assert_eq!(
                found,
                [
                    pair("closed.js", "unreadable"),
                    pair("folder", "unreadable")
                ]
            );
            assert_eq!(status(&output), 2);
        }
    }
}
