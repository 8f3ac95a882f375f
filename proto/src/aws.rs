//! What the generated AWS shapes are made of: services, operations, shapes, and the check of a request against them.
//!
//! A request is a JSON document, whatever protocol it came by: each protocol turns its bytes into one with the help of
//! the shape, [`admit`] holds it against the shape as AWS does, and serde makes the typed request of it. That way one
//! set of types and one check serve rest-json, JSON, query and CBOR.

mod admit;
mod seconds;
mod shape;

pub use admit::{Rejection, admit};
pub use seconds::Seconds;
pub use shape::{ErrorShape, Length, Member, Operation, Protocol, Range, Service, Shape, Structure};

/// A typed request.
pub trait Input: serde::de::DeserializeOwned {
    /// What AWS demands of it.
    const SHAPE: &'static Structure;

    /// The request in a document, if it is what AWS would accept.
    fn from_document(document: serde_json::Value) -> Result<Self, Rejection> {
        let admitted = admit(Self::SHAPE, document)?;
        serde_json::from_value(admitted).map_err(|error| Rejection::Malformed(error.to_string()))
    }
}
