//! What is special to SQL Server and needs no database: logging in, being sent on, time-outs, answers that do not come. The server is a
//! few lines that speak its protocol [MS-TDS] and say what each test has written down.

use futures_util::TryStreamExt;
use ponte::db::query::Query;
use ponte::db::{
    CommitError, DbError, DbErrorKind, DbUrl, EngineKind, Isolation, Session, engine, fetch,
};
use ponte::value::Value;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does when it has heard a statement.
enum Reply {
    /// Tokens of an answer.
    Say(Vec<u8>),
    /// Nothing, until an Attention comes.
    Hang,
    /// Ends the connection.
    Cut,
}

type Answers = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

struct Server {
    port: u16,
    /// Every statement, in order.
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `login`: what follows a login; `answers`: what follows a statement that the engine's own beginning does not need.
    async fn start(login: Vec<u8>, answers: Answers) -> Server {
        Server::on("127.0.0.1", login, answers).await
    }

    async fn on(address: &str, login: Vec<u8>, answers: Answers) -> Server {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (login, answers, log) = (login.clone(), answers.clone(), log.clone());
                tokio::spawn(async move {
                    // Whatever breaks the line ends the conversation.
                    let _ = converse(stream, login, answers, log).await;
                });
            }
        });
        Server { port, heard }
    }

    async fn usual(answers: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
        Server::start(login_ack(), Arc::new(answers)).await
    }

    fn url(&self, options: &str) -> String {
        format!(
            "sqlserver://sa:hunter2@127.0.0.1:{}/acme{options}",
            self.port
        )
    }

    async fn connect(&self) -> Box<dyn Session> {
        connect(&self.url("")).await.unwrap()
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn connect(url: &str) -> Result<Box<dyn Session>, DbError> {
    let url = DbUrl::parse(url, None, Path::new("")).unwrap();
    engine(&url).unwrap().connect().await
}

async fn refused(url: &str) -> DbError {
    let error = connect(url).await.err().expect("no connection");
    assert!(!error.message.contains("hunter2"), "{error}");
    error
}

const PRELOGIN: u8 = 0x12;
const LOGIN: u8 = 0x10;
const BATCH: u8 = 0x01;
const RPC: u8 = 0x03;
const ATTENTION: u8 = 0x06;

async fn converse(
    mut stream: TcpStream,
    login: Vec<u8>,
    answers: Answers,
    log: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    loop {
        let (kind, message) = hear(&mut stream).await?;
        let tokens = match kind {
            // A version, and that nothing is encrypted.
            PRELOGIN => vec![
                0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 11, 0, 0x1b, 0x59, 0, 0, 2,
            ],
            LOGIN => login.clone(),
            ATTENTION => done(0xfd, 0x20, 0),
            BATCH | RPC => {
                let text = match kind {
                    BATCH => utf16(&message[22..]),
                    _ => statement(&message[22..]),
                };
                log.lock().unwrap().push(text.clone());
                match beginning(&text).map_or_else(|| answers(&text), Reply::Say) {
                    Reply::Say(tokens) => tokens,
                    Reply::Hang => continue,
                    Reply::Cut => return Ok(()),
                }
            }
            other => panic!("a packet of type {other}"),
        };
        say(&mut stream, &tokens).await?;
    }
}

/// The whole message, of however many packets.
async fn hear(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut message = Vec::new();
    loop {
        let mut head = [0; 8];
        stream.read_exact(&mut head).await?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let at = message.len();
        message.resize(at + length - 8, 0);
        stream.read_exact(&mut message[at..]).await?;
        if head[1] & 1 == 1 {
            return Ok((head[0], message));
        }
    }
}

async fn say(stream: &mut TcpStream, tokens: &[u8]) -> std::io::Result<()> {
    const MOST: usize = 4096 - 8;
    let mut packets = tokens.chunks(MOST).peekable();
    while let Some(packet) = packets.next() {
        let last = u8::from(packets.peek().is_none());
        let [high, low] = ((packet.len() + 8) as u16).to_be_bytes();
        stream.write_all(&[4, last, high, low, 0, 0, 1, 0]).await?;
        stream.write_all(packet).await?;
    }
    Ok(())
}

fn utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16(&units).unwrap()
}

