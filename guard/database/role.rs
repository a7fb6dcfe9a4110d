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
    /// Whether a row may be cast to something else by itself, and so be given to any function of that.
    pub(crate) row_casts: bool,
    /// Whether policies on rows hide rows from it in at least one table.
    pub sees_part_of_rows: bool,
}

/// Memberships that let a role write, end other people's sessions, or reach files.
const POWERFUL: [&str; 10] = [
    "pg_write_all_data",
    "pg_write_server_files",
    "pg_read_server_files",
    "pg_execute_server_program",
    "pg_signal_backend",
    "pg_signal_autovacuum_worker",
    "pg_checkpoint",
    "pg_maintain",
    "pg_create_subscription",
    "pg_use_reserved_connections",
];

/// What a role is a member of counts as its own, inherited or not: `SET ROLE` needs no more. So does, if `$2`, the role
/// that the session began as: `RESET ROLE` leads back to it. A superuser is a member of all roles, which says nothing.
/// Privileges on system catalogs are not asked for: nobody but a superuser has them. Functions that belong to an
/// extension are its own matter; trigger functions cannot be called. The CASE keeps the server from asking for the
/// privileges on a sequence of what is none.
///
/// A function of the application's must not answer in place of PostgreSQL's: functions are named by their schema, and
/// operators stand between values for whose very types PostgreSQL has one.
pub(crate) const LOOK: &str = "
with us as (select * from pg_catalog.pg_roles where rolname = current_user or ($2::boolean and rolname = session_user)),
mine as (select m.* from pg_catalog.pg_roles m where exists (select 1 from us
  where m.oid = us.oid or (not us.rolsuper and pg_catalog.pg_has_role(us.oid, m.oid, 'member'::text)))),
