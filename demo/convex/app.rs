//! The application's own queries.

use serde_json::Value;

use super::admittance::permit;
use super::answer::{Said, Wrong, text};
use super::arguments::{self, Declared, need};
use super::call::{Call, with_module};
use crate::Shared;
use crate::gate::Ask;
use crate::world::{Function, FunctionKind, World};

pub(super) fn run(shared: &Shared, ask: &Ask, call: &Call) -> Said<String> {
    let functions =
        shared.world.functions.iter().filter(|function| function.kind != FunctionKind::HttpAction);
    let Some(function) = functions.clone().find(|function| function.path == call.path) else {
        return Err(unknown(&call.path));
    };
    if function.kind != FunctionKind::Query {
        let (path, kind) = (with_module(&call.path), kind_name(function.kind));
        return Err(Wrong::Function(format!(
            "Trying to execute {path} as Query, but it is defined as {kind}."
        )));
    }
    if !function.public {
        permit(shared, ask, "RunInternalQueries")?;
    }
    arguments::check(&call.args, &declared(&shared.world, function))?;
    Ok(found(&shared.world, function, call))
}

/// What the back end says of a function that is not there.
pub(super) fn unknown(path: &str) -> Wrong {
    Wrong::Function(format!(
        "Could not find public function for '{path}'. Did you forget to run `npx convex dev` or `npx convex deploy`?"
    ))
}

pub(super) fn kind_name(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Query => "Query",
        FunctionKind::Mutation => "Mutation",
        FunctionKind::Action => "Action",
        FunctionKind::HttpAction => "HttpAction",
    }
}

/// The arguments a function declares: references where the field it looks for is one, texts otherwise.
pub(super) fn declared(world: &World, function: &Function) -> Vec<Declared> {
    let kind = |name: &str| {
        let (table, field) = function.finds?;
        if field == "_id" {
            return Some(format!("id:{table}"));
        }
        let declared = world.tables.get(table)?.fields.iter().find(|declared| declared.name == name)?;
        Some(declared.kind.to_owned())
    };
    function.args.iter().map(|name| need(name, &kind(name).unwrap_or_else(|| "string".into()))).collect()
}

/// A function that looks one thing up (`get`, `by…`) gives it or null; any other gives all it finds, oldest first.
fn found(world: &World, function: &Function, call: &Call) -> String {
    let Some((table, field)) = function.finds else { return text(&Value::Null) };
    let wanted = function.args.first().and_then(|name| call.args.get(*name));
    let mut rows = world.rows(table).iter().filter(|row| row.get(field) == wanted);
    let name = function.path.split(':').next_back().unwrap_or_default();
    if name == "get" || name.starts_with("by") {
        return text(rows.next().unwrap_or(&Value::Null));
    }
    text(&Value::Array(rows.cloned().collect()))
}
