//! `ponte` keeps a company's ERP database and its web shop's database in step, directly, without an API between them.
//!
//! Read in this order: [`value`] (what travels), [`db`] (engines behind one interface), [`expr`] and [`config`] (mapping
//! files become a [`plan`]), [`sync`] (a row's way), [`stock`] (the figure that must never be too high),
//! [`orders`] (what must come in once), [`fulfilment`] (what goes back, once). `ARCHITECTURE.md`
//! has the map and what each module must not know.

pub mod check;
pub mod cli;
pub mod config;
pub mod connections;
pub mod db;
pub mod demo;
pub mod diagnostic;
pub mod expr;
pub mod failpoint;
pub mod fulfilment;
pub mod mail;
pub mod matching;
pub mod orders;
pub mod own;
pub mod plan;
pub mod round;
pub mod service;
pub mod state;
pub mod stock;
pub mod story;
pub mod sync;
pub mod value;
pub mod web;
