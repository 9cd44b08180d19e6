"""Dossiers with something in common are judged beside each other: what one of them becomes, the others hear of."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.indicators.measures import FLAG_RULES
from gateway.model.dossier import Attachment, Channel, Dossier, ResultDocument
from gateway.model.party import Identifier, IdentifierType, Party
from gateway.model.status import DossierStatus
from gateway.ports.basics import KeyRing
from tests.support.counting import BEGIN, RULES, Town, counting_town
from tests.support.samples import make_dossier

FIRST, COPY = "H99.01-260727-00001", "H99.01-260727-00002"


def _of(number: str, at: datetime) -> Dossier:
    return make_dossier(
        procedure_code="1.999001",
        channel=Channel.ONLINE,
        status=DossierStatus.RECEIVED,
        applicant=Party(name="Công ty Mẫu", identifiers=(Identifier(type=IdentifierType.PERSONAL_ID, number=number),)),
        submitted_at=at,
        received_at=at,
    )


ONE, OTHER = "999199000001", "999199000002"


async def _twice(town: Town) -> None:
    """File one dossier twice within minutes."""
    now = town.clock.now()
    await town.accept(FIRST, _of(ONE, now))
    await town.accept(COPY, _of(ONE, now + timedelta(minutes=2)))
    town.clock.move(3600)


async def _left_out(town: Town) -> list[str]:
    """Count, hold it against counting from scratch, and give the dossiers that are left out as copies."""
    await town.keeper().run()
    compared = await town.checker().check()
    assert compared is not None
    assert () == compared.codes
    assert compared.is_equal
    rows = await town.pool.fetch(
        "SELECT f.code FROM indicator_facts f JOIN dossiers d USING (dossier_id) WHERE cardinality(f.received) < 5"
    )
    return sorted(row["code"] for row in rows)


async def test_a_copy_whose_applicant_was_put_right_is_no_copy(pool: Any, key_ring: KeyRing) -> None:
    """The dossier that it was a copy of, or that was left out for it, counts again."""
    async with counting_town(pool, key_ring) as town:
        await _twice(town)
        [copy] = await _left_out(town)
        kept = FIRST if copy == COPY else COPY

        await town.accept(kept, replace(town.documents[kept], applicant=_of(OTHER, town.clock.now()).applicant))
        assert [] == await _left_out(town)


async def test_both_may_change_in_one_turn(pool: Any, key_ring: KeyRing) -> None:
    """Neither is judged beside what the other was before."""
    async with counting_town(pool, key_ring) as town:
        await _twice(town)
        [copy] = await _left_out(town)
        kept = FIRST if copy == COPY else COPY

        await town.accept(kept, replace(town.documents[kept], applicant=_of(OTHER, town.clock.now()).applicant))
        await town.accept(copy, replace(town.documents[copy], note="thêm"))
        assert [] == await _left_out(town)


async def test_many_later_dossiers_do_not_hide_a_copy(pool: Any, key_ring: KeyRing) -> None:
    """A company's copy stays one, however many dossiers come behind it, and whenever it is judged again."""
    async with counting_town(pool, key_ring) as town:
        await _twice(town)
        copies = await _left_out(town)
        assert 1 == len(copies)
        for number in range(3, 33):
            town.clock.move(3600)
            await town.accept(f"H99.01-260727-{number:05}", _of(ONE, town.clock.now()))
        assert copies == await _left_out(town)

        await town.accept(copies[0], replace(town.documents[copies[0]], note="thêm"))
        assert copies == await _left_out(town)
        await town.keeper(replace(RULES, name=f"{RULES.name} again")).run()
        assert copies == await _left_out(town)


async def test_a_copy_stays_one_when_the_other_is_erased(pool: Any, key_ring: KeyRing) -> None:
    """The erased dossier counts as before, so its copy must not count beside it, then or later."""
    async with counting_town(pool, key_ring) as town:
        await _twice(town)
        [copy] = await _left_out(town)
        kept = FIRST if copy == COPY else COPY
        for code in (kept, copy):
            await pool.execute("UPDATE dossiers SET wrapped_key = '', erased_at = updated_at WHERE code = $1", code)
            await pool.execute("INSERT INTO indicator_wishes SELECT dossier_id FROM dossiers WHERE code = $1", code)
            assert [copy] == await _left_out(town)
            await town.keeper(replace(RULES, name=f"{RULES.name} without {code}")).run()
            assert [copy] == await _left_out(town)


