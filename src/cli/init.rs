//! `ponte init`: a project file to fill in, with everything that the two packs ask for.

use super::Context;
use super::answer::{Answer, Failure};
use super::args::InitArgs;
use super::exit::Exit;
use crate::config::{PackAsks, Side, pack_asks};
use chrono::{DateTime, FixedOffset, Local};
use std::io::Write;
use std::path::Path;

pub fn run(context: &Context<'_>, args: &InitArgs) -> Result<Answer, Failure> {
    let path = args.file.as_deref().unwrap_or(context.project);
    if !is_name(&args.name) {
        return Err(
            Failure::refused(format!("`{}` is no name for a shop", args.name))
                .help("a name is made of letters, digits, `-` and `_`"),
        );
    }
    let base = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let erp = pack_asks(Side::Erp, &args.erp, base).map_err(Failure::Configuration)?;
    let shop = pack_asks(Side::Shop, &args.shop, base).map_err(Failure::Configuration)?;
    let text = project_file(&erp, &shop, &args.name, Local::now().fixed_offset());
    write_new(path, &text)?;
    let shown = path.display();
    let option = match path == Path::new("ponte.toml") {
        true => String::new(),
        false => format!(" --project {shown}"),
    };
    let said = format!(
        "{shown} was written. Fill in the connections, then:\n  \
         ponte{option} setup --run\n  ponte{option} check\n  ponte{option} match\n  ponte{option} sync --dry-run\n"
    );
    Ok(Answer::new("init", Exit::Done)
        .key("file", shown.to_string())
        .text(said))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// A file that exists is somebody's work.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let created = std::fs::File::create_new(path);
    match created.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Failure::refused(
            format!("`{}` exists already", path.display()),
        )
        .help("it is not overwritten; name another file, or remove it")),
        Err(error) => Err(Failure::Write {
            path: path.to_owned(),
            error,
        }),
    }
}

fn project_file(erp: &PackAsks, shop: &PackAsks, name: &str, now: DateTime<FixedOffset>) -> String {
    let mut text = format!(
        "# {} and {}, kept in step by ponte.\n\
         # Secrets come from the environment (${{NAME}}) or from a file (password_file = \"…\").\n\n",
        erp.system, shop.system
    );
    text.push_str("[erp]\n");
    pack(&mut text, erp, "erp", "localhost");
    text.push_str(&format!("\n[shop.{name}]\n"));
    pack(&mut text, shop, "shop", "shop.example");
    let language = format!(
        "language   = \"{}\"",
        erp.language.as_deref().unwrap_or("en")
    );
    text.push_str(&format!(
        "{language:<32} # the ERP's code of the shop's language\n\
         price_list = \"public\"           # the ERP's price list that this shop shows\n"
    ));
    if shop.has_stock() && erp.has_stock() {
        text.push_str(
            "# warehouses = [\"WH\"]            # whose stock this shop sells; default: every warehouse\n",
        );
    }
    let now = now.format("%Y-%m-%dT%H:%M:%S%:z");
    text.push_str(&format!(
        "orders.since = {}   # the cut-over: older orders are nobody's business\n",
        now
    ));
    if erp.records.contains("order") && shop.records.contains("order") {
        text.push_str(
            "# orders.import = true   # web orders go into the ERP, from the cut-over on\n",
        );
    }
    if erp.records.contains("refund") && shop.records.contains("refund") {
        text.push_str(&format!(
            "# orders.refunds_since = {}   # what the shop pays back from then on goes into the ERP for credit notes\n",
            now
        ));
    }
    if erp.records.contains("fulfilment") && shop.records.contains("fulfilment") {
        text.push_str(
            "# fulfilment.write = true   # statuses and tracking numbers of web orders go back to the shop\n",
        );
    }
    tables(&mut text, shop, name);
    choices(&mut text, erp, shop, name);
    text
}

