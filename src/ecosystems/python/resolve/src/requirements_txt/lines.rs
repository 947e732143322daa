//! The lines of a `requirements.txt` and of the files it includes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use uv_requirements_txt::SourceCache;

use crate::failure::{Failure, FailureKind};
use crate::inputs::{self, refused, too_deep};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 8 << 20;
/// How many files may be included.
const MOST: usize = 100;

/// Options that pip has and a resolution here does not.
const IGNORED: [&str; 3] = ["--prefer-binary", "--trusted-host", "--use-feature"];

/// The files, read once, each with its logical lines.
pub(super) struct Files {
    texts: BTreeMap<PathBuf, String>,
    lines: Vec<Line>,
    /// Those of the files that constrain.
    constraints: BTreeSet<PathBuf>,
    /// Lines by file and by the package they begin with; a line that has been given out moves to
    /// the end, because files that include each other are read more than once by uv's parser.
    by_package: BTreeMap<(PathBuf, String), VecDeque<usize>>,
}

/// One logical line: physical lines joined where one ends in a backslash, comment removed.
struct Line {
    file: PathBuf,
    /// The first physical line, from 1.
    number: usize,
    text: String,
}

impl Files {
    /// Reads the file at `path` and all it includes, in the order they are met.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mut files = Self { texts: BTreeMap::new(), lines: Vec::new(), constraints: BTreeSet::new(), by_package: BTreeMap::new() };
        let mut queue = VecDeque::from([path.to_path_buf()]);
        while let Some(path) = queue.pop_front() {
            if files.texts.contains_key(&path) {
                continue;
            }
            if files.texts.len() == MOST {
                let message = format!("{}: includes more than {MOST} files", path.display());
                return Err(Failure::new(FailureKind::Invalid, message));
            }
            let text = read(&path)?;
            let lines = logical_lines(&path, &text);
            let directory = path.parent().unwrap_or(Path::new("."));
            for line in &lines {
                let Some((name, constrains)) = included(line) else { continue };
                let included = directory.join(name);
                if constrains || files.constraints.contains(&path) {
                    files.constraints.insert(included.clone());
                }
                queue.push_back(included);
            }
            files.lines.extend(lines);
            files.texts.insert(path, text);
        }
        for (at, line) in files.lines.iter().enumerate() {
            if let Some(package) = line.package() {
                files.by_package.entry((line.file.clone(), package)).or_default().push_back(at);
            }
        }
        Ok(files)
    }

    /// Refuses the first line that asks for something that cannot cross.
    pub(super) fn refuse(&self) -> Result<(), Failure> {
        for line in &self.lines {
            // uv's parser reads markers by recursion.
            if too_deep(&line.text) {
                let message = format!("{}: parentheses nest too deep", line.origin());
                return Err(Failure::new(FailureKind::Invalid, message));
            }
            // uv's parser drops them, and who wrote them counts on them.
            if has_hash(&line.text) && self.constraints.contains(&line.file) {
                let message = format!("{}: the hash of a constraint is refused", line.origin());
                return Err(Failure::new(FailureKind::Refused, message).hint("write it as a requirement: `name==version --hash=...`"));
            }
            let option = line.text.starts_with('-') && !line.text.starts_with("-e");
            let editable = line.text.starts_with("--editable");
            if option && !editable {
                continue;
            }
            if let Some(what) = refused(&line.text) {
                return Err(inputs::refusal(&line.origin(), &line.text, what));
            }
            if line.text.starts_with("https://") || line.text.starts_with("http://") {
                let what = "a URL without a package name";
                return Err(inputs::refusal(&line.origin(), &line.text, what).hint("write it as `name @ URL`"));
            }
        }
        Ok(())
    }

    /// The failure of the first requirement that cannot be read, which names its line.
    pub(super) fn first_unreadable(&self) -> Option<Failure> {
        let requirements = self.lines.iter().filter(|line| !line.text.starts_with('-'));
        requirements
            .map(|line| {
                let text = line.text.split(" --").next().unwrap_or_default();
                inputs::parse(text.trim(), &line.origin())
            })
            .find_map(Result::err)
    }

    /// The texts for uv's parser, so that it reads no file again.
    pub(super) fn contents(&self) -> SourceCache {
        self.texts.iter().map(|(path, text)| (path.clone(), text.clone())).collect()
    }

    /// `file:line` of the next requirement for a package in a file.
    pub(super) fn origin(&mut self, file: &Path, package: &str) -> String {
        let key = (file.to_path_buf(), package.to_owned());
        let lines = self.by_package.get_mut(&key);
        match lines.and_then(|lines| lines.pop_front().inspect(|at| lines.push_back(*at))) {
            Some(at) => self.lines[at].origin(),
            None => shown(file),
        }
    }

    /// Whether any file says `--pre`.
    pub(super) fn prereleases(&self) -> bool {
        self.lines.iter().any(|line| line.text.split_whitespace().next() == Some("--pre"))
    }

    /// Options that bear on a resolution.
    pub(super) fn options(&self) -> Vec<String> {
        let options = self.lines.iter().filter(|line| line.text.starts_with('-') && included(line).is_none());
        options.filter(|line| !IGNORED.iter().any(|ignored| line.text.starts_with(ignored))).map(Line::option).collect()
    }

    /// Options that are read and not obeyed.
    pub(super) fn ignored(&self) -> Vec<String> {
        self.lines.iter().filter(|line| IGNORED.iter().any(|option| line.text.starts_with(option))).map(Line::option).collect()
    }
}

