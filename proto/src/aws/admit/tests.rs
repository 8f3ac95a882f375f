use super::*;
use crate::aws::Member;
use proptest::prelude::*;
use serde_json::json;

static NAME: Shape = Shape::String {
    length: Length {
        min: Some(1),
        max: Some(4),
    },
    pattern: Some("[a-z]+"),
    values: &[],
};
static COLOUR: Shape = Shape::String {
    length: Length { min: None, max: None },
    pattern: None,
    values: &["RED", "BLUE"],
};
static PRIORITY: Shape = Shape::Integer(Range {
    min: Some(1.0),
    max: Some(9999.0),
});
static TAG: Structure = Structure {
    name: "Tag",
    members: &[Member {
        name: "Key",
        required: true,
        shape: &NAME,
    }],
};
static TAG_SHAPE: Shape = Shape::Structure(&TAG);
static TAGS: Shape = Shape::List {
    length: Length {
        min: None,
        max: Some(2),
    },
    member: &TAG_SHAPE,
};
static MAP: Shape = Shape::Map {
    length: Length {
        min: None,
        max: Some(1),
    },
    key: &NAME,
    value: &NAME,
};
static REQUEST: Structure = Structure {
    name: "Request",
    members: &[
        Member {
            name: "GroupName",
            required: true,
            shape: &NAME,
        },
        Member {
            name: "Colour",
            required: false,
            shape: &COLOUR,
        },
        Member {
            name: "Priority",
            required: false,
            shape: &PRIORITY,
        },
        Member {
            name: "Tags",
            required: false,
            shape: &TAGS,
        },
        Member {
            name: "Attributes",
            required: false,
            shape: &MAP,
        },
        Member {
            name: "StartTime",
            required: false,
            shape: &Shape::Timestamp,
        },
    ],
};

fn check(document: Value, expected: &str) {
    let found = match admit(&REQUEST, document) {
        Ok(admitted) => admitted.to_string(),
        Err(Rejection::Malformed(text)) => format!("malformed: {text}"),
        Err(Rejection::Invalid(text)) => text,
    };
    assert_eq!(found, expected);
}

#[test]
fn what_fits_is_admitted_and_whole_numbers_become_whole() {
    check(json!({"GroupName": "shop"}), r#"{"GroupName":"shop"}"#);
    check(
        json!({"GroupName": "a", "Priority": 30.0}),
        r#"{"GroupName":"a","Priority":30}"#,
    );
    check(
        json!({"GroupName": "a", "StartTime": 1.5e9}),
        r#"{"GroupName":"a","StartTime":1500000000.0}"#,
    );
    check(
        json!({"GroupName": "a", "Later": [[]]}),
        r#"{"GroupName":"a","Later":[[]]}"#,
    );
}

#[test]
fn mistakes_are_listed_as_aws_lists_them() {
    check(
        Value::Null,
        "1 validation error detected: Value null at 'groupName' failed to satisfy constraint: Member must not be null",
    );
    check(
        json!({"GroupName": "shopping", "Colour": "GREEN"}),
        "2 validation errors detected: Value 'shopping' at 'groupName' failed to satisfy constraint: Member must \
         have length less than or equal to 4; Value 'GREEN' at 'colour' failed to satisfy constraint: Member must \
         satisfy enum value set: [RED, BLUE]",
    );
    check(
        json!({"GroupName": "A", "Priority": 0}),
        "2 validation errors detected: Value 'A' at 'groupName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [a-z]+; Value '0' at 'priority' failed to satisfy constraint: Member must \
         have value greater than or equal to 1",
    );
    check(
        json!({"GroupName": "a", "Tags": [{"Key": "b"}, {"Key": null}, null]}),
        "3 validation errors detected: Value '3 items' at 'tags' failed to satisfy constraint: Member must have \
         length less than or equal to 2; Value null at 'tags.2.member.key' failed to satisfy constraint: Member \
         must not be null; Value null at 'tags.3.member' failed to satisfy constraint: Member must not be null",
    );
    check(
        json!({"GroupName": "a", "Attributes": {"k": ""}}),
        "2 validation errors detected: Value '' at 'attributes.k' failed to satisfy constraint: Member must have \
         length greater than or equal to 1; Value '' at 'attributes.k' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [a-z]+",
    );
}

#[test]
fn values_of_the_wrong_type_are_malformed() {
    check(json!([]), "malformed: expected a structure");
    check(json!({"GroupName": 1}), "malformed: expected a string at 'groupName'");
    check(
        json!({"GroupName": "a", "Priority": 1.5}),
        "malformed: expected a whole number in range at 'priority'",
    );
    check(
        json!({"GroupName": "a", "Priority": 4_294_967_296_i64}),
        "malformed: expected a whole number in range at 'priority'",
    );
    check(
        json!({"GroupName": "a", "StartTime": "now"}),
        "malformed: expected seconds since the epoch at 'startTime'",
    );
}

#[test]
fn a_million_mistakes_give_a_short_answer() {
    let tags: Vec<Value> = (0..1_000_000).map(|_| json!({})).collect();
    let Err(Rejection::Invalid(text)) = admit(&REQUEST, json!({"GroupName": "x".repeat(1_000_000), "Tags": tags}))
    else {
        panic!("expected a refusal");
    };
    assert!(
        text.starts_with("1000002 validation errors detected"),
        "{}",
        &text[..60]
    );
    assert!(text.len() < 5_000, "{}", text.len());
}

proptest! {
    #[test]
    fn what_was_admitted_is_admitted_again_unchanged(name in "[a-z]{1,4}", priority in 1i32..=9999, fraction: bool) {
        let priority = if fraction { json!(f64::from(priority)) } else { json!(priority) };
        let once = admit(&REQUEST, json!({"GroupName": name, "Priority": priority})).unwrap();
        prop_assert_eq!(admit(&REQUEST, once.clone()).unwrap(), once);
    }
}
