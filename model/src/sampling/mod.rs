//! Which requests are kept: X-Ray's sampling rules as arithmetic.
//!
//! Everything here is a pure function or a small state that is given `now`; who asks, how rules are stored and what is
//! answered on the wire is none of its business.
//!
//! | module | question it answers |
//! |---|---|
//! | [`rule`], [`record`] | what a rule is, and what makes one wrong; when it was made |
//! | [`glob`], [`matching`] | which rule a request falls under |
//! | [`decide`] | is this request kept, and how many does it stand for |
//! | [`quota`] | how a rule's reservoir is shared between the clients that sample |
//! | [`boost`] | when a rule samples more for a minute, because failures go unseen |
//! | [`window`] | how much each rule saw and kept lately |
//! | [`simulate`] | what rules would have kept of requests that were seen |
//! | [`jaeger`] | what rules mean to clients that ask Jaeger's way |

pub mod boost;
pub mod decide;
pub mod glob;
pub mod jaeger;
pub mod matching;
pub mod quota;
pub mod record;
pub mod rule;
pub mod simulate;
pub mod window;
