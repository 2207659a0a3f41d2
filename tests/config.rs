//! Project and mapping files: every message as it is drawn, the embedded packs, the reference project, the schemas.
//!
//! Each folder of `tests/cases/config` holds a project (`ponte.toml`, packs of its own where it needs them, `env` with
//! `NAME=value` lines) and what loading it must say, `expected.txt`. `PONTE_UPDATE_GOLDEN=1` writes the latter.

use ponte::config;
use ponte::diagnostic::{Diagnostics, codes};
use proptest::prelude::*;
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

/// The golden files of all tests, those against real servers too, print every code, and no other.
#[test]
fn every_code_has_a_case_and_every_case_a_code() {
    let mut printed = BTreeSet::new();
    for path in files(&root().join("tests/cases")) {
        if path.extension().is_some_and(|ending| ending == "txt") {
            let text = fs::read_to_string(&path).unwrap();
            let codes = ["error[", "warning["].into_iter().flat_map(|level| {
                let found = text.split(level).skip(1);
                found
                    .filter_map(|rest| rest.split_once(']'))
                    .map(|(code, _)| code.to_owned())
            });
            for code in codes.collect::<Vec<_>>() {
                assert!(
                    codes::explain(&code).is_some(),
                    "{}: unknown code {code}",
                    path.display()
                );
                printed.insert(code);
            }
        }
    }
    for code in codes::CODES {
        assert!(
            printed.contains(code.code),
            "no golden file has {} ({})",
            code.code,
            code.title
        );
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => files.push(path),
            }
        }
    }
    files
}

#[test]
fn every_code_in_the_program_is_explained() {
    let mut used = BTreeSet::new();
    for path in files(&root().join("src")) {
        if !path.ends_with("diagnostic/codes.rs") {
            used.extend(codes_in(&fs::read_to_string(path).unwrap()));
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

/// A pack with these files that extends `woocommerce`, in the place of `woocommerce`.
fn extended(files: &[(&str, &str)]) -> ponte::plan::Plan {
    let folder = tempfile::tempdir().unwrap();
    let project = PROJECT.replace("\"woocommerce\"", "\"./own\"");
    fs::write(folder.path().join("ponte.toml"), project).unwrap();
    fs::create_dir(folder.path().join("own")).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join("own").join(name), text).unwrap();
    }
    match config::load(&folder.path().join("ponte.toml"), &|_| None) {
        Ok((plan, _)) => plan,
        Err(found) => panic!("{found}"),
    }
}

#[test]
fn a_pack_that_extends_another_takes_everything_over() {
    let digests = |plan: ponte::plan::Plan| -> BTreeMap<String, [u8; 32]> {
        let flows = plan.flows.into_iter();
        flows.map(|flow| (flow.name, flow.digest)).collect()
    };
    let own = extended(&[("pack.toml", "[pack]\nextends = \"woocommerce\"")]);
    assert_eq!(own.stocks.len(), 1);
    assert_eq!(digests(own), self::digests(PROJECT));
}

#[test]
fn a_pack_that_extends_another_replaces_adds_and_drops() {
    let pack = "[pack]\nextends = \"woocommerce\"\nsystem = \"Ours\"\ndrop = [\"article.barcode\", \"stock\"]
        [pack.version]\nmin = \"7\"
        [let.mine]\nkey = [\"name\"]\nsql = \"SELECT name, value FROM {prefix}mine\"";
    let article = r#"
        record = "article"
        [fields]
        shop_weight = "mine['factor'].value"
        [find]
        by = { sku = "upper(sku)" }
        [[write]]
        as = "type"
        table = "{prefix}types"
        match = { id = "post.ID" }
        [[write]]
        as = "post"
        set = { post_title = "'Ours'" }
        insert = { post_name = "sku" }
        [[write]]
        as = "more"
        table = "{prefix}more"
        match = { id = "post.ID" }
        set = { weight = "shop_weight" }"#;
    let plan = extended(&[("pack.toml", pack), ("article.toml", article)]);
    let names: Vec<_> = plan.flows.iter().map(|flow| flow.name.as_str()).collect();
    assert_eq!(
        names,
        ["main/category", "main/article", "main/price", "agents"]
    );
    let facts = plan.connections["shop.main"].pack.as_ref().unwrap();
    assert_eq!(
        (facts.name.as_str(), facts.system.as_str()),
        ("./own", "Ours")
    );
    let version = facts.version.as_ref().unwrap();
    assert_eq!(version.min, "7");
    assert!(!version.sql.text.is_empty() && version.max != "7");
    assert!(facts.lets.iter().any(|one| one.name == "mine"));
    assert!(facts.lets.iter().any(|one| one.name == "option"));

    let target = &plan.flows[1].target;
    assert!(plan.stocks.is_empty());
    let writes: Vec<_> = target
        .writes
        .iter()
        .map(|write| write.alias.as_str())
        .collect();
    assert_eq!(
        writes,
        [
            "post",
            "attributes",
            "type",
            "visibility",
            "category",
            "lookup",
            "lookup_barcode",
            "more"
        ]
    );
    assert_eq!(target.writes[2].table.name, "wp_types");
    assert!(
        target.writes[2].condition.is_none(),
        "a write with a table is replaced whole"
    );
    let base = extended(&[("pack.toml", "[pack]\nextends = \"woocommerce\"")]);
    let (post, before) = (&target.writes[0], &base.flows[1].target.writes[0]);
    assert_eq!(post.table, before.table);
    let expression = |write: &ponte::plan::Write, column: &str| {
        let field = write.fields.iter().find(|field| field.column == column);
        field.map(|field| field.expr.text.clone())
    };
    for field in &before.fields {
        let expected = match field.column.as_str() {
            "post_title" => Some("'Ours'".to_owned()),
            "post_name" => Some("sku".to_owned()),
            other => expression(before, other),
        };
        assert_eq!(
            expression(post, &field.column),
            expected,
            "{}",
            field.column
        );
    }
    assert_eq!(post.fields.len(), before.fields.len());
    let find = target.find.as_ref().unwrap();
    assert_eq!(find.by[0].1.text, "upper(sku)");
    assert!(find.sql.text.contains("wp_wc_product_meta_lookup"));
    let weight = target.fields.iter().find(|(name, _)| name == "shop_weight");
    assert_eq!(weight.unwrap().1.text, "mine['factor'].value");
    // Where a text stands is told by its own file.
    assert_eq!(target.writes[2].at.file.path, "own/article.toml");
    assert_eq!(
        target.writes[1].at.file.path,
        "pack:woocommerce/article.toml"
    );
}

/// The reference project with the files and variables that it names.
fn reference() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root().join("docs/ponte.reference.toml")).unwrap();
    fs::write(folder.path().join("ponte.toml"), text).unwrap();
    fs::write(folder.path().join("shop.secret"), "secret\n").unwrap();
    folder
}

