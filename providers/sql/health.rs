//! Does the database work? Connections, locks, long queries, replication, age of transactions, migrations.

use super::{Sql, migrations};
use crate::Found;
use crate::capability::Answered;
use crate::words::Check;
use futures_util::future;
use serde::Deserialize;
use std::time::Instant;

/// What the statistics of the server tell in one look. Without `pg_monitor` the activity of other roles is hidden from
/// the role: then `seen` is smaller than `connections`.
pub(super) const LOOK: &str = "
select
  (select count(*) from pg_catalog.pg_stat_activity where datid is not null and coalesce(backend_type, 'client backend') = 'client backend') as connections,
  (select count(*) from pg_catalog.pg_stat_activity where datid is not null and backend_type = 'client backend') as seen,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as allowed,
  (select count(*) from pg_catalog.pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0) as blocked,
  (select extract(epoch from max(now() - query_start))::bigint from pg_catalog.pg_stat_activity
    where cardinality(pg_blocking_pids(pid)) > 0) as blocked_s,
  (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend' and state = 'active'
    and now() - query_start > interval '1 minute' and pid <> pg_backend_pid()) as long_queries,
  (select count(*) from pg_catalog.pg_stat_activity where state like 'idle in transaction%'
    and now() - state_change > interval '1 minute') as idle_transactions,
  pg_is_in_recovery() as replica,
  (select extract(epoch from now() - pg_last_xact_replay_timestamp())::bigint
    where pg_is_in_recovery() and pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn()) as replica_lag_s,
  (select count(*) from pg_catalog.pg_stat_replication) as replicas,
  (select extract(epoch from max(replay_lag))::bigint from pg_catalog.pg_stat_replication) as lag_s,
  (select count(*) from pg_catalog.pg_replication_slots where not active) as idle_slots,
  (select max(age(datfrozenxid))::bigint from pg_catalog.pg_database) as oldest_xid,
  (select count(*) from pg_catalog.pg_index where not indisvalid) as invalid_indexes,
  pg_database_size(current_database()) as bytes";

#[derive(Deserialize)]
struct Seen {
    connections: u64,
    seen: u64,
    allowed: u64,
    blocked: u64,
    blocked_s: Option<i64>,
    long_queries: u64,
    idle_transactions: u64,
    replica: bool,
    replica_lag_s: Option<i64>,
    replicas: u64,
    lag_s: Option<i64>,
    idle_slots: u64,
    oldest_xid: i64,
    invalid_indexes: u64,
    bytes: u64,
}

/// Seconds of replication lag that are too many.
const LAG_S: i64 = 60;
/// Seconds that a blocked query waits before it is a trouble and no moment's matter.
const BLOCKED_S: i64 = 5;
/// Transactions before the server stops taking new ones (2^31), less a margin: PostgreSQL warns at 40 million left.
const XID_LIMIT: i64 = 1_500_000_000;

pub(super) async fn health(sql: &Sql) -> Answered<Check> {
    let started = Instant::now();
    let (seen, failed) = future::join(sql.own_rows::<Seen>(LOOK, &[], 1), migrations::failed(sql)).await;
    let ms = u64::try_from(started.elapsed().as_millis()).ok();
    let mut found = Found::all(Vec::new());
    if let Some(seen) = seen?.rows.into_iter().next() {
        found.rows = seen.checks(&sql.source, ms);
        if seen.seen < seen.connections {
            found.notes.push(
                "the role does not see what other roles' connections do: GRANT pg_monitor to it to see long queries"
                    .to_owned(),
            );
        }
    }
    match failed {
        Ok(Some(name)) => found.rows.push(Check {
            source: sql.source.to_owned(),
            name: "migrations".to_owned(),
            ok: false,
            detail: Some(format!("a migration has begun and not ended, or failed: {name}")),
            ms: None,
        }),
        Ok(None) => {}
        Err(failure) => found.notes.push(format!("migrations were not seen: {failure}")),
    }
    found.of = u64::try_from(found.rows.len()).ok();
    sql.remarked(found).await
}

impl Seen {
    fn checks(&self, source: &str, ms: Option<u64>) -> Vec<Check> {
        let check = |name: &str, ok: bool, detail: String| Check {
            source: source.to_owned(),
            name: name.to_owned(),
            ok,
            detail: Some(detail),
            ms: None,
        };
        let mut checks = vec![
            Check { ms, ..check("answers", true, format!("{} MB, {}", self.bytes / 1_000_000, self.part())) },
            check(
                "connections",
                self.connections * 10 < self.allowed * 9,
                format!("{} of {} in use", self.connections, self.allowed),
            ),
            check(
                "locks",
                self.blocked == 0 || self.blocked_s.unwrap_or(0) < BLOCKED_S,
                match self.blocked {
                    0 => "nobody waits for a lock".to_owned(),
                    n => format!("{n} wait for a lock, the longest for {} s", self.blocked_s.unwrap_or(0)),
                },
            ),
            check(
                "long queries",
                self.long_queries == 0 && self.idle_transactions == 0,
                format!(
                    "{} run for over a minute, {} transactions are idle for over a minute",
                    self.long_queries, self.idle_transactions
                ),
            ),
            check(
                "age of transactions",
                self.oldest_xid < XID_LIMIT,
                format!("the oldest is {} million transactions old", self.oldest_xid / 1_000_000),
            ),
        ];
        if self.replica || self.replicas > 0 || self.idle_slots > 0 {
            let lag = self.replica_lag_s.or(self.lag_s).unwrap_or(0);
            let slots = match self.idle_slots {
                0 => String::new(),
                n => format!("; {n} slots that nobody reads keep the log from being cleared"),
            };
            let lag_told = format!("{lag} s behind{slots}");
            checks.push(check("replication", lag < LAG_S && self.idle_slots == 0, lag_told));
        }
        if self.invalid_indexes > 0 {
            checks.push(check(
                "indexes",
                false,
                format!("{} are invalid and not used", self.invalid_indexes),
            ));
        }
        checks
    }

    fn part(&self) -> String {
        if self.replica {
            "a replica".to_owned()
        } else {
            format!("a primary with {} replicas", self.replicas)
        }
    }
}
