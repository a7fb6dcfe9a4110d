//! Before the parser: a text that is small, flat and made of plain tokens only.
//!
//! The parser, and whatever walks, writes or drops its tree, goes as deep as the text is nested. So nesting and
//! chains are bounded here, where it is only counted.

use super::shown;
use crate::Refused;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace, Word};
use std::collections::BTreeSet;

/// The longest statement, in bytes.
pub(super) const MAX_BYTES: usize = 20 * 1024;
/// The most tokens, spaces not counted.
const MAX_TOKENS: usize = 6_000;
/// How deep parentheses and brackets may be nested.
const MAX_NESTING: usize = 24;
/// How many operators and keywords may follow each other without a comma, those around them included.
const MAX_CHAIN: usize = 350;
/// The most set operations, joins and CASEs: commas do not end those.
const MAX_NODES: usize = 60;
/// The most words that the parser tries in two ways, each within the other: the time doubles with each.
const MAX_TRIED: usize = 6;
/// The most parameters.
const MAX_PARAMS: usize = 100;

/// The tokens of one statement, without comments and without its `;`, parameters by position; and the parameters.
pub(super) fn read(sql: &str) -> Result<(Vec<Token>, Vec<String>), Refused> {
    if sql.len() > MAX_BYTES {
        return Err(Refused::because(format!(
            "the statement has {} bytes; at most {MAX_BYTES} are read: pass long values as parameters",
            sql.len()
        )));
    }
    let mut tokens = plainly(sql)?;
    let params = by_position(&mut tokens)?;
    Ok((tokens, params))
}

/// The tokens of what was written anew. It may be longer than what was read: names are written out.
pub(super) fn plainly(sql: &str) -> Result<Vec<Token>, Refused> {
    if let Some(odd) = sql.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        return Err(Refused::because(format!(
            "the statement holds the control character U+{:04X}; write chr({}) instead",
            u32::from(odd),
            u32::from(odd)
        )));
    }
    // Without unescaping, a literal keeps the spelling it came with, and is written back as it came.
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql)
        .with_unescape(false)
        .tokenize()
        .map_err(|e| Refused::because(format!("the statement cannot be read: {}", shown(&e.to_string()))))?;
    let mut kept = Vec::with_capacity(tokens.len());
    let mut shape = Shape::default();
    let mut ended = false;
    for (i, token) in tokens.iter().enumerate() {
        if let Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab) = token {
            continue;
        }
        if let Token::Whitespace(
            Whitespace::SingleLineComment { comment: _, prefix: _ } | Whitespace::MultiLineComment(_),
        ) = token
        {
            continue;
        }
        if *token == Token::SemiColon {
            ended = true;
            continue;
        }
        if ended {
            return Err(Refused::because(format!(
                "there is a second statement, at {}; send one statement a call",
                shown(&token.to_string())
            )));
        }
        plain(token)?;
        if unicode_escape(token, tokens.get(i + 1), tokens.get(i + 2)) {
            return Err(Refused::because(
                "`U&` spells names in escapes and is not read; write the name itself",
            ));
        }
        shape.add(token)?;
        kept.push(token.clone());
    }
    if kept.is_empty() {
        return Err(Refused::because("the statement is empty; send one SELECT"));
    }
    Ok(kept)
}

/// PostgreSQL reads `U&"…"` as one name; the tokenizer as three tokens.
fn unicode_escape(token: &Token, next: Option<&Token>, after: Option<&Token>) -> bool {
    let Token::Word(Word { value, quote_style: None, keyword: _ }) = token else { return false };
    value.eq_ignore_ascii_case("u")
        && next == Some(&Token::Ampersand)
        && matches!(
            after,
            Some(
                Token::Word(Word { value: _, quote_style: Some(_), keyword: _ })
                    | Token::SingleQuotedString(_)
            )
        )
}

/// How deep what is built from the tokens can become.
#[derive(Default)]
struct Shape {
    tokens: usize,
    nodes: usize,
    tried: usize,
    /// The chain of each level that is open; the last is the innermost.
    chains: Vec<usize>,
    chain: usize,
    before: Option<Keyword>,
}

