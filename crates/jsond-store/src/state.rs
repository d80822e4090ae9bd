//! The small state file beside the journal: the folder's identity, and where a clean stop ended.
//!
//! No data depends on it: without it a folder has a new identity and revisions start afresh.

use crate::contract::Revision;
use crate::journal::reader::OpenError;
use crate::journal::segment;
use crate::key::file;
use crate::medium::Medium;
use jsond_document::Json;
use std::io;
use std::sync::Arc;

const NAME: &str = "state.json";
const TEMPORARY_NAME: &str = "state.json.new";

/// What is kept between two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// Names the folder in the headers of its journal segments.
    pub(crate) identity: String,
    /// The last revision of the run before.
    pub(crate) revision: Revision,
    /// All files on disk hold every change up to here.
    pub(crate) passed: Revision,
    /// Where the folder is, if the journal does not lie in it.
    pub(crate) folder: Option<String>,
    /// Segments up to here are there for people only.
    pub(crate) history: Revision,
}

/// The state as it is kept while a store runs.
#[derive(Debug)]
pub(crate) struct StateFile {
    medium: Arc<dyn Medium>,
    state: State,
}

impl StateFile {
    pub(crate) fn new(medium: Arc<dyn Medium>, state: State) -> Self {
        Self { medium, state }
    }

    /// Notes that all files hold every change up to here.
    ///
    /// *Errors*: those of the medium.
    pub(crate) fn finish(&mut self, last: Revision, keeps_history: bool) -> io::Result<()> {
        (self.state.revision, self.state.passed) = (last, last);
        if keeps_history {
            self.state.history = last;
        }
        self.state.write(&*self.medium)
    }

    /// Notes up to where segments are there for people only.
    ///
    /// *Errors*: those of the medium; then a start reads more than it has to.
    pub(crate) fn note_history(&mut self, history: Revision) -> io::Result<()> {
        self.state.history = self.state.history.max(history);
        self.state.write(&*self.medium)
    }
}

impl State {
    /// Reads the state; where it is lost, takes the identity of the journal or of the keys, or a
    /// new one.
    pub(crate) fn find(journal: &dyn Medium) -> Result<Self, OpenError> {
        let what = "the state beside the journal cannot be read";
        if let Some(state) = Self::read(journal).map_err(OpenError::io(what))? {
            return Ok(state);
        }
        let mut names: Vec<_> = journal.list("").map_err(OpenError::io(what))?;
        names.retain(|listed| segment::is_name(&listed.name));
        names.sort_by(|a, b| a.name.cmp(&b.name));
        let first = names
            .first()
            .and_then(|listed| journal.read(&listed.name).ok()?);
        let header = first.and_then(|bytes| segment::read(&bytes).header);
        let identity = header.map(|header| header.identity);
        Ok(Self::new(identity.or_else(|| file::identity(journal))))
    }

    /// Reads the state, if there is one.
    pub(crate) fn read(journal: &dyn Medium) -> io::Result<Option<Self>> {
        let Some(text) = journal.read(NAME)? else {
            return Ok(None);
        };
        Ok(Self::parse(&text))
    }

    pub(crate) fn new(identity: Option<String>) -> Self {
        let identity = identity.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        Self {
            identity,
            revision: Revision(0),
            passed: Revision(0),
            folder: None,
            history: Revision(0),
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let json = Json::parse(text).ok()?;
        let number = |name| Some(Revision(json.member(name)?.as_str().parse().ok()?));
        Some(Self {
            identity: json.member("identity")?.as_text()?.into_owned(),
            revision: number("revision")?,
            passed: number("passed")?,
            folder: json
                .member("folder")
                .and_then(|folder| Some(folder.as_text()?.into_owned())),
            history: number("history").unwrap_or_default(),
        })
    }

    /// Writes the state, durably.
    pub(crate) fn write(&self, journal: &dyn Medium) -> io::Result<()> {
        let folder = self.folder.as_ref();
        let folder = folder.map(|it| format!(",\"folder\":{}", jsond_document::quote(it)));
        let history = match self.history {
            Revision(0) => String::new(),
            history => format!(",\"history\":{history}"),
        };
        let text = format!(
            "{{\"identity\":{},\"revision\":{},\"passed\":{}{}{history}}}\n",
            jsond_document::quote(&self.identity),
            self.revision,
            self.passed,
            folder.unwrap_or_default()
        );
        journal.write(TEMPORARY_NAME, text.as_bytes(), None)?;
        journal.rename(TEMPORARY_NAME, NAME)?;
        journal.sync_folder("")
    }
}