/// What a project may say besides; all of it commented out.
fn choices(text: &mut String, erp: &PackAsks, shop: &PackAsks, name: &str) {
    let language = erp.language.as_deref().unwrap_or("en");
    if shop.by_language {
        let code = language.split(['_', '-']).next().unwrap_or(language);
        text.push_str(&format!(
            "\n# Languages of the shop whose texts are the ERP's (the shop's code = the ERP's); without this: those with equal codes.\n\
             # [shop.{name}.languages]\n# {code} = \"{language}\"\n"
        ));
    }
    if shop.records.contains("article") {
        text.push_str(&format!(
            "\n# [shop.{name}.article]\n\
             # where = \"s.sku LIKE 'WEB-%'\"                # which articles this shop sells: the ERP's SQL over its article query, called s\n"
        ));
        if let [_, default, ..] = shop.gone.as_slice() {
            let choices: Vec<String> = shop.gone.iter().map(|one| format!("\"{one}\"")).collect();
            let gone = format!("# gone  = \"{default}\"");
            text.push_str(&format!(
                "{gone:<45} # what becomes of those that the ERP no longer has: {}\n\
                 # guard = {{ percent = 10, rows = 20 }}         # more at once than both: none is touched until a person allows it\n",
                choices.join(", ")
            ));
        }
    }
    if let Some(example) = &shop.example {
        let (field, value) = &example.field;
        text.push_str(&format!(
            "\n# Single fields may be written otherwise (the first one here is as the pack has it), or not at all:\n\
             # [shop.{name}.article.write.{}]\n\
             # set = {{ {field} = \"{value}\", {} = false }}\n",
            example.write, example.other
        ));
    }
    if erp.by_timestamp {
        text.push_str(
            "\n# [erp.article]\n\
             # changes = \"timestamp\"                       # read only what has changed since the last run; `ponte check` says what the ERP allows\n",
        );
    }
}

/// Pack, connection, variables.
fn pack(text: &mut String, pack: &PackAsks, side: &str, host: &str) {
    text.push_str(&format!("pack       = \"{}\"\n", pack.name));
    let urls: Vec<String> = pack
        .engines
        .iter()
        .map(|engine| match *engine {
            "sqlite" => format!("\"sqlite:{side}.db\""),
            scheme => format!("\"{scheme}://ponte@{host}/{side}\""),
        })
        .collect();
    for (at, url) in urls.iter().enumerate() {
        let comment = if at == 0 { "" } else { "# " };
        text.push_str(&format!("{comment}url        = {url}\n"));
    }
    if pack.engines.first() != Some(&"sqlite") {
        let variable = format!("{}_PASSWORD", side.to_uppercase());
        text.push_str(&format!("password   = \"${{{variable}}}\"\n"));
    }
    for variable in &pack.variables {
        let help = variable.help.as_deref().unwrap_or("a variable of the pack");
        let line = match &variable.default {
            Some(value) => format!("# {} = \"{value}\"", variable.name),
            None => format!("{} = \"\"", variable.name),
        };
        text.push_str(&format!("{line:<32} # {help}\n"));
    }
}

