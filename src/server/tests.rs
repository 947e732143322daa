#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::accept::{coding, preferred};
use super::coding::{Coding, encoded, hash};
use super::condition::{Verdict, evaluate, range_applies};
use super::exchange::{Arrival, base};
use super::kept::Kept;
use super::page::{About, ListPage, Recipe, Row, ShelfLine, StartPage, ViewLine, list, start};
use super::range::{Wanted, wanted};
use super::request::check;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Version};

fn parts(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn get(headers: &[(&str, &str)]) -> Parts {
    parts("GET", "/x", headers)
}

#[test]
fn the_preferred_offer_follows_quality_then_order() {
    let json = "application/vnd.pypi.simple.v1+json";
    let offers = ["text/html", "application/vnd.pypi.simple.v1+html", json];
    for (accept, expected) in [
        ("application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01", Some(2)),
        ("application/vnd.pypi.simple.v1+json,application/vnd.pypi.simple.v1+html;q=0.2,text/html;q=0.01", Some(2)),
        ("application/vnd.pypi.simple.v1+json, */*;q=0.1", Some(2)),
        ("*/*", Some(0)),
        ("", Some(0)),
        ("nonsense", Some(0)),
        ("text/*;q=0.5, application/*;q=0.4", Some(0)),
        ("text/html;q=0, */*", Some(1)),
        ("TEXT/HTML;Q=1.0", Some(0)),
        ("text/html;level=1", None),
        ("text/html;q=2, application/*;q=0.3", Some(1)),
        ("image/png", None),
        ("text/html;q=0", None),
        ("text/html;q=0.0001, image/png", None),
        (",,;,/;q=,*/*;q=0.001", Some(0)),
    ] {
        assert_eq!(preferred(&get(&[("accept", accept)]), &offers), expected, "{accept}");
    }
    assert_eq!(preferred(&get(&[]), &offers), Some(0));
    assert_eq!(preferred(&get(&[]), &[]), None);
    assert_eq!(preferred(&get(&[("accept", "image/png"), ("accept", json)]), &offers), Some(2));
}

#[test]
fn the_coding_is_the_best_the_client_takes() {
    for (accept, expected) in [
        ("gzip, deflate, zstd", Coding::Zstd),
        ("gzip, deflate", Coding::Gzip),
        ("gzip;q=1.0, zstd;q=0.5", Coding::Gzip),
        ("x-gzip", Coding::Gzip),
        ("*", Coding::Gzip),
        ("identity", Coding::Identity),
        ("identity;q=1, gzip;q=0.5", Coding::Identity),
        ("gzip;q=0", Coding::Identity),
        ("br", Coding::Identity),
        ("zstd;q=0, gzip;q=0.1", Coding::Gzip),
        ("", Coding::Identity),
    ] {
        assert_eq!(coding(&get(&[("accept-encoding", accept)])), expected, "{accept}");
    }
    assert_eq!(coding(&get(&[])), Coding::Identity);
}

#[test]
fn ranges_are_clamped_ignored_or_refused() {
    let part = |first, last| Wanted::Part { first, last };
    for (range, size, expected) in [
        ("bytes=0-9", 100, part(0, 9)),
        ("bytes=90-", 100, part(90, 99)),
        ("bytes=90-1000", 100, part(90, 99)),
        ("bytes=-10", 100, part(90, 99)),
        ("bytes=-1000", 100, part(0, 99)),
        ("Bytes= 5-5 ", 100, part(5, 5)),
        ("bytes=0-18446744073709551615", 100, part(0, 99)),
        ("bytes=0-99999999999999999999999", 100, part(0, 99)),
        ("bytes=100-", 100, Wanted::Unsatisfiable),
        ("bytes=99999999999999999999999-", 100, Wanted::Unsatisfiable),
        ("bytes=-0", 100, Wanted::Unsatisfiable),
        ("bytes=0-", 0, Wanted::Unsatisfiable),
        ("bytes=-5", 0, Wanted::Whole),
        ("bytes=9-5", 100, Wanted::Whole),
        ("bytes=0-1,5-6", 100, Wanted::Whole),
        ("bytes=0-1,", 100, Wanted::Whole),
        ("bytes=-", 100, Wanted::Whole),
        ("bytes=", 100, Wanted::Whole),
        ("bytes", 100, Wanted::Whole),
        ("bytes=+1-2", 100, Wanted::Whole),
        ("bytes=1--2", 100, Wanted::Whole),
        ("bytes=a-b", 100, Wanted::Whole),
        ("bytes=1 -2", 100, Wanted::Whole),
        ("items=0-1", 100, Wanted::Whole),
    ] {
        assert_eq!(wanted(&get(&[("range", range)]), "\"e\"", size), expected, "{range} of {size}");
    }
    assert_eq!(wanted(&get(&[("range", "bytes=0-1"), ("range", "bytes=2-3")]), "\"e\"", 9), Wanted::Whole);
    assert_eq!(wanted(&parts("HEAD", "/x", &[("range", "bytes=0-1")]), "\"e\"", 9), Wanted::Whole);
}

#[test]
fn a_range_applies_only_to_the_very_tag() {
    let applies = |value| range_applies(&get(&[("if-range", value)]).headers, "\"e\"");
    assert!(range_applies(&get(&[]).headers, "\"e\""));
    assert!(applies("\"e\""));
    for other in ["W/\"e\"", "\"f\"", "e", "", "Mon, 23 Nov 2026 10:00:00 GMT"] {
        assert!(!applies(other), "{other}");
    }
}

#[test]
fn conditions_are_evaluated_in_the_order_of_the_standard() {
    for (headers, expected) in [
        (vec![("if-none-match", "\"e\"")], Verdict::NotModified),
        (vec![("if-none-match", "W/\"e\"")], Verdict::NotModified),
        (vec![("if-none-match", "*")], Verdict::NotModified),
        (vec![("if-none-match", "\"a\", \"b,c\" ,\"e\"")], Verdict::NotModified),
        (vec![("if-none-match", "\"a\""), ("if-none-match", "\"e\"")], Verdict::NotModified),
        (vec![("if-none-match", "\"a\"")], Verdict::Proceed),
        (vec![("if-none-match", "e")], Verdict::Proceed),
        (vec![("if-none-match", "\"e")], Verdict::Proceed),
        (vec![("if-none-match", "")], Verdict::Proceed),
        (vec![("if-none-match", "\"a,\"e\"")], Verdict::Proceed),
        (vec![("if-match", "\"e\"")], Verdict::Proceed),
        (vec![("if-match", "W/\"e\"")], Verdict::Failed),
        (vec![("if-match", "\"a\""), ("if-none-match", "\"e\"")], Verdict::Failed),
        (vec![("if-match", "*")], Verdict::Proceed),
        (vec![], Verdict::Proceed),
    ] {
        assert_eq!(evaluate(&get(&headers).headers, "\"e\""), expected, "{headers:?}");
    }
}

/// The status that a target is refused with; `None` when it passes.
fn refused(method: &str, target: &str, headers: &[(&str, &str)]) -> Option<u16> {
    check(&mut parts(method, target, headers), false, false).map(|response| response.status().as_u16())
}

#[test]
fn paths_that_mean_two_things_are_refused() {
    let host = [("host", "mirror.example.org:8080")];
    for target in ["/", "/a/b", "/a/b/", "/a%2Fb/c", "/x@1", "/a+b", "/a%2Bb%3a", "/%C3%A9", "/1%212.0", "/a?b=%00", "/...", "/a.b/..c"] {
        assert_eq!(refused("GET", target, &host), None, "{target}");
    }
    for target in [
        "/..",
        "/../etc/passwd",
        "/a/../b",
        "/a/./b",
        "/a/..",
        "/%2e%2e/a",
        "/%2E./a",
        "/a/%2e",
        "//",
        "//a",
        "/a//b",
        "/a/%2f%2fb",
        "/%2f..%2fb",
        "/%00",
        "/a%0ab",
        "/a%5c..%5cb",
        "/%252e%252e/a",
        "/%25252e",
        "/a%252fb",
        "/%",
        "/%2",
        "/%zz",
        "/%ff",
        "/a%7f",
    ] {
        assert_eq!(refused("GET", target, &host), Some(400), "{target}");
    }
    assert_eq!(refused("GET", &format!("/{}", "a".repeat(4095)), &host), None);
    assert_eq!(refused("GET", &format!("/{}", "a".repeat(4096)), &host), Some(414));
}

#[test]
fn only_reading_requests_for_this_host_pass() {
    let host = ("host", "m");
    for (method, target, headers, expected) in [
        ("GET", "/", vec![host], None),
        ("HEAD", "/", vec![host], None),
        ("OPTIONS", "*", vec![host], Some(204)),
        ("POST", "/", vec![host], Some(405)),
        ("get", "/", vec![host], Some(405)),
        ("BREW", "/", vec![host], Some(405)),
        ("CONNECT", "m:1", vec![host], Some(405)),
        ("GET", "*", vec![host], Some(400)),
        ("GET", "/", vec![], Some(400)),
        ("GET", "/", vec![host, host], Some(400)),
        ("GET", "/", vec![("host", "")], Some(400)),
        ("GET", "/", vec![("host", "a b")], Some(400)),
        ("GET", "/", vec![("host", "user@m")], Some(400)),
        ("GET", "/", vec![("host", "m\"><script>")], Some(400)),
        ("GET", "http://m/a", vec![host], None),
        ("GET", "http://M/a", vec![host], None),
        ("GET", "http://other/a", vec![host], Some(421)),
        ("GET", "http://m/../a", vec![host], Some(400)),
        ("GET", "/", vec![host, ("content-length", "5")], Some(413)),
        ("GET", "/", vec![host, ("content-length", "0")], None),
    ] {
        assert_eq!(refused(method, target, &headers), expected, "{method} {target} {headers:?}");
    }
    let mut old = get(&[]);
    old.version = Version::HTTP_10;
    assert!(check(&mut old, false, false).is_none(), "HTTP/1.0 has no Host");
    assert_eq!(check(&mut get(&[host]), true, false).map(|r| r.status().as_u16()), Some(413));
    let mut absolute = parts("GET", "http://m/a?b", &[host]);
    assert!(check(&mut absolute, false, false).is_none());
    assert_eq!(absolute.uri, "/a?b");
}

#[test]
fn the_base_is_what_the_client_used_unless_a_proxy_is_believed() {
    let forwarded =
        [("host", "m:8443"), ("x-forwarded-host", "mirror.lan"), ("x-forwarded-proto", "https"), ("x-forwarded-prefix", "/air/")];
    let base_of = |headers: &[(&str, &str)], arrival| {
        let mut parts = get(headers);
        parts.extensions.insert(arrival);
        base(&parts)
    };
    let plain = Arrival::default();
    assert_eq!(base_of(&forwarded, plain.clone()).as_deref(), Some("http://m:8443"));
    assert_eq!(base_of(&forwarded, Arrival { tls: true, ..plain.clone() }).as_deref(), Some("https://m:8443"));
    assert_eq!(base_of(&forwarded, Arrival { forwarded: true, ..plain.clone() }).as_deref(), Some("https://mirror.lan/air"));
    let public = Arrival { forwarded: true, public_base: Some("https://public.lan/m".into()), ..plain.clone() };
    assert_eq!(base_of(&forwarded, public).as_deref(), Some("https://public.lan/m"), "what the site says of itself is believed most");
    assert_eq!(base_of(&[("host", "m<")], plain.clone()), None);
    assert_eq!(base_of(&[], plain), None);
}

#[test]
fn variants_come_back_to_the_same_bytes() {
    let document = Bytes::from("{\"name\": \"example\"}\n".repeat(1000));
    let zstd = encoded(&document, hash(&document), Coding::Zstd).unwrap();
    assert_eq!(zstd::bulk::decompress(&zstd, document.len()).unwrap(), document);
    let gzip = encoded(&document, hash(&document), Coding::Gzip).unwrap();
    let mut back = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut back).unwrap();
    assert_eq!(back, document);
    assert_eq!(encoded(&document, hash(&document), Coding::Gzip), Some(gzip), "the second time from memory");
    assert_eq!(encoded(&document, hash(&document), Coding::Identity), None);
    let short = document.slice(..500);
    assert_eq!(encoded(&short, hash(&short), Coding::Gzip), None);
    let noise: Bytes = (0..200u64).flat_map(|i| *blake3::hash(&i.to_le_bytes()).as_bytes()).collect();
    assert_eq!(encoded(&noise, hash(&noise), Coding::Gzip), None, "noise would only grow");
}

