//! Log events: kept, sealed, merged, found, forgotten.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod bounds;
mod damage;
#[cfg(feature = "rocks")]
mod disk;
mod encrypted;
mod forgetting;
mod groups;
mod history;
mod records;
mod traces;
mod world;
