//! What nobody knows.

use super::Arguments;
use crate::expr::{Env, EvalError};
use crate::value::Value;
use rand::Rng;

/// The letters of bcrypt's base 64.
const LETTERS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Salt and digest of a bcrypt hash: 22 and 31 letters. No password is known to have it, and none can be found.
pub fn unusable_password(_: Arguments<'_, '_>, _: &dyn Env) -> Result<Value, EvalError> {
    let mut random = rand::rng();
    let letters = (0..53).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]));
    Ok(Value::Text("$2y$10$".chars().chain(letters).collect()))
}
