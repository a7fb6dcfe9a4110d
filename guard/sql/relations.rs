//! What stands in FROM: tables, subqueries, functions and their joins.

use super::names::plain;
use super::{Walk, refused};
use crate::Refused;
use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, TableAlias,
    TableFactor, TableFunctionArgs, TableSample, TableSampleKind, TableSampleMethod, TableSampleModifier,
    TableSampleQuantity, TableSampleSeed, TableSampleSeedModifier, TableWithJoins, Value, ValueWithSpan,
};

/// The relations of PostgreSQL's own that may be read, one a line; the others hold passwords or read files.
const CATALOGUE: &str = include_str!("relations.txt");
/// Those of `information_schema` that hold what foreign servers are told, passwords too: a search path may lead there.
const OPTIONS: [&str; 5] = [
    "column_options",
    "foreign_data_wrapper_options",
    "foreign_server_options",
    "foreign_table_options",
    "user_mapping_options",
];

impl Walk<'_> {
    pub(super) fn source(&mut self, source: &mut TableWithJoins) -> Result<(), Refused> {
        let TableWithJoins { relation, joins } = source;
        self.relation(relation)?;
        for Join { relation, global, join_operator } in joins {
            if *global {
                return refused(relation, "is joined by GLOBAL, which PostgreSQL does not have");
            }
            self.relation(relation)?;
            self.join(join_operator)?;
        }
        Ok(())
    }

    fn join(&mut self, operator: &mut JoinOperator) -> Result<(), Refused> {
        let constraint = match operator {
            JoinOperator::Join(on)
            | JoinOperator::Inner(on)
            | JoinOperator::Left(on)
            | JoinOperator::LeftOuter(on)
            | JoinOperator::Right(on)
            | JoinOperator::RightOuter(on)
            | JoinOperator::FullOuter(on)
            | JoinOperator::CrossJoin(on) => on,
            JoinOperator::Semi(_)
            | JoinOperator::LeftSemi(_)
            | JoinOperator::RightSemi(_)
            | JoinOperator::Anti(_)
            | JoinOperator::LeftAnti(_)
            | JoinOperator::RightAnti(_)
            | JoinOperator::CrossApply
            | JoinOperator::OuterApply
            | JoinOperator::AsOf { match_condition: _, constraint: _ }
            | JoinOperator::StraightJoin(_)
            | JoinOperator::ArrayJoin
            | JoinOperator::LeftArrayJoin
            | JoinOperator::InnerArrayJoin => {
                return refused(
                    &"this join",
                    "is not PostgreSQL; write JOIN … ON, LEFT JOIN LATERAL or EXISTS",
                );
            }
        };
        match constraint {
            JoinConstraint::On(expr) => self.expr(expr),
            JoinConstraint::Using(columns) => {
                columns.iter().try_for_each(|column| self.parts(column).map(drop))
            }
            JoinConstraint::Natural | JoinConstraint::None => Ok(()),
        }
    }

    fn relation(&mut self, relation: &mut TableFactor) -> Result<(), Refused> {
        match relation {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                let foreign = !with_hints.is_empty()
                    || version.is_some()
                    || !partitions.is_empty()
                    || json_path.is_some()
                    || !index_hints.is_empty();
                if foreign || (*with_ordinality && args.is_none()) {
                    return refused(
                        relation,
                        "is followed by what PostgreSQL does not have; name the table only",
                    );
                }
                match args {
                    Some(TableFunctionArgs { args, settings: None }) => self.called(name, args)?,
                    Some(TableFunctionArgs { args: _, settings: Some(_) }) => {
                        return refused(relation, "has settings, which PostgreSQL does not have");
                    }
                    None => self.table(name)?,
                }
                self.aliased(alias)?;
                self.sample(sample, alias.is_some())
            }
            TableFactor::Derived { lateral: _, subquery, alias, sample } => {
                if sample.is_some() {
                    return refused(relation, "is a sample of a subquery; sample a table");
                }
                self.query(subquery)?;
                self.aliased(alias)
            }
            TableFactor::Function { lateral: _, name, args, with_ordinality: _, alias } => {
                self.called(name, args)?;
                self.aliased(alias)
            }
            TableFactor::UNNEST { alias, array_exprs, with_offset, with_offset_alias, with_ordinality } => {
                if *with_offset || with_offset_alias.is_some() {
                    return refused(relation, "is not PostgreSQL; write WITH ORDINALITY");
                }
                self.exprs(array_exprs)?;
                self.aliased(alias)?;
                // Of several arrays it is a form of the language, of one an ordinary call.
                if let [_] = array_exprs.as_slice() {
                    *relation = unnest(array_exprs, alias.take(), *with_ordinality);
                }
                Ok(())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.source(table_with_joins)?;
                self.aliased(alias)
            }
            TableFactor::TableFunction { expr: _, alias: _ }
            | TableFactor::JsonTable { json_expr: _, json_path: _, columns: _, alias: _ }
            | TableFactor::OpenJsonTable { json_expr: _, json_path: _, columns: _, alias: _ }
            | TableFactor::Pivot {
                table: _,
                aggregate_functions: _,
                value_column: _,
                value_source: _,
                default_on_null: _,
                alias: _,
            }
            | TableFactor::Unpivot { table: _, value: _, name: _, columns: _, null_inclusion: _, alias: _ }
            | TableFactor::UnpivotExpr { expression: _, value_alias: _, attribute_alias: _ }
            | TableFactor::MatchRecognize {
                table: _,
                partition_by: _,
                order_by: _,
                measures: _,
                rows_per_match: _,
                after_match_skip: _,
                pattern: _,
                symbols: _,
                alias: _,
            }
            | TableFactor::XmlTable { namespaces: _, row_expression: _, passing: _, columns: _, alias: _ }
            | TableFactor::SemanticView {
                name: _,
                dimensions: _,
                metrics: _,
                facts: _,
                where_clause: _,
                alias: _,
            } => refused(
                relation,
                "is not read here; use a table, a subquery, or a function such as jsonb_to_recordset",
            ),
        }
    }

    fn aliased(&mut self, alias: &Option<TableAlias>) -> Result<(), Refused> {
        alias.as_ref().map_or(Ok(()), |alias| self.alias(alias))
    }

    /// Tables of the application are for the database's grants to guard; PostgreSQL's own are listed.
    fn table(&self, name: &ObjectName) -> Result<(), Refused> {
        let parts: Vec<String> = self.parts(name)?.into_iter().map(plain).collect();
        let own = match parts.as_slice() {
            [table] if OPTIONS.contains(&table.as_str()) => Some(format!("information_schema.{table}")),
            [table] => (table.starts_with("pg_") || table.starts_with("_pg_")).then(|| table.clone()),
            [schema, table] if schema == "pg_catalog" => Some(table.clone()),
            [schema, _] if schema == "information_schema" => Some(parts.join(".")),
            [schema, table] if schema.starts_with("pg_") => Some(format!("{schema}.{table}")),
            [_, _] => None,
            _ => return refused(name, "has too many parts; write schema.table"),
        };
        match own {
            Some(own) if !CATALOGUE.lines().any(|line| line == own) => refused(
                name,
                "is not among the views of the catalogue that may be read: it can hold passwords or reads files",
            ),
            _ => Ok(()),
        }
    }

    fn sample(&mut self, sample: &mut Option<TableSampleKind>, aliased: bool) -> Result<(), Refused> {
        let sample = match sample {
            None => return Ok(()),
            Some(TableSampleKind::AfterTableAlias(sample)) => sample,
            Some(TableSampleKind::BeforeTableAlias(sample)) if !aliased => sample,
            Some(TableSampleKind::BeforeTableAlias(sample)) => {
                return refused(sample, "stands before the alias; PostgreSQL wants it behind");
            }
        };
        let TableSample { modifier, name, quantity, seed, bucket, offset } = sample.as_mut();
        let method = matches!(name, Some(TableSampleMethod::Bernoulli | TableSampleMethod::System));
        if !method
            || !matches!(modifier, TableSampleModifier::TableSample)
            || bucket.is_some()
            || offset.is_some()
        {
            return refused(
                sample,
                "is no sample that is allowed; write TABLESAMPLE BERNOULLI (10) or SYSTEM (10)",
            );
        }
        if let Some(TableSampleSeed { modifier, value }) = seed {
            if !matches!(modifier, TableSampleSeedModifier::Repeatable) {
                return refused(sample, "is not PostgreSQL; write REPEATABLE (1)");
            }
            self.value(value)?;
        }
        match quantity {
            Some(TableSampleQuantity {
                parenthesized: true,
                value: Expr::Value(ValueWithSpan { value: Value::Number(..), span: _ }),
                unit: None,
            }) => Ok(()),
            _ => refused(sample, "needs a number; write TABLESAMPLE BERNOULLI (10)"),
        }
    }
}

fn unnest(arrays: &mut Vec<Expr>, alias: Option<TableAlias>, with_ordinality: bool) -> TableFactor {
    let args = arrays.drain(..).map(|array| FunctionArg::Unnamed(FunctionArgExpr::Expr(array))).collect();
    TableFactor::Table {
        name: ObjectName::from(vec![Ident::new("pg_catalog"), Ident::new("unnest")]),
        alias,
        args: Some(TableFunctionArgs { args, settings: None }),
        with_hints: Vec::new(),
        version: None,
        with_ordinality,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}
