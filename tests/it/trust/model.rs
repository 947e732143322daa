//! An attacker who holds the medium, every document there ever was and one key fewer than any threshold, against receivers that accept
//! whatever the rules let them. Keys are stolen, rotated out and revoked on the way; random histories, one invariant: what a receiver holds
//! came from honest people, and never goes back.

use super::people::{person, principal, rule};
use airlift::artifact::Digest;
use airlift::trust::{
    BUNDLE, Candidate, Chain, Gaps, Mark, Order, OrderRules, REVOKE, ROOT, Reason, Revocation, RevocationTerms, Revoked, Role, SecretKey,
    Signer, Terms, TrustRoot, judge_sequence, sign, signature_name,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

type Files = Vec<(String, Vec<u8>)>;

const PEOPLE: usize = 4;

/// What lies on a medium.
#[derive(Debug, Clone)]
struct Medium {
    chain: Files,
    statement: Vec<u8>,
    signatures: Files,
    candidate: Candidate,
}

struct Receiver {
    root: TrustRoot,
    marks: Vec<Mark>,
}

impl Receiver {
    /// The walk of `Authentic::open` and `import`, without the payload.
    fn offer(&mut self, medium: &Medium) -> airlift::error::Result<()> {
        let accepted = self.root.clone().with_accepted(self.marks.iter().map(|m| m.id).collect());
        let newest = Chain::read(medium.chain.clone())?.follow(&accepted)?;
        newest.judge(Role::Bundle, BUNDLE, &medium.statement, &medium.signatures)?;
        let rules = OrderRules { epoch: newest.terms().epoch, gaps: Gaps::Shown };
        if judge_sequence(&self.marks, &medium.candidate, rules)? != Order::Replay {
            self.marks.push(medium.candidate.mark.clone());
            self.root = newest;
        }
        Ok(())
    }
}

struct World {
    threshold: usize,
    /// Which key each person has now.
    generation: [usize; PEOPLE],
    stolen: BTreeSet<(usize, usize)>,
    roots: Vec<TrustRoot>,
    chain: Files,
    bundles: Vec<Medium>,
    receivers: Vec<Receiver>,
    revocations: Vec<Revocation>,
}

fn key(who: usize, generation: usize) -> SecretKey {
    person(&format!("model {who} {generation}"))
}

fn name(who: usize) -> String {
    format!("p{who}")
}

/// A statement stands for itself: a number of its line, and something that makes it another.
fn medium(chain: Files, seq: u64, epoch: u64, salt: u8, keys: &[(usize, usize)]) -> Medium {
    let statement = format!("kit {epoch} {seq} {salt}").into_bytes();
    let mark = Mark { name: "kit".into(), line: "main".into(), epoch, seq, id: Digest::of(&statement) };
    let signatures = signatures("bundle", BUNDLE, &statement, keys);
    Medium { chain, signatures, candidate: Candidate { mark, previous: None }, statement }
}

fn signatures(document: &str, namespace: &str, message: &[u8], keys: &[(usize, usize)]) -> Files {
    let one = |(who, generation): &(usize, usize)| {
        let key = key(*who, *generation);
        (signature_name(document, &name(*who), key.public_key()), sign(&key, namespace, message).unwrap().into_bytes())
    };
    keys.iter().map(one).collect()
}

impl World {
    fn new(threshold: usize) -> Self {
        let mut world = Self {
            threshold,
            generation: [0; PEOPLE],
            stolen: BTreeSet::new(),
            roots: vec![],
            chain: vec![],
            bundles: vec![],
            receivers: vec![],
            revocations: vec![],
        };
        let root = TrustRoot::write(&world.terms(&[0; PEOPLE])).unwrap();
        world.publish(root, &world.holders(&[0; PEOPLE]));
        world.receivers = (0..2).map(|_| Receiver { root: world.roots[0].clone(), marks: vec![] }).collect();
        world
    }

    fn holders(&self, generation: &[usize; PEOPLE]) -> Vec<(usize, usize)> {
        (0..PEOPLE).map(|who| (who, generation[who])).take(self.threshold).collect()
    }

    fn terms(&self, generation: &[usize; PEOPLE]) -> Terms {
        let names: Vec<String> = (0..PEOPLE).map(name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut revoked: Vec<Revoked> = self.roots.last().map(|r| r.terms().revoked.clone()).unwrap_or_default();
        for known in &self.revocations {
            if revoked.iter().all(|r| r.key != known.revoked().key) {
                revoked.push(known.revoked().clone());
            }
        }
        Terms {
            version: self.roots.len() as u64 + 1,
            previous: self.roots.last().map(TrustRoot::fingerprint),
            principals: (0..PEOPLE).map(|who| principal(&name(who), key(who, generation[who]).public_key())).collect(),
            root: rule(self.threshold, &names),
            bundle: vec![rule(self.threshold, &names)],
            revoked,
            ..super::people::terms()
        }
    }

    fn publish(&mut self, root: TrustRoot, keys: &[(usize, usize)]) {
        let document = format!("root.{}", root.terms().version);
        self.chain.extend(signatures(&document, ROOT, root.bytes(), keys));
        self.chain.push((root.file_name(), root.bytes().to_vec()));
        self.roots.push(root);
    }

    /// A person's new key: root N + 1, signed by enough of the old and of the new.
    fn rotate(&mut self, who: usize) {
        let mut next = self.generation;
        next[who] += 1;
        let root = TrustRoot::write(&self.terms(&next)).unwrap();
        let live = |p: &usize| {
            self.roots.last().unwrap().said_against(key(*p, self.generation[*p]).public_key()).is_empty() && !self.is_revoked(*p)
        };
        let mut keys: BTreeSet<(usize, usize)> = (0..PEOPLE).filter(live).map(|p| (p, self.generation[p])).collect();
        keys.extend((0..PEOPLE).map(|p| (p, next[p])));
        self.publish(root, &keys.into_iter().collect::<Vec<_>>());
        self.generation = next;
    }

    fn is_revoked(&self, who: usize) -> bool {
        let id = key(who, self.generation[who]).public_key().id();
        self.revocations.iter().any(|r| r.revoked().key == id)
    }

    /// Somebody else's stolen key is revoked on paper, which reaches one receiver; the others get it by stick.
    fn revoke(&mut self, who: usize, receiver: usize) {
        let newest = self.roots.last().unwrap();
        // One at a time, so that enough keys are left to rotate with.
        if self.is_revoked(who) || (0..PEOPLE).any(|p| self.is_revoked(p)) {
            return;
        }
        let terms = RevocationTerms {
            domain: newest.terms().name.clone(),
            root: newest.fingerprint(),
            revoked: Revoked { key: key(who, self.generation[who]).public_key().id(), reason: Reason::Compromised, last_good: vec![] },
            time: "2026-05-01T00:00:00Z".parse().unwrap(),
        };
        let other = (who + 1) % PEOPLE;
        let armour = sign(&key(other, self.generation[other]), REVOKE, &terms.to_bytes()).unwrap();
        let revocation = Revocation::judge(newest, &terms.to_bytes(), armour.as_bytes()).unwrap();
        self.chain.extend(revocation.files());
        self.revocations.push(revocation.clone());
        let told = &mut self.receivers[receiver];
        if let Ok(revocation) = Revocation::judge(&told.root, &terms.to_bytes(), armour.as_bytes()) {
            let all = [told.root.revocations(), &[revocation]].concat();
            told.root = told.root.clone().with_revocations(all);
        }
    }

    /// A key is stolen, as long as the attacker stays below the threshold of every root that some receiver trusts or may come to trust.
    fn steal(&mut self, who: usize) {
        let mut stolen = self.stolen.clone();
        stolen.insert((who, self.generation[who]));
        let below = |root: &TrustRoot| {
            let counts = |(who, generation): &&(usize, usize)| {
                let key = key(*who, *generation);
                root.holder(key.public_key()).is_some() && root.said_against(key.public_key()).is_empty()
            };
            stolen.iter().filter(counts).map(|(who, _)| *who).collect::<BTreeSet<_>>().len() < self.threshold
        };
        let lowest = self.receivers.iter().map(|r| r.root.terms().version as usize).min().unwrap_or(1);
        if self.receivers.iter().all(|r| below(&r.root)) && self.roots[lowest - 1..].iter().all(below) {
            self.stolen = stolen;
        }
    }

    fn honest_bundle(&mut self, salt: u8) {
        let seq = self.bundles.len() as u64 + 1;
        let signers: Vec<_> = (0..PEOPLE).filter(|p| !self.is_revoked(*p)).map(|p| (p, self.generation[p])).take(self.threshold).collect();
        self.bundles.push(medium(self.chain.clone(), seq, 0, salt, &signers));
    }

    /// Something that no honest person made.
    fn attack(&self, how: u8, a: u8, b: u8) -> Medium {
        let stolen: Vec<_> = self.stolen.iter().copied().collect();
        let cut = |files: &Files, most: usize| -> Files {
            files
                .iter()
                .filter(|(name, _)| {
                    !name.starts_with("root.") || name.split('.').nth(1).is_some_and(|n| n.parse::<usize>().unwrap() <= most)
                })
                .cloned()
                .collect()
        };
        let bare: Files = self.chain.iter().filter(|(name, _)| name.starts_with("root.")).cloned().collect();
        let upto = usize::from(a) % self.roots.len() + 1;
        let chain = match how % 4 {
            0 => self.chain.clone(),
            1 => cut(&bare, upto),
            2 => bare,
            _ => vec![],
        };
        let mut forged = medium(chain, u64::from(a) + 1, u64::from(b) % 2, b, &stolen);
        if let Some(old) = self.bundles.get(usize::from(b) % self.bundles.len().max(1)) {
            match how / 4 % 4 {
                // An honest signature that is of something else; a whole old bundle with another chain; its signatures beside the stolen ones.
                0 => forged.signatures.extend(old.signatures.clone()),
                1 => {
                    (forged.statement, forged.signatures, forged.candidate) =
                        (old.statement.clone(), old.signatures.clone(), old.candidate.clone());
                }
                2 => (forged.statement, forged.candidate) = (old.statement.clone(), old.candidate.clone()),
                _ => {}
            }
        }
        if how >= 128 {
            self.forge_root(&mut forged, &stolen, upto, how);
        }
        forged
    }

    /// A root after some honest one, or in its place, in which the attacker is everybody.
    fn forge_root(&self, forged: &mut Medium, stolen: &[(usize, usize)], upto: usize, how: u8) {
        let mallory = person("mallory");
        let number = upto as u64 + u64::from(how.is_multiple_of(2));
        let terms = Terms {
            version: number,
            previous: (number > 1).then(|| self.roots[number as usize - 2].fingerprint()),
            epoch: 1,
            principals: vec![principal("mallory", mallory.public_key())],
            root: rule(1, &["mallory"]),
            bundle: vec![rule(1, &["mallory"])],
            revoked: self.roots[upto - 1].terms().revoked.clone(),
            ..super::people::terms()
        };
        let root = TrustRoot::write(&terms).unwrap();
        let document = format!("root.{number}");
        let kept = |name: &str| name.split('.').nth(1).and_then(|n| n.parse::<u64>().ok()).is_none_or(|n| n < number);
        forged.chain.retain(|(name, _)| !name.starts_with("root.") || kept(name));
        forged.chain.extend(signatures(&document, ROOT, root.bytes(), stolen));
        forged
            .chain
            .push((signature_name(&document, "mallory", mallory.public_key()), sign(&mallory, ROOT, root.bytes()).unwrap().into_bytes()));
        forged.chain.push((root.file_name(), root.bytes().to_vec()));
        forged.signatures = vec![("bundle.mallory.0.sshsig".into(), sign(&mallory, BUNDLE, &forged.statement).unwrap().into_bytes())];
    }

    fn deliver(&mut self, receiver: usize, medium: &Medium) -> bool {
        let ids: BTreeSet<Digest> = self.bundles.iter().map(|b| b.candidate.mark.id).collect();
        let roots: BTreeSet<Digest> = self.roots.iter().map(TrustRoot::fingerprint).collect();
        let honest: BTreeSet<Digest> = self.revocations.iter().map(|r| Digest::of(&r.terms().to_bytes())).collect();
        let receiver = &mut self.receivers[receiver];
        let before = (
            receiver.root.terms().version,
            receiver.marks.len(),
            receiver.root.revocations().len(),
            receiver.marks.iter().map(|m| (m.epoch, m.seq)).max(),
        );
        let taken = receiver.offer(medium).is_ok();
        let after = (
            receiver.root.terms().version,
            receiver.marks.len(),
            receiver.root.revocations().len(),
            receiver.marks.iter().map(|m| (m.epoch, m.seq)).max(),
        );
        assert!(roots.contains(&receiver.root.fingerprint()), "a root that no honest threshold signed was accepted");
        assert!(receiver.marks.iter().all(|mark| ids.contains(&mark.id)), "a bundle that no honest threshold signed was accepted");
        assert!(receiver.root.revocations().iter().all(|r| honest.contains(&Digest::of(&r.terms().to_bytes()))));
        assert!(
            after >= before && after.0 >= before.0 && after.1 >= before.1 && after.2 >= before.2 && after.3 >= before.3,
            "{before:?} {after:?}"
        );
        taken
    }
}

/// How often something happened, so that the test cannot pass by nothing happening.
#[derive(Default)]
struct Seen {
    taken: usize,
    rotated: usize,
    revoked: usize,
}

fn play(threshold: usize, moves: &[(u8, u8, u8, u8)]) -> Seen {
    let mut world = World::new(threshold);
    let mut seen = Seen::default();
    for (what, how, a, b) in moves {
        let (who, receiver) = (usize::from(*a) % PEOPLE, usize::from(*b) % 2);
        match what % 10 {
            0 => world.rotate(who),
            1 => world.steal(who),
            2 => world.revoke(who, receiver),
            3 | 4 => world.honest_bundle(*b),
            5 if !world.bundles.is_empty() => {
                let medium = world.bundles[usize::from(*a) % world.bundles.len()].clone();
                seen.taken += usize::from(world.deliver(receiver, &medium));
            }
            6 => {
                world.honest_bundle(*b);
                let medium = world.bundles.last().unwrap().clone();
                seen.taken += usize::from(world.deliver(receiver, &medium));
            }
            _ => {
                let forged = world.attack(*how, *a, *b);
                world.deliver(receiver, &forged);
            }
        }
    }
    seen.rotated = world.roots.len() - 1;
    seen.revoked = world.revocations.len();
    seen
}

#[test]
fn an_attacker_below_the_threshold_never_changes_what_is_accepted() {
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig { cases: 24, ..ProptestConfig::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let total = std::cell::RefCell::new(Seen::default());
    let histories = (2usize..4, proptest::collection::vec(any::<(u8, u8, u8, u8)>(), 8..24));
    let played = runner.run(&histories, |(threshold, moves)| {
        let seen = play(threshold, &moves);
        let mut total = total.borrow_mut();
        (total.taken, total.rotated, total.revoked) =
            (total.taken + seen.taken, total.rotated + seen.rotated, total.revoked + seen.revoked);
        Ok(())
    });
    played.unwrap();
    let total = total.into_inner();
    assert!(total.taken > 10 && total.rotated > 10 && total.revoked > 5, "{} {} {}", total.taken, total.rotated, total.revoked);
}

/// The test can fail: with as many keys as the threshold the attacker gets in.
#[test]
fn an_attacker_at_the_threshold_does() {
    let mut world = World::new(2);
    world.stolen = BTreeSet::from([(1, 0), (2, 0)]);
    let forged = world.attack(0, 0, 0);
    world.receivers[0].offer(&forged).unwrap();
    let forged = world.attack(128, 0, 1);
    world.receivers[1].offer(&forged).unwrap();
    assert_eq!(world.receivers[1].root.terms().principals[0].name, "mallory");
}
