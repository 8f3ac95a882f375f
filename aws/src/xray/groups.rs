//! Groups: filter expressions under a name.

use beamline_model::group::{DEFAULT_GROUP, Group};
use beamline_model::lang::trace_filter::Filter;
use beamline_proto::generated::xray::{
    CreateGroupRequest, CreateGroupResult, DeleteGroupRequest, DeleteGroupResult, GetGroupRequest, GetGroupResult,
    GetGroupsRequest, GetGroupsResult, Group as Shown, GroupSummary, InsightsConfiguration, UpdateGroupRequest,
    UpdateGroupResult,
};
use beamline_store::ObjectKind;
use bytes::Bytes;

use super::kept::{self, Kept};
use super::token::Named;
use super::{Call, named_page, tags};
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
    let others = call.store.objects(ObjectKind::Group, call.account)?;
    if others.iter().filter(|(name, _)| name != DEFAULT_GROUP).count() >= limit {
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
    if !kept::swap(call, ObjectKind::Group, &group.name, None, Some(&group))? {
        return Err(Fault::invalid(format!("a group named {} exists already", group.name)));
    }
    tags::keep(call, &arn(call, &group), &tags)?;
    Ok(CreateGroupResult {
        group: Some(shown(call, &group)),
    })
}

pub(super) fn get(call: &Call, request: GetGroupRequest) -> Result<GetGroupResult, Fault> {
    let group = match name(call, request.group_name, request.group_arn)? {
        Name::Default => always(call)?.0,
        Name::Kept(kept) => find(call, &kept)?.0,
    };
    Ok(GetGroupResult {
        group: Some(shown(call, &group)),
    })
}

pub(super) fn list(call: &Call, request: GetGroupsRequest) -> Result<GetGroupsResult, Fault> {
    let mut groups: Vec<Group> = kept::all(call, ObjectKind::Group)?;
    if groups.iter().all(|group| group.name != DEFAULT_GROUP) {
        groups.push(Group::always());
    }
    // The default group comes first, wherever its name would put it.
    let place = |group: &Group| match group.name.as_str() {
        DEFAULT_GROUP => String::new(),
        name => name.to_owned(),
    };
    groups.sort_by_key(place);
    let (groups, next_token) = named_page(groups, PAGE, Named::Groups, request.next_token.as_deref(), place)?;
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
    let (mut group, old) = match name(call, request.group_name, request.group_arn)? {
        Name::Default if request.filter_expression.is_some() => {
            return Err(Fault::invalid(
                "the group Default has every trace; its expression cannot be changed",
            ));
        }
        Name::Default => always(call)?,
        Name::Kept(name) => {
            let (group, value) = find(call, &name)?;
            (group, Some(value))
        }
    };
    if request.filter_expression.is_some() {
        group.expression = checked(request.filter_expression)?;
    }
    configure(&mut group, request.insights_configuration)?;
    kept::change(call, ObjectKind::Group, &group.name, old.as_deref(), Some(&group))?;
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
    kept::change(call, ObjectKind::Group, &group.name, Some(&old), None::<&Group>)?;
    tags::forget(call, &arn(call, &group))?;
    Ok(DeleteGroupResult {})
}

/// Whether an ARN is that of a group that exists.
pub(super) fn exists(call: &Call, arn_of_group: &str) -> Result<bool, Fault> {
    match name_in(call, arn_of_group) {
        Some(Name::Default) => Ok(true),
        Some(Name::Kept(name)) => Ok(look_up(call, &name)?.is_some()),
        None => Ok(false),
    }
}

/// Which group is meant.
enum Name {
    Default,
    Kept(KeptName),
}

struct KeptName {
    name: String,
    /// The last part of the ARN, where the group was named by that. A group that was deleted had another one.
    unique: Option<String>,
}

/// The group that a name or an ARN means; exactly one has to be given.
fn name(call: &Call, name: Option<String>, arn: Option<String>) -> Result<Name, Fault> {
    match (name, arn) {
        (Some(name), None) if name == DEFAULT_GROUP => Ok(Name::Default),
        (Some(name), None) => Ok(Name::Kept(KeptName { name, unique: None })),
        (None, Some(arn)) => name_in(call, &arn).ok_or_else(|| Fault::invalid("GroupARN is not the ARN of a group")),
        _ => Err(Fault::invalid("give either GroupName or GroupARN")),
    }
}

fn name_in(call: &Call, arn: &str) -> Option<Name> {
    let resource = call.resource(arn)?.strip_prefix("group/")?;
    if resource == DEFAULT_GROUP {
        return Some(Name::Default);
    }
    let (name, unique) = resource.split_once('/')?;
    Some(Name::Kept(KeptName {
        name: name.to_owned(),
        unique: Some(unique.to_owned()),
    }))
}

fn look_up(call: &Call, KeptName { name, unique }: &KeptName) -> Result<Option<Kept<Group>>, Fault> {
    let found: Option<Kept<Group>> = kept::read(call, ObjectKind::Group, name)?;
    Ok(found.filter(|(group, _)| unique.as_ref().is_none_or(|unique| group.unique == *unique)))
}

fn find(call: &Call, name: &KeptName) -> Result<Kept<Group>, Fault> {
    let missing = || Fault::invalid(format!("there is no group named {}", name.name));
    look_up(call, name)?.ok_or_else(missing)
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

/// The group that always exists, and how it is kept, if somebody has changed it.
fn always(call: &Call) -> Result<(Group, Option<Bytes>), Fault> {
    let kept = kept::read(call, ObjectKind::Group, DEFAULT_GROUP)?;
    Ok(kept.map_or_else(|| (Group::always(), None), |(group, value)| (group, Some(value))))
}

fn arn(call: &Call, group: &Group) -> String {
    group.arn(&call.caller.account, &call.caller.region)
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
