//! stub
use std::borrow::Cow; use serde::Serialize; use serde_json::Value;
#[derive(Debug,Clone,PartialEq,Eq,PartialOrd,Ord,Hash,serde::Serialize,schemars::JsonSchema)]
#[schemars(inline)]
pub struct Foreign(String);
impl Foreign{pub fn new(r:&str)->Self{Self(r.into())} pub fn capped(r:&str,_m:usize)->Self{Self(r.into())} pub fn as_str(&self)->&str{&self.0} pub fn is_empty(&self)->bool{self.0.is_empty()}}
impl std::fmt::Display for Foreign{fn fmt(&self,f:&mut std::fmt::Formatter<'_>)->std::fmt::Result{f.write_str(&self.0)}}
#[derive(Debug,Clone,PartialEq,serde::Serialize,schemars::JsonSchema)]
#[schemars(inline)]
pub struct ForeignJson(pub Value);
impl ForeignJson{pub fn new(v:Value)->Self{Self(v)}}
pub fn visible(r:&str)->Cow<'_,str>{Cow::Borrowed(r)}
pub fn clean_json(v:Value,_m:usize)->Value{v}
pub fn to_value_marking<T:Serialize>(v:&T)->Result<(Value,Vec<String>),serde_json::Error>{Ok((serde_json::to_value(v)?,vec![]))}
