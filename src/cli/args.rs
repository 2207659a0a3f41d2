//! The commands and their options. The help texts teach: every command shows how it is used.

mod approve;
mod code;
mod orders;
mod service;

use approve::APPROVE;
pub use approve::{ApproveArgs, ApproveCommand};
use clap::{Args, ColorChoice, Parser, Subcommand};
use code::CODE;
pub use code::{CodeArgs, Tongue};
use orders::{ORDER, RECONCILE};
pub use orders::{OrderArgs, ReconcileArgs};
use serde::{Deserialize, Serialize};
use service::{RELOAD, SERVICE};
pub use service::{ServiceArgs, ServiceCommand};
use std::path::PathBuf;

/// Keeps a company's ERP database and its web shop's database in step, directly.
#[derive(Debug, Parser)]
#[command(name = "ponte", version, after_long_help = FIRST_STEPS, max_term_width = 100)]
pub struct Cli {
    /// The project file
    #[arg(long, global = true, value_name = "FILE", default_value = "ponte.toml")]
    pub project: PathBuf,

    /// One JSON document on standard output instead of text (docs/json.md)
    #[arg(long, global = true)]
    pub json: bool,

    /// More of the log; twice for still more. PONTE_LOG=ponte=debug says it exactly
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Whether to use colours; NO_COLOR in the environment means never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,

    /// No progress bars and lines while flows run
    #[arg(long, global = true)]
    pub no_progress: bool,

    #[command(subcommand)]
    pub command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  ponte init --erp reference --shop woocommerce
  ponte setup --run
  ponte check
  ponte match
  ponte match --accept
  ponte sync --dry-run
  ponte sync

Exit codes:
  0    done
  1    unexpected error
  2    the configuration or a mapping does not fit, or the command line is wrong
  3    a database cannot be reached or refuses the login
  4    done, but something was quarantined or waits for a person's decision
  5    another process is working on the pair
  6    done, but more records are gone from the ERP than the guard lets pass
  7    verify or reconcile found differences
  130  interrupted
Of several outcomes the most serious one counts: 130, 1, 3, 2, 5, 6, 7, 4, 0.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented project file to fill in
    #[command(after_long_help = INIT)]
    Init(InitArgs),
    /// Create ponte's own tables on the servers
    #[command(after_long_help = SETUP)]
    Setup(SetupArgs),
    /// Hold the project against the live databases; writes nothing
    #[command(after_long_help = CHECK)]
    Check,
    /// Print what each login must be allowed, as statements for an administrator
    #[command(after_long_help = GRANTS)]
    Grants,
    /// Show which record is which row of the shop, and what its data will trouble; decide about it
    #[command(after_long_help = MATCH)]
    Match(MatchArgs),
    /// Carry over what has changed
    #[command(after_long_help = SYNC)]
    Sync(SyncArgs),
    /// Compare every record, also those that have not changed in the ERP
    #[command(after_long_help = RESYNC)]
    Resync(ResyncArgs),
    /// Compare both sides as they are now, as far as ponte owns them
    #[command(after_long_help = VERIFY)]
    Verify(VerifyArgs),
    /// Hold the shops' orders against the ERP's, day by day
    #[command(after_long_help = RECONCILE)]
    Reconcile(ReconcileArgs),
    /// Tell what became of a web order, or why nothing did
    #[command(after_long_help = ORDER)]
    Order(OrderArgs),
    /// What waits for a person's approval, and the person's word
    #[command(after_long_help = APPROVE)]
    Approve(ApproveArgs),
    /// Tell why an article shows the stock it shows
    #[command(after_long_help = EXPLAIN)]
    Explain(ExplainArgs),
    /// Show the mails that an order's customer gets; send again what waits for a person
    #[command(after_long_help = MAIL)]
    Mail(MailArgs),
    /// Run every flow by its schedule, until it is told to stop
    #[command(after_long_help = RUN)]
    Run,
    /// Keep `ponte run` from running flows, until they are resumed
    #[command(after_long_help = PAUSE)]
    Pause(PauseArgs),
    /// Let `ponte run` run paused flows again
    Resume(PauseArgs),
    /// Let `ponte run` take the project as it is now, without a restart
    #[command(after_long_help = RELOAD)]
    Reload,
    /// Install ponte as a service of the system (systemd, Windows), start and stop it
    #[command(after_long_help = SERVICE)]
    Service(ServiceArgs),
    /// Tell when each flow last ran, and what is left to look at
    #[command(after_long_help = STATUS)]
    Status,
    /// List what ran, newest first
    #[command(after_long_help = RUNS)]
    Runs(RunsArgs),
    /// Records that could not be carried over, with the reason
    #[command(after_long_help = QUARANTINE)]
    Quarantine(QuarantineArgs),
    /// Tell what a message's code means, and what to do
    #[command(after_long_help = CODE)]
    Code(CodeArgs),
    /// Play through what ponte does, with an embedded ERP and shop
    #[command(after_long_help = DEMO)]
    Demo(DemoArgs),
    /// Print a shell's completion script
    #[command(after_long_help = COMPLETIONS)]
    Completions(CompletionsArgs),
}

