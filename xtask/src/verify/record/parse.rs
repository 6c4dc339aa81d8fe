//! Reads a record: strict about tables, silent about prose, and never at a loss for an answer.

use crate::verify::code;
use crate::verify::finding::{Finding, Location};
use crate::verify::record::cells::spans;
use crate::verify::record::document::{Document, Lines, Table};
use crate::verify::record::{
    BOXES, Cell, Consumer, ExampleRow, FieldRow, HistoryRow, Meaning, Property, Record, RecordId,
    STEPS, Stage, TestRow, Threshold, Tick,
};

/// The sections, in their order.
const SECTIONS: [&str; 8] = [
    "1. Identity",
    "2. Purpose",
    "3. Data Specification",
    "4. Data Flow",
    "5. Wiring Verification",
    "6. Dependencies",
    "7. History",
    "8. Notes",
];

/// Headings inside the sections, without those of tables.
const PARTS: [&str; 7] = [
    "What question",
    "Who needs",
    "When is",
    "Semantic Meaning",
    "Checklist",
    "Upstream",
    "Downstream",
];

/// A table that the machine reads.
struct Form {
    /// How its heading begins.
    heading: &'static str,
    columns: &'static [&'static str],
    is_required: bool,
}

const IDENTITY: Form = form("1. Identity", &["Field", "Value"]);
const DATA: Form = form("Type and Format", &["Property", "Value"]);
const THRESHOLDS: Form = form("Health Thresholds", &["Level", "Condition", "Meaning"]);
const EMITTER: Form = form("Source", &["Property", "Value"]);
const TRANSPORT: Form = form("Transport", &["Stage", "Mechanism", "File"]);
const SCHEMA: Form = form("Schema Location", &["Property", "Value"]);
const FIELDS: Form = optional("Fields", &["Path", "Type", "Meaning"]);
const CONSUMERS: Form = form("Consumers", &["Widget", "File", "Usage"]);
const EXAMPLES: Form = optional("Display Examples", &["Given", "Widget", "Shows", "Style"]);
const TESTS: Form = form("Test Coverage", &["Test Type", "File", "Test Name", "Status"]);
const HISTORY: Form = form("7. History", &["Date", "Author", "Change"]);

