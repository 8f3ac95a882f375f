//! Where segments go: to X-Ray, or as spans to CloudWatch Logs.

use beamline_proto::generated::xray::{
    GetTraceSegmentDestinationRequest, GetTraceSegmentDestinationResult, TraceSegmentDestination,
    TraceSegmentDestinationStatus, UpdateTraceSegmentDestinationRequest, UpdateTraceSegmentDestinationResult,
};
use beamline_store::ObjectKind;
use serde::{Deserialize, Serialize};

use super::{Call, kept};
use crate::fault::Fault;

/// The name of the setting.
const SETTING: &str = "trace-segment-destination";

/// What is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    destination: TraceSegmentDestination,
    /// The key that the log group of spans is to be made with.
    key: Option<String>,
}

impl Default for Kept {
    /// What an account has to begin with.
    fn default() -> Self {
        Self {
            destination: TraceSegmentDestination::XRay,
            key: None,
        }
    }
}

pub(super) fn get(
    call: &Call,
    _: GetTraceSegmentDestinationRequest,
) -> Result<GetTraceSegmentDestinationResult, Fault> {
    Ok(GetTraceSegmentDestinationResult {
        destination: Some(kept(call)?.destination),
        status: Some(TraceSegmentDestinationStatus::Active),
    })
}

/// A change is pending in the answer to it and active from then on.
pub(super) fn update(
    call: &Call,
    request: UpdateTraceSegmentDestinationRequest,
) -> Result<UpdateTraceSegmentDestinationResult, Fault> {
    let before = kept(call)?;
    let destination = request.destination.unwrap_or(before.destination);
    let configuration = request.cloud_watch_logs_configuration;
    if configuration.is_some() && destination != TraceSegmentDestination::CloudWatchLogs {
        let message = "CloudWatchLogsConfiguration needs the Destination CloudWatchLogs";
        return Err(Fault::invalid(message));
    }
    let key = configuration.and_then(|configuration| configuration.spans_log_group_kms_key_id);
    if key.as_deref().is_some_and(|key| !is_key_arn(key)) {
        return Err(Fault::invalid("SpansLogGroupKmsKeyId must be the ARN of a key"));
    }
    let mut status = TraceSegmentDestinationStatus::Active;
    if destination != before.destination {
        status = TraceSegmentDestinationStatus::Pending;
    }
    let after = Kept {
        destination,
        key: key.or_else(|| before.key.clone()),
    };
    if after != before {
        kept::set(call, ObjectKind::Setting, SETTING, &after)?;
    }
    Ok(UpdateTraceSegmentDestinationResult {
        destination: Some(destination),
        status: Some(status),
    })
}

/// `arn:aws:kms:us-east-1:123456789012:key/…`. Ids alone and aliases are not supported, says the service model.
fn is_key_arn(key: &str) -> bool {
    let parts: Vec<&str> = key.splitn(6, ':').collect();
    matches!(parts[..], ["arn", _, "kms", region, account, resource]
        if !region.is_empty() && !account.is_empty() && resource.strip_prefix("key/").is_some_and(|id| !id.is_empty()))
}

fn kept(call: &Call) -> Result<Kept, Fault> {
    let kept = kept::read(call, ObjectKind::Setting, SETTING)?;
    Ok(kept.map(|(kept, _)| kept).unwrap_or_default())
}
