"""The population database behind its port: what is asked, and whether the answer is about whom it was asked for."""

import asyncio
import secrets
from functools import partial
from typing import Any, Self

from adapters.population import decoding
from adapters.population.client import PopulationClient, RandomId
from adapters.population.decoding import Records
from adapters.population.failures import SYSTEM
from adapters.population.question import Question
from adapters.population.settings import Operation, PopulationSettings
from adapters.population.subjects import check_subject, name_notices
from adapters.transport import HttpTransport, Observer, ReadRetry
from adapters.transport.http import HeadersSupplier, SslSupplier
from adapters.transport.retry import Sleep
from gateway.errors import Fault, InvalidInput, Rejected
from gateway.model.citizen import Asker, CitizenReply, Subject, VerificationReply
from gateway.ports.basics import Chance, Clock
from gateway.ports.population import CitizenQuestion
from mappings.population.questions import check_numbers, wire_birth_date, wire_name


def _sixteen_bytes() -> bytes:
    return secrets.token_bytes(16)


class PopulationAdapter:
    """Implements PopulationDatabase. `random_id` makes request ids."""

    def __init__(
        self,
        settings: PopulationSettings,
        *,
        ssl_supplier: SslSupplier,
        clock: Clock,
        chance: Chance,
        observe: Observer | None = None,
        headers_supplier: HeadersSupplier | None = None,
        random_id: RandomId = _sixteen_bytes,
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
            random_id=random_id,
        )

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def verify(self, subject: Subject, asker: Asker) -> VerificationReply:
        ask = partial(self._question, Operation.VERIFY, subject, asker)
        exists, question = await self.client.call(Operation.VERIFY, ask, decoding.read_verification)
        return VerificationReply(
            exists=exists,
            request_id=question.request_id,
            service_code=question.service_code,
            edge=self.settings.edge.profile,
        )

    async def ask(self, question: CitizenQuestion, subject: Subject, asker: Asker) -> CitizenReply:
        operation = Operation[question.name]

        def read(answer: Any) -> Records:
            records = decoding.read_records(answer, self.settings.reply_forms)
            check_subject(operation, records.people, subject)
            return records

        ask = partial(self._question, operation, subject, asker)
        records, asked = await self.client.call(operation, ask, read)
        return CitizenReply(
            records=records.people,
            request_id=asked.request_id,
            service_code=asked.service_code,
            edge=self.settings.edge.profile,
            profile=records.form.value,
            data_time=records.data_time,
            notices=(*records.notices, *name_notices(records.people, subject)),
        )

    def _question(self, operation: Operation, subject: Subject, asker: Asker, request_id: str) -> Question:
        settings = self.settings
        if operation not in settings.operations:
            raise Rejected(
                f"{SYSTEM} {operation.label}: the operation is not granted to the province",
                system=SYSTEM,
                operation=operation.label,
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
            request_id=request_id,
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


def build(settings: PopulationSettings, **parts: Any) -> PopulationAdapter:
    """Make the adapter, and load what takes long to load, so that no officer waits for it."""
    adapter = PopulationAdapter(settings, **parts)
    adapter.client.load()
    return adapter