const fn form(heading: &'static str, columns: &'static [&'static str]) -> Form {
    Form { heading, columns, is_required: true }
}

const fn optional(heading: &'static str, columns: &'static [&'static str]) -> Form {
    Form { heading, columns, is_required: false }
}

/// Reads the bytes of a record. Bytes that are no text are a problem of it, and nothing else is looked at twice.
pub(crate) fn parse_bytes(file: &str, bytes: &[u8]) -> Record {
    match std::str::from_utf8(bytes) {
        Ok(source) => parse(file, source),
        Err(error) => {
            let mut record = parse(file, "");
            let message = format!("not text from byte {} on", error.valid_up_to());
            record.problems = vec![Finding::new(code::R01, Location::file(file), "text", message)];
            record
        }
    }
}

/// Reads the text of a record; whatever is wrong with it stands in [`Record::problems`].
pub(crate) fn parse(file: &str, source: &str) -> Record {
    let lines = Lines::new(file, source);
    let document = Document::read(&lines);
    let mut reader = Reader { file, document: &document, problems: Vec::new() };
    let (id, name) = reader.title();
    reader.headings();
    let mut record = Record {
        file: file.to_owned(),
        source: source.to_owned(),
        id,
        name,
        ladder: reader.ladder(),
        boxes: reader.boxes(&lines),
        identity: properties(reader.rows(&IDENTITY)),
        data: properties(reader.rows(&DATA)),
        thresholds: reader.rows(&THRESHOLDS).into_iter().map(threshold).collect(),
        emitter: properties(reader.rows(&EMITTER)),
        transport: reader.rows(&TRANSPORT).into_iter().map(stage).collect(),
        schema: properties(reader.rows(&SCHEMA)),
        fields: reader.rows(&FIELDS).into_iter().map(field).collect(),
        consumers: reader.rows(&CONSUMERS).into_iter().map(consumer).collect(),
        examples: reader.rows(&EXAMPLES).into_iter().map(example).collect(),
        tests: reader.rows(&TESTS).into_iter().map(test).collect(),
        history: reader.rows(&HISTORY).into_iter().map(history).collect(),
        blocks: document.blocks.clone(),
        meaning: Meaning::default(),
        problems: Vec::new(),
        document: Document::default(),
    };
    reader.unfinished();
    record.problems = reader.problems;
    record.document = document;
    super::required::check(&mut record);
    super::meaning::read(&mut record);
    let id = record.id;
    record.problems.iter_mut().for_each(|problem| problem.record = Some(id));
    record
}

struct Reader<'a> {
    file: &'a str,
    document: &'a Document,
    problems: Vec<Finding>,
}

impl Reader<'_> {
    fn problem(&mut self, at: Location, subject: &str, message: impl Into<String>) {
        self.problems.push(Finding::new(code::R01, at, subject, message));
    }

    fn title(&mut self) -> (RecordId, String) {
        let heading = self.document.headings.iter().find(|heading| heading.level == 1);
        let at = heading.map_or_else(|| Location::file(self.file), |heading| heading.at.clone());
        let text = heading.map(|heading| heading.text.as_str()).unwrap_or_default();
        let parts = text.strip_prefix("Telemetry Record: [").and_then(|text| text.split_once(']'));
        let found =
            parts.and_then(|(id, name)| Some((RecordId::find(id)?, name.trim().to_owned())));
        found.filter(|(_, name)| !name.is_empty()).unwrap_or_else(|| {
            let message = "no title line of the form `# Telemetry Record: [TELE-014] Max Batches`";
            self.problem(at, "title", message);
            (RecordId(0), String::new())
        })
    }

    fn headings(&mut self) {
        let found: Vec<(&str, Location)> = self
            .document
            .headings
            .iter()
            .filter(|heading| heading.level == 2)
            .map(|heading| (heading.text.as_str(), heading.at.clone()))
            .collect();
        let mut after = 0;
        for section in SECTIONS {
            match found.iter().position(|(text, _)| *text == section) {
                None => {
                    let message = format!("section `{section}` is missing");
                    self.problem(Location::file(self.file), section, message);
                }
                Some(at) if at < after => {
                    let message = format!("section `{section}` is not in its place");
                    self.problem(found[at].1.clone(), section, message);
                }
                Some(at) => after = at,
            }
        }
        for part in PARTS {
            if self.document.heading(part).is_none() {
                let message = format!("part `{part} …` is missing");
                self.problem(Location::file(self.file), part, message);
            }
        }
    }

    fn ladder(&mut self) -> [Tick; 5] {
        STEPS.map(|step| {
            for passage in &self.document.status {
                let Some((is_set, name)) = box_and_name(&passage.text) else { continue };
                if name == step {
                    // The span begins with one backtick and the bracket.
                    let byte = passage.bytes.start + 2;
                    return Tick { is_set, byte, at: passage.at.clone(), note: String::new() };
                }
            }
            let at = Location::file(self.file);
            self.problem(at.clone(), step, format!("step `{step}` is missing in the status line"));
            Tick { at, ..Tick::default() }
        })
    }

    fn boxes(&mut self, lines: &Lines<'_>) -> [Tick; 7] {
        BOXES.map(|name| {
            for item in self.document.items.iter().filter(|item| item.heading == "Checklist") {
                let Some(open) = item.text.find('[') else { continue };
                let text = item.text.get(open..).unwrap_or_default();
                let Some((is_set, rest)) = box_and_name(text) else { continue };
                let Some(rest) = rest.strip_prefix("**") else { continue };
                let Some((found, note)) = rest.split_once("**") else { continue };
                if found.trim() == name {
                    let byte = item.bytes.start + open + 1;
                    let note = note.trim_start_matches([' ', '—', '-', ':']).trim().to_owned();
                    return Tick { is_set, byte, at: lines.at(&(byte..byte + 1)), note };
                }
            }
            let at = self.document.heading("Checklist").map(|heading| heading.at.clone());
            if let Some(at) = at.clone() {
                self.problem(at, name, format!("box `{name}` is missing in the checklist"));
            }
            Tick { at: at.unwrap_or_else(|| Location::file(self.file)), ..Tick::default() }
        })
    }

    /// Returns the rows of a table that are as long as its header; the other ones are problems.
    fn rows(&mut self, form: &Form) -> Vec<Vec<Cell>> {
        let Some(table) = self.document.table(form.heading) else {
            if form.is_required {
                let at = self.document.heading(form.heading).map(|heading| heading.at.clone());
                let at = at.unwrap_or_else(|| Location::file(self.file));
                self.problem(at, form.heading, format!("table `{}` is missing", form.heading));
            }
            return Vec::new();
        };
        let header: Vec<&str> = table.header.iter().map(|cell| cell.text.as_str()).collect();
        if header != form.columns {
            let finding = Finding::new(
                code::R01,
                table.header.first().map_or_else(|| table.at.clone(), |cell| cell.at.clone()),
                form.heading,
                format!("the columns of `{}` are other ones", form.heading),
            );
            let finding = finding.instead(form.columns.join(" | "), header.join(" | "));
            self.problems.push(finding);
            return Vec::new();
        }
        self.whole_rows(table, form)
    }

    fn whole_rows(&mut self, table: &Table, form: &Form) -> Vec<Vec<Cell>> {
        let mut rows = Vec::new();
        for row in &table.rows {
            // An empty line of a table is a place to write on.
            if row.iter().all(|cell| cell.text.is_empty()) {
                continue;
            }
            if row.len() == form.columns.len() {
                rows.push(row.clone());
                continue;
            }
            let at = row.first().map_or_else(|| table.at.clone(), |cell| cell.at.clone());
            let message = format!(
                "a row of `{}` has {} cells instead of {} (a `|` inside a cell is written `\\|`)",
                form.heading,
                row.len(),
                form.columns.len()
            );
            self.problem(at, form.heading, message);
        }
        rows
    }

    /// Reports what somebody wanted to come back to.
    fn unfinished(&mut self) {
        let document = self.document;
        let cells = document.tables.iter().flat_map(|table| table.rows.iter().flatten());
        let cells = cells.map(|cell| (&cell.text, &cell.at));
        let prose = document.prose.iter().map(|passage| (&passage.text, &passage.at));
        for (text, at) in cells.chain(prose) {
            if text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "TODO") {
                self.problem(at.clone(), "TODO", "still to be written: `TODO`");
            }
        }
    }
}