impl Command {
    /// As it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Init(_) => "init",
            Command::Setup(_) => "setup",
            Command::Check => "check",
            Command::Grants => "grants",
            Command::Match(_) => "match",
            Command::Sync(_) => "sync",
            Command::Resync(_) => "resync",
            Command::Verify(_) => "verify",
            Command::Reconcile(_) => "reconcile",
            Command::Order(_) => "order",
            Command::Approve(_) => "approve",
            Command::Explain(_) => "explain",
            Command::Mail(_) => "mail",
            Command::Run => "run",
            Command::Pause(_) => "pause",
            Command::Resume(_) => "resume",
            Command::Reload => "reload",
            Command::Service(_) => "service",
            Command::Status => "status",
            Command::Runs(_) => "runs",
            Command::Quarantine(_) => "quarantine",
            Command::Code(_) => "code",
            Command::Demo(_) => "demo",
            Command::Completions(_) => "completions",
        }
    }
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// The ERP's pack, or a folder with a pack of your own
    #[arg(long, value_name = "PACK")]
    pub erp: String,
    /// The shop's pack, or a folder with a pack of your own
    #[arg(long, value_name = "PACK")]
    pub shop: String,
    /// How the shop is called in the project
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub name: String,
    /// The file to write; default: the project file
    pub file: Option<PathBuf>,
}

const INIT: &str = "\
Examples:
  ponte init --erp reference --shop woocommerce
  ponte init --erp ./mypack --shop woocommerce --name outlet shops.toml

The file names both connections, the shop's cut-over time (now: orders before it are nobody's business),
and the variables and small tables that the packs ask for. A file that exists is never overwritten.";

#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Print the SQL, for somebody else to run
    #[arg(long, conflicts_with = "run")]
    pub print_sql: bool,
    /// Create what is missing
    #[arg(long)]
    pub run: bool,
}

const MAIL: &str = "\
Examples:
  ponte mail preview 1001     the mails of the shop's order 1001, as its data is now; sends nothing
  ponte mail again 1001       its mails that were refused, or of which nobody knows, go out with the next run

Mails go out with the flow `fulfilment`, each at most once.";

#[derive(Debug, Args)]
pub struct MailArgs {
    #[command(subcommand)]
    pub command: MailCommand,
}

#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// The mails of an order, as its data is now
    Preview {
        /// The shop's id of the order
        order: String,
        /// Which shop, of several
        #[arg(long, value_name = "NAME")]
        shop: Option<String>,
    },
    /// Let mails of an order that wait for a person go out with the next run
    Again {
        /// The shop's id of the order
        order: String,
        /// Which shop, of several
        #[arg(long, value_name = "NAME")]
        shop: Option<String>,
        /// Note it here, even if the service of the project runs
        #[arg(long)]
        alone: bool,
    },
}

