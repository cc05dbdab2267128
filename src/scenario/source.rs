//! The texts a scenario is made of, and places in them.

use crate::model::{Assumption, Location, Origin};

/// A span of bytes in one of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) source: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What kind of text a value was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Preset(Assumption),
    Default,
    File,
    /// With the flag as typed.
    CommandLine(String),
}

/// One text.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) kind: Kind,
    text: String,
    /// Byte offset of each line's start.
    lines: Vec<usize>,
}

/// All texts of one reading.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources(Vec<Source>);

impl Source {
    /// The text with control characters made visible; same byte positions.
    pub(super) fn shown(&self) -> String {
        self.text
            .chars()
            .map(|c| match c {
                '\n' | '\t' | '\r' => c,
                c if c.is_ascii_control() => '?',
                c => c,
            })
            .collect()
    }

    pub(super) fn line_length(&self, line: usize) -> usize {
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        end.saturating_sub(start)
    }

    /// The mark's bytes, widened to whole characters and kept to the first line.
    pub(super) fn span(&self, mark: Mark) -> std::ops::Range<usize> {
        let mut start = mark.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = mark.end.clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        let first_line = self.text[start..end]
            .find('\n')
            .map_or(end, |length| start + length);
        start..first_line
    }
}

impl Sources {
    pub(super) fn add(&mut self, name: &str, kind: Kind, text: &str) -> usize {
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(i, _)| i + 1))
            .collect();
        self.0.push(Source {
            name: name.to_owned(),
            kind,
            text: text.to_owned(),
            lines,
        });
        self.0.len() - 1
    }

    pub(super) fn get(&self, source: usize) -> &Source {
        &self.0[source]
    }

    /// Line of a mark's start, counted from 1.
    pub(super) fn line(&self, mark: Mark) -> usize {
        self.0[mark.source]
            .lines
            .partition_point(|&l| l <= mark.start)
    }

    /// Line and column of a mark's start, counted from 1, the column in characters.
    pub(super) fn location(&self, mark: Mark) -> Location {
        let source = &self.0[mark.source];
        let start = source.span(mark).start;
        let line = source.lines.partition_point(|&l| l <= start);
        let line_start = source.lines[line - 1];
        Location {
            file: source.name.clone(),
            line,
            column: source.text[line_start..start].chars().count() + 1,
        }
    }

    /// The same with the file's name alone, for what outputs say: they do not depend on how its path was typed.
    pub(super) fn place(&self, mark: Mark) -> Location {
        let at = self.location(mark);
        let name = std::path::Path::new(&at.file).file_name();
        let name = name.map(|name| name.to_string_lossy().into_owned());
        Location {
            file: name.unwrap_or(at.file),
            ..at
        }
    }

    /// Where a value came from.
    pub(super) fn origin(&self, mark: Mark) -> Origin {
        match &self.0[mark.source].kind {
            Kind::Preset(assumption) => Origin::Preset(*assumption),
            Kind::Default => Origin::Default,
            Kind::File => Origin::File(self.place(mark)),
            Kind::CommandLine(flag) => Origin::CommandLine(flag.clone()),
        }
    }

    /// Whether the user wrote it, in the file or on the command line.
    pub(super) fn is_users(&self, mark: Mark) -> bool {
        matches!(self.0[mark.source].kind, Kind::File | Kind::CommandLine(_))
    }
}