def _code(number: int) -> str:
    return f"H99.01-260727-{number:05}"


async def _found(town: Town, rule: str) -> list[str]:
    """Count, hold it against counting from scratch, and give the dossiers with which a rule found something."""
    await town.keeper().run()
    compared = await town.checker().check()
    assert compared is not None
    assert compared.is_equal
    assert rule in FLAG_RULES
    facts = await town.judged()
    return sorted(one.key for one in facts if rule in one.flags)


async def _erase(town: Town, code: str) -> None:
    await town.pool.execute("UPDATE dossiers SET wrapped_key = '', erased_at = updated_at WHERE code = $1", code)
    await town.pool.execute("INSERT INTO indicator_wishes SELECT dossier_id FROM dossiers WHERE code = $1", code)


async def test_an_account_of_many_is_an_officers(pool: Any, key_ring: KeyRing) -> None:
    """DQ-02: the fifth applicant of one account makes officers' dossiers of the four before, which hear of it."""
    async with counting_town(pool, key_ring) as town:
        for number in range(1, 6):
            filed = _of(f"99919900001{number}", town.clock.now())
            await town.accept(_code(number), replace(filed, submitter=_of("999199000099", town.clock.now()).applicant))
            town.clock.move(3600)
            signs = await town.pool.fetch("SELECT code FROM indicator_facts WHERE account_key IS NOT NULL")
            found = await _found(town, "DQ-02")
        assert len(signs) == 4
        assert found == [_code(number) for number in range(1, 6)]
        facts = {one.key: one for one in await town.judged()}
        assert {"officer"} == {facts[_code(number)].entered_by.value for number in range(1, 6)}


async def test_the_same_files_thrice_are_told(pool: Any, key_ring: KeyRing) -> None:
    """DQ-15: two dossiers of the same files are two; the third makes all three conspicuous, whoever filed them."""
    async with counting_town(pool, key_ring) as town:
        files = (Attachment(name="don.pdf", url="https://files.province.example/a/1", sha256="a" * 64),)
        for number in range(1, 4):
            filed = replace(_of(f"99919900001{number}", town.clock.now()), attachments=files)
            await town.accept(_code(number), filed)
            town.clock.move(3600)
            if number == 2:
                assert [] == await _found(town, "DQ-15")
        assert [_code(1), _code(2), _code(3)] == await _found(town, "DQ-15")

        await town.accept(_code(3), replace(town.documents[_code(3)], attachments=()))
        assert [] == await _found(town, "DQ-15")


async def test_one_result_for_two_people_is_none(pool: Any, key_ring: KeyRing) -> None:
    """DQ-13: the first one's result counts until another's dossier states the same file; also after its erasure."""
    async with counting_town(pool, key_ring) as town:
        result = ResultDocument(name="kq.pdf", url="https://files.province.example/r/1", sha256="b" * 64)
        for number in (1, 2):
            now = town.clock.now()
            filed = _of(f"99919900001{number}", now - timedelta(hours=2))
            done = replace(filed, status=DossierStatus.COMPLETED, finished_at=now, results=(result,))
            await town.accept(_code(number), done)
            town.clock.move(3600)
            if number == 1:
                assert [] == await _found(town, "DQ-13")
        assert [_code(1), _code(2)] == await _found(town, "DQ-13")

        await _erase(town, _code(1))
        await _found(town, "DQ-13")
        rows = await town.pool.fetch("SELECT result_key IS NULL AS is_gone, record FROM indicator_facts ORDER BY code")
        assert [True, False] == [row["is_gone"] for row in rows]
        assert all("same_as_another" in row["record"] for row in rows)


async def test_what_was_found_beside_others_is_not_kept(pool: Any, key_ring: KeyRing) -> None:
    """An officer's dossier for somebody else is erased: a copy beside it that is put right still counts again."""
    async with counting_town(pool, key_ring) as town:
        officer = _of("999199000099", town.clock.now()).applicant
        await _twice(town)
        for code in (FIRST, COPY):
            await town.accept(code, replace(town.documents[code], submitter=officer))
        await town.accept(_code(3), replace(_of(OTHER, town.clock.now()), submitter=officer))
        [copy] = await _left_out(town)
        await _erase(town, _code(3))
        assert [copy] == await _left_out(town)

        await town.accept(copy, replace(town.documents[copy], applicant=_of("999199000007", BEGIN).applicant))
        assert [] == await _left_out(town)
