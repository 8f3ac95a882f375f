//! Tags of groups and sampling rules.

use std::collections::BTreeMap;

use beamline_model::sampling::rule::DEFAULT_RULE;
use beamline_proto::generated::xray::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, Tag, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};
use beamline_store::ObjectKind;
use bytes::Bytes;

use super::token::Named;
use super::{Call, groups, kept, named_page};
use crate::fault::Fault;

/// The most tags one resource has.
const LIMIT: usize = 50;

type Tags = BTreeMap<String, String>;

pub(super) fn list(call: &Call, request: ListTagsForResourceRequest) -> Result<ListTagsForResourceResponse, Fault> {
    let (tags, _) = of(call, &request.resource_arn)?;
    let tags = tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
    let key = |tag: &Tag| tag.key.clone();
    let (tags, next_token) = named_page(tags, LIMIT, Named::Tags, request.next_token.as_deref(), key)?;
    Ok(ListTagsForResourceResponse {
        tags: Some(tags),
        next_token,
    })
}

pub(super) fn add(call: &Call, request: TagResourceRequest) -> Result<TagResourceResponse, Fault> {
    let new = checked(request.tags)?;
    let arn = request.resource_arn;
    change(call, &arn, |tags| {
        tags.extend(new);
        if tags.len() > LIMIT {
            return Err(Fault::too_many_tags(
                &arn,
                format!("a resource has at most {LIMIT} tags"),
            ));
        }
        Ok(())
    })?;
    Ok(TagResourceResponse {})
}

pub(super) fn remove(call: &Call, request: UntagResourceRequest) -> Result<UntagResourceResponse, Fault> {
    change(call, &request.resource_arn, |tags| {
        tags.retain(|key, _| !request.tag_keys.contains(key));
        Ok(())
    })?;
    Ok(UntagResourceResponse {})
}

/// Tags as they may be given.
pub(super) fn checked(tags: Vec<Tag>) -> Result<Tags, Fault> {
    if let Some(tag) = tags.iter().find(|tag| tag.key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(Fault::invalid(format!(
            "tag keys must not begin with aws: as {} does",
            tag.key
        )));
    }
    let tags: Tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    if tags.len() > LIMIT {
        return Err(Fault::invalid(format!("a resource has at most {LIMIT} tags")));
    }
    Ok(tags)
}

/// Gives a new resource its tags, and nothing of one that had its ARN before.
pub(super) fn keep(call: &Call, arn: &str, tags: &Tags) -> Result<(), Fault> {
    match tags.is_empty() {
        true => forget(call, arn),
        false => kept::set(call, ObjectKind::Tags, arn, tags),
    }
}

/// Takes the tags of a deleted resource away.
pub(super) fn forget(call: &Call, arn: &str) -> Result<(), Fault> {
    Ok(call.store.delete_object(ObjectKind::Tags, call.account, arn)?)
}

fn change(call: &Call, arn: &str, change: impl FnOnce(&mut Tags) -> Result<(), Fault>) -> Result<(), Fault> {
    let (mut tags, old) = of(call, arn)?;
    change(&mut tags)?;
    kept::change(call, ObjectKind::Tags, arn, old.as_deref(), Some(&tags))
}

fn of(call: &Call, arn: &str) -> Result<(Tags, Option<Bytes>), Fault> {
    if !exists(call, arn)? {
        return Err(Fault::not_found(
            arn,
            "there is no group or sampling rule with this ARN",
        ));
    }
    let kept = kept::read(call, ObjectKind::Tags, arn)?;
    Ok(kept.map_or_else(Default::default, |(tags, bytes)| (tags, Some(bytes))))
}

fn exists(call: &Call, arn: &str) -> Result<bool, Fault> {
    match call
        .resource(arn)
        .and_then(|resource| resource.strip_prefix("sampling-rule/"))
    {
        Some(DEFAULT_RULE) => Ok(true),
        Some(rule) => Ok(call
            .store
            .object(ObjectKind::SamplingRule, call.account, rule)?
            .is_some()),
        None => groups::exists(call, arn),
    }
}
