//! Calls: a function is called only by a name that is listed, and what is sent names PostgreSQL's own by its schema,
//! so that a function of the application cannot stand in its place.

use super::functions::{Rule, allowed};
use super::names::plain;
use super::shape::wildcard;
use super::{Walk, refused};
use crate::Refused;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, ObjectNamePart, WindowType,
};

const CATALOGUE: &str = "pg_catalog";
/// Functions whose names the parser takes for syntax of its own unless they are quoted.
const ROUNDING: [&str; 2] = ["ceil", "floor"];

impl Walk<'_> {
    pub(super) fn function(&mut self, function: &mut Function) -> Result<(), Refused> {
        let Function { name, uses_odbc_syntax, parameters, args, within_group, filter, null_treatment, over } =
            function;
        if *uses_odbc_syntax || !matches!(parameters, FunctionArguments::None) || null_treatment.is_some() {
            return refused(name, "is called in a way that PostgreSQL does not have; write name(…)");
        }
        match args {
            FunctionArguments::None => self.word(name)?,
            FunctionArguments::Subquery(query) if is_array(name) => self.query(query)?,
            FunctionArguments::Subquery(_) => {
                return refused(
                    name,
                    "is given a subquery without parentheses of its own; write name((select …))",
                );
            }
            FunctionArguments::List(FunctionArgumentList { duplicate_treatment: _, args, clauses }) => {
                self.called(name, args)?;
                for clause in clauses {
                    self.clause(clause)?;
                }
            }
        }
        self.order(within_group)?;
        if let Some(filter) = filter {
            self.expr(filter)?;
        }
        match over {
            None => Ok(()),
            Some(WindowType::NamedWindow(name)) => self.new_name(name),
            Some(WindowType::WindowSpec(window)) => self.window(window),
        }
    }

    /// A name with its arguments, wherever they stand.
    pub(super) fn called(&mut self, name: &mut ObjectName, args: &mut [FunctionArg]) -> Result<(), Refused> {
        let rule = self.callable(name, args.len())?;
        for arg in args.iter_mut() {
            self.arg(name, arg)?;
        }
        self.bounded(rule, name, args)?;
        if !matches!(rule, Rule::Word | Rule::Value)
            && let [ObjectNamePart::Identifier(one)] = name.0.as_slice()
            && allowed(&plain(one)).is_some()
            && !self.own(name)
        {
            let own = Ident::new(plain(one));
            *name = ObjectName::from(vec![Ident::new(CATALOGUE), own]);
        }
        Ok(())
    }

    /// Whether it may be called with so many arguments, and what else must be true of them.
    fn callable(&self, name: &ObjectName, given: usize) -> Result<Rule, Refused> {
        if self.own(name) {
            return Ok(Rule::Any);
        }
        let mut parts = Vec::with_capacity(2);
        for part in &name.0 {
            match part {
                ObjectNamePart::Identifier(Ident { value, quote_style: None, span: _ }) => {
                    parts.push(value.to_ascii_lowercase());
                }
                ObjectNamePart::Identifier(Ident { value, quote_style: Some('"'), span: _ })
                    if parts == [CATALOGUE] && ROUNDING.contains(&value.as_str()) =>
                {
                    parts.push(value.clone());
                }
                ObjectNamePart::Identifier(_) => {
                    return refused(
                        name,
                        "is called by a name in quotes; write the name of a function without them",
                    );
                }
                ObjectNamePart::Function(_) => return refused(name, "is no name of a function"),
            }
        }
        let known = match parts.as_slice() {
            [one] => allowed(one),
            [schema, one] if schema == CATALOGUE => {
                allowed(one).filter(|known| !matches!(known.rule, Rule::Word | Rule::Value))
            }
            _ => None,
        };
        let Some(known) = known else {
            return refused(
                name,
                "is not among the functions that may be called; the owner of the database can list one of the \
                 application's own under allow_functions",
            );
        };
        if given < known.fewest || given > known.most {
            let expected = match (known.fewest, known.most) {
                (fewest, most) if fewest == most => fewest.to_string(),
                (fewest, usize::MAX) => format!("{fewest} or more"),
                (fewest, most) => format!("{fewest} to {most}"),
            };
            return refused(name, &format!("takes {expected} arguments here, and {given} are given"));
        }
        Ok(known.rule)
    }

    /// Whether it is one of the application's own that may be called, written as it was listed.
    fn own(&self, name: &ObjectName) -> bool {
        let unquoted = name.0.iter().all(|part| {
            matches!(part, ObjectNamePart::Identifier(Ident { value: _, quote_style: None, span: _ }))
        });
        let written = name.to_string();
        let functions = &self.rules.functions;
        functions.iter().any(|own| *own == written || (unquoted && own.eq_ignore_ascii_case(&written)))
    }

    fn word(&self, name: &ObjectName) -> Result<(), Refused> {
        let [ObjectNamePart::Identifier(Ident { value, quote_style: None, span: _ })] = name.0.as_slice()
        else {
            return refused(name, "is called without arguments; write name()");
        };
        match allowed(&value.to_ascii_lowercase()) {
            Some(known) if known.rule == Rule::Value => Ok(()),
            _ => refused(name, "is not a value that may be asked for"),
        }
    }

    fn arg(&mut self, function: &ObjectName, arg: &mut FunctionArg) -> Result<(), Refused> {
        let arg = match arg {
            FunctionArg::Unnamed(arg) => arg,
            FunctionArg::Named { name, arg, operator } => {
                by_name(name, operator)?;
                self.name(name)?;
                arg
            }
            FunctionArg::ExprNamed { name: Expr::Identifier(name), arg, operator } => {
                by_name(name, operator)?;
                self.name(name)?;
                arg
            }
            FunctionArg::ExprNamed { name, arg: _, operator: _ } => {
                return refused(
                    name,
                    "names an argument by an expression; write jsonb_build_object('key', value)",
                );
            }
        };
        match arg {
            FunctionArgExpr::Expr(expr) => self.expr(expr),
            FunctionArgExpr::QualifiedWildcard(name) => self.parts(name).map(drop),
            FunctionArgExpr::Wildcard if ends_with(function, "count") => Ok(()),
            FunctionArgExpr::Wildcard => {
                refused(function, "is given *, which only count takes; name the row: t.*")
            }
            FunctionArgExpr::WildcardWithOptions(options) => wildcard(options),
        }
    }

    fn clause(&mut self, clause: &mut FunctionArgumentClause) -> Result<(), Refused> {
        match clause {
            FunctionArgumentClause::OrderBy(by) => self.order(by),
            FunctionArgumentClause::IgnoreOrRespectNulls(_)
            | FunctionArgumentClause::Where(_)
            | FunctionArgumentClause::Limit(_)
            | FunctionArgumentClause::OnOverflow(_)
            | FunctionArgumentClause::Having(_)
            | FunctionArgumentClause::Separator(_)
            | FunctionArgumentClause::JsonNullClause(_)
            | FunctionArgumentClause::JsonReturningClause(_) => refused(
                clause,
                "is not read between the parentheses of a call; write FILTER (WHERE …) behind it",
            ),
        }
    }
}

