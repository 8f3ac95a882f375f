//! Signatures held against AWS's own test suite, and against every change that could be made to a request.

use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use proptest::prelude::*;

use super::*;
use beamline_model::time::Timestamp;
use beamline_store::Secret;

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30T12:36:00Z, when the suite was signed.
const SUITE: Timestamp = Timestamp(1_440_938_160_000_000_000);
const MINUTE: i64 = 60_000_000_000;

fn gate(signatures: Signatures, clock: fn() -> Timestamp) -> Gate {
    let credential = Credential {
        secret: Secret::new(SECRET),
        account: "210987654321".to_owned(),
    };
    Gate::new(
        signatures,
        [(KEY.to_owned(), credential)]
            .into_iter()
            .collect::<Credentials>()
            .into(),
        clock,
    )
}

fn verdict(gate: &Gate, parts: &Parts, body: &[u8]) -> Result<(), Refusal> {
    gate.look(parts)?.verify(parts, body)
}

/// A request as it is written on the wire, but with lines ended by newlines.
fn read(text: &str) -> (Parts, Vec<u8>) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first: Vec<&str> = lines.next().unwrap().split(' ').collect();
    let mut request = Request::builder().method(first[0]).uri(first[1]);
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        request = request.header(name, value.trim());
    }
    (request.body(()).unwrap().into_parts().0, body.into())
}

#[test]
fn the_suite_of_aws_is_verified() {
    let gate = gate(Signatures::Enforce, || SUITE);
    let vectors: Vec<(&str, &str)> = include_str!("vectors.txt")
        .split("=== ")
        .skip(1)
        .map(|vector| vector.split_once('\n').unwrap())
        .collect();
    assert_eq!(vectors.len(), 42);
    for (name, text) in vectors {
        let (parts, body) = read(text.trim_end_matches('\n'));
        assert_eq!(verdict(&gate, &parts, &body), Ok(()), "{name}");
        assert_eq!(
            verdict(&gate, &parts, &[&body[..], b" "].concat()),
            Err(Refusal::Mismatch),
            "{name} with another body"
        );
    }
}

fn signer() -> Signer {
    Signer {
        access_key: KEY.to_owned(),
        secret: Secret::new(SECRET),
        session_token: None,
        region: "eu-west-1".to_owned(),
        service: "xray".to_owned(),
    }
}

fn signed(signer: &Signer, path: &str, body: Option<&[u8]>) -> Parts {
    let request = Request::post(path).header("Host", "127.0.0.1:2001");
    let mut parts = request.body(()).unwrap().into_parts().0;
    signer.sign(&mut parts, body, SUITE).unwrap();
    parts
}

#[test]
fn what_our_clients_sign_is_let_in() {
    let gate = gate(Signatures::Enforce, || SUITE);
    let with_token = Signer {
        session_token: Some(Secret::new("token/+=")),
        ..signer()
    };
    for signer in [signer(), with_token] {
        let parts = signed(&signer, "/Groups?a=1&A=%20", Some(b"{}"));
        let pass = gate.look(&parts).unwrap();
        assert!(pass.needs_body(&parts));
        assert_eq!(pass.verify(&parts, b"{}"), Ok(()));
        assert_eq!(
            (pass.account(), pass.region()),
            (Some("210987654321"), Some("eu-west-1"))
        );
        let parts = signed(&signer, "/Groups", None);
        let pass = gate.look(&parts).unwrap();
        assert!(!pass.needs_body(&parts), "nothing of it is signed");
        assert_eq!(pass.verify(&parts, b"anything"), Ok(()));
    }
}

