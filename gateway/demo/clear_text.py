"""Whether any personal value of the day stands in the clear where it must not: logs, metrics, error answers, database.

Everything that the day knows of people is looked for in everything that the gateway writes: its logs, its metrics, the
answers to refused requests, the database as an unload of every table, and the files of the database's own folder
(tables, indexes, write-ahead log) after a checkpoint. The portal's own record, which does hold the people, must be
found to hold them: a search that finds nothing there has looked for nothing.

What this cannot see: values longer than two kilobytes that the database compresses (the unload shows those), a value
that is cut by a page's border of the write-ahead log, and memory.
"""

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from gateway.demo.needles import Finder, Hit, Value

_PARTIES = ("applicant", "submitter", "delegate")
_TEXTS = ("name", "technical_id", "email", "phone", "fax", "address")
_RECORDED = {"name": "ChuHoSo", "number": "SoGiayToChuHoSo", "email": "Email", "phone": "SoDienThoai"}
_ERRORS_ASKED = 9


@dataclass(slots=True)
class Scan:
    """What was searched and what was found."""

    hits: list[Hit] = field(default_factory=list)
    values_count: int = 0
    places_count: int = 0
    bytes_count: int = 0
    control_hits_count: int = 0
    """Found in the portal's own record, where the people are."""
    errors_count: int = 0
    """Refused requests whose answers were searched."""

    @property
    def kinds_by_place(self) -> list[str]:
        return sorted({str(hit) for hit in self.hits})


def values_of(dossiers: Iterable[Mapping[str, Any]]) -> set[Value]:
    """Give what dossiers say of their parties."""
    found = set()
    for dossier in dossiers:
        for party in (dossier.get(role) for role in _PARTIES):
            if not party:
                continue
            found |= {Value(kind, party[kind]) for kind in _TEXTS if party.get(kind)}
            found |= {Value("number", one["number"]) for one in party.get("identifiers", ())}
    return found


def people_of_portal(records: Iterable[Mapping[str, Any]]) -> set[Value]:
    """Give the people of the portal's own records: those who filed there as well."""
    return {
        Value(kind, record[name])
        for record in records
        for kind, name in _RECORDED.items()
        if isinstance(record.get(name), str)
    }


def citizens_of(people: Iterable[Mapping[str, Any]]) -> set[Value]:
    """Give people of the population database, as its control describes them."""
    found = set()
    for person in people:
        numbers = (person["number"], person["card"], *person["household"])
        found |= {Value("number", number) for number in numbers if number}
        found |= {Value("name", person["full_name"]), *_birth_dates(person["born"])}
    return found


def people_of_sign_ons(people: Iterable[Mapping[str, Any]]) -> set[Value]:
    """Give people of a national sign-on, as its control describes them."""
    found = set()
    for person in people:
        numbers = (person["number"], person["old_card"], person["passport"], person["tax_code"])
        found |= {Value("number", number) for number in numbers if number}
        found |= {Value("name", person["name"]), Value("email", person["email"]), *_birth_dates(person["birth_date"])}
    return found


def people_of_hub(data: Mapping[str, Mapping[str, Any]]) -> set[Value]:
    """Give people of the consent hub by their numbers, as its control describes them."""
    found = set()
    for number, person in data.items():
        born = "".join(reversed(person["birthDate"].split("/")))
        found |= {Value("number", number), Value("name", person["fullName"]), *_birth_dates(born)}
    return found


def _birth_dates(compact: str) -> Iterator[Value]:
    if len(compact) == 8:
        year, month, day = compact[:4], compact[4:6], compact[6:]
        for text in (compact, f"{year}-{month}-{day}", f"{day}/{month}/{year}", f"{day}{month}{year}"):
            yield Value("birth_date", text)


def people_filed(filed: Iterable[Mapping[str, Any]]) -> set[Value]:
    """Give the applicants of the portal's register."""
    return {Value("name", one["applicant_name"]) for one in filed} | {
        Value("number", one["applicant_number"]) for one in filed
    }


