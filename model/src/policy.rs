//! Resource policies: who besides an account's own people may use its X-Ray.
//!
//! A policy is a document in IAM's language and is kept as it was given. What is looked at is whether it is one, and
//! whether it would keep those who write policies from writing another.

mod parse;

use serde::{Deserialize, Serialize};

use crate::sampling::glob::Glob;

/// Bytes of one document.
pub const SIZE_LIMIT: usize = 5 * 1024;

/// Policies of one account.
pub const COUNT_LIMIT: usize = 5;

/// What a policy must leave to those who write policies.
const WRITE: &str = "xray:PutResourcePolicy";

/// A policy under its name. Kept as an object of the kind `ResourcePolicy` under that name, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePolicy {
    /// Unique in its account.
    pub name: String,
    /// The document as it was given.
    pub document: String,
    /// How often it was written: 1 at first.
    pub revision: u64,
    /// When it was written last, in nanoseconds since the epoch.
    pub updated: i64,
}

impl ResourcePolicy {
    /// Whether somebody who says that a policy has this revision is right about it. Nobody's policy has the
    /// revision `0`, which is how a policy is meant to be new.
    #[must_use]
    pub fn is_at(known: Option<&Self>, revision: &str) -> bool {
        known.map_or(0, |policy| policy.revision).to_string() == revision
    }
}

/// Why a text is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPolicy(String);

/// What a document says.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
struct Statement {
    denies: bool,
    conditional: bool,
    principals: Choice<Principal>,
    actions: Choice<String>,
    resources: Choice<String>,
}

/// What is named, or all but that.
#[derive(Clone, Debug, PartialEq)]
struct Choice<T> {
    named: Vec<T>,
    except: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Principal {
    Everybody,
    /// An account, or somebody in one, as an id or an ARN.
    Aws(String),
    /// A service, or somebody of a third party.
    Other,
}

impl Policy {
    /// Whether the policy keeps an account from ever writing another one: a statement denies it to the whole account,
    /// whatever the circumstances. A caller is known by the account only, so what is denied to single users of it
    /// is not counted, and where somebody of the account is excepted, everybody is.
    #[must_use]
    pub fn locks_out(&self, account: &str) -> bool {
        self.statements.iter().any(|statement| {
            let is_caller = |principal: &Principal| match principal {
                Principal::Everybody => true,
                Principal::Aws(name) if statement.principals.except => is_of(name, account),
                Principal::Aws(name) => is_account(name, account),
                Principal::Other => false,
            };
            statement.denies
                && !statement.conditional
                && statement.principals.has(is_caller)
                && statement.actions.has(|action| Glob::new(action).matches(WRITE))
                // Writing a policy is about no single resource.
                && statement.resources.has(|resource| Glob::new(resource).is_any())
        })
    }
}

impl<T> Choice<T> {
    fn has(&self, is_meant: impl Fn(&T) -> bool) -> bool {
        self.named.iter().any(is_meant) != self.except
    }
}

fn is_account(name: &str, account: &str) -> bool {
    name == account || name == format!("arn:aws:iam::{account}:root")
}

/// Whether a principal is the account or somebody in it.
fn is_of(name: &str, account: &str) -> bool {
    name == account || name.split(':').nth(4) == Some(account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    pub(super) const ACCOUNT: &str = "123456789012";

    /// A policy of one statement that may be anything, with the changes that a test makes to it.
    pub(super) fn document(changes: Value) -> String {
        let mut statement = json!({"Effect": "Allow", "Principal": "*", "Action": "xray:*", "Resource": "*"});
        for (member, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(statement.as_object_mut().unwrap().remove(member)),
                value => statement[member] = value.clone(),
            }
        }
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    }

    #[test]
    fn a_policy_locks_out_what_it_denies_to_the_whole_account_in_any_case() {
        let check = |changes: Value, expected: bool| {
            let mut denies = changes.clone();
            denies["Effect"] = json!("Deny");
            let locks_out = Policy::parse(&document(denies)).unwrap().locks_out(ACCOUNT);
            assert_eq!(locks_out, expected, "{changes}");
            assert!(!Policy::parse(&document(changes)).unwrap().locks_out(ACCOUNT));
        };
        check(json!({}), true);
        check(json!({"Principal": {"AWS": ["1", ACCOUNT]}}), true);
        check(
            json!({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "*"}),
            true,
        );
        check(json!({"Action": "XRAY:Put*"}), true);
        check(
            json!({"Principal": null, "NotPrincipal": {"AWS": "210987654321"}}),
            true,
        );
        check(json!({"Action": null, "NotAction": "xray:Get*"}), true);
        check(
            json!({"Resource": null, "NotResource": "arn:aws:xray:*:*:group/*"}),
            true,
        );
        check(
            json!({"Principal": {"AWS": "arn:aws:iam::123456789012:user/bob"}}),
            false,
        );
        check(json!({"Principal": {"Service": "sns.amazonaws.com"}}), false);
        let but_bob = json!({"Principal": null, "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:user/bob"}});
        check(but_bob, false);
        check(json!({"Action": "xray:PutTraceSegments"}), false);
        check(json!({"Action": null, "NotAction": "xray:PutResource*"}), false);
        check(json!({"Resource": "arn:aws:xray:*:*:group/*"}), false);
        check(json!({"Condition": {"Bool": {"aws:SecureTransport": false}}}), false);
    }

    #[test]
    fn revisions_are_told_by_their_spelling() {
        let policy = ResourcePolicy {
            name: "p".to_owned(),
            document: String::new(),
            revision: 7,
            updated: 0,
        };
        assert!(ResourcePolicy::is_at(Some(&policy), "7"));
        assert!(ResourcePolicy::is_at(None, "0"));
        for wrong in ["0", "07", "8", "", "seven"] {
            assert!(!ResourcePolicy::is_at(Some(&policy), wrong), "{wrong}");
        }
        assert!(!ResourcePolicy::is_at(None, "1"));
    }
}
