"""Whatever JSON the portal answers with, reading gives the whole of it or refuses it; files come back as they were."""

import base64
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.portal import warehouse
from adapters.portal.failures import Operation
from gateway.errors import InvalidInput, RemoteError
from gateway.ports.portal_services import CatalogueName
from mappings.portal.catalogues import CATALOGUE_FIELDS, read_catalogue, read_decision, read_technical_id
from mappings.portal.listing import read_listed
from mappings.portal.results import read_results
from tests.unit.adapters.portal.portal_settings import native

KEYS = st.sampled_from(["MADONVI", "TENDONVI", "MaHoSo", "NgayTiepNhan", "TECHNICALID", "MaKetQua", "DuongDan", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
LISTS = st.lists(JSON, max_size=6)
STORE = native(warehouse={})
FIELDS = CATALOGUE_FIELDS[CatalogueName.AGENCIES]


@given(LISTS)
def test_a_catalogue_loses_no_item(items: list[Any]) -> None:
    """As many items come out as went in, each with every field that it had."""
    try:
        read = read_catalogue(items, FIELDS)
    except InvalidInput:
        return
    assert len(items) == len(read)
    for item, ours in zip(items, read, strict=True):
        assert len(item) == len(ours.attributes) + ("MADONVI" in item) + ("TENDONVI" in item)


@given(LISTS)
def test_a_page_of_dossiers_loses_none(items: list[Any]) -> None:
    """As many codes come out as records went in, and none is empty."""
    try:
        codes = read_listed(items, date(2026, 1, 1), date(2026, 12, 31))
    except InvalidInput:
        return
    assert len(items) == len(codes)
    assert all(codes)


@given(JSON, LISTS)
def test_readers_fail_in_one_way_only(value: Any, items: list[Any]) -> None:
    """No answer of any form brings a reader down by another error than the one that says so."""
    for read in (
        lambda: read_decision(value, "1"),
        lambda: read_technical_id(items),
        lambda: read_results(value),
        lambda: read_results({"DanhSachGiayToKetQua": items}),
    ):
        try:
            read()
        except InvalidInput:
            continue


@given(st.binary(min_size=1, max_size=4000), st.booleans())
def test_a_file_comes_back_as_it_was(content: bytes, is_quoted: bool) -> None:
    """Whatever the bytes, except that no name makes a program welcome."""
    text = base64.b64encode(content)
    body = b'"' + text + b'"' if is_quoted else text
    is_program = content.startswith((b"MZ", b"\x7fELF", b"#!"))
    try:
        given_back = warehouse.read_file(STORE, Operation.DOWNLOAD_ATTACHMENT, body, "/kho/tep")
    except RemoteError:
        given_back = b""
    assert (b"" if is_program else content) == given_back


@given(st.binary(max_size=200))
def test_any_answer_is_a_file_or_an_error(body: bytes) -> None:
    """Neither the store's answers nor its files bring the reader down."""
    for read in (
        lambda: warehouse.read_file(STORE, Operation.DOWNLOAD_ATTACHMENT, body, "/kho/a.pdf"),
        lambda: warehouse.read_found(STORE, body),
    ):
        try:
            read()
        except RemoteError:
            continue
