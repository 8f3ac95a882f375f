//! What a series can be found by.

use beamline_model::metric::{Descriptor, Facts};
use xxhash_rust::xxh3::xxh3_64;

use super::keys;
use crate::api::Account;
use crate::api::metric::SeriesTerm;
use crate::codec::varint::Put;

const NAME: u8 = 0;
const NAMESPACE: u8 = 1;
const SERVICE: u8 = 2;
const LABEL: u8 = 3;
const LABEL_KEY: u8 = 4;

/// The partitions in which a series is listed, each once.
pub(super) fn parts_of(account: Account, descriptor: &Descriptor) -> Vec<Vec<u8>> {
    let facts = descriptor.facts();
    let mut parts = vec![text(account, NAME, &facts.name)];
    parts.extend(
        facts
            .namespace
            .as_deref()
            .map(|namespace| text(account, NAMESPACE, namespace)),
    );
    parts.extend(facts.service().map(|service| text(account, SERVICE, service)));
    for each in &facts.labels {
        parts.push(label(account, &each.key, &each.value));
        parts.push(text(account, LABEL_KEY, &each.key));
    }
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// The partition that lists the series with a term.
pub(super) fn part(account: Account, term: &SeriesTerm) -> Vec<u8> {
    match term {
        SeriesTerm::Name(name) => text(account, NAME, name),
        SeriesTerm::Namespace(namespace) => text(account, NAMESPACE, namespace),
        SeriesTerm::Service(service) => text(account, SERVICE, service),
        SeriesTerm::Label(key, value) => label(account, key, value),
        SeriesTerm::LabelKey(key) => text(account, LABEL_KEY, key),
    }
}

fn text(account: Account, kind: u8, text: &str) -> Vec<u8> {
    keys::term(account, kind, xxh3_64(text.as_bytes()))
}

fn label(account: Account, key: &str, value: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(key.len() + value.len() + 2);
    bytes.sized(key.as_bytes());
    bytes.extend_from_slice(value.as_bytes());
    keys::term(account, LABEL, xxh3_64(&bytes))
}

/// Whether a series has a term: two terms can have one hash.
pub(super) fn has(facts: &Facts<'_>, term: &SeriesTerm) -> bool {
    match term {
        SeriesTerm::Name(name) => facts.name == *name,
        SeriesTerm::Namespace(namespace) => facts.namespace.as_deref() == Some(namespace),
        SeriesTerm::Service(service) => facts.service() == Some(service),
        SeriesTerm::Label(key, value) => {
            let mut labels = facts.labels.iter();
            labels.any(|label| label.key == *key && label.value == *value)
        }
        SeriesTerm::LabelKey(key) => facts.labels.iter().any(|label| label.key == *key),
    }
}
