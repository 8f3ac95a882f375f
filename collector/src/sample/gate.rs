//! The head gate: keeps or skips spans whose sender did not decide, whole traces at a time.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use beamline_model::id::TraceId;
use beamline_model::otlp::ResourceFacts;
use beamline_model::otlp::walk::SpanHead;
use beamline_model::sampling::decide::{Decision, Reservoir, decide};
use beamline_model::sampling::matching::Request;
use beamline_model::time::Timestamp;
use beamline_store::Store;
use beamline_store::api::Account;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use rustc_hash::FxHashMap;

use super::rules::Rules;
use crate::config::HeadSampling;

/// Decisions remembered in each of two generations.
const REMEMBERED: usize = 65_536;

/// Decides for spans that their sender did not mark as sampled, if rules are to decide here at all.
///
/// The first span of a trace decides for all of it. Decisions are forgotten when too many newer ones were made; then
/// the rate still gives every span of a trace the same answer, only what the reservoir kept may become incomplete.
pub(crate) struct Gate {
    mode: HeadSampling,
    rules: Arc<Rules>,
    store: Arc<Store>,
    // A plain mutex: it is held for a look-up or one decision, never across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    decided: Remembered<(Account, TraceId), Option<f32>>,
    reservoirs: Remembered<(Account, String), Reservoir>,
}

/// A map that forgets: what was not used since two generations is gone.
#[derive(Debug)]
struct Remembered<K, V> {
    young: FxHashMap<K, V>,
    old: FxHashMap<K, V>,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self {
            young: FxHashMap::default(),
            old: FxHashMap::default(),
        }
    }
}

impl<K: Eq + Hash, V: Copy> Remembered<K, V> {
    fn get(&mut self, key: K) -> Option<V> {
        if let Some(value) = self.young.get(&key) {
            return Some(*value);
        }
        let value = self.old.remove(&key)?;
        self.put(key, value);
        Some(value)
    }

    fn put(&mut self, key: K, value: V) {
        if self.young.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

impl Gate {
    pub(crate) fn new(mode: HeadSampling, rules: Arc<Rules>, store: Arc<Store>) -> Self {
        Self {
            mode,
            rules,
            store,
            state: Mutex::default(),
        }
    }

    /// How many requests the span stands for; `None` if it is not kept.
    pub(crate) fn keep(&self, account: Account, span: &SpanHead<'_>, resource: &ResourceFacts<'_>) -> Option<f32> {
        let is_sampled = span.flags & 1 == 1;
        if self.mode == HeadSampling::Off || is_sampled {
            return Some(1.0);
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(decided) = state.decided.get((account, span.trace)) {
            return decided;
        }
        let decision = self.decide(account, span, resource, &mut state, self.store.stamp());
        state.decided.put((account, span.trace), decision);
        decision
    }

    fn decide(
        &self,
        account: Account,
        span: &SpanHead<'_>,
        resource: &ResourceFacts<'_>,
        state: &mut State,
        now: Timestamp,
    ) -> Option<f32> {
        // Rules that cannot be read are no reason to lose a trace.
        let (rules, _) = self.rules.set(account).ok()?;
        let facts = span.request();
        let decoded = OnceCell::new();
        let attribute = |key: &str| {
            text_of(
                decoded.get_or_init(|| Span::decode(span.bytes).unwrap_or_default()),
                key,
            )
        };
        let request = Request {
            service_name: resource.service_name.unwrap_or_default(),
            service_type: resource.service_type,
            host: facts.host.unwrap_or_default(),
            http_method: facts.method.unwrap_or_default(),
            url_path: facts.target.unwrap_or_default(),
            resource_arn: resource.resource_arn.unwrap_or_default(),
            attribute: &attribute,
        };
        let (_, rule) = rules.choose(&request);
        let key = (account, rule.name.clone());
        let mut reservoir = state.reservoirs.get(key.clone()).unwrap_or_default();
        let decision = decide(rule, &mut reservoir, span.trace, now);
        state.reservoirs.put(key, reservoir);
        match decision {
            Decision::Keep { weight } => Some(weight),
            Decision::Skip => None,
        }
    }
}

/// An attribute as text. Only rules that ask for attributes pay for decoding the span.
fn text_of<'a>(span: &Span, key: &str) -> Option<Cow<'a, str>> {
    let attribute = span.attributes.iter().rev().find(|attribute| attribute.key == key)?;
    let text = match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::BoolValue(value) => value.to_string(),
        Value::IntValue(value) => value.to_string(),
        Value::DoubleValue(value) => value.to_string(),
        _ => return None,
    };
    Some(Cow::Owned(text))
}
