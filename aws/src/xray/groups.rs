//! Groups: filter expressions under a name.

use beamline_model::group::{DEFAULT_GROUP, Group};
use beamline_model::lang::trace_filter::Filter;
use beamline_proto::generated::xray::{
    CreateGroupRequest, CreateGroupResult, DeleteGroupRequest, DeleteGroupResult, GetGroupRequest, GetGroupResult,
    GetGroupsRequest, GetGroupsResult, Group as Shown, GroupSummary, InsightsConfiguration, UpdateGroupRequest,
    UpdateGroupResult,
};
use beamline_store::{ObjectKind, StoreError};
use bytes::Bytes;

use super::{Call, page, tags};
use crate::fault::Fault;

const PAGE: usize = 100;

pub(super) fn create(call: &Call, request: CreateGroupRequest) -> Result<CreateGroupResult, Fault> {
    let name = request.group_name;
    if name == DEFAULT_GROUP {
        return Err(Fault::invalid("the group Default always exists and cannot be created"));
    }
    if !Group::is_name(&name) {
        return Err(Fault::invalid("GroupName must have 1 to 32 letters, digits and dashes"));
    }
    let limit = if call.limits.strict { 25 } else { 1_000 };
    if call.store.objects(ObjectKind::Group, call.account)?.len() >= limit {
        return Err(Fault::invalid(format!(
            "there are {limit} groups already, and no more are possible"
        )));
    }
    let mut group = Group {
        name,
        unique: format!("{:032X}", rand::random::<u128>()),
        expression: checked(request.filter_expression)?,
        insights: false,
        notifications: false,
    };
    configure(&mut group, request.insights_configuration)?;
    let tags = tags::checked(request.tags.unwrap_or_default())?;
    if !call
        .store
        .cas_object(ObjectKind::Group, call.account, &group.name, None, Some(&json(&group)?))?
    {
        return Err(Fault::invalid(format!("a group named {} exists already", group.name)));
    }
    tags::keep(call, &arn(call, &group), &tags)?;
    Ok(CreateGroupResult {
        group: Some(shown(call, &group)),
    })
}

pub(super) fn get(call: &Call, request: GetGroupRequest) -> Result<GetGroupResult, Fault> {
    let group = match name(call, request.group_name, request.group_arn)? {
        Name::Default => default_group(),
        Name::Kept(name) => find(call, &name)?.0,
    };
    Ok(GetGroupResult {
        group: Some(shown(call, &group)),
    })
}

pub(super) fn list(call: &Call, request: GetGroupsRequest) -> Result<GetGroupsResult, Fault> {
    let mut groups = vec![default_group()];
    for (name, value) in call.store.objects(ObjectKind::Group, call.account)? {
        groups.push(group(&name, &value)?);
    }
    let (groups, next_token) = page(groups, PAGE, request.next_token.as_deref(), |group| {
        group.unique.clone()
    })?;
    let summary = |group: &Group| {
        let group = shown(call, group);
        GroupSummary {
            group_name: group.group_name,
            group_arn: group.group_arn,
            filter_expression: group.filter_expression,
            insights_configuration: group.insights_configuration,
        }
    };
    Ok(GetGroupsResult {
        groups: Some(groups.iter().map(summary).collect()),
        next_token,
    })
}

pub(super) fn update(call: &Call, request: UpdateGroupRequest) -> Result<UpdateGroupResult, Fault> {
    let name = match name(call, request.group_name, request.group_arn)? {
        Name::Default => return Err(Fault::invalid("the group Default cannot be changed")),
        Name::Kept(name) => name,
    };
    let (mut group, old) = find(call, &name)?;
    if let Some(expression) = request.filter_expression {
        group.expression = checked(Some(expression))?;
    }
    configure(&mut group, request.insights_configuration)?;
    if !call
        .store
        .cas_object(ObjectKind::Group, call.account, &name, Some(&old), Some(&json(&group)?))?
    {
        return Err(Fault::throttled(
            "the group is being changed by somebody else; try again",
        ));
    }
    Ok(UpdateGroupResult {
        group: Some(shown(call, &group)),
    })
}

