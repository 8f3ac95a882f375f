//! How values are compared.

use super::super::ast::{NumberOp, NumberTest, ScalarTest, TextOp, TextTest};
use super::super::parser::numeral;
use crate::node::Scalar;

pub(super) fn number_passes(number: f64, test: NumberTest) -> bool {
    match test.op {
        NumberOp::Equal => number == test.value,
        NumberOp::NotEqual => number != test.value,
        NumberOp::Less => number < test.value,
        NumberOp::LessOrEqual => number <= test.value,
        NumberOp::Greater => number > test.value,
        NumberOp::GreaterOrEqual => number >= test.value,
    }
}

pub(super) fn text_passes(text: &str, test: &TextTest) -> bool {
    match test.op {
        TextOp::Equal => text == test.value,
        TextOp::NotEqual => text != test.value,
        TextOp::Contains => text.contains(&test.value),
        TextOp::BeginsWith => text.starts_with(&test.value),
        TextOp::EndsWith => text.ends_with(&test.value),
    }
}

/// A value of another type is different, and neither larger nor smaller. Numerals and truth values that were sent or
/// written as text are taken for what they say, since clients differ in that.
pub(super) fn scalar_passes(value: &Scalar<'_>, test: &ScalarTest) -> bool {
    match (test, value) {
        (ScalarTest::Number(test), Scalar::Number(number)) => number_passes(*number, *test),
        (ScalarTest::Number(test), Scalar::Text(text)) => match numeral(text) {
            Some(number) => number_passes(number, *test),
            None => test.op == NumberOp::NotEqual,
        },
        (ScalarTest::Number(test), Scalar::Bool(_)) => test.op == NumberOp::NotEqual,
        (ScalarTest::Text(test), Scalar::Text(text)) => text_passes(text, test),
        (ScalarTest::Text(test), _) => {
            let same = match value {
                Scalar::Number(number) => numeral(&test.value) == Some(*number),
                Scalar::Bool(truth) => test.value.eq_ignore_ascii_case(&truth.to_string()),
                Scalar::Text(_) => false,
            };
            match test.op {
                TextOp::Equal => same,
                TextOp::NotEqual => !same,
                // The exception: an empty part only asks whether the annotation is there.
                TextOp::Contains | TextOp::BeginsWith | TextOp::EndsWith => test.value.is_empty(),
            }
        }
        (ScalarTest::Bool(test), value) => {
            let same = match value {
                Scalar::Bool(truth) => *truth == test.value,
                Scalar::Text(text) => text.eq_ignore_ascii_case(&test.value.to_string()),
                Scalar::Number(_) => false,
            };
            same != test.negated
        }
    }
}
