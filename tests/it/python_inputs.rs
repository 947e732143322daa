//! What people hand in beside a section, and what is done when it asks for more than can be kept: hashes, options, credentials.

use crate::host::Host;
use crate::python::{Toolkit, files, find, from};
use crate::simple_index::{Listed, SimpleIndex, wheel};
use airlift::artifact::{Digest, Learned};
use airlift::error::Kind;

const FILE: &str = "app-1.0-py3-none-any.whl";

fn sha512(listed: &Listed) -> String {
    data_encoding::HEXLOWER.encode(&<sha2::Sha512 as sha2::Digest>::digest(&listed.bytes))
}

/// A section that reads one requirements file and asks one index.
fn reading(index: &SimpleIndex) -> String {
    format!("requirements-files = [\"r.txt\"]\ndefault-index = \"{}\"", index.url())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_of_another_algorithm_is_checked_against_the_bytes() {
    let index = SimpleIndex::start().await;
    let app = index.wheel("app", "1.0", &[]);
    let toolkit = Toolkit::new();
    toolkit.file("r.txt", &format!("app==1.0 --hash=sha512:{}\n", sha512(&app)));
    let locked = toolkit.lock(&reading(&index)).await.unwrap();
    let blob = &find(&locked, "app").descriptors[0];
    assert_eq!((blob.digest, blob.learned), (Digest::of(&app.bytes), Learned::Pinned));
    toolkit.file("r.txt", &format!("app==1.0 --hash=sha512:{}\n", "0".repeat(128)));
    let error = toolkit.refused(&reading(&index)).await;
    assert_eq!(error.kind(), Kind::Verification, "{error}");
    assert!(error.to_string().contains(&sha512(&app)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_cannot_meet_a_pin_with_one_digest_and_send_the_bytes_of_another() {
    let index = SimpleIndex::start().await;
    let good = index.wheel("app", "1.0", &[]);
    let evil = wheel("app", "1.0", &["evil; os_name == 'none'"]);
    index.last("app", |file| {
        file.more = serde_json::json!({"hashes": {"sha256": Digest::of(&evil).hex(), "sha512": sha512(&good)}});
        file.bytes = evil;
    });
    let toolkit = Toolkit::new();
    toolkit.file("r.txt", &format!("app==1.0 --hash=sha512:{}\n", sha512(&good)));
    assert_eq!(toolkit.refused(&reading(&index)).await.kind(), Kind::Verification);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_file_without_sha256_is_held_to_what_it_has() {
    let index = SimpleIndex::start().await;
    let app = index.wheel("app", "1.0", &[]);
    let toolkit = Toolkit::new();
    let pylock = |hex: &str| {
        format!(
            "lock-version = \"1.0\"\ncreated-by = \"uv\"\n[[packages]]\nname = \"app\"\nversion = \"1.0\"\n\
             wheels = [{{ name = \"{FILE}\", url = \"{}/files/{FILE}\", hashes = {{ sha512 = \"{hex}\" }} }}]\n",
            index.origin
        )
    };
    toolkit.file("pylock.toml", &pylock(&sha512(&app)));
    let locked = toolkit.lock("pylock = \"pylock.toml\"").await.unwrap();
    assert_eq!(find(&locked, "app").descriptors[0].learned, Learned::Pinned);
    toolkit.file("pylock.toml", &pylock(&"0".repeat(128)));
    assert_eq!(toolkit.refused("pylock = \"pylock.toml\"").await.kind(), Kind::Verification);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_in_a_url_is_enforced() {
    let index = SimpleIndex::start().await;
    let app = index.wheel("app", "1.0", &[]);
    let section = |fragment: &str| from(&index, &[&format!("app @ {}/files/{FILE}#{fragment}", index.origin)]);
    for right in [format!("sha512={}", sha512(&app)), format!("sha256={}", Digest::of(&app.bytes).hex().to_uppercase())] {
        let locked = Toolkit::new().lock(&section(&right)).await.unwrap();
        assert_eq!(find(&locked, "app").descriptors[0].learned, Learned::Pinned, "{right}");
    }
    let wrong = Toolkit::new().refused(&section(&format!("sha512={}", "0".repeat(128)))).await;
    assert_eq!(wrong.kind(), Kind::Verification, "{wrong}");
    for weak in ["sha512=abc", "sha256=", &format!("md5={}", "0".repeat(32))] {
        let error = Toolkit::new().refused(&section(weak)).await;
        assert_eq!(error.kind(), Kind::Usage, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hashes_and_options_of_constraints_are_refused_with_their_line() {
    let index = SimpleIndex::start().await;
    index.wheel("good", "1.0", &[]);
    let toolkit = Toolkit::new();
    let constrained = format!("{}\nconstraints-files = [\"c.txt\"]", from(&index, &["good"]));
    let hash = format!("good==1.0 --hash=sha256:{}\n", "0".repeat(64));
    for (text, told) in [
        (hash.as_str(), "c.txt:1"),
        ("good<2\n--index-url https://packages.example.org/simple\n", "c.txt:2: --index-url"),
        ("--pre\n", "c.txt:1: --pre"),
        ("--require-hashes\n", "c.txt:1: --require-hashes"),
    ] {
        toolkit.file("c.txt", text);
        let error = toolkit.refused(&constrained).await;
        assert!(error.kind() == Kind::Usage && error.to_string().contains(told), "{error}");
    }
    toolkit.file("c.txt", &format!("# first\n{hash}"));
    for line in ["-c c.txt", "--constraint=c.txt"] {
        toolkit.file("r.txt", &format!("good\n{line}\n"));
        let error = toolkit.refused(&reading(&index)).await;
        assert!(error.to_string().contains("c.txt:2"), "{error}");
    }
    toolkit.file("c.txt", "good<2\n");
    assert_eq!(files(&toolkit.lock(&constrained).await.unwrap()), ["good-1.0-py3-none-any.whl"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_index_asks_no_default_index() {
    let (named, extra) = (SimpleIndex::start().await, SimpleIndex::start().await);
    named.wheel("app", "1.0", &[]);
    extra.wheel("app", "9.0", &[]);
    let toolkit = Toolkit::new();
    toolkit.file("r.txt", &format!("--no-index\n--extra-index-url {}\napp\n", extra.url()));
    let error = toolkit.refused("requirements-files = [\"r.txt\"]").await;
    assert!(error.kind() == Kind::Usage && error.to_string().contains("--no-index leaves no index to ask"), "{error}");

    let section = |packages: &str| {
        let index = format!("[[python.demo.indexes]]\nname = \"ours\"\nurl = \"{}\"\n{packages}", named.url());
        format!("requirements-files = [\"r.txt\"]\n{index}")
    };
    let locked = toolkit.lock(&section("")).await.unwrap();
    assert_eq!(files(&locked), ["app-1.0-py3-none-any.whl"]);
    assert!(locked.notes.iter().any(|note| note.contains("is not asked: --no-index")), "{:?}", locked.notes);
    let error = toolkit.refused(&section("packages = [\"other\"]")).await;
    assert!(error.to_string().contains("--no-index leaves no index to ask"), "{error}");
    assert_eq!(extra.with(|stock| stock.seen.len()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn default_indexes_that_contradict_each_other() {
    let (one, two) = (SimpleIndex::start().await, SimpleIndex::start().await);
    for index in [&one, &two] {
        index.wheel("app", "1.0", &[]);
    }
    let toolkit = Toolkit::new();
    let both = "requirements-files = [\"a.txt\", \"b.txt\"]";
    toolkit.file("a.txt", &format!("--index-url {}\napp\n", one.url()));
    toolkit.file("b.txt", &format!("--index-url {}\napp\n", two.url()));
    let error = toolkit.refused(both).await;
    assert!(error.to_string().contains("a.txt and b.txt name different default indexes"), "{error}");
    toolkit.file("b.txt", "--no-index\napp\n");
    assert!(toolkit.refused(both).await.to_string().contains("a.txt and b.txt"));
    toolkit.file("b.txt", &format!("--index-url {}\napp\n", one.url()));
    assert_eq!(files(&toolkit.lock(both).await.unwrap()), [FILE]);
    let locked = toolkit.lock(&format!("{both}\ndefault-index = \"{}\"", two.url())).await.unwrap();
    assert!(locked.notes.iter().any(|note| note.contains("overruled by `default-index`")), "{:?}", locked.notes);
    assert_eq!(find(&locked, "app").descriptors[0].origins, [format!("{}/files/{FILE}", two.origin)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_binary_is_kept_or_refused() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &[]);
    let toolkit = Toolkit::new();
    toolkit.file("r.txt", "app\n--only-binary :all:\n");
    assert_eq!(files(&toolkit.lock(&reading(&index)).await.unwrap()), [FILE]);
    let error = toolkit.refused(&format!("{}\nsdists = \"carry\"", reading(&index))).await;
    assert!(error.to_string().contains("r.txt:2: --only-binary"), "{error}");
    toolkit.file("r.txt", "app\n--no-binary app\n");
    assert!(toolkit.refused(&reading(&index)).await.to_string().contains("r.txt:2: --no-binary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_missing_is_a_mistake_of_the_one_who_asks() {
    for section in ["requirements-files = [\"absent.txt\"]", "requirements = [\"x\"]\nconstraints-files = [\"absent.txt\"]"] {
        let error = Toolkit::new().refused(section).await;
        assert_eq!(error.kind().exit_code(), 2, "{error}");
        assert!(error.to_string().contains("absent.txt"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wheel_that_could_not_be_served_inside_is_refused_where_it_is_read() {
    let index = SimpleIndex::start().await;
    index.file("app", FILE, [wheel("app", "1.0", &[]), b"more".to_vec()].concat());
    let error = Toolkit::new().refused(&from(&index, &["app"])).await;
    assert!(error.kind() == Kind::Upstream && error.to_string().contains("its METADATA cannot be read"), "{error}");
}

/// What uv has stored on the machine for its own use.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_other_programs_are_not_looked_for() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &[]);
    index.with(|stock| stock.login = Some("ada:s3cret".to_owned()));
    let host = Host::new();
    let folder = host.path("others");
    std::fs::create_dir_all(folder.join("uv/credentials")).unwrap();
    let stored = format!("[[credential]]\nservice = \"{}\"\nusername = \"ada\"\nscheme = \"basic\"\npassword = \"s3cret\"\n", index.origin);
    std::fs::write(folder.join("uv/credentials/credentials.toml"), stored).unwrap();
    let section = from(&index, &["app"]);
    host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n{}[python.demo]\n{section}\n", crate::python::TARGETS));
    let ran = host.command(&["lock", "kit.toml"]).env("XDG_DATA_HOME", &folder).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code() == Some(6) && told.contains("an index refuses access"), "{:?} {told}", ran.status);
    assert_eq!(index.with(|stock| stock.authorizations.clone()), Vec::<String>::new());
    let found: Vec<_> = walkdir::WalkDir::new(folder.join("uv")).into_iter().map(|e| e.unwrap().file_name().to_owned()).collect();
    assert_eq!(found, ["uv", "credentials", "credentials.toml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_a_requirements_file_gets_its_own_credentials() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &[]);
    index.with(|stock| stock.login = Some("ada:s3cret".to_owned()));
    let mut toolkit = Toolkit::new();
    toolkit.file("r.txt", &format!("--index-url {}\napp\n", index.url()));
    toolkit.settings.credentials.read_netrc("machine 127.0.0.1 login ada password s3cret\n");
    assert_eq!(files(&toolkit.lock("requirements-files = [\"r.txt\"]").await.unwrap()), [FILE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_asked_of_this_machine_and_where_allowed_only() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &[]);
    let toolkit = Toolkit::new();
    toolkit.file("r.txt", "--extra-index-url http://more.invalid/simple\napp\n");
    let cases = [
        "requirements = [\"app\"]\ndefault-index = \"http://index.invalid:8080/simple\"".to_owned(),
        format!("{}\n[[python.demo.indexes]]\nname = \"more\"\nurl = \"http://more.invalid/simple\"", from(&index, &["app"])),
        format!("requirements-files = [\"r.txt\"]\ndefault-index = \"{}\"", index.url()),
        from(&index, &["app @ http://files.invalid/app-1.0-py3-none-any.whl ; python_version > '3'"]),
    ];
    for section in &cases {
        let error = toolkit.refused(section).await;
        assert!(error.kind() == Kind::Usage && error.to_string().contains("would be asked over plain HTTP"), "{section}: {error}");
        assert!(error.to_string().contains("--plain-http"), "{error}");
    }
    // With leave it is asked, and is not there.
    let allowed = toolkit.refused(&format!("{}\nplain-http = [\"index.invalid:8080\"]", cases[0])).await;
    assert!(allowed.kind() == Kind::Upstream, "{allowed}");
}
