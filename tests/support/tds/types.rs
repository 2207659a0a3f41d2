//! T-SQL types: how they are written, what lies on the wire, in what form SQLite keeps their values.
//!
//! | type | kept as |
//! | --- | --- |
//! | bit, whole numbers | INTEGER |
//! | decimal, money | BLOB of 16 bytes: the scaled whole number, big endian, sign flipped, so that it sorts |
//! | float, real | REAL |
//! | texts, xml | TEXT |
//! | binary, rowversion | BLOB |
//! | date, time, datetime… | INTEGER: ticks of 100 ns since 0001-01-01 (time: since midnight) |
//! | datetimeoffset | BLOB: ticks in UTC, then the offset in minutes |
//! | uniqueidentifier | BLOB in the order in which SQL Server compares its bytes |

use super::collation::{Collation, Rule};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    // In the order of precedence: the higher one wins where two meet.
    Null,
    Binary,
    VarBinary,
    Char,
    VarChar,
    NChar,
    NVarChar,
    UniqueIdentifier,
    RowVersion,
    Image,
    Text,
    NText,
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    SmallMoney,
    Money,
    Decimal,
    Real,
    Float,
    Time,
    Date,
    SmallDateTime,
    DateTime,
    DateTime2,
    DateTimeOffset,
    Xml,
    SqlVariant,
}

pub const MAX: u16 = u16::MAX;

/// A type with its length (characters, or bytes of varchar and binary; `MAX`), precision, scale and collation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Type {
    pub kind: Kind,
    pub len: u16,
    pub precision: u8,
    pub scale: u8,
    pub collation: Collation,
}

const KINDS: [Kind; 30] = [
    Kind::Null,
    Kind::Binary,
    Kind::VarBinary,
    Kind::Char,
    Kind::VarChar,
    Kind::NChar,
    Kind::NVarChar,
    Kind::UniqueIdentifier,
    Kind::RowVersion,
    Kind::Image,
    Kind::Text,
    Kind::NText,
    Kind::Bit,
    Kind::TinyInt,
    Kind::SmallInt,
    Kind::Int,
    Kind::BigInt,
    Kind::SmallMoney,
    Kind::Money,
    Kind::Decimal,
    Kind::Real,
    Kind::Float,
    Kind::Time,
    Kind::Date,
    Kind::SmallDateTime,
    Kind::DateTime,
    Kind::DateTime2,
    Kind::DateTimeOffset,
    Kind::Xml,
    Kind::SqlVariant,
];

impl Type {
    pub const fn new(kind: Kind) -> Type {
        Type {
            kind,
            len: 0,
            precision: 0,
            scale: 0,
            collation: Collation::DEFAULT,
        }
    }

    pub const fn sized(kind: Kind, len: u16) -> Type {
        let mut ty = Type::new(kind);
        ty.len = len;
        ty
    }

    pub const fn decimal(precision: u8, scale: u8) -> Type {
        let mut ty = Type::new(Kind::Decimal);
        ty.precision = precision;
        ty.scale = scale;
        ty
    }

    pub const fn timed(kind: Kind, scale: u8) -> Type {
        let mut ty = Type::new(kind);
        ty.scale = scale;
        ty
    }

    pub const fn with(mut self, collation: Collation) -> Type {
        self.collation = collation;
        self
    }

    pub fn is_text(self) -> bool {
        use Kind::*;
        matches!(self.kind, Char | VarChar | NChar | NVarChar | Text | NText)
    }

    pub fn is_unicode(self) -> bool {
        matches!(self.kind, Kind::NChar | Kind::NVarChar | Kind::NText)
    }

    pub fn is_whole(self) -> bool {
        use Kind::*;
        matches!(self.kind, Bit | TinyInt | SmallInt | Int | BigInt)
    }

    pub fn is_exact(self) -> bool {
        matches!(self.kind, Kind::Decimal | Kind::Money | Kind::SmallMoney)
    }

    pub fn is_number(self) -> bool {
        self.is_whole() || self.is_exact() || matches!(self.kind, Kind::Real | Kind::Float)
    }

    pub fn is_bytes(self) -> bool {
        use Kind::*;
        matches!(self.kind, Binary | VarBinary | RowVersion | Image)
    }

