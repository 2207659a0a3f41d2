//! JSON Schemas of the project file and of mapping files, from the very types that read them. Editors use the files in
//! `schemas/`; [`super::structure`] uses the same to find everything that is wrong at once.

use super::mapping::{ErpRecordFile, ErpStockFile, PackFile, ShopRecordFile, ShopStockFile};
use super::project::ProjectFile;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, json_schema};

/// The schema of one kind of file.
pub fn of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    settings.into_generator().into_root_schema_for::<T>()
}

/// `schemas/ponte.schema.json`.
pub fn project() -> Schema {
    of::<ProjectFile>()
}

/// `schemas/mapping.schema.json`: a file of a pack is one of these.
pub fn mapping() -> Schema {
    let mut generator = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator();
    let kinds = [
        generator.subschema_for::<PackFile>(),
        generator.subschema_for::<ErpRecordFile>(),
        generator.subschema_for::<ErpStockFile>(),
        generator.subschema_for::<ShopRecordFile>(),
        generator.subschema_for::<ShopStockFile>(),
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
