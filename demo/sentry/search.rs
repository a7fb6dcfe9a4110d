//! Sentry's search language, read into a tree: `is:unresolved !level:info user.email:"a@b.example" checkout`.

use super::reply::Problem;

/// What must hold.
#[derive(Debug, Clone)]
pub(super) enum Search {
    All(Vec<Search>),
    Any(Vec<Search>),
    Term(Term),
}

/// One condition.
#[derive(Debug, Clone)]
pub(super) struct Term {
    pub(super) negated: bool,
    pub(super) key: String,
    pub(super) test: Test,
}

/// What a key's value is held against. The key of free text is `message`.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// Any of these; `*` stands for anything.
    In(Vec<String>),
    Compare(Comparison, String),
    /// It is there at all.
    Has,
    /// The text occurs in the title, the message or the culprit.
    Contains(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Search {
    /// All its conditions, wherever they stand.
    pub(super) fn terms(&self) -> Vec<&Term> {
        match self {
            Search::Term(term) => vec![term],
            Search::All(parts) | Search::Any(parts) => parts.iter().flat_map(Search::terms).collect(),
        }
    }

    /// Whether it holds, given whether each condition does.
    pub(super) fn holds(&self, holds: &impl Fn(&Term) -> bool) -> bool {
        match self {
            Search::Term(term) => holds(term),
            Search::All(parts) => parts.iter().all(|part| part.holds(holds)),
            Search::Any(parts) => parts.iter().any(|part| part.holds(holds)),
        }
    }
}

/// Reads a query of Explore, where `OR` and parentheses are allowed.
pub(super) fn read(query: &str) -> Result<Search, Problem> {
    let mut reader = Reader { rest: query, column: 1, grouped: false };
    let search = reader.any()?;
    if reader.rest.is_empty() { Ok(search) } else { Err(reader.unmatched()) }
}

/// Reads a query of the issue list, where they are not.
pub(super) fn read_flat(query: &str) -> Result<Search, Problem> {
    let mut reader = Reader { rest: query, column: 1, grouped: false };
    let search = reader.any()?;
    if reader.grouped {
        return Err(Problem::bad(
            "Boolean statements containing \"OR\" or \"AND\" are not supported in this search",
        ));
    }
    if reader.rest.is_empty() { Ok(search) } else { Err(reader.unmatched()) }
}

struct Reader<'a> {
    rest: &'a str,
    column: usize,
    /// Whether there was an `OR`, an `AND` or a parenthesis.
    grouped: bool,
}

impl<'a> Reader<'a> {
    fn any(&mut self) -> Result<Search, Problem> {
        let mut parts = vec![self.all()?];
        while self.word("OR") {
            self.grouped = true;
            parts.push(self.all()?);
        }
        Ok(if parts.len() > 1 { Search::Any(parts) } else { parts.pop().unwrap_or(Search::All(Vec::new())) })
    }

    fn all(&mut self) -> Result<Search, Problem> {
        let mut parts = Vec::new();
        loop {
            self.space();
            if self.rest.is_empty() || self.rest.starts_with(')') || self.peeks("OR") {
                return Ok(Search::All(parts));
            }
            if self.word("AND") {
                self.grouped = true;
            } else if self.rest.starts_with('(') {
                self.skip(1);
                self.grouped = true;
                parts.push(self.any()?);
                if !self.rest.starts_with(')') {
                    return Err(self.unmatched());
                }
                self.skip(1);
            } else {
                parts.push(Search::Term(self.term()?));
            }
        }
    }

