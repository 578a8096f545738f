//! How far a map can be believed: guards that are removed must be missed, and a running instance must answer as its map says.
