//! A commit against its checkout.

use firedoor_history::Repository;
use firedoor_source::FileSet;
use firedoor_testkit::{Folder, git};
use globset::GlobSet;

use crate::tree::read_tree;

/// Everything that decides which files of a tree count.
fn intricate() -> Folder {
    let folder = Folder::empty()
        .write(".gitignore", "/generated/\n*.log.js\n!kept.log.js\n")
        .write("generated/routes.js", "app.get('/generated')")
        .write("a.log.js", "1")
        .write("kept.log.js", "2")
        .write("deep/.gitignore", "local.js\n")
        .write("deep/local.js", "3")
        .write("deep/shared.js", "4")
        .write("node_modules/x/index.js", "5")
        .write(".hidden/x.js", "6")
        .write(".env.example", "KEY=")
        .write("env/pyvenv.cfg", "home = x")
        .write("env/lib.py", "7")
        .write("logo.png", [0x89, b'P', 0])
        .write("binary.js", [b'x', 0, b'y'])
        .write("latin.py", b"x = '\xe4'".as_slice())
        .write("utf16.py", b"\xff\xfex\0".as_slice())
        .write("big.js", "x;\n".repeat(1_000_000))
        .write("bundle.js", "function a(b){return c(b)};".repeat(400))
        .write("data/large.json", "1".repeat(300_000))
        .write("n\u{e4}me/\u{fc}.ts", "8");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink("app.js", folder.0.join("link.js")).expect("a link can be made");
        symlink("../outside.js", folder.0.join("out.js")).expect("a link can be made");
        symlink(".", folder.0.join("loop")).expect("a link can be made");
    }
    folder
}

#[test]
fn a_commit_is_read_as_its_checkout_is() {
    let folder = intricate();
    git(&folder.0, &["init", "--quiet"]);
    git(&folder.0, &["add", "--all", "--force"]);
    git(&folder.0, &["commit", "--quiet", "--message", "All"]);
    let checkout = Folder::empty();
    let (from, to) = (folder.0.to_string_lossy(), checkout.0.to_string_lossy());
    git(&folder.0, &["clone", "--quiet", &from, &to]);
    for tree in [checkout.0.clone(), checkout.0.join("deep")] {
        let repository = Repository::open(&tree).expect("it is a repository");
        let head = repository.commit("HEAD").expect("it has a commit");
        let nothing = GlobSet::empty();
        let committed = repository.files(head, &nothing).expect("it is whole");
        let on_disk = read_tree(&tree, &nothing, true).expect("it can be read");
        assert!(!on_disk.is_empty());
        assert_eq!(texts(&committed), texts(&on_disk));
        assert_eq!(committed.skipped, on_disk.skipped);
    }
}

fn texts(files: &FileSet) -> Vec<(&str, &str)> {
    files
        .iter()
        .map(|(_, file)| (file.path.as_str(), &*file.text))
        .collect()
}

#[test]
fn ends_are_read_alike_if_texts_and_settings_are() {
    let end = |text: &str, disabled: &[&str]| {
        let mut configuration = crate::configuration::Configuration::default();
        let rules = disabled.iter().map(|rule| (*rule).to_owned());
        configuration.options.disabled_rules = rules.collect();
        super::End {
            name: String::from(text),
            commit: None,
            files: FileSet::new([(String::from("app.js"), text.into())]),
            configuration,
        }
    };
    let before = end("app.get('/a', show)", &[]);
    assert!(before.is_read_alike(&end("app.get('/a', show)", &[])));
    assert!(!before.is_read_alike(&end("app.get('/b', show)", &[])));
    assert!(!before.is_read_alike(&end("app.get('/a', show)", &["docs-exposed"])));
}
