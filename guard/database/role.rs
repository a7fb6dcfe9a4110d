//! Whether the role could write, if it were let: asked at the first use, before any question.

use super::transaction::{Broken, Came};
use crate::{Refused, Statement, visible};
use serde::Deserialize;
use serde_json::Value;

/// What a role is, and what it could do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// By what it could write, each a short phrase; empty when it could not.
    pub could_write_by: Vec<String>,
    /// What else a person should know about it.
    pub notes: Vec<String>,
    /// The server's version: `15.18`.
    pub server_version: String,
    /// Whether the server is a replica, on which nothing can be written at all.
    pub replica: bool,
    /// Functions of the database's own that take one row: PostgreSQL calls one where `row.name` names no column.
    pub(crate) row_functions: Vec<String>,
    /// Whether policies on rows hide rows from it in at least one table.
    pub sees_part_of_rows: bool,
}

/// Memberships that let a role write, end other people's sessions, or reach files.
const POWERFUL: [&str; 9] = [
    "pg_write_all_data",
    "pg_write_server_files",
    "pg_read_server_files",
    "pg_execute_server_program",
    "pg_signal_backend",
    "pg_checkpoint",
    "pg_maintain",
    "pg_create_subscription",
    "pg_use_reserved_connections",
];

/// What a role is a member of counts as its own, inherited or not: `SET ROLE` needs no more. A superuser is a member of
/// all roles, which says nothing. Privileges on system catalogs are not asked for: nobody but a superuser has them.
/// Functions that belong to an extension are its own matter; trigger functions cannot be called. The CASE keeps the
/// server from asking for the privileges on a sequence of what is none.
pub(crate) const LOOK: &str = "
with me as (select * from pg_roles where rolname = current_user),
mine as (select m.* from pg_roles m, me where m.oid = me.oid or (not me.rolsuper and pg_has_role(me.oid, m.oid, 'member'))),
held as (select c.oid, c.relkind, c.relowner, c.relrowsecurity, n.nspname || '.' || c.relname as what,
    exists (select 1 from mine where mine.oid = c.relowner) as owned
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema')
select r.rolname as name, r.rolsuper as superuser, r.rolbypassrls as bypassrls, current_setting('server_version') as version,
  pg_is_in_recovery() as replica,
  array(select mine.rolname from mine where mine.rolname = any($1)
    or (mine.oid <> r.oid and (mine.rolsuper or mine.rolreplication or mine.rolcreaterole or mine.rolcreatedb)) order by 1) as memberships,
  r.rolreplication as replication, r.rolcreaterole as createrole, r.rolcreatedb as createdb,
  array(select held.what from held where held.relkind <> 'S' and not held.owned and exists (select 1 from mine
      where has_table_privilege(mine.oid, held.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
        or has_any_column_privilege(mine.oid, held.oid, 'INSERT, UPDATE')
        or case when current_setting('server_version_num')::int >= 170000
          then has_table_privilege(mine.oid, held.oid, 'MAINTAIN') end)
    order by 1 limit 4) as writable,
  array(select held.what from held where held.owned order by 1 limit 4) as owned,
  array(select held.what from held where held.relkind = 'S' and not held.owned and exists (select 1 from mine
      where case when held.relkind = 'S' then has_sequence_privilege(mine.oid, held.oid, 'USAGE, UPDATE') end)
    order by 1 limit 4) as sequences,
  array(select n.nspname from pg_namespace n where n.nspname !~ '^pg_'
    and exists (select 1 from mine where has_schema_privilege(mine.oid, n.oid, 'CREATE')) order by 1 limit 4) as schemas,
  exists (select 1 from mine where has_database_privilege(mine.oid, current_database(), 'CREATE')) as create_schema,
  array(select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef and p.provolatile = 'v' and p.prorettype <> 'trigger'::regtype
      and p.prorettype <> 'event_trigger'::regtype and n.nspname !~ '^pg_'
      and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
      and not exists (select 1 from mine where mine.oid = p.proowner)
      and exists (select 1 from mine where has_function_privilege(mine.oid, p.oid, 'EXECUTE') and has_schema_privilege(mine.oid, n.oid, 'USAGE'))
    order by 1 limit 4) as definer,
  array(select distinct p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    join pg_type t on t.oid = p.proargtypes[0]
    where p.pronargs between 1 and 1 + p.pronargdefaults and p.prokind = 'f'
      and (t.typtype = 'c' or t.typname in ('record', 'any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray'))
      and n.nspname <> 'pg_catalog' and n.nspname <> 'information_schema'
    order by 1 limit 1001) as row_functions,
  exists (select 1 from held where held.relrowsecurity and not r.rolbypassrls and not r.rolsuper
      and has_table_privilege(r.oid, held.oid, 'SELECT')) as rls
from me r";

#[derive(Deserialize)]
struct Seen {
    name: String,
    superuser: bool,
    replication: bool,
    createrole: bool,
    createdb: bool,
    bypassrls: bool,
    version: String,
    replica: bool,
    memberships: Vec<String>,
    writable: Vec<String>,
    owned: Vec<String>,
    sequences: Vec<String>,
    schemas: Vec<String>,
    create_schema: bool,
    definer: Vec<String>,
    row_functions: Vec<String>,
    rls: bool,
}

/// Functions of one row that are told of; [`LOOK`] asks for one more.
const MOST_ROW_FUNCTIONS: usize = 1_000;

/// The parameters of [`LOOK`].
pub(crate) fn params() -> [Value; 1] {
    [Value::from(POWERFUL.map(Value::from).to_vec())]
}

impl Role {
    /// Refuses a statement in which a column may be such a function in disguise.
    pub(crate) fn admits(&self, statement: &Statement) -> Result<(), Refused> {
        // More of them than were told: any name may be one.
        let all_told = self.row_functions.len() <= MOST_ROW_FUNCTIONS;
        match statement.attributes().find(|name| !all_told || self.row_functions.iter().any(|f| f == name)) {
            None => Ok(()),
            Some(name) => Err(Refused::because(format!(
                "`.{}` may call a function of the database's own instead of naming a column: ask for that column \
                 by its own name",
                visible(name)
            ))),
        }
    }
}

/// The role, from what [`LOOK`] brought.
pub(crate) fn seen(came: Came) -> Result<Role, Broken> {
    let row = came.rows.into_iter().next().map(Value::Object).unwrap_or_default();
    let seen = serde_json::from_value(row)
        .map_err(|e| Broken::Odd(format!("what the role may do is not readable: {e}")))?;
    Ok(judged(seen))
}

fn judged(seen: Seen) -> Role {
    let mut by = Vec::new();
    let mut one = |is: bool, what: &str| {
        if is {
            by.push(what.to_owned());
        }
    };
    one(seen.superuser, "it is a superuser");
    one(seen.replication, "it has REPLICATION");
    one(seen.createrole, "it has CREATEROLE");
    one(seen.createdb, "it has CREATEDB");
    // A superuser has and owns everything: the rest says nothing more.
    if !seen.superuser {
        by.extend(seen.memberships.iter().map(|name| format!("it is a member of {}", visible(name))));
        by.extend(listed("it owns", &seen.owned));
        by.extend(listed("it may write to", &seen.writable));
        by.extend(listed("it may advance the sequences", &seen.sequences));
        by.extend(listed("it may create objects in the schemas", &seen.schemas));
        by.extend(seen.create_schema.then(|| "it may create schemas in this database".to_owned()));
        by.extend(listed("it may call the SECURITY DEFINER functions", &seen.definer));
    }
    let mut notes = Vec::new();
    if seen.rls {
        notes.push(
            "policies on rows (RLS) may hide rows from it: nothing found is not proof that nothing is there"
                .to_owned(),
        );
    }
    if seen.bypassrls && !seen.superuser {
        notes.push("it bypasses policies on rows (RLS): it sees every tenant's rows".to_owned());
    }
    Role {
        name: visible(&seen.name).into_owned(),
        could_write_by: by,
        notes,
        server_version: visible(seen.version.split(' ').next().unwrap_or_default()).into_owned(),
        replica: seen.replica,
        row_functions: seen.row_functions,
        sees_part_of_rows: seen.rls,
    }
}

fn listed(what: &str, names: &[String]) -> Option<String> {
    let (first, more) = names.split_at_checked(3).unwrap_or((names, &[]));
    let first: Vec<String> = first.iter().map(|name| visible(name).into_owned()).collect();
    let more = if more.is_empty() { "" } else { " and more" };
    (!first.is_empty()).then(|| format!("{what} {}{more}", first.join(", ")))
}
