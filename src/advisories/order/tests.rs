//! Vectors of the specifications: lists in order, with what is equal on one line.

use super::{LONGEST_VERSION, Order};
use std::cmp::Ordering;

fn compare(order: Order, a: &str, b: &str) -> Ordering {
    let read = |text: &str| order.parse(text).unwrap_or_else(|| panic!("{text} is a version of {order:?}"));
    read(a).compare(&read(b)).expect("one order")
}

/// Every pair of a list, both ways round; versions that are equal stand between bars.
fn ascending(order: Order, list: &str) {
    let ranks: Vec<Vec<&str>> = list.split_whitespace().map(|same| same.split('|').collect()).collect();
    let flat: Vec<(usize, &str)> = ranks.iter().enumerate().flat_map(|(at, same)| same.iter().map(move |text| (at, *text))).collect();
    for (rank_a, a) in &flat {
        for (rank_b, b) in &flat {
            assert_eq!(compare(order, a, b), rank_a.cmp(rank_b), "{a} and {b} in {order:?}");
        }
    }
}

fn refused(order: Order, list: &[&str]) {
    list.iter().for_each(|text| assert!(order.parse(text).is_none(), "{text:?} is no version of {order:?}"));
}

#[test]
fn pep_440() {
    // PEP 440, "Summary of permitted suffixes and relative ordering", and "Normalization".
    ascending(
        Order::Pep440,
        "1.dev0 1.0.dev456 1.0a1|1.0alpha1|1.0-A.1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2 1.0b2.post345.dev456 1.0b2.post345 \
         1.0rc1.dev456 1.0rc1|1.0c1|1.0.pre1 1.0|1|v1.0.0|0!1.0 1.0+abc.5 1.0+abc.7 1.0+5|1.0+5 1.0.post456.dev34 1.0.post456|1.0-456|1.0.r456 1.0.15 1.1.dev1 1!0.1",
    );
    refused(Order::Pep440, &["", "1.0-final", "2.0.0-final", "0.3m1", "trunk", "1.0 beta x", "1..0", "0.8.1p1"]);
}

#[test]
fn semantic_versioning() {
    // Semantic Versioning 2.0.0, sections 10 and 11.
    let list = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0|1.0.0+20130313144700 2.0.0 2.1.0 2.1.1 \
                99999999999999999999999.0.0";
    ascending(Order::SemVer, list);
    ascending(Order::Go, list);
    ascending(Order::Go, "v0.0.0-20190101000000-abcdefabcdef v1.0.0-alpha v1.0.0|1.0.0|v1.0.0+incompatible");
    refused(Order::SemVer, &["1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3-a..b", "1.2.3+", "v1.2.3", "1.2.3-é"]);
}

#[test]
fn nuget_and_pub() {
    ascending(Order::NuGet, "1-alpha 1.0.0-BETA|1.0-beta|1.0.0.0-Beta 1.0.0-beta.2 1|1.0|1.00.0.0|1.0.0+a 1.0.0.1 1.0.1");
    refused(Order::NuGet, &["1.0.0.0.0", "a.b"]);
    // Bitnami: a revision of the package is after the release, words are before it.
    ascending(Order::Bitnami, "1.0.0-rc.1 1.0.0 1.0.0-1 1.0.0-2 1.0.0-10 1.0.1-rc1 1.0.1");
    ascending(Order::Pub, "1.0.0-alpha 1.0.0-alpha+1 1.0.0 1.0.0+1 1.0.0+2 1.0.0+10 1.0.0+a 1.0.1");
}

#[test]
fn debian() {
    // Debian Policy 5.6.12 (the list of tildes is its own); the rest is what `dpkg --compare-versions` says.
    ascending(
        Order::Debian,
        "0~~ 0~~a 0~ 0|0-0 0a 0+ 1.0~~x1-0~z 1.0~beta1~svn1245 1.0~beta1 1.0|1.0-0|1.00 1.0-1~bpo1 1.0-1 1.0-1+deb12u1 1.0-1.1 1.0+b1 1.0.1 1:0.1",
    );
    refused(Order::Debian, &["", "a1", "1.0-", "1_0", "x:1", ":1", "1.0-1:2", "1.0 1"]);
}