held as (select c.oid, c.relkind, c.relrowsecurity, n.nspname::text || '.'::text || c.relname::text as what,
    exists (select 1 from mine where mine.oid = c.relowner) as owned
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname::text !~ '^pg_'::text)
select r.rolname as name, exists (select 1 from us where us.rolsuper) as superuser, r.rolbypassrls as bypassrls,
  pg_catalog.current_setting('server_version'::text) as version, pg_catalog.pg_is_in_recovery() as replica,
  array(select mine.rolname from mine where mine.rolname::text = any($1::text[]) or (mine.oid <> r.oid
    and (mine.rolsuper or mine.rolreplication or mine.rolcreaterole or mine.rolcreatedb)) order by 1) as memberships,
  r.rolreplication as replication, r.rolcreaterole as createrole, r.rolcreatedb as createdb,
  array(select held.what from held where held.relkind <> 'S' and not held.owned and exists (select 1 from mine
      where pg_catalog.has_table_privilege(mine.oid, held.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER'::text)
        or pg_catalog.has_any_column_privilege(mine.oid, held.oid, 'INSERT, UPDATE'::text)
        or case when pg_catalog.current_setting('server_version_num'::text)::int >= 170000
          then pg_catalog.has_table_privilege(mine.oid, held.oid, 'MAINTAIN'::text) end)
    order by 1 limit 4) as writable,
  array(select pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) from pg_catalog.pg_shdepend d
    where d.deptype = 'o' and d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
      and exists (select 1 from mine where mine.oid = d.refobjid)
      and (d.dbid = 0::oid or d.dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
    order by 1 limit 4) as owned,
  array(select held.what from held where held.relkind = 'S' and not held.owned and exists (select 1 from mine
      where case when held.relkind = 'S' then pg_catalog.has_sequence_privilege(mine.oid, held.oid, 'USAGE, UPDATE'::text) end)
    order by 1 limit 4) as sequences,
  array(select n.nspname from pg_catalog.pg_namespace n where n.nspname::text !~ '^pg_'::text
    and exists (select 1 from mine where pg_catalog.has_schema_privilege(mine.oid, n.oid, 'CREATE'::text)) order by 1 limit 4) as schemas,
  exists (select 1 from mine where pg_catalog.has_database_privilege(mine.oid, pg_catalog.current_database()::text, 'CREATE'::text)) as create_schema,
  array(select f.fdwname::text from pg_catalog.pg_foreign_data_wrapper f
      where exists (select 1 from mine where pg_catalog.has_foreign_data_wrapper_privilege(mine.oid, f.oid, 'USAGE'::text))
    union all select s.srvname::text from pg_catalog.pg_foreign_server s
      where exists (select 1 from mine where pg_catalog.has_server_privilege(mine.oid, s.oid, 'USAGE'::text))
    order by 1 limit 4) as foreign_servers,
  array(select n.nspname::text || '.'::text || p.proname::text from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef and p.provolatile = 'v' and p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
      and p.prorettype <> 'pg_catalog.event_trigger'::pg_catalog.regtype and n.nspname::text !~ '^pg_'::text
      and not exists (select 1 from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
      and exists (select 1 from mine where pg_catalog.has_function_privilege(mine.oid, p.oid, 'EXECUTE'::text)
        and pg_catalog.has_schema_privilege(mine.oid, n.oid, 'USAGE'::text))
    order by 1 limit 4) as definer,
  array(select distinct p.proname from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_type t
      on t.oid = case when p.provariadic <> 0::oid and p.pronargs = 1 then p.provariadic else p.proargtypes[0] end
    left join pg_catalog.pg_type base on base.oid = t.typbasetype
    where p.pronargs between 1 and 1 + p.pronargdefaults and p.prokind in ('f', 'a')
      and (t.typtype = 'c' or (t.typtype = 'd' and base.typtype in ('c', 'd'))
        or t.typname in ('record', 'any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray'))
      and (n.nspname not in ('pg_catalog', 'information_schema') or p.provolatile = 'v')
    order by 1 limit 1001) as row_functions,
  exists (select 1 from pg_catalog.pg_cast k join pg_catalog.pg_type t on t.oid = k.castsource
    where k.castcontext = 'i' and t.typtype in ('c', 'd')) as row_casts,
  exists (select 1 from held where held.relrowsecurity and not r.rolbypassrls and not r.rolsuper
      and pg_catalog.has_table_privilege(r.oid, held.oid, 'SELECT'::text)) as rls
from pg_catalog.pg_roles r where r.rolname = current_user";

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
    foreign_servers: Vec<String>,
    definer: Vec<String>,
    row_functions: Vec<String>,
    row_casts: bool,
    rls: bool,
}

/// Functions of one row that are told of; [`LOOK`] asks for one more.
const MOST_ROW_FUNCTIONS: usize = 1_000;

/// The parameters of [`LOOK`]; `session` is whether the role that the session began as counts too.
pub(crate) fn params(session: bool) -> [Value; 2] {
    [Value::from(POWERFUL.map(Value::from).to_vec()), Value::from(session)]
}

impl Role {
    /// Refuses a statement in which a column may be such a function in disguise.
    pub(crate) fn admits(&self, statement: &Statement) -> Result<(), Refused> {
        // More of them than were told, or a row that turns into something else by itself: any name may be one.
        let all_told = self.row_functions.len() <= MOST_ROW_FUNCTIONS && !self.row_casts;
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
        by.extend(listed("it may use the foreign servers or wrappers", &seen.foreign_servers));
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
        row_casts: seen.row_casts,
        sees_part_of_rows: seen.rls,
    }
}

fn listed(what: &str, names: &[String]) -> Option<String> {
    let (first, more) = names.split_at_checked(3).unwrap_or((names, &[]));
    let first: Vec<String> = first.iter().map(|name| visible(name).into_owned()).collect();
    let more = if more.is_empty() { "" } else { " and more" };
    (!first.is_empty()).then(|| format!("{what} {}{more}", first.join(", ")))
}
