//! The ports that the server listens on.

use anyhow::bail;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// How often a free port is looked for that is free on both loopback addresses.
const PORT_TRIES: usize = 16;

/// An address to listen on; none for both of loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Host(pub(super) Option<IpAddr>);

impl std::str::FromStr for Host {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        if word.eq_ignore_ascii_case("localhost") {
            return Ok(Self(None));
        }
        let address = word.parse().map(|it| Self(Some(it)));
        address.map_err(|_| "it is an address such as 0.0.0.0, or localhost".to_owned())
    }
}

/// Listens on the given address, or on both loopback addresses, on the same port.
pub(super) fn listen(host: Option<IpAddr>, port: u16) -> anyhow::Result<Vec<TcpListener>> {
    if let Some(host) = host {
        return Ok(vec![bind(host, port)?]);
    }
    for _ in 0..PORT_TRIES {
        let first = bind(Ipv4Addr::LOCALHOST.into(), port)?;
        let chosen = first.local_addr()?.port();
        match try_bind(Ipv6Addr::LOCALHOST.into(), chosen) {
            Ok(second) => return Ok(vec![first, second]),
            Err(error) if error.kind() != ErrorKind::AddrInUse => return Ok(vec![first]),
            Err(error) if port != 0 => return Err(taken(Ipv6Addr::LOCALHOST.into(), port, &error)),
            Err(_) => {}
        }
    }
    bail!("no port is free on both 127.0.0.1 and ::1")
}

fn bind(host: IpAddr, port: u16) -> anyhow::Result<TcpListener> {
    try_bind(host, port).map_err(|error| taken(host, port, &error))
}

fn taken(host: IpAddr, port: u16, error: &std::io::Error) -> anyhow::Error {
    let address = SocketAddr::new(host, port);
    match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "the port {port} is taken: another program listens on {address}. Stop it, or choose \
             another port with --port (0 picks a free one)"
        ),
        ErrorKind::PermissionDenied => anyhow::anyhow!(
            "{address} may not be used by this user; ports below 1024 need a privilege"
        ),
        _ => anyhow::anyhow!("{address} cannot be listened on: {error}"),
    }
}

fn try_bind(host: IpAddr, port: u16) -> std::io::Result<TcpListener> {
    let address = SocketAddr::new(host, port);
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(address),
        socket2::Type::STREAM,
        None,
    )?;
    // A port that was in use a moment ago may be used again at once.
    socket.set_reuse_address(true)?;
    if host.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
