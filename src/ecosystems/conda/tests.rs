use super::meta::{is_channel, is_subdir};

#[test]
fn channels_and_platforms_are_told_apart() {
    for good in ["conda-forge", "conda-forge/label/dev", "pkgs/main", "team.mirror_2"] {
        assert!(is_channel(good), "{good}");
    }
    for bad in ["", "/a", "a//b", "../x", "a/linux-64", "a/noarch", "a b", "a/.", "-x", "a%2f", "ä"] {
        assert!(!is_channel(bad), "{bad}");
    }
    assert!(["noarch", "linux-64", "linux-aarch64", "osx-arm64", "win-64"].into_iter().all(is_subdir));
    assert!(["", "linux", "linux-", "Linux-64", "label", "linux-64/..", "conda-forge"].into_iter().all(|s| !is_subdir(s)));
}
