"""What certificates say, and what the policy minds about them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.dev_ca import DevelopmentCa
from certs.expiry import FindingRule, Severity, check, inspect, inspect_all, judge
from certs.policy import Policy
from gateway.errors import ConfigurationError

Write = Callable[[str, bytes, int], Path]
AnyKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def signed(
    now: datetime, key: AnyKey, *, days: int = 300, usage: x509.ObjectIdentifier | None = None
) -> x509.Certificate:
    """Make a leaf from some other authority, good unless the arguments say otherwise."""
    issuer_key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.test")])
    issuer = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Some authority")])
    start = now - timedelta(days=100)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), 0xABC, start, start + timedelta(days=days))
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def test_facts_of_a_certificate(tmp_path: Path, authority: DevelopmentCa, now: datetime) -> None:
    """Every fact is told as the certificate has it, names in their order."""
    issued = authority.issue_server(["a.test", "::1", "10.0.0.9"], now)
    issued.write(tmp_path / "server.pem", tmp_path / "server.key")
    facts = inspect(tmp_path / "server.pem", now)
    assert "a.test" == facts.subject_common_name
    assert "Liên thông development authority" == facts.issuer
    assert ("a.test", "::1", "10.0.0.9") == facts.sans
    assert issued.certificate.fingerprint(hashes.SHA256()).hex() == facts.fingerprint_sha256
    assert issued.certificate.serial_number == int(facts.serial_hex, 16)
    assert now - timedelta(hours=1) == facts.not_before
    assert 89 == facts.days_left
    assert "EC secp256r1" == facts.key_type
    assert not facts.is_authority
    assert () == facts.warnings


def test_all_certificates_of_a_bundle_are_told(tmp_path: Path, now: datetime) -> None:
    """A bundle gives one line per certificate, in file order."""
    first, second = DevelopmentCa.create([], now), DevelopmentCa.create([], now)
    (tmp_path / "ca.pem").write_bytes(b"# t\xc3\xaan\n" + first.certificate_pem + second.certificate_pem)
    facts = inspect_all(tmp_path / "ca.pem", now)
    expected = [f"{authority.certificate.serial_number:x}" for authority in (first, second)]
    assert expected == [fact.serial_hex for fact in facts]
    assert all(fact.is_authority for fact in facts)


@pytest.mark.parametrize(
    ("left", "days_left", "expected"),
    [
        (timedelta(days=31), 31, []),
        (timedelta(days=30, seconds=1), 30, []),
        (timedelta(days=30), 30, [(FindingRule.EXPIRES_SOON, Severity.WARNING)]),
        (timedelta(days=7, seconds=1), 7, [(FindingRule.EXPIRES_SOON, Severity.WARNING)]),
        (timedelta(days=7), 7, [(FindingRule.EXPIRES_SOON, Severity.CRITICAL)]),
        (timedelta(0), 0, [(FindingRule.EXPIRES_SOON, Severity.CRITICAL)]),
        (timedelta(seconds=-1), -1, [(FindingRule.EXPIRED, Severity.CRITICAL)]),
        (timedelta(days=-3), -3, [(FindingRule.EXPIRED, Severity.CRITICAL)]),
    ],
)
def test_thresholds_of_expiry(
    tmp_path: Path,
    authority: DevelopmentCa,
    policy: Policy,
    now: datetime,
    left: timedelta,
    days_left: int,
    expected: list[tuple[FindingRule, Severity]],
) -> None:
    """Thirty days warn, seven are critical, and one second after the end is expired."""
    issued = authority.issue_client("gateway", now, valid=(now - timedelta(days=40), now + left))
    issued.write(tmp_path / "client.pem", tmp_path / "client.key")
    findings = check([tmp_path / "client.pem"], policy, now)
    assert expected == [(finding.rule, finding.severity) for finding in findings]
    facts = inspect(tmp_path / "client.pem", now, policy)
    assert days_left == facts.days_left
    assert [finding.message for finding in findings] == list(facts.warnings)


def test_strength_and_shape(policy: Policy, now: datetime) -> None:
    """Weak keys, foreign curves, missing names and long validity are found; good certificates are left alone."""
    p256 = ec.generate_private_key(ec.SECP256R1())
    # The key is too small on purpose; it exists in this test only.
    weak = rsa.generate_private_key(65537, 1024)
    server, client = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
    table = [
        (signed(now, p256), []),
        (signed(now, rsa.generate_private_key(65537, 2048), usage=client), []),
        (signed(now, ed25519.Ed25519PrivateKey.generate()), []),
        (signed(now, weak), [(FindingRule.WEAK_KEY, Severity.CRITICAL)]),
        (
            signed(now, ec.generate_private_key(ec.SECP256K1())),
            [(FindingRule.KEY_TYPE_NOT_ALLOWED, Severity.CRITICAL)],
        ),
        (signed(now, p256, days=399), [(FindingRule.VALIDITY_TOO_LONG, Severity.WARNING)]),
        (
            signed(now, p256, usage=server, days=399),
            [(FindingRule.NO_NAMES, Severity.CRITICAL), (FindingRule.VALIDITY_TOO_LONG, Severity.WARNING)],
        ),
    ]
    for certificate, expected in table:
        assert expected == [(rule, severity) for rule, severity, _ in judge(certificate, now, policy)]


def test_certificate_from_the_future(authority: DevelopmentCa, policy: Policy, now: datetime) -> None:
    """A certificate that is not valid yet is critical and is no reason to speak of its end."""
    issued = authority.issue_client("gateway", now, valid=(now + timedelta(days=1), now + timedelta(days=60)))
    found = [(rule, severity) for rule, severity, _ in judge(issued.certificate, now, policy)]
    assert [(FindingRule.NOT_YET_VALID, Severity.CRITICAL)] == found


def test_unreadable_file_does_not_hide_the_others(
    write_file: Write, tmp_path: Path, authority: DevelopmentCa, policy: Policy, now: datetime
) -> None:
    """Each broken file is a critical finding of its own, and the files after it are still checked."""
    expired = authority.issue_client("gateway", now, valid=(now - timedelta(days=9), now - timedelta(days=1)))
    good_and_broken = authority.certificate_pem + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    paths = [
        tmp_path / "missing.pem",
        write_file("text.pem", b"no certificate here", 0o644),
        write_file("half.pem", good_and_broken, 0o644),
        write_file("expired.pem", expired.certificate.public_bytes(Encoding.PEM), 0o644),
    ]
    unreadable = FindingRule.UNREADABLE
    expected = list(zip(paths, [unreadable, unreadable, unreadable, FindingRule.EXPIRED], strict=True))
    assert expected == [(finding.path, finding.rule) for finding in check(paths, policy, now)]


def test_inspecting_no_certificate_raises(write_file: Write, now: datetime) -> None:
    """A file without a certificate is an error of the configuration that names the file."""
    path = write_file("text.pem", b"no certificate here", 0o644)
    with pytest.raises(ConfigurationError) as caught:
        inspect(path, now)
    assert [str(path)] == [fault.field for fault in caught.value.faults]
