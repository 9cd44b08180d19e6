"""Every edge end to end: the adapter asks, the simulated database answers (population notes §2, §3, §8)."""

import asyncio
from typing import Any

import pytest

from adapters.population.sandbox import SEEDS, ReplyForm, TimeUnit
from adapters.population.settings import Operation
from gateway.errors import CredentialsRefused, InvalidInput, RateLimited, Rejected
from gateway.model.citizen import Asker, VerificationReply, VitalStatus
from gateway.ports.population import CitizenQuestion
from tests.support.population import ASKER, EDGES, control, expire_tokens, new_adapter, population, subject_of


@pytest.mark.parametrize("edge", sorted(EDGES))
async def test_verification_and_look_up(edge: str) -> None:
    """Who is there is found, who is not is not, and each request has an id of its own."""
    async with population(edge) as setup:
        yes = await setup.adapter.verify(subject_of("plain"), ASKER)
        no = await setup.adapter.verify(subject_of("plain", full_name="Người Khác"), ASKER)
        found = await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of("plain"), ASKER)
        nobody = await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of("cancelled"), ASKER)

    assert (True, False) == (yes.exists, no.exists)
    assert [SEEDS["plain"].number] == [record.personal_number for record in found.records]
    assert SEEDS["plain"].full_name == found.records[0].full_name
    assert () == nobody.records
    assert 4 == len({yes.request_id, no.request_id, found.request_id, nobody.request_id})
    assert ("033", "037", "flat") == (yes.service_code, found.service_code, found.profile)


@pytest.mark.parametrize("form", ["flat", "qcvn109", "kinship"])
async def test_forms_of_the_reply(form: str) -> None:
    """The form is told by the reply itself."""
    async with population(profile={"reply_form": ReplyForm(form)}) as setup:
        reply = await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of("plain"), ASKER)

    # The vendor's form of this record is the standard's as well.
    assert reply.profile in {form, "qcvn109" if form == "kinship" else form}
    assert () == reply.notices
    assert SEEDS["plain"].full_name == reply.records[0].full_name
    assert reply.records[0].father is not None


@pytest.mark.parametrize("name", sorted(set(SEEDS) - {"cancelled"}))
async def test_every_named_person_is_found(name: str) -> None:
    """Odd names, years only, empty elements, numbers that disagree: all of them are people."""
    async with population() as setup:
        reply = await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of(name), ASKER)

    assert [SEEDS[name].number] == [record.personal_number for record in reply.records]


async def test_old_cards() -> None:
    """A card of nine digits finds its holder, and two of them where it was given out twice."""
    async with population() as setup:
        changed = subject_of("found_by_old_card", personal_number="", old_card_number="999000018")
        twice = subject_of("two_matches_1", personal_number="", old_card_number="999000012")
        one = await setup.adapter.ask(CitizenQuestion.LOOK_UP, changed, ASKER)
        two = await setup.adapter.ask(CitizenQuestion.LOOK_UP, twice, ASKER)

    assert [SEEDS["found_by_old_card"].number] == [record.personal_number for record in one.records]
    assert 2 == len(two.records)


async def test_operations_known_by_name_only() -> None:
    """Their shapes are assumed (§8); each answers with what it is about."""
    profile = {"granted_services": ("033", "037"), "is_vital_status_offered": True}
    async with population(profile=profile) as setup:
        ask = setup.adapter.ask
        household = await ask(CitizenQuestion.HOUSEHOLD, subject_of("household_head"), ASKER)
        head = await ask(CitizenQuestion.HOUSEHOLD_HEAD, subject_of("household_child_1"), ASKER)
        kin = await ask(CitizenQuestion.KINSHIP, subject_of("household_child_1"), ASKER)
        status = await ask(CitizenQuestion.VITAL_STATUS, subject_of("deceased"), ASKER)
        asked = [
            await ask(question, subject_of("plain"), ASKER)
            for question in (
                CitizenQuestion.RECORD,
                CitizenQuestion.BLOOD_GROUP,
                CitizenQuestion.GUARDIAN,
                CitizenQuestion.CURRENT_RESIDENCE,
                CitizenQuestion.MARITAL_STATUS,
            )
        ]

    assert 6 == len(household.records)
    assert household.records[0].household_head is not None
    assert "CH01" == household.records[0].household_head.relation
    assert head.records[0].household_head is not None
    assert "kinship" == kin.profile
    assert VitalStatus.DEAD == status.records[0].vital_status
    assert [1] * 5 == [len(reply.records) for reply in asked]


async def test_operations_that_are_not_granted_are_not_asked() -> None:
    """What the province has no grant for is refused here."""
    async with population(operations=[Operation.VERIFY.value]) as setup:
        with pytest.raises(Rejected) as caught:
            await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of("plain"), ASKER)

        assert "service_not_granted" == caught.value.code
        assert 0 == len(setup.calls)


@pytest.mark.parametrize(
    ("changes", "code", "remote"),
    [
        ({"procedure_code": "KHONG-CAP-PHEP"}, "procedure_not_licensed", "004"),
        ({"officer_code": "can-bo-bi-khoa"}, "officer_not_authorised", "005"),
    ],
)
@pytest.mark.parametrize("edge", ["plain", "c06", "oauth2", "wrap", "rest", "ngsp"])
async def test_refusals_by_layer(edge: str, changes: dict[str, str], code: str, remote: str) -> None:
    """What is not licensed is a refusal with its code, whichever edge says it."""
    asker = Asker(**({"officer_code": "canbo.a", "procedure_code": "1.999001"} | changes))
    async with population(edge) as setup:
        with pytest.raises(Rejected) as caught:
            await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of("plain"), asker)

    assert (code, remote) == (caught.value.code, caught.value.remote_code)