/// Reads `[x] Planned`.
fn box_and_name(text: &str) -> Option<(bool, &str)> {
    let rest = text.strip_prefix('[')?;
    let is_set = rest.starts_with(['x', 'X']);
    let rest = rest.strip_prefix(['x', 'X', ' '])?.strip_prefix(']')?;
    Some((is_set, rest.trim_start()))
}

fn properties(rows: Vec<Vec<Cell>>) -> Vec<Property> {
    let name = |cell: &Cell| cell.text.replace("**", "").trim().to_owned();
    let pairs = rows.into_iter().map(columns::<2>);
    pairs.map(|[first, cell]| Property { name: name(&first), cell }).collect()
}

/// Returns the cells of a row, of which there are as many as columns.
fn columns<const N: usize>(row: Vec<Cell>) -> [Cell; N] {
    let mut row = row.into_iter();
    std::array::from_fn(|_| row.next().unwrap_or_default())
}

fn threshold(row: Vec<Cell>) -> Threshold {
    let [level, condition, meaning] = columns(row);
    Threshold { level, condition, meaning, parsed: None }
}

fn stage(row: Vec<Cell>) -> Stage {
    let [name, mechanism, file] = columns(row);
    Stage { name, mechanism, file }
}

fn field(row: Vec<Cell>) -> FieldRow {
    let [path, kind, meaning] = columns(row);
    FieldRow { path, kind, meaning }
}

fn consumer(row: Vec<Cell>) -> Consumer {
    let [widget, file, usage] = columns(row);
    Consumer { widget, file, usage }
}

fn example(row: Vec<Cell>) -> ExampleRow {
    let [given, widget, shows, style] = columns(row);
    ExampleRow { given, widget, shows, style }
}

fn test(row: Vec<Cell>) -> TestRow {
    let [kind, file, name, status] = columns(row);
    let is_ticked = spans(&status.text).first().unwrap_or(&status.text).trim() == "[x]";
    TestRow { kind, file, name, status, is_ticked }
}

fn history(row: Vec<Cell>) -> HistoryRow {
    let [date, author, change] = columns(row);
    HistoryRow { date, author, change }
}
