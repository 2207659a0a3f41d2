//! The integration tests, one binary since linking takes long. They need servers: start them with `tests/run`.

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod asked;
mod bad;
mod cli;
mod compared;
mod customers;
mod derived;
mod far;
mod fulfilment;
#[cfg(target_os = "linux")]
mod full_disk;
mod logs;
mod matching;
mod nav;
mod odoo;
mod orders;
mod page;
mod reload;
mod requests;
mod sap;
mod schedule;
mod secrets;
mod selftest;
mod service;
mod soak;
mod ssh;
mod statements;
mod stock;
mod sync;
mod vanished;
mod verify;
mod versions;
mod victims;
mod webhook;
