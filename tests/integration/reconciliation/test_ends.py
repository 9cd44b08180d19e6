"""Every run ends, and says what it could not do: refused repairs, records that are not shown, lists that are broken."""

from dataclasses import replace
from typing import Any

from adapters.portal.sandbox.damage import DamageOrder, damage
from adapters.sandboxing import FaultKind
from gateway.engine.reconciliation import ReconciledChannel
from gateway.model.reconciliation import RunMode
from gateway.ports.basics import KeyRing
from gateway.ports.portal import Prepared
from gateway.ports.reconciliation import FieldDifference, Inspection
from gateway.store.reconciliation import list_runs
from tests.integration.reconciliation.test_reconciliation import (
    LISTING,
    begin,
    code_of,
    deliver,
    findings,
    finish,
    reconciler_of,
)
from tests.support.town import PortalTown, portal_town


async def counts(town: PortalTown) -> dict[str, int]:
    [run] = await list_runs(town.pool, before=2**62, limit=1)
    assert run.state == "finished"
    return dict(run.counts)


async def test_a_repair_that_the_portal_refuses_is_left_to_a_person(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """The delivery is parked; the run does not wait for it for ever, and the difference stays with both sides named."""
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 3)
        [lost] = damage(town.sandbox.state, DamageOrder(lose=1))
        town.fault(FaultKind.BUSINESS_REJECTION, operation="DongBoHoSoMC", message="Mã thủ tục không hợp lệ")
        await begin(town)
        await finish(town, reconciler_of(town))
        assert await findings(town) == {lost["code"]: ("missing_there", "parked")}
        await counts(town)


async def test_the_last_record_may_be_the_one_that_is_not_shown(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 4)
        town.fault(FaultKind.BUSINESS_REJECTION, item_code=code_of(3), operation="TraCuuHoSo")
        await begin(town)
        await finish(town, reconciler_of(town))
        found = await counts(town)
        assert (found["not_shown"], found["compared"]) == (1, 3)


async def test_a_list_that_the_portal_refuses_is_named_and_the_rest_is_compared(
    dsn: str, pool: Any, key_ring: KeyRing
) -> None:
    async with portal_town(dsn, pool, key_ring, settings=LISTING) as town:
        await deliver(town, 2)
        await begin(town)
        await finish(town, reconciler_of(town))
        found = await counts(town)
        assert found["not_listed"] >= 1
        assert found["compared"] == 2


class Restyling:
    """Looks as the portal's own reader does, but sees one dossier's summary written otherwise, whatever is sent."""

    def __init__(self, inner: ReconciledChannel, code: str) -> None:
        self._inner = inner
        self._code = code
        self.prepare_snapshot = inner.prepare_snapshot

    async def inspect(self, item: Prepared) -> Inspection:
        seen = await self._inner.inspect(item)
        if item.dossier_code != self._code:
            return seen
        return replace(seen, differences=(FieldDifference(name="summary", ours="a", theirs="A"),))


async def test_what_a_repair_does_not_mend_is_not_sent_again_and_again(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """One repair, then a person, however many runs follow."""
    async with portal_town(dsn, pool, key_ring) as town:
        await deliver(town, 2)
        reconciler = reconciler_of(town, channel=Restyling(town.portal, code_of(0)))
        deliveries = []
        for mode in (RunMode.FULL, RunMode.INCREMENTAL, RunMode.INCREMENTAL, RunMode.FULL):
            await begin(town, mode)
            await finish(town, reconciler)
            deliveries.append(await pool.fetchval("SELECT count(*) FROM deliveries"))
            assert await findings(town) == {code_of(0): ("stale_there", "parked")}
        assert len(set(deliveries)) == 1
