"""The codes of a dossier on their way out: translated as of the dossier's date, counted, held when a row is missing.

A province's own codes become those of the national systems just before a channel writes its record. Nothing of this
is stored: the dossier keeps the codes that it came with, and a delivery keeps the number of the load that translated
it. Without sets every code travels as it is, and only the counting is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from gateway.model.dossier import AgencyRef, Attachment, Dossier, ResultDocument, Supplement
from gateway.ports.mapping import (
    CODE,
    MISSING_PREFIX,
    CodeKind,
    CodeMapper,
    CurrentMapper,
    SeenCode,
    Treatment,
    day_of,
)

_WITHIN_LISTS = frozenset({CodeKind.REQUIRED_DOCUMENT, CodeKind.RESULT, CodeKind.DATABASE})
MAX_REMEMBERED_CODES = 20_000
"""Between two writings; a caller that invents codes must not fill the memory. What is beyond it is not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTranslatable:
    """Why a dossier must not travel: `missing` rows (table, code), `problems` (field, rule). No personal data."""

    missing: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Count:
    first: date
    last: date
    count: int
    is_mapped: bool | None


class SeenCodes:
    """Counts codes in memory until they are written down; dates are those of the dossiers."""

    def __init__(self) -> None:
        self._counts: dict[tuple[CodeKind, str], _Count] = {}

    def note(self, kind: CodeKind, code: str, day: date, is_mapped: bool | None, times: int = 1) -> None:
        count = self._counts.get((kind, code))
        if count is None:
            if len(self._counts) < MAX_REMEMBERED_CODES:
                self._counts[(kind, code)] = _Count(day, day, times, is_mapped)
            return
        if day < count.first:
            count.first = day
        elif day > count.last:
            count.last = day
        count.count += times
        count.is_mapped = is_mapped

    def take(self) -> list[SeenCode]:
        """Give what was counted, and begin anew."""
        taken, self._counts = self._counts, {}
        return [
            SeenCode(
                kind=kind,
                code=code,
                first_seen=count.first,
                last_seen=count.last,
                seen_count=count.count,
                is_mapped=count.is_mapped,
            )
            for (kind, code), count in taken.items()
        ]

    def put_back(self, codes: Iterable[SeenCode]) -> None:
        """Count again what could not be written down."""
        for seen in codes:
            now = self._counts.get((seen.kind, seen.code))
            is_mapped = seen.is_mapped if now is None else now.is_mapped
            self.note(seen.kind, seen.code, seen.first_seen, is_mapped, seen.seen_count)
            self.note(seen.kind, seen.code, seen.last_seen, is_mapped, 0)


class UncountedCodes(SeenCodes):
    """Counts nothing: for looking at dossiers again, which is no traffic."""

    def note(self, kind: CodeKind, code: str, day: date, is_mapped: bool | None, times: int = 1) -> None: ...


class CodeTranslator:
    """Translates with the sets in force. `pinned` holds on to them, so that one turn uses one version throughout."""

    def __init__(self, current: CurrentMapper, seen: SeenCodes) -> None:
        self._current = current
        self._seen = seen

    def pinned(self) -> "PinnedCodes":
        return PinnedCodes(self._current.mapper, self._seen)


class PinnedCodes:
    """Translates with one version of the sets; `version` is None when none was ever loaded."""

    def __init__(self, mapper: CodeMapper | None, seen: SeenCodes) -> None:
        self._mapper = mapper
        self._seen = seen
        self.version = None if mapper is None else mapper.version

    def translated(self, dossier: Dossier) -> Dossier | NotTranslatable:
        """Give the dossier in the codes of the other side, the very same when nothing changes; or say why it waits."""
        if self._mapper is None:
            self._count(dossier)
            return dossier
        work = _Work(self._mapper, day_of(dossier), self._seen)
        procedure_code = work.code(CodeKind.PROCEDURE, dossier.procedure_code, "procedure_code")
        receiving = work.agency(dossier.receiving_agency, "receiving_agency/code")
        handling = work.agency(dossier.handling_agency, "handling_agency/code")
        if dossier.source_status:
            work.status(dossier)
        attachments, supplements, results = dossier.attachments, dossier.supplements, dossier.results
        databases = dossier.consulted_databases
        if self._mapper.kinds & _WITHIN_LISTS:
            attachments = work.attachments(attachments, "attachments")
            supplements = work.supplements(supplements)
            results = work.results(results)
            databases = work.databases(databases)
        else:
            self._count_lists(dossier, work.day)
        if work.missing or work.problems:
            return NotTranslatable(missing=tuple(dict.fromkeys(work.missing)), problems=tuple(work.problems))
        return replace(
            dossier,
            procedure_code=procedure_code or "",
            receiving_agency=receiving,
            handling_agency=handling,
            attachments=attachments,
            supplements=supplements,
            results=results,
            consulted_databases=databases,
        )

    def _count(self, dossier: Dossier) -> None:
        note, day = self._seen.note, day_of(dossier)
        note(CodeKind.PROCEDURE, dossier.procedure_code, day, None)
        note(CodeKind.AGENCY, dossier.handling_agency.code, day, None)
        note(CodeKind.AGENCY, dossier.receiving_agency.code, day, None)
        if dossier.source_status and CODE.fullmatch(dossier.source_status):
            note(CodeKind.STATUS, dossier.source_status, day, None)
        self._count_lists(dossier, day)

    def _count_lists(self, dossier: Dossier, day: date) -> None:
        note = self._seen.note
        for attachment in dossier.attachments:
            if attachment.component_code:
                note(CodeKind.REQUIRED_DOCUMENT, attachment.component_code, day, None)
            if attachment.replacing_result_code:
                note(CodeKind.RESULT, attachment.replacing_result_code, day, None)
        for supplement in dossier.supplements:
            for attachment in supplement.attachments:
                if attachment.component_code:
                    note(CodeKind.REQUIRED_DOCUMENT, attachment.component_code, day, None)
        for result in dossier.results:
            if result.result_code:
                note(CodeKind.RESULT, result.result_code, day, None)
        for database in dossier.consulted_databases:
            note(CodeKind.DATABASE, database, day, None)


