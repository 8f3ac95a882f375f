//! What is measured: series, their points, and what follows from them.
//!
//! | module | question it answers |
//! |---|---|
//! | [`descriptor`] | which series a point belongs to: everything that is said beside the points themselves |
//! | [`point`] | what was measured, without loss, whatever kind it is |
//! | [`walk`] | which points an OTLP request holds, and which of them are acceptable |
//! | [`request`] | how points are said in OTLP again |
//! | [`series`] | what the points of a series add up to, period by period |
//! | [`distribution`] | counts, sums and percentiles that merge |
//! | [`statistic`] | the statistics that can be asked for, by name |

pub mod descriptor;
pub mod distribution;
mod form;
pub mod point;
pub mod request;
pub mod series;
pub mod statistic;
pub mod unit;
pub mod walk;

pub use descriptor::{Descriptor, Facts, Kind, Label, Origin, Temporality};
pub use distribution::Distribution;
pub use point::{Buckets, Exemplar, Exponential, Histogram, Number, Point, PointValue, Statistics, Summary};
pub use statistic::Statistic;
pub use unit::Unit;
