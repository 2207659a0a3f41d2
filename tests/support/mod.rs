//! What tests share. Each test binary declares it with `#[path = "../support/mod.rs"] mod support;` and uses a part of it.
#![allow(dead_code, reason = "no test binary uses all of it")]

pub mod browser;
pub mod client;
#[cfg(target_os = "linux")]
pub mod full_disk;
pub mod http;
pub mod pipeline;
pub mod private;
pub mod private_postgres;
pub mod project;
pub mod proxy;
pub mod servers;
pub mod smtpd;
pub mod sshd;

/// The seed of a random test: printed, and taken from `PONTE_SEED` to run the same again.
pub fn seed(test: &str) -> u64 {
    let given = std::env::var("PONTE_SEED").ok();
    let given = given.map(|text| text.parse().expect("PONTE_SEED is a number"));
    let seed = given.unwrap_or_else(rand::random);
    println!("{test}: PONTE_SEED={seed}");
    seed
}

/// Whether the long tests were asked for, too (`tests/run --full`).
pub fn full() -> bool {
    std::env::var_os("PONTE_TEST_FULL").is_some_and(|value| !value.is_empty() && value != "0")
}
