//! The closed list of functions.

mod italian;
mod number;
mod secret;
mod slug;
mod text;
mod time;

pub(super) use time::day;

use super::mistake::{ARGUMENTS, FUNCTION, LITERAL, Mistake, Parsed};
use super::tree::{Kind, Node};
use super::{Env, EvalError};
use crate::diagnostic::nearest;
use crate::value::Value;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// A function of the mapping language.
pub struct Function {
    pub name: &'static str,
    /// `round(x, places = 0)`
    pub signature: &'static str,
    /// One line, for error messages and the reference.
    pub doc: &'static str,
    /// Fewest arguments.
    least: usize,
    /// Most arguments.
    most: usize,
    pub(super) run: Run,
}

type Arguments<'a, 'v> = &'a [Cow<'v, Value>];

pub(super) enum Run {
    /// A value of the arguments alone; NULL if one of them is.
    Pure(fn(Arguments<'_, '_>) -> Result<Value, EvalError>),
    /// The same, but the clock or the zone counts too.
    Timed(fn(Arguments<'_, '_>, &dyn Env) -> Result<Value, EvalError>),
    /// `coalesce`: evaluates no more arguments than it needs.
    Coalesce,
    /// `nullif`: NULLs are values to it.
    NullIf,
    /// Has a node of its own in the tree.
    Link,
    Unique,
    HasTable,
    HasColumn,
}

const MANY: usize = usize::MAX;

macro_rules! functions {
    ($($name:ident $least:literal..=$most:tt $run:expr, $signature:literal, $doc:literal;)*) => {
        /// Every function, by name.
        pub static FUNCTIONS: &[Function] = &[$(Function {
            name: stringify!($name),
            signature: $signature,
            doc: $doc,
            least: $least,
            most: $most,
            run: $run,
        }),*];
    };
}

