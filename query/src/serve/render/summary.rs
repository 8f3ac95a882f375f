//! Summaries and causes.

use beamline_model::digest::{CauseEntity, CauseService, Digest, HttpFact, RootCause, ServiceFact};
use beamline_model::lang::trace_filter::ast::CauseKind;
use beamline_model::node::{Flags, Scalar};
use beamline_proto::query as pb;

use super::{length, service_id, time};
use crate::paths::RankedPaths;

pub(in super::super) fn summary(digest: &Digest) -> pb::TraceSummary {
    let indexes = |services: &[u16]| services.iter().copied().map(u32::from).collect();
    let kinds = [
        (CauseKind::Fault, &digest.fault_causes),
        (CauseKind::Error, &digest.error_causes),
        (CauseKind::ResponseTime, &digest.response_time_causes),
    ];
    let of_kind = |(kind, causes): (CauseKind, &Vec<RootCause>)| {
        let causes: Vec<_> = causes.iter().map(|it| cause(kind, it, &digest.services)).collect();
        causes
    };
    let entry = digest.entry.and_then(|entry| digest.services.get(usize::from(entry)));
    pb::TraceSummary {
        trace_id: digest.trace.to_string(),
        revision: digest.revision,
        start: Some(time(digest.start)),
        end: Some(time(digest.end)),
        updated: Some(time(digest.updated)),
        duration: Some(length(digest.duration())),
        response_time: digest.response_time.map(length),
        flags: Some(flags(digest.flags)),
        partial: digest.partial,
        inferred: digest.inferred,
        limit_exceeded: digest.limit_exceeded,
        node_count: digest.nodes,
        weight: f64::from(digest.weight),
        http: http(&digest.http),
        entry_point: entry.map(|entry| service_id(&entry.id)),
        services: digest.services.iter().map(service).collect(),
        annotations: digest
            .annotations
            .iter()
            .map(|fact| pb::TraceAnnotation {
                key: fact.key.clone(),
                value: Some(scalar(&fact.value)),
                services: indexes(&fact.services),
            })
            .collect(),
        users: digest
            .users
            .iter()
            .map(|fact| pb::TraceUser {
                name: fact.name.clone(),
                services: indexes(&fact.services),
            })
            .collect(),
        resource_arns: digest.resource_arns.clone(),
        instance_ids: digest.instance_ids.clone(),
        availability_zones: digest.availability_zones.clone(),
        causes: kinds.into_iter().flat_map(of_kind).collect(),
    }
}

fn service(fact: &ServiceFact) -> pb::TraceService {
    pb::TraceService {
        id: Some(service_id(&fact.id)),
        aliases: fact.aliases.clone(),
        inferred: fact.inferred,
    }
}

pub(super) fn flags(flags: Flags) -> pb::Flags {
    pb::Flags {
        error: flags.error,
        fault: flags.fault,
        throttle: flags.throttle,
    }
}

fn http(http: &HttpFact) -> Option<pb::Http> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    (*http != HttpFact::default()).then(|| pb::Http {
        url: text(&http.url),
        method: text(&http.method),
        status: u32::from(http.status.unwrap_or(0)),
        user_agent: text(&http.user_agent),
        client_ip: text(&http.client_ip),
        content_length: None,
    })
}

pub(super) fn scalar(value: &Scalar<'_>) -> pb::Scalar {
    pb::Scalar {
        value: Some(match value {
            Scalar::Text(text) => pb::scalar::Value::Text(text.to_string()),
            Scalar::Number(number) => pb::scalar::Value::Number(*number),
            Scalar::Bool(truth) => pb::scalar::Value::Truth(*truth),
        }),
    }
}

fn cause_kind(kind: CauseKind) -> pb::CauseKind {
    match kind {
        CauseKind::Fault => pb::CauseKind::Fault,
        CauseKind::Error => pb::CauseKind::Error,
        CauseKind::ResponseTime => pb::CauseKind::ResponseTime,
    }
}

fn cause(kind: CauseKind, cause: &RootCause, services: &[ServiceFact]) -> pb::RootCause {
    let service = |service: &CauseService| {
        let fact = services.get(usize::from(service.service));
        pb::CauseService {
            id: fact.map(|fact| service_id(&fact.id)),
            aliases: fact.map(|fact| fact.aliases.clone()).unwrap_or_default(),
            inferred: service.inferred,
            path: service.path.iter().map(entity).collect(),
        }
    };
    pb::RootCause {
        kind: cause_kind(kind).into(),
        services: cause.services.iter().map(service).collect(),
        client_impacting: cause.client_impacting,
    }
}

fn entity(entity: &CauseEntity) -> pb::CauseEntity {
    let exception = |(name, message): &(String, String)| pb::CauseException {
        name: name.clone(),
        message: message.clone(),
    };
    pb::CauseEntity {
        name: entity.name.clone(),
        remote: entity.remote,
        coverage: f64::from(entity.coverage),
        exceptions: entity.exceptions.iter().map(exception).collect(),
    }
}

pub(in super::super) fn ranked(paths: &RankedPaths) -> pb::GetErrorPathsResponse {
    let causes = paths.causes.iter().map(|ranked| pb::RankedCause {
        cause: Some(cause(ranked.kind, &ranked.cause, &ranked.services)),
        traces: ranked.traces,
        share: ranked.share,
        client_impacting: ranked.client_impacting,
        mean_response_time: ranked.mean_response_time.map(length),
        first: Some(time(ranked.first)),
        last: Some(time(ranked.last)),
        example_trace_ids: ranked.examples.iter().map(ToString::to_string).collect(),
    });
    let shares = paths.critical_path.iter().map(|share| pb::CriticalShare {
        id: Some(service_id(&share.service)),
        traces: share.traces,
        own_time: Some(length(share.own_time)),
        share: share.share,
    });
    pb::GetErrorPathsResponse {
        causes: causes.collect(),
        critical_path: shares.collect(),
        scanned: paths.seen.scanned,
        matched: paths.seen.matched,
        truncated: paths.seen.truncated,
    }
}
