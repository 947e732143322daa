//! Paths, lists and descriptions of plain files.
