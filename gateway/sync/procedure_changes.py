"""What changed between two versions of a procedure: typed, in an order of its own, told in two languages.

The portal's lists have no order that means anything (its rows come as they come), so elements are paired by what names
them, not by place: moving a paper or a fee about is no change. Only the steps of an execution case are a sequence.

Pairing goes in stages, the surest first: equal elements leave the field, then those with the same code and name, then
the same code, and so on. What finds no partner was added or removed. Within a stage elements are taken in the order of
their content, so the result does not depend on the order in which either side was written.

Every field of every class is either paired, compared as a value, or compared as a text of which only the name is told;
`tests/unit/gateway/sync/test_procedure_changes.py` changes each one and fails when that goes unseen.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from gateway.model.procedure import Procedure, ProcedureFee, TimeLimit

T = TypeVar("T")
MAX_SHOWN_CHARACTERS = 200


class ChangeKind(StrEnum):
    """What kind of change it is. Stable: subscribers match on it."""

    NAME_CHANGED = "name_changed"
    PUBLICATION_CHANGED = "publication_changed"
    SERVICE_LEVEL_CHANGED = "service_level_changed"
    DECISION_CHANGED = "decision_changed"
    PUBLISHER_CHANGED = "publisher_changed"
    TYPE_CHANGED = "type_changed"
    PORTAL_ID_CHANGED = "portal_id_changed"
    TEXT_CHANGED = "text_changed"
    SECTOR_ADDED = "sector_added"
    SECTOR_REMOVED = "sector_removed"
    SECTOR_CHANGED = "sector_changed"
    LEVEL_ADDED = "level_added"
    LEVEL_REMOVED = "level_removed"
    CHANNEL_ADDED = "channel_added"
    CHANNEL_REMOVED = "channel_removed"
    CHANNEL_CHANGED = "channel_changed"
    TIME_LIMIT_ADDED = "time_limit_added"
    TIME_LIMIT_REMOVED = "time_limit_removed"
    TIME_LIMIT_CHANGED = "time_limit_changed"
    FEE_ADDED = "fee_added"
    FEE_REMOVED = "fee_removed"
    FEE_CHANGED = "fee_changed"
    APPLICANT_KIND_ADDED = "applicant_kind_added"
    APPLICANT_KIND_REMOVED = "applicant_kind_removed"
    APPLICANT_KIND_CHANGED = "applicant_kind_changed"
    CASE_ADDED = "case_added"
    CASE_REMOVED = "case_removed"
    CASE_RENAMED = "case_renamed"
    DOCUMENT_ADDED = "document_added"
    DOCUMENT_REMOVED = "document_removed"
    DOCUMENT_RENAMED = "document_renamed"
    DOCUMENT_COPIES_CHANGED = "document_copies_changed"
    DOCUMENT_CHANGED = "document_changed"
    FORM_ADDED = "form_added"
    FORM_REMOVED = "form_removed"
    FORM_CHANGED = "form_changed"
    STEPS_CHANGED = "steps_changed"
    RESULT_ADDED = "result_added"
    RESULT_REMOVED = "result_removed"
    RESULT_CHANGED = "result_changed"
    LEGAL_BASIS_ADDED = "legal_basis_added"
    LEGAL_BASIS_REMOVED = "legal_basis_removed"
    LEGAL_BASIS_CHANGED = "legal_basis_changed"
    AGENCY_ADDED = "agency_added"
    AGENCY_REMOVED = "agency_removed"
    AGENCY_CHANGED = "agency_changed"
    RELATED_ADDED = "related_added"
    RELATED_REMOVED = "related_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureChange:
    """One change. `path` leads to it by codes ("/channels/online/fees/levy/amount_vnd"); it carries no long text.

    `subject` names the thing for a person; `before` and `after` are values cut to 200 characters, empty for texts, of
    which only the name is told, and for what was added or removed as a whole.
    """

    kind: ChangeKind
    path: str
    subject: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a comparison stands: the path so far, and what it is called."""

    path: str
    subject: str = ""

    def at(self, step: str, subject: str = "") -> "_Place":
        return _Place(f"{self.path}/{step}", subject or self.subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sort:
    """How elements of one sort are paired and compared.

    `keys` are the stages of pairing; a key of None takes no part in its stage. `own_kinds` gives some fields a kind of
    their own. `texts` are told by name only. `inner` compares what has elements of its own.
    """

    added: ChangeKind
    removed: ChangeKind
    changed: ChangeKind
    keys: tuple[Callable[[Any], object], ...]
    label: Callable[[Any], str]
    own_kinds: Mapping[str, ChangeKind]
    texts: frozenset[str] = frozenset()
    inner: Mapping[str, "_Comparison"] = field(default_factory=dict)


_Comparison = Callable[[Any, Any, _Place], Iterator[ProcedureChange]]


def _order(item: object) -> bytes:
    return msgspec.json.encode(item, order="deterministic")


def _pair(
    before: Iterable[T], after: Iterable[T], keys: Sequence[Callable[[T], object]]
) -> tuple[list[tuple[T, T]], list[T], list[T]]:
    """Pair elements stage by stage; give the pairs that differ, what was removed, what was added."""
    left, right = sorted(before, key=_order), sorted(after, key=_order)
    pairs: list[tuple[T, T]] = []
    for stage, key in enumerate((_order, *keys)):
        waiting: dict[object, list[T]] = {}
        for item in right:
            waiting.setdefault(key(item), []).append(item)
        kept: list[T] = []
        for item in left:
            name = key(item)
            group = waiting.get(name) if name is not None else None
            if not group:
                kept.append(item)
            elif stage == 0:
                group.pop(0)
            else:
                pairs.append((item, group.pop(0)))
        left, right = kept, sorted((item for group in waiting.values() for item in group), key=_order)
    return pairs, left, right


def shown(value: object) -> str:
    """Write a value for a person's eye, cut to 200 characters; "" for nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | str():
            return str(value)[:MAX_SHOWN_CHARACTERS]
    return msgspec.json.encode(value).decode()[:MAX_SHOWN_CHARACTERS]


def _elements(sort: _Sort) -> _Comparison:
    def compare(before: Sequence[Any], after: Sequence[Any], place: _Place) -> Iterator[ProcedureChange]:
        pairs, removed, added = _pair(before, after, sort.keys)
        for item in removed:
            there = place.at(_step(sort.label(item)), _called(item))
            yield ProcedureChange(kind=sort.removed, path=there.path, subject=there.subject, before=_summary(item))
        for item in added:
            there = place.at(_step(sort.label(item)), _called(item))
            yield ProcedureChange(kind=sort.added, path=there.path, subject=there.subject, after=_summary(item))
        for one, other in pairs:
            yield from _fields(sort, one, other, place.at(_step(sort.label(other)), _called(other)))

    return compare


def _fields(sort: _Sort, before: Any, after: Any, place: _Place) -> Iterator[ProcedureChange]:
    for name in (item.name for item in fields(before)):
        one, other = getattr(before, name), getattr(after, name)
        if one == other:
            continue
        if (inner := sort.inner.get(name)) is not None:
            yield from inner(one, other, place.at(name))
            continue
        is_text = name in sort.texts
        yield ProcedureChange(
            kind=sort.own_kinds.get(name, sort.changed),
            path=place.at(name).path,
            subject=place.subject,
            before="" if is_text else shown(one),
            after="" if is_text else shown(other),
        )


def _step(label: str) -> str:
    """Make one step of a path: short, without the separator."""
    return label.replace("~", "~0").replace("/", "~1")[:60] or "-"


def _called(item: Any) -> str:
    for name in ("name", "title", "number", "description", "kind", "channel", "code"):
        if value := getattr(item, name, ""):
            return shown(value)
    return ""


def _summary(item: Any) -> str:
    """Say of a whole element what a person needs to recognise it."""
    match item:
        case ProcedureFee():
            return shown(item.text if item.amount_vnd is None else item.amount_vnd)
        case TimeLimit():
            return shown("" if item.amount is None else f"{item.amount} {item.unit}")
    return ""


def _codes(added: ChangeKind, removed: ChangeKind) -> _Comparison:
    def compare(before: Sequence[str], after: Sequence[str], place: _Place) -> Iterator[ProcedureChange]:
        _, gone, come = _pair(before, after, ())
        for code in gone:
            yield ProcedureChange(kind=removed, path=place.at(_step(code)).path, subject=shown(code))
        for code in come:
            yield ProcedureChange(kind=added, path=place.at(_step(code)).path, subject=shown(code))

    return compare


def _value(kind: ChangeKind) -> _Comparison:
    def compare(before: object, after: object, place: _Place) -> Iterator[ProcedureChange]:
        yield ProcedureChange(kind=kind, path=place.path, before=shown(before), after=shown(after))

    return compare


def _text(before: str, after: str, place: _Place) -> Iterator[ProcedureChange]:
    yield ProcedureChange(kind=ChangeKind.TEXT_CHANGED, path=place.path)


def _steps(before: Sequence[str], after: Sequence[str], place: _Place) -> Iterator[ProcedureChange]:
    yield ProcedureChange(
        kind=ChangeKind.STEPS_CHANGED,
        path=place.path,
        subject=place.subject,
        before=str(len(before)),
        after=str(len(after)),
    )


def _code_of(item: Any) -> object:
    return item.code or None


def _name_of(item: Any) -> object:
    return item.name or None


def _code_and_name(item: Any) -> object:
    return (item.code, item.name)


def _label_of_coded(item: Any) -> str:
    return str(item.code or item.name)


_K = ChangeKind


def _named(added: ChangeKind, removed: ChangeKind, changed: ChangeKind) -> _Comparison:
    return _elements(
        _Sort(
            added=added,
            removed=removed,
            changed=changed,
            keys=(_code_of, _name_of),
            label=_label_of_coded,
            own_kinds={},
        )
    )


_FEES = _elements(
    _Sort(
        added=_K.FEE_ADDED,
        removed=_K.FEE_REMOVED,
        changed=_K.FEE_CHANGED,
        keys=(
            lambda fee: (fee.kind, fee.unit, fee.description),
            lambda fee: (fee.kind, fee.description),
            lambda fee: ("kind", fee.kind),
        ),
        label=lambda fee: fee.kind or "fee",
        own_kinds={},
        texts=frozenset({"description"}),
    )
)
_TIME_LIMITS = _elements(
    _Sort(
        added=_K.TIME_LIMIT_ADDED,
        removed=_K.TIME_LIMIT_REMOVED,
        changed=_K.TIME_LIMIT_CHANGED,
        keys=(
            lambda limit: (limit.amount, limit.unit, limit.description),
            lambda limit: (limit.unit, limit.description),
            lambda limit: (limit.description,),
            lambda limit: "any",
        ),
        label=lambda limit: f"{'-' if limit.amount is None else limit.amount} {limit.unit}",
        own_kinds={},
        texts=frozenset({"description"}),
        inner={"fees": _FEES},
    )
)
_CHANNELS = _elements(
    _Sort(
        added=_K.CHANNEL_ADDED,
        removed=_K.CHANNEL_REMOVED,
        changed=_K.CHANNEL_CHANGED,
        keys=(lambda channel: channel.channel,),
        label=lambda channel: channel.channel,
        own_kinds={},
        inner={"time_limits": _TIME_LIMITS},
    )
)
_FORMS = _elements(
    _Sort(
        added=_K.FORM_ADDED,
        removed=_K.FORM_REMOVED,
        changed=_K.FORM_CHANGED,
        keys=(lambda form: form.url or None, _name_of),
        label=lambda form: form.name,
        own_kinds={},
    )
)
_DOCUMENTS = _elements(
    _Sort(
        added=_K.DOCUMENT_ADDED,
        removed=_K.DOCUMENT_REMOVED,
        changed=_K.DOCUMENT_CHANGED,
        keys=(_code_and_name, _code_of, _name_of),
        label=_label_of_coded,
        own_kinds={
            "name": _K.DOCUMENT_RENAMED,
            "originals_count": _K.DOCUMENT_COPIES_CHANGED,
            "copies_count": _K.DOCUMENT_COPIES_CHANGED,
        },
        inner={"forms": _FORMS},
    )
)
_DOCUMENT_CASES = _elements(
    _Sort(
        added=_K.CASE_ADDED,
        removed=_K.CASE_REMOVED,
        changed=_K.CASE_RENAMED,
        keys=(lambda case: ("name", case.name), lambda case: _order(case.documents)),
        label=lambda case: case.name or "general",
        own_kinds={},
        inner={"documents": _DOCUMENTS},
    )
)
_EXECUTION_CASES = _elements(
    _Sort(
        added=_K.CASE_ADDED,
        removed=_K.CASE_REMOVED,
        changed=_K.CASE_RENAMED,
        keys=(lambda case: ("name", case.name), lambda case: case.steps),
        label=lambda case: case.name or "general",
        own_kinds={},
        inner={"steps": _steps},
    )
)
_RESULTS = _elements(
    _Sort(
        added=_K.RESULT_ADDED,
        removed=_K.RESULT_REMOVED,
        changed=_K.RESULT_CHANGED,
        keys=(_code_and_name, _code_of, _name_of),
        label=_label_of_coded,
        own_kinds={},
    )
)
_LEGAL_BASES = _elements(
    _Sort(
        added=_K.LEGAL_BASIS_ADDED,
        removed=_K.LEGAL_BASIS_REMOVED,
        changed=_K.LEGAL_BASIS_CHANGED,
        keys=(
            lambda basis: (basis.number, basis.title),
            lambda basis: basis.number or None,
            lambda basis: basis.title or None,
        ),
        label=lambda basis: basis.number or basis.title,
        own_kinds={},
    )
)
_AGENCIES = _named(_K.AGENCY_ADDED, _K.AGENCY_REMOVED, _K.AGENCY_CHANGED)
_RELATED = _codes(_K.RELATED_ADDED, _K.RELATED_REMOVED)

COMPARISONS: Mapping[str, _Comparison] = {
    "name": _value(_K.NAME_CHANGED),
    "portal_id": _value(_K.PORTAL_ID_CHANGED),
    "is_public": _value(_K.PUBLICATION_CHANGED),
    "publishing_agency_code": _value(_K.PUBLISHER_CHANGED),
    "publication_decision_id": _value(_K.DECISION_CHANGED),
    "type_code": _value(_K.TYPE_CHANGED),
    "service_level": _value(_K.SERVICE_LEVEL_CHANGED),
    "sectors": _named(_K.SECTOR_ADDED, _K.SECTOR_REMOVED, _K.SECTOR_CHANGED),
    "executing_levels": _codes(_K.LEVEL_ADDED, _K.LEVEL_REMOVED),
    "channels": _CHANNELS,
    "applicant_kinds": _named(_K.APPLICANT_KIND_ADDED, _K.APPLICANT_KIND_REMOVED, _K.APPLICANT_KIND_CHANGED),
    "applicant_description": _text,
    "document_cases": _DOCUMENT_CASES,
    "execution_cases": _EXECUTION_CASES,
    "results": _RESULTS,
    "legal_bases": _LEGAL_BASES,
    "executing_agencies": _AGENCIES,
    "competent_agencies": _AGENCIES,
    "delegated_agencies": _AGENCIES,
    "coordinating_agencies": _AGENCIES,
    "related_procedure_codes": _RELATED,
    "linked_procedure_codes": _RELATED,
    "requirements": _text,
    "description": _text,
    "keywords": _text,
    "reception_address": _text,
    "executing_agency_description": _text,
    "competent_agency_description": _text,
}
"""How each field of `Procedure` is compared; all but `code`, which names what is compared."""


_SEQUENCES = frozenset({"steps"})


def canonical(value: Any) -> Any:
    """Give the same content with every list that has no order of its own sorted, at every depth."""
    if not is_dataclass(value) or isinstance(value, type):
        return value
    sorted_fields: dict[str, Any] = {}
    for name in (item.name for item in fields(value)):
        content = getattr(value, name)
        if isinstance(content, tuple) and name not in _SEQUENCES:
            sorted_fields[name] = tuple(sorted(map(canonical, content), key=_order))
    return replace(value, **sorted_fields)


def procedure_changes(before: Procedure, after: Procedure) -> tuple[ProcedureChange, ...]:
    """Give what changed, in the order of the fields; empty when only the order of lists differs, or nothing.

    Raises ValueError for two different procedures: that is no change of either.
    """
    if before.code != after.code:
        raise ValueError("two versions of one procedure are compared, not two procedures")
    before, after = canonical(before), canonical(after)
    found: list[ProcedureChange] = []
    for name, compare in COMPARISONS.items():
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            found.extend(compare(one, other, _Place(f"/{name}")))
    return tuple(found)
