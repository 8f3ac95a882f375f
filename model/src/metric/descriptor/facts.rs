//! What a descriptor says, as text that can be searched for and shown.

use std::borrow::Cow;

use super::{Kind, Otlp, Parts, Temporality};
use crate::node::{Text, Value};
use crate::otlp::value::{attribute, text};
use crate::otlp::wire::{Fields, Wire};

/// What a descriptor says.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts<'a> {
    /// The metric's name.
    pub name: Text<'a>,
    /// CloudWatch's namespace, if it is a metric of CloudWatch.
    pub namespace: Option<Text<'a>>,
    /// What the metric is, for people; empty if nobody said.
    pub description: Text<'a>,
    /// The unit as OTLP has it (UCUM); empty if nobody said, and for CloudWatch, whose data have each their own.
    pub unit: Text<'a>,
    /// What is measured.
    pub kind: Kind,
    /// What sums and counts are counted from.
    pub temporality: Temporality,
    /// Whether a sum never falls.
    pub monotonic: bool,
    /// Name of the scope that measured it; empty if nobody said.
    pub scope: Text<'a>,
    /// Attributes of resource, scope and points, or dimensions, in that order and each sorted by key.
    pub labels: Vec<Label<'a>>,
}

/// A key and its value as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label<'a> {
    /// Where it was said.
    pub origin: Origin,
    /// The key.
    pub key: Text<'a>,
    /// The value: text as it is, numbers and truth values as they are printed, bytes in hexadecimal digits, lists and maps
    /// as JSON.
    pub value: Text<'a>,
}

/// Where a label was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Of the resource.
    Resource,
    /// Of the scope.
    Scope,
    /// Of the point, or a dimension.
    Point,
}

impl<'a> Facts<'a> {
    pub(super) fn of(parts: &Parts<'a>) -> Self {
        match parts {
            Parts::Otlp(otlp) => Self::of_otlp(otlp),
            Parts::CloudWatch {
                namespace,
                name,
                dimensions,
            } => Self {
                name: name.clone(),
                namespace: Some(namespace.clone()),
                description: Cow::Borrowed(""),
                unit: Cow::Borrowed(""),
                kind: Kind::Statistics,
                temporality: Temporality::Delta,
                monotonic: false,
                scope: Cow::Borrowed(""),
                labels: dimensions
                    .iter()
                    .map(|(key, value)| Label {
                        origin: Origin::Point,
                        key: key.clone(),
                        value: value.clone(),
                    })
                    .collect(),
            },
        }
    }

    fn of_otlp(otlp: &Otlp<'a>) -> Self {
        let mut labels = Vec::new();
        let mut add = |origin, message: &'a [u8]| {
            let (key, value) = attribute(message);
            let value = shown(value);
            labels.push(Label { origin, key, value });
        };
        let mut scope: &[u8] = &[];
        for (number, bytes) in bytes_of(otlp.resource) {
            if number == 1 {
                add(Origin::Resource, bytes);
            }
        }
        for (number, bytes) in bytes_of(otlp.scope) {
            match number {
                1 => scope = bytes,
                3 => add(Origin::Scope, bytes),
                _ => {}
            }
        }
        otlp.attributes.iter().for_each(|message| add(Origin::Point, message));
        Self {
            name: text(otlp.name),
            namespace: None,
            description: text(otlp.description),
            unit: text(otlp.unit),
            kind: otlp.kind,
            temporality: Temporality::from_number(otlp.temporality),
            monotonic: otlp.monotonic,
            scope: text(scope),
            labels,
        }
    }

    /// The value of a label of the resource.
    fn of_resource(&self, keys: &[&str]) -> Option<&str> {
        let find = |key: &&str| {
            let mut of_resource = self.labels.iter().filter(|label| label.origin == Origin::Resource);
            of_resource.find(|label| label.key == *key).map(|label| &*label.value)
        };
        keys.iter().find_map(find)
    }

    /// The value of the first dimension with one of these names.
    fn of_dimension(&self, keys: &[&str]) -> Option<&str> {
        self.namespace.as_ref()?;
        let find = |key: &&str| self.labels.iter().find(|label| label.key == *key);
        keys.iter().find_map(find).map(|label| &*label.value)
    }

    /// The service that was measured, as its resource says or a dimension of CloudWatch's Application Signals.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.of_resource(&["service.name"])
            .or_else(|| self.of_dimension(&["Service", "ServiceName"]))
    }

    /// The namespace of the service.
    #[must_use]
    pub fn service_namespace(&self) -> Option<&str> {
        self.of_resource(&["service.namespace"])
    }

    /// Where the service is deployed.
    #[must_use]
    pub fn environment(&self) -> Option<&str> {
        self.of_resource(&["deployment.environment.name", "deployment.environment"])
            .or_else(|| self.of_dimension(&["Environment"]))
    }

    /// Which instance of the service was measured.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        self.of_resource(&["service.instance.id", "host.id", "k8s.pod.name", "container.id"])
            .or_else(|| self.of_dimension(&["InstanceId"]))
    }
}

fn bytes_of(message: Option<&[u8]>) -> impl Iterator<Item = (u32, &[u8])> {
    Fields::new(message.unwrap_or_default()).filter_map(|field| match field {
        Ok((number, Wire::Bytes(bytes))) => Some((number, bytes)),
        _ => None,
    })
}

fn shown(value: Value<'_>) -> Text<'_> {
    match value {
        Value::Text(text) => text,
        Value::Empty => Cow::Borrowed(""),
        value => {
            let mut out = String::new();
            show(&value, false, &mut out);
            Cow::Owned(out)
        }
    }
}

fn show(value: &Value<'_>, nested: bool, out: &mut String) {
    use std::fmt::Write;
    // Writing to text cannot fail.
    let _ = match value {
        Value::Empty => write!(out, "null"),
        Value::Text(text) => {
            crate::json::write_text(out, text);
            Ok(())
        }
        Value::Bool(truth) => write!(out, "{truth}"),
        Value::Int(int) => write!(out, "{int}"),
        Value::Double(double) if nested && !double.is_finite() => write!(out, "\"{double}\""),
        Value::Double(double) => write!(out, "{double}"),
        Value::Bytes(bytes) => {
            let quote = if nested { "\"" } else { "" };
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            write!(out, "{quote}{}{quote}", digits.collect::<String>())
        }
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                show(item, true, out);
            }
            out.push(']');
            Ok(())
        }
        Value::Map(members) => {
            out.push('{');
            for (index, (key, member)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                crate::json::write_text(out, key);
                out.push(':');
                show(member, true, out);
            }
            out.push('}');
            Ok(())
        }
    };
}
