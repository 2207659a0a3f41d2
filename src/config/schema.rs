//! JSON Schemas of the project file and of mapping files, from the very types that read them. Editors use the files in
//! `schemas/`; [`super::structure`] uses the same to find everything that is wrong at once.

use super::mapping::fulfilment::{ErpFulfilmentFile, ShopFulfilmentFile};
use super::mapping::{
    CustomerFile, ErpOrderFile, ErpRecordFile, ErpRefundFile, ErpStockFile, PackFile,
    ShopOrderFile, ShopRecordFile, ShopRefundFile, ShopStockFile,
};
use super::project::ProjectFile;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::Value as Json;

/// The schema of one kind of file.
pub fn of<T: JsonSchema>() -> Schema {
    settings().into_generator().into_root_schema_for::<T>()
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12()
        .for_deserialize()
        .with_transform(WithoutNull)
}

/// A key that may be missing becomes one that may be NULL; TOML has no NULL.
#[derive(Debug, Clone)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        if let Some(Json::Array(types)) = object.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                object.insert("type".to_owned(), only);
            }
        }
        if let Some(Json::Array(any)) = object.get_mut("anyOf") {
            any.retain(|branch| branch.get("type").is_none_or(|name| name != "null"));
            if let [Json::Object(only)] = any.as_slice() {
                let only = only.clone();
                object.remove("anyOf");
                for (key, value) in only {
                    object.entry(key).or_insert(value);
                }
            }
        }
    }
}

/// `schemas/ponte.schema.json`.
pub fn project() -> Schema {
    of::<ProjectFile>()
}

/// `schemas/mapping.schema.json`: a file of a pack is one of these.
pub fn mapping() -> Schema {
    let mut generator = settings().into_generator();
    let kinds = [
        generator.subschema_for::<PackFile>(),
        generator.subschema_for::<ErpRecordFile>(),
        generator.subschema_for::<ErpStockFile>(),
        generator.subschema_for::<ShopRecordFile>(),
        generator.subschema_for::<ShopStockFile>(),
        generator.subschema_for::<ErpOrderFile>(),
        generator.subschema_for::<ShopOrderFile>(),
        generator.subschema_for::<ErpRefundFile>(),
        generator.subschema_for::<ShopRefundFile>(),
        generator.subschema_for::<CustomerFile>(),
        generator.subschema_for::<ErpFulfilmentFile>(),
        generator.subschema_for::<ShopFulfilmentFile>(),
    ];
    let definitions = generator.take_definitions(true);
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mapping file",
        "description": "A file of a pack: pack.toml, or the description of one record.",
        "anyOf": kinds,
        "$defs": definitions,
    })
}

/// A schema as it lies in `schemas/`.
pub fn text(schema: &Schema) -> String {
    format!("{:#}\n", schema.as_value())
}
