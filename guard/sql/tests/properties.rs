//! Properties: no text panics, and whatever is accepted is accepted again as it is sent.

use super::*;
use proptest::prelude::*;

/// Words and signs that statements are made of, harmless and not.
const WORDS: &str = "select from where with recursive as ( ) , ; * . :: [ ] ' \" $1 $x $$ -- /* */ \n 1 2.5 1e3 'a' 'it''s' '\\' \"q\" \"a\"\"b\" \
    U&\"x\" E'x' id users orders u count lower pg_sleep nextval generate_series array row values union all except case when then else end \
    and or not is null in any exists between like ilike similar to order by group having limit offset fetch first rows only over \
    partition filter within distinct on join left lateral using true false interval date timestamp at time zone cast int text jsonb -> ->> \
    @> ? ?| || + - @ ~ # % ^ = <> < > && -|- operator collate explain analyze into for update delete insert returning set tablesample \
    extract epoch substring trim both position overlay placing coalesce => := : { } \\ @- - - jsonb_path_query unnest";

fn soup() -> impl Strategy<Value = String> {
    let words: Vec<&str> = WORDS.split(' ').filter(|w| !w.is_empty()).collect();
    proptest::collection::vec((proptest::sample::select(words), any::<bool>()), 0..40).prop_map(|words| {
        words
            .into_iter()
            .map(|(word, space)| if space { format!("{word} ") } else { word.to_owned() })
            .collect()
    })
}

/// A legitimate read with a piece of it replaced.
fn mutated() -> impl Strategy<Value = String> {
    let reads: Vec<&str> = blocks(READS).into_iter().map(|(_, sql)| sql).collect();
    (proptest::sample::select(reads), any::<prop::sample::Index>(), 0_usize..12, soup()).prop_map(
        |(read, at, cut, soup)| {
            let chars: Vec<char> = read.chars().collect();
            let from = at.index(chars.len());
            let to = (from + cut).min(chars.len());
            let piece: String = soup.chars().take(12).collect();
            chars[..from].iter().collect::<String>() + &piece + &chars[to..].iter().collect::<String>()
        },
    )
}

fn holds(sql: &str) -> Result<(), TestCaseError> {
    match parse(sql) {
        Err(refused) => prop_assert!(!refused.to_string().chars().any(char::is_control)),
        Ok(statement) => {
            let again = parse(statement.text())
                .map_err(|e| TestCaseError::fail(format!("{e}: {}", statement.text())))?;
            prop_assert_eq!(again.text(), statement.text());
            for word in ["pg_sleep(", "nextval(", "--", "/*", "INTO ", "FOR UPDATE", "DELETE ", "INSERT "] {
                let outside: String = unquoted(statement.text());
                prop_assert!(!outside.contains(word), "{word} would be sent: {}", statement.text());
            }
        }
    }
    Ok(())
}

/// The text without literals and quoted names.
fn unquoted(text: &str) -> String {
    let mut quote = None;
    let mut out = String::new();
    for c in text.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None => out.push(c),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_refused_or_holds(sql in ".{0,200}") {
        holds(&sql)?;
    }

    #[test]
    fn any_soup_of_words_is_refused_or_holds(sql in soup()) {
        holds(&sql)?;
        holds(&format!("select {sql}"))?;
        holds(&format!("select 1 from users where {sql}"))?;
    }

    #[test]
    fn any_mutated_read_is_refused_or_holds(sql in mutated()) {
        holds(&sql)?;
    }
}
