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

/// In a transaction that writes, one statement may be what it yields rows of: `UPDATE … SET … OUTPUT …`. Each of these words at most
/// as often as it stands here, the verb first.
const CHANGES: [&[&str]; 3] = [&["UPDATE", "SET"], &["INSERT", "INTO"], &["DELETE"]];

/// `writes`: the transaction is one that may.
///
/// Where a table has triggers the server wants the rows that a statement yields to go into a table first (error 334). So three
/// statements are one there, for this only: `DECLARE @x TABLE (…); UPDATE … OUTPUT … INTO @x …; SELECT … FROM @x`.
///
/// # Errors
/// Of kind `Syntax`, naming the word.
pub(super) fn check(text: &str, writes: bool) -> Result<()> {
    let mut statements = statements(text);
    if statements.len() > 1 && statements.last().is_some_and(|last| !last.has_any) {
        statements.pop();
    }
    match statements.as_slice() {
        [one] => {
            let change = CHANGES
                .iter()
                .find(|change| writes && one.begins(change[0]));
            one.holds_only(change.map_or(Vec::new(), |change| change.to_vec()))
        }
        [declared, change, read] if writes && declared.begins("DECLARE") => {
            let (Some(table), true) = (declared.table(), read.begins("SELECT")) else {
                return refuse("what follows `;`");
            };
            let Some(verb) = CHANGES.iter().find(|verb| change.begins(verb[0])) else {
                return refuse("what follows `;`");
            };
            if change.target() != Some(table) {
                return refuse(
                    "a change whose `OUTPUT` does not go into the table declared before it",
                );
            }
            declared.holds_only(vec!["DECLARE"])?;
            change.holds_only([verb, &["INTO"][..]].concat())?;
            read.holds_only(Vec::new())
        }
        _ => refuse("what follows `;`"),
    }
}

fn refuse(what: &str) -> Result<()> {
    Err(DbError::new(
        DbErrorKind::Syntax,
        format_args!("a query may only read, and be one statement; not so with {what}"),
    ))
}

/// What lies between semicolons.
#[derive(Default)]
struct Said {
    /// In capitals; without those in quotes and comments.
    words: Vec<String>,
    has_any: bool,
}

impl Said {
    fn begins(&self, word: &str) -> bool {
        self.words.first().is_some_and(|first| first == word)
    }

    /// The name in `DECLARE @x TABLE`.
    fn table(&self) -> Option<&str> {
        match self.words.as_slice() {
            [_, name, table, ..] if name.starts_with('@') && table == "TABLE" => Some(name),
            _ => None,
        }
    }

    /// The name in `OUTPUT … INTO @x`.
    fn target(&self) -> Option<&str> {
        let output = self.words.iter().position(|word| word == "OUTPUT")?;
        let into = self.words.iter().rposition(|word| word == "INTO")?;
        let name = self.words.get(into + 1)?;
        (output < into).then_some(name)
    }

    fn holds_only(&self, mut once: Vec<&str>) -> Result<()> {
        for word in &self.words {
            match once.iter().position(|allowed| allowed == word) {
                Some(at) => {
                    once.remove(at);
                }
                None if REFUSED.contains(&word.as_str()) => return refuse(&format!("`{word}`")),
                None => {}
            }
        }
        Ok(())
    }
}

/// At least one; the last one is what follows the last semicolon, be it nothing.
fn statements(text: &str) -> Vec<Said> {
    let mut done = Vec::new();
    let mut said = Said::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_comment = rest.starts_with("--") || rest.starts_with("/*");
        said.has_any |= !is_comment && !first.is_whitespace() && first != ';';
        let length = match first {
            _ if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => comment(rest),
            ';' => {
                done.push(std::mem::take(&mut said));
                1
            }
            '\'' => quoted(rest, '\''),
            '"' => quoted(rest, '"'),
            '[' => quoted(rest, ']'),
            _ if is_letter(first) => {
                let end = rest.find(|c: char| !is_letter(c)).unwrap_or(rest.len());
                said.words.push(rest[..end].to_ascii_uppercase());
                end
            }
            _ => first.len_utf8(),
        };
        rest = &rest[length..];
    }
    done.push(said);
    done
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
            "DECLARE @new TABLE (n INT); UPDATE t SET a = 1 OUTPUT inserted.a INTO @new WHERE b = 1; SELECT n FROM @new",
            "declare @New table (n int);insert into t (a) output inserted.id into @new (n) values (1);select n from @NEW;",
            "/* one */ DECLARE @new TABLE (n INT); DELETE FROM t OUTPUT deleted.a INTO @new; SELECT n FROM @new -- ;",
        ] {
            assert!(check(text, true).is_ok(), "{text}");
            assert!(check(text, false).is_err(), "{text}");
        }
        for text in [
            "DECLARE @new TABLE (n INT); UPDATE t SET a = 1 OUTPUT inserted.a INTO u; SELECT n FROM @new",
            "DECLARE @new TABLE (n INT); UPDATE t SET a = 1; SELECT n FROM @new",
            "DECLARE @new TABLE (n INT); INSERT INTO @new (n) VALUES (1); SELECT n FROM @new",
            "DECLARE @new TABLE (n INT); UPDATE t SET a = 1 OUTPUT inserted.a INTO @new UPDATE t SET a = 1; SELECT n FROM @new",
            "DECLARE @new TABLE (n INT) DROP TABLE t; UPDATE t SET a = 1 OUTPUT inserted.a INTO @new; SELECT n FROM @new",
            "DECLARE @new TABLE (n INT); UPDATE t SET a = 1 OUTPUT inserted.a INTO @new; SELECT n FROM @new; DROP TABLE t",
            "DECLARE @new TABLE (n INT); UPDATE t SET a = 1 OUTPUT inserted.a INTO @new; SELECT n INTO u FROM @new",
            "DECLARE @new TABLE (n INT); UPDATE t SET a = 1 OUTPUT inserted.a INTO @new; DROP TABLE t",
            "DECLARE @n INT; UPDATE t SET a = 1 OUTPUT inserted.a INTO @n; SELECT @n",
            "UPDATE t SET a = 1 UPDATE t SET b = 1",
            "UPDATE t SET a = 1 OUTPUT inserted.a INTO x",
            "DELETE FROM t DELETE FROM u",
            "INSERT INTO t EXEC p",
        ] {
            assert!(check(text, true).is_err(), "{text}");
        }
    }
}