pub(super) fn delete(call: &Call, request: DeleteGroupRequest) -> Result<DeleteGroupResult, Fault> {
    let name = match name(call, request.group_name, request.group_arn)? {
        Name::Default => return Err(Fault::invalid("the group Default cannot be deleted")),
        Name::Kept(name) => name,
    };
    let (group, old) = find(call, &name)?;
    if !call
        .store
        .cas_object(ObjectKind::Group, call.account, &name, Some(&old), None)?
    {
        return Err(Fault::throttled(
            "the group is being changed by somebody else; try again",
        ));
    }
    tags::forget(call, &arn(call, &group))?;
    Ok(DeleteGroupResult {})
}

/// Whether an ARN is that of a group that exists.
pub(super) fn exists(call: &Call, arn_of_group: &str) -> Result<bool, Fault> {
    let Some(Name::Kept(name)) = name_in(call, arn_of_group) else {
        return Ok(false);
    };
    let value = call.store.object(ObjectKind::Group, call.account, &name)?;
    Ok(value
        .map(|value| group(&name, &value))
        .transpose()?
        .is_some_and(|group| arn(call, &group) == arn_of_group))
}

/// Which group is meant.
enum Name {
    Default,
    Kept(String),
}

/// The group that a name or an ARN means; exactly one has to be given.
fn name(call: &Call, name: Option<String>, arn: Option<String>) -> Result<Name, Fault> {
    match (name, arn) {
        (Some(name), None) if name == DEFAULT_GROUP => Ok(Name::Default),
        (Some(name), None) => Ok(Name::Kept(name)),
        (None, Some(arn)) => name_in(call, &arn).ok_or_else(|| Fault::invalid("GroupARN is not the ARN of a group")),
        _ => Err(Fault::invalid("give either GroupName or GroupARN")),
    }
}

fn name_in(call: &Call, arn: &str) -> Option<Name> {
    let resource = call.resource(arn)?.strip_prefix("group/")?;
    if resource == DEFAULT_GROUP {
        return Some(Name::Default);
    }
    let (name, _) = resource.split_once('/')?;
    Some(Name::Kept(name.to_owned()))
}

fn find(call: &Call, name: &str) -> Result<(Group, Bytes), Fault> {
    let value = call.store.object(ObjectKind::Group, call.account, name)?;
    let value = value.ok_or_else(|| Fault::invalid(format!("there is no group named {name}")))?;
    Ok((group(name, &value)?, value))
}

fn group(name: &str, value: &[u8]) -> Result<Group, Fault> {
    serde_json::from_slice(value)
        .map_err(|error| Fault::internal(&StoreError::Damaged(format!("group {name}: {error}"))))
}

fn json(group: &Group) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(group).map_err(|error| Fault::internal(&error))
}

/// An expression that is one; an empty text is none.
fn checked(expression: Option<String>) -> Result<Option<String>, Fault> {
    let expression = expression.filter(|text| !text.trim().is_empty());
    if let Some(text) = &expression {
        Filter::parse(text)?;
    }
    Ok(expression)
}

fn configure(group: &mut Group, configuration: Option<InsightsConfiguration>) -> Result<(), Fault> {
    let configuration = configuration.unwrap_or_default();
    group.insights = configuration.insights_enabled.unwrap_or(group.insights);
    group.notifications = configuration.notifications_enabled.unwrap_or(group.notifications);
    if group.notifications && !group.insights {
        return Err(Fault::invalid("NotificationsEnabled needs InsightsEnabled"));
    }
    Ok(())
}

fn default_group() -> Group {
    Group {
        name: DEFAULT_GROUP.to_owned(),
        unique: String::new(),
        expression: None,
        insights: false,
        notifications: false,
    }
}

fn arn(call: &Call, group: &Group) -> String {
    match group.unique.as_str() {
        "" => call.arn(&format!("group/{}", group.name)),
        unique => call.arn(&format!("group/{}/{unique}", group.name)),
    }
}

fn shown(call: &Call, group: &Group) -> Shown {
    Shown {
        group_name: Some(group.name.clone()),
        group_arn: Some(arn(call, group)),
        filter_expression: group.expression.clone(),
        insights_configuration: Some(InsightsConfiguration {
            insights_enabled: Some(group.insights),
            notifications_enabled: Some(group.notifications),
        }),
    }
}