/// The small tables that the pack asks for, each with an example row to fill in.
fn tables(text: &mut String, pack: &PackAsks, name: &str) {
    for table in &pack.tables {
        text.push('\n');
        if let Some(help) = &table.help {
            text.push_str(&format!("# {help}\n"));
        }
        let cells: Vec<String> = table
            .columns
            .iter()
            .map(|(column, example)| format!("{column} = {example}"))
            .collect();
        let comment = if table.required { "" } else { "# " };
        text.push_str(&format!(
            "{comment}[shop.{name}.{}]\n# KEY = {{ {} }}\n",
            table.name,
            cells.join(", ")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    const PASSWORDS: fn(&str) -> Option<String> =
        |name| name.ends_with("_PASSWORD").then(|| "secret".to_owned());

    fn written(erp: &str, shop: &str, folder: &Path) -> String {
        let erp = pack_asks(Side::Erp, erp, folder).unwrap();
        let shop = pack_asks(Side::Shop, shop, folder).unwrap();
        let now = DateTime::parse_from_rfc3339("2026-12-01T08:00:00+01:00").unwrap();
        project_file(&erp, &shop, "main", now)
    }

    /// With everything that is commented out, but for further connection strings.
    fn uncommented(text: &str) -> String {
        let is_setting = |line: &str| {
            let word = line.split_whitespace().next().unwrap_or_default();
            let sets = line[word.len()..].trim_start().starts_with('=');
            word != "url" && (sets || line.starts_with('[') && line.ends_with(']'))
        };
        let lines = text.lines().map(|line| match line.strip_prefix("# ") {
            Some(setting) if is_setting(setting) => setting,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_written_file_is_accepted_once_its_passwords_are_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ponte.toml");
        write_new(&path, &written("reference", "woocommerce", folder.path())).unwrap();

        let (plan, warnings) = config::load(&path, &PASSWORDS).unwrap();
        assert_eq!(warnings.len(), 0, "{warnings:?}");
        let cut_over = DateTime::parse_from_rfc3339("2026-12-01T07:00:00Z").unwrap();
        assert_eq!(plan.shops[0].orders_since, Some(cut_over.to_utc()));
        let flows: Vec<&str> = plan.flows.iter().map(|flow| flow.name.as_str()).collect();
        assert_eq!(flows, ["main/category", "main/article", "main/price"]);
        assert_eq!(plan.stocks.len(), 1);
        assert!(write_new(&path, "").is_err());
    }

    /// Whose articles tell no moment at which they were changed.
    const WITHOUT_MOMENTS: [&str; 2] = ["dynamics-nav", "sap-business-one"];

    #[test]
    fn every_pair_of_packs_has_a_file_that_loads_with_and_without_what_is_commented_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ponte.toml");
        for erp in config::embedded_packs(Side::Erp) {
            for shop in config::embedded_packs(Side::Shop) {
                let text = written(erp, shop, folder.path());
                let all = uncommented(&text);
                let goes = pack_asks(Side::Shop, shop, folder.path()).unwrap().gone;
                assert_eq!(all.contains("\ngone  = "), goes.len() > 1, "{all}");
                for setting in ["[shop.main.article.write.", "where = "] {
                    assert!(all.contains(&format!("\n{setting}")), "{setting}: {all}");
                }
                let has_moments = !WITHOUT_MOMENTS.contains(&erp);
                assert_eq!(all.contains("\nchanges = "), has_moments, "{all}");
                let by_language = shop != "woocommerce";
                assert_eq!(
                    all.contains("\n[shop.main.languages]"),
                    by_language,
                    "{all}"
                );
                for text in [text, all] {
                    std::fs::write(&path, &text).unwrap();
                    let (plan, warnings) = config::load(&path, &PASSWORDS)
                        .unwrap_or_else(|found| panic!("{}\n{text}", found.render(false)));
                    assert_eq!(warnings.len(), 0, "{warnings:?}");
                    assert_eq!((plan.flows.len(), plan.stocks.len()), (3, 1));
                }
            }
        }
    }

    #[test]
    fn the_example_names_fields_of_the_chosen_shop() {
        let text = written("odoo", "opencart-4.0", Path::new("."));
        let end = text.split_once("class = 0 }\n").unwrap().1;
        let expected = r#"
# Languages of the shop whose texts are the ERP's (the shop's code = the ERP's); without this: those with equal codes.
# [shop.main.languages]
# en = "en_US"

# [shop.main.article]
# where = "s.sku LIKE 'WEB-%'"                # which articles this shop sells: the ERP's SQL over its article query, called s
# gone  = "deactivate"                        # what becomes of those that the ERP no longer has: "keep", "deactivate", "delete"
# guard = { percent = 10, rows = 20 }         # more at once than both: none is touched until a person allows it

# Single fields may be written otherwise (the first one here is as the pack has it), or not at all:
# [shop.main.article.write.product]
# set = { status = "CASE WHEN active AND ready THEN 1 ELSE 0 END", ean = false }

# [erp.article]
# changes = "timestamp"                       # read only what has changed since the last run; `ponte check` says what the ERP allows
"#;
        assert_eq!(end, expected);
    }
}
