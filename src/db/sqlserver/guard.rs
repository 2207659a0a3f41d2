//! What is read may only read. A batch may hold several statements, with nothing between them, and `SELECT … INTO` makes a table:
//! the words that do anything else are reserved in T-SQL, so that none of them can be a name unless it is quoted. `MERGE` is also a
//! kind of join; as a statement it has others of these words in it.

use crate::db::{DbError, DbErrorKind, Result};

const REFUSED: [&str; 35] = [
    "ALTER",
    "BACKUP",
    "BEGIN",
    "BULK",
    "CHECKPOINT",
    "COMMIT",
    "CREATE",
    "DBCC",
    "DECLARE",
    "DELETE",
    "DENY",
    "DROP",
    "EXEC",
    "EXECUTE",
    "GOTO",
    "GRANT",
    "IF",
    "INSERT",
    "INTO",
    "KILL",
    "PRINT",
    "RAISERROR",
    "RECONFIGURE",
    "RESTORE",
    "REVERT",
    "REVOKE",
    "ROLLBACK",
    "SAVE",
    "SET",
    "SHUTDOWN",
    "TRUNCATE",
    "UPDATE",
    "USE",
    "WHILE",
    "WRITETEXT",
];

/// In a transaction that writes, one statement may be what it yields rows of: `UPDATE … SET … OUTPUT …`.
const CHANGES: [&[&str]; 3] = [&["UPDATE", "SET"], &["INSERT", "INTO"], &["DELETE"]];

/// `writes`: the transaction is one that may.
///
/// # Errors
/// Of kind `Syntax`, naming the word.
pub(super) fn check(text: &str, writes: bool) -> Result<()> {
    let refuse = |what: &str| {
        Err(DbError::new(
            DbErrorKind::Syntax,
            format_args!("a query may only read, and be one statement; not so with {what}"),
        ))
    };
    let begins = |change: &&&[&str]| {
        let first = text.trim_start().get(..6).unwrap_or_default();
        writes && first.eq_ignore_ascii_case(change[0])
    };
    let change = CHANGES.iter().find(begins);
    let mut once = change.map_or(Vec::new(), |change| change.to_vec());
    let mut rest = text;
    let mut ended = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => comment(rest),
            _ if first.is_whitespace() => first.len_utf8(),
            _ if ended => return refuse("what follows `;`"),
            ';' => {
                ended = true;
                1
            }
            '\'' => quoted(rest, '\''),
            '"' => quoted(rest, '"'),
            '[' => quoted(rest, ']'),
            _ if is_letter(first) => {
                let end = rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len());
                let word = rest[..end].to_ascii_uppercase();
                match once.iter().position(|allowed| *allowed == word) {
                    Some(at) => {
                        once.remove(at);
                    }
                    None if REFUSED.contains(&word.as_str()) => {
                        return refuse(&format!("`{word}`"));
                    }
                    None => {}
                }
                end
            }
            _ => first.len_utf8(),
        };
        rest = &rest[length..];
    }
    Ok(())
}

fn is_letter(sign: char) -> bool {
    sign.is_alphanumeric() || "_@#$".contains(sign)
}

/// Comments of T-SQL lie within each other.
fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// Length of what quotes hold; a doubled closing one goes on.
fn quoted(text: &str, close: char) -> usize {
    let mut signs = text.char_indices().skip(1).peekable();
    while let Some((at, sign)) = signs.next() {
        if sign == close && signs.next_if(|(_, next)| *next == close).is_none() {
            return at + close.len_utf8();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_passes() {
        for text in [
            "SELECT [update], \"drop\", 'delete; it''s' AS inserted FROM t -- ; DROP TABLE t",
            "WITH x AS (SELECT a FROM t /* DELETE /* SET */ INTO */) SELECT setting, offset_ FROM x;  ",
            "SELECT COALESCE(a, 0) FROM t ORDER BY a OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY",
            "SELECT @P1, #x.à FROM #x",
            "SELECT 'open",
        ] {
            assert!(check(text, false).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_writes_or_follows_is_refused() {
        for text in [
            "SELECT 1; DROP TABLE t",
            "SELECT 1 DROP TABLE t",
            "SELECT 1) TO STDOUT; DROP TABLE t; SELECT (1",
            "SELECT a INTO b FROM t",
            "select 1;;select 2",
            "SELECT ']' delete t",
            "SELECT [a]]b]UPDATE t SET x = 1",
            "EXEC xp_cmdshell 'x'",
            "/* a */ ; /* b */ SELECT 1",
        ] {
            for writes in [false, true] {
                let error = check(text, writes).unwrap_err();
                assert_eq!(error.kind, DbErrorKind::Syntax, "{text}");
            }
        }
    }

    #[test]
    fn a_transaction_that_writes_may_ask_what_it_changes() {
        for text in [
            "UPDATE counters SET value = value + 1 OUTPUT inserted.value AS n WHERE name = 'x'",
            "insert INTO t (a) OUTPUT inserted.id VALUES (1)",
            "DELETE FROM t OUTPUT deleted.a WHERE b = 1",
        ] {
            assert!(check(text, true).is_ok(), "{text}");
            assert!(check(text, false).is_err(), "{text}");
        }
        for text in [
            "UPDATE t SET a = 1 UPDATE t SET b = 1",
            "UPDATE t SET a = 1 OUTPUT inserted.a INTO x",
            "DELETE FROM t DELETE FROM u",
            "INSERT INTO t EXEC p",
        ] {
            assert!(check(text, true).is_err(), "{text}");
        }
    }
}