async def scan(
    session: aiohttp.ClientSession, url: str, token: str, *, folder: Path, values: set[Value], control: bytes
) -> Scan:
    """Search everything. `control` is a text that holds the people; `folder` is the demonstration's own."""
    finder = Finder(values)
    done = Scan(values_count=len(finder.values), control_hits_count=len(finder.find("control", control)))
    dsn = tomllib.loads((folder / "gateway.toml").read_text(encoding="utf-8"))["store"]["dsn"]

    async def search(place: str, content: bytes) -> None:
        done.places_count += 1
        done.bytes_count += len(content)
        done.hits.extend(sorted(await asyncio.to_thread(finder.find, place, content)))

    async for content in refused_answers(session, url, token, _somebody(values)):
        done.errors_count += 1
        await search("error_answers", content)
    headers = {"Authorization": f"Bearer {token}"}
    for path in ("/metrics", "/readyz", "/v1/events?limit=500"):
        async with session.get(url + path, headers=headers) as response:
            await search(path, await response.read())
    async for table, content in unloaded(dsn):
        await search(f"table {table}", content)
    for name, written in _files(folder):
        await search(name, await asyncio.to_thread(_read, written))
    return done


def _somebody(values: set[Value]) -> dict[str, str]:
    """Choose one value of each kind, the same in every run."""
    chosen: dict[str, str] = {}
    for value in sorted(values, key=lambda one: (one.kind, one.text)):
        if len(value.text) < 100 and (value.kind != "number" or value.text.startswith("999")):
            chosen.setdefault(value.kind, value.text)
    return chosen


async def refused_answers(
    session: aiohttp.ClientSession, url: str, token: str, person: Mapping[str, str]
) -> AsyncIterator[bytes]:
    """Send requests that put a person's data in wrong places; give headers and body of each refusal."""
    name, number = person["name"], person["number"]
    phone, email = person.get("phone", number), person.get("email", "a@b.example")
    party = {"name": name, "identifiers": [{"type": "personal_id", "number": number}], "phone": phone, "email": email}
    dossier = {"applicant": party, "summary": name, "submitted_at": "2026-01-05T07:30:00+07:00"}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("PUT", "/dossiers/H99.01-refused-1", {"json": dossier}),
        ("PUT", "/dossiers/H99.01-refused-2", {"json": {**dossier, "procedure_code": number, "status": name}}),
        ("PUT", "/dossiers/H99.01-refused-3", {"json": {"applicant": {**party, "phone": email, "email": name}}}),
        ("PUT", "/dossiers/H99.01-refused-4", {"data": f'{{"applicant": {{"name": "{name}", {number}}}'.encode()}),
        ("GET", f"/dossiers/{number}", {}),
        ("GET", "/dossiers", {"params": {"status": name, "cursor": number, "procedure_code": email}}),
        (
            "POST",
            "/dossiers/H99.01-refused-1/progress",
            {"json": {"officer_name": 7, "content": name, "status": phone}},
        ),
        ("POST", "/identity/logins", {"json": {"provider": name, "return_to": f"https://x.example/?n={number}"}}),
        ("POST", f"/consents/{number}:look", {"json": {"sign_in_id": number}}),
    ]
    assert len(asked) == _ERRORS_ASKED
    for method, path, options in asked:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "refused", "Content-Type": "application/json"}
        async with session.request(method, f"{url}/v1{path}", headers=headers, **options) as response:
            if response.status < 400:
                raise RuntimeError(f"{method} {path.partition('?')[0][:12]}… was not refused")
            said = json.dumps(dict(response.headers)).encode()
            yield said + b"\n" + await response.read()


async def unloaded(dsn: str) -> AsyncIterator[tuple[str, bytes]]:
    """Make a checkpoint, and give every table as a binary unload writes it.

    In a textual one, sealed content would stand as hexadecimal digits, and eight of those look like a birth date often.
    """
    connection = await asyncpg.connect(dsn, timeout=30)
    try:
        await connection.execute("CHECKPOINT", timeout=120)
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for table in [row["tablename"] for row in tables]:
            parts: list[bytes] = []

            async def take(part: bytes, parts: list[bytes] = parts) -> None:
                parts.append(part)

            await connection.copy_from_table(table, output=take, format="binary", timeout=120)
            yield table, b"".join(parts)
    finally:
        await connection.close()


def _files(folder: Path) -> list[tuple[str, Path]]:
    """Name what the processes and the database wrote: logs, and every file of the database's folder."""
    database = folder / "postgres"
    files = [(f"log {path.name}", path) for path in sorted(folder.glob("*.log"))]
    files += [
        (f"database file {path.relative_to(database).parts[0]}", path)
        for path in sorted(database.rglob("*"))
        if path.is_file()
    ]
    return files


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""  # The database recycles files while it works.
