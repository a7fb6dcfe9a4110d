//! One cursor for several sources: where each of them goes on.

use crate::asked::cuts;
use crate::{Cut, ToolError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prodview_providers::{Able, Found};
use std::collections::BTreeMap;

/// Source → its own cursor. Sources that have reached their end are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cursor(BTreeMap<String, String>);

impl Cursor {
    /// Reads the argument `cursor`.
    pub(crate) fn read(text: Option<&str>) -> Result<Option<Cursor>, ToolError> {
        let Some(text) = text else { return Ok(None) };
        let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match read {
            Some(map) => Ok(Some(Cursor(map))),
            None => Err(ToolError::malformed("cursor", "is not one that an answer of this tool gave")),
        }
    }

    /// Where that source goes on.
    pub(crate) fn of(&self, source: &str) -> Option<&str> {
        self.0.get(source).map(String::as_str)
    }

    /// Only the sources that have not reached their end; all of them without a cursor.
    pub(crate) fn unfinished<'a, C: ?Sized>(
        cursor: Option<&Cursor>,
        mut all: Vec<Able<'a, C>>,
    ) -> Vec<Able<'a, C>> {
        if let Some(cursor) = cursor {
            all.retain(|able| cursor.of(able.source.name()).is_some());
        }
        all
    }

    /// The value for the next call; `None` when every source has reached its end.
    fn write(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        serde_json::to_vec(&self.0).ok().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// Puts the lists of several sources together: their rows, and what was cut, with one cursor for all of them.
pub(crate) fn together<T>(found: Vec<(String, Found<T>)>, what: &str) -> (Vec<T>, Vec<Cut>) {
    let (mut rows, mut cut, mut cursor, mut more) = (Vec::new(), Vec::new(), Cursor::default(), Vec::new());
    for (source, found) in found {
        for part in cuts(&source, &found, what) {
            match part.cursor {
                Some(next) => {
                    cursor.0.insert(source.clone(), next);
                    more.push(part.what);
                }
                None => cut.push(part),
            }
        }
        rows.extend(found.rows);
    }
    if let Some(cursor) = cursor.write() {
        cut.push(Cut { what: more.join("; "), how: None, cursor: Some(cursor) });
    }
    (rows, cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cursor_goes_on_with_every_source_that_has_more() {
        let some =
            |more: Option<&str>| Found { rows: vec![1], more: more.map(str::to_owned), ..Found::default() };
        let found = vec![
            ("a".to_owned(), some(Some("x"))),
            ("b".to_owned(), some(None)),
            ("c".to_owned(), some(Some("é"))),
        ];
        let (rows, cut) = together(found, "errors");
        assert_eq!(rows, [1, 1, 1]);
        let cursor = Cursor::read(cut[0].cursor.as_deref()).unwrap().unwrap();
        assert_eq!((cursor.of("a"), cursor.of("b"), cursor.of("c")), (Some("x"), None, Some("é")));
        assert_eq!(together(vec![("a".to_owned(), some(None))], "errors").1, []);
        assert!(Cursor::read(Some("nonsense!")).is_err());
    }
}
