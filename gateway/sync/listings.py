"""Judging what a whole list brought: lines that cannot be used, and a list too short to be believed.

A portal's list is one array without paging or a count (portal wire notes §3.1, §4), so an answer that was cut off looks
like a catalogue from which much was removed. Hence two rules. Of lines with one code and different content none is
taken, and what was known of the code stays. And a list that lacks much of what was known removes nothing, until a
person confirms it or it comes again and again the same.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Generic, TypeVar

T = TypeVar("T")
MAX_SHOWN_FINDINGS = 200
_MAX_TEXT = 200


class ListRule(StrEnum):
    """What a list or a line of it breaks. Stable: operators match on it."""

    NO_CODE = "no_code"
    """A line without a code; not taken."""
    NO_NAME = "no_name"
    """A line without a name; not taken, what was known of the code stays."""
    DUPLICATE = "duplicate"
    """A line that was there before, word for word; taken once."""
    CONTRADICTION = "contradiction"
    """A line whose code stands in another line with other content; neither is taken."""
    SHORTER = "shorter"
    """Something that was known is no longer listed; believed."""
    TOO_SHORT = "too_short"
    """Too much of what was known is no longer listed; nothing is removed."""
    NO_RECORD = "no_record"
    """The list has the code and the portal says that it has no such record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFinding:
    """One thing that is wrong. `row` counts from 1 in the order of the answer, 0 for the list as a whole."""

    rule: ListRule
    row: int = 0
    code: str = ""
    name: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class JudgedList(Generic[T]):
    """A list by code. `unusable` codes were listed, but no line of theirs can be taken."""

    items: Mapping[str, T]
    unusable: frozenset[str]
    findings: tuple[ListFinding, ...]

    @property
    def codes(self) -> frozenset[str]:
        """All codes that were listed."""
        return self.unusable | self.items.keys()


def judge_lines(
    lines: Iterable[T], *, code: Callable[[T], str], name: Callable[[T], str], content: Callable[[T], object]
) -> JudgedList[T]:
    """Sort lines by their code, and tell of every line that is not taken."""
    first: dict[str, T] = {}
    broken: set[str] = set()
    seen: list[tuple[int, str, T]] = []
    findings: list[ListFinding] = []
    for row, line in enumerate(lines, start=1):
        its_code = code(line).strip()
        if not its_code:
            findings.append(_finding(ListRule.NO_CODE, row, "", name(line)))
            continue
        seen.append((row, its_code, line))
        known = first.setdefault(its_code, line)
        if not name(line).strip() or content(known) != content(line):
            broken.add(its_code)
    taken: set[str] = set()
    for row, its_code, line in seen:
        if its_code in broken:
            rule = ListRule.CONTRADICTION if name(line).strip() else ListRule.NO_NAME
            findings.append(_finding(rule, row, its_code, name(line)))
        elif its_code in taken:
            findings.append(_finding(ListRule.DUPLICATE, row, its_code, name(line)))
        taken.add(its_code)
    items = {its_code: line for its_code, line in first.items() if its_code not in broken}
    return JudgedList(items, frozenset(broken), tuple(sorted(findings, key=lambda finding: finding.row)))


def _finding(rule: ListRule, row: int, code: str, name: str) -> ListFinding:
    return ListFinding(rule=rule, row=row, code=code[:_MAX_TEXT], name=name.strip()[:_MAX_TEXT])


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortListPolicy:
    """When a list is too short to be believed: it has less than `min_kept_share` of what was known.

    One missing code is always believed: of ten, one is a tenth. The same codes missing at `repeats_count` readings,
    each at least `repeat_apart` after the one before, are believed too; an empty list only when a person confirms it.
    None of the thresholds has a source: they are settings.
    """

    min_kept_share: float = 0.9
    repeats_count: int = 3
    repeat_apart: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldList:
    """A list that was not believed; `digest` names what was missing, `seen_count` how often it was so."""

    digest: str
    seen_count: int
    known_count: int
    missing_count: int
    first_seen_at: datetime
    counted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthVerdict:
    """Which known codes may be taken off: all that are missing, or none while the list is held."""

    removed: frozenset[str]
    held: HeldList | None
    finding: ListFinding | None


def judge_length(
    *,
    known: Collection[str],
    listed: Collection[str],
    held: HeldList | None,
    policy: ShortListPolicy,
    is_confirmed: bool,
    now: datetime,
) -> LengthVerdict:
    """Decide whether what is missing is believed to be gone."""
    missing = frozenset(known) - frozenset(listed)
    kept_count = len(frozenset(known)) - len(missing)
    if not missing:
        return LengthVerdict(removed=frozenset(), held=None, finding=None)
    detail = f"{len(missing)} of {kept_count + len(missing)} known codes are not listed"
    believed = ListFinding(rule=ListRule.SHORTER, detail=detail)
    is_long_enough = len(missing) <= 1 or kept_count >= policy.min_kept_share * (kept_count + len(missing))
    if is_confirmed or (is_long_enough and listed):
        return LengthVerdict(removed=missing, held=None, finding=believed)
    digest = sha256("\n".join(sorted(missing)).encode()).hexdigest()
    if held is None or held.digest != digest:
        again = HeldList(
            digest=digest,
            seen_count=1,
            known_count=kept_count + len(missing),
            missing_count=len(missing),
            first_seen_at=now,
            counted_at=now,
        )
    elif now - held.counted_at >= policy.repeat_apart:
        again = HeldList(
            digest=digest,
            seen_count=held.seen_count + 1,
            known_count=held.known_count,
            missing_count=held.missing_count,
            first_seen_at=held.first_seen_at,
            counted_at=now,
        )
    else:
        again = held
    if listed and again.seen_count >= policy.repeats_count:
        return LengthVerdict(removed=missing, held=None, finding=believed)
    return LengthVerdict(removed=frozenset(), held=again, finding=ListFinding(rule=ListRule.TOO_SHORT, detail=detail))
