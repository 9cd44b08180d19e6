"""Fees held against the catalogue: what it does not know is refused or told; why somebody is exempt stays sealed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from gateway.model.dossier import Channel, Fee, FeeKind
from gateway.model.procedure import AmountKind, Procedure, ProcedureChannel, ProcedureFee, TimeLimit, TimeUnit
from gateway.sync.fees import Exemption, FeeCheck, Mark
from gateway.vault.keyring import FileKeyRing
from tests.support.payments import DOSSIER, FEES, Payments, payments
from tests.support.procedures import store_procedure
from tests.support.samples import PROCEDURE_CODE, SUBMITTED_AT, make_dossier

_CHARGE = {"name": "Phí thẩm định", "kind": "charge", "amount_vnd": 100_000}
_LEVY = {"name": "Lệ phí", "kind": "levy", "amount_vnd": 50_000}


def procedure(charge_vnd: int = 100_000, levy_vnd: int = 50_000) -> Procedure:
    """Give the procedure of the dossier, which costs a charge and a levy when it is handed in online."""
    fees = tuple(
        ProcedureFee(kind=kind, amount_kind=AmountKind.FIXED, amount_vnd=amount_vnd, text=str(amount_vnd))
        for kind, amount_vnd in ((FeeKind.CHARGE, charge_vnd), (FeeKind.LEVY, levy_vnd))
    )
    limit = TimeLimit(amount=5, unit=TimeUnit.WORKING_DAY, fees=fees)
    return Procedure(
        code=PROCEDURE_CODE,
        name="Thủ tục",
        is_public=True,
        channels=(ProcedureChannel(channel=Channel.ONLINE, time_limits=(limit,)),),
    )


async def seen_at(town: Payments, version: int, **ago: int) -> None:
    """Say when a version was first seen, as long before the dossier was submitted."""
    await town.pool.execute(
        "UPDATE procedure_versions SET seen_at = $1 WHERE code = $2 AND version_number = $3",
        SUBMITTED_AT - timedelta(**ago),
        PROCEDURE_CODE,
        version,
    )


async def test_what_the_catalogue_knows_is_taken(pool: Any, key_ring: FileKeyRing) -> None:
    """Both fees, their marks sealed beside them."""
    async with payments(pool, key_ring, fee_check=FeeCheck.ENFORCE) as town:
        await store_procedure(pool, procedure(), 1)

        created = await town.create()
        service = town.api.services.payments
        stored = await town.store.find(UUID(created.json["payment_id"]))

        assert (201, []) == (created.status, created.json["fee_warnings"])
        assert service is not None
        assert stored is not None
        assert (Mark.FIXED, Mark.FIXED) == service.desk.records.open(stored).marks


async def test_what_it_does_not_know_is_refused_by_item_and_rule(pool: Any, key_ring: FileKeyRing) -> None:
    """Nothing is written down, and the same key serves once it is right."""
    async with payments(pool, key_ring, fee_check=FeeCheck.ENFORCE) as town:
        await store_procedure(pool, procedure(levy_vnd=40_000), 1)

        refused = await town.create()
        charge = await town.create(items=[_CHARGE])

        assert (422, "fees-not-owed", ["/items/1/amount_vnd"]) == (refused.status, refused.problem, refused.fields)
        assert "must be an amount that the catalogue states" == refused.json["errors"][0]["rule"]
        assert (201, 100_000) == (charge.status, charge.json["amount_vnd"])


async def test_by_default_it_is_taken_and_told(pool: Any, key_ring: FileKeyRing) -> None:
    """Once, to whom states it."""
    async with payments(pool, key_ring) as town:
        await store_procedure(pool, procedure(levy_vnd=40_000), 1)

        created = await town.create()
        later = await town.seen(created.json["payment_id"])

        assert (201, 150_000) == (created.status, created.json["amount_vnd"])
        assert ["/items/1/amount_vnd"] == [one["field"] for one in created.json["fee_warnings"]]
        assert [] == later["fee_warnings"]


async def test_the_version_of_the_day_counts(pool: Any, key_ring: FileKeyRing) -> None:
    """A price that rose after the submission is not this dossier's."""
    async with payments(pool, key_ring, fee_check=FeeCheck.ENFORCE) as town:
        await store_procedure(pool, procedure(), 1)
        await store_procedure(pool, procedure(charge_vnd=999_000), 2)
        await seen_at(town, 1, days=10)
        await seen_at(town, 2, days=-2)

        assert 201 == (await town.create()).status