/// The first parameter of `sp_executesql`.
fn statement(rpc: &[u8]) -> String {
    assert_eq!(rpc[..4], [0xff, 0xff, 10, 0]);
    // Flags, the parameter's name, its status, its type with length and collation.
    let at = 6 + 1 + 2 * usize::from(rpc[6]) + 1;
    assert_eq!(rpc[at], 0xe7, "nvarchar");
    let long = rpc[at + 1..at + 3] == [0xff, 0xff];
    let data = &rpc[at + 8..];
    match long {
        false => {
            let length = usize::from(u16::from_le_bytes([data[0], data[1]]));
            utf16(&data[2..2 + length])
        }
        true => {
            let length = u32::from_le_bytes(data[8..12].try_into().unwrap()) as usize;
            utf16(&data[12..12 + length])
        }
    }
}

/// What every session begins with.
fn beginning(text: &str) -> Option<Vec<u8>> {
    if text.starts_with("SET LANGUAGE") {
        return Some(done(0xfd, 0, 0));
    }
    text.contains("SERVERPROPERTY").then(|| {
        let texts = ["11.0.7001.0", "3", "SP4", "READ_WRITE", "acme", "1"];
        let row = texts.map(|text| text.parse().map_or(Cell::Text(text), Cell::Int));
        rows(
            &[
                "version",
                "edition",
                "level",
                "updates",
                "name",
                "snapshots",
            ],
            &[&row],
        )
    })
}

fn us_varchar(text: &str, out: &mut Vec<u8>) {
    let units: Vec<u16> = text.encode_utf16().collect();
    out.extend((units.len() as u16).to_le_bytes());
    out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
}

fn b_varchar(text: &str, out: &mut Vec<u8>) {
    let units: Vec<u16> = text.encode_utf16().collect();
    out.push(units.len() as u8);
    out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
}

fn token(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16).to_le_bytes();
    [&[kind], &length[..], body].concat()
}

fn done(kind: u8, status: u16, count: u64) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend(status.to_le_bytes());
    out.extend([0, 0]);
    out.extend(count.to_le_bytes());
    out
}

fn login_ack() -> Vec<u8> {
    let mut body = vec![1, 0x74, 0, 0, 4];
    b_varchar("Microsoft SQL Server", &mut body);
    body.extend([11, 0, 0x1b, 0x59]);
    [token(0xad, &body), done(0xfd, 0, 0)].concat()
}

fn error(number: u32, class: u8, message: &str) -> Vec<u8> {
    let mut body = number.to_le_bytes().to_vec();
    body.extend([1, class]);
    us_varchar(message, &mut body);
    body.extend([0, 0]);
    body.extend(1u32.to_le_bytes());
    [token(0xaa, &body), done(0xfd, 2, 0)].concat()
}

fn routing(port: u16) -> Vec<u8> {
    let mut place = vec![0];
    place.extend(port.to_le_bytes());
    us_varchar("127.0.0.1", &mut place);
    let mut body = vec![20];
    body.extend((place.len() as u16).to_le_bytes());
    body.extend(place);
    body.extend([0, 0]);
    [token(0xe3, &body), login_ack()].concat()
}