impl Shape {
    fn add(&mut self, token: &Token) -> Result<(), Refused> {
        self.tokens += 1;
        if self.tokens > MAX_TOKENS {
            return Err(Refused::because(format!(
                "the statement has more than {MAX_TOKENS} words and signs; pass long lists as one array parameter: \
                 `= any($1)`"
            )));
        }
        let before = self.before.take();
        match token {
            Token::LParen | Token::LBracket => {
                self.chains.push(self.chain + 1);
                self.chain = 0;
                if self.chains.len() > MAX_NESTING {
                    return Err(Refused::because(format!(
                        "parentheses are nested more than {MAX_NESTING} deep; name the inner parts by WITH"
                    )));
                }
            }
            Token::RParen | Token::RBracket => self.chain = self.chains.pop().unwrap_or_default(),
            Token::Comma => self.chain = 0,
            Token::Word(Word { value, quote_style: None, keyword }) => {
                self.before = Some(*keyword);
                if *keyword != Keyword::NoKeyword {
                    self.chain += 1;
                }
                match keyword {
                    Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT | Keyword::JOIN | Keyword::CASE => {
                        self.nodes += 1;
                    }
                    Keyword::POSITION => {
                        self.tried += 1;
                        if self.tried > MAX_TRIED {
                            return Err(Refused::because(format!(
                                "{} stands there more than {MAX_TRIED} times; write strpos(text, part)",
                                shown(value)
                            )));
                        }
                    }
                    // The parser would go one call deeper for each.
                    Keyword::INTERVAL if before == Some(Keyword::INTERVAL) => {
                        return Err(Refused::because(format!(
                            "{} stands twice in a row; write it once",
                            shown(value)
                        )));
                    }
                    _ => {}
                }
            }
            Token::Word(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_)
            | Token::Period => {}
            _ => self.chain += 1,
        }
        if self.nodes > MAX_NODES {
            return Err(Refused::because(format!(
                "the statement has more than {MAX_NODES} joins, set operations and CASEs; ask in several calls"
            )));
        }
        if self.chain + self.chains.iter().sum::<usize>() > MAX_CHAIN {
            return Err(Refused::because(format!(
                "more than {MAX_CHAIN} operators and keywords follow each other; write long lists as `in (…)` or \
                 `= any($1)`"
            )));
        }
        Ok(())
    }
}

/// Refuses what has no place in a statement, each with what to write instead.
fn plain(token: &Token) -> Result<(), Refused> {
    let instead = match token {
        Token::Word(word) => return name(word),
        Token::Number(digits, long) => {
            if !long && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
                return Ok(());
            }
            "write numbers in decimal digits"
        }
        Token::SingleQuotedString(text) => return literal(text),
        Token::Placeholder(name) => {
            if name.starts_with('$') {
                return Ok(());
            }
            "write parameters as $1 or $name"
        }
        Token::Comma
        | Token::Eq
        | Token::Neq
        | Token::Lt
        | Token::Gt
        | Token::LtEq
        | Token::GtEq
        | Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat
        | Token::LParen
        | Token::RParen
        | Token::Period
        | Token::Colon
        | Token::DoubleColon
        | Token::Assignment
        | Token::LBracket
        | Token::RBracket
        | Token::Ampersand
        | Token::Pipe
        | Token::Caret
        | Token::RArrow
        | Token::Sharp
        | Token::Tilde
        | Token::TildeAsterisk
        | Token::ExclamationMarkTilde
        | Token::ExclamationMarkTildeAsterisk
        | Token::DoubleTilde
        | Token::DoubleTildeAsterisk
        | Token::ExclamationMarkDoubleTilde
        | Token::ExclamationMarkDoubleTildeAsterisk
        | Token::ShiftLeft
        | Token::ShiftRight
        | Token::Overlap
        | Token::AtSign
        | Token::CaretAt
        | Token::PGSquareRoot
        | Token::PGCubeRoot
        | Token::Arrow
        | Token::LongArrow
        | Token::HashArrow
        | Token::HashLongArrow
        | Token::AtArrow
        | Token::ArrowAt
        | Token::HashMinus
        | Token::AtQuestion
        | Token::AtAt
        | Token::Question
        | Token::QuestionAnd
        | Token::QuestionPipe
        | Token::AmpersandLeftAngleBracket
        | Token::AmpersandRightAngleBracket
        | Token::TwoWayArrow
        // Which of these is allowed is for the list of operators to say.
        | Token::CustomBinaryOperator(_) => return Ok(()),
        Token::EscapedStringLiteral(_) => "write the string as '…', and chr(10) for a line break",
        Token::UnicodeStringLiteral(_) => "write the string as '…'",
        Token::NationalStringLiteral(_) => "write the string as '…' without N",
        Token::HexStringLiteral(_) => "write numbers in decimal and bytes as '\\x…'::bytea",
        Token::SingleQuotedByteStringLiteral(_) => "write the bits as '…'::bit varying",
        Token::DollarQuotedString(_) => "write the string as '…', with quotes in it doubled",
        Token::Backslash => "commands of psql are not SQL; ask the catalogue views instead",
        Token::DoubleEq => "write = instead",
        Token::EOF
        | Token::Char(_)
        | Token::DoubleQuotedString(_)
        | Token::TripleSingleQuotedString(_)
        | Token::TripleDoubleQuotedString(_)
        | Token::DoubleQuotedByteStringLiteral(_)
        | Token::TripleSingleQuotedByteStringLiteral(_)
        | Token::TripleDoubleQuotedByteStringLiteral(_)
        | Token::SingleQuotedRawStringLiteral(_)
        | Token::DoubleQuotedRawStringLiteral(_)
        | Token::TripleSingleQuotedRawStringLiteral(_)
        | Token::TripleDoubleQuotedRawStringLiteral(_)
        | Token::QuoteDelimitedStringLiteral(_)
        | Token::NationalQuoteDelimitedStringLiteral(_)
        | Token::Whitespace(_)
        | Token::Spaceship
        | Token::DuckIntDiv
        | Token::SemiColon
        | Token::LBrace
        | Token::RBrace
        | Token::DoubleSharp
        | Token::ExclamationMark
        | Token::DoubleExclamationMark
        | Token::AtDashAt
        | Token::QuestionMarkDash
        | Token::AmpersandLeftAngleBracketVerticalBar
        | Token::VerticalBarAmpersandRightAngleBracket
        | Token::LeftAngleBracketCaret
        | Token::RightAngleBracketCaret
        | Token::QuestionMarkSharp
        | Token::QuestionMarkDashVerticalBar
        | Token::QuestionMarkDoubleVerticalBar
        | Token::TildeEqual
        | Token::ShiftLeftVerticalBar
        | Token::VerticalBarShiftRight
        | Token::VerticalBarRightAngleBracket => "use the ordinary signs and operators of a SELECT",
    };
    Err(Refused::because(format!("{} is not read here; {instead}", shown(&token.to_string()))))
}

