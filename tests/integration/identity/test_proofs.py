"""Dossiers that rest on sign-ins, with the certified provider in front and the store behind."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.identity.sandbox import Mode
from gateway.engine.proofs import TechnicalIdReader, number_digest
from gateway.errors import TransientFailure
from gateway.store.proofs import PostgresProofs
from gateway.vault.keyring import FileKeyRing
from tests.integration.identity.test_peer import Setup, set_up
from tests.support.clocks import StillClock
from tests.support.samples import as_json, make_dossier
from tests.support.sign_on import SignOn, sign_on

CITIZEN = "999195000017"
CODE = "H99.01-261125-0001"


async def evidence_of(setup: Setup, account: str) -> str:
    attempt, arrived = await setup.sign_in(account)
    answered = await setup.province.redeem(attempt, arrived)
    return str(answered.json["sign_in"]["evidence_id"])


def stated(setup: Setup | SignOn, evidence_id: str | None, number: str = CITIZEN, **applicant: Any) -> dict[str, Any]:
    now = setup.province.clock.now()
    dossier = as_json(
        make_dossier(submitted_at=now, received_at=now, due_at=now + timedelta(days=5), status="received")
    )
    dossier["applicant"] |= {"identifiers": [{"type": "personal_id", "number": number}]} | applicant
    dossier["attachments"] = []
    return dossier | ({"sign_in_evidence_id": evidence_id} if evidence_id else {})


async def open_state(pool: Any) -> list[tuple[bool, bool, int]]:
    rows = await pool.fetch("SELECT is_known, due_at, attempts_count FROM technical_ids")
    return [(row["is_known"], row["due_at"] is not None, row["attempts_count"]) for row in rows]


async def test_a_dossier_of_whoever_signed_in(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """The dossier is kept with the mark and the technical id that the sign-in proves, by PUT and by import alike."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        api = setup.province.api
        evidence_id = await evidence_of(setup, "citizen")
        put = await api.put(CODE, stated(setup, evidence_id))
        kept = (await api.get(f"/v1/dossiers/{CODE}")).json
        (line,) = await api.import_lines({"code": CODE.replace("0001", "0002"), "dossier": stated(setup, evidence_id)})
        imported = (await api.get(f"/v1/dossiers/{CODE.replace('0001', '0002')}")).json

    assert (201, 201) == (put.status, line["status"]), (put.body, line)
    for dossier in (kept, imported):
        assert dossier["applicant"]["is_verified_by_national_identity"] is True
        assert "0190c3de-7a54-7c3a-9f7d-1c1c8f0e1a11" == dossier["applicant"]["technical_id"]


