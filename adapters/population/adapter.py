"""The population database behind its port: what is asked, and whether the answer is about whom it was asked for."""

import asyncio
from collections.abc import Sequence
from typing import Any, Self
from uuid import uuid4

from adapters.population import decoding
from adapters.population.client import NewId, PopulationClient
from adapters.population.decoding import Records
from adapters.population.failures import ANOTHER_PERSON, SYSTEM, broken
from adapters.population.question import Question
from adapters.population.settings import Operation, PopulationSettings
from adapters.transport import HttpTransport, Observer, ReadRetry
from adapters.transport.http import HeadersSupplier, SslSupplier
from adapters.transport.retry import Sleep
from gateway.errors import Fault, InvalidInput, Rejected
from gateway.model.citizen import Asker, CitizenRecord, CitizenReply, Subject, VerificationReply
from gateway.model.identity import PartialDate
from gateway.ports.basics import Chance, Clock
from gateway.ports.population import CitizenQuestion
from mappings.codes.text import NameVerdict, compare_names
from mappings.population.questions import check_numbers, compact_name, wire_birth_date, wire_name

_MANY = frozenset({Operation.HOUSEHOLD})
"""Operations whose reply holds several people by right."""


class PopulationAdapter:
    """Implements PopulationDatabase. `new_id` makes request ids."""

    def __init__(
        self,
        settings: PopulationSettings,
        *,
        ssl_supplier: SslSupplier,
        clock: Clock,
        chance: Chance,
        observe: Observer | None = None,
        headers_supplier: HeadersSupplier | None = None,
        new_id: NewId = uuid4,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self._transport = HttpTransport(
            settings.transport,
            ssl_supplier=ssl_supplier,
            clock=clock,
            observe=observe,
            headers_supplier=headers_supplier,
        )
        self.client = PopulationClient(
            settings,
            transport=self._transport,
            retry=ReadRetry(settings.transport, chance=chance, sleep=sleep),
            clock=clock,
            new_id=new_id,
        )

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def verify(self, subject: Subject, asker: Asker) -> VerificationReply:
        question = self._question(Operation.VERIFY, subject, asker)
        exists, request_id = await self.client.call(Operation.VERIFY, question, decoding.read_verification)
        return VerificationReply(
            exists=exists,
            request_id=request_id,
            service_code=question.service_code,
            edge=self.settings.edge.profile,
        )

    async def ask(self, question: CitizenQuestion, subject: Subject, asker: Asker) -> CitizenReply:
        operation = Operation[question.name]
        asked = self._question(operation, subject, asker)

        def read(answer: Any) -> Records:
            records = decoding.read_records(answer, self.settings.reply_forms)
            _check_subject(operation, records.people, subject)
            return records

        records, request_id = await self.client.call(operation, asked, read)
        return CitizenReply(
            records=records.people,
            request_id=request_id,
            service_code=asked.service_code,
            edge=self.settings.edge.profile,
            profile=records.form.value,
            data_time=records.data_time,
            notices=(*records.notices, *_name_notices(records.people, subject)),
        )

    def _question(self, operation: Operation, subject: Subject, asker: Asker) -> Question:
        settings = self.settings
        if operation not in settings.operations:
            raise Rejected(
                f"{SYSTEM} {operation.name.lower()}: the operation is not granted to the province",
                system=SYSTEM,
                operation=operation.name.lower(),
                code="service_not_granted",
            )
        check_numbers(subject.personal_number, subject.old_card_number)
        if not asker.officer_code:
            raise InvalidInput("the question cannot be asked", [Fault("officer_code", "must be stated")])
        day, year = wire_birth_date(subject.birth_date)
        if operation in settings.needs_birth_date and not (day or year):
            raise InvalidInput("the question cannot be asked", [Fault("birth_date", "must be stated, or the year")])
        if operation is Operation.VERIFY and not settings.sends_birth_date_to_verify:
            day = year = ""
        return Question(
            request_id="",
            procedure_code=asker.procedure_code or settings.default_procedure_code,
            service_code=settings.service_code_of(operation),
            officer_code=asker.officer_code,
            agency_code=asker.agency_code if settings.sends_agency else "",
            login=asker.login if settings.sends_login else "",
            phone="0" if settings.sends_login else "",
            personal_number=subject.personal_number,
            old_card_number=subject.old_card_number,
            name=wire_name(subject.full_name, settings.name_form),
            birth_day=day,
            birth_year=year,
        )


def _check_subject(operation: Operation, people: Sequence[CitizenRecord], subject: Subject) -> None:
    """Refuse a reply about somebody else (§18 N14). Several people are nobody's record yet, and left to the caller."""
    label = operation.name.lower()
    if any(not (one.full_name or one.personal_number or one.old_card_number) for one in people):
        raise broken(label, "record_of_nobody")
    if operation in _MANY:
        is_right = not people or any(_is_of(one, subject) for one in people)
    else:
        is_right = len(people) != 1 or _is_of(people[0], subject)
    if not is_right:
        raise broken(label, ANOTHER_PERSON)


def _is_of(record: CitizenRecord, subject: Subject) -> bool:
    pairs = (
        (subject.personal_number, record.personal_number),
        (subject.old_card_number, record.old_card_number),
    )
    if any(asked and told and asked != told for asked, told in pairs):
        return False
    if not record.full_name:
        # A name alone may be missing where the number agrees.
        return any(asked and asked == told for asked, told in pairs)
    has_number = any(asked and asked == told for asked, told in pairs)
    try:
        if compact_name(record.full_name) == compact_name(subject.full_name):
            # Equal names without accents prove nobody (§13.1): without the number, the birth date must agree as well.
            return has_number or _are_of_one_day(record.birth_date, subject.birth_date)
        # The parts of a name come in no reliable order (§5); with the number that is a detail, without it is not.
        return has_number and _words(record.full_name) == _words(subject.full_name)
    except InvalidInput:
        return False


def _name_notices(people: Sequence[CitizenRecord], subject: Subject) -> tuple[str, ...]:
    """Tell of a name that agrees without its marks only: weak evidence by itself (§13.1)."""
    if len(people) != 1 or not people[0].full_name or people[0].full_name == subject.full_name.upper():
        return ()
    verdict = compare_names(people[0].full_name, subject.full_name).verdict
    return () if verdict is NameVerdict.SAME else (f"full_name:{verdict.value}",)


def _are_of_one_day(told: PartialDate | None, asked: PartialDate | None) -> bool:
    """Tell whether both are known and agree as far as the less exact one goes."""
    if told is None or asked is None:
        return False
    return told.value.startswith(asked.value) or asked.value.startswith(told.value)


def _words(name: str) -> list[str]:
    return sorted(compact_name(word) for word in name.split())


def build(settings: PopulationSettings, **parts: Any) -> PopulationAdapter:
    """Make the adapter, and load what takes long to load, so that no officer waits for it."""
    adapter = PopulationAdapter(settings, **parts)
    adapter.client.load()
    return adapter
