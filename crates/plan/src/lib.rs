//! Design documents: which decisions about security they make, which they leave open, and what the code owes them.
