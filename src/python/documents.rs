//! Reports in the shape that Python reads: manifests without their chunks and objects, which only Rust needs.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::backup::Report;
use crate::error::{Context, Result};
use crate::manifest::Manifest;
use crate::retention::{Candidate, Policy};
use crate::store::Listed;

/// What `retention` is asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionPlan {
    pub(super) policy: Policy,
    pub(super) backups: Vec<Candidate>,
    pub(super) now: String,
}

/// A backup that was made.
pub(super) fn made(report: &Report) -> Result<Value> {
    let stored_size = report.manifest.file.as_ref().map_or(0, |file| file.size);
    let mut document = manifest(&report.manifest)?;
    extend(&mut document, &json!({"path": path(&report.path), "stored_size": stored_size}));
    Ok(Value::Object(document))
}

/// A backup as it stands in the folder; one whose manifest cannot be read has only what its name tells.
pub(super) fn listed(listed: &Listed) -> Result<Value> {
    let mut document = match &listed.manifest {
        Some(found) => manifest(found)?,
        None => Map::new(),
    };
    extend(
        &mut document,
        &json!({
            "path": path(&listed.path),
            "name": listed.name,
            "alias": listed.alias(),
            "kind": listed.kind(),
            "created": listed.created(),
            "stored_size": listed.stored_size,
            "rows": listed.manifest.as_ref().map(Manifest::rows),
            "status": plain(&listed.status)?,
            "problem": listed.problem,
            "good": listed.is_good(),
        }),
    );
    Ok(Value::Object(document))
}

fn manifest(manifest: &Manifest) -> Result<Map<String, Value>> {
    let mut document = match plain(&Manifest { chunks: Vec::new(), objects: Vec::new(), ..manifest.clone() })? {
        Value::Object(document) => document,
        _ => Map::new(),
    };
    document.remove("chunks");
    Ok(document)
}

fn extend(document: &mut Map<String, Value>, more: &Value) {
    document.extend(more.as_object().cloned().unwrap_or_default());
}

fn plain(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).context(|| "a report cannot be written as JSON")
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
