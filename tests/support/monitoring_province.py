"""A province as the monitoring notes §4 describe one: hand-made publications, signed, on HTTP.

It shares nothing with the gateway. Every part can be spoilt by a test: bodies, manifests, signatures, list and log.
"""

import json
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey

from tests.support.monitoring_documents import UNITS, Number, canonical, files_of, head, number

TOKEN = "monitor-read-token"
ROOT = "/monitoring/v1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Publication:
    """A publication as it is handed out."""

    line: dict[str, Any]
    manifest: dict[str, Any]
    signature: str
    files: dict[str, bytes]


@dataclass
class Province:
    """Publishes, and serves what it published. Everything may be changed while it serves."""

    key: ECKey | OKPKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    algorithm: str = "ES256"
    published: list[Publication] = field(default_factory=list)
    restatements: list[dict[str, Any]] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=lambda: dict(UNITS))
    targets: list[str] = field(default_factory=lambda: ["T-02"])
    key_set: list[dict[str, Any]] = field(default_factory=list)
    live: list[Number] = field(default_factory=lambda: [number("U2", 1, 2)])
    live_head: dict[str, Any] = field(default_factory=lambda: {**head(0, "live"), "as_of": "2026-08-20T10:00:00+07:00"})
    answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = field(default_factory=dict)
    """What is answered instead, once each, by path below the root."""
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "private"})
    seen: list[web.Request] = field(default_factory=list)
    is_open: bool = False
    """Whether it lets everybody in."""
    heeds_tags: bool = True
    is_since_inclusive: bool = False
    csv_mark: bytes = b"\xef\xbb\xbf"
    page_most: int = 1000

    def __post_init__(self) -> None:
        self.key_set = self.key_set or [self.jwk(self.key)]

    def jwk(self, key: ECKey | OKPKey) -> dict[str, Any]:
        """Give the public half as it is published."""
        return {**key.as_dict(private=False), "alg": self.algorithm, "use": "sig"}

    def publish(self, told: Number, numbers: Sequence[Number], reasons: Sequence[str] = ()) -> Publication:
        """Publish at the end of the chain."""
        files = files_of(told, numbers)
        return self.append(told, files, {name: len(numbers) for name in files}, reasons)

    def append(
        self, told: Number, files: dict[str, bytes], rows: Mapping[str, int], reasons: Sequence[str] = ()
    ) -> Publication:
        """Publish files as they are, well signed."""
        manifest = {
            "snapshot": told,
            "position": len(self.published) + 1,
            "previous_sha256": self.digest(),
            "reasons": list(reasons),
            "files": [
                {
                    "name": name,
                    "size_bytes": len(body),
                    "sha256": sha256(body).hexdigest(),
                    "rows_count": rows[name],
                }
                for name, body in sorted(files.items())
            ],
        }
        made = Publication({}, manifest, "", files)
        self.published.append(made)
        self.seal(made)
        return made

    def digest(self, before: int | None = None) -> str:
        """Give the digest of the newest manifest, or of the one before a place in the list."""
        earlier = self.published[:before]
        return sha256(canonical(earlier[-1].manifest)).hexdigest() if earlier else "0" * 64

    def seal(self, made: Publication, *, key: ECKey | OKPKey | None = None) -> None:
        """Sign a manifest as it stands, and list it."""
        signer, body = key or self.key, canonical(made.manifest)
        header, algorithms = {"alg": self.algorithm, "kid": signer.kid}, [self.algorithm]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # EdDSA has got a new name and is still used.
            whole = jws.serialize_compact(header, body, signer, algorithms=algorithms)
        made.signature = jws.detach_content(whole)
        made.line = {
            **made.manifest["snapshot"],
            "position": made.manifest["position"],
            "manifest_sha256": sha256(body).hexdigest(),
        }

    def reseal(self) -> None:
        """Sign and chain everything anew, as a province would that rewrites its own history."""
        for place, made in enumerate(self.published):
            made.manifest |= {"position": place + 1, "previous_sha256": self.digest(place) if place else "0" * 64}
            self.seal(made)

    def answer_once(self, path: str, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        """Answer the next call of a path so."""
        self.answers.setdefault(path, []).append((status, dict(headers or {}), body))

    def asked(self, path: str) -> list[web.Request]:
        """Give the calls of a path below the root."""
        return [request for request in self.seen if request.path == ROOT + path]

    @asynccontextmanager
    async def serving(self, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
        """Serve on a free port of the loopback address, over TLS where a context is given; give the address."""
        server = TestServer(self._app(), scheme="http" if context is None else "https")
        await server.start_server(ssl=context)
        try:
            yield str(server.make_url("/")).rstrip("/")
        finally:
            await server.close()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        get = app.router.add_get
        get(ROOT + "/definitions", self._definitions)
        get(ROOT + "/targets", self._targets)
        get(ROOT + "/jwks.json", self._key_set)
        get(ROOT + "/snapshots", self._snapshots)
        get(ROOT + "/snapshots/{id}", self._line)
        get(ROOT + "/snapshots/{id}/manifest", self._manifest)
        get(ROOT + "/snapshots/{id}/{name}", self._file)
        get(ROOT + "/restatements", self._restatements)
        get(ROOT + "/indicators", self._indicators)
        get(ROOT + "/quality", _quality)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.seen.append(request)
        if not self.is_open and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401)
        instead = self.answers.get(request.path.removeprefix(ROOT))
        if instead:
            status, headers, body = instead.pop(0)
            return web.Response(status=status, headers=headers, body=body)
        return await handler(request)

    async def _definitions(self, _: web.Request) -> web.StreamResponse:
        return await _json(
            {
                "version": "2026.11-1",
                "definitions": [
                    {"code": code, "name": {"vi": code, "en": code}, "formula": {"text": "n / d"}, "unit": unit}
                    for code, unit in self.definitions.items()
                ],
            }
        )

    async def _targets(self, _: web.Request) -> web.StreamResponse:
        return await _json({"targets": [{"target_id": name} for name in self.targets]})

    async def _key_set(self, _: web.Request) -> web.StreamResponse:
        return await _json({"keys": self.key_set})

    async def _restatements(self, request: web.Request) -> web.StreamResponse:
        return await self._page(request, "restatements", self.restatements)

    async def _snapshots(self, request: web.Request) -> web.StreamResponse:
        since = int(request.query.get("since", "0")) - self.is_since_inclusive
        return await self._page(
            request, "snapshots", [made.line for made in self.published if made.line["position"] > since]
        )

    async def _page(self, request: web.Request, member: str, items: Sequence[Any]) -> web.StreamResponse:
        start, most = int(request.query.get("cursor", "0")), min(int(request.query["limit"]), self.page_most)
        following = start + most if start + most < len(items) else None
        return await _json(
            {member: items[start : start + most], "next_cursor": None if following is None else str(following)}
        )

    def _of(self, request: web.Request) -> Publication | None:
        name = request.match_info["id"]
        return next((made for made in self.published if made.line["id"] == name), None)

    async def _line(self, request: web.Request) -> web.StreamResponse:
        made = self._of(request)
        return problem(404) if made is None else await _json(made.line)

    async def _manifest(self, request: web.Request) -> web.StreamResponse:
        made = self._of(request)
        return problem(404) if made is None else await _json({"manifest": made.manifest, "signature": made.signature})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        made, name = self._of(request), request.match_info["name"]
        if made is None or name not in made.files:
            return problem(404)
        body = made.files[name]
        if request.query.get("bom") == "1":
            body = self.csv_mark + body
        headers = {"ETag": f'"{sha256(body).hexdigest()}"', **self.headers}
        if self.heeds_tags and request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers)

    async def _indicators(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if (query["period_type"], query["period"]) != ("month", "2026-08"):
            return problem(404)
        told, numbers = self.live_head, self.live
        if "version" in query:
            latest = json.loads(self.published[-1].files["data.json"])
            told, numbers = latest["snapshot"], latest["observations"]
        start, most = int(query.get("cursor", "0")), min(int(query["limit"]), self.page_most)
        following = start + most if start + most < len(numbers) else None
        return await _json(
            {
                "snapshot": told,
                "observations": numbers[start : start + most],
                "next_cursor": None if following is None else str(following),
            }
        )


def problem(status: int) -> web.Response:
    """Refuse as RFC 9457 has it."""
    body = {"type": "about:blank", "title": "Refused", "status": status}
    return web.Response(status=status, body=canonical(body), content_type="application/problem+json")


async def _quality(_: web.Request) -> web.StreamResponse:
    return await _json({"rules": [{"rule": "DQ-01", "count": 1}]})


async def _json(value: Any) -> web.Response:
    return web.Response(body=canonical(value), content_type="application/json")
