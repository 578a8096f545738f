//! The program, run in the folder of a test.
#![allow(dead_code, missing_docs)]

use std::path::Path;
use std::process::{Command, Output};

use firedoor_testkit::Folder;

pub fn run(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("the program starts")
}

pub fn status(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the result is UTF-8")
}

pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Returns file and reason of what was left out of the tree in `folder`.
pub fn skipped(folder: &Folder) -> Vec<(String, String)> {
    let output = run(&["map", "--format", "json"], &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    let map: serde_json::Value = serde_json::from_str(&out(&output)).expect("it is JSON");
    let skipped = map["skipped"].as_array().expect("it is a list");
    skipped
        .iter()
        .map(|part| {
            let text = |key: &str| part[key].as_str().unwrap_or("").to_owned();
            (text("file"), text("reason"))
        })
        .collect()
}

pub fn pair(file: &str, reason: &str) -> (String, String) {
    (file.to_owned(), reason.to_owned())
}
