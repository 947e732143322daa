//! The README's tour is run as it stands, where there is no network, and prints what the README says it prints.

use crate::host::{AIRLIFT, Host, arg};
use crate::stock::{need, skip};
use std::path::Path;
use std::process::Command;

/// A command of the tour, its lines without their prompts, and the lines it must print; `…` stands for any text, alone for any lines.
struct Step {
    command: String,
    prints: Vec<String>,
}

fn tour(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in text.split("\n```console tour\n").skip(1) {
        for line in block.split("\n```").next().expect("a block ends").lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.to_owned(), prints: vec![] });
                continue;
            }
            let step = steps.last_mut().expect("a block begins with a command");
            match line.strip_prefix('>').filter(|_| step.prints.is_empty()) {
                Some(more) => step.command += &format!("\n{}", more.strip_prefix(' ').unwrap_or(more)),
                None => step.prints.push(line.to_owned()),
            }
        }
    }
    steps
}

/// One script for all commands: each writes what it prints to a file of its own, with its exit code at the end unless it is 0.
fn script(steps: &[Step], out: &Path) -> String {
    let mut text = "trap 'kill $(jobs -p) 2>/dev/null' EXIT\n".to_owned();
    for (n, step) in steps.iter().enumerate() {
        let file = out.join(n.to_string());
        text += &format!("{{\n{}\n}} >'{1}' 2>&1; code=$?; [ $code = 0 ] || echo \"[exit $code]\" >>'{1}'\n", step.command, file.display());
    }
    text + "exit 0\n"
}

/// Whether what was printed is what was promised.
fn fits(printed: &[&str], promised: &[String]) -> bool {
    match promised.split_first() {
        None => printed.is_empty(),
        Some((any, rest)) if any == "…" => (0..=printed.len()).any(|skip| fits(&printed[skip..], rest)),
        Some((line, rest)) => printed.first().is_some_and(|first| line_fits(first, line)) && fits(&printed[1..], rest),
    }
}

fn line_fits(printed: &str, promised: &str) -> bool {
    let mut parts = promised.split('…');
    let Some(mut left) = printed.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return left.is_empty();
    }
    while let Some(part) = parts.next() {
        let at = if parts.peek().is_none() { left.ends_with(part).then(|| left.len() - part.len()) } else { left.find(part) };
        let Some(at) = at else { return false };
        left = &left[at + part.len()..];
    }
    true
}

#[test]
fn the_tour_prints_what_it_says() {
    if ["python3", "curl", "tar", "ssh-keygen", "ip"].map(need).iter().any(Option::is_none) {
        return;
    }
    let steps = tour(&std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("UTF-8"));
    assert!(steps.len() > 20, "the tour has only {} steps", steps.len());
    let (host, air) = (Host::new(), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/air"));
    if !Command::new(&air).arg("true").output().is_ok_and(|out| out.status.success()) {
        return skip("no namespace without a network could be made here");
    }
    let out = host.path("printed");
    std::fs::create_dir(&out).expect("a folder");
    std::os::unix::fs::symlink(AIRLIFT, host.path("airlift")).expect("a link");
    let file = host.write("tour.sh", script(&steps, &out));
    let mut command = host.program(&air);
    command.env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", host.work().display())).args(["bash", arg(&file)]);
    let ran = command.output().expect("bash runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    for (n, step) in steps.iter().enumerate() {
        let printed = std::fs::read_to_string(out.join(n.to_string())).expect("UTF-8");
        let lines: Vec<&str> = printed.lines().collect();
        assert!(fits(&lines, &step.prints), "$ {}\nprinted:\n{printed}\nand not:\n{}", step.command, step.prints.join("\n"));
    }
}

#[test]
fn wildcards_mean_what_they_say() {
    let promised = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert!(fits(&["a 1 b", "x", "y", "end"], &promised(&["a … b", "…", "end"])));
    assert!(!fits(&["a 1 c", "end"], &promised(&["a … b", "end"])) && !fits(&["a", "b"], &promised(&["a"])));
    assert!(line_fits("k 12345-ABC file", "k …-… file") && !line_fits("k 12345 file", "k …-… file") && !line_fits("", "x"));
}
