//! A connection: PRELOGIN, TLS, login, then requests and their replies.

use super::certificate;
use super::error::SqlError;
use super::login::{self, Login};
use super::packets::{self, Message, Writer};
use super::requests::{self, Request};
use super::server::{Database, Encryption, Shared};
use super::session::{Reply, STOPPED, Session, Signals};
use super::stream::{Allowance, Cut, Handshake};
use super::tokens::{self, Change, done};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection's end is no error of the server's.
pub(super) async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let replies = Allowance::new(shared.faults.replies.swap(-1, Ordering::SeqCst));
    let requests = Allowance::new(shared.faults.requests.swap(-1, Ordering::SeqCst));
    let _ = greet(Cut::new(stream, replies, requests), shared).await;
}

fn invalid(error: SqlError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.message)
}

async fn reply(stream: &mut (impl AsyncWrite + Unpin), size: usize, body: &[u8]) -> io::Result<()> {
    let mut writer = Writer::new(packets::REPLY, size);
    writer.write(stream, body).await?;
    writer.finish(stream).await
}

/// PRELOGIN, TLS and login.
async fn greet(mut stream: Cut, shared: Arc<Shared>) -> io::Result<()> {
    let hello = packets::read(&mut stream).await?;
    if hello.kind != packets::PRELOGIN {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no PRELOGIN"));
    }
    let asked = login::asked_encryption(&hello.body).map_err(invalid)?;
    let answer = match (shared.options.encryption, asked) {
        (Encryption::None, _) => login::ENCRYPT_NOT_SUPPORTED,
        (Encryption::Required, _) => login::ENCRYPT_REQUIRED,
        (Encryption::Offered, login::ENCRYPT_NOT_SUPPORTED) => login::ENCRYPT_NOT_SUPPORTED,
        (Encryption::Offered, login::ENCRYPT_OFF) => login::ENCRYPT_OFF,
        (Encryption::Offered, _) => login::ENCRYPT_ON,
    };
    reply(
        &mut stream,
        4096,
        &login::prelogin_reply(answer, shared.version()),
    )
    .await?;
    if answer == login::ENCRYPT_NOT_SUPPORTED {
        let first = packets::read(&mut stream).await?;
        return log_in(Box::new(stream), first, shared).await;
    }
    let acceptor = TlsAcceptor::from(certificate::server());
    let mut secure = acceptor.accept(Handshake::new(stream)).await?;
    secure.get_mut().0.is_over = true;
    let first = packets::read(&mut secure).await?;
    if answer == login::ENCRYPT_OFF {
        // Only the login was to be hidden.
        let (handshake, _) = secure.into_inner();
        return log_in(Box::new(handshake.inner), first, shared).await;
    }
    log_in(Box::new(secure), first, shared).await
}

fn refusal(login: &Login, shared: &Shared) -> Option<SqlError> {
    let options = &shared.options;
    let is_own = login.user == options.user && login.password == options.password;
    let is_made = shared.logins().get(&login.user.to_lowercase()) == Some(&login.password);
    if login.integrated || !(is_own || is_made) {
        let mut error = SqlError::new(
            18456,
            14,
            format!("Login failed for user '{}'.", login.user),
        );
        error.state = 1;
        return Some(error);
    }
    None
}

async fn log_in(
    mut stream: Box<dyn Stream>,
    first: Message,
    shared: Arc<Shared>,
) -> io::Result<()> {
    if first.kind != packets::LOGIN {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no LOGIN7"));
    }
    let login = login::read(&first.body).map_err(invalid)?;
    let size = login.packet_size.clamp(512, 32_767);
    let mut body = Vec::new();
    let server = "standin";
    if let Some(error) = refusal(&login, &shared) {
        tokens::error(&mut body, &error, server, "", 1);
        tokens::done(&mut body, done::DONE, done::ERROR, 0, 0);
        return reply(&mut stream, 4096, &body).await;
    }
    let Some(database) = shared.database(&login.database) else {
        let unknown = SqlError::new(
            4060,
            11,
            format!(
                "Cannot open database \"{}\" requested by the login. The login failed.",
                login.database
            ),
        );
        tokens::error(&mut body, &unknown, server, "", 1);
        tokens::error(
            &mut body,
            &SqlError::new(
                18456,
                14,
                format!("Login failed for user '{}'.", login.user),
            ),
            server,
            "",
            1,
        );
        tokens::done(&mut body, done::DONE, done::ERROR, 0, 0);
        return reply(&mut stream, 4096, &body).await;
    };
    tokens::env_change(
        &mut body,
        Change::Database {
            new: &database.name,
            old: "master",
        },
    );
    tokens::env_change(&mut body, Change::Collation(database.collation.wire()));
    tokens::login_ack(&mut body, shared.version());
    tokens::env_change(
        &mut body,
        Change::PacketSize {
            new: size,
            old: 4096,
        },
    );
    if let Some((host, port)) = &shared.options.routing {
        tokens::env_change(&mut body, Change::Routing { host, port: *port });
    }
    tokens::done(&mut body, done::DONE, 0, 0, 0);
    reply(&mut stream, 4096, &body).await?;
    serve(stream, size, database, login, shared).await
}

/// A request for the thread that runs statements, and where its reply goes.
type Job = (Request, mpsc::Sender<Vec<u8>>);

