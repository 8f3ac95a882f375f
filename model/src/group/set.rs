//! The groups of an account, with their expressions read.

use xxhash_rust::xxh3::Xxh3;

use super::{DEFAULT_GROUP, Group};
use crate::digest::Digest;
use crate::lang::trace_filter::{Filter, GroupRef, Groups};

/// The groups of an account, the one that always exists among them. Expressions may name other groups.
#[derive(Debug, Default)]
pub struct GroupSet {
    groups: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: String,
    unique: String,
    arn: String,
    text: Option<String>,
    expression: Expression,
}

/// Which traces belong to a group.
#[derive(Debug)]
pub enum Expression {
    /// All.
    All,
    /// Those that it matches.
    Filter(Filter),
    /// It cannot be read, so that no trace belongs to it.
    Broken(String),
}

impl GroupSet {
    /// The groups kept of an account, and the one that always exists.
    #[must_use]
    pub fn new(account: &str, region: &str, kept: &[Group]) -> Self {
        let always = Group::always();
        let kept = kept.iter().filter(|group| group.name != DEFAULT_GROUP);
        let member = |group: &Group| Member {
            name: group.name.clone(),
            unique: group.unique.clone(),
            arn: group.arn(account, region),
            text: group.expression.clone(),
            expression: match group.expression.as_deref().map(Filter::parse) {
                None => Expression::All,
                Some(Ok(filter)) => Expression::Filter(filter),
                Some(Err(error)) => Expression::Broken(error.to_string()),
            },
        };
        let mut groups: Vec<Member> = std::iter::once(&always).chain(kept).map(member).collect();
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        Self { groups }
    }

    /// What belongs to a group; `None` if there is no such group.
    #[must_use]
    pub fn expression(&self, group: GroupRef<'_>) -> Option<&Expression> {
        self.find(group).map(|member| &member.expression)
    }

    /// The name of a group; `None` if there is no such group.
    #[must_use]
    pub fn name(&self, group: GroupRef<'_>) -> Option<&str> {
        self.find(group).map(|member| member.name.as_str())
    }

    /// The names of all groups that have an expression.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let filtered = |member: &&Member| matches!(member.expression, Expression::Filter(_));
        self.groups.iter().filter(filtered).map(|member| member.name.as_str())
    }

    /// Whether a trace belongs to a group.
    #[must_use]
    pub fn has(&self, group: GroupRef<'_>, digest: &Digest) -> bool {
        Nested::outermost(self).contains(group, digest) == Some(true)
    }

    /// A number that changes whenever other traces may belong to a group than before: with its own expression, and,
    /// if that names groups, with any. A group that was deleted and made again has another.
    #[must_use]
    pub fn version(&self, name: &str) -> Option<u64> {
        let member = self.find(GroupRef::Name(name))?;
        // Kept on disk, so it depends neither on the platform nor on the standard library.
        let mut hash = Xxh3::new();
        let mut add = |member: &Member| {
            let text = member.text.as_deref().unwrap_or_default();
            for part in [member.name.as_str(), member.unique.as_str(), text] {
                hash.update(&(part.len() as u64).to_le_bytes());
                hash.update(part.as_bytes());
            }
        };
        add(member);
        if matches!(&member.expression, Expression::Filter(filter) if filter.mentions_groups()) {
            self.groups.iter().for_each(add);
        }
        Some(hash.digest())
    }

    fn find(&self, group: GroupRef<'_>) -> Option<&Member> {
        self.groups.iter().find(|member| match group {
            GroupRef::Name(name) => member.name == name,
            GroupRef::Arn(arn) => member.arn == arn,
        })
    }
}

/// Groups as seen from inside of so many others. Expressions of groups may name groups, even themselves, so there is
/// a level below which there are none.
pub struct Nested<'a> {
    groups: &'a GroupSet,
    below: u8,
}

/// How many groups deep an expression is followed.
const LEVELS: u8 = 4;

impl<'a> Nested<'a> {
    /// As seen from outside.
    #[must_use]
    pub fn outermost(groups: &'a GroupSet) -> Self {
        Self { groups, below: LEVELS }
    }

    /// The expression of a group and the groups that it sees, unless this is too deep.
    #[must_use]
    pub fn enter(&self, group: GroupRef<'_>) -> Option<(&'a Expression, Self)> {
        let member = self.groups.find(group)?;
        let below = self.below.checked_sub(1)?;
        let inner = Self {
            groups: self.groups,
            below,
        };
        Some((&member.expression, inner))
    }
}

impl Groups for Nested<'_> {
    fn contains(&self, group: GroupRef<'_>, digest: &Digest) -> Option<bool> {
        let (expression, inner) = self.enter(group)?;
        match expression {
            Expression::All => Some(true),
            Expression::Filter(filter) => Some(filter.matches(digest, &inner)),
            Expression::Broken(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(groups: &[(&str, &str, &str)]) -> GroupSet {
        let group = |&(name, unique, expression): &(&str, &str, &str)| Group {
            name: name.to_owned(),
            unique: unique.to_owned(),
            expression: Some(expression.to_owned()),
            insights: false,
            notifications: false,
        };
        let kept: Vec<Group> = groups.iter().map(group).collect();
        GroupSet::new("123456789012", "us-east-1", &kept)
    }

    #[test]
    fn a_version_changes_with_what_belongs_to_the_group() {
        let first = set(&[("a", "1", "fault"), ("b", "1", "group.name = \"a\""), ("c", "1", "ok")]);
        let same = set(&[("c", "1", "ok"), ("a", "1", "fault"), ("b", "1", "group.name = \"a\"")]);
        let other = set(&[("a", "1", "error"), ("b", "1", "group.name = \"a\""), ("c", "1", "ok")]);
        assert_eq!(first.version("a"), same.version("a"));
        assert_eq!(first.version("b"), same.version("b"));
        assert_ne!(first.version("a"), other.version("a"));
        assert_ne!(first.version("b"), other.version("b"), "it names a group that changed");
        assert_eq!(first.version("c"), other.version("c"));
        assert_ne!(
            first.version("a"),
            set(&[("a", "2", "fault")]).version("a"),
            "made again"
        );
        assert_eq!(first.version("d"), None);
    }

    #[test]
    fn a_group_that_names_itself_has_no_traces() {
        let circle = set(&[("a", "1", "group.name = \"a\"")]);
        let digest = Digest::new(crate::id::TraceId(1));
        assert!(!circle.has(GroupRef::Name("a"), &digest));
        assert!(circle.has(GroupRef::Name(DEFAULT_GROUP), &digest));
        assert!(circle.has(
            GroupRef::Arn("arn:aws:xray:us-east-1:123456789012:group/Default"),
            &digest
        ));
    }
}