impl Line {
    fn origin(&self) -> String {
        format!("{}:{}", shown(&self.file), self.number)
    }

    /// `file:line: --option`.
    fn option(&self) -> String {
        let option = self.text.split([' ', '=']).next().unwrap_or_default();
        format!("{}: {option}", self.origin())
    }

    /// The normalised name the line begins with, if it is a requirement.
    fn package(&self) -> Option<String> {
        let end = self.text.find(|char: char| !char.is_ascii_alphanumeric() && !"-_.".contains(char)).unwrap_or(self.text.len());
        let name = uv_normalize::PackageName::from_owned(self.text[..end].to_owned()).ok()?;
        Some(name.to_string())
    }
}

/// The last part of a path: messages do not need to know where a project lies.
fn shown(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<String, Failure> {
    let unread = |why: String| Failure::new(FailureKind::Invalid, format!("{}: {why}", path.display()));
    let file = File::open(path).map_err(|error| unread(error.to_string()))?;
    let mut text = String::new();
    let mut bounded = file.take(LARGEST + 1);
    bounded.read_to_string(&mut text).map_err(|error| unread(error.to_string()))?;
    if text.len() as u64 > LARGEST {
        return Err(unread("larger than 8 MiB".to_owned()));
    }
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn logical_lines(file: &Path, text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut open: Option<Line> = None;
    for (at, physical) in text.lines().enumerate() {
        let (part, more) = match physical.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (physical, false),
        };
        let line = open.get_or_insert_with(|| Line { file: file.to_path_buf(), number: at + 1, text: String::new() });
        line.text.push_str(part);
        if !more {
            lines.extend(open.take());
        }
    }
    lines.extend(open);
    for line in &mut lines {
        line.text = without_comment(&line.text).trim().to_owned();
    }
    lines.retain(|line| !line.text.is_empty());
    lines
}

/// A comment begins at the start of the line or after white space.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, char) in line.char_indices() {
        if char == '#' && before.is_whitespace() {
            return &line[..at];
        }
        before = char;
    }
    line
}

/// Whether a requirement line has a hash.
fn has_hash(line: &str) -> bool {
    line.split_whitespace().any(|word| word.starts_with("--hash"))
}

/// The file that an `-r` or `-c` line names, unless it is a URL, and whether it constrains.
fn included(line: &Line) -> Option<(&str, bool)> {
    let options = ["--requirement", "--constraint", "-r", "-c"];
    let (option, rest) = options.iter().find_map(|option| Some((*option, line.text.strip_prefix(option)?)))?;
    let name = rest.trim_start_matches(['=', ' ', '\t']).trim_matches(['"', '\'']);
    (!name.is_empty() && !name.contains("://") && !name.contains('$')).then_some((name, matches!(option, "--constraint" | "-c")))
}