    pub fn is_time(self) -> bool {
        use Kind::*;
        matches!(
            self.kind,
            Time | Date | SmallDateTime | DateTime | DateTime2 | DateTimeOffset
        )
    }

    /// How its texts are compared.
    pub fn rule(self) -> Rule {
        match self.collation.rule() {
            Rule::Units if self.collation.is_utf8() && !self.is_unicode() => Rule::Points,
            rule => rule,
        }
    }

    /// Precision and scale of the decimal that holds every value of an exact number's type.
    pub fn digits(self) -> (u8, u8) {
        match self.kind {
            Kind::Bit => (1, 0),
            Kind::TinyInt => (3, 0),
            Kind::SmallInt => (5, 0),
            Kind::Int => (10, 0),
            Kind::BigInt => (19, 0),
            Kind::SmallMoney => (10, 4),
            Kind::Money => (19, 4),
            _ => (self.precision, self.scale),
        }
    }

    /// The type in one number, for SQLite's functions.
    pub fn code(self) -> i64 {
        self.kind as i64
            | i64::from(self.len) << 8
            | i64::from(self.precision) << 24
            | i64::from(self.scale) << 32
            | i64::from(self.collation.0) << 40
    }

    pub fn of_code(code: i64) -> Type {
        Type {
            kind: KINDS[(code & 0xff) as usize],
            len: (code >> 8) as u16,
            precision: (code >> 24) as u8,
            scale: (code >> 32) as u8,
            collation: Collation((code >> 40) as u8),
        }
    }

    /// How T-SQL declares it.
    pub fn declared(self) -> String {
        let name = self.name();
        let len = || match self.len {
            MAX => "max".to_owned(),
            len => len.to_string(),
        };
        use Kind::*;
        match self.kind {
            Binary | VarBinary | Char | VarChar | NChar | NVarChar => format!("{name}({})", len()),
            Decimal => format!("{name}({},{})", self.precision, self.scale),
            Time | DateTime2 | DateTimeOffset => format!("{name}({})", self.scale),
            _ => name.to_owned(),
        }
    }