functions! {
    abs 1..=1 Run::Pure(number::abs), "abs(x)",
        "the number without its sign";
    ceil 1..=1 Run::Pure(number::ceil), "ceil(x)",
        "the smallest whole number not below x";
    coalesce 1..=MANY Run::Coalesce, "coalesce(x, ...)",
        "the first argument that is not NULL; those behind it are not evaluated";
    codice_destinatario 1..=1 Run::Pure(italian::codice_destinatario), "codice_destinatario(text)",
        "the code to which Italian e-invoices go: 7 characters, or 6 of a public office; NULL if the text is none";
    codice_fiscale 1..=1 Run::Pure(italian::codice_fiscale), "codice_fiscale(text)",
        "the Italian fiscal code that the text is, in capitals, if its check character is right; else NULL";
    cut 2..=2 Run::Pure(text::cut), "cut(text, n)",
        "the first n characters";
    date 1..=1 Run::Timed(time::date), "date(x)",
        "the day of a text, a time without zone, or a timestamp (there in the database's zone)";
    floor 1..=1 Run::Pure(number::floor), "floor(x)",
        "the largest whole number not above x";
    has_column 1..=1 Run::HasColumn, "has_column('table.column')",
        "whether the target's database has the column";
    has_table 1..=1 Run::HasTable, "has_table('table')",
        "whether the target's database has the table";
    html 1..=1 Run::Pure(text::html), "html(text)",
        "the text with & < > as HTML entities; entities in it stay";
    length 1..=1 Run::Pure(text::length), "length(text)",
        "the number of characters";
    link 2..=MANY Run::Link, "link('record', key, ...)",
        "the id that the record with this key has in the target; link(...).column for another column of its link";
    local 1..=1 Run::Timed(time::local), "local(timestamp)",
        "what the clock shows then in the database's zone";
    lower 1..=1 Run::Pure(text::lower), "lower(text)",
        "the text in small letters";
    md5 1..=1 Run::Pure(text::md5), "md5(text)",
        "the MD5 digest of the text's UTF-8 bytes, in 32 hexadecimal digits";
    money 1..=1 Run::Pure(number::money), "money(x)",
        "the number as text, rounded half away from zero to two places, both shown";
    now 0..=0 Run::Timed(time::now), "now()",
        "the time of the run as a timestamp, in whole seconds, the same for every row";
    nullif 2..=2 Run::NullIf, "nullif(a, b)",
        "NULL if a equals b, else a";
    number 1..=1 Run::Pure(number::number), "number(text)",
        "the number that a text says; NULL for an empty text, an error if it says none";
    partita_iva 1..=1 Run::Pure(italian::partita_iva), "partita_iva(text)",
        "the 11 digits of the Italian VAT number that the text is, if the last one checks the others; else NULL";
    pec 1..=1 Run::Pure(italian::pec), "pec(text)",
        "the mail address that the text is, in small letters; NULL if it is none";
    plain 1..=1 Run::Pure(number::plain), "plain(number)",
        "the number as text without zeros behind that mean nothing";
    replace 3..=3 Run::Pure(text::replace), "replace(text, what, by)",
        "the text with every `what` replaced";
    round 1..=2 Run::Pure(number::round), "round(x, places = 0)",
        "rounded half away from zero; negative places round to tens, hundreds";
    slug 1..=1 Run::Pure(slug::slug), "slug(text)",
        "the text as part of an address: small letters without accents, digits and hyphens; NULL if nothing is left";
    substr 2..=3 Run::Pure(text::substr), "substr(text, from, length)",
        "characters from the one numbered `from` (the first is 1), at most `length`";
    text 1..=1 Run::Pure(text::text), "text(x)",
        "the value as text: numbers plain, dates as ISO 8601, booleans as `true` and `false`";
    trim 1..=1 Run::Pure(text::trim), "trim(text)",
        "the text without blanks, tabs and line ends around it";
    unique 1..=1 Run::Unique, "unique(text)",
        "the text, made unique in the target's column by `-2`, `-3` behind it; only around a whole expression";
    unix 1..=1 Run::Timed(time::unix), "unix(x)",
        "seconds since 1970 of a timestamp; of a date: of its first second in the database's zone";
    unix_end 1..=1 Run::Timed(time::unix_end), "unix_end(x)",
        "like unix, but of a date's last second";
    unusable_password 0..=0 Run::Timed(secret::unusable_password), "unusable_password()",
        "the hash of a password that nobody knows, in bcrypt's form; each time another one";
    upper 1..=1 Run::Pure(text::upper), "upper(text)",
        "the text in capitals";
    utc 1..=1 Run::Timed(time::utc), "utc(time)",
        "the timestamp when the clock of the database's zone shows it: the earlier one if it does so twice, \
         the offset before the gap if never";
}

/// What is written elsewhere for what is here.
const FOREIGN: [(&str, &str); 16] = [
    ("concat", "texts are joined with `||`"),
    ("concat_ws", "texts are joined with `||`"),
    ("if", "write `CASE WHEN condition THEN x ELSE y END`"),
    ("iif", "write `CASE WHEN condition THEN x ELSE y END`"),
    ("ifnull", "write `coalesce(x, y)`"),
    ("isnull", "write `coalesce(x, y)`, or `x IS NULL`"),
    ("nvl", "write `coalesce(x, y)`"),
    ("len", "write `length(text)`"),
    ("char_length", "write `length(text)`"),
    ("substring", "write `substr(text, from, length)`"),
    ("left", "write `cut(text, n)`"),
    ("to_char", "write `text(x)`"),
    ("current_timestamp", "write `now()`"),
    ("mod", "write `a % b`"),
    ("sum", "rows are summed by the server: in a `sql` text"),
    ("count", "rows are counted by the server: in a `sql` text"),
];

/// The function of that name; capitals do not matter.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS
        .iter()
        .find(|function| name.eq_ignore_ascii_case(function.name))
}

