//! The source is held against ARCHITECTURE.md: which module may use which, how long a file may be, who prints and who
//! speaks to drivers.

use std::fs;
use std::path::{Path, PathBuf};

/// A module uses only those before it.
const ORDER: [&str; 23] = [
    "failpoint",
    "diagnostic",
    "value",
    "expr",
    "db",
    "plan",
    "config",
    "own",
    "connections",
    "sync",
    "matching",
    "orders",
    "fulfilment",
    "mail",
    "stock",
    "state",
    "story",
    "round",
    "service",
    "web",
    "check",
    "demo",
    "cli",
];
/// A file is one idea.
const LINES_MAX: usize = 600;

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|ending| ending == "rs") => found.push(path),
            false => {}
        }
    }
}

/// Path within `src`, module, text of every source file.
fn files() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    assert!(paths.len() > 50);
    let file = |path: PathBuf| {
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let module = name.split(['/', '.']).next().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        (name, module, text)
    };
    paths.into_iter().map(file).collect()
}

#[test]
fn modules_use_only_what_is_below_them() {
    let place = |module: &str| ORDER.iter().position(|known| *known == module);
    let mut wrong = Vec::new();
    for (name, module, text) in files() {
        let Some(own) = place(&module) else {
            assert!(
                ["lib", "main"].contains(&module.as_str()),
                "{name} is of no known module"
            );
            continue;
        };
        for used in text.split("crate::").skip(1) {
            let used = used
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .next()
                .unwrap();
            if place(used).is_some_and(|other| other > own) {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_not_long() {
    let long: Vec<String> = files()
        .into_iter()
        .map(|(name, _, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(name, lines)| format!("{name}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn only_the_command_line_prints_and_only_engines_know_drivers() {
    let mut wrong = Vec::new();
    for (name, module, text) in files() {
        let mut refuse = |what: &str, allowed: &[&str]| {
            if text.contains(what) && !allowed.contains(&module.as_str()) {
                wrong.push(format!("{name}: {what}"));
            }
        };
        refuse("println!", &[]);
        refuse("anstream::", &["cli"]);
        refuse("sqlx::", &["db"]);
        refuse("mysql_async::", &["db"]);
        refuse("tiberius::", &["db"]);
        refuse("std::process::exit", &["main"]);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_say_something() {
    let vague = ["utils", "util", "helpers", "common", "misc", "manager"];
    for (name, _, _) in files() {
        let parts = name.trim_end_matches(".rs").split('/');
        assert!(
            !parts.into_iter().any(|part| vague.contains(&part)),
            "{name}"
        );
    }
}
