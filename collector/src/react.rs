//! What the collector does of its own accord when what is kept changes.

pub mod insights;
