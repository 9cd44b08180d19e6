"""What a reading of a whole list changes in the copy that is kept of it: decisions without IO."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from gateway.ports.portal_services import CatalogueItem, CatalogueName, OnlineService
from gateway.sync.listings import HeldList, ListFinding, ShortListPolicy, judge_length, judge_lines

ONLINE_SERVICES = "online-services"
KEPT_LISTS: tuple[str, ...] = (*(name.value for name in CatalogueName), ONLINE_SERVICES)
"""Names of all lists that are kept: the portal's catalogues and its online services."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItem:
    """A line of a list; `content` are its further fields as plain JSON values."""

    code: str
    name: str
    content: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Name what the item says: two with the same digest are the same, white space around the code aside."""
        text = json.dumps([self.name, self.content], ensure_ascii=False, sort_keys=True)
        return sha256(text.encode()).hexdigest()


def catalogue_items(items: Iterable[CatalogueItem]) -> list[ListItem]:
    """Give a catalogue's lines as they are kept."""
    return [ListItem(code=item.code, name=item.name, content={"attributes": dict(item.attributes)}) for item in items]


def service_items(services: Iterable[OnlineService]) -> list[ListItem]:
    """Give online services as they are kept; the order in which agencies come says nothing."""
    made = []
    for service in services:
        content = asdict(service)
        del content["code"], content["name"]
        applications = sorted(content["applications"], key=lambda one: (one["agency_code"], one["level_code"]))
        content["applications"] = [{**one, "level": one["level"] and one["level"].value} for one in applications]
        made.append(ListItem(code=service.code, name=service.name, content=content))
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDecision:
    """What to do with a reading. `opened` begin to be valid now, new, returned and changed ones alike; `closed` codes
    end now, the old states of the changed ones among them. While a list is held nothing is opened or closed.

    `content_hash` names what is valid afterwards.
    """

    opened: tuple[ListItem, ...]
    closed: tuple[str, ...]
    held: HeldList | None
    findings: tuple[ListFinding, ...]
    items_count: int
    content_hash: str


def decide_list(
    lines: Sequence[ListItem],
    known: Mapping[str, str],
    *,
    held: HeldList | None,
    policy: ShortListPolicy,
    is_confirmed: bool,
    now: datetime,
) -> ListDecision:
    """Compare a reading with what is valid (digests by code)."""
    judged = judge_lines(
        lines, code=lambda line: line.code, name=lambda line: line.name, content=lambda line: line.digest
    )
    verdict = judge_length(
        known=known.keys(), listed=judged.codes, held=held, policy=policy, is_confirmed=is_confirmed, now=now
    )
    findings = (*((verdict.finding,) if verdict.finding is not None else ()), *judged.findings)
    valid = dict(known)
    opened: list[ListItem] = []
    closed: list[str] = []
    if verdict.held is None:
        for code, item in judged.items.items():
            if valid.get(code) != item.digest:
                if code in valid:
                    closed.append(code)
                opened.append(ListItem(code=code, name=item.name, content=item.content))
                valid[code] = item.digest
        closed.extend(sorted(verdict.removed))
        for code in verdict.removed:
            del valid[code]
    return ListDecision(
        opened=tuple(opened),
        closed=tuple(closed),
        held=verdict.held,
        findings=findings,
        items_count=len(valid),
        content_hash=_hash(valid),
    )


def _hash(valid: Mapping[str, str]) -> str:
    return sha256("\n".join(f"{code}\t{digest}" for code, digest in sorted(valid.items())).encode()).hexdigest()