const GRANTS: &str = "\
Examples:
  ponte grants > grants.sql   for the administrator of the databases; `ponte check` names what is still missing

The list is exact: per table what ponte does with it, ponte's own tables included (`ponte setup` creates them, which
is the administrator's business, too: `ponte setup --print-sql`). As long as the login may not connect, the tables are
listed by the names in the mapping; those that only some versions of a system have are marked.";

const SETUP: &str = "\
Examples:
  ponte setup                 what is missing where
  ponte setup --run           create it
  ponte setup --print-sql     the statements, for the database's administrator

Links, leases and what ponte wrote lie in tables of ponte's own beside what they speak of, so that they
are written in the same transaction. Creating them again does no harm.";

const CHECK: &str = "\
Examples:
  ponte check
  ponte check --json | jq '.diagnostics[].message'

Connects to every database and holds every mapping against it: versions, tables, columns, types, keys,
storage engines, privileges, ponte's own tables. Everything that does not fit is told at once.";

#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct MatchArgs {
    /// Shops or flows: `main`, `main/article`, or `article` of every shop; default: all of them
    #[arg(value_name = "SHOP|FLOW")]
    pub names: Vec<String>,
    /// Items shown of each list
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub show: usize,
    /// Only the audit of the ERP's data
    #[arg(long, conflicts_with_all = ["accept", "decisions"])]
    pub audit: bool,
    /// The match is as it should be: what is only in the ERP may be created
    #[arg(long, conflicts_with = "decisions")]
    pub accept: bool,
    /// Note it here, even if the service of the project runs
    #[arg(long)]
    pub alone: bool,
    #[command(flatten)]
    pub decisions: DecisionArgs,
}

#[derive(Debug, Clone, Args, Serialize, Deserialize)]
#[group(id = "decisions", multiple = true)]
pub struct DecisionArgs {
    /// This record is this row of the shop
    #[arg(long, value_name = "KEY=ID", num_args = 1..)]
    pub link: Vec<String>,
    /// Take a record's link away
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub unlink: Vec<String>,
    /// Its row was removed in the shop: create it again
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub recreate: Vec<String>,
    /// The shop has nothing to do with this record
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub ignore: Vec<String>,
    /// Take that back
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub unignore: Vec<String>,
    /// This row of the shop is no record's
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub ignore_row: Vec<String>,
    /// Take that back
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub unignore_row: Vec<String>,
}

impl DecisionArgs {
    pub fn is_empty(&self) -> bool {
        let lists = [
            &self.link,
            &self.unlink,
            &self.recreate,
            &self.ignore,
            &self.unignore,
            &self.ignore_row,
            &self.unignore_row,
        ];
        lists.iter().all(|list| list.is_empty())
    }
}

const MATCH: &str = "\
Examples:
  ponte match                              every shop: linked, only here, only there, unclear; and an audit
  ponte match main/article --show 50
  ponte match --audit                      what in the ERP's data will trouble the shop
  ponte match main --link TOOL-1=4711      this article is that row of the shop
  ponte match main --ignore OLD-1 OLD-2    two articles that this shop has nothing to do with
  ponte match main --recreate TOOL-3       its row was removed in the shop: create it again
  ponte match main/category --ignore-row 15
  ponte match --accept                     from now on what is only in the ERP is created
  ponte match orders                       web orders that somebody has typed into the ERP; with --accept, or
                                           --link ORDER=NUMBER, they are linked and not imported

Records are matched by their key, then by the further keys that the mapping names (a barcode), never by
name or by nothing; categories by the path of their names. Until a match is accepted, a sync writes to
unambiguous pairs only and creates nothing in a shop that has rows already. Decisions are about articles
unless a flow is named. They lie in ponte's own tables in the shop's database.";