#[test]
fn what_is_kept_stays_within_its_bound() {
    let mut kept = Kept::new(4000);
    for key in 0..3 {
        kept.keep(key, key, 1000);
    }
    assert_eq!(kept.get(&0), Some(0));
    kept.keep(3, 3, 1000);
    assert_eq!((kept.get(&0), kept.get(&1), kept.get(&3)), (Some(0), None, Some(3)), "1 was used longest ago");
    kept.keep(4, 4, 4000);
    assert_eq!((kept.get(&4), kept.get(&0)), (None, Some(0)), "too large to be kept at all");
    kept.keep(0, 7, 1000);
    assert_eq!(kept.get(&0), Some(7));
}

fn about() -> About {
    let contact = Some("platform team <mirror@example.org>".to_owned());
    About {
        name: "<Mirror> & co".to_owned(),
        snapshot: Some(7),
        id: Some("7Q2KD-0M4XF".to_owned()),
        authority: Some("ab12".to_owned()),
        contact,
        reports: true,
    }
}

#[test]
fn the_start_page_escapes_everything_and_needs_no_script() {
    let shelf = ShelfLine { ecosystem: "files".to_owned(), names: 2, artifacts: 3, blobs: 1204, bytes: 1_900_000_000 };
    let view = ViewLine { name: "a\"/b-7".to_owned(), id: "X".to_owned(), shelves: vec![("files".to_owned(), 1)] };
    let recipe =
        Recipe { client: "curl".to_owned(), place: "shell".to_owned(), text: "curl '<script>alert(1)</script>'\u{202e}".to_owned() };
    let page = StartPage { about: about(), shelves: vec![shelf], views: vec![view], recipes: vec![recipe] };
    let html = start(&page);
    for expected in [
        "&lt;Mirror&gt; &amp; co",
        "snapshot 7",
        "1.9 GB",
        "&lt;script&gt;",
        "\\u{202e}",
        "/browse/files/a%22%2Fb-7",
        "/ca.pem",
        "mirror@example.org",
    ] {
        assert!(html.contains(expected), "{expected} is not in {html}");
    }
    for never in ["<script", "javascript:", "src=", "onclick", "@import", "url("] {
        assert!(!html.contains(never), "{never} is in {html}");
    }
    let empty = start(&StartPage { about: about(), ..StartPage::default() });
    assert!(empty.contains("Nothing has been imported yet"));
}

#[test]
fn a_list_is_turned_in_pages_and_keeps_its_filter() {
    let row = Row { name: "<b>torch".to_owned(), version: "2.9.1".to_owned(), blobs: 4, bytes: 812 };
    let (ecosystem, view) = ("python".to_owned(), "latest".to_owned());
    let page = ListPage { about: about(), ecosystem, view, filter: "a&b".to_owned(), rows: vec![row], total: 1204, page: 2, pages: 3 };
    let html = list(&page);
    for expected in
        ["&lt;b&gt;torch", "1,204 artifacts, page 2 of 3", "?page=1&amp;q=a%26b", "?page=3&amp;q=a%26b", "value=\"a&amp;b\"", "812 B"]
    {
        assert!(html.contains(expected), "{expected} is not in {html}");
    }
}
