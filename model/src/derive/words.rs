//! Annotations, users and resources: what can be searched for anywhere in a trace.

use rustc_hash::FxHashMap;

use super::requests::Requests;
use super::services::Services;
use super::{cut, limit};
use crate::digest::{AnnotationFact, Digest, Indexes, UserFact};
use crate::node::{Scalar, Text};
use crate::trace::{At, Trace};

/// Fills in everything that any node of the trace may say.
pub(super) fn collect(trace: &Trace<'_>, services: &Services<'_>, facts: &Requests, digest: &mut Digest) {
    // Most values are said by one node each, and room made at once is cheaper than room made again and again.
    let said: usize = trace.arrived().iter().map(|node| node.annotations.len()).sum();
    let likely = said.div_ceil(2).min(limit::ANNOTATIONS);
    let mut annotations: FxHashMap<(&str, Word<'_>), usize> = FxHashMap::default();
    annotations.reserve(likely);
    digest.annotations.reserve(likely);
    for (index, node) in trace.arrived().iter().enumerate() {
        let place = || {
            let segment = trace.segment(At::new(index));
            (services.index(segment), facts.index(segment))
        };
        for (key, value) in &node.annotations {
            let next = digest.annotations.len();
            let known = match annotations.get(&(key.as_ref(), Word::of(value))) {
                Some(&known) => known,
                None if next < limit::ANNOTATIONS => {
                    annotations.insert((key, Word::of(value)), next);
                    digest.annotations.push(AnnotationFact {
                        key: cut(key).to_owned(),
                        value: match value {
                            Scalar::Text(text) => Scalar::Text(cut(text).to_owned().into()),
                            other => other.clone().into_owned(),
                        },
                        services: Indexes::new(),
                        segments: Indexes::new(),
                    });
                    next
                }
                None => continue,
            };
            let (service, segment) = place();
            let fact = &mut digest.annotations[known];
            push_new(&mut fact.services, service);
            push_new(&mut fact.segments, segment);
        }
        if let Some(user) = filled(node.user.as_ref()) {
            let known = digest.users.iter().position(|known| known.name == user);
            let known = known.or_else(|| {
                let room = digest.users.len() < limit::WORDS;
                room.then(|| {
                    digest.users.push(UserFact {
                        name: user.to_owned(),
                        services: Indexes::new(),
                    });
                    digest.users.len() - 1
                })
            });
            if let Some(known) = known {
                push_new(&mut digest.users[known].services, place().0);
            }
        }
        note(&mut digest.resource_arns, node.resource_arn.as_ref());
        if let Some(aws) = &node.aws {
            note(&mut digest.instance_ids, aws.instance_id.as_ref());
            note(&mut digest.availability_zones, aws.availability_zone.as_ref());
        }
    }
    for fact in &mut digest.annotations {
        ascending(&mut fact.services);
        ascending(&mut fact.segments);
    }
    digest.users.iter_mut().for_each(|user| ascending(&mut user.services));
    for words in [
        &mut digest.resource_arns,
        &mut digest.instance_ids,
        &mut digest.availability_zones,
    ] {
        words.sort_unstable();
    }
}

/// An annotation's value as something that can be looked up.
#[derive(PartialEq, Eq, Hash)]
enum Word<'n> {
    Text(&'n str),
    Number(u64),
    Bool(bool),
}

impl<'n> Word<'n> {
    fn of(value: &'n Scalar<'_>) -> Self {
        match value {
            Scalar::Text(text) => Self::Text(cut(text)),
            Scalar::Number(number) => Self::Number(number.to_bits()),
            Scalar::Bool(truth) => Self::Bool(*truth),
        }
    }
}

fn filled<'n>(text: Option<&'n Text<'_>>) -> Option<&'n str> {
    text.map(|text| cut(text)).filter(|text| !text.is_empty())
}

fn note(words: &mut Vec<String>, word: Option<&Text<'_>>) {
    if let Some(word) = filled(word)
        && words.len() < limit::WORDS
        && !words.iter().any(|known| known == word)
    {
        words.push(word.to_owned());
    }
}

fn push_new(numbers: &mut Indexes, number: Option<u16>) {
    if let Some(number) = number
        && numbers.last() != Some(&number)
    {
        numbers.push(number);
    }
}

fn ascending(numbers: &mut Indexes) {
    numbers.sort_unstable();
    numbers.dedup();
}
