//! Project and mapping files: every message as it is drawn, the embedded packs, the reference project, the schemas.
//!
//! Each folder of `tests/cases/config` holds a project (`ponte.toml`, packs of its own where it needs them, `env` with
//! `NAME=value` lines) and what loading it must say, `expected.txt`. `PONTE_UPDATE_GOLDEN=1` writes the latter.

use ponte::config;
use ponte::diagnostic::{Diagnostics, codes};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn said(folder: &Path) -> String {
    let env: BTreeMap<String, String> = fs::read_to_string(folder.join("env"))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    match config::load(&folder.join("ponte.toml"), &|name| env.get(name).cloned()) {
        Ok((_, warnings)) => Diagnostics(warnings).render(false),
        Err(found) => found.render(false),
    }
}

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/cases/config")).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

#[test]
fn every_case_says_what_it_must() {
    let update = std::env::var_os("PONTE_UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let (said, golden) = (said(&case), case.join("expected.txt"));
        if update {
            fs::write(&golden, &said).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != said {
            wrong.push(format!("--- {} says:\n{said}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases().len() >= 30);
}

#[test]
fn every_code_of_configuration_has_a_case() {
    let expected = cases()
        .iter()
        .map(|case| fs::read_to_string(case.join("expected.txt")).unwrap())
        .collect::<String>();
    for code in codes::CODES.iter().filter(|code| code.code < "P200") {
        let shown = format!("[{}]", code.code);
        assert!(expected.contains(&shown), "no case for {}", code.code);
    }
}

#[test]
fn every_code_in_the_program_is_explained() {
    let mut used = BTreeSet::new();
    let mut open = vec![root().join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("diagnostic/codes.rs") {
                used.extend(codes_in(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    for code in &used {
        assert!(codes::explain(code).is_some(), "{code} is not explained");
    }
    for code in codes::CODES {
        assert!(used.contains(code.code), "{} is not used", code.code);
    }
}

/// `"P102"` and the like.
fn codes_in(text: &str) -> Vec<String> {
    let parts = text.split('"');
    let code = |part: &&str| {
        part.len() == 4
            && part.starts_with('P')
            && part[1..].bytes().all(|byte| byte.is_ascii_digit())
    };
    parts.filter(code).map(str::to_owned).collect()
}

/// The flow's names and digests of a project file with this text.
fn digests(text: &str) -> BTreeMap<String, [u8; 32]> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ponte.toml"), text).unwrap();
    let (plan, _) = config::load(&folder.path().join("ponte.toml"), &|_| None).unwrap();
    let flows = plan.flows.into_iter();
    flows.map(|flow| (flow.name, flow.digest)).collect()
}

const PROJECT: &str = r#"
[erp]
pack = "reference"
url = "sqlite:erp.db"

[shop.main]
pack = "woocommerce"
url = "sqlite:shop.db"
language = "it"
price_list = "public"
orders.since = 2026-12-01T00:00:00+01:00

[shop.main.tax]
IVA22 = { rate = 22, class = "" }
IVA10 = { rate = 10, class = "reduced-rate" }

[flow.agents]
from = { connection = "erp", table = "agents", key = ["code"] }
to = { connection = "shop.main", table = "agents", match = { code = "code" }, set = { name = "trim(first)", town = "town" } }
"#;

#[test]
fn flows_run_in_the_order_of_their_dependence() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ponte.toml"), PROJECT).unwrap();
    let (plan, warnings) = config::load(&folder.path().join("ponte.toml"), &|_| None).unwrap();
    assert!(warnings.is_empty());
    let names: Vec<_> = plan.flows.iter().map(|flow| flow.name.as_str()).collect();
    assert_eq!(
        names,
        ["main/category", "main/article", "main/price", "agents"]
    );
    assert_eq!(plan.stocks.len(), 1);
    assert_eq!(plan.state_dir, folder.path().join(".ponte"));
    let since = plan.shops[0].orders_since.unwrap();
    assert_eq!(since.to_rfc3339(), "2026-11-30T23:00:00+00:00");
}

#[test]
fn a_digest_changes_with_what_is_written_and_with_nothing_else() {
    let first = digests(PROJECT);
    let moved = PROJECT
        .replace(
            "set = { name = \"trim(first)\", town = \"town\" }",
            "set = { town = \"town\", name = 'trim(first)' }",
        )
        .replace("[erp]\n", "# the company's\n[erp]\n")
        .replace("IVA22 = { rate = 22, class = \"\" }\n", "")
        + "[shop.main.tax.IVA22]\nclass = \"\"\nrate = 22.0\n";
    assert_eq!(digests(&moved), first);
    let edits = [
        ("trim(first)", "first", "agents"),
        ("\"it\"", "\"en\"", "main/article"),
        ("rate = 22", "rate = 21", "main/price"),
        ("\"public\"", "\"trade\"", "main/price"),
    ];
    for (old, new, flow) in edits {
        let edited = digests(&PROJECT.replace(old, new));
        assert_ne!(edited[flow], first[flow], "{old} -> {new}");
        if flow == "agents" {
            assert_eq!(edited["main/article"], first["main/article"]);
        }
    }
}