async fn serve(
    stream: Box<dyn Stream>,
    size: usize,
    database: Arc<Database>,
    login: Login,
    shared: Arc<Shared>,
) -> io::Result<()> {
    let (mut from, mut to) = tokio::io::split(stream);
    let (sender, mut messages) = mpsc::channel::<Message>(2);
    // Attention must be seen while a statement runs.
    let reader = tokio::spawn(async move {
        while let Ok(message) = packets::read(&mut from).await {
            if sender.send(message).await.is_err() {
                break;
            }
        }
    });
    let signals = Arc::new(Signals::default());
    let killed = Arc::new(tokio::sync::Notify::new());
    let spid = shared.next_spid.fetch_add(1, Ordering::SeqCst);
    shared
        .sessions()
        .insert(spid, (Arc::clone(&signals), Arc::clone(&killed)));
    let (jobs, waiting) = std::sync::mpsc::channel::<Job>();
    let session = Session::open(
        Arc::clone(&shared),
        database,
        Arc::clone(&signals),
        spid,
        login.user,
    )
    .map_err(invalid)?;
    let worker = std::thread::Builder::new()
        .name(format!("spid {spid}"))
        .stack_size(64 << 20)
        .spawn(move || work(session, &waiting))?;
    let served = tokio::select! {
        served = answer(&mut messages, &mut to, &jobs, &signals, size) => served,
        () = killed.notified() => Ok(()),
    };
    signals.closed.store(true, Ordering::SeqCst);
    shared.sessions().remove(&spid);
    drop(jobs);
    drop(messages);
    reader.abort();
    let _ = to.shutdown().await;
    // Its thread rolls back and ends by itself.
    drop(worker);
    served
}

async fn answer(
    messages: &mut mpsc::Receiver<Message>,
    to: &mut (impl AsyncWrite + Unpin),
    jobs: &std::sync::mpsc::Sender<Job>,
    signals: &Signals,
    size: usize,
) -> io::Result<()> {
    let mut writer = Writer::new(packets::REPLY, size);
    while let Some(message) = messages.recv().await {
        let request = match message.kind {
            packets::BATCH => requests::batch(&message.body),
            packets::RPC => requests::rpc(&message.body),
            packets::TRANSACTION => requests::transaction(&message.body),
            packets::BULK => Ok(Request::Bulk(message.body)),
            packets::ATTENTION => {
                acknowledge(&mut writer, to).await?;
                continue;
            }
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a message of no known kind",
                ));
            }
        };
        if message.ignored {
            writer.write(to, &ended(done::ERROR)).await?;
            writer.finish(to).await?;
            continue;
        }
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                let mut body = Vec::new();
                tokens::error(&mut body, &error, "standin", "", 1);
                body.extend(ended(done::ERROR));
                writer.write(to, &body).await?;
                writer.finish(to).await?;
                continue;
            }
        };
        let (sender, mut pieces) = mpsc::channel(4);
        signals.cancelled.store(false, Ordering::SeqCst);
        if jobs.send((request, sender)).is_err() {
            return Ok(());
        }
        let mut is_cancelled = false;
        loop {
            tokio::select! {
                piece = pieces.recv() => match piece {
                    Some(piece) if !is_cancelled => writer.write(to, &piece).await?,
                    Some(_) => {}
                    None => break,
                },
                message = messages.recv() => match message {
                    Some(message) if message.kind == packets::ATTENTION => {
                        is_cancelled = true;
                        signals.cancelled.store(true, Ordering::SeqCst);
                    }
                    Some(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "a request while one runs")),
                    None => return Ok(()),
                },
            }
        }
        match is_cancelled {
            true => acknowledge(&mut writer, to).await?,
            false => writer.finish(to).await?,
        }
    }
    Ok(())
}

fn ended(status: u16) -> Vec<u8> {
    let mut body = Vec::new();
    tokens::done(&mut body, done::DONE, status, 0xfd, 0);
    body
}

async fn acknowledge(writer: &mut Writer, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    writer.write(to, &ended(done::ATTENTION)).await?;
    writer.finish(to).await
}

/// Runs requests until the connection is gone.
fn work(mut session: Session, jobs: &std::sync::mpsc::Receiver<Job>) {
    while let Ok((request, to)) = jobs.recv() {
        let in_procedure = matches!(request, Request::Rpc(_));
        let mut reply = Reply::new(to, "standin", in_procedure);
        session.database.hear(&request);
        let made = match request {
            Request::Batch(text) => session.batch(&text, &mut reply).map(|()| Vec::new()),
            Request::Rpc(rpc) => session.rpc(rpc, &mut reply),
            Request::Transaction(request) => session
                .transaction(&request, &mut reply)
                .map(|()| Vec::new()),
            Request::Bulk(body) => session.bulk(&body, &mut reply).map(|()| Vec::new()),
        };
        match made {
            Ok(outputs) => reply.finish(&outputs),
            // Nobody waits for an answer. With XACT_ABORT a cancelled statement ends its transaction.
            Err(error) if error.number == STOPPED => {
                if session.options.xact_abort && session.transactions > 0 {
                    let _ = session.roll_back();
                }
            }
            Err(error) => {
                reply.error(&error, 1);
                reply.finish(&[]);
            }
        }
    }
    let _ = session.roll_back();
}
