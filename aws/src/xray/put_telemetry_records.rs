//! `PutTelemetryRecords`: what X-Ray daemons tell about themselves.

use beamline_collector::telemetry::DaemonCounts;
use beamline_proto::generated::xray::{PutTelemetryRecordsRequest, PutTelemetryRecordsResult, TelemetryRecord};

use super::Call;
use crate::fault::Fault;

pub(super) fn run(call: &Call, request: PutTelemetryRecordsRequest) -> Result<PutTelemetryRecordsResult, Fault> {
    // Daemons in local mode send empty texts.
    let names = [request.hostname, request.ec2_instance_id];
    let host = names
        .into_iter()
        .flatten()
        .find(|name| !name.is_empty())
        .unwrap_or_default();
    let records: Vec<DaemonCounts> = request.telemetry_records.iter().map(counts).collect();
    call.collector.daemons.put(&host, &records, call.store.stamp());
    Ok(PutTelemetryRecordsResult {})
}

fn counts(record: &TelemetryRecord) -> DaemonCounts {
    let count = |count: Option<i32>| u64::try_from(count.unwrap_or_default()).unwrap_or_default();
    let errors = record.backend_connection_errors.as_ref();
    let failed = errors.map(|errors| {
        let kinds = [
            errors.timeout_count,
            errors.connection_refused_count,
            errors.http_code_4xx_count,
            errors.http_code_5xx_count,
            errors.unknown_host_count,
            errors.other_count,
        ];
        kinds.into_iter().map(count).sum()
    });
    DaemonCounts {
        received: count(record.segments_received_count),
        sent: count(record.segments_sent_count),
        spilled: count(record.segments_spillover_count),
        rejected: count(record.segments_rejected_count),
        failed: failed.unwrap_or_default(),
    }
}
