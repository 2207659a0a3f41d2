//! What the program holds: memory, files, sessions at both servers.

use std::time::{Duration, Instant};

use crate::support::client::Client;

/// Growth of the median from the first to the last third (the warm-up left out) that is none: allocators do not give back
/// everything at once, and the history and the orders that are held against each other do grow.
const MEMORY_GROWS_KIB: u64 = 12 << 10;
const GROWS: u64 = 3;
/// At most so many sessions at one server, each of which has only one database of the project's.
const SESSIONS_MAX: u64 = 8;
/// However slow the machine is.
const WAIT_MAX: Duration = Duration::from_secs(60);

struct Sample {
    memory_kib: u64,
    files: u64,
    /// At the ERP's server, at the shop's; `None`: it did not answer.
    sessions: [Option<u64>; 2],
}

type Figure = fn(&Sample) -> Option<u64>;

pub struct Watch {
    process: u32,
    servers: [Server; 2],
    samples: Vec<Sample>,
}

struct Server {
    url: String,
    client: Option<Client>,
    count: &'static str,
}

impl Server {
    async fn sessions(&mut self) -> Option<u64> {
        if self.client.is_none() {
            self.client = Client::try_connect(&self.url).await.ok();
        }
        let rows = self.client.as_mut()?.try_rows(self.count).await;
        if rows.is_err() {
            self.client = None;
        }
        rows.ok()?.first()?.first()?.as_ref()?.parse().ok()
    }
}

impl Watch {
    pub fn new(process: u32, erp: &str, shop: &str) -> Watch {
        let server = |url: &str, count| Server {
            url: url.to_owned(),
            client: None,
            count,
        };
        Watch {
            process,
            servers: [
                server(
                    erp,
                    "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'ponte'",
                ),
                server(
                    shop,
                    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'ponte'",
                ),
            ],
            samples: Vec::new(),
        }
    }

    pub async fn look(&mut self) {
        let [erp, shop] = &mut self.servers;
        let sample = Sample {
            memory_kib: memory(self.process),
            files: files(self.process),
            sessions: [erp.sessions().await, shop.sessions().await],
        };
        self.samples.push(sample);
    }

    /// What has grown, in words.
    pub fn grown(&self) -> Vec<String> {
        let warm = &self.samples[self.samples.len() / 4..];
        let third = warm.len() / 3;
        let (first, last) = (&warm[..third], &warm[warm.len() - third..]);
        let of: [(&str, Figure, u64); 4] = [
            (
                "KiB of memory",
                |sample| Some(sample.memory_kib),
                MEMORY_GROWS_KIB,
            ),
            ("open files", |sample| Some(sample.files), GROWS),
            ("sessions at the ERP", |sample| sample.sessions[0], GROWS),
            ("sessions at the shop", |sample| sample.sessions[1], GROWS),
        ];
        let mut wrong = Vec::new();
        for (what, figure, grows) in of {
            let [before, after] = [first, last].map(|part| middle(part, figure));
            let most = warm.iter().filter_map(figure).max().unwrap_or_default();
            let tenth = (self.samples.len() / 10).max(1);
            let tenths = self.samples.chunks(tenth);
            let tenths: Vec<u64> = tenths.map(|part| middle(part, figure)).collect();
            println!(
                "soak: {what}: {before}, then {after}, at most {most}; in the course {tenths:?}"
            );
            if after > before + grows {
                wrong.push(format!("{what} grew from {before} to {after}"));
            }
            // A short run may have been looked at in between every time.
            let least = u64::from(self.samples.len() > 1000);
            if what.starts_with("sessions") && !(least..=SESSIONS_MAX).contains(&most) {
                wrong.push(format!("at most {most} {what} at once"));
            }
        }
        wrong
    }

    /// Sessions that are still there though the program has ended.
    pub async fn left_open(&mut self) -> Vec<String> {
        let began = Instant::now();
        loop {
            let mut open = Vec::new();
            for server in &mut self.servers {
                if server.sessions().await != Some(0) {
                    open.push(format!("sessions are left open at {}", server.url));
                }
            }
            if open.is_empty() || began.elapsed() > WAIT_MAX {
                return open;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn middle(samples: &[Sample], figure: Figure) -> u64 {
    let mut figures: Vec<u64> = samples.iter().filter_map(figure).collect();
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// Resident memory of a process, in KiB.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
    number.expect("its memory")
}

fn files(process: u32) -> u64 {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).expect("a process");
    open.count() as u64
}
