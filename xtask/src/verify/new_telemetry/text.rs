//! The text of a new record.

use std::fmt::Write as _;

use crate::verify::index::{SourceIndex, Walked};

/// What is known before the text is written.
pub(super) struct Facts {
    pub(super) number: u16,
    pub(super) name: String,
    pub(super) category: String,
    /// Value in a fresh snapshot, if a probe has run.
    pub(super) default: Option<String>,
    /// Kind of event.
    pub(super) kind: String,
    /// `Kind.field`.
    pub(super) source: String,
    pub(super) path: String,
    /// Names and files.
    pub(super) widgets: Vec<(String, String)>,
    pub(super) today: String,
}

/// A text that a person has to replace.
const OPEN: &str = "TODO";

/// Writes the record: everything the index knows, `TODO` in every cell that states something else.
pub(super) fn write(facts: &Facts, index: &SourceIndex, end: &Walked<'_>) -> String {
    let mut text = head(facts);
    text.push_str(&data(facts, end));
    text.push_str(&flow(facts, index, end));
    text.push_str(&proof(facts));
    text
}

fn head(facts: &Facts) -> String {
    let Facts { number, name, category, .. } = facts;
    format!(
        "# Telemetry Record: [TELE-{number:03}] {name}\n\n\
         > **Status:** `[ ] Planned` `[ ] In Progress` `[ ] Wired` `[ ] Tested` `[ ] Verified`\n\n\
         ## 1. Identity\n\n\
         | Field | Value |\n|-------|-------|\n\
         | **ID** | `TELE-{number:03}` |\n\
         | **Name** | {name} |\n\
         | **Category** | `{category}` |\n\
         | **Priority** | {OPEN} |\n\n\
         ## 2. Purpose\n\n\
         ### What question does this answer?\n\n> {OPEN}\n\n\
         ### Who needs this information?\n\n\
         - [ ] Training operator\n- [ ] Developer\n- [ ] Researcher\n- [ ] Automated system\n\n\
         ### When is this information needed?\n\n\
         - [ ] Real-time\n- [ ] Periodic\n- [ ] On-demand\n- [ ] Post-hoc\n\n"
    )
}

fn data(facts: &Facts, end: &Walked<'_>) -> String {
    let ty = end.ty.to_string();
    let default = facts.default.as_ref().map_or(OPEN.to_owned(), |value| format!("`{value}`"));
    // `None` of an `Option` is "no data" already.
    let missing = if ty.starts_with("Option<") {
        String::new()
    } else {
        format!("| **Missing** | {OPEN} |\n")
    };
    format!(
        "## 3. Data Specification\n\n### Type and Format\n\n\
         | Property | Value |\n|----------|-------|\n\
         | **Type** | `{ty}` |\n\
         | **Units** | {OPEN} |\n\
         | **Range** | {OPEN} |\n\
         | **Precision** | {OPEN} |\n\
         | **Default** | {default} |\n{missing}\n\
         ### Semantic Meaning\n\n> {OPEN}\n\n\
         ### Health Thresholds\n\n\
         | Level | Condition | Meaning |\n|-------|-----------|---------|\n\
         | {OPEN} | {OPEN} | {OPEN} |\n\n"
    )
}

