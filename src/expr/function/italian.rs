//! The numbers by which Italian customers are known to the revenue service, and where their electronic invoices go.
//!
//! Each function gives the number as it is written officially, or NULL if it is none: shops keep what people typed.

use super::{Arguments, text_of};
use crate::expr::EvalError;
use crate::value::Value;

fn of_text(
    function: &str,
    arguments: Arguments<'_, '_>,
    official: fn(&str) -> Option<String>,
) -> Result<Value, EvalError> {
    let text = text_of(function, &arguments[0])?;
    Ok(official(&text).map_or(Value::Null, Value::Text))
}

pub fn partita_iva(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    of_text("partita_iva", arguments, vat_number)
}

pub fn codice_fiscale(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    of_text("codice_fiscale", arguments, fiscal_code)
}

pub fn codice_destinatario(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    of_text("codice_destinatario", arguments, recipient_code)
}

pub fn pec(arguments: Arguments<'_, '_>) -> Result<Value, EvalError> {
    of_text("pec", arguments, mail_address)
}

/// Letters and digits in capitals; anything else than blanks, dots and hyphens between them spoils it.
fn compact(text: &str) -> Option<String> {
    let mut compact = String::new();
    for c in text.trim().chars() {
        match c {
            c if c.is_ascii_alphanumeric() => compact.push(c.to_ascii_uppercase()),
            ' ' | '.' | '-' | '/' | '\u{a0}' => {}
            _ => return None,
        }
    }
    Some(compact)
}

/// 11 digits, the last of which checks the others: every second digit counts twice, its digits added up.
fn vat_number(text: &str) -> Option<String> {
    let compact = compact(text)?;
    let digits = compact.strip_prefix("IT").unwrap_or(&compact);
    has_check_digit(digits).then(|| digits.to_owned())
}

fn has_check_digit(digits: &str) -> bool {
    if digits.len() != 11 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let counted = digits.bytes().enumerate().map(|(at, byte)| {
        let digit = u32::from(byte - b'0');
        match at % 2 {
            0 => digit,
            _ => digit * 2 / 10 + digit * 2 % 10,
        }
    });
    counted.sum::<u32>() % 10 == 0 && digits.bytes().any(|byte| byte != b'0')
}

/// Characters of a person's code that are digits, unless two persons would have the same one: then letters stand for some of them
/// ("omocodia").
const DIGITS: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];

/// Which digit a letter stands for: its place.
const LETTERS_FOR_DIGITS: &[u8] = b"LMNPQRSTUV";

/// January to December.
const MONTHS: &[u8] = b"ABCDEHLMPRST";

/// What digits, and letters from A on, count in an odd place, counted from 1; in an even one they count 0, 1, 2 ...
const ODD: [u32; 26] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/// A person's 16 characters, or the 11 digits of whoever is none.
fn fiscal_code(text: &str) -> Option<String> {
    let compact = compact(text)?;
    if has_check_digit(&compact) {
        return Some(compact);
    }
    is_person(compact.as_bytes()).then_some(compact)
}

fn is_person(code: &[u8]) -> bool {
    let Ok(code): Result<&[u8; 16], _> = code.try_into() else {
        return false;
    };
    let digit = |at: usize| match code[at] {
        digit @ b'0'..=b'9' => Some(u32::from(digit - b'0')),
        letter => {
            let place = LETTERS_FOR_DIGITS.iter().position(|one| *one == letter)?;
            u32::try_from(place).ok()
        }
    };
    let is_formed = (0..16).all(|at| match DIGITS.contains(&at) {
        true => digit(at).is_some(),
        false => code[at].is_ascii_uppercase(),
    });
    if !is_formed || !MONTHS.contains(&code[8]) {
        return false;
    }
    let (Some(tens), Some(ones)) = (digit(9), digit(10)) else {
        return false;
    };
    // Women's days count from 41.
    let day = tens * 10 + ones;
    if !matches!(day, 1..=31 | 41..=71) {
        return false;
    }
    let counts = |at: usize| {
        let plain = match code[at] {
            digit @ b'0'..=b'9' => usize::from(digit - b'0'),
            letter => usize::from(letter - b'A'),
        };
        // The first place is an odd one.
        match at % 2 {
            0 => ODD[plain],
            _ => plain as u32,
        }
    };
    let sum: u32 = (0..15).map(counts).sum();
    u32::from(code[15] - b'A') == sum % 26
}

/// Seven characters, or the six of an office of the state.
fn recipient_code(text: &str) -> Option<String> {
    let code = text.trim();
    let is_code =
        matches!(code.len(), 6 | 7) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then(|| code.to_ascii_uppercase())
}

