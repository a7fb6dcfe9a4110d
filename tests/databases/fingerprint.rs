//! What is true in a database, as one text: catalogue, rows, sequences, large objects, locks, settings, files, other
//! people's sessions. Two equal texts mean that nothing was changed in between.

use std::fmt::Write;
use tokio_postgres::{Client, SimpleQueryMessage};

/// Each question's rows are part of the fingerprint. Roles that tests make beside each other are left out.
const LOOKS: &[(&str, &str)] = &[
    (
        "relations",
        "select c.oid, c.relname, c.relkind, c.relfilenode, c.relowner, c.relacl, c.reloptions, c.relrowsecurity from pg_class c order by 1",
    ),
    (
        "columns",
        "select attrelid, attname, atttypid, attisdropped, attacl from pg_attribute where attrelid >= 16384 order by 1, attnum",
    ),
    ("functions", "select oid, proname, proowner, prosrc, proacl from pg_proc where oid >= 16384 order by 1"),
    ("types", "select oid, typname from pg_type where oid >= 16384 order by 1"),
    (
        "schemas",
        "select oid, nspname, nspacl from pg_namespace where nspname not like 'pg\\_temp%' and nspname not like 'pg\\_toast\\_temp%' order by 1",
    ),
    (
        "roles",
        "select oid, rolname, rolsuper, rolcanlogin, rolpassword from pg_authid where rolname not like 'strong%' and rolname not like 'prodview%' order by 1",
    ),
    ("memberships", "select roleid, member from pg_auth_members where member < 16384 order by 1, 2"),
    ("settings of roles", "select * from pg_db_role_setting where setrole < 16384 order by 1, 2"),
    (
        "databases",
        "select oid, datname, datacl, datallowconn from pg_database where datname = current_database()",
    ),
    ("extensions", "select extname, extversion from pg_extension order by 1"),
    ("triggers", "select oid, tgname, tgenabled from pg_trigger order by 1"),
    ("policies", "select oid, polname from pg_policy order by 1"),
    ("rules", "select oid, rulename from pg_rewrite where oid >= 16384 order by 1"),
    (
        "comments",
        "select objoid, classoid, description from pg_description where objoid >= 16384 order by 1, 2",
    ),
    ("large objects", "select oid, lomowner from pg_largeobject_metadata order by 1"),
    ("large objects' pages", "select count(*), coalesce(sum(length(data)), 0) from pg_largeobject"),
    ("prepared transactions", "select gid from pg_prepared_xacts order by 1"),
    ("slots", "select slot_name from pg_replication_slots order by 1"),
    ("origins", "select roname from pg_replication_origin order by 1"),
    ("publications", "select pubname from pg_publication order by 1"),
    ("subscriptions", "select subname from pg_subscription order by 1"),
    (
        "advisory locks",
        "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    ),
    ("configuration", "select name, setting from pg_file_settings order by 1, 2"),
    (
        "files",
        "select name from pg_ls_dir('.') as name where name not in ('log', 'current_logfiles') order by 1",
    ),
    ("collations", "select count(*) from pg_collation"),
];

/// Looks at everything, as a superuser. `canaries` are process ids of sessions that must be alive.
pub async fn fingerprint(admin: &Client, canaries: &[i32]) -> String {
    let mut text = String::new();
    for (name, sql) in LOOKS {
        writeln!(text, "{name}: {}", rows(admin, sql).await.join(" | ")).unwrap();
    }
    let tables = "select quote_ident(n.nspname) || '.' || quote_ident(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace \
        where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1";
    for table in rows(admin, tables).await {
        let sum =
            format!("select count(*), md5(string_agg(t::text, chr(10) order by t::text)) from {table} t");
        writeln!(text, "{table}: {}", rows(admin, &sum).await.join("")).unwrap();
    }
    let sequences = "select quote_ident(n.nspname) || '.' || quote_ident(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'S' order by 1";
    for sequence in rows(admin, sequences).await {
        let at = format!("select last_value, is_called from {sequence}");
        writeln!(text, "{sequence}: {}", rows(admin, &at).await.join("")).unwrap();
    }
    for pid in canaries {
        let alive = format!("select count(*), max(state) from pg_stat_activity where pid = {pid}");
        writeln!(text, "session of a stranger: {}", rows(admin, &alive).await.join("")).unwrap();
    }
    text
}

async fn rows(admin: &Client, sql: &str) -> Vec<String> {
    let messages = admin.simple_query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    let row = |message: SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => {
            let cells: Vec<&str> = (0..row.len()).map(|i| row.get(i).unwrap_or("∅")).collect();
            Some(cells.join(","))
        }
        _ => None,
    };
    messages.into_iter().filter_map(row).collect()
}

/// The statements of a file of the corpus, with their names. A statement may have several lines; an empty line ends it.
pub fn corpus(text: &str) -> Vec<(String, String)> {
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    let pair = |block: &str| {
        let (name, sql) = block.split_once('\n')?;
        Some((name.strip_prefix("-- ")?.to_owned(), sql.to_owned()))
    };
    blocks.filter_map(pair).collect()
}

/// The lines in which two fingerprints differ.
pub fn difference(before: &str, after: &str) -> Vec<String> {
    before.lines().zip(after.lines()).filter(|(a, b)| a != b).map(|(a, b)| format!("{a}\n  → {b}")).collect()
}
