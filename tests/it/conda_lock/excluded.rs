//! What a section never wants chosen.

use super::channel::{Package, Paths, package};
use super::{Outside, chosen, said};
use airlift::error::Kind;
use serde_json::json;

/// Two ways to get linear algebra, and an application that takes either.
fn world() -> Vec<Package> {
    vec![
        package("linux-64", "app-1.0-0.conda", &["blas", "engine >=1"]),
        package("linux-64", "blas-2.0-mkl_1.conda", &["mkl >=2024"]).with("build_number", json!(1)),
        package("linux-64", "blas-2.0-open_0.conda", &["openblas"]),
        package("linux-64", "mkl-2024.1-0.conda", &[]),
        package("linux-64", "openblas-0.3-0.conda", &[]),
        package("linux-64", "engine-1.0-0.conda", &[]),
        package("linux-64", "engine-2.0-0.conda", &[]),
        package("linux-64", "engine-2.0-0.tar.bz2", &[]),
        package("noarch", "engine-3.0-0.conda", &[]),
    ]
}

fn section(exclude: &str) -> String {
    format!("channels = [\"main\"]\nspecs = [\"app\"]\nexclude = [{exclude}]")
}

#[test]
fn what_is_excluded_is_never_chosen_whoever_requires_it() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.sharded("main", &world()).serve(), Outside::new());
    let app = "main/linux-64/app 1.0-0";
    let (mkl, open) =
        (["main/linux-64/blas 2.0-mkl_1", "main/linux-64/mkl 2024.1-0"], ["main/linux-64/blas 2.0-open_0", "main/linux-64/openblas 0.3-0"]);
    let [one, two, three] = ["main/linux-64/engine 1.0-0", "main/linux-64/engine 2.0-0", "main/noarch/engine 3.0-0"];
    let cases = [
        ("", [app, mkl[0], mkl[1], three]),
        ("\"mkl\"", [app, open[0], three, open[1]]),
        ("\"mkl <2024\"", [app, mkl[0], mkl[1], three]),
        ("\"engine >=3\"", [app, mkl[0], two, mkl[1]]),
        ("\"engine 2.*\", \"main/noarch::engine\"", [app, mkl[0], one, mkl[1]]),
        ("\"blas * mkl_*\", \"MKL\", \"main::engine >=2\"", [app, open[0], one, open[1]]),
    ];
    for (exclude, wanted) in cases {
        let outcome = outside.lock(&origin, &section(exclude)).unwrap_or_else(|e| panic!("{exclude}: {}", said(&e)));
        let mut wanted: Vec<String> = wanted.map(str::to_owned).to_vec();
        wanted.sort();
        assert_eq!(chosen(&outcome), wanted, "{exclude}");
    }
}

#[test]
fn an_exclusion_that_leaves_nothing_is_explained_by_the_solver() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &world()).serve(), Outside::new());
    let refused = outside.refusal(&origin, &section("\"mkl\", \"openblas >=0.2\""));
    assert_eq!(refused.kind(), Kind::Usage, "{}", said(&refused));
    for words in ["the section excludes mkl", "the section excludes openblas >=0.2", "what is excluded"] {
        assert!(said(&refused).contains(words), "{words}: {}", said(&refused));
    }
    let asked = outside.refusal(&origin, &section("\"app <2\""));
    assert!(said(&asked).contains("the section excludes app <2"), "{}", said(&asked));
}

#[test]
fn the_channel_of_an_exclusion_counts() {
    let (first, second) = ([package("noarch", "tool-1.0-0.conda", &[])], [package("noarch", "tool-2.0-0.conda", &[])]);
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("one", &first).plain("two", &second).serve(), Outside::new());
    let lock = |rest: &str| outside.lock(&origin, &format!("channels = [\"one\", \"two\"]\nspecs = [\"tool\"]\npriority = {rest}"));
    assert_eq!(chosen(&lock("\"disabled\"\nexclude = [\"two::tool\"]").unwrap()), ["one/noarch/tool 1.0-0"]);
    assert_eq!(chosen(&lock("\"flexible\"\nexclude = [\"one::tool\"]").unwrap()), ["two/noarch/tool 2.0-0"]);
    // Excluding what the first channel has does not open the door to another of the same name.
    let refused = lock("\"strict\"\nexclude = [\"one::tool\"]").map(|_| ()).expect_err("a name belongs to its channel");
    assert!(said(&refused).contains("strict channel priority"), "{}", said(&refused));
}

#[test]
fn exclusions_that_make_no_sense_are_refused() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &world()).serve(), Outside::new());
    let cases = [
        (section("\"mkl ==\""), "exclude: "),
        (section("\"*\""), "exclude: "),
        (section("\"__cuda\""), "virtual-packages"),
        (section("\"other::mkl\""), "add it to `channels`"),
        ("explicit = \"list.txt\"\nexclude = [\"mkl\"]".to_owned(), "decided already"),
    ];
    for (section, words) in cases {
        let refused = outside.refusal(&origin, &section);
        assert_eq!(refused.kind(), Kind::Usage, "{section}: {}", said(&refused));
        assert!(said(&refused).contains(words), "{section}: {}", said(&refused));
    }
}

#[test]
fn an_exclusion_that_means_nothing_is_told() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.sharded("main", &world()).serve(), Outside::new());
    let notes = outside.lock(&origin, &section("\"mkl\", \"mkll\", \"engine >=9\"")).unwrap().sections[0].notes.clone();
    let idle = |text: &str| format!("exclude: {text} means nothing that what is asked for leads to");
    assert_eq!(notes, [idle("engine >=9"), idle("mkll")]);
}
