//! Credentials and patience.

use super::retry::retry_after;
use super::{Credential, Credentials, Failure, check_plain};
use http::{HeaderMap, StatusCode};
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

#[test]
fn what_a_netrc_file_says_in_vain_is_told_without_secrets() {
    let unused = |text: &str| Credentials::default().read_netrc(text);
    assert_eq!(unused("machine h.example.org login u password p\n# a comment\n"), [""; 0]);
    let told = unused("machine a.example.org login u passwd s3cret\ndefault login u password s3cret\n");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("a.example.org has no password") && told[1].contains("`default`"), "{told:?}");
    assert!(unused("login u password s3cret")[0].contains("before the first `machine`"));
    assert!(!format!("{told:?}").contains("s3cret"));
}

#[test]
fn a_refusal_speaks_of_the_account_only_where_there_was_one() {
    let url = "https://h.example.org/f".parse().expect("a URL");
    let hint = |failure: Failure| failure.error.hints().join(" ");
    assert!(hint(Failure::of_status(&url, StatusCode::FORBIDDEN, None)).contains("may want a login"));
    assert!(hint(Failure::of_status_with_login(&url, StatusCode::FORBIDDEN, None)).contains("knows who asks"));
    assert!(hint(Failure::of_status_with_login(&url, StatusCode::NOT_FOUND, None)).contains("does not exist"));
}

#[test]
fn plain_http_is_for_this_machine_and_hosts_that_are_named() {
    let plain = |url: &str, allowed: &[&str]| {
        let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
        check_plain(&url.parse().expect("a URL"), &allowed).is_ok()
    };
    assert!(plain("https://h.example.org/", &[]) && plain("http://127.0.0.1:81/", &[]) && plain("http://[::1]/", &[]));
    assert!(plain("http://h.example.org/", &["H.example.org"]) && plain("http://h.example.org/", &["h.example.org:80"]));
    assert!(plain("http://h.example.org:81/", &["h.example.org:81"]) && !plain("http://h.example.org:81/", &["h.example.org"]));
    assert!(!plain("http://h.example.org/", &[]) && !plain("http://localhost.example.org/", &["localhost"]));
}
