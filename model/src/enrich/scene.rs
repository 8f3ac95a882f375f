//! Where and when a trace happened.

use std::collections::BTreeSet;

use crate::id::{SpanId, TraceId};
use crate::node::{Form, Node, Value};
use crate::time::{TimeRange, Timestamp};
use crate::trace::{At, Trace};

/// What a trace offers to hang things on and to look for. Owns its texts, so that several threads can look at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The trace.
    pub trace: TraceId,
    /// Its nodes, parents before children, siblings by their start: their places here are the rows of a waterfall.
    pub spots: Vec<Spot>,
    /// The services behind them, in order of their first node. Those that did not report themselves are left out.
    pub parties: Vec<Party>,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Its id.
    pub id: SpanId,
    /// How many ancestors it has.
    pub depth: u32,
    /// From its start to the last moment known of it, by its own clock.
    pub start: Timestamp,
    /// See `start`.
    pub end: Timestamp,
    /// Index into [`Scene::parties`]; `None` if nobody reported it.
    pub party: Option<usize>,
    /// A request enters its service here.
    pub enters: bool,
}

/// A service of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Party {
    /// Its name.
    pub service: String,
    /// Its type, `AWS::EC2::Instance` style; empty when nobody said.
    pub origin: String,
    /// What its processes, containers and hosts are called.
    pub hosts: BTreeSet<String>,
    /// The log groups that it says it writes to.
    pub groups: BTreeSet<String>,
    /// Its Kubernetes or ECS clusters.
    pub clusters: BTreeSet<String>,
    /// From its first start to its last moment, by its own clock.
    pub start: Timestamp,
    /// See `start`.
    pub end: Timestamp,
    /// The place of its first node in [`Scene::spots`].
    pub first: usize,
}

impl Scene {
    /// What a trace offers.
    #[must_use]
    pub fn of(trace: &Trace<'_>) -> Self {
        let mut scene = Self::empty(trace.id());
        for (at, depth) in trace.walk() {
            let node = &trace[at];
            let reported = !matches!(node.form, Form::Inferred | Form::Placeholder);
            let party = reported.then(|| scene.party(trace, at));
            scene.spots.push(Spot {
                id: node.id,
                depth,
                start: node.start,
                end: node.last_moment(),
                party,
                enters: trace.enters(at),
            });
        }
        scene
    }

    /// What a trace offers of which nothing is known.
    #[must_use]
    pub fn empty(trace: TraceId) -> Self {
        Self {
            trace,
            spots: Vec::new(),
            parties: Vec::new(),
        }
    }

    /// From the first start to the last moment of whatever was reported; `None` if nothing was.
    #[must_use]
    pub fn range(&self) -> Option<TimeRange> {
        let start = self.parties.iter().map(|party| party.start).min()?;
        let end = self.parties.iter().map(|party| party.end).max()?;
        Some(start..end)
    }

    fn party(&mut self, trace: &Trace<'_>, at: At) -> usize {
        let (node, service) = (&trace[at], trace.service(at));
        let known = self.parties.iter().position(|party| party.service == service.name);
        let index = known.unwrap_or_else(|| {
            self.parties.push(Party {
                service: service.name.to_owned(),
                start: node.start,
                end: node.last_moment(),
                first: self.spots.len(),
                ..Party::default()
            });
            self.parties.len() - 1
        });
        let party = &mut self.parties[index];
        party.start = party.start.min(node.start);
        party.end = party.end.max(node.last_moment());
        if party.origin.is_empty() {
            party.origin.push_str(service.kind);
        }
        party.hear(node);
        index
    }
}

/// Resource attributes that name a process, a container or a host.
pub const HOST_KEYS: [&str; 9] = [
    "service.instance.id",
    "host.name",
    "host.id",
    "container.id",
    "container.name",
    "k8s.pod.name",
    "k8s.pod.uid",
    "aws.ecs.task.id",
    "faas.instance",
];
const CLUSTER_KEYS: [&str; 2] = ["k8s.cluster.name", "aws.ecs.cluster.name"];

impl Party {
    /// What a node says about where it runs.
    fn hear(&mut self, node: &Node<'_>) {
        if let Some(aws) = node.aws.as_deref() {
            self.groups
                .extend(aws.log_groups.iter().map(|(name, _)| name.to_string()));
            self.hosts.extend(aws.instance_id.iter().map(ToString::to_string));
            for (name, json) in &aws.members {
                self.hear_member(name, json);
            }
        }
        for (key, value) in node.context.iter().flat_map(|context| &context.resource) {
            let Value::Text(text) = value else { continue };
            if HOST_KEYS.contains(&&**key) {
                self.hosts.insert(text.to_string());
            } else if CLUSTER_KEYS.contains(&&**key) {
                self.clusters.insert(text.to_string());
            }
        }
    }

    /// X-Ray's members `ecs` and `eks`.
    fn hear_member(&mut self, name: &str, json: &str) {
        if !matches!(name, "ecs" | "eks") {
            return;
        }
        let Ok(serde_json::Value::Object(members)) = serde_json::from_str(json) else {
            return;
        };
        for (key, value) in members {
            let serde_json::Value::String(text) = value else {
                continue;
            };
            match key.as_str() {
                "container" | "container_id" | "container_name" | "pod" | "task_arn" => {
                    self.hosts.insert(text);
                }
                "cluster_name" => {
                    self.clusters.insert(text);
                }
                _ => {}
            }
        }
    }
}