fn flow(facts: &Facts, index: &SourceIndex, end: &Walked<'_>) -> String {
    let Facts { kind, source, path, .. } = facts;
    let function = format!("simic_training::emission::{}", snake(kind));
    let (function, emitter) = symbol(index, &function);
    let payload = index.payload(kind).map(|(file, item)| (item.name.clone(), file.to_owned()));
    let (payload, payload_file) = payload.map_or_else(
        || (OPEN.to_owned(), OPEN.to_owned()),
        |(name, file)| (format!("`leyline::payload::{name}`"), format!("`{file}`")),
    );
    let (emit, hub) = symbol(index, "simic_emitter::Hub::emit");
    let (apply, fold) = symbol(index, "karn_sanctum::Aggregator::apply");
    let (deliver, delivery) = symbol(index, "karn_sanctum::Aggregator::snapshot");
    let owner = &end.owner.name;
    let home = end.file;
    let field = &end.field.name;
    format!(
        "## 4. Data Flow\n\n### Source (Emitter)\n\n\
         | Property | Value |\n|----------|-------|\n\
         | **Origin** | {OPEN} |\n\
         | **File** | {emitter} |\n\
         | **Function/Method** | {function} |\n\
         | **Probe** | `event {source}` |\n\
         | **Inputs** | {OPEN} |\n\n\
         ### Transport\n\n\
         | Stage | Mechanism | File |\n|-------|-----------|------|\n\
         | **1. Emission** | {payload} | {payload_file} |\n\
         | **2. Collection** | {emit} | {hub} |\n\
         | **3. Aggregation** | {apply} | {fold} |\n\
         | **4. Delivery** | {deliver} | {delivery} |\n\n\
         ### Schema Location\n\n\
         | Property | Value |\n|----------|-------|\n\
         | **Struct** | `karn_sanctum::{owner}` |\n\
         | **Field** | `{field}` |\n\
         | **Path from Snapshot** | `snapshot.{path}` |\n\
         | **Schema File** | `{home}` |\n\n\
         ### Consumers (Display)\n\n\
         | Widget | File | Usage |\n|--------|------|-------|\n{consumers}\n\
         ### Display Examples\n\n\
         | Given | Widget | Shows | Style |\n|-------|--------|-------|-------|\n{examples}\n",
        consumers = rows(facts, |name, file| format!("| {name} | {file} | {OPEN} |\n")),
        examples = rows(facts, |name, _| format!("| {OPEN} | {name} | {OPEN} | {OPEN} |\n")),
    )
}

fn rows(facts: &Facts, row: impl Fn(&str, &str) -> String) -> String {
    if facts.widgets.is_empty() {
        return row(OPEN, OPEN);
    }
    facts.widgets.iter().map(|(name, file)| row(name, &format!("`{file}`"))).collect()
}

fn proof(facts: &Facts) -> String {
    let Facts { number, today, .. } = facts;
    let mut boxes = String::new();
    for name in crate::verify::record::BOXES {
        // Writing into a `String` cannot fail.
        let _infallible = writeln!(boxes, "- [ ] **{name}** — {OPEN}");
    }
    format!(
        "## 5. Wiring Verification\n\n### Checklist\n\n{boxes}\n\
         ### Test Coverage\n\n\
         | Test Type | File | Test Name | Status |\n|-----------|------|-----------|--------|\n\
         | Unit (emitter) | {OPEN} | `tele_{number:03}_{OPEN}` | `[ ]` |\n\
         | Unit (aggregator) | {OPEN} | `tele_{number:03}_{OPEN}` | `[ ]` |\n\
         | Visual (buffer) | {OPEN} | `tele_{number:03}_{OPEN}` | `[ ]` |\n\
         | Integration (end-to-end) | {OPEN} | `tele_{number:03}_{OPEN}` | `[ ]` |\n\n\
         ### Manual Verification Steps\n\n1. {OPEN}\n\n\
         ## 6. Dependencies\n\n\
         ### Upstream (this telemetry depends on)\n\n\
         | Dependency | Type | Notes |\n|------------|------|-------|\n| {OPEN} | {OPEN} | {OPEN} |\n\n\
         ### Downstream (depends on this telemetry)\n\n\
         | Dependent | Type | Notes |\n|-----------|------|-------|\n| {OPEN} | {OPEN} | {OPEN} |\n\n\
         ## 7. History\n\n\
         | Date | Author | Change |\n|------|--------|--------|\n| {today} | {OPEN} | first version |\n\n\
         ## 8. Notes\n\n{OPEN}\n"
    )
}

/// Returns a symbol and its file in backticks, or twice `TODO` if the sources have none.
fn symbol(index: &SourceIndex, path: &str) -> (String, String) {
    index.resolve(path).map_or_else(
        |_| (OPEN.to_owned(), OPEN.to_owned()),
        |found| (format!("`{path}`"), format!("`{}`", found.file)),
    )
}

/// Returns `training_started` of `TrainingStarted`.
fn snake(kind: &str) -> String {
    let mut out = String::new();
    for c in kind.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
