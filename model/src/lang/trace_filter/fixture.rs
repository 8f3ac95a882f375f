//! Seven traces and which expressions select which of them.
//!
//! The traces are built by hand here, with exactly the facts that the expressions are about. The conformance table is
//! held against real documents too.

use super::{Filter, GroupRef, Groups};
use crate::digest::{
    AnnotationFact, CallFact, CauseEntity, CauseService, Digest, HttpFact, RootCause, SegmentFact, ServiceFact,
    ServiceId, UserFact,
};
use crate::id::TraceId;
use crate::node::{Flags, Scalar};
use crate::testkit;
use crate::time::Timestamp;

const OK: Flags = Flags {
    error: false,
    fault: false,
    throttle: false,
};
const FAULT: Flags = Flags { fault: true, ..OK };
const ERROR: Flags = Flags { error: true, ..OK };
const THROTTLE: Flags = Flags {
    throttle: true,
    ..ERROR
};

const SHOP: (&str, &str) = ("shop", "AWS::EC2::Instance");
const PAYMENTS: (&str, &str) = ("payments", "");
const ORDERS: (&str, &str) = ("orders", "AWS::DynamoDB::Table");

fn at(millis: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_000).plus(millis * 1_000_000)
}

/// A trace under construction: each request is one more service, called by the one before.
struct Build(Digest);

impl Build {
    fn new(number: u128) -> Self {
        let mut digest = Digest::new(TraceId(number));
        digest.start = at(0);
        digest.end = at(0);
        digest.updated = at(9_000);
        Self(digest)
    }

    /// A segment of a service, and the call that led to it with the caller's own verdict.
    fn request(mut self, (name, kind): (&str, &str), flags: Flags, millis: Option<i64>, http: HttpFact) -> Self {
        let digest = &mut self.0;
        let inferred = kind.ends_with("::Table");
        let index = u16::try_from(digest.services.len()).unwrap();
        digest.services.push(ServiceFact {
            id: ServiceId {
                name: name.to_owned(),
                kind: kind.to_owned(),
                account: String::new(),
            },
            aliases: Vec::new(),
            inferred,
        });
        let end = millis.map(at);
        digest.segments.push(SegmentFact {
            service: index,
            root: index == 0,
            inferred,
            flags,
            start: at(0),
            end,
            http: http.clone(),
            weight: 1.0,
            ..SegmentFact::default()
        });
        digest.calls.push(CallFact {
            from: index.checked_sub(1).unwrap_or(CallFact::CLIENT),
            to: index,
            flags,
            start: at(0),
            end,
            http: http.clone(),
            weight: 1.0,
            ..CallFact::default()
        });
        digest.inferred |= inferred;
        digest.partial |= end.is_none();
        digest.flags.throttle |= flags.throttle;
        digest.end = digest.end.max(end.unwrap_or(digest.end));
        if index == 0 {
            digest.entry = Some(0);
            digest.flags = flags;
            digest.http = http;
            digest.response_time = end.map(|end| end.since(at(0)));
        }
        self
    }

    fn ends(mut self, millis: i64) -> Self {
        self.0.end = at(millis);
        self
    }

    fn user(mut self, name: &str) -> Self {
        self.0.users.push(UserFact {
            name: name.to_owned(),
            services: vec![0].into(),
        });
        self
    }

    fn annotation(mut self, key: &str, value: Scalar<'static>) -> Self {
        self.0.annotations.push(AnnotationFact {
            key: key.to_owned(),
            value,
            services: vec![0].into(),
            segments: vec![0].into(),
        });
        self
    }

