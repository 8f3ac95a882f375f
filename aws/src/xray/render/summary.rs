//! A digest as a `TraceSummary`.

use std::collections::BTreeMap;

use beamline_model::digest::{CauseEntity, CauseService, Digest, HttpFact, RootCause, ServiceFact};
use beamline_model::node::Scalar;
use beamline_model::time::Timestamp;
use beamline_proto::generated::xray::{
    AnnotationValue, AvailabilityZoneDetail, ErrorRootCause, ErrorRootCauseEntity, ErrorRootCauseService,
    FaultRootCause, FaultRootCauseEntity, FaultRootCauseService, Http, InstanceIdDetail, ResourceARNDetail,
    ResponseTimeRootCause, ResponseTimeRootCauseEntity, ResponseTimeRootCauseService, RootCauseException, ServiceId,
    TraceSummary, TraceUser, ValueWithServiceIds,
};

use super::{given, moment, seconds};

/// The summary. `matched` is the moment that put the trace into the range that was asked for, when that was not its
/// start.
pub(crate) fn summary(digest: &Digest, matched: Option<Timestamp>) -> TraceSummary {
    let entry = digest.entry.and_then(|entry| digest.services.get(usize::from(entry)));
    TraceSummary {
        id: Some(digest.trace.to_string()),
        start_time: Some(moment(digest.start)),
        duration: Some(seconds(digest.duration())),
        response_time: digest.response_time.map(seconds),
        has_fault: Some(digest.flags.fault),
        has_error: Some(digest.flags.error),
        has_throttle: Some(digest.flags.throttle),
        is_partial: Some(digest.partial),
        http: Some(http(&digest.http)),
        annotations: Some(annotations(digest)),
        users: Some(users(digest)),
        service_ids: Some(digest.services.iter().map(service_id).collect()),
        resource_arns: Some(each(&digest.resource_arns, |arn| ResourceARNDetail { arn })),
        instance_ids: Some(each(&digest.instance_ids, |id| InstanceIdDetail { id })),
        availability_zones: Some(each(&digest.availability_zones, |name| AvailabilityZoneDetail { name })),
        entry_point: entry.map(service_id),
        fault_root_causes: Some(
            digest
                .fault_causes
                .iter()
                .map(|cause| fault_cause(digest, cause))
                .collect(),
        ),
        error_root_causes: Some(
            digest
                .error_causes
                .iter()
                .map(|cause| error_cause(digest, cause))
                .collect(),
        ),
        response_time_root_causes: Some(
            digest
                .response_time_causes
                .iter()
                .map(|cause| response_time_cause(digest, cause))
                .collect(),
        ),
        revision: Some(i32::try_from(digest.revision).unwrap_or(i32::MAX)),
        matched_event_time: matched.map(moment),
    }
}

fn each<T>(texts: &[String], detail: impl Fn(Option<String>) -> T) -> Vec<T> {
    texts.iter().map(|text| detail(Some(text.clone()))).collect()
}

/// Always an object: readers dereference it without asking.
fn http(http: &HttpFact) -> Http {
    Http {
        http_url: http.url.clone(),
        http_status: http.status.map(i32::from),
        http_method: http.method.clone(),
        user_agent: http.user_agent.clone(),
        client_ip: http.client_ip.clone(),
    }
}

/// The canonical name comes first among the names; a type nobody gave is empty and not absent.
fn service_id(service: &ServiceFact) -> ServiceId {
    ServiceId {
        name: Some(service.id.name.clone()),
        names: Some(names(service)),
        account_id: given(&service.id.account),
        r#type: Some(service.id.kind.clone()),
    }
}

fn names(service: &ServiceFact) -> Vec<String> {
    let aliases = service.aliases.iter().filter(|alias| **alias != service.id.name);
    std::iter::once(&service.id.name).chain(aliases).cloned().collect()
}

fn service_ids(digest: &Digest, services: &[u16]) -> Vec<ServiceId> {
    let known = services
        .iter()
        .filter_map(|&index| digest.services.get(usize::from(index)));
    known.map(service_id).collect()
}

fn annotations(digest: &Digest) -> BTreeMap<String, Vec<ValueWithServiceIds>> {
    let mut annotations: BTreeMap<String, Vec<ValueWithServiceIds>> = BTreeMap::new();
    for fact in &digest.annotations {
        let value = match &fact.value {
            Scalar::Text(text) => AnnotationValue {
                string_value: Some(text.clone().into_owned()),
                ..AnnotationValue::default()
            },
            Scalar::Number(number) => AnnotationValue {
                number_value: Some(*number),
                ..AnnotationValue::default()
            },
            Scalar::Bool(truth) => AnnotationValue {
                boolean_value: Some(*truth),
                ..AnnotationValue::default()
            },
        };
        annotations
            .entry(fact.key.clone())
            .or_default()
            .push(ValueWithServiceIds {
                annotation_value: Some(value),
                service_ids: Some(service_ids(digest, &fact.services)),
            });
    }
    annotations
}