#[derive(Clone, Copy)]
enum Cell {
    Int(i64),
    Text(&'static str),
}

/// A result, as a procedure yields it; the first row says the columns' types.
fn rows(names: &[&str], rows: &[&[Cell]]) -> Vec<u8> {
    let mut out = vec![0x81];
    out.extend((names.len() as u16).to_le_bytes());
    for (at, name) in names.iter().enumerate() {
        out.extend([0, 0, 0, 0, 1, 0]);
        match rows.first().map(|row| row[at]) {
            Some(Cell::Text(_)) => out.extend([0xe7, 0x40, 0x1f, 9, 4, 0xd0, 0, 0x34]),
            _ => out.extend([0x26, 8]),
        }
        b_varchar(name, &mut out);
    }
    for row in rows {
        out.push(0xd1);
        for cell in *row {
            match cell {
                Cell::Int(number) => {
                    out.push(8);
                    out.extend(number.to_le_bytes());
                }
                Cell::Text(text) => {
                    let units: Vec<u16> = text.encode_utf16().collect();
                    out.extend((units.len() as u16 * 2).to_le_bytes());
                    out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
                }
            }
        }
    }
    out.extend(done(0xff, 0x11, rows.len() as u64));
    out.extend([0x79, 0, 0, 0, 0]);
    out.extend(done(0xfe, 0, 0));
    out
}

fn nothing() -> Reply {
    Reply::Say(done(0xfd, 0, 0))
}

fn one() -> Reply {
    Reply::Say(rows(&["n"], &[&[Cell::Int(1)]]))
}

#[tokio::test]
async fn a_session_makes_its_settings_and_knows_the_server() {
    let server = Server::usual(|text| match text {
        "SELECT n, t FROM x" => Reply::Say(rows(
            &["n", "t"],
            &[
                &[Cell::Int(1), Cell::Text("à 😀")],
                &[Cell::Int(-2), Cell::Text("")],
            ],
        )),
        other => panic!("{other}"),
    })
    .await;
    let mut session = server.connect().await;
    assert_eq!(session.server().kind, EngineKind::SqlServer);
    assert_eq!(session.server().product, "SQL Server 2012 (11.0.7001.0)");
    assert_eq!(session.server().version, (11, 0, 7001));
    let found = fetch(session.as_mut(), &Query::sql("SELECT n, t FROM x"))
        .await
        .unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(*found[0], [Value::Int(1), text("à 😀")]);
    assert_eq!(*found[1], [Value::Int(-2), text("")]);
    let heard = server.heard();
    for setting in [
        "SET XACT_ABORT ON",
        "SET LOCK_TIMEOUT 10000",
        "SET DATEFORMAT ymd",
        "ISOLATION LEVEL READ COMMITTED",
    ] {
        assert!(heard[0].contains(setting), "{setting}: {heard:?}");
    }
}

#[tokio::test]
async fn a_refused_login_has_its_kind() {
    for (number, message, kind) in [
        (
            18456,
            "Login failed for user 'sa'.",
            DbErrorKind::Authentication,
        ),
        (
            4060,
            "Cannot open database \"acme\" requested by the login. The login failed.",
            DbErrorKind::Undefined,
        ),
        (
            40613,
            "Database 'acme' on server 'x' is not currently available.",
            DbErrorKind::Unreachable,
        ),
        (
            10928,
            "Resource ID: 1. The request limit for the database is 60.",
            DbErrorKind::TooManyConnections,
        ),
    ] {
        let server =
            Server::start(error(number, 14, message), Arc::new(|_: &str| Reply::Cut)).await;
        let said = refused(&server.url("")).await;
        assert_eq!(said.kind, kind, "{said}");
        assert_eq!(said.code, Some(number.to_string()));
        assert!(said.message.contains(message), "{said}");
    }
}

#[tokio::test]
async fn a_server_that_sends_us_on_is_followed_but_not_for_ever() {
    let there = Server::usual(|_| one()).await;
    let gateway = Server::start(routing(there.port), Arc::new(|_: &str| Reply::Cut)).await;
    let mut session = gateway.connect().await;
    fetch(session.as_mut(), &Query::sql("SELECT 1"))
        .await
        .unwrap();
    assert!(gateway.heard().is_empty());
    assert!(there.heard().last().unwrap().contains("SELECT 1"));

    // One that names itself.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let first = Server::start(routing(port), Arc::new(|_: &str| Reply::Cut)).await;
    assert_eq!(refused(&first.url("")).await.kind, DbErrorKind::Unreachable);
    let circle = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = circle.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = circle.accept().await {
            let login = routing(port);
            let silent: Answers = Arc::new(|_| Reply::Cut);
            tokio::spawn(converse(stream, login, silent, Arc::default()));
        }
    });
    let said = refused(&format!("sqlserver://sa:hunter2@127.0.0.1:{port}/acme")).await;
    assert_eq!(said.kind, DbErrorKind::Unreachable);
    assert!(said.message.contains("sends them on again"), "{said}");
}

