//! Annotations and root causes.

use std::borrow::Cow;

use beamline_model::digest::{AnnotationFact, CauseEntity, CauseService, Digest, Indexes, RootCause};
use beamline_model::node::Scalar;

use super::super::streams::Stream;
use super::super::{NO_SERVICE, SHARES, Saying, kind, place, services_of};
use super::{Reader, Usual};

impl Reader<'_> {
    pub(super) fn annotations(&mut self, digest: &Digest) -> Option<Vec<AnnotationFact>> {
        let mut before = 0i64;
        let mut derived = Vec::new();
        self.list(|reader| {
            let key = reader.cursors.of(Stream::AnnotationKey).number()?;
            let (segments, told) = reader.place(digest.segments.len(), &mut before)?;
            let service_of = |&at: &u16| digest.segments.get(usize::from(at)).map(|segment| segment.service);
            let first = segments.iter().filter_map(service_of).min();
            let first = first.and_then(|service| reader.own.get(usize::from(service)).copied());
            let value = reader.scalar((key, first.unwrap_or(NO_SERVICE)))?;
            let key = reader.page.names.get(key as usize)?;
            let services = match told {
                Some(services) => services,
                None if reader.skips => Indexes::new(),
                None => {
                    services_of(&segments, &digest.segments, &mut derived);
                    derived.as_slice().into()
                }
            };
            Some(AnnotationFact {
                key: reader.text(key),
                value,
                services,
                segments,
            })
        })
    }

    /// The segments that said something, and the services if they do not follow from those.
    fn place(&mut self, all: usize, before: &mut i64) -> Option<(Indexes, Option<Indexes>)> {
        let bits = self.cursors.of(Stream::AnnotationWhere).varint()?;
        let segments = if bits & place::LIST != 0 {
            self.indexes()?
        } else if bits & place::ALL != 0 {
            (0..u16::try_from(all).ok()?).collect()
        } else {
            let distance = bits >> place::DISTANCE;
            *before = before.checked_add((distance >> 1) as i64 ^ -((distance & 1) as i64))?;
            Indexes::from_slice(&[u16::try_from(*before).ok()?])
        };
        let told = bits & place::SERVICES != 0;
        Some((segments, if told { Some(self.indexes()?) } else { None }))
    }

    fn scalar(&mut self, saying: Saying) -> Option<Scalar<'static>> {
        let kind = self.cursors.of(Stream::AnnotationKind).byte()?;
        let usual = kind == kind::USUAL;
        let said = match kind {
            kind::USUAL => *match &self.usual {
                Usual::Learning(learnt) => learnt.get(&saying)?,
                Usual::Known(known) => known.get(&saying)?,
            },
            kind::TEXT => (kind::TEXT, self.value_number(Stream::AnnotationValue)? as u64),
            kind::WHOLE => (kind::WHOLE, self.cursors.of(Stream::AnnotationNumber).zigzag()? as u64),
            kind::FLOAT => (kind::FLOAT, u64::from_le_bytes(self.cursors.of(Stream::Raw).array()?)),
            kind @ (kind::FALSE | kind::TRUE) => (kind, 0),
            _ => return None,
        };
        match (&mut self.usual, said) {
            (_, (kind::TEXT, value)) if usual => self.comes_again(usize::try_from(value).ok()?),
            (Usual::Learning(learnt), _) if !usual => {
                learnt.entry(saying).or_insert(said);
            }
            _ => {}
        }
        Some(match said {
            (kind::TEXT, number) => {
                let text = self.page.values.get(usize::try_from(number).ok()?)?;
                Scalar::Text(Cow::Owned(self.text(text)))
            }
            (kind::WHOLE, number) => Scalar::Number(number as i64 as f64),
            (kind::FLOAT, bits) => Scalar::Number(f64::from_bits(bits)),
            (kind, _) => Scalar::Bool(kind == kind::TRUE),
        })
    }

    pub(super) fn cause(&mut self) -> Option<RootCause> {
        let head = self.cursors.of(Stream::Causes).varint()?;
        let services = self.times(usize::try_from(head >> 1).ok()?, |reader| {
            let causes = reader.cursors.of(Stream::Causes);
            let (service, entities) = (causes.varint()?, causes.number::<usize>()?);
            Some(CauseService {
                service: u16::try_from(service >> 1).ok()?,
                inferred: service & 1 == 1,
                path: reader.times(entities, Self::entity)?,
            })
        })?;
        Some(RootCause {
            services,
            client_impacting: head & 1 == 1,
        })
    }

    fn entity(&mut self) -> Option<CauseEntity> {
        let name = self.name(Stream::CauseNames)?;
        let causes = self.cursors.of(Stream::Causes);
        let (head, shares) = (causes.varint()?, causes.varint()?);
        let coverage = match shares.checked_sub(1) {
            Some(shares) => shares as f32 / SHARES,
            None => self.float()?,
        };
        let exceptions = self.times(usize::try_from(head >> 1).ok()?, |reader| {
            Some((reader.name(Stream::CauseNames)?, reader.value(Stream::CauseValues)?))
        })?;
        Some(CauseEntity {
            name,
            remote: head & 1 == 1,
            coverage,
            exceptions,
        })
    }
}
