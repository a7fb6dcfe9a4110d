//! Names: a word that PostgreSQL reads as syntax is no name, whatever the parser made of it.

use super::{Walk, refused};
use crate::Refused;
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, TableAlias, TableAliasColumnDef};

/// The words that PostgreSQL 15 to 18 reserve, also those that may name a function or type
/// (<https://www.postgresql.org/docs/current/sql-keywords-appendix.html>).
const RESERVED: &str = " all analyse analyze and any array as asc asymmetric both case cast check collate column \
    constraint create default deferrable desc distinct do else end except false fetch for foreign from grant group \
    having in initially intersect into lateral leading limit not null offset on only or order placing primary \
    references returning select some symmetric table then to trailing true union unique using variadic when where \
    window with authorization binary collation concurrently cross freeze full ilike inner is isnull join left like \
    natural notnull outer overlaps right similar tablesample verbose ";

/// Reserved too, but what they stand for is a harmless value.
const VALUES: &str = " current_catalog current_date current_role current_schema current_time current_timestamp \
    current_user localtime localtimestamp session_user user system_user ";

/// The longest name that PostgreSQL keeps, in bytes.
const LONGEST: usize = 63;

fn listed(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|w| w == word)
}

impl Walk<'_> {
    /// A name where PostgreSQL expects a column, table or alias.
    pub(super) fn name(&self, name: &Ident) -> Result<(), Refused> {
        let Ident { value, quote_style, span: _ } = name;
        whole(name)?;
        match quote_style {
            Some('"') => Ok(()),
            None if listed(RESERVED, &value.to_ascii_lowercase()) => {
                refused(name, "is a reserved word of SQL; put it into double quotes if it is a name")
            }
            None => Ok(()),
            Some(_) => refused(
                name,
                "is quoted oddly; quote names by double quotes, and write a literal of a type as '…'::type",
            ),
        }
    }

    /// A name that is made here: it must not hide one of the value words.
    pub(super) fn new_name(&self, name: &Ident) -> Result<(), Refused> {
        self.name(name)?;
        if name.quote_style.is_none() && listed(VALUES, &name.value.to_ascii_lowercase()) {
            return refused(name, "is a reserved word of SQL; put it into double quotes if it is a name");
        }
        Ok(())
    }

    /// A name behind a dot or behind AS: PostgreSQL takes any word there.
    pub(super) fn label(&self, name: &Ident) -> Result<(), Refused> {
        whole(name)?;
        match name.quote_style {
            None | Some('"') => Ok(()),
            Some(_) => refused(
                name,
                "is quoted oddly; quote names by double quotes, and write a literal of a type as '…'::type",
            ),
        }
    }

    /// A name behind a dot, which could also be a function of the row.
    pub(super) fn attribute(&mut self, name: &Ident) -> Result<(), Refused> {
        self.label(name)?;
        self.attributes.insert(plain(name));
        Ok(())
    }

    /// `a`, `a.b`, …: its parts.
    pub(super) fn parts<'n>(&self, name: &'n ObjectName) -> Result<Vec<&'n Ident>, Refused> {
        let ObjectName(parts) = name;
        let mut found = Vec::with_capacity(parts.len());
        for (i, part) in parts.iter().enumerate() {
            match part {
                ObjectNamePart::Identifier(ident) => {
                    if i == 0 {
                        self.name(ident)?
                    } else {
                        self.label(ident)?
                    }
                    found.push(ident);
                }
                ObjectNamePart::Function(_) => return refused(name, "is no name in PostgreSQL"),
            }
        }
        Ok(found)
    }

    pub(super) fn alias(&mut self, alias: &TableAlias) -> Result<(), Refused> {
        let TableAlias { explicit: _, name, columns, at } = alias;
        if at.is_some() {
            return refused(alias, "is no alias in PostgreSQL");
        }
        self.new_name(name)?;
        for TableAliasColumnDef { name, data_type } in columns {
            self.new_name(name)?;
            if let Some(data_type) = data_type {
                self.cast(data_type)?;
            }
        }
        Ok(())
    }
}

/// Refuses a name that PostgreSQL would cut, and then take for another one's.
fn whole(name: &Ident) -> Result<(), Refused> {
    if plain(name).len() <= LONGEST {
        return Ok(());
    }
    refused(name, "is longer than the 63 bytes that PostgreSQL keeps of a name; write a shorter one")
}

/// The name as the catalogue has it.
pub(super) fn plain(name: &Ident) -> String {
    match name.quote_style {
        None => name.value.to_ascii_lowercase(),
        Some(_) => name.value.replace("\"\"", "\""),
    }
}
