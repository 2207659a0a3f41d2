//! Many rows in little memory: a key of a shop's takes some bytes here, and 32 as a value in a row of its own.

use crate::value::Value;

const NULL: u8 = 0;
const INT: u8 = 1;
const UINT: u8 = 2;
const TEXT: u8 = 3;
/// Of any other kind: kept as it is, beside the others.
const OTHER: u8 = 4;

/// Rows of equally many values, one behind the other; they come back as they were put in.
#[derive(Debug, Default)]
pub struct Packed {
    bytes: Vec<u8>,
    /// Where each row begins.
    starts: Vec<usize>,
    others: Vec<Value>,
}

impl Packed {
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn push(&mut self, row: &[Value]) {
        self.starts.push(self.bytes.len());
        for value in row {
            match value {
                Value::Null => self.bytes.push(NULL),
                Value::Int(number) => {
                    self.bytes.push(INT);
                    // Small negative numbers become small ones, too.
                    let folded = (number << 1) ^ (number >> 63);
                    self.number(folded as u64);
                }
                Value::UInt(number) => {
                    self.bytes.push(UINT);
                    self.number(*number);
                }
                Value::Text(text) => {
                    self.bytes.push(TEXT);
                    self.number(text.len() as u64);
                    self.bytes.extend_from_slice(text.as_bytes());
                }
                other => {
                    self.bytes.push(OTHER);
                    self.number(self.others.len() as u64);
                    self.others.push(other.clone());
                }
            }
        }
    }

    /// Seven bits a byte, the lowest first; the highest bit says that another byte follows.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// The values of a row. Whoever wants the first ones only need not unpack the others.
    pub fn row(&self, at: usize) -> Values<'_> {
        let end = self.starts.get(at + 1).copied();
        Values {
            rest: &self.bytes[self.starts[at]..end.unwrap_or(self.bytes.len())],
            others: &self.others,
        }
    }
}

pub struct Values<'a> {
    rest: &'a [u8],
    others: &'a [Value],
}

impl Values<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }
}

impl Iterator for Values<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            NULL => Value::Null,
            INT => {
                let folded = self.number()?;
                Value::Int((folded >> 1) as i64 ^ -((folded & 1) as i64))
            }
            UINT => Value::UInt(self.number()?),
            TEXT => {
                let length = self.number()? as usize;
                let (text, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                Value::Text(String::from_utf8_lossy(text).into_owned())
            }
            _ => self.others.get(self.number()? as usize)?.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Decimal;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            (-200i64..200).prop_map(Value::Int),
            any::<u64>().prop_map(Value::UInt),
            ".*".prop_map(Value::Text),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| Value::Decimal(Decimal::from_scaled(number.into(), 3))),
        ]
    }

    proptest! {
        #[test]
        fn rows_come_back_as_they_were(rows in proptest::collection::vec(proptest::collection::vec(value(), 0..5), 0..20)) {
            let mut packed = Packed::default();
            rows.iter().for_each(|row| packed.push(row));
            prop_assert_eq!(packed.len(), rows.len());
            for (at, row) in rows.iter().enumerate() {
                prop_assert_eq!(&packed.row(at).collect::<Vec<_>>(), row);
            }
        }
    }
}
