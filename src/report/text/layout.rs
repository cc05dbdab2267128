//! A page of text: headings, wrapped sentences, tables.

use anstyle::{AnsiColor, Style};
use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Heading,
    Good,
    Bad,
    Warning,
}

/// Ends a tone.
const PLAIN: char = '\u{f8f0}';

impl Tone {
    const ALL: [Self; 4] = [Self::Heading, Self::Good, Self::Bad, Self::Warning];

    fn mark(self) -> char {
        match self {
            Self::Heading => '\u{f8f1}',
            Self::Good => '\u{f8f2}',
            Self::Bad => '\u{f8f3}',
            Self::Warning => '\u{f8f4}',
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Heading => Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
        }
    }
}

/// Text in the making.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    color: bool,
    width: usize,
}

const LEAST_WIDTH: usize = 40;
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

impl Page {
    pub(super) fn new(color: bool, width: usize) -> Self {
        Self {
            text: String::new(),
            color,
            width: width.max(LEAST_WIDTH),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn into_text(self) -> String {
        if !self.color {
            return self.text;
        }
        let mut text = self.text;
        for tone in Tone::ALL {
            text = text.replace(tone.mark(), &tone.style().render().to_string());
        }
        text.replace(PLAIN, &Style::new().bold().render_reset().to_string())
    }

    /// Text in a tone. Marks stand for the codes until the page is done, since the text around may hold anything.
    pub(super) fn tone(&self, tone: Tone, text: &str) -> String {
        if self.color {
            format!("{}{text}{PLAIN}", tone.mark())
        } else {
            text.to_owned()
        }
    }

    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        let text = self.tone(Tone::Heading, text);
        self.line(&text);
    }

    /// A heading that may be long, wrapped.
    pub(super) fn title(&mut self, text: &str) {
        self.blank();
        for line in self.lines("", "  ", text) {
            let line = self.tone(Tone::Heading, &line);
            self.line(&line);
        }
    }

    /// A line as it is, without control characters: names are the user's, and a terminal obeys those.
    pub(super) fn line(&mut self, text: &str) {
        let printable = text.trim_end().chars().filter(|c| !c.is_control());
        self.text.extend(printable);
        self.text.push('\n');
    }

    /// A wrapped sentence.
    pub(super) fn sentence(&mut self, text: &str) {
        self.wrapped("  ", "  ", text);
    }

    /// A wrapped list item.
    pub(super) fn item(&mut self, text: &str) {
        self.wrapped("  - ", "    ", text);
    }

    /// A wrapped paragraph whose first line starts with `first`, the others with `rest`.
    pub(super) fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        for line in self.lines(first, rest, text) {
            self.line(&line);
        }
    }

    fn lines(&self, first: &str, rest: &str, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = first.to_owned();
        let mut used = display_width(&line);
        let mut empty = true;
        for word in words(text) {
            let width = display_width(&word);
            if !empty && used + 1 + width > self.width {
                lines.push(std::mem::replace(&mut line, rest.to_owned()));
                used = display_width(rest);
                empty = true;
            }
            if !empty {
                line.push(' ');
                used += 1;
            }
            line.push_str(&word);
            used += width;
            empty = false;
        }
        lines.push(line);
        lines
    }

    /// A table, its first column left-aligned and the others right-aligned.
    pub(super) fn table(&mut self, grid: &Grid) {
        let mut table = grid.build();
        if grid.natural_width() > self.width {
            let width = u16::try_from(self.width).unwrap_or(u16::MAX);
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width);
        }
        for line in table.lines() {
            // The rule starts where the text starts.
            match line.strip_prefix("──") {
                Some(rule) => self.line(&format!("  {rule}")),
                None => self.line(&line),
            }
        }
    }
}

/// Rows of cells under a header.
#[derive(Debug, Clone, Default)]
pub(super) struct Grid {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    left: Vec<usize>,
}

impl Grid {
    pub(super) fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self {
            header: header.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
            left: vec![0],
        }
    }

    /// Aligns a further column to the left.
    pub(super) fn left(mut self, column: usize) -> Self {
        self.left.push(column);
        self
    }

    pub(super) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Rows below the header.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Without so many of the named columns, the first first, that it fits the width.
    pub(super) fn fitted(&self, width: usize, spare: &[&str]) -> Self {
        let mut grid = self.clone();
        for name in spare {
            if grid.natural_width() <= width {
                break;
            }
            if let Some(column) = grid.header.iter().position(|h| h == name) {
                grid.remove(column);
            }
        }
        grid
    }

    fn remove(&mut self, column: usize) {
        self.header.remove(column);
        for row in self.rows.iter_mut().filter(|r| column < r.len()) {
            row.remove(column);
        }
        self.left.retain(|c| *c != column);
        self.left
            .iter_mut()
            .filter(|c| **c > column)
            .for_each(|c| *c -= 1);
    }

    /// Without the named columns.
    pub(super) fn without<S: AsRef<str>>(&self, names: &[S]) -> Self {
        let mut grid = self.clone();
        for name in names {
            if let Some(column) = grid.header.iter().position(|h| h == name.as_ref()) {
                grid.remove(column);
            }
        }
        grid
    }

    /// With other header texts.
    pub(super) fn with_header(&self, rename: impl Fn(&str) -> String) -> Self {
        let mut grid = self.clone();
        grid.header.iter_mut().for_each(|h| *h = rename(h));
        grid
    }

    /// Width without wrapping.
    pub(super) fn natural_width(&self) -> usize {
        let widest = |column: usize| {
            let cells = self.rows.iter().filter_map(|r| r.get(column));
            let header = self.header.get(column);
            let width = cells.chain(header).map(|c| display_width(c)).max();
            width.unwrap_or(0) + 2
        };
        (0..self.header.len()).map(widest).sum()
    }

    fn build(&self) -> Table {
        let mut table = Table::new();
        table.force_no_tty().load_style(RULED);
        table.set_content_arrangement(ContentArrangement::Disabled);
        let align = |(column, text): (usize, &String)| {
            let alignment = if self.left.contains(&column) {
                CellAlignment::Left
            } else {
                CellAlignment::Right
            };
            Cell::new(text).set_alignment(alignment)
        };
        table.set_header(
            self.header
                .iter()
                .enumerate()
                .map(align)
                .collect::<Vec<_>>(),
        );
        for row in &self.rows {
            table.add_row(row.iter().enumerate().map(align).collect::<Vec<_>>());
        }
        for column in table.column_iter_mut() {
            column.set_padding((2, 0));
        }
        table
    }
}

/// Words that may stand on different lines: a percent sign stays with its number and an error with
/// its sign.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if word.starts_with('%') || last.ends_with('±') => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// Columns a text takes on a terminal: marks none, East Asian wide characters two.
pub(super) fn display_width(text: &str) -> usize {
    let columns = |c: char| match c {
        '\u{f8f0}'..='\u{f8f4}' => 0,
        c if c.is_control() => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f9ff}' => 2,
        _ => 1,
    };
    text.chars().map(columns).sum()
}
