//! Windows' event log: starts, stops and failures, where an administrator looks for them.
//!
//! Windows makes an event's text out of a message file. `EventCreate.exe`, which every Windows has, holds the message `%1` for
//! the numbers 1 to 1000: the text as it is.

use std::ptr;
use windows_registry::LOCAL_MACHINE;
use windows_sys::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
    REPORT_EVENT_TYPE, RegisterEventSourceW, ReportEventW,
};

const SOURCES: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";
const MESSAGES: &str = r"%SystemRoot%\System32\EventCreate.exe";
/// A longer text is refused.
const TEXT_MAX: usize = 30_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Started,
    Stopped,
    /// The service has ended with an error, or did not start.
    Failed,
    /// A flow fails that did not before.
    Flow,
}

impl Event {
    fn number(self) -> u32 {
        match self {
            Event::Started => 1,
            Event::Stopped => 2,
            Event::Failed => 3,
            Event::Flow => 4,
        }
    }

    fn kind(self) -> REPORT_EVENT_TYPE {
        match self {
            Event::Started | Event::Stopped => EVENTLOG_INFORMATION_TYPE,
            Event::Flow => EVENTLOG_WARNING_TYPE,
            Event::Failed => EVENTLOG_ERROR_TYPE,
        }
    }
}

/// Says where the texts of this source's events are found.
pub fn register(source: &str) -> windows_registry::Result<()> {
    let key = LOCAL_MACHINE.create(format!(r"{SOURCES}\{source}"))?;
    key.set_expand_string("EventMessageFile", MESSAGES)?;
    let all = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    key.set_u32("TypesSupported", u32::from(all))
}

pub fn unregister(source: &str) -> windows_registry::Result<()> {
    LOCAL_MACHINE.remove_tree(format!(r"{SOURCES}\{source}"))
}

/// Writes an event. What cannot be written is lost: the log files have it, too.
pub fn report(source: &str, event: Event, text: &str) {
    let source = wide(source);
    let text = wide(text);
    let strings = [text.as_ptr()];
    // SAFETY: both texts end with a zero and live until after the calls, as does the list, whose length is given; the handle is the
    // one that was just got, and is given back once.
    unsafe {
        let log = RegisterEventSourceW(ptr::null(), source.as_ptr());
        if log.is_null() {
            return;
        }
        ReportEventW(
            log,
            event.kind(),
            0,
            event.number(),
            ptr::null_mut(),
            1,
            0,
            strings.as_ptr(),
            ptr::null(),
        );
        DeregisterEventSource(log);
    }
}

/// As Windows wants it: UTF-16, up to a zero.
fn wide(text: &str) -> Vec<u16> {
    let units = text.encode_utf16().filter(|unit| *unit != 0);
    units.take(TEXT_MAX).chain([0]).collect()
}
