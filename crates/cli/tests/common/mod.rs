//! The program, run in the folder of a test.
#![allow(dead_code, missing_docs)]

use std::path::Path;
use std::process::{Command, Output};

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