fn by_name(name: &Ident, operator: &FunctionArgOperator) -> Result<(), Refused> {
    match operator {
        FunctionArgOperator::RightArrow | FunctionArgOperator::Assignment => Ok(()),
        FunctionArgOperator::Equals
        | FunctionArgOperator::Colon
        | FunctionArgOperator::Value
        | FunctionArgOperator::Space => {
            refused(name, "names an argument in a way that is not read; write name => value")
        }
    }
}

/// A call of one of [`ROUNDING`] in PostgreSQL's own schema.
pub(super) fn rounding(name: &str, of: &Expr) -> Function {
    let args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(of.clone()))];
    Function {
        name: ObjectName::from(vec![Ident::new(CATALOGUE), Ident::with_quote('"', name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    }
}

/// The expression of a plain argument.
pub(super) fn given(arg: &FunctionArg) -> Option<&Expr> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

fn is_array(name: &ObjectName) -> bool {
    matches!(name.0.as_slice(), [ObjectNamePart::Identifier(Ident { value, quote_style: None, span: _ })]
        if value.eq_ignore_ascii_case("array"))
}

fn ends_with(name: &ObjectName, word: &str) -> bool {
    matches!(name.0.last(), Some(ObjectNamePart::Identifier(last)) if plain(last) == word)
}
