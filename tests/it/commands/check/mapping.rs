//! What `[app.*]` names and is not there: told by `prodview check` with what would be right, and by no tool taken for
//! a table in which nobody has a row. And what `--suggest` says of databases that are not as tidy as the demo's.

use super::super::ends;
use crate::program::{Folder, run};
use crate::rig::{Rig, app, call};
use crate::server::v15;
use prodview_tools::App;
use serde_json::{Value, json};
use std::sync::Arc;

const SHOP: &str = "
create table users (id uuid primary key, email text not null, created_at timestamptz not null);
insert into users values ('0b9f7a0e-7b3c-4e8e-9d3b-2f1f0c9a8b7d', 'alice@acme.dev', now() - interval '9 days');
create table payments (id bigint primary key, user_id bigint, pi text, amount text, created_at timestamptz not null);
create table audit (user_email text, action text, meta jsonb, created_at timestamptz not null);
insert into audit values ('alice@acme.dev', 'password.changed', '{}', now() - interval '1 day');
create table failures (id bigint primary key, message text, created_at timestamptz not null);
analyze;";

const RIGHT: &str = "
[app.users]
source = \"db\"
table = \"users\"
id = \"id\"
email = \"email\"
[app.audit.log]
source = \"db\"
table = \"audit\"
user = \"user_email\"
action = \"action\"
ref = \"meta.order.id\"
at = \"created_at\"
[app.errors.internal]
source = \"db\"
table = \"failures\"
message = \"message\"
[app.payments.p]
source = \"db\"
table = \"payments\"
payment = \"pi\"
amount = \"amount\"
";

fn toml(url: &str, mapping: &str) -> String {
    format!("[sources.db]\nprovider = \"postgres\"\nurl = \"{url}\"\n{mapping}")
}

fn troubles(toml: &str, code: i32) -> Vec<String> {
    let folder = Folder::configured(toml);
    let ended = run(&folder, &["check", "--json"], &[]);
    ends(&ended, code);
    let report = ended.json();
    let all = report["sources"].as_array().unwrap().iter().flat_map(|s| s["troubles"].as_array().unwrap());
    all.map(|text| text.as_str().unwrap().to_owned()).collect()
}

