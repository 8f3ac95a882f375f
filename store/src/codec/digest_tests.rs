use super::*;
use crate::table::arbitrary;
use beamline_model::digest::Digest;
use beamline_model::node::Scalar;
use proptest::prelude::*;

fn check(digests: &[Digest]) {
    let bytes = encode(digests).bytes;
    let page = Page::open(&bytes).expect("a page that was just written");
    assert_eq!(page.len(), digests.len());
    for (row, digest) in digests.iter().enumerate().rev() {
        assert_eq!(page.digest(row, &Head::of(digest)).as_ref(), Some(digest));
    }
    for (row, digest) in digests.iter().enumerate() {
        for fact in &digest.annotations {
            let Scalar::Text(wanted) = &fact.value else { continue };
            let mut rows = Vec::new();
            page.rows_with(|text| text == *wanted, |row| rows.push(row))
                .expect("a sound page");
            assert!(rows.contains(&row), "{wanted} of row {row} is not in {rows:?}");
        }
    }
    let none = Head::of(&Digest::new(TraceId(1)));
    assert_eq!(page.digest(digests.len(), &none), None);
}

#[test]
fn an_empty_page_and_an_empty_digest_come_back() {
    check(&[]);
    check(&[Digest::new(TraceId(1))]);
}

#[test]
fn times_at_both_ends_of_what_can_be_told_come_back() {
    let mut digest = Digest::new(TraceId(7));
    let extremes = [i64::MIN, i64::MIN + 1, -1, 0, 1_000, i64::MAX - 1, i64::MAX].map(Timestamp);
    for start in extremes {
        for end in extremes {
            (digest.start, digest.end, digest.updated) = (start, end, start);
            digest.segments = extremes
                .map(|start| SegmentFact {
                    start,
                    end: Some(end),
                    ..SegmentFact::default()
                })
                .to_vec();
            check(std::slice::from_ref(&digest));
        }
    }
}

#[test]
fn whole_milliseconds_are_kept_short() {
    let mut digest = Digest::new(TraceId(7));
    digest.start = Timestamp(arbitrary::BEGIN);
    digest.end = digest.start.plus(80_000_000);
    digest.segments = (1..=10)
        .map(|number| SegmentFact {
            start: digest.start.plus(number * number * 700_000_000),
            end: Some(digest.start.plus(number * 9_300_000_000)),
            ..SegmentFact::default()
        })
        .collect();
    let coarse = encode([&digest]).bytes.len();
    digest.segments[9].end = Some(digest.end.plus(1));
    assert!(encode([&digest]).bytes.len() >= coarse + 20);
    check(&[digest]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_come_back(digests in prop::collection::vec(arbitrary::digest(any::<u128>(), 100), 0..9)) {
        check(&digests);
    }

    #[test]
    fn damaged_pages_are_refused_or_read_as_something_else_but_never_panic(
        digest in arbitrary::digest(any::<u128>(), 100),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encode([&digest, &digest]).bytes;
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for bytes in [&bytes[..], &bytes[..length.index(bytes.len())]] {
            if let Some(page) = Page::open(bytes) {
                (0..page.len()).for_each(|row| drop(page.digest(row, &Head::of(&digest))));
            }
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() { *first = VERSION; }
        if let Some(page) = Page::open(&bytes) {
            (0..page.len()).for_each(|row| drop(page.digest(row, &Head::of(&Digest::new(TraceId(1))))));
        }
    }
}
