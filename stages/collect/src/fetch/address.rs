//! Which addresses may be reached: never those of the own machine or network, unless allowed.

use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// IPv4 blocks that are not on the open Internet: IANA's registry of special-purpose addresses,
/// multicast (RFC 5771), and the relays of 6to4, which lead into any network.
const IPV4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Blocks of IPv6 that are not, though they are in its global part: protocol assignments (Teredo
/// among them), documentation (two), and 6to4.
const IPV6: &[([u16; 2], u32)] = &[
    ([0x2001, 0], 23),
    ([0x2001, 0x0db8], 32),
    ([0x2002, 0], 16),
    ([0x3fff, 0], 20),
];

/// Whether an address is one of the open Internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !IPV4.iter().any(|(block, length)| {
        let block = u32::from_be_bytes(*block);
        (bits ^ block) >> (32 - length) == 0
    })
}

/// Only 2000::/3 is in use on the open Internet; this leaves out loopback, mapped and translated
/// IPv4 (NAT64), unique local, link-local and multicast addresses.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let bits = u32::from(first) << 16 | u32::from(second);
    let special = IPV6.iter().any(|([first, second], length)| {
        let block = u32::from(*first) << 16 | u32::from(*second);
        (bits ^ block) >> (32 - length) == 0
    });
    first >> 13 == 1 && !special
}

/// The address that stands in a URL in place of a name, if it may not be reached. The parser has
/// read all forms already: `0x7f.1`, `2130706433`, `[::ffff:7f00:1]`.
pub(crate) fn private_literal(url: &Url) -> Option<IpAddr> {
    let address = match url.host()? {
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
        Host::Domain(_) => return None,
    };
    (!is_public(address)).then_some(address)
}

/// A name leads only to addresses that may not be reached.
#[derive(Debug, thiserror::Error)]
#[error("{name} has the address {address}, which is not on the open Internet")]
pub(crate) struct Private {
    name: String,
    address: IpAddr,
}

impl Private {
    /// Finds it among the causes of an error.
    pub fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }
}

/// Looks up the addresses of a name.
pub(crate) type LookUp = fn(&str) -> io::Result<Vec<IpAddr>>;

/// Looks up as the system does.
pub(crate) fn system(name: &str) -> io::Result<Vec<IpAddr>> {
    let found = (name, 0).to_socket_addrs()?;
    Ok(found.map(|address| address.ip()).collect())
}

/// Hands the client only addresses that may be reached. It connects to no others, so that nothing
/// can change between the check and the connection.
pub(crate) struct Resolver {
    /// How names are looked up.
    pub look_up: LookUp,
    /// Whether all addresses may be reached.
    pub allow_private: bool,
}

impl Resolver {
    fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn StdError + Send + Sync>> {
        let mut found = (self.look_up)(name)?;
        let first = found.first().copied();
        if !self.allow_private {
            found.retain(|address| is_public(*address));
        }
        match first {
            Some(address) if found.is_empty() => Err(Box::new(Private {
                name: name.to_owned(),
                address,
            })),
            _ => Ok(found),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = Arc::new(Self { ..*self });
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found = tokio::task::spawn_blocking(move || this.addresses(&name)).await??;
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_open_internet() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn literals_of_all_forms() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0/",
            "http://%31%32%37.0.0.1/",
            "http://１２７.0.0.1/",
        ] {
            assert!(
                private_literal(&Url::parse(url).unwrap()).is_some(),
                "{url}"
            );
        }
        for url in [
            "http://8.8.8.8/",
            "http://localhost/",
            "http://127.0.0.1.example/",
        ] {
            assert!(
                private_literal(&Url::parse(url).unwrap()).is_none(),
                "{url}"
            );
        }
    }

    #[test]
    fn names_lead_only_where_they_may() {
        let mixed: LookUp = |_| Ok(vec![[10, 0, 0, 1].into(), [9, 9, 9, 9].into()]);
        let private: LookUp = |_| Ok(vec![[10, 0, 0, 1].into()]);
        let of = |look_up, allow_private| {
            let resolver = Resolver {
                look_up,
                allow_private,
            };
            resolver
                .addresses("a.example")
                .map_err(|error| Private::find(&*error).is_some())
        };
        assert_eq!(of(mixed, false), Ok(vec![[9, 9, 9, 9].into()]));
        assert_eq!(of(private, false), Err(true));
        assert_eq!(of(private, true), Ok(vec![[10, 0, 0, 1].into()]));
        assert_eq!(
            of(|_| Err(io::ErrorKind::NotFound.into()), false),
            Err(false)
        );
    }
}