#[test]
fn the_reference_project_is_right() {
    let folder = reference();
    let env = |name: &str| {
        name.ends_with("_PASSWORD")
            .then(|| format!("secret of many letters, that of {name}"))
    };
    match config::load(&folder.path().join("ponte.toml"), &env) {
        Ok((plan, warnings)) => {
            assert!(warnings.is_empty(), "{}", Diagnostics(warnings));
            assert!(!format!("{plan:?}").contains("secret\""));
        }
        Err(found) => panic!("{found}"),
    }
}

#[test]
fn the_reference_project_uses_every_key() {
    let text = fs::read_to_string(root().join("docs/ponte.reference.toml")).unwrap();
    let used: toml::Value = toml::from_str(&text).unwrap();
    let mut keys = BTreeSet::new();
    keys_of(&used, &mut keys);
    let schema = config::schema::project();
    let mut known = BTreeSet::new();
    properties_of(schema.as_value(), &mut known);
    let unused: Vec<_> = known.difference(&keys).collect();
    assert!(
        unused.is_empty(),
        "not in the reference project: {unused:?}"
    );
}

fn keys_of(value: &toml::Value, keys: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                keys.insert(key.clone());
                keys_of(value, keys);
            }
        }
        toml::Value::Array(array) => array.iter().for_each(|value| keys_of(value, keys)),
        _ => {}
    }
}

fn properties_of(schema: &serde_json::Value, known: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                if let ("properties", Some(properties)) = (key.as_str(), value.as_object()) {
                    known.extend(properties.keys().cloned());
                }
                properties_of(value, known);
            }
        }
        serde_json::Value::Array(array) => {
            array.iter().for_each(|value| properties_of(value, known));
        }
        _ => {}
    }
}

#[test]
fn the_schemas_are_current() {
    let schemas = [
        ("ponte.schema.json", config::schema::project()),
        ("mapping.schema.json", config::schema::mapping()),
    ];
    for (name, schema) in schemas {
        let (path, text) = (
            root().join("schemas").join(name),
            config::schema::text(&schema),
        );
        if std::env::var_os("PONTE_UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept.replace("\r\n", "\n") == text,
            "schemas/{name} is not current: run the test with PONTE_UPDATE_SCHEMAS=1"
        );
    }
}

