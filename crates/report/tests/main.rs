//! All tests of this crate in one program, since each program is linked with everything.

mod canonical;
mod clean;
mod contract;
mod dates;
mod formats;
mod github_commands;
mod history;
mod html;
mod html_markup;
mod junit_markup;
mod markdown_markup;
mod plan;
mod sarif;
mod sarif_uri;
mod shell;
mod text_wrap;
mod words_check;
mod words_value;
