//! SQL Server's and the driver's errors, sorted by what the caller does about them.

use crate::db::DbErrorKind::{self, *};
use crate::db::{DbError, url};
use std::io;
use tiberius::error::{Error, TokenError};

/// Errors by number.
/// <https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors>
const KINDS: [(DbErrorKind, &[u32]); 17] = [
    // database starting, restoring, offline, moved, unavailable (Azure), not accessible for now
    (
        Unreachable,
        &[
            921, 922, 927, 942, 952, 976, 978, 983, 17830, 40613, 42108, 42109,
        ],
    ),
    // killed, severe error, server being shut down, session was killed by an administrator
    (
        ConnectionLost,
        &[596, 6005, 6006, 10054, 40143, 40166, 40197, 64],
    ),
    // login failed, password expired or must be changed, account disabled or locked, untrusted domain
    (
        Authentication,
        &[
            18450, 18451, 18452, 18456, 18461, 18463, 18464, 18465, 18466, 18467, 18468, 18470,
            18486, 18487, 18488, 916, 40532, 40615,
        ],
    ),
    // connections, sessions and resources of Azure, connections of the server
    (
        TooManyConnections,
        &[
            10928, 10929, 10936, 17809, 40501, 40544, 40549, 40550, 49918, 49919, 49920,
        ],
    ),
    (Timeout, &[8645, 8651]),
    (Deadlock, &[1205, 1211]),
    (LockTimeout, &[1222]),
    // update conflict under snapshot, table altered under it, version no longer there, schema changed, log of a secondary
    (
        Conflict,
        &[3960, 3961, 3966, 3967, 41302, 41305, 41325, 41301, 3958],
    ),
    (UniqueViolation, &[2601, 2627]),
    // cannot be NULL, trigger ended the transaction, rule, view with check option
    (Refused, &[515, 3609, 513, 550, 3616]),
    // too long, overflow of numbers, dates and times, conversions, truncation, division of what does not fit
    (
        Misfit,
        &[
            220, 232, 235, 236, 237, 238, 241, 242, 244, 245, 248, 293, 294, 295, 296, 298, 529,
            1934, 2628, 4928, 8114, 8115, 8152, 8169, 9420, 517, 206, 257, 8023,
        ],
    ),
    (PacketTooLarge, &[511, 8621, 701, 8618, 8623]),
    (
        Privilege,
        &[229, 230, 262, 297, 300, 1088, 3701, 4104, 15247, 371],
    ),
    // database, object, column, schema, type, function, procedure
    (
        Undefined,
        &[207, 208, 911, 2760, 2715, 2812, 195, 4121, 4902, 4060],
    ),
    (
        Syntax,
        &[
            102, 103, 105, 111, 156, 170, 319, 321, 1018, 1033, 4145, 8155,
        ],
    ),
    // database or file group is read only, only reads are allowed on a secondary
    (ReadOnly, &[1924, 3906, 3908, 10983]),
    // log or file group full, disk, corrupted pages
    (Storage, &[823, 824, 825, 1101, 1105, 9002, 40552, 3624]),
];

/// When an error came up: the same broken pipe is an unreachable server before, and a lost connection after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Connect(url::Tls),
    Use,
}

pub(super) fn db_error(error: &Error, phase: Phase) -> DbError {
    let (kind, message) = match error {
        Error::Server(error) => (server_kind(error), error.message().replace('\n', " ")),
        Error::Tls(message) => (Tls, tls_message(message)),
        Error::Io { kind, message } => io_error(*kind, message, phase),
        Error::Protocol(message) if message.contains("encryption level") => (
            Tls,
            "the server does not encrypt; `tls=off` in the connection string does without"
                .to_owned(),
        ),
        // The rest of the answer is skipped: the line is sound.
        Error::Protocol(message) if message.contains("UTF-16") => (
            Other,
            "a text in the database is no UTF-16 (half an emoji, say): correct it, or leave its row out".to_owned(),
        ),
        Error::Protocol(message) => (lost(phase), message.to_string()),
        // What the SQL Browser said, or did not say.
        Error::Conversion(message) if matches!(phase, Phase::Connect(_)) => {
            (Unreachable, browser_message(message))
        }
        Error::Conversion(message) | Error::Encoding(message) | Error::BulkInput(message) => {
            (Misfit, message.to_string())
        }
        Error::Routing { host, port } => (
            Unreachable,
            format!("the server sends its clients on to {host}:{port}, which sends them on again"),
        ),
        error => (lost(phase), error.to_string()),
    };
    DbError {
        kind,
        message,
        code: error.code().map(|code| code.to_string()),
    }
}

fn lost(phase: Phase) -> DbErrorKind {
    match phase {
        Phase::Connect(_) => Unreachable,
        Phase::Use => ConnectionLost,
    }
}

