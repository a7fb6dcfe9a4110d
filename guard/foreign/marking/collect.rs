//! A serializer into JSON values that writes down where foreign text stood. It follows serde_json's own rules.

use serde::Serialize;
use serde::ser::{
    Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::{Error, Map, Value};

use super::FOREIGN;

/// A value, and the paths below it (`.name`, `[].name`, or nothing for the value itself) that are foreign.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) value: Value,
    pub(super) paths: Vec<String>,
}

impl Collected {
    fn plain(value: Value) -> Collected {
        Collected { value, paths: Vec::new() }
    }

    fn is_foreign(&self) -> bool {
        self.paths.iter().any(String::is_empty)
    }

    /// As the one field of an object: how enum variants are written.
    fn under(self, name: &'static str) -> Collected {
        let paths = self.paths.into_iter().map(|path| format!(".{name}{path}")).collect();
        Collected { value: Value::Object(Map::from_iter([(name.to_owned(), self.value)])), paths }
    }
}

pub(super) struct Collector;

type Made = Result<Collected, Error>;

/// Scalars become what serde_json makes of them.
macro_rules! scalars {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, v: $type) -> Made {
            serde_json::value::Serializer.$method(v).map(Collected::plain)
        }
    )*};
}

impl Serializer for Collector {
    type Ok = Collected;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    scalars! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_str: &str,
        serialize_bytes: &[u8]
    }

    fn serialize_none(self) -> Made {
        Ok(Collected::default())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Made {
        Ok(Collected::default())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Made {
        Ok(Collected::default())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made {
        Ok(Collected::plain(Value::from(variant)))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Made {
        let inner = value.serialize(self)?;
        Ok(if name == FOREIGN { Collected { paths: vec![String::new()], ..inner } } else { inner })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Made {
        Ok(value.serialize(self)?.under(variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Error> {
        Ok(Items::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Error> {
        Ok(Items::default())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Error> {
        Ok(Items::default())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items, Error> {
        Ok(Items { variant: Some(variant), ..Items::default() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Error> {
        Ok(Fields { is_map: true, ..Fields::default() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Error> {
        Ok(Fields::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, Error> {
        Ok(Fields { variant: Some(variant), ..Fields::default() })
    }
}

/// An array in the making.
#[derive(Default)]
pub(super) struct Items {
    variant: Option<&'static str>,
    values: Vec<Value>,
    paths: Vec<String>,
}

impl Items {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let item = value.serialize(Collector)?;
        self.values.push(item.value);
        for path in item.paths.into_iter().map(|path| format!("[]{path}")) {
            // Thousands of rows have the same few paths.
            if !self.paths.contains(&path) {
                self.paths.push(path);
            }
        }
        Ok(())
    }

    fn done(self) -> Made {
        let made = Collected { value: Value::Array(self.values), paths: self.paths };
        Ok(match self.variant {
            Some(variant) => made.under(variant),
            None => made,
        })
    }
}

/// An object in the making.
#[derive(Default)]
pub(super) struct Fields {
    variant: Option<&'static str>,
    /// A map has names of its own making; a struct has ours. (A struct with `flatten` comes as a map.)
    is_map: bool,
    key: Option<Collected>,
    values: Map<String, Value>,
    paths: Vec<(String, Vec<String>)>,
    /// Whether a name was foreign.
    foreign_name: bool,
}

impl Fields {
    fn add<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), Error> {
        let field = value.serialize(Collector)?;
        if !field.paths.is_empty() {
            self.paths.push((name.clone(), field.paths));
        }
        self.values.insert(name, field.value);
        Ok(())
    }

    fn done(self) -> Made {
        // A map of nothing but foreign texts is one of tags or metadata: its names are an outsider's too.
        let tags = self.is_map
            && self.paths.len() == self.values.len()
            && self.paths.iter().all(|(_, below)| below.iter().any(String::is_empty));
        let mut paths = Vec::new();
        if self.foreign_name {
            paths.push(".*".to_owned());
        }
        for (name, below) in self.paths {
            let name = if tags || self.foreign_name || self.is_map && !is_ours(&name) { "*" } else { &name };
            for path in below.into_iter().map(|path| format!(".{name}{path}")) {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
        let made = Collected { value: Value::Object(self.values), paths };
        Ok(match self.variant {
            Some(variant) => made.under(variant),
            None => made,
        })
    }
}

/// Whether a map's name could be a field of ours, as those of a flattened struct are.
fn is_ours(name: &str) -> bool {
    name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl SerializeMap for Fields {
    type Ok = Collected;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(key.serialize(Collector)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().unwrap_or_default();
        self.foreign_name |= key.is_foreign();
        let name = match key.value {
            Value::String(name) => name,
            Value::Number(number) => number.to_string(),
            Value::Bool(name) => name.to_string(),
            _ => return Err(Error::custom("key must be a string")),
        };
        self.add(name, value)
    }

    fn end(self) -> Made {
        self.done()
    }
}

macro_rules! made_of_fields {
    ($($part:ident),*) => {$(
        impl $part for Fields {
            type Ok = Collected;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.add(key.to_owned(), value)
            }

            fn end(self) -> Made {
                self.done()
            }
        }
    )*};
}

macro_rules! made_of_items {
    ($($part:ident::$method:ident),*) => {$(
        impl $part for Items {
            type Ok = Collected;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.add(value)
            }

            fn end(self) -> Made {
                self.done()
            }
        }
    )*};
}

made_of_fields!(SerializeStruct, SerializeStructVariant);
made_of_items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);