/// Cuts a piece out of a text, doubles one, or puts a sign somewhere, at character boundaries.
fn mangle(text: &str, edits: &[(usize, usize, u8)]) -> String {
    const SIGNS: [&str; 14] = [
        "\"", "'", "[", "]]", "{", "}", "=", "\n", "\"\"\"", "é", "${", ":x", "\\", ".",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for (at, length, kind) in edits {
        let start = at % (chars.len() + 1);
        let end = (start + length % 40).min(chars.len());
        match kind % 16 {
            0 => drop(chars.drain(start..end)),
            1 => {
                let piece = chars[start..end].to_vec();
                chars.splice(start..start, piece);
            }
            sign => {
                let sign = SIGNS[usize::from(sign) - 2];
                chars.splice(start..start, sign.chars());
            }
        }
    }
    chars.into_iter().collect()
}

/// Every mistake is drawn, is in JSON, and points into its file.
fn holds_together(found: &Diagnostics) -> Result<(), TestCaseError> {
    prop_assert!(!found.0.is_empty());
    prop_assert!(!found.render(false).is_empty());
    prop_assert_eq!(
        found.to_json().as_array().map(Vec::len),
        Some(found.0.len())
    );
    for one in &found.0 {
        prop_assert!(codes::explain(one.code).is_some(), "{}", one.code);
        let Some(at) = &one.at else { continue };
        let marked = at.file.text.get(at.range.clone());
        prop_assert!(
            marked.is_some(),
            "{}: {:?} of {} bytes",
            one.message,
            at.range,
            at.file.text.len()
        );
    }
    Ok(())
}

/// A line of a project's or a pack's file that a human might have got wrong: one value of one key.
fn mangle_a_line(text: &str, line: usize, edits: &[(usize, usize, u8)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = line % lines.len();
    lines[at] = mangle(&lines[at], edits);
    lines.join("\n")
}

/// Files of a project, and the shipped file that each is a copy of, if it is one.
const MANGLED: [(&str, Option<&str>); 14] = [
    ("ponte.toml", None),
    ("shop/article.toml", None),
    ("erp/article.toml", None),
    ("shop/pack.toml", None),
    ("erp/pack.toml", None),
    ("ponte.toml", None),
    ("shop/stock.toml", Some("shop/woocommerce/stock.toml")),
    ("shop/order.toml", Some("shop/woocommerce/order.toml")),
    ("erp/order.toml", Some("erp/reference/order.toml")),
    ("shop/refund.toml", Some("shop/woocommerce/refund.toml")),
    ("erp/refund.toml", Some("erp/reference/refund.toml")),
    ("shop/category.toml", Some("shop/woocommerce/category.toml")),
    ("erp/price.toml", Some("erp/reference/price.toml")),
    (
        "shop/fulfilment.toml",
        Some("shop/woocommerce/fulfilment.toml"),
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn mangled_files_never_panic(
        edits in prop::collection::vec(any::<(usize, usize, u8)>(), 1..6),
        line in prop::option::of(any::<usize>()),
        which in 0..MANGLED.len(),
    ) {
        let folder = reference();
        let case = root().join("tests/cases/config/valid-own-packs");
        let path = folder.path().join("ponte.toml");
        let (file, copied) = MANGLED[which];
        if which > 0 {
            for (file, _) in &MANGLED[..5] {
                fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
                fs::copy(case.join(file), folder.path().join(file)).unwrap();
            }
        }
        let victim = folder.path().join(file);
        if let Some(copied) = copied {
            fs::copy(root().join("mappings").join(copied), &victim).unwrap();
        }
        let text = fs::read_to_string(&victim).unwrap();
        // One line alone leaves the others right, so that what it says is looked at, and not only its syntax.
        let mangled = match line {
            Some(line) => mangle_a_line(&text, line, &edits),
            None => mangle(&text, &edits),
        };
        fs::write(&victim, mangled).unwrap();
        if let Err(found) = config::load(&path, &|_| None) {
            holds_together(&found)?;
        }
    }

    #[test]
    fn mangled_connection_strings_never_panic(
        edits in prop::collection::vec(any::<(usize, usize, u8)>(), 1..4),
        which in 0..9usize,
        sign in "[%:@/?#&=\\[\\]a-z0-9.é -]{0,6}",
        at in any::<usize>(),
    ) {
        let urls = [
            "postgres://ponte:${PASSWORD}@[::1]:5432/erp?tls=required&connect_timeout_s=5",
            "mysql://ponte@shop.example:3306/shop?ca=server.pem",
            "mariadb://ponte:${PASSWORD}@localhost/shop?tls=off",
            "sqlite:shop.db?mode=ro",
            "sqlite:///var/lib/shop.db",
            "postgres:///erp?host=/run/postgresql",
            "sqlserver://ponte:${PASSWORD}@db.example:1433/erp?tls=verify&ca=server.pem&certificate_host=db&intent=readonly",
            "Server=tcp:db.example\\instance,1433;Database=erp;User Id=ponte;Password={${PASSWORD}};Encrypt=true;TrustServerCertificate=false",
            "Data Source=(local);Initial Catalog=\"erp\";Integrated Security=SSPI;ApplicationIntent=ReadOnly;Connect Timeout=5",
        ];
        let mut url: Vec<char> = mangle(urls[which], &edits).chars().collect();
        let at = at % (url.len() + 1);
        url.splice(at..at, sign.chars());
        let url: String = url.into_iter().filter(|sign| *sign != '\'' && *sign != '\n').collect();
        let folder = tempfile::tempdir().unwrap();
        let text = format!("[connection.a]\nurl = '{url}'\n[flow.x]\nfrom = {{ connection = \"connection.a\", table = \"t\", key = [\"a\"] }}\n\
            to = {{ connection = \"connection.a\", table = \"u\", match = {{ a = \"a\" }} }}\n");
        let path = folder.path().join("ponte.toml");
        fs::write(&path, text).unwrap();
        if let Err(found) = config::load(&path, &|_| Some("hunter2".to_owned())) {
            holds_together(&found)?;
            prop_assert!(!found.render(false).contains("hunter2"), "{}", found);
        }
    }
}

/// Depth and size end in a message, not in the end of the stack or of patience.
#[test]
fn deep_and_large_files_are_refused_or_read() {
    let depth = 20_000;
    let texts = [
        format!("a = {}", "[".repeat(depth)),
        format!("a = {}", "{a = ".repeat(depth)),
        format!("{}b = 1", "a.".repeat(depth)),
        format!("[{}b]", "a.".repeat(depth)),
        format!("[flow.x.to]\nset = {{ a = \"{}\" }}", "(".repeat(depth)),
        format!("[flow.x.to]\nset = {{ a = \"{}1\" }}", "NOT ".repeat(4000)),
        format!(
            "[flow.x.to]\nset = {{ a = \"{}1\" }}",
            "coalesce(".repeat(1700)
        ),
    ];
    for text in texts {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ponte.toml"), &text).unwrap();
        let found = config::load(&folder.path().join("ponte.toml"), &|_| None).unwrap_err();
        holds_together(&found).unwrap();
    }
    // Megabytes of fields, each of them right: up to four are read, more are no file that a person wrote.
    let fields: String = (0..4_000)
        .map(|number| {
            let long = "a long text ".repeat(80);
            format!("column_{number} = \"upper(trim(field_{number})) || '{long}'\"\n")
        })
        .collect();
    assert!(fields.len() > 3_500_000, "{}", fields.len());
    let text = format!(
        "[connection.a]\nurl = \"sqlite:a.db\"\n[flow.x]\nfrom = {{ connection = \"connection.a\", table = \"t\", key = [\"a\"] }}\n\
        [flow.x.to]\nconnection = \"connection.a\"\ntable = \"u\"\nmatch = {{ a = \"a\" }}\n[flow.x.to.set]\n{fields}"
    );
    let plan = plan(&text);
    assert_eq!(plan.flows[0].target.writes[0].fields.len(), 4_000);
    // One mistake in them is found, at its place.
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("ponte.toml"),
        text.replace("trim(field_3999)", "trm(field_3999)"),
    )
    .unwrap();
    let found = config::load(&folder.path().join("ponte.toml"), &|_| None).unwrap_err();
    let place = found.0[0].at.as_ref().unwrap().line_column();
    assert_eq!(
        (found.0.len(), found.0[0].code, place.0),
        (1, "P202", 4_009)
    );
    fs::write(
        folder.path().join("ponte.toml"),
        text + &"# more\n".repeat(200_000),
    )
    .unwrap();
    let found = config::load(&folder.path().join("ponte.toml"), &|_| None).unwrap_err();
    assert_eq!(found.0[0].code, "P001");
    assert!(found.to_string().contains("larger than 4 MiB"), "{found}");
    // Of a pack's, too.
    fs::create_dir(folder.path().join("own")).unwrap();
    fs::write(
        folder.path().join("own/pack.toml"),
        "# five megabytes\n".repeat(300_000),
    )
    .unwrap();
    fs::write(
        folder.path().join("ponte.toml"),
        "[erp]\npack = \"./own\"\nurl = \"sqlite:a.db\"\n",
    )
    .unwrap();
    let found = config::load(&folder.path().join("ponte.toml"), &|_| None).unwrap_err();
    let told = found.to_string();
    assert!(
        told.contains("own/pack.toml") && told.contains("larger than 4 MiB"),
        "{told}"
    );
}

fn plan(text: &str) -> ponte::plan::Plan {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ponte.toml"), text).unwrap();
    match config::load(&folder.path().join("ponte.toml"), &|_| None) {
        Ok((plan, _)) => plan,
        Err(found) => panic!("{found}"),
    }
}

fn flow<'p>(plan: &'p ponte::plan::Plan, name: &str) -> &'p ponte::plan::Flow {
    plan.flows.iter().find(|flow| flow.name == name).unwrap()
}