#[tokio::test]
async fn encryption_that_is_not_to_be_had_is_told_with_what_to_do() {
    let server = Server::usual(|_| one()).await;
    let said = refused(&server.url("?tls=required")).await;
    assert_eq!(said.kind, DbErrorKind::Tls);
    assert!(said.message.contains("`tls=off`"), "{said}");

    // A server that gives up in the handshake, as one of TLS 1.0 does.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = hear(&mut stream).await;
            let answer = [
                0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 11, 0, 0x1b, 0x59, 0, 0, 1,
            ];
            let _ = say(&mut stream, &answer).await;
            let _ = hear(&mut stream).await;
        }
    });
    let said = refused(&format!(
        "sqlserver://sa:hunter2@127.0.0.1:{port}/acme?tls=required"
    ))
    .await;
    assert_eq!(said.kind, DbErrorKind::Tls, "{said}");
    assert!(said.message.contains("TLS 1.0 only"), "{said}");
}

/// A loopback address of the test's own: SQL Browser has always the same port, and the machine may have one.
const BROWSER: &str = "127.0.0.77";

/// What SQL Browser has been asked, in order: it answers for the instances that it knows [MC-SQLR].
async fn browser(instances: &[(&'static str, u16)]) -> Arc<Mutex<Vec<String>>> {
    let socket = tokio::net::UdpSocket::bind((BROWSER, 1434)).await;
    let socket = socket.unwrap_or_else(|error| panic!("UDP port 1434 of {BROWSER}: {error}"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, instances) = (asked.clone(), instances.to_vec());
    tokio::spawn(async move {
        let mut question = [0; 64];
        while let Ok((length, from)) = socket.recv_from(&mut question).await {
            assert_eq!(question[0], 4, "the question for one instance");
            let name = String::from_utf8_lossy(&question[1..length]).into_owned();
            log.lock().unwrap().push(name.clone());
            let known = instances
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(&name));
            let Some((name, port)) = known else {
                continue;
            };
            let told = format!(
                "ServerName;ERP;InstanceName;{name};IsClustered;No;Version;11.0.7001.0;tcp;{port};np;\\\\ERP\\pipe\\sql\\query;;"
            );
            let mut answer = vec![5];
            answer.extend((told.len() as u16).to_le_bytes());
            answer.extend(told.as_bytes());
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    asked
}

#[tokio::test]
async fn sql_browser_leads_to_the_port_of_an_instance() {
    let there = Server::on(BROWSER, login_ack(), Arc::new(|_: &str| one())).await;
    // Of this one the server that answers is another one, which is no instance of a Browser's.
    let further = Server::usual(|_| one()).await;
    let gateway = Server::on(
        BROWSER,
        routing(further.port),
        Arc::new(|_: &str| Reply::Cut),
    )
    .await;
    let asked = browser(&[("SQLEXPRESS", there.port), ("GATEWAY", gateway.port)]).await;
    let port = there.port;
    for (url, server) in [
        (
            format!("sqlserver://sa:hunter2@{BROWSER}\\sqlexpress/acme"),
            &there,
        ),
        (
            format!(
                "Server=tcp:{BROWSER}\\SQLEXPRESS;Database=acme;User Id=sa;Password=hunter2;Encrypt=false"
            ),
            &there,
        ),
        (
            format!("sqlserver://sa:hunter2@{BROWSER}\\GATEWAY/acme"),
            &further,
        ),
        // Whose port is written, nobody is asked of.
        (
            format!("sqlserver://sa:hunter2@{BROWSER}\\OTHER:{port}/acme"),
            &there,
        ),
    ] {
        let before = server.heard().len();
        let mut session = connect(&url).await.unwrap();
        let found = fetch(session.as_mut(), &Query::sql("SELECT 1")).await;
        assert_eq!(*found.unwrap()[0], [Value::Int(1)], "{url}");
        assert_eq!(server.heard().len(), before + 3, "{url}");
    }
    let names = asked.lock().unwrap().clone();
    assert_eq!(names, ["sqlexpress", "SQLEXPRESS", "GATEWAY"]);

    let unknown = format!("sqlserver://sa:hunter2@{BROWSER}\\OTHER/acme");
    let said = refused(&unknown).await;
    assert_eq!(said.kind, DbErrorKind::Unreachable, "{said}");
    assert!(said.message.contains("UDP port 1434"), "{said}");
    assert_eq!(asked.lock().unwrap().last().unwrap(), "OTHER");
}

#[tokio::test]
async fn an_instance_that_nobody_knows_is_told() {
    let said = refused("sqlserver://sa:hunter2@127.0.0.1\\NOWHERE/acme").await;
    assert_eq!(said.kind, DbErrorKind::Unreachable, "{said}");
    assert!(
        said.message.contains("UDP port 1434") && said.message.contains("127.0.0.1\\NOWHERE"),
        "{said}"
    );
}

#[tokio::test]
async fn what_takes_too_long_is_cancelled_and_the_session_lives_on() {
    let server = Server::usual(|text| match text.contains("slow") {
        true => Reply::Hang,
        false => one(),
    })
    .await;
    let mut session = connect(&server.url("?statement_timeout_s=1"))
        .await
        .unwrap();
    for query in ["SELECT slow", "SELECT slow again"] {
        let said = fetch(session.as_mut(), &Query::sql(query))
            .await
            .unwrap_err();
        assert_eq!(said.kind, DbErrorKind::Timeout, "{said}");
        let found = fetch(session.as_mut(), &Query::sql("SELECT 1"))
            .await
            .unwrap();
        assert_eq!(*found[0], [Value::Int(1)]);
    }
    let said = session
        .execute(&Query::sql("UPDATE slow"))
        .await
        .unwrap_err();
    assert_eq!(said.kind, DbErrorKind::Timeout, "{said}");
    session.execute(&Query::sql("UPDATE x")).await.unwrap();
}

#[tokio::test]
async fn an_error_ends_the_transaction() {
    let server = Server::usual(|text| match text {
        "UPDATE x" => Reply::Say(error(1205, 13, "was deadlocked on lock resources")),
        text if text.contains("TRANSACTION") => nothing(),
        _ => one(),
    })
    .await;
    let mut session = server.connect().await;
    session.begin(Isolation::ReadCommitted).await.unwrap();
    let said = session.execute(&Query::sql("UPDATE x")).await.unwrap_err();
    assert_eq!(said.kind, DbErrorKind::Deadlock);
    assert!(said.is_transient() && said.code.as_deref() == Some("1205"));
    assert!(session.execute(&Query::sql("UPDATE y")).await.is_err());
    assert!(matches!(
        session.commit().await,
        Err(CommitError::NotDone(_))
    ));
    session.rollback().await.unwrap();
    session.begin(Isolation::Snapshot).await.unwrap();
    let said = session.execute(&Query::sql("UPDATE y")).await.unwrap_err();
    assert_eq!(said.kind, DbErrorKind::ReadOnly);
    session.rollback().await.unwrap();
    let heard = server.heard();
    assert!(!heard.iter().any(|text| text == "UPDATE y"), "{heard:?}");
    assert!(
        heard.contains(&"SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION".to_owned())
    );
}

#[tokio::test]
async fn a_commit_is_done_not_done_or_unknown() {
    for (answer, unknown) in [
        (
            Some(error(
                3902,
                16,
                "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.",
            )),
            false,
        ),
        (None, true),
    ] {
        let server = Server::usual(move |text| match (text, &answer) {
            ("COMMIT TRANSACTION", Some(answer)) => Reply::Say(answer.clone()),
            ("COMMIT TRANSACTION", None) => Reply::Cut,
            _ => nothing(),
        })
        .await;
        let mut session = server.connect().await;
        session.begin(Isolation::ReadCommitted).await.unwrap();
        match (session.commit().await, unknown) {
            (Err(CommitError::NotDone(_)), false) => {}
            (Err(CommitError::Unknown(error)), true) => {
                assert_eq!(error.kind, DbErrorKind::ConnectionLost);
            }
            (other, _) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_line_that_breaks_is_a_lost_connection() {
    let server = Server::usual(|text| match text.contains("cut") {
        true => Reply::Cut,
        false => one(),
    })
    .await;
    let mut session = server.connect().await;
    let said = fetch(session.as_mut(), &Query::sql("SELECT cut"))
        .await
        .unwrap_err();
    assert_eq!(said.kind, DbErrorKind::ConnectionLost, "{said}");
    let said = session.execute(&Query::sql("SELECT 1")).await.unwrap_err();
    assert_eq!(said.kind, DbErrorKind::ConnectionLost, "{said}");
}

#[tokio::test]
async fn rows_come_in_bounded_batches_and_may_be_left() {
    let server = Server::usual(|text| match text {
        "SELECT many" => {
            let many: Vec<[Cell; 1]> = (0..25_000).map(|n| [Cell::Int(n)]).collect();
            let many: Vec<&[Cell]> = many.iter().map(|row| &row[..]).collect();
            Reply::Say(rows(&["n"], &many))
        }
        _ => one(),
    })
    .await;
    let mut session = server.connect().await;
    let query = Query::sql("SELECT many");
    let mut stream = session.read(&query).await.unwrap();
    let mut expected = 0;
    while let Some(batch) = stream.try_next().await.unwrap() {
        assert!(batch.rows.len() <= ponte::db::BATCH_ROWS);
        for row in batch.rows {
            assert_eq!(*row, [Value::Int(expected)]);
            expected += 1;
        }
    }
    assert_eq!(expected, 25_000);
    drop(stream);
    let mut stream = session.read(&query).await.unwrap();
    stream.try_next().await.unwrap().unwrap();
    drop(stream);
    let found = fetch(session.as_mut(), &Query::sql("SELECT 1"))
        .await
        .unwrap();
    assert_eq!(*found[0], [Value::Int(1)]);
}

#[tokio::test]
async fn a_call_given_up_half_way_gives_the_session_up() {
    let server = Server::usual(|text| match text.contains("slow") {
        true => Reply::Hang,
        false => one(),
    })
    .await;
    let mut session = server.connect().await;
    let slow = Query::sql("UPDATE slow");
    let given_up = tokio::time::timeout(Duration::from_millis(200), session.execute(&slow)).await;
    assert!(given_up.is_err());
    let said = session.execute(&Query::sql("SELECT 1")).await.unwrap_err();
    assert_eq!(said.kind, DbErrorKind::ConnectionLost, "{said}");
}

#[tokio::test]
async fn what_would_write_is_not_even_sent() {
    let server = Server::usual(|_| one()).await;
    let mut session = server.connect().await;
    for query in ["SELECT 1; DROP TABLE t", "SELECT a INTO b FROM c", "EXEC p"] {
        let said = fetch(session.as_mut(), &Query::sql(query))
            .await
            .unwrap_err();
        assert_eq!(said.kind, DbErrorKind::Syntax, "{said}");
    }
    fetch(session.as_mut(), &Query::sql("SELECT 1;"))
        .await
        .unwrap();
    assert_eq!(server.heard().len(), 3, "two of the beginning, one query");
}

/// A server with a certificate of its own authority, which says `localhost` and `127.0.0.1`.
#[tokio::test]
async fn certificates_are_checked_as_the_url_says() {
    use tds_stand_in::{Encryption, Options, certificate};

    let options = Options {
        encryption: Encryption::Required,
        ..Options::default()
    };
    let server = tds_stand_in::Server::start(options);
    let ca = certificate::authority();
    let url = |options: &str| format!("{}?{options}", server.url());
    let ado = |further: &str| {
        format!(
            "Server=tcp:127.0.0.1,{};Database=master;User Id=sa;Password=Pass.word1;Encrypt=true;{further}",
            server.port()
        )
    };
    for good in [
        url(&format!("tls=verify&ca={}", ca.display())),
        url(&format!(
            "tls=verify&ca={}&certificate_host=localhost",
            ca.display()
        )),
        url("tls=required"),
        ado("TrustServerCertificate=true"),
    ] {
        let mut session = connect(&good)
            .await
            .unwrap_or_else(|error| panic!("{good}: {error}"));
        let rows = fetch(session.as_mut(), &Query::sql("SELECT 1")).await;
        assert_eq!(rows.unwrap().len(), 1, "{good}");
    }
    for (bad, said, advice) in [
        (url("tls=verify"), "UnknownIssuer", "`ca=FILE`"),
        (
            ado("TrustServerCertificate=false"),
            "UnknownIssuer",
            "`ca=FILE`",
        ),
        (
            url(&format!(
                "tls=verify&ca={}&certificate_host=elsewhere.example",
                ca.display()
            )),
            "not valid for name \"elsewhere.example\"",
            "`certificate_host=NAME`",
        ),
    ] {
        let error = connect(&bad).await.err().expect("a refusal");
        assert!(!error.message.contains("Pass.word1"), "{error}");
        assert_eq!(error.kind, DbErrorKind::Tls, "{error}");
        assert!(
            error.message.contains(said) && error.message.contains(advice),
            "{error}"
        );
    }
}
