"""Which addresses an adapter may be told to call. Pure."""

from collections.abc import Iterable
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def address_faults(
    addresses: Iterable[tuple[str, str | None]], *, is_test: bool, allows_query: bool = False
) -> list[str]:
    """Give what is wrong with configured addresses, by the names of their settings; None is no address and well.

    An address is https, except to the loopback address in tests, names a host, and holds no credentials, wildcard,
    fragment or, unless `allows_query`, query. No message repeats an address: it may hold a password.
    """
    kept_out = "credentials, wildcard or fragment" if allows_query else "credentials, query, wildcard or fragment"
    faults = []
    for name, address in addresses:
        if address is None:
            continue
        try:
            parts = urlsplit(address)
            _ = parts.port
        except ValueError:
            faults.append(f"{name} must be an address, with a port below 65536 where it has one")
            continue
        if not parts.hostname:
            faults.append(f"{name} must name a host")
        if parts.scheme != "https" and not (is_test and parts.hostname in LOOPBACK):
            faults.append(f"{name} must be https")
        has_query = bool(parts.query) and not allows_query
        if parts.username is not None or has_query or parts.fragment or "*" in address:
            faults.append(f"{name} must hold no {kept_out}")
    return faults
