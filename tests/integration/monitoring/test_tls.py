"""Over TLS both sides show a certificate where that is asked for."""

from pathlib import Path
from typing import Any

from adapters.monitoring.sandbox import FindingKind, MonitoringProfile, MonitoringSandbox
from tests.integration.portal.tls import Authority, server_context
from tests.support.clocks import StillClock
from tests.support.monitoring_province import TOKEN
from tests.support.monitoring_story import honest_province


async def no_wait(_: float) -> None:
    """Wait for nothing."""


async def test_a_client_certificate_is_shown_and_only_a_trusted_province_is_asked(tmp_path: Path) -> None:
    """With the certificates of the right authority the round is whole; without one, or before a stranger, there is
    none, and that is told apart from a broken promise."""
    right, wrong = Authority(tmp_path, "right"), Authority(tmp_path, "wrong")
    client = right.issue("client")
    shown = {"client_certificate_file": str(client.certificate), "client_key_file": str(client.key)}
    cases: list[tuple[dict[str, str], set[FindingKind]]] = [
        ({"ca_file": str(right.file), **shown}, set()),
        ({"ca_file": str(right.file)}, {FindingKind.UNAVAILABLE}),
        ({"ca_file": str(wrong.file), **shown}, {FindingKind.UNAVAILABLE}),
    ]
    context = server_context(right.issue("province"), clients=right)
    async with honest_province().serving(context) as url:
        for files, kinds in cases:
            puller: dict[str, Any] = {"province_url": url, "token": TOKEN}
            sandbox = MonitoringSandbox(
                MonitoringProfile.parse({"puller": puller, **files}), clock=StillClock(), sleep=no_wait
            )
            done = await sandbox.puller.pull()
            await sandbox.stop()
            assert kinds == {finding.kind for finding in done.findings}
            assert done.is_complete == (not kinds)
