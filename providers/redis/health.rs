//! Does it work: an answer, memory, evictions, clients, replication, persistence, hits, slow commands; and the
//! settings that matter when something is wrong.

use super::Redis;
use super::info::{Info, size};
use super::slowlog::{SLOWEST, Slow};
use crate::Found;
use crate::capability::{Answered, Health, Settings};
use crate::words::{Check, Setting};
use async_trait::async_trait;
use prodview_guard::{Command, Foreign};
use std::time::Instant;

/// From which share of its memory on a server that evicts nothing is in trouble, in percent.
const NEARLY_FULL: u64 = 90;

#[async_trait]
impl Health for Redis {
    /// Two requests: PING, then INFO and the slow log.
    async fn health(&self) -> Answered<Check> {
        let started = Instant::now();
        let ping = self.one(Command::ping()).await;
        let ms = u64::try_from(started.elapsed().as_millis()).ok();
        let mut checks = vec![Check {
            source: self.name.clone(),
            name: "redis".to_owned(),
            ok: ping.is_ok(),
            detail: ping.as_ref().err().map(ToString::to_string),
            ms,
        }];
        if ping.is_err() {
            return Ok(Found::all(checks));
        }
        let more = self.door.ask(&[Command::info()?, Command::slowlog_get(SLOWEST)?]).await?;
        let mut more = more.into_iter();
        let (info, slow) = (more.next(), more.next());
        let mut notes = Vec::new();
        match info {
            Some(Ok(answer)) => {
                checks.extend(judged(&Info::read(&answer)).into_iter().map(|(name, ok, detail)| Check {
                    source: self.name.clone(),
                    name: name.to_owned(),
                    ok,
                    detail: Some(detail),
                    ms: None,
                }))
            }
            Some(Err(failure)) => notes.push(format!("what it says of itself could not be read: {failure}")),
            None => {}
        }
        match slow {
            Some(Ok(answer)) => {
                let mut slow = Slow::read_all(&answer);
                slow.sort_by_key(|entry| std::cmp::Reverse(entry.micros));
                checks.extend(slow.first().map(|worst| Check {
                    source: self.name.clone(),
                    name: "slow commands".to_owned(),
                    ok: true,
                    detail: Some(format!(
                        "the slowest of the last {}: {} took {} ms",
                        slow.len(),
                        worst.command(),
                        worst.micros / 1_000
                    )),
                    ms: None,
                }));
            }
            Some(Err(failure)) => notes.push(format!("slow commands could not be read: {failure}")),
            None => {}
        }
        let found = notes.into_iter().fold(Found::all(checks), Found::note);
        Ok(self.noted(found).await)
    }
}

#[async_trait]
impl Settings for Redis {
    async fn settings(&self) -> Answered<Setting> {
        let info = Info::read(&self.one(Command::info()).await?);
        let told = |kind: &str, name: &str| {
            Some(Setting {
                source: self.name.clone(),
                kind: kind.to_owned(),
                name: Foreign::new(name),
                value: Some(Foreign::new(&info.word(name)?)),
            })
        };
        let all = [
            told("version", "redis_version"),
            told("mode", "redis_mode"),
            told("mode", "role"),
            told("memory", "maxmemory"),
            told("memory", "maxmemory_policy"),
            told("persistence", "aof_enabled"),
            told("limit", "maxclients"),
        ];
        let found = Found::all(all.into_iter().flatten().collect());
        Ok(self.noted(found).await)
    }
}

/// What INFO tells, judged: name, whether it is well, and why. What is not told is not judged.
fn judged(info: &Info) -> Vec<(&'static str, bool, String)> {
    [memory(info), evictions(info), clients(info), replication(info), persistence(info), hits(info)]
        .into_iter()
        .flatten()
        .collect()
}