#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct SyncArgs {
    /// Flows to run: `main/article`, or `article` for every shop's; default: all of them
    #[arg(value_name = "FLOW")]
    pub flows: Vec<String>,
    /// Compute and compare, tell what would be written, write nothing
    #[arg(long, conflicts_with = "rows")]
    pub dry_run: bool,
    /// Write N rows of each flow for the databases to judge, then roll back (never stock)
    #[arg(long = "try", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub rows: Option<u64>,
    /// Let exactly N gone records of a flow pass the guard, this once
    #[arg(long, value_name = "N", conflicts_with_all = ["rows", "only"])]
    pub allow_gone: Option<u64>,
    /// Do it here, even if the service of the project runs
    #[arg(long)]
    pub alone: bool,
    #[command(flatten)]
    pub part: PartArgs,
}

#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct PartArgs {
    /// Only the records with these keys
    #[arg(long, value_name = "SKU", num_args = 1..)]
    pub only: Vec<String>,
    /// Changes shown of each flow; default: 20 of a dry run, none otherwise
    #[arg(long, value_name = "N")]
    pub show: Option<usize>,
}

const SYNC: &str = "\
Examples:
  ponte sync                              all flows: categories, articles, prices, stock
  ponte sync --dry-run                    what would be written, with old and new values
  ponte sync --dry-run article --show 200
  ponte sync main/price main/stock        two flows of one shop
  ponte sync --only TOOL-1 TOOL-2         two articles in every flow
  ponte sync --try 50 article             50 articles, written and rolled back
  ponte sync main/article --allow-gone 37 the guard told of 37 gone articles, and that is right

Only what differs is written: a second run writes nothing. A record that cannot be carried over is put in
quarantine with the reason, and tried again in the next run; the others go on.

While the service (`ponte run`) runs for the project, it is asked to do this, and what it does is shown as if it
were done here; Ctrl-C then leaves it to the service. So it is with resync, verify, quarantine retry, order --settled
and approve; a --dry-run, and --alone, run here.";

#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct ResyncArgs {
    /// Flows to run: `main/article`, or `article` for every shop's; default: all of them
    #[arg(value_name = "FLOW")]
    pub flows: Vec<String>,
    /// Do it here, even if the service of the project runs
    #[arg(long)]
    pub alone: bool,
    #[command(flatten)]
    pub part: PartArgs,
}

const RESYNC: &str = "\
Examples:
  ponte resync
  ponte resync article

Like sync, but every record is compared with the shop's rows as they are now: for when somebody has
changed in the shop what belongs to the ERP.";

#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct VerifyArgs {
    /// Flows to verify: `main/article`, or `article` for every shop's; default: all of them, stock too
    #[arg(value_name = "FLOW")]
    pub flows: Vec<String>,
    /// Write what differs; nothing is created or deleted
    #[arg(long)]
    pub repair: bool,
    /// Do it here, even if the service of the project runs
    #[arg(long)]
    pub alone: bool,
    /// Differences and keys shown of each flow
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub show: usize,
}

const VERIFY: &str = "\
Examples:
  ponte verify
  ponte verify article --show 200
  ponte verify --repair

Nothing that ponte remembers of earlier runs is believed: every linked record is computed from the ERP and
compared with its rows in the shop, derived rows and stock included. Fields that the shop's people own
(`insert`, filled `fill`) are not compared. Without --repair nothing is written or locked, and another
ponte may be at work. Exit code 7: something differs, is removed in the shop, or is gone and still active.";

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The article
    pub sku: String,
    /// Only this shop
    #[arg(long, value_name = "NAME")]
    pub shop: Option<String>,
}

const EXPLAIN: &str = "\
Examples:
  ponte explain TOOL-1
  ponte explain TOOL-1 --shop main --json

On hand in each warehouse, every committed order line, every web order that the ERP does not count yet,
safety stock, the result, what the shop shows now, and why it differs, if it does.";

