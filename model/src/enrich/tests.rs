use proptest::prelude::*;

use super::grave::Gravity;
use super::measure::{Interest, Shape, Topic};
use super::*;
use crate::id::SpanId;
use crate::trace::sketch::{at, id, trace};

const SHOP: &str = "server front 0..300 in=front, client call of front 20..200 in=front, \
    server cart of call 30..190 in=cart, internal price of cart 50..90 in=cart, internal ship of cart 100..150 in=cart";

fn place_of(scene: &Scene, name: &str) -> usize {
    scene.spots.iter().position(|spot| spot.id == id(name)).unwrap()
}

fn check(clue: &Clue, expected: Option<(&str, JoinKind, &str)>) {
    let scene = Scene::of(&trace(SHOP));
    let found = attach(&scene, clue);
    let expected = expected.map(|(name, kind, key)| (place_of(&scene, name), kind, key.to_owned()));
    assert_eq!(
        found.map(|(place, reason)| (place, reason.kind, reason.key)),
        expected,
        "{clue:?}"
    );
}

fn clue(millis: i64) -> Clue {
    Clue {
        time: at(millis),
        ..Clue::default()
    }
}

#[test]
fn an_event_hangs_on_the_span_that_it_names_whenever_it_happened() {
    let clue = Clue {
        span: Some(id("price")),
        service: Some("front".to_owned()),
        ..clue(9_000)
    };
    check(&clue, Some(("price", JoinKind::Exact, "span_id")));
}

#[test]
fn an_event_without_a_span_hangs_on_the_deepest_of_its_service_at_that_time() {
    let of = |millis, service| Clue {
        service: Some(String::from(service)),
        ..clue(millis)
    };
    check(&of(60, "cart"), Some(("price", JoinKind::Inferred, "service=cart")));
    check(&of(95, "cart"), Some(("cart", JoinKind::Inferred, "service=cart")));
    check(&of(60, "front"), Some(("call", JoinKind::Inferred, "service=front")));
    check(&of(250, "front"), Some(("front", JoinKind::Inferred, "service=front")));
    check(&of(300, "front"), Some(("front", JoinKind::Inferred, "service=front")));
}

#[test]
fn what_fits_nowhere_is_about_the_trace() {
    check(&clue(60), None);
    let elsewhere = Clue {
        service: Some("mail".to_owned()),
        ..clue(60)
    };
    check(&elsewhere, None);
    let later = Clue {
        service: Some("cart".to_owned()),
        ..clue(191)
    };
    check(&later, None);
    let unknown = Clue {
        span: Some(SpanId(7)),
        ..clue(60)
    };
    check(&unknown, None);
}

#[test]
fn a_host_or_a_log_group_tells_the_service_unless_the_event_names_another() {
    let mut scene = Scene::of(&trace(SHOP));
    let cart = scene.parties.iter_mut().find(|party| party.service == "cart").unwrap();
    cart.hosts.insert("i-1".to_owned());
    cart.groups.insert("/shop/cart".to_owned());
    let check = |service: Option<&str>, group: &str, hosts: &[&str], expected: Option<(&str, f64)>| {
        let clue = Clue {
            service: service.map(str::to_owned),
            hosts: hosts.iter().map(ToString::to_string).collect(),
            group: group.to_owned(),
            ..clue(60)
        };
        let reason = attach(&scene, &clue).map(|(_, reason)| (reason.key, reason.confidence));
        assert_eq!(
            reason,
            expected.map(|(key, confidence)| (key.to_owned(), confidence)),
            "{clue:?}"
        );
    };
    check(None, "", &["x", "i-1"], Some(("host=i-1", 0.6)));
    check(None, "/shop/cart", &[], Some(("log_group=/shop/cart", 0.7)));
    check(
        None,
        "/shop/cart",
        &["i-1"],
        Some(("log_group=/shop/cart host=i-1", 0.8)),
    );
    check(Some("cart"), "/x", &["i-1"], Some(("service=cart host=i-1", 0.9)));
    check(Some("mail"), "/shop/cart", &["i-1"], None);
}

#[test]
fn a_scene_names_services_once_and_when_they_worked() {
    let scene = Scene::of(&trace(SHOP));
    let told: Vec<_> = scene
        .parties
        .iter()
        .map(|party| (party.service.as_str(), party.start, party.end, party.first))
        .collect();
    assert_eq!(told, [("front", at(0), at(300), 0), ("cart", at(30), at(190), 2)]);
    assert_eq!(scene.range(), Some(at(0)..at(300)));
    assert_eq!(Scene::empty(scene.trace).range(), None);
}

#[test]
fn silent_callees_are_spots_without_a_party() {
    let scene = Scene::of(&trace("seg shop 0..300, aws dynamodb of shop 10..50 table=orders"));
    let parties: Vec<Option<usize>> = scene.spots.iter().map(|spot| spot.party).collect();
    assert_eq!(parties, [Some(0), Some(0), None]);
}

