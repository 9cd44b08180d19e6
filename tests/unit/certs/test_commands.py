"""The operator's commands: make, list and check directories, and print nothing."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from certs.commands import check_certificates, init, list_certificates
from certs.dev_ca import ensure, open_authority
from certs.expiry import FindingRule, Severity
from certs.policy import Policy
from gateway.errors import ConfigurationError


def test_init_gives_every_file_and_says_nothing(
    tmp_path: Path, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files of the layout are made and given, the same on a second call, without a word."""
    made = init(tmp_path, ["a.test"], now)
    names = ["ca.pem", "ca.key", "server.pem", "server.key", "client.pem", "client.key"]
    assert [tmp_path / name for name in names] == made
    assert all(path.is_file() for path in made)
    assert made == init(tmp_path, ["a.test"], now)
    assert ("", "") == capsys.readouterr()


def test_init_for_systems_lists_shared_files_once(tmp_path: Path, now: datetime) -> None:
    """With systems, each directory is given in order and the shared key of the authority once."""
    made = init(tmp_path, [], now, systems=["portal", "payment"])
    relative = [str(path.relative_to(tmp_path)) for path in made]
    leaves = ["server.pem", "server.key", "client.pem", "client.key"]
    expected = ["portal/ca.pem", "ca.key", *(f"portal/{leaf}" for leaf in leaves)]
    expected += ["payment/ca.pem", *(f"payment/{leaf}" for leaf in leaves)]
    assert expected == relative


def test_listing_shows_certificates_and_problems(tmp_path: Path, now: datetime) -> None:
    """Every certificate below the directory is listed by path; a broken file is listed with its problem."""
    init(tmp_path, [], now, systems=["portal"])
    (tmp_path / "broken.crt").write_bytes(b"not a certificate")
    listed = list_certificates(tmp_path, now)
    expected = ["broken.crt", "ca.pem", "portal/ca.pem", "portal/client.pem", "portal/server.pem"]
    assert expected == [str(line.path.relative_to(tmp_path)) for line in listed]
    assert [line.facts is None for line in listed] == [bool(line.problem) for line in listed]
    assert "must hold certificates" in listed[0].problem
    assert listed[3].facts is not None
    assert "gateway" == listed[3].facts.subject_common_name


def test_fresh_directory_has_no_findings(tmp_path: Path, policy: Policy, now: datetime) -> None:
    """What init makes satisfies the policy, on the first day and until it is renewed."""
    init(tmp_path, ["a.test"], now, systems=["portal"])
    assert [] == check_certificates(tmp_path, policy, now)
    later = now + timedelta(days=58)
    init(tmp_path, ["a.test"], later, systems=["portal"])
    assert [] == check_certificates(tmp_path, policy, later)


def _expose(directory: Path, now: datetime) -> None:
    (directory / "server.key").chmod(0o644)


def _mismatch(directory: Path, now: datetime) -> None:
    open_authority(directory).issue_client("other", now).write(directory / "x.crt", directory / "client.key")


def _orphan(directory: Path, now: datetime) -> None:
    (directory / "client.pem").unlink()


def _lock(directory: Path, now: datetime) -> None:
    issued = open_authority(directory).issue_client("other", now)
    issued.write(directory / "client.pem", directory / "client.key", passphrase=b"secret")


def _garbage_key(directory: Path, now: datetime) -> None:
    (directory / "client.key").write_bytes(b"garbage")


def _missing_target(directory: Path, now: datetime) -> None:
    (directory / "client.key").unlink()
    (directory / "client.key").symlink_to(directory / "nowhere")


def _exposed_passphrase(directory: Path, now: datetime) -> None:
    (directory / "portal.passphrase").write_bytes(b"secret")
    (directory / "portal.passphrase").chmod(0o644)


def _exposed_combined_file(directory: Path, now: datetime) -> None:
    both = (directory / "client.pem").read_bytes() + (directory / "client.key").read_bytes()
    (directory / "both.pem").write_bytes(both)
    (directory / "both.pem").chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "file", "rule", "severity"),
    [
        (_expose, "server.key", FindingRule.KEY_EXPOSED, Severity.CRITICAL),
        (_mismatch, "client.key", FindingRule.KEY_MISMATCH, Severity.CRITICAL),
        (_orphan, "client.key", FindingRule.KEY_NOT_COMPARED, Severity.WARNING),
        (_lock, "client.key", FindingRule.KEY_NOT_COMPARED, Severity.WARNING),
        (_garbage_key, "client.key", FindingRule.UNREADABLE, Severity.CRITICAL),
        (_missing_target, "client.key", FindingRule.UNREADABLE, Severity.CRITICAL),
        (_exposed_passphrase, "portal.passphrase", FindingRule.KEY_EXPOSED, Severity.CRITICAL),
        (_exposed_combined_file, "both.pem", FindingRule.KEY_EXPOSED, Severity.CRITICAL),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_keys_are_checked_too(
    tmp_path: Path,
    policy: Policy,
    now: datetime,
    spoil: Callable[[Path, datetime], None],
    file: str,
    rule: FindingRule,
    severity: Severity,
) -> None:
    """Each thing that can be wrong with a key gives exactly one finding, at that file."""
    ensure(tmp_path, [], now)
    spoil(tmp_path, now)
    findings = check_certificates(tmp_path, policy, now)
    assert [(file, rule, severity)] == [(found.path.name, found.rule, found.severity) for found in findings]


def test_encrypted_key_is_compared_with_its_passphrase(tmp_path: Path, policy: Policy, now: datetime) -> None:
    """With NAME.passphrase beside it, an encrypted key is compared like any other."""
    ensure(tmp_path, [], now)
    _lock(tmp_path, now)
    (tmp_path / "client.passphrase").write_bytes(b"secret\n")
    (tmp_path / "client.passphrase").chmod(0o600)
    assert [] == check_certificates(tmp_path, policy, now)


def test_critical_findings_come_first(tmp_path: Path, policy: Policy, now: datetime) -> None:
    """What cannot wait stands on top, wherever it was found."""
    ensure(tmp_path, [], now)
    (tmp_path / "server.key").chmod(0o666)
    strict = dataclasses.replace(policy, warn_days=120)
    severities = [finding.severity for finding in check_certificates(tmp_path, strict, now)]
    assert [Severity.CRITICAL, Severity.WARNING, Severity.WARNING] == severities


def test_empty_directory_is_a_finding(tmp_path: Path, policy: Policy, now: datetime) -> None:
    """Finding nothing to check is not the same as finding nothing wrong."""
    findings = check_certificates(tmp_path, policy, now)
    assert [(FindingRule.NOTHING_FOUND, Severity.CRITICAL)] == [(f.rule, f.severity) for f in findings]


def test_missing_directory_is_an_error(tmp_path: Path, policy: Policy, now: datetime) -> None:
    """A directory that is not there is an error of the configuration for both commands."""
    with pytest.raises(ConfigurationError, match="must be a directory"):
        check_certificates(tmp_path / "nowhere", policy, now)
    with pytest.raises(ConfigurationError, match="must be a directory"):
        list_certificates(tmp_path / "nowhere", now)