#[test]
fn a_price_hangs_on_its_article_and_is_of_the_shops_list() {
    let plan = plan(&PROJECT.replace("language", "prefix = \"x_\"\nlanguage"));
    let price = flow(&plan, "main/price");
    let list = ponte::value::Value::Text("public".into());
    assert_eq!(price.source.only, [("list".to_owned(), list)]);
    assert_eq!(price.target.of.as_deref(), Some("article"));
    let find = price.target.find.as_ref().unwrap();
    assert!(find.by.is_empty() && find.sql.text.contains("x_wc_product_meta_lookup"));
    // Computed fields come after those that they need, in whatever order the file has them.
    let order: Vec<_> = price
        .target
        .fields
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let position = |name: &str| order.iter().position(|field| *field == name).unwrap();
    assert!(position("rate") < position("gross") && position("gross") < position("price"));
    let article = flow(&plan, "main/article");
    assert_eq!(article.target.writes[0].table.name, "x_posts");
    assert_eq!(article.target.find.as_ref().unwrap().by[0].0, "sku");
}

#[test]
fn a_project_adds_replaces_and_drops_fields() {
    use ponte::plan::Own;
    let over = "\n[shop.main.article.write.post]\nset = { post_content = \"sku\", post_title = false }\ninsert = { menu_order = \"0\" }\n";
    let plan = plan(&(PROJECT.to_owned() + over));
    let post = &flow(&plan, "main/article").target.writes[0];
    let owners = |column: &str| -> Vec<Own> {
        let fields = post.fields.iter().filter(|field| field.column == column);
        fields.map(|field| field.own).collect()
    };
    assert_eq!(
        owners("post_content"),
        [Own::Insert, Own::Set],
        "set in place of the pack's fill"
    );
    assert_eq!(owners("post_title"), []);
    assert_eq!(owners("menu_order"), [Own::Insert]);
    assert_eq!(owners("post_excerpt"), [Own::Insert, Own::Fill]);
}

