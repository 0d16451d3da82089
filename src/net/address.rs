//! Which addresses are public: what an operator lets plazo call must not lead into the house unless the file says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Whether an address is reachable from everywhere (IANA special-purpose registries, RFC 6890).
pub const fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && 64 <= b && b < 128)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

const fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    !(address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        // Site-local, given up by RFC 3879 and routed in some houses still.
        || (a & 0xffc0) == 0xfec0
        || (a == 0x2001 && b == 0x0db8)
        || (a == 0x2001 && b < 0x0200)
        || (a == 0x0064 && b == 0xff9b))
}

/// The IPv4 address that an IPv6 one stands for: mapped, compatible (RFC 4291 §2.5.5), translated (RFC 2765), or by 6to4.
const fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let is_compatible = a == 0 && b == 0 && c == 0 && d == 0 && e == 0 && f == 0 && 1 < g;
    let is_translated = a == 0 && b == 0 && c == 0 && d == 0 && e == 0xffff && f == 0;
    if is_compatible || is_translated {
        let ([one, two], [three, four]) = (g.to_be_bytes(), h.to_be_bytes());
        return Some(Ipv4Addr::new(one, two, three, four));
    }
    if a == 0x2002 {
        let ([one, two], [three, four]) = (b.to_be_bytes(), c.to_be_bytes());
        return Some(Ipv4Addr::new(one, two, three, four));
    }
    address.to_ipv4_mapped()
}

/// Whether the host of an address is written as a private one.
pub fn is_private_host(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let is_local_name = name == "localhost" || name.ends_with(".localhost");
    host.parse::<IpAddr>().map_or(is_local_name, |address| !is_public(address))
}

/// Finds public addresses only: a public name may lead to a private one.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name leads to a private address; if that is meant, write `private = true`".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_everybody_can_reach_is_public() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "2001:db8::1",
        ];
        for address in private {
            assert!(!is_public(address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)))), "{address}");
        }
        for address in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))), "{address}");
        }
    }

    #[test]
    fn a_private_host_is_known_however_it_is_written() {
        let is_private = |url: &str| Url::parse(url).is_ok_and(|url| is_private_host(&url));
        for url in [
            "http://localhost/",
            "http://LOCALHOST.:8080/",
            "http://x.localhost/",
            "http://[::1]/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            assert!(is_private(url), "{url}");
        }
        assert!(!is_private("https://hooks.slack.com/x") && !is_private("https://8.8.8.8/"));
    }
}
