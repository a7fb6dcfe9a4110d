//! The format of the files as a JSON Schema, for editors.
