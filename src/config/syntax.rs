//! The tree of a configuration, with the mistakes of its syntax told.

use super::reading::Reading;
use prodview_tools::toml_file::syntax;
use toml::Spanned;
use toml::de::DeTable;

/// The tree of the file; `None` when its syntax is too wrong to read on.
pub(super) fn parse<'a>(reading: &Reading<'a>) -> Option<Spanned<DeTable<'a>>> {
    let (tree, mistakes) = syntax::parse(reading.text);
    for mistake in mistakes {
        reading.wrong(Some(mistake.at), mistake.what, mistake.right);
    }
    tree
}
