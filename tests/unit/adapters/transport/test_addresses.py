"""Configured addresses: what an adapter may be told to call."""

import pytest

from adapters.transport.addresses import address_faults


@pytest.mark.parametrize(
    "address",
    ["https://a.example", "https://a.example/p/x", "https://a.example:8443/", "https://[2001:db8::7]/", None],
)
def test_what_may_be_called(address: str | None) -> None:
    """Https with a host; an address that is not set is well."""
    assert [] == address_faults([("url", address)], is_test=False)


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("http://a.example/", "must be https"),
        ("http://127.0.0.1/", "must be https"),
        ("http://localhost:8080/", "must be https"),
        ("https:///p", "must name a host"),
        ("https://?x", "must name a host"),
        ("https://user:hidden@a.example/", "must hold no credentials"),
        ("https://:hidden@a.example/", "must hold no credentials"),
        ("https://a.example/?q=hidden", "must hold no credentials"),
        ("https://a.example/#hidden", "must hold no credentials"),
        ("https://*.example/", "must hold no credentials"),
        ("https://[hidden/", "must be an address"),
        ("https://a.example:hidden/", "must be an address"),
        ("https://a.example:65536/", "must be an address"),
    ],
)
def test_what_may_not(address: str, rule: str) -> None:
    """Told by the setting's name; nothing of the address is repeated, and nothing raises."""
    faults = address_faults([("well", "https://a.example"), ("url", address)], is_test=False)
    assert any(fault.startswith(f"url {rule}") for fault in faults)
    assert "hidden" not in "".join(faults)
    assert not any(fault.startswith("well") for fault in faults)


def test_tests_may_call_this_machine_in_the_clear() -> None:
    """The loopback address only."""
    for host in ("127.0.0.1:80", "localhost", "[::1]:8080"):
        assert [] == address_faults([("url", f"http://{host}/p")], is_test=True)
    for host in ("10.0.0.1", "127.0.0.1.a.example", "a.example"):
        assert ["url must be https"] == address_faults([("url", f"http://{host}/p")], is_test=True)


def test_a_query_may_be_allowed() -> None:
    """Where browsers are sent, some addresses have one."""
    assert [] == address_faults([("url", "https://a.example/p?q=1")], is_test=False, allows_query=True)
