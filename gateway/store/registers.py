"""Registers, petitions and ratings in PostgreSQL, and everything but dossiers as facts."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.model.procedure import ProcedureVersion
from gateway.model.subtrees import is_within
from gateway.monitoring.petitions import Petition, Reply
from gateway.monitoring.registers import RegisterKind
from gateway.store.columns import columns
from gateway.store.locks import Lock
from gateway.store.pool import Pool, connection, transaction
from gateway.store.procedure_versions import version_of
from gateway.store.queries import queries
from gateway.store.statements import OtherAgency

_PAGE = 500
_TARGETS = "targets"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock($1::int, hashtext($2))"


class PostgresRegisters:
    """Implements RegisterStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql = queries("registers")

    async def mark(self) -> tuple[object, ...]:
        async with connection(self._pool) as borrowed:
            row = await self._sql.register_mark(borrowed)
        return tuple(row.values())

    async def registers(self) -> dict[RegisterKind, list[Mapping[str, Any]]]:
        found: dict[RegisterKind, list[Mapping[str, Any]]] = {kind: [] for kind in RegisterKind}
        async with connection(self._pool) as borrowed:
            async for row in self._sql.read_registers(borrowed, kinds=[kind.value for kind in RegisterKind]):
                found[RegisterKind(row["kind"])].append(row["document"])
        return found

    async def replace_register(self, kind: RegisterKind, items: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
        rows = [(key, json.dumps(document)) for key, document in sorted(items.items())]
        async with transaction(self._pool) as borrowed:
            await borrowed.execute(_ONE_AT_A_TIME, Lock.INDICATORS.value, f"register {kind.value}")
            former = [row["key"] async for row in self._sql.clear_register(borrowed, kind=kind.value)]
            await self._sql.fill_register(borrowed, kind=kind.value, now=now, **columns("s", rows, 2))
            if kind is RegisterKind.CONFIRMED_BULK:
                # Keys are codes of dossiers: they are counted again.
                await queries("indicators").wish_for_code(borrowed, codes=[*former, *items])

    async def targets_text(self) -> str | None:
        async with connection(self._pool) as borrowed:
            rows = [row async for row in self._sql.read_registers(borrowed, kinds=[_TARGETS])]
        return str(rows[0]["document"]["text"]) if rows else None

    async def put_targets(self, text: str, now: datetime) -> None:
        """Put a registry of targets in place of the former one."""
        rows = [("", json.dumps({"text": text}))]
        async with transaction(self._pool) as borrowed:
            await borrowed.execute(_ONE_AT_A_TIME, Lock.INDICATORS.value, f"register {_TARGETS}")
            [row async for row in self._sql.clear_register(borrowed, kind=_TARGETS)]
            await self._sql.fill_register(borrowed, kind=_TARGETS, now=now, **columns("s", rows, 2))

    async def versions(self) -> dict[str, list[ProcedureVersion]]:
        found: dict[str, list[ProcedureVersion]] = {}
        after = ""
        async with connection(self._pool) as borrowed:
            while True:
                rows = [row async for row in self._sql.all_versions(borrowed, after=after, wanted=_PAGE)]
                # The last code of a full page may go on behind it.
                whole = rows if len(rows) < _PAGE else [row for row in rows if row["code"] != rows[-1]["code"]] or rows
                for row in whole:
                    found.setdefault(row["code"], []).append(version_of(row))
                if len(rows) < _PAGE:
                    return found
                after = whole[-1]["code"]

    async def petitions(self) -> list[Petition]:
        async with connection(self._pool) as borrowed:
            return [
                Petition(
                    petition_id=row["petition_id"],
                    agency_code=row["agency_code"],
                    procedure_code=row["procedure_code"],
                    dossier_code=row["dossier_code"],
                    kind=row["kind"],
                    received_at=row["received_at"],
                    known_at=row["known_at"],
                    reply=Reply(row["answer"]),
                    replied_at=row["answered_at"],
                    likes_count=row["likes_count"],
                    dislikes_count=row["dislikes_count"],
                    is_repeated=row["is_repeated"],
                )
                async for row in self._sql.read_petitions(borrowed)
            ]

    async def save_petition(self, petition: Petition, now: datetime, prefixes: Sequence[str] = ("*",)) -> bool:
        """Store a petition; tell whether it is new. The dossiers that it is and was about are counted again.

        Raises OtherAgency when it was told of an agency beyond `prefixes`.
        """
        async with transaction(self._pool) as borrowed:
            former = await self._sql.former_petition(borrowed, petition_id=petition.petition_id)
            if former is not None and not is_within(former["agency_code"], prefixes):
                raise OtherAgency
            await self._sql.save_petition(
                borrowed,
                petition_id=petition.petition_id,
                agency_code=petition.agency_code,
                procedure_code=petition.procedure_code,
                dossier_code=petition.dossier_code,
                kind=petition.kind,
                received_at=petition.received_at,
                answered_at=petition.replied_at,
                answer=petition.reply.value,
                likes_count=petition.likes_count,
                dislikes_count=petition.dislikes_count,
                is_repeated=petition.is_repeated,
                now=now,
            )
            about = {petition.dossier_code, "" if former is None else former["dossier_code"]}
            codes = sorted(about - {""})
            await queries("indicators").wish_for_code(borrowed, codes=codes)
        return former is None

    async def save_rating(self, code: str, rating: str, rated_at: datetime, now: datetime) -> bool:
        """Store how a dossier was rated; False when there is no such dossier."""
        async with transaction(self._pool) as borrowed:
            row = await self._sql.save_rating(borrowed, code=code, rating=rating, rated_at=rated_at, now=now)
            if row is not None:
                await queries("indicators").wish_for(borrowed, dossier_ids=[row["dossier_id"]])
        return row is not None