#[test]
fn rpm() {
    // The tests of rpm itself (tests/rpmvercmp.at).
    ascending(Order::Rpm, "1.0~rc1~git123 1.0~rc1 1.0~rc2 1.0 1.0^ 1.0^git1~pre 1.0^git1 1.0^git2 1.0a 1.0aa 1.0.1 2.0 2.0.1 2.0.1a 3.0");
    ascending(
        Order::Rpm,
        "xyz.4 xyz10 xyz10.1 2 5.5p1 5.5p2 5.5p10 5.6p1 6.0 6.0.rc1 6.5p1 8 10xyz 10.0001|10.1|10_1|10.1+ 10.1xyz 10.0039 20101121",
    );
    ascending(Order::Rpm, "1.0 1.0-1.el9 1.0-1.el9_2 1.0-2.el9 1:0.1-1 2:0.1-1");
    let leaves_open = |a: &str, b: &str| Order::Rpm.parse(a).zip(Order::Rpm.parse(b)).is_some_and(|(a, b)| a.leaves_open(&b));
    assert!(
        leaves_open("1.0", "1.0-1") && leaves_open("0:1.00-1", "1.0") && !leaves_open("1.0-1", "1.0-2") && !leaves_open("1.0", "1.1-1")
    );
    refused(Order::Rpm, &["", "1.0 1", "a:1.0", "1.0-"]);
}

#[test]
fn apk() {
    // apk-tools, test/version.data.
    ascending(
        Order::Apk,
        "0.1.0_alpha_pre2 0.1.0_alpha 0.1.0_alpha2 0.1.0_beta 0.1.0_pre1 0.1.0_rc1 0.1.0 0.1.0-r1 0.1.0_cvs 0.1.0_svn 0.1.0_git20210101 0.1.0_hg 0.1.0_p1 \
         0.1.0_p1-r1 0.1.0a 0.1.0b 0.1.0.1 0.1.3_alpha 1 1.0 1.0.0|01.0.0 1.010 1.06-r6 1.09 1.1",
    );
}

#[test]
fn conda() {
    // The list in the documentation of conda's `VersionOrder`.
    ascending(
        Order::Conda,
        "0.4|0.4.0 0.4.1.rc|0.4.1.RC 0.4.1 0.5a1 0.5b3 0.5C1 0.5 0.9.6 0.960923 1.0 1.1dev1 1.1_ 1.1a1 1.1.0dev1|1.1.dev1 1.1.a1 1.1.0rc1 1.1.0|1.1 \
         1.1.0post1|1.1.post1 1.1post1 1996.07.12 1!0.4.1 1!3.1.1.6 2!0.4.1",
    );
    ascending(Order::Conda, "1.0.1dev 1.0.1_ 1.0.1a 1.0.1 1.0.1+1 1.0.1+1.2 1.0.1post.a");
    refused(Order::Conda, &["", "1..0", "a!1", "1!2!3", "1+2+3", "1.0-a_b", "+1", "1.0/2"]);
}

