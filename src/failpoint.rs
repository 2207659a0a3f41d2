//! Named points at which a test stops the program, to kill it there, or to see what it does once it goes on. Builds without debug assertions, so every release,
//! have none of it: [`reached`] is empty.

/// `NAME:N:FILE` in this environment variable stops the program when the point NAME is reached for the N-th time: FILE
/// is made, and the thread sleeps until the process is killed or FILE is gone.
#[cfg(debug_assertions)]
const VARIABLE: &str = "PONTE_STOP_AT";

#[cfg(debug_assertions)]
pub fn reached(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static TIMES: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var(VARIABLE) else {
        return;
    };
    let mut parts = wanted.splitn(3, ':');
    let (point, times, file) = (parts.next(), parts.next(), parts.next());
    if point != Some(name) {
        return;
    }
    let times = times.and_then(|times| times.parse().ok());
    if times == Some(TIMES.fetch_add(1, Ordering::Relaxed) + 1)
        && let Some(file) = file
        && std::fs::write(file, name).is_ok()
    {
        while std::path::Path::new(file).exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn reached(_: &str) {}