const STATUS: &str = "\
Examples:
  ponte status
  ponte status --json | jq '.flows[] | select(.quarantined > 0)'";

const RUN: &str = "\
Examples:
  ponte run
  ponte --project /etc/ponte/ponte.toml run

When each flow runs is said by `[schedule]` in the project: by default web orders every minute, stock every 15
minutes and after an import, everything else every hour, a `verify` at three in the night and a `reconcile` after it. Flows that write to one database run one after the
other, stock first. A run that was missed is made up for once; a flow that failed is tried again after a
minute, then ever later. Ctrl-C or SIGTERM ends it: what is open is rolled back. SIGHUP loads the project
anew. A line is written for each run that did something; -v writes them all.";

#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Flows: `main/article`, or `article` of every shop; comparisons: `main/verify`, `main/reconcile`
    #[arg(value_name = "FLOW", required = true)]
    pub flows: Vec<String>,
}

const PAUSE: &str = "\
Examples:
  ponte pause main/article
  ponte resume article

A run that is under way goes on to its end. A paused flow can still be run by hand: `ponte sync main/article`;
a shop's webhook does not start it. One that the project file pauses (`article = \"paused\"` in `[schedule.flows]`) is resumed there.";

#[derive(Debug, Args)]
pub struct RunsArgs {
    /// Only of this flow
    #[arg(value_name = "FLOW")]
    pub flow: Option<String>,
    /// So many runs of each flow
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub show: u32,
}

const RUNS: &str = "\
Examples:
  ponte runs
  ponte runs main/stock --show 100
  ponte runs --json | jq '.runs[] | select(.outcome == \"failed\")'";

#[derive(Debug, Args)]
pub struct QuarantineArgs {
    #[command(subcommand)]
    pub command: QuarantineCommand,
}

#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List the records, of one flow or of all
    List {
        #[arg(value_name = "FLOW")]
        flow: Option<String>,
        /// Records shown of each flow
        #[arg(long, value_name = "N", default_value_t = 100)]
        show: usize,
    },
    /// Show one record: the reason, the advice, since when
    Show {
        #[arg(value_name = "FLOW")]
        flow: String,
        /// As it is listed; a key of several columns is written `A / B`
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Try records again, now
    Retry {
        /// Default: every flow that has any
        #[arg(value_name = "FLOW")]
        flow: Option<String>,
        /// Default: all of the flow
        #[arg(value_name = "KEY")]
        keys: Vec<String>,
        /// Do it here, even if the service of the project runs
        #[arg(long)]
        alone: bool,
    },
}

const QUARANTINE: &str = "\
Examples:
  ponte quarantine list
  ponte quarantine show main/article TOOL-1
  ponte quarantine retry                       everything in quarantine
  ponte quarantine retry main/article TOOL-1

Every run tries these records again by itself; retry is for not waiting. The service does it while it runs.";

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The folder to play in, which is kept; default: one that goes away
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Keep the folder, to play on in it
    #[arg(long)]
    pub keep: bool,
    /// An empty database of SQL Server to make the ERP in, as a project file has it; default: a file in the folder
    #[arg(long, value_name = "URL")]
    pub erp: Option<String>,
}

const DEMO: &str = "\
Examples:
  ponte demo
  ponte demo --dir mydemo        then: ponte --project mydemo/ponte.toml status
  ponte demo --erp 'sqlserver://sa:${ERP_PASSWORD}@localhost/demo?tls=required'

A first load, a price change, a web order, a delivery: after each step, what was found and written.
Nothing outside the folder is touched but the database that --erp names: one with tables in it is refused, and what the demo has made there stays.";

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    pub shell: clap_complete::Shell,
}

const COMPLETIONS: &str = "\
Examples:
  ponte completions bash > /etc/bash_completion.d/ponte
  ponte completions zsh > ~/.zfunc/_ponte
  ponte completions powershell >> $PROFILE";
