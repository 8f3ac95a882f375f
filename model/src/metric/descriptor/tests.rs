use proptest::prelude::*;

use super::build::Metric;
use super::*;
use crate::otlp::wire::write_bytes;

fn attribute(key: &str, value: &str) -> Vec<u8> {
    let (mut any, mut out) = (Vec::new(), Vec::new());
    write_bytes(&mut any, 1, value.as_bytes());
    // The value first: the order of fields is the sender's choice.
    write_bytes(&mut out, 2, &any);
    write_bytes(&mut out, 1, key.as_bytes());
    out
}

fn resource(attributes: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in attributes {
        write_bytes(&mut out, 1, &attribute(key, value));
    }
    out
}

fn build(of_resource: &[(&str, &str)], of_point: &[(&str, &str)]) -> Descriptor {
    let mut prefix = Prefix::default();
    prefix.resource(b"schema", &[&resource(of_resource)]).unwrap();
    prefix.scope(b"", &[]).unwrap();
    let metric = Metric {
        kind: Kind::Sum,
        temporality: 2,
        monotonic: true,
        name: b"requests",
        description: b"",
        unit: b"{request}",
        metadata: &[],
    };
    prefix.metric(&metric).unwrap();
    let attributes: Vec<_> = of_point.iter().map(|(key, value)| attribute(key, value)).collect();
    let bytes = prefix.point(attributes.iter().map(Vec::as_slice)).unwrap();
    Descriptor::from_bytes(bytes).unwrap()
}

#[test]
fn order_does_not_matter_and_the_last_of_one_key_counts() {
    let one = build(&[("service.name", "shop"), ("host.id", "h")], &[("b", "2"), ("a", "1")]);
    let other = build(
        &[("host.id", "h"), ("service.name", "shop")],
        &[("a", "0"), ("a", "1"), ("b", "2")],
    );
    assert_eq!((&one, one.hash()), (&other, other.hash()));
    assert_ne!(one, build(&[("service.name", "shop")], &[("b", "2"), ("a", "1")]));
    assert_ne!(one, build(&[("service.name", "shop"), ("host.id", "h")], &[("a", "1")]));
}

#[test]
fn what_it_says_can_be_read() {
    let descriptor = build(
        &[("service.name", "shop"), ("deployment.environment", "prod")],
        &[("route", "/cart")],
    );
    let facts = descriptor.facts();
    assert_eq!(
        (&*facts.name, &*facts.unit, facts.kind),
        ("requests", "{request}", Kind::Sum)
    );
    assert_eq!((facts.temporality, facts.monotonic), (Temporality::Cumulative, true));
    assert_eq!((facts.service(), facts.environment()), (Some("shop"), Some("prod")));
    let labels: Vec<_> = facts
        .labels
        .iter()
        .map(|label| (label.origin, &*label.key, &*label.value))
        .collect();
    let expected = [
        (Origin::Resource, "deployment.environment", "prod"),
        (Origin::Resource, "service.name", "shop"),
        (Origin::Point, "route", "/cart"),
    ];
    assert_eq!(labels, expected);
}

#[test]
fn a_metric_of_cloudwatch_is_its_namespace_name_and_set_of_dimensions() {
    let one = Descriptor::cloudwatch("Shop", "Orders", &[("Service", "cart"), ("Environment", "prod")]);
    let other = Descriptor::cloudwatch("Shop", "Orders", &[("Environment", "prod"), ("Service", "cart")]);
    assert_eq!(one, other);
    let facts = one.facts();
    assert_eq!((facts.namespace.as_deref(), &*facts.name), (Some("Shop"), "Orders"));
    assert_eq!((facts.service(), facts.environment()), (Some("cart"), Some("prod")));
    assert_eq!(Descriptor::from_bytes(one.bytes()), Some(one.clone()));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..120), source in 1u8..3) {
        bytes.splice(0..0, [VERSION, source]);
        if let Some(descriptor) = Descriptor::from_bytes(&bytes) {
            let _ = descriptor.facts();
        }
    }
}
