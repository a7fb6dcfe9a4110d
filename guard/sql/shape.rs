//! The shape of a statement: one query, or EXPLAIN of one; and every clause a query can have.

use super::{Walk, refused, shown};
use crate::Refused;
use sqlparser::ast::{
    Cte, DescribeAlias, Distinct, Expr, Fetch, GroupByExpr, LimitClause, NamedWindowDefinition,
    NamedWindowExpr, Offset, OffsetRows, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort,
    Parens, Query, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator,
    SetQuantifier, Statement, UtilityOption, Value, ValueWithSpan, Values, WildcardAdditionalOptions,
    WindowFrame, WindowFrameBound, WindowSpec, With,
};

/// What EXPLAIN may be asked for, besides FORMAT.
const EXPLAINED: [&str; 8] =
    ["analyze", "verbose", "costs", "buffers", "timing", "summary", "settings", "wal"];

impl Walk<'_> {
    pub(super) fn statement(&mut self, statement: &mut Statement) -> Result<(), Refused> {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Explain {
                describe_alias,
                analyze: _,
                verbose: _,
                query_plan,
                estimate,
                statement,
                format,
                options,
            } => {
                if !matches!(describe_alias, DescribeAlias::Explain)
                    || *query_plan
                    || *estimate
                    || format.is_some()
                {
                    return refused(
                        describe_alias,
                        "is not written so in PostgreSQL; write EXPLAIN (FORMAT JSON) SELECT …",
                    );
                }
                for option in options.iter().flatten() {
                    explained(option)?;
                }
                match statement.as_mut() {
                    Statement::Query(query) => self.query(query),
                    other => refused(other, "cannot be explained here; EXPLAIN takes one SELECT"),
                }
            }
            other => Err(no_read(&other.to_string())),
        }
    }

    pub(super) fn query(&mut self, query: &mut Query) -> Result<(), Refused> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if let Some(lock) = locks.first() {
            return refused(lock, "locks rows; leave it out: a read needs no lock");
        }
        if let Some(clause) = for_clause {
            return refused(clause, "is not PostgreSQL; leave it out");
        }
        if settings.is_some() || format_clause.is_some() || !pipe_operators.is_empty() {
            return refused(body, "is followed by a clause that PostgreSQL does not have; leave it out");
        }
        if let Some(With { with_token: _, recursive: _, cte_tables }) = with {
            for Cte { alias, query, from, materialized: _, closing_paren_token: _ } in cte_tables {
                if let Some(from) = from {
                    return refused(from, "stands behind WITH, where PostgreSQL has no FROM");
                }
                self.alias(alias)?;
                self.query(query)?;
            }
        }
        self.set(body)?;
        if let Some(order_by) = order_by {
            let OrderBy { kind, interpolate } = order_by;
            if interpolate.is_some() {
                return refused(order_by, "is not PostgreSQL; leave INTERPOLATE out");
            }
            match kind {
                OrderByKind::Expressions(by) => self.order(by)?,
                OrderByKind::All(_) => return refused(order_by, "is not PostgreSQL; name the columns"),
            }
        }
        if let Some(clause) = limit_clause {
            match clause {
                LimitClause::LimitOffset { limit, offset, limit_by } => {
                    if let Some(by) = limit_by.first() {
                        return refused(by, "stands behind LIMIT … BY, which PostgreSQL does not have");
                    }
                    self.some(limit)?;
                    if let Some(Offset {
                        value,
                        rows: OffsetRows::None | OffsetRows::Row | OffsetRows::Rows,
                    }) = offset
                    {
                        self.expr(value)?;
                    }
                }
                LimitClause::OffsetCommaLimit { offset: _, limit: _ } => {
                    return refused(clause, "is not PostgreSQL; write LIMIT … OFFSET …");
                }
            }
        }
        if let Some(Fetch { with_ties: _, percent, quantity }) = fetch {
            if *percent {
                return refused(&"FETCH … PERCENT", "is not PostgreSQL; give a number of rows");
            }
            self.some(quantity)?;
        }
        Ok(())
    }

    fn set(&mut self, body: &mut SetExpr) -> Result<(), Refused> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                match op {
                    SetOperator::Union | SetOperator::Except | SetOperator::Intersect => {}
                    SetOperator::Minus => return refused(op, "is not PostgreSQL; write EXCEPT"),
                }
                match set_quantifier {
                    SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None => {}
                    SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName => {
                        return refused(set_quantifier, "is not PostgreSQL; name the columns in order");
                    }
                }
                self.set(left)?;
                self.set(right)
            }
            SetExpr::Values(Values { explicit_row, value_keyword, rows }) => {
                if *explicit_row || *value_keyword {
                    return refused(&"VALUES ROW", "is not PostgreSQL; write VALUES (…), (…)");
                }
                for Parens { opening_token: _, content, closing_token: _ } in rows {
                    self.exprs(content)?;
                }
                Ok(())
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                refused(body, "changes rows; only SELECT may stand there")
            }
            SetExpr::Table(_) => refused(body, "is not read here; write select * from …"),
        }
    }

    fn select(&mut self, select: &mut Select) -> Result<(), Refused> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            // Without QUALIFY it only says that there is a WINDOW.
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if let Some(into) = into {
            return refused(into, "would create a table; leave INTO out");
        }
        let foreign = !optimizer_hints.is_empty()
            || select_modifiers.is_some()
            || top.is_some()
            || *top_before_distinct
            || exclude.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || qualify.is_some()
            || value_table_mode.is_some()
            || !matches!(flavor, SelectFlavor::Standard);
        if foreign {
            return refused(
                select,
                "has a clause that PostgreSQL does not have; write it in PostgreSQL's own SQL",
            );
        }
        match distinct {
            None | Some(Distinct::Distinct | Distinct::All) => {}
            Some(Distinct::On(exprs)) => self.exprs(exprs)?,
        }
        for item in projection {
            self.item(item)?;
        }
        for source in from {
            self.source(source)?;
        }
        self.some(selection)?;
        match group_by {
            GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => self.exprs(exprs)?,
            GroupByExpr::Expressions(..) | GroupByExpr::All(_) => {
                return refused(
                    group_by,
                    "is not PostgreSQL; name the columns, or write GROUP BY ROLLUP (…)",
                );
            }
        }
        self.some(having)?;
        for NamedWindowDefinition(name, window) in named_window {
            self.new_name(name)?;
            match window {
                NamedWindowExpr::NamedWindow(other) => {
                    return refused(other, "names a window by a window; write it in parentheses");
                }
                NamedWindowExpr::WindowSpec(spec) => self.window(spec)?,
            }
        }
        Ok(())
    }

    fn item(&mut self, item: &mut SelectItem) -> Result<(), Refused> {
        match item {
            SelectItem::UnnamedExpr(expr) => self.expr(expr),
            SelectItem::ExprWithAlias { expr, alias } => {
                self.label(alias)?;
                self.expr(expr)
            }
            SelectItem::ExprWithAliases { expr: _, aliases: _ } => {
                refused(item, "is not PostgreSQL; give one alias")
            }
            SelectItem::QualifiedWildcard(kind, options) => {
                wildcard(options)?;
                match kind {
                    SelectItemQualifiedWildcardKind::ObjectName(name) => self.parts(name).map(drop),
                    SelectItemQualifiedWildcardKind::Expr(expr) => self.expr(expr),
                }
            }
            SelectItem::Wildcard(options) => wildcard(options),
        }
    }

    pub(super) fn order(&mut self, by: &mut [OrderByExpr]) -> Result<(), Refused> {
        for OrderByExpr { expr, options: OrderByOptions { sort, nulls_first: _ }, with_fill } in by {
            match sort {
                None | Some(OrderBySort::Asc | OrderBySort::Desc) => {}
                Some(OrderBySort::Using(operator)) => {
                    return refused(operator, "names an operator to sort by; write ASC or DESC");
                }
            }
            if with_fill.is_some() {
                return refused(expr, "is followed by WITH FILL, which PostgreSQL does not have");
            }
            self.expr(expr)?;
        }
        Ok(())
    }

    pub(super) fn window(&mut self, window: &mut WindowSpec) -> Result<(), Refused> {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = window;
        if let Some(name) = window_name {
            self.new_name(name)?;
        }
        self.exprs(partition_by)?;
        self.order(order_by)?;
        let Some(WindowFrame { units: _, start_bound, end_bound }) = window_frame else { return Ok(()) };
        for bound in std::iter::once(start_bound).chain(end_bound) {
            match bound {
                WindowFrameBound::CurrentRow => {}
                WindowFrameBound::Preceding(distance) | WindowFrameBound::Following(distance) => {
                    if let Some(distance) = distance {
                        self.expr(distance)?;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn exprs(&mut self, exprs: &mut [Expr]) -> Result<(), Refused> {
        exprs.iter_mut().try_for_each(|expr| self.expr(expr))
    }

    pub(super) fn some(&mut self, expr: &mut Option<Expr>) -> Result<(), Refused> {
        expr.as_mut().map_or(Ok(()), |expr| self.expr(expr))
    }
}

/// A statement that is none of those, by its first word.
pub(super) fn no_read(statement: &str) -> Refused {
    let word = statement.split_whitespace().next().unwrap_or("this").to_ascii_uppercase();
    let instead = match word.as_str() {
        "SHOW" => "is not a query; write select current_setting('…')",
        "TABLE" => "is not read here; write select * from …",
        _ => "is not a read; send one SELECT, VALUES or EXPLAIN SELECT",
    };
    Refused::because(format!("{} {instead}", shown(&word)))
}

/// `*` and nothing behind it.
pub(super) fn wildcard(options: &WildcardAdditionalOptions) -> Result<(), Refused> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    let plain = opt_ilike.is_none()
        && opt_exclude.is_none()
        && opt_except.is_none()
        && opt_replace.is_none()
        && opt_rename.is_none()
        && opt_alias.is_none();
    if plain {
        Ok(())
    } else {
        refused(&"*", "is followed by what PostgreSQL does not have; name the columns")
    }
}

fn explained(option: &UtilityOption) -> Result<(), Refused> {
    let UtilityOption { name, arg } = option;
    let word = name.value.to_ascii_lowercase();
    let given = match arg {
        None => "true".to_owned(),
        Some(Expr::Identifier(ident)) if ident.quote_style.is_none() => ident.value.to_ascii_lowercase(),
        Some(Expr::Value(ValueWithSpan { value: Value::Boolean(on), span: _ })) => on.to_string(),
        Some(_) => String::new(),
    };
    let allowed = name.quote_style.is_none()
        && match word.as_str() {
            "format" => matches!(given.as_str(), "text" | "json"),
            word => EXPLAINED.contains(&word) && matches!(given.as_str(), "true" | "false" | "on" | "off"),
        };
    if allowed {
        return Ok(());
    }
    refused(
        option,
        "is no option of EXPLAIN that is allowed; they are ANALYZE, VERBOSE, COSTS, BUFFERS, TIMING, SUMMARY, SETTINGS \
         and WAL, each with true or false, and FORMAT TEXT or JSON",
    )
}
