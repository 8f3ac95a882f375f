//! Documents read: the versions, elements and types of IAM's language.

use serde_json::{Map, Value};

use super::{BadPolicy, Choice, Policy, Principal, Statement};

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
    use super::super::tests::{ACCOUNT, document};
    use super::*;
    use serde_json::json;

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
}