async def test_an_exemption_is_sealed_with_its_reason(pool: Any, key_ring: FileKeyRing) -> None:
    """It is neither shown nor in any column; a waived fee is no item to pay."""
    async with payments(pool, key_ring, fee_check=FeeCheck.ENFORCE) as town:
        await store_procedure(pool, procedure(), 1)
        waived = Fee(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=0)
        dossier = make_dossier(fees=(FEES[0], waived))
        dossier = replace(dossier, applicant=replace(dossier.applicant, address="1 Phố Thử, tỉnh Mẫu"))
        read = await town.api.get(f"/v1/dossiers/{DOSSIER}")
        put = await town.api.put(DOSSIER, dossier, **{"If-Match": read.headers["ETag"]})
        assert put.status == 200, put.body
        exempt = {
            **_LEVY,
            "amount_vnd": 0,
            "full_amount_vnd": 50_000,
            "exemption": "other",
            "exemption_note": "QD-TEST-77",
        }

        created = await town.create(items=[_CHARGE, exempt])
        service = town.api.services.payments
        stored = await town.store.find(UUID(created.json["payment_id"]))
        row = await pool.fetchrow("SELECT * FROM payment_requests")

        assert (201, 100_000, ["charge"]) == (
            created.status,
            created.json["amount_vnd"],
            [item["kind"] for item in created.json["items"]],
        )
        assert b"QD-TEST-77" not in created.body
        assert not any(b"QD-TEST-77" in value for value in row.values() if isinstance(value, bytes))
        assert not any("QD-TEST-77" in value for value in row.values() if isinstance(value, str))
        assert service is not None
        assert stored is not None
        content = service.desk.records.open(stored)
        assert (Mark.FIXED, Mark.EXEMPT) == content.marks
        assert (Exemption.OTHER, "QD-TEST-77") == (content.stated[1].exemption, content.stated[1].exemption_note)
        assert "QD-TEST-77" not in repr(content)


async def test_what_is_waived_whole_is_not_paid(pool: Any, key_ring: FileKeyRing) -> None:
    """Where nothing is left to pay, no payment is made."""
    async with payments(pool, key_ring) as town:
        dossier = make_dossier(fees=(Fee(name="Lệ phí", kind=FeeKind.LEVY, amount_vnd=0),))
        read = await town.api.get(f"/v1/dossiers/{DOSSIER}")
        await town.api.put(DOSSIER, dossier, **{"If-Match": read.headers["ETag"]})

        none = await town.create(items=[{**_LEVY, "amount_vnd": 0, "exemption": "child", "full_amount_vnd": 50_000}])

        assert ("payment-not-possible", "nothing_owed") == (none.problem, none.json["detail"])


@pytest.mark.parametrize(("day", "charge_vnd"), [("2026-01-04", 100_000), ("2030-01-01", 120_000)])
async def test_fees_are_told_by_day_and_channel(pool: Any, key_ring: FileKeyRing, day: str, charge_vnd: int) -> None:
    """The version that was seen by then; before the first sight the first one."""
    async with payments(pool, key_ring) as town:
        await store_procedure(pool, procedure(), 1)
        await store_procedure(pool, procedure(charge_vnd=120_000), 2)
        await seen_at(town, 1, days=10)
        await seen_at(town, 2, days=-2)

        address = f"/v1/procedures/{PROCEDURE_CODE}/fees?on={day}"
        told, elsewhere = await town.api.get(address), await town.api.get(f"{address}&channel=postal")
        missing = await town.api.get("/v1/procedures/9.999999/fees")

        (online,) = told.json["channels"]
        assert ("online", False) == (online["channel"], online["is_free"])
        assert [charge_vnd, 50_000] == [line["amount_vnd"] for line in online["lines"]]
        assert [charge_vnd, 50_000] == [item["amount_vnd"] for item in online["proposed"]]
        assert [] == elsewhere.json["channels"]
        assert "procedure-not-found" == missing.problem