fn memory(info: &Info) -> Option<(&'static str, bool, String)> {
    let used = info.number("used_memory")?;
    let policy = info.word("maxmemory_policy").unwrap_or_else(|| "unknown".to_owned());
    let Some(most) = info.number("maxmemory").filter(|most| *most > 0) else {
        return Some(("memory", true, format!("{} used, no limit set", size(used))));
    };
    let share = used.saturating_mul(100) / most;
    let ok = policy != "noeviction" || share < NEARLY_FULL;
    let detail = format!("{} of {} used ({share} %), policy {policy}", size(used), size(most));
    let advice = if ok { "" } else { ": when it is full, writes fail" };
    Some(("memory", ok, format!("{detail}{advice}")))
}

fn evictions(info: &Info) -> Option<(&'static str, bool, String)> {
    let evicted = info.number("evicted_keys")?;
    Some(("evictions", true, format!("{evicted} keys evicted since it started")))
}

fn clients(info: &Info) -> Option<(&'static str, bool, String)> {
    let connected = info.number("connected_clients")?;
    let (blocked, rejected) = (info.number("blocked_clients"), info.number("rejected_connections"));
    let most = info.number("maxclients").map(|most| format!(" of at most {most}")).unwrap_or_default();
    let detail = format!(
        "{connected}{most} connected, {} blocked, {} turned away since it started",
        blocked.unwrap_or(0),
        rejected.unwrap_or(0)
    );
    let full =
        info.number("maxclients").is_some_and(|most| connected.saturating_mul(100) >= most * NEARLY_FULL);
    Some(("clients", !full, detail))
}

fn replication(info: &Info) -> Option<(&'static str, bool, String)> {
    match info.word("role")?.as_str() {
        "slave" => {
            let up = info.word("master_link_status").as_deref() == Some("up");
            let state = if up { "its link to the primary is up" } else { "its link to the primary is down" };
            Some(("replication", up, format!("a replica; {state}")))
        }
        _ => {
            let replicas = info.number("connected_slaves").unwrap_or(0);
            Some(("replication", true, format!("the primary, with {replicas} replicas")))
        }
    }
}

fn persistence(info: &Info) -> Option<(&'static str, bool, String)> {
    let states = ["rdb_last_bgsave_status", "aof_last_bgrewrite_status", "aof_last_write_status"];
    let told: Vec<(&str, String)> =
        states.iter().filter_map(|name| Some((*name, info.word(name)?))).collect();
    if told.is_empty() {
        return None;
    }
    let bad: Vec<&str> = told.iter().filter(|(_, state)| state != "ok").map(|(name, _)| *name).collect();
    let detail = if bad.is_empty() {
        "the last saves succeeded".to_owned()
    } else {
        format!("not ok: {}", bad.join(", "))
    };
    Some(("persistence", bad.is_empty(), detail))
}

fn hits(info: &Info) -> Option<(&'static str, bool, String)> {
    let (hits, misses) = (info.number("keyspace_hits")?, info.number("keyspace_misses")?);
    let all = hits.saturating_add(misses);
    let share = hits.saturating_mul(100).checked_div(all)?;
    Some(("hits", true, format!("{share} % of {all} look-ups found their key")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use prodview_guard::Resp;

    fn of(text: &str) -> Vec<(&'static str, bool, String)> {
        judged(&Info::read(&Resp::Bytes(text.as_bytes().to_vec())))
    }

    #[test]
    fn what_is_not_well_is_said() {
        let bad = of(
            "used_memory:95\nmaxmemory:100\nmaxmemory_policy:noeviction\nconnected_clients:99\nmaxclients:100\n\
            role:slave\nmaster_link_status:down\nrdb_last_bgsave_status:err\naof_last_write_status:ok\n",
        );
        let not_ok: Vec<&str> = bad.iter().filter(|(_, ok, _)| !ok).map(|(name, ..)| *name).collect();
        assert_eq!(not_ok, ["memory", "clients", "replication", "persistence"]);
        let good =
            of("used_memory:95\nmaxmemory:100\nmaxmemory_policy:allkeys-lru\nevicted_keys:5\nrole:master\n\
            keyspace_hits:3\nkeyspace_misses:1\n");
        assert!(good.iter().all(|(_, ok, _)| *ok));
        assert!(good.iter().any(|(_, _, detail)| detail.starts_with("75 %")));
        assert!(of("").is_empty());
    }
}
