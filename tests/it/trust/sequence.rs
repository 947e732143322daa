use airlift::artifact::Digest;
use airlift::error::Kind;
use airlift::trust::{Candidate, Gaps, Mark, Order, OrderRules, judge_sequence};

const RULES: OrderRules = OrderRules { epoch: 3, gaps: Gaps::Shown };

fn id(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn mark(epoch: u64, seq: u64, id: &str) -> Mark {
    Mark { name: "mlops".into(), line: "prod".into(), epoch, seq, id: self::id(id) }
}

fn candidate(epoch: u64, seq: u64, name: &str, previous: Option<(u64, &str)>) -> Candidate {
    Candidate { mark: mark(epoch, seq, name), previous: previous.map(|(seq, name)| (seq, id(name))) }
}

fn accepted() -> Vec<Mark> {
    vec![mark(0, 5, "five"), mark(0, 6, "six"), Mark { line: "lab".into(), ..mark(0, 90, "lab") }]
}

#[test]
fn acceptable_bundles_stand_somewhere() {
    let order = |epoch, seq, name, previous| judge_sequence(&accepted(), &candidate(epoch, seq, name, previous), RULES).unwrap();
    assert_eq!(order(0, 7, "seven", Some((6, "six"))), Order::Next);
    assert_eq!(order(0, 7, "seven", None), Order::Next);
    assert_eq!(order(0, 10, "ten", Some((9, "nine"))), Order::Gap(7..=9));
    assert_eq!(order(0, 6, "six", Some((5, "five"))), Order::Replay);
    assert_eq!(order(0, 5, "five", None), Order::Replay);
    assert_eq!(order(1, 1, "new", Some((6, "six"))), Order::Next);
    assert_eq!(order(1, 3, "new", Some((2, "unknown"))), Order::Gap(1..=2));
    assert_eq!(order(0, 1006, "far", None), Order::Gap(7..=1005));
    assert_eq!(judge_sequence(&[], &candidate(0, 57, "any", Some((56, "other"))), RULES).unwrap(), Order::First);
    let other = Candidate { mark: Mark { name: "other".into(), ..mark(0, 1, "x") }, previous: None };
    assert_eq!(judge_sequence(&accepted(), &other, RULES).unwrap(), Order::First);
}

#[test]
fn refusals_name_both_sides() {
    let refused = |epoch, seq, name, previous, words: &str, installed: &str| {
        let error = judge_sequence(&accepted(), &candidate(epoch, seq, name, previous), RULES).expect_err(words);
        let text = error.to_string();
        assert_eq!(error.kind(), Kind::Policy);
        assert!(text.contains(words) && text.contains(&id(name).spoken()), "{text}");
        assert!(installed.is_empty() || text.contains(&id(installed).spoken()), "{text}");
    };
    refused(0, 4, "four", None, "mlops 4: rollback", "six");
    refused(0, 6, "evil six", None, "fork: another bundle with the same number", "six");
    refused(0, 5, "evil five", None, "fork: another bundle with the same number", "five");
    refused(0, 7, "seven", Some((6, "evil six")), "fork: it follows another bundle", "six");
    refused(0, 7, "seven", Some((5, "five")), "fork: it does not follow the newest", "six");
    refused(0, 1007, "far", None, "jumps too far", "six");
    refused(1, 1001, "far", None, "jumps too far", "six");
    refused(4, 1, "high", None, "claims an epoch above", "");
    refused(0, 7, "seven", Some((7, "six")), "not above the one it says it follows", "");
    refused(0, 0, "zero", None, "not above the one it says it follows", "");
}

#[test]
fn an_older_epoch_is_a_rollback_whatever_its_number() {
    let error = judge_sequence(&[mark(2, 1, "new")], &candidate(1, 900, "old", None), RULES).unwrap_err();
    assert!(error.message().contains("rollback"), "{error}");
    assert!(error.to_string().contains("epoch 2 1 "), "{error}");
}

#[test]
fn a_receiver_may_refuse_gaps() {
    let strict = OrderRules { gaps: Gaps::Refused, ..RULES };
    assert_eq!(judge_sequence(&accepted(), &candidate(0, 7, "seven", None), strict).unwrap(), Order::Next);
    let error = judge_sequence(&accepted(), &candidate(0, 9, "nine", None), strict).unwrap_err();
    assert_eq!(error.kind(), Kind::Policy);
    assert!(error.to_string().contains("7 to 8"), "{error}");
}

proptest::proptest! {
    /// Whatever comes, in whatever order: what was accepted as newer is above everything before it, and a number has one bundle.
    #[test]
    fn marks_never_go_back(offers in proptest::collection::vec((0u64..3, 0u64..2000, 0u8..3), 1..40)) {
        let mut marks: Vec<Mark> = Vec::new();
        for (epoch, seq, which) in offers {
            let offered = candidate(epoch, seq, &format!("{epoch} {seq} {which}"), None);
            if let Ok(order) = judge_sequence(&marks, &offered, RULES) && order != Order::Replay {
                assert!(marks.iter().all(|m| (m.epoch, m.seq) < (epoch, seq)));
                marks.push(offered.mark);
            }
        }
    }
}
