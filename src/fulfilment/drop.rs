//! Files that a courier drops into a folder: tables of comma- or semicolon-separated values, with names in the first line.
//!
//! They are only read: whoever drops them takes them away. A file that is still being written is left for the next run.

use super::tracking::Given;
use crate::plan::fulfilment::TRACKING_COLUMNS as COLUMNS;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file that was written to within this time may not be whole.
const QUIET: Duration = Duration::from_secs(10);
/// Bytes of one file, and of all of them; the newest come first.
const FILE_MAX: u64 = 16 << 20;
const ALL_MAX: u64 = 64 << 20;

/// What the files say, and what is wrong with them. `columns`: what they call what they say.
pub fn read(folder: &Path, columns: &BTreeMap<String, String>) -> (Vec<Given>, Vec<String>) {
    let (mut given, mut notes) = (Vec::new(), Vec::new());
    let shown = folder.display();
    let files = match files(folder) {
        Ok(files) => files,
        Err(error) => {
            notes.push(format!(
                "the courier's folder `{shown}` cannot be read: {error}"
            ));
            return (given, notes);
        }
    };
    let mut sum = 0;
    for (_, size, path) in files {
        let name = path.display();
        sum += size;
        if size > FILE_MAX || sum > ALL_MAX {
            notes.push(format!(
                "the courier's file `{name}` was left unread: one may have {} MiB, all of them {} MiB; take old ones away",
                FILE_MAX >> 20,
                ALL_MAX >> 20
            ));
            continue;
        }
        match std::fs::read(&path) {
            Ok(bytes) => match table(&text(bytes), columns) {
                Ok(rows) => given.extend(rows),
                Err(why) => notes.push(format!("the courier's file `{name}`: {why}")),
            },
            Err(error) => notes.push(format!(
                "the courier's file `{name}` cannot be read: {error}"
            )),
        }
    }
    (given, notes)
}

/// The newest first, with their sizes.
fn files(folder: &Path) -> std::io::Result<Vec<(SystemTime, u64, PathBuf)>> {
    let now = SystemTime::now();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        let is_table = ending.is_some_and(|ending| ending == "csv" || ending == "txt");
        // It may have been taken away meanwhile.
        let Ok(facts) = std::fs::metadata(&path) else {
            continue;
        };
        let written = facts.modified()?;
        let is_quiet = now.duration_since(written).is_ok_and(|age| age >= QUIET);
        if is_table && facts.is_file() && is_quiet {
            files.push((written, facts.len(), path));
        }
    }
    files.sort_by(|a, b| b.cmp(a));
    Ok(files)
}

/// UTF-8, else Latin-1, in which couriers' older programs write.
fn text(bytes: Vec<u8>) -> String {
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|wrong| wrong.into_bytes().into_iter().map(char::from).collect());
    text.trim_start_matches('\u{feff}').to_owned()
}

/// # Errors
/// Why the file is no table of tracking numbers.
fn table(text: &str, columns: &BTreeMap<String, String>) -> Result<Vec<Given>, String> {
    let first = text.lines().next().unwrap_or_default();
    let count = |separator: &u8| first.bytes().filter(|byte| byte == separator).count();
    let separator = b"|\t,;".iter().max_by_key(|separator| count(separator));
    let mut lines = csv::ReaderBuilder::new()
        .delimiter(*separator.unwrap_or(&b';'))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = lines.headers().map_err(|error| error.to_string())?.clone();
    let called = |name: &str| {
        columns
            .get(name)
            .map_or(name, String::as_str)
            .to_lowercase()
    };
    let at = |name: &str| {
        let called = called(name);
        header.iter().position(|cell| cell.to_lowercase() == called)
    };
    let places = COLUMNS.map(at);
    let [parcel, reference, tracking, _, delivered_on] = places;
    if parcel.or(reference).is_none() || tracking.or(delivered_on).is_none() {
        let wanted = COLUMNS.map(|name| format!("`{}`", called(name)));
        return Err(format!(
            "its first line names no delivery or no number; wanted are some of {}; `columns` says what the file calls them",
            wanted.join(", ")
        ));
    }
    let missing = columns.iter().find(|(name, _)| at(name).is_none());
    if let Some((_, called)) = missing {
        return Err(format!("it has no column `{called}`"));
    }
    let given = |row: csv::StringRecord| {
        Given::of(|name| {
            let at = COLUMNS.iter().position(|known| *known == name)?;
            row.get(places[at]?).map(str::to_owned)
        })
    };
    let rows = lines.records().map(|row| row.map(given));
    rows.collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        owned.collect()
    }

    #[test]
    fn tables_of_several_dialects() {
        let given = |parcel: &str, tracking: &str, carrier: &str| Given {
            parcel: parcel.to_owned(),
            tracking: tracking.to_owned(),
            carrier: carrier.to_owned(),
            ..Given::default()
        };
        let plain = table(
            "parcel,tracking,carrier\nD1,T1,BRT\nD2,,\n",
            &BTreeMap::new(),
        );
        assert_eq!(
            plain,
            Ok(vec![given("D1", "T1", "BRT"), given("D2", "", "")])
        );
        let names = columns(&[("parcel", "DDT"), ("tracking", "Lettera di vettura")]);
        let text = "ddt ;Note;Lettera di vettura\r\nD1;\"a; \"\"b\"\"\nc\"; T1 \r\nD2;x;T2";
        let found = table(text, &names);
        assert_eq!(
            found,
            Ok(vec![given("D1", "T1", ""), given("D2", "T2", "")])
        );
    }

    #[test]
    fn what_is_no_such_table_is_told() {
        let why = table("a,b\n1,2\n", &BTreeMap::new()).unwrap_err();
        assert!(why.contains("names no delivery"), "{why}");
        let names = columns(&[
            ("parcel", "DDT"),
            ("tracking", "LDV"),
            ("carrier", "Corriere"),
        ]);
        let why = table("DDT;LDV\nD1;T1\n", &names).unwrap_err();
        assert_eq!(why, "it has no column `Corriere`");
        assert_eq!(text(b"\xef\xbb\xbfpar\xc3\xa8".to_vec()), "par\u{e8}");
        assert_eq!(text(b"par\xe8".to_vec()), "par\u{e8}");
    }
}