async def test_officer_without_a_key() -> None:
    """At an edge with accounts for officers, one without is refused before anything is sent."""
    async with population("lgsp") as setup:
        with pytest.raises(Rejected) as caught:
            await setup.adapter.verify(subject_of("plain"), Asker(officer_code="canbo.z"))

    assert "officer_not_authorised" == caught.value.code


async def test_n18_time_stamps() -> None:
    """The other unit of time is outside the window, and so is a clock that is off."""
    async with population("c06", profile={"c06_time_unit": TimeUnit.SECONDS}) as setup:
        with pytest.raises(CredentialsRefused) as other_unit:
            await setup.adapter.verify(subject_of("plain"), ASKER)
    async with population("c06") as setup:
        await control(setup, "clock", {"shift_seconds": 400})
        with pytest.raises(CredentialsRefused) as off:
            await setup.adapter.verify(subject_of("plain"), ASKER)

    assert {"clock_refused"} == {other_unit.value.code, off.value.code}


async def test_n18_hash_over_the_address() -> None:
    """The hash is over the service path, not over the path that is called."""
    async with population("c06") as setup:
        edge = setup.adapter.settings.edge.model_copy(update={"hashed_paths": {}})
        settings = setup.adapter.settings.model_copy(update={"edge": edge})
        async with new_adapter(settings) as adapter:
            with pytest.raises(CredentialsRefused):
                await adapter.verify(subject_of("plain"), ASKER)


@pytest.mark.parametrize("edge", ["lgsp", "rest", "oauth2"])
async def test_n20_tokens_are_fetched_once(edge: str) -> None:
    """A hundred callers with an ended token fetch one new one; a token that was refused is renewed once."""
    async with population(edge) as setup:
        await setup.adapter.verify(subject_of("plain"), ASKER)
        await expire_tokens(setup)
        answers = await asyncio.gather(*(setup.adapter.verify(subject_of("plain"), ASKER) for _ in range(100)))
        fetched = [call for call in setup.calls if call.operation == "token"]

    assert all(answer.exists for answer in answers)
    assert 2 == len(fetched), "one at the start, one for all"


async def test_a_renewed_token_makes_a_new_request() -> None:
    """The reply tells the id of the request that was answered, not of the one before that was refused."""
    async with population("oauth2") as setup:
        setup.hostile("wso2_json_invalid_token", calls=1)
        reply = await setup.adapter.verify(subject_of("plain"), ASKER)
        ids = [code for call in setup.sandbox.recorder.calls() for code in call.item_codes]

    assert 2 == len(set(ids))
    assert ids[-1] == reply.request_id


async def test_n20_tokens_that_are_always_refused() -> None:
    """One renewal, then no more."""
    async with population("oauth2") as setup:
        setup.hostile("wso2_json_invalid_token", calls=100)
        with pytest.raises(CredentialsRefused):
            await setup.adapter.verify(subject_of("plain"), ASKER)
        asked = [call.operation for call in setup.calls]

    assert ["token", "verify", "token", "verify"] == asked


async def test_n20_token_service_that_is_away() -> None:
    """A hundred callers do not ask a token service that is down a hundred times."""
    async with population("oauth2", token_path="/nowhere") as setup:
        failures = await asyncio.gather(
            *(setup.adapter.verify(subject_of("plain"), ASKER) for _ in range(100)), return_exceptions=True
        )
        asked = len(setup.calls)

    assert all(isinstance(failure, Exception) for failure in failures)
    assert asked <= 3


async def test_n21_fifty_officers_at_once() -> None:
    """Nothing of one call shows in another."""
    names = ("plain", "apostrophe", "born_2000_or_later", "registered_abroad", "three_part_name")

    async def one(place: int) -> bool:
        name = names[place % len(names)]
        asker = Asker(officer_code=f"canbo.{place}", procedure_code="1.999001")
        reply = await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of(name), asker)
        return reply.records[0].personal_number == SEEDS[name].number

    async with population() as setup:
        right = await asyncio.gather(*(one(place) for place in range(50)))
        officers = {(call.notes or {})["officer"] for call in setup.sandbox.recorder.calls()}

    assert all(right)
    assert {f"canbo.{place}" for place in range(50)} == officers


async def test_too_many_at_once_are_told_so() -> None:
    """The province's account takes so many calls; whoever would wait too long is told, not kept."""
    async with population(
        profile={"latency_seconds": 1.0}, max_parallel=1, look_up_seconds=0.3, verify_seconds=5
    ) as setup:
        results = await asyncio.gather(
            *(setup.adapter.verify(subject_of("plain"), ASKER) for _ in range(2)), return_exceptions=True
        )

    late = [one for one in results if isinstance(one, RateLimited)]
    assert ["too_many_at_once"] == [one.code for one in late]
    assert 1 == sum(isinstance(one, VerificationReply) for one in results)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"birth_date": None}, "birth_date"),
        ({"full_name": "李小龙"}, "full_name"),
        ({"personal_number": "1"}, "personal_number"),
        ({"old_card_number": "999000018"}, "personal_number"),
    ],
)
async def test_questions_that_cannot_be_asked(changes: dict[str, Any], field: str) -> None:
    """Named by field, before anything is sent."""
    async with population() as setup:
        with pytest.raises(InvalidInput) as caught:
            await setup.adapter.ask(CitizenQuestion.LOOK_UP, subject_of("plain", **changes), ASKER)

        assert [field] == [fault.field for fault in caught.value.faults]
        assert [] == setup.calls
