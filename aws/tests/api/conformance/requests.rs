//! Requests made from the model: as small as may be, at its limits, and just beyond them.

use beamline_proto::aws::{Length, Range, Shape, Structure};
use regex::Regex;
use serde_json::{Map, Value, json};

/// A request that breaks one constraint, and the words in which AWS names that.
pub(super) struct Variant {
    pub(super) request: Value,
    pub(super) constraint: String,
}

/// Required members only, each as small as it may be.
pub(super) fn required(structure: &Structure) -> Value {
    members(structure, |member| member)
}

/// All members, each as small as it may be.
fn complete(structure: &Structure) -> Value {
    members(structure, |_| true)
}

fn members(structure: &Structure, wanted: impl Fn(bool) -> bool) -> Value {
    let wanted = structure.members.iter().filter(|member| wanted(member.required));
    let given = wanted.map(|member| (member.name.to_owned(), smallest(member.shape)));
    given.collect::<Map<_, _>>().into()
}

fn smallest(shape: &Shape) -> Value {
    match shape {
        Shape::Boolean => json!(false),
        Shape::Integer(range) | Shape::Long(range) => json!(range.min.unwrap_or_default() as i64),
        Shape::Double(range) => json!(range.min.unwrap_or_default()),
        Shape::Timestamp => json!(1),
        Shape::String { length, values, .. } => match values.first() {
            Some(value) => json!(value),
            None => text(shape, length.min.unwrap_or_default()),
        },
        Shape::List { length, member } => json!(vec![smallest(member); length.min.unwrap_or_default()]),
        Shape::Map { .. } => json!({}),
        Shape::Structure(structure) => complete(structure),
    }
}

/// A text of a length, or the one that a pattern asks for.
fn text(shape: &Shape, length: usize) -> Value {
    let plain = "a".repeat(length);
    let Shape::String {
        pattern: Some(pattern), ..
    } = shape
    else {
        return json!(plain);
    };
    let uuid = "01234567-89ab-4cde-8f01-23456789abcd".to_owned();
    let fits = |text: &String| Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(text);
    let fitting = [plain, uuid].into_iter().find(fits);
    json!(fitting.unwrap_or_else(|| panic!("no text fits {pattern}")))
}

/// Every way to break one constraint of a request, at any depth.
pub(super) fn forbidden(structure: &Structure) -> Vec<Variant> {
    let broken = broken_members(structure).into_iter();
    let variant = |(request, constraint)| Variant { request, constraint };
    broken.map(variant).collect()
}

/// Requests with one value each that is as long, many or large as may be.
pub(super) fn at_the_limit(structure: &Structure) -> Vec<Value> {
    each_member(structure, largest)
}

/// Requests with one value each that is of another type, at any depth.
pub(super) fn of_wrong_type(structure: &Structure) -> Vec<Value> {
    each_member(structure, wrong_types)
}

fn each_member<T>(structure: &Structure, values: fn(&Shape) -> Vec<T>) -> Vec<Value>
where
    Value: From<T>,
{
    let mut all = Vec::new();
    for member in structure.members {
        for value in values(member.shape) {
            let mut request = complete(structure);
            request[member.name] = value.into();
            all.push(request);
        }
    }
    all
}

fn broken_members(structure: &Structure) -> Vec<(Value, String)> {
    let mut all = Vec::new();
    for member in structure.members {
        let with = |value: Value| {
            let mut request = complete(structure);
            request[member.name] = value;
            request
        };
        if member.required {
            let mut without = complete(structure);
            without.as_object_mut().unwrap().remove(member.name);
            let mut letters = member.name.chars();
            let first: String = letters.next().unwrap().to_lowercase().collect();
            let constraint = format!(
                "{first}{}' failed to satisfy constraint: Member must not be null",
                letters.as_str()
            );
            all.push((with(Value::Null), constraint.clone()));
            all.push((without, constraint));
        }
        let broken = broken(member.shape).into_iter();
        all.extend(broken.map(|(value, constraint)| (with(value), constraint)));
    }
    all
}

