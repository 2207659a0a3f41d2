//! Values with the place they stand at, and tables in the order of the file. Plain types of the files are made of
//! them; they change nothing in how a file is written, nor in its JSON Schema.

use crate::diagnostic::{SourceFile, Span};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A value and the bytes of its file it was read from.
#[derive(Debug, Clone)]
pub struct At<T> {
    pub value: T,
    pub range: Range<usize>,
}

impl<T> At<T> {
    pub fn new(value: T, range: Range<usize>) -> Self {
        At { value, range }
    }

    pub fn span(&self, file: &Arc<SourceFile>) -> Span {
        Span::new(file, self.range.clone())
    }
}

impl At<String> {
    /// The place of the text within its quotes where that is what the file holds, byte for byte; else the whole value.
    pub fn content(&self, file: &Arc<SourceFile>) -> Span {
        let whole = self.span(file);
        let Some(raw) = file.text.get(self.range.clone()) else {
            return whole;
        };
        let quotes = ["\"\"\"", "'''", "\"", "'"];
        let Some(quote) = quotes.into_iter().find(|quote| raw.starts_with(quote)) else {
            return whole;
        };
        let mut start = quote.len();
        if quote.len() == 3 {
            // TOML drops a line feed right after the opening quotes.
            let rest = &raw[start..];
            start += ["\r\n", "\n"]
                .into_iter()
                .find(|feed| rest.starts_with(feed))
                .map_or(0, str::len);
        }
        if raw[start..].strip_suffix(quote) == Some(&self.value) {
            let start = self.range.start + start;
            Span::new(file, start..start + self.value.len())
        } else {
            whole
        }
    }

    /// The place of a piece of the text; `part` must be a slice of it.
    pub fn part(&self, file: &Arc<SourceFile>, part: &str) -> Span {
        let content = self.content(file);
        if content.range.len() != self.value.len() {
            return content;
        }
        let offset = (part.as_ptr() as usize).saturating_sub(self.value.as_ptr() as usize);
        if offset + part.len() > self.value.len() {
            return content;
        }
        let start = content.range.start + offset;
        Span::new(&content.file, start..start + part.len())
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::<T>::deserialize(deserializer)?;
        let range = spanned.span();
        Ok(At::new(spanned.into_inner(), range))
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A table whose keys are names given by the file's author, in the order of the file.
#[derive(Debug, Clone)]
pub struct Ordered<V>(pub Vec<(At<String>, V)>);

impl<V> Default for Ordered<V> {
    fn default() -> Self {
        Ordered(Vec::new())
    }
}

impl<V> Ordered<V> {
    pub fn iter(&self) -> impl Iterator<Item = (&At<String>, &V)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub fn get(&self, wanted: &str) -> Option<&V> {
        self.iter()
            .find_map(|(name, value)| (name.value == wanted).then_some(value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Ordered<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = Ordered<V>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<V>, A::Error> {
                let mut entries: Vec<(At<String>, V)> = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                // The parser keeps tables sorted by name.
                entries.sort_by_key(|(name, _)| name.range.start);
                Ok(Ordered(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<V: JsonSchema> JsonSchema for Ordered<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TableOf{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let entry = generator.subschema_for::<V>();
        schemars::json_schema!({ "type": "object", "additionalProperties": entry })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Sample {
        set: Ordered<At<String>>,
    }

    fn sample(text: &str) -> (Arc<SourceFile>, Sample) {
        let sample = toml::from_str(text).unwrap();
        let file = SourceFile::new("sample.toml", text);
        (Arc::new(file), sample)
    }

    #[test]
    fn order_and_places_are_those_of_the_file() {
        let (file, sample) = sample("[set]\nz = \"one\"\na = 'two'\nm = \"\"\"\nthree\"\"\"\n");
        let names: Vec<_> = sample.set.names().collect();
        assert_eq!(names, ["z", "a", "m"]);
        for (_, value) in sample.set.iter() {
            let content = value.content(&file);
            assert_eq!(file.text[content.range], value.value);
        }
    }

    #[test]
    fn a_piece_of_a_text_has_its_own_place() {
        let (file, sample) = sample("set = { a = \"SELECT :id\", b = \"tab\\t:id\" }");
        let place = |name: &str| {
            let value = sample.set.get(name).unwrap();
            let piece = &value.value[value.value.find(":id").unwrap()..];
            file.text[value.part(&file, piece).range].to_owned()
        };
        assert_eq!(place("a"), ":id");
        assert_eq!(place("b"), "\"tab\\t:id\"", "escapes: the whole value");
    }
}
