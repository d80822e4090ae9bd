//! `jsond check`: says whether a folder and its journal are sound, and changes nothing.

use super::place::Place;
use super::print_error;
use jsond_store::{Inspection, inspect};
use std::io::Write;
use std::process::ExitCode;

/// Says whether a folder and its journal are sound; changes nothing
///
/// Every served file is read, and the journal as at a start. What is wrong is named, with the way
/// out. The exit code is 0 when all is sound, 1 when something is not.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match check(&arguments.place) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            print_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn check(place: &Place) -> anyhow::Result<bool> {
    let folder = place.open_to_read()?;
    let inspection = inspect(&folder.served, folder.journal.as_ref())?;
    let mut text = render(&inspection, folder.journal.is_some());
    if folder.is_served {
        text.push_str(
            "A jsond serves it at this moment; what it writes meanwhile may look torn.\n",
        );
    }
    anstream::stdout().write_all(text.as_bytes())?;
    Ok(inspection.is_sound())
}

fn render(inspection: &Inspection, has_journal: bool) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    let (files, bytes) = (
        inspection.files.len(),
        inspection.files.iter().map(|it| it.bytes).sum::<usize>(),
    );
    line(format!("{files} {}, {bytes} bytes", plural(files, "file")));
    for file in &inspection.files {
        if let Some(fault) = &file.fault {
            line(format!("  {}: {fault}", file.path.join("/")));
        }
    }
    if has_journal {
        let count = inspection.segments.len();
        line(format!(
            "{count} {} of the journal",
            plural(count, "segment")
        ));
    } else {
        line("no journal".to_owned());
    }
    for segment in &inspection.segments {
        let words = match segment.revisions {
            Some((first, last)) => format!(
                "revisions {first} to {last}, {} {}",
                segment.changes,
                plural(segment.changes, "change")
            ),
            None => "nothing that can be read".to_owned(),
        };
        line(format!("  {}: {words}", segment.name));
    }
    if inspection.has_torn_tail {
        line(
            "  it ends in a batch that was never acknowledged, or is damaged; the next start drops it".to_owned(),
        );
    }
    for fault in &inspection.faults {
        line(format!("  {fault}"));
    }
    line(if inspection.is_sound() {
        "All is sound.".to_owned()
    } else {
        "Not all is sound.".to_owned()
    });
    text
}

pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        noun.to_owned()
    } else {
        format!("{noun}s")
    }
}