/// A literal ends at the same quote whatever `standard_conforming_strings` says.
fn literal(text: &str) -> Result<(), Refused> {
    if text.ends_with('\\') || text.contains("\\'") {
        return Err(Refused::because(format!(
            "the string {} has a backslash before a quote; write chr(92) there",
            shown(text)
        )));
    }
    Ok(())
}

fn name(word: &Word) -> Result<(), Refused> {
    let Word { value, quote_style, keyword: _ } = word;
    let said = match quote_style {
        None if value.is_ascii() => return Ok(()),
        None => "has letters outside ASCII; put it into double quotes",
        Some('"') if value.is_empty() => "is an empty name; name a column or table",
        Some('"') if value.contains('\\') => {
            "has a backslash in a name, which is not read; rename it by a view"
        }
        Some('"') => return Ok(()),
        Some(_) => "is quoted oddly; quote names by double quotes",
    };
    Err(Refused::because(format!("{} {said}", shown(&word.to_string()))))
}

/// Writes `$name` as `$1`, `$2`, … in order of appearance, and lists the parameters.
fn by_position(tokens: &mut [Token]) -> Result<Vec<String>, Refused> {
    let mut names: Vec<String> = Vec::new();
    let mut positions = BTreeSet::new();
    for token in tokens.iter_mut() {
        let Token::Placeholder(spelled) = token else { continue };
        match parameter(spelled)? {
            Parameter::At(position) => {
                positions.insert(position);
            }
            Parameter::Named(name) => {
                let known = names.iter().position(|n| *n == name);
                let position = known.unwrap_or(names.len()) + 1;
                *spelled = format!("${position}");
                if known.is_none() {
                    names.push(name);
                }
            }
        }
    }
    if positions.is_empty() && names.len() <= MAX_PARAMS {
        return Ok(names);
    }
    if !names.is_empty() {
        return Err(Refused::because(format!(
            "parameters are written as $1, $2, … or as $name, not both; there are at most {MAX_PARAMS}"
        )));
    }
    let missing = (1..=positions.len()).find(|i| !positions.contains(i));
    if let Some(missing) = missing {
        return Err(Refused::because(format!(
            "${missing} is not used; number parameters from $1 without gaps"
        )));
    }
    Ok(positions.into_iter().map(|position| position.to_string()).collect())
}

enum Parameter {
    At(usize),
    Named(String),
}

fn parameter(spelled: &str) -> Result<Parameter, Refused> {
    let name = spelled.strip_prefix('$').unwrap_or(spelled);
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        let position = name.parse().ok().filter(|p| *p >= 1 && *p <= MAX_PARAMS && !name.starts_with('0'));
        return position.map(Parameter::At).ok_or_else(|| {
            Refused::because(format!("{} is no parameter; they are $1 to ${MAX_PARAMS}", shown(spelled)))
        });
    }
    let word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if word && name.len() <= 63 {
        return Ok(Parameter::Named(name.to_owned()));
    }
    Err(Refused::because(format!(
        "{} is no parameter; write $1, or $name in ASCII letters, digits and `_`",
        shown(spelled)
    )))
}
