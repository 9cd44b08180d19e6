"""One publication read from the province, from its line in the list to its rows, and held against what was signed.

What is not reliable is told and not read any further: a manifest that nobody of the province signed says nothing about
files, and files that are not those of the manifest say nothing about numbers.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from adapters.monitoring.sandbox.canonical import read_object
from adapters.monitoring.sandbox.chain import faults_of_link
from adapters.monitoring.sandbox.findings import FindingKind, Refused, broken
from adapters.monitoring.sandbox.heads import Entry, FileEntry, Manifest, read_manifest
from adapters.monitoring.sandbox.keys import ProvinceKeys
from adapters.monitoring.sandbox.province import Province, Report
from adapters.monitoring.sandbox.rows import Observation, compare_csv, compare_lines, read_observations
from adapters.monitoring.sandbox.store import Pulled
from adapters.sandboxing import SandboxClock

FILES = ("data.json", "data.csv", "data.jsonl")
_MARK = b"\xef\xbb\xbf"


class SnapshotReader:
    """Reads publications."""

    def __init__(self, province: Province, keys: ProvinceKeys, clock: SandboxClock, report: Report) -> None:
        self._province = province
        self._keys = keys
        self._clock = clock
        self._report = report

    async def read(self, entry: Entry, previous_digest: str, *, is_in_place: bool) -> Pulled:
        """Read a publication and tell what is wrong with it. `is_in_place` is False when its place in the list was
        found wrong already, so that its link to the one before is not held against it again.

        Raises Refused (unavailable) only; then nothing is known of it.
        """
        manifest: Manifest | None = None
        files: dict[str, bytes] = {}
        observations: tuple[Observation, ...] | None = None
        signature = ""
        try:
            await self._check_line(entry)
            told = await self._document(f"/snapshots/{entry.head.id}/manifest")
            signature = str(told.get("signature"))
            manifest = read_manifest(told.get("manifest"))
            self._check_link(entry, manifest, previous_digest, is_in_place=is_in_place)
            await self._keys.verify(told.get("signature"), manifest.body)
            if manifest.raw_head != entry.raw_head:
                raise broken("the manifest has another head than the list")
            await self._read_files(entry, manifest, files)
            observations = _read_rows(entry, manifest, files)
        except Refused as refused:
            if refused.kind is FindingKind.UNAVAILABLE:
                raise
            self._report(refused.kind, entry.head.id, str(refused))
        return Pulled(
            entry=entry,
            manifest=manifest,
            signature=signature,
            files=files,
            observations=observations,
            pulled_at=self._clock.now(),
        )

    async def recheck(self, held: Pulled) -> None:
        """Ask again for what was pulled, by its entity tag, and tell when it is not what it was. Raises Refused
        (unavailable)."""
        for name, body in held.files.items():
            path = f"/snapshots/{held.head.id}/{name}"
            tag = f'"{sha256(body).hexdigest()}"'
            reply = await self._province.get(path, etag=tag)
            if reply.status == 200 and reply.body != body:
                self._report(FindingKind.DIGEST_DIFFERS, held.head.id, f"{name} is not what it was when it was pulled")
            elif reply.status == 200 and self._province.sends_tags:
                self._report(FindingKind.CACHE_WRONG, held.head.id, f"{path}: If-None-Match is not heeded")

    async def _check_line(self, entry: Entry) -> None:
        line = await self._document(f"/snapshots/{entry.head.id}")
        if line != {**entry.raw_head, "position": entry.position, "manifest_sha256": entry.digest}:
            raise broken("the list says something else of it than its own resource")

    def _check_link(self, entry: Entry, manifest: Manifest, previous_digest: str, *, is_in_place: bool) -> None:
        digest = sha256(manifest.body).hexdigest()
        for kind, message in faults_of_link(entry, manifest, digest, previous_digest if is_in_place else None):
            self._report(kind, entry.head.id, message)

    async def _read_files(self, entry: Entry, manifest: Manifest, files: dict[str, bytes]) -> None:
        """Fill `files` with what is as signed. Raises Refused (digest_differs) for the first that is not."""
        named = {file.name: file for file in manifest.files}
        if not named.keys() >= set(FILES):
            raise broken(f"the manifest names not all of {', '.join(FILES)}")
        for file in manifest.files:
            files[file.name] = await self._read_file(entry, file)
        await self._read_marked(entry, files["data.csv"])

    async def _read_file(self, entry: Entry, file: FileEntry) -> bytes:
        path = f"/snapshots/{entry.head.id}/{file.name}"
        reply = await self._province.get(path)
        self._province.judge_tag(path, reply, entry.head.id)
        if (len(reply.body), sha256(reply.body).hexdigest()) != (file.size_bytes, file.digest):
            raise Refused(FindingKind.DIGEST_DIFFERS, f"{file.name} is not the file that the manifest names")
        return reply.body

    async def _read_marked(self, entry: Entry, csv_body: bytes) -> None:
        """Hold CSV for spreadsheets against CSV: it begins with a byte order mark and is the same otherwise."""
        path = f"/snapshots/{entry.head.id}/data.csv"
        reply = await self._province.get(path, [("bom", "1")])
        self._province.judge_tag(f"{path}?bom=1", reply, entry.head.id)
        if reply.body != _MARK + csv_body:
            raise Refused(FindingKind.ROWS_DIFFER, "data.csv for spreadsheets is not data.csv behind a byte order mark")

    async def _document(self, path: str) -> dict[str, Any]:
        return read_object((await self._province.get(path)).body, path)


def _read_rows(entry: Entry, manifest: Manifest, files: Mapping[str, bytes]) -> tuple[Observation, ...]:
    """Read the rows and compare the three forms. Raises Refused."""
    document = read_object(files["data.json"], "data.json")
    if document.get("snapshot") != entry.raw_head:
        raise broken("data.json has another head than the manifest")
    observations = read_observations(document.get("observations"), "data.json")
    found = {
        "data.json": len(observations),
        "data.csv": compare_csv(files["data.csv"], entry.head.id, observations),
        "data.jsonl": compare_lines(files["data.jsonl"], entry.raw_head, observations),
    }
    for file in manifest.files:
        if found.get(file.name, file.rows_count) != file.rows_count:
            raise Refused(
                FindingKind.ROWS_DIFFER,
                f"the manifest states {file.rows_count} rows of {file.name}, which has {found[file.name]}",
            )
    return observations