async def test_contradictions_are_refused(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """An invented sign-in, another person's, and another account's id are refused by name, in PUT and in import."""
    async with set_up(pool, key_ring, tmp_path) as setup:
        api = setup.province.api
        evidence_id = await evidence_of(setup, "citizen")
        invented = await api.put(CODE, stated(setup, "018f0000-0000-7000-8000-000000000001"))
        foreign = await api.put(CODE, stated(setup, evidence_id, number="999085000028"))
        other = await api.put(CODE, stated(setup, evidence_id, technical_id="TECH-OTHER"))
        good, bad = await api.import_lines(
            {"code": CODE, "dossier": stated(setup, evidence_id)},
            {"code": CODE.replace("0001", "0002"), "dossier": stated(setup, evidence_id, number="999085000028")},
        )

    assert ["unproven-statement"] * 3 == [answer.problem for answer in (invented, foreign, other)]
    assert [["/sign_in_evidence_id"], ["/sign_in_evidence_id"], ["/applicant/technical_id"]] == [
        answer.fields for answer in (invented, foreign, other)
    ]
    assert (201, 422) == (good["status"], bad["status"])
    assert b"999085000028" not in foreign.body


@pytest.mark.parametrize("is_needed", [True, False])
async def test_marks_must_rest_on_sign_ins_where_it_is_wanted(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path, *, is_needed: bool
) -> None:
    """With `verified_needs_sign_in` a mark that names no sign-in is refused; without, it is the province's word."""
    async with set_up(pool, key_ring, tmp_path, identity={"verified_needs_sign_in": is_needed}) as setup:
        answer = await setup.province.api.put(CODE, stated(setup, None, is_verified_by_national_identity=True))

    assert (422 if is_needed else 201) == answer.status
    if is_needed:
        assert ["/applicant/is_verified_by_national_identity"] == answer.fields


async def test_technical_id_is_looked_up(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Who signed in without telling a technical id is looked up at the portal; what fails is tried again, later."""
    asked: list[str] = []
    answers: list[Any] = [TransientFailure("away", system="portal", operation="find_technical_id"), "TECH-9"]
    clock = StillClock()

    async def find(number: str) -> str | None:
        asked.append(number)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    async def is_open() -> bool:
        return True

    async with set_up(pool, key_ring, tmp_path) as setup:
        clock.set(setup.province.clock.now() + timedelta(seconds=2))
        evidence_id = await evidence_of(setup, "weak")
        before = await open_state(pool)
        reader = TechnicalIdReader(PostgresProofs(pool), find, key_ring=key_ring, clock=clock, is_open=is_open)
        clock.set(setup.province.clock.now() + timedelta(seconds=2))
        with pytest.raises(TransientFailure):
            await reader.work()
        await reader.work()
        after_failure = await open_state(pool)
        clock.move(61)
        await reader.work()
        await reader.work()
        api = setup.province.api
        await api.put(CODE, stated(setup, evidence_id, number="999085000028"))
        kept = (await api.get(f"/v1/dossiers/{CODE}")).json

    assert ["999085000028", "999085000028"] == asked
    assert [(False, True, 0)] == before
    assert [(False, True, 1)] == after_failure
    assert [(True, False, 2)] == await open_state(pool)
    assert "TECH-9" == kept["applicant"]["technical_id"]
    rows = await pool.fetch("SELECT * FROM technical_ids")
    assert b"999085000028" not in b"".join(bytes(value) for row in rows for value in row if isinstance(value, bytes))
    assert number_digest(key_ring, "999085000028") == rows[0]["number_digest"]


async def test_who_is_not_known_at_the_portal_is_asked_for_again_a_day_later(
    pool: Any, key_ring: FileKeyRing, tmp_path: Path
) -> None:
    """Nobody is asked for twice in a day, however often they sign in."""
    asked: list[str] = []

    async def find(number: str) -> str | None:
        asked.append(number)
        return None

    async def is_open() -> bool:
        return True

    async with set_up(pool, key_ring, tmp_path) as setup:
        clock = setup.province.clock
        reader = TechnicalIdReader(PostgresProofs(pool), find, key_ring=key_ring, clock=clock, is_open=is_open)
        for hours_ago in (0, 1, 24):
            await pool.execute(
                "UPDATE technical_ids SET asked_at = asked_at - $1::interval", timedelta(hours=hours_ago)
            )
            await evidence_of(setup, "weak")
            await reader.work()
            await reader.work()

    assert 2 == len(asked)


async def test_enterprise_does_not_prove_its_representative(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """An enterprise's account that tells its representative's number signs in for the enterprise only."""
    representative = "999199000001"
    async with sign_on(pool, key_ring, tmp_path) as setup:
        setup.sandbox.core.profile.extra_claims["SoDinhDanh"] = representative
        attempt, arrived = await setup.sign_in("enterprise")
        redeemed = await setup.province.redeem(attempt, arrived)
        evidence_id = redeemed.json["sign_in"]["evidence_id"]
        private = await setup.province.api.put(CODE, stated(setup, evidence_id, number=representative))
        keys = {row["number_digest"] for row in await pool.fetch("SELECT number_digest FROM technical_ids")}

    assert ("unproven-statement", ["/sign_in_evidence_id"]) == (private.problem, private.fields)
    assert number_digest(key_ring, representative) not in keys


async def test_numbers_are_not_kept_for_nobody(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """Where nobody looks ids up, no number waits for it."""
    async with sign_on(pool, key_ring, tmp_path, Mode.P3, identity={"looks_up_technical_ids": False}) as setup:
        await setup.sign_in("citizen-2")

        assert 0 == await pool.fetchval("SELECT count(*) FROM technical_ids")


async def test_known_ids_are_forgotten_after_their_time(pool: Any, key_ring: FileKeyRing, tmp_path: Path) -> None:
    """What was known of somebody who has not signed in for long is kept no longer."""
    async with sign_on(pool, key_ring, tmp_path) as setup:
        await setup.sign_in("citizen-2")
        known = await pool.fetchval("SELECT count(*) FROM technical_ids WHERE is_known")
        setup.province.clock.move(401 * 86_400)
        for job in setup.province.jobs:
            await job.run()

        assert 1 == known
        assert 0 == await pool.fetchval("SELECT count(*) FROM technical_ids")
