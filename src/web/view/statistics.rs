//! What is counted in a repository.

use super::Page;
use super::common::Person;
use super::frame::Frame;
use super::repo::RepoFrame;
use super::summary::Language;
use serde::Serialize;

/// The page of statistics.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Statistics {
    /// The frame.
    pub frame: Frame,
    /// The repository.
    pub repo: RepoFrame,
    /// Whether anything is counted here.
    pub enabled: bool,
    /// Where that can be changed, for those who may.
    pub settings_url: Option<String>,
    /// What is asked again until everything is counted; then this page is loaded anew.
    pub load_url: Option<String>,
    /// How much was counted, in percent; `100.00`.
    pub gathered: Option<String>,
    /// `8 260 changesets`.
    pub total: String,
    /// By month, or by a longer time where there are very many.
    pub months: Chart,
    /// The last days.
    pub days: Chart,
    /// Who made most.
    pub authors: Vec<AuthorShare>,
    /// How many authors there are.
    pub author_count: u64,
    /// Languages by size.
    pub languages: Vec<Language>,
    /// `1 200 files, 3.4 MB`.
    pub files: Option<String>,
}

impl Page for Statistics {
    const TEMPLATE: &'static str = "statistics.html";
}

/// A chart of columns, and the same as a table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// The drawing; empty for nothing.
    pub columns_html: String,
    /// The label below its beginning.
    pub from: String,
    /// The label below its end.
    pub to: String,
    /// The greatest value.
    pub most: u64,
    /// The values that are not zero, newest first.
    pub rows: Vec<ChartRow>,
}

/// A value with its label.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChartRow {
    /// A day or a month.
    pub label: String,
    /// The number.
    pub value: u64,
}

/// An author.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AuthorShare {
    /// Who.
    pub person: Person,
    /// How many changesets.
    pub changesets: u64,
    /// The share of all, in percent.
    pub percent: String,
    /// The day of the first.
    pub first: String,
    /// The day of the newest.
    pub last: String,
    /// Their changesets over the whole time.
    pub columns_html: String,
}

/// What the summary shows of it, as scripts ask for it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SummaryFacts {
    /// Languages by size.
    pub languages: Vec<Language>,
    /// Changesets by week of the last year.
    pub activity_html: String,
    /// What the drawing says, in words.
    pub activity: String,
    /// The page that tells more.
    pub statistics_url: Option<String>,
}

impl Page for SummaryFacts {
    const TEMPLATE: &'static str = "summary_facts.html";
}