fn server_kind(error: &TokenError) -> DbErrorKind {
    // A constraint's own sort stands in its message only; the session's language is set to English.
    if error.code() == 547 {
        let is_check = error.message().contains("CHECK constraint");
        return if is_check {
            Refused
        } else {
            ForeignKeyViolation
        };
    }
    let known = KINDS
        .iter()
        .find(|(_, codes)| codes.contains(&error.code()))
        .map(|(kind, _)| *kind);
    known.unwrap_or_else(|| match error.class() {
        // The server ends the connection with it.
        20.. => ConnectionLost,
        17 => Storage,
        // RAISERROR and THROW of a trigger.
        _ if error.code() >= 50_000 => Refused,
        _ => Other,
    })
}

fn io_error(kind: io::ErrorKind, message: &str, phase: Phase) -> (DbErrorKind, String) {
    use url::Tls::Off;
    let encrypts = matches!(phase, Phase::Connect(tls) if tls != Off);
    match phase {
        // rustls reports what it refuses through the stream that it wraps, and a server that knows only an older TLS
        // simply ends the connection.
        Phase::Connect(_) if encrypts && kind == io::ErrorKind::InvalidData => {
            (Tls, tls_message(message))
        }
        Phase::Connect(_) if encrypts && is_cut(kind) => (
            Tls,
            format!(
                "the server ended the connection during the TLS handshake ({message}). A SQL Server before 2016 without updates speaks \
                 TLS 1.0 only: install its update for TLS 1.2 (KB3135244), reach it through SSH (`ssh`), or, within a network that \
                 you trust, say `tls=off`"
            ),
        ),
        Phase::Connect(Off) if is_cut(kind) => (
            Unreachable,
            format!(
                "{message}; a server that insists on encryption does so: then leave `tls=off` out"
            ),
        ),
        _ => (lost(phase), message.to_owned()),
    }
}

fn is_cut(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(
        kind,
        BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
    )
}

/// The driver's advice speaks of its own functions; what remains is the reason.
fn tls_message(message: &str) -> String {
    let reason = message
        .split(" To connect anyway")
        .next()
        .unwrap_or(message);
    let reason = reason.trim_end_matches('.');
    if reason.contains("CaUsedAsEndEntity") {
        return format!(
            "{reason}: a certificate that the server has made for itself cannot be verified, not even as `ca`. Give the server one \
             that an authority has signed, or say `tls=required`, which encrypts without knowing who is at the other end"
        );
    }
    if reason.contains("not valid for name") {
        return format!(
            "{reason}. Name the server as its certificate does, or say which name that is with `certificate_host=NAME`"
        );
    }
    if reason.contains("UnknownIssuer")
        || reason.contains("SelfSigned")
        || reason.contains("certificate")
    {
        return format!(
            "{reason}. SQL Server makes a certificate for itself unless it is given one: name the authority of the server's own with \
             `ca=FILE`, or say `tls=required`, which encrypts without knowing who is at the other end"
        );
    }
    reason.to_owned()
}

fn browser_message(message: &str) -> String {
    match message.contains("SQL browser") || message.contains("SQL Browser") {
        true => format!(
            "the instance's port is not known: no answer from SQL Browser (UDP port 1434) that names the instance. Is the service \
             `SQL Server Browser` running, does the instance listen on TCP, and is its name right? With the port itself \
             (`HOST:PORT`) SQL Browser is not asked ({})",
            message.trim_end_matches('.')
        ),
        false => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_once() {
        let mut codes: Vec<u32> = KINDS
            .iter()
            .flat_map(|(_, codes)| codes.iter().copied())
            .collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    fn io(kind: io::ErrorKind, phase: Phase) -> DbError {
        let error = Error::Io {
            kind,
            message: "cut".to_owned(),
        };
        db_error(&error, phase)
    }

    #[test]
    fn a_broken_line_depends_on_when() {
        use io::ErrorKind::{ConnectionRefused, UnexpectedEof};
        let off = Phase::Connect(url::Tls::Off);
        let on = Phase::Connect(url::Tls::Required);
        assert_eq!(io(UnexpectedEof, off).kind, Unreachable);
        assert_eq!(io(UnexpectedEof, Phase::Use).kind, ConnectionLost);
        assert_eq!(io(ConnectionRefused, on).kind, Unreachable);
        let old = io(UnexpectedEof, on);
        assert_eq!(old.kind, Tls);
        assert!(old.message.contains("TLS 1.0"), "{old}");
    }

    #[test]
    fn a_certificate_of_the_servers_own_comes_with_what_to_do() {
        let error = Error::Tls(
            "the server's certificate was rejected during the TLS handshake: UnknownIssuer. To connect anyway you can: (1) trust"
                .to_owned(),
        );
        let error = db_error(&error, Phase::Connect(url::Tls::Verify));
        assert_eq!(error.kind, Tls);
        assert!(
            error.message.contains("`ca=FILE`") && !error.message.contains("(1)"),
            "{error}"
        );
    }
}
