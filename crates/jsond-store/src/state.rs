//! The small state file beside the journal: the folder's identity, and where a clean stop ended.
//!
//! No data depends on it: without it a folder has a new identity and revisions start afresh.

use crate::contract::Revision;
use crate::medium::Medium;
use jsond_document::Json;
use std::io;

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
}

impl State {
    /// Reads the state, or makes one with a new identity.
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
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let json = Json::parse(text).ok()?;
        let number = |name| Some(Revision(json.member(name)?.as_str().parse().ok()?));
        Some(Self {
            identity: json.member("identity")?.as_text()?.into_owned(),
            revision: number("revision")?,
            passed: number("passed")?,
        })
    }

    /// Writes the state, durably.
    pub(crate) fn write(&self, journal: &dyn Medium) -> io::Result<()> {
        let text = format!(
            "{{\"identity\":{},\"revision\":{},\"passed\":{}}}\n",
            jsond_document::quote(&self.identity),
            self.revision,
            self.passed
        );
        journal.write(TEMPORARY_NAME, text.as_bytes(), None)?;
        journal.rename(TEMPORARY_NAME, NAME)?;
        journal.sync_folder("")
    }
}
