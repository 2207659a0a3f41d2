//! The documents are kept true: every example of the mapping language loads, its tables say what the program knows, and
//! links lead somewhere. `PONTE_UPDATE_GOLDEN=1` writes the tables.

use ponte::config;
use ponte::config::record::{CUSTOMER, ORDER, SHAPES};
use ponte::diagnostic::codes::CODES;
use ponte::expr::function::FUNCTIONS;
use ponte::plan::FieldKind;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn reference() -> String {
    fs::read_to_string(root().join("mappings/README.md")).unwrap()
}

/// The examples: the file that the first line names, and the text.
fn examples() -> Vec<(String, String)> {
    let text = reference();
    let blocks = text.split("```toml\n").skip(1);
    blocks
        .map(|block| {
            let example = block.split("```").next().unwrap();
            let file = example.lines().next().unwrap().strip_prefix("# ");
            let file = file.expect("an example begins with the name of its file");
            (file.to_owned(), example.to_owned())
        })
        .collect()
}

fn load(dir: &Path) -> Result<(), String> {
    let env = |_: &str| Some("secret".to_owned());
    config::load(&dir.join("ponte.toml"), &env)
        .map(drop)
        .map_err(|found| found.render(false))
}

#[test]
fn every_project_of_the_reference_loads() {
    let projects = examples()
        .into_iter()
        .filter(|(file, _)| file == "ponte.toml");
    let mut count = 0;
    for (_, text) in projects {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ponte.toml"), &text).unwrap();
        load(dir.path()).unwrap_or_else(|said| panic!("{said}\n{text}"));
        count += 1;
    }
    assert!(
        count >= 2,
        "the reference shows a project and flows of one's own"
    );
}

/// The packs of the examples, joined by a project.
#[test]
fn the_packs_of_the_reference_load_together() {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in examples()
        .into_iter()
        .filter(|(file, _)| file != "ponte.toml")
    {
        let path = dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let project = r#"
        [erp]
        pack = "./erp"
        url  = "sqlite:erp.db"
        [shop.main]
        pack       = "./shop"
        url        = "sqlite:shop.db"
        language   = "en"
        orders.since = 2026-12-01T00:00:00Z
        orders.import = true
        fulfilment.write = true
        customer.sync = true
        [shop.main.tax]
        standard = { rate = 22 }
    "#;
    for project in [project, &project.replace("./shop", "./shop-2")] {
        fs::write(dir.path().join("ponte.toml"), project).unwrap();
        load(dir.path()).unwrap_or_else(|said| panic!("{said}"));
    }
}

fn tables() -> [(&'static str, String); 3] {
    let mut functions = "| function | is |\n| --- | --- |\n".to_owned();
    for one in FUNCTIONS {
        functions.push_str(&format!("| `{}` | {} |\n", one.signature, one.doc));
    }
    let mut records = "| record | field | is |\n| --- | --- | --- |\n".to_owned();
    for shape in SHAPES.iter().chain([&CUSTOMER, &ORDER]) {
        for (name, kind) in shape.fields {
            let kind = match kind {
                FieldKind::Text => "text",
                FieldKind::Boolean => "boolean",
                FieldKind::Integer => "integer",
                FieldKind::Decimal => "decimal",
                FieldKind::Moment => "date or time",
                FieldKind::Texts => "text by language",
            };
            records.push_str(&format!("| {} | `{name}` | {kind} |\n", shape.name));
        }
        for (name, columns) in shape.children {
            records.push_str(&format!(
                "| {} | `{name}` | a set: `{}` |\n",
                shape.name,
                columns.join("`, `")
            ));
        }
    }
    let mut codes = "| code | message | means |\n| --- | --- | --- |\n".to_owned();
    for code in CODES {
        let explanation = code.explanation.replace('|', "\\|");
        codes.push_str(&format!(
            "| {} | {} | {explanation} |\n",
            code.code, code.title
        ));
    }
    [
        ("functions", functions),
        ("records", records),
        ("codes", codes),
    ]
}

/// Each code, once, in its order, with its message and something to do, in both languages.
#[test]
fn both_pages_of_troubles_have_every_message_code() {
    for (page, columns) in [
        ("troubleshooting.md", 3),
        ("risoluzione-dei-problemi.md", 4),
    ] {
        let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
        let rows: Vec<Vec<String>> = text
            .lines()
            .filter(|line| line.starts_with("| P"))
            .map(|line| {
                let cells = line.replace("\\|", "¦");
                let cells = cells.trim_matches('|').split('|').map(str::trim);
                cells.map(str::to_owned).collect()
            })
            .collect();
        assert_eq!(rows.len(), CODES.len(), "{page}");
        for (row, code) in rows.iter().zip(CODES) {
            assert_eq!((&*row[0], &*row[1]), (code.code, code.title), "{page}");
            let is_whole = row.len() == columns && row.iter().all(|cell| !cell.is_empty());
            assert!(is_whole, "{page}: {row:?}");
        }
    }
}

#[test]
fn the_tables_of_the_reference_are_current() {
    let mut text = reference();
    for (name, table) in tables() {
        let (begin, end) = (
            format!("<!-- {name} -->\n"),
            format!("<!-- end of {name} -->"),
        );
        let from = text.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
        let to = from + text[from..].find(&end).unwrap();
        text.replace_range(from..to, &table);
    }
    if std::env::var_os("PONTE_UPDATE_GOLDEN").is_some() {
        fs::write(root().join("mappings/README.md"), &text).unwrap();
    }
    assert!(
        reference() == text,
        "run with PONTE_UPDATE_GOLDEN=1 to write the tables anew"
    );
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "mappings/README.md",
        "docs/json.md",
    ] {
        let path = root().join(document);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{document}: {error}"));
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            let file = target.split('#').next().unwrap();
            if file.is_empty() || file.starts_with("http") {
                continue;
            }
            assert!(
                path.parent().unwrap().join(file).exists(),
                "{document} links to {file}"
            );
        }
    }
}
