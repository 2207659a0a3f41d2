//! Alerts: the administrator is told of what is wrong, once, and once that it is over.
//!
//! What is wrong is judged anew every few seconds ([`trouble`]); what somebody was told of lies in the state, by the way it went,
//! so that a restart tells nothing twice and forgets no end. It is noted after the message was taken: a process that dies in
//! between sends the same message once more, with the same identity. Messages are grouped: what is wrong for a moment only is not told, and no way
//! gets two messages within the time that the project says.

mod call;
mod message;
mod trouble;

use super::board::{Board, Ran, Seat};
use super::due::next_of;
use super::worker::Well;
use super::{Service, Wish};
use crate::mail::smtp::{Handed, Smtp, SmtpError};
use crate::plan::alerts::{Address, Alerts};
use crate::state::told::Told;
use crate::state::{State, StateError};
use call::{CallError, call};
use chrono::{DateTime, Utc};
use message::Message;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use trouble::{Kind, Name, Verdict, Verdicts};

/// So often is looked, at the most and at the least.
const LOOK: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(20)];
/// A heartbeat says that all is well; more often than this says nothing more.
const BEAT: Duration = Duration::from_secs(10);
/// After a message that did not go out, the next try; then after twice as long, and so on.
const RETRY: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(60 * 60)];
/// So long a message under way may hold up the service's end.
const GRACE: Duration = Duration::from_secs(3);
/// New records in quarantine named in a message, of each flow.
const NAMED: usize = 10;

/// Why a message did not go out.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error(transparent)]
    Smtp(#[from] SmtpError),
    #[error("the mail server says: {0}")]
    Refused(String),
    #[error(transparent)]
    Call(#[from] CallError),
}

/// A way of telling.
struct Channel<'a> {
    name: &'static str,
    way: Way<'a>,
    failures: u32,
    not_before: Option<Instant>,
}

enum Way<'a> {
    Mail(Box<Smtp>, &'a [String]),
    Webhook(&'a Address),
}

impl Channel<'_> {
    async fn deliver(&self, message: &Message, from: &str) -> Result<(), Undelivered> {
        match &self.way {
            Way::Webhook(address) => Ok(call(address, Some(message.json(from).to_string())).await?),
            Way::Mail(smtp, recipients) => {
                let id = format!("<{}@ponte>", message.digest(from));
                let mail = smtp.notice(recipients, &message.subject, &message.text, id)?;
                match smtp.hand(mail).await {
                    Handed::Accepted => Ok(()),
                    Handed::Later(why) | Handed::Refused(why) | Handed::Unknown(why) => {
                        Err(Undelivered::Refused(why))
                    }
                }
            }
        }
    }

    /// Hands a message over; whether it was taken.
    async fn send(&mut self, message: &Message, from: &str) -> bool {
        match self.deliver(message, from).await {
            Ok(()) => {
                self.failures = 0;
                self.not_before = None;
                true
            }
            Err(error) => {
                let wait = RETRY[0].saturating_mul(1 << self.failures.min(10));
                self.failures += 1;
                self.not_before = Some(Instant::now() + wait.min(RETRY[1]));
                let channel = self.name;
                tracing::error!(channel, %error, "a message to the administrator did not go out; it is tried again");
                false
            }
        }
    }
}

