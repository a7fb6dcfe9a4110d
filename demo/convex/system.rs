//! The functions under `_system/` that the CLI and the dashboard call, each with the operation that it needs.

use serde_json::{Value, json};

use super::admittance::{origin, permit};
use super::answer::{Said, Wrong, text};
use super::arguments::{Declared, check, may, need, string};
use super::call::Call;
use super::documents::{self, Paging};
use super::{app, environment, schema};
use crate::Shared;
use crate::gate::Ask;

/// The mutations among them.
pub(super) const WRITING: &[&str] = &[
    "_system/frontend/addDocument",
    "_system/frontend/clearTablePage",
    "_system/frontend/createTable",
    "_system/frontend/deleteDocuments",
    "_system/frontend/patchDocumentsFields",
    "_system/frontend/replaceDocument",
    "_system/frontend/snapshotImport:confirmImport",
    "_system/frontend/snapshotImport:cancelImport",
];

pub(super) fn run(shared: &Shared, ask: &Ask, call: &Call) -> Said<String> {
    let world = &shared.world;
    let pages = || need("paginationOpts", "object");
    let component = || may("componentId", "string|null");
    // What it needs, what it takes, and then what it says.
    let (operation, declared): (&str, Vec<Declared>) = match call.path.as_str() {
        "_system/cli/tables" => ("ViewData", vec![pages(), component()]),
        "_system/cli/tableData" => {
            ("ViewData", vec![need("table", "string"), need("order", "string"), pages(), component()])
        }
        "_system/frontend/paginatedTableDocuments" => {
            ("ViewData", vec![pages(), need("table", "string"), need("filters", "string|null"), component()])
        }
        "_system/frontend/getById" => ("ViewData", vec![need("id", "string"), component()]),
        "_system/frontend/indexes" => {
            ("ViewData", vec![may("tableName", "string|null"), need("tableNamespace", "string|null")])
        }
        "_system/cli/tableSize" | "_system/frontend/tableSize" => {
            ("ViewData", vec![need("tableName", "string|null"), component()])
        }
        "_system/frontend/getSchemas"
        | "_system/cli/modules:apiSpec"
        | "_system/frontend/components:list" => ("ViewData", vec![component()]),
        "_system/frontend/listCronJobs"
        | "_system/frontend/getVersion"
        | "_system/frontend/deploymentState:deploymentState"
        | "_system/cli/convexUrl:cloudUrl"
        | "_system/cli/convexUrl:siteUrl" => ("ViewData", vec![component()]),
        "_system/cli/queryEnvironmentVariables" => ("ViewEnvironmentVariables", vec![]),
        "_system/cli/queryEnvironmentVariables:get" => {
            ("ViewEnvironmentVariables", vec![need("name", "string")])
        }
        other if WRITING.contains(&other) => {
            return Err(Wrong::Function(format!(
                "Trying to execute {} as Query, but it is defined as Mutation.",
                super::call::with_module(other)
            )));
        }
        other => return Err(app::unknown(other)),
    };
    permit(shared, ask, operation)?;
    check(&call.args, &declared)?;
    let value = match call.path.as_str() {
        "_system/cli/tables" => return tables(shared, call),
        "_system/cli/tableData" => return documents::table(world, &call.args),
        "_system/frontend/paginatedTableDocuments" => return documents::filtered(world, &call.args),
        "_system/frontend/getById" => {
            documents::by_id(world, string(&call.args, "id")).cloned().unwrap_or_default()
        }
        "_system/frontend/indexes" => schema::indexes(world, string(&call.args, "tableName")),
        "_system/cli/tableSize" | "_system/frontend/tableSize" => {
            json!(world.rows(string(&call.args, "tableName")).len())
        }
        "_system/frontend/getSchemas" => schema::schemas(world),
        "_system/cli/modules:apiSpec" => schema::functions(world),
        "_system/frontend/listCronJobs" => environment::crons(world),
        "_system/frontend/getVersion" => json!("1.48.0"),
        "_system/frontend/deploymentState:deploymentState" => json!({ "state": "running" }),
        "_system/cli/convexUrl:cloudUrl" => json!(origin(shared)),
        "_system/cli/convexUrl:siteUrl" => {
            json!(format!("https://{}.convex.site", world.company.convex_deployment))
        }
        "_system/cli/queryEnvironmentVariables" => Value::Array(environment::variables(world)),
        "_system/cli/queryEnvironmentVariables:get" => {
            let name = string(&call.args, "name");
            let variables = environment::variables(world);
            variables
                .into_iter()
                .find(|variable| variable.get("name") == Some(&json!(name)))
                .unwrap_or_default()
        }
        // `components:list`: nothing is installed into this application.
        _ => json!([]),
    };
    Ok(text(&value))
}

fn tables(shared: &Shared, call: &Call) -> Said<String> {
    let names: Vec<Value> = shared.world.tables.keys().map(|name| json!({ "name": name })).collect();
    documents::page(names.iter().collect(), &Paging::read(&call.args)?, "tables", |_| true)
}
