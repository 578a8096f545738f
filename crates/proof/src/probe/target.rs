//! Where the instance runs: on this machine, unless the user says twice that it is elsewhere.

use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use ureq::http::Uri;

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The host as it is written, without brackets.
    host: String,
    port: u16,
    /// What stands before all paths, without a slash at its end.
    base: String,
    /// The address, looked up once.
    pub(crate) address: SocketAddr,
}

/// Why an instance is not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The address cannot be read.
    #[error("'{0}' is no address of the form http://HOST:PORT")]
    Malformed(String),
    /// It wants encryption.
    #[error("only http:// is spoken")]
    Encrypted,
    /// It has a name or password in it.
    #[error("the address has credentials in it")]
    Credentials,
    /// The host has no address.
    #[error("the host '{0}' is not known")]
    Unknown(String),
    /// The host is another machine.
    #[error("'{0}' is not this machine")]
    Elsewhere(String),
}

impl Target {
    /// Reads the address of an instance; `allowed` is a host that may be elsewhere.
    pub fn parse(url: &str, allowed: Option<&str>) -> Result<Target, TargetError> {
        let malformed = || TargetError::Malformed(url.chars().take(200).collect());
        let uri: Uri = url.parse().map_err(|_| malformed())?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(TargetError::Encrypted),
            _ => return Err(malformed()),
        }
        let authority = uri.authority().ok_or_else(malformed)?;
        if authority.as_str().contains('@') {
            return Err(TargetError::Credentials);
        }
        if uri.query().is_some() {
            return Err(malformed());
        }
        let host = authority
            .host()
            .trim_matches(['[', ']'])
            .to_ascii_lowercase();
        let port = authority.port_u16().unwrap_or(80);
        let addresses = addresses(&host, port);
        let Some(address) = addresses.first().copied() else {
            return Err(TargetError::Unknown(host));
        };
        let is_here = addresses.iter().all(|address| is_loopback(address.ip()));
        let is_allowed = allowed.is_some_and(|allowed| allowed.eq_ignore_ascii_case(&host));
        if !is_here && !is_allowed {
            return Err(TargetError::Elsewhere(host));
        }
        Ok(Target {
            host,
            port,
            base: uri.path().trim_end_matches('/').to_owned(),
            address,
        })
    }

    /// Returns the address of a path of the instance, for that scheme.
    pub(crate) fn url(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://{}{}{path}", self.authority(), self.base)
    }

    /// Returns the path of the instance for `location`, if that leads to the same host; nothing otherwise.
    pub(crate) fn own_path(&self, location: &str) -> Option<String> {
        let path = match location.parse::<Uri>() {
            Ok(uri) => match uri.authority() {
                Some(authority) => {
                    let host = authority.host().trim_matches(['[', ']']);
                    let port = authority.port_u16().unwrap_or(80);
                    let is_own = host.eq_ignore_ascii_case(&self.host) && port == self.port;
                    if !is_own || uri.scheme_str().is_some_and(|scheme| scheme != "http") {
                        return None;
                    }
                    uri.path_and_query()?.as_str().to_owned()
                }
                None => uri.path_and_query()?.as_str().to_owned(),
            },
            Err(_) => return None,
        };
        let path = path.strip_prefix(self.base.as_str())?;
        path.starts_with('/').then(|| path.to_owned())
    }

    fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.url("http", ""))
    }
}

fn addresses(host: &str, port: u16) -> Vec<SocketAddr> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return vec![SocketAddr::new(address, port)];
    }
    let found = (host, port).to_socket_addrs();
    let mut found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
    // Servers listen there more often.
    found.sort_by_key(|address| address.is_ipv6());
    found
}

fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => {
            let mapped = address.to_ipv4_mapped();
            address.is_loopback() || mapped.is_some_and(|address| address.is_loopback())
        }
    }
}
