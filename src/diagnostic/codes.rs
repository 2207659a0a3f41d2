//! Every code that a configuration error can have. `mappings/README.md` explains them from this table.

/// One kind of diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Stable over versions: `P102`.
    pub code: &'static str,
    pub title: &'static str,
    /// One or two sentences for people who met it.
    pub explanation: &'static str,
}

const fn code(code: &'static str, title: &'static str, explanation: &'static str) -> Code {
    Code {
        code,
        title,
        explanation,
    }
}

/// The entry of a code.
pub fn explain(wanted: &str) -> Option<&'static Code> {
    CODES.iter().find(|entry| entry.code == wanted)
}

/// P0xx: reading files. P1xx: project and mapping files. P2xx: expressions. P3xx: the plan against live databases.
pub const CODES: &[Code] = &[
    code(
        "P001",
        "file cannot be read",
        "The file does not exist, may not be read, is not UTF-8 text, or is larger than 4 MiB.",
    ),
    code(
        "P100",
        "syntax error",
        "The text is not TOML. Only the first place is shown, since what follows is mostly its consequence.",
    ),
    code(
        "P101",
        "wrong type",
        "The key is known, but its value is of another type.",
    ),
    code(
        "P102",
        "unknown key",
        "Files are strict: a key that means nothing here is refused, since it is mostly a misspelt one.",
    ),
    code(
        "P103",
        "missing key",
        "The key has no default and must be given.",
    ),
    code(
        "P104",
        "value not allowed",
        "The value is of the right type, but not one of those possible here.",
    ),
    code(
        "P105",
        "keys exclude each other",
        "Two keys say the same thing in two ways, or one makes no sense without or beside the other.",
    ),
    code(
        "P110",
        "environment variable missing",
        "A `${NAME}` stands for an environment variable that is not set, or is written wrongly.",
    ),
    code(
        "P111",
        "password in plain text",
        "The connection string holds a password that everybody who reads the file can see.",
    ),
    code(
        "P112",
        "password file cannot be read",
        "The file named by `password_file` does not exist, may not be read, or is empty.",
    ),
    code(
        "P113",
        "connection string not usable",
        "The URL names no engine that ponte knows, or has an option that is unknown or wrong.",
    ),
    code(
        "P114",
        "point in time without a zone",
        "A cut-over time must name its zone, or it would be another moment on another machine.",
    ),
    code(
        "P120",
        "unknown pack",
        "There is no pack of this name inside the program and no folder of this path.",
    ),
    code(
        "P121",
        "unknown variable",
        "The pack declares no variable of this name.",
    ),
    code(
        "P122",
        "variable's value not allowed",
        "Variables become parts of table names: letters, digits and `_` only. One that a pack always puts in quotes or brackets takes what does not end them.",
    ),
    code(
        "P123",
        "project table does not fit",
        "The pack declares the table and its columns; the project's rows must have exactly these.",
    ),
    code(
        "P124",
        "unknown record",
        "ponte knows the records article, category, price, stock, order and fulfilment; a shop has those that both packs describe.",
    ),
    code(
        "P125",
        "pack does not fit the database",
        "The pack's SQL is not written for the engine that the connection string names, or the pack is of the other side.",
    ),
    code(
        "P126",
        "record described twice",
        "Two files of one pack describe the same record.",
    ),
    code(
        "P130",
        "two writers of one field",
        "Two places write the same column of the same row: the last one would win, in turns.",
    ),
    code(
        "P131",
        "name used twice",
        "Writes are named by `as`, and projects and links refer to them by it: the names must differ.",
    ),
    code(
        "P132",
        "unknown write",
        "No `[[write]]` of the record has this name.",
    ),
    code(
        "P133",
        "unknown child set",
        "`each` names neither a set of rows of the record nor a small table of the shop.",
    ),
    code(
        "P134",
        "unknown connection",
        "A flow names a connection that the project file does not define.",
    ),
    code(
        "P135",
        "no such link",
        "The record has no link, no shop record of this name exists, or the link has no such column.",
    ),
    code(
        "P136",
        "cut-over time missing",
        "Orders before `orders.since` are nobody's business. Without it every completed order of the shop's history would count as pending.",
    ),
    code(
        "P137",
        "field not declared",
        "A record has its canonical fields and those that `fields` declares.",
    ),
    code(
        "P138",
        "computed fields depend on each other",
        "A computed field needs itself, directly or through others.",
    ),
    code(
        "P139",
        "unknown name in a server's SQL",
        "A `:name` stands for a value that ponte binds; each place has its own few.",
    ),
    code(
        "P140",
        "nothing to do",
        "The project has no shop and no flow, or a shop whose packs have no record in common.",
    ),
    code(
        "P141",
        "set or small table",
        "`each` names something that is both a set of the record and a small table of the shop.",
    ),
    code(
        "P142",
        "pack extends itself",
        "The bases of a pack, each named by `extends`, lead back to the pack.",
    ),
    code(
        "P143",
        "nothing to drop",
        "`drop` names a record, or `record.as`, that the base does not have.",
    ),
    code(
        "P144",
        "need that nothing meets",
        "What a record `needs` belongs to it (`of`) and is taken over too, or a new row would wait for ever.",
    ),
    code(
        "P145",
        "schedule not understood",
        "A flow runs at an interval (`15m`), at times (five fields of cron), after another flow, on demand only, or is paused; quiet hours are `23:30-00:15`, with a day before them or without.",
    ),
    code(
        "P146",
        "no order comes to a rule",
        "Of `[[shop.NAME.orders.accept]]` the first rule that fits an order decides; one without `if` fits every order, so it goes last.",
    ),
    code(
        "P147",
        "pieces may be sold twice",
        "Orders that the ERP gets hold pieces until it counts them. The shop's pack asks for such orders by `:promised` in `[[stock.pending]]`.",
    ),
    code(
        "P201",
        "expression not understood",
        "The text is not an expression: SQL's syntax, texts in single quotes.",
    ),
    code(
        "P202",
        "unknown function",
        "Expressions have a closed list of functions.",
    ),
    code(
        "P203",
        "wrong number of arguments",
        "The function takes fewer or more arguments.",
    ),
    code(
        "P204",
        "argument must be written out",
        "This argument is looked at before any row is read: a text in quotes, not an expression.",
    ),
    code(
        "P205",
        "`unique` inside an expression",
        "`unique(...)` makes the written value unique in its column, so it must be the whole expression.",
    ),
    code(
        "P206",
        "expression too long",
        "Expressions have a greatest length and depth.",
    ),
    code(
        "P207",
        "look-up without a column",
        "A row of a small table has columns: `tax[tax_class].rate`.",
    ),
    code(
        "P210",
        "unknown name in an expression",
        "The name is no field, set, small table or link that is known at this place.",
    ),
    code(
        "P310",
        "unknown column",
        "The live table has no column of this name; names are taken as the server keeps them.",
    ),
    code(
        "P311",
        "unknown table",
        "The live database has no table or view of this name, or the login does not see it.",
    ),
    code(
        "P312",
        "query without a needed column",
        "The query does not yield a column that its place asks for.",
    ),
    code(
        "P313",
        "column is no field of the record",
        "Records have fixed fields; a further one is declared with its type under `fields`.",
    ),
    code(
        "P314",
        "query refused by the server",
        "The server did not accept the query; its own words follow.",
    ),
    code(
        "P320",
        "table keeps no transactions",
        "Half a batch could stay in such a table after a fault, so ponte does not write to it.",
    ),
    code(
        "P321",
        "computed column",
        "The server computes the column from others; it cannot be written.",
    ),
    code(
        "P322",
        "type not supported",
        "ponte neither reads nor writes columns of this type.",
    ),
    code(
        "P323",
        "value missing for a new row",
        "A column has no default and must not be NULL, and the mapping gives it no value.",
    ),
    code(
        "P330",
        "privilege missing",
        "The login may not do what the plan needs.",
    ),
    code(
        "P340",
        "database without Unicode",
        "The database cannot keep every character; some texts would be damaged on the way.",
    ),
    code(
        "P341",
        "read-only database",
        "The server, or the file, refuses writes, but the project writes to it.",
    ),
    code(
        "P342",
        "ponte's own tables missing",
        "`ponte setup --run` creates the tables in which ponte keeps links and leases, on every server that it writes to.",
    ),
    code(
        "P343",
        "small table cannot be read",
        "The query of a `[let]` table failed, or does not yield its key.",
    ),
    code(
        "P344",
        "another system",
        "The query for the system's version failed: it is another database, or a variable such as a table prefix is wrong.",
    ),
    code(
        "P345",
        "version not known to the pack",
        "The system is older or newer than those that the pack was made for, or its version cannot be told.",
    ),
    code(
        "P346",
        "no query for pending orders",
        "None of the conditions under `[[stock.pending]]` holds, so nobody can tell which orders still need stock.",
    ),
    code(
        "P347",
        "condition cannot be told",
        "A condition gives neither true nor false on this database.",
    ),
    code(
        "P348",
        "no snapshots",
        "SQL Server lets a transaction see one picture of the database only where the database allows SNAPSHOT. Without it ponte reads in an order in which what happens in between makes available stock too low for a moment, never too high.",
    ),
    code(
        "P349",
        "something is not carried over",
        "The system has records of a sort that its pack leaves out, since they cannot be said in a shop's terms.",
    ),
    code(
        "P360",
        "pack does not say what becomes of gone records",
        "The project wants gone records deactivated or deleted, but the pack's `[gone]` does not say how.",
    ),
    code(
        "P361",
        "gone record's row unknown",
        "Of a record that the ERP no longer has only the key, its link and `find`'s columns are known; the write's `match` needs more.",
    ),
    code(
        "P362",
        "gone row unknown",
        "A flow's gone rows are known by the source's key alone, so `match` must hold its columns and nothing else but constants.",
    ),
    code(
        "P370",
        "watermark not understood",
        "A watermark compares columns with `:since`, each by `column >= :since`: with `>`, of several rows with the same time those would be lost that were committed last. Changes that SQL Server tracks are asked for by `CHANGETABLE(CHANGES table, :since)`.",
    ),
    code(
        "P371",
        "changes by timestamp not possible",
        "`changes = \"timestamp\"` needs a watermark, and a record that is no tree: a tree is read whole.",
    ),
    code(
        "P372",
        "no time to compare with",
        "A watermark's column must be a date, a time or a `rowversion` of one table that can be told; texts and numbers do not sort as times do.",
    ),
    code(
        "P373",
        "open transactions not visible",
        "The login does not see since when other transactions are open, so only the overlap covers times that were set before their commit.",
    ),
    code(
        "P374",
        "watermark without an index",
        "No index begins with the watermark's column, so the server reads the whole table to find what has changed.",
    ),
    code(
        "P375",
        "watermark by days",
        "A date tells no time of day: every run looks again at all that changed on the day of the last one.",
    ),
    code(
        "P376",
        "watermark may be NULL",
        "Rows without a time are found only when the whole source is read.",
    ),
    code(
        "P380",
        "table not seen",
        "The mapping uses the table where the system has it. MySQL and MariaDB hide tables on which nothing is granted, so a missing privilege looks like an older version of the system.",
    ),
    code(
        "P390",
        "no text in the language",
        "The ERP has texts, but none in this language: mostly it has another code there. Records without a name in the shop's `language` are not created.",
    ),
    code(
        "P391",
        "kept under another key",
        "The shop's own tables have no place for what customers are invoiced by, and each plug-in keeps it under a key of its own. Recent orders have none of the key that the project names, but others that plug-ins are known to use.",
    ),
    code(
        "P392",
        "no folder for a courier's files",
        "Tracking numbers are read from files that a courier drops into a folder, and there is none of this name. The path is relative to the project file.",
    ),
    code(
        "P630",
        "field of two owners",
        "Of customers, which go both ways, each field belongs to the ERP or to the shop. A column that is made of fields of both would be written by both sides in turns.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_unique() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(
            explain("P102").map(|entry| entry.title),
            Some("unknown key")
        );
    }
}
