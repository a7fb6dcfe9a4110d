//! What people paste from Convex: document ids, and pages of its dashboard.

use crate::{Handle, HandleKind};
use prodview_guard::Provider;
use url::Url;

/// A document id: 32 lower-case letters and digits, with at least one of each. (Ids may have 31 to 37 characters;
/// nearly all have 32, and a shorter or longer text is more likely to be something else.)
pub(crate) fn kind_of(text: &str) -> Option<HandleKind> {
    let looks_right = text.len() == 32
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && text.bytes().any(|b| b.is_ascii_digit());
    looks_right.then_some(HandleKind::Row)
}

/// A page that shows one document: `https://dashboard.convex.dev/t/team/project/deployment/data?table=users&id=…`.
pub(crate) fn from_url(url: &Url) -> Option<Handle> {
    if url.scheme() != "https" || url.host_str() != Some("dashboard.convex.dev") {
        return None;
    }
    let mut segments = url.path_segments()?;
    if !matches!(segments.next(), Some("t" | "d" | "p" | "deployment"))
        || segments.next_back() != Some("data")
    {
        return None;
    }
    let (_, id) = url.query_pairs().find(|(key, _)| matches!(key.as_ref(), "id" | "_id" | "documentId"))?;
    let kind = kind_of(&id)?;
    Some(Handle { provider: Some(Provider::Convex), kind, id: id.into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "j57a3kq9m2v8x4b6n1c0d5f7g2h4t6p8";

    #[test]
    fn a_document_id_is_told_from_other_texts() {
        assert_eq!(kind_of(ID), Some(HandleKind::Row));
        for other in
            ["", "users", "J57A3KQ9M2V8X4B6N1C0D5F7G2H4T6P8", &ID[1..], "j57a3kq9m2v8x4b6n1c0d5f7g2h4t6p-"]
        {
            assert_eq!(kind_of(other), None, "{other}");
        }
        assert_eq!(kind_of(&"1".repeat(32)), None, "digits alone");
    }

    #[test]
    fn a_dashboard_page_names_its_document() {
        let read = |text: &str| from_url(&Url::parse(text).unwrap()).map(|handle| handle.id);
        let page = "https://dashboard.convex.dev/t/acme/shop/happy-otter-123/data?table=users&id=";
        assert_eq!(read(&format!("{page}{ID}")).as_deref(), Some(ID));
        assert_eq!(read("https://dashboard.convex.dev/t/acme/shop/happy-otter-123/data?table=users"), None);
        assert_eq!(read("https://dashboard.convex.dev/t/acme/shop/happy-otter-123/logs?id=x"), None);
        assert_eq!(read(&format!("https://dashboard.convex.dev.evil.dev/t/a/b/c/data?id={ID}")), None);
        assert_eq!(read(&format!("https://happy-otter-123.convex.cloud/data?id={ID}")), None);
    }
}
