//! What the system is told of the service, where it runs under it: systemd, or Windows' service control manager.

#[cfg(target_os = "linux")]
pub use systemd::{failing, ready, status, stopping, watchdog};

#[cfg(windows)]
pub use crate::cli::service::windows::host::{failing, ready, stopping};
#[cfg(not(target_os = "linux"))]
pub use unheard::*;

#[cfg(target_os = "linux")]
mod systemd {
    use sd_notify::NotifyState;
    use tokio::task::JoinHandle;

    fn tell(states: &[NotifyState]) {
        if let Err(error) = sd_notify::notify(states) {
            tracing::debug!(%error, "systemd was not told");
        }
    }

    pub fn ready() {
        tell(&[NotifyState::Ready]);
    }

    pub fn stopping() {
        tell(&[NotifyState::Stopping]);
    }

    pub fn status(text: &str) {
        tell(&[NotifyState::Status(text)]);
    }

    /// The journal has the service's own line.
    pub fn failing(_: &str) {}

    /// Says that the program is alive, twice as often as systemd asks for.
    pub fn watchdog() -> Option<JoinHandle<()>> {
        let within = sd_notify::watchdog_enabled()?;
        Some(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(within / 2);
            loop {
                ticks.tick().await;
                tell(&[NotifyState::Watchdog]);
            }
        }))
    }
}

#[cfg(not(target_os = "linux"))]
mod unheard {
    #[cfg(not(windows))]
    pub fn ready() {}
    #[cfg(not(windows))]
    pub fn stopping() {}
    #[cfg(not(windows))]
    pub fn failing(_: &str) {}
    pub fn status(_: &str) {}
    pub fn watchdog() -> Option<tokio::task::JoinHandle<()>> {
        None
    }
}
