//! Types by the server's names for them.

use crate::value::{Charset, Type};

/// What a catalog says of a column's type.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    /// The system's name: `nvarchar`, also for a type of the users' own that is made of it.
    pub name: String,
    /// Bytes at most; -1 for `(max)`.
    pub bytes: i64,
    pub precision: u32,
    pub scale: u32,
    pub code_page: Option<u32>,
    pub collation: Option<String>,
}

/// Windows-1252.
const LATIN1: u32 = 1252;
const UTF8: u32 = 65_001;
/// Japanese, Chinese and Korean code pages, where a character may have two bytes.
const TWO_BYTES: [u32; 4] = [932, 936, 949, 950];
/// Digits, and those of them behind the point.
const MONEY: (u32, u32) = (19, 4);
const SMALLMONEY: (u32, u32) = (10, 4);

impl Declared {
    /// From a text such as `decimal(19,4)`, `nvarchar(max)`.
    pub fn parse(text: &str) -> Declared {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name, rest.trim_end_matches(')')),
            None => (text, ""),
        };
        let mut numbers = arguments.split(',').map(str::trim);
        let first = numbers.next().unwrap_or_default();
        let number: i64 = match first {
            "max" => -1,
            text => text.parse().unwrap_or(0),
        };
        let name = name.trim().to_ascii_lowercase();
        let is_wide = matches!(name.as_str(), "nchar" | "nvarchar");
        let is_time = matches!(name.as_str(), "time" | "datetime2" | "datetimeoffset");
        let small = u32::try_from(number).unwrap_or(0);
        let second = numbers.next().and_then(|text| text.parse().ok());
        Declared {
            bytes: if is_wide && number > 0 {
                number * 2
            } else {
                number
            },
            precision: small,
            scale: if is_time { small } else { second.unwrap_or(0) },
            code_page: None,
            collation: None,
            name,
        }
    }

    /// As a person would declare it.
    pub fn text(&self) -> String {
        let name = &self.name;
        match name.as_str() {
            "nchar" | "nvarchar" if self.bytes > 0 => format!("{name}({})", self.bytes / 2),
            "char" | "varchar" | "binary" | "varbinary" if self.bytes > 0 => {
                format!("{name}({})", self.bytes)
            }
            "varchar" | "nvarchar" | "varbinary" => format!("{name}(max)"),
            "decimal" | "numeric" => format!("{name}({},{})", self.precision, self.scale),
            "time" | "datetime2" | "datetimeoffset" => format!("{name}({})", self.scale),
            _ => name.clone(),
        }
    }

    pub fn ty(&self) -> Type {
        let int = |bits, signed| Type::Int { bits, signed };
        // The fraction has at most seven digits.
        let digits = self.scale.min(9) as u8;
        match self.name.as_str() {
            "bit" => Type::Bool,
            "tinyint" => int(8, false),
            "smallint" => int(16, true),
            "int" => int(32, true),
            "bigint" => int(64, true),
            "decimal" | "numeric" => decimal((self.precision, self.scale)),
            "money" => decimal(MONEY),
            "smallmoney" => decimal(SMALLMONEY),
            "real" => Type::Float { bits: 32 },
            "float" => Type::Float { bits: 64 },
            "char" | "varchar" | "text" | "nchar" | "nvarchar" | "ntext" | "xml" => {
                self.text_type()
            }
            "binary" | "varbinary" | "image" | "timestamp" | "rowversion" => Type::Bytes {
                bytes_max: match self.name.as_str() {
                    "image" => None,
                    "timestamp" | "rowversion" => Some(8),
                    _ => u64::try_from(self.bytes).ok().filter(|bytes| *bytes > 0),
                },
            },
            "date" => Type::Date,
            "time" => Type::Time { digits },
            "datetime" => Type::DateTime { digits: 3 },
            "smalldatetime" => Type::DateTime { digits: 0 },
            "datetime2" => Type::DateTime { digits },
            "datetimeoffset" => Type::Timestamp { digits },
            "uniqueidentifier" => Type::Uuid,
            _ => Type::Other(self.text()),
        }
    }

    fn text_type(&self) -> Type {
        let is_wide = matches!(self.name.as_str(), "nchar" | "nvarchar" | "ntext" | "xml");
        let is_long = matches!(self.name.as_str(), "text" | "ntext" | "xml") || self.bytes <= 0;
        let bytes = u64::try_from(self.bytes).unwrap_or(0);
        let has_wide_characters = self.code_page == Some(UTF8)
            || self.code_page.is_some_and(|page| TWO_BYTES.contains(&page));
        let (chars_max, bytes_max) = match (is_long, is_wide) {
            (true, _) => (None, None),
            (false, true) => (Some(bytes / 2), None),
            (false, false) if has_wide_characters => (None, Some(bytes)),
            (false, false) => (Some(bytes), None),
        };
        Type::Text {
            chars_max,
            bytes_max,
            charset: match self.code_page {
                Some(LATIN1) if !is_wide => Charset::Latin1,
                _ => Charset::Unicode,
            },
            padded: matches!(self.name.as_str(), "char" | "nchar"),
        }
    }

    /// Texts in a code page, which a text in Unicode would be converted to.
    pub fn is_narrow_text(&self) -> bool {
        matches!(self.name.as_str(), "char" | "varchar" | "text")
    }

    pub fn is_wide_text(&self) -> bool {
        matches!(self.name.as_str(), "nchar" | "nvarchar" | "ntext")
    }

    /// `decimal(19,4)` for columns of exact numbers.
    pub fn exact(&self) -> Option<(u32, u32)> {
        match self.name.as_str() {
            "decimal" | "numeric" => Some((self.precision, self.scale)),
            "money" => Some(MONEY),
            "smallmoney" => Some(SMALLMONEY),
            _ => None,
        }
    }
}

fn decimal((precision, scale): (u32, u32)) -> Type {
    Type::Decimal {
        precision: Some(precision),
        scale: Some(scale),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_read_and_written() {
        for text in [
            "decimal(19,4)",
            "nvarchar(20)",
            "nvarchar(max)",
            "varbinary(8)",
            "char(3)",
            "datetime2(3)",
            "int",
            "uniqueidentifier",
            "sql_variant",
        ] {
            assert_eq!(Declared::parse(text).text(), text);
        }
        assert_eq!(Declared::parse("money").ty(), decimal(MONEY));
        assert_eq!(Declared::parse("time(5)").ty(), Type::Time { digits: 5 });
        assert_eq!(
            Declared::parse("sql_variant").ty(),
            Type::Other("sql_variant".to_owned())
        );
        let Type::Text {
            chars_max, padded, ..
        } = Declared::parse("nchar(10)").ty()
        else {
            panic!();
        };
        assert_eq!((chars_max, padded), (Some(10), true));
    }

    #[test]
    fn a_code_page_decides_which_texts_fit() {
        let with = |page| {
            let declared = Declared {
                code_page: Some(page),
                ..Declared::parse("varchar(20)")
            };
            match declared.ty() {
                Type::Text {
                    chars_max,
                    bytes_max,
                    charset,
                    ..
                } => (chars_max, bytes_max, charset),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(with(1252), (Some(20), None, Charset::Latin1));
        assert_eq!(with(1250), (Some(20), None, Charset::Unicode));
        assert_eq!(with(65_001), (None, Some(20), Charset::Unicode));
    }
}
