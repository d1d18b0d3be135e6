//! The file: chunks in, file out; and back by range.
