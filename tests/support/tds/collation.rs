//! Collations: name, code page, what compares as equal.

use encoding_rs::Encoding;
use std::cmp::Ordering;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A place in the list below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collation(pub u8);

struct Known {
    name: &'static str,
    language: u32,
    sort: u8,
    encoding: &'static Encoding,
}

const fn known(name: &'static str, language: u32, sort: u8, encoding: &'static Encoding) -> Known {
    Known {
        name,
        language,
        sort,
        encoding,
    }
}

static KNOWN: [Known; 14] = [
    known(
        "SQL_Latin1_General_CP1_CI_AS",
        0x409,
        52,
        encoding_rs::WINDOWS_1252,
    ),
    known("Latin1_General_CI_AS", 0x409, 0, encoding_rs::WINDOWS_1252),
    known("Latin1_General_CS_AS", 0x409, 0, encoding_rs::WINDOWS_1252),
    known("Latin1_General_CI_AI", 0x409, 0, encoding_rs::WINDOWS_1252),
    known("Latin1_General_BIN", 0x409, 0, encoding_rs::WINDOWS_1252),
    known("Latin1_General_BIN2", 0x409, 0, encoding_rs::WINDOWS_1252),
    known(
        "Latin1_General_100_CI_AS",
        0x409,
        0,
        encoding_rs::WINDOWS_1252,
    ),
    known(
        "Latin1_General_100_BIN2",
        0x409,
        0,
        encoding_rs::WINDOWS_1252,
    ),
    known(
        "Latin1_General_100_CI_AS_SC_UTF8",
        0x409,
        0,
        encoding_rs::UTF_8,
    ),
    known("Latin1_General_100_BIN2_UTF8", 0x409, 0, encoding_rs::UTF_8),
    known(
        "Cyrillic_General_CI_AS",
        0x419,
        0,
        encoding_rs::WINDOWS_1251,
    ),
    known("Polish_CI_AS", 0x415, 0, encoding_rs::WINDOWS_1250),
    known("Greek_CI_AS", 0x408, 0, encoding_rs::WINDOWS_1253),
    known("Turkish_CI_AS", 0x41f, 0, encoding_rs::WINDOWS_1254),
];

/// How texts are compared; the names of SQLite's collations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    CaseInsensitive,
    CaseSensitive,
    AccentInsensitive,
    /// UTF-16 units: binary collations of nvarchar, and those of one byte a character.
    Units,
    /// Code points: binary collations in UTF-8.
    Points,
}

impl Collation {
    pub const DEFAULT: Collation = Collation(1);
    /// What the catalog's names have here.
    pub const BIN2: Collation = Collation(5);

    pub fn named(name: &str) -> Option<Collation> {
        if name.eq_ignore_ascii_case("database_default")
            || name.eq_ignore_ascii_case("catalog_default")
        {
            return Some(Collation::DEFAULT);
        }
        let at = KNOWN
            .iter()
            .position(|known| known.name.eq_ignore_ascii_case(name))?;
        Some(Collation(at as u8))
    }

    pub fn name(self) -> &'static str {
        KNOWN[self.0 as usize].name
    }

    fn encoding(self) -> &'static Encoding {
        KNOWN[self.0 as usize].encoding
    }

    /// As COLLATIONPROPERTY tells it.
    pub fn code_page(self) -> i64 {
        let encoding = self.encoding();
        match encoding.name().strip_prefix("windows-") {
            Some(page) => page.parse().unwrap_or(0),
            None => 65001,
        }
    }

    pub fn is_utf8(self) -> bool {
        self.encoding() == encoding_rs::UTF_8
    }

    /// The five bytes of the wire.
    pub fn wire(self) -> [u8; 5] {
        let known = &KNOWN[self.0 as usize];
        let mut flags = match self.rule() {
            Rule::CaseInsensitive => 0x0d,
            Rule::CaseSensitive => 0x0c,
            Rule::AccentInsensitive => 0x0f,
            Rule::Units if known.name.ends_with("BIN") => 0x10,
            Rule::Units | Rule::Points => 0x20,
        };
        if self.is_utf8() {
            flags |= 0x40;
        }
        let version = if known.name.contains("_100_") {
            2u32
        } else {
            0
        };
        let info = known.language | flags << 20 | version << 28;
        let bytes = info.to_le_bytes();
        [bytes[0], bytes[1], bytes[2], bytes[3], known.sort]
    }

    /// One that has these bytes; the default where none does (a client's empty one).
    pub fn of_wire(bytes: [u8; 5]) -> Collation {
        let at = (0..KNOWN.len() as u8).find(|at| Collation(*at).wire() == bytes);
        at.map_or(Collation::DEFAULT, Collation)
    }

    pub fn rule(self) -> Rule {
        let name = self.name();
        if name.contains("BIN") {
            Rule::Units
        } else if name.contains("_CI_AI") {
            Rule::AccentInsensitive
        } else if name.contains("_CS") {
            Rule::CaseSensitive
        } else {
            Rule::CaseInsensitive
        }
    }

    /// Bytes of the code page. What it does not have becomes a question mark, as on the real server.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let encoding = self.encoding();
        if encoding == encoding_rs::UTF_8 {
            return text.as_bytes().to_vec();
        }
        let mut bytes = Vec::with_capacity(text.len());
        let mut buffer = [0; 4];
        for character in text.chars() {
            let (encoded, _, is_lossy) = encoding.encode(character.encode_utf8(&mut buffer));
            match is_lossy {
                // One for each half of a pair.
                true => bytes.extend(std::iter::repeat_n(b'?', character.len_utf16())),
                false => bytes.extend_from_slice(&encoded),
            }
        }
        bytes
    }

    pub fn decode(self, bytes: &[u8]) -> String {
        self.encoding()
            .decode_without_bom_handling(bytes)
            .0
            .into_owned()
    }
}

impl Rule {
    pub const ALL: [Rule; 5] = [
        Rule::CaseInsensitive,
        Rule::CaseSensitive,
        Rule::AccentInsensitive,
        Rule::Units,
        Rule::Points,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Rule::CaseInsensitive => "ts_ci",
            Rule::CaseSensitive => "ts_cs",
            Rule::AccentInsensitive => "ts_ai",
            Rule::Units => "ts_bin",
            Rule::Points => "ts_utf8",
        }
    }

    /// Trailing blanks do not count, in any collation.
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        let (a, b) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
        if a == b {
            return Ordering::Equal;
        }
        if self == Rule::Points {
            return a.cmp(b);
        }
        if self == Rule::Units {
            return a.encode_utf16().cmp(b.encode_utf16());
        }
        if a.is_ascii() && b.is_ascii() {
            let lower = |text: &str| {
                text.bytes()
                    .map(|byte| byte.to_ascii_lowercase())
                    .collect::<Vec<u8>>()
            };
            let order = lower(a).cmp(&lower(b));
            return match self {
                // Lower case first.
                Rule::CaseSensitive => order.then_with(|| b.cmp(a)),
                _ => order,
            };
        }
        let base = |text: &str| -> String {
            text.nfd()
                .filter(|c| !is_combining_mark(*c))
                .flat_map(char::to_lowercase)
                .collect()
        };
        let accents = |text: &str| -> String { text.nfd().flat_map(char::to_lowercase).collect() };
        let order = base(a).cmp(&base(b));
        match self {
            Rule::AccentInsensitive => order,
            Rule::CaseInsensitive => order.then_with(|| accents(a).cmp(&accents(b))),
            _ => order
                .then_with(|| accents(a).cmp(&accents(b)))
                .then_with(|| b.cmp(a)),
        }
    }
}
