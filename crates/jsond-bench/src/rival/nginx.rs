//! nginx on a folder: one worker, static files, keep-alive without an end, a log as jsond writes one.

use super::{Rival, free_port, own_folder, version};
use crate::setup::Setup;
use anyhow::Result;
use std::path::Path;

/// Starts it.
///
/// *Errors*: it is not installed, or does not start.
pub(crate) fn nginx(setup: &Setup, folder: &Path) -> Result<Rival> {
    let version = version("nginx", "-v", "Debian: nginx-light")?;
    let port = free_port()?;
    let own = own_folder(setup, "nginx")?;
    let (own_shown, folder) = (own.display(), folder.display());
    let file = own.join("nginx.conf");
    let configuration = format!(
        "daemon off; master_process off; worker_processes 1; pid {own_shown}/pid;
         error_log {own_shown}/error.log;
         events {{ worker_connections 2048; }}
         http {{
           access_log {own_shown}/access.log; keepalive_requests 1000000000; keepalive_timeout 600;
           sendfile on; tcp_nodelay on; open_file_cache max=1000;
           client_body_temp_path {own_shown}/b; proxy_temp_path {own_shown}/p;
           fastcgi_temp_path {own_shown}/f; uwsgi_temp_path {own_shown}/u; scgi_temp_path {own_shown}/s;
           types {{ application/json json; }}
           server {{ listen 127.0.0.1:{port}; root {folder}; }}
         }}"
    );
    std::fs::write(&file, configuration)?;
    let mut command = setup.pinning.command(Path::new("nginx"));
    command.arg("-c").arg(&file);
    command.args(["-e", &format!("{own_shown}/error.log")]);
    let words = format!("{version}, one worker, access log on, open_file_cache on");
    Rival::start(command, port, words, &own.join("out"))
}