/// Looks and tells until the service ends.
pub(super) async fn run(
    service: Arc<Service>,
    board: Arc<Board>,
    mut heard: broadcast::Receiver<Well>,
    mut wish: watch::Receiver<Wish>,
) {
    let Some(alerts) = &service.plan.alerts else {
        return;
    };
    let mut teller = Teller {
        alerts,
        service: &service,
        board: &board,
        from: name(&service),
        first_seen: BTreeMap::new(),
        channels: channels(alerts),
        began: Utc::now(),
    };
    let pause = alerts.wait.min(alerts.every).clamp(LOOK[0], LOOK[1]);
    let mut state: Option<State> = None;
    let mut beaten: Option<Instant> = None;
    let mut is_mute = false;
    let mut looked = Instant::now();
    loop {
        let well = tokio::select! {
            _ = wish.wait_for(|wish| *wish != Wish::GoOn) => return,
            well = heard.recv() => match well {
                Ok(_) | Err(RecvError::Lagged(_)) => true,
                Err(RecvError::Closed) => return,
            },
            () = tokio::time::sleep_until((looked + pause).into()) => false,
        };
        let seats = board.look(Utc::now());
        if well && beaten.is_none_or(|beaten| beaten.elapsed() >= BEAT) && is_well(&seats) {
            beaten = Some(Instant::now());
            if let Some(address) = &alerts.heartbeat {
                let called = call(address, None).await;
                match &called {
                    // It stays so for long, mostly: it is told once.
                    Err(error) if !is_mute => {
                        tracing::warn!(%error, "the heartbeat's address cannot be called");
                    }
                    Ok(()) if is_mute => tracing::info!("the heartbeat's address answers again"),
                    _ => {}
                }
                is_mute = called.is_err();
            }
        }
        if looked.elapsed() >= pause {
            looked = Instant::now();
            let mut open = match state.take() {
                Some(open) => open,
                None => match State::open(&service.plan.state_dir).await {
                    Ok(open) => open,
                    Err(error) => {
                        tracing::warn!(%error, "alerts wait until the state can be opened");
                        continue;
                    }
                },
            };
            let done = tokio::select! {
                done = teller.look(&mut open, &seats) => done,
                () = ending(wish.clone()) => return,
            };
            match done {
                Ok(()) => state = Some(open),
                Err(error) => {
                    tracing::warn!(%error, "alerts wait until the state can be read again")
                }
            }
        }
    }
}

/// The service is told to end, and a message under way has had time to be taken and noted.
async fn ending(mut wish: watch::Receiver<Wish>) {
    let told = wish.wait_for(|wish| *wish != Wish::GoOn).await.is_ok();
    if !told {
        tracing::debug!("nobody can tell the service to end any more");
    }
    tokio::time::sleep(GRACE).await;
}

/// Nothing has failed and nothing is late.
fn is_well(seats: &[Seat]) -> bool {
    // That a person is at work on the pair is no failure.
    let failed = |seat: &Seat| {
        let ran = seat.last.as_ref();
        ran.is_some_and(Ran::is_failure)
    };
    !seats.iter().any(|seat| seat.late || failed(seat))
}

/// Which of several services it is: the folder of the project.
fn name(service: &Service) -> String {
    let file = std::path::absolute(&service.plan.file);
    let folder = file.ok().and_then(|file| {
        let folder = file.parent()?.file_name()?;
        Some(folder.to_string_lossy().into_owned())
    });
    folder.unwrap_or_else(|| "ponte".to_owned())
}

fn channels(alerts: &Alerts) -> Vec<Channel<'_>> {
    let mut channels = Vec::new();
    let channel = |name, way| Channel {
        name,
        way,
        failures: 0,
        not_before: None,
    };
    if let Some((server, recipients)) = &alerts.mail {
        match Smtp::new(server) {
            Ok(smtp) => channels.push(channel("mail", Way::Mail(Box::new(smtp), recipients))),
            Err(error) => tracing::error!(%error, "alerts cannot be mailed"),
        }
    }
    if let Some(address) = &alerts.webhook {
        channels.push(channel("webhook", Way::Webhook(address)));
    }
    channels
}

struct Teller<'a> {
    alerts: &'a Alerts,
    service: &'a Service,
    board: &'a Board,
    from: String,
    /// Since when a trouble has stood, as far as this process has seen it.
    first_seen: BTreeMap<Name, Instant>,
    channels: Vec<Channel<'a>>,
    began: DateTime<Utc>,
}

