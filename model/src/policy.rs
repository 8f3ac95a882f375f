//! Resource policies: who besides an account's own people may use its X-Ray.
//!
//! A policy is a document in IAM's language and is kept as it was given. What is looked at is whether it is one, and
//! whether it would keep those who write policies from writing another.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// Reads a document: the versions, elements and types of IAM's language, with X-Ray's actions only.
    ///
    /// # Errors
    /// With the first thing that is not as it must be.
    pub fn parse(document: &str) -> Result<Self, BadPolicy> {
        let value: Value = serde_json::from_str(document).map_err(|error| BadPolicy(format!("not JSON: {error}")))?;
        let policy = object(&value, "the policy")?;
        only(policy, &["Version", "Id", "Statement"], "the policy")?;
        match policy.get("Version").map(Value::as_str) {
            None | Some(Some("2012-10-17" | "2008-10-17")) => {}
            _ => return bad("Version must be 2012-10-17 or 2008-10-17"),
        }
        if policy.get("Id").is_some_and(|id| !id.is_string()) {
            return bad("Id must be a string");
        }
        let statements = match policy.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().map(statement).collect(),
            Some(one @ Value::Object(_)) => statement(one).map(|one| vec![one]),
            _ => bad("Statement must be a statement or a list of statements"),
        };
        Ok(Self {
            statements: statements?,
        })
    }

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

fn statement(value: &Value) -> Result<Statement, BadPolicy> {
    const MEMBERS: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let statement = object(value, "a statement")?;
    only(statement, &MEMBERS, "a statement")?;
    if statement.get("Sid").is_some_and(|sid| !sid.is_string()) {
        return bad("Sid must be a string");
    }
    let denies = match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow") => false,
        Some("Deny") => true,
        _ => return bad("Effect must be Allow or Deny"),
    };
    let (principals, actions) = (
        choice(statement, "Principal", "NotPrincipal", principals)?,
        choice(statement, "Action", "NotAction", |value| texts(value, "Action"))?,
    );
    if let Some(action) = actions.named.iter().find(|action| !is_action(action)) {
        let shown: String = action.chars().take(100).collect();
        return bad(&format!("{shown} is no action of X-Ray"));
    }
    if let Some(condition) = statement.get("Condition") {
        conditions(condition)?;
    }
    Ok(Statement {
        denies,
        conditional: statement.contains_key("Condition"),
        principals,
        actions,
        resources: choice(statement, "Resource", "NotResource", |value| texts(value, "Resource"))?,
    })
}

/// `*`, or `xray:` and a pattern of letters.
fn is_action(action: &str) -> bool {
    let name = match action.split_once(':') {
        None => return action == "*",
        Some((service, name)) if service.eq_ignore_ascii_case("xray") => name,
        Some(_) => return false,
    };
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '*' | '?'))
}

fn choice<T>(
    statement: &Map<String, Value>,
    member: &str,
    opposite: &str,
    read: impl Fn(&Value) -> Result<Vec<T>, BadPolicy>,
) -> Result<Choice<T>, BadPolicy> {
    match (statement.get(member), statement.get(opposite)) {
        (Some(value), None) => Ok(Choice {
            named: read(value)?,
            except: false,
        }),
        (None, Some(value)) => Ok(Choice {
            named: read(value)?,
            except: true,
        }),
        _ => bad(&format!("a statement needs either {member} or {opposite}")),
    }
}

fn principals(value: &Value) -> Result<Vec<Principal>, BadPolicy> {
    let kinds = match value {
        Value::String(text) if text == "*" => return Ok(vec![Principal::Everybody]),
        Value::Object(kinds) if !kinds.is_empty() => kinds,
        _ => return bad("Principal must be * or an object that names somebody"),
    };
    only(kinds, &["AWS", "Service", "Federated", "CanonicalUser"], "Principal")?;
    let mut principals = Vec::new();
    for (kind, names) in kinds {
        for name in texts(names, "Principal")? {
            principals.push(match kind.as_str() {
                "AWS" if name == "*" => Principal::Everybody,
                "AWS" => Principal::Aws(name),
                _ => Principal::Other,
            });
        }
    }
    Ok(principals)
}