#[test]
fn log_groups_are_those_named_and_those_called_after_the_service() {
    let mut party = Party {
        service: "cart".to_owned(),
        origin: "AWS::Lambda::Function".to_owned(),
        ..Party::default()
    };
    party.groups.insert("/shop/cart".to_owned());
    party.groups.insert("/otlp/cart".to_owned());
    party.clusters.insert("east".to_owned());
    let names: Vec<String> = places(&party).into_iter().map(|place| place.group).collect();
    assert_eq!(
        names,
        [
            "/otlp/cart",
            "/shop/cart",
            "/aws/lambda/cart",
            "/aws/containerinsights/east/application"
        ]
    );
    party.origin = "AWS::ECS::Fargate".to_owned();
    assert!(places(&party).iter().any(|place| place.group == "/ecs/cart"));
    assert!(
        places(&party)
            .iter()
            .all(|place| (0.3..=places::MOST_CONFIDENCE).contains(&place.confidence))
    );
}

#[test]
fn gravity_is_read_from_numbers_and_words() {
    let text = |text: &str, expected| assert_eq!(Gravity::of_text(text), expected, "{text}");
    text("2026-11-23 ERROR cart: out of stock", Gravity::Error);
    text(r#"{"level":"warn","msg":"slow"}"#, Gravity::Warning);
    text("java.lang.IllegalStateException: no", Gravity::Error);
    text("[Warning] error budget", Gravity::Error);
    text("all is well, terrors are far", Gravity::Usual);
    text(&format!("{}ERROR", "x ".repeat(400)), Gravity::Usual);
    let number = |number, expected| assert_eq!(Gravity::of_number(number), expected, "{number}");
    number(0, Gravity::Usual);
    number(12, Gravity::Usual);
    number(13, Gravity::Warning);
    number(17, Gravity::Error);
    number(24, Gravity::Error);
}

#[test]
fn what_tells_most_about_requests_comes_first() {
    let check = |name: &str, shape, unit: &str, topic, statistic: &str| {
        let found = Interest::of(name, shape, unit);
        assert_eq!((found.topic, found.statistic), (topic, statistic), "{name}");
    };
    check(
        "http.server.request.duration",
        Shape::Distribution,
        "s",
        Topic::Duration,
        "p99",
    );
    check("Latency", Shape::Distribution, "Milliseconds", Topic::Duration, "p99");
    check("shop.orders.failed", Shape::Sum, "{order}", Topic::Errors, "Sum");
    check("Http5xxErrors", Shape::Distribution, "", Topic::Errors, "Sum");
    check("app.requests", Shape::Sum, "1", Topic::Rate, "Sum");
    check("queue.depth", Shape::Value, "{message}", Topic::Saturation, "Maximum");
    check("CPUUtilization", Shape::Value, "%", Topic::Other, "Average");
    check("process.cpu.time", Shape::Sum, "s", Topic::Saturation, "Sum");
    check("room.temperature", Shape::Value, "Cel", Topic::Other, "Average");
    assert!(Interest::of("http.client.request.duration", Shape::Distribution, "s").outward);
    let order = [
        Interest::of("http.server.request.duration", Shape::Distribution, "s"),
        Interest::of("http.client.request.duration", Shape::Distribution, "s"),
        Interest::of("errors", Shape::Sum, ""),
        Interest::of("requests", Shape::Sum, ""),
        Interest::of("queue.depth", Shape::Value, ""),
        Interest::of("anything", Shape::Value, ""),
    ];
    assert!(order.is_sorted());
}

proptest! {
    /// Whatever a trace looks like, an event that names no span hangs on a node of its service at that time, and no
    /// node below that one would have been right, too.
    #[test]
    fn the_node_is_of_the_service_and_covers_the_time(
        spans in prop::collection::vec((0usize..8, 0i64..100, 0i64..100, 0usize..3), 1..12),
        millis in 0i64..220,
        service in 0usize..3,
    ) {
        let names = ["a", "b", "c"];
        let sketch: Vec<String> = spans
            .iter()
            .enumerate()
            .map(|(n, (parent, start, length, service))| {
                let parent = if n == 0 { String::new() } else { format!("of s{}", parent % n) };
                format!("internal s{n} {parent} {start}..{} in={}", start + length, names[*service])
            })
            .collect();
        let scene = Scene::of(&trace(&sketch.join(",")));
        let clue = Clue { service: Some(names[service].to_owned()), ..clue(millis) };
        let right = |spot: &Spot| {
            let of_service = spot.party.is_some_and(|party| scene.parties[party].service == names[service]);
            of_service && spot.start <= clue.time && clue.time <= spot.end
        };
        match attach(&scene, &clue) {
            Some((place, _)) => {
                prop_assert!(right(&scene.spots[place]));
                let deepest = scene.spots.iter().filter(|spot| right(spot)).map(|spot| spot.depth).max();
                prop_assert_eq!(Some(scene.spots[place].depth), deepest);
            }
            None => prop_assert!(!scene.spots.iter().any(right)),
        }
    }

    #[test]
    fn any_text_has_a_gravity_and_any_name_an_interest(text in ".{0,80}", unit in ".{0,4}") {
        let _ = Gravity::of_text(&text);
        let _ = Interest::of(&text, Shape::Distribution, &unit);
    }
}
