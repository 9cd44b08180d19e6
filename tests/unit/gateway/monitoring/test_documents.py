"""Snapshots as files, and the manifests over them."""

import csv
import io
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import IntegrityFailed
from gateway.indicators.scope import ScopeKind
from gateway.monitoring.documents import CSV_COLUMNS, canonical_json, data_csv, data_json, data_lines, etag
from gateway.monitoring.manifests import FIRST, FileEntry, SignedManifest, check_chain, check_files, manifest_body
from gateway.monitoring.observations import (
    Figures,
    Observation,
    ObservationKey,
    SnapshotHead,
    StateAt,
    TargetResult,
)
from gateway.vault.assertions import Es256Signer, Es256Verifier

KIND = "monitoring-manifest+jws"
HEAD = SnapshotHead(
    snapshot_id="H99-2026M08-v2",
    period_type="month",
    calendar="gregorian",
    start=datetime(2026, 7, 31, 17, tzinfo=UTC),
    end=datetime(2026, 8, 31, 17, tzinfo=UTC),
    version=2,
    status="revised",
    state_at=StateAt.AS_OF,
    as_of=datetime(2026, 9, 30, 17, tzinfo=UTC),
    definitions_version="2026.11-1",
    calendar_version="VN-2026.4",
    supersedes="H99-2026M08-v1",
)
U2 = Observation(
    key=ObservationKey("U2", ScopeKind.PROVINCE, agency="H99", level="ALL"),
    figures=Figures(7, 13),
    membership_field="received_at",
    target=TargetResult(target_id="T-02", comparator=">=", value="50.00", result="met"),
    quality={"on_behalf": 1, "late_synced": 1, "duplicates_removed": 1, "tests_removed": 1},
)
S5 = Observation(
    key=ObservationKey("S5", ScopeKind.PROVINCE, agency="H99"),
    figures=Figures(0, 0),
    membership_field="received_at",
    null_reason="zero_denominator",
)


def test_the_observation_of_the_specification() -> None:
    """The example of monitoring notes §4.4, member by member."""
    told = json.loads(data_json(HEAD, [U2, S5]))

    assert {
        "id": "H99-2026M08-v2",
        "period_type": "month",
        "calendar": "gregorian",
        "start": "2026-08-01T00:00:00+07:00",
        "end": "2026-09-01T00:00:00+07:00",
        "version": 2,
        "status": "revised",
        "state_at": "as_of",
        "as_of": "2026-10-01T00:00:00+07:00",
        "supersedes": "H99-2026M08-v1",
        "definitions_version": "2026.11-1",
        "calendar_version": "VN-2026.4",
    } == told["snapshot"]
    assert {
        "indicator": "U2",
        "scope": "province",
        "agency": "H99",
        "level": "ALL",
        "unit_group": None,
        "procedure": None,
        "field": None,
        "numerator": 7,
        "denominator": 13,
        "percent": "53.85",
        "null_reason": None,
        "membership_field": "received_at",
        "target": {"id": "T-02", "comparator": ">=", "value": "50.00", "result": "met"},
        "quality": {"on_behalf": 1, "late_synced": 1, "duplicates_removed": 1, "tests_removed": 1},
    } == told["observations"][1]
    assert (None, "zero_denominator") == tuple(told["observations"][0][name] for name in ("percent", "null_reason"))


def test_the_order_given_changes_no_byte() -> None:
    for write in (data_json, data_lines, data_csv):
        assert write(HEAD, [U2, S5]) == write(HEAD, [S5, U2])
    assert etag(data_json(HEAD, [U2])) != etag(data_json(HEAD, [S5]))


def test_lines_and_columns_hold_the_same_numbers() -> None:
    lines = [json.loads(line) for line in data_lines(HEAD, [U2, S5]).splitlines()]
    text = data_csv(HEAD, [U2, S5], has_mark=True)
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))

    assert ["snapshot", "S5", "U2"] == [one.get("indicator", "snapshot") for one in lines]
    assert text.startswith(b"\xef\xbb\xbf")
    assert list(CSV_COLUMNS) == rows[0]
    assert ["H99-2026M08-v2", "U2", "province", "H99", "ALL", "", "", "", "7", "13", "53.85", ""] == rows[2][:12]
    assert ["received_at", "T-02", ">=", "50.00", "met", "1", "1", "1", "1"] == rows[2][12:]
    assert b"\r\n" in text


