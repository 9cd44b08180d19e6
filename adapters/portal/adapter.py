"""The portal behind the gateway's ports: carries dossiers and steps, reads the catalogue, checks itself.

Translation is judged per item before anything is sent; what cannot be sent comes back with the missing rows. The
rest is `client.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Self

from adapters.portal.catalogues import PortalCatalogues
from adapters.portal.checks import run_checks
from adapters.portal.client import PortalClient
from adapters.portal.drift import PortalDrift
from adapters.portal.failures import Operation
from adapters.portal.national import PortalNational
from adapters.portal.protocol import SYSTEM
from adapters.portal.results import PortalResults
from adapters.portal.settings import PortalSettings
from adapters.portal.statements import PortalStatements
from adapters.transport import HttpTransport, Observer, ReadRetry
from adapters.transport.http import HeadersSupplier, SslSupplier
from adapters.transport.retry import Sleep
from gateway.errors import ConfigurationError, ContractBroken, Fault, InvalidInput
from gateway.model.procedure import Procedure, ProcedureRef
from gateway.ports.basics import Chance, Clock
from gateway.ports.portal import (
    ChannelLimits,
    Finding,
    ItemVerdict,
    LookUp,
    Prepared,
    SharedSession,
    SnapshotToPush,
    StepToPush,
    Untranslatable,
)
from gateway.ports.portal_services import DriftWatch
from gateway.ports.reconciliation import Inspection
from mappings.portal.outbound import Held
from mappings.portal.tables import PortalTables, load_tables
from mappings.portal.translate import PortalTranslator
from mappings.portal.wire import DossierRecord


class PortalAdapter:
    """Implements DossierChannel, ProcedureCatalogue and SelfCheck for the national portal.

    Use as an async context manager, or call `aclose` at the end.
    """

    def __init__(
        self,
        settings: PortalSettings,
        *,
        translator: PortalTranslator,
        client: PortalClient,
        transport: HttpTransport,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._translator = translator
        self._client = client
        self._transport = transport
        self._clock = clock
        self.statements = PortalStatements(settings, client)
        """Questions, answers, ratings and statistics."""
        self.national = PortalNational(settings, client, translator, clock)
        """Nationally filed dossiers, and the listing of dossiers."""
        self.results = PortalResults(settings, client)
        """The store of digitised results, and files that the portal names by path."""
        self.catalogues = PortalCatalogues(settings, client, translator, clock)
        """Short catalogues, online services, decisions, technical ids."""
        self._limits = ChannelLimits(
            max_snapshots_per_call=settings.max_dossiers_per_call,
            max_steps_per_call=settings.max_steps_per_call,
            repeated_step_is_harmless=settings.dialect.steps_deduplicated,
            has_look_up=settings.has_look_up,
        )

    @property
    def system(self) -> str:
        return SYSTEM

    @property
    def limits(self) -> ChannelLimits:
        return self._limits

    def prepare_snapshot(self, item: SnapshotToPush) -> Prepared | Untranslatable:
        """Translate a dossier as of now. Pure apart from the clock."""
        written = self._translator.dossier(item.dossier_code, item.dossier, item.procedure, at=self._clock.now())
        return _prepared(item.delivery_id, item.dossier_code, written)

    def prepare_step(self, item: StepToPush) -> Prepared | Untranslatable:
        """Translate a progress step as of now. Pure apart from the clock."""
        written = self._translator.step(item.dossier_code, item.step, at=self._clock.now())
        return _prepared(item.delivery_id, item.dossier_code, written)

    async def push_snapshots(self, items: Sequence[Prepared], *, is_update: bool) -> Sequence[ItemVerdict]:
        """Send one call; one verdict per item in the same order. Nothing is sent for no items."""
        if not items:
            return []
        records = self._translator.wire_records([item.record for item in items])
        return await self._client.push_dossiers(items, records, is_update=is_update)

    async def push_steps(self, items: Sequence[Prepared]) -> Sequence[ItemVerdict]:
        """Send one call with the steps in the given order; one verdict per item. Nothing is sent for no items."""
        if not items:
            return []
        return await self._client.push_steps(items)

    async def look_up(self, item: Prepared) -> LookUp:
        """Ask whether the dossier is there, and which stated fields differ from what was prepared.

        For a prepared step only the presence of its dossier is told: the portal lists no steps. Raises when it could
        not ask.
        """
        found = await self._client.look_up(item.dossier_code)
        if found.record is None:
            return LookUp(is_present=False)
        if not isinstance(item.record, DossierRecord):
            return LookUp(is_present=True)
        try:
            theirs = self._translator.found_dossier(found.record)
        except InvalidInput as error:
            raise _broken(Operation.LOOK_UP, "the record of the look-up has another form") from error
        return LookUp(is_present=True, differing_fields=self._translator.differing_fields(theirs, item.record))

    async def inspect(self, item: Prepared) -> Inspection:
        """Look at a dossier and give both values of whatever differs from what was prepared."""
        found = await self._client.look_up(item.dossier_code)
        if found.record is None:
            return Inspection(is_present=False)
        try:
            theirs = self._translator.found_dossier(found.record)
        except InvalidInput as error:
            raise _broken(Operation.LOOK_UP, "the record of the look-up has another form") from error
        return self._translator.inspect(theirs, item.record, at=self._clock.now())

    async def list_procedures(self) -> Sequence[ProcedureRef]:
        """Read the whole list of the catalogue, duplicates as they come."""
        return await self._client.list_procedures()

    async def get_procedure(self, procedure_code: str) -> Procedure | None:
        """Read one procedure; None when the portal has no such code.

        Raises Unmapped when the record holds codes without a row, and the groups of the port.
        """
        record = await self._client.get_procedure(procedure_code)
        if record is None:
            return None
        try:
            return self._translator.procedure(record, at=self._clock.now())
        except InvalidInput as error:
            raise _broken(Operation.GET_PROCEDURE, "the procedure's record has another form") from error

    async def check(self) -> Sequence[Finding]:
        """Test settings, login and the two data paths; changes nothing over there."""
        return await run_checks(self._settings, self._client)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.aclose()


def build(
    settings: PortalSettings,
    *,
    session: SharedSession,
    ssl_supplier: SslSupplier,
    clock: Clock,
    chance: Chance,
    observe: Observer | None = None,
    headers_supplier: HeadersSupplier | None = None,
    sleep: Sleep = asyncio.sleep,
    watch: DriftWatch | None = None,
    on_defect: Callable[[BaseException], None] = lambda _: None,
) -> PortalAdapter:
    """Put the adapter together. Opens nothing. Raises ConfigurationError when code tables or rules are not usable."""
    tables = portal_tables(settings)
    translator = PortalTranslator(tables, settings.wire)
    transport = HttpTransport(
        settings.transport,
        ssl_supplier=ssl_supplier,
        clock=clock,
        observe=observe,
        headers_supplier=headers_supplier,
    )
    client = PortalClient(
        settings,
        transport=transport,
        session=session,
        retry=ReadRetry(settings.transport, chance=chance, sleep=sleep),
        drift=PortalDrift(settings, tables.tables, watch, on_defect) if watch is not None else None,
    )
    return PortalAdapter(settings, translator=translator, client=client, transport=transport, clock=clock)


def portal_tables(settings: PortalSettings) -> PortalTables:
    """Load the code tables that the settings name. Raises ConfigurationError."""
    if settings.codes_path is None:
        return load_tables()
    try:
        text = settings.codes_path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([Fault("codes_path", "cannot be read as UTF-8 text")]) from error
    return load_tables(text)


def _prepared(delivery_id: int, dossier_code: str, written: object) -> Prepared | Untranslatable:
    if isinstance(written, Held):
        return Untranslatable(delivery_id=delivery_id, missing=written.missing, problems=written.problems)
    return Prepared(delivery_id=delivery_id, dossier_code=dossier_code, record=written)


def _broken(operation: Operation, message: str) -> ContractBroken:
    return ContractBroken(message, system=SYSTEM, operation=operation, effect_possible=False, code="malformed_record")
