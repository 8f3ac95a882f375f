//! X-Ray segment documents: JSON text, as real SDKs send it.
//!
//! The parser is lenient. A document is refused only if it has no identity or no time; every other flaw is named as an
//! [`Oddity`](crate::node::Oddity) and the document is kept. It never changes a document: what is stored and given back
//! are the bytes that came.
//!
//! | function | when |
//! |---|---|
//! | [`unframe`] | a datagram is a header line, then the body |
//! | [`split`] | a body may be one document or an array of them |
//! | [`head`] | at the door: is it a document, and whose, and when |
//! | [`nodes`] | when it is looked at: the segment and every subsegment in it |

mod block;
mod cause;
mod field;
mod frame;
mod head;
mod nodes;
mod refused;
mod split;

pub use frame::{BadFrame, unframe};
pub use head::{Head, MAX_BYTES, head, head_within};
pub use nodes::{MAX_ANNOTATIONS, nodes};
pub use refused::{RefusalCode, Refused};
pub use split::{MAX_DOCUMENTS, Split, split};
