//! Flags that make the server behave as another does: json-server, a slow network, a file server.

use crate::api::{Api, Cors, CorsManner, JsonServer, JsonServerSettings, JsonServerVersion, Pause};
use crate::site::{Files, Manner};
use anyhow::Context as _;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The port without `--like`.
const PORT: u16 = 12345;
/// The port of json-server.
const JSON_SERVER_PORT: u16 = 3000;

/// The folder of a front end, where there is one.
const PUBLIC: &str = "public";

/// What json-server 0.17 makes where there is no file yet.
const SAMPLE: &str = include_str!("sample.json");

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "In the place of json-server, and for front ends")]
#[group(id = "like_flags")]
pub(super) struct Flags {
    /// Answer as another server does: json-server (1.x) or json-server@0.17
    ///
    /// Routes, parameters and answers are those of json-server, so that a front end written for it
    /// runs unchanged; pages of this machine may read and write. What jsond does better it does;
    /// --strict takes that back.
    #[arg(long, value_name = "SERVER", value_parser = parse_version)]
    like: Option<JsonServerVersion>,

    /// With --like: keep also what json-server does worse, as far as it loses nothing
    #[arg(long, requires = "like")]
    strict: bool,

    /// With --like: what stands behind a parent's name in a foreign key
    #[arg(
        long,
        value_name = "SUFFIX",
        aliases = ["foreignKeySuffix", "fks"],
        default_value = "Id"
    )]
    foreign_key_suffix: String,

    /// With --like: a JSON file of rewrite rules, {"/api/*": "/$1"}
    #[arg(long, short = 'r', value_name = "FILE", requires = "like")]
    routes: Option<PathBuf>,

    /// With --like: pages of other ports get no leave to read and write
    #[arg(long, alias = "nc", requires = "like")]
    no_cors: bool,

    /// A folder of a front end, whose files come before the data; give it once for each
    ///
    /// With --like, ./public is one where it is there.
    #[arg(long = "static", short = 's', value_name = "DIR")]
    folders: Vec<PathBuf>,

    /// Answer reads only; whatever would write is refused
    #[arg(long, alias = "ro")]
    read_only: bool,

    /// Hold each answer back for so many milliseconds
    #[arg(
        long,
        short = 'd',
        value_name = "MS",
        default_value_t = 0,
        hide_default_value = true,
        value_parser = clap::value_parser!(u64).range(..=60_000)
    )]
    delay: u64,

    /// Hold each answer back for up to so many milliseconds more
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 0,
        hide_default_value = true,
        value_parser = clap::value_parser!(u64).range(..=60_000)
    )]
    jitter: u64,
}

fn parse_version(word: &str) -> Result<JsonServerVersion, String> {
    match word {
        "json-server" | "json-server@1" => Ok(JsonServerVersion::One),
        "json-server@0.17" | "json-server@0" => Ok(JsonServerVersion::ZeroSeventeen),
        _ => Err("it is json-server or json-server@0.17".to_owned()),
    }
}

impl Flags {
    /// The port where none is given; as json-server does, that of the environment first.
    pub(super) fn port(&self) -> u16 {
        if self.like.is_none() {
            return PORT;
        }
        let given = std::env::var("PORT").ok();
        let given = given.and_then(|text| text.parse().ok());
        given.unwrap_or(JSON_SERVER_PORT)
    }

