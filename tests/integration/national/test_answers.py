"""The loop closes: filed on the portal, answered by the province, told to the portal once, newest last."""

import random
from typing import Any

from adapters.portal.sandbox.filing import Filing, FilingOrder
from adapters.sandboxing import FaultKind
from gateway.ports.basics import KeyRing
from tests.support.changes import step
from tests.support.national import KEY, national_api
from tests.support.town import PortalTown, portal_town


async def file(town: PortalTown, url: str, count: int = 1) -> list[str]:
    """Let citizens file on the town's portal; give the codes."""
    filing = Filing(random.Random(3), town.sandbox.state.national_codes)
    order = FilingOrder(
        to=url + "/national/portal", headers=KEY, count=count, withdrawal_share=0.0, supplement_share=0.0
    )
    return [one.code for one in await filing.file(order, [town.procedure_code])]


async def test_the_provinces_answer_arrives_on_the_portal(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """Acceptance and refusal, with the officer's words and the province's own code where it stated one."""
    async with portal_town(dsn, pool, key_ring) as town, national_api(pool, key_ring) as api:
        first, second = await file(town, api.url, 2)
        stated = (await api.get(f"/v1/dossiers/{first}")).json
        answered = await api.put(first, stated | {"local_code": "H99.01-260105-00017", "status": "received"})
        assert answered.status == 200, answered.body
        refusal = step(second, minutes=300, status="refused", content="Thiếu giấy tờ").body
        assert (await api.progress(second, refusal, Idempotency_Key="k-1")).status in (200, 201)
        await town.work_until_settled()
        told = town.sandbox.state.national_statuses
        assert [(one["MaHoSoDonVi"], one["TrangThai"]) for one in told[first]] == [("H99.01-260105-00017", "2")]
        assert [(one["TrangThai"], one["NoiDung"]) for one in told[second]] == [("5", "Thiếu giấy tờ")]
        assert town.sandbox.counters()["dossiers"] == 0


async def test_only_the_newest_of_several_answers_is_told(dsn: str, pool: Any, key_ring: KeyRing) -> None:
    """What waits is superseded; what was lost on the way is told again without harm."""
    async with portal_town(dsn, pool, key_ring) as town, national_api(pool, key_ring) as api:
        [code] = await file(town, api.url)
        for minutes, status in ((300, "received"), (400, "processing"), (500, "completed")):
            body = step(code, minutes=minutes, status=status).body
            await api.progress(code, body, Idempotency_Key=f"k{minutes}")
        town.fault(FaultKind.DROP_REPLY, calls=1, operation="DongBoTrangThaiHoSo")
        states = await town.work_until_settled()
        assert states == {"delivered": 1, "skipped": 2}
        [told] = town.sandbox.state.national_statuses[code]
        assert (told["TrangThai"], told["NgayXuLy"]) == ("2", "20260105162000")
        assert town.sandbox.counters()["national_statuses_repeated"] == 1


async def test_an_unanswered_status_is_a_persons_where_a_repeat_could_harm(
    dsn: str, pool: Any, key_ring: KeyRing
) -> None:
    """With the setting off nothing is told twice."""
    settings = {"is_national_status_repeatable": False}
    async with portal_town(dsn, pool, key_ring, settings=settings) as town, national_api(pool, key_ring) as api:
        [code] = await file(town, api.url)
        await api.progress(code, step(code, minutes=300, status="received").body, Idempotency_Key="k")
        town.fault(FaultKind.DROP_REPLY, calls=1, operation="DongBoTrangThaiHoSo")
        assert await town.work_until_settled() == {"parked": 1}
        assert await town.reasons() == ["outcome_unknown"]