    /// A cause on the path through the first so many services.
    fn cause(&self, services: u16, exception: Option<(&str, &str)>, client_impacting: bool) -> RootCause {
        let path = |index: u16| {
            let fact = &self.0.services[usize::from(index)];
            let exceptions = exception.filter(|_| index + 1 == services);
            CauseService {
                service: index,
                inferred: fact.inferred,
                path: vec![CauseEntity {
                    name: fact.id.name.clone(),
                    remote: false,
                    coverage: 1.0 / f32::from(index + 1),
                    exceptions: exceptions
                        .map(|(kind, message)| (kind.to_owned(), message.to_owned()))
                        .into_iter()
                        .collect(),
                }],
            }
        };
        RootCause {
            services: (0..services).map(path).collect(),
            client_impacting,
        }
    }

    fn slow_because(mut self, services: u16) -> Self {
        let cause = self.cause(services, None, true);
        self.0.response_time_causes.push(cause);
        self
    }

    fn faults_because(mut self, services: u16, exception: Option<(&str, &str)>, client_impacting: bool) -> Self {
        let cause = self.cause(services, exception, client_impacting);
        self.0.fault_causes.push(cause);
        self
    }

    fn errs_because(mut self, services: u16) -> Self {
        let cause = self.cause(services, None, true);
        self.0.error_causes.push(cause);
        self
    }
}

fn http(method: &str, path: &str, status: Option<u16>) -> HttpFact {
    HttpFact {
        url: Some(format!("http://shop.example.com{path}")),
        method: Some(method.to_owned()),
        status,
        ..HttpFact::default()
    }
}

fn text(value: &str) -> Scalar<'static> {
    Scalar::Text(value.to_owned().into())
}

/// The traces T1 to T7.
pub(super) fn traces() -> Vec<Digest> {
    let none = HttpFact::default;
    let built = [
        Build::new(1)
            .request(SHOP, OK, Some(300), http("GET", "/cart", Some(200)))
            .request(PAYMENTS, OK, Some(200), http("POST", "/charge", Some(200)))
            .request(ORDERS, OK, Some(100), none())
            .user("alice")
            .annotation("tier", text("gold"))
            .annotation("age", Scalar::Number(30.0))
            .annotation("beta", Scalar::Bool(true))
            .slow_because(2),
        Build::new(2)
            .request(SHOP, FAULT, Some(4_000), http("POST", "/pay", Some(500)))
            .request(PAYMENTS, FAULT, Some(3_500), http("POST", "/charge", Some(500)))
            .request(ORDERS, FAULT, Some(3_000), none())
            .user("bob")
            .annotation("tier", text("silver"))
            .slow_because(3)
            .faults_because(
                3,
                Some(("ProvisionedThroughputError", "rate exceeded for orders")),
                true,
            ),
        Build::new(3)
            .request(SHOP, OK, Some(2_500), http("GET", "/cart", Some(200)))
            .request(PAYMENTS, FAULT, Some(400), http("POST", "/charge", Some(500)))
            .ends(6_000)
            .slow_because(1)
            .faults_because(2, None, false),
        Build::new(4)
            .request(SHOP, ERROR, Some(10), http("GET", "/v2/x", Some(404)))
            .slow_because(1)
            .errs_because(1),
        Build::new(5)
            .request(SHOP, THROTTLE, Some(20), http("GET", "/cart", Some(429)))
            .slow_because(1)
            .errs_because(1),
        Build::new(6).request(SHOP, OK, None, http("GET", "/cart", None)),
        Build::new(7)
            .request(("fn-a", "AWS::Lambda"), OK, Some(1_200), none())
            .request(("fn-a", "AWS::Lambda::Function"), OK, Some(1_100), none())
            .annotation("age", Scalar::Number(20.0))
            .slow_because(2),
    ];
    built.into_iter().map(|build| build.0).collect()
}

/// One group, `slow`.
struct Slow;

impl Groups for Slow {
    fn contains(&self, group: GroupRef<'_>, digest: &Digest) -> Option<bool> {
        (group == GroupRef::Name("slow")).then(|| Filter::parse("responsetime > 3").unwrap().matches(digest, self))
    }
}

