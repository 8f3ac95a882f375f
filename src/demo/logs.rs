//! What the services log: OpenTelemetry's log records, in the spans that they are from, and some that are from none.

use beamline_model::time::Timestamp;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};

use super::otlp::{int, nanos, resource, text};
use super::span::{Api, Doing, Outcome, Reports, Service, Span, Story};

/// W3C's "sampled".
const SAMPLED: u32 = 1;

/// The request in which the services that these spans enter log their part of the story.
pub(crate) fn request(story: &Story, entries: &[&Span]) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: entries.iter().map(|entry| of_service(story, entry)).collect(),
    }
}

fn of_service(story: &Story, entry: &Span) -> ResourceLogs {
    let mut records = vec![received(story, entry)];
    gather(story, entry, &mut records);
    records.extend(housekeeping(entry));
    let service = entry.service;
    let scope = InstrumentationScope {
        name: format!("shop.{}", service.name()),
        ..Default::default()
    };
    ResourceLogs {
        resource: Some(resource(service)),
        scope_logs: vec![ScopeLogs {
            scope: Some(scope),
            log_records: records,
            schema_url: String::new(),
        }],
        schema_url: "https://opentelemetry.io/schemas/1.37.0".to_owned(),
    }
}

/// Whether a service's logger knows of traces. That of the oldest service does not, as in every shop.
fn knows_traces(service: Service) -> bool {
    service.reports() != Reports::AnnouncedSegments
}

fn received(story: &Story, entry: &Span) -> LogRecord {
    let said = match &entry.doing {
        Doing::Serving { method, path } => format!("{method} {path}"),
        _ => "took a message".to_owned(),
    };
    record(
        story,
        entry,
        entry.start.plus(150_000),
        SeverityNumber::Info,
        said,
        Vec::new(),
    )
}

/// What is worth a line in a span and what the service did in it.
fn gather(story: &Story, span: &Span, into: &mut Vec<LogRecord>) {
    into.extend(told(story, span));
    let own = |it: &&Span| it.parent == Some(span.id) && !it.doing.enters_service();
    for child in story.spans.iter().filter(own) {
        gather(story, child, into);
    }
    if let Some((kind, message)) = &span.exception {
        let attributes = vec![text("exception.type", kind), text("exception.message", message)];
        let said = format!("{kind}: {message}");
        into.push(record(story, span, span.end, SeverityNumber::Error, said, attributes));
    }
}

fn told(story: &Story, span: &Span) -> Option<LogRecord> {
    let millis = span.end.since(span.start) / 1_000_000;
    let status = span.outcome.status();
    let (severity, said, attributes) = match &span.doing {
        Doing::Querying { statement } if millis > 40 => {
            let attributes = vec![int("db.duration_ms", i64::try_from(millis).unwrap_or(i64::MAX))];
            let said = format!("slow query: {statement} took {millis} ms");
            (SeverityNumber::Warn, said, attributes)
        }
        Doing::Aws { operation, retries, .. } if *retries > 0 => {
            let said = format!("{operation} was tried {} times", retries + 1);
            (SeverityNumber::Warn, said, vec![int("retries", i64::from(*retries))])
        }
        Doing::Aws { api: Api::Queue, .. } => (SeverityNumber::Info, "shipment is due".to_owned(), Vec::new()),
        Doing::Calling {
            host, traced: false, ..
        } if span.outcome != Outcome::Fine => {
            let said = format!("{host} answered {status}");
            (
                SeverityNumber::Warn,
                said,
                vec![int("http.response.status_code", i64::from(status))],
            )
        }
        Doing::Working {
            name: "check for fraud",
        } => (SeverityNumber::Debug, "no sign of fraud".to_owned(), Vec::new()),
        _ => return None,
    };
    Some(record(story, span, span.end, severity, said, attributes))
}

/// Now and then something is logged that no request asked for.
fn housekeeping(entry: &Span) -> Option<LogRecord> {
    entry.id.is_multiple_of(23).then(|| LogRecord {
        time_unix_nano: nanos(entry.start.plus(400_000)),
        observed_time_unix_nano: nanos(entry.start.plus(500_000)),
        severity_number: SeverityNumber::Info.into(),
        severity_text: "INFO".to_owned(),
        body: body(format!("cache swept, {} entries left", 100 + entry.id % 900)),
        ..Default::default()
    })
}

fn record(
    story: &Story,
    span: &Span,
    time: Timestamp,
    severity: SeverityNumber,
    said: String,
    attributes: Vec<KeyValue>,
) -> LogRecord {
    let knows = knows_traces(span.service);
    LogRecord {
        time_unix_nano: nanos(time),
        observed_time_unix_nano: nanos(time.plus(100_000)),
        severity_number: severity.into(),
        severity_text: severity_text(severity).to_owned(),
        body: body(said),
        attributes,
        flags: if knows { SAMPLED } else { 0 },
        trace_id: if knows {
            story.trace.to_be_bytes().to_vec()
        } else {
            Vec::new()
        },
        span_id: if knows {
            span.id.to_be_bytes().to_vec()
        } else {
            Vec::new()
        },
        ..Default::default()
    }
}

fn severity_text(severity: SeverityNumber) -> &'static str {
    match severity {
        SeverityNumber::Debug => "DEBUG",
        SeverityNumber::Warn => "WARN",
        SeverityNumber::Error => "ERROR",
        _ => "INFO",
    }
}

fn body(said: String) -> Option<AnyValue> {
    Some(AnyValue {
        value: Some(Any::StringValue(said)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::story::visit;

    fn records() -> Vec<(Service, LogRecord)> {
        let start = Timestamp::from_seconds(1_790_000_000);
        let stories = (0..2_000).flat_map(|n| visit(n, start.plus(n as i64 * 7_000_000_000)));
        let mut records = Vec::new();
        for story in stories {
            for entry in story.spans.iter().filter(|span| span.doing.enters_service()) {
                let request = request(&story, &[entry]);
                let of_entry = request.resource_logs.into_iter().flat_map(|it| it.scope_logs);
                records.extend(
                    of_entry
                        .flat_map(|it| it.log_records)
                        .map(|record| (entry.service, record)),
                );
            }
        }
        records
    }

    #[test]
    fn every_service_logs_and_all_but_one_name_their_traces() {
        let records = records();
        for service in [
            Service::Storefront,
            Service::Checkout,
            Service::Payments,
            Service::Orders,
            Service::Inventory,
            Service::Shipping,
        ] {
            let of_service = || records.iter().filter(|(it, _)| *it == service);
            assert!(of_service().count() > 50, "{service:?}");
            let named = of_service().filter(|(_, record)| record.trace_id.len() == 16).count();
            assert_eq!(named > 0, service != Service::Payments, "{service:?}");
            assert!(
                of_service().any(|(_, record)| record.trace_id.is_empty()),
                "{service:?}"
            );
        }
        for severity in ["DEBUG", "INFO", "WARN", "ERROR"] {
            assert!(
                records.iter().any(|(_, record)| record.severity_text == severity),
                "{severity}"
            );
        }
    }
}
