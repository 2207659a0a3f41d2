//! A flow from its source to its target.
//!
//! The way of a row, with the module of each step:
//! [`bind`] holds the flow against both databases and gives every name its slot ([`layout`]); [`read`] streams records
//! with their child sets; [`snapshot`] tells which have changed since they were last carried over, [`watermark`] which
//! are worth asking for; [`known`] lets the others go; [`find`] says which
//! row of the target a record is; [`rows`], [`attributes`], [`elements`] and [`derived`] compare with the target as it
//! is now; [`work`] carries out what differs; [`batch`] does all of this for some hundred records in one transaction;
//! [`agreed`] remembers what two sides agreed on; [`gate`] lets a person look first where no rows are compared; [`fetch`] asks for what only the target knows; [`fill`] does without comparing where the table was empty, [`standing`]
//! reads the table whole where every record is compared; [`tree`] puts parents before their children; [`gone`] deals with what the source no longer has; [`memory`] knows
//! what was carried over before; [`run`] strings it together; [`report`] keeps what happened.

pub mod agreed;
pub mod attributes;
pub mod batch;
pub mod bind;
pub mod change;
pub mod condition;
pub mod derived;
pub mod elements;
pub mod erp_keys;
pub mod fetch;
pub mod fill;
pub mod find;
pub mod gate;
pub mod gone;
pub mod known;
pub mod layout;
pub mod links;
pub mod lookup;
pub mod memory;
pub mod narrow;
pub mod pace;
pub mod provenance;
pub mod read;
pub mod record;
pub mod report;
pub mod rows;
pub mod run;
pub mod snapshot;
pub mod standing;
pub mod tree;
pub mod unique;
pub mod watermark;
pub mod work;