    /// What the server behaves as.
    pub(super) fn name(&self) -> Option<&'static str> {
        self.like.map(|version| match version {
            JsonServerVersion::One => "json-server 1.x",
            JsonServerVersion::ZeroSeventeen => "json-server 0.17",
        })
    }

    pub(super) fn reads_only(&self) -> Option<&'static str> {
        self.read_only
            .then_some("jsond was started with --read-only; nothing can be changed.")
    }

    /// Which pages may read and write.
    pub(super) fn cors(&self, cors: Cors, is_near: bool) -> Cors {
        let manner = match self.like {
            Some(JsonServerVersion::One) => CorsManner::Star,
            Some(JsonServerVersion::ZeroSeventeen) => CorsManner::Origin,
            None => return cors,
        };
        if self.no_cors || !is_near {
            return cors;
        }
        let also = Box::new(cors);
        Cors::Loopback { manner, also }
    }

    /// Makes the file that json-server would make: where there is none, or nothing in it.
    pub(super) fn prepare(&self, path: &Path) -> anyhow::Result<()> {
        let Some(version) = self.like else {
            return Ok(());
        };
        let is_json = path.extension().is_some_and(|it| it == "json");
        let text = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() && metadata.len() < 64 => {
                let text = std::fs::read_to_string(path).unwrap_or_else(|_| "?".to_owned());
                let is_blank = text
                    .trim_matches(['\u{feff}', ' ', '\n', '\r', '\t'])
                    .is_empty();
                is_blank.then_some("{}\n")
            }
            Err(error) if error.kind() == ErrorKind::NotFound && is_json => {
                (version == JsonServerVersion::ZeroSeventeen).then_some(SAMPLE)
            }
            _ => None,
        };
        let Some(text) = text else {
            return Ok(());
        };
        let shown = path.display();
        std::fs::write(path, text).with_context(|| format!("{shown} cannot be written"))
    }

    /// Lets the api behave so.
    pub(super) fn dress(&self, api: Api) -> anyhow::Result<Api> {
        let delay = Duration::from_millis(self.delay);
        let jitter = Duration::from_millis(self.jitter);
        let mut api = api.with_pause(Pause { delay, jitter });
        let folders = self.folders();
        if !folders.is_empty() {
            let files = Files::open(&folders).map_err(|(path, error)| {
                anyhow::anyhow!("--static: {} cannot be opened: {error}", path.display())
            })?;
            let manner = match (self.like, self.strict) {
                (Some(JsonServerVersion::One), true) => Manner::All,
                (Some(JsonServerVersion::One), false) => Manner::Named,
                (Some(JsonServerVersion::ZeroSeventeen), _) => Manner::Exact,
                (None, _) => Manner::Plain,
            };
            api = api.with_files(files.in_manner(manner));
        }
        let Some(version) = self.like else {
            return Ok(api);
        };
        let read = |path: &PathBuf| {
            std::fs::read(path)
                .with_context(|| format!("--routes: {} cannot be read", path.display()))
        };
        let dialect = JsonServer::new(JsonServerSettings {
            version,
            strict: self.strict,
            foreign_key_suffix: self.foreign_key_suffix.clone(),
            routes: self.routes.as_ref().map(read).transpose()?,
        });
        Ok(api.with_json_server(dialect.context("--routes")?))
    }

    /// The folders of front ends: 1.x looks into `public` and then into the others, 0.17 into the
    /// others instead.
    fn folders(&self) -> Vec<PathBuf> {
        let is_wanted = match self.like {
            Some(JsonServerVersion::One) => true,
            Some(JsonServerVersion::ZeroSeventeen) => self.folders.is_empty(),
            None => false,
        };
        let public = Path::new(PUBLIC);
        let first = (is_wanted && public.is_dir()).then(|| public.to_owned());
        first
            .into_iter()
            .chain(self.folders.iter().cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    fn flags(words: &[&str]) -> Flags {
        let words = std::iter::once("jsond").chain(words.iter().copied());
        Line::try_parse_from(words).unwrap().flags
    }

    #[test]
    fn each_server_has_its_port() {
        assert_eq!(flags(&[]).port(), 12345);
        if std::env::var_os("PORT").is_none() {
            assert_eq!(flags(&["--like", "json-server"]).port(), 3000);
            assert_eq!(flags(&["--like", "json-server@0.17"]).port(), 3000);
        }
    }

    #[test]
    fn pages_of_this_machine_have_leave_only_where_nobody_else_reaches_it() {
        let has_leave = |words: &[&str], is_near| {
            let cors = flags(words).cors(Cors::default(), is_near);
            matches!(cors, Cors::Loopback { .. })
        };
        assert!(has_leave(&["--like", "json-server"], true));
        assert!(!has_leave(&["--like", "json-server"], false));
        assert!(!has_leave(&["--like", "json-server", "--no-cors"], true));
        assert!(!has_leave(&[], true));
    }

    #[test]
    fn names_of_json_server_are_taken_too() {
        let given = flags(&[
            "--like",
            "json-server@0.17",
            "--fks",
            "_id",
            "--ro",
            "--nc",
            "-s",
            "a",
        ]);
        assert_eq!(given.foreign_key_suffix, "_id");
        assert!(given.no_cors && given.reads_only().is_some());
        assert_eq!(given.folders, [PathBuf::from("a")]);
    }
}
