//! A stand-in for SQL Server, for tests: TDS 7.4 on the loopback for the driver as it is, T-SQL that ponte emits on SQLite.
//! README.md says what it cannot show.

mod aggregates;
mod alter;
mod answer;
mod builtin;
mod catalog;
pub mod certificate;
mod change;
pub mod collation;
mod conditions;
mod connection;
mod date_functions;
mod declarations;
mod define;
mod define_own;
mod env;
mod error;
mod execute;
mod expressions;
mod from;
mod functions;
mod keys;
mod login;
mod moments;
mod packets;
mod parse;
mod parse_expressions;
mod parse_queries;
mod requests;
mod server;
mod session;
mod session_functions;
mod statements;
mod stream;
mod sums;
mod syntax;
mod tokens;
mod translate;
mod types;
mod values;
mod wire;
mod write;
mod written;

pub use server::{Encryption, Moment, Options, Server};
