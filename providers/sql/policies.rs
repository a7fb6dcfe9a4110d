//! Settings that matter when rows are missing: policies on rows, and what roles may do with tables.

use super::Sql;
use crate::capability::Answered;
use crate::words::Setting;
use crate::{Found, Stopped};
use futures_util::future;
use prodview_guard::Foreign;
use serde::Deserialize;

/// Settings told of at once, of each kind.
const MOST: usize = 200;

pub(super) const POLICIES: &str = "
select schemaname || '.' || tablename || '.' || policyname as name,
  lower(cmd) || ' by ' || array_to_string(roles, ', ') || coalesce(' using ' || qual, '') || coalesce(' with check ' || with_check, '') as value
from pg_catalog.pg_policies order by schemaname, tablename, policyname";

/// Tables that some role besides the owner may touch while no policy guards their rows are what one looks for.
pub(super) const SECURITY: &str = "
select n.nspname || '.' || c.relname as name,
  case when c.relrowsecurity then 'on' else 'off' end ||
  ', ' || (select count(*) from pg_catalog.pg_policy p where p.polrelid = c.oid) || ' policies' as value
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by n.nspname, c.relname";

pub(super) const GRANTS: &str = "
select case when x.grantee = 0 then 'everybody' else pg_get_userbyid(x.grantee) end || ' on ' || n.nspname as name,
  lower(x.privilege_type) || ' on ' || count(*) || ' tables' as value
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral aclexplode(c.relacl) as x
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and x.grantee <> c.relowner
group by 1, x.privilege_type order by 1, 2";

#[derive(Deserialize)]
struct Named {
    name: String,
    value: Option<String>,
}

pub(super) async fn settings(sql: &Sql) -> Answered<Setting> {
    let (security, policies, grants) = future::join3(
        sql.own_rows::<Named>(SECURITY, &[], MOST),
        sql.own_rows::<Named>(POLICIES, &[], MOST),
        sql.own_rows::<Named>(GRANTS, &[], MOST),
    )
    .await;
    let mut all = Found::all(Vec::new());
    let parts = [("row security", security), ("policy", policies), ("grant", grants)];
    for (kind, part) in parts {
        let part = match part {
            Ok(part) => part,
            Err(failure) => {
                all.stopped.get_or_insert(Stopped::Failed(failure));
                continue;
            }
        };
        if part.stopped.is_some() {
            all.notes.push(format!("more than {MOST} settings of the kind `{kind}`: the first ones"));
        }
        all.rows.extend(part.rows.into_iter().map(|named| Setting {
            source: sql.source.to_owned(),
            kind: kind.to_owned(),
            name: Foreign::new(&named.name),
            value: named.value.map(|value| Foreign::capped(&value, 200)),
        }));
    }
    sql.remarked(all).await
}
