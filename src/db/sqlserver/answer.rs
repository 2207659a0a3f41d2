//! Rows of the engine's own questions.

use super::decode::Decoder;
use crate::db::Result;
use crate::value::Value;
use std::sync::Arc;

/// A row of the engine's own questions.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) values: Vec<Value>,
    pub(super) names: Arc<[String]>,
}

impl Answer {
    pub fn at(&self, at: usize) -> &Value {
        self.values.get(at).unwrap_or(&Value::Null)
    }

    pub fn named(&self, name: &str) -> &Value {
        match self.names.iter().position(|known| known == name) {
            Some(at) => self.at(at),
            None => &Value::Null,
        }
    }

    pub fn text(&self, at: usize) -> String {
        self.at(at).plain().into_owned()
    }

    pub fn int(&self, at: usize) -> i64 {
        match self.at(at) {
            Value::Int(number) => *number,
            Value::UInt(number) => i64::try_from(*number).unwrap_or(i64::MAX),
            Value::Bool(truth) => i64::from(*truth),
            _ => 0,
        }
    }

    pub fn truth(&self, at: usize) -> bool {
        self.int(at) != 0
    }
}

/// The rows of one result.
pub(super) fn answers(decoder: &Decoder, rows: Vec<tiberius::Row>) -> Result<Vec<Answer>> {
    let names = decoder.columns();
    rows.into_iter()
        .map(|row| {
            Ok(Answer {
                values: decoder.row(row)?.into_vec(),
                names: names.clone(),
            })
        })
        .collect()
}