/// A text or a list of texts, with at least one that is not empty.
fn texts(value: &Value, what: &str) -> Result<Vec<String>, BadPolicy> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let texts = items.iter().map(|item| item.as_str().filter(|text| !text.is_empty()));
    match texts.map(|text| text.map(str::to_owned)).collect() {
        Some(texts) if !items.is_empty() => Ok(texts),
        _ => bad(&format!("{what} must be a string or a list of strings")),
    }
}

/// Operators, each with keys, each with values.
fn conditions(value: &Value) -> Result<(), BadPolicy> {
    let is_scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    for keys in object(value, "Condition")?.values() {
        for values in object(keys, "an operator of Condition")?.values() {
            let scalars = values.as_array().map(|values| values.iter().all(is_scalar));
            if !scalars.unwrap_or_else(|| is_scalar(values)) {
                return bad("a key of Condition needs a value or a list of values");
            }
        }
    }
    Ok(())
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, BadPolicy> {
    value
        .as_object()
        .ok_or_else(|| BadPolicy(format!("{what} must be an object")))
}

fn only(object: &Map<String, Value>, known: &[&str], what: &str) -> Result<(), BadPolicy> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let shown: String = key.chars().take(100).collect();
            bad(&format!("{what} has no element {shown}"))
        }
    }
}

fn bad<T>(what: &str) -> Result<T, BadPolicy> {
    Err(BadPolicy(what.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ACCOUNT: &str = "123456789012";

    /// A policy of one statement that may be anything, with the changes that a test makes to it.
    fn document(changes: Value) -> String {
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
    fn the_policies_of_the_documentation_are_policies() {
        let sns = json!({"Sid": "SNSAccess", "Principal": {"Service": "sns.amazonaws.com"},
            "Action": ["xray:PutTraceSegments", "xray:GetSamplingRules", "xray:GetSamplingTargets"],
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT},
                          "StringLike": {"aws:SourceArn": ["arn:aws:sns:us-east-1:123456789012:*"]}}});
        let alone = r#"{"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": ["1"]}, "NotAction": "*", "NotResource": "a"}}"#;
        for document in [document(json!({})), document(sns), alone.to_owned()] {
            Policy::parse(&document).unwrap();
        }
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let check = |document: &str, part: &str| {
            let BadPolicy(message) = Policy::parse(document).unwrap_err();
            assert!(message.contains(part), "{document}: {message}");
        };
        check("", "not JSON");
        check("[]", "the policy must be an object");
        check("{}", "Statement must be");
        check(r#"{"Statement": []}"#, "Statement must be");
        check(r#"{"Statement": [[]]}"#, "a statement must be an object");
        check(r#"{"Version": "2020-01-01", "Statement": {}}"#, "Version");
        check(r#"{"Id": 1, "Statement": {}}"#, "Id must be");
        check(r#"{"Statements": {}}"#, "no element Statements");
        for (changes, part) in [
            (json!({"Sid": 1}), "Sid"),
            (json!({"Effect": "allow"}), "Effect"),
            (json!({"Principal": null}), "either Principal or NotPrincipal"),
            (json!({"NotPrincipal": "*"}), "either Principal or NotPrincipal"),
            (json!({"Principal": "me"}), "Principal must be"),
            (json!({"Principal": {}}), "Principal must be"),
            (json!({"Principal": {"Who": "me"}}), "no element Who"),
            (json!({"Principal": {"AWS": []}}), "Principal must be"),
            (json!({"Action": null}), "either Action"),
            (json!({"Action": ""}), "Action must be"),
            (json!({"Action": "logs:PutLogEvents"}), "no action of X-Ray"),
            (json!({"Action": ["xray:"]}), "no action of X-Ray"),
            (json!({"Resource": 1}), "Resource must be"),
            (json!({"Condition": []}), "Condition must be"),
            (json!({"Condition": {"Bool": {"a": {}}}}), "a value or a list"),
            (json!({"When": {}}), "no element When"),
        ] {
            check(&document(changes), part);
        }
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
