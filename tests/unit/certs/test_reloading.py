"""Rotation: checked before switched, last good kept, and every change told once."""

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.contexts import ClientCertificates, ClientTls, ServerTls
from certs.dev_ca import CertificateFault, DevelopmentCa, Issued, issue_faulty_client
from certs.expiry import fingerprint
from certs.policy import Policy
from certs.reloading import ReloadingClientContext, ReloadingServerContext, ReloadReport, ReloadResult
from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from tests.unit.certs.conftest import SteppedClock

TIME_LIMIT_SECONDS = 5


@pytest.fixture
def tls(tmp_path: Path, authority: DevelopmentCa, clock: "SteppedClock") -> ClientTls:
    (tmp_path / "ca.pem").write_bytes(authority.certificate_pem)
    rotate(tmp_path, authority.issue_client("gateway", clock.now()))
    return ClientTls(tmp_path / "ca.pem", tmp_path / "client.pem", tmp_path / "client.key", setting="portal.tls")


def rotate(directory: Path, issued: Issued) -> None:
    issued.write(directory / "client.pem", directory / "client.key")


def test_start_without_usable_files_fails(tls: ClientTls, policy: Policy, clock: "SteppedClock") -> None:
    """There is no last good state at the start, so the fault stops it."""
    broken = dataclasses.replace(tls, ca_file=Path("/nonexistent/ca.pem"))
    with pytest.raises(ConfigurationError, match=r"portal\.tls\.ca_file"):
        ReloadingClientContext(broken, policy, clock)


def test_same_content_is_no_reload(tls: ClientTls, policy: Policy, clock: "SteppedClock") -> None:
    """Looking again, or rewriting equal content, keeps the very same context and is no news."""
    client = ReloadingClientContext(tls, policy, clock)
    context = client.current()
    assert tls.certificate_file is not None
    tls.certificate_file.write_bytes(tls.certificate_file.read_bytes())
    seen = client.refresh()
    assert (ReloadResult.UNCHANGED, False) == (seen.result, seen.is_news)
    assert context is client.current()


def test_new_pair_is_taken(
    tls: ClientTls, policy: Policy, clock: "SteppedClock", authority: DevelopmentCa, tmp_path: Path
) -> None:
    """A complete new pair is switched to, reported with its fingerprint, and counted."""
    client = ReloadingClientContext(tls, policy, clock)
    before = client.current()
    clock.advance(minutes=1)
    issued = authority.issue_client("gateway", clock.now())
    rotate(tmp_path, issued)
    expected = ReloadReport(
        "portal.tls", ReloadResult.RELOADED, clock.now(), (), fingerprint(issued.certificate), is_news=True
    )
    assert expected == client.refresh()
    assert before is not client.current()
    status = client.status()
    assert (1, 0, clock.now()) == (status.reload_count, status.refused_count, status.loaded_at)


def test_half_a_rotation_keeps_the_last_good_pair(
    tls: ClientTls, policy: Policy, clock: "SteppedClock", authority: DevelopmentCa, tmp_path: Path
) -> None:
    """Between key and certificate of a rotation nothing is switched; the reason is told once; then it is taken."""
    client = ReloadingClientContext(tls, policy, clock)
    good = client.current()
    assert tls.certificate_file is not None
    old_certificate = tls.certificate_file.read_bytes()
    issued = authority.issue_client("gateway", clock.now())
    rotate(tmp_path, issued)
    tls.certificate_file.write_bytes(old_certificate)
    first, second = client.refresh(), client.refresh()
    assert (ReloadResult.REFUSED, True) == (first.result, first.is_news)
    assert (ReloadResult.REFUSED, False) == (second.result, second.is_news)
    rules = [(fault.field, fault.rule) for fault in first.faults]
    assert [("portal.tls.key_file", "must be the key of the certificate")] == rules
    assert good is client.current()
    assert first.faults == client.status().faults
    tls.certificate_file.write_bytes(issued.certificate.public_bytes(Encoding.PEM))
    assert ReloadResult.RELOADED is client.refresh().result
    assert () == client.status().faults


def test_another_fault_is_news(tls: ClientTls, policy: Policy, clock: "SteppedClock") -> None:
    """While files stay unusable, a change of the reason is told again."""
    client = ReloadingClientContext(tls, policy, clock)
    assert tls.key_file is not None
    assert tls.ca_file is not None
    tls.key_file.chmod(0o644)
    assert client.refresh().is_news
    tls.ca_file.unlink()
    seen = client.refresh()
    assert seen.is_news
    assert {"portal.tls.key_file", "portal.tls.ca_file"} == {fault.field for fault in seen.faults}


