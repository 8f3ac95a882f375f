//! Log groups, log streams and what a log event says about traces.
//!
//! | module | question it answers |
//! |---|---|
//! | [`name`] | what groups and streams can be called, and how a name that cannot be is made one that can |
//! | [`group`] | what is known of a group: class, how long its events stay |
//! | [`event`] | which event, and in which order |
//! | [`mention`] | which traces and spans an event names |
//! | [`word`] | which words its message has |

pub mod event;
pub mod group;
pub mod mention;
pub mod name;
pub mod word;

pub use event::{BadLogEventId, LogEventId};
pub use group::{LogClass, LogGroup, Retention};
pub use mention::{Mention, Mentions};
pub use name::{BadLogName, LogGroupName, LogStreamName};
