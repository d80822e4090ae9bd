//! Programs that keep what they are told: each is told to sync before it acknowledges.

use super::{Rival, free_port, own_folder, version};
use crate::setup::Setup;
use anyhow::{Context as _, Result, ensure};
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Redis with an append-only file that is synced for every turn of its loop.
///
/// *Errors*: it is not installed, or does not start.
pub(crate) fn redis(setup: &Setup) -> Result<Rival> {
    let version = version("redis-server", "--version", "Debian: redis-server")?;
    let version = version.split(" sha").next().unwrap_or_default().to_owned();
    let port = free_port()?;
    let own = own_folder(setup, "redis")?;
    let mut command = setup.pinning.command(Path::new("redis-server"));
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--appendonly", "yes", "--appendfsync", "always"]);
    command.args(["--save", "", "--dir"]).arg(&own);
    let words = format!("{version}, appendfsync always");
    Rival::start(command, port, words, &own.join("out"))
}

/// etcd, one member.
///
/// *Errors*: it is not installed, or does not start.
pub(crate) fn etcd(setup: &Setup) -> Result<Rival> {
    let version = version("etcd", "--version", "Debian: etcd-server")?;
    let (port, peers) = (free_port()?, free_port()?);
    let own = own_folder(setup, "etcd")?;
    let mut command = setup.pinning.command(Path::new("etcd"));
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    command.arg("--data-dir").arg(own.join("data"));
    command.args(["--listen-client-urls", &url(port)]);
    command.args(["--advertise-client-urls", &url(port)]);
    command.args(["--listen-peer-urls", &url(peers)]);
    command.args(["--initial-advertise-peer-urls", &url(peers)]);
    command.args(["--initial-cluster", &format!("default={}", url(peers))]);
    let rival = Rival::start(command, port, version, &own.join("out"))?;
    // It listens before it has elected itself.
    std::thread::sleep(std::time::Duration::from_secs(2));
    Ok(rival)
}

/// Where Debian keeps the programs of the server.
const POSTGRES_FOLDERS: &str = "/usr/lib/postgresql";

/// PostgreSQL with its default promise, and a table of so many rows.
///
/// *Errors*: it is not installed, or does not start.
pub(crate) fn postgres(setup: &Setup, records: u64) -> Result<(Rival, String)> {
    let programs =
        postgres_programs().context("PostgreSQL is not installed (Debian: postgresql)")?;
    let version = version(
        &programs.join("postgres").display().to_string(),
        "--version",
        "Debian: postgresql",
    )?;
    let own = own_folder(setup, "postgres")?;
    let user = Owner::find()?;
    if let Some(id) = user.id {
        // It refuses root, so it gets a folder that is its own.
        chown(&own, Some(id), None)?;
        std::fs::set_permissions(setup.folder(), Permissions::from_mode(0o755))?;
    }
    let data = own.join("data");
    let mut initdb = user.command(&Command::new(programs.join("initdb")));
    initdb
        .args(["-A", "trust", "-U", &user.name, "-D"])
        .arg(&data);
    check(&initdb.current_dir(&own).output()?)?;
    let port = free_port()?;
    let server = setup.pinning.command(&programs.join("postgres"));
    let mut command = user.command(&server);
    command.arg("-D").arg(&data).arg("-k").arg(&own);
    command.args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
    command.current_dir(&own);
    let words = format!("{version}, synchronous_commit on");
    let rival = Rival::start(command, port, words, &setup.folder().join("postgres.out"))?;
    let table = format!(
        "create table record (id int primary key, name text, grade text); \
         insert into record select n, 'Student ' || n, '00000000' \
         from generate_series(0, {}) n;",
        records - 1
    );
    let mut psql = Command::new("psql");
    psql.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
    psql.args(["-U", &user.name, "-d", "postgres", "-c", &table]);
    check(&psql.output().context("psql")?)?;
    Ok((rival, user.name))
}

/// The newest version that is installed.
fn postgres_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(POSTGRES_FOLDERS).ok()?;
    let folders = versions.filter_map(|it| Some(it.ok()?.path().join("bin")));
    folders.filter(|it| it.join("postgres").is_file()).max()
}

/// Under whom PostgreSQL runs: the user of its package where we are root.
struct Owner {
    name: String,
    id: Option<u32>,
}

impl Owner {
    fn find() -> Result<Self> {
        let name = "postgres".to_owned();
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { name, id: None });
        }
        let output = Command::new("id").args(["-u", &name]).output()?;
        check(&output)?;
        let id = String::from_utf8_lossy(&output.stdout).trim().parse()?;
        Ok(Self { name, id: Some(id) })
    }

    /// The same command, run by this user.
    fn command(&self, command: &Command) -> Command {
        let mut by_user = match self.id {
            None => Command::new(command.get_program()),
            Some(id) => {
                let mut setpriv = Command::new("setpriv");
                setpriv.args(["--reuid", &id.to_string(), "--clear-groups"]);
                setpriv.arg(command.get_program());
                setpriv
            }
        };
        by_user.args(command.get_args());
        by_user
    }
}

fn check(output: &Output) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", said.trim());
    Ok(())
}
