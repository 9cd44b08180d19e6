"""The audit chain whatever its lines hold: written by the document alone, and no damage passes unseen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.audit import AuditLine, ChainedLine, ChainHead
from gateway.sync.audit import beginning, encode_line, extend
from gateway.sync.audit_records import line_fields, read_line
from gateway.sync.audit_verification import ChainVerifier

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
NAMES = st.lists(st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,8}", fullmatch=True), max_size=3).map(tuple)
LINES = st.builds(
    AuditLine,
    line_id=st.uuids(),
    at=st.integers(0, 10**15).map(lambda count: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=count)),
    correlation_id=st.uuids(),
    subject_digest=st.none() | st.binary(min_size=32, max_size=32),
    fields_requested=NAMES,
    fields_released=NAMES,
    latency_ms=st.none() | st.integers(0, 2**31 - 1),
    **dict.fromkeys(
        (
            *("action", "stage", "client_id", "officer", "agency_code", "procedure_code", "dossier_code", "purpose"),
            *("legal_basis", "consent_ref", "outcome", "upstream_code", "request_id", "edge", "client_address"),
            "gateway_version",
        ),
        TEXT,
    ),
)
CHAIN_ID = UUID(int=7)


def chained(lines: list[AuditLine]) -> tuple[list[ChainedLine], ChainHead]:
    return extend(beginning(CHAIN_ID), [(line, encode_line(line)) for line in lines])


def findings(lines: list[ChainedLine], head: ChainHead | None) -> list[Any]:
    verifier = ChainVerifier(beginning(CHAIN_ID), head)
    verifier.feed(lines)
    return verifier.finish()


def by_the_document(before: bytes, record: dict[str, Any]) -> bytes:
    """Give a line's digest as somebody would who has nothing but decision 21 and an export."""

    def field(value: Any) -> bytes:
        if value is None:
            return b"-,"
        content = b"".join(field(item) for item in value) if isinstance(value, list) else str(value).encode()
        return str(len(content)).encode() + b":" + content + b","

    # In the export's order, but that the two lists of fields stand after the subject's digest.
    names = [name for name in record if name not in ("format", "digest")]
    return sha256(b"lien-thong audit line 1\n" + before + b"".join(field(record[name]) for name in names)).digest()


@given(st.lists(LINES, min_size=1, max_size=6))
def test_an_export_and_the_document_are_enough(lines: list[AuditLine]) -> None:
    """A verifier written from the document gives the same digests, and a line reads back as it was written."""
    done, head = chained(lines)
    before = sha256(b"lien-thong audit chain 1\n" + b"36:" + str(CHAIN_ID).encode() + b",").digest()
    for line in done:
        before = by_the_document(before, line_fields(line))
        assert before == line.digest
        assert line == read_line(line_fields(line))
    assert before == head.digest
    assert [] == findings(done, head)


@given(st.lists(LINES, min_size=1, max_size=6), st.data())
def test_no_damage_passes_unseen(lines: list[AuditLine], data: st.DataObject) -> None:
    """Lines taken out, put in, exchanged or replaced, renumbered or not: something is always found."""
    done, head = chained(lines)
    damaged = data.draw(
        st.lists(
            st.sampled_from(done)
            | st.builds(ChainedLine, st.integers(1, 9), LINES, st.binary(min_size=32, max_size=32)),
            max_size=8,
        )
    )
    if data.draw(st.booleans()):
        damaged = [replace(line, position=place) for place, line in enumerate(damaged, start=1)]
    damaged = sorted({line.position: line for line in damaged}.values(), key=lambda line: line.position)

    assert (damaged == done) == (findings(damaged, head) == [])


@given(st.lists(LINES, min_size=2, max_size=8), st.data())
def test_one_changed_line_is_named_alone(lines: list[AuditLine], data: st.DataObject) -> None:
    """Another content in one place is one finding, at that place."""
    done, head = chained(lines)
    place = data.draw(st.integers(1, len(lines)))
    other = data.draw(LINES.filter(lambda line: line != lines[place - 1]))
    done[place - 1] = replace(done[place - 1], line=other)

    assert [("changed", place, place)] == [
        (finding.kind.value, finding.first, finding.last) for finding in findings(done, head)
    ]
