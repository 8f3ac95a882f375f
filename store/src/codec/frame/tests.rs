use beamline_model::time::Timestamp;
use proptest::prelude::*;
use zstd::dict::EncoderDictionary;

use super::*;

/// A record of bytes that are no span, as rows have to keep it.
fn row() -> impl Strategy<Value = OwnedRecord> {
    let context = prop::option::of(prop::sample::select(vec!["one resource", "another"]));
    record(context, "[a-c]{0,40}".prop_map(String::into_bytes))
}

/// A record that is mostly a span, written as one may and as one should.
fn any_record() -> impl Strategy<Value = OwnedRecord> {
    let context = prop_oneof![
        6 => prop::sample::select(vec![Some("one resource"), Some("another")]),
        1 => Just(None)
    ];
    record(context, span())
}

fn record(
    context: impl Strategy<Value = Option<&'static str>>,
    body: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = OwnedRecord> {
    let weight = prop_oneof![4 => Just(1.0f32), 1 => Just(20.0)];
    let received = prop_oneof![any::<i64>(), 1_795_415_913_000_000_000i64..1_795_415_914_000_000_000];
    (0u128..4, received, weight, context, body).prop_map(|(trace, received, weight, context, body)| OwnedRecord {
        trace: TraceId(trace),
        received: Timestamp(received),
        weight,
        context: context.map(Bytes::from),
        body: body.into(),
    })
}

/// Fields of a span in any order and number: those that are known, those that are not, and bytes that are no fields.
fn span() -> impl Strategy<Value = Vec<u8>> {
    let id = || prop_oneof![(1u64..6).prop_map(|id| id.to_be_bytes().to_vec()), bytes(12)];
    let moment = || prop_oneof![any::<u64>(), 1_795_415_913_000_000_000u64..1_795_415_913_000_900_000];
    let known = prop_oneof![
        4 => (0u128..4).prop_map(|trace| sized(1, &trace.to_be_bytes())),
        4 => id().prop_map(|id| sized(2, &id)),
        2 => id().prop_map(|id| sized(4, &id)),
        4 => moment().prop_map(|at| fixed64(7, at)),
        4 => moment().prop_map(|at| fixed64(8, at)),
        8 => pair().prop_map(|pair| sized(9, &pair)),
        2 => (moment(), pair()).prop_map(|(at, pair)| sized(11, &[fixed64(1, at), sized(3, &pair)].concat())),
        1 => (id(), pair()).prop_map(|(id, pair)| sized(13, &[sized(2, &id), sized(4, &pair)].concat())),
        1 => (0u64..3).prop_map(|code| sized(15, &number(3, code))),
    ];
    let other = prop_oneof![
        4 => (1u64..40, any::<u64>()).prop_map(|(field, value)| number(field, value)),
        2 => (1u64..40, bytes(300)).prop_map(|(field, bytes)| sized(field, &bytes)),
        1 => (1u64..40, any::<u32>()).prop_map(|(field, value)| [varint(field << 3 | 5), value.to_le_bytes().to_vec()].concat()),
        // A group, a number that is longer than it needs to be, a length without its bytes, no field at all.
        1 => Just(vec![0x0b, 0x08, 1, 0x0c]),
        1 => Just(vec![0x30, 0x82, 0x00]),
        1 => Just(vec![0x2a, 0x81, 0x00, b'x']),
        1 => Just(vec![0x2a, 0x20]),
        1 => bytes(8),
    ];
    let usual = (
        0u128..4,
        1u64..9,
        0u64..9,
        moment(),
        prop::collection::vec(pair(), 0..5),
    )
        .prop_map(|(trace, id, parent, start, pairs)| {
            let mut span = [
                sized(1, &trace.to_be_bytes()),
                sized(2, &id.to_be_bytes()),
                sized(4, &parent.to_be_bytes()),
                fixed64(7, start),
                fixed64(8, start.wrapping_add(1_000_000)),
            ]
            .concat();
            pairs.iter().for_each(|pair| span.extend(sized(9, pair)));
            span
        });
    let unusual = prop::collection::vec(prop_oneof![8 => known, 1 => other], 0..12).prop_map(|fields| fields.concat());
    prop_oneof![2 => usual, 2 => unusual, 1 => bytes(40)]
}

fn pair() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        "user-[0-9]{1,4}".prop_map(|text| sized(1, text.as_bytes())),
        "[0-9a-f]{16}".prop_map(|text| sized(1, text.as_bytes())),
        bytes(200).prop_map(|bytes| sized(1, &bytes)),
        any::<i64>().prop_map(|value| number(3, value as u64)),
        (0u64..5).prop_map(|value| number(3, value)),
        any::<f64>().prop_map(|value| fixed64(4, value.to_bits())),
        Just(sized(5, &sized(1, &sized(1, b"in an array")))),
        bytes(10),
    ];
    (prop::sample::select(vec!["a", "key.of.some.length"]), value)
        .prop_map(|(key, value)| [sized(1, key.as_bytes()), sized(2, &value)].concat())
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..=most)
}