@pytest.mark.parametrize(
    ("numerator", "denominator", "percent"),
    [(1, 8, "12.50"), (2, 3, "66.67"), (1, 6, "16.67"), (6765, 10000, "67.65"), (1, 800, "0.13"), (0, 3, "0.00")],
)
def test_percentages_of_the_specification(numerator: int, denominator: int, percent: str) -> None:
    """Halves go up: 0.125 % is 0.13 (monitoring notes §7)."""
    assert percent == Figures(numerator, denominator).percent


def test_canonical_form() -> None:
    """Names sorted, no blanks, letters as they are, signs escaped as RFC 8785 wants it."""
    assert '{"a":"đ\\n\\u001f\\"","b":[1,true,null]}'.encode() == canonical_json(
        {"b": [1, True, None], "a": 'đ\n\x1f"'}
    )


@pytest.mark.parametrize("value", [1.5, 2**53, {"đ": 1}, {1: 2}, b"x", [[float("nan")]]])
def test_what_has_no_exact_form_is_not_written(value: object) -> None:
    with pytest.raises(ValueError):
        canonical_json(value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ_09", max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_canonical_form_says_the_same(value: object) -> None:
    """Reading gives the value back, and writing that gives the same bytes."""
    written = canonical_json(value)

    assert value == json.loads(written)
    assert written == canonical_json(json.loads(written))


def chain(count: int) -> tuple[list[tuple[SignedManifest, Mapping[str, Any]]], Es256Verifier]:
    signer = Es256Signer([ec.generate_private_key(ec.SECP256R1())])
    made: list[tuple[SignedManifest, Mapping[str, Any]]] = []
    digest = FIRST
    for position in range(1, count + 1):
        files = [FileEntry(name="data.json", body=b'{"n":%d}' % position, rows_count=1)]
        body = manifest_body(HEAD, files, position=position, previous_digest=digest)
        signed = SignedManifest(body=body, signature=signer.sign_detached(KIND, body))
        digest = signed.digest
        made.append((signed, json.loads(body)))
    return made, Es256Verifier(signer.public_keys())


def test_a_whole_chain_holds() -> None:
    manifests, verifier = chain(4)

    assert manifests[-1][0].digest == check_chain(manifests)
    assert manifests[-1][0].digest == check_chain(manifests[2:], after=manifests[1][0].digest)
    for signed, _ in manifests:
        verifier.check_detached(signed.signature, KIND, signed.body)


@pytest.mark.parametrize(
    "order", [[0, 2, 3], [1, 2, 3], [0, 2, 1, 3], [0, 1, 1, 2]], ids=["cut", "headless", "moved", "doubled"]
)
def test_a_chain_that_was_touched_is_refused(order: list[int]) -> None:
    """A snapshot removed, moved or added anywhere before the last is found."""
    manifests, _ = chain(4)

    with pytest.raises(IntegrityFailed):
        check_chain([manifests[place] for place in order])


def test_a_changed_file_is_named() -> None:
    [(_, told)], _ = chain(1)

    check_files(told, lambda _: b'{"n":1}')
    with pytest.raises(IntegrityFailed, match=r"data\.json"):
        check_files(told, lambda _: b'{"n":2}')


def test_signatures_hold_for_another_library() -> None:
    """Put together with its payload, the signature is an ordinary token."""
    signer = Es256Signer([ec.generate_private_key(ec.SECP256R1())])
    signature = signer.sign_detached(KIND, b'{"a":1}')
    before, _, after = signature.partition("..")
    key = jwt.PyJWK(dict(signer.public_keys()[0]))
    claims = jwt.decode(f"{before}.eyJhIjoxfQ.{after}", key, algorithms=["ES256"])

    assert {"a": 1} == claims
    assert KIND == json.loads(urlsafe_b64decode(before + "=="))["typ"]


def test_signatures_over_anything_else_are_refused() -> None:
    """Another body, another type, another key, a payload brought along, garbage: none is taken."""
    signer, stranger = (Es256Signer([ec.generate_private_key(ec.SECP256R1())]) for _ in range(2))
    verifier = Es256Verifier(signer.public_keys())
    signature = signer.sign_detached(KIND, b"{}")
    before, _, after = signature.partition("..")
    verifier.check_detached(signature, KIND, b"{}")

    forged = [
        (signature, b"{ }"),
        (signer.sign_detached("audit-checkpoint+jwt", b"{}"), b"{}"),
        (stranger.sign_detached(KIND, b"{}"), b"{}"),
        (f"{before}.e30.{after}", b"[]"),
        (f"{before}.e30.{after}", b"{}"),
        ("..", b"{}"),
        ("x..y", b"{}"),
        ("", b""),
        (signature + "A", b"{}"),
    ]
    for wrong, body in forged:
        with pytest.raises(IntegrityFailed):
            verifier.check_detached(wrong, KIND, body)
