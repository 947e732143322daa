//! The rules: what each one is called, how grave it is and what it means. `docs/guides/scanning.md` lists them, a test compares the two.

use super::Severity;

/// One thing that strict readers look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What it is called, in findings and documents.
    pub name: &'static str,
    /// How grave a finding is in a package, whose members are installed by name.
    pub severity: Severity,
    /// How grave it is in a tree, where links and devices are at home.
    pub in_trees: Severity,
    /// What a finding means.
    pub meaning: &'static str,
}

macro_rules! rules {
    ($($id:ident $severity:ident $in_trees:ident $name:literal $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $id: Rule =
                Rule { name: $name, severity: Severity::$severity, in_trees: Severity::$in_trees, meaning: $meaning };
        )*
        /// All of them, as the documents list them.
        pub const ALL: &[Rule] = &[$($id),*];
    };
}

rules! {
    UNREADABLE Error Error "unreadable" "the archive is damaged, or of a form that no strict reader takes";
    NOT_EXAMINED Error Warning "not-examined" "a bound was reached or the packing is not known: not all of it was looked at";
    EXPANDS Error Error "expands" "it unpacks to far more than its length lets expect";
    NAME Error Error "name" "a name that leaves the archive, or that systems read differently: absolute, `..`, backslash, drive, control characters";
    NAME_TWICE Error Warning "name-twice" "two members of one name: which one counts differs between readers";
    NAME_COLLIDES Warning Warning "name-collides" "two names that some file systems take for one: letter case, normal form, dots and spaces at the end";
    NAME_RESERVED Warning Note "name-reserved" "a name that is a device on some systems, or not in UTF-8";
    LINK_ESCAPES Error Note "link-escapes" "a link that leads out of the archive";
    LINK Error Note "link" "a link where plain files are expected";
    BELOW_LINK Error Warning "below-link" "a member lies below a link of the same archive, or takes its place";
    DEVICE Error Warning "device" "a device, a pipe or an entry of an unknown kind";
    SETUID Warning Note "setuid" "a file that runs with its owner's or group's rights";
    TAR_HEADER Error Error "tar-header" "a header whose check sum or numbers are wrong";
    TAR_FORMAT Warning Note "tar-format" "a header of the time before POSIX, or no end mark";
    TAR_PAX_SIZE Error Error "tar-pax-size" "the extended header and the header give different lengths: readers see different archives";
    TAR_PAX_RECORD Error Error "tar-pax-record" "an extended header that is malformed, doubled or belongs to nothing";
    TAR_PAX_KEY Warning Note "tar-pax-key" "an extended header with a key that is not known";
    TAR_PAX_GLOBAL Error Warning "tar-pax-global" "a global header that gives names or lengths";
    TAR_SPARSE Error Warning "tar-sparse" "a sparse file: readers that do not know them see other bytes";
    TAR_PADDING Error Warning "tar-padding" "bytes that are not zero behind a member";
    TAR_TRAILING Error Error "tar-trailing" "bytes behind the end of the archive";
    ZIP_STRUCTURE Error Error "zip-structure" "central directory, end records and members' own headers do not say one thing";
    ZIP_OVERLAP Error Error "zip-overlap" "members share bytes";
    ZIP_GAP Error Warning "zip-gap" "bytes that belong to no member, before, between or behind them";
    ZIP_DESCRIPTOR Error Error "zip-descriptor" "the data descriptor behind a member is not what the directory says";
    ZIP_CONTENT Error Error "zip-content" "a member's length or check sum is not what the directory says";
    ZIP_ENCRYPTED Error Error "zip-encrypted" "a member is encrypted: nobody can look into it";
    ZIP_METHOD Error Warning "zip-method" "a member is packed by a method that its kind of archive does not use";
    ZIP_SECOND_NAME Error Error "zip-second-name" "an extra field gives a member a second name";
    GZIP_MEMBERS Error Note "gzip-members" "several gzip members: readers that stop after the first see less";
    GZIP_TRAILING Error Error "gzip-trailing" "bytes behind the end of the compressed stream";
    UNLISTED Error Error "unlisted" "a file that the archive's own list does not have";
    LISTED_ABSENT Error Error "listed-absent" "the archive's own list has a file that is not there";
    LISTED_DIFFERS Error Error "listed-differs" "a file is not what the archive's own list says of it";
    LIST Error Error "list" "the archive's own list is missing, doubled or malformed";
    METADATA Error Error "metadata" "what the archive says of itself is not what it is listed as";
    ATTESTATION Error Error "attestation" "an attestation that cannot be read, or that is not about the file it is carried for";
    MEMBERS Error Error "members" "the archive has other parts than its kind has";
    MANIFEST Error Error "manifest" "a manifest with more than one reading, or of another type or length than announced";
    WALK Error Error "walk" "a manifest names what is not carried, or something is carried that no manifest names";
    PICKLE Note Note "pickle" "a pickle, read to its end: it names nothing, or only what is on the list";
    PICKLE_UNLISTED Error Error "pickle-unlisted" "executable content: a pickle that names what is not on the list";
    PICKLE_DANGEROUS Error Error "pickle-dangerous" "executable content: a pickle that names what runs commands or code, or leads to it";
    PICKLE_UNDETERMINED Error Error "pickle-undetermined" "a pickle that was not fully analysed";
    TENSORS Error Error "tensors" "the header of a file of tensors does not describe its bytes, or in more than one way";
    TENSORS_ELSEWHERE Error Error "tensors-elsewhere" "tensors in another file, with a name that leaves the folder";
    CUSTOM_OPERATORS Note Note "custom-operators" "a graph with operators that are not of the standard: what they do is not in the file";
    TEMPLATE Warning Warning "template" "a template that reaches for what is not of templates";
    START_HOOK Warning Warning "start-hook" "it runs by itself: at every start of an interpreter, or when an environment is activated";
    INSTALL_HOOK Warning Warning "install-hook" "a script that runs when it is installed or removed";
    RUNS_CODE Warning Warning "runs-code" "loading it runs what it says";
    SECRET Warning Warning "secret" "it looks like a private key or an access token";
}
