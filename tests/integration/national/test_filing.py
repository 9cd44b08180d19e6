"""The sandbox files like a citizen and calls like the portal; everything it filed stands in the gateway, once."""

import random
from typing import Any

from adapters.portal.sandbox.filing import Filing, FilingOrder
from gateway.ports.basics import KeyRing
from tests.support.national import KEY, national_api


async def test_what_is_filed_arrives_exactly_once_however_often_it_is_told(pool: Any, key_ring: KeyRing) -> None:
    """Repeats, changes, payments and withdrawals of forty citizens; the gateway ends where the portal stands."""
    async with national_api(pool, key_ring) as api:
        filing = Filing(random.Random(5))
        order = FilingOrder(
            to=api.url + "/national/portal",
            headers=KEY,
            count=40,
            repeat_share=0.6,
            withdrawal_share=0.3,
            payment_share=0.4,
        )
        filed = await filing.file(order, ["1.999001", "1.999002"])
        assert len(filed) == 40
        assert not [failure for one in filed for failure in one.failures]
        assert sum(one.answers.count(1) for one in filed) > 5
        assert any(one.is_withdrawn for one in filed)
        assert any(one.is_promotion for one in filed)

        listed = (await api.get("/v1/applications?limit=500")).json["applications"]
        assert sorted(line["code"] for line in listed) == sorted(one.code for one in filed)
        for one in filed:
            dossier = (await api.get(f"/v1/dossiers/{one.code}")).json
            assert dossier["applicant"]["name"] == one.applicant_name
            assert dossier["summary"] == one.summary
            assert dossier["status"] == ("withdrawn" if one.is_withdrawn else "registered")
            assert dossier["online_payment"] == ("national_platform" if one.is_paid else "none")
        counts = await pool.fetch("SELECT type, count(*) AS n FROM events GROUP BY 1")
        told = {row["type"]: row["n"] for row in counts}
        assert told["application.filed"] == 40
        assert told["application.withdrawn"] == sum(one.is_withdrawn for one in filed)
        assert told["application.paid"] == sum(one.is_paid for one in filed)


async def test_a_province_that_does_not_listen_is_called_until_given_up(pool: Any, key_ring: KeyRing) -> None:
    """What was refused is told as it was, and nothing is filed twice in the register."""
    async with national_api(pool, key_ring) as api:
        filing = Filing(random.Random(5))
        order = FilingOrder(
            to=api.url + "/national/portal", headers={"X-Portal-Key": "wrong"}, tries_count=2, repeat_share=0.0
        )
        [filed] = await filing.file(order, ["1.999001"])
        assert filed.failures == ["HTTP 401", "HTTP 401"]
        assert filed.answers == []
        assert await pool.fetchval("SELECT count(*) FROM inbox") == 0
