//! Annotations and root causes.

use std::collections::hash_map::Entry;

use beamline_model::digest::{AnnotationFact, Digest, RootCause};
use beamline_model::lang::trace_filter::numeral;
use beamline_model::node::Scalar;

use super::super::super::varint::Put;
use super::super::streams::Stream;
use super::super::{NO_SERVICE, SHARES, Saying, kind, place, services_of};
use super::{Writer, bits};

impl<'a> Writer<'a> {
    pub(super) fn annotations(&mut self, digest: &'a Digest) {
        self.count(digest.annotations.len());
        let mut before = 0;
        let mut derived = std::mem::take(&mut self.scratch);
        for fact in &digest.annotations {
            let (key, _) = self.names.number(&fact.key);
            self.streams.to(Stream::AnnotationKey).varint(u64::from(key));
            services_of(&fact.segments, &digest.segments, &mut derived);
            self.place(
                fact,
                digest.segments.len(),
                derived[..] != fact.services[..],
                &mut before,
            );
            let first = derived.first().and_then(|&service| self.own.get(usize::from(service)));
            self.scalar(&fact.key, &fact.value, (key, first.copied().unwrap_or(NO_SERVICE)));
        }
        self.scratch = derived;
    }

    fn place(&mut self, fact: &AnnotationFact, all: usize, told: bool, before: &mut i64) {
        let told_bit = bits(&[(place::SERVICES, told)]);
        let of_all = || fact.segments.iter().map(|&at| usize::from(at)).eq(0..all);
        let out = self.streams.to(Stream::AnnotationWhere);
        match fact.segments[..] {
            [only] => {
                let distance = i64::from(only) - *before;
                *before = i64::from(only);
                out.varint((((distance << 1) ^ (distance >> 63)) as u64) << place::DISTANCE | told_bit);
            }
            _ if of_all() => out.varint(place::ALL | told_bit),
            _ => {
                out.varint(place::LIST | told_bit);
                self.ascending(&fact.segments);
            }
        }
        if told {
            self.ascending(&fact.services);
        }
    }

    fn bound(&mut self, number_of_key: u32, key: &'a str, value: &Scalar<'_>) {
        let number = match value {
            Scalar::Number(number) => Some(*number),
            // A numeral is compared as what it says.
            Scalar::Text(text) => numeral(text),
            Scalar::Bool(_) => None,
        };
        let Some(number) = number.filter(|number| !number.is_nan()) else {
            return;
        };
        let (_, least, most) = self.bounds.entry(number_of_key).or_insert((key, number, number));
        (*least, *most) = (least.min(number), most.max(number));
    }

    fn scalar(&mut self, key: &'a str, value: &'a Scalar<'static>, saying: Saying) {
        let (said, new) = match value {
            Scalar::Text(text) => {
                let (number, new) = self.values.number(text);
                ((kind::TEXT, u64::from(number)), new)
            }
            Scalar::Number(number) if is_whole(*number) => ((kind::WHOLE, *number as i64 as u64), false),
            Scalar::Number(number) => ((kind::FLOAT, number.to_bits()), false),
            Scalar::Bool(truth) => ((if *truth { kind::TRUE } else { kind::FALSE }, 0), false),
        };
        let usual = match self.usual.entry(saying) {
            Entry::Occupied(usual) => *usual.get() == said,
            Entry::Vacant(unknown) => {
                unknown.insert(said);
                false
            }
        };
        let kinds = self.streams.to(Stream::AnnotationKind);
        if usual {
            return kinds.push(kind::USUAL);
        }
        kinds.push(said.0);
        self.bound(saying.0, key, value);
        match said {
            (kind::TEXT, _) if new => self.streams.to(Stream::AnnotationValue).varint(0),
            (kind::TEXT, number) => self.streams.to(Stream::AnnotationValue).varint(number + 1),
            (kind::WHOLE, number) => self.streams.to(Stream::AnnotationNumber).zigzag(number as i64),
            (kind::FLOAT, bits) => self.streams.to(Stream::Raw).extend_from_slice(&bits.to_le_bytes()),
            _ => {}
        }
    }

    pub(super) fn cause(&mut self, cause: &'a RootCause) {
        let heads = self.streams.to(Stream::Causes);
        heads.varint((cause.services.len() as u64) << 1 | u64::from(cause.client_impacting));
        for service in &cause.services {
            let heads = self.streams.to(Stream::Causes);
            heads.varint(u64::from(service.service) << 1 | u64::from(service.inferred));
            heads.varint(service.path.len() as u64);
            for entity in &service.path {
                self.name(Stream::CauseNames, &entity.name);
                let heads = self.streams.to(Stream::Causes);
                heads.varint((entity.exceptions.len() as u64) << 1 | u64::from(entity.remote));
                match shares(entity.coverage) {
                    Some(shares) => heads.varint(shares + 1),
                    None => {
                        heads.varint(0);
                        self.float(entity.coverage);
                    }
                }
                for (kind, message) in &entity.exceptions {
                    self.name(Stream::CauseNames, kind);
                    self.value(Stream::CauseValues, message);
                }
            }
        }
    }
}

fn is_whole(number: f64) -> bool {
    (number as i64 as f64).to_bits() == number.to_bits()
}

/// How many thousandths a share is, if it is a whole number of them.
fn shares(coverage: f32) -> Option<u64> {
    let shares = (coverage * SHARES).round();
    let same = (0.0..=SHARES).contains(&shares) && (shares / SHARES).to_bits() == coverage.to_bits();
    same.then_some(shares as u64)
}
