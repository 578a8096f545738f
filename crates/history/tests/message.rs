//! What messages of commits say.

use firedoor_history::for_tests::{name, person, trailers};

fn of(message: &str) -> (Option<String>, String) {
    let name = name(message);
    (name.number, name.title)
}

#[test]
fn the_forms_of_hosts_are_read() {
    for (message, number, title) in [
        (
            "Merge pull request #12 from a/b\n\nAdd the menu\n",
            "#12",
            "Add the menu",
        ),
        (
            "Merge pull request #8: Administration",
            "#8",
            "Administration",
        ),
        (
            "Merge pull request #3 from a/b",
            "#3",
            "Merge pull request #3 from a/b",
        ),
        ("Add the menu (#7)", "#7", "Add the menu"),
        (
            "Revert \"Add the menu (#7)\" (#9)\n\nno",
            "#9",
            "Revert \"Add the menu (#7)\"",
        ),
        (
            "Merged in menu (pull request #4)\n\nAdd the menu",
            "#4",
            "Add the menu",
        ),
        ("Merged PR 5: Add the menu", "#5", "Add the menu"),
        (
            "Merge branch 'menu' into 'main'\n\nAdd the menu\n\nSee merge request kitchen/menu!31",
            "!31",
            "Add the menu",
        ),
        (
            "Merge branch 'x'\n\nSee merge request a/b!2",
            "!2",
            "Merge branch 'x'",
        ),
    ] {
        assert_eq!(of(message), (Some(number.to_owned()), title.to_owned()));
    }
}

#[test]
fn others_have_no_number() {
    for message in [
        "Merge branch 'main' into menu",
        "Fixes (#a)",
        "Merge pull request # from",
        "Add (#1) and (#2) things",
        "",
        "x (#99999999999999999999)",
    ] {
        assert_eq!(of(message).0, None, "{message}");
    }
}

#[test]
fn trailers_are_found_between_other_lines() {
    let message = "Squash (#3)\n\n* one\n\nCo-authored-by: A B <a@example.org>\n\n* two: three\n\
                   Generated-by: tool 1.2\nnot a key: x\n";
    let found: Vec<(&str, &str)> = trailers(message).map(|it| (it.key, it.value)).collect();
    assert_eq!(
        found,
        [
            ("Co-authored-by", "A B <a@example.org>"),
            ("Generated-by", "tool 1.2")
        ]
    );
    assert_eq!(person("A B <a@example.org>"), ("A B", "a@example.org"));
    assert_eq!(person("tool 1.2"), ("tool 1.2", ""));
    assert_eq!(person("x <y"), ("x", "y"));
}
