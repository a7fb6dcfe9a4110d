//! stub
pub struct Secret(String);
impl Secret { pub fn new(t: String)->Secret{Secret(t)} pub fn starts_with(&self,p:&str)->bool{self.0.starts_with(p)} pub fn count(&self,c:char)->usize{self.0.matches(c).count()} pub(crate) fn expose(&self)->&str{&self.0} }