async fn told(app: &Arc<App>, tool: &str, ask: Value) -> String {
    match call(app, tool, ask).await {
        Ok(told) => told.page.to_text(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_mapped_and_there_is_well_and_people_known_by_address_have_a_story() {
    let (url, _) = v15().documented(SHOP).await;
    assert_eq!(troubles(&toml(&url, RIGHT), 0), Vec::<String>::new());
    let text = told(&app(&toml(&url, RIGHT)), "user_timeline", json!({ "who": "alice@acme.dev" })).await;
    assert!(text.contains("password.changed"), "{text}");
    assert!(text.contains("[app.payments.p] names no `user`"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_and_fields_that_are_not_there_are_told_with_what_would_be_right() {
    let (url, _) = v15().documented(SHOP).await;
    let given = format!(
        "{RIGHT}user = \"user_id\"\n[app.entitlements.passes]\nsource = \"db\"\ntable = \"passs\"\nuser = \"user_id\"\n"
    );
    for (right, wrong, says) in [
        (
            "table = \"payments\"",
            "table = \"nopay\"",
            "[app.payments.p] names the table `nopay`, which db does not have",
        ),
        ("table = \"users\"", "table = \"user\"", "did you mean `users`?"),
        (
            "amount = \"amount\"",
            "amount = \"amout\"",
            "the field `amout` as its `amount`, which `payments` does not have: did you mean `amount`?",
        ),
        ("at = \"created_at\"", "at = \"made_at\"", "the field `made_at` as its `at`"),
        ("ref = \"meta.order.id\"", "ref = \"action.order.id\"", "the field `action.order.id` as its `ref`"),
    ] {
        let all = troubles(&toml(&url, &RIGHT.replace(right, wrong)), 1);
        assert!(all.len() == 1 && all[0].contains(says), "{says}: {all:?}");
    }
    let all = troubles(&toml(&url, &given), 1);
    assert!(all.iter().any(|t| t.contains("[app.entitlements.passes] names the table `passs`")), "{all:?}");
    let types =
        "[app.payments.p] has `user_id` as its `user`, bigint, and [app.users] has `id`, uuid as its `id`";
    assert!(all.iter().any(|t| t.contains(types)), "{all:?}");
    // And the tool that meets it says which section and field it is.
    let app = app(&toml(&url, &format!("{RIGHT}user = \"user_id\"\n")));
    let text = told(&app, "user_timeline", json!({ "who": "alice@acme.dev" })).await;
    assert!(
        text.contains("[app.payments.p]: `user_id` of payments is bigint: the value asked for is none"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tool_takes_a_table_that_is_not_there_for_one_without_such_a_row() {
    let (url, _) = v15().documented(SHOP).await;
    let paid = format!("{RIGHT}user = \"user_id\"\n").replace("\"payments\"", "\"nopay\"");
    let given =
        format!("{RIGHT}[app.entitlements.passes]\nsource = \"db\"\ntable = \"passs\"\nuser = \"user_id\"\n");
    let who = json!({ "who": "alice@acme.dev" });
    for (mapping, tool, ask, says) in [
        (paid.as_str(), "user_timeline", who.clone(), "[app.payments.p] names the table `nopay`"),
        (
            &RIGHT.replace("\"users\"", "\"nousers\""),
            "find_user",
            who.clone(),
            "[app.users] names the table `nousers`",
        ),
        (&given, "find_user", who.clone(), "[app.entitlements.passes] names the table `passs`"),
        (
            &RIGHT.replace("\"failures\"", "\"fails\""),
            "list_errors",
            json!({}),
            "[app.errors.internal] names the table `fails`",
        ),
    ] {
        let text = told(&app(&toml(&url, mapping)), tool, ask).await;
        assert!(text.contains(says) && text.contains("prodview check"), "{text}");
        for calm in ["no break", "does not know", "gave them nothing", "no errors since"] {
            assert!(!text.contains(calm), "{tool}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn convex_is_compared_too() {
    let rig = Rig::new().await;
    let right = rig.demo.config_toml();
    assert_eq!(troubles(&right, 0), Vec::<String>::new());
    let all = troubles(&right.replace("table = \"payments\"", "table = \"paymnts\""), 1);
    assert!(
        all.len() == 1 && all[0].ends_with("which convex does not have: did you mean `payments`?"),
        "{all:?}"
    );
    let all = troubles(&right.replace("email = \"email\"", "email = \"emial\""), 1);
    assert!(all.len() == 1 && all[0].ends_with("did you mean `email`?"), "{all:?}");
    let mistyped = app(&right.replace("table = \"users\"", "table = \"usrs\""));
    let text = told(&mistyped, "find_user", json!({ "who": rig.demo.incidents()[0].user_id })).await;
    assert!(text.contains("[app.users] names the table `usrs`"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_file_the_proposal_is_a_whole_one() {
    let (url, _) = v15().documented(SHOP).await;
    let env = [("DATABASE_URL", &*url)];
    let ended = run(&Folder::new(), &["check", "--suggest"], &env);
    ends(&ended, 0);
    assert!(
        ended.out.starts_with("[sources.postgres]\nprovider = \"postgres\"\nurl = \"env:DATABASE_URL\"\n"),
        "{}",
        ended.out
    );
    let pasted = run(&Folder::configured(&ended.out), &["check"], &env);
    ends(&pasted, 0);
    assert!(pasted.out.contains("postgres (postgres, ") && pasted.err.is_empty(), "{}", pasted.all());
    // The mapping alone says which section it lacks.
    let (_, mapping) = ended.out.split_once("[app.users]").unwrap();
    let alone = run(&Folder::configured(&format!("[app.users]{mapping}")), &["check"], &env);
    ends(&alone, 2);
    assert!(alone.err.contains("add its section: [sources.postgres]"), "{}", alone.err);
    assert!(!alone.err.contains("[sources.convex]"), "{}", alone.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_database_of_a_thousand_tables_those_with_telling_names_are_looked_at() {
    let many =
        "do $$ begin for n in 1..1000 loop execute format('create table a_%s (n int)', n); end loop; end $$;";
    let (url, _) = v15().documented(&format!("{many}{SHOP}")).await;
    let ended = run(&Folder::configured(&toml(&url, "")), &["check", "--suggest"], &[]);
    ends(&ended, 0);
    for says in [
        "[app.users]\n",
        "table = \"users\"",
        "80 of its 1004 tables were looked at",
        "and 912 more",
        "# Not found among the tables that were looked at: [app.jobs",
    ] {
        assert!(ended.out.contains(says), "{says}: {}", ended.out);
    }
}
