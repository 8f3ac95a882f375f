//! Sparklines: values over time in one line of text.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One column for each of `width` equal stretches of places, as high as the greatest value in it; a gap where there is
/// none. `values` have their places, from 0 to below `places`. The lowest bar is the least value, or 0 if none is below.
pub(super) fn spark(values: &[(usize, f64)], places: usize, width: usize) -> String {
    let width = width.min(places).max(1);
    let mut columns: Vec<Option<f64>> = vec![None; width];
    for &(place, value) in values.iter().filter(|(_, value)| value.is_finite()) {
        let column = (place * width / places.max(1)).min(width - 1);
        let highest = columns[column].map_or(value, |known| known.max(value));
        columns[column] = Some(highest);
    }
    let shown = || columns.iter().flatten().copied();
    let (low, high) = (shown().fold(0.0, f64::min), shown().fold(f64::NEG_INFINITY, f64::max));
    let bar = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        BARS[((share * 7.0).round() as usize).min(7)]
    };
    columns.into_iter().map(|value| value.map_or(' ', bar)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bars_are_as_high_as_values_and_gaps_are_gaps() {
        assert_eq!(spark(&[(0, 0.0), (1, 7.0), (3, 14.0)], 4, 10), "▁▅ █");
        assert_eq!(spark(&[(0, 1.0), (1, 2.0), (2, 8.0), (3, 4.0)], 4, 2), "▃█");
        assert_eq!(spark(&[(0, 0.0), (1, 0.0)], 2, 2), "▁▁");
        assert_eq!(spark(&[], 3, 3), "   ");
    }

    proptest! {
        #[test]
        fn a_line_has_its_width(
            values in prop::collection::vec((0usize..200, prop::num::f64::ANY), 0..40),
            places in 1usize..200,
            width in 1usize..80,
        ) {
            prop_assert_eq!(spark(&values, places, width).chars().count(), width.min(places));
        }
    }
}
