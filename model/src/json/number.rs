//! Doubles, written.

use std::fmt::Write;

/// Appends a double as JSON: whole ones without a fraction, and what is not finite as a string, which JSON has no
/// number for.
pub(crate) fn write_number(out: &mut String, number: f64) {
    let done = if !number.is_finite() {
        let word = match number {
            _ if number.is_nan() => "NaN",
            _ if number > 0.0 => "Infinity",
            _ => "-Infinity",
        };
        write!(out, "\"{word}\"")
    } else if number.abs() >= 1e17 || (number != 0.0 && number.abs() < 1e-7) {
        write!(out, "{number:e}")
    } else {
        write!(out, "{number}")
    };
    debug_assert!(done.is_ok(), "writing to a string cannot fail");
}
