//! The dot words: what a person tells the client itself. Pure.
//!
//! They begin with a dot, which no method does, so they clash with none.

use super::language::Language;

/// What a dot word asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    Help,
    /// List a folder, or the members of what is no folder.
    List(Option<String>),
    /// Where targets without a slash begin.
    ChangeFolder(Option<String>),
    /// Show the last response again.
    Last,
    /// Send the last request again.
    Again,
    /// Change something in an editor.
    Edit(Option<String>),
    /// The last request as a command of curl.
    Curl,
    /// Write the last body to a file.
    Save(String),
    /// Send the requests in a file.
    Run(String),
    /// Show what changes, at each so many seconds.
    Watch(Option<String>, u64),
    Language(Language),
    /// A collection as a table.
    Table(Option<String>),
    Wire(WireCommand),
    Quit,
}

/// What is to be done with the wire view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WireCommand {
    /// Say whether it is on.
    Tell,
    On,
    Hex,
    Off,
    /// Write what crossed to a capture file.
    Save(String),
}

/// Why a dot word is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    Unknown,
    /// It is known, and this is how it is used.
    Usage(&'static str),
}

/// The dot words, for completion and for help.
pub(super) const WORDS: [&str; 15] = [
    ".again", ".cd", ".curl", ".edit", ".help", ".lang", ".last", ".ls", ".quit", ".run", ".save",
    ".table", ".watch", ".wire", "?",
];

/// The seconds between two looks, if nothing is said.
const WATCH_SECONDS: u64 = 1;

impl Command {
    /// Whether a line is for the client itself.
    pub(super) fn is_one(line: &str) -> bool {
        line == "?" || line.starts_with('.')
    }

    /// Reads a line that is for the client itself.
    pub(super) fn parse(words: &[String]) -> Result<Self, Fault> {
        let (word, rest) = words.split_first().ok_or(Fault::Unknown)?;
        let words: Vec<&str> = rest.iter().map(String::as_str).collect();
        let name = word.to_ascii_lowercase();
        let one = |usage| match words.as_slice() {
            [word] => Ok((*word).to_owned()),
            _ => Err(Fault::Usage(usage)),
        };
        let perhaps = |usage| match words.as_slice() {
            [] => Ok(None),
            [word] => Ok(Some((*word).to_owned())),
            _ => Err(Fault::Usage(usage)),
        };
        let none = |command, usage| match words.as_slice() {
            [] => Ok(command),
            _ => Err(Fault::Usage(usage)),
        };
        match name.as_str() {
            "?" | ".help" => Ok(Self::Help),
            ".ls" => perhaps(".ls [TARGET]").map(Self::List),
            ".cd" => perhaps(".cd [FOLDER]").map(Self::ChangeFolder),
            ".last" => none(Self::Last, ".last"),
            ".again" => none(Self::Again, ".again"),
            ".edit" => perhaps(".edit [TARGET]").map(Self::Edit),
            ".curl" => none(Self::Curl, ".curl"),
            ".save" => one(".save FILE").map(Self::Save),
            ".run" => one(".run FILE").map(Self::Run),
            ".table" => perhaps(".table [TARGET]").map(Self::Table),
            ".watch" => watch(&words),
            ".lang" => match words.as_slice() {
                ["en"] => Ok(Self::Language(Language::En)),
                ["ko"] => Ok(Self::Language(Language::Ko)),
                _ => Err(Fault::Usage(".lang en|ko")),
            },
            ".wire" => wire(&words).map(Self::Wire),
            ".quit" | ".exit" => none(Self::Quit, ".quit"),
            _ => Err(Fault::Unknown),
        }
    }
}

fn watch(words: &[&str]) -> Result<Command, Fault> {
    let usage = Fault::Usage(".watch [TARGET] [SECONDS]");
    let seconds = |word: &str| word.parse().ok().filter(|it| (1..=86_400).contains(it));
    match words {
        [] => Ok(Command::Watch(None, WATCH_SECONDS)),
        [one] => Ok(match seconds(one) {
            Some(seconds) => Command::Watch(None, seconds),
            None => Command::Watch(Some((*one).to_owned()), WATCH_SECONDS),
        }),
        [target, word] => {
            let seconds = seconds(word).ok_or(usage)?;
            Ok(Command::Watch(Some((*target).to_owned()), seconds))
        }
        _ => Err(usage),
    }
}

fn wire(words: &[&str]) -> Result<WireCommand, Fault> {
    match words {
        [] => Ok(WireCommand::Tell),
        ["on" | "text"] => Ok(WireCommand::On),
        ["hex"] => Ok(WireCommand::Hex),
        ["off"] => Ok(WireCommand::Off),
        ["save", file] => Ok(WireCommand::Save((*file).to_owned())),
        _ => Err(Fault::Usage(".wire on|off|hex, .wire save FILE")),
    }
}

/// A target where a person stands: what has no slash in front is in that folder. `..` goes up.
pub(super) fn resolve(folder: &str, target: &str) -> String {
    if target.starts_with('/') || target == "*" || folder == "/" && !target.starts_with("..") {
        return target.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let mut rest = target;
    loop {
        match rest.split_once('/') {
            Some(("..", after)) => {
                parts.pop();
                rest = after;
            }
            _ if rest == ".." => {
                parts.pop();
                rest = "";
            }
            _ => break,
        }
    }
    let folder: String = parts.iter().map(|part| format!("/{part}")).collect();
    format!("{folder}/{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, Fault> {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        Command::parse(&words)
    }

    #[test]
    fn every_word_is_one_and_has_its_form() {
        for word in WORDS {
            assert!(Command::is_one(word));
            assert_ne!(parse(word), Err(Fault::Unknown), "{word}");
        }
        assert_eq!(parse(".save a"), Ok(Command::Save("a".into())));
        assert_eq!(parse(".LS x"), Ok(Command::List(Some("x".into()))));
        assert_eq!(parse(".watch 5"), Ok(Command::Watch(None, 5)));
        assert_eq!(
            parse(".watch a.json"),
            Ok(Command::Watch(Some("a.json".into()), 1))
        );
        assert_eq!(parse(".watch a 9"), Ok(Command::Watch(Some("a".into()), 9)));
        assert_eq!(
            parse(".wire save f"),
            Ok(Command::Wire(WireCommand::Save("f".into())))
        );
        for wrong in [
            ".save",
            ".save a b",
            ".lang fr",
            ".wire up",
            ".watch a x",
            ".quit now",
        ] {
            assert!(matches!(parse(wrong), Err(Fault::Usage(_))), "{wrong}");
        }
        assert_eq!(parse(".nope"), Err(Fault::Unknown));
    }

    #[test]
    fn a_target_begins_where_one_stands() {
        for (folder, target, expected) in [
            ("/", "a.json", "a.json"),
            ("/", "/a.json", "/a.json"),
            ("/", "*", "*"),
            ("/school", "a.json", "/school/a.json"),
            ("/school/", "a.json?x=1/2", "/school/a.json?x=1/2"),
            ("/school/old", "../a.json", "/school/a.json"),
            ("/school/old", "..", "/school/"),
            ("/school", "../..", "/"),
            ("/", "..", "/"),
        ] {
            assert_eq!(resolve(folder, target), expected, "{folder} {target}");
        }
    }
}
