//! Where OpenTelemetry's log records belong: log groups and streams, which OpenTelemetry itself does not have.

use crate::log::{LogGroupName, LogStreamName};
use crate::node::{Text, Value};
use crate::otlp::value::attribute;
use crate::otlp::wire::{Fields, Wire};

/// The stream of senders that say nothing about themselves.
const DEFAULT_STREAM: &str = "default";

/// What a resource says about where its log records belong. Empty texts count as unsaid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogFacts<'a> {
    /// The first of `aws.log.group.names`.
    pub group: Option<Text<'a>>,
    /// The first of `aws.log.stream.names`.
    pub stream: Option<Text<'a>>,
    /// `service.name`.
    pub service: Option<Text<'a>>,
    /// `service.instance.id`.
    pub instance: Option<Text<'a>>,
    /// `host.name`.
    pub host: Option<Text<'a>>,
}

/// Where a sender asked its records to go, in the headers `x-aws-log-group` and `x-aws-log-stream`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The log group.
    pub group: Option<&'a str>,
    /// The log stream.
    pub stream: Option<&'a str>,
}

/// A log group and a stream in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// The group.
    pub group: LogGroupName,
    /// The stream.
    pub stream: LogStreamName,
}

impl<'a> LogFacts<'a> {
    pub(super) fn read(&mut self, resource: &'a [u8]) {
        for field in Fields::new(resource) {
            let Ok((1, Wire::Bytes(message))) = field else { continue };
            let fact = match key(message) {
                b"aws.log.group.names" => &mut self.group,
                b"aws.log.stream.names" => &mut self.stream,
                b"service.name" => &mut self.service,
                b"service.instance.id" => &mut self.instance,
                b"host.name" => &mut self.host,
                _ => continue,
            };
            *fact = first_text(attribute(message).1);
        }
    }
}

/// The key of a `KeyValue`, without reading its value.
fn key(message: &[u8]) -> &[u8] {
    let keys = Fields::new(message).filter_map(|field| match field {
        Ok((1, Wire::Bytes(key))) => Some(key),
        _ => None,
    });
    keys.last().unwrap_or_default()
}

/// The text, or the first text of a list: of `names`, one is enough to belong somewhere.
fn first_text(value: Value<'_>) -> Option<Text<'_>> {
    let text = match value {
        Value::Text(text) => text,
        Value::List(items) => items.into_iter().find_map(first_text)?,
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The log group and stream of records.
///
/// | | the first of these that was said |
/// |---|---|
/// | group | `aws.log.group.names`, what was asked, `/otlp/` and `service.name`, `/otlp/unknown_service` |
/// | stream | `aws.log.stream.names`, what was asked, `service.instance.id`, `host.name`, `default` |
///
/// The names of several groups or streams may stand in one text with `&` between them, as environment variables have
/// them. Characters that no name may have become `_`, and what is too long is cut: a record should not be lost for the
/// name of its sender.
#[must_use]
pub fn destination(facts: &LogFacts<'_>, asked: Asked<'_>) -> Destination {
    let first = |names: Option<&str>| {
        let mut names = names?.split('&').map(str::trim);
        names.find(|name| !name.is_empty()).map(str::to_owned)
    };
    let (group, stream) = (first(facts.group.as_deref()), first(facts.stream.as_deref()));
    let group = group
        .as_deref()
        .or(asked.group.map(str::trim))
        .and_then(LogGroupName::acceptable);
    let streams = [
        stream.as_deref(),
        asked.stream.map(str::trim),
        facts.instance.as_deref(),
        facts.host.as_deref(),
        Some(DEFAULT_STREAM),
    ];
    let stream = streams.into_iter().flatten().find_map(LogStreamName::acceptable);
    Destination {
        group: group.unwrap_or_else(|| LogGroupName::of_service(facts.service.as_deref().unwrap_or_default())),
        stream: stream.expect("the last of them is a name"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: [&str; 5], asked: [&str; 2], expected: (&str, &str)) {
        let text = |text: &'static str| (!text.is_empty()).then(|| Text::from(text));
        let said = said.map(|said| text(String::leak(said.to_owned())));
        let [group, stream, service, instance, host] = said;
        let facts = LogFacts {
            group,
            stream,
            service,
            instance,
            host,
        };
        let asked = asked.map(|asked| (!asked.is_empty()).then_some(asked));
        let found = destination(
            &facts,
            Asked {
                group: asked[0],
                stream: asked[1],
            },
        );
        assert_eq!(
            (found.group.as_str(), found.stream.as_str()),
            expected,
            "{facts:?} {asked:?}"
        );
    }

    #[test]
    fn the_sender_is_asked_first_then_its_request_then_its_name() {
        let all = ["/ecs/a", "task", "cart", "cart-1", "ip-10"];
        check(all, ["/asked", "here"], ("/ecs/a", "task"));
        check(
            ["", "", "cart", "cart-1", "ip-10"],
            ["/asked", "here"],
            ("/asked", "here"),
        );
        check(["", "", "cart", "cart-1", "ip-10"], ["", ""], ("/otlp/cart", "cart-1"));
        check(["", "", "cart", "", "ip-10"], ["", ""], ("/otlp/cart", "ip-10"));
        check([""; 5], ["", ""], ("/otlp/unknown_service", "default"));
        check([""; 5], [" ", "\t"], ("/otlp/unknown_service", "default"));
        check(["a&b", " & c", "", "", ""], ["", ""], ("a", "c"));
    }

    #[test]
    fn names_are_made_to_fit() {
        check(
            ["", "", "my cart:ü", "a:b*c\n", ""],
            ["", ""],
            ("/otlp/my_cart__", "a_b_c_"),
        );
        let long = "x".repeat(600);
        let (group, stream) = (format!("/otlp/{}", &long[..506]), &long[..512]);
        check(["", "", &long, &long, ""], ["", ""], (&group, stream));
    }
}
