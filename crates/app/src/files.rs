//! What is done with files, on the server's disk or in a store of objects.

/// What is done with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileOperation {
    /// It is made, or its contents change; something that is moved or copied there counts too.
    Write,
    /// It is thrown away.
    Delete,
}
