//! What all signals share: who sent something, and attributes.

use super::Scalar::{Base64, Bool, Double, Int64, Text, UInt32};
use super::{Message, many, message, nested, one, some};

pub(super) static RESOURCE: Message = message(&[
    many("attributes", 1, || &KEY_VALUE),
    one("droppedAttributesCount", 2, UInt32),
    many("entityRefs", 3, || &ENTITY_REF),
]);

static ENTITY_REF: Message = message(&[
    one("schemaUrl", 1, Text),
    one("type", 2, Text),
    some("idKeys", 3, Text),
    some("descriptionKeys", 4, Text),
]);

pub(super) static SCOPE: Message = message(&[
    one("name", 1, Text),
    one("version", 2, Text),
    many("attributes", 3, || &KEY_VALUE),
    one("droppedAttributesCount", 4, UInt32),
]);

pub(super) static KEY_VALUE: Message = message(&[one("key", 1, Text), nested("value", 2, || &ANY_VALUE)]);

/// The field of `AnyValue` that holds text.
const STRING_VALUE: u32 = 1;

pub(super) static ANY_VALUE: Message = Message {
    fields: &[
        one("stringValue", STRING_VALUE, Text),
        one("boolValue", 2, Bool),
        one("intValue", 3, Int64),
        one("doubleValue", 4, Double),
        nested("arrayValue", 5, || &ARRAY),
        nested("kvlistValue", 6, || &KEY_VALUES),
        one("bytesValue", 7, Base64),
    ],
    text: Some(STRING_VALUE),
};

static ARRAY: Message = message(&[many("values", 1, || &ANY_VALUE)]);

static KEY_VALUES: Message = message(&[many("values", 1, || &KEY_VALUE)]);