fn users(digest: &Digest) -> Vec<TraceUser> {
    let user = |fact: &beamline_model::digest::UserFact| TraceUser {
        user_name: Some(fact.name.clone()),
        service_ids: Some(service_ids(digest, &fact.services)),
    };
    digest.users.iter().map(user).collect()
}

/// The three kinds of root cause are three shapes that differ in their innermost part only.
macro_rules! root_cause {
    ($cause:ident, $service:ident, $entity:ident, $function:ident, $render:expr) => {
        fn $function(digest: &Digest, cause: &RootCause) -> $cause {
            let service = |cause: &CauseService| {
                let fact = digest.services.get(usize::from(cause.service));
                $service {
                    name: Some(fact.map(|fact| fact.id.name.clone()).unwrap_or_default()),
                    names: Some(fact.map(names).unwrap_or_default()),
                    r#type: Some(fact.map(|fact| fact.id.kind.clone()).unwrap_or_default()),
                    account_id: fact.and_then(|fact| given(&fact.id.account)),
                    entity_path: Some(cause.path.iter().map($render).collect()),
                    inferred: Some(cause.inferred),
                }
            };
            $cause {
                services: Some(cause.services.iter().map(service).collect()),
                client_impacting: Some(cause.client_impacting),
            }
        }
    };
}

root_cause!(
    FaultRootCause,
    FaultRootCauseService,
    FaultRootCauseEntity,
    fault_cause,
    |entity: &CauseEntity| {
        FaultRootCauseEntity {
            name: Some(entity.name.clone()),
            exceptions: Some(exceptions(entity)),
            remote: Some(entity.remote),
        }
    }
);
root_cause!(
    ErrorRootCause,
    ErrorRootCauseService,
    ErrorRootCauseEntity,
    error_cause,
    |entity: &CauseEntity| {
        ErrorRootCauseEntity {
            name: Some(entity.name.clone()),
            exceptions: Some(exceptions(entity)),
            remote: Some(entity.remote),
        }
    }
);
root_cause!(
    ResponseTimeRootCause,
    ResponseTimeRootCauseService,
    ResponseTimeRootCauseEntity,
    response_time_cause,
    |entity: &CauseEntity| ResponseTimeRootCauseEntity {
        name: Some(entity.name.clone()),
        // Through text, so that 0.8 stays 0.8 and does not become 0.800000011920929.
        coverage: Some(entity.coverage.to_string().parse().unwrap_or_default()),
        remote: Some(entity.remote),
    }
);