#[test]
fn a_filter_goes_around_the_packs_query() {
    let over = "\n[erp.article]\nwhere = \"s.sku <> 'TEST'\"\n";
    let plan = plan(&(PROJECT.to_owned() + over));
    let ponte::plan::Relation::Sql(sql) = &flow(&plan, "main/article").source.relation else {
        panic!("a query");
    };
    assert!(
        sql.text.starts_with("SELECT * FROM (") && sql.text.contains(") s WHERE s.sku <> 'TEST'")
    );
    assert_ne!(
        digests(PROJECT)["main/article"],
        flow(&plan, "main/article").digest
    );
}

#[test]
fn an_erp_without_a_set_empties_nothing_in_the_shop() {
    let folder = tempfile::tempdir().unwrap();
    let erp = folder.path().join("erp");
    fs::create_dir(&erp).unwrap();
    fs::write(
        erp.join("pack.toml"),
        "[pack]\nsystem = 'Small'\nside = 'erp'\nengines = ['sqlite']\n",
    )
    .unwrap();
    fs::write(
        erp.join("article.toml"),
        "record = 'article'\n[source]\nkey = ['sku']\ntable = 'articles'\n",
    )
    .unwrap();
    let project = PROJECT.replace("\"reference\"", "\"./erp\"");
    fs::write(folder.path().join("ponte.toml"), project).unwrap();
    let (plan, _) = config::load(&folder.path().join("ponte.toml"), &|_| None).unwrap();
    let writes = &flow(&plan, "main/article").target.writes;
    let category = writes
        .iter()
        .find(|write| write.alias == "category")
        .unwrap();
    assert!(category.each.is_some() && category.scope.is_none());
}
