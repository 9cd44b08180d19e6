"""The store of digitised results and files by path, between the adapter and the sandbox's facade, over real HTTP."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.portal.sandbox import PortalProfile
from adapters.sandboxing import FaultKind
from gateway.errors import ContractBroken, InvalidInput, RateLimited, Rejected, RemoteError, TransientFailure
from gateway.ports.basics import KeyRing
from tests.support.town import PortalTown, portal_town
from tests.unit.mappings.test_portal_results import QUERY

FIND, DOWNLOAD, GETFILE = "GetKetQuaGiayTo", "GetGiayToByUrl", "getfile"
STORE = {
    "warehouse": {
        "find_path": "KetNoiMotCuaQuocGia/GetKetQuaGiayTo",
        "download_path": "KetNoiMotCuaQuocGia/GetGiayToByUrl",
    }
}


@pytest.fixture
async def town(dsn: str, pool: Any, key_ring: KeyRing) -> AsyncIterator[PortalTown]:
    """Open a town that speaks natively with the portal, and has the store behind its facade."""
    async with portal_town(dsn, pool, key_ring, profile=PortalProfile(is_facade_served=True), settings=STORE) as made:
        yield made


async def test_results_are_found_and_their_files_read(town: PortalTown) -> None:
    """From the question to the bytes of the document."""
    [found] = await town.portal.results.find_results(QUERY)
    assert ("KQ.G99.900001", "G99", "gxn.pdf") == (found.result_code, found.owning_agency_code, found.files[0].name)
    content = await town.portal.results.download_result(found.owning_agency_code, found.files[0].path)
    assert town.sandbox.state.files[found.files[0].path] == content


async def test_nothing_found_is_an_empty_list(town: PortalTown) -> None:
    """Nobody's documents are no error."""
    assert [] == await town.portal.results.find_results(dataclasses.replace(QUERY, owner_number="999199000000"))


async def test_a_question_that_is_not_whole_makes_no_call(town: PortalTown) -> None:
    """The store is never asked about somebody without a reason."""
    with pytest.raises(InvalidInput):
        await town.portal.results.find_results(dataclasses.replace(QUERY, procedure_code=""))
    assert [] == list(town.sandbox.recorder.calls(after=0, limit=9, operation=FIND))


@pytest.mark.parametrize("form", ["text", "json_string", "reply"])
async def test_a_file_named_in_a_notice_is_read(town: PortalTown, form: str) -> None:
    """In every form that a facade may give it."""
    town.sandbox.change_profile(file_form=form)
    town.sandbox.state.files["/tep/sua-doi.pdf"] = b"%PDF-1.7 noi dung"
    assert b"%PDF-1.7 noi dung" == await town.portal.results.download_attachment("/tep/sua-doi.pdf")


@pytest.mark.parametrize(
    ("form", "content", "code"),
    [
        ("spoiled", b"%PDF-1.7 noi dung", "not_base64"),
        ("empty", b"%PDF-1.7 noi dung", "empty_file"),
        ("text", b"MZ chuong trinh", "not_as_named"),
        ("text", b"%PDF-".ljust(11 * 1024 * 1024, b" "), "file_too_large"),
    ],
)
async def test_what_is_not_the_file_is_refused(town: PortalTown, form: str, content: bytes, code: str) -> None:
    """Spoiled, empty, disguised or too large: the error says which."""
    town.sandbox.change_profile(file_form=form)
    town.sandbox.state.files["/tep/a.pdf"] = content
    with pytest.raises(ContractBroken) as caught:
        await town.portal.results.download_attachment("/tep/a.pdf")
    assert code == caught.value.code


async def test_a_file_that_is_not_there_is_refused(town: PortalTown) -> None:
    """By the store as by the portal; a person is not told of a path."""
    for ask in (town.portal.results.download_attachment("/x"), town.portal.results.download_result("G99", "/x")):
        with pytest.raises(Rejected):
            await ask


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.SERVER_ERROR, TransientFailure),
        (FaultKind.RESET_MID_ANSWER, TransientFailure),
        (FaultKind.DROP_REPLY, TransientFailure),
        (FaultKind.RATE_LIMITED, RateLimited),
        (FaultKind.HTML_PAGE, RemoteError),
    ],
)
async def test_could_not_ask_is_never_nothing_found(
    town: PortalTown, kind: FaultKind, error: type[RemoteError]
) -> None:
    """A read without an answer had no effect, and shows neither a name nor a number."""
    for operation in (FIND, GETFILE):
        town.fault(kind, calls=9, operation=operation)
    with pytest.raises(error) as caught:
        await town.portal.results.find_results(QUERY)
    assert not any(part in f"{caught.value!r}" for part in ("Trần", "999199000001", "999188000002"))
    with pytest.raises(error):
        await town.portal.results.download_attachment("/tep/a.pdf")


async def test_a_failure_that_passes_is_not_noticed(town: PortalTown) -> None:
    """Reads are tried again inside the call."""
    town.fault(FaultKind.DROP_REPLY, calls=1, operation=FIND)
    assert 1 == len(await town.portal.results.find_results(QUERY))
