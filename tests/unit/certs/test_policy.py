"""The policy file is complete and inside its floors, or refused with every fault."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from certs.policy import DEFAULT_POLICY_FILE, TlsVersion, default_policy, load_policy, parse_policy
from gateway.errors import ConfigurationError


def shipped() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(DEFAULT_POLICY_FILE.read_text(encoding="utf-8")))


def test_shipped_policy_is_valid() -> None:
    """The policy that ships says what its documentation says."""
    policy = default_policy()
    assert (30, 7) == (policy.warn_days, policy.critical_days)
    assert 2048 == policy.min_rsa_bits
    assert TlsVersion.TLS_1_2 is policy.min_tls_version


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("tls", "min_version", "1.1"),
        ("tls", "min_version", 1.2),
        ("keys", "min_rsa_bits", 1024),
        ("keys", "min_rsa_bits", True),
        ("keys", "allowed_curves", []),
        ("keys", "allowed_curves", ["secp256k1"]),
        ("keys", "allowed_curves", "secp256r1"),
        ("keys", "allow_ed25519", "yes"),
        ("certificates", "allowed_signature_hashes", ["sha256", "sha1"]),
        ("certificates", "max_validity_days", 0),
        ("expiry", "critical_days", 30),
        ("expiry", "warn_days", "30"),
    ],
)
def test_value_outside_its_floor_is_refused(section: str, key: str, value: object) -> None:
    """A policy may be stricter than the floors, never weaker, and the fault names the setting."""
    document = shipped()
    document[section][key] = value
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(document)
    assert [f"{section}.{key}"] == [fault.field for fault in caught.value.faults]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_both_versions_are_accepted(version: str) -> None:
    """A policy may ask for TLS 1.2 or for TLS 1.3 at least."""
    document = shipped()
    document["tls"]["min_version"] = version
    assert version == parse_policy(document).min_tls_version.value


def test_every_fault_is_listed_at_once() -> None:
    """Missing, unknown and wrong settings are told together, so that one correction is enough."""
    document = shipped()
    del document["expiry"]
    document["keys"]["min_rsa_bit"] = 4096
    document["keys"]["min_rsa_bits"] = 512
    document["revocation"] = {"crl": True}
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(document)
    expected = {"expiry.warn_days", "expiry.critical_days", "keys.min_rsa_bit", "keys.min_rsa_bits", "revocation"}
    assert expected == {fault.field for fault in caught.value.faults}


@pytest.mark.parametrize("content", [None, b"[expiry", b"\xff\xfe"])
def test_unusable_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """A missing file, broken TOML and a wrong encoding are configuration errors that name the file."""
    path = tmp_path / "policy.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_policy(path)
    assert [str(path)] == [fault.field for fault in caught.value.faults]
