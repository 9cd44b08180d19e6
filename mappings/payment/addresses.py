"""Addresses in payment messages. Pure.

Those that a provider hands out are followed, or shown, only where they lead to a host on a list: otherwise whoever can
forge one message makes the gateway fetch from inside its network, or sends a payer to another page (pitfall 19). The
one that a provider is told is the payer's (pitfall 15).
"""

import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_VISIBLE = re.compile(r"[!-~]{1,2000}")
_USUAL_PORTS = {"https": 443, "http": 80}
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_allowed(address: str, hosts: Collection[str], *, allows_plain_loopback: bool = False) -> bool:
    """Tell whether an absolute address is https and leads to one of `hosts`.

    A host stands in the list in small letters, alone (then only the usual port is meant) or as `host:port`.
    `allows_plain_loopback` also lets http to the loopback address through, for sandboxes; it must be listed all the
    same.
    """
    parts = _split(address)
    if parts is None:
        return False
    is_sandbox = allows_plain_loopback and parts.scheme == "http" and parts.hostname in _LOOPBACK
    return (parts.scheme == "https" or is_sandbox) and not _names(parts).isdisjoint(hosts)


def names_of(address: str) -> frozenset[str]:
    """Give the ways in which a list may name the host of an address; none for what is no address."""
    parts = _split(address)
    return frozenset() if parts is None else _names(parts)


def origin_of(address: str) -> str:
    """Give scheme, host and port of an address, without the port that is usual; "" for what is none."""
    parts = _split(address)
    return "" if parts is None or not parts.hostname else f"{parts.scheme}://{min(_names(parts), key=len)}"


def payer_address(text: str, *, allows_loopback: bool) -> str:
    """Give the payer's network address in its shortest spelling.

    Raises ValueError for what no payer's browser has: a server that puts its own name or a loopback address here has
    mistaken itself for the payer (pitfall 15).
    """
    try:
        address = ip_address(text)
    except ValueError:
        raise ValueError("must be a network address") from None
    if "%" in text or address.is_unspecified or address.is_multicast:
        raise ValueError("must be the address of one machine")
    if address.is_loopback and not allows_loopback:
        raise ValueError("must be the payer's address, not this machine's")
    return str(address)


def _names(parts: SplitResult) -> frozenset[str]:
    host, usual = parts.hostname or "", _USUAL_PORTS.get(parts.scheme)
    shown = f"[{host}]" if ":" in host else host
    whole = f"{shown}:{usual if parts.port is None else parts.port}"
    return frozenset({whole, shown} if parts.port in (None, usual) else {whole})


def _split(address: str) -> SplitResult | None:
    # A backslash is a slash to some readers, and what stands before an @ is no host to any.
    if not _VISIBLE.fullmatch(address) or "\\" in address:
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return None if "@" in parts.netloc else parts
