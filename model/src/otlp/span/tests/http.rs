//! HTTP exchanges.

use super::*;

#[test]
fn urls_are_put_together_from_their_parts() {
    let check = |kind, json: &str, expected: Option<&str>| {
        case(kind, json).check(|node| {
            let url = node.http.as_ref().and_then(|http| http.url.as_deref());
            assert_eq!(url, expected, "{json}");
        });
    };
    use Kind::*;
    check(Client, r#"{"http.method":"GET"}"#, None);
    check(
        Client,
        r#"{"http.host":"h:81","net.peer.port":9,"http.target":"/a"}"#,
        Some("http://h:81/a"),
    );
    check(
        Client,
        r#"{"http.method":"GET","net.peer.name":"p","net.peer.port":80}"#,
        Some("http://p/"),
    );
    check(
        Client,
        r#"{"url.scheme":"https","server.address":"s","server.port":444,"url.path":"/a","url.query":"q"}"#,
        Some("https://s:444/a?q"),
    );
    check(
        Server,
        r#"{"http.method":"GET","http.server_name":"n","net.host.port":8080}"#,
        Some("http://n:8080/"),
    );
    check(Server, r#"{"http.method":"GET","http.url":"whole"}"#, Some("whole"));
    check(Server, r#"{"db.name":"x"}"#, None);
}

#[test]
fn a_forwarded_client_is_told_from_a_direct_one() {
    let check = |json: &str, ip: Option<&str>, forwarded: Option<bool>| {
        case(Kind::Server, json).check(|node| {
            let http = node.http.as_ref().unwrap();
            assert_eq!(
                (http.client_ip.as_deref(), http.x_forwarded_for),
                (ip, forwarded),
                "{json}"
            );
        });
    };
    check(r#"{"http.client_ip":"1.2.3.4"}"#, Some("1.2.3.4"), Some(true));
    check(
        r#"{"http.client_ip":"1.2.3.4","net.peer.ip":"10.0.0.1"}"#,
        Some("1.2.3.4"),
        None,
    );
    check(
        r#"{"http.method":"GET","net.peer.ip":"10.0.0.1"}"#,
        Some("10.0.0.1"),
        None,
    );
    check(
        r#"{"http.method":"GET","client.address":"::1"}"#,
        Some("::1"),
        Some(true),
    );
    check(r#"{"http.method":"GET","client.address":"host"}"#, None, None);
}
