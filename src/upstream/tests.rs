//! Credentials and patience.

use super::retry::retry_after;
use super::{Credential, Credentials};
use http::HeaderMap;
use std::time::Duration;

/// `login:password` for a host, as a netrc file has it.
fn sent(netrc: &str, host: &str) -> Option<String> {
    let mut credentials = Credentials::default();
    credentials.read_netrc(netrc);
    match credentials.for_url(&format!("https://{host}/f").parse().expect("a URL"))? {
        Credential::Basic { username, password } => Some(format!("{username}:{password}")),
        Credential::Bearer(_) => None,
    }
}

#[test]
fn a_netrc_file_gives_each_host_its_own_login() {
    let text = "machine a.example.org login u password p\nmachine B.example.org\n\tlogin v\n\tpassword #q\n";
    assert_eq!(sent(text, "a.example.org").as_deref(), Some("u:p"));
    assert_eq!(sent(text, "b.example.org").as_deref(), Some("v:#q"));
    assert_eq!(sent(text, "c.example.org"), None);
    assert_eq!(sent("machine h.example.org password p account x login u", "h.example.org").as_deref(), Some("u:p"));
    let twice = "machine h.example.org login u password p\nmachine h.example.org login v password w";
    assert_eq!(sent(twice, "h.example.org").as_deref(), Some("u:p"));
    assert_eq!(sent("machine h.example.org login u\nmachine i.example.org password p", "h.example.org"), None);
    assert_eq!(sent("login u password p", "h.example.org"), None);
}

#[test]
fn an_entry_without_a_login_is_a_bearer_token() {
    let mut credentials = Credentials::default();
    credentials.read_netrc("machine hub.example.org password hf_token\nmachine other.example.org login u password p");
    let token = credentials.for_url(&"https://hub.example.org/f".parse().expect("a URL"));
    assert!(matches!(token, Some(Credential::Bearer(token)) if token == "hf_token"));
    assert!(credentials.for_url(&"http://hub.example.org/f".parse().expect("a URL")).is_none(), "not without TLS");
}

#[test]
fn the_default_entry_of_a_netrc_file_goes_to_nobody() {
    let text = "machine h.example.org login u password p\ndefault login anonymous password me@example.org";
    assert_eq!(sent(text, "h.example.org").as_deref(), Some("u:p"));
    assert_eq!(sent(text, "other.example.org"), None);
}

#[test]
fn comments_of_a_netrc_file_are_not_read() {
    let after = "machine h.example.org login u password p\n#machine old.example.org login v password w";
    assert_eq!(sent(after, "h.example.org").as_deref(), Some("u:p"));
    assert_eq!(sent(after, "old.example.org"), None);
    assert_eq!(sent("# machine h.example.org login commented password out", "h.example.org"), None);
    assert_eq!(sent("machine h.example.org login u password p # password old", "h.example.org").as_deref(), Some("u:p"));
}

#[test]
fn macros_of_a_netrc_file_are_not_read() {
    let text = "macdef init\nmachine h.example.org login v password w\n\nmachine h.example.org login u password p";
    assert_eq!(sent(text, "h.example.org").as_deref(), Some("u:p"));
}

#[test]
fn a_date_to_retry_after_counts_from_the_date_of_the_answer() {
    let wait = |after: &str, date: Option<&str>| {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", after.parse().expect("a header"));
        date.map(|date| headers.insert("date", date.parse().expect("a header")));
        retry_after(&headers)
    };
    assert_eq!(wait("7", None), Some(Duration::from_secs(7)));
    let (early, late) = ("Fri, 31 Dec 1999 23:59:50 GMT", "Sat, 01 Jan 2000 00:00:05 GMT");
    assert_eq!(wait(late, Some(early)), Some(Duration::from_secs(15)));
    assert_eq!(wait(early, Some(late)), Some(Duration::ZERO));
    assert_eq!(wait(late, None), None);
    assert_eq!(wait("soon", Some(early)), None);
}