    fn term(&mut self) -> Result<Term, Problem> {
        let negated = self.rest.starts_with('!');
        let after = self.rest.get(usize::from(negated)..).unwrap_or_default();
        if let Some(key) = key(after) {
            self.skip(usize::from(negated) + key.len() + 1);
            let test = self.test(key)?;
            if key == "has" {
                let Test::In(keys) = test else { return Err(Problem::bad("Invalid has filter")) };
                let key = keys.into_iter().next().unwrap_or_default();
                return Ok(Term { negated, key, test: Test::Has });
            }
            return Ok(Term { negated, key: key.to_owned(), test });
        }
        let text = if self.rest.starts_with('"') { self.quoted()? } else { self.bare()? };
        Ok(Term { negated: false, key: "message".into(), test: Test::Contains(text) })
    }

    fn test(&mut self, key: &str) -> Result<Test, Problem> {
        let comparisons = [
            (">=", Comparison::GreaterOrEqual),
            ("<=", Comparison::LessOrEqual),
            (">", Comparison::Greater),
            ("<", Comparison::Less),
        ];
        if let Some((sign, comparison)) =
            comparisons.into_iter().find(|(sign, _)| self.rest.starts_with(sign))
        {
            self.skip(sign.len());
            let value = if self.rest.starts_with('"') { self.quoted()? } else { self.bare()? };
            return Ok(Test::Compare(comparison, value));
        }
        if self.rest.starts_with('"') {
            return Ok(Test::In(vec![self.quoted()?]));
        }
        if self.rest.starts_with('[') {
            return self.list();
        }
        let value = self.bare()?;
        if value.is_empty() {
            return Err(Problem::bad(format!("Empty string after '{key}:'")));
        }
        Ok(Test::In(vec![value]))
    }

    fn list(&mut self) -> Result<Test, Problem> {
        self.skip(1);
        let mut values = Vec::new();
        loop {
            self.space();
            if self.rest.starts_with('"') {
                values.push(self.quoted()?);
            } else {
                let end = self.rest.find([',', ']']).ok_or_else(|| self.unmatched())?;
                values.push(self.rest.get(..end).unwrap_or_default().trim().to_owned());
                self.skip(end);
            }
            self.space();
            let more = self.rest.starts_with(',');
            if !more && !self.rest.starts_with(']') {
                return Err(self.unmatched());
            }
            self.skip(1);
            if !more {
                return Ok(Test::In(values));
            }
        }
    }

    fn quoted(&mut self) -> Result<String, Problem> {
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((place, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.skip(place + 1);
                    return Ok(text);
                }
                '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
                other => text.push(other),
            }
        }
        Err(self.unmatched())
    }

    fn bare(&mut self) -> Result<String, Problem> {
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let text = self.rest.get(..end).unwrap_or_default();
        if text.contains(['(', ')']) && !text.ends_with(')') || text.contains('(') {
            return Err(self.unmatched());
        }
        // A closing parenthesis belongs to the group around the word.
        let text = text.trim_end_matches(')');
        self.skip(text.len());
        Ok(text.to_owned())
    }

    fn peeks(&self, word: &str) -> bool {
        let after = self.rest.strip_prefix(word);
        after.is_some_and(|after| after.is_empty() || after.starts_with([' ', '(', ')']))
    }

    fn word(&mut self, word: &str) -> bool {
        self.space();
        let is_there = self.peeks(word);
        if is_there {
            self.skip(word.len());
        }
        is_there
    }

    fn space(&mut self) {
        let trimmed = self.rest.trim_start();
        self.skip(self.rest.len() - trimmed.len());
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.column += bytes;
    }

    fn unmatched(&self) -> Problem {
        let near: String = self.rest.chars().take(12).collect();
        Problem::bad(format!(
            "Parse error at '{near}' (column {}). This is commonly caused by unmatched parentheses. Enclose any text \
             in double quotes.",
            self.column
        ))
    }
}

/// What stands before the colon of a condition; `None` if the text is none: `https://…` is free text.
fn key(text: &str) -> Option<&str> {
    let (key, value) = text.split_once(':')?;
    let named =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-' | '[' | ']');
    let is_key = !key.is_empty() && key.chars().all(named) && !value.starts_with("//");
    is_key.then_some(key)
}
