//! The unit file: what the service may do is the least that it needs.

use std::fmt;
use std::path::{Path, PathBuf};

/// What a unit says of one installation.
pub struct Unit<'a> {
    pub program: &'a Path,
    pub project: &'a Path,
    /// The only folders that may be written to.
    pub written: &'a [PathBuf],
    pub account: &'a Account,
}

/// Who runs the service.
pub enum Account {
    Named(String),
    /// User and group.
    Numbers(u32, u32),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Account::Named(name) => write!(f, "user {name}"),
            Account::Numbers(user, group) => write!(f, "user {user} of group {group}"),
        }
    }
}

impl fmt::Display for Unit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.project.parent().unwrap_or(Path::new("/"));
        let account = match self.account {
            Account::Named(name) => format!("User={}", plain(name)),
            Account::Numbers(user, group) => format!("User={user}\nGroup={group}"),
        };
        let written: Vec<String> = self.written.iter().map(|folder| quoted(folder)).collect();
        let written = written.join(" ");
        write!(
            f,
            "\
# Written by `ponte service install`.
[Unit]
Description=ponte, {description}
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
ExecStart={program} --project {project} run
ExecReload=/bin/kill -HUP $MAINPID
{account}
WorkingDirectory={folder}
# Passwords that the project names as ${{NAME}}: lines NAME=value, readable by root only.
EnvironmentFile=-{environment}
Restart=always
RestartSec=10
# A stop rolls back what is open; that takes seconds.
TimeoutStopSec=30
WatchdogSec=120

ReadWritePaths={written}
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
NoNewPrivileges=yes
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# A refused call is an error to the program, not its end.
SystemCallErrorNumber=EPERM
UMask=0077

[Install]
WantedBy=multi-user.target
",
            description = plain(&self.project.display().to_string()),
            program = quoted(self.program),
            project = quoted(self.project),
            folder = plain(&folder.display().to_string()),
            environment = plain(&folder.join("ponte.env").display().to_string()),
        )
    }
}

/// systemd puts something in the place of `%x`, and ends a setting with its line.
fn plain(text: &str) -> String {
    text.replace('%', "%%").replace(['\n', '\r'], " ")
}

/// One word, whatever is in it.
fn quoted(path: &Path) -> String {
    let text = plain(&path.display().to_string());
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('$', "$$");
    match text.contains(|c: char| c.is_whitespace() || c == '"' || c == '\'') {
        true => format!("\"{text}\""),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_paths_stay_one_word_each() {
        let unit = Unit {
            program: Path::new("/opt/my tools/ponte"),
            project: Path::new("/srv/100% \"Rossi\"/ponte.toml"),
            written: &["/srv/state", "/srv/log files"].map(PathBuf::from),
            account: &Account::Named("ponte".to_owned()),
        };
        let text = unit.to_string();
        let start =
            r#"ExecStart="/opt/my tools/ponte" --project "/srv/100%% \"Rossi\"/ponte.toml" run"#;
        assert!(text.lines().any(|line| line == start), "{text}");
        assert!(
            text.lines()
                .any(|line| line == "ReadWritePaths=/srv/state \"/srv/log files\""),
            "{text}"
        );
    }
}
