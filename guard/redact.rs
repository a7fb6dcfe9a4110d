//! stub
use std::borrow::Cow;
pub fn redact(t:&str)->Cow<'_,str>{Cow::Borrowed(t)}
pub fn redact_json(_v:&mut serde_json::Value){}