    pub fn name(self) -> &'static str {
        use Kind::*;
        match self.kind {
            Null => "int",
            Binary => "binary",
            VarBinary => "varbinary",
            Char => "char",
            VarChar => "varchar",
            NChar => "nchar",
            NVarChar => "nvarchar",
            UniqueIdentifier => "uniqueidentifier",
            RowVersion => "timestamp",
            Image => "image",
            Text => "text",
            NText => "ntext",
            Bit => "bit",
            TinyInt => "tinyint",
            SmallInt => "smallint",
            Int => "int",
            BigInt => "bigint",
            SmallMoney => "smallmoney",
            Money => "money",
            Decimal => "decimal",
            Real => "real",
            Float => "float",
            Time => "time",
            Date => "date",
            SmallDateTime => "smalldatetime",
            DateTime => "datetime",
            DateTime2 => "datetime2",
            DateTimeOffset => "datetimeoffset",
            Xml => "xml",
            SqlVariant => "sql_variant",
        }
    }

    /// `system_type_id`, `max_length`, `precision`, `scale` as `sys.columns` has them.
    pub fn catalog(self) -> (i64, i64, i64, i64) {
        use Kind::*;
        let bytes = |per: i64| match self.len {
            MAX => -1,
            len => i64::from(len) * per,
        };
        let scale = i64::from(self.scale);
        match self.kind {
            Null => (56, 4, 10, 0),
            Binary => (173, bytes(1), 0, 0),
            VarBinary => (165, bytes(1), 0, 0),
            Char => (175, bytes(1), 0, 0),
            VarChar => (167, bytes(1), 0, 0),
            NChar => (239, bytes(2), 0, 0),
            NVarChar => (231, bytes(2), 0, 0),
            UniqueIdentifier => (36, 16, 0, 0),
            RowVersion => (189, 8, 0, 0),
            Image => (34, 16, 0, 0),
            Text => (35, 16, 0, 0),
            NText => (99, 16, 0, 0),
            Bit => (104, 1, 1, 0),
            TinyInt => (48, 1, 3, 0),
            SmallInt => (52, 2, 5, 0),
            Int => (56, 4, 10, 0),
            BigInt => (127, 8, 19, 0),
            SmallMoney => (122, 4, 10, 4),
            Money => (60, 8, 19, 4),
            Decimal => {
                let size = match self.precision {
                    ..=9 => 5,
                    10..=19 => 9,
                    20..=28 => 13,
                    _ => 17,
                };
                (106, size, self.precision.into(), scale)
            }
            Real => (59, 4, 24, 0),
            Float => (62, 8, 53, 0),
            Time => (
                41,
                [3, 3, 3, 4, 4, 5, 5, 5][self.scale as usize],
                8 + scale + i64::from(self.scale > 0),
                scale,
            ),
            Date => (40, 3, 10, 0),
            SmallDateTime => (58, 4, 16, 0),
            DateTime => (61, 8, 23, 3),
            DateTime2 => (
                42,
                [6, 6, 6, 7, 7, 8, 8, 8][self.scale as usize],
                19 + scale + i64::from(self.scale > 0),
                scale,
            ),
            DateTimeOffset => (
                43,
                [8, 8, 8, 9, 9, 10, 10, 10][self.scale as usize],
                26 + scale + i64::from(self.scale > 0),
                scale,
            ),
            Xml => (241, -1, 0, 0),
            SqlVariant => (98, 8016, 0, 0),
        }
    }

    /// A name and its arguments as T-SQL writes them. `None`: no such type, or arguments that it does not take.
    pub fn named(name: &str, args: &[String]) -> Option<Type> {
        use Kind::*;
        let name = name.to_ascii_lowercase();
        let number = |at: usize| args.get(at).and_then(|text| text.parse::<u16>().ok());
        let length = |kind: Kind, most: u16| match args {
            [] => Some(Type::sized(kind, 1)),
            [one] if one.eq_ignore_ascii_case("max") => {
                matches!(kind, VarChar | NVarChar | VarBinary).then(|| Type::sized(kind, MAX))
            }
            [_] => number(0)
                .filter(|len| (1..=most).contains(len))
                .map(|len| Type::sized(kind, len)),
            _ => None,
        };
        let scaled = |kind: Kind| match args {
            [] => Some(Type::timed(kind, 7)),
            [_] => number(0)
                .filter(|scale| *scale <= 7)
                .map(|scale| Type::timed(kind, scale as u8)),
            _ => None,
        };
        let bare = |kind: Kind| args.is_empty().then(|| Type::new(kind));
        match name.as_str() {
            "bit" => bare(Bit),
            "tinyint" => bare(TinyInt),
            "smallint" => bare(SmallInt),
            "int" | "integer" => bare(Int),
            "bigint" => bare(BigInt),
            "decimal" | "numeric" | "dec" => {
                let precision = if args.is_empty() { 18 } else { number(0)? };
                let scale = if args.len() < 2 { 0 } else { number(1)? };
                ((1..=38).contains(&precision) && scale <= precision)
                    .then(|| Type::decimal(precision as u8, scale as u8))
            }
            "money" => bare(Money),
            "smallmoney" => bare(SmallMoney),
            "real" => bare(Real),
            "float" => match args {
                [] => Some(Type::new(Float)),
                [_] if number(0)? <= 24 => Some(Type::new(Real)),
                [_] if number(0)? <= 53 => Some(Type::new(Float)),
                _ => None,
            },
            "char" | "character" => length(Char, 8000),
            "varchar" => length(VarChar, 8000),
            "nchar" => length(NChar, 4000),
            "nvarchar" => length(NVarChar, 4000),
            "sysname" => args.is_empty().then(|| Type::sized(NVarChar, 128)),
            "text" => bare(Text),
            "ntext" => bare(NText),
            "binary" => length(Binary, 8000),
            "varbinary" => length(VarBinary, 8000),
            "image" => bare(Image),
            "date" => bare(Date),
            "time" => scaled(Time),
            "datetime" => bare(DateTime),
            "smalldatetime" => bare(SmallDateTime),
            "datetime2" => scaled(DateTime2),
            "datetimeoffset" => scaled(DateTimeOffset),
            "uniqueidentifier" => bare(UniqueIdentifier),
            "rowversion" | "timestamp" => bare(RowVersion),
            "xml" => bare(Xml),
            "sql_variant" => bare(SqlVariant),
            _ => None,
        }
    }
}