/// Each of the expressions, separated by ` · `, selects these of the traces made of real documents.
fn check_real(expressions: &str, expected: &str) {
    let samples = testkit::conformance(at(0));
    for expression in expressions.split(" · ") {
        let filter = Filter::parse(expression).unwrap();
        let matches = |sample: &&testkit::Sample| filter.matches(&sample.digest(at(9_000)), &Slow);
        let selected: Vec<&str> = samples.iter().filter(matches).map(|sample| sample.name).collect();
        assert_eq!(selected.join(" "), expected, "{expression} of real documents");
    }
}

/// Each of the expressions, separated by ` · `, selects these traces.
fn check(expressions: &str, expected: &str) {
    for expression in expressions.split(" · ") {
        let filter = Filter::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
        let canonical = Filter::parse(&filter.to_string()).unwrap();
        assert_eq!(canonical, filter, "{expression} is not what {filter} says");
        let selected: Vec<String> = traces()
            .iter()
            .filter(|digest| filter.matches(digest, &Slow))
            .map(|digest| format!("T{}", digest.trace.0))
            .collect();
        assert_eq!(selected.join(" "), expected, "{expression}");
    }
}

#[test]
fn expressions_select_the_traces_that_they_select_in_x_ray() {
    let both = |expressions: &str, expected: &str| {
        check(expressions, expected);
        check_real(expressions, expected);
    };
    both("ok", "T1 T3 T6 T7");
    both("!ok · ok = false · NOT ok", "T2 T4 T5");
    both("error", "T4 T5");
    both("fault · fault = true", "T2");
    both("throttle", "T5");
    both("partial", "T6");
    both("inferred", "T1 T2");
    both("responsetime > 2 · responseTime > 2", "T2 T3");
    both("duration >= 5 AND duration <= 8", "T3");
    both("ok !partial duration <3", "T1 T7");
    both("http.status != 200", "T2 T4 T5");
    both("http.status >= 400 and http.status < 500", "T4 T5");
    both(r#"http.url CONTAINS "/v2/""#, "T4");
    both(
        r#"http.url BEGINSWITH "http://shop.example.com/" AND !service("payments")"#,
        "T4 T5 T6",
    );
    both(r#"http.url ENDSWITH "/cart""#, "T1 T3 T5 T6");
    both(r#"http.method = "POST""#, "T2");
    both("http.url AND responsetime > 2", "T2 T3");
    both(r#"user CONTAINS "" · user"#, "T1 T2");
    both("!user", "T3 T4 T5 T6 T7");
    both(r#"user = "alice""#, "T1");
    both(r#"service("payments")"#, "T1 T2 T3");
    both(r#"service("payments") { fault }"#, "T2 T3");
    both("service() { fault }", "T2 T3");
    both(r#"service("shop") { fault }"#, "T2");
    both(r#"service("shop") { root = true and fault = true }"#, "T2");
    both(r#"service("payments") { root }"#, "");
    both(r#"service("shop") { fault = true OR responsetime >= 2 }"#, "T2 T3");
    both(r#"edge("shop", "payments")"#, "T1 T2 T3");
    both(r#"edge("shop", "payments") { fault }"#, "T2 T3");
    both(r#"edge("payments", id(type: "AWS::DynamoDB::Table")) { fault }"#, "T2");
    both(r#"service(id(name: "fn-a", type: "AWS::Lambda::Function"))"#, "T7");
    both(r#"service(id(type: "AWS::EC2::Instance")) { error }"#, "T4 T5");
    both(r#"service("fn-a") { error }"#, "");
    both(r#"annotation.tier = "gold" · annotation[tier] = "gold""#, "T1");
    both("annotation.age", "T1 T7");
    both("!annotation.age", "T2 T3 T4 T5 T6");
    both("annotation.age > 29", "T1");
    both("annotation.beta · annotation.beta = true", "T1");
    both(r#"annotation.tier BEGINSWITH "s""#, "T2");
    both(r#"(error OR fault) AND http.method = "GET""#, "T4 T5");
    both(r#"error OR fault AND http.method = "POST""#, "T2 T4 T5");
    both(r#"rootcause.fault.service { last and name = "orders" }"#, "T2");
    both(
        r#"rootcause.fault.service { inferred and type = "AWS::DynamoDB::Table" }"#,
        "T2",
    );
    both(
        r#"rootcause.fault.exception { last and message = "rate exceeded for orders" }"#,
        "T2",
    );
    both(r#"rootcause.fault.service { name = "payments" }"#, "T2 T3");
    both(
        r#"rootcause.responsetime.service { first and name = "shop" }"#,
        "T1 T2 T3 T4 T5",
    );
    both(r#"group.name = "slow" AND user = "bob""#, "T2");
    both(
        r##"rootcause.fault.json = #[{"Services":[{"Name":"shop"},{"Name":"payments"}]}]"##,
        "T3",
    );
    both(r#"service(id(account.id: "000000000000"))"#, "");
}

#[test]
fn what_the_console_writes_is_understood() {
    check(r#"service("payments") { ok = true }"#, "T1");
    check(r#"service("shop") { error = true }"#, "T4 T5");
    check(r#"service(id(name: "fn-a" , type: "AWS::Lambda"))"#, "T7");
    check(
        r#"edge(id(name: "shop" , type: "AWS::EC2::Instance"), id(name: "payments")) { fault = true }"#,
        "T2 T3",
    );
    check("responsetime >= 0.3 AND responsetime <= 1.2", "T1 T7");
}

#[test]
fn spellings_that_people_use_mean_the_same() {
    check("USER = 'alice' · User='alice' · user=\"alice\"", "T1");
    check("fault = \"TRUE\" · fault != false · FAULT", "T2");
    check(
        "http.status = \"404\" · http.status = 4.04e2 · Http.Status = +404",
        "T4",
    );
    check("annotation[\"tier\"] = \"gold\" · ANNOTATION.tier = 'gold'", "T1");
    check(
        "annotation.age = \"30\" · annotation.age = 30.0 · annotation.age >= '30'",
        "T1",
    );
    check(
        "rootcause.fault.service { name = orders } · rootcause.fault.service{type=AWS::DynamoDB::Table}",
        "T2",
    );
    check(
        "1-00000000-000000000000000000000003 · 00000000000000000000000000000003",
        "T3",
    );
}

#[test]
fn what_is_absent_is_neither_equal_nor_different() {
    check("user != \"alice\"", "T2");
    check("!(user = \"alice\")", "T2 T3 T4 T5 T6 T7");
    check("annotation.age != \"gold\"", "T1 T7");
    check(
        "annotation.Age · annotation.age CONTAINS \"3\" · annotation.tier > 1",
        "",
    );
    check("group.name != \"slow\"", "T1 T3 T4 T5 T6 T7");
    check("group.name = \"none\" · group.name != \"none\"", "");
    check("account.id · availabilityzone · instance.id · resource.arn", "");
}

#[test]
fn clients_are_the_callers_of_roots_and_no_services() {
    check(
        "edge(id(type: \"client\"), \"payments\") · service(id(type: \"client\"))",
        "",
    );
    check("edge(id(type: \"client\"), \"shop\") { fault }", "T2");
    check("edge(, \"shop\") · edge(\"shop\", \"shop\")", "");
    check("edge() · edge(,)", "T1 T2 T3 T7");
    check("edge(, \"orders\") · edge(\"payments\",)", "T1 T2");
}

#[test]
fn conditions_in_braces_are_asked_of_one_thing() {
    check("service() { fault AND http.method = \"GET\" }", "");
    check("service() { !fault } service() { fault }", "T3");
    check(
        "service(\"shop\") { user = \"bob\" annotation.tier = \"silver\" }",
        "T2",
    );
    check("service(\"payments\") { user }", "");
    check("rootcause.responsetime.entity { coverage < 0.4 }", "T2");
    check("rootcause.fault.entity { index = 2 }", "T2");
    check("rootcause.fault.service { name != \"orders\" last }", "T3");
    check(
        "rootcause.error.service · rootcause.error.service { first last }",
        "T4 T5",
    );
    check("rootcause.fault.json = #[{\"ClientImpacting\": true}]", "T2");
    check("rootcause.json = #[{}, {}]", "");
}

/// The expression is refused at this column with a message that has this in it.
fn refuse(expression: &str, column: usize, message: &str) {
    let error = Filter::parse(expression).expect_err(expression);
    assert_eq!(error.column, column, "{expression}: {error}");
    assert!(error.message.contains(message), "{expression}: {error}");
}

#[test]
fn errors_say_where_and_what() {
    refuse("", 1, "empty");
    refuse("  ", 3, "empty");
    refuse(
        "responsetime >",
        15,
        "expected a number for responsetime, found the end",
    );
    refuse("foo = 1", 1, "unknown keyword `foo`");
    refuse("ok falt", 4, "did you mean `fault`?");
    refuse("service(\"x\"", 8, "never closed by `)`");
    refuse("service(\"x\") { fault", 14, "never closed by `}`");
    refuse("service(\"x\") { }", 16, "braces are empty");
    refuse("service(id())", 12, "expected name:, type: or account.id:");
    refuse("service(id(name: \"a\", name: \"b\"))", 23, "given twice");
    refuse("service(shop)", 9, "in quotes");
    refuse("user > 3", 6, "compared with a text, by one of = !=");
    refuse("user = bob", 8, "a string in quotes for user, found `bob`");
    refuse("responsetime CONTAINS 3", 14, "compared with a number");
    refuse("responsetime > 1e999", 16, "a number");
    refuse("fault = 1", 9, "true or false");
    refuse("fault CONTAINS true", 7, "by one of = !=");
    refuse("ü = 1", 1, "cannot stand here");
    refuse("user = \"ü\" AND foo", 16, "unknown keyword");
    refuse("user = \"a", 8, "lacks its closing \"");
    refuse("(ok", 1, "never closed by `)`");
    refuse("ok)", 3, "expected AND, OR or the end, found `)`");
    refuse("ok AND", 7, "expected a condition, found the end");
    refuse("ok && fault", 4, "write AND");
    refuse("ok == true", 4, "write `=`");
    refuse("root", 1, "only inside service(…) { }");
    refuse("coverage > 1", 1, "only inside rootcause.responsetime.entity");
    refuse("message = \"a\"", 1, "exception { }");
    refuse("service() { instance.id }", 13, "only outside of braces");
    refuse("service() { service() }", 13, "whole traces only");
    refuse("edge() { annotation.a }", 10, "annotations");
    refuse("annotation.", 1, "lacks its name");
    refuse("annotation = 1", 12, "annotation.NAME");
    refuse("rootcause.slow.service", 1, "expected rootcause.fault");
    refuse("rootcause.service", 1, "expected rootcause.fault");
    refuse("rootcause.responsetime.exception", 1, "no exceptions");
    refuse("rootcause.json = 3", 1, "#[…]");
    refuse("rootcause.json = #[{\"Service\":1}]", 29, "unknown field `Service`");
    refuse("group.name CONTAINS \"a\"", 12, "by one of = !=");
    refuse("group.name", 11, "expected = or !=");
    refuse(&"(".repeat(5_000), 129, "nested too deeply");
    refuse(&"!".repeat(5_000), 129, "nested too deeply");
    refuse(&"ok ".repeat(1_001), 3_001, "more than 1000 conditions");
    refuse(&" ".repeat(20_000), 1, "longer than");
    refuse(&format!("user = \"{}\"", "\\a".repeat(6_000)), 1, "longer than");
}
