//! Log groups, streams and events.

use beamline_model::id::SpanId;
use beamline_model::log::LogClass;
use beamline_proto::query as pb;
use beamline_store::api::log::LogStream;

use super::time;
use crate::logs::{Event, Group};
use crate::source::Owner;

pub(in super::super) fn log_group(group: &Group, owner: &Owner) -> pb::LogGroup {
    let kept = match group {
        Group::Kept(kept) => Some(kept),
        Group::Spans => None,
    };
    let class = kept.map(|kept| kept.class).unwrap_or_default();
    pb::LogGroup {
        name: group.name().to_owned(),
        created: kept.map(|kept| time(kept.created)),
        arn: arn(owner, group.name()),
        retention_days: kept
            .and_then(|kept| kept.retention)
            .map_or(0, |retention| u32::from(retention.days())),
        class: class_name(class).to_owned(),
        r#virtual: kept.is_none(),
    }
}

/// AWS's word for a class.
fn class_name(class: LogClass) -> &'static str {
    match class {
        LogClass::Standard => "STANDARD",
        LogClass::InfrequentAccess => "INFREQUENT_ACCESS",
        LogClass::Delivery => "DELIVERY",
        LogClass::Essentials => "ESSENTIALS",
    }
}

fn arn(owner: &Owner, group: &str) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{group}", owner.region, owner.account)
}

pub(in super::super) fn log_stream(stream: &LogStream, group: &str, owner: &Owner) -> pb::LogStream {
    pb::LogStream {
        name: stream.name.as_str().to_owned(),
        created: Some(time(stream.created)),
        first_event: stream.first_event.map(time),
        last_event: stream.last_event.map(time),
        last_received: stream.last_ingestion.map(time),
        arn: format!("{}:log-stream:{}", arn(owner, group), stream.name.as_str()),
    }
}

pub(in super::super) fn log_event(event: &Event, documents: bool) -> pb::LogEvent {
    let mention = event.mentions().into_iter().next();
    let brief = event.brief();
    let document = event.document().filter(|_| documents);
    pb::LogEvent {
        id: event.id(),
        group: event.group().to_owned(),
        stream: event.stream().to_owned(),
        time: Some(time(event.time())),
        received: Some(time(event.received())),
        message: event.message().into_owned(),
        text: brief.as_ref().map(|brief| brief.text.to_string()).unwrap_or_default(),
        severity_number: brief.as_ref().map_or(0, |brief| u32::from(brief.severity)),
        severity_text: brief
            .as_ref()
            .map(|brief| brief.severity_text.to_string())
            .unwrap_or_default(),
        trace_id: mention.map(|mention| mention.trace.to_string()).unwrap_or_default(),
        span_id: mention
            .and_then(|mention| mention.span)
            .map(|span: SpanId| span.to_string())
            .unwrap_or_default(),
        document: document.map(|(context, record)| pb::LogDocument {
            context: context.to_vec(),
            record: record.to_vec(),
        }),
    }
}
