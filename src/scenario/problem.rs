//! What is wrong with a scenario: a list of problems, each with its place.

use std::fmt;
use std::sync::Arc;

use codespan_reporting::diagnostic::{Diagnostic, Label};
use codespan_reporting::files::SimpleFile;
use codespan_reporting::term;
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};

use super::source::{Mark, Sources};
use crate::model::Location;

/// Problems shown at most; the rest is counted.
const SHOWN: usize = 100;
/// Problems kept at most.
const KEPT: usize = 1000;
/// Longest line shown as a snippet, in bytes.
const LONGEST_LINE: usize = 400;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What is wrong, in a sentence that names the offending text.
    pub message: String,
    /// Where it stands; `None` for problems of the file as a whole.
    pub location: Option<Location>,
    /// What was expected, shown at the place itself.
    pub label: Option<String>,
    /// What to do about it, e.g. the nearest valid name.
    pub help: Option<String>,
    pub(super) mark: Option<Mark>,
}

/// All problems of a scenario, in the order of the file. Never empty when returned as an error.
#[derive(Debug, Clone)]
pub struct Problems {
    list: Vec<Problem>,
    /// Problems beyond [`KEPT`].
    more: usize,
    sources: Arc<Sources>,
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What a reading function found wrong, before it has a place in a list.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) mark: Option<Mark>,
    pub(super) message: String,
    pub(super) label: Option<Box<str>>,
    pub(super) help: Option<Box<str>>,
    /// It says that a name is not known here, which may follow from what is wrong where names are given.
    pub(super) names: bool,
    /// The key that was probably meant, so that it is not reported as missing too.
    pub(super) meant: Option<Box<str>>,
}

impl Fault {
    pub(super) fn at(mark: Mark, message: impl Into<String>) -> Self {
        Self {
            mark: Some(mark),
            message: message.into(),
            label: None,
            help: None,
            names: false,
            meant: None,
        }
    }

    pub(super) fn of_file(message: impl Into<String>) -> Self {
        Self {
            mark: None,
            message: message.into(),
            label: None,
            help: None,
            names: false,
            meant: None,
        }
    }

    /// Marks it as one that says that a name is not known.
    pub(super) fn of_names(mut self) -> Self {
        self.names = true;
        self
    }

    pub(super) fn expected(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into().into_boxed_str());
        self
    }

    /// Says which key or cell it is about.
    pub(super) fn of(mut self, key: &str) -> Self {
        self.message = format!("{key}: {}", self.message);
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into().into_boxed_str());
        self
    }
}

impl Problems {
    /// Sorted by place, each said once.
    pub(super) fn new(mut faults: Vec<Fault>, sources: Arc<Sources>) -> Self {
        faults.sort_by_key(|f| f.mark.map(|m| (m.source, m.start)));
        let more = faults.len().saturating_sub(KEPT);
        faults.truncate(KEPT);
        let mut list: Vec<Problem> = Vec::with_capacity(faults.len());
        let mut said = std::collections::HashSet::new();
        for fault in faults {
            let place = fault.mark.map(|m| (m.source, m.start));
            if said.insert((place, fault.message.clone())) {
                list.push(Problem {
                    location: fault.mark.map(|m| sources.location(m)),
                    message: fault.message,
                    label: fault.label.map(String::from),
                    help: fault.help.map(String::from),
                    mark: fault.mark,
                });
            }
        }
        Self {
            list,
            more,
            sources,
        }
    }

    /// A problem of a file as a whole.
    pub(super) fn of_file(message: String, help: Option<String>) -> Self {
        Self {
            list: vec![Problem {
                message,
                location: None,
                label: None,
                help,
                mark: None,
            }],
            more: 0,
            sources: Arc::new(Sources::default()),
        }
    }

    /// The problems, in the order of the file; at most 1,000.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len() + self.more
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The problems as text for a terminal: each with `file:line:column`, the line it stands in,
    /// what was expected and what to do. Ends with a newline.
    pub fn render(&self, colors: bool) -> String {
        let bytes = if colors {
            let mut out = Ansi::new(Vec::new());
            self.write(&mut out);
            out.into_inner()
        } else {
            let mut out = NoColor::new(Vec::new());
            self.write(&mut out);
            out.into_inner()
        };
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn write<W: WriteColor>(&self, out: &mut W) {
        let config = term::Config::default();
        for problem in self.list.iter().take(SHOWN) {
            let mut diagnostic = Diagnostic::error().with_message(&problem.message);
            if let Some(help) = &problem.help {
                diagnostic = diagnostic.with_note(format!("help: {help}"));
            }
            let mut file = SimpleFile::new(String::new(), String::new());
            if let (Some(mark), Some(location)) = (problem.mark, &problem.location) {
                let source = self.sources.get(mark.source);
                if source.line_length(location.line) <= LONGEST_LINE {
                    file = SimpleFile::new(source.name.clone(), source.shown());
                    let mut label = Label::primary((), source.span(mark));
                    if let Some(text) = &problem.label {
                        label = label.with_message(text);
                    }
                    diagnostic = diagnostic.with_label(label);
                } else {
                    // The line would drown the message.
                    diagnostic.notes.insert(0, format!("at {location}"));
                    if let Some(text) = &problem.label {
                        diagnostic.notes.insert(1, text.clone());
                    }
                }
            } else if let Some(text) = &problem.label {
                diagnostic.notes.insert(0, text.clone());
            }
            // Writing to memory does not fail, and every span lies in its file.
            let _ = term::emit_to_write_style(out, &config, &file, &diagnostic);
        }
        if self.len() > SHOWN {
            let _ = writeln!(out, "and {} more problems", self.len() - SHOWN);
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}