def test_taking_a_bad_change_back_restores(tls: ClientTls, policy: Policy, clock: "SteppedClock") -> None:
    """When the good files come back, the refusal ends with news and without a new context."""
    client = ReloadingClientContext(tls, policy, clock)
    good = client.current()
    assert tls.key_file is not None
    content = tls.key_file.read_bytes()
    tls.key_file.unlink()
    assert ReloadResult.REFUSED is client.refresh().result
    tls.key_file.write_bytes(content)
    tls.key_file.chmod(0o600)
    seen = client.refresh()
    assert (ReloadResult.RESTORED, True, ()) == (seen.result, seen.is_news, seen.faults)
    assert good is client.current()
    assert ReloadResult.UNCHANGED is client.refresh().result


def test_certificate_that_starts_later_is_taken_when_it_starts(
    tls: ClientTls, policy: Policy, clock: "SteppedClock", authority: DevelopmentCa, tmp_path: Path
) -> None:
    """Files that are laid out early are refused until their time, then taken without another change."""
    client = ReloadingClientContext(tls, policy, clock)
    rotate(tmp_path, issue_faulty_client(authority, CertificateFault.NOT_YET_VALID, "gateway", clock.now()))
    assert ReloadResult.REFUSED is client.refresh().result
    clock.advance(days=1, seconds=1)
    assert ReloadResult.RELOADED is client.refresh().result


def test_status_counts_days_from_now(tls: ClientTls, policy: Policy, clock: "SteppedClock") -> None:
    """Days left go down with the clock for certificate and trust, also when nothing is reloaded."""
    client = ReloadingClientContext(tls, policy, clock)
    clock.advance(days=85)
    status = client.status()
    assert status.certificate is not None
    assert 4 == status.certificate.days_left
    assert ("expires in 4 days",) == status.certificate.warnings
    assert [730 - 85 - 1] == [trusted.days_left for trusted in status.trust]


def test_client_without_certificate_follows_its_trust(policy: Policy, clock: "SteppedClock", tmp_path: Path) -> None:
    """A client that only verifies has no fingerprint to tell, and reloads its bundle."""
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(DevelopmentCa.create([], clock.now()).certificate_pem)
    client = ReloadingClientContext(ClientTls(ca_file=bundle), policy, clock)
    newer = DevelopmentCa.create([], clock.now())
    bundle.write_bytes(newer.certificate_pem)
    seen = client.refresh()
    assert (ReloadResult.RELOADED, "") == (seen.result, seen.fingerprint_sha256)
    assert [fingerprint(newer.certificate)] == [trusted.fingerprint_sha256 for trusted in client.status().trust]


def test_listening_context_stays_the_same_object(
    policy: Policy, clock: "SteppedClock", authority: DevelopmentCa, tmp_path: Path
) -> None:
    """A listener keeps one context for life while what is behind it is exchanged."""
    (tmp_path / "ca.pem").write_bytes(authority.certificate_pem)
    files = tmp_path / "server.pem", tmp_path / "server.key"
    authority.issue_server(["a.test"], clock.now()).write(*files)
    required = ClientCertificates.REQUIRED
    tls = ServerTls(*files, client_certificates=required, client_ca_file=tmp_path / "ca.pem")
    server = ReloadingServerContext(tls, policy, clock)
    listening, behind = server.context, server.current()
    authority.issue_server(["a.test"], clock.now()).write(*files)
    assert ReloadResult.RELOADED is server.refresh().result
    assert listening is server.context
    assert behind is not server.current()


async def test_watch_reports_news_only_and_ends_when_cancelled(
    tls: ClientTls, policy: Policy, clock: "SteppedClock", authority: DevelopmentCa, tmp_path: Path
) -> None:
    """The watcher sleeps its interval, looks, tells what is new, and stops with its task."""
    client = ReloadingClientContext(tls, policy, clock)
    bad_key = (tmp_path / "client.key").read_bytes()
    issued = authority.issue_client("gateway", clock.now())
    steps: list[Callable[[], object]] = [
        lambda: None,
        lambda: rotate(tmp_path, issued),
        lambda: None,
        lambda: (tmp_path / "client.key").write_bytes(bad_key),
        lambda: None,
    ]
    slept: list[float] = []
    done = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not steps:
            done.set()
            await asyncio.Event().wait()
        steps.pop(0)()

    reports: list[ReloadReport] = []
    watching = asyncio.create_task(client.watch(interval_seconds=30, sleep=sleep, report=reports.append))
    async with asyncio.timeout(TIME_LIMIT_SECONDS):
        await done.wait()
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching
    assert [ReloadResult.RELOADED, ReloadResult.REFUSED] == [report.result for report in reports]
    assert [30] * 6 == slept
