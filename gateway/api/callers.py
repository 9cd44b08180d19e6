"""From which networks providers may call, and whose word about the caller's address is believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRule:
    """Networks by provider; a provider without any may call from everywhere (payment notes §14 U28).

    `trusted_proxies` are the networks of the proxies in front of the gateway.
    """

    networks: Mapping[str, Sequence[Network]] = field(default_factory=dict)
    trusted_proxies: Sequence[Network] = ()

    def admits(self, provider: str, peer: str | None, forwarded: Sequence[str]) -> bool:
        """Tell whether a call is let in. `peer` is who is connected, `forwarded` every X-Forwarded-For in order."""
        allowed = self.networks.get(provider)
        if not allowed:
            return True
        address = self.address_of(peer, forwarded)
        return address is not None and _is_in(address, allowed)

    def address_of(self, peer: str | None, forwarded: Sequence[str]) -> Address | None:
        """Give the caller's address: the last one that no trusted proxy has; None when it cannot be read.

        Whoever is not a trusted proxy speaks for itself only, whatever its headers say.
        """
        hops = [hop for line in forwarded for hop in line.split(",")]
        address = _read(peer or "")
        while address is not None and hops and _is_in(address, self.trusted_proxies):
            address = _read(hops.pop())
        return address


def _read(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