fn varint(number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    out.varint(number);
    out
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn fixed64(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3 | 1), value.to_le_bytes().to_vec()].concat()
}

fn sized(field: u64, bytes: &[u8]) -> Vec<u8> {
    let mut out = varint(field << 3 | 2);
    out.sized(bytes);
    out
}

fn plain(records: &[OwnedRecord]) -> Plain {
    let mut builder = FrameBuilder::default();
    records.iter().for_each(|record| builder.add(record.borrow()));
    builder.encode()
}

fn build(records: &[OwnedRecord]) -> Vec<u8> {
    Squeezer::new(3).unwrap().frame(&plain(records)).unwrap().frame
}

fn read(frame: &[u8], wanted: Option<TraceId>) -> Result<Vec<OwnedRecord>, Damaged> {
    let decoded = decompress(frame, &mut DCtx::create(), None)?;
    records(&decoded, wanted)
}

fn check_that_records_come_back(mut sent: Vec<OwnedRecord>) -> Result<(), TestCaseError> {
    sent.sort_by_key(|record| record.trace);
    let frame = build(&sent);
    prop_assert_eq!(&read(&frame, None).unwrap(), &sent);
    for trace in (0..5).map(TraceId) {
        let of_trace: Vec<_> = sent.iter().filter(|record| record.trace == trace).cloned().collect();
        prop_assert_eq!(read(&frame, Some(trace)).unwrap(), of_trace);
    }
    Ok(())
}

fn check_a_flipped_bit(mut sent: Vec<OwnedRecord>, bit: prop::sample::Index) -> Result<(), TestCaseError> {
    sent.sort_by_key(|record| record.trace);
    let mut frame = build(&sent);
    let bit = bit.index(frame.len() * 8);
    frame[bit / 8] ^= 1 << (bit % 8);
    if let Ok(found) = read(&frame, None) {
        prop_assert_eq!(found, sent);
    }
    Ok(())
}

proptest! {
    #[test]
    fn rows_come_back(sent in prop::collection::vec(row(), 0..80)) {
        check_that_records_come_back(sent)?;
    }

    #[test]
    fn spans_come_back_byte_for_byte(sent in prop::collection::vec(any_record(), 0..120)) {
        check_that_records_come_back(sent)?;
    }

    #[test]
    fn a_flipped_bit_is_noticed_or_changes_nothing(
        rows in prop::collection::vec(row(), 1..20), bit: prop::sample::Index,
    ) {
        check_a_flipped_bit(rows, bit)?;
    }

    #[test]
    fn a_flipped_bit_in_columns_is_noticed_or_changes_nothing(
        spans in prop::collection::vec(any_record(), 1..40), bit: prop::sample::Index,
    ) {
        check_a_flipped_bit(spans, bit)?;
    }

    #[test]
    fn noise_never_panics(bytes in bytes(120), columns: bool) {
        let _ = decompress(&bytes, &mut DCtx::create(), None);
        let _ = records(&Decoded { columns, bytes: bytes.into() }, None);
    }

    /// A checksum says nothing about who wrote a frame.
    #[test]
    fn columns_that_somebody_changed_never_panic(
        mut sent in prop::collection::vec(any_record(), 1..80),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        sent.sort_by_key(|record| record.trace);
        let frame = build(&sent);
        let Decoded { columns, bytes } = decompress(&frame, &mut DCtx::create(), None).unwrap();
        let mut bytes = bytes.to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let changed = Decoded { columns, bytes: bytes.into() };
        let _ = records(&changed, None);
        let _ = records(&changed, Some(sent[0].trace));
    }
}

/// A span that nothing keeps from being taken apart.
fn usual(trace: u128, id: u64) -> OwnedRecord {
    let body = [
        sized(1, &trace.to_be_bytes()),
        sized(2, &id.to_be_bytes()),
        sized(4, &(id / 2).to_be_bytes()),
        sized(5, b"GET /item/{id}"),
        number(6, 2),
        fixed64(7, 1_795_415_913_000_000_000 + id * 1_000),
        fixed64(8, 1_795_415_913_000_000_000 + id * 9_000),
        sized(
            9,
            &[
                sized(1, b"request.id"),
                sized(
                    2,
                    &sized(1, format!("{:016x}", id.wrapping_mul(0x9e37_79b9_7f4a_7c15)).as_bytes()),
                ),
            ]
            .concat(),
        ),
        sized(
            9,
            &[
                sized(1, b"url.path"),
                sized(2, &sized(1, format!("/item/{}", id % 97).as_bytes())),
            ]
            .concat(),
        ),
    ];
    OwnedRecord {
        trace: TraceId(trace),
        received: Timestamp(1_795_415_914_000_000_000 + id as i64),
        weight: 1.0,
        context: Some("a resource".into()),
        body: body.concat().into(),
    }
}

