use super::*;

const ID: &str = r#""id":"1a8ea28ac3381a40""#;
const TRACE: &str = r#""trace_id":"1-6b03df9f-429d14ed5031f517127f5323""#;
const NAME: &str = r#""name":"shop""#;
const START: &str = r#""start_time":1795415967.5"#;
const END: &str = r#""end_time":1795415968"#;

fn document(members: &[&str]) -> String {
    format!("{{{}}}", members.join(","))
}

fn accepted(members: &[&str], oddities: &[Oddity]) {
    let text = document(members);
    match head(text.as_bytes()) {
        Ok(head) => assert_eq!(head.oddities, oddities, "{text}"),
        Err(refused) => panic!("{text}: {refused}"),
    }
}

fn refused(text: impl AsRef<[u8]>, code: RefusalCode, id: Option<&str>) {
    let text = text.as_ref();
    let shown = String::from_utf8_lossy(&text[..text.len().min(200)]).into_owned();
    match head(text) {
        Ok(head) => panic!("{shown}: {head:?}"),
        Err(refused) => assert_eq!((refused.code, refused.id.as_deref()), (code, id), "{shown}: {refused}"),
    }
}

const SENT_ID: Option<&str> = Some("1a8ea28ac3381a40");

#[test]
fn the_smallest_document_is_accepted() {
    let text = document(&[ID, TRACE, NAME, START, END]);
    let head = head(text.as_bytes()).unwrap();
    assert_eq!(head.trace.to_string(), "1-6b03df9f-429d14ed5031f517127f5323");
    assert_eq!(head.id.to_string(), "1a8ea28ac3381a40");
    assert_eq!(head.start, Timestamp(1_795_415_967_500_000_000));
    assert_eq!(head.end, Some(Timestamp::from_seconds(1_795_415_968)));
    assert_eq!(
        (&*head.name, head.parent, head.in_progress, head.is_subsegment),
        ("shop", None, false, false)
    );
    assert!(head.oddities.is_empty());
}

