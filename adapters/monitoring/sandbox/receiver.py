"""Push mode: takes publications from a province that sends them, each once, and acknowledges them.

The payload is what a puller would get: the document of §4.4, alone or as `data` beside `manifest` and `signature`. The
idempotency key is the snapshot's id; the same again is acknowledged as before, another document under the same id is
refused. Source: monitoring notes §4.5; RFC 9530 (Content-Digest); RFC 9457 (refusals).
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from adapters.monitoring.sandbox import chain, figures
from adapters.monitoring.sandbox.canonical import canonical, read_object
from adapters.monitoring.sandbox.figures import Fault
from adapters.monitoring.sandbox.findings import Finding, FindingKind, Refused
from adapters.monitoring.sandbox.heads import Head, Manifest, read_head, read_manifest
from adapters.monitoring.sandbox.persons import PersonalData
from adapters.monitoring.sandbox.profile import MonitoringProfile
from adapters.monitoring.sandbox.rows import read_observations
from adapters.monitoring.sandbox.signatures import read_key_set, read_signature, verify
from adapters.sandboxing import Answer, CallRecord, SandboxClock

KEY_HEADER = "Idempotency-Key"
_TITLES = {
    400: "The document cannot be read",
    401: "The token is missing or wrong",
    409: "Another document was taken under this key",
    422: "The key is not the id of the snapshot",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A publication that was taken."""

    head: Head
    digest: str
    """SHA-256 of the body as it came, in hexadecimal digits."""
    received_at: datetime
    document: Mapping[str, Any] = field(repr=False)

    def acknowledgement(self) -> dict[str, Any]:
        """Give what the sender is told, now and whenever it sends the same again."""
        return {
            "snapshot_id": self.head.id,
            "receipt": f"EMC-{self.digest[:16]}",
            "sha256": self.digest,
            "received_at": self.received_at.isoformat(),
        }


class Receiver:
    """Keeps what was pushed, in the order of arrival, and what is wrong with it."""

    def __init__(self, profile: MonitoringProfile, clock: SandboxClock) -> None:
        self.profile = profile
        self._clock = clock
        self.received: dict[str, Received] = {}
        self.findings: dict[Finding, None] = {}
        self.repeats_count = 0

    def forget(self) -> None:
        """Forget everything that was taken and found."""
        self.received.clear()
        self.findings.clear()
        self.repeats_count = 0

    def take(self, record: CallRecord, headers: Mapping[str, str], body: bytes) -> Answer:
        """Take a publication, or refuse it; nothing of what is refused is kept."""
        record.outcome = "refused"
        if not _is_token(headers.get("Authorization", ""), self.profile.push_token):
            return _problem(401)
        try:
            _check_digest(headers.get("Content-Digest"), body)
            document = read_object(body, "push")
            data = document.get("data", document)
            head = read_head(data.get("snapshot") if isinstance(data, dict) else None, "push")
        except Refused as refused:
            self._find(refused.kind, None, str(refused))
            return _problem(400, str(refused))
        if headers.get(KEY_HEADER) != head.id:
            self._find(FindingKind.CONTRACT_BROKEN, head.id, f"push: {KEY_HEADER} is not the id of the snapshot")
            return _problem(422)
        digest, held = sha256(body).hexdigest(), self.received.get(head.id)
        if held is None:
            self._judge(head, document, body)
            now = self._clock.now()
            held = self.received[head.id] = Received(head=head, digest=digest, received_at=now, document=document)
            record.outcome = "taken"
            return Answer(msgspec.json.encode(held.acknowledgement()), 201)
        if held.digest != digest:
            self._find(FindingKind.CHAIN_BROKEN, head.id, "push: is sent again as another document")
            return _problem(409)
        self.repeats_count += 1
        record.outcome = "repeated"
        return Answer(msgspec.json.encode(held.acknowledgement()), 200)

    def _judge(self, head: Head, document: Mapping[str, Any], body: bytes) -> None:
        data = document.get("data", document)
        if PersonalData(self.profile.puller.personal_samples).is_in(body):
            self._find(FindingKind.PERSONAL_DATA, head.id, "push: something of a person stands in it")
        try:
            observations = read_observations(data.get("observations"), "push")
            if "manifest" in document:
                self._check_signed(document, data)
        except Refused as refused:
            self._find(refused.kind, head.id, f"push: {refused}")
            return
        faults: list[Fault] = [*chain.faults_of_period(head), *figures.faults_of_sums(observations)]
        for one in observations:
            faults += figures.faults_of_value(one, self.profile.push_units.get(one.key.indicator, "percent"))
        for kind, message in faults:
            self._find(kind, head.id, f"push: {message}")

    def _check_signed(self, document: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Hold what came against its manifest. Raises Refused."""
        manifest: Manifest = read_manifest(document["manifest"])
        if self.profile.push_key_set:
            verify(read_signature(document.get("signature")), manifest.body, read_key_set(self.profile.push_key_set))
        body = canonical(data)
        stated = {file.name: (file.size_bytes, file.digest) for file in manifest.files}.get("data.json")
        if manifest.raw_head != data.get("snapshot") or stated != (len(body), sha256(body).hexdigest()):
            raise Refused(FindingKind.DIGEST_DIFFERS, "data is not the data.json that the manifest names")

    def _find(self, kind: FindingKind, snapshot_id: str | None, message: str) -> None:
        self.findings.setdefault(Finding(kind, snapshot_id, message))


def _is_token(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), f"Bearer {expected}".encode())


def _check_digest(value: str | None, body: bytes) -> None:
    """Hold a Content-Digest, where there is one, against the body. Raises Refused (digest_differs)."""
    expected = f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"
    if value is not None and expected not in [part.strip() for part in value.split(",")]:
        raise Refused(FindingKind.DIGEST_DIFFERS, "push: Content-Digest is not that of the body")


def _problem(http_status: int, detail: str = "") -> Answer:
    document = {"type": "about:blank", "title": _TITLES[http_status], "status": http_status, "detail": detail}
    headers = {"WWW-Authenticate": "Bearer"} if http_status == 401 else None
    return Answer(msgspec.json.encode(document), http_status, "application/problem+json", headers)