impl Teller<'_> {
    async fn look(&mut self, state: &mut State, seats: &[Seat]) -> Result<(), StateError> {
        let now = Utc::now();
        let quarantined = state.quarantined_now().await?;
        let habits = state.findings().await?;
        let systems = self.board.systems.answers();
        let verdicts = trouble::judge(seats, &quarantined, &habits, &systems, now);
        let ripe = self.ripe(&verdicts);
        let mut channels = std::mem::take(&mut self.channels);
        let mut done = Ok(());
        for channel in &mut channels {
            done = self.tell(state, channel, (&verdicts, &ripe), seats).await;
            if done.is_ok() {
                done = self.sum_up(state, channel, seats, now).await;
            }
            if done.is_err() {
                break;
            }
        }
        self.channels = channels;
        done
    }

    /// What has stood for long enough.
    fn ripe(&mut self, verdicts: &Verdicts) -> BTreeSet<Name> {
        let stands = |name: &Name| matches!(verdicts.get(name), Some(Verdict::Stands { .. }));
        self.first_seen.retain(|name, _| stands(name));
        let mut ripe = BTreeSet::new();
        for name in verdicts.keys().filter(|name| stands(name)) {
            let since = self
                .first_seen
                .entry(name.clone())
                .or_insert_with(Instant::now);
            if since.elapsed() >= self.alerts.wait {
                ripe.insert(name.clone());
            }
        }
        ripe
    }

    async fn tell(
        &self,
        state: &mut State,
        channel: &mut Channel<'_>,
        (verdicts, ripe): (&Verdicts, &BTreeSet<Name>),
        seats: &[Seat],
    ) -> Result<(), StateError> {
        let told = state.told(channel.name).await?;
        let flows = seats.iter().map(|seat| seat.flow.as_str());
        let connections = self.service.plan.connections.keys();
        let names = flows.chain(connections.map(String::as_str)).collect();
        let news = trouble::news(verdicts, &told, ripe, &names);
        if news.new.is_empty() && news.over.is_empty() {
            return Ok(());
        }
        if channel
            .not_before
            .is_some_and(|moment| Instant::now() < moment)
        {
            return Ok(());
        }
        let [last, _] = state.last_told(channel.name).await?;
        let every = chrono::TimeDelta::from_std(self.alerts.every).unwrap_or_default();
        // A clock that was put back says nothing.
        if last.is_some_and(|last| last <= Utc::now() && Utc::now() - last < every) {
            return Ok(());
        }
        let mut lines = BTreeMap::new();
        for one in &news.new {
            let guarded = match Kind::of(&one.kind) {
                Some(Kind::Quarantine | Kind::Different) => false,
                Some(Kind::Guard) => true,
                _ => continue,
            };
            let is_same = |old: &&Told| old.kind == one.kind && old.flow == one.flow;
            let after = told.iter().find(is_same).map_or(0, |old| old.mark);
            let (count, mut first) = state
                .quarantined_after(&one.flow, guarded, after, NAMED)
                .await?;
            let more = count.saturating_sub(first.len() as u64);
            if more > 0 {
                first.push(format!("+ {more}"));
            }
            lines.insert((one.flow.clone(), one.kind.clone()), first);
        }
        let language = self.alerts.language;
        let message = message::trouble(
            language,
            &self.from,
            (news.new.clone(), news.over.clone()),
            &lines,
        );
        if channel.send(&message, &self.from).await {
            let over: Vec<Told> = news.over.into_iter().chain(news.forgotten).collect();
            state.note_told(channel.name, &news.new, &over).await?;
        }
        Ok(())
    }

    async fn sum_up(
        &self,
        state: &mut State,
        channel: &mut Channel<'_>,
        seats: &[Seat],
        now: DateTime<Utc>,
    ) -> Result<(), StateError> {
        let Some(cron) = &self.alerts.summary else {
            return Ok(());
        };
        if channel
            .not_before
            .is_some_and(|moment| Instant::now() < moment)
        {
            return Ok(());
        }
        let [_, last] = state.last_told(channel.name).await?;
        let last = last.filter(|last| *last <= now).unwrap_or(self.began);
        let zone = self.service.plan.schedule.zone;
        if next_of(cron, zone, last).is_none_or(|due| due > now) {
            return Ok(());
        }
        let flows: Vec<String> = seats.iter().map(|seat| seat.flow.clone()).collect();
        let sums = state.sums_of_yesterday(now).await?;
        let standing = state.told(channel.name).await?;
        let language = self.alerts.language;
        let message = message::summary(language, &self.from, &flows, &sums, &standing);
        if channel.send(&message, &self.from).await {
            state.note_summary(channel.name, now).await?;
        }
        Ok(())
    }
}