#[test]
fn signatures_are_good_for_five_minutes_either_way() {
    let parts = signed(&signer(), "/Groups", Some(b""));
    let at = |clock| verdict(&gate(Signatures::Enforce, clock), &parts, b"").map_err(|refusal| refusal.to_string());
    assert_eq!(at(|| SUITE.plus(5 * MINUTE + 999_999_999)), Ok(()));
    assert_eq!(at(|| SUITE.plus(-5 * MINUTE)), Ok(()));
    assert_eq!(
        at(|| SUITE.plus(5 * MINUTE + 1_000_000_000)).unwrap_err(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    );
    assert_eq!(
        at(|| SUITE.plus(-5 * MINUTE - 1)).unwrap_err(),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
    );
}

#[test]
fn a_presigned_request_lives_as_long_as_it_says() {
    let text = include_str!("vectors.txt")
        .split("=== ")
        .find(|it| it.starts_with("get-vanilla query"));
    let (parts, body) = read(text.unwrap().split_once('\n').unwrap().1.trim_end());
    let at = |clock| verdict(&gate(Signatures::Lenient, clock), &parts, &body).map_err(|refusal| refusal.to_string());
    assert_eq!(at(|| SUITE.plus(60 * MINUTE)), Ok(()));
    assert_eq!(
        at(|| SUITE.plus(61 * MINUTE)).unwrap_err(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T133700Z - 3600 s)"
    );
}

#[test]
fn each_mode_asks_for_what_it_says() {
    let none = Request::post("/Groups").body(()).unwrap().into_parts().0;
    let unknown = Signer {
        access_key: "AKIDOTHER".to_owned(),
        ..signer()
    };
    let wrong = Signer {
        secret: Secret::new("wrong"),
        ..signer()
    };
    let [right, unknown, wrong] = [signer(), unknown, wrong].map(|signer| signed(&signer, "/Groups", Some(b"")));
    let check = |mode, parts, expected| assert_eq!(verdict(&gate(mode, || SUITE), parts, b""), expected, "{mode:?}");
    for mode in [Signatures::Off, Signatures::Ignore] {
        for parts in [&none, &right, &unknown, &wrong] {
            check(mode, parts, Ok(()));
        }
    }
    check(Signatures::Lenient, &none, Ok(()));
    check(Signatures::Enforce, &none, Err(Refusal::Unsigned));
    for mode in [Signatures::Lenient, Signatures::Enforce] {
        check(mode, &right, Ok(()));
        check(mode, &unknown, Err(Refusal::UnknownKey));
        check(mode, &wrong, Err(Refusal::Mismatch));
    }
    let pass = gate(Signatures::Ignore, || SUITE);
    assert_eq!(pass.look(&right).unwrap().account(), None, "nobody can say for whom");
    let pass = gate(Signatures::Off, || SUITE);
    assert_eq!(
        pass.look(&wrong).unwrap().account(),
        Some("210987654321"),
        "nothing is verified"
    );
}

#[test]
fn a_signature_has_to_cover_what_matters() {
    let gate = gate(Signatures::Enforce, || SUITE);
    let refusal = |parts: &Parts| gate.look(parts).unwrap_err().to_string();
    let mut parts = signed(&signer(), "/Groups", Some(b""));
    parts
        .headers
        .insert("x-amz-target", HeaderValue::from_static("AWSXRay.DeleteGroup"));
    assert_eq!(
        refusal(&parts),
        "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."
    );
    let mut parts = signed(&signer(), "/Groups", Some(b""));
    parts
        .headers
        .insert("x-amz-security-token", HeaderValue::from_static("token"));
    assert!(refusal(&parts).starts_with("'x-amz-security-token' must be"));
    let unhosted = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60\
                    &X-Amz-SignedHeaders=accept&X-Amz-Credential=AKIDEXAMPLE/20150830/us-east-1/xray/aws4_request\
                    &X-Amz-Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let (parts, _) = read(&format!("POST /Groups?{unhosted} HTTP/1.1"));
    assert!(refusal(&parts).starts_with("'Host' or ':authority' must be"));
    let other_day = unhosted.replace("20150830/", "20150831/").replace("=accept", "=host");
    let (parts, _) = read(&format!("POST /Groups?{other_day} HTTP/1.1"));
    assert!(refusal(&parts).contains("'20150831' != '20150830', from '20150830T123600Z'"));
}

/// Something that somebody on the way may do to a request.
#[derive(Clone, Debug)]
enum Change {
    Method,
    Path(String),
    Parameter,
    Body(usize),
    Longer(u8),
    Header(&'static str, String),
    Remove(&'static str),
    /// A character of the `Authorization` header.
    Authorization(usize, char),
}

fn change() -> impl Strategy<Value = Change> {
    let header = || {
        prop::sample::select(vec![
            "host",
            "x-amz-date",
            "x-amz-content-sha256",
            "x-amz-security-token",
        ])
    };
    prop_oneof![
        Just(Change::Method),
        "/[A-Za-z]{1,12}".prop_map(Change::Path),
        Just(Change::Parameter),
        any::<usize>().prop_map(Change::Body),
        any::<u8>().prop_map(Change::Longer),
        (header(), "[a-zA-Z0-9-]{1,20}").prop_map(|(name, value)| Change::Header(name, value)),
        header().prop_map(Change::Remove),
        (any::<usize>(), prop::char::range('!', '~')).prop_map(|(at, with)| Change::Authorization(at, with)),
    ]
}

/// Makes the change; `false` if the request is the same afterwards.
fn make(change: &Change, parts: &mut Parts, body: &mut Vec<u8>) -> bool {
    let before = (parts.clone(), body.clone());
    match change {
        Change::Method => parts.method = http::Method::PUT,
        Change::Path(path) => parts.uri = path.parse().unwrap(),
        Change::Parameter => parts.uri = format!("{}?a", parts.uri.path()).parse().unwrap(),
        Change::Body(at) if body.is_empty() => body.push(*at as u8),
        Change::Body(at) => {
            let at = at % body.len();
            body[at] ^= 1;
        }
        Change::Longer(byte) => body.push(*byte),
        Change::Header(name, value) => {
            let value = HeaderValue::from_str(value).unwrap();
            parts.headers.insert(HeaderName::from_static(name), value);
        }
        Change::Remove(name) => drop(parts.headers.remove(*name)),
        Change::Authorization(at, with) => {
            let mut text: Vec<u8> = parts.headers["authorization"].as_bytes().to_vec();
            let at = at % text.len();
            // Spaces between fields may be more or fewer.
            if text[at] != b' ' {
                text[at] = *with as u8;
            }
            parts
                .headers
                .insert("authorization", HeaderValue::from_bytes(&text).unwrap());
        }
    }
    (&before.0.method, &before.0.uri, &before.0.headers, &before.1) != (&parts.method, &parts.uri, &parts.headers, body)
}

proptest! {
    #[test]
    fn any_change_to_a_signed_request_is_refused(
        path in "/[A-Za-z0-9_-]{0,20}",
        mut body in prop::collection::vec(any::<u8>(), 0..40),
        change in change(),
    ) {
        let gate = gate(Signatures::Enforce, || SUITE);
        let with_token = Signer { session_token: Some(Secret::new("token")), ..signer() };
        let mut parts = signed(&with_token, &path, Some(&body));
        prop_assert_eq!(verdict(&gate, &parts, &body), Ok(()));
        if make(&change, &mut parts, &mut body) {
            prop_assert!(verdict(&gate, &parts, &body).is_err(), "{:?}", parts);
        }
    }
}