/// Every way to break one constraint of a value.
fn broken(shape: &Shape) -> Vec<(Value, String)> {
    let mut all = Vec::new();
    match shape {
        Shape::Boolean | Shape::Timestamp => {}
        Shape::Integer(Range { min, max }) | Shape::Long(Range { min, max }) | Shape::Double(Range { min, max }) => {
            all.extend(min.map(|min| (json!(min - 1.0), format!("value greater than or equal to {min}"))));
            all.extend(max.map(|max| (json!(max + 1.0), format!("value less than or equal to {max}"))));
        }
        Shape::String {
            length,
            pattern,
            values,
        } => {
            all.extend(lengths(*length, |length| json!("a".repeat(length))));
            if !values.is_empty() {
                all.push((json!("?"), format!("enum value set: [{}]", values.join(", "))));
            }
            all.extend(pattern.map(|pattern| (json!("? ?"), format!("regular expression pattern: {pattern}"))));
        }
        Shape::List { length, member } => {
            all.extend(lengths(*length, |length| json!(vec![smallest(member); length])));
            all.push((json!([null]), "must not be null".to_owned()));
            let broken = broken(member).into_iter();
            all.extend(broken.map(|(value, constraint)| (json!([value]), constraint)));
        }
        Shape::Map { length, key, value } => {
            let entry = |number: usize| (number.to_string(), smallest(value));
            all.extend(lengths(*length, |length| {
                (0..length).map(entry).collect::<Map<_, _>>().into()
            }));
            let keys = broken(key).into_iter();
            all.extend(keys.map(|(key, constraint)| (json!({key.as_str().unwrap(): smallest(value)}), constraint)));
            let values = broken(value).into_iter();
            all.extend(values.map(|(value, constraint)| (json!({"k": value}), constraint)));
        }
        Shape::Structure(structure) => all.extend(broken_members(structure)),
    }
    all
}

fn lengths(length: Length, value: impl Fn(usize) -> Value) -> Vec<(Value, String)> {
    let too_short = length
        .min
        .map(|min| (value(min - 1), format!("length greater than or equal to {min}")));
    let too_long = length
        .max
        .map(|max| (value(max + 1), format!("length less than or equal to {max}")));
    too_short.into_iter().chain(too_long).collect()
}

/// Values that just fit, at any depth.
fn largest(shape: &Shape) -> Vec<Value> {
    match shape {
        Shape::Boolean => vec![json!(true)],
        Shape::Timestamp => vec![json!(1.5e9)],
        Shape::Integer(Range { min, max }) | Shape::Long(Range { min, max }) => [min, max]
            .into_iter()
            .flatten()
            .map(|limit| json!(*limit as i64))
            .collect(),
        Shape::Double(Range { min, max }) => [min, max].into_iter().flatten().map(|limit| json!(limit)).collect(),
        Shape::String { length, values, .. } => {
            let longest = length.max.map(|max| text(shape, max));
            values.iter().map(|value| json!(value)).chain(longest).collect()
        }
        Shape::List { length, member } => {
            let longest = length.max.map(|max| json!(vec![smallest(member); max]));
            let items = largest(member).into_iter().map(|item| json!([item]));
            longest.into_iter().chain(items).collect()
        }
        Shape::Map { length, key, value } => {
            let name = |number: usize| (number.to_string(), smallest(value));
            let longest = length.max.map(|max| (0..max).map(name).collect::<Map<_, _>>().into());
            let keys = largest(key)
                .into_iter()
                .map(|key| json!({key.as_str().unwrap(): smallest(value)}));
            let values = largest(value).into_iter().map(|value| json!({"k": value}));
            longest.into_iter().chain(keys).chain(values).collect()
        }
        Shape::Structure(structure) => each_member(structure, largest),
    }
}

/// Values that are of another type, at any depth.
fn wrong_types(shape: &Shape) -> Vec<Value> {
    let mut all = match shape {
        Shape::Boolean => vec![json!("true"), json!(1)],
        Shape::Integer(_) => vec![json!("1"), json!(1.5), json!(1_u64 << 40), json!(true)],
        Shape::Long(_) => vec![json!("1"), json!(1.5), json!({})],
        Shape::Double(_) => vec![json!("1"), json!([])],
        Shape::Timestamp => vec![json!("2026-01-01T00:00:00Z"), json!(true)],
        Shape::String { .. } => vec![json!(1), json!(["a"]), json!({})],
        Shape::List { .. } => vec![json!({}), json!("a")],
        Shape::Map { .. } | Shape::Structure(_) => vec![json!([]), json!("a"), json!(1)],
    };
    match shape {
        Shape::List { member, .. } => all.extend(wrong_types(member).into_iter().map(|item| json!([item]))),
        Shape::Map { value, .. } => all.extend(wrong_types(value).into_iter().map(|value| json!({"k": value}))),
        Shape::Structure(structure) => all.extend(each_member(structure, wrong_types)),
        _ => {}
    }
    all
}
