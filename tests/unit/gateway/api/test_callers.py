"""Who a caller is behind proxies, and who is let in."""

from ipaddress import ip_network

import pytest

from gateway.api.callers import CallerRule

_PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
_RULE = CallerRule(networks={"platform": (ip_network("203.0.113.0/24"),)}, trusted_proxies=_PROXIES)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
        ("fd00::1", ["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("198.51.100.1", ["203.0.113.7"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], None),
        ("", ["203.0.113.7"], None),
        (None, [], None),
    ],
)
def test_the_callers_address(peer: str | None, forwarded: list[str], expected: str | None) -> None:
    """The last hop that no trusted proxy has; what a stranger claims to forward counts for nothing."""
    address = _RULE.address_of(peer, forwarded)
    assert expected == (None if address is None else str(address))


def test_who_is_let_in() -> None:
    """Providers without networks from everywhere; the others from theirs alone."""
    assert _RULE.admits("platform", "203.0.113.7", [])
    assert _RULE.admits("platform", "10.0.0.1", ["203.0.113.7"])
    assert not _RULE.admits("platform", "198.51.100.1", ["203.0.113.7"])
    assert not _RULE.admits("platform", None, [])
    assert _RULE.admits("paygov", "198.51.100.1", [])
    assert _RULE.admits("paygov", None, [])
