//! The gRPC API, `beamline.query.v1`.
//!
//! It turns messages into requests, calls the functions of this crate on threads that may block, and turns what they
//! give into messages. Errors become statuses in one place.
//!
//! | file | what it does |
//! |---|---|
//! | `desk` | what all services share |
//! | `caller` | whose data a caller may see |
//! | `grpc` | one method per call of `Query` |
//! | `trace` | one trace, with what goes with it |
//! | `logs`, `metrics` | the services of these names |
//! | `request` | messages into requests, with every mistake named by its field |
//! | `render` | answers into messages |
//! | `sampling` | both, for sampling rules |
//! | `stream` | search and tail, bit by bit |
//! | `paged` | other reads, page by page |
//! | `pool` | threads that may block, and deadlines |
//! | `fault` | errors into statuses |

mod caller;
mod desk;
mod fault;
mod grpc;
mod logs;
mod metrics;
mod paged;
mod pool;
mod render;
mod request;
mod sampling;
mod stream;
mod trace;

use std::collections::BTreeMap;

use beamline_model::time::Timestamp;
use beamline_proto::query::FILE_DESCRIPTOR_SET;
use beamline_proto::query::logs_server::LogsServer;
use beamline_proto::query::metrics_server::MetricsServer;
use beamline_proto::query::query_server::QueryServer;
use beamline_store::api::Account;
use tonic::service::Routes;

pub use caller::Caller;
pub use grpc::QueryService;
pub use pool::PoolConfig;

use logs::LogsService;
use metrics::MetricsService;

/// What the process around the API knows of itself.
pub trait Operations: Send + Sync {
    /// How it is, with at most so many of the inputs that were refused last.
    fn status(&self, rejected: usize) -> Status;

    /// How the sampling rules of an account are used lately.
    fn sampling(&self, account: Account, now: Timestamp) -> SamplingUse;
}

/// How sampling rules are used lately.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SamplingUse {
    /// From when on reports of clients are counted.
    pub since: Timestamp,
    /// When any rule was made, changed or removed last; the epoch if that never happened.
    pub changed: Timestamp,
    /// By the name of the rule; rules that nobody reported about may be left out.
    pub rules: BTreeMap<String, RuleUse>,
}

/// How one sampling rule is used lately.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RuleUse {
    /// Clients that reported.
    pub clients: u64,
    /// Requests per second that they may keep for sure, together.
    pub leased: u64,
    /// Requests that fell under it, as reported.
    pub requests: u64,
    /// Sampled ones.
    pub sampled: u64,
    /// Ones sampled without a grant.
    pub borrowed: u64,
    /// The raised rate, while failures go unseen.
    pub boosted_rate: Option<f64>,
}

/// How a server is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Version of Beamline.
    pub version: String,
    /// When it was started.
    pub started: Timestamp,
    /// Whether it takes in data.
    pub ready: bool,
    /// Sizes and counters by name with labels.
    pub figures: Vec<(String, f64)>,
    /// What was refused lately, latest first.
    pub rejected: Vec<Rejected>,
}

/// An input that was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// When.
    pub time: Timestamp,
    /// By which receiver.
    pub receiver: String,
    /// Why, as counted.
    pub reason: String,
    /// What exactly is wrong with it.
    pub message: String,
    /// Its beginning.
    pub excerpt: Vec<u8>,
}

/// The query API with its services for logs and metrics, reflection and health, to be mounted beside others or served by itself.
pub async fn routes(service: QueryService) -> Routes {
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .expect("the descriptors are those that this program was generated from");
    // It answers whenever it can be reached, so it is serving from the moment it is mounted.
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<QueryServer<QueryService>>().await;
    reporter.set_serving::<LogsServer<LogsService>>().await;
    reporter.set_serving::<MetricsServer<MetricsService>>().await;
    let desk = service.desk.clone();
    Routes::new(QueryServer::new(service))
        .add_service(LogsServer::new(LogsService::new(desk.clone())))
        .add_service(MetricsServer::new(MetricsService::new(desk)))
        .add_service(health)
        .add_service(reflection)
}