#[test]
fn flaws_of_real_sdks_are_tolerated_and_named() {
    let base = [ID, TRACE, NAME, START, END];
    let with = |more: &str, oddities: &[Oddity]| accepted(&[&base[..], &[more]].concat(), oddities);
    with(r#""in_progress":false"#, &[]);
    with(r#""in_progress":true"#, &[Oddity::BothEndedAndOpen]);
    with(r#""in_progress":null"#, &[]);
    with(r#""parent_id":"""#, &[Oddity::BadReference]);
    with(r#""parent_id":null"#, &[]);
    with(r#""parent_id":"zz""#, &[Oddity::BadReference]);
    with(r#""Dummy":false,"service":{},"cause":null,"":{"":[]}"#, &[]);
    with(r#""type":null"#, &[]);
    with(r#""type":"segment""#, &[]);
    with(r#""type":"banana""#, &[Oddity::WrongType]);
    with(r#""name":"shop""#, &[Oddity::DuplicateKey]);
    with(r#""name":7"#, &[Oddity::TextAsOther, Oddity::DuplicateKey]);
    accepted(&[ID, TRACE, START, END, r#""name":"a?b""#], &[Oddity::NameCharacters]);
    accepted(
        &[ID, TRACE, START, END, r#""name":"Büro 7 \\ [x]""#],
        &[Oddity::NameCharacters],
    );
    accepted(&[ID, TRACE, START, END, r#""name":"Büro_%&#=+@ 7""#], &[]);
    let long = format!("\"name\":\"{}\"", "x".repeat(201));
    accepted(&[ID, TRACE, START, END, &long], &[Oddity::NameTooLong]);
    accepted(&[ID, TRACE, NAME, START], &[Oddity::NeitherEndedNorOpen]);
    accepted(&[ID, TRACE, NAME, START, r#""in_progress":true"#], &[]);
    accepted(
        &[ID, TRACE, NAME, END, r#""start_time":"1795415967.5""#],
        &[Oddity::NumberAsText],
    );
    accepted(
        &[ID, NAME, START, END, r#""trace_id":"6B03df9f429d14ed5031f517127f5323""#],
        &[],
    );
}

#[test]
fn any_moment_that_can_be_told_is_kept() {
    let check = |start: &str, nanos: i64| {
        let start = format!("\"start_time\":{start}");
        let text = document(&[ID, TRACE, NAME, &start, r#""in_progress":true"#]);
        assert_eq!(
            head(text.as_bytes()).map(|head| head.start),
            Ok(Timestamp(nanos)),
            "{text}"
        );
    };
    check("1.568835610432E9", 1_568_835_610_432_000_000);
    check("1568835610432", 1_568_835_610_432_000_000);
    check("-5", -5_000_000_000);
    check("0", 0);
    check("1e300", i64::MAX);
    check("9e18", i64::MAX);
    check(&format!("17954159{}", "0".repeat(60)), i64::MAX);
    check(
        "1795415967.99151200000000000000000000000000000000000000000000000",
        1_795_415_967_991_512_000,
    );
}

#[test]
fn an_end_before_the_start_is_moved_to_it() {
    let text = document(&[ID, TRACE, NAME, START, r#""end_time":5"#]);
    let head = head(text.as_bytes()).unwrap();
    assert_eq!(
        (head.end, &head.oddities[..]),
        (Some(head.start), &[Oddity::EndsBeforeItStarts][..])
    );
}

#[test]
fn what_has_no_identity_or_no_time_is_refused() {
    use RefusalCode::*;
    let check = |members: &[&str], code, id| refused(document(members), code, id);
    check(&[TRACE, NAME, START, END], MissingId, None);
    check(&[TRACE, NAME, START, END, r#""id":null"#], MissingId, None);
    check(&[TRACE, NAME, START, END, r#""id":"12""#], InvalidId, Some("12"));
    check(&[TRACE, NAME, START, END, r#""id":12"#], InvalidId, Some("12"));
    check(&[TRACE, NAME, START, END, r#""id":{}"#], InvalidId, None);
    check(&[ID, NAME, START, END], MissingTraceId, SENT_ID);
    check(
        &[ID, NAME, START, END, r#""trace_id":"1-2-3""#],
        InvalidTraceId,
        SENT_ID,
    );
    check(&[ID, NAME, START, END, r#""trace_id":[]"#], InvalidTraceId, SENT_ID);
    check(&[ID, TRACE, START, END], MissingName, SENT_ID);
    check(&[ID, TRACE, START, END, r#""name":"""#], MissingName, SENT_ID);
    check(&[ID, TRACE, START, END, r#""name":[]"#], InvalidName, SENT_ID);
    check(&[ID, TRACE, NAME, END], MissingStartTime, SENT_ID);
    check(
        &[ID, TRACE, NAME, END, r#""start_time":"now""#],
        InvalidStartTime,
        SENT_ID,
    );
    check(
        &[ID, TRACE, NAME, END, r#""start_time":"NaN""#],
        InvalidStartTime,
        SENT_ID,
    );
    check(&[ID, TRACE, NAME, START, r#""end_time":{}"#], InvalidEndTime, SENT_ID);
    let lone = [ID, TRACE, NAME, START, END, r#""type":"subsegment""#];
    check(&lone, MissingParentId, SENT_ID);
    check(&[&lone[..], &[r#""parent_id":"""#]].concat(), MissingParentId, SENT_ID);
    check(&[&lone[..], &[r#""parent_id":"x""#]].concat(), InvalidParentId, SENT_ID);
    refused("[]", InvalidSegment, None);
    refused("5", InvalidSegment, None);
    refused("\"x\"", InvalidSegment, None);
}

#[test]
fn what_is_not_json_is_refused_without_an_id() {
    let whole = document(&[ID, TRACE, NAME, START, END]);
    let check = |text: Vec<u8>| refused(text, RefusalCode::ParseError, None);
    check(Vec::new());
    check(format!("{whole} x").into_bytes());
    check(format!("{whole}{whole}").into_bytes());
    check(document(&[ID, TRACE, NAME, START, r#""end_time":NaN"#]).into_bytes());
    check(document(&[ID, r#""metadata":{"a":Infinity}"#]).into_bytes());
    check(b"{\"id\":\"1a8ea28ac3381a40\",\"name\":\"\xff\"}".to_vec());
    for cut in 0..whole.len() {
        check(whole.as_bytes()[..cut].to_vec());
    }
}

#[test]
fn depth_is_no_trouble() {
    let nested = |depth: usize| {
        let open = r#"{"id":"1a8ea28ac3381a41","subsegments":["#.repeat(depth);
        let subsegments = format!(r#""subsegments":[{open}{}]"#, "]}".repeat(depth));
        document(&[ID, TRACE, NAME, START, END, &subsegments])
    };
    assert!(head_within(nested(1_000).as_bytes(), 1 << 20).is_ok());
    let refusal = head_within(nested(100_000).as_bytes(), 1 << 24).unwrap_err();
    assert_eq!(
        (refusal.code, &*refusal.message),
        (RefusalCode::ParseError, "nested too deeply")
    );
    let bare = "[".repeat(60_000);
    refused(bare, RefusalCode::ParseError, None);
}

#[test]
fn a_document_that_is_too_long_is_told_by_its_id() {
    let filler = format!("\"metadata\":{{\"x\":\"{}\"}}", "x".repeat(MAX_BYTES));
    refused(document(&[ID, TRACE, &filler]), RefusalCode::SegmentTooLarge, SENT_ID);
    refused(vec![b'['; MAX_BYTES + 1], RefusalCode::SegmentTooLarge, None);
    let fill = MAX_BYTES - document(&[ID, TRACE, NAME, START, END, "\"x\":\"\""]).len();
    let exact = document(&[ID, TRACE, NAME, START, END, &format!("\"x\":\"{}\"", "x".repeat(fill))]);
    assert_eq!(exact.len(), MAX_BYTES);
    assert!(head(exact.as_bytes()).is_ok());
}

#[test]
fn the_sampling_rule_is_found_under_both_of_its_names() {
    let check = |aws: &str, rule: Option<&str>| {
        let text = document(&[ID, TRACE, NAME, START, END, aws]);
        assert_eq!(head(text.as_bytes()).unwrap().sampling_rule.as_deref(), rule, "{aws}");
    };
    check(
        r#""aws":{"xray":{"sdk":"X-Ray for Node.js","rule_name":"Default"}}"#,
        Some("Default"),
    );
    check(
        r#""aws":{"region":"x","xray":{"sampling_rule_name":"carts"}}"#,
        Some("carts"),
    );
    check(r#""aws":{"xray":{"sdk":"X-Ray for Go"}}"#, None);
    check(r#""aws":{"xray":null}"#, None);
    check(r#""aws":null"#, None);
}
