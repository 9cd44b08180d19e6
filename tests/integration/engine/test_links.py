"""Files leave as links to the gateway, and a link of another day is no difference to whoever compares."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapters.sandboxing import FaultKind
from gateway.model.dossier import Attachment, ResultDocument
from gateway.ports.basics import KeyRing
from gateway.sync.file_links import FileLinks, LinkPolicy
from tests.support.changes import dossier, replacement
from tests.support.clocks import RunningClock
from tests.support.town import portal_town

CODE = "H99.01-260105-00017"
BASE = "https://gateway.province.example"


async def test_the_portal_is_given_links_and_never_the_provinces_addresses(
    dsn: str, pool: Any, key_ring: KeyRing
) -> None:
    """Submitted papers and results arrive as signed links; no address of the province leaves."""
    links = FileLinks(LinkPolicy(BASE, 3), key_ring.digest)
    async with portal_town(dsn, pool, key_ring, links=links) as town:
        change = replacement(CODE, procedure_code=town.procedure_code)
        body = replace(
            dossier(procedure_code=town.procedure_code),
            attachments=(Attachment(name="don.pdf", url="https://inside.province/1"),),
            results=(ResultDocument(name="kq.pdf", url="https://inside.province/2", result_code="KQ.1"),),
        )
        await town.accept(replace(change, body=body))
        await town.work_until_settled()
        record = town.sandbox.dossier(CODE).record()  # type: ignore[union-attr]
        assert record["TaiLieuNop"][0]["DuongDanTaiTepTin"].startswith(f"{BASE}/files/")
        assert record["DanhSachGiayToKetQua"][0]["DuongDanTepTinKetQua"].startswith(f"{BASE}/files/")
        assert "inside.province" not in str(record)


async def test_an_unanswered_create_is_settled_the_next_day_without_a_second_push(
    dsn: str, pool: Any, key_ring: KeyRing
) -> None:
    """The look-up finds yesterday's links, and takes them for the same files: nothing is pushed again."""
    clock = RunningClock()
    links = FileLinks(LinkPolicy(BASE, 3), key_ring.digest)
    async with portal_town(dsn, pool, key_ring, links=links, worker_clock=clock) as town:
        change = replacement(CODE, procedure_code=town.procedure_code)
        body = replace(
            dossier(procedure_code=town.procedure_code),
            attachments=(Attachment(name="don.pdf", url="https://inside.province/1"),),
        )
        await town.accept(replace(change, body=body))
        town.fault(FaultKind.DROP_REPLY, calls=1, operation="DongBoHoSoMC")
        await town.work_until(lambda states: bool(states.get("unknown")))
        clock.move(timedelta(days=1).total_seconds())
        await town.work_until_settled()
        held = town.sandbox.dossier(CODE)
        assert held is not None
        assert (1, 1) == (held.revision_count, held.create_count)