#[test]
fn maven() {
    // Maven 3.9, ComparableVersionTest.
    ascending(
        Order::Maven,
        "1-alpha2snapshot 1-alpha2 1-alpha-123 1-beta-2 1-beta123 1-m2 1-m11 1-rc 1-cr2 1-rc123 1-SNAPSHOT 1|1.0|1-0|1.0-0|1ga|1final|1-release 1-sp 1-sp2 \
         1-sp123 1-abc 1-def 1-pom-1 1-1-snapshot 1-1 1-2 1-123",
    );
    ascending(
        Order::Maven,
        "2.0|2 2.0.a 2-1 2.0.2 2.0.123 2.1.0 2.1-a 2.1b 2.1-c 2.1-1 2.1.0.1 2.2 2.123 11.a2 11.a11 11.b2 11.b11 11.m2 11.m11 11 11.a 11b 11c 11m",
    );
    ascending(Order::Maven, "1.0.0.RC1 1.0.0-RC2 1.0.0 1.0.0.X1 1.0.0-X2 6.1.0rc3 6.1.0 6.1H.5-beta 6.1H.5");
}

#[test]
fn numbers_and_gems() {
    ascending(Order::Numbers, "0.9 1.0 1.0-1|1.0.1 1.0.10 1.1 10.0");
    // Gem::Version's documentation.
    ascending(
        Order::Gem,
        "1.0.a1 1.0.a.2|1.0.a2 1.0.b1 1.0-1|1.pre.1 1|1.0|1.0.0 1.0.1 1.1.a 1.1 1.8.2.a10 1.9.a.b 1.9.0.dev 1.9.3 1.9.3.1",
    );
    refused(Order::Gem, &["a1", "1..2", "1.", "1_2"]);
}

#[test]
fn composer() {
    // The forms of VersionParser::normalize (VersionParserTest), in the order of PHP's version_compare.
    ascending(
        Order::Composer,
        "1.0.0-alpha2.1-dev 1.0.0alpha11 1.0-beta5 1.0.0-rc1|1.0.0RC1|1.0.0.0-RC-1 1.0.0.RC.15-dev \
         1|1.0|1.0.0|V1.0.0.0|1.0.0-stable|1.00.0|1.0.0+foo 1.0.0-pl3-dev|1.0.0-patch3-dev|1.0.0-p3dev 1.0.0.1 5.2 5.10 2010-01-02.20.30.40-pl1 20100102 20100102-203040-p1",
    );
    ascending(Order::Composer, "1.0-dev|1.0.0.0-dev 1.0.0-a 1.0.0-b|1.0.0_beta 1.0.0-rc 1.0.0 1.0.0-p1|1.0.0-patch.1");
    refused(Order::Composer, &["dev-main", "", "1.0foo", "1.0.0.0.0", "1.x-dev", "1.0.0-meh", "1.0-1", "1.0.0-alpha..1", "a"]);
}

#[test]
fn equal_versions_have_one_fingerprint() {
    for (order, a, b) in [
        (Order::Pep440, "1.0", "1.0.0"),
        (Order::Pep440, "2.0-RC.1", "2.0rc1"),
        (Order::NuGet, "1.0-BETA", "1.0.0.0-beta"),
        (Order::Gem, "1.0", "1"),
        (Order::Conda, "1.1", "1.1.0"),
        (Order::Maven, "1.0", "1-ga"),
        (Order::Go, "v1.0.0+incompatible", "1.0.0"),
        (Order::Debian, "1:0", "1:0"),
        (Order::Composer, "v1.0", "1.0.0.0-stable"),
        (Order::Bitnami, "1.0.0-01x", "1.0.0-01x"),
    ] {
        assert_eq!(order.fingerprint(a), order.fingerprint(b), "{a} and {b}");
    }
    assert_ne!(Order::Pep440.fingerprint("1.0"), Order::Pep440.fingerprint("1.0.1"));
}

#[test]
fn what_is_too_long_is_no_version() {
    let longest = "1".repeat(LONGEST_VERSION);
    let nested = "1-a".repeat(LONGEST_VERSION / 3);
    for order in [Order::Numbers, Order::Maven, Order::Debian, Order::Rpm, Order::Conda] {
        assert!(order.parse(&longest).is_some());
        assert!(order.parse(&(longest.clone() + "1")).is_none());
    }
    assert_eq!(compare(Order::Maven, &nested, &nested), Ordering::Equal);
}
