//! The firedoor program.

fn main() {}
