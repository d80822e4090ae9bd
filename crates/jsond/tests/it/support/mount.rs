//! File systems that a test mounts for itself: small ones in memory, and single files bound over
//! others. They are taken off again however the test ends. Root, or `sudo` that asks nothing, is
//! needed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

use super::{Folder, skip_unless_strict};

/// Something mounted; taken off when dropped.
#[derive(Debug)]
pub(crate) struct Mount {
    point: PathBuf,
}

/// A folder in which one file is another one, from outside: bind-mounted alone.
pub(crate) struct Bound {
    /// Taken off before the folders are removed: fields are dropped in this order.
    _mount: Mount,
    pub(crate) inside: Arc<Folder>,
    /// Has the file as `outside.json`.
    pub(crate) outside: Folder,
}

impl Bound {
    /// See [`may_mount`].
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let outside = Folder::empty().with("outside.json", text);
        let inside = Arc::new(Folder::empty().with(name, ""));
        let mount = Mount::bind(&outside.file("outside.json"), &inside.file(name));
        Self {
            _mount: mount,
            inside,
            outside,
        }
    }
}

/// A program that needs root.
pub(crate) fn privileged(program: &str) -> Command {
    static IS_ROOT: OnceLock<bool> = OnceLock::new();
    let is_root = IS_ROOT.get_or_init(|| {
        let output = Command::new("id").arg("-u").output();
        output.is_ok_and(|output| output.stdout == b"0\n")
    });
    if *is_root {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}

/// Whether this tester may mount; a test that needs to says loudly that it is skipped.
pub(crate) fn may_mount(test: &str) -> bool {
    static MAY: OnceLock<Result<(), String>> = OnceLock::new();
    let may = MAY.get_or_init(|| {
        let point = tempfile::tempdir().unwrap();
        Mount::try_mount(&["-t", "tmpfs", "-o", "size=64k", "tmpfs"], point.path()).map(drop)
    });
    if let Err(reason) = may {
        skip_unless_strict(test, &format!("nothing can be mounted: {reason}"));
    }
    may.is_ok()
}

impl Mount {
    /// An empty file system in memory, over a folder.
    pub(crate) fn tmpfs(size: &str, point: &Path) -> Self {
        let options = format!("size={size},mode=0777");
        Self::try_mount(&["-t", "tmpfs", "-o", &options, "tmpfs"], point).unwrap()
    }

    /// One file over another.
    fn bind(file: &Path, point: &Path) -> Self {
        Self::try_mount(&["--bind", file.to_str().unwrap()], point).unwrap()
    }

    pub(crate) fn remount_read_only(&self) {
        let mut command = privileged("mount");
        command.args(["-o", "remount,ro"]).arg(&self.point);
        run(&mut command).unwrap();
    }

    fn try_mount(arguments: &[&str], point: &Path) -> Result<Self, String> {
        run(privileged("mount").args(arguments).arg(point))?;
        let point = point.to_owned();
        Ok(Self { point })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a server that is just being killed may still stand in it.
        if let Err(reason) = run(privileged("umount").arg("-l").arg(&self.point)) {
            eprintln!("{} is still mounted: {reason}", self.point.display());
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output: Output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
