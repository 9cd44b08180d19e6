"""The development directory: idempotent, private, limited in what it may vouch for, and harmless to foreign files."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from certs.authority import canonical
from certs.dev_ca import (
    CertificateFault,
    DevelopmentCa,
    ensure,
    ensure_systems,
    issue_faulty_client,
    issue_faulty_server,
    open_authority,
)
from certs.expiry import read_certificates, subject_names
from certs.files import write_private
from gateway.errors import ConfigurationError


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def names_of(path: Path) -> set[str]:
    return {canonical(name) for name in subject_names(read_certificates(path)[0])}


def test_first_call_makes_the_whole_layout(tmp_path: Path, now: datetime) -> None:
    """Authority, server and client are made; the server is good for the given names and for this machine."""
    files = ensure(tmp_path / "tls", ["portal.test", "10.1.2.3"], now)
    expected = {"ca.pem", "ca.key", "server.pem", "server.key", "client.pem", "client.key", ".gitignore"}
    assert expected == set(contents(tmp_path / "tls"))
    assert {"portal.test", "10.1.2.3", "localhost", "127.0.0.1", "::1"} == names_of(files.server_certificate)
    assert {0o600} == {stat.S_IMODE(p.stat().st_mode) for p in (files.ca_key, files.server_key, files.client_key)}
    assert b"*\n" == (tmp_path / "tls" / ".gitignore").read_bytes()


def test_second_call_changes_nothing(tmp_path: Path, now: datetime) -> None:
    """Calling again, with the same or fewer names, leaves every byte as it is."""
    ensure(tmp_path, ["a.test", "b.test"], now)
    before = contents(tmp_path)
    ensure(tmp_path, ["a.test", "b.test"], now + timedelta(days=1))
    ensure(tmp_path, [], now + timedelta(days=2))
    assert before == contents(tmp_path)


def test_new_name_is_added_to_the_old_ones(tmp_path: Path, now: datetime) -> None:
    """A further name renews the server's certificate for the same key and takes no name away."""
    files = ensure(tmp_path, ["a.test"], now)
    before = contents(tmp_path)
    ensure(tmp_path, ["b.test"], now)
    assert {"a.test", "b.test"} <= names_of(files.server_certificate)
    changed = {name for name, content in contents(tmp_path).items() if content != before[name]}
    assert {"server.pem"} == changed


def test_certificates_are_renewed_before_their_end(tmp_path: Path, now: datetime) -> None:
    """With a month left the pairs are issued again for the same keys; with four months left so is the root."""
    files = ensure(tmp_path, ["a.gov.vn"], now)
    before = contents(tmp_path)
    ensure(tmp_path, [], now + timedelta(days=60))
    leaves = {name for name, content in contents(tmp_path).items() if content != before[name]}
    assert {"server.pem", "client.pem"} == leaves
    ensure(tmp_path, [], now + timedelta(days=611))
    everything = {name for name, content in contents(tmp_path).items() if content != before[name]}
    assert {"ca.pem", "server.pem", "client.pem"} == everything
    authority = open_authority(tmp_path)
    assert authority.may_vouch_for("a.gov.vn"), "a renewed root forgets a name that it was made for"
    assert authority.has_issued(read_certificates(files.server_certificate)[0])


def test_root_vouches_for_reserved_and_given_names_only(authority: DevelopmentCa, now: datetime) -> None:
    """A stolen development root cannot be used to pose as a real host."""
    expected = {
        "localhost": True,
        "portal.test": True,
        "*.portal.test": True,
        "a.b.internal": True,
        "192.168.7.9": True,
        "fd00::1": True,
        "dichvucong.gov.vn": False,
        "test.vn": False,
        "latest": False,
        "203.0.113.5": False,
        "2001:db8::1": False,
    }
    assert expected == {name: authority.may_vouch_for(name) for name in expected}
    given = DevelopmentCa.create(["portal.gov.vn", "203.0.113.5"], now)
    assert ["portal.gov.vn", "203.0.113.5"] == given.given_names()
    assert given.may_vouch_for("api.portal.gov.vn")
    assert given.may_vouch_for("203.0.113.5")
    assert not given.may_vouch_for("203.0.113.6")


def test_root_is_constrained_in_the_certificate(authority: DevelopmentCa) -> None:
    """The limits stand in the root itself, critical, where every verifier applies them."""
    extensions = authority.certificate.extensions
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    assert (True, True, 0) == (basic.critical, basic.value.ca, basic.value.path_length)
    assert extensions.get_extension_for_class(x509.NameConstraints).critical


@pytest.mark.parametrize("name", ["", "UPPER.test", "two words.test", "https://a.test", "-a.test", "cổng.test", "a..b"])
def test_what_is_no_name_is_refused(tmp_path: Path, now: datetime, name: str) -> None:
    """Something that is neither a host name nor an address stops before anything is made."""
    with pytest.raises(ConfigurationError) as caught:
        ensure(tmp_path / "tls", ["fine.test", name], now)
    assert ["names"] == [fault.field for fault in caught.value.faults]
    assert not (tmp_path / "tls").exists()


def test_later_foreign_name_is_refused_and_nothing_touched(tmp_path: Path, now: datetime) -> None:
    """A real host's name must be given when the authority is made; later it is refused with a way out."""
    ensure(tmp_path, [], now)
    before = contents(tmp_path)
    with pytest.raises(ConfigurationError, match=r"another directory.*portal\.gov\.vn"):
        ensure(tmp_path, ["portal.gov.vn"], now)
    assert before == contents(tmp_path)


def test_client_name_that_verifiers_would_refuse_is_refused_here(authority: DevelopmentCa, now: datetime) -> None:
    """A dotted client name outside the root's names fails when issued, not in every later handshake."""
    with pytest.raises(ConfigurationError, match="permitted"):
        authority.issue_client("gateway.gov.vn", now)