pub fn unknown(name: &str, range: Range<usize>) -> Box<Mistake> {
    let mistake = Mistake::new(FUNCTION, format!("unknown function `{name}`"), range)
        .label("no such function");
    if let Some((_, help)) = FOREIGN
        .iter()
        .find(|(other, _)| name.eq_ignore_ascii_case(other))
    {
        return mistake.help(*help);
    }
    let names = FUNCTIONS.iter().map(|function| function.name);
    match nearest(name, names).and_then(find) {
        Some(near) => mistake.help(format!("did you mean `{}`: {}?", near.signature, near.doc)),
        None => {
            let names: Vec<_> = FUNCTIONS.iter().map(|function| function.name).collect();
            mistake.help(format!("the functions are {}", names.join(", ")))
        }
    }
}

impl Function {
    /// The call with these arguments; `range` is the whole call.
    pub(super) fn bind(
        &'static self,
        mut arguments: Vec<Node>,
        range: Range<usize>,
    ) -> Parsed<Kind> {
        let given = arguments.len();
        if given < self.least || given > self.most {
            let message = format!("`{}` takes {}, not {given}", self.name, self.arity());
            return Err(Mistake::new(ARGUMENTS, message, range)
                .help(format!("`{}`: {}", self.signature, self.doc)));
        }
        Ok(match self.run {
            Run::Link => {
                let record = self.literal(&arguments.remove(0))?;
                Kind::Link {
                    record,
                    keys: arguments,
                    column: None,
                }
            }
            Run::Unique => Kind::Unique(Box::new(arguments.remove(0))),
            Run::HasTable => Kind::HasTable(self.literal(&arguments[0])?),
            Run::HasColumn => {
                let name = self.literal(&arguments[0])?;
                match name.rsplit_once('.') {
                    Some((table, column)) if !table.is_empty() && !column.is_empty() => {
                        Kind::HasColumn {
                            table: table.to_owned(),
                            column: column.to_owned(),
                        }
                    }
                    _ => return Err(self.not_literal(&arguments[0])),
                }
            }
            _ => Kind::Call(self, arguments),
        })
    }

    fn arity(&self) -> String {
        let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
        match (self.least, self.most) {
            (0, 0) => "no arguments".to_owned(),
            (least, MANY) => format!("at least {least} {}", plural(least)),
            (least, most) if least == most => format!("{least} {}", plural(least)),
            (least, most) => format!("{least} to {most} arguments"),
        }
    }

    fn literal(&self, argument: &Node) -> Parsed<String> {
        match &argument.kind {
            Kind::Literal(Value::Text(text)) => Ok(text.clone()),
            _ => Err(self.not_literal(argument)),
        }
    }

    fn not_literal(&self, argument: &Node) -> Box<Mistake> {
        let message = format!(
            "the first argument of `{}` is written out in quotes",
            self.name
        );
        Mistake::new(LITERAL, message, argument.range.clone()).help(format!("`{}`", self.signature))
    }

    /// The value depends on the arguments alone.
    pub(super) fn is_pure(&self) -> bool {
        !matches!(self.run, Run::Timed(_))
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The text form of an argument, as `||` takes it.
fn text_of<'v>(function: &str, value: &'v Value) -> Result<Cow<'v, str>, EvalError> {
    value.plain_text().ok_or_else(|| {
        EvalError::invalid(format!(
            "{function}({}): no text form of a {}",
            value.show(),
            value.kind()
        ))
    })
}

/// An argument that counts: a whole number within the range of characters or places.
fn count_of(function: &str, value: &Value) -> Result<i32, EvalError> {
    value
        .to_decimal()
        .and_then(|number| number.to_i64())
        .and_then(|number| i32::try_from(number).ok())
        .ok_or_else(|| {
            EvalError::invalid(format!(
                "{function}: {} is not a small whole number",
                value.show()
            ))
        })
}