class _Work:
    """One dossier under translation: what was found missing or wrong on the way."""

    def __init__(self, mapper: CodeMapper, day: date, seen: SeenCodes) -> None:
        self._mapper = mapper
        self.day = day
        self._seen = seen
        self.missing: list[tuple[str, str]] = []
        self.problems: list[tuple[str, str]] = []

    def code(self, kind: CodeKind, code: str, field: str) -> str | None:
        """Give the other code; None when it is to be left out, or when it is noted why there is none."""
        translation = self._mapper.translate(kind, code, self.day)
        if translation is None:
            if CODE.fullmatch(code):
                self._seen.note(kind, code, self.day, None)
            return code
        if not CODE.fullmatch(code):
            # The text is not repeated: where no grammar holds, it could be a sentence about somebody.
            self.problems.append((field, "must be a code to be translated"))
            return None
        self._seen.note(kind, code, self.day, translation.is_answer)
        match translation.treatment:
            case Treatment.HELD:
                self.missing.append((MISSING_PREFIX + kind.value, code))
            case Treatment.REJECTED:
                self.problems.append((field, f"refused by mapping set {translation.set_name}"))
            case Treatment.DECLINED:
                self.problems.append((field, f"deliberately without counterpart in {translation.set_name}"))
            case _:
                return translation.code or None
        return None

    def agency(self, agency: AgencyRef, field: str) -> AgencyRef:
        code = self.code(CodeKind.AGENCY, agency.code, field)
        return agency if code is None or code == agency.code else replace(agency, code=code)

    def status(self, dossier: Dossier) -> None:
        """Hold the province's own status against the stated one: the set is its word on what the code means."""
        before = len(self.missing) + len(self.problems)
        status = self.code(CodeKind.STATUS, dossier.source_status, "source_status")
        is_translated = CodeKind.STATUS in self._mapper.kinds and len(self.missing) + len(self.problems) == before
        if is_translated and status != dossier.status:
            self.problems.append(("source_status", "contradicts status by its mapping set"))

    def attachments(self, attachments: tuple[Attachment, ...], path: str) -> tuple[Attachment, ...]:
        return tuple(
            replace(
                item,
                component_code=self._optional(
                    CodeKind.REQUIRED_DOCUMENT, item.component_code, f"{path}/{index}/component_code"
                ),
                replacing_result_code=self._optional(
                    CodeKind.RESULT, item.replacing_result_code, f"{path}/{index}/replacing_result_code"
                ),
            )
            for index, item in enumerate(attachments)
        )

    def supplements(self, supplements: tuple[Supplement, ...]) -> tuple[Supplement, ...]:
        return tuple(
            replace(item, attachments=self.attachments(item.attachments, f"supplements/{index}/attachments"))
            for index, item in enumerate(supplements)
        )

    def results(self, results: tuple[ResultDocument, ...]) -> tuple[ResultDocument, ...]:
        return tuple(
            replace(
                item,
                component_code=self._optional(
                    CodeKind.REQUIRED_DOCUMENT, item.component_code, f"results/{index}/component_code"
                ),
                result_code=self._optional(CodeKind.RESULT, item.result_code, f"results/{index}/result_code"),
            )
            for index, item in enumerate(results)
        )

    def databases(self, databases: tuple[str, ...]) -> tuple[str, ...]:
        codes = (
            self.code(CodeKind.DATABASE, code, f"consulted_databases/{index}") for index, code in enumerate(databases)
        )
        return tuple(dict.fromkeys(code for code in codes if code is not None))

    def _optional(self, kind: CodeKind, code: str | None, field: str) -> str | None:
        return code if code is None else self.code(kind, code, field)
