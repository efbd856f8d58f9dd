//! schema_files
