//! stub
use crate::capability::{Adapter, Identity}; use crate::{Common, Handle, HandleKind}; use prodview_guard::{Failure, Refused, Route, Secret};
#[doc="stub"] pub const ROUTES: &[Route] = &[];
pub(crate) fn kind_of(_t:&str)->Option<HandleKind>{None}
pub(crate) fn from_url(_u:&url::Url)->Option<Handle>{None}
