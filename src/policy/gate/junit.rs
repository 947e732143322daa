//! The findings as JUnit XML, for what shows test results: a suite for each family of rules, a case for each artifact and rule.

use super::gated::{Gated, Hit, Ruled};
use crate::policy::Outcome;
use std::fmt::Write;

/// Most cases of a rule; those that passed are left out first, and counted in a case of their own.
const MOST_CASES: usize = 10_000;
/// Most findings that are told in one case.
const MOST_TOLD: usize = 20;

struct Case {
    name: String,
    outcome: Outcome,
    /// What was found, a line a finding.
    found: Vec<String>,
}

/// The document, of everything that was judged, and of what could not be: the same findings give the same bytes.
pub fn junit(judged: &[Gated], failures: &[String]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"airlift gates\">\n");
    let family = |ruled: &Ruled| ruled.rule.id.split('.').next().unwrap_or_default().to_owned();
    for gated in judged {
        for of_family in gated.rules.chunk_by(|a, b| family(a) == family(b)) {
            suite(gated, &family(&of_family[0]), of_family, &mut xml);
        }
    }
    if !failures.is_empty() {
        let count = failures.len();
        let _ = writeln!(xml, "  <testsuite name=\"judged\" tests=\"{count}\" failures=\"0\" errors=\"{count}\" skipped=\"0\">");
        for (at, why) in failures.iter().enumerate() {
            let (name, why) = (format!("not judged {}", at + 1), escaped(why));
            let _ = writeln!(xml, "    <testcase classname=\"judged\" name=\"{name}\"><error message=\"{why}\"/></testcase>");
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(gated: &Gated, name: &str, rules: &[Ruled], xml: &mut String) {
    let cases: Vec<(&Ruled, Vec<Case>)> = rules.iter().map(|ruled| (ruled, cases(gated, ruled))).collect();
    let count = |outcome: Outcome| cases.iter().flat_map(|(_, cases)| cases).filter(|case| case.outcome == outcome).count();
    let tests: usize = cases.iter().map(|(_, cases)| cases.len()).sum();
    let (failures, skipped) = (count(Outcome::Refused), count(Outcome::NotAssessed) + count(Outcome::NotKnown));
    let _ = writeln!(xml, "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">");
    for (ruled, case) in cases.iter().flat_map(|(ruled, cases)| cases.iter().map(move |case| (ruled, case))) {
        write_case(ruled, case, xml);
    }
    xml.push_str("  </testsuite>\n");
}

fn cases(gated: &Gated, ruled: &Ruled) -> Vec<Case> {
    if ruled.outcomes.is_empty() {
        let found = ruled.hits.iter().take(MOST_TOLD).map(|hit| hit.found.clone()).collect();
        return vec![Case { name: ruled.rule.title.to_owned(), outcome: ruled.worst, found }];
    }
    let mut by_subject: Vec<Vec<&Hit>> = vec![vec![]; ruled.outcomes.len()];
    for hit in &ruled.hits {
        match hit.subject.and_then(|at| by_subject.get_mut(at)) {
            Some(hits) => hits.push(hit),
            None => by_subject.iter_mut().for_each(|hits| hits.push(hit)),
        }
    }
    let mut order: Vec<usize> = (0..ruled.outcomes.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(ruled.outcomes[*at]));
    let left_out: Vec<usize> = order.split_off(order.len().min(MOST_CASES));
    order.sort_unstable();
    let told = |at: usize| by_subject[at].iter().take(MOST_TOLD).map(|hit| line(gated, hit)).collect();
    let mut all: Vec<Case> =
        order.into_iter().map(|at| Case { name: gated.subjects[at].0.clone(), outcome: ruled.outcomes[at], found: told(at) }).collect();
    let worst = left_out.iter().map(|at| ruled.outcomes[*at]).max();
    all.extend(worst.map(|outcome| Case {
        name: format!("{} further artifacts", left_out.len()),
        outcome,
        found: vec!["they are in the JSON document".to_owned()],
    }));
    all
}

fn line(gated: &Gated, hit: &Hit) -> String {
    let package = hit.package.as_ref().map(|package| format!("{package}: ")).unwrap_or_default();
    let exception = hit.exception.map(|at| format!(" (excepted by {})", gated.exceptions[at].exception.told())).unwrap_or_default();
    format!("{}: {package}{}{exception}", hit.outcome.word(), hit.found)
}

fn write_case(ruled: &Ruled, case: &Case, xml: &mut String) {
    let (class, name) = (escaped(ruled.rule.id), escaped(&case.name));
    let first = escaped(&format!("expected {}", ruled.expected));
    let found = escaped(&case.found.join("\n"));
    let _ = write!(xml, "    <testcase classname=\"{class}\" name=\"{name}\"");
    let _ = match case.outcome {
        Outcome::Passed => writeln!(xml, "/>"),
        Outcome::Refused => writeln!(xml, "><failure type=\"{class}\" message=\"{first}\">{found}</failure></testcase>"),
        Outcome::NotAssessed | Outcome::NotKnown => writeln!(xml, "><skipped message=\"{found}\"/></testcase>"),
        Outcome::Shown | Outcome::Excepted => writeln!(xml, "><system-out>{found}</system-out></testcase>"),
    };
}

/// Text in XML 1.0: what cannot stand there at all, not even as a reference, is written out as in terminals.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Readers of attributes turn them into spaces otherwise.
            '\n' | '\t' | '\r' => drop(write!(out, "&#{};", c as u32)),
            ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. if !hides(c) => out.push(c),
            _ => drop(write!(out, "\\u{{{:x}}}", c as u32)),
        }
    }
    out
}

/// Characters that XML has room for and that change how what is around them looks.
fn hides(c: char) -> bool {
    crate::error::plain(c.encode_utf8(&mut [0; 4])) != c.to_string()
}
