"""Links under which the gateway serves a dossier's files to a national system: made, signed, read back.

A file stays with the province; what travels is a link to the gateway, `{base}/files/{reference}?expires=…&signature=…`.
The reference names dossier, document revision and place in it, and no person. The signature binds reference and end.
Nothing is stored for a link: whoever holds a valid one may fetch the file until its end, so the end is near. It falls
on the end of a Vietnamese day, so that a repeat on the same day carries the same link and is recognised as a repeat.
"""

import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from gateway.model.dossier import Attachment, Dossier, ResultDocument
from gateway.model.vocabulary import VIETNAM

Digest = Callable[[bytes], bytes]
"""A keyed digest of at least 24 bytes, as KeyRing.digest is."""

_SIGNATURE_BYTES = 24
_REFERENCE = re.compile(
    r"([1-9][0-9]{0,18})-([1-9][0-9]{0,8})-(?:(a|r)([0-9]{1,4})|s([0-9]{1,4})\.([0-9]{1,4}))", re.ASCII
)


class FilePlace(StrEnum):
    """Which list of the dossier a file stands in."""

    ATTACHMENT = "a"
    RESULT = "r"
    SUPPLEMENT = "s"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReference:
    """One file of one document revision. `within` is the supplement's position, for files of supplements only."""

    dossier_id: int
    revision: int
    place: FilePlace
    index: int
    within: int = 0

    def __str__(self) -> str:
        where = f"s{self.within}.{self.index}" if self.place is FilePlace.SUPPLEMENT else f"{self.place}{self.index}"
        return f"{self.dossier_id}-{self.revision}-{where}"


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """Where links lead (without a slash at the end) and how many whole days they live after the day of their making."""

    base_url: str
    life_days: int


class LinkState(StrEnum):
    """What a presented link is worth."""

    VALID = "valid"
    EXPIRED = "expired"
    FORGED = "forged"


def read_reference(text: str) -> FileReference | None:
    """Read the reference of a link; None when it is none of ours."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return None
    dossier_id, revision, place, index, within, inner = match.groups()
    if place is None:
        supplement = FilePlace.SUPPLEMENT
        return FileReference(
            dossier_id=int(dossier_id), revision=int(revision), place=supplement, index=int(inner), within=int(within)
        )
    return FileReference(dossier_id=int(dossier_id), revision=int(revision), place=FilePlace(place), index=int(index))


def sign(reference: str, expires: int, digest: Digest) -> str:
    """Sign a reference with its end (seconds since 1970)."""
    content = digest(b"file-link\x00%s\x00%d" % (reference.encode(), expires))
    return base64.urlsafe_b64encode(content[:_SIGNATURE_BYTES]).decode()


def judge_link(reference: str, expires: int, signature: str, *, digest: Digest, now: datetime) -> LinkState:
    """Tell what a link is worth. Compares in constant time; a forged end is forged, whatever the time."""
    expected = sign(reference, expires, digest)
    if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
        return LinkState.FORGED
    return LinkState.VALID if now.timestamp() < expires else LinkState.EXPIRED


def link_end(now: datetime, life_days: int) -> int:
    """Give the end of a link made now: midnight (Vietnam) after `life_days` more whole days, in seconds since 1970."""
    day = now.astimezone(VIETNAM).date() + timedelta(days=life_days + 1)
    return int(datetime.combine(day, time(), tzinfo=VIETNAM).astimezone(UTC).timestamp())


class FileLinks:
    """Puts links in the places of a dossier's own addresses."""

    def __init__(self, policy: LinkPolicy, digest: Digest) -> None:
        self._policy = policy
        self._digest = digest

    def rewritten(self, dossier: Dossier, *, dossier_id: int, revision: int, now: datetime) -> Dossier:
        """Give the dossier with every file's address replaced by a link; the same on every call of one day."""
        expires = link_end(now, self._policy.life_days)

        def link(place: FilePlace, index: int, within: int = 0) -> str:
            reference = str(
                FileReference(dossier_id=dossier_id, revision=revision, place=place, index=index, within=within)
            )
            signature = sign(reference, expires, self._digest)
            return f"{self._policy.base_url}/files/{reference}?expires={expires}&signature={signature}"

        return replace(
            dossier,
            attachments=tuple(
                replace(item, url=link(FilePlace.ATTACHMENT, index)) for index, item in enumerate(dossier.attachments)
            ),
            results=tuple(
                replace(item, url=link(FilePlace.RESULT, index)) for index, item in enumerate(dossier.results)
            ),
            supplements=tuple(
                replace(
                    supplement,
                    attachments=tuple(
                        replace(item, url=link(FilePlace.SUPPLEMENT, index, within))
                        for index, item in enumerate(supplement.attachments)
                    ),
                )
                for within, supplement in enumerate(dossier.supplements)
            ),
        )


def file_at(dossier: Dossier, reference: FileReference) -> Attachment | ResultDocument | None:
    """Give the file that a reference names; None when the document has no such place, or the file was deleted."""
    files: tuple[Attachment | ResultDocument, ...]
    match reference.place:
        case FilePlace.ATTACHMENT:
            files = dossier.attachments
        case FilePlace.RESULT:
            files = dossier.results
        case FilePlace.SUPPLEMENT:
            if reference.within >= len(dossier.supplements):
                return None
            files = dossier.supplements[reference.within].attachments
    if reference.index >= len(files):
        return None
    found = files[reference.index]
    return None if isinstance(found, Attachment) and found.is_deleted else found
