//! `jsond repair`: lets a folder start again whose journal is damaged.

use super::check::plural;
use super::place::Place;
use super::print_error;
use anyhow::Context as _;
use jsond_store::{Repair, inspect, repair};
use std::io::{BufRead as _, IsTerminal as _, Write};
use std::process::ExitCode;

/// Lets a folder start again whose journal is damaged
///
/// What is good in the journal before the damage stays. The rest is set aside beside it and nothing
/// is thrown away; changes in it that no file has are listed. On a terminal it asks first. Files
/// that are broken JSON are only named. The exit code is 0 when the folder is sound then, 1 when not.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// How many changes are listed one by one.
const LISTED_MAX: usize = 100;

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match repair_at(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            print_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn repair_at(arguments: &Arguments) -> anyhow::Result<bool> {
    let folder = arguments.place.open_locked()?;
    let inspection = inspect(&folder.served, Some(&folder.journal))?;
    let mut out = anstream::stdout();
    for file in &inspection.files {
        if let Some(fault) = &file.fault {
            let path = file.path.join("/");
            writeln!(out, "{path}: {fault}; only a person can mend that")?;
        }
    }
    if inspection.faults.is_empty() {
        writeln!(out, "The journal is sound; there is nothing to repair.")?;
        return Ok(inspection.is_sound());
    }
    for fault in &inspection.faults {
        writeln!(out, "{fault}")?;
    }
    if !arguments.yes && std::io::stdin().is_terminal() && !is_agreed(&mut out)? {
        writeln!(out, "Nothing was changed.")?;
        return Ok(false);
    }
    let done = repair(&folder.served, &folder.journal)?;
    out.write_all(render(&done).as_bytes())?;
    Ok(inspection.files.iter().all(|it| it.fault.is_none()))
}

fn is_agreed(out: &mut impl Write) -> anyhow::Result<bool> {
    write!(
        out,
        "Keep what is good before the damage, and set the rest aside? [y/N] "
    )?;
    out.flush()?;
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.context("the answer cannot be read")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn render(repair: &Repair) -> String {
    let mut text = format!("Kept: everything up to revision {}.\n", repair.kept_to);
    for name in &repair.set_aside {
        text.push_str(&format!("Set aside beside the journal: {name}\n"));
    }
    let (held, lost): (Vec<_>, Vec<_>) = repair.lost.iter().partition(|it| it.is_in_its_file);
    if !held.is_empty() {
        let count = held.len();
        text.push_str(&format!(
            "{count} {} behind the damage {} in the files already.\n",
            plural(count, "change"),
            if count == 1 { "is" } else { "are" }
        ));
    }
    let count = lost.len();
    text.push_str(&format!(
        "{count} {} that can still be read {} lost from the files{}\n",
        plural(count, "change"),
        if count == 1 { "is" } else { "are" },
        if count == 0 { "." } else { ":" }
    ));
    for change in lost.iter().take(LISTED_MAX) {
        let time = humantime::format_rfc3339_seconds(change.time);
        let (revision, paths) = (change.revision, change.paths.join(" "));
        text.push_str(&format!("  {revision} {time} {paths}\n"));
    }
    if count > LISTED_MAX {
        text.push_str(&format!("  and {} more\n", count - LISTED_MAX));
    }
    text.push_str("What cannot be read any more cannot be listed.\n");
    text
}
