//! Random digests for property tests: few names, so that they meet, and times that are near each other.

use beamline_model::digest::*;
use beamline_model::id::TraceId;
use beamline_model::node::{Flags, Scalar};
use beamline_model::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// The first moment of the hours in which random traces start.
pub(crate) const BEGIN: i64 = 1_795_413_600_000_000_000;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[a-f]", 1 => "\\PC{0,6}"]
}

fn flags() -> impl Strategy<Value = Flags> {
    any::<[bool; 3]>().prop_map(|[error, fault, throttle]| Flags { error, fault, throttle })
}

fn http() -> impl Strategy<Value = HttpFact> {
    (
        option::of(name()),
        option::of(name()),
        option::of(200u16..204),
        option::of(name()),
        option::of(name()),
    )
        .prop_map(|(url, method, status, user_agent, client_ip)| HttpFact {
            url,
            method,
            status,
            user_agent,
            client_ip,
        })
}

fn indexes() -> impl Strategy<Value = Indexes> {
    vec(0u16..4, 0..3).prop_map(Indexes::from_vec)
}

fn service() -> impl Strategy<Value = ServiceFact> {
    (name(), name(), name(), vec(name(), 0..2), any::<bool>()).prop_map(|(name, kind, account, aliases, inferred)| {
        ServiceFact {
            id: ServiceId { name, kind, account },
            aliases,
            inferred,
        }
    })
}

fn weight() -> impl Strategy<Value = f32> {
    prop_oneof![Just(1.0), Just(20.0), 0.5f32..9.0]
}

fn later(start: i64) -> impl Strategy<Value = Timestamp> {
    (
        0i64..200,
        prop_oneof![Just(1i64), Just(1_000), Just(1_000_000), Just(1_000_000_000)],
    )
        .prop_map(move |(amount, unit)| Timestamp(start + amount * unit))
}

fn segment(start: i64) -> impl Strategy<Value = SegmentFact> {
    let times = (
        later(start),
        option::weighted(0.9, later(start)),
        option::weighted(0.1, later(start)),
    );
    (0u16..4, any::<[bool; 2]>(), flags(), times, http(), weight()).prop_map(
        |(service, [root, inferred], flags, (start, end, async_end), http, weight)| SegmentFact {
            service,
            root,
            inferred,
            flags,
            start,
            end,
            async_end,
            http,
            weight,
        },
    )
}

fn call(start: i64) -> impl Strategy<Value = CallFact> {
    let from = prop_oneof![Just(CallFact::CLIENT), 0u16..4];
    let times = (later(start), option::weighted(0.9, later(start)));
    (
        from,
        0u16..4,
        any::<bool>(),
        flags(),
        times,
        http(),
        option::of(name()),
        weight(),
    )
        .prop_map(|(from, to, link, flags, (start, end), http, alias, weight)| CallFact {
            from,
            to,
            link,
            flags,
            start,
            end,
            http,
            alias,
            weight,
        })
}

fn annotation() -> impl Strategy<Value = AnnotationFact> {
    let value = prop_oneof![
        name().prop_map(|text| Scalar::Text(text.into())),
        (0..4).prop_map(|number| Scalar::Number(f64::from(number) / 2.0)),
        any::<bool>().prop_map(Scalar::Bool),
    ];
    (name(), value, indexes(), indexes()).prop_map(|(key, value, services, segments)| AnnotationFact {
        key,
        value,
        services,
        segments,
    })
}

fn cause() -> impl Strategy<Value = RootCause> {
    let entity = (name(), any::<bool>(), 0.0f32..1.0, vec((name(), name()), 0..2)).prop_map(
        |(name, remote, coverage, exceptions)| CauseEntity {
            name,
            remote,
            coverage,
            exceptions,
        },
    );
    let service = (0u16..4, any::<bool>(), vec(entity, 0..2)).prop_map(|(service, inferred, path)| CauseService {
        service,
        inferred,
        path,
    });
    (vec(service, 0..3), any::<bool>()).prop_map(|(services, client_impacting)| RootCause {
        services,
        client_impacting,
    })
}

/// A digest of the trace numbered `trace`, started within `minutes` of [`BEGIN`].
pub(crate) fn digest(trace: impl Strategy<Value = u128>, minutes: i64) -> impl Strategy<Value = Digest> {
    (trace, 0..minutes * 60_000).prop_flat_map(|(trace, millis)| {
        let start = BEGIN + millis * 1_000_000;
        let lists = (
            vec(service(), 0..4),
            vec(segment(start), 0..4),
            vec(call(start), 0..4),
            vec(annotation(), 0..3),
        );
        let user = (name(), indexes()).prop_map(|(name, services)| UserFact { name, services });
        let texts = (vec(user, 0..2), vec(name(), 0..2), vec(name(), 0..2), vec(name(), 0..2));
        let times = (later(start), later(start), option::of(0u64..9_000_000_000));
        let rest = (option::of(0u16..4), 0u32..40, weight(), vec(cause(), 0..2));
        (flags(), any::<[bool; 3]>(), times, http(), lists, texts, rest).prop_map(
            move |(flags, [partial, inferred, limit_exceeded], times, http, lists, texts, rest)| Digest {
                trace: TraceId(trace),
                revision: 1,
                start: Timestamp(start),
                end: lists
                    .1
                    .iter()
                    .filter_map(|segment| segment.end)
                    .fold(times.0, Timestamp::max),
                updated: times.1,
                response_time: times.2,
                flags,
                partial,
                inferred,
                limit_exceeded,
                nodes: rest.1,
                weight: rest.2,
                http,
                services: lists.0,
                entry: rest.0,
                segments: lists.1,
                calls: lists.2,
                annotations: lists.3,
                users: texts.0,
                resource_arns: texts.1,
                instance_ids: texts.2,
                availability_zones: texts.3,
                fault_causes: rest.3.clone(),
                error_causes: Vec::new(),
                response_time_causes: rest.3,
            },
        )
    })
}
