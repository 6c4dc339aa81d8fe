//! The shape of a record: headings, tables, list items, blocks and prose, each with its place.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::verify::finding::Location;
use crate::verify::record::cells;
use crate::verify::record::{Block, Cell};

/// The lines of a file, to turn bytes into places.
pub(crate) struct Lines<'a> {
    file: &'a str,
    pub(crate) source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds where the lines begin.
    pub(crate) fn new(file: &'a str, source: &'a str) -> Self {
        let breaks = source.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(breaks).collect();
        Self { file, source, starts }
    }

    /// Returns the number of the line that holds a byte, from 1.
    pub(crate) fn number(&self, byte: usize) -> u32 {
        let count = self.starts.partition_point(|&start| start <= byte);
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Returns the place of some bytes.
    pub(crate) fn at(&self, bytes: &Range<usize>) -> Location {
        let last = bytes.end.saturating_sub(1).max(bytes.start);
        Location {
            file: self.file.to_owned(),
            line: self.number(bytes.start),
            end_line: self.number(last),
        }
    }

    /// Returns the bytes from here to the end of the line, without the line break.
    fn rest_of_line(&self, from: usize) -> Range<usize> {
        let rest = self.source.get(from..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        from..from + line.trim_end_matches('\r').len()
    }
}

/// A heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    /// From 1.
    pub(crate) level: u8,
    /// Without the marks.
    pub(crate) text: String,
    pub(crate) at: Location,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// Nearest heading above it.
    pub(crate) heading: String,
    pub(crate) header: Vec<Cell>,
    /// As many cells as the row has, which may differ from the header.
    pub(crate) rows: Vec<Vec<Cell>>,
    pub(crate) at: Location,
}

/// An item of a list, or a line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passage {
    /// Nearest heading above it.
    pub(crate) heading: String,
    pub(crate) text: String,
    pub(crate) at: Location,
    /// Bytes of the file that hold `text`.
    pub(crate) bytes: Range<usize>,
}

/// A record, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Document {
    pub(crate) headings: Vec<Heading>,
    pub(crate) tables: Vec<Table>,
    pub(crate) items: Vec<Passage>,
    pub(crate) blocks: Vec<Block>,
    /// Code spans above the first section.
    pub(crate) status: Vec<Passage>,
    /// Lines that are neither table nor block nor comment nor heading.
    pub(crate) prose: Vec<Passage>,
}

impl Document {
    /// Takes a file apart.
    pub(crate) fn read(lines: &Lines<'_>) -> Self {
        let mut reader = Reader {
            lines,
            document: Self::default(),
            heading: String::new(),
            covered: Vec::new(),
            in_block: false,
        };
        let parser = Parser::new_ext(lines.source, Options::ENABLE_TABLES);
        for (event, bytes) in parser.into_offset_iter() {
            reader.event(&event, bytes);
        }
        reader.prose();
        reader.document
    }

    /// Returns the first table below a heading that begins so.
    pub(crate) fn table(&self, heading: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.heading.starts_with(heading))
    }

    /// Returns the first heading that begins so.
    pub(crate) fn heading(&self, text: &str) -> Option<&Heading> {
        self.headings.iter().find(|heading| heading.text.starts_with(text))
    }
}

struct Reader<'a, 'b> {
    lines: &'a Lines<'b>,
    document: Document,
    heading: String,
    /// Bytes that are no prose.
    covered: Vec<Range<usize>>,
    in_block: bool,
}

impl Reader<'_, '_> {
    fn event(&mut self, event: &Event<'_>, bytes: Range<usize>) {
        if let Event::Start(tag) = event {
            self.start(tag, bytes);
        } else if let Event::End(TagEnd::CodeBlock) = event {
            self.in_block = false;
        } else if let Event::Text(text) = event {
            if let (true, Some(block)) = (self.in_block, self.document.blocks.last_mut()) {
                block.text.push_str(text);
            }
        } else if let (Event::Code(text), true) = (event, self.is_above_the_sections()) {
            let passage = self.passage(text.to_string(), bytes);
            self.document.status.push(passage);
        }
    }

    fn is_above_the_sections(&self) -> bool {
        self.document.headings.iter().all(|heading| heading.level == 1)
    }

    fn start(&mut self, tag: &Tag<'_>, bytes: Range<usize>) {
        if let Tag::Heading { level, .. } = tag {
            self.heading(*level, bytes);
        } else if let Tag::Table(_) = tag {
            self.covered.push(bytes.clone());
            let at = self.lines.at(&bytes);
            let heading = self.heading.clone();
            self.document.tables.push(Table { heading, header: Vec::new(), rows: Vec::new(), at });
        } else if let Tag::TableHead = tag {
            if let Some(table) = self.document.tables.last_mut() {
                table.header = cells::row(self.lines, self.lines.rest_of_line(bytes.start));
            }
        } else if let Tag::TableRow = tag {
            if let Some(table) = self.document.tables.last_mut() {
                table.rows.push(cells::row(self.lines, self.lines.rest_of_line(bytes.start)));
            }
        } else if let Tag::CodeBlock(kind) = tag {
            let language = match kind {
                CodeBlockKind::Fenced(language) => language.to_string(),
                CodeBlockKind::Indented => String::new(),
            };
            let (at, section) = (self.lines.at(&bytes), self.heading.clone());
            self.document.blocks.push(Block { language, text: String::new(), at, section });
            self.covered.push(bytes);
            self.in_block = true;
        } else if let Tag::HtmlBlock = tag {
            self.covered.push(bytes);
        } else if let Tag::Item = tag {
            let text = self.lines.source.get(bytes.clone()).unwrap_or_default().to_owned();
            let passage = self.passage(text, bytes);
            self.document.items.push(passage);
        }
    }

    fn heading(&mut self, level: HeadingLevel, bytes: Range<usize>) {
        let line = self.lines.rest_of_line(bytes.start);
        let raw = self.lines.source.get(line).unwrap_or_default();
        let text = raw.trim().trim_start_matches('#').trim().to_owned();
        self.heading.clone_from(&text);
        let at = self.lines.at(&bytes);
        self.document.headings.push(Heading { level: level as u8, text, at });
        self.covered.push(bytes);
    }

    fn passage(&self, text: String, bytes: Range<usize>) -> Passage {
        Passage { heading: self.heading.clone(), text, at: self.lines.at(&bytes), bytes }
    }

    fn prose(&mut self) {
        let mut headings = self.document.headings.iter().peekable();
        let mut heading = String::new();
        for &start in &self.lines.starts {
            let bytes = self.lines.rest_of_line(start);
            while let Some(next) = headings.next_if(|next| next.at.line <= self.lines.number(start))
            {
                heading.clone_from(&next.text);
            }
            let text = self.lines.source.get(bytes.clone()).unwrap_or_default();
            let first = start + (text.len() - text.trim_start().len());
            let is_covered = self.covered.iter().any(|range| range.contains(&first));
            if !is_covered && !text.trim().is_empty() {
                let at = self.lines.at(&bytes);
                let (heading, text) = (heading.clone(), text.to_owned());
                self.document.prose.push(Passage { heading, text, at, bytes });
            }
        }
    }
}
