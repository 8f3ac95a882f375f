//! X-Ray: one file for each operation or small family of operations.
//!
//! Each operation is a function from its typed request to its typed reply. What it does is done by collector, query and
//! store; what is decided here is only how that is said in X-Ray's words.

mod encryption;
mod groups;
mod tags;
mod token;

use std::sync::Arc;

use axum::response::Response;
use beamline_proto::aws::{Input, Operation};
use beamline_proto::generated::xray::SERVICE;
use beamline_store::Store;
use beamline_store::api::Account;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::caller::Caller;
use crate::fault::Fault;
use crate::protocol::rest_json;

/// So many operations read or write the store at once; others wait for their turn.
const AT_ONCE: usize = 32;

/// The operations that have behaviour, and where it differs from AWS's on purpose.
pub(crate) static IMPLEMENTED: &[(&str, &[&str])] = &[
    (
        "CreateGroup",
        &[
            "1,000 groups instead of 25",
            "an empty `FilterExpression` counts as none",
        ],
    ),
    ("DeleteGroup", &[]),
    (
        "GetEncryptionConfig",
        &["always `NONE`: encryption at rest is the disk's business"],
    ),
    ("GetGroup", &[]),
    ("GetGroups", &[]),
    ("ListTagsForResource", &[]),
    ("TagResource", &[]),
    ("UntagResource", &[]),
    (
        "UpdateGroup",
        &[
            "a changed expression applies to past traces too",
            "an empty `FilterExpression` removes it",
        ],
    ),
];

/// What the operations work on.
pub(crate) struct Xray {
    store: Arc<Store>,
    strict: bool,
    turns: Arc<Semaphore>,
}

/// What one request works on, and for whom.
#[derive(Clone)]
struct Call {
    store: Arc<Store>,
    strict: bool,
    caller: Caller,
    account: Account,
}

impl Xray {
    pub(crate) fn new(store: Arc<Store>, strict: bool) -> Self {
        Self {
            store,
            strict,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Answers one request.
    pub(crate) async fn call(
        &self,
        operation: &Operation,
        caller: &Caller,
        document: Value,
    ) -> Result<Response, Fault> {
        match operation.name {
            "CreateGroup" => self.run(caller, document, groups::create).await,
            "DeleteGroup" => self.run(caller, document, groups::delete).await,
            "GetEncryptionConfig" => self.run(caller, document, encryption::get).await,
            "GetGroup" => self.run(caller, document, groups::get).await,
            "GetGroups" => self.run(caller, document, groups::list).await,
            "ListTagsForResource" => self.run(caller, document, tags::list).await,
            "TagResource" => self.run(caller, document, tags::add).await,
            "UntagResource" => self.run(caller, document, tags::remove).await,
            "UpdateGroup" => self.run(caller, document, groups::update).await,
            _ => Err(Fault::not_implemented(&SERVICE, operation)),
        }
    }

    /// Runs an operation that reads or writes the store, on a thread that may wait.
    async fn run<I, O>(
        &self,
        caller: &Caller,
        document: Value,
        operation: fn(&Call, I) -> Result<O, Fault>,
    ) -> Result<Response, Fault>
    where
        I: Input + 'static,
        O: Serialize + 'static,
    {
        let store = Arc::clone(&self.store);
        let (strict, caller) = (self.strict, caller.clone());
        self.blocking(move || {
            let request = I::from_document(document)?;
            let account = store.account(&caller.account, &caller.region)?;
            let call = Call {
                store,
                strict,
                caller,
                account,
            };
            rest_json::reply(&operation(&call, request)?)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| Fault::unavailable("the server is shutting down"))?;
        let span = tracing::Span::current();
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            span.in_scope(work)
        });
        done.await.unwrap_or_else(|error| Err(Fault::internal(&error)))
    }
}

impl Call {
    /// The ARN of a resource of the caller.
    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:xray:{}:{}:{resource}", self.caller.region, self.caller.account)
    }

    /// The resource in an ARN of the caller: `group/shop/1F…` in `arn:aws:xray:us-east-1:123456789012:group/shop/1F…`.
    fn resource<'a>(&self, arn: &'a str) -> Option<&'a str> {
        arn.strip_prefix(&self.arn(""))
    }
}

/// FNV-1a over texts: tells two lists apart.
fn fingerprint<'a>(texts: impl Iterator<Item = &'a str>) -> u64 {
    let bytes = texts.flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// One page of a list that is made anew for each page, and the token of the next.
fn page<T>(
    list: Vec<T>,
    size: usize,
    token: Option<&str>,
    name: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Fault> {
    let names: Vec<String> = list.iter().map(name).collect();
    let shape = fingerprint(names.iter().map(String::as_str));
    let given = match token {
        None => 0,
        Some(token) => match token::to_rows(token)? {
            (given, same) if same == shape => given,
            _ => {
                return Err(Fault::invalid(
                    "the list has changed since NextToken was given; start again without it",
                ));
            }
        },
    };
    let end = given.saturating_add(size);
    let next = (end < list.len()).then(|| token::of_rows(end, shape));
    Ok((list.into_iter().skip(given).take(size).collect(), next))
}
