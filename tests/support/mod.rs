//! What tests share. Each test binary declares it with `#[path = "../support/mod.rs"] mod support;` and uses a part of it.
#![allow(dead_code, reason = "no test binary uses all of it")]

pub mod browser;
pub mod client;
pub mod http;
pub mod pipeline;
pub mod private;
pub mod project;
pub mod proxy;
pub mod servers;
pub mod sshd;

/// Whether the long tests were asked for, too (`tests/run --full`).
pub fn full() -> bool {
    std::env::var_os("PONTE_TEST_FULL").is_some_and(|value| !value.is_empty() && value != "0")
}
