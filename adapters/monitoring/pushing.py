"""Push mode: sends publications to a receiver that does not pull (monitoring notes §4.5).

The payload holds what a puller would get: the signed manifest, its signature, and data.json, byte for byte. The
idempotency key is the snapshot's id, so that whatever became of a call, the same may be sent again.
"""

import base64
import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Self

from adapters.monitoring.settings import ReceiverSettings
from adapters.transport import CallOutcome, HttpAnswer, HttpRequest, HttpTransport
from adapters.transport.checking import secret_findings
from gateway.errors import CredentialsRefused, Rejected
from gateway.ports.monitoring import PushedSnapshot, PushReceipt
from gateway.ports.portal import Finding

_OPERATION = "push_snapshot"
_MAX_KEPT_CHARACTERS = 4_000
_UNAUTHORISED, _CONFLICT = 401, 409


class SnapshotPusher:
    """One configured receiver with a connection of its own."""

    def __init__(self, settings: ReceiverSettings, **parts: Any) -> None:
        self.settings = settings
        self._transport = HttpTransport(settings.transport, **parts)

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def push(self, snapshot: PushedSnapshot) -> PushReceipt:
        body = payload(snapshot)
        digest = sha256(body)
        request = HttpRequest(
            system=self.settings.system,
            operation=_OPERATION,
            method="POST",
            url=self.settings.url,
            is_write=True,
            total_seconds=self.settings.call_seconds,
            headers=(
                ("Authorization", f"Bearer {self._token()}"),
                ("Content-Type", "application/json"),
                ("Content-Digest", f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"),
                ("Idempotency-Key", snapshot.snapshot_id),
            ),
            body=body,
            read_statuses=frozenset({_UNAUTHORISED, _CONFLICT}),
        )
        return await self._transport.exchange(
            request, lambda answer: (self._read(answer, digest.hexdigest()), CallOutcome.OK)
        )

    def check(self) -> Sequence[Finding]:
        """Find what keeps the receiver from being called. Calls nobody: only publications may be sent there."""
        return secret_findings(self.settings.system, [("token", self.settings.token)])

    def _token(self) -> str:
        try:
            return self.settings.token.read()
        except (OSError, ValueError) as error:
            system = self.settings.system
            raise CredentialsRefused(
                f"{system}: token cannot be read", system=system, operation=_OPERATION, code="secret_unreadable"
            ) from error

    def _read(self, answer: HttpAnswer, digest: str) -> PushReceipt:
        system = self.settings.system
        if answer.status == _UNAUTHORISED:
            raise CredentialsRefused(
                f"{system}: the token was refused", system=system, operation=_OPERATION, code="http_401"
            )
        if answer.status == _CONFLICT:
            raise Rejected(
                f"{system}: another document was taken under this snapshot's id",
                system=system,
                operation=_OPERATION,
                code="taken_otherwise",
            )
        return PushReceipt(status=answer.status, sha256=digest, text=_text_of(answer.body))


def payload(snapshot: PushedSnapshot) -> bytes:
    """Give the body of a push: signed parts stand in it as they were signed."""
    signature = json.dumps(snapshot.signature).encode()
    return b'{"data":%b,"manifest":%b,"signature":%b}' % (snapshot.data, snapshot.manifest, signature)


def _text_of(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if len(text) <= _MAX_KEPT_CHARACTERS and "\0" not in text else ""
