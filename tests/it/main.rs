//! Scenarios: the real binary between clients and backends on raw sockets, side by side.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // A surprise ends a test.

mod access_log;
mod balance;
mod bodies;
mod commands;
mod configuration;
mod counted;
mod doors;
mod expect;
mod files;
mod files_codings;
mod files_conditions;
mod files_large;
mod files_links;
mod files_pages;
mod files_ranges;
mod forwarding;
mod full;
mod handover;
mod health;
mod hedging;
mod known_faults;
mod limits;
mod limits_of_clients;
mod memory;
mod metrics;
mod nodes;
mod outages;
mod output;
mod permissions;
mod persistence;
mod publishing;
mod reload;
mod retry;
mod silence;
mod starts;
mod strict;
mod strict_answers;
mod strict_chunks;
mod systemd;
mod targets;
mod timeouts;
mod upgrade;
mod upgrade_node;
mod upgrade_self;
