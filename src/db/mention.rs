//! Which tables a server's own SQL names, without understanding the rest of it: what stands after FROM and JOIN, and
//! after the commas of a FROM, but for names that the query itself gives (WITH).

use super::query::TableName;
use super::template::is_name;

/// A name where a table's stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub table: TableName,
    pub alias: Option<String>,
}

impl Mention {
    /// Whether `name.column` may be a column of this table.
    pub fn is_called(&self, name: &str) -> bool {
        let own = self.alias.as_deref().unwrap_or(&self.table.name);
        own.eq_ignore_ascii_case(name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// `true`: it was quoted, so it is no keyword.
    Word(String, bool),
    Sign(char),
}

/// What is known of a level of parentheses.
#[derive(Default)]
struct Level {
    /// It is a query: FROM names tables there, which it does not in `EXTRACT(day FROM x)`.
    selects: bool,
    /// A comma separates tables.
    lists: bool,
}

/// The tables in the order in which they are named, with repetitions.
pub fn tables(sql: &str) -> Vec<Mention> {
    let tokens = tokens(sql);
    let own = given(&tokens);
    let mut found = Vec::new();
    let mut levels = vec![Level::default()];
    let mut at = 0;
    while at < tokens.len() {
        let after_distinct = at > 0 && is_word(tokens.get(at - 1), &["DISTINCT"]);
        let expects = match (&tokens[at], levels.last_mut()) {
            (Token::Sign('('), _) => {
                levels.push(Level::default());
                false
            }
            (Token::Sign(')'), _) => {
                if levels.len() > 1 {
                    levels.pop();
                }
                false
            }
            (Token::Sign(','), Some(level)) => level.lists,
            (Token::Word(word, false), Some(level)) => {
                match word.to_ascii_uppercase().as_str() {
                    "SELECT" => {
                        *level = Level {
                            selects: true,
                            lists: false,
                        };
                        false
                    }
                    // `IS DISTINCT FROM x` compares.
                    "FROM" if level.selects && !after_distinct => {
                        level.lists = true;
                        true
                    }
                    "JOIN" | "STRAIGHT_JOIN" => true,
                    "WHERE" | "GROUP" | "ORDER" | "HAVING" | "LIMIT" | "UNION" | "EXCEPT"
                    | "INTERSECT" | "WINDOW" => {
                        level.lists = false;
                        false
                    }
                    _ => false,
                }
            }
            _ => false,
        };
        at += 1;
        if expects {
            while is_word(tokens.get(at), &["LATERAL", "ONLY"]) {
                at += 1;
            }
            // A join in parentheses begins with a table, too.
            while tokens.get(at) == Some(&Token::Sign('('))
                && !is_word(tokens.get(at + 1), &["SELECT", "WITH", "VALUES"])
            {
                levels.push(Level {
                    selects: true,
                    lists: true,
                });
                at += 1;
            }
            if let Some((mention, next)) = mention(&tokens, at) {
                let table = &mention.table;
                if table.schema.is_some() || !own.contains(&table.name.to_lowercase()) {
                    found.push(mention);
                }
                at = next;
            }
        }
    }
    found
}

/// Names that the query gives to queries of its own: `WITH name AS (`.
fn given(tokens: &[Token]) -> Vec<String> {
    if !tokens.iter().any(|token| is_word(Some(token), &["WITH"])) {
        return Vec::new();
    }
    let mut names = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(name, _) = token else {
            continue;
        };
        let mut next = at + 1;
        if tokens.get(next) == Some(&Token::Sign('(')) {
            let rest = &tokens[next..];
            let Some(end) = rest.iter().position(|token| *token == Token::Sign(')')) else {
                continue;
            };
            next += end + 1;
        }
        if !is_word(tokens.get(next), &["AS"]) {
            continue;
        }
        next += 1;
        while is_word(tokens.get(next), &["NOT", "MATERIALIZED"]) {
            next += 1;
        }
        let opens = tokens.get(next) == Some(&Token::Sign('('));
        if opens && is_word(tokens.get(next + 1), &["SELECT", "WITH", "VALUES"]) {
            names.push(name.to_lowercase());
        }
    }
    names
}

/// `name`, `schema.name`, with or without `AS alias`; `None` for a subquery or a function.
fn mention(tokens: &[Token], mut at: usize) -> Option<(Mention, usize)> {
    let Some(Token::Word(first, _)) = tokens.get(at) else {
        return None;
    };
    let mut table = TableName {
        schema: None,
        name: first.clone(),
    };
    at += 1;
    while tokens.get(at) == Some(&Token::Sign('.')) {
        let Some(Token::Word(next, _)) = tokens.get(at + 1) else {
            break;
        };
        table = TableName {
            schema: Some(table.name),
            name: next.clone(),
        };
        at += 2;
    }
    if tokens.get(at) == Some(&Token::Sign('(')) {
        return None;
    }
    let named = is_word(tokens.get(at), &["AS"]);
    if named {
        at += 1;
    }
    let alias = match tokens.get(at) {
        Some(Token::Word(word, quoted)) if named || *quoted || !is_keyword(word) => {
            at += 1;
            Some(word.clone())
        }
        _ => None,
    };
    Some((Mention { table, alias }, at))
}

fn is_word(token: Option<&Token>, words: &[&str]) -> bool {
    matches!(token, Some(Token::Word(word, false)) if words.iter().any(|one| word.eq_ignore_ascii_case(one)))
}

/// What may follow a table without an alias.
fn is_keyword(word: &str) -> bool {
    const WORDS: [&str; 32] = [
        "WITH",
        "OPTION",
        "PIVOT",
        "UNPIVOT",
        "ON",
        "USING",
        "WHERE",
        "JOIN",
        "INNER",
        "LEFT",
        "RIGHT",
        "FULL",
        "CROSS",
        "NATURAL",
        "OUTER",
        "GROUP",
        "ORDER",
        "HAVING",
        "LIMIT",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "WINDOW",
        "FOR",
        "FORCE",
        "USE",
        "IGNORE",
        "PARTITION",
        "STRAIGHT_JOIN",
        "OFFSET",
        "FETCH",
        "TABLESAMPLE",
    ];
    WORDS.iter().any(|one| word.eq_ignore_ascii_case(one))
}

fn tokens(sql: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            _ if rest.starts_with("--") || first == '#' => {
                (None, rest.find('\n').unwrap_or(rest.len()))
            }
            _ if rest.starts_with("/*") => {
                (None, rest.find("*/").map_or(rest.len(), |end| end + 2))
            }
            '\'' => (Some(Token::Sign('\'')), quoted(rest, '\'').1),
            '"' | '`' => {
                let (name, length) = quoted(rest, first);
                (Some(Token::Word(name, true)), length)
            }
            '[' if is_name(&sql[..sql.len() - rest.len()]) => {
                let (name, length) = quoted(rest, ']');
                (Some(Token::Word(name, true)), length)
            }
            _ if first.is_alphabetic() || first == '_' => {
                let end = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
                    .unwrap_or(rest.len());
                (Some(Token::Word(rest[..end].to_owned(), false)), end)
            }
            _ if first.is_ascii_digit() => {
                let end = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '.')
                    .unwrap_or(rest.len());
                (Some(Token::Sign('0')), end)
            }
            _ if first.is_whitespace() => (None, first.len_utf8()),
            _ => (Some(Token::Sign(first)), first.len_utf8()),
        };
        found.extend(token);
        rest = &rest[length..];
    }
    found
}