fn mail_address(text: &str) -> Option<String> {
    let address = text.trim().to_lowercase();
    let (name, host) = address.split_once('@')?;
    let is_address = !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !host.contains('@')
        && !address.chars().any(char::is_whitespace);
    is_address.then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_vat_number_has_eleven_digits_of_which_the_last_one_checks() {
        for (typed, official) in [
            ("07643520567", "07643520567"),
            ("IT 00743110157", "00743110157"),
            ("it.0074.3110.157", "00743110157"),
        ] {
            assert_eq!(vat_number(typed).as_deref(), Some(official), "{typed}");
        }
        for typed in [
            "07643520568",
            "00000000000",
            "0764352056",
            "076435205670",
            "FR07643520567",
            "0764352056O",
            "",
        ] {
            assert_eq!(vat_number(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_fiscal_code_is_a_persons_or_has_eleven_digits() {
        for typed in [
            "RSSMRA85T10A562S",
            "rss mra 85t10 a562s",
            "MRTMTT91D08F205J",
            "07643520567",
        ] {
            assert!(fiscal_code(typed).is_some(), "{typed}");
        }
        for typed in [
            "RSSMRA85T10A562T", // another check letter
            "RSSMRA85F10A562S", // no month
            "RSSMRA85T10A56",
            "1SSMRA85T10A562S",
            "RSSMRA85T1AA562S", // no letter for a digit
        ] {
            assert_eq!(fiscal_code(typed), None, "{typed}");
        }
    }

    #[test]
    fn letters_may_stand_for_digits() {
        // The second person of the same data gets a letter for the last digit.
        assert!(fiscal_code("MRTMTT91D08F20RX").is_none());
        let second = checked("MRTMTT91D08F20R");
        assert_eq!(fiscal_code(&second), Some(second.clone()));
        let last = checked("MRTMTTVMDLUFNLR");
        assert!(is_person(last.as_bytes()), "{last}");
    }

    #[test]
    fn where_an_invoice_goes() {
        assert_eq!(recipient_code(" m5uxcr1 ").as_deref(), Some("M5UXCR1"));
        assert_eq!(recipient_code("UFABCD").as_deref(), Some("UFABCD"));
        assert_eq!(recipient_code("0000000").as_deref(), Some("0000000"));
        assert_eq!(recipient_code("XXXXXXX").as_deref(), Some("XXXXXXX"));
        assert_eq!(recipient_code("ditta@pec.it"), None);
        assert_eq!(recipient_code("12345"), None);
        assert_eq!(
            mail_address(" Ditta@PEC.it").as_deref(),
            Some("ditta@pec.it")
        );
        for typed in ["M5UXCR1", "@pec.it", "a@b", "a b@pec.it", "a@@pec.it"] {
            assert_eq!(mail_address(typed), None, "{typed}");
        }
    }

    /// A person's first 15 characters with the letter that checks them, from the official tables written out.
    fn checked(code: &str) -> String {
        let odd = "BAKPLCQDREVOSFTGUHMINJWZYX";
        let value = |at: usize, c: char| {
            let plain = c.to_digit(10).unwrap_or_else(|| c as u32 - 'A' as u32);
            let letter = char::from_u32(plain + 'A' as u32).unwrap();
            match at % 2 {
                0 => odd.find(letter).unwrap() as u32,
                _ => plain,
            }
        };
        let sum: u32 = code.chars().enumerate().map(|(at, c)| value(at, c)).sum();
        format!("{code}{}", char::from_u32(sum % 26 + 'A' as u32).unwrap())
    }

    proptest! {
        /// Of the ten last digits exactly one fits, and no single digit can be typed wrongly unnoticed.
        #[test]
        fn one_check_digit_fits_and_one_slip_is_noticed(number in 1u64..10_000_000_000, at in 0usize..11, by in 1u32..10) {
            let first = format!("{number:010}");
            let fitting: Vec<String> = (0..10).map(|digit| format!("{first}{digit}")).filter(|one| has_check_digit(one)).collect();
            prop_assert_eq!(fitting.len(), 1);
            let mut slipped: Vec<u32> = fitting[0].chars().map(|c| c.to_digit(10).unwrap()).collect();
            slipped[at] = (slipped[at] + by) % 10;
            let slipped: String = slipped.iter().map(u32::to_string).collect();
            prop_assert!(!has_check_digit(&slipped));
        }

        #[test]
        fn a_persons_code_with_its_letter_is_one_and_with_no_other(
            name in "[A-Z]{6}", year in "[0-9]{2}", month in "[ABCDEHLMPRST]", day in 1u32..=31, woman in any::<bool>(), place in "[A-Z][0-9]{3}",
            letters in 0u32..128, other in 1u32..26,
        ) {
            let day = day + if woman { 40 } else { 0 };
            let mut code: Vec<u8> = format!("{name}{year}{month}{day:02}{place}").into_bytes();
            for (bit, at) in DIGITS.into_iter().enumerate() {
                if letters >> bit & 1 == 1 {
                    code[at] = LETTERS_FOR_DIGITS[usize::from(code[at] - b'0')];
                }
            }
            let code = checked(std::str::from_utf8(&code).unwrap());
            prop_assert_eq!(fiscal_code(&code.to_lowercase()), Some(code.clone()));
            let last = code.as_bytes()[15];
            let wrong = (u32::from(last - b'A') + other) % 26;
            let wrong = format!("{}{}", &code[..15], char::from_u32(wrong + 'A' as u32).unwrap());
            prop_assert_eq!(fiscal_code(&wrong), None);
        }
    }
}
