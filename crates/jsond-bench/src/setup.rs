//! What every command begins with: the program that is measured, a folder on a real disk, and the
//! cores. Builds jsond when no other program is named.

use crate::machine::{self, Pinning};
use crate::say;
use anyhow::{Context as _, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The options that every command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// The program that is measured; without it, jsond is built with --release
    #[arg(long, value_name = "PATH")]
    jsond: Option<PathBuf>,

    /// Where the generated folders lie; without it, in Cargo's target folder
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,

    /// How many rounds
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,

    /// Write the figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Write a plot of each table into this folder as SVG
    #[arg(long, value_name = "DIR")]
    pub(crate) plots: Option<PathBuf>,
}

impl Common {
    /// Counts the rounds from 0, and says how far it is.
    pub(crate) fn each_round(&self) -> impl Iterator<Item = u32> + use<> {
        let rounds = self.rounds;
        (0..rounds).inspect(move |round| say(&format!("round {} of {rounds}", round + 1)))
    }
}

/// What is ready when measuring begins; the folder goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) program: PathBuf,
    pub(crate) pinning: Pinning,
    folder: tempfile::TempDir,
}

impl Setup {
    /// Builds, pins, and makes the folder.
    pub(crate) fn prepare(common: &Common) -> Result<Self> {
        let program = match &common.jsond {
            Some(program) => program.clone(),
            None => build()?,
        };
        ensure!(program.is_file(), "no program at {}", program.display());
        let parent = match &common.folder {
            Some(folder) => folder.clone(),
            None => target_folder()?,
        };
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(parent);
        // Only now: the build may use all cores.
        let pinning = Pinning::take();
        Ok(Self {
            program: program.canonicalize()?,
            pinning,
            folder: folder.context("the folder for generated files")?,
        })
    }

    /// The folder for everything that is generated.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Says on what it was measured.
    pub(crate) fn describe(&self) -> Vec<String> {
        let path = self.folder().canonicalize().unwrap_or_default();
        let kind = machine::file_system(&path);
        let warning = match kind.as_str() {
            "tmpfs" | "ramfs" => "; this is memory, where a sync costs nothing",
            _ => "",
        };
        vec![
            self.pinning.words.clone(),
            format!("file system: {kind}{warning}"),
        ]
    }
}

/// Builds jsond, and gives the path of the program.
fn build() -> Result<PathBuf> {
    say("cargo build --release -p jsond");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = target_folder()?;
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "-p", "jsond", "--target-dir"]);
    let built = command.arg(&target).status().context("cargo")?;
    ensure!(built.success(), "jsond could not be built");
    Ok(target.join("release").join("jsond"))
}

/// Cargo's folder, in which this program lies itself: `target/release/jsond-bench`.
fn target_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.ancestors().nth(2);
    Ok(folder.context("not run by cargo")?.to_owned())
}
