//! Which nodes enter a service, and which call another.

use super::tree::Ancestry;
use super::{At, Service};
use crate::node::{Form, Kind, Namespace, Node, Text};

/// What each node is in the trace, by [`At::index`].
pub(super) struct Roles {
    /// The node that entered the service this one runs in.
    pub(super) segment: Vec<At>,
    /// The nearest call at or above it in the same segment.
    pub(super) call: Vec<Option<At>>,
    /// Calls whose callee reported, and the calls around those.
    pub(super) answered: Vec<bool>,
}

/// Decides every node's role, parents first.
pub(super) fn roles(nodes: &[Node<'_>], ancestry: &Ancestry) -> Roles {
    let mut segment: Vec<At> = (0..nodes.len()).map(At::new).collect();
    let mut call: Vec<Option<At>> = vec![None; nodes.len()];
    let mut answered = vec![false; nodes.len()];
    for &at in &ancestry.order {
        let node = &nodes[at.index()];
        let parent = ancestry.parents[at.index()];
        let caller = parent.map(|parent| &nodes[segment[parent.index()].index()]);
        let above = parent.and_then(|parent| call[parent.index()]);
        match parent {
            Some(parent) if !enters(node, caller) => {
                segment[at.index()] = segment[parent.index()];
                call[at.index()] = if calls(node) { Some(at) } else { above };
            }
            _ => {
                call[at.index()] = calls(node).then_some(at);
                let mut reached = above;
                while let Some(caller) = reached.filter(|caller| !answered[caller.index()]) {
                    answered[caller.index()] = true;
                    reached = enclosing_call(&segment, &call, ancestry, caller);
                }
            }
        }
    }
    Roles {
        segment,
        call,
        answered,
    }
}

/// The call around a call, in the same segment: an AWS call around the HTTP request it is made of.
fn enclosing_call(segment: &[At], call: &[Option<At>], ancestry: &Ancestry, at: At) -> Option<At> {
    let inner = segment[at.index()] != at;
    let parent = ancestry.parents[at.index()].filter(|_| inner)?;
    call[parent.index()]
}

impl Roles {
    /// The call around a call, in the same segment.
    pub(super) fn around(&self, ancestry: &Ancestry, at: At) -> Option<At> {
        enclosing_call(&self.segment, &self.call, ancestry, at)
    }
}

/// Whether a request enters a service at this node; `caller` is the segment that its parent runs in.
fn enters(node: &Node<'_>, caller: Option<&Node<'_>>) -> bool {
    match node.form {
        Form::Segment | Form::Inferred | Form::Placeholder => true,
        Form::Subsegment | Form::Embedded => false,
        Form::Span => {
            let elsewhere = |caller: &Node<'_>| node.service.as_deref().is_some_and(|own| own != service(caller).name);
            enters_by_itself(node) || caller.is_none_or(elsewhere)
        }
    }
}

/// Whether a request enters a service here whoever the parent is.
pub(super) fn enters_by_itself(node: &Node<'_>) -> bool {
    match node.form {
        Form::Segment | Form::Inferred | Form::Placeholder => true,
        Form::Subsegment | Form::Embedded => false,
        Form::Span => {
            matches!(node.kind, Kind::Server | Kind::Consumer)
                || node.remote_parent == Some(true)
                || node.attribute("aws.span.kind").and_then(|kind| kind.as_text()) == Some("LOCAL_ROOT")
        }
    }
}

/// Whether a node waits for, or sends to, somebody else.
fn calls(node: &Node<'_>) -> bool {
    match node.form {
        Form::Segment | Form::Inferred | Form::Placeholder => false,
        Form::Subsegment | Form::Embedded => node.namespace.is_downstream() || node.sql.is_some(),
        Form::Span => match node.kind {
            Kind::Client | Kind::Producer => true,
            Kind::Server | Kind::Consumer => false,
            Kind::Internal | Kind::Unspecified => matches!(node.namespace, Namespace::Aws | Namespace::Remote),
        },
    }
}

/// The service that a segment names.
pub(super) fn service<'n>(segment: &'n Node<'_>) -> Service<'n> {
    fn text<'n>(text: Option<&'n Text<'_>>) -> &'n str {
        text.map_or("", |text| text.as_ref())
    }
    let kind = match segment.form {
        Form::Inferred if segment.origin.is_none() => "remote",
        _ => text(segment.origin.as_ref()),
    };
    let name = segment.service.as_ref().filter(|name| !name.is_empty());
    Service {
        name: text(Some(name.unwrap_or(&segment.name))),
        kind,
        account: text(segment.aws.as_ref().and_then(|aws| aws.account_id.as_ref())),
    }
}
