//! Nodes back to the wire, in either form.
//!
//! | function | gives |
//! |---|---|
//! | [`span::resource_spans`] | OTLP, of spans as they came and of X-Ray documents translated |
//! | [`flat::spans`] | the same as one flat JSON object a span, as CloudWatch keeps spans |
//! | [`segment::documents`] | X-Ray documents of spans, nested as X-Ray gives them back |
//! | [`segment::document`] | an X-Ray document from the nodes it was read into |
//!
//! What one side has no word for is kept where the other side keeps such things: `aws.xray.*` attributes in OTLP,
//! the metadata namespaces `otel` and `otel.events` in X-Ray. Documents that are stored are given back as they came;
//! they are not made by this module.

mod attributes;
pub(crate) mod block;
pub(crate) mod cause;
pub mod flat;
pub(crate) mod object;
pub mod segment;
pub mod span;
