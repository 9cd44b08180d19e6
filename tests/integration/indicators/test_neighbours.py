"""Dossiers of one applicant are judged beside each other: what one of them becomes, the others hear of."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.model.dossier import Channel, Dossier
from gateway.model.party import Identifier, IdentifierType, Party
from gateway.model.status import DossierStatus
from gateway.ports.basics import KeyRing
from tests.support.counting import RULES, Town, counting_town
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