/// What the quotes hold, and the length of it all; a doubled quote is one of the text.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut inside = String::new();
    let mut signs = text.char_indices().skip(1).peekable();
    while let Some((at, sign)) = signs.next() {
        if sign != quote {
            inside.push(sign);
        } else if signs.next_if(|(_, next)| *next == quote).is_some() {
            inside.push(quote);
        } else {
            return (inside, at + quote.len_utf8());
        }
    }
    (inside, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(sql: &str) -> Vec<String> {
        let one = |mention: Mention| match mention.alias {
            Some(alias) => format!("{} {alias}", mention.table),
            None => mention.table.to_string(),
        };
        tables(sql).into_iter().map(one).collect()
    }

    #[test]
    fn tables_are_found_wherever_a_query_may_name_them() {
        for (sql, wanted) in [
            ("SELECT a FROM t", "t"),
            (
                "SELECT a FROM s.t AS x WHERE b IN (SELECT c FROM u)",
                "s.t x, u",
            ),
            (
                "select 1 from a x, b, (select 2 from c y, d) z, e",
                "a x, b, c y, d, e",
            ),
            (
                "SELECT 1, 2 FROM a LEFT JOIN \"b c\" ON x = 'from d' JOIN `e``f` g USING (h)",
                "a, b c, e`f g",
            ),
            (
                "SELECT 1 FROM a -- , b\n WHERE c IN (1, d) ORDER BY e, f",
                "a",
            ),
            ("SELECT 1 FROM a UNION ALL SELECT g, h FROM b", "a, b"),
            (
                "SELECT 1 FROM unnest(x) u JOIN LATERAL (SELECT 2 FROM c) d ON TRUE",
                "c",
            ),
            (
                "WITH r AS (SELECT id FROM c) SELECT * FROM r, ONLY k",
                "c, k",
            ),
            (
                "SELECT EXTRACT(day FROM x), trim(both from y) FROM a WHERE b IS DISTINCT FROM c",
                "a",
            ),
            (
                "SELECT 1 FROM (a JOIN (b x, c)), d WHERE e IN (f, g)",
                "a, b x, c, d",
            ),
            (
                "SELECT 1 FROM ((SELECT h FROM a) UNION (SELECT i FROM b)) t",
                "a, b",
            ),
            (
                "SELECT [x].[from] FROM [dbo].[CRONUS$Item$4f] WITH (NOLOCK) JOIN [a b]]c] AS x ON 1 = 1 WHERE y IN (v[1], w[2])",
                "dbo.CRONUS$Item$4f, a b]c x",
            ),
            (
                "SELECT count(*) FROM a /* FROM b */ FORCE INDEX (x) WHERE d = 1.5",
                "a",
            ),
        ] {
            assert_eq!(named(sql).join(", "), wanted, "{sql}");
        }
    }

    #[test]
    fn nothing_is_too_broken() {
        for sql in [
            "",
            "FROM",
            "FROM a.",
            "))) FROM x",
            "SELECT 'open FROM a",
            "FROM \"è",
            "JOIN (",
            "FROM a,",
        ] {
            let _ = tables(sql);
        }
    }
}
