use super::wire::{Reader, base64, put};
use super::{Agent, PublicKey, SecretKey, Signer, sign};
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::time::Duration;

#[test]
fn base64_has_one_form() {
    assert_eq!(base64("YQ==").as_deref(), Some(&b"a"[..]));
    for wrong in ["YQ", "YR==", "YQ==YQ==", "Y Q==", "YQ==\n", "====", "YQ="] {
        assert_eq!(base64(wrong), None, "{wrong:?}");
    }
}

#[test]
fn the_wire_reader_stops_at_the_end() {
    let mut bytes = Vec::new();
    put(&mut bytes, b"abc");
    let mut reader = Reader::new(&bytes);
    assert_eq!(reader.string(), Some(&b"abc"[..]));
    assert_eq!((reader.finish(), reader.byte(), reader.number(), reader.string()), (Some(()), None, None, None));
    assert_eq!(Reader::new(b"\xff\xff\xff\xffab").string(), None);
}

/// Answers each of the given messages to one question each; an empty one is silence until the other side gives up.
fn agent(folder: &tempfile::TempDir, answers: Vec<Vec<u8>>) -> (Agent, std::thread::JoinHandle<()>) {
    let socket = folder.path().join("agent");
    let listener = UnixListener::bind(&socket).expect("a socket in a fresh folder");
    let thread = std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a question");
            let mut length = [0; 4];
            stream.read_exact(&mut length).expect("a length");
            let mut question = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut question).expect("a question");
            if answer.is_empty() {
                let _ = stream.read(&mut [0]);
            }
            let _ = stream.write_all(&answer);
        }
    });
    (Agent::at(&socket, Duration::from_millis(50)), thread)
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, message);
    out
}

fn one_key(key: &PublicKey) -> Vec<u8> {
    let mut message = vec![12, 0, 0, 0, 1];
    put(&mut message, &key.blob());
    put(&mut message, b"a comment");
    framed(&message)
}

#[test]
fn a_hostile_agent_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "did not answer in time"),
        (vec![0, 0, 0, 0], "out of bounds"),
        (vec![0xff; 4], "out of bounds"),
        (vec![0, 0, 0, 9, 12], "cannot be reached"),
        (framed(&[5]), "refused"),
        (framed(&[99]), "not understood"),
        (framed(&[12, 0, 0]), "not understood"),
        (framed(&[12, 0xff, 0xff, 0xff, 0xff]), "not understood"),
        (framed(&[12, 0, 0, 0, 1, 0, 0, 0, 9]), "not understood"),
        (framed(&[12, 0, 0, 0, 0, 7]), "not understood"),
    ];
    let (agent, thread) = agent(&folder, cases.iter().map(|(answer, _)| answer.clone()).collect());
    for (answer, words) in cases {
        let error = agent.keys().expect_err(words);
        assert!(error.to_string().contains(words), "{answer:?}: {error}");
    }
    thread.join().expect("the agent ends");
}

#[test]
fn a_signature_of_another_key_is_not_released() {
    let folder = tempfile::tempdir().expect("a folder");
    let (right, wrong) = (SecretKey::from_seed(&[1; 32], "").expect("a key"), SecretKey::from_seed(&[2; 32], "").expect("a key"));
    let mut answer = vec![14];
    put(&mut answer, &wrong.sign_ssh(b"anything").expect("a signature"));
    let (agent, thread) = agent(&folder, vec![one_key(right.public_key()), framed(&answer)]);
    let key = agent.key(right.public_key()).expect("the key is listed");
    let error = sign(&key, "bundle.v1@airlift", b"message").expect_err("a foreign signature");
    assert!(error.message().starts_with("the signature just made: "), "{error}");
    thread.join().expect("the agent ends");
}