fn exceptions(entity: &CauseEntity) -> Vec<RootCauseException> {
    let exception = |(name, message): &(String, String)| RootCauseException {
        name: Some(name.clone()),
        message: Some(message.clone()),
    };
    entity.exceptions.iter().map(exception).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use beamline_model::digest::{AnnotationFact, Indexes, UserFact};
    use beamline_model::id::TraceId;
    use serde_json::json;

    fn service(name: &str, kind: &str) -> ServiceFact {
        ServiceFact {
            id: beamline_model::digest::ServiceId {
                name: name.into(),
                kind: kind.into(),
                account: String::new(),
            },
            ..ServiceFact::default()
        }
    }

    fn check(digest: &Digest, matched: Option<Timestamp>, expected: serde_json::Value) {
        let found = serde_json::to_value(summary(digest, matched)).unwrap();
        for (member, expected) in expected.as_object().unwrap() {
            assert_eq!(found.get(member).unwrap_or(&json!("absent")), expected, "{member}");
        }
    }

    fn digest() -> Digest {
        let mut digest = Digest::new(TraceId(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793));
        digest.start = Timestamp(1_465_510_280_000_000_000);
        digest.end = Timestamp(1_465_510_280_300_000_000);
        digest
    }

    #[test]
    fn a_trace_that_says_nothing_still_has_every_member_that_readers_dereference() {
        check(
            &digest(),
            None,
            json!({
                "Id": "1-5759e988-bd862e3fe1be46a994272793", "StartTime": 1_465_510_280.0, "Duration": 0.3, "Http": {},
                "HasFault": false, "HasError": false, "HasThrottle": false, "IsPartial": false, "Revision": 1,
                "Annotations": {}, "Users": [], "ServiceIds": [], "ResourceARNs": [], "InstanceIds": [],
                "AvailabilityZones": [], "FaultRootCauses": [], "ErrorRootCauses": [], "ResponseTimeRootCauses": [],
                "ResponseTime": "absent", "EntryPoint": "absent", "MatchedEventTime": "absent",
            }),
        );
    }

    #[test]
    fn facts_name_their_services() {
        let mut digest = digest();
        digest.services = vec![service("shop", "AWS::EC2::Instance"), service("payments", "")];
        digest.services[1].aliases = vec!["pay.example.com".into(), "payments".into()];
        digest.entry = Some(0);
        digest.response_time = Some(250_000_000);
        digest.users = vec![UserFact {
            name: "alice".into(),
            services: vec![0].into(),
        }];
        let annotation = |key: &str, value, services: Vec<u16>| AnnotationFact {
            key: key.into(),
            value,
            services: services.into(),
            segments: Indexes::new(),
        };
        digest.annotations = vec![
            annotation("age", Scalar::Number(30.0), vec![1]),
            annotation("beta", Scalar::Bool(true), vec![]),
            annotation("tier", Scalar::Text("gold".into()), vec![7]),
        ];
        let shop = json!({"Name": "shop", "Names": ["shop"], "Type": "AWS::EC2::Instance"});
        let payments = json!({"Name": "payments", "Names": ["payments", "pay.example.com"], "Type": ""});
        check(
            &digest,
            Some(Timestamp::from_seconds(7)),
            json!({
                "ResponseTime": 0.25, "MatchedEventTime": 7.0,
                "EntryPoint": shop, "ServiceIds": [shop, payments],
                "Users": [{"UserName": "alice", "ServiceIds": [shop]}],
                "Annotations": {
                    "age": [{"AnnotationValue": {"NumberValue": 30.0}, "ServiceIds": [payments]}],
                    "beta": [{"AnnotationValue": {"BooleanValue": true}, "ServiceIds": []}],
                    "tier": [{"AnnotationValue": {"StringValue": "gold"}, "ServiceIds": []}],
                },
            }),
        );
    }

    #[test]
    fn root_causes_are_paths_from_the_entry_to_the_one_to_blame() {
        let mut digest = digest();
        digest.services = vec![service("GetWeatherData", "AWS::Lambda"), service("GetTemperature", "")];
        let entity = |name: &str, coverage, remote| CauseEntity {
            name: name.into(),
            remote,
            coverage,
            exceptions: vec![],
        };
        let cause = RootCause {
            services: vec![
                CauseService {
                    service: 0,
                    inferred: false,
                    path: vec![
                        entity("GetWeatherData", 1.0, false),
                        entity("get_temperature", 0.8, true),
                    ],
                },
                CauseService {
                    service: 1,
                    inferred: true,
                    path: vec![entity("GetTemperature", 0.7, false)],
                },
            ],
            client_impacting: true,
        };
        digest.response_time_causes = vec![cause.clone()];
        digest.fault_causes = vec![cause];
        digest.fault_causes[0].services[1].path[0].exceptions = vec![("Timeout".into(), "too late".into())];
        check(
            &digest,
            None,
            json!({
                "ResponseTimeRootCauses": [{"Services": [
                    {"Name": "GetWeatherData", "Names": ["GetWeatherData"], "Type": "AWS::Lambda", "Inferred": false,
                     "EntityPath": [{"Name": "GetWeatherData", "Coverage": 1.0, "Remote": false},
                                    {"Name": "get_temperature", "Coverage": 0.8, "Remote": true}]},
                    {"Name": "GetTemperature", "Names": ["GetTemperature"], "Type": "", "Inferred": true,
                     "EntityPath": [{"Name": "GetTemperature", "Coverage": 0.7, "Remote": false}]},
                ], "ClientImpacting": true}],
                "FaultRootCauses": [{"Services": [
                    {"Name": "GetWeatherData", "Names": ["GetWeatherData"], "Type": "AWS::Lambda", "Inferred": false,
                     "EntityPath": [{"Name": "GetWeatherData", "Exceptions": [], "Remote": false},
                                    {"Name": "get_temperature", "Exceptions": [], "Remote": true}]},
                    {"Name": "GetTemperature", "Names": ["GetTemperature"], "Type": "", "Inferred": true,
                     "EntityPath": [{"Name": "GetTemperature",
                                     "Exceptions": [{"Name": "Timeout", "Message": "too late"}], "Remote": false}]},
                ], "ClientImpacting": true}],
            }),
        );
    }
}