@pytest.mark.parametrize(
    "files", [["ca.pem"], ["ca.key"], ["server.pem"], ["server.key"], ["client.key"], ["ca.pem", "ca.key"]]
)
def test_foreign_files_survive(tmp_path: Path, now: datetime, files: list[str]) -> None:
    """A directory with an operator's own files is refused, and neither changed nor added to."""
    operators = DevelopmentCa.create([], now)
    other = operators.issue_server(["real.test"], now)
    other.write(tmp_path / "all.pem", tmp_path / "all.key", passphrase=b"kept by the operator")
    for name in files:
        source = "all.key" if name.endswith(".key") else "all.pem"
        (tmp_path / name).write_bytes((tmp_path / source).read_bytes())
    before = contents(tmp_path)
    with pytest.raises(ConfigurationError, match="must be missing or made by"):
        ensure(tmp_path, [], now)
    assert before == contents(tmp_path)


def test_foreign_certificate_beside_a_development_authority_survives(tmp_path: Path, now: datetime) -> None:
    """A certificate from another authority that replaced ours is not overwritten."""
    files = ensure(tmp_path, [], now)
    issued = DevelopmentCa.create([], now).issue_server(["real.test"], now)
    issued.write(files.server_certificate, files.server_key)
    before = contents(tmp_path)
    with pytest.raises(ConfigurationError, match="must be missing or made by"):
        ensure(tmp_path, [], now)
    assert before == contents(tmp_path)


def test_every_interrupted_first_call_is_completed(tmp_path: Path, now: datetime) -> None:
    """Whatever prefix of the files a crash leaves, the next call completes it and keeps what is there."""
    order = ["ca.key", "ca.pem", "server.key", "server.pem", "client.key", "client.pem"]
    ensure(tmp_path / "whole", ["a.test"], now)
    for count in range(len(order)):
        place = tmp_path / f"after{count}"
        place.mkdir()
        for name in order[:count]:
            write_private(place / name, (tmp_path / "whole" / name).read_bytes())
        kept = contents(place)
        files = ensure(place, ["a.test"], now)
        assert kept == {name: contents(place)[name] for name in kept}
        issued = read_certificates(files.server_certificate)[0], read_certificates(files.client_certificate)[0]
        assert all(open_authority(place).has_issued(certificate) for certificate in issued)


def test_simultaneous_calls_agree(tmp_path: Path, now: datetime) -> None:
    """Several callers at once end with one authority and pairs that it issued."""
    names = [f"host{number}.test" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda name: ensure(tmp_path, [name], now), names))
    assert 1 == len(set(made))
    assert set(names) <= names_of(made[0].server_certificate)
    assert open_authority(tmp_path).has_issued(read_certificates(made[0].server_certificate)[0])


def test_systems_share_one_authority(tmp_path: Path, now: datetime) -> None:
    """Each system has its own directory and keys under one root, and a second call changes nothing."""
    portal, payment = ensure_systems(tmp_path, ["portal", "payment"], ["hub.test"], now)
    assert portal.ca_certificate.read_bytes() == payment.ca_certificate.read_bytes()
    assert portal.server_key.read_bytes() != payment.server_key.read_bytes()
    assert tmp_path / "ca.key" == portal.ca_key
    assert not (tmp_path / "portal" / "ca.key").exists()
    before = contents(tmp_path)
    ensure_systems(tmp_path, ["portal", "payment"], ["hub.test"], now)
    assert before == contents(tmp_path)


@pytest.mark.parametrize("system", ["../portal", "", "Portal", "a/b", "."])
def test_system_cannot_leave_the_directory(tmp_path: Path, now: datetime, system: str) -> None:
    """A system's name is one plain word, so it stays below the directory."""
    with pytest.raises(ConfigurationError) as caught:
        ensure_systems(tmp_path / "tls", [system], [], now)
    assert ["systems"] == [fault.field for fault in caught.value.faults]


def test_opening_a_directory_without_authority_makes_nothing(tmp_path: Path) -> None:
    """Opening is not making: an empty directory is refused and stays empty."""
    with pytest.raises(ConfigurationError, match="development authority"):
        open_authority(tmp_path)
    assert {} == contents(tmp_path)


@pytest.mark.parametrize("fault", CertificateFault)
def test_faulty_certificate_is_wrong_in_one_way(
    authority: DevelopmentCa, now: datetime, fault: CertificateFault
) -> None:
    """Each faulty certificate breaks its own rule and keeps the three others, for servers and clients."""
    server = issue_faulty_server(authority, fault, ["a.test"], now).certificate
    client = issue_faulty_client(authority, fault, "gateway", now).certificate
    for certificate, is_right_name in (
        (server, subject_names(server) == ("a.test",)),
        (client, client.subject.rfc4514_string() == "CN=gateway"),
    ):
        broken = {
            CertificateFault.EXPIRED: certificate.not_valid_after_utc < now,
            CertificateFault.NOT_YET_VALID: certificate.not_valid_before_utc > now,
            CertificateFault.WRONG_NAME: not is_right_name,
            CertificateFault.UNTRUSTED: not authority.has_issued(certificate),
        }
        assert {fault} == {kind for kind, is_broken in broken.items() if is_broken}
        assert authority.certificate.subject == certificate.issuer


def test_naive_instant_is_refused(tmp_path: Path, now: datetime) -> None:
    """An instant without a zone is a programming error and makes nothing."""
    with pytest.raises(ValueError, match="aware"):
        ensure(tmp_path / "tls", [], now.replace(tzinfo=None))
    assert not (tmp_path / "tls").exists()
