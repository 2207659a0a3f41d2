//! The integration tests, one binary since linking takes long. They need servers: start them with `tests/run`.

#[path = "../support/mod.rs"]
mod support;

mod bad;
mod cli;
mod derived;
mod far;
mod fulfilment;
mod matching;
mod odoo;
mod orders;
mod page;
mod selftest;
mod service;
mod ssh;
mod stock;
mod sync;
mod verify;
