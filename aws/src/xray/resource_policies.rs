//! Resource policies: kept under their names, each with a revision that tells whether somebody else wrote meanwhile.

use beamline_model::policy::{COUNT_LIMIT, Policy, ResourcePolicy, SIZE_LIMIT};
use beamline_model::time::Timestamp;
use beamline_proto::generated::xray::{
    DeleteResourcePolicyRequest, DeleteResourcePolicyResult, ListResourcePoliciesRequest, ListResourcePoliciesResult,
    PutResourcePolicyRequest, PutResourcePolicyResult, ResourcePolicy as Shown,
};
use beamline_store::ObjectKind;

use super::kept::{self, Kept};
use super::render::moment;
use super::token::Named;
use super::{Call, named_page};
use crate::fault::Fault;

pub(super) fn put(call: &Call, request: PutResourcePolicyRequest) -> Result<PutResourcePolicyResult, Fault> {
    let document = request.policy_document;
    if document.len() > SIZE_LIMIT {
        return Err(Fault::policy_too_large(format!(
            "a policy document must not be larger than {SIZE_LIMIT} bytes"
        )));
    }
    let policy = Policy::parse(&document).map_err(Fault::malformed_policy)?;
    let may_lock_out = request.bypass_policy_lockout_check.unwrap_or_default();
    if !may_lock_out && policy.locks_out(&call.caller.account) {
        return Err(Fault::lockout(
            "the policy would keep you from calling PutResourcePolicy again; BypassPolicyLockoutCheck says that it is meant",
        ));
    }
    let known = at_revision(call, &request.policy_name, request.policy_revision_id.as_deref())?;
    if known.is_none() && call.store.objects(ObjectKind::ResourcePolicy, call.account)?.len() >= COUNT_LIMIT {
        return Err(Fault::too_many_policies(format!(
            "there are {COUNT_LIMIT} resource policies already, and no more are possible"
        )));
    }
    let policy = ResourcePolicy {
        name: request.policy_name,
        document,
        revision: known.as_ref().map_or(0, |(policy, _)| policy.revision) + 1,
        updated: call.store.stamp().0,
    };
    let old = known.as_ref().map(|(_, bytes)| &**bytes);
    kept::change(call, ObjectKind::ResourcePolicy, &policy.name, old, Some(&policy))?;
    Ok(PutResourcePolicyResult {
        resource_policy: Some(shown(&policy)),
    })
}

pub(super) fn list(call: &Call, request: ListResourcePoliciesRequest) -> Result<ListResourcePoliciesResult, Fault> {
    let policies: Vec<ResourcePolicy> = kept::all(call, ObjectKind::ResourcePolicy)?;
    let name = |policy: &ResourcePolicy| policy.name.clone();
    let token = request.next_token.as_deref();
    let (policies, next_token) = named_page(policies, COUNT_LIMIT, Named::ResourcePolicies, token, name)?;
    Ok(ListResourcePoliciesResult {
        resource_policies: Some(policies.iter().map(shown).collect()),
        next_token,
    })
}

pub(super) fn delete(call: &Call, request: DeleteResourcePolicyRequest) -> Result<DeleteResourcePolicyResult, Fault> {
    let name = request.policy_name;
    let known = at_revision(call, &name, request.policy_revision_id.as_deref())?;
    let (_, old) = known.ok_or_else(|| Fault::invalid(format!("there is no resource policy named {name}")))?;
    kept::change(
        call,
        ObjectKind::ResourcePolicy,
        &name,
        Some(&old),
        None::<&ResourcePolicy>,
    )?;
    Ok(DeleteResourcePolicyResult {})
}

/// The policy with a name, if it is at the revision that the caller has seen.
fn at_revision(call: &Call, name: &str, revision: Option<&str>) -> Result<Option<Kept<ResourcePolicy>>, Fault> {
    let known: Option<Kept<ResourcePolicy>> = kept::read(call, ObjectKind::ResourcePolicy, name)?;
    let policy = known.as_ref().map(|(policy, _)| policy);
    if revision.is_some_and(|revision| !ResourcePolicy::is_at(policy, revision)) {
        return Err(Fault::policy_revision(match policy {
            Some(policy) => format!("the policy {name} is at revision {}", policy.revision),
            None => format!("there is no policy {name} yet, which is what revision 0 says"),
        }));
    }
    Ok(known)
}

fn shown(policy: &ResourcePolicy) -> Shown {
    Shown {
        policy_name: Some(policy.name.clone()),
        policy_document: Some(policy.document.clone()),
        policy_revision_id: Some(policy.revision.to_string()),
        last_updated_time: Some(moment(Timestamp(policy.updated))),
    }
}