#[test]
fn a_reader_knows_every_codec() {
    let spans: Vec<_> = (1..200).map(|id| usual(u128::from(id) / 20, id)).collect();
    let documents: Vec<_> = (0..9u8)
        .map(|n| OwnedRecord {
            context: None,
            body: vec![b'{', n, b'}'].into(),
            ..usual(1, 1)
        })
        .collect();
    let borrowed: Vec<_> = spans.iter().map(OwnedRecord::borrow).collect();
    let rows = Plain::Rows(rows::encode(&borrowed, &[b"a resource"], |_| 0));
    let bytes = rows.alike()[..1_000].to_vec();
    let dictionary = (EncoderDictionary::copy(&bytes, 3), DecoderDictionary::copy(&bytes));
    let mut squeezer = Squeezer::new(3).unwrap();
    for (number, plain, codec, expected) in [
        (None, &rows, PLAIN, &spans),
        (Some(7), &rows, WITH_DICTIONARY, &spans),
        (None, &plain(&spans), COLUMNS, &spans),
        (Some(7), &plain(&spans), COLUMNS, &spans),
        (None, &plain(&documents), PLAIN, &documents),
    ] {
        squeezer
            .set_dictionary(number.map(|number| (number, &dictionary.0)))
            .unwrap();
        let squeezed = squeezer.frame(plain).unwrap();
        let frame = squeezed.frame;
        assert_eq!(frame[0], codec);
        assert_eq!(super::dictionary(&frame).unwrap(), number);
        assert!(
            squeezed.parts.iter().sum::<u64>().abs_diff(frame.len() as u64) < 64,
            "{:?}",
            squeezed.parts
        );
        let decoded = decompress(&frame, &mut DCtx::create(), number.map(|_| &dictionary.1)).unwrap();
        assert_eq!(&records(&decoded, None).unwrap(), expected);
    }
}

/// What the frames in `tests/formats` hold: two traces of spans, one of which is kept as it came, and a document.
fn kept() -> Vec<OwnedRecord> {
    let mut records: Vec<_> = (1..=20).map(|id| usual(u128::from(id) / 12, id)).collect();
    records[3].body = Bytes::from_static(b"no span");
    records[4].weight = 20.0;
    records[19].context = None;
    records[19].body = Bytes::from_static(br#"{"id":"53995c3f42cd8ad8"}"#);
    records
}

/// A dictionary of content only.
const CONTENT: &[u8] = b"a resource GET /item/{id} request.id url.path /item/";

#[test]
fn frames_of_every_codec_that_was_ever_written_are_read() {
    let dictionary = DecoderDictionary::copy(CONTENT);
    for (codec, frame) in [
        (PLAIN, &include_bytes!("../../../tests/formats/frame-1")[..]),
        (WITH_DICTIONARY, include_bytes!("../../../tests/formats/frame-2")),
        (COLUMNS, include_bytes!("../../../tests/formats/frame-3")),
    ] {
        assert_eq!(frame[0], codec);
        let named = super::dictionary(frame).unwrap();
        assert_eq!(named, (codec != PLAIN).then_some(5));
        let decoded = decompress(frame, &mut DCtx::create(), named.map(|_| &dictionary)).unwrap();
        assert_eq!(records(&decoded, None).unwrap(), kept());
        assert_eq!(records(&decoded, Some(TraceId(1))).unwrap(), kept()[11..]);
    }
}

#[test]
fn columns_are_smaller_than_rows_and_random_ids_the_most_of_them() {
    let spans: Vec<_> = (1..=256).map(|id| usual(u128::from(id) / 16, id)).collect();
    let squeezed = Squeezer::new(3).unwrap().frame(&plain(&spans)).unwrap();
    let borrowed: Vec<_> = spans.iter().map(OwnedRecord::borrow).collect();
    let rows = Plain::Rows(rows::encode(&borrowed, &[b"a resource"], |_| 0));
    let in_rows = Squeezer::new(3).unwrap().frame(&rows).unwrap().frame.len();
    assert!(
        squeezed.frame.len() * 4 < in_rows * 3,
        "{} {in_rows}",
        squeezed.frame.len()
    );
    let hex = squeezed.parts[Part::Hex as usize];
    assert!((1..=256 * 8).contains(&hex), "16 digits are 8 bytes: {hex}");
}

/// Few bytes that ask for very many are refused before they are made.
#[test]
fn a_frame_cannot_ask_for_more_than_its_bounds() {
    let spans: Vec<_> = (1..=4).map(|id| usual(1, id)).collect();
    let Plain::Columns(pages) = plain(&spans) else {
        panic!("spans are kept in columns")
    };
    let read = |pages: &Pages| {
        let bytes = [&pages.lengths()[..], &pages.text, &pages.head, &pages.codes, &pages.raw].concat();
        records(
            &Decoded {
                columns: true,
                bytes: bytes.into(),
            },
            None,
        )
    };
    assert_eq!(read(&pages).unwrap().len(), 4);
    // The second byte after the context's count and length is the number of records of the only run.
    let mut asking = Pages {
        head: pages.head.clone(),
        text: pages.text.clone(),
        codes: pages.codes.clone(),
        raw: pages.raw.clone(),
        ..Pages::default()
    };
    assert_eq!(asking.head[..4], [1, 10, 1, 4]);
    asking.head.splice(3..4, varint(u64::from(u32::MAX)));
    assert!(read(&asking).is_err());
}
