//! The commands about web orders.

use clap::Args;

#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// From this day on, as the shop tells days; default: from the cut-over (`orders.since`)
    #[arg(long, value_name = "DATE")]
    pub from: Option<chrono::NaiveDate>,
    /// Only this shop
    #[arg(long, value_name = "NAME")]
    pub shop: Option<String>,
    /// Orders shown of each shop
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub show: usize,
}

pub(super) const RECONCILE: &str = "\
Examples:
  ponte reconcile
  ponte reconcile --from 2026-12-01 --shop main
  ponte reconcile --json | jq '.shops[].findings[] | select(.kind == \"gone\")'

Per day of the shop: its orders that the ERP ought to have, those that are linked, and the ERP's documents, each
with their sum; then every order that one side lacks or has otherwise, and why. Nothing is written. `ponte run`
does the same every night. Exit code 7: something is missing, extra or different.";

#[derive(Debug, Args)]
pub struct OrderArgs {
    /// The shop's number of the order, `SHOP/ID`, or the number of the ERP's document
    #[arg(value_name = "ORDER")]
    pub order: String,
    /// Only of this shop
    #[arg(long, value_name = "NAME")]
    pub shop: Option<String>,
    /// What has changed in the shop since the import is settled in the ERP
    #[arg(long)]
    pub settled: bool,
    /// Note that here, even if the service of the project runs
    #[arg(long, requires = "settled")]
    pub alone: bool,
}

pub(super) const ORDER: &str = "\
Examples:
  ponte order 1001
  ponte order main/1001 --json
  ponte order W100017              by the ERP's document
  ponte order main/1001 --settled  the refund that ponte told of is booked

What the shop has of the order, when it was imported and as which document, or why not and what to do, how far
the ERP is with it, and what has changed in the shop since.";
