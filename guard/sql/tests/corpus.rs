//! The committed corpora: every legitimate read passes, everything hostile is refused with a sentence.

use super::*;
use crate::sql::functions::allowed;
use std::collections::BTreeSet;

#[test]
fn every_legitimate_read_is_accepted() {
    let reads = blocks(READS);
    assert!(reads.len() >= 130, "{} reads", reads.len());
    for (name, sql) in reads {
        let read = parse(sql).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(read.explains(), name.starts_with("explain"), "{name}");
        assert_eq!(sent(read.text()), read.text(), "{name}: what is sent is sent as it is");
    }
}

#[test]
fn everything_hostile_is_refused() {
    let hostile = blocks(HOSTILE);
    assert!(hostile.len() >= 320, "{} hostile statements", hostile.len());
    for (name, sql) in hostile {
        let why = match parse(sql) {
            Ok(statement) => panic!("{name} is accepted as {}", statement.text()),
            Err(refused) => refused.to_string(),
        };
        assert!((20..700).contains(&why.len()), "{name}: {why}");
        assert!(!why.chars().any(char::is_control), "{name}: {why:?}");
    }
}

#[test]
fn names_in_the_corpora_stand_once() {
    for corpus in [READS, HOSTILE] {
        let names: Vec<_> = blocks(corpus).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}

/// Of the functions that PostgreSQL 15 lets anyone call and says are volatile, these may be called, and why.
const HARMLESS: [(&str, &str); 27] = [
    ("clock_timestamp", "tells the time"),
    ("pg_blocking_pids", "reads the lock table"),
    ("pg_collation_actual_version", "asks the library of locales"),
    ("pg_current_wal_flush_lsn", "reads a position"),
    ("pg_current_wal_insert_lsn", "reads a position"),
    ("pg_current_wal_lsn", "reads a position"),
    ("pg_database_collation_actual_version", "asks the library of locales"),
    ("pg_database_size", "adds up the sizes of files, and names none"),
    ("pg_get_wal_replay_pause_state", "reads a flag"),
    ("pg_indexes_size", "adds up the sizes of files, and names none"),
    ("pg_is_in_recovery", "reads a flag"),
    ("pg_is_wal_replay_paused", "reads a flag"),
    ("pg_last_committed_xact", "reads the last commit"),
    ("pg_last_wal_receive_lsn", "reads a position"),
    ("pg_last_wal_replay_lsn", "reads a position"),
    ("pg_last_xact_replay_timestamp", "reads a time"),
    ("pg_notification_queue_usage", "reads how full a queue is, and takes nothing from it"),
    ("pg_partition_ancestors", "reads the catalogue"),
    ("pg_partition_tree", "reads the catalogue"),
    ("pg_relation_size", "adds up the sizes of files, and names none"),
    ("pg_safe_snapshot_blocking_pids", "reads the lock table"),
    ("pg_sequence_last_value", "reads a sequence without moving it"),
    ("pg_table_size", "adds up the sizes of files, and names none"),
    ("pg_tablespace_size", "adds up the sizes of files, and names none"),
    ("pg_total_relation_size", "adds up the sizes of files, and names none"),
    ("pg_xact_commit_timestamp", "reads a time"),
    ("random", "moves only the dice of its own session, and samples need it"),
];

#[test]
fn every_volatile_function_is_refused_or_justified() {
    let list = include_str!("../../../tests/fixtures/sql/volatile-functions.txt");
    let names: Vec<_> = list.lines().filter_map(|line| line.split('|').next()).collect();
    assert_eq!(names.len(), 183);
    for name in names {
        let justified = HARMLESS.iter().any(|(known, _)| *known == name);
        assert_eq!(allowed(&name.to_ascii_lowercase()).is_some(), justified, "{name}");
        for args in ["", "null", "null, null", "null, null, null"].iter().filter(|_| !justified) {
            refusal(&format!("select {name}({args})"));
            refusal(&format!("select * from pg_catalog.{name}({args})"));
        }
    }
}

#[test]
fn families_that_no_list_may_gain() {
    // Names that would be dangerous in any future list of functions, by how they begin.
    let families = "lo_ dblink pg_read_ pg_ls_ pg_advisory pg_try_advisory pg_logical_ pg_replication_ pg_create_ \
        pg_drop_ pg_copy_ pg_switch pg_promote pg_reload pg_rotate pg_stat_reset pg_stat_statements_reset pg_export \
        pg_sleep pg_terminate pg_cancel query_to_ cursor_to_ table_to_ schema_to_ database_to_ ts_stat ts_rewrite \
        http cron net. txid_ pg_import brin_ gin_ binary_upgrade setval nextval set_config setseed pg_wal_replay \
        pg_backup pg_logfile pg_file pg_notify json_populate jsonb_populate xmlparse xmltable";
    let functions = include_str!("../functions.tsv");
    for family in families.split_ascii_whitespace() {
        assert!(!functions.lines().any(|line| line.starts_with(family)), "{family}");
    }
}

#[test]
fn no_relation_with_passwords_is_listed() {
    let relations = include_str!("../relations.txt");
    for secret in
        ["pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings", "pg_subscription", "pg_settings"]
    {
        assert!(!relations.lines().any(|line| line == secret), "{secret}");
        refusal(&format!("select * from {secret}"));
        refusal(&format!("select * from pg_catalog.\"{secret}\""));
    }
    assert!(relations.lines().count() > 150);
}

#[test]
fn every_listed_function_can_be_called() {
    for row in include_str!("../functions.tsv").lines().filter(|row| !row.starts_with('#')) {
        let cells: Vec<_> = row.split('\t').collect();
        let fewest: usize = cells[1].parse().unwrap();
        let call = match (cells[0], cells.get(3).copied()) {
            (name, Some("value")) => name.to_owned(),
            (name, Some("series")) => format!("{name}(1, 2)"),
            (name, Some("repeat" | "length")) => format!("{name}('x', 2)"),
            (name, Some("fill")) => format!("{name}(0, array[2])"),
            (name, Some("format")) => format!("{name}('%s', 1)"),
            (name, Some("setting")) => format!("{name}('work_mem')"),
            (name, _) => format!("{name}({})", vec!["a"; fewest].join(", ")),
        };
        sent(&format!("select {call}"));
        if cells.get(3) != Some(&"word") {
            sent(&format!("select * from {call}"));
        }
    }
}
