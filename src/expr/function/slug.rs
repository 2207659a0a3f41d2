//! `slug(text)`: a text as part of a web address, as shops keep it.

use super::{Arguments, text_of};
use crate::expr::EvalError;
use crate::value::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest slug in bytes: it leaves room for `unique`'s suffix in a shop's 200.
const BYTES_MAX: usize = 190;

pub fn slug(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    let slug = make(&text_of("slug", &arguments[0])?);
    Ok(if slug.is_empty() {
        Value::Null
    } else {
        Value::Text(slug)
    })
}

/// Small ASCII letters and digits, with one hyphen for whatever stands between; apostrophes vanish. Accents are taken
/// off; letters of other scripts become their UTF-8 bytes in percent notation, as WordPress writes them.
fn make(text: &str) -> String {
    let mut slug = String::new();
    let mut gap = false;
    for character in text.nfkd().flat_map(char::to_lowercase) {
        let mut piece = String::new();
        match character {
            'a'..='z' | '0'..='9' | '_' => piece.push(character),
            '\'' | '’' | '‘' | '´' | '`' | '\u{ad}' | '\u{200b}'..='\u{200d}' => continue,
            _ => match folded(character) {
                Some(ascii) => piece.push_str(ascii),
                None if is_combining_mark(character) => continue,
                None if character.is_alphanumeric() => {
                    let mut bytes = [0; 4];
                    for byte in character.encode_utf8(&mut bytes).bytes() {
                        piece.push_str(&format!("%{byte:02x}"));
                    }
                }
                None => {
                    gap = true;
                    continue;
                }
            },
        }
        let hyphen = gap && !slug.is_empty();
        if slug.len() + usize::from(hyphen) + piece.len() > BYTES_MAX {
            break;
        }
        if hyphen {
            slug.push('-');
        }
        gap = false;
        slug.push_str(&piece);
    }
    slug
}

/// Latin letters that are no letter with an accent to Unicode.
fn folded(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'ĸ' => "k",
        'ŋ' => "n",
        'ŧ' => "t",
        'ſ' => "s",
        'ə' => "e",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_small_ascii() {
        for (text, expected) in [
            ("Cavo schermato 3x1,5 mm²", "cavo-schermato-3x1-5-mm2"),
            ("  Perché  l'università? ", "perche-luniversita"),
            ("Łódź – Straße / Ærø", "lodz-strasse-aero"),
            ("İstanbul ĞÜŞ", "istanbul-gus"),
            ("a--b__c", "a-b__c"),
            ("日本", "%e6%97%a5%e6%9c%ac"),
            ("!?", ""),
            ("50% & more", "50-more"),
        ] {
            assert_eq!(make(text), expected, "{text}");
        }
    }

    #[test]
    fn slugs_end_at_a_whole_letter() {
        assert_eq!(make(&"a".repeat(500)).len(), BYTES_MAX);
        let words = make(&"abc ".repeat(100));
        assert!(words.len() <= BYTES_MAX && !words.ends_with('-'));
        assert_eq!(make(&"日".repeat(100)).len() % 9, 0);
    }
}
